"""First trees: shortest-path heuristics and the spanning tree of a chosen vertex set.

Takahashi & Matsuyama (1980) grow one tree from a start, always along the shortest path to the
nearest terminal not yet in it; here in a single search that goes back to a vertex when a new path
makes it nearer (Poggi de Aragão & Werneck 2002). Mehlhorn (1988) is the one-pass alternative.
"""

# ruff: noqa: ANN001, ANN201 - numba infers the types of kernels
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import numpy as np

from phusong.fiber.heap import pop, push
from phusong.fiber.steiner.graph import find, prune_tree
from phusong.jit import njit


@njit(cache=True, nogil=True)
def grow_tree(indptr, adj, wt, terminal, start):
    """Grow a tree from ``start`` along shortest paths to the nearest terminal left.

    Parameters
    ----------
    indptr, adj, wt
        Compressed rows; ``wt`` may be perturbed or infinite (slot not to be used).
    terminal
        Terminal mask, shape (n,).
    start
        Vertex to start from.

    Returns
    -------
    numpy.ndarray
        Mask of the vertices in the tree, bool, shape (n,); misses terminals that no slot reaches.
    """
    n = terminal.size
    dist = np.full(n, np.inf)
    came = np.full(n, -1, np.int32)
    heap = np.empty(n, np.int32)
    place = np.full(n, -1, np.int32)
    inside = np.zeros(n, np.bool_)
    left = 0
    for v in range(n):
        if terminal[v]:
            left += 1
    if terminal[start]:
        left -= 1
    inside[start] = True
    dist[start] = 0.0
    size = push(heap, place, dist, 0, start)
    while size > 0 and left > 0:
        v = pop(heap, place, dist, size)
        size -= 1
        if terminal[v] and not inside[v]:
            left -= 1
            w = v
            while not inside[w]:
                inside[w] = True
                dist[w] = 0.0
                if w != v:
                    size = push(heap, place, dist, size, w)
                w = came[w]
        base = dist[v]
        for s in range(indptr[v], indptr[v + 1]):
            w = adj[s]
            near = base + wt[s]
            if near < dist[w]:
                dist[w] = near
                came[w] = v
                size = push(heap, place, dist, size, w)
    return inside


@njit(cache=True, nogil=True)
def span(indptr, adj, eid, wt, tail, head, terminal, inside):
    """Span the terminals by the minimum spanning tree of the vertices ``inside``, pruned.

    Returns
    -------
    numpy.ndarray
        Edges of the tree, int32. Only the part connected to the first terminal is spanned.
    """
    n = terminal.size
    dist = np.full(n, np.inf)
    link = np.full(n, -1, np.int32)
    heap = np.empty(n, np.int32)
    place = np.full(n, -1, np.int32)
    done = np.zeros(n, np.bool_)
    edges = np.empty(n, np.int32)
    k = 0
    size = 0
    for v in range(n):
        if terminal[v]:
            dist[v] = 0.0
            size = push(heap, place, dist, size, v)
            break
    while size > 0:
        v = pop(heap, place, dist, size)
        size -= 1
        done[v] = True
        if link[v] >= 0:
            edges[k] = link[v]
            k += 1
        for s in range(indptr[v], indptr[v + 1]):
            w = adj[s]
            if inside[w] and not done[w] and wt[s] < dist[w]:
                dist[w] = wt[s]
                link[w] = eid[s]
                size = push(heap, place, dist, size, w)
    return prune_tree(edges[:k], tail, head, terminal)


