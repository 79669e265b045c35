"""Kernels that put the levels of many cells together: best server, and the odds of service.

Plain arrays in, plain arrays out. Levels travel in ticks of 0.1 dBm, the steps they are written
in, so that a probability computed from a file equals the one computed here.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from phusong.coverage.signal.antenna import beam_attenuation_db
from phusong.coverage.signal.spread import needed_margin_db, probability
from phusong.jit import njit

TICK_DB: Final = 0.1
NO_LEVEL: Final = -32768
FLOOR_TICK: Final = -1600
"""Levels under -160 dBm are no signal under any threshold."""
TOP_TICK: Final = 1000
TICKS: Final = TOP_TICK - FLOOR_TICK + 1
PROBABILITY_STEP: Final = 0.005
NO_PROBABILITY: Final = 255
SHARE_STEP: Final = 0.005
"""Of the spread that measurements leave, in the steps it is written in."""
ALL_LEFT: Final = 200
NO_SHARE: Final = 0


def share_steps(share: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return shares of the spread (0 to 1) in steps, at least one of them."""
    steps: NDArray[np.uint8] = np.clip(np.rint(share / SHARE_STEP), 1, ALL_LEFT).astype(np.uint8)
    return steps


@njit(cache=True, nogil=True)
def add_mast(
    loss: Any,
    loss_step_db: float,
    elevation: Any,
    elevation_step_deg: float,
    east_m: float,
    north_m: float,
    cell_m: float,
    beams: Any,
    horizontal_db: Any,
    vertical_db: Any,
    beam_of: Any,
    band_of: Any,
    layer_of: Any,
    reference_dbm: Any,
    server_of: Any,
    level: Any,
    server: Any,
) -> None:
    """Let the cells of one mast compete for every place of a tile.

    Parameters
    ----------
    loss, elevation
        (bands, rows, cols) and (rows, cols) int16 steps; ``NO_LEVEL`` where there is none.
    loss_step_db, elevation_step_deg
        Size of a step.
    east_m, north_m
        Centre of the tile's first cell, from the mast.
    cell_m
        Side of a cell.
    beams, horizontal_db, vertical_db
        See :class:`phusong.coverage.signal.antenna.Beams`; only the rows of this mast.
    beam_of, band_of, layer_of, reference_dbm, server_of
        (cells,) of the mast: beam, band, layer, level at zero loss, index among all cells.
    level, server
        (layers, rows, cols) best level in dBm (-inf: none yet) and its server plus one;
        changed in place. Of equal levels the cell of the lowest index serves, so the order
        in which masts come makes no difference.
    """
    rows, cols = elevation.shape
    count = beam_of.size
    gain = np.empty(beams.shape[0])
    for r in range(rows):
        dy = north_m - r * cell_m
        for c in range(cols):
            if elevation[r, c] == NO_LEVEL:
                continue
            distance = -1.0
            for k in range(count):
                steps = loss[band_of[k], r, c]
                if steps == NO_LEVEL:
                    continue
                ahead = reference_dbm[k] - steps * loss_step_db
                layer = layer_of[k]
                # In the steps levels are kept in: an equal level must be looked at.
                if np.float32(ahead) < level[layer, r, c]:
                    continue
                beam = beam_of[k]
                if distance < 0.0:
                    dx = east_m + c * cell_m
                    distance = max(1e-3, math.sqrt(dx * dx + dy * dy))
                    east, north = dx / distance, dy / distance
                    elevation_deg = elevation[r, c] * elevation_step_deg
                    rise = math.radians(elevation_deg)
                    rise_cos, rise_sin = math.cos(rise), math.sin(rise)
                    gain[:] = -1.0
                if gain[beam] < 0.0:
                    gain[beam] = beam_attenuation_db(
                        beams,
                        beam,
                        horizontal_db,
                        vertical_db,
                        east,
                        north,
                        elevation_deg,
                        rise_cos,
                        rise_sin,
                    )
                value = np.float32(ahead - gain[beam])
                best = level[layer, r, c]
                if value > best or (value == best and server_of[k] + 1 < server[layer, r, c]):
                    level[layer, r, c] = value
                    server[layer, r, c] = server_of[k] + 1


@njit(cache=True, nogil=True)
def level_tick(level: Any) -> Any:
    """Round a level to its tick; ``NO_LEVEL`` under the floor."""
    value = round(level / TICK_DB)
    if value < FLOOR_TICK:
        return NO_LEVEL
    return min(value, TOP_TICK)


@njit(cache=True, nogil=True)
def to_level_ticks(level: Any, server: Any, ticks: Any) -> None:
    """Round levels to ticks; what lies under the floor loses its server."""
    layers, rows, cols = level.shape
    for i in range(layers):
        for r in range(rows):
            for c in range(cols):
                value = NO_LEVEL
                if server[i, r, c] > 0:
                    value = level_tick(level[i, r, c])
                    if value == NO_LEVEL:
                        server[i, r, c] = 0
                ticks[i, r, c] = value


