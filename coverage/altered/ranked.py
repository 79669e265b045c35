"""How technologies rank beside each other, and the sums of a layer that is the best of several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.altered.levelsums import LevelSums
from phusong.coverage.altered.picked import Picked
from phusong.coverage.signal.combine import ALL_LEFT, NO_LEVEL, SHARE_STEP
from phusong.coverage.signal.layerfiles import Levels
from phusong.coverage.villages.footprints import Footprints
from phusong.jit import njit

Sums = LevelSums | Picked
Key = tuple[str, bytes]
"""The way of ranking, and what it follows from."""
STRETCH_DB: Final = 81.0
"""Of thresholds that share their sums: a slider moves them by 40 dB either way."""
_ROUNDING_DB: Final = 1e-3
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

    def served(self, sums: Sums, cut: NDArray[np.int32]) -> NDArray[np.int64]:
        """Return the grains served, (villages of the sums,).

        Parameters
        ----------
        sums
            Of a ranking with the same key.
        cut
            (kinds * steps,) the lowest tick that is served.
        """
        assert isinstance(sums, LevelSums)
        return sums.served(cut[:1])


@dataclass(frozen=True)
class Pick:
    """The technology with the best odds outdoors serves, wherever the phone is.

    Behind a wall another may get through where it does not, for losses and spreads of the way in
    are not those of the open: that one is not counted. Sums are of who serves, by kind and level,
    see :class:`.picked.Picked`. They hold for any probability and place, and for thresholds that
    keep their distances, all along a stretch of :data:`STRETCH_DB`.

    Attributes
    ----------
    threshold_dbm, sigma_db
        (kinds,) outdoors.
    steps
        Steps of spread that a kind is told apart by; 1: none.
    origin_dbm
        Threshold of the first kind in the middle of a stretch: that of the study as it stands.
    """

    threshold_dbm: NDArray[np.float64]
    sigma_db: NDArray[np.float64]
    steps: int
    origin_dbm: float

    @property
    def key(self) -> Key:
        """Of rankings with one key the sums are the same."""
        ahead = np.round(self.threshold_dbm - self.threshold_dbm[0], 9) + 0.0
        return "pick", ahead.tobytes() + str(self._stretch).encode()

    @property
    def _stretch(self) -> int:
        """Which stretch the thresholds lie in; 0: that around the study's."""
        return int(np.rint((self.threshold_dbm[0] - self.origin_dbm) / STRETCH_DB))

    def first(self, kinds: int) -> Pick:
        """Return the ranking of the first kinds among themselves."""
        return Pick(self.threshold_dbm[:kinds], self.sigma_db[:kinds], self.steps, self.origin_dbm)

    def sums(
        self,
        batch: Footprints,
        grains: NDArray[np.uint32],
        members: Sequence[Levels],
        kind_of_server: NDArray[np.int32],
    ) -> Picked:
        """Sum the best of several layers over a batch of villages, see :meth:`Lead.sums`."""
        shape = len(members), batch.window.rows * batch.window.cols
        ticks, kinds = np.empty(shape, dtype=np.int16), np.empty(shape, dtype=np.int32)
        for m, one in enumerate(members):
            ticks[m], server = one.ticks.ravel(), one.server.ravel()
            kinds[m] = kind_of_server[server] * self.steps
            if self.steps > 1:
                kinds[m] += ALL_LEFT if one.left is None else one.left.ravel()
            kinds[m][server == 0] = -1
        middle = self.origin_dbm + self._stretch * STRETCH_DB - self.threshold_dbm[0]
        threshold, sigma = self._by_step()
        reach = 0.5 * STRETCH_DB + _ROUNDING_DB
        low, high = threshold + (middle - reach), threshold + (middle + reach)
        return Picked.of(batch, grains, ticks, kinds, low, high, sigma)

    def served(self, sums: Sums, cut: NDArray[np.int32]) -> NDArray[np.int64]:
        """Return the grains served, (villages of the sums,), see :meth:`Lead.served`."""
        assert isinstance(sums, Picked)
        return sums.served(cut, *self._by_step())

    def _by_step(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return thresholds and spreads, (kinds * steps,), by whose odds a run chooses."""
        sigma = self.sigma_db
        if self.steps > 1:  # in a run's order of products: what it rounds is rounded here
            sigma = (sigma[:, None] * np.arange(self.steps) * SHARE_STEP).ravel()
        return np.repeat(self.threshold_dbm, self.steps), np.maximum(sigma, 1e-6)


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
