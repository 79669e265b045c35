"""P(village covered): the errors of the prediction drawn many times, with a seed.

In each draw every place has a level: the prediction, an error of the model that neighbours
share (:mod:`.errorfield`), and the location variability inside its cell, which
they do not. A place is served in a draw where that level reaches the threshold. A village is
covered in a draw when its centre is served and at least the verdict's share of its people;
the part of drawn villages that are covered is P(covered).

This is another question than the verdict's, which asks at each place for a probability: the
two are given side by side and named apart. One error field serves all cells: what the model
gets wrong at a place (a grove, a cutting) it gets wrong for every mast, so hearing two masts
does not insure against it. Independent errors would make P(covered) higher.

Near measured roads the model's error is that field times what is left of it at each place
(:func:`phusong.coverage.signal.spread.split_db`): each place has the probability of the rasters,
and neighbours share as much of what is left as they do elsewhere. In the conditional field of
kriging they share less of it: figures of whole villages spread wider here, up to twice as wide
where a road runs through one (docs/calibration.md).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr

from phusong.coverage.results import ANY, Signal
from phusong.coverage.signal.combine import TICK_DB, Odds
from phusong.coverage.signal.layerfiles import LayerReader, Levels
from phusong.coverage.signal.spread import split_db
from phusong.coverage.villages.centre_cells import Centres
from phusong.coverage.villages.errorfield import Nodes, draw_fields
from phusong.coverage.villages.footprints import Footprints, footprints
from phusong.coverage.villages.verdict import is_covered, is_white
from phusong.coverage.villages.weights import Weights
from phusong.grid import Grid
from phusong.jit import njit, prange
from phusong.progress import NoProgress, Progress
from phusong.sources.inputs import Inputs
from phusong.study import Study

_SURE: Final = 4.5
"""Beyond this many spreads a place is taken as certain (three in a million are not)."""
_FIELD_BYTES: Final = 256 * 2**20
_NO_VILLAGES: Final = pd.DataFrame(
    {
        "code": pd.Series(dtype=object),
        "operator": pd.Series(dtype=object),
        "technology": pd.Series(dtype=object),
        **{
            name: pd.Series(dtype="float64")
            for name in ("p_covered", "p_white", "share_mean", "share_low", "share_high")
        },
    }
)
_PHI_STEP: Final = 0.01
_PHI_END: Final = 5.0
_PHI: Final = ndtr(np.arange(-_PHI_END, _PHI_END + _PHI_STEP, _PHI_STEP)).astype(np.float32)


@dataclass(frozen=True)
class Simulation:
    """What the draws gave.

    Attributes
    ----------
    villages
        ``code``, ``operator``, ``technology``, ``p_covered``, ``p_white`` (parts of the
        draws), ``share_mean``, ``share_low``, ``share_high`` (served share over the draws).
    figures
        ``operator``, ``technology``, ``figure`` (``villages_covered`` | ``villages_white`` |
        ``people_covered``: shares), ``mean``, ``low``, ``high``.
    draws, seed, interval
        As asked; ``low`` and ``high`` hold the middle ``interval`` of the draws.
    """

    villages: pd.DataFrame
    figures: pd.DataFrame
    draws: int
    seed: int
    interval: float


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
    at: Any,
    low: Any,
    part: Any,
) -> None:
    """Add to each draw the part of a cell's weight that is served in it.

    ``margin_db`` is by how much the cell's mean level lies over the threshold. The draws of a node
    lie side by side in ``fields``, so that several are worked out at once, in loops that do not
    look up and loops that do nothing else; each draw's sum is taken cell after cell all the same.
    ``at``, ``low`` (uint32) and ``part`` are room for a value of each draw.
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
    end = phi.size - 1.0
    for d in range(total.size):
        error = w0 * north_west[d] + w1 * north_east[d]
        error = error + w2 * south_west[d] + w3 * south_east[d]
        at[d] = ((margin_db + model_db * error) / location_db + _PHI_END) / _PHI_STEP
        low[d] = np.uint32(np.int32(min(max(at[d], 0.0), end - 1.0)))
    for d in range(total.size):
        here = low[d]
        part[d] = phi[here] + (at[d] - here) * (phi[here + np.uint32(1)] - phi[here])
    for d in range(total.size):
        served = part[d] if at[d] > 0.0 else 0.0
        served = served if at[d] < end else 1.0
        total[d] += weight * served


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
        at, part = np.empty(total.size), np.empty(total.size)
        low = np.empty(total.size, np.uint32)
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
                    at,
                    low,
                    part,
                )


@dataclass(frozen=True)
class _Margins:
    """Margins over the threshold (NaN without signal) and the parts of the spread, (places,) dB."""

    margin_db: NDArray[np.float64]
    location_db: NDArray[np.float64]
    model_db: NDArray[np.float64]


class _Spreads:
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


class _Draws:
    """Served shares and centres of one layer in every draw: (villages, draws)."""

    def __init__(self, villages: int, draws: int) -> None:
        self.share = np.zeros((villages, draws), dtype=np.float32)
        self.centre = np.zeros((villages, draws), dtype=np.bool_)


