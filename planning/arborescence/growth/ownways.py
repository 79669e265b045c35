"""Plans by ways of their own: which sites, as if each were fed by its cheapest way alone.

What is then left of an instance is covering, which HiGHS solves well in whole numbers, also within
a budget and over several of them at once; the ways of the sites chosen are put together on the
graph, where what they share is paid once. So a choice never costs more than was counted for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import block_array, csr_array, eye_array

from phusong.fiber.steiner.bounds.ascent import distances
from phusong.planning.arborescence.graph.numbering import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from phusong.planning.arborescence.growth.gardener import Gardener, Growth

_GAP = 1e-4
"""Gap at which a choice of sites is good enough."""
_GAP_OF_YEARS = 2e-3
"""The same for several budgets at once."""
_NODES = 500
"""Nodes looked at for it at most: a count and not seconds, so that it is the same everywhere."""


@dataclass(frozen=True)
class Covering:
    """What is left of an instance where every site has a way of its own.

    Columns are sites, then villages that can be served by themselves, then pairs.

    Attributes
    ----------
    site
        Sites, int64, shape (s,).
    alone
        Villages that can be served by themselves, int64.
    village
        Villages that are terminals, int64, shape (v,).
    price
        By column; of a locked site its radio only, as it stands in any case.
    served
        Villages by columns: ones where a column serves a village.
    ends
        Rows that are zero or more: a pair needs both its sites.
    """

    site: NDArray[np.int64]
    alone: NDArray[np.int64]
    village: NDArray[np.int64]
    price: NDArray[np.float64]
    served: csr_array
    ends: csr_array


@dataclass(frozen=True)
class Choice:
    """Sites to build, and villages to serve by themselves; numbers of the instance."""

    site: NDArray[np.int64]
    alone: NDArray[np.int64]


def covering(grower: Gardener) -> Covering:
    """Return the covering that is left of a gardener's graph."""
    lay, g = grower.layers, grower.layers.graph
    away, _ = distances(g.indptr, g.adj, g.twin, g.wt, g.terminal, 0)
    site = np.flatnonzero(lay.cell >= 0)
    price = away[lay.cell[site]]
    locked = lay.instance.sites.locked[site]
    price[locked] = lay.instance.sites.radio[site[locked]]
    pairs = lay.instance.pairs
    village = np.flatnonzero(lay.village >= 0)
    row = np.full(lay.instance.villages.count, -1, np.int64)
    row[village] = np.arange(village.size)
    start, covered = grower.covers[:2]
    owner = np.repeat(np.arange(start.size - 1), np.diff(start))
    alone = village[np.isfinite(grower.alone[village])]
    pair = np.unique(lay.ref[lay.kind == Kind.PAIR])

    def one(rows: NDArray[np.int64], columns: NDArray[np.int64], high: int, wide: int) -> csr_array:
        return csr_array((np.ones(rows.size), (rows, columns)), shape=(high, wide))

    each = np.arange(pair.size)
    no_alone = csr_array((pair.size, alone.size))
    served = [
        one(row[covered], np.searchsorted(site, owner), village.size, site.size),
        one(row[alone], np.arange(alone.size), village.size, alone.size),
        one(row[pairs.village[pair]], each, village.size, pair.size),
    ]
    ends = [
        [
            one(each, np.searchsorted(site, end[pair]), pair.size, site.size),
            no_alone,
            -one(each, each, pair.size, pair.size),
        ]
        for end in (pairs.a, pairs.b)
    ]
    return Covering(
        site,
        alone,
        village,
        np.concatenate([price, grower.alone[alone], np.zeros(pair.size)]),
        csr_array(block_array([served], format="csr")),
        csr_array(block_array(ends, format="csr")),
    )


def by_own_ways(grower: Gardener, seconds: float) -> Growth | None:
    """Choose sites that serve all and grow the plan of their ways; None when none was found."""
    c = covering(grower)
    if not c.price.size:  # locked masts alone
        return along_ways(grower, c.site)
    matrix = block_array([[c.served], [c.ends]], format="csr")
    least = np.concatenate([np.ones(c.village.size), np.zeros(c.ends.shape[0])])
    found = milp(
        c.price,
        integrality=np.ones(c.price.size, np.int64),
        bounds=Bounds(0.0, 1.0),
        constraints=LinearConstraint(matrix, least, np.inf),
        options={"mip_rel_gap": _GAP, "node_limit": _NODES, "time_limit": max(seconds, 0.0)},
    )
    if found.x is None:
        return None
    return along_ways(grower, c.site[found.x[: c.site.size] > 0.5])


