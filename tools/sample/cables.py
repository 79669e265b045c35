"""Fibre along some of the roads, as carriers drew it: PoPs, cables, and ends that do not meet."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import cast

import networkx as nx
import numpy as np
import shapely
from shapely.ops import substring

from sample.grid import Raster
from sample.roadnet import Roads
from sample.settlements import Places

POPS = 6
UNSERVED = 6
"""Communes, the hardest to reach from a PoP by road, that no cable has come to."""
PLANNED = 2
"""Of these, how many have a cable on the plans."""
RING_SHARE = 0.45
"""Chance that a road between two served communes, not needed to reach them, has a cable."""
SMALL_GAPS = 7
SMALL_GAP_M = (2.0, 15.0)
WIDE_GAP_M = 60.0
STUB_GAP_M = 38.0
OWNERS = ("Sóng Núi", "Mây Bạc", "Đèo Gió")

Node = tuple[float, float]


@dataclass(frozen=True)
class Cable:
    """One cable as it is in the owner's drawing."""

    line: shapely.LineString
    owner: str
    status: str
    cores: int


@dataclass(frozen=True)
class Fibre:
    """Cables and PoPs."""

    cables: list[Cable]
    pop_communes: list[int]
    pop_xy: Raster
    unserved: list[int]
    """Communes without a cable in service, the gap not counted."""


def _road_graph(roads: Roads) -> nx.Graph:
    graph = nx.Graph()
    for line, kind in zip(roads.lines, roads.kinds, strict=True):
        xy = [(round(x, 1), round(y, 1)) for x, y in line.coords]
        if kind == "duong_thon":
            continue
        weight = line.length * (1.0 if kind in {"quoc_lo", "tinh_lo"} else 3.0)
        known = graph.get_edge_data(xy[0], xy[-1])
        if known is None or known["weight"] > weight:
            graph.add_edge(xy[0], xy[-1], weight=weight, xy=xy)
    return graph


def _pops(roads: Roads, places: Places) -> list[int]:
    """Choose the capital, then always the hub hardest to reach from those chosen."""
    effort = dict(nx.all_pairs_dijkstra_path_length(roads.ties, weight="effort"))
    chosen = [places.capital]
    far = sorted(effort[places.capital].values())[int(0.8 * len(effort))]
    while len(chosen) < POPS:
        within = [
            c
            for c in sorted(effort)
            if effort[places.capital][c] <= far and roads.ties.degree(c) >= 3
        ]
        chosen.append(max(within, key=lambda c: min(effort[p][c] for p in chosen)))
    return chosen


def _used_ties(
    rng: np.random.Generator, roads: Roads, pops: list[int]
) -> tuple[set[frozenset[int]], set[frozenset[int]], list[int]]:
    """Ties of main roads with a cable in service, with one on the plans, and who has none."""
    ties = roads.ties
    effort, ways = nx.multi_source_dijkstra(ties, set(pops), weight="effort")
    hard = sorted(ties, key=lambda c: (effort[c], c))[-UNSERVED:]
    built = {
        frozenset(pair)
        for c in sorted(set(ties) - set(hard))
        for pair in zip(ways[c][:-1], ways[c][1:], strict=True)
    }
    for pop in pops[1:]:
        way = nx.shortest_path(ties, pops[0], pop, weight="effort")
        built |= {frozenset(pair) for pair in itertools.pairwise(way)}
    lit = {c for pair in built for c in pair}
    for a, b in sorted((min(e), max(e)) for e in ties.edges):
        pair = frozenset((a, b))
        if pair not in built and a in lit and b in lit and rng.random() < RING_SHARE:
            built.add(pair)
    unserved = sorted(set(ties) - lit)
    planned = {
        frozenset(pair)
        for c in unserved[:PLANNED]
        for pair in zip(ways[c][:-1], ways[c][1:], strict=True)
    }
    return built, planned - built, unserved


def _chains(network: nx.Graph, stops: set[Node]) -> list[list[Node]]:
    """Coordinates from joint to joint."""
    ends = stops | {n for n in network if network.degree(n) != 2}
    chains: list[list[Node]] = []
    walked: set[tuple[Node, Node]] = set()
    for start in sorted(ends & set(network)):
        for following in sorted(network[start]):
            if (start, following) in walked:
                continue
            nodes = [start, following]
            while nodes[-1] not in ends:
                nodes.append(next(n for n in network[nodes[-1]] if n != nodes[-2]))
            walked |= {(start, following), (nodes[-1], nodes[-2])}
            chain: list[Node] = [start]
            for a, b in itertools.pairwise(nodes):
                xy = network.edges[a, b]["xy"]
                chain += (xy if xy[0] == a else xy[::-1])[1:]
            chains.append(chain)
    return chains


