"""The instance as one directed graph: an arborescence from the root is a plan.

The root stands for all that has light. A site has a vertex for each number of hops that may lie
between it and fibre; so a chain is never longer than allowed, whatever is chosen. From there an arc
of no cost leads to its mast, one with the price of the radio to its cell, and from the cell one of
no cost to every village it covers. The tower is paid where a layer of the site is entered. A site
can also be entered from the root at once for what the cheapest way to it costs: that changes
nothing, but multipliers of a programme without most of the other arcs stay near those of the
whole::

    root ── fibre ──► site, 0 ── hop ──► site', 1 ── hop ──► site'', 2
                         └──► mast ── radio ──► cell ──► village ◄── alternative ── root

Locked masts and villages are the terminals. A village that pairs of sites cover is two terminals
which share their variables: one is reached over the first sites of its pairs, the other over the
second, both over sites that cover it alone and over what serves it alone. With at most one pair
chosen a village, both are reached exactly when the village is served; the rest is an arborescence
like any other, so all cuts hold.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, dijkstra

from phusong.fiber.steiner.graph import Graph, build
from phusong.planning.arborescence.roads import Chains, contract

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from phusong.planning.arborescence.instance import Instance


class Kind(IntEnum):
    """What an arc stands for."""

    FIBRE = 0
    DROP = 1
    HOP = 2
    LAND = 3
    RADIO = 4
    COVER = 5
    PAIR = 6
    ALONE = 7
    MISSED = 8
    PATH = 9


@dataclass(frozen=True)
class Numbering:
    """Names of vertices, the same whatever is contracted: see :attr:`Layers.name`."""

    nodes: int
    sites: int
    limit: int
    villages: int

    @property
    def first_layer(self) -> int:
        """Name of the first layer of site 0; its other layers follow."""
        return 1 + self.nodes

    @property
    def first_mast(self) -> int:
        """Name of the mast of site 0."""
        return self.first_layer + self.sites * (self.limit + 1)

    @property
    def first_cell(self) -> int:
        """Name of the cell of site 0."""
        return self.first_mast + self.sites

    @property
    def first_village(self) -> int:
        """Name of village 0."""
        return self.first_cell + self.sites

    @property
    def second_village(self) -> int:
        """Name of what stands beside village 0 where pairs cover it."""
        return self.first_village + self.villages


def numbering(instance: Instance) -> Numbering:
    """Return how the vertices of an instance are named."""
    return Numbering(
        instance.fibre.nodes,
        instance.sites.count,
        instance.hops.limit,
        instance.villages.count,
    )


@dataclass(frozen=True)
class Layers:
    """The directed graph, in compressed rows of the Steiner solver.

    Attributes
    ----------
    instance
        What it was made from.
    chains
        Fibre sections left.
    graph
        Rows by slot: slot ``s`` in the row of ``v`` is the arc ``adj[s] -> v`` and ``wt[s]`` its
        cost, infinite where there is no such arc. Terminals: villages and locked masts.
    column
        By slot its variable, -1 without one. All arcs of a cell into villages share the variable of
        its radio.
    price, kind, ref
        By variable its cost, what it stands for, and which: chain (``FIBRE``), site (``DROP``,
        ``LAND``, ``RADIO``), hop (``HOP``), pair (``PAIR``), village (``ALONE``, ``MISSED``),
        site (``PATH``).
    name
        Of every vertex: 0 the root, then junctions, layers, masts, cells, villages of the
        instance in its own numbers (see :class:`Numbering`).
    site_of
        By vertex the site whose layer it is, -1 for others.
    layer
        By vertex its number of hops, -1 for others.
    useless
        Sites that another one replaces in every plan.
    toward
        By vertex the slot by which a cheapest way from the root enters it, -1 for the root.
    cell
        (s,) vertex of each site's cell, -1 where it has none.
    village
        (v,) vertex of each village that is a terminal of its own, -1 for others.
    stands_for
        (v,) the village whose service implies that of this one: itself, or another whose sites all
        cover this one; -1 for villages that nothing can serve.
    weight
        (v,) people of all villages it stands for, 0 for those that another stands for.
    """

    instance: Instance
    chains: Chains
    graph: Graph
    column: NDArray[np.int64]
    price: NDArray[np.float64]
    kind: NDArray[np.int64]
    ref: NDArray[np.int64]
    name: NDArray[np.int64]
    site_of: NDArray[np.int64]
    layer: NDArray[np.int64]
    useless: NDArray[np.int64]
    toward: NDArray[np.int64]
    cell: NDArray[np.int64]
    village: NDArray[np.int64]
    stands_for: NDArray[np.int64]
    weight: NDArray[np.float64]

    @property
    def root(self) -> int:
        """The root."""
        return 0

    @property
    def names(self) -> Numbering:
        """How vertices are named."""
        return numbering(self.instance)


def lay(instance: Instance, *, miss: float | None = None) -> Layers:
    """Make the directed graph of a checked instance.

    Parameters
    ----------
    instance
        The instance.
    miss
        Price of leaving a person out; None when all that can be served must be.
    """
    useless = _useless(instance)
    arcs, chains = _arcs(instance, useless)
    reach = _reached(instance, arcs)
    stands_for, weight = _represented(instance, reach, merge_only=miss is not None)
    arcs = _with_villages(instance, arcs, reach, stands_for, miss, weight)
    return _layers(instance, chains, arcs, stands_for, weight, np.flatnonzero(useless))


@dataclass(frozen=True)
class _Arcs:
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
    ) -> _Arcs:
        own = self.tail.size + np.arange(tail.size) if owner is None else owner
        return _Arcs(
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


def _arcs(instance: Instance, useless: NDArray[np.bool_]) -> tuple[_Arcs, Chains]:
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
    arcs = _Arcs(nothing, nothing, np.empty(0), nothing, nothing, nothing)
    index = np.arange(chains.cost.size)
    arcs = arcs.add(Kind.FIBRE, chains.tail, chains.head, chains.cost, index)
    site = np.flatnonzero(((s.vertex >= 0) | s.lit) & ~useless)
    start = np.where(s.lit[site], 0, junction[s.vertex[site]])
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


def _reached(instance: Instance, arcs: _Arcs) -> NDArray[np.bool_]:
    """(s,) sites to which backhaul can be brought."""
    names = numbering(instance)
    both = arcs.kind == Kind.FIBRE
    tail = np.concatenate([arcs.tail, arcs.head[both]])
    head = np.concatenate([arcs.head, arcs.tail[both]])
    return _seen(tail, head, names.first_village, 0)[names.first_cell :]


def _useless(instance: Instance) -> NDArray[np.bool_]:
    """Mark sites that another, no dearer one replaces in every plan: shape (s,).

    Of two sites with backhaul of their own, or with fibre from one junction, and without hops or
    pairs, the one whose villages the other covers all is dropped when it is not cheaper.
    """
    s, h, c, p = instance.sites, instance.hops, instance.covers, instance.pairs
    plain = ~s.locked
    for ends in (h.a, h.b, p.a, p.b) if h.limit else (p.a, p.b):
        plain[ends] = False
    cover = _matrix(c.site, c.village, s.count, instance.villages.count)
    size = np.asarray(cover.sum(axis=1)).ravel()
    source = np.where(s.lit, -2, s.vertex)
    total = s.cost + s.radio + np.where(s.lit, 0.0, s.drop)
    overlap = (cover @ cover.T).tocoo()
    i, j = overlap.coords
    within = (overlap.data == size[i]) & (i != j) & plain[i] & ((source[j] == source[i]) | s.lit[j])
    # A relay may be had without radio: the other one must not be dearer in either respect.
    within &= (s.cost[j] <= s.cost[i]) & (total[j] <= total[i])
    alike = (size[i] == size[j]) & (total[i] == total[j]) & plain[j] & (source[i] == source[j])
    alike &= s.cost[i] == s.cost[j]
    useless = np.zeros(s.count, np.bool_)
    useless[i[within & (~alike | (j < i))]] = True
    return useless


def _matrix(
    row: NDArray[np.int64], column: NDArray[np.int64], rows: int, columns: int
) -> csr_array:
    found = csr_array((np.ones(row.size), (row, column)), shape=(rows, columns))
    found.data[:] = 1.0
    return found


def _represented(
    instance: Instance, reached: NDArray[np.bool_], *, merge_only: bool
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Let a village stand for those that every site covering it covers too."""
    v, c, p = instance.villages, instance.covers, instance.pairs
    live = reached[c.site]
    cover = _matrix(c.village[live], c.site[live], v.count, instance.sites.count)
    size = np.asarray(cover.sum(axis=1)).ravel()
    paired = np.zeros(v.count, np.bool_)
    paired[p.village[reached[p.a] & reached[p.b]]] = True
    stands_for = np.arange(v.count)
    strict = np.isinf(v.alternative) & ~paired & (size > 0)
    overlap = (cover @ cover.T).tocoo()
    one, two = overlap.coords
    # Sites of `one` all cover `two`: serving `one` serves `two`.
    inside = (overlap.data == size[one]) & strict[one] & (one != two)
    same = inside & (size[one] == size[two]) & strict[two]
    chosen = same & (one < two) if merge_only else inside & (~same | (one < two))
    # The village with fewest sites first, then the least number: it has no other above it.
    order = np.lexsort((one[chosen], size[one[chosen]]))[::-1]
    stands_for[two[chosen][order]] = one[chosen][order]
    while True:
        above = stands_for[stands_for]
        if np.array_equal(above, stands_for):
            break
        stands_for = above
    stands_for[(size == 0) & ~paired & np.isinf(v.alternative)] = -1
    weight = np.zeros(v.count)
    np.add.at(weight, stands_for[stands_for >= 0], v.people[stands_for >= 0])
    return stands_for, weight


