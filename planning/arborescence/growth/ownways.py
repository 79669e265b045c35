"""Plans by ways of their own: which sites, as if each were fed by its cheapest way alone.

What is then left of an instance is covering, which HiGHS solves well in whole numbers, also within
budgets (:mod:`.budgets`); the ways of the sites chosen are put together on the graph, where what
they share is paid once. So a choice never costs more than was counted for it.
"""

from __future__ import annotations

from dataclasses import dataclass
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
