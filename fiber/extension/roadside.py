"""Places on roads: where targets are near, where fibre passes by, where long roads are cut."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from phusong.fiber.extension.shortcuts import LINKS
from phusong.fiber.network.network import Network, points_at
from phusong.fiber.network.polylines import Floats, Ints
from phusong.study import Extension

STRETCH_M = 1000.0
"""Longer roads get nodes on the way, so that an off-road link can leave them anywhere."""


def edges_near(
    roads: Network, things: NDArray[np.object_], within_m: float
) -> tuple[Ints, NDArray[np.object_]]:
    """Return all edges that may come within a distance of things, ascending, and their geometry.

    Those of whole roads that do, and every joint: of millions of edges few are ever drawn.
    """
    near = np.zeros(len(roads.lines) + 1, dtype=bool)
    near[-1] = True  # joints: they have no line
    used = np.unique(roads.line[roads.line >= 0])
    hit, _ = shapely.STRtree(things).query(roads.lines.geometry[used], "dwithin", within_m)
    near[used[hit]] = True
    edges = np.flatnonzero(near[np.maximum(roads.line, -1)])
    return edges, roads.edge_geometry(edges)


def roads_at(
    roads: Network, targets: NDArray[np.object_], within_m: float
) -> tuple[Ints, Ints, Floats, Floats]:
    """Return what comes within a distance of targets, by target and then by distance.

    Returns
    -------
    target, edge, along_m, gap_m
        (p,) pairs, where on the edge the target is nearest, and how near.
    """
    edges, geometry = edges_near(roads, targets, within_m)
    who, at = shapely.STRtree(geometry).query(targets, "dwithin", within_m)
    gap = shapely.distance(targets[who], geometry[at])
    order = np.lexsort((at, gap, who))
    who, at = who[order].astype(np.int64), at[order]
    along = shapely.line_locate_point(geometry[at], targets[who])
    return who, edges[at], along, gap[order]


def split_roads(
    roads: Network, fibre: NDArray[np.object_], targets: NDArray[np.object_], prices: Extension
) -> tuple[Network, Ints, Ints]:
    """Put nodes on roads where fibre passes by, and where targets are nearest.

    Returns
    -------
    network, node, target
        The network, and (a,) the nodes at which (a,) targets come to the road.
    """
    if not len(roads.graph):
        none = np.zeros(0, np.int64)
        return roads, none, none
    edge_f, along_f = _passing(roads, fibre, prices.access_m)
    who, edge_t, along_t, _ = roads_at(roads, targets, prices.access_m)
    nearest = np.arange(len(who)) - np.searchsorted(who, who) < LINKS
    who, edge_t, along_t = who[nearest], edge_t[nearest], along_t[nearest]
    edge_s, along_s = _stretches(roads.to_m - roads.from_m)
    network, node = roads.split(
        np.concatenate([edge_t, edge_f, edge_s]), np.concatenate([along_t, along_f, along_s])
    )
    return network, node[: len(edge_t)], who


def _stretches(length_m: Floats) -> tuple[Ints, Floats]:
    """Places that cut roads into stretches no longer than ``STRETCH_M``."""
    long = np.flatnonzero(length_m > STRETCH_M)
    parts = np.ceil(length_m[long] / STRETCH_M).astype(np.int64)
    edge = np.repeat(long, parts - 1)
    nth = np.arange(len(edge)) - np.searchsorted(edge, edge) + 1
    return edge, nth * length_m[edge] / np.repeat(parts, parts - 1)


def _passing(roads: Network, fibre: NDArray[np.object_], near_m: float) -> tuple[Ints, Floats]:
    """Road edges that fibre passes within ``near_m`` without passing an end of theirs."""
    if not len(fibre):
        return np.zeros(0, np.int64), np.zeros(0)
    tree = shapely.STRtree(fibre)
    edges, geometry = edges_near(roads, fibre, near_m)
    which, at = tree.query_nearest(geometry, max_distance=near_m, all_matches=False)
    edge, geometry = edges[which], geometry[which]
    line = shapely.shortest_line(geometry, fibre[at])
    along = shapely.line_locate_point(geometry, shapely.get_point(line, 0))
    ends = [points_at(roads, end[edge]) for end in (roads.graph.tail, roads.graph.head)]
    lone = np.minimum(*(gap_to(tree, end, near_m) for end in ends)) > near_m
    return edge[lone].astype(np.int64), along[lone]


def gap_to(tree: shapely.STRtree, points: NDArray[np.object_], reach_m: float) -> Floats:
    """Return (k,) how far points are from what a tree holds; infinite beyond ``reach_m``."""
    out = np.full(len(points), np.inf)
    (who, _), gap = tree.query_nearest(
        points, max_distance=reach_m, return_distance=True, all_matches=False
    )
    out[who] = gap
    return out
