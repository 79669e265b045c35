"""A GeoTIFF written by blocks, and held against what was written when it is closed.

GDAL keeps blocks in a cache and writes them late; what fails then is logged and lost. So the
checksum of every block is kept, and the closed file read back.
"""

from __future__ import annotations

import contextlib
import zlib
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.errors import RasterioError
from rasterio.windows import Window as RasterWindow

from phusong.disc.refused import refusal
from phusong.grid import Grid, Window


class CheckedRaster:
    """A new single-band GeoTIFF on a grid, open for writing and reading by windows.

    Windows written are equal or apart, never overlapping otherwise. Use as a context.

    Parameters
    ----------
    path
        The file.
    grid
        What it lies on.
    profile
        Further creation options of rasterio: ``dtype``, ``nodata``, tiles, compression.
    named
        What messages call the file, where ``path`` is a temporary name.

    Raises
    ------
    OutputError
        When the file cannot be written, at latest when it is closed.
    """

    def __init__(
        self, path: Path, grid: Grid, *, named: Path | None = None, **profile: Any
    ) -> None:
        self.path = path
        self._named = named or path
        self._written: dict[tuple[int, int, int, int], int] = {}
        with self._told():
            self._file = rasterio.open(
                path,
                "w+",
                driver="GTiff",
                width=grid.cols,
                height=grid.rows,
                count=1,
                crs=grid.crs.to_wkt(),
                transform=grid.transform,
                tiled=True,
                bigtiff="if_safer",
                **profile,
            )

    def describe(self, name: str, scale: float, unit: str) -> None:
        """Say what the band holds: its name, and what its steps stand for."""
        with self._told():
            self._file.scales = (scale,)
            self._file.units = (unit,)
            self._file.set_band_description(1, name)

    def write(self, window: Window, values: NDArray[Any]) -> None:
        """Write one window; another time what was there is replaced."""
        values = np.ascontiguousarray(values, dtype=self._file.dtypes[0])
        with self._told():
            self._file.write(values, 1, window=_on_raster(window))
        self._written[window.row0, window.col0, window.rows, window.cols] = _crc(values)

    def read(self, window: Window) -> NDArray[Any]:
        """Return (rows, cols) of what was written."""
        with self._told():
            values: NDArray[Any] = self._file.read(1, window=_on_raster(window))
        return values

    def close(self) -> None:
        """Close the file, then see that it holds what was written."""
        with self._told():
            self._file.close()
            with rasterio.open(self.path) as source:
                for place, crc in self._written.items():
                    values = source.read(1, window=_on_raster(Window(*place)))
                    if _crc(values) != crc:
                        raise OSError("what was written cannot be read back")

    @contextlib.contextmanager
    def _told(self) -> Any:
        try:
            yield
        except (OSError, RasterioError) as error:
            raise refusal(error, self._named) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
        else:
            with contextlib.suppress(OSError, RasterioError):
                self._file.close()


def _crc(values: NDArray[Any]) -> int:
    """Return the checksum of an array; a NaN is a NaN, whatever its bits."""
    if values.dtype.kind == "f":
        values = np.where(np.isnan(values), np.array(np.nan, values.dtype), values)
    return zlib.crc32(values.tobytes())


def _on_raster(window: Window) -> RasterWindow:
    return RasterWindow(window.col0, window.row0, window.cols, window.rows)
