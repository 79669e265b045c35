"""Pairs of sections that are harmless each by itself and cut something off together.

Give every edge off a depth-first tree a label at random, and every edge of the tree the exclusive
or of the labels of those that lead over it. Edges of one label are those of which any two part
the graph: the cuts of two edges fall into classes, and one pass over the edges finds them all.
Each class lies on one way from the root down, so what its outermost two part is the most that
any two of it can. Two labels of 64 bits that agree by chance would join two classes: what is
found is followed by the tracer before it is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from phusong.fiber.failures.redundancy import LowLink, light_graph, low_links
from phusong.fiber.failures.tracing import Loss, Tracer
from phusong.fiber.network.csr import Graph
from phusong.fiber.network.polylines import Ints
from phusong.jit import njit

Labels = NDArray[np.uint64]


@dataclass(frozen=True)
class CutPair:
    """Two sections whose loss at once darkens what neither darkens alone.

    Attributes
    ----------
    edges
        The outermost two of their class, as numbers of the network's edges, that nearer to light
        first.
    members
        All sections of the class: any two of them cut off what lies between.
    places, sites
        What goes dark, sorted.
    """

    edges: tuple[int, int]
    members: tuple[int, ...]
    places: tuple[int, ...]
    sites: tuple[int, ...]


def find_cut_pairs(tracer: Tracer, most: int) -> list[CutPair]:
    """Return, of every class of sections, the two that cut off most: most of all first.

    Parameters
    ----------
    most
        How many are followed: those behind which most communes and fibre of sites hang.
    """
    network, backhaul = tracer.network, tracer.backhaul
    rounds = [None] if backhaul is None else backhaul.stages(network)
    found: dict[tuple[int, int], tuple[int, tuple[int, ...]]] = {}
    for sources in rounds:
        graph, edge_of = light_graph(network, sources)
        low = low_links(graph, np.array([network.graph.nodes]))
        for count, members in _classes(tracer, graph, low, edge_of):
            key = (members[0], members[-1])
            found[key] = max(found.get(key, (0, members)), (count, members))
    chosen = sorted(found.items(), key=lambda item: (-item[1][0], item[0]))[:most]
    # One edge alone takes nothing, but where a PoP hangs on microwave that comes from elsewhere.
    over_radio = backhaul is not None and bool(backhaul.over_radio.any())
    out = []
    for edges, (_, members) in chosen:
        places, sites = _lose(tracer, *edges)
        alone = [_lose(tracer, e) for e in edges] if over_radio else []
        if places.difference(*(p for p, _ in alone)) or sites.difference(*(s for _, s in alone)):
            out.append(CutPair(edges, members, tuple(sorted(places)), tuple(sorted(sites))))
    return out


def _lose(tracer: Tracer, *edges: int) -> tuple[frozenset[int], frozenset[int]]:
    """Return the places and the sites that edges lost at once darken."""
    places, things = tracer.darkened(Loss.of(tracer.network, tracer.backhaul, list(edges)))
    sites = 0 if tracer.backhaul is None else tracer.backhaul.sites
    return frozenset(places.tolist()), frozenset(things[things < sites].tolist())


def labels(graph: Graph, low: LowLink, seed: int = 0) -> Labels:
    """Return the (edges,) label of each edge: 0 of a bridge, of what is not reached, of a loop.

    Edges whose labels agree, and no others, part the graph two by two.
    """
    tree = np.zeros(len(graph), dtype=bool)
    tree[low.parent_edge[low.parent_edge >= 0]] = True
    off = np.flatnonzero(~tree & (low.entered[graph.tail] >= 0) & (graph.tail != graph.head))
    out = np.zeros(len(graph), dtype=np.uint64)
    rng = np.random.default_rng(seed)
    out[off] = rng.integers(1, 2**64, len(off), dtype=np.uint64)
    _spread(low.order, low.parent, low.parent_edge, graph.tail, graph.head, off, out)
    return out


@njit(cache=True)
def _spread(
    order: Any, parent: Any, parent_edge: Any, tail: Any, head: Any, off: Any, out: Any
) -> None:
    sums = np.zeros(parent.size, np.uint64)
    for e in off:
        sums[tail[e]] ^= out[e]
        sums[head[e]] ^= out[e]
    for i in range(order.size - 1, -1, -1):
        v = order[i]
        if parent[v] >= 0:
            out[parent_edge[v]] = sums[v]
            sums[parent[v]] ^= sums[v]


def _classes(
    tracer: Tracer, graph: Graph, low: LowLink, edge_of: Ints
) -> list[tuple[int, tuple[int, ...]]]:
    """Return, of each class with anything between its outermost two, how much, and its cables."""
    label = labels(graph, low)
    cable = np.zeros(len(graph), dtype=bool)
    known = edge_of >= 0
    cable[known] = tracer.network.line[edge_of[known]] >= 0
    edges = np.flatnonzero(cable & (label > 0))
    below = _lower_end(graph, low)
    # Along the way down; what closes the way lies off the tree, and comes last.
    depth = np.where(below[edges] >= 0, low.entered[below[edges]], len(low.entered))
    order = np.lexsort((depth, label[edges]))
    edges = edges[order]
    first = np.flatnonzero(np.diff(label[edges], prepend=np.uint64(0)) > 0)
    stop = np.append(first[1:], len(edges))
    several = stop - first >= 2
    top, last = edges[first[several]], edges[stop[several] - 1]
    hung = low.sum_below(_hung(tracer, low))
    inner = np.where(below[last] >= 0, hung[below[last]], 0)
    count = hung[below[top]] - inner
    return [
        (int(count[i]), tuple(edge_of[edges[first[several][i] : stop[several][i]]].tolist()))
        for i in np.flatnonzero(count > 0)
    ]


def _lower_end(graph: Graph, low: LowLink) -> Ints:
    """Return the (edges,) node that each edge of the tree leads down to, -1 off the tree."""
    out = np.full(len(graph), -1, dtype=np.int64)
    child = np.flatnonzero(low.parent_edge >= 0)
    out[low.parent_edge[child]] = child
    return out


def _hung(tracer: Tracer, low: LowLink) -> Ints:
    """Return how much hangs at each node: places, links of the backhaul, PoPs."""
    nodes = [tracer.hanging.node, tracer.network.pop_nodes]
    if tracer.backhaul is not None:
        nodes.append(tracer.backhaul.node)
    node = np.concatenate(nodes)
    return np.bincount(node[node >= 0], minlength=len(low.entered)).astype(np.int64)


def cut_pair_frame(pairs: list[CutPair], tracer: Tracer, edge_ids: Any) -> pd.DataFrame:
    """Return pairs as a table.

    Returns
    -------
    DataFrame
        ``section_a``, ``section_b``, ``sections`` (how many are in the class), ``communes`` and
        ``sites`` that go dark (tuples), ``people`` in these communes (NaN: not known).
    """
    hanging = tracer.hanging
    names = np.zeros(0, dtype=object) if tracer.backhaul is None else tracer.backhaul.names
    rows = []
    for pair in pairs:
        people = hanging.people[list(pair.places)]
        known = np.isfinite(people).any() or not pair.places
        rows.append(
            (
                *(str(edge_ids[e]) for e in pair.edges),
                len(pair.members),
                tuple(dict.fromkeys(str(hanging.code[i]) for i in pair.places)),
                tuple(str(names[i]) for i in pair.sites),
                float(np.nansum(people)) if known else np.nan,
            )
        )
    return pd.DataFrame(rows, columns=[*("section_a", "section_b", "sections"), *_SETS])


_SETS = ("communes", "sites", "people")
