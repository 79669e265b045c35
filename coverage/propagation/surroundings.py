"""What stands round the ends of a path: the environments of ITU-R P.2108-1, and who is in which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from phusong.errors import ModelError

Environment = Literal["water", "open", "suburban", "urban", "trees", "dense_urban"]

STREET_M = 27.0
"""Width of streets w_s where none is known."""


class Surroundings(NamedTuple):
    """What stands around an antenna."""

    clutter_m: float
    """Representative clutter height R."""
    diffracts: bool
    """Whether waves come over an edge of the clutter, eq. (2a); else open ground, eq. (2b)."""


# Table 3 of the Recommendation: default heights, and which of the two equations holds.
SURROUNDINGS: dict[Environment, Surroundings] = {
    "water": Surroundings(10.0, diffracts=False),
    "open": Surroundings(10.0, diffracts=False),
    "suburban": Surroundings(10.0, diffracts=True),
    "urban": Surroundings(15.0, diffracts=True),
    "trees": Surroundings(15.0, diffracts=True),
    "dense_urban": Surroundings(20.0, diffracts=True),
}


def surroundings_of(environment: str) -> Surroundings:
    """Return the representative clutter of an environment.

    Raises
    ------
    ModelError
        When P.2108 has none of that name; it lists those it has.
    """
    for name, found in SURROUNDINGS.items():
        if name == environment:
            return found
    raise ModelError(
        "P.2108 knows the environments {known}, not {environment}",
        params={"known": ", ".join(SURROUNDINGS), "environment": environment},
    )


@dataclass(frozen=True)
class Ends:
    """What stands round the ends of the paths to one disc; hashable, part of the settings.

    Parameters
    ----------
    receivers
        By class index: 0 where nothing better is known, the others as ``Surface.end`` says.
    mast
        Round the mast; None: it stands clear of its clutter.
    street_m
        Width of streets w_s, P.2108-1 §3.1.
    over_top
        The heights are those of a surface model: under clutter that diffracts they already are
        the clutter's top.
    """

    receivers: tuple[Surroundings, ...]
    mast: Surroundings | None = None
    street_m: float = STREET_M
    over_top: bool = False


@dataclass(frozen=True)
class PathEnds:
    """What stands round the ends of one path; None: nothing does.

    Parameters
    ----------
    tx, rx
        Round the transmitter, round the receiver.
    street_m
        Width of streets w_s, P.2108-1 §3.1.
    over_top
        As in :class:`Ends`.
    """

    tx: Surroundings | None = None
    rx: Surroundings | None = None
    street_m: float = STREET_M
    over_top: bool = False
