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
from typing import TYPE_CHECKING

import numpy as np

from phusong.fiber.steiner.graph import Graph, build
from phusong.planning.arborescence.graph.arcs import (
    Arcs,
    alive_arcs,
    reached_sites,
    sites_and_ways,
    with_paths,
    with_villages,
)
from phusong.planning.arborescence.graph.dominance import represented, useless_sites
from phusong.planning.arborescence.graph.numbering import Kind, Numbering, numbering
from phusong.planning.arborescence.graph.roads import Chains

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from phusong.planning.arborescence.instance import Instance


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
    useless = useless_sites(instance)
    arcs, chains = sites_and_ways(instance, useless)
    reach = reached_sites(instance, arcs)
    stands_for, weight = represented(instance, reach, merge_only=miss is not None)
    arcs = with_villages(instance, arcs, reach, stands_for, miss, weight)
    return _layers(instance, chains, arcs, stands_for, weight, np.flatnonzero(useless))


def _layers(
    instance: Instance,
    chains: Chains,
    arcs: Arcs,
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
    arcs, alive = alive_arcs(arcs, size, terminal)
    arcs, before = with_paths(arcs, names, size)
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


def radios(layers: Layers) -> NDArray[np.int64]:
    """By vertex, of cells the variable of their radio; -1 for others, shape (n,)."""
    variable = np.flatnonzero(layers.kind == Kind.RADIO)
    cell = layers.cell[layers.ref[variable]]
    found = np.full(layers.graph.n, -1, np.int64)
    found[cell[cell >= 0]] = variable[cell >= 0]
    return found
