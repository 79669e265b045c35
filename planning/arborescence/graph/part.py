"""A smaller instance: what is left once arcs are closed.

Numbers of junctions, sites and villages stay, so what is found in it is a plan of the given one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from phusong.planning.arborescence.graph.numbering import Kind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from phusong.planning.arborescence.graph.digraph import Layers
    from phusong.planning.arborescence.instance import Instance


@dataclass(frozen=True)
class Part:
    """A smaller instance, and where its sections and hops stand in the one given.

    Attributes
    ----------
    instance
        What is left.
    section, hop
        Numbers in the instance given, int64.
    """

    instance: Instance
    section: NDArray[np.int64]
    hop: NDArray[np.int64]


def whole(instance: Instance) -> Part:
    """Return an instance as the part of itself that holds everything."""
    return Part(instance, np.arange(instance.fibre.cost.size), np.arange(instance.hops.cost.size))


def without(layers: Layers, part: Part, closed: NDArray[np.bool_]) -> Part:
    """Return the part of an instance without closed slots, bool, shape (2m,).

    Sections and hops go when they are closed every way.
    """
    g, i = layers.graph, layers.instance
    open_ = (layers.column >= 0) & ~closed
    used = np.zeros(layers.price.size, np.bool_)
    used[layers.column[open_]] = True
    chain = np.unique(layers.ref[used & (layers.kind == Kind.FIBRE)])
    keep = np.zeros(i.fibre.cost.size, np.bool_)
    size = np.diff(layers.chains.indptr)
    keep[layers.chains.section[np.isin(np.repeat(np.arange(size.size), size), chain)]] = True
    hop = np.zeros(i.hops.cost.size, np.bool_)
    hop[layers.ref[used & (layers.kind == Kind.HOP)]] = True
    names = layers.names
    row = np.repeat(layers.name, np.diff(g.indptr))
    tail = layers.name[g.adj]
    on = np.flatnonzero(
        open_
        & (row >= names.first_village)
        & (row < names.second_village)
        & (tail >= names.first_cell)
    )
    # Villages another one stands for keep their covers; those of pairs are not told apart here.
    stood_for = layers.village < 0
    pair = np.zeros(i.villages.count, np.bool_)
    pair[i.pairs.village] = True
    count = i.villages.count
    code = (tail[on] - names.first_cell) * count + row[on] - names.first_village
    cover = np.isin(i.covers.site * count + i.covers.village, code)
    cover |= (stood_for | pair)[i.covers.village]
    alive = np.zeros(i.sites.count, np.bool_)
    alive[layers.name[layers.cell[layers.cell >= 0]] - names.first_cell] = True
    drop = np.zeros(i.sites.count, np.bool_)
    drop[layers.ref[used & (layers.kind == Kind.DROP)]] = True
    vertex = np.where(drop, i.sites.vertex, -1)
    lit = i.sites.lit & drop
    return Part(
        replace(
            i,
            fibre=replace(
                i.fibre,
                tail=i.fibre.tail[keep],
                head=i.fibre.head[keep],
                cost=i.fibre.cost[keep],
            ),
            sites=replace(i.sites, vertex=vertex, lit=lit),
            hops=replace(i.hops, a=i.hops.a[hop], b=i.hops.b[hop], cost=i.hops.cost[hop]),
            covers=replace(i.covers, site=i.covers.site[cover], village=i.covers.village[cover]),
        ),
        part.section[keep],
        part.hop[hop],
    )
