"""Tests that delete edges no optimal tree needs and buy edges some optimal tree holds.

Special distances (Duin & Volgenant 1989), nearest vertex and short links over Voronoi regions
(Polzin & Vahdati Daneshmand 2001). A test that compares strictly speaks of *every* optimal tree, so
all edges it finds go at once; where equality is allowed edges go one by one.
"""
# ruff: noqa: ANN001, ANN201, ANN202 - numba infers the types of kernels
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from phusong.fiber.heap import pop, push
from phusong.fiber.steiner.problem import acyclic
from phusong.fiber.steiner.trees.construct import join_regions, voronoi
from phusong.jit import njit

if TYPE_CHECKING:
    from phusong.fiber.steiner.problem import Problem

NEAREST = 3
"""Terminals looked at around each end of an edge in the special-distance test."""
REACH = 40
"""Edges scanned around each end of an edge in the alternative-path test."""


def reduce(problem: Problem, *, rounds: int = 10, share: float = 0.02) -> None:
    """Apply all tests in rounds until a round deletes less than a share of the edges.

    Parameters
    ----------
    problem
        Reduced in place.
    rounds
        Rounds at most.
    share
        A round that deletes less than this share of the edges is the last.
    """
    problem.tidy()
    for _ in range(rounds):
        before = problem.graph.m
        for test in (_delete_long, _delete_bypassed, _buy_short):
            if problem.solved:
                return
            test(problem)
        if before - problem.graph.m <= share * before:
            return


def _delete_long(problem: Problem) -> None:
    g = problem.graph
    near, base = nearest_terminals(g.indptr, g.adj, g.wt, g.terminal, NEAREST)
    _, _, up, when = join_regions(near[:, 0].copy(), base[:, 0].copy(), g.tail, g.head, g.cost)
    problem.delete(_longer_than_special(g.tail, g.head, g.cost, near, base, up, when))


def _delete_bypassed(problem: Problem) -> None:
    g = problem.graph
    problem.delete(_bypassed(g.indptr, g.adj, g.eid, g.wt, g.tail, g.head, g.cost, REACH))


def _buy_short(problem: Problem) -> None:
    g = problem.graph
    near, base = nearest_terminals(g.indptr, g.adj, g.wt, g.terminal, 2)
    links = _short_links(
        g.indptr, g.adj, g.eid, g.wt, g.tail, g.head, g.cost, g.terminal, near, base
    )
    links = acyclic(links, g.tail, g.head, g.n)
    if links.size:
        problem.contract(links)


@njit(cache=True, nogil=True)
def nearest_terminals(indptr, adj, wt, terminal, k):
    """Find the ``k`` nearest terminals of every vertex.

    Returns
    -------
    near, base
        Distances (float64, inf where there is none) and terminals (int32, -1), shape (n, k), by
        rising distance. A terminal is its own nearest.
    """
    n = terminal.size
    near = np.full((n, k), np.inf)
    base = np.full((n, k), -1, np.int32)
    got = np.zeros(n, np.int32)
    if k == 1:
        dist, first, _ = voronoi(indptr, adj, wt, terminal)
        near[:, 0] = dist
        base[:, 0] = first
        return near, base
    # A state is the j-th label of a vertex; a vertex asks for its next label when one is settled.
    states = n * k
    key = np.full(states, np.inf)
    owner = np.full(states, -1, np.int32)
    heap = np.empty(states, np.int32)
    place = np.full(states, -1, np.int32)
    size = 0
    for v in range(n):
        if terminal[v]:
            key[v * k] = 0.0
            owner[v * k] = v
            size = push(heap, place, key, size, v * k)
    while size > 0:
        state = pop(heap, place, key, size)
        size -= 1
        v = state // k
        dist = key[state]
        who = owner[state]
        near[v, got[v]] = dist
        base[v, got[v]] = who
        got[v] += 1
        for s in range(indptr[v], indptr[v + 1]):
            w = adj[s]
            if got[w] >= k:
                continue
            settled = False
            for j in range(got[w]):
                if base[w, j] == who:
                    settled = True
            if settled:
                continue
            length = dist + wt[s]
            # The pending labels of w hold distinct owners; take the place of one's own, of an
            # unused one, or of the worst.
            slot = -1
            worst = -1
            for j in range(k):
                t = w * k + j
                if owner[t] == who:
                    slot = t
                    break
            if slot < 0:
                for j in range(k):
                    t = w * k + j
                    if owner[t] < 0:
                        slot = t
                        break
            if slot < 0:
                for j in range(k):
                    t = w * k + j
                    if place[t] >= 0 and (worst < 0 or key[t] > key[worst]):
                        worst = t
                slot = worst
                if slot < 0 or length >= key[slot]:
                    continue
                owner[slot] = who
                key[slot] = length
                size = push(heap, place, key, size, slot)
            elif length < key[slot]:
                owner[slot] = who
                key[slot] = length
                size = push(heap, place, key, size, slot)
    return near, base


