"""Multipliers that prove a bound, in terms that do not depend on who found them.

A certificate is a row of stages. Each stage is a smaller instance than the one before: what it
lacks, no plan cheaper than the best one known could use, by the multipliers of the stages before.
Multipliers are potentials on vertices (a cut is a potential that is level on one side), in the
names of :class:`phusong.planning.arborescence.graph.numbering.Numbering`, and prices of a few other
rows. :mod:`phusong.planning.arborescence.review.proofs` adds them up again on a graph of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from phusong.planning.arborescence.graph.digraph import Layers
    from phusong.planning.arborescence.graph.part import Part


class Row(IntEnum):
    """What a row of the relaxation says."""

    CUT = 0
    """Something leads from the root to the terminal."""
    BALANCE = 1
    """What enters a vertex that is no terminal leaves it."""
    ENTERED = 2
    """A junction is entered once at most."""
    SITE = 3
    """All layers of a site together are entered once at most."""
    PAIR = 4
    """One pair at most serves a village."""
    BUDGET = 5
    """What is built costs no more than the budget."""
    QUORUM = 6
    """A few villages need so many sites together."""


def _none() -> NDArray[np.int64]:
    return np.empty(0, np.int64)


def _nothing() -> NDArray[np.float64]:
    return np.empty(0)


@dataclass(frozen=True)
class Dual:
    """One set of multipliers.

    Attributes
    ----------
    ceiling
        Cost of the best plan known when they were found.
    bounds, vertex, height
        Potentials: of the ``k``-th the vertices ``vertex[bounds[k]:bounds[k + 1]]``, by name, and
        their heights; all others are at zero, the root among them.
    kind, about, price
        Other rows: what each says, see :class:`Row`, of which vertex (by name), site or village,
        and its multiplier.
    cell
        By potential the site around whose cell it is, int64: something leads there as much as its
        radio is paid. -1 for those around terminals.
    quorums, members, worth
        Quorums (:mod:`.quorums`): of the ``k``-th the villages
        ``members[quorums[k]:quorums[k + 1]]`` and its multiplier.
    """

    ceiling: float
    bounds: NDArray[np.int64]
    vertex: NDArray[np.int64]
    height: NDArray[np.float64]
    cell: NDArray[np.int64]
    kind: NDArray[np.int64] = field(default_factory=_none)
    about: NDArray[np.int64] = field(default_factory=_none)
    price: NDArray[np.float64] = field(default_factory=_nothing)
    quorums: NDArray[np.int64] = field(default_factory=lambda: np.zeros(1, np.int64))
    members: NDArray[np.int64] = field(default_factory=_none)
    worth: NDArray[np.float64] = field(default_factory=_nothing)


@dataclass(frozen=True)
class Stage:
    """An instance and multipliers on its graph.

    Attributes
    ----------
    part
        What is left of the instance.
    junctions
        Junctions of its graph (not by name), int64: all others are dead ends or inside chains.
    useless
        Sites left out because another one replaces each in every plan.
    wanted
        (v,) villages that are terminals; every other that can be served is served with one of them.
    duals
        In the order in which they were found: each may charge without limit what those before it
        have closed.
    """

    part: Part
    junctions: NDArray[np.int64]
    useless: NDArray[np.int64]
    wanted: NDArray[np.bool_]
    duals: tuple[Dual, ...]


def stage(layers: Layers, part: Part, duals: tuple[Dual, ...] = ()) -> Stage:
    """Return the stage of a graph: what is left of an instance, in names it shares with others."""
    junction = (layers.name > 0) & (layers.name < layers.names.first_layer)
    at = layers.name[junction] - 1
    return Stage(part, at, layers.useless, layers.village >= 0, duals)


@dataclass
class Certificate:
    """Stages, each on what the one before has left."""

    stages: list[Stage] = field(default_factory=list)
