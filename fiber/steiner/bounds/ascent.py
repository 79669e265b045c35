"""Wong's dual ascent: a lower bound, and reduced costs that delete what no better tree can use.

The tree is read as an arborescence from a root. While some terminal is not reached from the root
over saturated arcs, the duals of cuts around it are raised (Wong 1984). The terminal whose
component has the smallest cut goes first, as Pajor, Uchoa & Werneck (2018) order it.

Here a turn of a terminal is one search backwards over reduced costs: raising the duals of the
nested cuts around a component by a total of ``T`` absorbs exactly the vertices nearer than ``T``,
and the arc ``w -> v`` loses ``min(dist w, T) - dist v``. A turn may grow its component by a factor
before the queue is asked again; so the work is linear in the final sizes, which a ten-million-arc
graph needs, and a factor of zero is Wong's original.

Where tree and duals have the same value, complementary slackness has the tree enter every cut with
a dual exactly once. An ascent led by a good tree puts components that it enters more often last;
the order is free, so the bound holds whatever the tree. What leads may be fractional too: cuts
that it enters by more than one have no dual in any best choice of duals.
"""
# ruff: noqa: ANN001, ANN201 - numba infers the types of kernels
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import numpy as np

from phusong.fiber.heap import pop, push
from phusong.jit import njit

_ASTRAY = 1e7
"""Arcs a component counts for each time beyond the first that the guide enters it."""


@njit(cache=True, nogil=True)
def ascend(
    indptr,
    adj,
    twin,
    wt,
    terminal,
    root,
    growth,
    store,
    share,
    guide,
    heights=False,
    most=None,
    due=None,
):
    """Raise a feasible dual of the cut formulation from ``root``.

    Parameters
    ----------
    indptr, adj, twin, wt
        Compressed rows; every terminal is connected to the root.
    terminal
        Terminal mask, shape (n,).
    root
        The root; itself a terminal or treated as one.
    growth
        Share by which a component may grow in one turn although another is smaller by then.
    store
        Room for the slots of the cuts raised, int32; filled as far as it goes, may be empty.
    share
        Empty to store single cuts. As large as ``store``, float64, to store one row a turn: the
        mean of the turn's nested cuts, weighted with what each was raised; the coefficients go
        here. It holds for every tree as each of its cuts does.
    guide
        Flow of a good tree, or of a fractional one, by slot, away from the root, float64, shape
        (2m,); empty for none.
    heights
        To store one potential a turn instead, in ``share`` as in ``store``: the vertices of the
        turn's cuts, the terminal first, and by how much in all each was inside a cut raised.
    most
        By vertex how far a terminal may be raised, float64, shape (n,), lessened in place by what
        it was; None without a limit.
    due
        By vertex how much of the guide may enter the component of a terminal before it counts as
        astray, float64, shape (n,); None for one everywhere.

    Returns
    -------
    bound, slack, cuts
        The sum of the duals; for each slot ``s`` of ``v`` what is left of the cost of the
        arc ``adj[s] -> v``, float64, shape (2m,); and the bounds of the cuts in ``store``, int64.
    """
    cuts = np.zeros(store.size + 1, np.int64)
    cut_count = 0
    n = terminal.size
    slack = wt.copy()
    active = terminal.copy()
    active[root] = True
    score = np.zeros(n)
    queue = np.empty(n, np.int32)
    queue_place = np.full(n, -1, np.int32)
    queue_size = 0
    for v in range(n):
        if active[v] and v != root:
            score[v] = indptr[v + 1] - indptr[v]
            queue_size = push(queue, queue_place, score, queue_size, v)
    dist = np.full(n, np.inf)
    state = np.zeros(n, np.int8)  # 0 unseen, 1 labelled, 2 absorbed
    heap = np.empty(n, np.int32)
    place = np.full(n, -1, np.int32)
    stack = np.empty(n, np.int32)
    seen = np.empty(n, np.int32)
    bound = 0.0
    while queue_size > 0:
        z = pop(queue, queue_place, score, queue_size)
        queue_size -= 1
        limit = score[z] * (1.0 + growth)
        if queue_size > 0:
            limit = max(limit, score[queue[0]])
        size = 0
        seen_size = 1
        seen[0] = z
        dist[z] = 0.0
        state[z] = 1
        stack[0] = z
        stack_size = 1
        cut = 0.0
        value = 0.0
        entries = 0.0
        now = 0.0
        hit = False
        full = False
        while True:
            if stack_size > 0:
                stack_size -= 1
                v = stack[stack_size]
                if state[v] == 2:
                    continue
            else:
                if size == 0:
                    break
                v = heap[0]
                if most is not None and dist[v] >= most[z]:
                    now = most[z]
                    full = True
                    break
                if value > limit:
                    # The cut of this moment is not raised: another terminal's is smaller.
                    break
                if store.size > share.size and dist[v] > now:
                    end = cuts[cut_count]
                    for i in range(seen_size):
                        if state[seen[i]] == 2:
                            for s in range(indptr[seen[i]], indptr[seen[i] + 1]):
                                if state[adj[s]] != 2 and end < store.size:
                                    store[end] = s
                                    end += 1
                    if end < store.size:
                        cut_count += 1
                        cuts[cut_count] = end
                v = pop(heap, place, dist, size)
                size -= 1
                if state[v] == 2:
                    continue
                now = dist[v]
            state[v] = 2
            if active[v] and v != z:
                hit = True
                break
            cut += indptr[v + 1] - indptr[v] - 1
            for s in range(indptr[v], indptr[v + 1]):
                w = adj[s]
                if state[w] == 2:
                    if guide.size > 0:
                        entries -= guide[twin[s]]
                    continue
                if guide.size > 0:
                    entries += guide[s]
                near = now + slack[s]
                if near < dist[w]:
                    if state[w] == 0:
                        state[w] = 1
                        seen[seen_size] = w
                        seen_size += 1
                    dist[w] = near
                    if near <= now and place[w] < 0:
                        stack[stack_size] = w
                        stack_size += 1
                    else:
                        size = push(heap, place, dist, size, w)
            value = cut
            once = 1.0 if due is None else due[z]
            if entries > once + 0.001:
                value += _ASTRAY * (entries - once)
        bound += now
        if most is not None:
            most[z] -= now
        if now > 0.0:
            end = cuts[cut_count]
            for i in range(seen_size):
                v = seen[i]
                if state[v] == 2 and dist[v] < now:
                    if heights and end < share.size:
                        store[end] = v
                        share[end] = now - dist[v]
                        end += 1
                    for s in range(indptr[v], indptr[v + 1]):
                        fall = min(dist[adj[s]], now) - dist[v]
                        if fall > 0.0:
                            slack[s] = max(slack[s] - fall, 0.0)
                            if end < share.size and not heights:
                                store[end] = s
                                share[end] = fall / now
                                end += 1
            if end < share.size:
                cut_count += 1
                cuts[cut_count] = end
        for i in range(seen_size):
            v = seen[i]
            dist[v] = np.inf
            state[v] = 0
            place[v] = -1
        if hit or full or size == 0:
            active[z] = False
        else:
            score[z] = value
            queue_size = push(queue, queue_place, score, queue_size, z)
    return bound, slack, cuts[: cut_count + 1].copy()


