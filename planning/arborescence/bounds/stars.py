"""Sites by ways of their own: who pays how much, before any network is looked at.

Where every site is fed by its cheapest way alone, what is left of an instance is covering: a small
programme, whose multipliers say how much of a plan each terminal is worth. Plans of an instance
share ways and cost less; but an ascent that raises every terminal as far as it is worth there, and
only then goes on, packs far more than one that takes terminals as they come: it knows beforehand
how the price of a site is best divided among all that it covers.

Fractions of sites cover for less than whole ones. Rows that only whole numbers have to keep
(:mod:`.quorums`) raise the value of that programme most of the way to that of the best choice. A
multiplier of such a row is paid by every site that counts in it: the cell of each site is raised
too, as far as it has to pay.

The choice of sites behind the multipliers is worth as much: complementary slackness has it enter
every cut with a dual exactly once. So ascents are led by the ways of the sites chosen, each as much
as it is chosen. Both are taken from the middle of all that are best (the analytic centre, where an
interior point method ends): there a way is used if any best choice uses it, and what is due is
spread over all who may pay it.

Ways that several share are paid by all of them. What others charged on the way to a site cannot be
charged once more by those whom it covers: the price of the site is lessened by that, and the
programme asked again.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import highspy
import numpy as np
from highspy._core import _Highs
from scipy.sparse import csr_array, vstack

from phusong.fiber.steiner.bounds.ascent import distances
from phusong.planning.arborescence.bounds.closing import Ascent, ascent
from phusong.planning.arborescence.bounds.quorums import least, shares, violated
from phusong.planning.arborescence.bounds.worth import Worth

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from phusong.planning.arborescence.graph.digraph import Layers

RISE = 1e-4
"""Share by which an ascent has to raise the bound now and then to be worth another."""
_RATE = 0.3
"""Growth of components in them."""
_KEPT = 0.9
"""Share of what others charged, as learnt before, that stays when it is learnt anew."""
_ROUNDS = 25
"""Times quorums are sought at most when a programme is made."""
_GAIN = 2e-4
"""Share by which they have to raise its value each time."""
_CHOSEN = 1e-9
"""A site chosen less leads nowhere."""


class Stars:
    """The covering programme of a graph, each site at the price of its cheapest way.

    Rows are sites, columns terminals and quorums; maximise what they are worth together, such that
    those a site covers, and those it counts in, are worth no more than the site costs.

    Parameters
    ----------
    layers
        The graph.
    members
        Quorums known, by terminals.
    deadline
        When to stop seeking more of them, on the clock of :func:`time.perf_counter`.
    """

    def __init__(
        self, layers: Layers, members: csr_array | None = None, deadline: float = np.inf
    ) -> None:
        self.layers = layers
        self.deadline = deadline
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
        self.members = csr_array((0, self.column.size))
        self.counts = csr_array((cells.size, 0))
        self.highs = self._programme()
        if members is not None and members.shape[0]:
            self._take(members)
        self._seek()

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

    def _seek(self) -> None:
        """Take in quorums that the choice behind the multipliers does not reach."""
        plain = self._plain()
        if not plain.size:
            return
        before = 0.0
        for round_ in range(_ROUNDS):
            if time.perf_counter() >= self.deadline:
                return
            value = self._value()
            if value is None or value < before * (1.0 + _GAIN):
                return
            before = value
            chosen = np.maximum(-np.asarray(self.highs.getSolution().row_dual), 0.0)
            found = violated(self.pays[:, plain], chosen, round_, self.deadline)
            if not found.shape[0]:
                return
            shape = (found.shape[0], self.column.size)
            self._take(csr_array((found.data, plain[found.indices], found.indptr), shape=shape))

    def _plain(self) -> NDArray[np.int64]:
        """Return the columns of villages that single sites serve and nothing else.

        The row of each holds for every plan. One that pairs cover is two terminals, and its rows
        speak of sites that may stand for nothing.
        """
        names, name = self.layers.names, self.layers.name[self.column]
        single = (name >= names.first_village) & (name < names.second_village)
        single &= ~np.isin(name + names.villages, name)
        return np.flatnonzero(single & np.isinf(self.alone))

    def _take(self, members: csr_array) -> None:
        """Append quorums, rows of ``members`` by terminals."""
        counts = shares(self.pays, members)
        by_quorum = counts.tocsc()
        count = members.shape[0]
        self.highs.addCols(
            count,
            -least(members),
            np.zeros(count),
            np.full(count, highspy.kHighsInf),
            by_quorum.nnz,
            by_quorum.indptr[:-1].astype(np.int32),
            by_quorum.indices.astype(np.int32),
            by_quorum.data,
        )
        self.members = csr_array(vstack([self.members, members]))
        self.counts = shares(self.pays, self.members)

    def _value(self) -> float | None:
        """Solve the programme; return its value, None when HiGHS does not."""
        self.highs.run()
        if self.highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        return -float(self.highs.getInfo().objective_function_value)

    def worth(self) -> Worth | None:
        """Return how far terminals and cells are to be raised at first; None without."""
        most = np.maximum(self.away[self.cells] - self.waste, 0.0)
        for row, price in enumerate(most.tolist()):
            self.highs.changeRowBounds(row, -highspy.kHighsInf, price)
        if not self._central():
            return None
        solution = self.highs.getSolution()
        value = np.maximum(solution.col_value, 0.0)
        chosen = np.maximum(-np.asarray(solution.row_dual), 0.0)
        price = value[self.column.size :]
        lay = self.layers
        found, due = np.zeros(lay.graph.n), np.ones(lay.graph.n)
        found[self.column] = value[: self.column.size]
        due[self.cells] = chosen
        used = np.flatnonzero(price > 0.0)
        counts = self.counts[:, used]
        found[self.cells] = counts @ price[used]
        entry = self.members[used].tocoo()
        village = lay.name[self.column[entry.coords[1]]] - lay.names.first_village
        quorums = csr_array(
            (entry.data, (entry.coords[0], village)), shape=(used.size, lay.village.size)
        )
        return Worth(
            found,
            ways(self.layers, self.cells, chosen),
            due,
            self.cells,
            quorums,
            counts,
            price[used],
        )

    def ascend(self, ceiling: float, *, keep: bool) -> Ascent | None:
        """Ascend as far as terminals and cells are worth, and learn from it; None without worths.

        Parameters
        ----------
        ceiling, keep
            As for :func:`phusong.planning.arborescence.bounds.closing.ascent`.
        """
        worth = self.worth()
        if worth is None:
            return None
        raised = ascent(self.layers, ceiling, _RATE, np.empty(0, np.int64), keep=keep, worth=worth)
        self.learn(worth, raised)
        return raised

    def _central(self) -> bool:
        """Solve for the middle of the best, or any of them where that fails; tell whether."""
        self.highs.clearSolver()
        self.highs.setOptionValue("solver", "ipm")
        self.highs.setOptionValue("run_crossover", "off")
        found = self._value() is not None
        self.highs.setOptionValue("solver", "choose")
        self.highs.setOptionValue("run_crossover", "on")
        return found or self._value() is not None

    def learn(self, worth: Worth, raised: Ascent) -> None:
        """Take notice of what was charged on ways to sites by others than those they cover."""
        g = self.layers.graph
        left, _ = distances(g.indptr, g.adj, g.twin, raised.slack, g.terminal, 0)
        paid = self.pays @ raised.peak[self.column] + worth.counts @ worth.granted(raised.peak)
        lost = np.maximum(self.away[self.cells] - paid - left[self.cells], 0.0)
        self.waste = _KEPT * self.waste + (1.0 - _KEPT) * lost

    def keep(self, layers: Layers) -> Stars:
        """Return the programme of what is left of the graph, with what was learnt."""
        names = self.layers.name
        mine = layers.name[layers.graph.terminals[layers.graph.terminals > 0]]
        old = names[self.column]
        place = np.minimum(np.searchsorted(old, mine), old.size - 1)
        there = np.flatnonzero(old[place] == mine)
        part = self.members[:, place[there]].tocoo()
        members = csr_array(
            (part.data, (part.coords[0], there[part.coords[1]])),
            shape=(self.members.shape[0], mine.size),
        )
        # A quorum that lost a village is another one; of even size it says nothing.
        whole = np.flatnonzero(members.sum(axis=1) == self.members.sum(axis=1))
        other = Stars(layers, members[whole], self.deadline)
        other.waste = self.waste[np.searchsorted(names[self.cells], layers.name[other.cells])]
        return other


def ways(
    layers: Layers, cells: NDArray[np.int64], chosen: NDArray[np.float64]
) -> NDArray[np.float64]:
    """By slot how much the cheapest ways of sites use it, each as much as it is chosen."""
    g, toward = layers.graph, layers.toward
    flow = np.zeros(g.adj.size)
    for cell, much in zip(cells.tolist(), chosen.tolist(), strict=True):
        vertex = cell if much > _CHOSEN else 0
        while vertex != 0:
            flow[toward[vertex]] += much
            vertex = int(g.adj[toward[vertex]])
    return flow
