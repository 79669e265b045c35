"""Villages that lie together, with the places and weights they are judged by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.villages.centre_cells import Centres
from phusong.coverage.villages.footprints import Footprints, footprints
from phusong.coverage.villages.weights import Weights
from phusong.grid import Window
from phusong.jit import njit
from phusong.sources.inputs import Inputs

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_CELLS: Final = 1_200_000
"""Places looked at together: most of what shares a square of ``BATCH_CELLS``."""


@dataclass(frozen=True)
class Vicinity:
    """Some villages whose places are looked at together.

    Attributes
    ----------
    rows
        (villages,) positions in the frame.
    window, cells
        Cells of the grid; (places,) unique, flat in the window.
    offsets
        (villages + 1,) where the part cells of each village begin.
    place, weight
        (parts,) of the part cells: index into ``cells``, weight.
    total
        (villages,) whole weight.
    centre
        (villages,) place of the centre; -1 off the grid.
    """

    rows: Ints
    window: Window
    cells: Ints
    offsets: Ints
    place: NDArray[np.int32]
    weight: Floats
    total: Floats
    centre: Ints

    def judge(self, served: Bools, some: Ints | None = None) -> tuple[Floats, Bools]:
        """Return the served share of some villages (default: all), and whether centres are."""
        which = np.arange(len(self.rows)) if some is None else some
        weight = _sums(self.offsets, self.place, self.weight, served, which)
        total, at = self.total[which], self.centre[which]
        share = np.divide(weight, total, out=np.zeros_like(weight), where=total > 0)
        centre = (at >= 0) & served[at] if len(served) else at < -1
        return np.clip(share, 0.0, 1.0), centre

    def touched(self, place: Ints, group: Ints, groups: int) -> Bools:
        """Return (groups, villages) whether a village holds a place of a group.

        Parameters
        ----------
        place, group
            (k,) pairs.
        """
        order = np.argsort(place, kind="stable")
        first = np.searchsorted(place[order], np.arange(len(self.cells) + 1))
        out = np.zeros((groups, len(self.rows)), dtype=bool)
        _touch(self.offsets, self.place, self.centre, first, group[order], out)
        return out


@njit(cache=True, nogil=True)
def _sums(offsets: Any, place: Any, weight: Any, served: Any, which: Any) -> Any:
    out = np.zeros(which.size)
    for i in range(which.size):
        for k in range(offsets[which[i]], offsets[which[i] + 1]):
            if served[place[k]]:
                out[i] += weight[k]
    return out


@njit(cache=True, nogil=True)
def _touch(offsets: Any, place: Any, centre: Any, first: Any, group: Any, out: Any) -> None:
    for v in range(centre.size):
        for k in range(offsets[v], offsets[v + 1]):
            for j in range(first[place[k]], first[place[k] + 1]):
                out[group[j], v] = True
        if centre[v] >= 0:
            for j in range(first[centre[v]], first[centre[v] + 1]):
                out[group[j], v] = True


def vicinities(inputs: Inputs, weights: Weights) -> Iterator[Vicinity]:
    """Give the villages in parts of at most ``_CELLS`` places (one village at least).

    ``weights`` is full at the end.
    """
    villages, grid = inputs.villages, inputs.grid
    area_cells = villages.geometry.area.to_numpy(dtype=np.float64) / grid.cell_m**2
    centres = Centres(villages, grid)
    for batch in footprints(villages, grid):
        weight = weights.weigh(batch)
        total = weights.whole(batch.rows, area_cells)
        start = 0
        while start < len(batch.rows):
            limit = batch.offsets[start] + _CELLS
            stop = max(start + 1, int(np.searchsorted(batch.offsets, limit, side="right")) - 1)
            some = slice(start, min(stop, len(batch.rows)))
            yield _vicinity(batch, some, weight, total, centres)
            start = stop


def _vicinity(
    batch: Footprints, some: slice, weight: Floats, total: Floats, centres: Centres
) -> Vicinity:
    """Cut some villages out of a batch, with a window of their own."""
    rows = batch.rows[some]
    part = slice(batch.offsets[some.start], batch.offsets[some.stop])
    row, col = np.divmod(batch.cells[part], max(batch.window.cols, 1))
    where = centres.cells(rows)
    there = np.array([w is not None for w in where], dtype=bool)
    at = np.array([w for w in where if w is not None], dtype=np.int64).reshape(-1, 2)
    row = np.concatenate([row + batch.window.row0, at[:, 0]])
    col = np.concatenate([col + batch.window.col0, at[:, 1]])
    if not len(row):
        window = Window(0, 0, 0, 0)
    else:
        row0, col0 = int(row.min()), int(col.min())
        window = Window(row0, col0, int(row.max()) - row0 + 1, int(col.max()) - col0 + 1)
    flat = (row - window.row0) * window.cols + col - window.col0
    cells, place = np.unique(flat, return_inverse=True)
    count = part.stop - part.start
    centre = np.full(len(rows), -1, dtype=np.int64)
    centre[there] = place[count:]
    return Vicinity(
        rows,
        window,
        cells,
        batch.offsets[some.start : some.stop + 1] - batch.offsets[some.start],
        place[:count].astype(np.int32),
        weight[part],
        total[some],
        centre,
    )
