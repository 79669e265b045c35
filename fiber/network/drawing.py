"""A network from lines as they were drawn, and from the PoPs that enter them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from phusong.errors import InputError, Where
from phusong.fiber.network.csr import Graph
from phusong.fiber.network.ground import Heights, ground_lengths
from phusong.fiber.network.network import JOINT, POP_LINK, Network
from phusong.fiber.network.noding import Noding, node_lines
from phusong.fiber.network.polylines import Floats, Ints, Lines

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def build_network(
    lines: gpd.GeoDataFrame,
    pops: gpd.GeoDataFrame | None = None,
    *,
    snap_m: float,
    pop_snap_m: float = 0.0,
    join_crossings: bool = False,
    heights: Heights | None = None,
    step_m: float = 30.0,
) -> Network:
    """Make a network of lines as they were drawn.

    Parameters
    ----------
    lines
        LineStrings in a projected metric CRS; column ``in_service`` (bool) where some do not
        carry traffic.
    pops
        Points that enter every line (in service or not) within ``pop_snap_m``.
    snap_m
        Ends nearer than this to each other, or to a line, are joined.
    pop_snap_m
        How far from a line a PoP may lie; by default on it.
    join_crossings
        Whether lines that cross without a common vertex are joined.
    heights
        Ground heights, see :func:`.ground.terrain_heights`; None: planar lengths.
    step_m
        Longest step along a line between two heights.

    Raises
    ------
    InputError
        When the CRS is absent, geographic or not in metres.
    """
    crs = metric_crs(lines)
    flat = Lines.of(lines.geometry.to_numpy())
    noding = node_lines(flat, snap_m, join_crossings=join_crossings)
    length, steep = ground_lengths(flat, noding.line, noding.from_m, noding.to_m, heights, step_m)
    joints = len(noding.joint_a)

    def with_joints(pieces: NDArray[Any], theirs: ArrayLike) -> NDArray[Any]:
        return np.concatenate([pieces, theirs]) if joints else pieces  # no copy of millions

    service = (
        lines["in_service"].to_numpy(dtype=bool)
        if "in_service" in lines
        else np.ones(len(lines), dtype=bool)
    )
    network = Network(
        crs=crs,
        graph=Graph(
            len(noding.node_xy),
            with_joints(noding.tail, noding.joint_a),
            with_joints(noding.head, noding.joint_b),
        ),
        x_m=noding.node_xy[:, 0],
        y_m=noding.node_xy[:, 1],
        pop=np.full(len(noding.node_xy), -1, dtype=np.int64),
        line=with_joints(noding.line, np.full(joints, JOINT)),
        from_m=with_joints(noding.from_m, np.zeros(joints)),
        to_m=with_joints(noding.to_m, noding.joint_m),
        length_m=with_joints(length, noding.joint_m),
        steepness=with_joints(steep, np.zeros(joints)),
        in_service=with_joints(service[noding.line], np.ones(joints, dtype=bool)),
        lines=flat,
        source=pd.DataFrame(lines.drop(columns=lines.geometry.name)).reset_index(drop=True),
        dropped=noding.dropped,
    )
    return network if pops is None else _enter_pops(network, noding, pops, pop_snap_m, snap_m)


def metric_crs(frame: gpd.GeoDataFrame) -> CRS:
    """Return the frame's CRS.

    Raises
    ------
    InputError
        When it is absent, geographic or not in metres.
    """
    crs = frame.crs
    if crs is None or not crs.is_projected or crs.axis_info[0].unit_name != "metre":
        raise InputError(
            "lines must come in a projected CRS in metres, not in {crs}",
            Where(key="crs"),
            "reproject them first, e.g. frame.to_crs(frame.estimate_utm_crs())",
            {"crs": crs.name if crs is not None else "no CRS"},
        )
    return CRS.from_user_input(crs)


def _enter_pops(
    network: Network, noding: Noding, pops: gpd.GeoDataFrame, pop_snap_m: float, snap_m: float
) -> Network:
    """Add a node per PoP, and its tail to every line that passes within ``pop_snap_m``."""
    xy = shapely.get_coordinates(pops.geometry.to_numpy()).reshape(-1, 2)
    which, line = _lines_near(network.lines, xy, pop_snap_m)
    place = network.lines.project(xy[which], line, np.full(len(which), np.nan), 0.0)
    edge = _edge_at(noding, line, place[:, 0])
    held = edge >= 0
    which, edge, s_m = which[held], edge[held], place[held, 0]
    along = np.clip(s_m - network.from_m[edge], 0.0, network.to_m[edge] - network.from_m[edge])
    rest = network.to_m[edge] - network.from_m[edge] - along
    along = np.where(along <= snap_m, 0.0, np.where(rest <= snap_m, along + rest, along))
    network, node = network.split(edge, along)
    first = network.graph.nodes
    pairs = np.unique(np.stack([which, node], axis=1), axis=0).reshape(-1, 2)
    which, node = pairs[:, 0], pairs[:, 1]
    gap = np.hypot(xy[which, 0] - network.x_m[node], xy[which, 1] - network.y_m[node])
    none, zeros = np.full(len(which), POP_LINK), np.zeros(len(which))
    return replace(
        network,
        graph=Graph(
            first + len(xy),
            np.concatenate([network.graph.tail, first + which]),
            np.concatenate([network.graph.head, node]),
        ),
        x_m=np.concatenate([network.x_m, xy[:, 0]]),
        y_m=np.concatenate([network.y_m, xy[:, 1]]),
        pop=np.concatenate([network.pop, np.arange(len(xy))]),
        line=np.concatenate([network.line, none]),
        from_m=np.concatenate([network.from_m, zeros]),
        to_m=np.concatenate([network.to_m, gap]),
        length_m=np.concatenate([network.length_m, gap]),
        steepness=np.concatenate([network.steepness, zeros]),
        in_service=np.concatenate([network.in_service, np.ones(len(which), dtype=bool)]),
    )


def _lines_near(lines: Lines, xy: Floats, reach_m: float) -> tuple[Ints, Ints]:
    """Return (point, line) pairs not farther apart than ``reach_m``, sorted."""
    if not len(lines) or not len(xy):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    which, line = shapely.STRtree(lines.geometry).query(shapely.points(xy), "dwithin", reach_m)
    order = np.lexsort((line, which))
    return which[order].astype(np.int64), line[order].astype(np.int64)


def _edge_at(noding: Noding, line: Ints, s_m: Floats) -> Ints:
    """Return the piece that holds ``s_m`` of ``line``; -1 where a joint swallowed it."""
    if not len(noding.line):
        return np.full(len(line), -1, dtype=np.int64)
    lo = np.searchsorted(noding.line, line, side="left")
    hi = np.searchsorted(noding.line, line, side="right")
    out = np.full(len(line), -1, dtype=np.int64)
    for i in range(len(line)):
        stretch = noding.from_m[lo[i] : hi[i]]
        if len(stretch):
            k = max(0, int(np.searchsorted(stretch, s_m[i], side="right")) - 1)
            out[i] = lo[i] + k
    return out
