"""Rasters brought onto the study grid block by block."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import rasterio
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from rasterio.enums import Resampling
from rasterio.errors import RasterioIOError
from rasterio.warp import reproject, transform_bounds
from rasterio.windows import Window as RasterWindow
from rasterio.windows import from_bounds

from phusong.checks import Findings
from phusong.errors import Where
from phusong.grid import Grid, Window
from phusong.sources.datum import settled

BLOCK = 1024
"""Cells along a side of the squares worked on at a time."""
_PAD = 3
"""Source cells read round a block, times the ratio of cell sizes, for the resampling kernel."""

Clean = Callable[[NDArray[np.float32]], NDArray[np.float32]]


@dataclass(frozen=True)
class RasterFile:
    """A planner's raster that can be read, with the CRS it is in."""

    path: Path
    where: Where
    crs: CRS
    bounds: tuple[float, float, float, float]
    """(west, south, east, north) in its CRS."""
    cell: tuple[float, float]
    """Cell sizes (x, y) in units of its CRS, both positive."""

    def opened(self) -> Any:
        """Open it for reading (a rasterio dataset; use as a context)."""
        return rasterio.open(gdal_path(self.path))


def gdal_path(path: Path) -> str:
    """Return how GDAL names a file; a zip that is no ``.hgt.zip`` is looked into."""
    if path.suffix.lower() == ".zip" and not path.name.lower().endswith(".hgt.zip"):
        return f"/vsizip/{path}"
    return str(path)


def open_raster(path: Path, where: Where, crs: str | None, findings: Findings) -> RasterFile | None:
    """Look at a raster: that it is there (S01), can be read (S02) and has a CRS (D01)."""
    if not path.exists():
        findings.add("S01", where, path.name, "{path} does not exist", path=where.file)
        return None
    try:
        with rasterio.open(gdal_path(path)) as source:
            own = source.crs
            stated = CRS.from_user_input(crs) if crs is not None else None
            if own is None and stated is None:
                findings.add("D01", where, path.name)
                return None
            transform = source.transform
            if transform.b != 0 or transform.d != 0:
                findings.add("S02", where, path.name, "the raster is rotated")
                return None
            return RasterFile(
                path,
                where,
                stated
                if stated is not None
                else settled(CRS.from_user_input(own), where, findings),
                tuple(float(v) for v in source.bounds),  # type: ignore[arg-type]
                (abs(transform.a), abs(transform.e)),
            )
    except RasterioIOError as error:
        findings.add(
            "S02", where, path.name, "the file cannot be read ({reason})", reason=str(error)
        )
        return None


def bounds_in(file: RasterFile, crs: CRS) -> tuple[float, float, float, float]:
    """Return a raster's bounds in another CRS."""
    moved = transform_bounds(file.crs, crs, *file.bounds, densify_pts=41)
    return tuple(float(v) for v in moved)  # type: ignore[return-value]


@dataclass(frozen=True)
class SourceCells:
    """Part of a planner's raster, and the cells of the study grid over it."""

    window: Window
    """Cells of the study grid looked at; may reach beyond the grid."""
    values: NDArray[np.float32]
    """(rows, cols) of the raster's own cells, cleaned."""
    index: NDArray[np.int64]
    """Window's (rows, cols): the raster cell (flat) that holds each centre, -1 for none."""
    transform: Any
    crs: CRS
    grid: Grid

    def centres(self, cells: NDArray[np.int64]) -> tuple[Any, Any]:
        """Return (x_m, y_m) of raster cells' centres in the study's CRS."""
        row, col = np.divmod(cells, self.values.shape[1])
        x = self.transform.c + (col + 0.5) * self.transform.a
        y = self.transform.f + (row + 0.5) * self.transform.e
        moved = Transformer.from_crs(self.crs, self.grid.crs, always_xy=True).transform(x, y)
        return np.asarray(moved[0]), np.asarray(moved[1])


