"""The undirected graph all parts of the solver work on: edge arrays beside compressed rows.

A *slot* is one end of an edge in the row of a vertex. Slots stand for arcs too: slot ``s`` in the
row of ``v`` with ``adj[s] == w`` is the arc ``w -> v`` where entering arcs matter (dual ascent)
and ``v -> w`` where leaving arcs do; ``twin[s]`` is the other end of the same edge.
"""

# ruff: noqa: ANN001, ANN201, ANN202 - numba infers the types of kernels
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from phusong.jit import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Graph:
    """A graph with terminals, edge ``e`` between ``tail[e]`` and ``head[e]``.

    Attributes
    ----------
    tail, head
        Ends of the edges, int32, shape (m,); no self-loops.
    cost
        Edge costs, float64, shape (m,); whole numbers (see :mod:`phusong.fiber.steiner.solve`).
    terminal
        Which vertices must be spanned, bool, shape (n,).
    indptr, adj, eid, twin, wt
        Compressed rows: bounds of each row (int64, n + 1), and by slot the neighbour, the edge,
        the slot at the other end (int32, 2m) and the cost (float64, 2m).
    """

    tail: NDArray[np.int32]
    head: NDArray[np.int32]
    cost: NDArray[np.float64]
    terminal: NDArray[np.bool_]
    indptr: NDArray[np.int64]
    adj: NDArray[np.int32]
    eid: NDArray[np.int32]
    twin: NDArray[np.int32]
    wt: NDArray[np.float64]

    @property
    def n(self) -> int:
        """Number of vertices."""
        return self.terminal.size

    @property
    def m(self) -> int:
        """Number of edges."""
        return self.tail.size

    @cached_property
    def terminals(self) -> NDArray[np.int32]:
        """The terminals in ascending order."""
        return np.flatnonzero(self.terminal).astype(np.int32)


def build(
    tail: NDArray[np.int32],
    head: NDArray[np.int32],
    cost: NDArray[np.float64],
    terminal: NDArray[np.bool_],
) -> Graph:
    """Build the compressed rows over edge arrays (rows in the order of the edges).

    Parameters
    ----------
    tail, head, cost
        Edge arrays, shape (m,); no self-loops.
    terminal
        Terminal mask, shape (n,).
    """
    tail = np.ascontiguousarray(tail, np.int32)
    head = np.ascontiguousarray(head, np.int32)
    cost = np.ascontiguousarray(cost, np.float64)
    rows = _rows(terminal.size, tail, head, cost)
    return Graph(tail, head, cost, np.ascontiguousarray(terminal, np.bool_), *rows)


@njit(cache=True, nogil=True)
def _rows(n, tail, head, cost):
    m = tail.size
    indptr = np.zeros(n + 1, np.int64)
    for e in range(m):
        indptr[tail[e] + 1] += 1
        indptr[head[e] + 1] += 1
    for v in range(n):
        indptr[v + 1] += indptr[v]
    fill = indptr[:n].copy()
    adj = np.empty(2 * m, np.int32)
    eid = np.empty(2 * m, np.int32)
    twin = np.empty(2 * m, np.int32)
    wt = np.empty(2 * m, np.float64)
    for e in range(m):
        u = tail[e]
        v = head[e]
        a = fill[u]
        fill[u] += 1
        b = fill[v]
        fill[v] += 1
        adj[a] = v
        adj[b] = u
        eid[a] = e
        eid[b] = e
        twin[a] = b
        twin[b] = a
        wt[a] = cost[e]
        wt[b] = cost[e]
    return indptr, adj, eid, twin, wt


@njit(cache=True, nogil=True)
def find(parent, v):
    """Return the representative of ``v`` in a union-find forest, halving the way there."""
    while parent[v] != v:
        parent[v] = parent[parent[v]]
        v = parent[v]
    return v


@njit(cache=True, nogil=True)
def components(n, tail, head):
    """Label each vertex with the least vertex of its connected component, int32, shape (n,)."""
    parent = np.arange(n).astype(np.int32)
    for e in range(tail.size):
        a = find(parent, tail[e])
        b = find(parent, head[e])
        if a < b:
            parent[b] = a
        elif b < a:
            parent[a] = b
    for v in range(n):
        parent[v] = find(parent, v)
    return parent


@njit(cache=True, nogil=True)
def cheapest_parallel(n, indptr, adj, eid, wt):
    """Mark the cheapest edge between every two neighbours (the first of equals), bool, (m,)."""
    keep = np.zeros(adj.size // 2, np.bool_)
    best = np.full(n, -1, np.int64)
    for v in range(n):
        for s in range(indptr[v], indptr[v + 1]):
            w = adj[s]
            if w > v and (best[w] < indptr[v] or wt[s] < wt[best[w]]):
                best[w] = s
        for s in range(indptr[v], indptr[v + 1]):
            if adj[s] > v and best[adj[s]] == s:
                keep[eid[s]] = True
    return keep


@njit(cache=True, nogil=True)
def prune_tree(edges, tail, head, terminal):
    """Drop every branch of a forest that leads to no terminal; return the edges kept, int32.

    Parameters
    ----------
    edges
        Edges of a forest, shape (k,).
    tail, head, terminal
        The graph's arrays.
    """
    n = terminal.size
    degree = np.zeros(n, np.int32)
    link = np.zeros(n, np.int32)
    for e in edges:
        # The xor of the edges at a vertex is the last edge itself once it is a leaf.
        for v in (tail[e], head[e]):
            degree[v] += 1
            link[v] ^= e
    dropped = 0
    gone = np.zeros(tail.size, np.bool_)
    for e in edges:
        for end in (tail[e], head[e]):
            v = end
            while degree[v] == 1 and not terminal[v]:
                f = link[v]
                gone[f] = True
                dropped += 1
                w = tail[f] + head[f] - v
                degree[v] = 0
                degree[w] -= 1
                link[w] ^= f
                v = w
    kept = np.empty(edges.size - dropped, np.int32)
    k = 0
    for e in edges:
        if not gone[e]:
            kept[k] = e
            k += 1
    return kept
