"""How technologies rank beside each other, and the sums of a layer that is the best of several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.altered.levelsums import LevelSums
from phusong.coverage.signal.bestservers import take_best
from phusong.coverage.signal.combine import NO_LEVEL
from phusong.coverage.signal.layerfiles import Levels
from phusong.coverage.villages.footprints import Footprints
from phusong.jit import njit

Key = tuple[str, bytes]
"""The way of ranking, and what it follows from."""
_NO_STEPS: Final = np.zeros(0, dtype=np.uint8)


@dataclass(frozen=True)
class Lead:
    """Whichever technology serves a place, it is served: so in the open.

    Sums are of how far the best of the members lies over its own cut. They hold as long as cuts
    keep their distances, under any threshold that moves all technologies alike.

    Attributes
    ----------
    ahead
        (kinds * steps,) how far each cut lies over that of the first, ticks.
    steps
        Steps of spread that a kind is told apart by; 1: none.
    """

    ahead: NDArray[np.int32]
    steps: int

    @property
    def key(self) -> Key:
        """Of rankings with one key the sums are the same."""
        return "lead", self.ahead.tobytes()

    def first(self, kinds: int) -> Lead:
        """Return the ranking of the first kinds among themselves."""
        return Lead(self.ahead[: kinds * self.steps], self.steps)

    def cuts(self, cut: NDArray[np.int32]) -> NDArray[np.int32]:
        """Return what sums are looked up under: the cut of the first kind, of (kinds * steps,)."""
        return cut[:1]

    def sums(
        self,
        batch: Footprints,
        grains: NDArray[np.uint32],
        members: Sequence[Levels],
        kind_of_server: NDArray[np.int32],
    ) -> LevelSums:
        """Sum the best of several layers over a batch of villages.

        Parameters
        ----------
        batch, grains
            Part cells, and the grains of each.
        members
            Layers over the batch's window.
        kind_of_server
            By server plus one.
        """
        ticks = np.full(batch.window.shape, NO_LEVEL, dtype=np.int16)
        kinds = kind_of_server * self.steps
        for one in members:
            left = _NO_STEPS if one.left is None else one.left.ravel()
            _take_lead(
                one.ticks.ravel(), one.server.ravel(), left, kinds, self.ahead, ticks.ravel()
            )
        found = Levels(ticks, (ticks > NO_LEVEL).astype(np.int32), None)
        return LevelSums.of(batch, grains, found, np.zeros(2, dtype=np.int32), 1)


@dataclass(frozen=True)
class Pick:
    """The technology with the best odds outdoors serves, wherever the phone is.

    Behind a wall another may get through where it does not, for losses and spreads of the way in
    are not those of the open: that one is not counted. Sums are of who serves, by kind and level,
    and hold for any probability and place, but for one set of thresholds.

    Attributes
    ----------
    threshold_dbm, sigma_db
        (kinds,) outdoors.
    steps
        Steps of spread that a kind is told apart by; 1: none.
    """

    threshold_dbm: NDArray[np.float64]
    sigma_db: NDArray[np.float64]
    steps: int

    @property
    def key(self) -> Key:
        """Of rankings with one key the sums are the same."""
        return "pick", self.threshold_dbm.tobytes()

    def first(self, kinds: int) -> Pick:
        """Return the ranking of the first kinds among themselves."""
        return Pick(self.threshold_dbm[:kinds], self.sigma_db[:kinds], self.steps)

    def cuts(self, cut: NDArray[np.int32]) -> NDArray[np.int32]:
        """Return what sums are looked up under: every cut, of (kinds * steps,)."""
        return cut

    def sums(
        self,
        batch: Footprints,
        grains: NDArray[np.uint32],
        members: Sequence[Levels],
        kind_of_server: NDArray[np.int32],
    ) -> LevelSums:
        """Sum the best of several layers over a batch of villages, see :meth:`Lead.sums`."""
        kind = kind_of_server[1:]
        threshold, sigma = self.threshold_dbm[kind], self.sigma_db[kind]
        best = take_best(members, batch.window, threshold, sigma, by_odds=True)
        return LevelSums.of(batch, grains, best, kind_of_server * self.steps, self.steps)


Rank = Lead | Pick


@njit(cache=True, nogil=True)
def _take_lead(
    ticks: Any, server: Any, left: Any, kind_of_server: Any, ahead: Any, best: Any
) -> None:
    """Raise ``best`` to how far a layer lies over its cut, counted from the cut of the first kind.

    Parameters
    ----------
    ticks, server, left
        (cells,) of the layer; ``left`` empty where all of the spread is.
    kind_of_server, ahead
        Kind by server plus one; by kind, how far its cut lies over that of the first.
    best
        (cells,) ticks, changed in place.
    """
    for i in range(ticks.size):
        who = server[i]
        if who == 0:
            continue
        kind = kind_of_server[who]
        if left.size > 0:
            kind += left[i]
        best[i] = max(best[i], ticks[i] - ahead[kind])