@njit(cache=True, nogil=True)
def distances(indptr, adj, twin, slack, terminal, root):
    """Measure reduced-cost distances from the root and to the nearest other terminal.

    Returns
    -------
    after, before
        ``after[v]``: reduced cost from the root to ``v``; ``before[v]``: from ``v`` to the nearest
        terminal other than the root; float64, shape (n,).
    """
    n = terminal.size
    heap = np.empty(n, np.int32)
    place = np.full(n, -1, np.int32)
    after = np.full(n, np.inf)
    after[root] = 0.0
    size = push(heap, place, after, 0, root)
    while size > 0:
        v = pop(heap, place, after, size)
        size -= 1
        for s in range(indptr[v], indptr[v + 1]):
            w = adj[s]
            near = after[v] + slack[twin[s]]
            if near < after[w]:
                after[w] = near
                size = push(heap, place, after, size, w)
    before = np.full(n, np.inf)
    for v in range(n):
        if terminal[v] and v != root:
            before[v] = 0.0
            size = push(heap, place, before, size, v)
    while size > 0:
        v = pop(heap, place, before, size)
        size -= 1
        for s in range(indptr[v], indptr[v + 1]):
            w = adj[s]
            near = before[v] + slack[s]
            if near < before[w]:
                before[w] = near
                size = push(heap, place, before, size, w)
    return after, before


@njit(cache=True, nogil=True)
def hopeless(indptr, adj, twin, eid, slack, after, before, room):
    """Mark arcs that only trees costlier than the best one known could use.

    Parameters
    ----------
    room
        What a tree may cost beyond the bound and still be better than the best known: an arc
        whose cheapest use costs more than this is marked.

    Returns
    -------
    arcs, edges
        By slot ``s`` of ``v`` the arc ``adj[s] -> v``, bool, shape (2m,); and the edges of which
        both arcs are marked, bool, shape (m,).
    """
    arcs = np.zeros(adj.size, np.bool_)
    edges = np.zeros(adj.size // 2, np.bool_)
    for v in range(indptr.size - 1):
        for s in range(indptr[v], indptr[v + 1]):
            arcs[s] = after[adj[s]] + slack[s] + before[v] > room
            if arcs[s] and arcs[twin[s]]:
                edges[eid[s]] = True
    return arcs, edges


@njit(cache=True, nogil=True)
def saturated(indptr, adj, twin, slack, root):
    """Find what the root reaches over saturated arcs.

    Returns
    -------
    reached, usable
        Vertices reached, bool, shape (n,); and slots of edges of which an arc is saturated between
        two of them, bool, shape (2m,).
    """
    n = indptr.size - 1
    reached = np.zeros(n, np.bool_)
    stack = np.empty(n, np.int32)
    stack[0] = root
    reached[root] = True
    k = 1
    usable = np.zeros(adj.size, np.bool_)
    while k > 0:
        k -= 1
        v = stack[k]
        for s in range(indptr[v], indptr[v + 1]):
            if slack[twin[s]] <= 0.0:
                usable[s] = True
                usable[twin[s]] = True
                w = adj[s]
                if not reached[w]:
                    reached[w] = True
                    stack[k] = w
                    k += 1
    return reached, usable
