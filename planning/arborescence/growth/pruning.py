"""What a plan does without: what serves nothing by itself, and what a purse does not pay."""
# ruff: noqa: ANN001, ANN201 - numba infers the types of kernels
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import numpy as np

from phusong.jit import njit


@njit(cache=True, nogil=True)
def count_service(inside, cell, site_ptr, site_village, pair_a, pair_b, pair_village, villages):
    """Count, by village, cells inside that cover it, and pairs of which both are inside."""
    by_cell = np.zeros(villages, np.int64)
    by_pair = np.zeros(villages, np.int64)
    for i in range(cell.size):
        if cell[i] >= 0 and inside[cell[i]]:
            for k in range(site_ptr[i], site_ptr[i + 1]):
                by_cell[site_village[k]] += 1
    for p in range(pair_a.size):
        if inside[cell[pair_a[p]]] and inside[cell[pair_b[p]]]:
            by_pair[pair_village[p]] += 1
    return by_cell, by_pair


@njit(cache=True, nogil=True)
def children(adj, enter):
    """Count, by vertex, those entered from it."""
    kids = np.zeros(enter.size, np.int32)
    for v in range(enter.size):
        if enter[v] >= 0:
            kids[adj[enter[v]]] += 1
    return kids


@njit(cache=True, nogil=True)
def cut_back(adj, enter, kids, v, kept):
    """Take ``v`` out when nothing hangs on it, and what then hangs nothing on."""
    while enter[v] >= 0 and kids[v] == 0 and not kept[v]:
        w = adj[enter[v]]
        enter[v] = -1
        kids[w] -= 1
        v = w


@njit(cache=True, nogil=True)
def saving(adj, wt, enter, kids, kept, c):
    """Return what taking out a cell saves, with its way up to where others use it."""
    total = 0.0
    v = c
    while enter[v] >= 0 and kids[v] <= (0 if v == c else 1) and (v == c or not kept[v]):
        total += wt[enter[v]]
        v = adj[enter[v]]
    return total


@njit(cache=True, nogil=True)
def thin(
    adj,
    wt,
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
):
    """Take out what is not needed, the greatest saving first; in place; return the cost.

    Parameters are those of :func:`greedy`. A cell goes when every village that nothing else serves
    costs less by itself than the cell does.
    """
    villages = weight.size
    n = enter.size
    kept = np.zeros(n, np.bool_)
    for v in needed:
        kept[v] = True
    inside = enter >= 0
    for i in range(cell.size):
        if cell[i] >= 0 and inside[cell[i]]:
            kept[cell[i]] = True
    kids = children(adj, enter)
    for v in range(n):
        cut_back(adj, enter, kids, v, kept)
    by_cell, by_pair = count_service(
        inside, cell, site_ptr, site_village, pair_a, pair_b, pair_village, villages
    )
    for v in range(villages):
        if by_cell[v] + by_pair[v] > 0:
            direct[v] = False
    # A saving only grows while others go; the losses too, so all are looked at again each time.
    while True:
        best = -1
        most = 1e-9
        for i in range(cell.size):
            c = cell[i]
            if c < 0 or enter[c] < 0:
                continue
            loss = 0.0
            for k in range(site_ptr[i], site_ptr[i + 1]):
                v = site_village[k]
                if weight[v] > 0 and by_cell[v] == 1 and by_pair[v] == 0:
                    loss += alone[v]
            for k in range(pair_ptr[i], pair_ptr[i + 1]):
                p = pair_of[k]
                v = pair_village[p]
                other = pair_a[p] + pair_b[p] - i
                # Another pair with this very site may serve the village too: the loss is then
                # overrated, which keeps a cell that could go, never the other way round.
                if weight[v] > 0 and enter[cell[other]] >= 0 and by_cell[v] <= 1:
                    loss += alone[v]
            if loss == np.inf:
                continue
            saved = saving(adj, wt, enter, kids, kept, c) - loss
            if saved > most:
                most = saved
                best = i
        if best < 0:
            break
        c = cell[best]
        kept[c] = False
        cut_back(adj, enter, kids, c, kept)
        for k in range(site_ptr[best], site_ptr[best + 1]):
            by_cell[site_village[k]] -= 1
        for k in range(pair_ptr[best], pair_ptr[best + 1]):
            p = pair_of[k]
            if enter[cell[pair_a[p] + pair_b[p] - best]] >= 0:
                by_pair[pair_village[p]] -= 1
        for v in range(villages):
            if weight[v] > 0 and by_cell[v] + by_pair[v] == 0:
                direct[v] = True
    total = 0.0
    for v in range(n):
        if enter[v] >= 0:
            total += wt[enter[v]]
    for v in range(villages):
        if direct[v]:
            total += alone[v]
    return total


@njit(cache=True, nogil=True)
def trim(
    adj,
    wt,
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
    cost,
    purse,
):
    """Take out what serves least for its cost until the plan costs no more than ``purse``.

    In place; other parameters are those of :func:`greedy`. Returns the cost: above the purse when
    what is needed in any case costs more.
    """
    villages = weight.size
    kept = np.zeros(enter.size, np.bool_)
    for v in needed:
        kept[v] = True
    inside = enter >= 0
    for i in range(cell.size):
        if cell[i] >= 0 and inside[cell[i]]:
            kept[cell[i]] = True
    kids = children(adj, enter)
    by_cell, by_pair = count_service(
        inside, cell, site_ptr, site_village, pair_a, pair_b, pair_village, villages
    )
    while cost > purse:
        best = -1
        most = 0.0
        single = False
        for i in range(cell.size):
            c = cell[i]
            if c < 0 or enter[c] < 0:
                continue
            loss = 1e-9
            for k in range(site_ptr[i], site_ptr[i + 1]):
                v = site_village[k]
                if by_cell[v] == 1 and by_pair[v] == 0 and not direct[v]:
                    loss += weight[v]
            for k in range(pair_ptr[i], pair_ptr[i + 1]):
                p = pair_of[k]
                v = pair_village[p]
                other = pair_a[p] + pair_b[p] - i
                if enter[cell[other]] >= 0 and by_cell[v] <= 1 and not direct[v]:
                    loss += weight[v]
            saved = saving(adj, wt, enter, kids, kept, c)
            # What is enough by itself is better taken whole than by its ratio.
            if min(saved, cost - purse) > most * loss:
                most = min(saved, cost - purse) / loss
                best = i
        for v in range(villages):
            if direct[v] and min(alone[v], cost - purse) > most * weight[v]:
                most = min(alone[v], cost - purse) / weight[v]
                best = v
                single = True
        if best < 0:
            break
        if single:
            direct[best] = False
            cost -= alone[best]
            continue
        c = cell[best]
        cost -= saving(adj, wt, enter, kids, kept, c)
        kept[c] = False
        cut_back(adj, enter, kids, c, kept)
        for k in range(site_ptr[best], site_ptr[best + 1]):
            by_cell[site_village[k]] -= 1
        for k in range(pair_ptr[best], pair_ptr[best + 1]):
            p = pair_of[k]
            if enter[cell[pair_a[p] + pair_b[p] - best]] >= 0:
                by_pair[pair_village[p]] -= 1
    return cost
