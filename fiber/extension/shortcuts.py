"""Off-road links that join what the roads leave apart from connected fibre."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from phusong.fiber.extension.offroad import offroad_paths
from phusong.fiber.network.csr import Graph
from phusong.fiber.network.network import Network
from phusong.fiber.network.polylines import Floats, Ints
from phusong.sources.inputs import Raster
from phusong.study import Extension

ROAD, ACCESS, OFFROAD, BEYOND = 0, 1, 2, 3
"""What a candidate edge is; the last leads to roads that were left out."""
APART_M = 1000.0
"""Off-road links to one part of the road network are at least this far apart."""
LINKS = 3
"""Links from one place to one part of the road network, at most."""
GOAL_STEP_M = 60.0
ROUNDS = 6


@dataclass
class Links:
    """Edges put beside the roads, as they are found."""

    tail: list[int] = field(default_factory=list)
    head: list[int] = field(default_factory=list)
    usd: list[float] = field(default_factory=list)
    length_m: list[float] = field(default_factory=list)
    kind: list[int] = field(default_factory=list)
    geometry: list[shapely.LineString] = field(default_factory=list)

    def add(
        self,
        tail: int,
        head: int,
        usd: float,
        length_m: float,
        kind: int,
        geometry: shapely.LineString,
    ) -> None:
        """Put an edge of ``kind`` between two vertices."""
        self.tail.append(tail)
        self.head.append(head)
        self.usd.append(usd)
        self.length_m.append(length_m)
        self.kind.append(kind)
        self.geometry.append(geometry)


class OffroadLinks:
    """Joins what the roads leave apart from the root, over the terrain."""

    def __init__(
        self,
        roads: Network,
        fibre: NDArray[np.object_],
        part: Ints,
        part_vertex: Ints,
        targets: NDArray[np.object_],
        target_vertex: Ints,
        prices: Extension,
        terrain: Raster,
    ) -> None:
        self.roads, self.prices, self.terrain = roads, prices, terrain
        self.targets, self.target_vertex = targets, target_vertex
        self.root = int(part_vertex[0])
        fibre_xy, piece = samples(fibre)
        nodes = np.arange(roads.graph.nodes)
        self.goal_xy = np.concatenate(
            [
                fibre_xy,
                np.stack([roads.x_m, roads.y_m], axis=1),
                shapely.get_coordinates(targets).reshape(-1, 2),
            ]
        )
        self.goal = np.concatenate([part_vertex[part[piece]], nodes, target_vertex])

    def join(self, links: Links, vertices: int) -> None:
        """Add off-road links until no round joins anything more to the root."""
        if self.prices.offroad_max_km <= 0:
            return
        for _ in range(ROUNDS):
            component = _components(self.roads.graph, links, vertices)
            apart = component[self.target_vertex] != component[self.root]
            if not apart.any():
                return
            waiting = np.unique(component[self.target_vertex[apart]])
            lands = ~np.isin(component[self.goal], waiting)
            shore = cKDTree(self.goal_xy[lands]) if lands.any() else None
            before = len(links.tail)
            for number in waiting.tolist():
                self._bridge(links, component, number, shore)
            if len(links.tail) == before:
                return

    def _bridge(self, links: Links, component: Ints, number: int, shore: cKDTree | None) -> None:
        """Search from where a part cut off from the root comes nearest to the others."""
        mine = component[self.goal] == number
        starts, vertices = self.goal_xy[mine], self.goal[mine]
        at = int(np.argmin(shore.query(starts)[0])) if shore is not None else 0
        start, vertex = starts[at], int(vertices[at])
        goal_xy, goal = self.goal_xy[~mine], self.goal[~mine]
        paths = offroad_paths(
            self.terrain,
            (float(start[0]), float(start[1])),
            goal_xy,
            goal,
            self.prices.offroad_usd_per_km * self.prices.route_factor,
            self.prices.slope_factor,
            self.prices.offroad_max_km,
        )
        kept: list[tuple[int, Floats]] = []
        for path in paths:
            part, end = int(component[path.label]), path.xy[-1]
            same = [xy for p, xy in kept if p == part]
            if len(same) >= LINKS or any(np.hypot(*(xy - end)) < APART_M for xy in same):
                continue
            kept.append((part, end))
            places = goal_xy[goal == path.label]
            goal_at = places[np.argmin(np.hypot(*(places - end).T))]
            xy = np.concatenate([path.xy[:-1], [goal_at]]) if len(path.xy) > 1 else [start, goal_at]
            line = shapely.LineString(xy)
            links.add(vertex, path.label, path.usd, path.length_m, OFFROAD, line)


def samples(geometry: NDArray[np.object_]) -> tuple[Floats, Ints]:
    """Return points every ``GOAL_STEP_M`` along lines, and the line of each."""
    if not len(geometry):
        return np.zeros((0, 2)), np.zeros(0, np.int64)
    dense = shapely.segmentize(geometry, GOAL_STEP_M)
    xy, owner = shapely.get_coordinates(dense, return_index=True)
    return xy, owner.astype(np.int64)


def _components(roads: Graph, links: Links, vertices: int) -> Ints:
    graph = Graph(
        vertices,
        np.concatenate([roads.tail, np.array(links.tail, dtype=np.int64)]),
        np.concatenate([roads.head, np.array(links.head, dtype=np.int64)]),
    )
    return graph.components()
