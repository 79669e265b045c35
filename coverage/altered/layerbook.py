"""What is known of villages layer by layer, and put together: as they stand, or altered."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from phusong.coverage.altered.ranked import Sums
from phusong.coverage.results import VillageCoverage
from phusong.coverage.villages.circles import Circles
from phusong.coverage.villages.figures.tally import Named, Tally
from phusong.coverage.villages.figures.village_tables import Inhabited, village_table
from phusong.coverage.villages.indoors import JUDGED
from phusong.sources.inputs import Inputs

OUTDOORS: Final = ""
"""The place of a phone that stands in the open."""


@dataclass(frozen=True)
class Layers:
    """What is known of every layer, for one place of the phone; lists in one order."""

    names: list[Named]
    tallies: list[Tally]
    circles: list[Circles]
    figures: list[pd.DataFrame]
    claims: list[pd.DataFrame]


@dataclass(frozen=True)
class AlteredVillages:
    """Villages of an altered study, and what was summed over them.

    Attributes
    ----------
    coverage
        The tables of figures.
    touched
        Positions of the layers that any table has other rows of than the study as it stands.
    layers
        By place of the phone.
    hits
        By layer and batch, positions in the batch of villages of which some place differs; empty
        as the study stands.
    sums
        By layer and way in which technologies rank (empty where one serves), what definitions are
        looked up in, of those villages, as it comes to be known: the definitions it holds for, and
        the sums.
    """

    coverage: VillageCoverage
    touched: frozenset[int]
    layers: dict[str, Layers]
    hits: tuple[list[NDArray[np.int64]], ...]
    sums: dict[tuple[int, str], tuple[bytes, list[Sums]]] = field(
        default_factory=dict, compare=False
    )


def copied(held: Layers, base: int, villages: int, pairs: int) -> Tally:
    """Return a copy of what was summed of a layer; nothing where the study has none such."""
    return Tally(villages, pairs) if base < 0 else held.tallies[base].copy()


def extend(layers: Layers, other: Layers, which: int) -> None:
    """Put one layer of others at the end."""
    some = slice(which, which + 1)
    layers.names.extend(other.names[some])
    layers.tallies.extend(other.tallies[some])
    layers.circles.extend(other.circles[some])
    layers.figures.extend(other.figures[some])
    layers.claims.extend(other.claims[some])


def tables_of(
    inputs: Inputs, about: Inhabited, held: dict[str, Layers], in_service: pd.DataFrame
) -> VillageCoverage:
    """Return the tables of all layers together.

    Parameters
    ----------
    about
        What holds of villages whoever serves them.
    held
        By place of the phone.
    in_service
        Cells in service.
    """
    outdoors = held[OUTDOORS]
    elsewhere = [
        pd.concat(layers.figures, ignore_index=True).assign(place=place)
        for place, layers in held.items()
        if place != OUTDOORS
    ]
    columns = ["place", *JUDGED]
    return VillageCoverage(
        villages=village_table(inputs, about, outdoors.figures[-1], in_service),
        by_layer=pd.concat(outdoors.figures, ignore_index=True),
        sensitivity=pd.DataFrame(),
        circles=pd.concat(outdoors.claims, ignore_index=True),
        by_place=pd.concat(elsewhere, ignore_index=True)[columns]
        if elsewhere
        else pd.DataFrame(columns=columns),
    )
