"""Least-loss routes from every PoP at once, where changing from cable to cable costs a splice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from phusong.fiber.heap import doubled, pop_entry, push_entry
from phusong.fiber.network.csr import Graph
from phusong.fiber.network.polylines import Bools, Floats, Ints
from phusong.jit import njit


@dataclass(frozen=True)
class RouteTree:
    """Cheapest way from the sources to the end of every arc.

    Attributes
    ----------
    graph
        What was searched.
    line
        (edges,) source line of each edge; negative for joints and tails.
    source
        (nodes,) whether a route may start here.
    edge_cost
        (edges,) cost of running along an edge, infinite where it may not be used.
    splice
        Cost of passing from one line to another.
    cost
        (2 edges,) cost at the head of each arc, infinite where none leads.
    before
        (2 edges,) the arc before, -1 at a source.
    """

    graph: Graph
    line: Ints
    source: Bools
    edge_cost: Floats
    splice: float
    cost: Floats
    before: Ints

    def arrive(self, edge: Ints, share: Floats) -> tuple[Floats, Ints, Ints]:
        """Return the cost of the cheapest way to places on edges, and its last whole arc.

        Parameters
        ----------
        edge, share
            (k,) the edges, and how far along from the tail the places lie (0 to 1).

        Returns
        -------
        cost, arc, side
            (k,) infinite where unreachable. The arc is -1 where the way starts at a source
            on the edge itself, and -2 where there is none; side is 0 where the edge is
            entered at its tail, 1 at its head.
        """
        g = self.graph
        cost, arc, side = _arrive(
            g.indptr,
            g.arc_edge,
            g.arc_back,
            g.tail,
            g.head,
            self.line,
            self.source,
            self.edge_cost,
            self.splice,
            self.cost,
            edge,
            share,
        )
        return cost, arc, side

    def measure(self, arc: Ints, edge: Ints, length_m: Floats) -> tuple[Floats, Ints]:
        """Return the (k,) length of the whole edges of ways, and their changes of line.

        Parameters
        ----------
        arc, edge
            (k,) last whole arc of each way (as :meth:`arrive` gives it), and the edge it then
            enters.
        length_m
            (edges,) length of each edge.
        """
        arcs = self.graph.arc_edge
        total, joints = _measure(self.before, arcs, self.line, arc, edge, length_m)
        return total, joints

    def way(self, arc: int) -> Ints:
        """Return the arcs of the way that ends with ``arc``, from the source on."""
        return np.asarray(_way(self.before, arc), dtype=np.int64)


def route_tree(
    graph: Graph, line: Ints, edge_cost: Floats, sources: Ints, splice: float
) -> RouteTree:
    """Search the cheapest ways from ``sources`` (Dijkstra over arcs).

    A splice is counted where a way leaves one source line for another: fibres that run on in
    their own cable past a joint are not cut. So a further cable joined to an existing one
    never makes an existing way dearer. Ties go to the arc with the smaller number.
    """
    source = np.zeros(graph.nodes, dtype=bool)
    source[sources] = True
    cost, before = _search(
        graph.indptr,
        graph.arc_edge,
        graph.arc_head,
        graph.arc_back,
        line,
        edge_cost,
        np.asarray(sources, dtype=np.int64),
        splice,
    )
    return RouteTree(graph, line, source, edge_cost, splice, cost, before)


@njit(cache=True)
def _search(  # noqa: C901 - one loop of a kernel
    indptr: Ints,
    arc_edge: Ints,
    arc_head: Ints,
    arc_back: Ints,
    line: Ints,
    edge_cost: Floats,
    sources: Ints,
    splice: float,
) -> tuple[Floats, Ints]:
    arcs = len(arc_edge)
    cost = np.full(arcs, np.inf)
    before = np.full(arcs, -2, np.int64)
    first = np.full(len(indptr) - 1, np.inf)
    keys = np.empty(arcs + 16)
    items = np.empty(arcs + 16, np.int64)
    size = 0
    for v in sources:
        first[v] = -np.inf  # nothing runs on through a source
        for a in range(indptr[v], indptr[v + 1]):
            c = edge_cost[arc_edge[a]]
            if c < cost[a]:
                cost[a], before[a] = c, -1
                size = push_entry(keys, items, size, c, a)
    while size:
        d, a = keys[0], items[0]
        size = pop_entry(keys, items, size)
        if d > cost[a]:
            continue
        v = arc_head[a]
        if d >= first[v] + splice:
            continue  # whatever goes on from here is no dearer behind the first arrival
        first[v] = min(first[v], d)
        from_line = line[arc_edge[a]]
        for b in range(indptr[v], indptr[v + 1]):
            if b == arc_back[a]:
                continue
            e = arc_edge[b]
            c = d + edge_cost[e]
            if from_line >= 0 and line[e] != from_line:
                c += splice
            if c < cost[b]:
                cost[b], before[b] = c, a
                if size == len(keys):
                    keys, items = doubled(keys, items)
                size = push_entry(keys, items, size, c, b)
    return cost, before


@njit(cache=True)
def _arrive(
    indptr: Ints,
    arc_edge: Ints,
    arc_back: Ints,
    tail: Ints,
    head: Ints,
    line: Ints,
    source: Bools,
    edge_cost: Floats,
    splice: float,
    cost: Floats,
    edge: Ints,
    share: Floats,
) -> tuple[Floats, Ints, Ints]:
    out = np.full(len(edge), np.inf)
    last = np.full(len(edge), -2, np.int64)
    entered = np.zeros(len(edge), np.int64)
    for i in range(len(edge)):
        e = edge[i]
        for side in range(2):
            v = tail[e] if side == 0 else head[e]
            part = share[i] if side == 0 else 1.0 - share[i]
            run = 0.0 if part == 0.0 else part * edge_cost[e]
            if source[v]:
                if run < out[i]:
                    out[i], last[i], entered[i] = run, -1, side
                continue
            for p in range(indptr[v], indptr[v + 1]):
                a = arc_back[p]
                f = arc_edge[a]
                c = cost[a] + run
                if f != e and line[f] >= 0 and line[f] != line[e]:
                    c += splice
                if f == e and part != 0.0:
                    continue  # this way has passed the place already
                if c < out[i]:
                    out[i], last[i], entered[i] = c, a, side
    return out, last, entered


@njit(cache=True)
def _way(before: Ints, arc: int) -> Ints:
    count = 0
    a = arc
    while a >= 0:
        count += 1
        a = before[a]
    out = np.empty(count, np.int64)
    a = arc
    while a >= 0:
        count -= 1
        out[count] = a
        a = before[a]
    return out


@njit(cache=True)
def _measure(
    before: Ints, arc_edge: Ints, line: Ints, arc: Ints, edge: Ints, length_m: Floats
) -> tuple[Floats, Ints]:
    total = np.zeros(len(arc))
    joints = np.zeros(len(arc), np.int64)
    for i in range(len(arc)):
        a, after = arc[i], edge[i]
        while a >= 0:
            e = arc_edge[a]
            total[i] += length_m[e]
            if line[e] >= 0 and line[e] != line[after]:
                joints[i] += 1
            after = e
            a = before[a]
    return total, joints