def simulate_villages(
    inputs: Inputs,
    study: Study,
    signal: Signal,
    layers: list[tuple[str, str]] | None = None,
    progress: Progress | None = None,
) -> Simulation:
    """Draw the errors of the prediction and count what becomes of the villages.

    Parameters
    ----------
    inputs, study, signal
        As for :func:`.assess.assess_villages`; the spreads, the correlation
        distance, the number of draws and the seed are the study's.
    layers
        (operator, technology) to simulate; by default any carrier, and each carrier, over the
        technologies of the verdict.
    progress
        Told of the step ``simulation``.

    Returns
    -------
    Simulation
        With empty tables where the study asks for no draws.
    """
    told = progress or NoProgress()
    wanted = layers or [
        (layer.operator, layer.technology) for layer in signal.layers if layer.technology == ANY
    ]
    draws = study.uncertainty.draws
    villages, grid = inputs.villages, signal.grid
    odds = Odds.of_cells(signal.cells, tightened=signal.tightened)
    spreads = _Spreads(odds, study.radio.spread.sigma_model_db)
    nodes = Nodes.over(grid, study.radio.spread.correlation_m)
    rng = np.random.default_rng(study.uncertainty.seed)
    luck = rng.random((len(villages), draws), dtype=np.float32)
    results = [_Draws(len(villages), draws) for _ in wanted]
    weights = Weights(villages, study, inputs.people)
    centres = Centres(villages, grid)
    at_once = max(2, _FIELD_BYTES // (4 * nodes.shape[0] * nodes.shape[1]) // 2 * 2)
    told.start("simulation", draws, "Simulation of errors")
    with LayerReader([signal.layer(*name) for name in wanted]) as reader:
        for first in range(0, draws, at_once):
            part = slice(first, min(first + at_once, draws))
            fields = draw_fields(nodes, part.stop - part.start, rng)
            flat = np.ascontiguousarray(fields.reshape(len(fields), -1).T)
            for batch in footprints(villages, grid):
                weight = weights.weigh(batch)
                corner, node_weights = nodes.place(*_points(batch, grid))
                at_centre = nodes.place(centres.x_m[batch.rows], centres.y_m[batch.rows])
                for i, result in enumerate(results):
                    result.centre[batch.rows, part] = _draw_centres(
                        spreads.of(centres.levels(reader, i, batch.rows)),
                        at_centre,
                        flat,
                        nodes.shape[1],
                        luck[batch.rows, part],
                    )
                    if not batch.cells.size:
                        continue
                    there = spreads.of(reader.read(i, batch.window).at(batch.cells))
                    served = np.zeros((len(batch.rows), len(fields)))
                    _draw_shares(
                        batch.offsets,
                        weight,
                        there.margin_db,
                        there.location_db,
                        corner,
                        node_weights,
                        flat,
                        nodes.shape[1],
                        there.model_db,
                        _PHI,
                        served,
                    )
                    result.share[batch.rows, part] = served
            told.advance("simulation", len(fields))
    weights.close(villages.geometry.area.to_numpy(dtype=np.float64) / grid.cell_m**2)
    return _collect(inputs, study, weights, wanted, results)


def _draw_centres(
    level: _Margins,
    place: tuple[NDArray[np.int32], NDArray[np.float32]],
    fields: NDArray[np.float32],
    cols: int,
    luck: NDArray[np.float32],
) -> NDArray[np.bool_]:
    """Return (villages, draws): whether each centre is served; ``fields`` is (nodes, draws)."""
    margin, location, (corner, weights) = level.margin_db, level.location_db, place
    error = np.zeros((len(corner), fields.shape[1]))
    for k, step in enumerate((0, 1, cols, cols + 1)):
        error += fields[corner + step] * weights[:, k, None]
    over = margin[:, None] + level.model_db[:, None] * error
    spread = np.where(location > 0, location, 1.0)[:, None]
    chance = np.where(location[:, None] > 0, ndtr(over / spread), over >= 0)
    return np.asarray((luck < chance) & np.isfinite(margin)[:, None])


def _collect(
    inputs: Inputs,
    study: Study,
    weights: Weights,
    wanted: list[tuple[str, str]],
    results: list[_Draws],
) -> Simulation:
    """Turn draws into parts, means and intervals."""
    interval = study.uncertainty.interval
    ends = [(1 - interval) / 2, (1 + interval) / 2]
    people = np.nan_to_num(
        np.where(
            np.isfinite(inputs.villages["population"]),
            inputs.villages["population"],
            weights.on_raster,
        )
    )
    whole = np.where(weights.total > 0, weights.total, 1.0)[:, None]
    tables, figures = [], []
    for (operator, technology), result in zip(wanted, results, strict=True):
        if not result.share.size:
            continue
        share = np.clip(result.share / whole, 0.0, 1.0)
        covered = is_covered(result.centre, share, study.verdict.covered_share)
        white = is_white(result.centre, share, study.verdict.hollow_share)
        low, high = np.quantile(share, ends, axis=1)
        tables.append(
            pd.DataFrame(
                {
                    "code": inputs.villages["code"].to_numpy(),
                    "operator": operator,
                    "technology": technology,
                    "p_covered": covered.mean(axis=1),
                    "p_white": white.mean(axis=1),
                    "share_mean": share.mean(axis=1),
                    "share_low": low,
                    "share_high": high,
                }
            )
        )
        counted = {"villages_covered": covered.mean(axis=0), "villages_white": white.mean(axis=0)}
        if people.sum() > 0:
            counted["people_covered"] = people @ share / people.sum()
        figures += [
            (operator, technology, name, values.mean(), *np.quantile(values, ends))
            for name, values in counted.items()
        ]
    return Simulation(
        pd.concat(tables or [_NO_VILLAGES], ignore_index=True),
        pd.DataFrame(figures, columns=["operator", "technology", "figure", "mean", "low", "high"]),
        study.uncertainty.draws,
        study.uncertainty.seed,
        interval,
    )
