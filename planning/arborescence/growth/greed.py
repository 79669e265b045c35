"""Plans grown on the directed graph, greedily by cost a village.

A growing plan is ``enter``: by vertex the slot by which it is entered, -1 for vertices outside and
for the root, which counts as inside always. A cell inside serves all its villages.
"""
# ruff: noqa: ANN001, ANN201, ANN202 - numba infers the types of kernels
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import numpy as np

from phusong.fiber.heap import pop, push
from phusong.jit import njit
from phusong.planning.arborescence.growth.pruning import count_service


@njit(cache=True, nogil=True)
def _spread(indptr, adj, twin, price, dist, via, heap, place, size, limit):
    """Go on with a search over leaving arcs until nothing nearer than ``limit`` waits."""
    while size > 0 and dist[heap[0]] <= limit:
        v = pop(heap, place, dist, size)
        size -= 1
        for s in range(indptr[v], indptr[v + 1]):
            t = twin[s]
            near = dist[v] + price[t]
            w = adj[s]
            if near < dist[w]:
                dist[w] = near
                via[w] = t
                size = push(heap, place, dist, size, w)
    return size


@njit(cache=True, nogil=True)
def _attach(adj, enter, inside, dist, via, heap, place, size, v):
    """Take in the way to ``v``."""
    while not inside[v]:
        inside[v] = True
        enter[v] = via[v]
        dist[v] = 0.0
        size = push(heap, place, dist, size, v)
        v = adj[via[v]]
    return size


@njit(cache=True, nogil=True)
def greedy(
    indptr,
    adj,
    twin,
    price,
    enter,
    direct,
    needed,
    cell,
    site_ptr,
    site_village,
    pair_ptr,
    pair_of,
    pair_a,
    pair_b,
    pair_village,
    weight,
    alone,
    handicap,
    limit,
    purse,
):
    """Complete a plan, best ratio of cost to villages newly served first; in place.

    Parameters
    ----------
    price
        By slot what an arc counts here, infinite for those not to be used, float64, shape (2m,).
    enter, direct
        The plan: by vertex the slot entered by, int64, shape (n,); by village whether it is served
        by itself, bool, shape (v,).
    needed
        Vertices that have to be inside, in any case.
    cell
        By site the vertex of its cell, -1 without one.
    site_ptr, site_village
        By site the villages it covers alone.
    pair_ptr, pair_of, pair_a, pair_b, pair_village
        By site its pairs; by pair its sites and its village.
    weight
        By village what serving it counts; 0 for those not to be served.
    alone
        By village the price of serving it by itself, infinite where there is none.
    handicap
        Factor on the cost of each site in the order of choice, float64, shape (s,).
    limit
        Distance to which to look at first.
    purse
        What may be spent; infinite when everything has to be served.

    Returns
    -------
    bool
        Whether all villages of a weight are served, or nothing more can be paid for.
    """
    n = enter.size
    villages = weight.size
    dist = np.full(n, np.inf)
    via = np.full(n, -1, np.int64)
    heap = np.empty(n, np.int32)
    place = np.full(n, -1, np.int32)
    inside = enter >= 0
    inside[0] = True
    size = 0
    for v in range(n):
        if inside[v]:
            dist[v] = 0.0
            size = push(heap, place, dist, size, v)
    size = _spread(indptr, adj, twin, price, dist, via, heap, place, size, limit)
    while True:
        best = -1
        waiting = False
        for v in needed:
            if not inside[v]:
                waiting = True
                if dist[v] < np.inf and (best < 0 or dist[v] < dist[best]):
                    best = v
        if not waiting:
            break
        if best < 0:
            if size == 0:
                return False
            limit = max(2.0 * limit, dist[heap[0]])
        else:
            size = _attach(adj, enter, inside, dist, via, heap, place, size, best)
        size = _spread(indptr, adj, twin, price, dist, via, heap, place, size, limit)
    by_cell, by_pair = count_service(
        inside, cell, site_ptr, site_village, pair_a, pair_b, pair_village, villages
    )
    open_ = np.zeros(villages, np.bool_)
    left = 0
    for v in range(villages):
        if weight[v] > 0 and by_cell[v] + by_pair[v] == 0 and not direct[v]:
            open_[v] = True
            left += 1
    while left > 0:
        best = -1
        least = np.inf
        single = False
        for i in range(cell.size):
            c = cell[i]
            if c < 0 or inside[c] or dist[c] == np.inf or dist[c] > purse:
                continue
            gain = 0.0
            for k in range(site_ptr[i], site_ptr[i + 1]):
                if open_[site_village[k]]:
                    gain += weight[site_village[k]]
            for k in range(pair_ptr[i], pair_ptr[i + 1]):
                p = pair_of[k]
                other = pair_a[p] + pair_b[p] - i
                if open_[pair_village[p]] and inside[cell[other]]:
                    gain += weight[pair_village[p]]
            if gain > 0.0 and dist[c] * handicap[i] < least * gain:
                least = dist[c] * handicap[i] / gain
                best = i
        for p in range(pair_a.size):
            if open_[pair_village[p]]:
                both = 0.0
                paid = 0.0
                first = -1
                for i in (pair_a[p], pair_b[p]):
                    if not inside[cell[i]]:
                        both += dist[cell[i]] * handicap[i]
                        paid += dist[cell[i]]
                        first = i
                if first >= 0 and paid <= purse and both < least * weight[pair_village[p]]:
                    least = both / weight[pair_village[p]]
                    best = first
        for v in range(villages):
            if open_[v] and alone[v] <= purse and alone[v] < least * weight[v]:
                least = alone[v] / weight[v]
                best = v
                single = True
        if best < 0:
            if purse < np.inf:
                return True
            if size == 0:
                return False
            limit = max(2.0 * limit, dist[heap[0]])
        elif single:
            purse -= alone[best]
            direct[best] = True
            open_[best] = False
            left -= 1
            continue
        else:
            purse -= dist[cell[best]]
            size = _attach(adj, enter, inside, dist, via, heap, place, size, cell[best])
            for k in range(site_ptr[best], site_ptr[best + 1]):
                if open_[site_village[k]]:
                    open_[site_village[k]] = False
                    left -= 1
            for k in range(pair_ptr[best], pair_ptr[best + 1]):
                p = pair_of[k]
                other = pair_a[p] + pair_b[p] - best
                if open_[pair_village[p]] and inside[cell[other]]:
                    open_[pair_village[p]] = False
                    left -= 1
        size = _spread(indptr, adj, twin, price, dist, via, heap, place, size, limit)
    return True
