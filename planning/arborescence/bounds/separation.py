"""Cuts that a fractional plan violates: flow over what it may use, rows over all there is."""
# ruff: noqa: ANN001, ANN202 - numba infers the types of kernels
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from phusong.fiber.steiner.bounds.flow import maximum_flow
from phusong.fiber.steiner.graph import Graph, build
from phusong.jit import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from phusong.planning.arborescence.graph.digraph import Layers

_CREEP = 1e-6
"""Capacity lent to every arc, so that cuts of few arcs come first."""
_ENOUGH = 1.0 - 1e-5


@dataclass
class Separator:
    """Finds violated cuts, given which variables are in use.

    Parameters
    ----------
    layers
        The whole graph: rows found hold every variable that crosses, in use or not.
    """

    layers: Layers
    part: Graph = field(init=False)
    vertex: NDArray[np.int64] = field(init=False)
    variable: NDArray[np.int64] = field(init=False)
    sinks: NDArray[np.int64] = field(init=False)

    def use(self, active: NDArray[np.bool_]) -> None:
        """Search over these variables from now on; bool by variable."""
        lay, g = self.layers, self.layers.graph
        on = (lay.column >= 0) & active[lay.column]
        edges = np.unique(g.eid[on])
        used = g.terminal.copy()
        used[0] = True
        used[g.tail[edges]] = used[g.head[edges]] = True
        self.vertex = np.flatnonzero(used)
        number = np.cumsum(used) - 1
        self.part = build(
            number[g.tail[edges]], number[g.head[edges]], g.cost[edges], g.terminal[used]
        )
        # The rows of the part name its edges in their old order: find each slot's variable.
        forward = np.full(g.m, -1, np.int64)
        backward = np.full(g.m, -1, np.int64)
        row = np.repeat(np.arange(g.n), np.diff(g.indptr))
        ahead = g.head[g.eid] == row
        forward[g.eid[ahead]] = lay.column[ahead]
        backward[g.eid[~ahead]] = lay.column[~ahead]
        p = self.part
        row = np.repeat(np.arange(p.n), np.diff(p.indptr))
        ahead = p.head[p.eid] == row
        self.variable = np.where(ahead, forward[edges][p.eid], backward[edges][p.eid])
        self.variable[(self.variable >= 0) & ~active[self.variable]] = -1
        self.sinks = p.terminals.astype(np.int64)

    def cuts(
        self, x: NDArray[np.float64], order: NDArray[np.int64], nested: int, most: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Find cuts that ``x`` violates.

        Parameters
        ----------
        x
            By variable.
        order
            Sinks to ask, as indices into ``sinks``.
        nested
            Cuts at most for one terminal, two each time.
        most
            Cuts at which to stop.

        Returns
        -------
        variables, bounds, terminal
            Rows of variables and the vertex of the terminal each separates from the root.
        """
        lay, g, p = self.layers, self.layers.graph, self.part
        capacity = np.where(self.variable >= 0, np.maximum(x[self.variable], 0.0) + _CREEP, 0.0)
        store = np.empty(8_000_000, np.int64)
        village = lay.name >= lay.names.first_village
        bounds, terminal = _violated(
            p.indptr,
            p.adj,
            p.twin,
            capacity,
            self.vertex,
            self.sinks[order],
            nested,
            most,
            g.indptr,
            g.adj,
            g.twin,
            lay.column,
            village,
            lay.price.size,
            store,
        )
        return store[: bounds[-1]].copy(), bounds, terminal


@njit(cache=True, nogil=True)
def _violated(
    indptr,
    adj,
    twin,
    capacity,
    vertex,
    sinks,
    nested,
    most,
    all_indptr,
    all_adj,
    all_twin,
    column,
    village,
    variables,
    store,
):
    n = indptr.size - 1
    level = np.empty(n, np.int32)
    at = np.empty(n, np.int64)
    queue = np.empty(n, np.int32)
    path = np.empty(n + 1, np.int64)
    base = capacity.copy()
    room = np.empty(capacity.size)
    side = np.zeros(all_indptr.size - 1, np.bool_)
    stamp = np.full(variables, -1, np.int64)
    bounds = np.zeros(2 * most + 3, np.int64)
    terminal = np.zeros(2 * most + 2, np.int64)
    count = 0
    for sink in sinks:
        if count >= most:
            break
        base[:] = capacity
        for _ in range(nested):
            room[:] = base
            flow = maximum_flow(indptr, adj, twin, room, 0, sink, 1.0, level, at, path, queue)
            if flow >= _ENOUGH or count >= 2 * most:
                break
            # What still has a way to the sink: the cut nearest to it.
            end = bounds[count]
            for v in range(n):
                if level[v] >= 0:
                    side[vertex[v]] = True
            full = False
            for v in range(n):
                if level[v] < 0:
                    continue
                for s in range(indptr[v], indptr[v + 1]):
                    if level[adj[s]] < 0:
                        base[s] = 1.0
                w = vertex[v]
                if village[w] and v != sink:
                    continue
                for s in range(all_indptr[w], all_indptr[w + 1]):
                    c = column[s]
                    if c >= 0 and not side[all_adj[s]] and stamp[c] != count:
                        if end == store.size:
                            full = True
                            break
                        stamp[c] = count
                        store[end] = c
                        end += 1
            for v in range(n):
                side[vertex[v]] = False
            if full:
                return bounds[: count + 1].copy(), terminal[:count].copy()
            terminal[count] = vertex[sink]
            count += 1
            bounds[count] = end
            # What the root still reaches: the cut nearest to the root, when it is another one.
            side[vertex[0]] = True
            queue[0] = 0
            done = 0
            k = 1
            while done < k:
                v = queue[done]
                done += 1
                for s in range(indptr[v], indptr[v + 1]):
                    w = adj[s]
                    if room[twin[s]] > 1e-9 and not side[vertex[w]]:
                        side[vertex[w]] = True
                        queue[k] = w
                        k += 1
            same = True
            for v in range(n):
                if side[vertex[v]] == (level[v] >= 0) and not (village[vertex[v]] and v != sink):
                    same = False
                    break
            if not same:
                for i in range(k):
                    v = queue[i]
                    for s in range(indptr[v], indptr[v + 1]):
                        if not side[vertex[adj[s]]]:
                            base[twin[s]] = 1.0
                    w = vertex[v]
                    for s in range(all_indptr[w], all_indptr[w + 1]):
                        u = all_adj[s]
                        c = column[all_twin[s]]
                        if c < 0 or side[u] or stamp[c] == count:
                            continue
                        if village[u] and u != vertex[sink]:
                            continue
                        if end == store.size:
                            full = True
                            break
                        stamp[c] = count
                        store[end] = c
                        end += 1
            for i in range(k):
                side[vertex[queue[i]]] = False
            if full:
                return bounds[: count + 1].copy(), terminal[:count].copy()
            if not same:
                terminal[count] = vertex[sink]
                count += 1
                bounds[count] = end
    return bounds[: count + 1].copy(), terminal[:count].copy()
