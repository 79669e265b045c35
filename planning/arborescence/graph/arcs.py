"""The arcs of an instance, by name of their ends, and those on no way to a terminal taken out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, dijkstra

from phusong.planning.arborescence.graph.numbering import Kind, Numbering, numbering
from phusong.planning.arborescence.graph.roads import Chains, contract

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from phusong.planning.arborescence.instance import Instance


@dataclass(frozen=True)
class Arcs:
    """Arcs by name of their ends; those of fibre may be used either way.

    ``owner`` is the arc whose variable an arc uses: itself, or one before it.
    """

    tail: NDArray[np.int64]
    head: NDArray[np.int64]
    cost: NDArray[np.float64]
    kind: NDArray[np.int64]
    ref: NDArray[np.int64]
    owner: NDArray[np.int64]

    def add(
        self,
        kind: Kind,
        tail: NDArray[np.int64],
        head: NDArray[np.int64],
        cost: NDArray[np.float64],
        ref: NDArray[np.int64],
        owner: NDArray[np.int64] | None = None,
    ) -> Arcs:
        """Return these arcs and more of one kind, after them."""
        own = self.tail.size + np.arange(tail.size) if owner is None else owner
        return Arcs(
            np.concatenate([self.tail, tail]),
            np.concatenate([self.head, head]),
            np.concatenate([self.cost, cost]),
            np.concatenate([self.kind, np.full(tail.size, int(kind))]),
            np.concatenate([self.ref, ref]),
            np.concatenate([self.owner, own]),
        )

    def index(self, kind: Kind, count: int) -> NDArray[np.int64]:
        """By what arcs of a kind refer to, the last of them; -1 without one; shape (count,)."""
        found = np.full(count, -1, np.int64)
        which = np.flatnonzero(self.kind == kind)
        found[self.ref[which]] = which
        return found


def sites_and_ways(instance: Instance, useless: NDArray[np.bool_]) -> tuple[Arcs, Chains]:
    """Everything up to the cells."""
    f, s, h = instance.fibre, instance.sites, instance.hops
    names = numbering(instance)
    junction = np.arange(1, f.nodes + 1)
    junction[f.lit] = 0
    kept = np.zeros(f.nodes + 1, np.bool_)
    kept[0] = True
    kept[junction[s.vertex[(s.vertex >= 0) & ~useless]]] = True
    chains = contract(f.nodes + 1, junction[f.tail], junction[f.head], f.cost, kept)
    nothing = np.empty(0, np.int64)
    arcs = Arcs(nothing, nothing, np.empty(0), nothing, nothing, nothing)
    index = np.arange(chains.cost.size)
    arcs = arcs.add(Kind.FIBRE, chains.tail, chains.head, chains.cost, index)
    site = np.flatnonzero(((s.vertex >= 0) | s.lit) & ~useless)
    start = np.zeros(site.size, np.int64)
    by_road = ~s.lit[site]
    start[by_road] = junction[s.vertex[site[by_road]]]
    drop = np.where(s.lit[site], 0.0, s.drop[site])
    layers = h.limit + 1
    first = names.first_layer + site * layers
    arcs = arcs.add(Kind.DROP, start, first, drop + s.cost[site], site)
    fits = np.flatnonzero((h.a != h.b) & ~useless[h.a] & ~useless[h.b])
    for one, other in ((h.a, h.b), (h.b, h.a)):
        for k in range(h.limit):
            arcs = arcs.add(
                Kind.HOP,
                names.first_layer + one[fits] * layers + k,
                names.first_layer + other[fits] * layers + k + 1,
                h.cost[fits] + s.cost[other[fits]],
                fits,
            )
    every = np.flatnonzero(~useless)
    linked = np.zeros(s.count, np.bool_)
    linked[h.a[fits]] = linked[h.b[fits]] = True
    for k in range(layers):
        who = every if k == 0 else np.flatnonzero(linked)
        arcs = arcs.add(
            Kind.LAND,
            names.first_layer + who * layers + k,
            names.first_mast + who,
            np.zeros(who.size),
            who,
        )
    arcs = arcs.add(
        Kind.RADIO, names.first_mast + every, names.first_cell + every, s.radio[every], every
    )
    return arcs, chains


def reached_sites(instance: Instance, arcs: Arcs) -> NDArray[np.bool_]:
    """(s,) sites to which backhaul can be brought."""
    names = numbering(instance)
    both = arcs.kind == Kind.FIBRE
    tail = np.concatenate([arcs.tail, arcs.head[both]])
    head = np.concatenate([arcs.head, arcs.tail[both]])
    return _seen(tail, head, names.first_village, 0)[names.first_cell :]


def with_villages(
    instance: Instance,
    arcs: Arcs,
    reached: NDArray[np.bool_],
    stands_for: NDArray[np.int64],
    miss: float | None,
    weight: NDArray[np.float64],
) -> Arcs:
    """Add what leads into villages; parameters are those of :func:`.digraph.lay`."""
    v, c, p = instance.villages, instance.covers, instance.pairs
    names = numbering(instance)
    wanted = stands_for == np.arange(v.count)
    covers = np.unique(np.stack([c.site, c.village], axis=1), axis=0)
    radio = arcs.index(Kind.RADIO, instance.sites.count)
    covers = covers[(radio >= 0)[covers[:, 0]] & reached[covers[:, 0]] & wanted[covers[:, 1]]]
    site, village = covers[:, 0], covers[:, 1]
    pair = np.flatnonzero(wanted[p.village] & reached[p.a] & reached[p.b] & (p.a != p.b))
    paired = np.zeros(v.count, np.bool_)
    paired[p.village[pair]] = True
    alone = np.flatnonzero(wanted & np.isfinite(v.alternative))
    missed = np.flatnonzero(wanted) if miss is not None else np.empty(0, np.int64)
    # What two arcs share is paid by halves, so that a bound over arcs charges it once.
    half = np.where(paired, 0.5, 1.0)
    penalty = (miss or 0.0) * weight
    owner: dict[Kind, NDArray[np.int64]] = {}
    for second in (False, True):
        first = names.second_village if second else names.first_village
        keep = paired if second else np.ones(v.count, np.bool_)
        who = keep[village]
        arcs = arcs.add(
            Kind.COVER,
            names.first_cell + site[who],
            first + village[who],
            np.zeros(int(who.sum())),
            site[who],
            radio[site[who]],
        )
        for kind, tail, ref, target, cost in (
            (
                Kind.PAIR,
                names.first_cell + (p.b if second else p.a)[pair],
                pair,
                p.village[pair],
                np.zeros(pair.size),
            ),
            (Kind.ALONE, np.zeros_like(alone), alone, alone, (v.alternative * half)[alone]),
            (Kind.MISSED, np.zeros_like(missed), missed, missed, (penalty * half)[missed]),
        ):
            on = keep[target]
            share = owner[kind][ref[on]] if second else None
            arcs = arcs.add(kind, tail[on], first + target[on], cost[on], ref[on], share)
            if not second:
                owner[kind] = arcs.index(kind, max(v.count, p.a.size))
    return arcs


def with_paths(arcs: Arcs, names: Numbering, size: int) -> tuple[Arcs, NDArray[np.int64]]:
    """Add an arc from the root to every layer nearer than those before it; also predecessors."""
    both = arcs.kind == Kind.FIBRE
    tail = np.concatenate([arcs.tail, arcs.head[both]])
    head = np.concatenate([arcs.head, arcs.tail[both]])
    cost = np.concatenate([arcs.cost, arcs.cost[both]])
    # scipy drops zeros and adds parallels up: keep the cheapest, and no zeros.
    order = np.lexsort((cost, head, tail))
    first = np.ones(order.size, np.bool_)
    first[1:] = (np.diff(tail[order]) != 0) | (np.diff(head[order]) != 0)
    order = order[first]
    weight = np.maximum(cost[order], np.finfo(np.float64).tiny)
    ways = csr_array((weight, (tail[order], head[order])), shape=(size, size))
    away, before = dijkstra(ways, indices=np.zeros(1, np.int64), return_predecessors=True)
    away, before = away[0], before[0]
    layer = away[names.first_layer : names.first_mast].reshape(-1, names.limit + 1)
    least = np.minimum.accumulate(layer, axis=1)
    nearer = np.isfinite(layer)
    nearer[:, 1:] &= layer[:, 1:] < least[:, :-1]
    site, k = np.nonzero(nearer)
    head = names.first_layer + site * (names.limit + 1) + k
    # One arc from the root is its own cheapest way.
    far = before[head] != 0
    root = np.zeros(int(far.sum()), np.int64)
    added = arcs.add(Kind.PATH, root, head[far], layer[site, k][far], site[far])
    return added, before.astype(np.int64)


def alive_arcs(
    arcs: Arcs, size: int, terminal: NDArray[np.bool_]
) -> tuple[Arcs, NDArray[np.bool_]]:
    """Keep vertices on a way from the root to a terminal."""
    both = arcs.kind == Kind.FIBRE
    tail = np.concatenate([arcs.tail, arcs.head[both]])
    head = np.concatenate([arcs.head, arcs.tail[both]])
    ends = np.flatnonzero(terminal)
    after = _seen(tail, head, size, 0)
    before = _seen(
        np.concatenate([head, np.full(ends.size, size)]), np.concatenate([tail, ends]), size, size
    )
    alive = after & before
    alive[0] = True
    keep = alive[arcs.tail] & alive[arcs.head]
    position = np.cumsum(keep) - 1
    return (
        Arcs(
            arcs.tail[keep],
            arcs.head[keep],
            arcs.cost[keep],
            arcs.kind[keep],
            arcs.ref[keep],
            position[arcs.owner[keep]],
        ),
        alive,
    )


def _seen(
    tail: NDArray[np.int64], head: NDArray[np.int64], size: int, start: int
) -> NDArray[np.bool_]:
    """Mark what can be reached from a vertex, shape (size,); there may be one vertex more."""
    ways = csr_array((np.ones(tail.size), (tail, head)), shape=(size + 1, size + 1))
    seen = np.zeros(size + 1, np.bool_)
    seen[breadth_first_order(ways, start, return_predecessors=False)] = True
    return seen[:size]
