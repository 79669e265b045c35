"""The one raster grid of a study: square cells in the study's projected CRS, north up."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS


@dataclass(frozen=True)
class Window:
    """A rectangle of cells: rows ``row0 .. row0+rows``, columns ``col0 .. col0+cols``."""

    row0: int
    col0: int
    rows: int
    cols: int

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, cols)."""
        return self.rows, self.cols

    @property
    def empty(self) -> bool:
        """Whether no cell is inside."""
        return self.rows <= 0 or self.cols <= 0

    def intersect(self, other: Window) -> Window:
        """Return the cells in both; empty when there are none."""
        row0, col0 = max(self.row0, other.row0), max(self.col0, other.col0)
        row1 = min(self.row0 + self.rows, other.row0 + other.rows)
        col1 = min(self.col0 + self.cols, other.col0 + other.cols)
        return Window(row0, col0, max(0, row1 - row0), max(0, col1 - col0))

    def slices_in(self, outer: Window) -> tuple[slice, slice]:
        """Return this window as slices of an array that holds ``outer``."""
        r, c = self.row0 - outer.row0, self.col0 - outer.col0
        return slice(r, r + self.rows), slice(c, c + self.cols)


@dataclass(frozen=True)
class Grid:
    """Rows go south from ``y0_m`` (north edge), columns east from ``x0_m`` (west edge)."""

    crs: CRS
    x0_m: float
    y0_m: float
    cell_m: float
    rows: int
    cols: int

    @classmethod
    def over(cls, crs: CRS, bounds: tuple[float, float, float, float], cell_m: float) -> Grid:
        """Return the grid that holds ``bounds``, snapped to whole cells from the CRS origin."""
        west, south, east, north = bounds
        col0, row1 = math.floor(west / cell_m), math.floor(south / cell_m)
        col1, row0 = math.ceil(east / cell_m), math.ceil(north / cell_m)
        return cls(crs, col0 * cell_m, row0 * cell_m, cell_m, row0 - row1, col1 - col0)

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, cols)."""
        return self.rows, self.cols

    @property
    def window(self) -> Window:
        """The whole grid."""
        return Window(0, 0, self.rows, self.cols)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """(west, south, east, north) in metres."""
        return self.bounds_of(self.window)

    @property
    def transform(self) -> Affine:
        """Affine transform of the whole grid."""
        return self.transform_of(self.window)

    def transform_of(self, window: Window) -> Affine:
        """Affine transform of a window."""
        west, _, _, north = self.bounds_of(window)
        return Affine(self.cell_m, 0.0, west, 0.0, -self.cell_m, north)

    def bounds_of(self, window: Window) -> tuple[float, float, float, float]:
        """(west, south, east, north) of a window, in metres."""
        west = self.x0_m + window.col0 * self.cell_m
        north = self.y0_m - window.row0 * self.cell_m
        return (
            west,
            north - window.rows * self.cell_m,
            west + window.cols * self.cell_m,
            north,
        )

    def window_of(self, bounds: tuple[float, float, float, float]) -> Window:
        """Return the cells that ``bounds`` touches, clipped to the grid."""
        west, south, east, north = bounds
        col0 = math.floor((west - self.x0_m) / self.cell_m)
        col1 = math.ceil((east - self.x0_m) / self.cell_m)
        row0 = math.floor((self.y0_m - north) / self.cell_m)
        row1 = math.ceil((self.y0_m - south) / self.cell_m)
        return Window(row0, col0, row1 - row0, col1 - col0).intersect(self.window)

    def cell_of(
        self, x_m: NDArray[np.float64], y_m: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return (row, col) of the cells that hold the points; may lie outside the grid."""
        col = np.floor((np.asarray(x_m) - self.x0_m) / self.cell_m).astype(np.int64)
        row = np.floor((self.y0_m - np.asarray(y_m)) / self.cell_m).astype(np.int64)
        return row, col

    def tiles(self, size: int) -> list[Window]:
        """Return the grid cut into squares of ``size`` cells, row by row."""
        return [
            Window(r, c, min(size, self.rows - r), min(size, self.cols - c))
            for r in range(0, self.rows, size)
            for c in range(0, self.cols, size)
        ]
