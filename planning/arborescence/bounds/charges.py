"""What a choice of sites pays at least for its backhaul, site by site, whoever shares it.

Potentials around cells charge the arcs they rise along, all together never more than an arc costs.
So every plan pays at least what its sites are charged: a row that holds for all plans, whatever
they serve and whenever they build. Ways of their own are dearer than what sites share; charges are
cheaper, and meet what a choice costs when they are raised for that choice (Benders' rows, here as
dual ascents). A programme over sites alone then needs no network (:mod:`.charged`).

Raised first are locked masts, which every plan pays for, then the sites chosen, led by their ways,
then all others as far as anything is left: those who are not chosen are not free.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from phusong.fiber.steiner.bounds.ascent import ascend
from phusong.planning.arborescence.bounds.certificate import Dual
from phusong.planning.arborescence.bounds.closing import around
from phusong.planning.arborescence.bounds.stars import ways

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from phusong.planning.arborescence.graph.digraph import Layers

_DIGITS = 2.0**42
"""Whole numbers to which the cost of everything is scaled, and rounded down."""
_PLENTY = 2.0**52
"""More than any cell is raised."""
_GROWTH = 0.1
"""Growth of components in an ascent."""
_CHOSEN = 1e-6
"""A site chosen less is raised with those not chosen."""
_EXACT = 1.0 - 1e-9
"""What charges are taken down by for rounding."""
_ROOM = 60
"""Vertices stored for potentials at most, as a multiple of the vertices of the graph."""


@dataclass(frozen=True)
class Charge:
    """What plans pay at least.

    Attributes
    ----------
    site
        By site that has a cell what a plan in which it serves pays for it, shape (c,).
    locked
        What every plan pays for locked masts.
    dual
        Its potentials; None unless they were to be kept.
    """

    site: NDArray[np.float64]
    locked: float
    dual: Dual | None


def charge(
    layers: Layers, site: NDArray[np.int64], chosen: NDArray[np.float64], *, keep: bool = False
) -> Charge:
    """Raise charges for a choice of sites.

    Parameters
    ----------
    layers
        The graph.
    site
        Sites that have a cell, int64, shape (c,).
    chosen
        How much of each is chosen, 0 to 1, shape (c,).
    keep
        Whether to keep the potentials behind the charges; those that find no room charge nothing,
        so that what is kept adds up to what is charged.
    """
    g = layers.graph
    cell = layers.cell[site]
    finite = np.isfinite(g.wt)
    scale = 2.0 ** np.floor(np.log2(_DIGITS / max(float(g.wt[finite].sum()), 1e-300)))
    slack = np.where(finite, np.floor(np.where(finite, g.wt, 0.0) * scale), np.inf)
    due = np.ones(g.n)
    due[cell] = np.maximum(chosen, _CHOSEN)
    mast = np.flatnonzero(g.terminal & np.isin(layers.name, _masts(layers)))
    nothing = np.empty(0)
    turns = (
        (mast, nothing),
        (cell[chosen > _CHOSEN], ways(layers, cell, chosen)),
        (cell[chosen <= _CHOSEN], nothing),
    )
    peak = np.zeros(g.n)
    room = _ROOM * g.n if keep else 0
    end, bounds, vertex, height = 0, [np.zeros(1, np.int64)], [], []
    for raised, guide in turns:
        terminal = np.zeros(g.n, np.bool_)
        terminal[raised] = True
        left = np.full(g.n, _PLENTY)
        store, share = np.empty(room, np.int32), np.empty(room)
        arguments = (g.indptr, g.adj, g.twin, slack, terminal, 0, _GROWTH, store, share, guide)
        _, slack, ends = ascend(*arguments, keep, left, due)
        peak[raised] += _PLENTY - left[raised]
        bounds.append(end + ends[1:])
        vertex.append(store[: ends[-1]])
        height.append(share[: ends[-1]])
        end, room = end + int(ends[-1]), room - int(ends[-1])
    dual = None
    if keep:
        rows = np.concatenate(bounds)
        inside, high = np.concatenate(vertex), np.concatenate(height)
        # A potential is around its first vertex, where it is highest.
        first = rows[:-1]
        peak = np.bincount(inside[first], high[first], g.n).astype(np.float64)
        names = layers.name[inside]
        dual = Dual(np.inf, rows, names, high / scale * _EXACT, around(layers, names[first]))
    site_pays: NDArray[np.float64] = peak[cell] / scale * _EXACT
    return Charge(site_pays, float(peak[mast].sum()) / scale * _EXACT, dual)


def _masts(layers: Layers) -> NDArray[np.int64]:
    """Names of locked masts."""
    locked: NDArray[np.int64] = np.flatnonzero(layers.instance.sites.locked)
    return layers.names.first_mast + locked
