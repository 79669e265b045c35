"""Which cells of the grid a village covers, and how much of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

import geopandas as gpd
import numpy as np
from exactextract import exact_extract
from exactextract.raster import RasterSource
from numpy.typing import NDArray

from phusong.grid import Grid, Window

BATCH_CELLS: Final = 1024
"""Villages whose middles share a square of this many cells are worked on together."""


@dataclass(frozen=True)
class Footprints:
    """Cells under a batch of villages.

    Attributes
    ----------
    rows
        (villages,) positions in the frame of villages.
    window
        Rectangle of the grid that holds every cell.
    offsets
        (villages + 1,) where each village's cells begin.
    cells
        (cells,) flat index into ``window``, row by row.
    fraction
        (cells,) part of the cell inside the village, 0 to 1.
    """

    rows: NDArray[np.int64]
    window: Window
    offsets: NDArray[np.int64]
    cells: NDArray[np.int64]
    fraction: NDArray[np.float64]

    def only(self, which: NDArray[np.int64]) -> tuple[Footprints, NDArray[np.int64]]:
        """Return some of the villages, in a window of their own, and which parts theirs are.

        Parameters
        ----------
        which
            Positions in ``rows``, rising.
        """
        lengths = np.diff(self.offsets)[which]
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        parts = np.arange(offsets[-1]) + np.repeat(self.offsets[which] - offsets[:-1], lengths)
        row, col = np.divmod(self.cells[parts], max(self.window.cols, 1))
        window = Window(self.window.row0, self.window.col0, 0, 0)
        if parts.size:
            row0, col0 = int(row.min()), int(col.min())
            rows, cols = int(row.max()) - row0 + 1, int(col.max()) - col0 + 1
            window = Window(self.window.row0 + row0, self.window.col0 + col0, rows, cols)
            row, col = row - row0, col - col0
        cells = row * window.cols + col
        some = Footprints(self.rows[which], window, offsets, cells, self.fraction[parts])
        return some, parts


class Square(NamedTuple):
    """Villages that lie together: a part of the work on all.

    Attributes
    ----------
    rows
        (villages,) positions in the frame of villages.
    villages
        These rows of it, numbered from 0.
    """

    rows: NDArray[np.int64]
    villages: gpd.GeoDataFrame


class _Blank(RasterSource):  # type: ignore[misc]
    """The grid as a raster without content: only its geometry is asked for."""

    def __init__(self, grid: Grid) -> None:
        super().__init__()
        self._grid = grid
        self._wkt = grid.crs.to_wkt()

    def res(self) -> tuple[float, float]:
        return self._grid.cell_m, self._grid.cell_m

    def extent(self) -> tuple[float, float, float, float]:
        return self._grid.bounds

    def nodata_value(self) -> None:
        return None

    def srs_wkt(self) -> str:
        return self._wkt

    def read_window(self, _x0: int, _y0: int, cols: int, rows: int) -> NDArray[np.uint8]:
        return np.zeros((rows, cols), dtype=np.uint8)


def squares(villages: gpd.GeoDataFrame, grid: Grid) -> list[Square]:
    """Return the villages square by square of the grid, whoever works on them."""
    return [
        Square(rows, villages.iloc[rows].reset_index(drop=True))
        for rows in _together(villages, grid)
    ]


def _together(villages: gpd.GeoDataFrame, grid: Grid) -> list[NDArray[np.int64]]:
    """Return positions of villages whose middles share a square."""
    if villages.empty:
        return []
    bounds = villages.geometry.bounds.to_numpy(dtype=np.float64)
    row, col = grid.cell_of((bounds[:, 0] + bounds[:, 2]) / 2, (bounds[:, 1] + bounds[:, 3]) / 2)
    square = np.column_stack([row // BATCH_CELLS, col // BATCH_CELLS])
    _, which = np.unique(square, axis=0, return_inverse=True)
    order = np.argsort(which.ravel(), kind="stable")
    cuts = np.flatnonzero(np.diff(which.ravel()[order])) + 1
    return [np.asarray(part, dtype=np.int64) for part in np.split(order, cuts)]


def footprint(villages: gpd.GeoDataFrame, grid: Grid) -> Footprints:
    """Return the cells of villages that lie together.

    A village smaller than a cell has part of a cell; one that lies off the grid has none.

    Parameters
    ----------
    villages
        Polygons in the CRS of the grid.
    grid
        The study grid.
    """
    blank: Any = _Blank(grid)
    shapes = gpd.GeoDataFrame(geometry=villages.geometry.to_numpy(), crs=grid.crs)
    found = exact_extract(blank, shapes, ["cell_id", "coverage"], output="pandas")
    lengths = [len(ids) for ids in found["cell_id"]]
    ids = np.concatenate([*found["cell_id"], np.zeros(0)]).astype(np.int64)
    fraction = np.concatenate([*found["coverage"], np.zeros(0)]).astype(np.float64)
    row, col = np.divmod(ids, grid.cols)
    window = Window(0, 0, 0, 0)
    if ids.size:
        row0, col0 = int(row.min()), int(col.min())
        window = Window(row0, col0, int(row.max()) - row0 + 1, int(col.max()) - col0 + 1)
    return Footprints(
        np.arange(len(shapes)),
        window,
        np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        (row - window.row0) * window.cols + col - window.col0,
        fraction,
    )


def footprints(villages: gpd.GeoDataFrame, grid: Grid) -> Iterator[Footprints]:
    """Give the cells of every village, square by square, so that memory stays bounded.

    Parameters
    ----------
    villages, grid
        As for :func:`footprint`.
    """
    for rows in _together(villages, grid):
        yield replace(footprint(villages.iloc[rows], grid), rows=rows)
