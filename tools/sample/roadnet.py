"""Roads that follow gentle ground: between commune centres, out of the province, to villages."""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass, replace

import networkx as nx
import numpy as np
import shapely

from sample.costpaths import Land, Spread, meetings
from sample.grid import Grid
from sample.outlines import smoothed
from sample.settlements import Places, Terrain

CLASSES = ("quoc_lo", "tinh_lo", "duong_xa", "duong_thon")
LOOP_DETOUR = 2.1
"""A second way between neighbours is built where the first is this many times dearer."""
EXIT_BEARINGS_DEG = (125.0, 300.0, 35.0)
ROADLESS_SHARE = 0.06
"""Villages, the dearest to reach, that no road for cars has come to."""
PRECISION_M = 0.1
SURFACES = {
    "quoc_lo": (("nhua",), (1.0,)),
    "tinh_lo": (("nhua", "be_tong"), (0.7, 0.3)),
    "duong_xa": (("be_tong", "nhua", "cap_phoi"), (0.6, 0.2, 0.2)),
    "duong_thon": (("be_tong", "cap_phoi", "dat"), (0.45, 0.25, 0.3)),
}

Tie = tuple[int, int]


@dataclass(frozen=True)
class Roads:
    """Road lines, noded where they meet."""

    lines: list[shapely.LineString]
    kinds: list[str]
    surfaces: list[str]
    ties: nx.Graph
    """Commune numbers, joined where a main road links them; ``effort`` on the edges."""


def _ties(spread: Spread) -> tuple[nx.Graph, dict[Tie, tuple[float, int, int]]]:
    """Join neighbouring centres: the least tree, then the loops that shorten much."""
    found = meetings(spread)
    everything = nx.Graph()
    for (a, b), (effort, _, _) in sorted(found.items()):
        everything.add_edge(a, b, effort=effort)
    ties = nx.minimum_spanning_tree(everything, weight="effort")
    for a, b, effort in sorted(everything.edges(data="effort"), key=lambda e: (e[2], e[0], e[1])):
        if ties.has_edge(a, b):
            continue
        if nx.shortest_path_length(ties, a, b, weight="effort") > LOOP_DETOUR * effort:
            ties.add_edge(a, b, effort=effort)
    return ties, found


def _exits(land: Land, places: Places, capital: int) -> list[int]:
    """Border cells where a main road leaves, cheapest from the capital in each direction."""
    inside = (places.commune_label >= 0).astype(np.int64)
    reach = land.spread(np.array([capital]), region=inside)
    rim = inside.astype(bool)
    rim[1:-1, 1:-1] &= (
        (inside[:-2, 1:-1] == 0)
        | (inside[2:, 1:-1] == 0)
        | (inside[1:-1, :-2] == 0)
        | (inside[1:-1, 2:] == 0)
    )
    cells = np.flatnonzero(rim)
    row, col = np.divmod(cells, inside.shape[1])
    top, left = divmod(capital, inside.shape[1])
    bearing = np.degrees(np.arctan2(col - left, top - row))
    exits = []
    for wanted in EXIT_BEARINGS_DEG:
        turn = np.abs((bearing - wanted + 180.0) % 360.0 - 180.0)
        cost = np.where(turn < 40.0, reach.cost.ravel()[cells], np.inf)
        exits.append(int(cells[np.argmin(cost)]))
    return exits


def _between(spread: Spread, found: tuple[float, int, int]) -> list[int]:
    _, near, far = found
    return spread.path(near)[::-1] + spread.path(far)


