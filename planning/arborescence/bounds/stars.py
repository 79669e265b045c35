"""Sites by ways of their own: who pays how much, before any network is looked at.

Where every site is fed by its cheapest way alone, what is left of an instance is covering: a small
programme, whose multipliers say how much of a plan each terminal is worth. Plans of an instance
share ways and cost less; but an ascent that raises every terminal as far as it is worth there, and
only then goes on, packs far more than one that takes terminals as they come: it knows beforehand
how the price of a site is best divided among all that it covers.

Ways that several share are paid by all of them. What others charged on the way to a site cannot be
charged once more by those whom it covers: the price of the site is lessened by that, and the
programme asked again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import highspy
import numpy as np
from highspy._core import _Highs
from scipy.sparse import csr_array

from phusong.fiber.steiner.bounds.ascent import distances

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from phusong.planning.arborescence.bounds.closing import Ascent
    from phusong.planning.arborescence.graph.digraph import Layers

_KEPT = 0.9
"""Share of what others charged, as learnt before, that stays when it is learnt anew."""


class Stars:
    """The covering programme of a graph, each site at the price of its cheapest way.

    Rows are sites, columns terminals; maximise what terminals are worth together, such that those
    a site covers are worth no more than the site costs.
    """

    def __init__(self, layers: Layers) -> None:
        self.layers = layers
        g = layers.graph
        self.away, _ = distances(g.indptr, g.adj, g.twin, g.wt, g.terminal, 0)
        self.column = g.terminals[g.terminals > 0].astype(np.int64)
        number = np.full(g.n, -1, np.int64)
        number[self.column] = np.arange(self.column.size)
        row = np.repeat(np.arange(g.n), np.diff(g.indptr))
        slot = np.flatnonzero((layers.column >= 0) & (number[row] >= 0))
        tail, terminal = g.adj[slot].astype(np.int64), number[row[slot]]
        # A terminal is worth no more than what serves it alone.
        self.alone = np.full(self.column.size, np.inf)
        own = (tail == 0) | (layers.site_of[tail] >= 0)
        np.minimum.at(self.alone, terminal[own], self.away[tail[own]] + g.wt[slot[own]])
        cells = layers.cell[layers.cell >= 0]
        place = np.full(g.n, -1, np.int64)
        place[cells] = np.arange(cells.size)
        # A locked mast pays for its cell's way too.
        radio = np.flatnonzero((layers.column >= 0) & (place[row] >= 0))
        radio = radio[number[g.adj[radio]] >= 0]
        where = np.concatenate([place[tail[~own]], place[row[radio]]])
        what = np.concatenate([terminal[~own], number[g.adj[radio]]])
        entries = np.unique(np.stack([where, what], axis=1), axis=0)
        self.pays = csr_array(
            (np.ones(len(entries)), (entries[:, 0], entries[:, 1])),
            shape=(cells.size, self.column.size),
        )
        self.cells = cells
        self.waste = np.zeros(cells.size)
        self.highs = self._programme()

    def _programme(self) -> _Highs:
        highs = _Highs()
        for option, value in (("output_flag", False), ("threads", 1), ("random_seed", 0)):
            highs.setOptionValue(option, value)
        count = self.column.size
        empty = np.empty(0, np.int32)
        most = np.where(np.isfinite(self.alone), self.alone, highspy.kHighsInf)
        nothing = np.zeros(count)
        starts = np.zeros(count, np.int32)
        highs.addCols(count, -np.ones(count), nothing, most, 0, starts, empty, np.empty(0))
        highs.addRows(
            self.cells.size,
            np.full(self.cells.size, -highspy.kHighsInf),
            self.away[self.cells],
            self.pays.nnz,
            self.pays.indptr[:-1].astype(np.int32),
            self.pays.indices.astype(np.int32),
            self.pays.data,
        )
        return highs

    def worth(self) -> NDArray[np.float64] | None:
        """By vertex how far a terminal is to be raised at first, shape (n,); None without."""
        most = np.maximum(self.away[self.cells] - self.waste, 0.0)
        for row, price in enumerate(most.tolist()):
            self.highs.changeRowBounds(row, -highspy.kHighsInf, price)
        self.highs.run()
        if self.highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        found = np.zeros(self.layers.graph.n)
        found[self.column] = np.maximum(self.highs.getSolution().col_value, 0.0)
        return found

    def learn(self, raised: Ascent) -> None:
        """Take notice of what was charged on ways to sites by others than those they cover."""
        g = self.layers.graph
        left, _ = distances(g.indptr, g.adj, g.twin, raised.slack, g.terminal, 0)
        paid = self.pays @ raised.peak[self.column]
        lost = np.maximum(self.away[self.cells] - paid - left[self.cells], 0.0)
        self.waste = _KEPT * self.waste + (1.0 - _KEPT) * lost

    def keep(self, layers: Layers) -> Stars:
        """Return the programme of what is left of the graph, with what was learnt."""
        other = Stars(layers)
        names = self.layers.name[self.cells]
        place = np.searchsorted(names, layers.name[other.cells])
        other.waste = self.waste[place]
        return other
