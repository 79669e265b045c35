"""A signal under other thresholds: which technology serves a place best is asked again."""

from __future__ import annotations

import numpy as np

from phusong.coverage.altered.patched import Patched
from phusong.coverage.results import ANY
from phusong.coverage.signal.bestservers import take_best
from phusong.coverage.signal.layerfiles import Levels
from phusong.coverage.signal.plan import Plan
from phusong.grid import Window


class Repicked:
    """A patched signal whose combinations over technologies follow other thresholds.

    Levels, and the best server of one technology, are the same under any definition; of several
    technologies the one with the best odds serves, and odds move with the threshold.

    Parameters
    ----------
    signal
        As it was computed.
    plan
        The same plan with other thresholds.
    """

    def __init__(self, signal: Patched, plan: Plan) -> None:
        self._signal, self._plan = signal, plan
        old = signal.cells.plan.cells["threshold_dbm"].to_numpy(dtype=np.float64)
        self._threshold = plan.cells["threshold_dbm"].to_numpy(dtype=np.float64)
        self._sigma = plan.cells["sigma_db"].to_numpy(dtype=np.float64)
        self._others = not np.array_equal(old, self._threshold)

    def moves(self, layer: int) -> bool:
        """Whether another technology may serve some place of a layer."""
        return self._others and self._plan.layers[layer].technology == ANY

    def read(self, layer: int, window: Window) -> Levels:
        """Return what one layer holds over a window in the grid."""
        if not self.moves(layer):
            return self._signal.read(layer, window)
        name = self._plan.layers[layer]
        parts = [self._signal.read(member, window) for member in name.members]
        return take_best(parts, window, self._threshold, self._sigma, by_odds=True)