@njit(cache=True, nogil=True)
def pick_best(
    ticks: Any,
    server: Any,
    left: Any,
    members: Any,
    threshold_dbm: Any,
    sigma_db: Any,
    by_odds: bool,
    best_ticks: Any,
    best_server: Any,
    best_left: Any,
) -> None:
    """Take, place by place, the best of several layers.

    Parameters
    ----------
    ticks, server, left
        (layers, rows, cols); ``left`` in steps of the spread, without layers where all is left.
    members
        Layers to take the best of; of equals the first.
    threshold_dbm, sigma_db
        (cells,) by server index.
    by_odds
        Best by (level - threshold) / sigma, hence by probability; else by level.
    best_ticks, best_server, best_left
        (rows, cols), written; the last only where ``left`` has layers.
    """
    _, rows, cols = ticks.shape
    tightened = left.shape[0] > 0
    for r in range(rows):
        for c in range(cols):
            best = -math.inf
            best_ticks[r, c] = NO_LEVEL
            best_server[r, c] = 0
            for i in members:
                who = server[i, r, c]
                if who == 0:
                    continue
                worth = ticks[i, r, c] * TICK_DB
                if by_odds:
                    sigma = sigma_db[who - 1]
                    if tightened:
                        sigma = sigma * left[i, r, c] * SHARE_STEP
                    worth = (worth - threshold_dbm[who - 1]) / max(sigma, 1e-6)
                if worth > best:
                    best = worth
                    best_ticks[r, c] = ticks[i, r, c]
                    best_server[r, c] = who
                    if tightened:
                        best_left[r, c] = left[i, r, c]


class Odds:
    """Tables from a level in ticks to P(level >= threshold), one for each kind of place.

    A kind is a threshold and a spread. Cells that share both share it; where measurements tighten
    the spread, each step of what they leave is a kind of its own, so that one place has one
    probability whoever asks.

    Parameters
    ----------
    threshold_dbm, sigma_db
        (cells,) of every server.
    entry_db
        (cells,) spread of the way into a car or a building, which measurements outdoors leave as
        it is; None: outdoors.
    tightened
        Whether steps of the spread left are asked for.
    """

    def __init__(
        self,
        threshold_dbm: NDArray[np.float64],
        sigma_db: NDArray[np.float64],
        entry_db: NDArray[np.float64] | None = None,
        *,
        tightened: bool = False,
    ) -> None:
        entry = np.zeros(len(sigma_db)) if entry_db is None else entry_db
        rows = np.column_stack([threshold_dbm, sigma_db, entry]).reshape(-1, 3)
        kinds, kind_of = np.unique(rows, axis=0, return_inverse=True)
        if not len(kinds):
            kinds = np.zeros((1, 3))
        shares = np.arange(ALL_LEFT + 1) * SHARE_STEP if tightened else np.ones(1)
        whole = len(shares) - 1
        self.threshold_dbm = np.repeat(kinds[:, 0], len(shares))
        self.whole_sigma_db = np.repeat(np.hypot(kinds[:, 1], kinds[:, 2]), len(shares))
        """(kinds,) the spread away from measured places, ``sigma_db`` what is left of it."""
        self.sigma_db = np.hypot(kinds[:, 1:2] * shares, kinds[:, 2:]).ravel()
        kind = kind_of.ravel() * len(shares) + whole
        self.kind_of_server = np.concatenate([[whole], kind]).astype(np.int32)
        """By server plus one, where all of the spread is left; each step less is one kind before.

        The first entry is for places without a server, never used."""

    @cached_property
    def table(self) -> NDArray[np.float32]:
        """(kinds, ticks) from ``FLOOR_TICK`` on; made when asked for, as a cut needs none."""
        levels = np.arange(FLOOR_TICK, TOP_TICK + 1) * TICK_DB
        return probability(
            levels[None, :], self.threshold_dbm[:, None], self.sigma_db[:, None]
        ).astype(np.float32)

    @classmethod
    def of_cells(cls, cells: pd.DataFrame, *, tightened: bool = False) -> Odds:
        """Return the odds of cells, see :attr:`phusong.coverage.results.Signal.cells`."""
        threshold, sigma = (cells[n].to_numpy(np.float64) for n in ("threshold_dbm", "sigma_db"))
        entry = cells["entry_sigma_db"].to_numpy(np.float64) if "entry_sigma_db" in cells else None
        return cls(threshold, sigma, entry, tightened=tightened)

    def kind(
        self, server: NDArray[np.int32], left: NDArray[np.uint8] | None = None
    ) -> NDArray[np.int32]:
        """Return the kind of every place; ``left`` in steps of the spread, None: all of it."""
        kind = self.kind_of_server[server]
        return kind if left is None else np.asarray(kind + left.astype(np.int32) - ALL_LEFT)

    def served_from_tick(self, asked: float, offset_db: float = 0.0) -> NDArray[np.int32]:
        """Return, by kind, the lowest tick at which P(level >= threshold + offset) >= asked."""
        needed = self.threshold_dbm + offset_db + needed_margin_db(asked, self.sigma_db)
        # A level exactly at the threshold is served, whatever binary fractions make of 0.1.
        return np.ceil(needed / TICK_DB - 1e-6).astype(np.int32)

    def of(
        self,
        ticks: NDArray[np.int16] | NDArray[np.int32],
        server: NDArray[np.int32],
        left: NDArray[np.uint8] | None = None,
    ) -> NDArray[np.float32]:
        """Return P for every place; 0 where there is no server."""
        column = np.clip(ticks.astype(np.int32) - FLOOR_TICK, 0, TICKS - 1)
        return np.where(server > 0, self.table[self.kind(server, left), column], np.float32(0))

    def steps(
        self,
        ticks: NDArray[np.int16],
        server: NDArray[np.int32],
        left: NDArray[np.uint8] | None = None,
    ) -> NDArray[np.uint8]:
        """Return P in the steps it is written in, ``NO_PROBABILITY`` without a server."""
        steps = np.rint(self.of(ticks, server, left) / PROBABILITY_STEP).astype(np.uint8)
        return np.where(server > 0, steps, np.uint8(NO_PROBABILITY))
