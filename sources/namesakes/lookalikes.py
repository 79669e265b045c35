"""Places that a village of a list may be: those of its commune whose names are alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from phusong.frames import rows
from phusong.sources.boundaries.location import standing_in
from phusong.sources.namesakes.likeness import likeness
from phusong.sources.namesakes.named_communes import Meant, NamedCommunes
from phusong.sources.namesakes.placenames import PlaceName, village_name

ALIKE: Final = 75.0
"""Names less alike than this are no candidates."""
MOST: Final = 5
"""Candidates shown of one village."""
CLEAR: Final = 90.0
"""A best candidate of at least this, alone, is proposed."""
TIE: Final = 3.0
"""Candidates nearer to each other than this are left open."""
_LETTERS_ALIKE: Final = 50.0
"""Names whose letters are less alike are not looked at more closely."""


@dataclass(frozen=True)
class Candidate:
    """A place that a village may be.

    Attributes
    ----------
    place
        Its row among the places.
    score
        Likeness of the names, 0 to 100.
    """

    place: int
    score: float


@dataclass(frozen=True)
class Proposal:
    """What was found for one village of a list.

    Attributes
    ----------
    row
        Of the list's frame.
    meant
        Its communes.
    candidates
        Best first; empty: none.
    state
        ``clear`` (one stands out), ``tie``, ``weak`` (the best is not close), ``shared`` (another
        village's best, too), ``none``.
    elsewhere
        Codes of communes that have a place of the very name, where its own has none.
    """

    row: int
    meant: Meant
    candidates: tuple[Candidate, ...]
    state: str
    elsewhere: tuple[str, ...] = field(default=())


def communes_at(places: gpd.GeoDataFrame, communes: gpd.GeoDataFrame) -> NDArray[np.object_]:
    """Return the code of the commune each place stands in, None for none."""
    at = standing_in(places.geometry.to_numpy(), [None] * len(places), communes)
    out = np.full(len(at), None, dtype=object)
    out[at >= 0] = communes["code"].to_numpy(dtype=object)[at[at >= 0]]
    return out


def propose(
    villages: pd.DataFrame,
    places: gpd.GeoDataFrame,
    communes: gpd.GeoDataFrame,
    named: NamedCommunes,
) -> list[Proposal]:
    """Look for every village of a list among the places of its commune.

    A village whose commune is not known is looked for in all.

    Parameters
    ----------
    villages
        See :func:`phusong.sources.namesakes.placeless.read_village_list`.
    places
        ``name``, ``other_name`` (or None), geometry.
    communes
        ``code``, ``name``, geometry, in the CRS of the places.
    named
        The same communes, by name.
    """
    stands = communes_at(places, communes)
    names = [_names_of(place.name, place.other_name) for place in rows(places)]
    index = _Index(names)
    found: list[Proposal] = []
    for i, village in enumerate(rows(villages)):
        meant = named.meant(village.commune_code, village.commune, village.former_commune)
        asked = village_name(str(village.name))
        alike = index.alike(asked)
        inside = [c for c in alike if not meant.codes or stands[c.place] in meant.codes]
        own = tuple(sorted(inside, key=lambda c: (-c.score, c.place))[:MOST])
        away = {stands[c.place] for c in alike if c.score >= CLEAR} - {None}
        elsewhere = () if own else tuple(sorted(map(str, away)))
        found.append(Proposal(i, meant, own, _state(own), elsewhere))
    return _shared(found)


def _names_of(name: object, other: object) -> list[PlaceName]:
    texts = [str(name)] + ([] if other is None else str(other).split(";"))
    return [village_name(text) for text in dict.fromkeys(texts)]


class _Index:
    """Names of places, by their numbers."""

    def __init__(self, names: Sequence[Sequence[PlaceName]]) -> None:
        self._of: dict[tuple[str, ...], list[tuple[int, PlaceName]]] = {}
        for place, each in enumerate(names):
            for name in each:
                self._of.setdefault(name.numbers, []).append((place, name))
        self._letters = {
            numbers: ["".join(name.words) for _, name in group]
            for numbers, group in self._of.items()
        }

    def alike(self, asked: PlaceName) -> list[Candidate]:
        """Return the places whose names are alike, each with its best name's score."""
        from rapidfuzz import fuzz, process  # noqa: PLC0415 - only matching needs it

        group = self._of.get(asked.numbers, [])
        if not group:
            return []
        letters = self._letters[asked.numbers]
        close = process.cdist(["".join(asked.words)], letters, scorer=fuzz.ratio)[0]
        best: dict[int, float] = {}
        for k in np.flatnonzero((close >= _LETTERS_ALIKE) | (not asked.words)):
            place, name = group[k]
            best[place] = max(best.get(place, 0.0), likeness(asked, name))
        return [Candidate(place, score) for place, score in best.items() if score >= ALIKE]


def _state(candidates: Sequence[Candidate]) -> str:
    if not candidates:
        return "none"
    if len(candidates) > 1 and candidates[0].score - candidates[1].score < TIE:
        return "tie"
    return "clear" if candidates[0].score >= CLEAR else "weak"


def _shared(found: list[Proposal]) -> list[Proposal]:
    """Leave open what is the best of several villages."""
    best = [p.candidates[0].place for p in found if p.state == "clear"]
    several = {place for place, count in Counter(best).items() if count > 1}
    return [
        Proposal(p.row, p.meant, p.candidates, "shared", p.elsewhere)
        if p.state == "clear" and p.candidates[0].place in several
        else p
        for p in found
    ]


def points_of(places: gpd.GeoDataFrame) -> NDArray[np.object_]:
    """Return one point of each place: itself, or one inside."""
    return np.asarray(shapely.point_on_surface(places.geometry.to_numpy()), dtype=object)
