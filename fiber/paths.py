"""Cheapest ways from a set of vertices to every other, with the edge each one comes by."""

from __future__ import annotations

import numpy as np

from phusong.fiber.graph import Graph
from phusong.fiber.lines import Floats, Ints
from phusong.fiber.routing import heap_pop, heap_push
from phusong.jit import njit


def cheapest_from(
    vertices: int, tail: Ints, head: Ints, cost: Floats, start: Ints
) -> tuple[Floats, Ints]:
    """Return (vertices,) cost from the nearest start, and the last edge of the way (-1: none)."""
    g = Graph.of(vertices, tail, head)
    found, before = _search(g.indptr, g.arc_edge, g.arc_head, cost, np.asarray(start))
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
    indptr: Ints, arc_edge: Ints, arc_head: Ints, cost: Floats, start: Ints
) -> tuple[Floats, Ints]:
    count = len(indptr) - 1
    best = np.full(count, np.inf)
    before = np.full(count, -1, np.int64)
    keys = np.empty(len(arc_edge) + len(start) + 1)
    items = np.empty(len(keys), np.int64)
    size = 0
    for v in start:
        best[v] = 0.0
        heap_push(keys, items, size, 0.0, v)
        size += 1
    while size:
        d, v = keys[0], items[0]
        heap_pop(keys, items, size)
        size -= 1
        if d > best[v]:
            continue
        for a in range(indptr[v], indptr[v + 1]):
            e, w = arc_edge[a], arc_head[a]
            if d + cost[e] < best[w]:
                best[w], before[w] = d + cost[e], e
                heap_push(keys, items, size, best[w], w)
                size += 1
    return best, before
