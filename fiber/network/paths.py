"""Cheapest ways from a set of vertices to every other, with the edge each one comes by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from phusong.fiber.heap import pop_entry, push_entry
from phusong.fiber.network.csr import Graph
from phusong.fiber.network.polylines import Floats, Ints
from phusong.jit import njit


def cheapest_from(
    vertices: int, tail: Ints, head: Ints, cost: Floats, start: Ints
) -> tuple[Floats, Ints]:
    """Return (vertices,) cost from the nearest start, and the last edge of the way (-1: none)."""
    start = np.asarray(start)
    return cheapest_in(Graph(vertices, tail, head), cost, start, np.zeros(len(start)))


def cheapest_in(graph: Graph, cost: Floats, start: Ints, start_cost: Floats) -> tuple[Floats, Ints]:
    """Return (nodes,) cost from the best start, its own counted, and the last edge of the way."""
    g = graph
    found, before = _search(g.indptr, g.arc_edge, g.arc_head, cost, start, start_cost)
    return found, before


def way_back(tail: Ints, head: Ints, before: Ints, vertex: int) -> Ints:
    """Return the edges of the way to ``vertex``, from its start on."""
    out = []
    while before[vertex] >= 0:
        edge = int(before[vertex])
        out.append(edge)
        vertex = int(tail[edge] + head[edge] - vertex)
    return np.array(out[::-1], dtype=np.int64)


@njit(cache=True)
def _search(
    indptr: Ints, arc_edge: Ints, arc_head: Ints, cost: Floats, start: Ints, start_cost: Floats
) -> tuple[Floats, Ints]:
    count = len(indptr) - 1
    best = np.full(count, np.inf)
    before = np.full(count, -1, np.int64)
    keys = np.empty(len(arc_edge) + len(start) + 1)
    items = np.empty(len(keys), np.int64)
    size = 0
    for i in range(len(start)):
        v = start[i]
        if start_cost[i] < best[v]:
            best[v] = start_cost[i]
            size = push_entry(keys, items, size, best[v], v)
    while size:
        d, v = keys[0], items[0]
        size = pop_entry(keys, items, size)
        if d > best[v]:
            continue
        for a in range(indptr[v], indptr[v + 1]):
            e, w = arc_edge[a], arc_head[a]
            if d + cost[e] < best[w]:
                best[w], before[w] = d + cost[e], e
                size = push_entry(keys, items, size, best[w], w)
    return best, before


@dataclass(frozen=True)
class SecondWay:
    """The cheapest way that, beside a first one, gives two without a common edge.

    Attributes
    ----------
    cost
        Infinite where there is none.
    edges
        Its edges, from the source on; those of the first way are undone.
    distance
        (vertices,) cost from the source, exact below ``cost`` and not less than it elsewhere.
    """

    cost: float
    edges: Ints
    distance: Floats


def second_way(graph: Graph, cost: Floats, first: Ints, source: int, goal: int) -> SecondWay:
    """Find the cheapest second way from ``source`` to ``goal``.

    Edges of the first way may be run through against it only, which undoes them: the
    successive shortest path step of a minimum-cost flow.

    Parameters
    ----------
    cost
        (m,) cost of each edge; 0 for those that stand.
    first
        Edges of the first way, from ``source`` to ``goal``.
    """
    blocked = np.full(len(cost), -1, dtype=np.int64)
    at = source
    for e in first.tolist():
        blocked[e] = at
        at = int(graph.tail[e] + graph.head[e] - at)
    total, distance, before = _second(
        graph.indptr, graph.arc_edge, graph.arc_head, cost, blocked, source, goal
    )
    if not np.isfinite(total):
        return SecondWay(np.inf, np.zeros(0, dtype=np.int64), distance)
    return SecondWay(float(total), way_back(graph.tail, graph.head, before, goal), distance)


@njit(cache=True)
def _second(
    indptr: Ints,
    arc_edge: Ints,
    arc_head: Ints,
    cost: Floats,
    blocked: Ints,
    source: int,
    goal: int,
) -> tuple[float, Floats, Ints]:
    count = len(indptr) - 1
    best = np.full(count, np.inf)
    before = np.full(count, -1, np.int64)
    keys = np.empty(len(arc_edge) + 2)
    items = np.empty(len(keys), np.int64)
    best[source] = 0.0
    size = push_entry(keys, items, 0, 0.0, source)
    while size:
        d, v = keys[0], items[0]
        size = pop_entry(keys, items, size)
        if d > best[v]:
            continue
        if v == goal:
            return d, best, before
        for a in range(indptr[v], indptr[v + 1]):
            e, w = arc_edge[a], arc_head[a]
            if blocked[e] == v or w == source:
                continue
            c = d if blocked[e] >= 0 else d + cost[e]
            if c < best[w]:
                best[w], before[w] = c, e
                size = push_entry(keys, items, size, c, w)
    return np.inf, best, before
