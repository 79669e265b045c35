"""The cell that holds each village's centre."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from phusong.coverage.signal.layerfiles import Levels, LevelSource, StepsReader
from phusong.grid import Grid, Window


class Centres:
    """Where villages' centres lie on the grid.

    Attributes
    ----------
    x_m, y_m
        (villages,) places.
    on_grid
        (villages,) whether a cell of the grid holds the centre.
    """

    def __init__(self, villages: gpd.GeoDataFrame, grid: Grid) -> None:
        self.x_m = villages["centre_x_m"].to_numpy(dtype=np.float64)
        self.y_m = villages["centre_y_m"].to_numpy(dtype=np.float64)
        self._row, self._col = grid.cell_of(self.x_m, self.y_m)
        self.on_grid = (
            (self._row >= 0) & (self._row < grid.rows) & (self._col >= 0) & (self._col < grid.cols)
        )

    def cells(self, rows: NDArray[np.int64]) -> list[tuple[int, int] | None]:
        """Return (row, col) of the grid of centres asked for; None off the grid."""
        return [
            (int(self._row[i]), int(self._col[i])) if self.on_grid[i] else None
            for i in rows.tolist()
        ]

    def marked(
        self, rows: NDArray[np.int64], window: Window, marks: NDArray[np.bool_]
    ) -> NDArray[np.bool_]:
        """Return whether the centres asked for lie on marked cells of a window of the grid."""
        row, col = self._row[rows] - window.row0, self._col[rows] - window.col0
        there = (row >= 0) & (row < window.rows) & (col >= 0) & (col < window.cols)
        there[there] = marks[row[there], col[there]]
        return there & self.on_grid[rows]

    def levels(self, reader: LevelSource, layer: int, rows: NDArray[np.int64]) -> Levels:
        """Return what a layer holds at centres; server 0 off the grid.

        Parameters
        ----------
        reader, layer
            Where to read.
        rows
            Villages asked for, best those that lie together.
        """
        ticks = np.zeros(len(rows), dtype=np.int32)
        server = np.zeros(len(rows), dtype=np.int32)
        left = np.zeros(len(rows), dtype=np.uint8)
        window, inside, at = self._place(rows)
        if not inside.any():
            return Levels(ticks, server)
        there = reader.read(layer, window)
        ticks[inside], server[inside] = there.ticks[at], there.server[at]
        if there.left is None:
            return Levels(ticks, server)
        left[inside] = there.left[at]
        return Levels(ticks, server, left)

    def steps(
        self, reader: StepsReader, which: int, rows: NDArray[np.int64], nothing: int
    ) -> NDArray[np.int32]:
        """Return the steps of a further raster at centres; ``nothing`` off the grid."""
        out = np.full(len(rows), nothing, dtype=np.int32)
        window, inside, at = self._place(rows)
        if inside.any():
            out[inside] = reader.read(which, window)[at]
        return out

    def around(self, rows: NDArray[np.int64], window: Window) -> Window:
        """Return the least window of the grid that holds a window and some centres."""
        mine, inside, _ = self._place(rows)
        if not inside.any():
            return window
        if window.empty:
            return mine
        row0, col0 = min(mine.row0, window.row0), min(mine.col0, window.col0)
        row1 = max(mine.row0 + mine.rows, window.row0 + window.rows)
        col1 = max(mine.col0 + mine.cols, window.col0 + window.cols)
        return Window(row0, col0, row1 - row0, col1 - col0)

    def _place(
        self, rows: NDArray[np.int64]
    ) -> tuple[Window, NDArray[np.bool_], tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Window of the grid that holds the centres, which are on it, and where in it."""
        inside = self.on_grid[rows]
        row, col = self._row[rows][inside], self._col[rows][inside]
        if not row.size:
            return Window(0, 0, 0, 0), inside, (row, col)
        window = Window(int(row.min()), int(col.min()), int(np.ptp(row)) + 1, int(np.ptp(col)) + 1)
        return window, inside, (row - window.row0, col - window.col0)
