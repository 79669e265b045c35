"""Roads as a graph: shortest ways, and the shortest round that drives every one of some roads."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, dijkstra

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Steps = list[tuple[int, int]]
"""(edge, node it leads to) one after another."""

SHORTEST_M: Final = 0.01
"""A joint of no length still is a way."""


@dataclass(frozen=True)
class Ways:
    """A network of roads as arrays.

    Attributes
    ----------
    x_m, y_m
        (nodes,) places.
    tail, head, length_m
        (edges,) ends and lengths; parallel ones and loops are allowed.
    """

    x_m: Floats
    y_m: Floats
    tail: Ints
    head: Ints
    length_m: Floats


def main_node(ways: Ways, x_m: float, y_m: float) -> int:
    """Return the node nearest to a place, on the largest connected part of the network."""
    count = len(ways.x_m)
    matrix = csr_array((np.ones(len(ways.tail)), (ways.tail, ways.head)), shape=(count, count))
    part = connected_components(matrix, directed=False)[1]
    length = np.bincount(part[ways.tail], weights=ways.length_m, minlength=int(part.max()) + 1)
    away = np.hypot(ways.x_m - x_m, ways.y_m - y_m)
    return int(np.where(part == length.argmax(), away, np.inf).argmin())


class Search:
    """Shortest ways over a network whose parallel edges are kept apart."""

    def __init__(self, ways: Ways) -> None:
        self.count = len(ways.x_m)
        self.length = np.maximum(ways.length_m, SHORTEST_M)
        self.ways = ways
        self.tail = np.concatenate([ways.tail, ways.head])
        self.head = np.concatenate([ways.head, ways.tail])
        self.edge = np.tile(np.arange(len(ways.tail)), 2)
        key = self.tail * self.count + self.head
        # Of parallel edges the shortest leads; the others are driven for their own sake only.
        order = np.lexsort((self.edge, self.length[self.edge], key))
        self._key, first = np.unique(key[order], return_index=True)
        self._edge = self.edge[order[first]]
        self._matrix = csr_array(
            (self.length[self._edge], np.divmod(self._key, self.count)),
            shape=(self.count, self.count),
        )

    def ways_from(self, node: int, limit: float = np.inf) -> tuple[Floats, Ints, Ints]:
        """Return (nodes,) distance, node before (-1: none) and edge by which a way comes."""
        away, before = dijkstra(
            self._matrix,
            directed=True,
            indices=np.array([node]),
            return_predecessors=True,
            limit=limit,
        )
        before = np.maximum(before[0].astype(np.int64), -1)
        by = np.full(self.count, -1, dtype=np.int64)
        on = np.flatnonzero(before >= 0)
        by[on] = self._edge[np.searchsorted(self._key, before[on] * self.count + on)]
        return away[0], before, by


def path_to(before: Ints, by: Ints, node: int) -> Steps:
    """Return (edge, node) of each step to a node."""
    out = []
    while before[node] >= 0:
        out.append((int(by[node]), node))
        node = int(before[node])
    return out[::-1]


def round_trip(search: Search, wanted: set[int], driven: set[int], start: int) -> Steps:
    """Return a short closed way from a node that drives every edge that is wanted.

    The wanted edges are tied to each other and to the start by the shortest of those that were
    driven. The rest is the Chinese postman's problem: where edges meet at odd nodes, roads are
    driven again along a matching of least length (Edmonds and Johnson 1973), wherever they lead.

    Parameters
    ----------
    search
        The roads.
    wanted, driven
        Edges; the second, the wanted ones among them, are connected and hold the start.
    start
        Node.
    """
    import networkx as nx  # noqa: PLC0415 - half a second that most commands do not need

    tail, head = search.ways.tail, search.ways.head
    once = _tied(search, wanted, driven, start)
    degree = np.zeros(search.count, dtype=np.int64)
    np.add.at(degree, tail[once], 1)
    np.add.at(degree, head[once], 1)
    odd = np.flatnonzero(degree % 2)
    ways = {int(node): search.ways_from(int(node)) for node in odd}
    graph: Any = nx.Graph()
    graph.add_weighted_edges_from(
        (int(a), int(b), float(ways[int(a)][0][b])) for a in odd for b in odd if a < b
    )
    for a, b in nx.min_weight_matching(graph):
        once += [edge for edge, _ in path_to(*ways[a][1:], b)]
    return _circuit(once, tail, head, start)


def _tied(search: Search, wanted: set[int], driven: set[int], start: int) -> list[int]:
    """Return the wanted edges and as short ones of those driven as connect them and the start."""
    tail, head = search.ways.tail.tolist(), search.ways.head.tolist()
    part: dict[int, int] = {}

    def of(node: int) -> int:
        while part.get(node, node) != node:
            node = part[node]
        return node

    kept = sorted(wanted)
    for edge in kept:
        part[of(tail[edge])] = of(head[edge])
    ties = []
    for edge in sorted(driven - wanted, key=lambda e: (float(search.length[e]), e)):
        a, b = of(tail[edge]), of(head[edge])
        if a != b:
            part[a] = b
            ties.append(edge)
    # What leads nowhere is left out, leaf by leaf.
    degree: dict[int, int] = defaultdict(int, {start: 1})
    for edge in [*kept, *ties]:
        degree[tail[edge]] += 1
        degree[head[edge]] += 1
    while True:
        loose = [e for e in ties if 1 in (degree[tail[e]], degree[head[e]])]
        if not loose:
            return [*kept, *ties]
        for edge in loose:
            ties.remove(edge)
            degree[tail[edge]] -= 1
            degree[head[edge]] -= 1


def _circuit(edges: list[int], tail: Ints, head: Ints, start: int) -> Steps:
    """Return a way that drives every edge of an even multigraph as often as it is named."""
    arcs: dict[int, Steps] = defaultdict(list)
    for copy, edge in enumerate(edges):
        a, b = int(tail[edge]), int(head[edge])
        arcs[a].append((copy, b))
        if a != b:
            arcs[b].append((copy, a))
    driven: set[int] = set()
    stack, out = [(-1, start)], []
    while stack:
        here = arcs[stack[-1][1]]
        while here and here[-1][0] in driven:
            here.pop()
        if here:
            stack.append(here.pop())
            driven.add(stack[-1][0])
        else:
            out.append(stack.pop())
    return [(edges[copy], node) for copy, node in reversed(out) if copy >= 0]
