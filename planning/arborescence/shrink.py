"""Closing what no better plan uses, and the smaller instance that is left.

A plan that uses an arc pays, beyond the bound, at least the reduced cost from the root to the arc,
of the arc, and from there to the nearest terminal. Where that is more than the best plan known
costs beyond the bound, no better plan uses the arc. Numbers of junctions, sites and villages stay,
so what is found in the smaller instance is a plan of the given one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from phusong.fiber.steiner.bounds.ascent import ascend, distances
from phusong.planning.arborescence.certificate import Dual
from phusong.planning.arborescence.digraph import Kind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from phusong.planning.arborescence.digraph import Layers
    from phusong.planning.arborescence.instance import Instance

_DIGITS = 2.0**42
"""Costs of a plan are scaled to about this for the ascent, and rounded down to whole numbers."""
_ROOM = 60
"""Vertices stored for potentials at most, as a multiple of the vertices of the graph."""


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


@dataclass(frozen=True)
class Ascent:
    """What a dual ascent proves: a bound, by slot what it leaves of the costs, and how."""

    bound: float
    slack: NDArray[np.float64]
    dual: Dual


def ascent(
    layers: Layers, ceiling: float, growth: float, tree: NDArray[np.int64], *, keep: bool
) -> Ascent:
    """Raise duals from the terminals.

    Parameters
    ----------
    ceiling
        Cost of a plan.
    growth
        As for :func:`phusong.fiber.steiner.bounds.ascent.ascend`.
    tree
        Slots of a plan to be guided by; may be empty.
    keep
        Whether to keep the multipliers; potentials that find no room are left out, so that what
        is kept proves a little less.
    """
    g = layers.graph
    scale = 2.0 ** np.floor(np.log2(_DIGITS / max(ceiling, 1e-300)))
    finite = np.isfinite(g.wt)
    wt = np.where(finite, np.floor(np.where(finite, g.wt, 0.0) * scale), np.inf)
    room = _ROOM * g.n + 1_000 if keep else 0
    store, height = np.empty(room, np.int32), np.empty(room)
    guide = np.empty(0)
    if tree.size:
        guide = np.zeros(g.adj.size)
        guide[tree] = 1.0
    raised, slack, bounds = ascend(
        g.indptr, g.adj, g.twin, wt, g.terminal, 0, growth, store, height, guide, keep
    )
    vertex = layers.name[store[: bounds[-1]]]
    dual = Dual(ceiling, bounds, vertex, height[: bounds[-1]] / scale)
    return Ascent(float(raised) / scale, slack / scale, dual)


def beyond(layers: Layers, slack: NDArray[np.float64]) -> NDArray[np.float64]:
    """By slot, what a plan with that arc costs beyond the bound at least, shape (2m,)."""
    g = layers.graph
    after, before = distances(g.indptr, g.adj, g.twin, slack, g.terminal, 0)
    row = np.repeat(np.arange(g.n), np.diff(g.indptr))
    least: NDArray[np.float64] = after[g.adj] + slack + before[row]
    return least


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
