"""Rasters brought onto the study grid block by block."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer
from rasterio.enums import Resampling
from rasterio.warp import reproject

from phusong.grid import Grid, Window
from phusong.sources.rasters.rasterfile import RasterFile, bounds_in

BLOCK = 1024
"""Cells along a side of the squares worked on at a time."""
_PAD = 3
"""Source cells read round a block, times the ratio of cell sizes, for the resampling kernel."""

Clean = Callable[[NDArray[np.float32]], NDArray[np.float32]]


@dataclass(frozen=True)
class SourceCells:
    """Part of a planner's raster, and the cells of the study grid over it."""

    window: Window
    """Cells of the study grid looked at; may reach beyond the grid."""
    values: NDArray[np.float32]
    """(rows, cols) of the raster's own cells, cleaned."""
    index: NDArray[np.int64]
    """Window's (rows, cols): the raster cell (flat) that holds each centre, -1 for none."""
    part: RasterFile
    """The part of the raster."""
    grid: Grid

    def centres(self, cells: NDArray[np.int64]) -> tuple[Any, Any]:
        """Return (x_m, y_m) of raster cells' centres in the study's CRS."""
        row, col = np.divmod(cells, self.values.shape[1])
        x, y = self.part.places(row + 0.5, col + 0.5)
        moved = Transformer.from_crs(self.part.crs, self.grid.crs, always_xy=True).transform(x, y)
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

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.__exit__(kind, error, trace)

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
            values, part = read
            out = []
            for method in methods:
                target = np.full(window.shape, np.nan, dtype=np.float32)
                reproject(
                    values,
                    target,
                    src_transform=part.transform,
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
                (bounds[2] - bounds[0]) / file.width, (bounds[3] - bounds[1]) / file.height
            )
            pad = math.ceil(2 * size_m / self._grid.cell_m) + 1
            wide = Window(
                window.row0 - pad, window.col0 - pad, window.rows + 2 * pad, window.cols + 2 * pad
            )
            read = self._read(file, source, wide)
            if read is None:
                continue
            values, part = read
            numbered = np.arange(values.size, dtype=np.float64).reshape(values.shape)
            index = np.full(wide.shape, -1.0)
            reproject(
                numbered,
                index,
                src_transform=part.transform,
                src_crs=file.crs.to_wkt(),
                dst_transform=self._grid.transform_of(wide),
                dst_crs=self._grid.crs.to_wkt(),
                resampling=Resampling.nearest,
                src_nodata=-1.0,
                dst_nodata=-1.0,
            )
            yield SourceCells(wide, values, index.astype(np.int64), part, self._grid)

    def _read(
        self, file: RasterFile, source: Any, window: Window
    ) -> tuple[NDArray[np.float32], RasterFile] | None:
        """Read the part of a raster under a window of the grid, cleaned, NaN for no data."""
        bounds = self._grid.bounds_of(window)
        under = file.window_under(self._grid.crs, bounds)
        if under.empty:
            return None
        pad = _PAD * max(1, math.ceil(max(under.rows / window.rows, under.cols / window.cols)))
        wide = file.window_under(self._grid.crs, bounds, pad)
        return self._clean(file.read(source, wide)), file.part(wide)


def first_of(
    parts: Iterator[tuple[NDArray[np.float32], ...]], window: Window, n: int
) -> list[NDArray[np.float32]]:
    """Merge the answers of :meth:`Warper.blocks`: in each cell the first raster with data."""
    merged = [np.full(window.shape, np.nan, dtype=np.float32) for _ in range(n)]
    for arrays in parts:
        for target, values in zip(merged, arrays, strict=True):
            np.copyto(target, values, where=np.isnan(target))
    return merged
