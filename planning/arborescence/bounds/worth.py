"""How far an ascent is to raise terminals and cells at first, and what leads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from phusong.planning.arborescence.bounds.quorums import least

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

_EXACT = 1.0 - 1e-12
"""What a multiplier of a quorum is taken down by for rounding."""


@dataclass(frozen=True)
class Worth:
    """How far terminals and cells are raised at first, and what cells raised are good for.

    Attributes
    ----------
    most
        By vertex how far a terminal or a cell is raised at first, shape (n,).
    guide
        By slot how much the sites chosen use it, shape (2m,).
    due
        By vertex how much of that enters a component of it at least: one, and for a cell as much as
        its site is chosen, shape (n,).
    cells
        Vertices of the cells, int64, shape (s,).
    quorums
        Quorums by villages of the instance.
    counts
        Cells by quorums: how much a site counts in each.
    price
        By quorum the multiplier for which cells are raised.
    """

    most: NDArray[np.float64]
    guide: NDArray[np.float64]
    due: NDArray[np.float64]
    cells: NDArray[np.int64]
    quorums: csr_array
    counts: csr_array
    price: NDArray[np.float64]

    @property
    def least(self) -> NDArray[np.float64]:
        """By quorum what sites count together at least."""
        return least(self.quorums)

    def granted(self, peak: NDArray[np.float64]) -> NDArray[np.float64]:
        """By quorum the multiplier that cells raised to ``peak``, by vertex, can pay."""
        if not self.price.size:
            return self.price
        due = self.counts @ self.price
        raised = peak[self.cells]
        share = np.minimum(np.divide(raised, due, out=np.ones(due.size), where=due > 0), 1.0)
        entry = self.counts.tocoo()
        lowest = np.ones(self.price.size)
        np.minimum.at(lowest, entry.coords[1], share[entry.coords[0]])
        granted: NDArray[np.float64] = self.price * lowest * _EXACT
        return granted
