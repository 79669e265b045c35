"""Kernels that put the levels of many cells together: best server, and the odds of service.

Plain arrays in, plain arrays out. Levels travel in ticks of 0.1 dBm, the steps they are written
in, so that a probability computed from a file equals the one computed here.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
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
                if ahead < level[layer, r, c]:
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
def to_level_ticks(level: Any, server: Any, ticks: Any) -> None:
    """Round levels to ticks; what lies under the floor loses its server."""
    layers, rows, cols = level.shape
    for i in range(layers):
        for r in range(rows):
            for c in range(cols):
                value = NO_LEVEL
                if server[i, r, c] > 0:
                    value = round(level[i, r, c] / TICK_DB)
                    if value < FLOOR_TICK:
                        value = NO_LEVEL
                        server[i, r, c] = 0
                    elif value > TOP_TICK:
                        value = TOP_TICK
                ticks[i, r, c] = value


@njit(cache=True, nogil=True)
def pick_best(
    ticks: Any,
    server: Any,
    members: Any,
    threshold_dbm: Any,
    sigma_db: Any,
    by_odds: bool,
    best_ticks: Any,
    best_server: Any,
) -> None:
    """Take, place by place, the best of several layers.

    Parameters
    ----------
    ticks, server
        (layers, rows, cols).
    members
        Layers to take the best of; of equals the first.
    threshold_dbm, sigma_db
        (cells,) by server index.
    by_odds
        Best by (level - threshold) / sigma, hence by probability; else by level.
    best_ticks, best_server
        (rows, cols), written.
    """
    _, rows, cols = ticks.shape
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
                    worth = (worth - threshold_dbm[who - 1]) / max(sigma_db[who - 1], 1e-6)
                if worth > best:
                    best = worth
                    best_ticks[r, c] = ticks[i, r, c]
                    best_server[r, c] = who


class Odds:
    """Tables from a level in ticks to P(level >= threshold), one for each kind of cell.

    Parameters
    ----------
    threshold_dbm, sigma_db
        (cells,) of every server; cells that share both share a table.
    """

    def __init__(self, threshold_dbm: NDArray[np.float64], sigma_db: NDArray[np.float64]) -> None:
        pairs = np.column_stack([threshold_dbm, sigma_db]).reshape(-1, 2)
        kinds, kind_of = np.unique(pairs, axis=0, return_inverse=True)
        if not len(kinds):
            kinds = np.zeros((1, 2))
        self.threshold_dbm = kinds[:, 0]
        self.sigma_db = kinds[:, 1]
        self.kind_of_server = np.concatenate([[0], kind_of.ravel()]).astype(np.int32)
        """By server plus one; the first entry is for places without a server, never used."""
        levels = np.arange(FLOOR_TICK, TOP_TICK + 1) * TICK_DB
        self.table = probability(
            levels[None, :], self.threshold_dbm[:, None], self.sigma_db[:, None]
        ).astype(np.float32)
        """(kinds, ticks) from ``FLOOR_TICK`` on."""

    def served_from_tick(self, asked: float, offset_db: float = 0.0) -> NDArray[np.int32]:
        """Return, by kind, the lowest tick at which P(level >= threshold + offset) >= asked."""
        needed = self.threshold_dbm + offset_db + needed_margin_db(asked, self.sigma_db)
        # A level exactly at the threshold is served, whatever binary fractions make of 0.1.
        return np.ceil(needed / TICK_DB - 1e-6).astype(np.int32)

    def of(self, ticks: NDArray[np.int16], server: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return P for every place; 0 where there is no server."""
        kind = self.kind_of_server[server]
        column = np.clip(ticks.astype(np.int32) - FLOOR_TICK, 0, TICKS - 1)
        return np.where(server > 0, self.table[kind, column], np.float32(0))

    def steps(
        self,
        ticks: NDArray[np.int16],
        server: NDArray[np.int32],
        left: NDArray[np.float32] | None = None,
    ) -> NDArray[np.uint8]:
        """Return P in the steps it is written in, ``NO_PROBABILITY`` without a server.

        ``left`` is the share of the spread that measurements leave at each place.
        """
        chance = self.of(ticks, server)
        if left is not None:
            at = (left < 1.0) & (server > 0)
            kind = self.kind_of_server[server[at]]
            chance[at] = probability(
                ticks[at] * TICK_DB, self.threshold_dbm[kind], self.sigma_db[kind] * left[at]
            )
        steps = np.rint(chance / PROBABILITY_STEP).astype(np.uint8)
        return np.where(server > 0, steps, np.uint8(NO_PROBABILITY))
