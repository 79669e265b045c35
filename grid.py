"""The one raster grid of a study: square cells in the study's projected CRS, north up.

:class:`CellSet` is some of its cells: a bit each, in blocks, so that few cells take little room.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS

_BLOCK: Final = 256
"""Side of a block of a :class:`CellSet`, in cells."""


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

    def blocks(self, size: int) -> Iterator[tuple[tuple[int, int], Window]]:
        """Give the squares of ``size`` cells that this touches, cut to it: place and part.

        They are cut along the grid; a place is counted in squares from its first cell.
        """
        for row in range(self.row0 // size, -(-(self.row0 + self.rows) // size)):
            for col in range(self.col0 // size, -(-(self.col0 + self.cols) // size)):
                yield (row, col), block_at((row, col), size).intersect(self)

    def slices_in(self, outer: Window) -> tuple[slice, slice]:
        """Return this window as slices of an array that holds ``outer``."""
        r, c = self.row0 - outer.row0, self.col0 - outer.col0
        return slice(r, r + self.rows), slice(c, c + self.cols)


def block_at(place: tuple[int, int], size: int) -> Window:
    """Return the whole square at a place of :meth:`Window.blocks`."""
    return Window(place[0] * size, place[1] * size, size, size)


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


class CellSet:
    """Some cells of a grid, none to begin with."""

    def __init__(self) -> None:
        self._blocks: dict[tuple[int, int], NDArray[np.uint8]] = {}

    def add(self, chosen: NDArray[np.bool_], window: Window) -> None:
        """Take cells in: those of a window that ``chosen``, (rows, cols) of it, is true for."""
        for place, part in window.blocks(_BLOCK):
            some = chosen[part.slices_in(window)]
            if some.any():
                block = self._block(place)
                block[part.slices_in(block_at(place, _BLOCK))] |= some
                self._blocks[place] = np.packbits(block)

    def mask(self, window: Window) -> NDArray[np.bool_]:
        """Return (rows, cols) of a window: which of its cells are in the set."""
        out = np.zeros(window.shape, dtype=bool)
        for place, part in window.blocks(_BLOCK):
            if place in self._blocks:
                block = self._block(place)
                out[part.slices_in(window)] = block[part.slices_in(block_at(place, _BLOCK))]
        return out

    def digest(self, window: Window) -> str:
        """Return the SHA-256 of the set in the blocks that a window touches."""
        digest = hashlib.sha256()
        for place, _ in window.blocks(_BLOCK):
            if place in self._blocks:
                digest.update(repr(place).encode())
                digest.update(self._blocks[place].tobytes())
        return digest.hexdigest()

    def _block(self, place: tuple[int, int]) -> NDArray[np.bool_]:
        packed = self._blocks.get(place)
        if packed is None:
            return np.zeros((_BLOCK, _BLOCK), dtype=bool)
        return np.unpackbits(packed).astype(bool).reshape(_BLOCK, _BLOCK)
