"""Single losses ranked by the people they isolate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from phusong.fiber.failures.hanging import Backhaul
from phusong.fiber.failures.redundancy import LowLink, Redundancy, lit_search
from phusong.fiber.failures.tracing import Hanging, Loss, Tracer
from phusong.fiber.network.network import Network
from phusong.fiber.network.polylines import Bools, Floats, Ints

COLUMNS = ("element", "id", "communes", "count", "people", "sites", "site_count")


@dataclass(frozen=True)
class Lost:
    """One loss that darkens something.

    Attributes
    ----------
    element
        ``edge`` | ``node`` | ``pop`` | ``tail`` (what joins a PoP to its cable) | ``group``.
    index
        Number of the edge or node, -1 for a group.
    name
        What it is called.
    places
        Places it darkens, sorted.
    sites
        Sites of the backhaul it darkens, sorted.
    """

    element: str
    index: int
    name: str
    places: tuple[int, ...]
    sites: tuple[int, ...]


def find_losses(
    network: Network,
    redundancy: Redundancy,
    hanging: Hanging,
    edge_ids: NDArray[np.object_],
    pop_ids: Sequence[str],
    groups: Mapping[str, Ints],
    backhaul: Backhaul | None = None,
) -> list[Lost]:
    """Return every bridge, joint, PoP, tail and shared-risk group whose loss darkens anything.

    What lies behind a bridge or a joint is read off the depth-first tree. Where a PoP hangs on
    microwave a cut elsewhere may take its light too: then every element that can matter is lost
    in turn, and followed as ``--cut`` does.
    """
    tracer = Tracer(network, hanging, backhaul)
    inside = redundancy.site & (network.pop < 0)  # the PoP itself stands for its site
    if backhaul is not None and backhaul.over_radio.any():
        rows = _one_by_one(tracer, inside, edge_ids, pop_ids)
    else:
        rows = _from_tree(tracer, redundancy, inside, edge_ids, pop_ids)
    found = [*rows, *_tail_rows(tracer, edge_ids), *_group_rows(tracer, groups)]
    return [row for row in found if row.places or row.sites]


def rank_failures(
    losses: Sequence[Lost], hanging: Hanging, backhaul: Backhaul | None
) -> pd.DataFrame:
    """Return losses as a table.

    Returns
    -------
    pandas.DataFrame
        ``element``, ``id``, ``communes`` (tuple of codes), ``count``, ``people`` (NaN where not
        known for any of them), ``sites`` (tuple of ids that go dark, by fibre or by microwave
        from one that does; empty without a backhaul), ``site_count``, worst first.
    """
    if not losses:
        return pd.DataFrame(columns=list(COLUMNS))
    names = np.zeros(0, dtype=object) if backhaul is None else backhaul.names
    communes = _names(hanging.code, [row.places for row in losses])
    sites = _names(names, [row.sites for row in losses])
    table = pd.DataFrame(
        {
            "element": [row.element for row in losses],
            "id": [row.name for row in losses],
            "communes": communes,
            "count": [len(c) for c in communes],
            "people": _people(hanging.people, [row.places for row in losses]),
            "sites": sites,
            "site_count": [len(s) for s in sites],
        }
    )
    ranked = table.sort_values(
        ["people", "count", "site_count", "element", "id"],
        ascending=[False, False, False, True, True],
        na_position="last",
        kind="stable",
    )
    return ranked.reset_index(drop=True)


def with_losses(redundancy: Redundancy, losses: Sequence[Lost], hanging: Hanging) -> Redundancy:
    """Return redundancy that agrees with losses that were followed one by one.

    For networks with PoPs that hang on microwave: the depth-first tree takes those as fed.
    """
    bridge, cut_node = redundancy.bridge.copy(), redundancy.cut_node.copy()
    cuts = np.zeros(len(hanging.node), dtype=np.int64)
    joints = np.zeros(len(hanging.node), dtype=np.int64)
    for row in losses:
        hit = np.array(row.places, dtype=np.int64)
        if row.element == "edge":
            bridge[row.index] = True
            cuts[hit] += 1
        elif row.element == "node":
            cut_node[row.index] = True
            joints[hit[hanging.node[hit] != row.index]] += 1
    placed = np.flatnonzero(hanging.node >= 0)
    node = hanging.node[placed]
    above = redundancy.bridges_above.copy()
    above[node] = cuts[placed]
    uncut, free = np.ones((2, len(above)), dtype=bool)
    uncut[node] = cuts[placed] == 0
    free[node] = (cuts[placed] == 0) & (joints[placed] == 0)
    return replace(
        redundancy,
        bridge=bridge,
        cut_node=cut_node,
        bridges_above=above,
        second_route=redundancy.second_route & uncut,
        second_route_same_pop=redundancy.second_route_same_pop & uncut,
        second_route_other_pop=redundancy.second_route_other_pop & uncut,
        node_disjoint=redundancy.node_disjoint & free,
        node_disjoint_other_pop=redundancy.node_disjoint_other_pop & free,
    )


def _from_tree(
    tracer: Tracer,
    redundancy: Redundancy,
    inside: Bools,
    edge_ids: NDArray[np.object_],
    pop_ids: Sequence[str],
) -> Iterator[Lost]:
    """Read off the tree what every bridge, joint and PoP darkens."""
    network, light, backhaul = tracer.network, redundancy.light, tracer.backhaul
    ours = len(tracer.hanging.code)
    behind = _Behind(light, _hung_nodes(tracer))
    dark_sites = _DarkSites(tracer)

    def row(element: str, index: int, name: str, found: tuple[int, ...]) -> Lost:
        places = tuple(i for i in found if i < ours)
        hung = tuple(i - ours for i in found if i >= ours)
        return Lost(element, index, name, places, () if backhaul is None else dark_sites.of(hung))

    low = np.flatnonzero(light.below_bridge)
    edge = redundancy.edge_of[light.parent_edge[low]]
    for v, e in zip(low.tolist(), edge.tolist(), strict=True):
        if e >= 0 and (found := behind.subtree(v)):
            yield row("edge", e, str(edge_ids[e]), found)
    for v, found in behind.cut_nodes(network.graph.nodes):
        if not inside[v]:
            yield row(*_named_node(network, pop_ids, v), found)
    # A PoP that no cable comes to stands in no tree; sites may hang on it by microwave.
    pops = network.pop_nodes if backhaul is not None else np.zeros(0, np.int64)
    for v in pops[light.entered[pops] < 0].tolist():
        yield _lost(tracer, *_named_node(network, pop_ids, v), nodes=[v])


def _named_node(network: Network, pop_ids: Sequence[str], v: int) -> tuple[str, int, str]:
    if network.pop[v] >= 0:
        return "pop", v, pop_ids[network.pop[v]]
    return "node", v, f"N{v}"


def _hung_nodes(tracer: Tracer) -> Ints:
    """Return the nodes of the places, then of the backhaul's links and of every PoP."""
    if tracer.backhaul is None:
        return tracer.hanging.node
    return np.concatenate([tracer.hanging.node, tracer.backhaul.node, tracer.network.pop_nodes])