def along_ways(grower: Gardener, site: NDArray[np.int64]) -> Growth | None:
    """Grow a plan along the cheapest ways of some sites; None when it cannot serve all."""
    lay, g = grower.layers, grower.layers.graph
    used = np.zeros(g.wt.size, np.bool_)
    for vertex in lay.cell[site].tolist():
        at = vertex
        while at != 0 and not used[lay.toward[at]]:
            used[lay.toward[at]] = True
            at = int(g.adj[lay.toward[at]])
    return grower.grow(np.where(used, 0.0, g.wt))


def price_of_a_person(
    c: Covering, weight: NDArray[np.float64], budget: float, seconds: float
) -> float | None:
    """Return at what price of a person a budget would be spent.

    None when it serves everybody, or when it is not known in time.

    Parameters
    ----------
    c
        What is left of the instance.
    weight
        By village what serving it counts, shape (v,).
    budget
        What may be spent beyond what locked sites cost.
    """
    objective, rows, money = _within(c, weight)
    if not objective.size:
        return None
    found = linprog(  # type: ignore[call-overload] # its hints forget sparse matrices
        objective,
        A_ub=block_array([[-rows], [money]], format="csr"),
        b_ub=np.concatenate([np.zeros(rows.shape[0]), [budget]]),
        bounds=(0.0, 1.0),
        method="highs",
        options={"time_limit": max(seconds, 0.0)},
    )
    if found.status != 0:
        return None
    worth = -float(found.ineqlin.marginals[-1])
    return 1.0 / worth if worth > 0.0 else None


def by_budgets(
    c: Covering, weight: NDArray[np.float64], budgets: Sequence[float], seconds: float
) -> list[Choice] | None:
    """Choose sites for growing budgets, each holding those before: most served over all of them.

    Parameters
    ----------
    c
        What is left of the instance.
    weight
        By village what serving it counts, shape (v,).
    budgets
        What may be spent in all up to each, beyond what locked sites cost.

    Returns
    -------
    list of Choice
        One a budget; None when nothing was found in time.
    """
    objective, rows, money = _within(c, weight)
    if not objective.size:
        return [Choice(c.site, c.alone) for _ in budgets]
    count, kept = len(budgets), c.price.size - c.ends.shape[0] // 2
    stays = csr_array(eye_array(kept, objective.size))
    later = [
        [stays if j == k + 1 else -stays if j == k else None for j in range(count)]
        for k in range(count - 1)
    ]
    constraints = [
        LinearConstraint(csr_array(_copies(rows, count)), 0.0, np.inf),
        LinearConstraint(csr_array(_copies(money, count)), -np.inf, np.asarray(budgets)),
    ]
    if later:
        constraints.append(LinearConstraint(block_array(later, format="csr"), 0.0, np.inf))
    whole = np.concatenate([np.ones(c.price.size), np.zeros(c.village.size)])
    found = milp(
        np.tile(objective, count),
        integrality=np.tile(whole, count),
        bounds=Bounds(0.0, 1.0),
        constraints=constraints,
        options={
            "mip_rel_gap": _GAP if count == 1 else _GAP_OF_YEARS,
            "node_limit": _NODES,
            "time_limit": max(seconds, 0.0),
        },
    )
    if found.x is None:
        return None
    chosen = found.x.reshape(count, objective.size) > 0.5
    last = c.site.size + c.alone.size
    return [Choice(c.site[x[: c.site.size]], c.alone[x[c.site.size : last]]) for x in chosen]


def _within(
    c: Covering, weight: NDArray[np.float64]
) -> tuple[NDArray[np.float64], csr_array, csr_array]:
    """Return objective, rows that are zero or more, and the row of money; villages as columns."""
    count = c.village.size
    rows = block_array([[c.served, -eye_array(count)], [c.ends, None]], format="csr")
    money = csr_array(np.concatenate([c.price, np.zeros(count)])[None, :])
    objective = np.concatenate([np.zeros(c.price.size), -weight[c.village]])
    return objective, csr_array(rows), money


def _copies(matrix: csr_array, count: int) -> csr_array:
    """Return a matrix as often as there are budgets, each over columns of its own."""
    rows = [[matrix if i == j else None for j in range(count)] for i in range(count)]
    return csr_array(block_array(rows, format="csr"))
