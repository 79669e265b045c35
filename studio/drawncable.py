"""A cable as the hand draws it: along the roads of the study, from point to point."""

from __future__ import annotations

from functools import cached_property
from itertools import pairwise
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer

from phusong.fiber.built import road_network
from phusong.fiber.network.network import Network
from phusong.fiber.network.paths import cheapest_from, way_back
from phusong.results.model import Results
from phusong.sources.alterations.raised import metres_of
from phusong.study.scenario import rounded_degrees

ACCESS_M: Final = 500.0
"""A point farther from every road than this is gone to straight."""
JOIN_M: Final = 150.0
"""A point this near to a cable is put on it: it is meant to join."""
DETOUR: Final = 4.0
"""A way along roads that is this much longer than the straight one is none."""

Floats = NDArray[np.float64]


class Roads:
    """The roads of a study, as ways for cable.

    Parameters
    ----------
    now
        The study as it stands.
    """

    def __init__(self, now: Results) -> None:
        self._now = now

    @cached_property
    def _network(self) -> Network | None:
        """The noded roads; None where the study names none."""
        return (
            road_network(self._now.inputs, self._now.study) if len(self._now.inputs.roads) else None
        )

    @cached_property
    def _tree(self) -> shapely.STRtree:
        assert self._network is not None
        return shapely.STRtree(self._network.edge_geometry())

    def drawn(self, points: list[tuple[float, float]]) -> dict[str, Any]:
        """Return a cable through points.

        Parameters
        ----------
        points
            (longitude, latitude), at least two.

        Returns
        -------
        ``points`` (longitude, latitude), ``km`` along the drawing, ``along_roads``: the share of
        it that follows roads.
        """
        inputs = self._now.inputs
        x_m, y_m = metres_of(inputs, *zip(*points, strict=True))
        stops = [self._joined(shapely.Point(x, y)) for x, y in zip(x_m, y_m, strict=True)]
        way: list[tuple[float, float]] = [(stops[0].x, stops[0].y)]
        followed = 0.0
        for one, other in pairwise(stops):
            line = self._between(one, other)
            if line is not None:
                followed += float(line.length)
                way += [(x, y) for x, y in line.coords]
            way.append((other.x, other.y))
        line = shapely.remove_repeated_points(shapely.LineString(way), 0.01)
        back = Transformer.from_crs(inputs.crs, "EPSG:4326", always_xy=True)
        longitude, latitude = back.transform(*np.asarray(line.coords).T)
        return {
            "points": [
                [rounded_degrees(a), rounded_degrees(b)]
                for a, b in zip(longitude, latitude, strict=True)
            ],
            "km": round(float(line.length) / 1000.0, 3),
            "along_roads": round(min(1.0, followed / max(float(line.length), 1e-9)), 3),
        }

    def _joined(self, point: shapely.Point) -> shapely.Point:
        """Return the place on the nearest cable that a point is meant to join, or the point."""
        cables = self._now.inputs.cables.geometry.to_numpy()
        if not len(cables):
            return point
        away = shapely.distance(cables, point)
        nearest = int(np.argmin(away))
        if away[nearest] > JOIN_M:
            return point
        line: shapely.LineString = cables[nearest]
        on_it: shapely.Point = line.interpolate(line.project(point))
        return on_it

    def _between(self, one: shapely.Point, other: shapely.Point) -> shapely.LineString | None:
        """Return the shortest way along roads; None where there is none that is worth it."""
        network = self._network
        if network is None:
            return None
        edges = self._tree.nearest([one, other])
        lines = network.edge_geometry(edges)
        if (shapely.distance(lines, [one, other]) > ACCESS_M).any():
            return None
        along = shapely.line_locate_point(lines, [one, other])
        split, node = network.split(np.asarray(edges, dtype=np.int64), np.asarray(along))
        graph = split.graph
        cost, before = cheapest_from(
            graph.nodes, graph.tail, graph.head, split.length_m, np.array([node[0]])
        )
        goal = int(node[1])
        if not np.isfinite(cost[goal]) or cost[goal] > DETOUR * max(one.distance(other), 100.0):
            return None
        path = way_back(graph.tail, graph.head, before, goal)
        return _strung(split, path, int(node[0]))


def _strung(network: Network, path: NDArray[np.int64], start: int) -> shapely.LineString | None:
    """Return the edges of a way as one line, each in the direction it is gone."""
    points: list[tuple[float, float]] = []
    at = start
    for edge, line in zip(path.tolist(), network.edge_geometry(path), strict=True):
        tail, head = int(network.graph.tail[edge]), int(network.graph.head[edge])
        coords = list(line.coords)
        points += coords if at == tail else coords[::-1]
        at = head if at == tail else tail
    return shapely.LineString(points) if len(points) > 1 else None
