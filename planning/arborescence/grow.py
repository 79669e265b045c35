"""Plans grown on the directed graph: greedily by cost a village, thinned, torn down and regrown.

A growing plan is ``enter``: by vertex the slot by which it is entered, -1 for vertices outside and
for the root, which counts as inside always. A cell inside serves all its villages.
"""
# ruff: noqa: ANN001, ANN201, ANN202 - numba infers the types of kernels
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import numpy as np

from phusong.fiber.heap import pop, push
from phusong.jit import njit


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


@njit(cache=True, nogil=True)
def _children(adj, enter):
    kids = np.zeros(enter.size, np.int32)
    for v in range(enter.size):
        if enter[v] >= 0:
            kids[adj[enter[v]]] += 1
    return kids


@njit(cache=True, nogil=True)
def _cut_back(adj, enter, kids, v, kept):
    """Take ``v`` out when nothing hangs on it, and what then hangs nothing on."""
    while enter[v] >= 0 and kids[v] == 0 and not kept[v]:
        w = adj[enter[v]]
        enter[v] = -1
        kids[w] -= 1
        v = w


@njit(cache=True, nogil=True)
def _saving(adj, wt, enter, kids, kept, c):
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
    kids = _children(adj, enter)
    for v in range(n):
        _cut_back(adj, enter, kids, v, kept)
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
            saved = _saving(adj, wt, enter, kids, kept, c) - loss
            if saved > most:
                most = saved
                best = i
        if best < 0:
            break
        c = cell[best]
        kept[c] = False
        _cut_back(adj, enter, kids, c, kept)
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
    kids = _children(adj, enter)
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
            saved = _saving(adj, wt, enter, kids, kept, c)
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
        cost -= _saving(adj, wt, enter, kids, kept, c)
        kept[c] = False
        _cut_back(adj, enter, kids, c, kept)
        for k in range(site_ptr[best], site_ptr[best + 1]):
            by_cell[site_village[k]] -= 1
        for k in range(pair_ptr[best], pair_ptr[best + 1]):
            p = pair_of[k]
            if enter[cell[pair_a[p] + pair_b[p] - best]] >= 0:
                by_pair[pair_village[p]] -= 1
    return cost


@njit(cache=True, nogil=True)
def _tear(
    adj,
    wt,
    enter,
    kids,
    kept,
    cell,
    site_ptr,
    site_village,
    village_ptr,
    village_site,
    start,
    count,
):
    """Take out a cell and others that cover villages near; return what that saves."""
    saved = 0.0
    queue = np.empty(cell.size, np.int64)
    seen = np.zeros(cell.size, np.bool_)
    queue[0] = start
    seen[start] = True
    k = 1
    done = 0
    while done < k and count > 0:
        i = queue[done]
        done += 1
        c = cell[i]
        if c >= 0 and enter[c] >= 0:
            saved += _saving(adj, wt, enter, kids, kept, c)
            kept[c] = False
            _cut_back(adj, enter, kids, c, kept)
            count -= 1
        for a in range(site_ptr[i], site_ptr[i + 1]):
            v = site_village[a]
            for b in range(village_ptr[v], village_ptr[v + 1]):
                j = village_site[b]
                if not seen[j]:
                    seen[j] = True
                    queue[k] = j
                    k += 1
    return saved


@njit(cache=True, nogil=True)
def improve(
    indptr,
    adj,
    twin,
    wt,
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
    village_ptr,
    village_site,
    cost,
    turns,
    most,
    seed,
):
    """Tear down a few neighbouring cells and regrow, again and again; keep what is cheaper.

    Parameters
    ----------
    cost
        What the plan costs.
    turns
        How often.
    most
        Cells taken out at most in one turn.
    seed
        Seed of the choices.

    Returns
    -------
    float
        What the plan, changed in place, costs now.
    """
    np.random.seed(seed)  # noqa: NPY002 - the generator compiled code has
    n = enter.size
    handicap = np.ones(cell.size)
    for _ in range(turns):
        inside = np.flatnonzero(cell >= 0)
        inside = inside[enter[cell[inside]] >= 0]
        if inside.size == 0:
            break
        trial = enter.copy()
        trial_direct = direct.copy()
        kept = np.zeros(n, np.bool_)
        for v in needed:
            kept[v] = True
        for i in inside:
            kept[cell[i]] = True
        start = inside[np.random.randint(inside.size)]  # noqa: NPY002
        count = 1 + np.random.randint(most)  # noqa: NPY002
        saved = _tear(
            adj,
            wt,
            trial,
            _children(adj, trial),
            kept,
            cell,
            site_ptr,
            site_village,
            village_ptr,
            village_site,
            start,
            count,
        )
        for i in range(cell.size):
            handicap[i] = np.random.uniform(0.7, 1.3)  # noqa: NPY002
        for v in range(weight.size):
            if trial_direct[v] and np.random.random() < 0.1:  # noqa: NPY002
                trial_direct[v] = False
                saved += alone[v]
        if not greedy(
            indptr,
            adj,
            twin,
            price,
            trial,
            trial_direct,
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
            saved,
            np.inf,
        ):
            continue
        now = thin(
            adj,
            wt,
            trial,
            trial_direct,
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
        )
        if now <= cost:
            cost = now
            enter[:] = trial
            direct[:] = trial_direct
    return cost