class _DarkSites:
    """Sites that go dark with links and PoPs that hang behind a cut; equal sets are made once."""

    def __init__(self, tracer: Tracer) -> None:
        self.tracer = tracer
        self.known: dict[tuple[int, ...], tuple[int, ...]] = {}

    def of(self, hung: tuple[int, ...]) -> tuple[int, ...]:
        """Return the sites, by the numbers of links and, behind them, of PoPs."""
        if hung not in self.known:
            self.known[hung] = self._found(hung)
        return self.known[hung]

    def _found(self, hung: tuple[int, ...]) -> tuple[int, ...]:
        backhaul = self.tracer.backhaul
        if backhaul is None or not hung:
            return ()
        nodes, things = self.tracer.whole
        left, gone = nodes.copy(), np.zeros(len(things), dtype=bool)
        links = len(backhaul.thing)
        left[backhaul.node[[i for i in hung if i < links]]] = False
        gone[[backhaul.sites + i - links for i in hung if i >= links]] = True
        still = backhaul.lit_things(left, gone)
        return tuple(np.flatnonzero((things & ~still)[: backhaul.sites]).tolist())


def _one_by_one(
    tracer: Tracer, inside: Bools, edge_ids: NDArray[np.object_], pop_ids: Sequence[str]
) -> Iterator[Lost]:
    """Lose every element that can matter in turn.

    A loss darkens nothing unless it parts something from the light of some round over
    microwave: what is lit in a round is lit by that of the rounds before.
    """
    network, backhaul = tracer.network, tracer.backhaul
    edges = np.zeros(len(network.graph), dtype=bool)
    nodes = np.zeros(network.graph.nodes + 1, dtype=bool)
    nodes[_hung_nodes(tracer)] = True
    for sources in backhaul.stages(network) if backhaul is not None else []:
        light, edge_of = lit_search(network, sources)
        edges[edge_of[light.parent_edge[light.below_bridge]]] = True
        nodes[light.parent[light.below_cut_node]] = True
    edges &= network.line >= 0
    nodes = nodes[:-1] & ~inside
    for e in np.flatnonzero(edges).tolist():
        yield _lost(tracer, "edge", e, str(edge_ids[e]), [e])
    for v in np.flatnonzero(nodes).tolist():
        yield _lost(tracer, *_named_node(network, pop_ids, v), nodes=[v])


