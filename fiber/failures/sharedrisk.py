"""Cables that one event takes together: named so by their owner, or side by side on the ground."""

from __future__ import annotations

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from phusong.fiber.network.network import Network
from phusong.fiber.network.polylines import Ints

STEP_M = 100.0
"""How often along a cable its neighbours are looked for."""


def risk_groups(
    network: Network, ring: Ints, edge_ids: NDArray[np.object_], near_m: float
) -> dict[str, Ints]:
    """Return the edges of each shared-risk group, by name.

    Parameters
    ----------
    network, edge_ids
        Cables in service, and the names of the edges.
    ring
        (edges,) ring system of each edge, -1 for bridges: what a bridge isolates needs no
        second cable to fall.
    near_m
        Cables that run this near to each other are one group (named ``C1.2~C5.1``); 0 leaves
        only the groups of the cables' ``group`` column.
    """
    groups = _named(network)
    if near_m > 0:
        groups |= _side_by_side(network, ring, edge_ids, near_m)
    return groups


def _named(network: Network) -> dict[str, Ints]:
    if "group" not in network.source:
        return {}
    names = network.source["group"].to_numpy(dtype=object)
    drawn = np.flatnonzero(network.cable)
    label = names[network.line[drawn]]
    has = ~pd.isna(label) & (label != "")
    frame = pd.DataFrame({"group": label[has].astype(str), "edge": drawn[has]})
    return {str(k): v.to_numpy() for k, v in frame.groupby("group")["edge"]}


def _side_by_side(
    network: Network, ring: Ints, edge_ids: NDArray[np.object_], near_m: float
) -> dict[str, Ints]:
    """Group ring edges of different lines that run within ``near_m`` of each other."""
    edges = np.flatnonzero(network.cable & (ring >= 0))
    place, owner = _places(network.geometry[edges], near_m)
    if not len(place):
        return {}
    at, other = shapely.STRtree(network.geometry[edges]).query(place, "dwithin", near_m)
    a, b = edges[owner[at]], edges[other]
    apart = (network.line[a] != network.line[b]) & (ring[a] == ring[b])
    at, a, b = at[apart], a[apart], b[apart]
    apart = ~_meet_near(network, place[at], a, b, 2.0 * near_m)
    members = pd.DataFrame(
        {"at": np.tile(at[apart], 2), "edge": np.concatenate([a[apart], b[apart]])}
    )
    members = members.drop_duplicates().sort_values(["at", "edge"])
    sets = dict.fromkeys(tuple(v) for v in members.groupby("at")["edge"].agg(list))
    return {"~".join(str(edge_ids[e]) for e in group): np.array(group) for group in sets}


def _places(geometry: NDArray[np.object_], near_m: float) -> tuple[NDArray[np.object_], Ints]:
    """Return points along lines, away from their ends, and the line of each."""
    length = shapely.length(geometry)
    inner = length - 4.0 * near_m
    count = np.where(inner > 0, np.ceil(inner / STEP_M), 0).astype(np.int64)
    owner = np.repeat(np.arange(len(geometry)), count)
    nth = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    along = 2.0 * near_m + (nth + 0.5) * inner[owner] / np.maximum(count[owner], 1)
    return np.asarray(shapely.line_interpolate_point(geometry[owner], along)), owner


def _meet_near(
    network: Network, place: NDArray[np.object_], a: Ints, b: Ints, reach_m: float
) -> NDArray[np.bool_]:
    """Whether two edges share a node near a place: there they meet, and do not run together."""
    out = np.zeros(len(a), dtype=bool)
    xy = shapely.get_coordinates(place)
    for end in (network.graph.tail[a], network.graph.head[a]):
        common = (end == network.graph.tail[b]) | (end == network.graph.head[b])
        gap = np.hypot(network.x_m[end] - xy[:, 0], network.y_m[end] - xy[:, 1])
        out |= common & (gap <= reach_m)
    return out
