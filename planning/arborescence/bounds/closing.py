"""Closing what no better plan uses, by the duals of ascents.

A plan that uses an arc pays, beyond the bound, at least the reduced cost from the root to the arc,
of the arc, and from there to the nearest terminal. Where that is more than the best plan known
costs beyond the bound, no better plan uses the arc.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from phusong.fiber.steiner.bounds.ascent import ascend, distances
from phusong.planning.arborescence.bounds.certificate import Dual

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from phusong.planning.arborescence.bounds.worth import Worth
    from phusong.planning.arborescence.graph.digraph import Layers

_DIGITS = 2.0**42
"""Costs of a plan are scaled to about this for the ascent, and rounded down to whole numbers."""
_PLENTY = 2.0**52
"""More than any terminal is raised; whole numbers up to it are exact."""
_ROOM = 60
"""Vertices stored for potentials at most, as a multiple of the vertices of the graph."""


@dataclass(frozen=True)
class Ascent:
    """What a dual ascent proves.

    Attributes
    ----------
    bound
        No plan costs less.
    slack
        By slot what it leaves of the costs.
    dual
        Its multipliers.
    peak
        By vertex how far a terminal or a cell was raised, shape (n,); empty when nobody was to be
        raised first.
    """

    bound: float
    slack: NDArray[np.float64]
    dual: Dual
    peak: NDArray[np.float64]


def ascent(
    layers: Layers,
    ceiling: float,
    growth: float,
    tree: NDArray[np.int64],
    *,
    keep: bool,
    worth: Worth | None = None,
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
    worth
        How far terminals and cells are raised before any terminal is raised further.
    """
    g = layers.graph
    scale = 2.0 ** np.floor(np.log2(_DIGITS / max(ceiling, 1e-300)))
    finite = np.isfinite(g.wt)
    wt = np.where(finite, np.floor(np.where(finite, g.wt, 0.0) * scale), np.inf)
    room = _ROOM * g.n + 1_000 if keep else 0
    if worth is None:
        raised = raise_duals(layers, wt, growth, led_by(layers, tree), room)
    else:
        most = np.minimum(np.floor(worth.most * scale), _PLENTY)
        raised = raise_duals(layers, wt, growth, worth.guide, room, most, worth.due)
    peak = raised.peak / scale
    dual = Dual(
        ceiling,
        raised.bounds,
        layers.name[raised.vertex],
        raised.height / scale,
        around(layers, layers.name[raised.vertex[raised.bounds[:-1]]]),
    )
    earned = 0.0
    if worth is not None and worth.price.size:
        # What cells were raised is worth what quorums make of it.
        granted = worth.granted(peak)
        earned = float(granted @ worth.least)
        q = worth.quorums
        dual = replace(
            dual,
            quorums=q.indptr.astype(np.int64),
            members=q.indices.astype(np.int64),
            worth=granted,
        )
    return Ascent(raised.bound / scale + earned, raised.slack / scale, dual, peak)


def around(layers: Layers, name: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the site of each vertex that is a cell, -1 for others; vertices by name."""
    site = name - layers.names.first_cell
    return np.where((site >= 0) & (site < layers.instance.sites.count), site, -1)


def led_by(layers: Layers, tree: NDArray[np.int64]) -> NDArray[np.float64]:
    """By slot whether a plan uses it, one or zero; empty where there is no plan."""
    guide = np.zeros(layers.graph.adj.size if tree.size else 0)
    guide[tree] = 1.0
    return guide


if TYPE_CHECKING:
    _Found = tuple[
        float, NDArray[np.float64], NDArray[np.int64], NDArray[np.int32], NDArray[np.float64]
    ]


@dataclass(frozen=True)
class Raised:
    """What an ascent on whole numbers found: bound, slack, potentials in rows, peaks."""

    bound: float
    slack: NDArray[np.float64]
    bounds: NDArray[np.int64]
    vertex: NDArray[np.int32]
    height: NDArray[np.float64]
    peak: NDArray[np.float64]


def raise_duals(
    layers: Layers,
    wt: NDArray[np.float64],
    growth: float,
    guide: NDArray[np.float64],
    room: int,
    most: NDArray[np.float64] | None = None,
    due: NDArray[np.float64] | None = None,
) -> Raised:
    """Raise duals on costs that are whole numbers, at first each terminal by ``most`` at most.

    Parameters
    ----------
    wt
        By slot, infinite where there is no arc.
    guide, due
        As for :func:`phusong.fiber.steiner.bounds.ascent.ascend`.
    room
        Vertices stored for potentials at most.
    most
        By vertex how far terminals, and cells before all of them, are raised at first. Cells add
        nothing to the bound: it is for who asked for it to say what that proves.
    """
    g = layers.graph
    peak = np.zeros(g.n)

    def ascend_on(
        terminal: NDArray[np.bool_],
        slack: NDArray[np.float64],
        limit: NDArray[np.float64] | None,
        room: int,
    ) -> _Found:
        left = None if limit is None else limit.copy()
        store, height = np.empty(room, np.int32), np.empty(room)
        arguments = (g.indptr, g.adj, g.twin, slack, terminal, 0, growth, store, height, guide)
        bound, slack, bounds = ascend(*arguments, room > 0, left, due)
        if limit is not None and left is not None:
            peak[terminal] += (limit - left)[terminal]
        return bound, slack, bounds, store[: bounds[-1]], height[: bounds[-1]]

    if most is None:
        return Raised(*ascend_on(g.terminal, wt, None, room), np.empty(0))
    cells = np.zeros(g.n, np.bool_)
    cells[layers.cell[layers.cell >= 0]] = True
    cells &= most > 0.0
    own = ascend_on(cells, wt, most, room)
    room -= int(own[2][-1])
    first = ascend_on(g.terminal, own[1], most, room)
    room -= int(first[2][-1])
    then = ascend_on(g.terminal, first[1], np.full(g.n, _PLENTY), room)
    rows = [own, first, then]
    ends = np.cumsum([0, *(int(found[2][-1]) for found in rows)])
    return Raised(
        first[0] + then[0],
        then[1],
        np.concatenate(
            [[0], *(end + found[2][1:] for end, found in zip(ends, rows, strict=False))]
        ),
        np.concatenate([found[3] for found in rows]),
        np.concatenate([found[4] for found in rows]),
        peak,
    )


def beyond(layers: Layers, slack: NDArray[np.float64]) -> NDArray[np.float64]:
    """By slot, what a plan with that arc costs beyond the bound at least, shape (2m,)."""
    g = layers.graph
    after, before = distances(g.indptr, g.adj, g.twin, slack, g.terminal, 0)
    row = np.repeat(np.arange(g.n), np.diff(g.indptr))
    least: NDArray[np.float64] = after[g.adj] + slack + before[row]
    return least
