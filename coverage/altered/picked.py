"""Sums of who serves a place, where thresholds that move together may change who does.

By (level - threshold) / spread, two technologies of unlike spreads change places as their
thresholds rise together. Each of them is a straight line over that rise, and the best of them is
convex: who is best at both ends of a stretch is best all along it. Such places are summed
once for the whole stretch; at the others it is chosen anew whenever thresholds are asked for: few,
unless measurements leave technologies unlike spreads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.altered.levelsums import LevelSums
from phusong.coverage.signal.combine import TICK_DB
from phusong.coverage.signal.layerfiles import Levels
from phusong.coverage.villages.footprints import Footprints
from phusong.jit import njit

LEAST_LEAD: Final = 1e-6
"""Spreads by which the best of a place has to lie ahead: less may be rounding."""


@dataclass(frozen=True)
class Picked:
    """What a combination over technologies gives some villages.

    Attributes
    ----------
    settled
        Of places where the same technology serves all along the stretch.
    offsets
        (villages + 1,) where the other part cells of each village begin.
    grains
        (others,) of each.
    ticks, kinds
        (members, others) level and kind of each technology there; kind -1: nothing is heard.
    """

    settled: LevelSums
    offsets: NDArray[np.int64]
    grains: NDArray[np.uint32]
    ticks: NDArray[np.int16]
    kinds: NDArray[np.int32]

    @classmethod
    def of(
        cls,
        batch: Footprints,
        grains: NDArray[np.uint32],
        ticks: NDArray[np.int16],
        kinds: NDArray[np.int32],
        lowest_dbm: NDArray[np.float64],
        highest_dbm: NDArray[np.float64],
        sigma_db: NDArray[np.float64],
    ) -> Picked:
        """Sum the best of several technologies over a batch of villages.

        Parameters
        ----------
        batch, grains
            Part cells, and the grains of each.
        ticks, kinds
            (members, cells of the batch's window) as in :class:`Picked`.
        lowest_dbm, highest_dbm, sigma_db
            (kinds,) thresholds at either end of the stretch, and spreads, above zero.
        """
        cells = ticks.shape[1]
        best, who = np.zeros(cells, dtype=np.int16), np.zeros(cells, dtype=np.int32)
        moves = np.zeros(cells, dtype=np.bool_)
        _settle(ticks, kinds, lowest_dbm, highest_dbm, sigma_db, best, who, moves)
        shape = batch.window.shape
        found = Levels(best.reshape(shape), who.reshape(shape), None)
        itself = np.maximum(np.arange(len(sigma_db) + 1, dtype=np.int32) - 1, 0)
        others = np.flatnonzero(moves[batch.cells])
        at = batch.cells[others]
        return cls(
            LevelSums.of(batch, grains, found, itself, 1),
            np.searchsorted(others, batch.offsets).astype(np.int64),
            grains[others],
            np.ascontiguousarray(ticks[:, at]),
            np.ascontiguousarray(kinds[:, at]),
        )

    @property
    def rows(self) -> NDArray[np.int64]:
        """(villages,) positions in the frame of villages."""
        return self.settled.rows

    def served(
        self,
        cuts: NDArray[np.int32],
        threshold_dbm: NDArray[np.float64],
        sigma_db: NDArray[np.float64],
    ) -> NDArray[np.int64]:
        """Return the grains served, (villages,).

        Parameters
        ----------
        cuts
            By kind, the lowest tick that is served.
        threshold_dbm, sigma_db
            (kinds,) by which the best is chosen; of the stretch that the sums are of.
        """
        found = self.settled.served(cuts)
        _pick_served(
            self.offsets, self.grains, self.ticks, self.kinds, threshold_dbm, sigma_db, cuts, found
        )
        return found


@njit(cache=True, nogil=True)
def _best_of(
    ticks: Any, kinds: Any, place: Any, threshold_dbm: Any, sigma_db: Any
) -> tuple[int, float]:
    """Return who is best at a place, of equals the first (-1: nobody), and how far ahead."""
    first, best, second = -1, -np.inf, -np.inf
    for m in range(ticks.shape[0]):
        kind = kinds[m, place]
        if kind < 0:
            continue
        worth = (ticks[m, place] * TICK_DB - threshold_dbm[kind]) / sigma_db[kind]
        if worth > best:
            first, second, best = m, best, worth
        else:
            second = max(second, worth)
    return first, best - second


@njit(cache=True, nogil=True)
def _settle(
    ticks: Any,
    kinds: Any,
    lowest_dbm: Any,
    highest_dbm: Any,
    sigma_db: Any,
    best: Any,
    who: Any,
    moves: Any,
) -> None:
    """Write the level of who is best all along a stretch and its kind plus one, or that it moves.

    Parameters
    ----------
    ticks, kinds, lowest_dbm, highest_dbm, sigma_db
        See :meth:`Picked.of`.
    best, who, moves
        (cells,) zeros, written.
    """
    for i in range(ticks.shape[1]):
        low, lead_low = _best_of(ticks, kinds, i, lowest_dbm, sigma_db)
        if low < 0:
            continue
        high, lead_high = _best_of(ticks, kinds, i, highest_dbm, sigma_db)
        if low == high and lead_low > LEAST_LEAD and lead_high > LEAST_LEAD:
            best[i], who[i] = ticks[low, i], kinds[low, i] + 1
        else:
            moves[i] = True


@njit(cache=True, nogil=True)
def _pick_served(
    offsets: Any,
    grains: Any,
    ticks: Any,
    kinds: Any,
    threshold_dbm: Any,
    sigma_db: Any,
    cuts: Any,
    found: Any,
) -> None:
    """Add, village by village, the grains of places where the best is served."""
    for v in range(offsets.size - 1):
        for i in range(offsets[v], offsets[v + 1]):
            who, _ = _best_of(ticks, kinds, i, threshold_dbm, sigma_db)
            if who >= 0 and ticks[who, i] >= cuts[kinds[who, i]]:
                found[v] += grains[i]