@njit(cache=True, nogil=True)
def bottleneck(up, when, a, b):
    """Return the longest connection on the way from terminal ``a`` to ``b`` in their spanning tree.

    ``up`` and ``when`` are the union forest of :func:`join_regions`; climbs O(log terminals).
    """
    longest = 0.0
    while a != b:
        if when[a] <= when[b]:
            if up[a] == a:
                return np.inf
            longest = max(longest, when[a])
            a = up[a]
        else:
            longest = max(longest, when[b])
            b = up[b]
    return longest


@njit(cache=True, nogil=True)
def special(near, base, up, when, u, v, enough):
    """Bound the special distance of ``u`` and ``v`` from above; stops once below ``enough``."""
    best = np.inf
    for i in range(near.shape[1]):
        if base[u, i] < 0 or near[u, i] >= best:
            break
        for j in range(near.shape[1]):
            if base[v, j] < 0 or near[v, j] >= best:
                break
            longest = max(near[u, i], near[v, j])
            if base[u, i] != base[v, j]:
                longest = max(longest, bottleneck(up, when, base[u, i], base[v, j]))
            if longest < best:
                best = longest
                if best < enough:
                    return best
    return best


@njit(cache=True, nogil=True)
def _longer_than_special(tail, head, cost, near, base, up, when):
    gone = np.zeros(tail.size, np.bool_)
    for e in range(tail.size):
        gone[e] = special(near, base, up, when, tail[e], head[e], cost[e]) < cost[e]
    return gone


@njit(cache=True, nogil=True)
def _bypassed(indptr, adj, eid, wt, tail, head, cost, reach):
    """Mark edges with another path between their ends that is no longer, one after the other."""
    n = indptr.size - 1
    gone = np.zeros(tail.size, np.bool_)
    dist = np.full((2, n), np.inf)
    heap = np.empty(n, np.int32)
    place = np.full(n, -1, np.int32)
    seen = np.empty((2, n), np.int32)
    order = np.argsort(-cost, kind="mergesort")
    for e in order:
        room = cost[e]
        counts = np.zeros(2, np.int64)
        found = False
        for side in range(2):
            start = tail[e] if side == 0 else head[e]
            key = dist[side]
            key[start] = 0.0
            seen[side, 0] = start
            counts[side] = 1
            size = push(heap, place, key, 0, start)
            scanned = 0
            while size > 0 and scanned < reach and not found:
                v = pop(heap, place, key, size)
                size -= 1
                if side == 1 and dist[0, v] + key[v] <= room:
                    found = True
                    break
                for s in range(indptr[v], indptr[v + 1]):
                    if wt[s] + key[v] > room:
                        continue
                    scanned += 1
                    f = eid[s]
                    if f == e or gone[f]:
                        continue
                    w = adj[s]
                    length = key[v] + wt[s]
                    if length < key[w]:
                        if key[w] == np.inf:
                            seen[side, counts[side]] = w
                            counts[side] += 1
                        key[w] = length
                        size = push(heap, place, key, size, w)
                        if side == 1 and dist[0, w] + length <= room:
                            found = True
            for i in range(size):
                place[heap[i]] = -1
        if found:
            gone[e] = True
        for side in range(2):
            for i in range(counts[side]):
                dist[side, seen[side, i]] = np.inf
    return gone


@njit(cache=True, nogil=True)
def _short_links(indptr, adj, eid, wt, tail, head, cost, terminal, near, base):
    """Find edges some optimal tree holds: one at most for each Voronoi region touched."""
    n = terminal.size
    first = np.full(n, -1, np.int64)
    second = np.full(n, np.inf)
    for e in range(tail.size):
        a = base[tail[e], 0]
        b = base[head[e], 0]
        if a == b:
            continue
        for z in (a, b):
            if first[z] < 0 or cost[e] < cost[first[z]]:
                if first[z] >= 0:
                    second[z] = cost[first[z]]
                first[z] = e
            elif cost[e] < second[z]:
                second[z] = cost[e]
    links = np.empty(n, np.int32)
    k = 0
    taken = np.zeros(n, np.bool_)
    for z in range(n):
        if not terminal[z] or taken[z]:
            continue
        e = first[z]
        if e >= 0:
            u = tail[e] if base[tail[e], 0] == z else head[e]
            v = tail[e] + head[e] - u
            other = base[v, 0]
            if not taken[other] and second[z] >= near[u, 0] + cost[e] + near[v, 0]:
                taken[z] = True
                taken[other] = True
                links[k] = e
                k += 1
                continue
        # Nearest vertex: the cut is the terminal alone.
        least = -1
        runner = np.inf
        for s in range(indptr[z], indptr[z + 1]):
            if least < 0 or wt[s] < wt[least]:
                if least >= 0:
                    runner = wt[least]
                least = s
            elif wt[s] < runner:
                runner = wt[s]
        if least < 0:
            continue
        v = adj[least]
        j = 0 if base[v, 0] != z else 1
        other = base[v, j]
        # The vertex bought may lie in a third region: that one is touched too.
        if other < 0 or taken[other] or taken[base[v, 0]]:
            continue
        if runner >= wt[least] + near[v, j]:
            taken[z] = True
            taken[other] = True
            taken[base[v, 0]] = True
            links[k] = eid[least]
            k += 1
    return links[:k]