@njit(cache=True, nogil=True)
def voronoi(indptr, adj, wt, terminal):
    """Find the nearest terminal of every vertex.

    Returns
    -------
    dist, base, came
        Distance (float64), nearest terminal (int32, -1 where none is reached) and the slot of the
        step towards it (int32, -1 at terminals), each of shape (n,).
    """
    n = terminal.size
    dist = np.full(n, np.inf)
    base = np.full(n, -1, np.int32)
    came = np.full(n, -1, np.int32)
    heap = np.empty(n, np.int32)
    place = np.full(n, -1, np.int32)
    size = 0
    for v in range(n):
        if terminal[v]:
            dist[v] = 0.0
            base[v] = v
            size = push(heap, place, dist, size, v)
    while size > 0:
        v = pop(heap, place, dist, size)
        size -= 1
        for s in range(indptr[v], indptr[v + 1]):
            w = adj[s]
            near = dist[v] + wt[s]
            if near < dist[w]:
                dist[w] = near
                base[w] = base[v]
                came[w] = s
                size = push(heap, place, dist, size, w)
    return dist, base, came


@njit(cache=True, nogil=True)
def join_regions(dist, base, tail, head, cost):
    """Span the terminals over the edges between Voronoi regions (Mehlhorn 1988).

    Returns
    -------
    edges, length, up, when
        Crossing edges of the spanning tree with the length of the connection each stands for, and
        the union forest by rank: parent of each vertex (int32) and the length at which it was
        linked to it (float64), for bottleneck queries.
    """
    n = dist.size
    m = tail.size
    crossing = np.empty(m, np.int32)
    k = 0
    for e in range(m):
        if base[tail[e]] != base[head[e]]:
            crossing[k] = e
            k += 1
    crossing = crossing[:k].copy()
    length = np.empty(k)
    for i in range(k):
        e = crossing[i]
        length[i] = dist[tail[e]] + cost[e] + dist[head[e]]
    up = np.arange(n).astype(np.int32)
    when = np.full(n, np.inf)
    rank = np.zeros(n, np.int32)
    chosen = np.empty(n, np.int32)
    span_length = np.empty(n)
    c = 0
    for i in np.argsort(length, kind="mergesort"):
        e = crossing[i]
        a = base[tail[e]]
        b = base[head[e]]
        if a < 0 or b < 0:
            continue
        while up[a] != a:
            a = up[a]
        while up[b] != b:
            b = up[b]
        if a == b:
            continue
        if rank[a] > rank[b]:
            a, b = b, a
        if rank[a] == rank[b]:
            rank[b] += 1
        up[a] = b
        when[a] = length[i]
        chosen[c] = e
        span_length[c] = length[i]
        c += 1
    return chosen[:c].copy(), span_length[:c].copy(), up, when


@njit(cache=True, nogil=True)
def mehlhorn(indptr, adj, eid, wt, tail, head, cost, terminal):
    """Build Mehlhorn's tree: within twice the optimum, in one search; edges, int32."""
    dist, base, came = voronoi(indptr, adj, wt, terminal)
    crossing, _, _, _ = join_regions(dist, base, tail, head, cost)
    inside = np.zeros(terminal.size, np.bool_)
    for v in range(terminal.size):
        inside[v] = terminal[v]
    edges = np.empty(terminal.size, np.int32)
    k = 0
    for e in crossing:
        edges[k] = e
        k += 1
        for end in (tail[e], head[e]):
            v = end
            while not inside[v]:
                inside[v] = True
                edges[k] = eid[came[v]]
                k += 1
                v = tail[edges[k - 1]] + head[edges[k - 1]] - v
    return prune_tree(edges[:k], tail, head, terminal)


@njit(cache=True, nogil=True)
def spans(edges, tail, head, terminal):
    """Tell whether ``edges`` are a tree that holds every terminal."""
    n = terminal.size
    parent = np.arange(n).astype(np.int32)
    touched = np.zeros(n, np.bool_)
    vertices = 0
    for e in edges:
        a = find(parent, tail[e])
        b = find(parent, head[e])
        if a == b:
            return False
        parent[a] = b
        for v in (tail[e], head[e]):
            if not touched[v]:
                touched[v] = True
                vertices += 1
    if edges.size == 0:
        return terminal.sum() <= 1
    root = find(parent, tail[edges[0]])
    for v in range(n):
        if (terminal[v] or touched[v]) and find(parent, v) != root:
            return False
    return vertices == edges.size + 1