def _tail_rows(tracer: Tracer, edge_ids: NDArray[np.object_]) -> Iterator[Lost]:
    """Lose what joins each PoP beside its cables to them: no section of cable, so apart."""
    for e in np.flatnonzero(tracer.network.beside).tolist():
        yield _lost(tracer, "tail", e, str(edge_ids[e]), [e])


def _group_rows(tracer: Tracer, groups: Mapping[str, Ints]) -> Iterator[Lost]:
    for name, edges in groups.items():
        yield _lost(tracer, "group", -1, name, edges)


def _lost(
    tracer: Tracer,
    element: str,
    index: int,
    name: str,
    edges: Ints | list[int] | None = None,
    nodes: list[int] | None = None,
) -> Lost:
    loss = Loss.of(tracer.network, tracer.backhaul, edges, nodes)
    places, things = tracer.darkened(loss)
    sites = 0 if tracer.backhaul is None else tracer.backhaul.sites
    return Lost(
        element, index, name, tuple(places.tolist()), tuple(things[things < sites].tolist())
    )


def _names(code: NDArray[np.object_], sets: list[tuple[int, ...]]) -> list[tuple[str, ...]]:
    known: dict[tuple[int, ...], tuple[str, ...]] = {}
    for members in sets:
        if members not in known:
            known[members] = tuple(dict.fromkeys(str(code[i]) for i in members))
    return [known[members] for members in sets]


def _people(people: Floats, sets: list[tuple[int, ...]]) -> list[float]:
    known: dict[tuple[int, ...], float] = {}
    for members in sets:
        if members not in known:
            values = people[list(members)]
            some = np.isfinite(values).any() or not members
            known[members] = float(np.nansum(values)) if some else np.nan
    return [known[members] for members in sets]


class _Behind:
    """What lies in a subtree of the depth-first tree; equal sets are made once."""

    def __init__(self, light: LowLink, node: Ints) -> None:
        placed = np.flatnonzero(node >= 0)
        entered = light.entered[node[placed]]
        lit = entered >= 0
        order = np.argsort(entered[lit], kind="stable")
        self.light = light
        self.place = placed[lit][order]
        self.node = node[self.place]
        self.entered = entered[lit][order]
        self.first = np.searchsorted(self.entered, np.maximum(light.entered, 0), side="left")
        self.stop = np.searchsorted(self.entered, light.last, side="right")
        self.sets: dict[tuple[int, int], tuple[int, ...]] = {}

    def subtree(self, node: int) -> tuple[int, ...]:
        """Return what hangs in the subtree of ``node``, sorted."""
        lo, hi = int(self.first[node]), int(self.stop[node])
        if hi <= lo:
            return ()
        if (lo, hi) not in self.sets:
            self.sets[lo, hi] = tuple(sorted(self.place[lo:hi].tolist()))
        return self.sets[lo, hi]

    def cut_nodes(self, light: int) -> list[tuple[int, tuple[int, ...]]]:
        """Return nodes, and what goes dark with each: what hangs at it and what lies behind it.

        Parameters
        ----------
        light
            Number of the node that stands for light.
        """
        child = np.flatnonzero(self.light.below_cut_node & (self.light.parent != light))
        child = child[self.stop[child] > self.first[child]]
        lost: dict[int, set[int]] = {}
        for place, node in zip(self.place.tolist(), self.node.tolist(), strict=True):
            lost.setdefault(node, set()).add(place)
        for c, v in zip(child.tolist(), self.light.parent[child].tolist(), strict=True):
            lost.setdefault(v, set()).update(self.subtree(c))
        return [(v, tuple(sorted(members))) for v, members in sorted(lost.items())]
