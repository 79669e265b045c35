"""Where new cable may run: roads, poles, ducts and priced off-road links, rooted in the fibre."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from phusong.fiber.extension.pricing import (
    check_costs,
    level_usd_per_km,
    offroad_usd_per_km,
    on_ground,
)
from phusong.fiber.extension.roadside import edges_near, split_roads
from phusong.fiber.extension.shortcuts import ACCESS, BEYOND, ROAD, Links, OffroadLinks
from phusong.fiber.network.csr import Graph
from phusong.fiber.network.network import Network, points_at
from phusong.fiber.network.polylines import Bools, Floats, Ints
from phusong.sources.inputs import Raster
from phusong.study import Extension


@dataclass(frozen=True)
class Candidates:
    """The graph new cable is chosen from.

    Vertices are the nodes of the road network, then one per part of the fibre (the connected
    fibre first: that is the root), then one per target.

    Attributes
    ----------
    roads
        The road network, split where fibre and targets are reached.
    vertices
        Number of vertices.
    root
        Vertex of all connected fibre.
    part_vertex
        (parts,) vertex of each part of the fibre; part 0 is connected.
    target_vertex
        (k,) vertex of each target.
    tail, head, usd, length_m, kind
        (m,) candidate edges; the first are those of ``roads``.
    links
        Geometry of the edges after those of ``roads``.
    """

    roads: Network
    vertices: int
    root: int
    part_vertex: Ints
    target_vertex: Ints
    tail: Ints
    head: Ints
    usd: Floats
    length_m: Floats
    kind: Ints
    links: NDArray[np.object_]

    def geometry(self, edges: Ints) -> NDArray[np.object_]:
        """Return (e,) line strings of candidate edges."""
        count = len(self.roads.graph)
        out = np.empty(len(edges), dtype=object)
        road = edges < count
        out[road] = self.roads.edge_geometry(edges[road])
        out[~road] = self.links[edges[~road] - count]
        return out


def build_candidates(
    roads: Network,
    fibre: NDArray[np.object_],
    fibre_part: Ints,
    targets: NDArray[np.object_],
    prices: Extension,
    terrain: Raster | None,
    drop_m: float | Floats,
    *,
    parts: int | None = None,
    tie_parts: bool = True,
    offroad: Bools | None = None,
    beyond: Bools | None = None,
) -> Candidates:
    """Make the graph of everything that may be built.

    Parameters
    ----------
    roads
        Roads, pole lines and ducts, noded (``source`` has ``kind`` and ``surface``).
    fibre, fibre_part
        (f,) in-service cable pieces, and the part of the network each lies in: 0 is connected
        to a PoP, others are cables that lie dark. A dark part that new cable reaches carries on
        at no cost.
    targets
        (k,) points to reach; one within ``drop_m`` of a dark part is reached with that part.
    prices
        Prices and limits of the study.
    terrain
        Ground heights for off-road paths; None leaves those out.
    drop_m
        The study's drop distance; or (k,) of each target, 0 where every metre is laid and paid.
    parts
        Number of parts, where it is not the greatest in ``fibre_part`` and one.
    tie_parts
        Whether parts that come within the access distance of each other may be tied.
    offroad
        (k,) targets from which ways off the road are searched; all of them by default.
    beyond
        (nodes of ``roads``,) those that stand for roads left out: as if they were lit, so that no
        bound is too high. A plan that uses one (an edge of kind ``BEYOND``) cannot be built.
    """
    parts = int(fibre_part.max(initial=0)) + 1 if parts is None else parts
    roads, enter, hit = split_roads(roads, fibre, targets, prices)
    count = roads.graph.nodes
    part_vertex = count + np.arange(parts)
    target_vertex = count + parts + np.arange(len(targets))
    links = Links()
    _fibre_links(links, roads, fibre, fibre_part, part_vertex, prices)
    if tie_parts:
        _part_ties(links, fibre, fibre_part, part_vertex, prices)
    for edge_node, target in zip(enter.tolist(), hit.tolist(), strict=True):
        _access(links, roads, edge_node, targets[target], int(target_vertex[target]), prices)
    _target_links(links, fibre, fibre_part, targets, part_vertex, target_vertex, drop_m, prices)
    for node in [] if beyond is None else np.flatnonzero(beyond).tolist():
        links.add(node, int(part_vertex[0]), 0.0, 0.0, BEYOND, shapely.LineString())
    usd = road_usd(roads, prices)
    vertices = count + parts + len(targets)
    if terrain is not None:
        far = np.ones(len(targets), dtype=bool) if offroad is None else offroad
        search = OffroadLinks(
            roads, fibre, fibre_part, part_vertex, targets[far], target_vertex[far], prices, terrain
        )
        search.join(links, vertices)
    return Candidates(
        roads=roads,
        vertices=vertices,
        root=int(part_vertex[0]),
        part_vertex=part_vertex,
        target_vertex=target_vertex,
        tail=np.concatenate([roads.graph.tail, np.array(links.tail, dtype=np.int64)]),
        head=np.concatenate([roads.graph.head, np.array(links.head, dtype=np.int64)]),
        usd=np.concatenate([usd, np.array(links.usd, dtype=np.float64)]),
        length_m=np.concatenate([roads.length_m, np.array(links.length_m, dtype=np.float64)]),
        kind=np.concatenate(
            [np.full(len(roads.graph), ROAD), np.array(links.kind, dtype=np.int64)]
        ),
        links=objects(links.geometry),
    )


def objects(items: list[shapely.LineString]) -> NDArray[np.object_]:
    """Return geometries as an array."""
    out = np.empty(len(items), dtype=object)
    out[:] = items
    return out


def road_usd(roads: Network, prices: Extension) -> Floats:
    """Price the road edges; a joint within tolerance is priced as the default kind."""
    source = roads.source

    def column(name: str) -> NDArray[np.object_]:
        known = source[name].to_numpy(dtype=object) if name in source else [""] * len(source)
        return np.append(known, "")

    level = level_usd_per_km(prices, column("kind"), column("surface"))
    usd = roads.length_m / 1000.0 * on_ground(prices, level[roads.line], roads.steepness)
    check_costs(usd, roads.edge_ids)
    return usd


def _fibre_links(
    links: Links,
    roads: Network,
    fibre: NDArray[np.object_],
    part: Ints,
    part_vertex: Ints,
    prices: Extension,
) -> None:
    """Link road nodes to each part of the fibre nearby."""
    if not len(fibre):
        return
    edges, _ = edges_near(roads, fibre, prices.access_m)
    nodes = np.unique(np.stack([roads.graph.tail[edges], roads.graph.head[edges]]))
    places = points_at(roads, nodes)
    node, at = shapely.STRtree(fibre).query(places, "dwithin", prices.access_m)
    gap = shapely.distance(places[node], fibre[at])
    order = np.lexsort((gap, part[at], node))
    key = np.stack([node[order], part[at[order]]], axis=1)
    fresh = np.ones(len(key), dtype=bool)
    fresh[1:] = (key[1:] != key[:-1]).any(axis=1)
    chosen = order[fresh]
    lines = shapely.shortest_line(places[node[chosen]], fibre[at[chosen]])
    for n, p, line in zip(
        nodes[node[chosen]].tolist(), part[at[chosen]].tolist(), lines.tolist(), strict=True
    ):
        _straight(links, n, int(part_vertex[p]), line, prices)


def _part_ties(
    links: Links,
    fibre: NDArray[np.object_],
    part: Ints,
    part_vertex: Ints,
    prices: Extension,
) -> None:
    """Tie dark parts to parts within the access distance, at their closest approach."""
    dark = np.flatnonzero(part > 0)
    if not len(dark):
        return
    tree = shapely.STRtree(fibre)
    one, two = tree.query(fibre[dark], "dwithin", prices.access_m)
    one = dark[one]
    apart = part[one] > part[two]
    one, two = one[apart], two[apart]
    gap = shapely.distance(fibre[one], fibre[two])
    order = np.lexsort((two, one, gap, part[two], part[one]))
    _, first = np.unique(np.stack([part[one], part[two]], axis=1)[order], axis=0, return_index=True)
    for i in order[first].tolist():
        line = shapely.shortest_line(fibre[one[i]], fibre[two[i]])
        _straight(
            links, int(part_vertex[part[one[i]]]), int(part_vertex[part[two[i]]]), line, prices
        )


def _straight(
    links: Links, a: int, b: int, line: shapely.LineString, prices: Extension, kind: int = ACCESS
) -> None:
    """Add a short link at the off-road price on level ground."""
    price = float(offroad_usd_per_km(prices, np.zeros(1))[0])
    links.add(a, b, line.length / 1000.0 * price, line.length, kind, line)


def _access(
    links: Links, roads: Network, node: int, target: shapely.Point, vertex: int, prices: Extension
) -> None:
    line = shapely.LineString([(roads.x_m[node], roads.y_m[node]), (target.x, target.y)])
    _straight(links, node, vertex, line, prices)


def _target_links(
    links: Links,
    fibre: NDArray[np.object_],
    part: Ints,
    targets: NDArray[np.object_],
    part_vertex: Ints,
    target_vertex: Ints,
    drop_m: float | Floats,
    prices: Extension,
) -> None:
    """Tie targets to fibre beside them: at no cost within the drop distance."""
    if not len(fibre):
        return
    free = np.broadcast_to(np.asarray(drop_m, dtype=np.float64), len(targets))
    reach = max(float(free.max(initial=0.0)), prices.access_m)
    who, at = shapely.STRtree(fibre).query(targets, "dwithin", reach)
    gap = shapely.distance(targets[who], fibre[at])
    order = np.lexsort((gap, part[at], who))
    _, first = np.unique(np.stack([who, part[at]], axis=1)[order], axis=0, return_index=True)
    for i in order[first].tolist():
        line = shapely.shortest_line(targets[who[i]], fibre[at[i]])
        a, b = int(target_vertex[who[i]]), int(part_vertex[part[at[i]]])
        if gap[i] <= free[who[i]]:
            links.add(a, b, 0.0, 0.0, ACCESS, line)
        elif gap[i] <= prices.access_m:
            _straight(links, a, b, line, prices)


def reachable(candidates: Candidates) -> Bools:
    """Return (k,) whether a target is joined to the root at all."""
    graph = Graph(candidates.vertices, candidates.tail, candidates.head)
    part = graph.components()
    return np.asarray(part[candidates.target_vertex] == part[candidates.root])
