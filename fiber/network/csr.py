"""The network as compressed sparse rows: what every search on it runs over."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from phusong.fiber.network.polylines import Bools, Ints


@dataclass(frozen=True)
class Graph:
    """An undirected multigraph; loops and parallel edges are allowed.

    Attributes
    ----------
    nodes
        Number of nodes.
    tail, head
        (m,) ends of each edge.
    indptr
        (nodes + 1,) node ``v`` has the arcs ``indptr[v] : indptr[v + 1]``.
    arc_edge
        (2 m,) edge of each outgoing arc, in edge order.
    arc_head
        (2 m,) node each arc leads to.
    arc_back
        (2 m,) the arc that runs the other way along the same edge.
    """

    nodes: int
    tail: Ints
    head: Ints
    indptr: Ints
    arc_edge: Ints
    arc_head: Ints
    arc_back: Ints

    @classmethod
    def of(cls, nodes: int, tail: Ints, head: Ints) -> Graph:
        """Return the graph with edges ``tail - head``."""
        count = len(tail)
        origin = np.concatenate([tail, head])
        target = np.concatenate([head, tail])
        edge = np.concatenate([np.arange(count), np.arange(count)])
        order = np.lexsort((edge, origin))
        indptr = np.zeros(nodes + 1, dtype=np.int64)
        np.cumsum(np.bincount(origin, minlength=nodes), out=indptr[1:])
        at = np.empty(2 * count, dtype=np.int64)
        at[order] = np.arange(2 * count)
        back = np.concatenate([at[count:], at[:count]])
        return cls(nodes, tail, head, indptr, edge[order], target[order], back[order])

    def __len__(self) -> int:
        return len(self.tail)

    @property
    def degree(self) -> Ints:
        """(nodes,) number of edge ends at each node."""
        return np.diff(self.indptr)

    def components(self, use: Bools | None = None) -> Ints:
        """Return (nodes,) component numbers over the edges ``use`` (default: all)."""
        tail, head = (self.tail, self.head) if use is None else (self.tail[use], self.head[use])
        matrix = coo_array(
            (np.ones(len(tail), dtype=np.int8), (tail, head)), shape=(self.nodes, self.nodes)
        )
        return np.asarray(connected_components(matrix, directed=False)[1], dtype=np.int64)

    def reached_from(self, sources: Ints, use: Bools | None = None) -> Bools:
        """Return (nodes,) whether a node is joined to any of ``sources`` over ``use``."""
        component = self.components(use)
        lit = np.zeros(self.nodes + 1, dtype=bool)
        lit[component[sources]] = True
        return np.asarray(lit[component])

    def subgraph(self, use: Bools) -> tuple[Graph, Ints]:
        """Return the graph of the edges ``use`` on the same nodes, and their old numbers."""
        kept = np.flatnonzero(use)
        return Graph.of(self.nodes, self.tail[kept], self.head[kept]), kept
