"""Pairs of events that darken more at once than each by itself."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd

from phusong.frames import rows
from phusong.planning.cascade.judged import FELT, Felt, Judged, Sites
from phusong.planning.cascade.losable import Event, Network
from phusong.planning.cascade.two_ways import losses_of_both_ways
from phusong.progress import Progress

AMONG: Final = 30
"""Events that are paired: the worst of each set of sites (of communes, where no site is lost)."""
MOST: Final = 20
COLUMNS: Final = (
    *("element_a", "id_a", "hours_a", "element_b", "id_b", "hours_b"),
    *("communes_dark", "sites_dark", "villages_lower", "people_without_signal"),
    *("communes_more", "sites_more", "villages_more", "people_more"),
)


_Dark = tuple[set[int], set[int]]
"""Centres and sites."""


class _Joint(NamedTuple):
    """Two events at once."""

    a: int
    b: int
    centres: set[int]
    sites: set[int]


def worst_pairs(
    network: Network,
    events: pd.DataFrame,
    hours: Sequence[float],
    judged: Judged,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Return pairs of the worst events that darken more than the two alone, worst first.

    Two feeders of one site are paired too, and losses that take one way each of a site with
    two: they may be harmless each by itself.

    Parameters
    ----------
    events
        Ranked, with ``communes`` and ``sites``.
    hours
        How long feeders are gone.
    judged
        Villages under the events; those under pairs are added.

    Returns
    -------
    DataFrame
        See :attr:`phusong.planning.cascade.results.Cascade.pairs`. ``people_more`` sums, over
        villages, what the pair takes beyond the sum of what each event takes, and counts nobody
        twice: it is a least figure where both events touch the same people.
    """
    lost = events["sites"].where(events["sites"].map(len) > 0, events["communes"])
    worst = events[~lost.duplicated()].head(AMONG)
    ranked = [Event(str(r.element), str(r.id), float(r.hours)) for r in rows(worst)]
    twins = [
        (Event("feeder", one, h), Event("feeder", two, h))
        for one, two in network.twin_feeders
        for h in sorted(set(hours))
    ]
    twins += losses_of_both_ways(network, events)
    number: dict[tuple[str, str, float], int] = {}
    for event in [*ranked, *(event for pair in twins for event in pair)]:
        number.setdefault(_key(event), len(number))
    named = [Event(element, name, h if h >= 0 else np.nan) for element, name, h in number]
    alone = [_dark(network, event) for event in named]
    pairs = [(number[_key(a)], number[_key(b)]) for a, b in twins]
    asked = [*combinations(range(len(ranked)), 2), *pairs]
    joint = [
        pair
        for a, b in dict.fromkeys((min(two), max(two)) for two in asked)
        if (pair := _together(network, named, alone, a, b)) is not None
    ]
    names = network.backhaul.names

    def ids(numbers: set[int]) -> Sites:
        return frozenset(str(names[i]) for i in numbers)

    single = [ids(sites) for _, sites in alone]
    judged.judge([*single, *(ids(pair.sites) for pair in joint)], progress)
    found = []
    for pair in joint:
        apart = (judged.felt(single[pair.a]), judged.felt(single[pair.b]))
        row = _row(pair, named, alone, judged.felt(ids(pair.sites)), apart)
        if row["people_more"] >= FELT or max(row[c] for c in _COUNTS) > 0:
            found.append(row)
    table = pd.DataFrame(found, columns=list(COLUMNS))
    by = ["people_more", *_COUNTS, "people_without_signal"]
    table = table.sort_values(by, ascending=False, na_position="last", kind="stable")
    return table.head(MOST).reset_index(drop=True)


_COUNTS: Final = ("villages_more", "communes_more", "sites_more")


def _key(event: Event) -> tuple[str, str, float]:
    """Return an event as a key: what is no number equals itself in none."""
    return event.element, event.id, -1.0 if np.isnan(event.hours) else event.hours


def _dark(network: Network, *events: Event) -> _Dark:
    centres, sites = network.follow(*events)
    return set(centres), set(sites)


def _together(
    network: Network, named: list[Event], alone: list[_Dark], a: int, b: int
) -> _Joint | None:
    """Return what two events darken at once; None where that is no more than one of them does."""
    centres, sites = _dark(network, named[a], named[b])
    if any(centres == own and sites == dark for own, dark in (alone[a], alone[b])):
        return None
    return _Joint(a, b, centres, sites)


def _row(
    pair: _Joint,
    named: list[Event],
    alone: list[_Dark],
    villages: Felt,
    apart: tuple[Felt, Felt],
) -> dict[str, Any]:
    a, b = named[pair.a], named[pair.b]
    (centres_a, sites_a), (centres_b, sites_b) = alone[pair.a], alone[pair.b]
    more = _beyond(villages, apart)
    values = (
        *(a.element, a.id, a.hours, b.element, b.id, b.hours),
        *(len(pair.centres), len(pair.sites), villages.lower, villages.lost),
        len(pair.centres - centres_a - centres_b),
        len(pair.sites - sites_a - sites_b),
        *more,
    )
    return dict(zip(COLUMNS, values, strict=True))


def _beyond(both: Felt, apart: tuple[Felt, Felt]) -> tuple[int, float]:
    """Return villages graded lower, and people who lose signal, beyond two losses alone."""
    rank, lost = both.before, np.zeros(len(both.row))
    for part in apart:
        _, here, there = np.intersect1d(both.row, part.row, assume_unique=True, return_indices=True)
        rank = rank.copy()
        rank[here] = np.maximum(rank[here], part.after[there])
        lost[here] += np.nan_to_num(part.people[there])
    more = np.maximum(both.people - lost, 0.0)
    known = np.isfinite(more).any() or not len(more)
    return int((both.after > rank).sum()), float(np.nansum(more)) if known else np.nan