class _Links:
    """Steps between cells, each with the best class of road that uses it."""

    def __init__(self) -> None:
        self.rank: dict[Tie, int] = {}

    def add(self, cells: list[int], rank: int) -> None:
        for a, b in itertools.pairwise(cells):
            step = (min(a, b), max(a, b))
            self.rank[step] = min(rank, self.rank.get(step, rank))

    def cells(self) -> set[int]:
        return {cell for step in self.rank for cell in step}

    def chains(self, stops: set[int]) -> list[tuple[int, list[int]]]:
        """Cells from junction to junction, one class each."""
        graph = nx.Graph()
        for (a, b), rank in sorted(self.rank.items()):
            graph.add_edge(a, b, rank=rank)
        ends = set(stops)
        for node in graph:
            ranks = {rank for _, _, rank in graph.edges(node, data="rank")}
            if graph.degree(node) != 2 or len(ranks) > 1:
                ends.add(node)
        chains = []
        walked: set[Tie] = set()
        for start in sorted(ends & set(graph)):
            for following in sorted(graph[start]):
                chain = [start, following]
                if (start, following) in walked:
                    continue
                while chain[-1] not in ends:
                    onward = [n for n in graph[chain[-1]] if n != chain[-2]]
                    chain.append(onward[0])
                walked.add((start, following))
                walked.add((chain[-1], chain[-2]))
                chains.append((graph.edges[start, following]["rank"], chain))
        return chains


def _village_roads(links: _Links, land: Land, places: Places) -> None:
    """Add ways from villages to the network, which merge as they go."""
    inside = (places.commune_label >= 0).astype(np.int64)
    spread = land.spread(np.array(sorted(links.cells())), region=inside)
    effort = spread.cost.ravel()[places.village_cells]
    near = np.flatnonzero(effort <= np.quantile(effort, 1.0 - ROADLESS_SHARE))
    users: dict[Tie, int] = defaultdict(int)
    for k in near.tolist():
        way = spread.path(int(places.village_cells[k]))
        for a, b in itertools.pairwise(way):
            users[a, b] += 1
    for (a, b), count in users.items():
        links.add([a, b], 2 if count >= 3 else 3)


def _drawn(
    chains: list[tuple[int, list[int]]], grid: Grid
) -> tuple[list[shapely.LineString], list[int]]:
    """Smooth the chains and node them where they meet or cross."""
    lines, ranks = [], []
    for rank, chain in chains:
        row, col = np.divmod(np.array(chain), grid.size)
        xy = shapely.get_coordinates(
            shapely.segmentize(shapely.LineString(grid.centres(row, col)), 0.5 * grid.cell_m)
        )
        lines.append(shapely.simplify(shapely.LineString(smoothed(xy, 8)), 8.0))
        ranks.append(rank)
    noded = shapely.set_precision(shapely.unary_union(lines), PRECISION_M)
    parts = list(shapely.get_parts(noded))
    tree = shapely.STRtree(lines)
    middles = shapely.line_interpolate_point(parts, 0.5, normalized=True)
    nearest = tree.nearest(middles)
    order = sorted(range(len(parts)), key=lambda k: (ranks[nearest[k]], parts[k].wkb))
    return [parts[k] for k in order], [ranks[nearest[k]] for k in order]


def build(rng: np.random.Generator, terrain: Terrain, places: Places) -> Roads:
    """Build the network; every centre of a commune lies on it."""
    land = terrain.land()
    # Surveyors look ahead: a rough cell beside a gentle one is avoided at 120 m.
    land = replace(land, friction=1.0 + (terrain.steepness / 0.22) ** 2)
    inside = (places.commune_label >= 0).astype(np.int64)
    spread = land.spread(places.commune_cells, region=inside)
    ties, found = _ties(spread)
    links = _Links()
    capital = int(places.commune_cells[places.capital])
    national: set[Tie] = set()
    for gate in _exits(land, places, capital):
        entry = int(spread.owner.ravel()[gate])
        links.add(spread.path(gate), 0)
        way = nx.shortest_path(ties, entry, places.capital, weight="effort")
        national |= {(min(a, b), max(a, b)) for a, b in itertools.pairwise(way)}
    for a, b in sorted((min(a, b), max(a, b)) for a, b in ties.edges):
        links.add(_between(spread, found[a, b]), 0 if (a, b) in national else 1)
    _village_roads(links, land, places)
    lines, ranks = _drawn(links.chains(set(places.commune_cells.tolist())), terrain.grid)
    kinds = [CLASSES[rank] for rank in ranks]
    surfaces = [str(rng.choice(np.array(SURFACES[kind][0]), p=SURFACES[kind][1])) for kind in kinds]
    return Roads(lines, kinds, surfaces, ties)
