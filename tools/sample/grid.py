"""The square, north-up grids that every layer of the sample is made on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Raster = NDArray[np.float64]


@dataclass(frozen=True)
class Grid:
    """A north-up square grid in a projected CRS."""

    west_m: float
    north_m: float
    cell_m: float
    size: int
    """Rows, and columns."""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return (self.size, self.size)

    def centres(self, row: NDArray[np.int64], col: NDArray[np.int64]) -> Raster:
        """Coordinates of cell centres, shape (n, 2), metres."""
        return np.column_stack(
            (
                self.west_m + (np.asarray(col) + 0.5) * self.cell_m,
                self.north_m - (np.asarray(row) + 0.5) * self.cell_m,
            )
        )

    def fractional(self, xy: Raster) -> tuple[Raster, Raster]:
        """Row and column of points, shape (n, 2), as fractions counted from cell centres."""
        row = (self.north_m - xy[:, 1]) / self.cell_m - 0.5
        col = (xy[:, 0] - self.west_m) / self.cell_m - 0.5
        return row, col

    def cells(self, xy: Raster) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Row and column of the cells that hold the points, kept inside the grid."""
        row, col = self.fractional(xy)
        top = self.size - 1
        return (
            np.clip(np.rint(row), 0, top).astype(np.int64),
            np.clip(np.rint(col), 0, top).astype(np.int64),
        )

    def sample(self, raster: Raster, xy: Raster) -> Raster:
        """Bilinear values of ``raster`` at points, shape (n, 2)."""
        row, col = self.fractional(xy)
        values: Raster = ndimage.map_coordinates(raster, [row, col], order=1, mode="nearest")
        return values


def refined(raster: Raster, factor: int) -> Raster:
    """Cubic interpolation to cells ``factor`` times smaller, edges aligned."""
    rows = (np.arange(raster.shape[0] * factor) + 0.5) / factor - 0.5
    cols = (np.arange(raster.shape[1] * factor) + 0.5) / factor - 0.5
    coefficients = ndimage.spline_filter(raster, order=3, mode="nearest")
    fine: Raster = ndimage.map_coordinates(
        coefficients,
        np.meshgrid(rows, cols, indexing="ij"),
        order=3,
        mode="nearest",
        prefilter=False,
    )
    return fine


def block_mean(raster: Raster, factor: int) -> Raster:
    """Mean over blocks of ``factor`` by ``factor`` cells."""
    rows, cols = raster.shape[0] // factor, raster.shape[1] // factor
    blocks = raster[: rows * factor, : cols * factor].reshape(rows, factor, cols, factor)
    means: Raster = blocks.mean(axis=(1, 3))
    return means


def slope(height_m: Raster, cell_m: float) -> Raster:
    """Gradient magnitude, metres per metre."""
    north, east = np.gradient(height_m, cell_m)
    steepness: Raster = np.hypot(north, east)
    return steepness
