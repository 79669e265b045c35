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
# ruff: noqa: ANN001, ANN202 - numba infers the types of kernels
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from phusong.fiber.steiner.ascent import ascend, distances, hopeless
from phusong.fiber.steiner.heap import pop, push
from phusong.fiber.steiner.prices import flow_of
from phusong.jit import njit

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
        _gather(
            *(rows, store, share, order, owner, self.start, self.size, self.vertex, self.height)
        )
        self.slack = g.wt * self.unit
        raised = _charge(
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
        work = _workspace(g.n)
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
                part, end = _carry(
                    g.indptr, g.adj, self.slack, order[first:], *old, vertex, height, end, work[2]
                )
                raised += part
                break
            some = slice(first, first + _STEPS)
            part, end = _step(
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


@njit(cache=True, nogil=True)
def _gather(rows, store, share, order, owner, start, size, vertex, height):
    """Add up the rows of each terminal, in the order of ``owner``, to one potential."""
    n = start.size
    total = np.zeros(n)
    end = 0
    i = 0
    while i < order.size:
        z = owner[order[i]]
        first = end
        while i < order.size and owner[order[i]] == z:
            for k in range(rows[order[i]], rows[order[i] + 1]):
                v = store[k]
                if total[v] == 0.0:
                    vertex[end] = v
                    end += 1
                total[v] += share[k]
            i += 1
        for k in range(first, end):
            height[k] = total[vertex[k]]
            total[vertex[k]] = 0.0
        start[z] = first
        size[z] = end - first


@njit(cache=True, nogil=True)
def _charge(indptr, adj, slack, terminals, start, size, vertex, height):
    """Charge all potentials to ``slack``, in place; return the sum of their peaks."""
    level = np.zeros(indptr.size - 1)
    bound = 0.0
    for z in terminals:
        first = start[z]
        end = first + size[z]
        _move(indptr, adj, slack, vertex[first:end], height[first:end], level, -1.0)
        peak = 0.0
        for k in range(first, end):
            peak = max(peak, height[k])
        bound += peak
    return bound


@njit(cache=True, nogil=True)
def _move(indptr, adj, slack, vertex, height, level, sign):
    """Charge one potential (sign -1) or take it back (1); ``level`` is zero before and after."""
    for i in range(vertex.size):
        level[vertex[i]] = height[i]
    for i in range(vertex.size):
        v = vertex[i]
        for s in range(indptr[v], indptr[v + 1]):
            rise = height[i] - level[adj[s]]
            if rise > 0.0:
                slack[s] += sign * rise
    for i in range(vertex.size):
        level[vertex[i]] = 0.0


@njit(cache=True, nogil=True)
def _carry(
    indptr, adj, slack, order, start, size, vertex, height, new_vertex, new_height, end, level
):
    """Copy the potentials of ``order`` as they are; give up those that do not fit."""
    bound = 0.0
    for z in order:
        first = start[z]
        last = first + size[z]
        if end + size[z] > new_vertex.size:
            _move(indptr, adj, slack, vertex[first:last], height[first:last], level, 1.0)
            size[z] = 0
        start[z] = end
        peak = 0.0
        for k in range(first, first + size[z]):
            new_vertex[end] = vertex[k]
            new_height[end] = height[k]
            end += 1
            peak = max(peak, height[k])
        bound += peak
    return bound, end


@njit(cache=True, nogil=True)
def _workspace(n):
    """Return what steps need by vertex and leave as it was."""
    return (
        np.full(n, np.inf),
        np.full(n, np.inf),
        np.zeros(n),
        np.zeros(n, np.bool_),
        np.empty(n, np.int32),
        np.full(n, -1, np.int32),
        np.empty(n, np.int32),
        np.zeros(n, np.bool_),
    )


@njit(cache=True, nogil=True)
def _step(
    indptr,
    adj,
    twin,
    slack,
    order,
    mix,
    root,
    start,
    size,
    vertex,
    height,
    new_vertex,
    new_height,
    end,
    enter,
    tree,
    known,
    short,
    work,
):
    """Choose the potential of each terminal anew, in ``order``; slack and bounds change in place.

    Parameters
    ----------
    mix
        Where to choose between the potential steepest at the terminal (0) and the one steepest at
        the border (1), by step: multiples of 1/2, so that sums stay exact.
    start, size, vertex, height
        The potentials: of terminal ``z`` the ``size[z]`` vertices and heights from ``start[z]``.
    new_vertex, new_height, end
        Room for the new ones, and where it begins. A potential that does not fit is given up.
    enter
        Slot by which a good tree enters each vertex, -1 for none.
    tree
        Slots whose arcs are not to be charged outside a terminal's way to the root, bool.
    known
        By terminal the last whole peak found, infinite for none; renewed in place.
    short
        Share of ``known`` by which peaks stay below it; 0 for whole peaks.
    work
        What :func:`_workspace` returned.

    Returns
    -------
    bound, end
        The sum of the peaks, infinite when a terminal has no way from the root; and the new end.
    """
    inner, outer, level, state, heap, place, seen, way = work
    bound = 0.0
    for j in range(order.size):
        z = order[j]
        first = start[z]
        last = first + size[z]
        _move(indptr, adj, slack, vertex[first:last], height[first:last], level, 1.0)
        v = z
        way[v] = True
        while enter[v] >= 0:
            v = adj[enter[v]]
            way[v] = True
        count = 1
        seen[0] = z
        inner[z] = 0.0
        waiting = push(heap, place, inner, 0, z)
        most = np.floor(known[z] * (1.0 - short)) if short > 0.0 else np.inf
        peak = np.inf
        while waiting > 0:
            v = pop(heap, place, inner, waiting)
            waiting -= 1
            if inner[v] >= most:
                peak = most
                break
            if v == root:
                peak = inner[v]
                known[z] = peak
                break
            state[v] = True
            for s in range(indptr[v], indptr[v + 1]):
                near = inner[v]
                if not tree[s] or way[v]:
                    near += slack[s]
                w = adj[s]
                if near < inner[w]:
                    if inner[w] == np.inf:
                        seen[count] = w
                        count += 1
                    inner[w] = near
                    waiting = push(heap, place, inner, waiting, w)
        for i in range(waiting):
            place[heap[i]] = -1
        if peak == np.inf:
            return np.inf, end
        waiting = 0
        for i in range(count):
            v = seen[i]
            state[v] = state[v] and inner[v] < peak
        if mix[j] > 0.0:
            for i in range(count):
                v = seen[i]
                if state[v]:
                    for s in range(indptr[v], indptr[v + 1]):
                        if not state[adj[s]]:
                            near = 0.0 if tree[s] and not way[v] else slack[s]
                            outer[v] = min(outer[v], near)
                    if outer[v] < peak:
                        waiting = push(heap, place, outer, waiting, v)
            while waiting > 0:
                v = pop(heap, place, outer, waiting)
                waiting -= 1
                for s in range(indptr[v], indptr[v + 1]):
                    w = adj[s]
                    if state[w]:
                        near = outer[v]
                        if not tree[twin[s]] or way[w]:
                            near += slack[twin[s]]
                        if near < outer[w] and near < peak:
                            outer[w] = near
                            waiting = push(heap, place, outer, waiting, w)
        first = end
        if end + count <= new_vertex.size:
            bound += peak
            for i in range(count):
                v = seen[i]
                if state[v]:
                    steep = (1.0 - mix[j]) * (peak - inner[v])
                    # Whole heights: rounding both ends of an arc down widens no whole difference.
                    at = np.floor(steep + mix[j] * min(peak, outer[v]))
                    if at > 0.0:
                        new_vertex[end] = v
                        new_height[end] = at
                        end += 1
        _move(indptr, adj, slack, new_vertex[first:end], new_height[first:end], level, -1.0)
        start[z] = first
        size[z] = end - first
        for i in range(count):
            v = seen[i]
            inner[v] = np.inf
            outer[v] = np.inf
            state[v] = False
        v = z
        way[v] = False
        while enter[v] >= 0:
            v = adj[enter[v]]
            way[v] = False
    return bound, end
