"""A first plan: the cheapest sites that serve all, as if each were fed by a way of its own.

What is then left of an instance is covering, which HiGHS solves well in whole numbers; the ways of
the sites chosen are put together on the graph, where what they share is paid once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import block_array, csr_array

from phusong.fiber.steiner.bounds.ascent import distances
from phusong.planning.arborescence.graph.numbering import Kind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from phusong.planning.arborescence.growth.gardener import Gardener, Growth

_GAP = 1e-4
"""Gap at which a choice of sites is good enough."""
_NODES = 500
"""Nodes looked at for it at most: a count and not seconds, so that it is the same everywhere."""


def by_own_ways(grower: Gardener, seconds: float) -> Growth | None:
    """Choose sites and grow the plan of their ways; None when nothing was found in time."""
    lay, g = grower.layers, grower.layers.graph
    away, _ = distances(g.indptr, g.adj, g.twin, g.wt, g.terminal, 0)
    site = np.flatnonzero(lay.cell >= 0)
    price = away[lay.cell[site]]
    # Locked masts stand in any case: only their radio is asked for.
    locked = lay.instance.sites.locked[site]
    price[locked] = lay.instance.sites.radio[site[locked]]
    chosen = _cheapest(grower, site, price, seconds)
    if chosen is None:
        return None
    used = np.zeros(g.wt.size, np.bool_)
    for vertex in lay.cell[site[chosen]].tolist():
        at = vertex
        while at != 0 and not used[lay.toward[at]]:
            used[lay.toward[at]] = True
            at = int(g.adj[lay.toward[at]])
    return grower.grow(np.where(used, 0.0, g.wt))


def _cheapest(
    grower: Gardener, site: NDArray[np.int64], price: NDArray[np.float64], seconds: float
) -> NDArray[np.bool_] | None:
    """Mark the sites of the cheapest choice, in whole numbers."""
    lay, pairs = grower.layers, grower.layers.instance.pairs
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
    ends = [
        [
            one(each, np.searchsorted(site, end[pair]), pair.size, site.size),
            no_alone,
            -one(each, each, pair.size, pair.size),
        ]
        for end in (pairs.a, pairs.b)
    ]
    served = [
        one(row[covered], np.searchsorted(site, owner), village.size, site.size),
        one(row[alone], np.arange(alone.size), village.size, alone.size),
        one(row[pairs.village[pair]], each, village.size, pair.size),
    ]
    matrix = block_array([served, *ends], format="csr")
    least = np.concatenate([np.ones(village.size), np.zeros(2 * pair.size)])
    cost = np.concatenate([price, grower.alone[alone], np.zeros(pair.size)])
    found = milp(
        cost,
        integrality=np.ones(cost.size, np.int64),
        bounds=Bounds(0.0, 1.0),
        constraints=LinearConstraint(matrix, least, np.inf),
        options={"mip_rel_gap": _GAP, "node_limit": _NODES, "time_limit": max(seconds, 0.0)},
    )
    if found.x is None:
        return None
    chosen: NDArray[np.bool_] = found.x[: site.size] > 0.5
    return chosen
