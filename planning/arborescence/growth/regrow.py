"""Plans torn down in part and grown again."""
# ruff: noqa: ANN001, ANN201, ANN202 - numba infers the types of kernels
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import numpy as np

from phusong.jit import njit
from phusong.planning.arborescence.growth.greed import greedy
from phusong.planning.arborescence.growth.pruning import children, cut_back, saving, thin


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
            saved += saving(adj, wt, enter, kids, kept, c)
            kept[c] = False
            cut_back(adj, enter, kids, c, kept)
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
            children(adj, trial),
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
