"""Draws of the errors of the prediction, worked out square by square of villages."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from phusong.coverage.results import SignalLayer
from phusong.coverage.signal.combine import TICK_DB, Odds
from phusong.coverage.signal.layerfiles import LayerReader, Levels, read_by_worker
from phusong.coverage.signal.spread import split_db
from phusong.coverage.villages.centre_cells import Centres
from phusong.coverage.villages.errorfield import TOGETHER, Nodes, draw_fields
from phusong.coverage.villages.footprints import Footprints, Square, footprint
from phusong.coverage.villages.weights import Weights
from phusong.crew import Crew
from phusong.grid import Grid, Window
from phusong.jit import njit, prange
from phusong.sources.inputs import Raster
from phusong.study import Study

_FIELD_BYTES: Final = 96 * 2**20
"""Of fields under a square of villages, held at once."""
_SURE: Final = 4.5
"""Beyond this many spreads a place is taken as certain (three in a million are not)."""
_PHI_STEP: Final = 0.01
_PHI_END: Final = 5.0


def _phi_table() -> NDArray[np.float32]:
    """Return the normal distribution by places, (places, 2): its value, and the step to the next.

    0 and 1 at the ends: what lies beyond is held to them.
    """
    values = ndtr(np.linspace(-_PHI_END, _PHI_END, round(2 * _PHI_END / _PHI_STEP) + 1))
    values[0], values[-1] = 0.0, 1.0
    return np.column_stack([values, np.diff(values, append=1.0)]).astype(np.float32)


_PHI: Final = _phi_table()


@njit(cache=True, nogil=True, error_model="numpy")
def _add_served(
    margin_db: float,
    model_db: float,
    location_db: float,
    weight: float,
    fields: Any,
    corner: int,
    cols: int,
    weights: Any,
    phi: Any,
    total: Any,
    low: Any,
    beyond: Any,
) -> None:
    """Add to each draw the part of a cell's weight that is served in it.

    ``margin_db`` is by how much the cell's mean level lies over the threshold. The draws of a node
    lie side by side in ``fields``, so that several are worked out at once, in a loop that does not
    look up and a loop that does nothing else; each draw's sum is taken cell after cell all the
    same. ``low`` (uint32) and ``beyond`` (float32) are room for a value of each draw.
    """
    w0, w1, w2, w3 = weights[0], weights[1], weights[2], weights[3]
    north_west, north_east = fields[corner], fields[corner + 1]
    south_west, south_east = fields[corner + cols], fields[corner + cols + 1]
    if location_db <= 0.0:
        for d in range(total.size):
            error = w0 * north_west[d] + w1 * north_east[d]
            error = error + w2 * south_west[d] + w3 * south_east[d]
            total[d] += weight * (1.0 if margin_db + model_db * error >= 0.0 else 0.0)
        return
    # Places in the table: that of the mean, and by how much an error of one spread moves it.
    mean = np.float32((margin_db / location_db + _PHI_END) / _PHI_STEP)
    per = np.float32(model_db / location_db / _PHI_STEP)
    end, before = np.float32(len(phi) - 1), np.float32(len(phi) - 2)
    for d in range(total.size):
        error = w0 * north_west[d] + w1 * north_east[d]
        error = error + w2 * south_west[d] + w3 * south_east[d]
        here = min(max(mean + per * error, np.float32(0.0)), end)
        below = np.int32(min(here, before))
        low[d] = np.uint32(below)
        beyond[d] = here - np.float32(below)
    for d in range(total.size):
        total[d] += weight * (phi[low[d], 0] + beyond[d] * phi[low[d], 1])


@njit(cache=True, parallel=True, error_model="numpy")
def _draw_shares(
    offsets: Any,
    weight: Any,
    margin_db: Any,
    location_db: Any,
    corner: Any,
    node_weights: Any,
    fields: Any,
    cols: int,
    model_db: Any,
    phi: Any,
    served: Any,
) -> None:
    """Sum the served weight of each village in each draw.

    ``margin_db`` is NaN without signal, ``location_db`` and ``model_db`` are the parts of the
    spread, all (cells,); ``fields`` is (nodes, draws), ``served`` (villages, draws).
    """
    for v in prange(offsets.size - 1):
        first, last = offsets[v], offsets[v + 1]
        sure = 0.0
        for i in range(first, last):
            spread = _SURE * math.sqrt(model_db[i] ** 2 + location_db[i] ** 2)
            if margin_db[i] >= spread:
                sure += weight[i]
        total = served[v]
        total[:] = sure
        low, beyond = np.empty(total.size, np.uint32), np.empty(total.size, np.float32)
        for i in range(first, last):
            spread = _SURE * math.sqrt(model_db[i] ** 2 + location_db[i] ** 2)
            if -spread < margin_db[i] < spread:
                _add_served(
                    margin_db[i],
                    model_db[i],
                    location_db[i],
                    weight[i],
                    fields,
                    corner[i],
                    cols,
                    node_weights[i],
                    phi,
                    total,
                    low,
                    beyond,
                )


@dataclass(frozen=True)
class _Margins:
    """Margins over the threshold (NaN without signal) and the parts of the spread, (places,) dB."""

    margin_db: NDArray[np.float64]
    location_db: NDArray[np.float64]
    model_db: NDArray[np.float64]


class Spreads:
    """Margins and spreads of levels, from the tables of the signal."""

    def __init__(self, odds: Odds, model_db: float) -> None:
        self._odds = odds
        self._model_db, self._location_db = split_db(odds.sigma_db, odds.whole_sigma_db, model_db)

    def of(self, levels: Levels) -> _Margins:
        """Return margins and spreads at places."""
        kind = self._odds.kind(levels.server, levels.left)
        margin = levels.ticks * TICK_DB - self._odds.threshold_dbm[kind]
        margin = np.where(levels.server > 0, margin, np.nan)
        return _Margins(margin, self._location_db[kind], self._model_db[kind])


def _points(batch: Footprints, grid: Grid) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Centres of the cells of a batch."""
    row, col = np.divmod(batch.cells, max(batch.window.cols, 1))
    west, _, _, north = grid.bounds_of(batch.window)
    return west + (col + 0.5) * grid.cell_m, north - (row + 0.5) * grid.cell_m


