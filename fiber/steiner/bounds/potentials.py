"""One potential for each terminal: a bound that coordinate steps raise on graphs of any size.

The dual of the multi-commodity relaxation (Wong 1984) gives each terminal ``z`` a potential
``p_z`` on the vertices that is zero at the root; it charges the arc ``w -> v`` with
``max(0, p_z(v) - p_z(w))``, and whatever all terminals charge together must not exceed the arc's
cost. The bound is the sum of ``p_z(z)``. The cuts of a dual ascent around one terminal, added up,
are such a potential.

With all others fixed, the best ``p_z(z)`` is the distance from the root to ``z`` over what the
others leave. Many potentials attain it: from the steepest around the terminal (distance to ``z``)
to the steepest at the border of the same vertices (distance from outside). Dual ascent takes the
first and stays there. Coordinate steps that choose in between, now here and now there, go on rising
where an ascent is stuck; that the choice among equals decides how far coordinate ascent gets is
what Werner, Prusa & Dlask (2020) show for linear programmes at large.

Where a tree and the bound meet, the tree enters no level set of a potential twice. Steps of a
*guided* sweep therefore charge no arc of a good tree outside the way from the root to ``z``, even
where that costs some of ``p_z(z)``; free sweeps then find more than was lost.

Most vertices where a best potential is positive lie far from the terminal, in the last hundredths
of the peak. Two sweeps of three therefore stop a little short of the peak last found: they cost a
third, and what they leave uncharged is there for the others to rise by. Every third sweep takes
whole peaks and collects. How short they stop shrinks as the bound slows down.

All heights are whole multiples of one power of two, so that sums and differences are exact: what
is charged never exceeds a cost, not even by a rounding error.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from phusong.fiber.steiner.bounds.ascent import ascend, distances, hopeless
from phusong.fiber.steiner.bounds.prices import flow_of
from phusong.fiber.steiner.bounds.steps import carry_over, charge, gather, take_steps, workspace

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from phusong.fiber.steiner.graph import Graph

_DIGITS = 43
"""Potentials are scaled to a sum of at most two to this power."""
_GROWTH = 1.0
"""Growth of a component in one turn of the first ascent; the bound hardly depends on it."""
_ROOM = 40
"""Vertices stored for potentials at most, as a multiple of the vertices of the graph."""
_TURN = 3
"""Sweeps with a guide, and then without, before the next change; the last takes whole peaks."""
_SHORT = 0.002
"""Share of the peaks by which the other sweeps stop short at first."""
_WORTH = 0.4
"""Share of this share by which the bound has to rise in two turns for it to stay."""
_SHRINK = 0.7
"""Factor by which it falls otherwise."""
_STEPS = 16
"""Steps between two looks at the clock."""


class Potentials:
    """Potentials of all terminals of a graph, and what they leave of the costs.

    Parameters
    ----------
    graph
        The graph; every terminal is connected to the root.
    root
        A terminal.
    ceiling
        Cost of a tree, which no sum of potentials exceeds.
    seed
        Seed of the order of the steps and of their choices.
    """

    def __init__(self, graph: Graph, root: int, ceiling: float, seed: int) -> None:
        g = self.graph = graph
        self.root = root
        self.rng = np.random.default_rng(seed)
        self.others = g.terminals[g.terminals != root]
        # Costs are whole already: finer multiples only, where the bits allow it.
        self.unit = max(1.0, 2.0 ** (_DIGITS - np.ceil(np.log2(max(ceiling, 1.0)))))
        room = _ROOM * g.n + 1_000
        store, share = np.empty(room, np.int32), np.empty(room)
        nothing = np.empty(0)
        _, _, rows = ascend(
            *(g.indptr, g.adj, g.twin, g.wt * self.unit, g.terminal, root),
            *(_GROWTH, store, share, nothing, True),
        )
        owner = store[rows[:-1]]
        order = np.argsort(owner, kind="stable")
        self.start = np.zeros(g.n, np.int64)
        self.size = np.zeros(g.n, np.int64)
        self.vertex, self.height = np.empty(room, np.int32), np.empty(room)
        self._spare = store, share
        gather(*(rows, store, share, order, owner, self.start, self.size, self.vertex, self.height))
        self.slack = g.wt * self.unit
        raised = charge(
            *(g.indptr, g.adj, self.slack, self.others),
            *(self.start, self.size, self.vertex, self.height),
        )
        self.bound: float = float(raised) / self.unit
        self.now = self.bound
        self.sweeps = 0
        self.short = _SHORT
        self._before = self.bound
        self._peak = np.full(g.n, np.inf)

    def raise_bound(self, sweeps: int, tree: NDArray[np.int32], deadline: float) -> float:
        """Sweep over all terminals some times and return the best bound met.

        Parameters
        ----------
        sweeps
            How often.
        tree
            Edges of a good tree of the graph that leads the guided sweeps, int32; may be empty.
        deadline
            When to stop, on the clock of :func:`time.perf_counter`.

        Returns
        -------
        float
            The best bound so far; infinite when closed arcs part a terminal from the root.
        """
        g = self.graph
        enter = np.full(g.n, -1, np.int64)
        flow = np.flatnonzero(flow_of(g.indptr, g.adj, g.eid, tree, self.root))
        enter[np.searchsorted(g.indptr, flow, side="right") - 1] = flow
        work = workspace(g.n)
        for _ in range(sweeps):
            if time.perf_counter() > deadline or not np.isfinite(self.now):
                break
            self._sweep(enter, work, deadline)
        return float(self.bound)

    def _sweep(
        self, enter: NDArray[np.int64], work: tuple[NDArray[Any], ...], deadline: float
    ) -> None:
        g = self.graph
        order = self.rng.permutation(self.others)
        mix = self.rng.choice([0.5, 1.0], order.size)
        tree = np.zeros(g.adj.size, np.bool_)
        if self.sweeps % (2 * _TURN) < _TURN:
            tree[enter[enter >= 0]] = True
        self.sweeps += 1
        short = self.short if self.sweeps % _TURN else 0.0
        old = self.start, self.size, self.vertex, self.height
        vertex, height = self._spare
        end = 0
        raised = 0.0
        for first in range(0, order.size, _STEPS):
            if time.perf_counter() > deadline:
                part, end = carry_over(
                    g.indptr, g.adj, self.slack, order[first:], *old, vertex, height, end, work[2]
                )
                raised += part
                break
            some = slice(first, first + _STEPS)
            part, end = take_steps(
                *(g.indptr, g.adj, g.twin, self.slack, order[some], mix[some], self.root),
                *(*old, vertex, height, end, enter, tree, self._peak, short, work),
            )
            raised += part
        self._spare = self.vertex, self.height
        self.vertex, self.height = vertex, height
        self.now = float(raised) / self.unit
        self.bound = max(self.bound, self.now)
        if self.sweeps % (2 * _TURN) == 0:
            if self.now - self._before < _WORTH * self.short * self.now:
                self.short *= _SHRINK
            self._before = self.now

    def close(self, room: float) -> NDArray[np.bool_]:
        """Close arcs that no better tree uses: they may be charged without limit from now on.

        Parameters
        ----------
        room
            What a tree may cost beyond the present sum of potentials and still be better than the
            best known.

        Returns
        -------
        numpy.ndarray
            Edges of which both arcs are closed, bool, shape (m,).
        """
        g = self.graph
        after, before = distances(g.indptr, g.adj, g.twin, self.slack, g.terminal, self.root)
        arcs, edges = hopeless(
            g.indptr, g.adj, g.twin, g.eid, self.slack, after, before, room * self.unit
        )
        self.slack[arcs] = np.inf
        closed: NDArray[np.bool_] = edges
        return closed

    def weights(self) -> NDArray[np.float64]:
        """Return slot costs at which a tree follows what the potentials charge, shape (2m,)."""
        left = np.minimum(self.slack, self.slack[self.graph.twin]) / self.unit
        weight: NDArray[np.float64] = np.minimum(left, self.graph.wt) + 0.05 * self.graph.wt
        return weight
