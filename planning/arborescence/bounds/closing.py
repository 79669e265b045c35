"""Closing what no better plan uses, by the duals of ascents.

A plan that uses an arc pays, beyond the bound, at least the reduced cost from the root to the arc,
of the arc, and from there to the nearest terminal. Where that is more than the best plan known
costs beyond the bound, no better plan uses the arc.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from phusong.fiber.steiner.bounds.ascent import ascend, distances
from phusong.planning.arborescence.bounds.certificate import Dual

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from phusong.planning.arborescence.graph.digraph import Layers

_DIGITS = 2.0**42
"""Costs of a plan are scaled to about this for the ascent, and rounded down to whole numbers."""
_ROOM = 60
"""Vertices stored for potentials at most, as a multiple of the vertices of the graph."""


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
