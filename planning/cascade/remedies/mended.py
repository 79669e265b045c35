"""What works mend: the events as they were, followed again through the network as built."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.spatial import KDTree

from phusong.frames import rows
from phusong.planning.cascade.judged import FELT, Judged
from phusong.planning.cascade.losable import Network, Taken

Names = frozenset[str]
Key = tuple[str, str, float]
SAME_M = 1.0
"""A joint no farther than this from where one was is the same."""


@dataclass(frozen=True)
class Mended:
    """What became of events.

    Attributes
    ----------
    events_mended, events_eased
        Events that darken nothing any more; that darken less.
    communes, sites
        Codes, and ids, that some event darkened and does no longer.
    villages
        Villages that lose less in some event: a better grade, or one person at least.
    people
        In each of them those that keep signal in the event that gains most.
    """

    events_mended: int
    events_eased: int
    communes: int
    sites: int
    villages: int
    people: float


def what_mends(
    before: Network, events: pd.DataFrame, after: Network, then: pd.DataFrame, judged: Judged
) -> Mended:
    """Compare events with what they darken once works are built.

    Parameters
    ----------
    before, events
        The network as it stands, and its events.
    after, then
        The network as built, and its events.
    judged
        Villages under the events; those under what is left of them are added.
    """
    left = _Left(before, after, then)
    pairs = [(frozenset(row.communes), frozenset(row.sites), *left.of(row)) for row in rows(events)]
    judged.judge([sites for *_, sites in pairs])
    communes: set[str] = set()
    sites: set[str] = set()
    gained: dict[int, float] = {}
    mended = eased = 0
    for communes_before, sites_before, communes_after, sites_after in pairs:
        if communes_after == communes_before and sites_after == sites_before:
            continue
        mended += not communes_after and not sites_after
        eased += bool(communes_after or sites_after)
        communes |= communes_before - communes_after
        sites |= sites_before - sites_after
        if sites_after != sites_before:
            _gain(judged, sites_before, sites_after, gained)
    return Mended(mended, eased, len(communes), len(sites), len(gained), sum(gained.values()))


def _gain(judged: Judged, before: Names, after: Names, gained: dict[int, float]) -> None:
    """Note, by village, the people that keep signal."""
    was, still = judged.felt(before), judged.felt(after)
    _, here, there = np.intersect1d(was.row, still.row, assume_unique=True, return_indices=True)
    rank, people = was.before.copy(), np.zeros(len(was.row))
    rank[here], people[here] = still.after[there], np.nan_to_num(still.people[there])
    more = np.nan_to_num(was.people) - people
    for i in np.flatnonzero((rank < was.after) | (more >= FELT)).tolist():
        row = int(was.row[i])
        gained[row] = max(gained.get(row, 0.0), float(more[i]))


class _Left:
    """What events of one network darken in another, in which sections may be parted anew."""

    def __init__(self, before: Network, after: Network, then: pd.DataFrame) -> None:
        self._known: dict[Key, tuple[Names, Names]] = {
            _key(row.element, row.id, row.hours): (frozenset(row.communes), frozenset(row.sites))
            for row in rows(then)
        }
        # Hops and batteries leave the cables as they are.
        self._same = before.fiber.network is after.fiber.network
        if not self._same:
            self._parts = _parts(before, after)
            self._before, self._after = before, after
            network = after.fiber.network
            self._joints = np.flatnonzero(network.pop < 0)
            self._near = KDTree(np.column_stack([network.x_m, network.y_m])[self._joints])

    def of(self, row: Any) -> tuple[Names, Names]:
        """Return the communes and sites that an event darkens still."""
        element, name = str(row.element), str(row.id)
        hours = float(row.hours)
        if self._same or element in {"pop", "site", "hazard", "feeder"}:
            return self._known.get(_key(element, name, hours), _NOTHING)
        if element == "node":
            return self._at_node(row, int(name[1:]))
        if element == "group":
            return self._of_group(name)
        parts = self._parts.get(name, ())
        return _union([self._known.get(_key(element, part, np.nan), _NOTHING) for part in parts])

    def _at_node(self, row: Any, node: int) -> tuple[Names, Names]:
        network = self._before.fiber.network
        away, nearest = self._near.query([network.x_m[node], network.y_m[node]])
        if away > SAME_M:
            return frozenset(row.communes), frozenset(row.sites)
        name = f"N{self._joints[nearest]}"
        return self._known.get(_key("node", name, np.nan), _NOTHING)

    def _of_group(self, name: str) -> tuple[Names, Names]:
        ids = self._before.fiber.edges["edge_id"].to_numpy(dtype=object)
        edges = [
            self._after.edges[part]
            for e in self._before.fiber.groups[name].tolist()
            for part in self._parts.get(str(ids[e]), ())
        ]
        centres, sites = self._after.followed(Taken(np.array(edges, dtype=np.int64), _NONE, _NONE))
        hanging, names = self._after.fiber.hanging, self._after.backhaul.names
        return (
            frozenset(str(hanging.code[i]) for i in centres),
            frozenset(str(names[i]) for i in sites),
        )


_NOTHING: tuple[Names, Names] = (frozenset(), frozenset())
_NONE = np.zeros(0, dtype=np.int64)


def _union(found: list[tuple[Names, Names]]) -> tuple[Names, Names]:
    communes, sites = zip(*[_NOTHING, *found], strict=True)
    return frozenset().union(*communes), frozenset().union(*sites)


def _key(element: object, name: object, hours: float) -> Key:
    return str(element), str(name), -1.0 if np.isnan(hours) else float(hours)


def _parts(before: Network, after: Network) -> dict[str, tuple[str, ...]]:
    """Return, by section, the sections that stretch of cable consists of; tails by their PoP.

    New cable comes after all others, so that lines keep their numbers.
    """
    old, new = _stretches(before), _stretches(after)
    joined = old.merge(new, on="line", suffixes=("", "_new"))
    overlap = np.minimum(joined["to"], joined["to_new"]) - np.maximum(
        joined["from"], joined["from_new"]
    )
    parts = joined[overlap > 1e-3].groupby("edge", sort=False)["edge_new"].agg(tuple).to_dict()
    tails = _tails(after)
    parts |= {name: (tails[pop],) for pop, name in _tails(before).items() if pop in tails}
    return {str(k): tuple(v) for k, v in parts.items()}


def _stretches(network: Network) -> pd.DataFrame:
    graph = network.fiber.network
    drawn = graph.line >= 0
    return pd.DataFrame(
        {
            "edge": network.fiber.edges["edge_id"].to_numpy(dtype=object)[drawn],
            "line": graph.line[drawn],
            "from": graph.from_m[drawn],
            "to": graph.to_m[drawn],
        }
    )


def _tails(network: Network) -> dict[int, str]:
    """Return the tail beside its cable of each PoP."""
    graph = network.fiber.network
    ids = network.fiber.edges["edge_id"].to_numpy(dtype=object)
    out: dict[int, str] = {}
    for e in np.flatnonzero(graph.beside).tolist():
        pop = max(int(graph.pop[graph.graph.tail[e]]), int(graph.pop[graph.graph.head[e]]))
        out.setdefault(pop, str(ids[e]))
    return out