class Warper:
    """Reads rasters as blocks of the study grid; the first that has data in a cell wins.

    Use as a context: files stay open inside it.
    """

    def __init__(self, files: Sequence[RasterFile], grid: Grid, clean: Clean) -> None:
        self._files = files
        self._grid = grid
        self._clean = clean
        self._stack = ExitStack()
        self._open: list[tuple[RasterFile, Any, tuple[float, float, float, float]]] = []

    def __enter__(self) -> Self:
        for file in self._files:
            source = self._stack.enter_context(file.opened())
            self._open.append((file, source, bounds_in(file, self._grid.crs)))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def blocks(
        self, window: Window, methods: Sequence[Resampling]
    ) -> Iterator[tuple[NDArray[np.float32], ...]]:
        """Yield, for each raster that touches the window, its cells under each method.

        Arrays are (rows, cols) float32, NaN where the raster has no data.
        """
        west, south, east, north = self._grid.bounds_of(window)
        for file, source, (w, s, e, n) in self._open:
            if w > east or e < west or s > north or n < south:
                continue
            read = self._read(file, source, window)
            if read is None:
                continue
            values, transform = read
            out = []
            for method in methods:
                target = np.full(window.shape, np.nan, dtype=np.float32)
                reproject(
                    values,
                    target,
                    src_transform=transform,
                    src_crs=file.crs.to_wkt(),
                    src_nodata=np.nan,
                    dst_nodata=np.nan,
                    init_dest_nodata=True,
                    dst_transform=self._grid.transform_of(window),
                    dst_crs=self._grid.crs.to_wkt(),
                    resampling=method,
                )
                out.append(target)
            yield tuple(out)

    def cells(self, window: Window) -> Iterator[SourceCells]:
        """Yield, for each raster under a window, its cells, and which grid cells fall in which.

        The grid is looked at over the window widened by two source cells all round, also beyond
        its own edge.
        """
        for file, source, bounds in self._open:
            size_m = max(
                (bounds[2] - bounds[0]) / source.width, (bounds[3] - bounds[1]) / source.height
            )
            pad = math.ceil(2 * size_m / self._grid.cell_m) + 1
            wide = Window(
                window.row0 - pad, window.col0 - pad, window.rows + 2 * pad, window.cols + 2 * pad
            )
            read = self._read(file, source, wide)
            if read is None:
                continue
            values, transform = read
            numbered = np.arange(values.size, dtype=np.float64).reshape(values.shape)
            index = np.full(wide.shape, -1.0)
            reproject(
                numbered,
                index,
                src_transform=transform,
                src_crs=file.crs.to_wkt(),
                dst_transform=self._grid.transform_of(wide),
                dst_crs=self._grid.crs.to_wkt(),
                resampling=Resampling.nearest,
                src_nodata=-1.0,
                dst_nodata=-1.0,
            )
            yield SourceCells(wide, values, index.astype(np.int64), transform, file.crs, self._grid)

    def _read(
        self, file: RasterFile, source: Any, window: Window
    ) -> tuple[NDArray[np.float32], Any] | None:
        """Read the part of a raster under a window of the grid, cleaned, NaN for no data."""
        bounds = self._grid.bounds_of(window)
        inner = transform_bounds(self._grid.crs, file.crs, *bounds, densify_pts=21)
        pad_x = _PAD * max(file.cell[0], (inner[2] - inner[0]) / window.cols)
        pad_y = _PAD * max(file.cell[1], (inner[3] - inner[1]) / window.rows)
        wanted = from_bounds(
            inner[0] - pad_x,
            inner[1] - pad_y,
            inner[2] + pad_x,
            inner[3] + pad_y,
            source.transform,
        )
        col0, row0 = max(0, int(wanted.col_off)), max(0, int(wanted.row_off))
        col1 = min(source.width, int(np.ceil(wanted.col_off + wanted.width)))
        row1 = min(source.height, int(np.ceil(wanted.row_off + wanted.height)))
        if col1 <= col0 or row1 <= row0:
            return None
        part = RasterWindow(col0, row0, col1 - col0, row1 - row0)
        masked = source.read(1, window=part, out_dtype="float32", masked=True)
        return self._clean(masked.filled(np.nan)), source.window_transform(part)


def first_of(
    parts: Iterator[tuple[NDArray[np.float32], ...]], window: Window, n: int
) -> list[NDArray[np.float32]]:
    """Merge the answers of :meth:`Warper.blocks`: in each cell the first raster with data."""
    merged = [np.full(window.shape, np.nan, dtype=np.float32) for _ in range(n)]
    for arrays in parts:
        for target, values in zip(merged, arrays, strict=True):
            np.copyto(target, values, where=np.isnan(target))
    return merged
