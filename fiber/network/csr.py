"""The network as compressed sparse rows: what every search on it runs over."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from phusong.fiber.network.polylines import Bools, Ints
from phusong.fiber.steiner.graph import components
from phusong.jit import njit


@dataclass(frozen=True)
class Graph:
    """An undirected multigraph; loops and parallel edges are allowed.

    Its arcs are made when a search first asks for them: of the millions of edges of a country's
    roads, few are ever searched.

    Attributes
    ----------
    nodes
        Number of nodes.
    tail, head
        (m,) ends of each edge.
    """

    nodes: int
    tail: Ints
    head: Ints

    def __len__(self) -> int:
        return len(self.tail)

    @property
    def indptr(self) -> Ints:
        """(nodes + 1,) node ``v`` has the arcs ``indptr[v] : indptr[v + 1]``."""
        return self._arcs[0]

    @property
    def arc_edge(self) -> Ints:
        """(2 m,) edge of each outgoing arc, in edge order."""
        return self._arcs[1]

    @property
    def arc_head(self) -> Ints:
        """(2 m,) node each arc leads to."""
        return self._arcs[2]

    @cached_property
    def arc_back(self) -> Ints:
        """(2 m,) the arc that runs the other way along the same edge."""
        return np.asarray(_back(self.arc_edge))

    @cached_property
    def _arcs(self) -> tuple[Ints, Ints, Ints]:
        indptr, edge, head = _rows(self.nodes, self.tail, self.head)
        return indptr, edge, head

    @property
    def degree(self) -> Ints:
        """(nodes,) number of edge ends at each node."""
        return np.bincount(self.tail, minlength=self.nodes) + np.bincount(
            self.head, minlength=self.nodes
        )

    def components(self, use: Bools | None = None) -> Ints:
        """Return (nodes,) component numbers over the edges ``use`` (default: all)."""
        tail, head = (self.tail, self.head) if use is None else (self.tail[use], self.head[use])
        least = components(self.nodes, tail, head)
        number = np.cumsum(least == np.arange(self.nodes)) - 1
        return np.asarray(number[least], dtype=np.int64)

    def reached_from(self, sources: Ints, use: Bools | None = None) -> Bools:
        """Return (nodes,) whether a node is joined to any of ``sources`` over ``use``."""
        component = self.components(use)
        lit = np.zeros(self.nodes + 1, dtype=bool)
        lit[component[sources]] = True
        return np.asarray(lit[component])

    def subgraph(self, use: Bools) -> tuple[Graph, Ints]:
        """Return the graph of the edges ``use`` on the same nodes, and their old numbers."""
        kept = np.flatnonzero(use)
        return Graph(self.nodes, self.tail[kept], self.head[kept]), kept


@njit(cache=True)
def _rows(nodes: int, tail: Ints, head: Ints) -> tuple[Ints, Ints, Ints]:
    """Rows of arcs in the order of their edges; of a loop, the arc from its tail first."""
    indptr = np.zeros(nodes + 1, np.int64)
    for e in range(len(tail)):
        indptr[tail[e] + 1] += 1
        indptr[head[e] + 1] += 1
    for v in range(nodes):
        indptr[v + 1] += indptr[v]
    free = indptr[:nodes].copy()
    edge = np.empty(2 * len(tail), np.int64)
    to = np.empty(2 * len(tail), np.int64)
    for e in range(len(tail)):
        u, v = tail[e], head[e]
        edge[free[u]], to[free[u]] = e, v
        free[u] += 1
        edge[free[v]], to[free[v]] = e, u
        free[v] += 1
    return indptr, edge, to


@njit(cache=True)
def _back(arc_edge: Ints) -> Ints:
    first = np.full(len(arc_edge) // 2, -1, np.int64)
    out = np.empty(len(arc_edge), np.int64)
    for a in range(len(arc_edge)):
        e = arc_edge[a]
        if first[e] < 0:
            first[e] = a
        else:
            out[a], out[first[e]] = first[e], a
    return out
