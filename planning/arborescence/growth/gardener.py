"""The kernels of growing and thinning on one graph: plans as they grow, and the best of them."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from phusong.planning.arborescence.graph.numbering import Kind
from phusong.planning.arborescence.growth.greed import greedy
from phusong.planning.arborescence.growth.pruning import thin, trim
from phusong.planning.arborescence.growth.regrow import improve

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from phusong.planning.arborescence.graph.digraph import Layers


@dataclass
class Growth:
    """A plan as it grows.

    Attributes
    ----------
    enter
        By vertex the slot by which it is entered, -1 for the root and for what is outside.
    direct
        By village whether it is served by itself (or left out, where that has a price).
    cost
        What it costs; what is left out is charged its price.
    """

    enter: NDArray[np.int64]
    direct: NDArray[np.bool_]
    cost: float


class Gardener:
    """Grows plans on a directed graph.

    Parameters
    ----------
    layers
        The graph.
    alone
        By village the least price of serving it by itself or leaving it out; shape (v,).
    weight
        By village what serving it counts; 0 for those that are no terminal; shape (v,).
    """

    def __init__(
        self, layers: Layers, alone: NDArray[np.float64], weight: NDArray[np.float64]
    ) -> None:
        self.layers = layers
        self.alone = alone
        self.weight = weight
        i, g = layers.instance, layers.graph
        villages, sites = i.villages.count, i.sites.count
        site, village = _covers(layers)
        self.covers = (*_rows(site, village, sites), *_rows(village, site, villages))
        pair = np.unique(layers.ref[layers.kind == Kind.PAIR])
        a, b = i.pairs.a[pair], i.pairs.b[pair]
        number = np.arange(pair.size)
        self.pairs = (
            *_rows(np.concatenate([a, b]), np.concatenate([number, number]), sites),
            a,
            b,
            i.pairs.village[pair],
        )
        mast = layers.names.first_mast
        is_mast = (layers.name >= mast) & (layers.name < layers.names.first_cell)
        self.needed = np.flatnonzero(is_mast & g.terminal)
        # Villages are served by cells: the search never needs to enter one.
        first = layers.names.first_village
        row = np.repeat(layers.name, np.diff(g.indptr))
        path = (layers.column >= 0) & (layers.kind[layers.column] == Kind.PATH)
        self.price = np.where((row >= first) | path, np.inf, g.wt)

    def _parts(self) -> tuple[NDArray[np.generic], ...]:
        return (
            self.needed,
            self.layers.cell,
            *self.covers[:2],
            *self.pairs,
            self.weight,
            self.alone,
        )

    def grow(
        self, price: NDArray[np.float64] | None = None, handicap: NDArray[np.float64] | None = None
    ) -> Growth | None:
        """Grow a plan from nothing; None when something cannot be served over what is open.

        Parameters
        ----------
        price
            By slot what arcs count in the search.
        handicap
            Factor on each site's cost in the order of choice.
        """
        g = self.layers.graph
        enter = np.full(g.n, -1, np.int64)
        direct = np.zeros(self.weight.size, np.bool_)
        factor = np.ones(self.layers.cell.size) if handicap is None else handicap
        search = self.price if price is None else np.where(np.isinf(self.price), np.inf, price)
        parts = self._parts()
        if not greedy(
            g.indptr, g.adj, g.twin, search, enter, direct, *parts, factor, np.inf, np.inf
        ):
            return None
        return Growth(enter, direct, self.thin(enter, direct))

    def thin(self, enter: NDArray[np.int64], direct: NDArray[np.bool_]) -> float:
        """Take out what is not needed, in place; return the cost."""
        g = self.layers.graph
        return float(thin(g.adj, g.wt, enter, direct, *self._parts()))

    def serving(self, weight: NDArray[np.float64], alone: NDArray[np.float64]) -> Gardener:
        """Return a gardener on the same graph who weighs villages otherwise."""
        other = copy(self)
        other.weight, other.alone = weight, alone
        return other

    def afford(self, growth: Growth, purse: float) -> Growth:
        """Trim a plan to what may be spent, and spend what is then left; best ratio first."""
        g, parts = self.layers.graph, self._parts()
        enter, direct = growth.enter.copy(), growth.direct.copy()
        cost = float(g.wt[enter[enter >= 0]].sum() + self.alone[direct].sum())
        cost = trim(g.adj, g.wt, enter, direct, *parts, cost, purse)
        factor = np.ones(self.layers.cell.size)
        greedy(
            *(g.indptr, g.adj, g.twin, self.price, enter, direct, *parts, factor),
            *(np.inf, max(purse - cost, 0.0)),
        )
        cost = float(g.wt[enter[enter >= 0]].sum() + self.alone[direct].sum())
        return Growth(enter, direct, cost)

    def improve(
        self,
        plan: Growth,
        turns: int,
        seed: int,
        closed: NDArray[np.bool_] | None = None,
        most: int = 5,
    ) -> Growth:
        """Tear down and regrow parts of a plan; return the better one.

        Parameters
        ----------
        closed
            Slots not to look at, bool, shape (2m,).
        """
        g = self.layers.graph
        price = self.price if closed is None else np.where(closed, np.inf, self.price)
        enter, direct = plan.enter.copy(), plan.direct.copy()
        cost = improve(
            g.indptr,
            g.adj,
            g.twin,
            g.wt,
            price,
            enter,
            direct,
            *self._parts(),
            *self.covers[2:],
            plan.cost,
            turns,
            most,
            seed,
        )
        return Growth(enter, direct, float(cost))


def _covers(layers: Layers) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Site and village of every arc from a cell into a village that is a terminal."""
    g, names = layers.graph, layers.names
    row = np.repeat(np.arange(g.n), np.diff(g.indptr))
    name = layers.name[row]
    into = (name >= names.first_village) & (name < names.second_village) & (layers.column >= 0)
    into &= layers.kind[layers.column] == Kind.RADIO
    slots = np.flatnonzero(into)
    return layers.name[g.adj[slots]] - names.first_cell, name[slots] - names.first_village


def _rows(
    key: NDArray[np.int64], value: NDArray[np.int64], count: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    order = np.lexsort((value, key))
    ends = np.cumsum(np.bincount(key, minlength=count))
    return np.concatenate([[0], ends]), value[order]