def _with_villages(
    instance: Instance,
    arcs: _Arcs,
    reached: NDArray[np.bool_],
    stands_for: NDArray[np.int64],
    miss: float | None,
    weight: NDArray[np.float64],
) -> _Arcs:
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


def _layers(
    instance: Instance,
    chains: Chains,
    arcs: _Arcs,
    stands_for: NDArray[np.int64],
    weight: NDArray[np.float64],
    useless: NDArray[np.int64],
) -> Layers:
    names = numbering(instance)
    count = instance.villages.count
    size = names.second_village + count
    locked = np.flatnonzero(instance.sites.locked)
    wanted = np.flatnonzero(stands_for == np.arange(count))
    terminal = np.zeros(size, np.bool_)
    terminal[names.first_mast + locked] = True
    terminal[names.first_village + wanted] = True
    terminal[arcs.head[arcs.head >= names.second_village]] = True
    arcs, alive = _alive(arcs, size, terminal)
    arcs, before = _with_paths(arcs, names, size)
    terminal &= alive
    name = np.flatnonzero(alive)
    number = np.full(size, -1, np.int64)
    number[name] = np.arange(name.size)
    graph = build(
        number[arcs.tail].astype(np.int32),
        number[arcs.head].astype(np.int32),
        arcs.cost,
        terminal[name],
    )
    row = np.repeat(np.arange(graph.n), np.diff(graph.indptr))
    forward = graph.head[graph.eid] == row
    # Variables: one an owner; fibre backwards has one of its own.
    owners = np.flatnonzero(arcs.owner == np.arange(arcs.owner.size))
    own = np.searchsorted(owners, arcs.owner)
    fibre = np.flatnonzero(arcs.kind == Kind.FIBRE)
    back = np.full(arcs.tail.size, -1, np.int64)
    back[fibre] = owners.size + np.arange(fibre.size)
    column = np.where(forward, own[graph.eid], back[graph.eid])
    wt = np.where(column >= 0, graph.wt, np.inf)
    price = np.bincount(own, weights=arcs.cost, minlength=owners.size)
    first, layers = names.first_layer, names.limit + 1
    is_layer = (name >= first) & (name < names.first_mast)
    return Layers(
        instance,
        chains,
        replace(graph, wt=wt),
        column,
        np.concatenate([price, arcs.cost[fibre]]),
        np.concatenate([arcs.kind[owners], arcs.kind[fibre]]),
        np.concatenate([arcs.ref[owners], arcs.ref[fibre]]),
        name,
        np.where(is_layer, (name - first) // layers, -1),
        np.where(is_layer, (name - first) % layers, -1),
        useless,
        _toward(graph, column, row, wt, number, before[name]),
        number[names.first_cell : names.first_village],
        np.where(
            stands_for == np.arange(count),
            number[names.first_village : names.second_village],
            -1,
        ),
        stands_for,
        weight,
    )


def _toward(
    graph: Graph,
    column: NDArray[np.int64],
    row: NDArray[np.int64],
    wt: NDArray[np.float64],
    number: NDArray[np.int64],
    before: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Find the slots of cheapest ways, given by vertex the name of the one before it."""
    previous = np.where(before >= 0, number[np.maximum(before, 0)], -1)
    slot = np.flatnonzero((column >= 0) & (graph.adj == previous[row]))
    slot = slot[np.lexsort((wt[slot], row[slot]))]
    vertex, which = np.unique(row[slot], return_index=True)
    found = np.full(graph.n, -1, np.int64)
    found[vertex] = slot[which]
    return found


def _with_paths(arcs: _Arcs, names: Numbering, size: int) -> tuple[_Arcs, NDArray[np.int64]]:
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


def _alive(arcs: _Arcs, size: int, terminal: NDArray[np.bool_]) -> tuple[_Arcs, NDArray[np.bool_]]:
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
        _Arcs(
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
