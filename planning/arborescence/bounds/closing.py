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
        By vertex how far a terminal was raised, shape (n,); empty when nobody was to be raised
        first.
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
    worth: NDArray[np.float64] | None = None,
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
        By vertex how far terminals are raised before any is raised further, see :mod:`.stars`.
    """
    g = layers.graph
    scale = 2.0 ** np.floor(np.log2(_DIGITS / max(ceiling, 1e-300)))
    finite = np.isfinite(g.wt)
    wt = np.where(finite, np.floor(np.where(finite, g.wt, 0.0) * scale), np.inf)
    most = None if worth is None else np.minimum(np.floor(worth * scale), _PLENTY)
    raised = raise_duals(layers, wt, growth, tree, _ROOM * g.n + 1_000 if keep else 0, most)
    dual = Dual(ceiling, raised.bounds, layers.name[raised.vertex], raised.height / scale)
    return Ascent(raised.bound / scale, raised.slack / scale, dual, raised.peak / scale)


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
    tree: NDArray[np.int64],
    room: int,
    most: NDArray[np.float64] | None = None,
) -> Raised:
    """Raise duals on costs that are whole numbers, at first each terminal by ``most`` at most.

    Parameters
    ----------
    wt
        By slot, infinite where there is no arc.
    room
        Vertices stored for potentials at most.
    """
    g = layers.graph
    guide = np.zeros(g.adj.size if tree.size else 0)
    guide[tree] = 1.0

    def ascend_from(
        slack: NDArray[np.float64], limit: NDArray[np.float64] | None, room: int
    ) -> tuple[
        float, NDArray[np.float64], NDArray[np.int64], NDArray[np.int32], NDArray[np.float64]
    ]:
        store, height = np.empty(room, np.int32), np.empty(room)
        arguments = (g.indptr, g.adj, g.twin, slack, g.terminal, 0, growth, store, height, guide)
        bound, left, bounds = ascend(*arguments, room > 0, limit)
        return bound, left, bounds, store[: bounds[-1]], height[: bounds[-1]]

    if most is None:
        return Raised(*ascend_from(wt, None, room), np.empty(0))
    limit = most.copy()
    first = ascend_from(wt, limit, room)
    rest = np.full(g.n, _PLENTY)
    then = ascend_from(first[1], rest, room - int(first[2][-1]))
    return Raised(
        first[0] + then[0],
        then[1],
        np.concatenate([first[2], first[2][-1] + then[2][1:]]),
        np.concatenate([first[3], then[3]]),
        np.concatenate([first[4], then[4]]),
        (most - limit) + (_PLENTY - rest),
    )


def beyond(layers: Layers, slack: NDArray[np.float64]) -> NDArray[np.float64]:
    """By slot, what a plan with that arc costs beyond the bound at least, shape (2m,)."""
    g = layers.graph
    after, before = distances(g.indptr, g.adj, g.twin, slack, g.terminal, 0)
    row = np.repeat(np.arange(g.n), np.diff(g.indptr))
    least: NDArray[np.float64] = after[g.adj] + slack + before[row]
    return least
