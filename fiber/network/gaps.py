"""Gaps in a drawing: questions for the owner of the cables, never closed here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from phusong.fiber.network.crossings import count_crossings, crossing_points
from phusong.fiber.network.network import Network, points_at
from phusong.fiber.network.polylines import Floats, Ints, Lines
from phusong.i18n import tr

SUGGESTIONS: Mapping[str, str] = {
    "end_end": "ask whether {a} and {b} are joined; if so, draw them to one point",
    "end_line": "ask whether {a} ends on {b}; if so, draw its end onto it",
    "line_line": "{a} and {b} belong to separate parts and come close; ask whether they are joined",
    "pop_line": "ask whether {b} enters {a}; if so, draw it to the PoP",
    "pop_far": "no cable is near {a}; check the place of the PoP, or add its cable",
    "crossing": "ask whether {a} and {b} are joined where they cross; if so, give both a vertex",
}
"""What to do about a gap, by its kind."""

MOST_CROSSINGS = 20_000
"""Crossings that are listed, at most: nobody asks the owner about more."""

COLUMNS = ("kind", "gap_m", "a", "b", "joins_parts", "lon", "lat", "suggestion", "geometry")


@dataclass(frozen=True)
class _Misses:
    """Gaps of one kind: edges or PoPs ``a`` and ``b``, and the shortest line between."""

    kind: NDArray[np.object_]
    a: NDArray[np.object_]
    b: NDArray[np.object_]
    joins: NDArray[np.bool_]
    line: NDArray[np.object_]


def find_gaps(
    network: Network,
    edge_ids: NDArray[np.object_],
    pop_ids: Sequence[str],
    near_m: float,
    *,
    snap_m: float,
    crossings: bool = True,
) -> gpd.GeoDataFrame:
    """List the near misses that are left once the lines are noded.

    Parameters
    ----------
    network, edge_ids, pop_ids
        The network and the names of its edges and PoPs.
    near_m
        Widest gap that is asked about.
    snap_m
        Lines that cross this near a joint of theirs are joined there: a slip of the pen.
    crossings
        Whether to list lines that cross without a joint.

    Returns
    -------
    geopandas.GeoDataFrame
        One row a gap, narrowest first: ``kind`` (a key of ``SUGGESTIONS``), ``gap_m``, ``a``,
        ``b`` (names), ``joins_parts`` (closing it would join separate parts), ``lon``,
        ``lat`` and ``geometry`` (the middle of the gap), ``suggestion``.
    """
    part = network.graph.components()
    found = [
        _dangling(network, part, edge_ids, near_m),
        _between_parts(network, part, edge_ids, near_m),
        _pop_gaps(network, edge_ids, pop_ids, near_m),
    ]
    if crossings:
        found.append(_crossings(network, part, edge_ids, snap_m))
    table = pd.DataFrame(
        {
            "kind": np.concatenate([m.kind for m in found]),
            "gap_m": shapely.length(np.concatenate([m.line for m in found])),
            "a": np.concatenate([m.a for m in found]),
            "b": np.concatenate([m.b for m in found]),
            "joins_parts": np.concatenate([m.joins for m in found]),
        }
    )
    line = np.concatenate([m.line for m in found])
    middle = shapely.line_interpolate_point(line, 0.5, normalized=True)
    table["lon"], table["lat"] = lon_lat(network.crs, shapely.get_coordinates(middle))
    table["suggestion"] = [
        tr(SUGGESTIONS[k], a=a, b=b)
        for k, a, b in zip(table["kind"], table["a"], table["b"], strict=True)
    ]
    frame = gpd.GeoDataFrame(table, geometry=middle, crs=network.crs)
    fresh = ~_already_asked(frame)
    ranked = frame[fresh].sort_values(["gap_m", "a", "b"], kind="stable")
    return gpd.GeoDataFrame(ranked.reset_index(drop=True)[list(COLUMNS)])


def many_crossings(network: Network) -> bool:
    """Say whether lines cross more often than is listed."""
    drawn = Lines.of(network.geometry[network.line >= 0])
    return count_crossings(drawn, MOST_CROSSINGS) > MOST_CROSSINGS


def lon_lat(crs: CRS, xy: Floats) -> tuple[Floats, Floats]:
    """Return (lon, lat) of (k, 2) points, degrees on WGS 84."""
    lon, lat = Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform(xy[:, 0], xy[:, 1])
    return np.asarray(lon), np.asarray(lat)


def _already_asked(frame: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    """Whether the same pair was listed before, from its other end or as a closer kind."""
    pair = pd.DataFrame(np.sort(frame[["a", "b"]].to_numpy(dtype=str), axis=1))
    place = shapely.get_coordinates(frame.geometry.to_numpy()).round(0)
    pair["x"], pair["y"] = place[:, 0], place[:, 1]
    return np.asarray(pair.duplicated().to_numpy(dtype=bool))


def _dangling(
    network: Network, part: Ints, edge_ids: NDArray[np.object_], near_m: float
) -> _Misses:
    """For each loose end, the nearest edge that is not its own nor beside its own."""
    g = network.graph
    loose = np.flatnonzero((g.degree == 1) & (network.pop < 0))
    own = g.arc_edge[g.indptr[loose]]
    place = points_at(network, loose)
    drawn = np.flatnonzero(network.line >= 0)
    who, at = _within(place, network.geometry[drawn], near_m)
    edge = drawn[at]
    mine = own[who]
    far_end = g.tail[mine] + g.head[mine] - loose[who]
    beside = (g.tail[edge] == far_end) | (g.head[edge] == far_end)
    open_ = (edge != mine) & ~beside & (network.line[edge] != network.line[mine])
    who, edge = who[open_], edge[open_]
    gap = shapely.distance(place[who], network.geometry[edge])
    order = np.lexsort((edge, gap, who))
    first = order[np.unique(who[order], return_index=True)[1]]
    who, edge = who[first], edge[first]
    line = shapely.shortest_line(place[who], network.geometry[edge])
    touch = shapely.get_coordinates(line)[1::2]
    is_loose = np.zeros(g.nodes, dtype=bool)
    is_loose[loose] = True
    at_end = np.zeros(len(edge), dtype=bool)
    for end in (g.tail[edge], g.head[edge]):
        gap_to_end = np.hypot(network.x_m[end] - touch[:, 0], network.y_m[end] - touch[:, 1])
        at_end |= is_loose[end] & (gap_to_end < 1e-3)
    return _Misses(
        np.where(at_end, "end_end", "end_line").astype(object),
        edge_ids[own[who]],
        edge_ids[edge],
        part[loose[who]] != part[g.tail[edge]],
        line,
    )


def _within(
    points: NDArray[np.object_], geometry: NDArray[np.object_], reach_m: float
) -> tuple[Ints, Ints]:
    who, at = shapely.STRtree(geometry).query(points, "dwithin", reach_m)
    order = np.lexsort((at, who))
    return who[order].astype(np.int64), at[order].astype(np.int64)


def _between_parts(
    network: Network, part: Ints, edge_ids: NDArray[np.object_], near_m: float
) -> _Misses:
    """Find the closest approach of every two separate parts, where no loose end is nearer."""
    drawn = np.flatnonzero(network.line >= 0)
    own = part[network.graph.tail[drawn]]
    if not len(own):
        return _none()
    biggest = np.bincount(own).argmax()
    small = np.flatnonzero(own != biggest)
    who, at = _within(network.geometry[drawn[small]], network.geometry[drawn], near_m)
    a, b = small[who], at
    apart = own[a] != own[b]
    a, b = a[apart], b[apart]
    gap = shapely.distance(network.geometry[drawn[a]], network.geometry[drawn[b]])
    low, high = np.minimum(own[a], own[b]), np.maximum(own[a], own[b])
    order = np.lexsort((b, a, gap, high, low))
    pairs = np.stack([low, high], axis=1)[order]
    first = order[np.unique(pairs, axis=0, return_index=True)[1]]
    first = first[gap[first] > 0]  # where they cross, the crossing is the question
    edge_a, edge_b = drawn[a[first]], drawn[b[first]]
    line = shapely.shortest_line(network.geometry[edge_a], network.geometry[edge_b])
    ends = shapely.get_coordinates(line).reshape(-1, 2, 2)
    loose = network.graph.degree == 1
    at_loose = np.zeros(len(first), dtype=bool)
    for edge, side in ((edge_a, 0), (edge_b, 1)):
        for end in (network.graph.tail[edge], network.graph.head[edge]):
            d = np.hypot(network.x_m[end] - ends[:, side, 0], network.y_m[end] - ends[:, side, 1])
            at_loose |= loose[end] & (d < 1e-3)
    keep = ~at_loose
    return _Misses(
        np.full(int(keep.sum()), "line_line", dtype=object),
        edge_ids[edge_a[keep]],
        edge_ids[edge_b[keep]],
        np.ones(int(keep.sum()), dtype=bool),
        line[keep],
    )


def _none() -> _Misses:
    empty = np.empty(0, dtype=object)
    return _Misses(empty, empty, empty, np.zeros(0, dtype=bool), empty)


def _pop_gaps(
    network: Network, edge_ids: NDArray[np.object_], pop_ids: Sequence[str], near_m: float
) -> _Misses:
    """PoPs that no line enters."""
    pops = network.pop_nodes
    alone = pops[network.graph.degree[pops] == 0]
    drawn = np.flatnonzero(network.line >= 0)
    if not len(alone):
        return _none()
    place = points_at(network, alone)
    names = np.array([pop_ids[i] for i in network.pop[alone]], dtype=object)
    if not len(drawn):
        at, line = np.full(len(alone), "", dtype=object), shapely.shortest_line(place, place)
    else:
        _, near = shapely.STRtree(network.geometry[drawn]).query_nearest(place, all_matches=False)
        line = shapely.shortest_line(place, network.geometry[drawn[near]])
        at = edge_ids[drawn[near]]
    close = (shapely.length(line) <= near_m) & (len(drawn) > 0)
    return _Misses(
        np.where(close, "pop_line", "pop_far").astype(object),
        names,
        at,
        np.ones(len(alone), dtype=bool),
        line,
    )


def _crossings(
    network: Network, part: Ints, edge_ids: NDArray[np.object_], snap_m: float
) -> _Misses:
    drawn = np.flatnonzero(network.line >= 0)
    a, b, xy = crossing_points(Lines.of(network.geometry[drawn]), 2.0 * snap_m)
    a, b = drawn[a], drawn[b]
    g = network.graph
    joined = np.zeros(len(a), dtype=bool)
    for end in (g.tail[a], g.head[a]):
        common = (end == g.tail[b]) | (end == g.head[b])
        gap = np.hypot(network.x_m[end] - xy[:, 0], network.y_m[end] - xy[:, 1])
        joined |= common & (gap <= 2.0 * snap_m)
    keep = ~joined & (network.line[a] != network.line[b])
    a, b, xy = a[keep], b[keep], xy[keep]
    if not len(a):
        return _none()
    line = np.asarray(shapely.linestrings(np.stack([xy, xy], axis=1)), dtype=object)
    return _Misses(
        np.full(len(a), "crossing", dtype=object),
        edge_ids[a],
        edge_ids[b],
        part[g.tail[a]] != part[g.tail[b]],
        line,
    )