def _shortened(line: shapely.LineString, gap_m: float) -> shapely.LineString:
    """Take ``gap_m`` off the far end."""
    return cast("shapely.LineString", substring(line, 0.0, line.length - gap_m))


def _with_gaps(
    rng: np.random.Generator, cables: list[Cable], network: nx.Graph, leaves: set[Node]
) -> list[Cable]:
    """Draw some cables a little short, and the only one of some commune far too short."""
    result = list(cables)
    dead_ends = [
        k
        for k, cable in enumerate(cables)
        if cable.line.length > 2_000.0
        and any(
            network.degree((x, y)) == 1 and (x, y) in leaves
            for x, y in (cable.line.coords[0], cable.line.coords[-1])
        )
    ]
    # The end to be cut is where a leaf's cable meets the rest of the network.
    wide = int(rng.choice(np.array(dead_ends)))
    line = cables[wide].line
    if network.degree(tuple(line.coords[-1])) == 1:
        line = shapely.reverse(line)
    result[wide] = Cable(
        _shortened(line, WIDE_GAP_M), cables[wide].owner, cables[wide].status, cables[wide].cores
    )
    others = [
        k
        for k, cable in enumerate(cables)
        if k != wide
        and cable.line.length > 1_000.0
        and network.degree(tuple(cable.line.coords[-1])) > 1
    ]
    for k in rng.choice(np.array(others), SMALL_GAPS, replace=False).tolist():
        short = _shortened(cables[k].line, float(rng.uniform(*SMALL_GAP_M)))
        result[k] = Cable(short, cables[k].owner, cables[k].status, cables[k].cores)
    return result


def lay(rng: np.random.Generator, roads: Roads, places: Places, centre_nodes: Raster) -> Fibre:
    """Lay cables along roads; ``centre_nodes`` are the road nodes of commune centres, (n, 2)."""
    graph = _road_graph(roads)
    node = [(round(x, 1), round(y, 1)) for x, y in centre_nodes.tolist()]
    pops = _pops(roads, places)
    built, planned, unserved = _used_ties(rng, roads, pops)
    trunk = {
        frozenset(pair)
        for pop in pops[1:]
        for pair in itertools.pairwise(nx.shortest_path(roads.ties, pops[0], pop, weight="effort"))
    }
    network = nx.Graph()
    for status, ties in (("dang_khai_thac", built), ("du_kien", planned)):
        for a, b in sorted((min(t), max(t)) for t in ties):
            way = nx.shortest_path(graph, node[a], node[b], weight="weight")
            for u, v in itertools.pairwise(way):
                if not network.has_edge(u, v):
                    network.add_edge(u, v, xy=graph.edges[u, v]["xy"], status=status, trunk=False)
                network.edges[u, v]["trunk"] |= frozenset((a, b)) in trunk
    stops = set(node) | {
        n
        for n in network
        if len({(d["status"], d["trunk"]) for _, _, d in network.edges(n, data=True)}) > 1
    }
    cables = []
    for chain in _chains(network, stops):
        first = next(
            network.edges[chain[0], n] for n in network[chain[0]] if _starts(network, chain, n)
        )
        owner = OWNERS[int(rng.choice(3, p=(0.5, 0.3, 0.2)))]
        cores = 96 if first["trunk"] else int(rng.choice((12, 24, 24, 48)))
        cables.append(Cable(shapely.LineString(chain), owner, first["status"], cores))
    cables = _with_gaps(rng, cables, network, set(node))

    pop_xy = np.array([node[p] for p in pops]) + rng.uniform(-3.0, 3.0, (len(pops), 2))
    # A spare cable that someone left just short of a PoP.
    x, y = pop_xy[-1]
    bearing = float(rng.uniform(0.0, 2.0 * np.pi))
    spare = [
        (x + r * np.sin(bearing + 0.0004 * r), y + r * np.cos(bearing + 0.0004 * r))
        for r in np.linspace(STUB_GAP_M + 620.0, STUB_GAP_M, 9)
    ]
    cables.append(Cable(shapely.LineString(spare), OWNERS[1], "dang_khai_thac", 12))
    return Fibre(cables, pops, pop_xy, unserved)


def _starts(network: nx.Graph, chain: list[Node], following: Node) -> bool:
    xy = network.edges[chain[0], following]["xy"]
    return bool((xy if xy[0] == chain[0] else xy[::-1])[1] == chain[1])
