"""A raster filled tile by tile in a plain file, then made a GeoTIFF in memory and written whole.

GDAL keeps blocks in a cache and writes them late; what fails then is printed, and lost. Here every
byte goes to the disc by Python's own files, which raise when it does not arrive.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import numpy as np
import rasterio
import rasterio.shutil
from numpy.typing import NDArray
from rasterio.errors import RasterioError
from rasterio.windows import Window as RasterWindow

from phusong.disc.durable import replacing
from phusong.disc.refused import refused
from phusong.grid import Grid, Window

_SPARSE: Final = {"tiled": True, "sparse_ok": True, "bigtiff": "if_safer"}


class Spill:
    """A single-band raster on a grid, open for writing and reading by windows.

    Use as a context: the plain file goes at its end, :meth:`to_geotiff` makes what stays.

    Parameters
    ----------
    target
        The GeoTIFF to be; the plain file lies beside it, hidden.
    grid
        What it lies on.
    dtype, nodata
        Of its cells; cells never written are ``nodata`` (0 where that is None).
    band
        Further properties of the band: ``descriptions``, ``scales``, ``units`` of rasterio.

    Raises
    ------
    OutputError
        When the disc does not take what is written.
    """

    def __init__(
        self,
        target: Path,
        grid: Grid,
        dtype: str,
        nodata: float | None,
        band: dict[str, Any] | None = None,
    ) -> None:
        self.target = target
        self._grid = grid
        self._dtype = np.dtype(dtype)
        self._nodata = nodata
        self._band = band or {}
        self._places: dict[Window, int] = {}
        self._end = 0
        self._plain = target.with_name(f".{target.stem}.spill")
        with refused(target):
            self._file = self._plain.open("w+b")

    def write(self, window: Window, values: NDArray[Any]) -> None:
        """Write a window; again, what was there is replaced. Windows are equal or apart."""
        data = np.ascontiguousarray(values, dtype=self._dtype).tobytes()
        place = self._places.setdefault(window, self._end)
        self._end = max(self._end, place + len(data))
        with refused(self.target):
            self._file.seek(place)
            self._file.write(data)

    def read(self, window: Window) -> NDArray[Any]:
        """Return (rows, cols) of what was written."""
        out = np.full(window.shape, self._nodata or 0, dtype=self._dtype)
        for whole in self._places:
            part = whole.intersect(window)
            if not part.empty:
                out[part.slices_in(window)] = self._read_whole(whole)[part.slices_in(whole)]
        return out

    def _read_whole(self, window: Window) -> NDArray[Any]:
        size = window.rows * window.cols * self._dtype.itemsize
        with refused(self.target):
            self._file.seek(self._places[window])
            data = self._file.read(size)
            if len(data) != size:
                raise OSError("what was written cannot be read back")
        return np.frombuffer(data, dtype=self._dtype).reshape(window.shape)

    def to_geotiff(self, **options: Any) -> None:
        """Make ``target`` with GDAL's creation options, a cloud-optimised one where they say so.

        Memory: the raster once, compressed as the options say; a cloud-optimised one also plain.
        """
        cloud = options.pop("driver", "GTiff") == "COG"
        with refused(self.target, RasterioError), self._in_memory({} if cloud else options) as made:
            if not cloud:
                self._keep(made)
                return
            with rasterio.MemoryFile(ext=".tif") as optimised:
                rasterio.shutil.copy(made.name, optimised.name, driver="COG", **options)
                self._keep(optimised)

    @contextmanager
    def _in_memory(self, options: dict[str, Any]) -> Iterator[Any]:
        """Give a GeoTIFF in memory."""
        with rasterio.MemoryFile(ext=".tif") as memory:
            with memory.open(
                driver="GTiff",
                width=self._grid.cols,
                height=self._grid.rows,
                count=1,
                dtype=self._dtype.name,
                crs=self._grid.crs.to_wkt(),
                transform=self._grid.transform,
                nodata=self._nodata,
                **{**_SPARSE, "blockxsize": 512, "blockysize": 512, **options},
            ) as raster:
                for name, value in self._band.items():
                    setattr(raster, name, (value,))
                # Whatever the order in which they came: the file's bytes follow that of writing.
                for window in sorted(self._places, key=lambda w: (w.row0, w.col0)):
                    place = RasterWindow(window.col0, window.row0, window.cols, window.rows)
                    raster.write(self._read_whole(window), 1, window=place)
            yield memory

    def _keep(self, memory: Any) -> None:
        with replacing(self.target) as half:
            half.write_bytes(memory.getbuffer())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with suppress(OSError):
            self._file.close()
        with suppress(OSError):
            self._plain.unlink(missing_ok=True)
