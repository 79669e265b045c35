"""Which roads a plan may need: those not farther from what is wanted than lit fibre is.

A country has millions of road edges, and a plan uses a few thousand. Where a road leads on beyond
what is kept, what lies there counts as lit: so nothing is left out that would make a plan cheaper,
and a lower bound of what is kept is one of the whole. A plan that goes nowhere beyond is a plan of
the whole, too; one that does says that more has to be kept.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from phusong.fiber.extension.candidates import road_usd
from phusong.fiber.extension.pricing import offroad_usd_per_km
from phusong.fiber.extension.roadside import edges_near, gap_to, roads_at
from phusong.fiber.extension.shortcuts import samples
from phusong.fiber.heap import pop_entry, push_entry
from phusong.fiber.network.csr import Graph
from phusong.fiber.network.network import Network, points_at
from phusong.fiber.network.paths import cheapest_in
from phusong.fiber.network.polylines import Bools, Floats, Ints
from phusong.jit import njit
from phusong.study import Extension

WHOLE = 300_000
"""Edges up to which all roads are kept."""
REACHES = (1.5, 4.0, np.inf)
"""How far to look at first, and where a plan leads beyond: in ways to lit fibre."""
SPARE_KM = 2.0
"""How far to look beside that, along a road of the default kind."""
CHUNK = 500_000
"""Nodes that are looked at together."""


@dataclass(frozen=True)
class Zone:
    """Roads that may be needed.

    Attributes
    ----------
    roads
        Their network.
    beyond
        (nodes,) those at which roads lead on that are left out.
    """

    roads: Network
    beyond: Bools


def zone_of(
    roads: Network,
    fibre: NDArray[np.object_],
    fibre_part: Ints,
    targets: NDArray[np.object_],
    prices: Extension,
    *,
    reach: float,
    most: int = WHOLE,
) -> Zone:
    """Keep the roads that lead from targets to lit fibre without long detours.

    From a target, or from fibre that lies dark, a way is followed as long as no stretch at its
    end costs more than ``reach`` times what joins the beginning of that stretch to lit fibre, and
    ``SPARE_KM``. Where no road leads to lit fibre, all roads are kept, and those on which ways off
    the road may land.

    Parameters
    ----------
    roads, fibre, fibre_part, targets, prices
        As in :func:`.candidates.build_candidates`.
    reach
        At least 1; infinite to keep all.
    most
        Edges up to which all are kept.
    """
    if np.isinf(reach) or len(roads.graph) <= most:
        return Zone(roads, np.zeros(roads.graph.nodes, dtype=bool))
    kept, edges = _needed(roads, fibre, fibre_part, targets, prices, reach)
    part, nodes = roads.part(edges)
    return Zone(part, ~kept[nodes])


def _needed(
    roads: Network,
    fibre: NDArray[np.object_],
    fibre_part: Ints,
    targets: NDArray[np.object_],
    prices: Extension,
    reach: float,
) -> tuple[Bools, Ints]:
    """Return (nodes,) whether one is within reach, and the edges at those and at targets."""
    usd = road_usd(roads, prices)
    graph = Graph(roads.graph.nodes, roads.graph.tail, roads.graph.head)  # its arcs are for here
    lit, dark = fibre[fibre_part == 0], fibre[fibre_part > 0]
    to_lit, _ = cheapest_in(graph, usd, *_ends_beside(roads, usd, lit, prices))
    spare = SPARE_KM * prices.usd_per_km * prices.route_factor
    room = reach * to_lit + spare
    who, edge, along, _ = roads_at(roads, targets, prices.access_m)
    whole_m = np.maximum(roads.to_m[edge] - roads.from_m[edge], 1e-3)
    to_tail = usd[edge] * np.minimum(along / whole_m, 1.0)
    to_head = usd[edge] - to_tail
    tail, head = graph.tail[edge], graph.head[edge]
    own = reach * np.minimum(to_lit[tail] + to_tail, to_lit[head] + to_head) + spare
    at_dark, _ = _ends_beside(roads, usd, dark, prices)
    start = np.concatenate([tail, head, at_dark])
    left = np.concatenate([own - to_tail, own - to_head, room[at_dark]])

    def spread(landing: Ints) -> Bools:
        arcs = graph.indptr, graph.arc_edge, graph.arc_head
        begin = np.concatenate([start, landing]), np.concatenate([left, room[landing]])
        return np.asarray(_within(*arcs, usd, room, *begin))

    kept = spread(np.zeros(0, np.int64))
    if prices.offroad_max_km > 0:
        alone = np.ones(len(targets), dtype=bool)
        alone[who[np.isfinite(own)]] = False
        shores = shapely.get_coordinates(targets[alone])
        shores = np.concatenate([shores, _dark_shores(roads, dark, to_lit, prices)])
        before = -1
        # Where ways land, roads may lead to other shores.
        while (islands := np.flatnonzero(kept & np.isinf(to_lit))).size > before:
            before = islands.size
            xy = np.concatenate([shores, _places(roads, islands)])
            kept = spread(_nodes_within(roads, xy, 1000.0 * prices.offroad_max_km))
    chosen = kept[graph.tail] | kept[graph.head]
    chosen[edge] = True
    return kept, np.flatnonzero(chosen)


def _ends_beside(
    roads: Network, usd: Floats, fibre: NDArray[np.object_], prices: Extension
) -> tuple[Ints, Floats]:
    """Return nodes from which fibre is spliced to, and what that costs at most."""
    if not len(fibre):
        return np.zeros(0, np.int64), np.zeros(0)
    tree = shapely.STRtree(fibre)
    edges, geometry = edges_near(roads, fibre, prices.access_m)
    gap = gap_to(tree, geometry, prices.access_m)
    edges, gap = edges[np.isfinite(gap)], gap[np.isfinite(gap)]
    usd_per_m = float(offroad_usd_per_km(prices, np.zeros(1))[0]) / 1000.0
    ends = np.concatenate([roads.graph.tail[edges], roads.graph.head[edges]])
    straight = gap_to(tree, points_at(roads, ends), prices.access_m) * usd_per_m
    along = np.tile(gap * usd_per_m + usd[edges], 2)
    return ends, np.minimum(straight, along)


def _dark_shores(
    roads: Network, dark: NDArray[np.object_], to_lit: Floats, prices: Extension
) -> Floats:
    """Return places on dark fibre from which no road leads to lit fibre."""
    if not len(dark):
        return np.zeros((0, 2))
    edges, geometry = edges_near(roads, dark, prices.access_m)
    joined = np.isfinite(to_lit[roads.graph.tail[edges]])
    apart = np.ones(len(dark), dtype=bool)
    if joined.any():
        apart = np.isinf(gap_to(shapely.STRtree(geometry[joined]), dark, prices.access_m))
    return samples(dark[apart])[0]


def _places(roads: Network, nodes: Ints) -> Floats:
    return np.stack([roads.x_m[nodes], roads.y_m[nodes]], axis=1)


def _nodes_within(roads: Network, xy: Floats, within_m: float) -> Ints:
    """Return the nodes within a distance of any of (p, 2) places."""
    if not len(xy):
        return np.zeros(0, np.int64)
    tree, found = cKDTree(xy), []
    for first in range(0, roads.graph.nodes, CHUNK):
        some = np.arange(first, min(first + CHUNK, roads.graph.nodes))
        gap, _ = tree.query(_places(roads, some), distance_upper_bound=within_m)
        found.append(some[np.isfinite(gap)])
    return np.concatenate(found)


@njit(cache=True)
def _within(
    indptr: Ints,
    arc_edge: Ints,
    arc_head: Ints,
    usd: Floats,
    room: Floats,
    start: Ints,
    start_left: Floats,
) -> Bools:
    """Spread from nodes while something is left; what is left never exceeds a node's room.

    The node with most left goes on first, so that each is settled once.
    """
    left = np.full(len(room), -1.0)
    keys = np.empty(len(arc_edge) + len(start) + 1)
    items = np.empty(len(keys), np.int64)
    size = 0
    for i in range(len(start)):
        v, rest = start[i], min(start_left[i], room[start[i]])
        if rest > left[v] and rest >= 0.0:
            left[v] = rest
            size = push_entry(keys, items, size, -rest, v)
    while size:
        most, v = -keys[0], items[0]
        size = pop_entry(keys, items, size)
        if most < left[v]:
            continue
        for a in range(indptr[v], indptr[v + 1]):
            w = arc_head[a]
            rest = min(most - usd[arc_edge[a]], room[w])
            if rest > left[w] and rest >= 0.0:
                left[w] = rest
                size = push_entry(keys, items, size, -rest, w)
    return left >= 0.0