class Draws:
    """Served shares and centres of one layer in every draw: (villages, draws)."""

    def __init__(self, villages: int, draws: int) -> None:
        self.share = np.zeros((villages, draws), dtype=np.float32)
        self.centre = np.zeros((villages, draws), dtype=np.bool_)


class Part(NamedTuple):
    """A square's villages, and the luck of each centre in each draw."""

    square: Square
    luck: NDArray[np.float32]


@dataclass(frozen=True)
class Drawing:
    """The errors drawn, worked out square by square by whoever has a hand free.

    Every square draws the part of the fields that lies under it.
    """

    study: Study
    people: Raster | None
    grid: Grid
    layers: list[SignalLayer]
    nodes: Nodes
    spreads: Spreads

    def alone(self, part: Part) -> tuple[Square, Weights, list[Draws]]:
        """Return weights and draws of a square's villages, in a worker."""
        with read_by_worker(self.layers) as reader:
            return part.square, *self.drawn(part, reader)

    def drawn(self, part: Part, reader: LayerReader) -> tuple[Weights, list[Draws]]:
        """Return weights, and draws layer by layer, of a square's villages by themselves."""
        villages = part.square.villages
        batch = footprint(villages, self.grid)
        weights, centres = Weights(villages, self.study, self.people), Centres(villages, self.grid)
        weight = weights.weigh(batch)
        corner, node_weights = self.nodes.place(*_points(batch, self.grid))
        around = _around(corner)
        places, seed = _flat(corner, around), self.study.uncertainty.seed
        middles = _Middles.of(centres, self.nodes, around)
        layers = range(len(self.layers))
        at_centres = [self.spreads.of(centres.levels(reader, i, batch.rows)) for i in layers]
        levels = [reader.read(i, batch.window).at(batch.cells) for i in layers]
        found = [Draws(*part.luck.shape) for _ in layers]
        for draws in self._in_parts(around):
            fields = draw_fields(self.nodes, seed, around, draws)
            error = middles.errors(fields, self.nodes, seed, draws)
            these = slice(draws.start, draws.stop)
            for i, result in enumerate(found):
                result.centre[:, these] = _draw_centres(at_centres[i], error, part.luck[:, these])
                there = self.spreads.of(levels[i])
                served = np.zeros((len(villages), len(draws)))
                _draw_shares(
                    batch.offsets,
                    weight,
                    there.margin_db,
                    there.location_db,
                    places,
                    node_weights,
                    fields,
                    around.cols,
                    there.model_db,
                    _PHI,
                    served,
                )
                result.share[:, these] = served
        return weights, found

    def _in_parts(self, around: Window) -> Iterator[range]:
        """Give the draws, as many at once as memory takes fields of a part of the nodes."""
        draws, size = self.study.uncertainty.draws, 4 * max(1, around.rows * around.cols)
        at_once = max(1, _FIELD_BYTES // size // TOGETHER) * TOGETHER
        for first in range(0, draws, at_once):
            yield range(first, min(first + at_once, draws))

    def each(
        self, parts: list[Part], crew: Crew | None
    ) -> Iterator[tuple[Square, Weights, list[Draws]]]:
        """Give the draws of every square: in order from here, as they are done from a crew."""
        if crew is None or not parts or not self.layers:
            with LayerReader(self.layers) as reader:
                for part in parts:
                    yield part.square, *self.drawn(part, reader)
            return
        yield from crew.each(self.alone, parts)


def _around(corner: NDArray[np.int32]) -> Window:
    """Return the nodes that places take their value from, given the one north-west of each."""
    if not len(corner):
        return Window(0, 0, 0, 0)
    (row0, col0), (row1, col1) = corner.min(axis=0).tolist(), corner.max(axis=0).tolist()
    return Window(row0, col0, row1 - row0 + 2, col1 - col0 + 2)


def _flat(corner: NDArray[np.int32], around: Window) -> NDArray[np.int32]:
    """Return where nodes stand among those of a window."""
    return np.asarray(
        (corner[:, 0] - around.row0) * around.cols + corner[:, 1] - around.col0, dtype=np.int32
    )


class _Middles(NamedTuple):
    """Centres of villages among the nodes.

    Attributes
    ----------
    corner, weights
        See :meth:`.errorfield.Nodes.place`.
    around
        Nodes under the villages.
    near, far
        Positions of the centres among these nodes, and of those elsewhere on the grid.
    """

    corner: NDArray[np.int32]
    weights: NDArray[np.float32]
    around: Window
    near: NDArray[np.int64]
    far: NDArray[np.int64]

    @classmethod
    def of(cls, centres: Centres, nodes: Nodes, around: Window) -> _Middles:
        corner, weights = nodes.place(centres.x_m, centres.y_m)
        row, col = corner[:, 0] - around.row0, corner[:, 1] - around.col0
        inside = (row >= 0) & (row < around.rows - 1) & (col >= 0) & (col < around.cols - 1)
        near, far = (np.flatnonzero(these & centres.on_grid) for these in (inside, ~inside))
        return cls(corner, weights, around, near, far)

    def errors(
        self, fields: NDArray[np.float32], nodes: Nodes, seed: int, draws: range
    ) -> NDArray[np.float64]:
        """Return (villages, draws); 0 off the grid. A far centre's own nodes are drawn for it."""
        error = np.zeros((len(self.corner), len(draws)))
        error[self.near] = self._blended(self.near, self.around, fields)
        for i in self.far:
            own = np.array([i])
            around = _around(self.corner[own])
            error[own] = self._blended(own, around, draw_fields(nodes, seed, around, draws))
        return error

    def _blended(
        self, which: NDArray[np.int64], around: Window, fields: NDArray[np.float32]
    ) -> NDArray[np.float64]:
        error = np.zeros((len(which), fields.shape[1]))
        first = _flat(self.corner[which], around)
        for k, step in enumerate((0, 1, around.cols, around.cols + 1)):
            error += fields[first + step] * self.weights[which, k, None]
        return error


def _draw_centres(
    level: _Margins, error: NDArray[np.float64], luck: NDArray[np.float32]
) -> NDArray[np.bool_]:
    """Return (villages, draws): whether each centre is served."""
    margin, location = level.margin_db, level.location_db
    over = margin[:, None] + level.model_db[:, None] * error
    spread = np.where(location > 0, location, 1.0)[:, None]
    chance = np.where(location[:, None] > 0, ndtr(over / spread), over >= 0)
    return np.asarray((luck < chance) & np.isfinite(margin)[:, None])
