"""Single cuts ranked by the people they isolate, and what-if questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from phusong.errors import InputError, Where
from phusong.fiber.graph import Graph
from phusong.fiber.lines import Bools, Floats, Ints
from phusong.fiber.network import Network
from phusong.fiber.redundancy import LowLink, Redundancy
from phusong.jit import njit


@dataclass(frozen=True)
class Hanging:
    """Communes (or other places) that hang on the network.

    Attributes
    ----------
    code
        (k,) what they are called.
    node
        (k,) node their drop leaves from, -1 where not reached.
    people
        (k,) people in them, NaN where unknown.
    """

    code: NDArray[np.object_]
    node: Ints
    people: Floats


COLUMNS = ("element", "id", "communes", "count", "people")


def rank_failures(
    network: Network,
    redundancy: Redundancy,
    hanging: Hanging,
    edge_ids: NDArray[np.object_],
    pop_ids: Sequence[str],
    groups: Mapping[str, Ints],
) -> pd.DataFrame:
    """Return every bridge, cut node, PoP and shared-risk group whose loss darkens a commune.

    Returns
    -------
    pandas.DataFrame
        ``element`` (edge | node | pop | group), ``id``, ``communes`` (tuple of codes),
        ``count``, ``people`` (NaN where not known for any of them), worst first.
    """
    light = redundancy.light
    behind = _Behind(light, hanging)
    rows: list[tuple[str, str, tuple[int, ...]]] = []
    low = np.flatnonzero(light.below_bridge)
    edge = redundancy.edge_of[light.parent_edge[low]]
    rows += [
        ("edge", str(edge_ids[e]), found)
        for v, e in zip(low.tolist(), edge.tolist(), strict=True)
        if e >= 0 and (found := behind.subtree(v))
    ]
    inside = redundancy.site & (network.pop < 0)  # the PoP itself stands for its site
    rows += _node_rows(network, light, behind, hanging, pop_ids, inside)
    rows += _group_rows(network, hanging, groups)
    if not rows:
        return pd.DataFrame(columns=list(COLUMNS))
    communes = _names(hanging.code, [r[2] for r in rows])
    table = pd.DataFrame(
        {
            "element": [r[0] for r in rows],
            "id": [r[1] for r in rows],
            "communes": communes,
            "count": [len(c) for c in communes],
            "people": _people(hanging.people, [r[2] for r in rows]),
        }
    )
    ranked = table.sort_values(
        ["people", "count", "element", "id"], ascending=[False, False, True, True],
        na_position="last", kind="stable",
    )  # fmt: skip
    return ranked.reset_index(drop=True)


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
            known[members] = float(np.nansum(values)) if np.isfinite(values).any() else np.nan
    return [known[members] for members in sets]


class _Behind:
    """Which places lie in a subtree of the depth-first tree; equal sets are made once."""

    def __init__(self, light: LowLink, hanging: Hanging) -> None:
        placed = np.flatnonzero(hanging.node >= 0)
        entered = light.entered[hanging.node[placed]]
        lit = entered >= 0
        order = np.argsort(entered[lit], kind="stable")
        self.light = light
        self.place = placed[lit][order]
        self.entered = entered[lit][order]
        self.first = np.searchsorted(self.entered, np.maximum(light.entered, 0), side="left")
        self.stop = np.searchsorted(self.entered, light.last, side="right")
        self.sets: dict[tuple[int, int], tuple[int, ...]] = {}

    def subtree(self, node: int) -> tuple[int, ...]:
        """Return the places in the subtree of ``node``, sorted."""
        lo, hi = int(self.first[node]), int(self.stop[node])
        if hi <= lo:
            return ()
        if (lo, hi) not in self.sets:
            self.sets[lo, hi] = tuple(sorted(self.place[lo:hi].tolist()))
        return self.sets[lo, hi]


def _node_rows(
    network: Network,
    light: LowLink,
    behind: _Behind,
    hanging: Hanging,
    pop_ids: Sequence[str],
    inside: Bools,
) -> list[tuple[str, str, tuple[int, ...]]]:
    """Cut nodes: what hangs at the node itself goes dark with what lies behind it."""
    nodes = network.graph.nodes
    child = np.flatnonzero(light.below_cut_node & (light.parent != nodes))
    child = child[behind.stop[child] > behind.first[child]]
    own: dict[int, set[int]] = {}
    for place, node in enumerate(hanging.node.tolist()):
        if node >= 0 and light.entered[node] >= 0:
            own.setdefault(node, set()).add(place)
    lost: dict[int, set[int]] = {v: set(members) for v, members in own.items()}
    for c, v in zip(child.tolist(), light.parent[child].tolist(), strict=True):
        lost.setdefault(v, set()).update(behind.subtree(c))
    return [
        ("pop", pop_ids[network.pop[v]], tuple(sorted(members)))
        if network.pop[v] >= 0
        else ("node", f"N{v}", tuple(sorted(members)))
        for v, members in sorted(lost.items())
        if not inside[v]
    ]


def _group_rows(
    network: Network, hanging: Hanging, groups: Mapping[str, Ints]
) -> list[tuple[str, str, tuple[int, ...]]]:
    rows = []
    for name, edges in groups.items():
        cut = np.zeros(len(network.graph), dtype=bool)
        cut[edges] = True
        dark = isolated(network, hanging, cut_edges=cut)
        if len(dark):
            rows.append(("group", name, tuple(dark.tolist())))
    return rows


def isolated(
    network: Network,
    hanging: Hanging,
    cut_edges: Bools,
    cut_nodes: Bools | None = None,
) -> Ints:
    """Return the places (sorted) that lose light when edges and nodes are lost at once."""
    before = _lit(network.graph, network.lit_pops(), network.in_service, None)
    after = _lit(network.graph, network.lit_pops(), network.in_service & ~cut_edges, cut_nodes)
    placed = np.flatnonzero(hanging.node >= 0)
    node = hanging.node[placed]
    return np.asarray(placed[before[node] & ~after[node]], dtype=np.int64)


def _lit(graph: Graph, pops: Ints, use: Bools, lost: Bools | None) -> Bools:
    gone = np.zeros(graph.nodes, dtype=bool) if lost is None else lost
    return np.asarray(_spread(graph.indptr, graph.arc_edge, graph.arc_head, pops, use, gone))


@njit(cache=True)
def _spread(
    indptr: Ints, arc_edge: Ints, arc_head: Ints, sources: Ints, use: Bools, lost: Bools
) -> Bools:
    lit = np.zeros(len(indptr) - 1, np.bool_)
    stack = np.empty(len(indptr), np.int64)
    size = 0
    for v in sources:
        if not lost[v] and not lit[v]:
            lit[v] = True
            stack[size] = v
            size += 1
    while size:
        size -= 1
        v = stack[size]
        for a in range(indptr[v], indptr[v + 1]):
            w = arc_head[a]
            if use[arc_edge[a]] and not lit[w] and not lost[w]:
                lit[w] = True
                stack[size] = w
                size += 1
    return lit


def what_if(
    network: Network,
    hanging: Hanging,
    edge_ids: NDArray[np.object_],
    pop_ids: Sequence[str],
    groups: Mapping[str, Ints],
    cut: Sequence[str],
) -> pd.DataFrame:
    """Answer what goes dark when edges, nodes, PoPs, cables or groups are lost at once.

    Parameters
    ----------
    edge_ids
        (edges,) names of the edges.
    pop_ids
        Names of the PoPs, by row.
    groups
        Edges of the shared-risk groups, see :func:`phusong.fiber.sharedrisk.risk_groups`.
    cut
        Names of edges (``C7.2``), whole cables (``C7``), nodes (``N12``), PoPs or groups.

    Returns
    -------
    pandas.DataFrame
        One row a place that goes dark: ``commune_code``, ``people``.

    Raises
    ------
    InputError
        When nothing bears a name; close names are given.
    """
    edges = np.zeros(len(network.graph), dtype=bool)
    nodes = np.zeros(network.graph.nodes, dtype=bool)
    cable = _cable_names(network)
    for name in cut:
        hit = np.flatnonzero((edge_ids == name) | (cable == name))
        if name in groups:
            hit = np.union1d(hit, groups[name])
        edges[hit] = True
        at = _nodes_called(network, pop_ids, name)
        nodes[at] = True
        if not len(hit) and not len(at):
            known = [*groups, *pop_ids, *dict.fromkeys(cable[network.line >= 0])]
            raise InputError(
                "nothing in the network is called {name}",
                Where(key="cut"),
                "name an edge, a cable, a node, a PoP or a shared-risk group, e.g. {known}",
                {"name": name, "known": ", ".join(str(k) for k in known[:5])},
            )
    dark = isolated(network, hanging, edges, nodes)
    return pd.DataFrame({"commune_code": hanging.code[dark], "people": hanging.people[dark]})


def _cable_names(network: Network) -> NDArray[np.object_]:
    out = np.full(len(network.graph), "", dtype=object)
    if "cable_id" in network.source:
        drawn = network.line >= 0
        names = network.source["cable_id"].astype(str).to_numpy(dtype=object)
        out[drawn] = names[network.line[drawn]]
    return out


def _nodes_called(network: Network, pop_ids: Sequence[str], name: str) -> Ints:
    if name in pop_ids:
        return np.flatnonzero(network.pop == list(pop_ids).index(name))
    if name[:1] == "N" and name[1:].isdigit() and int(name[1:]) < network.graph.nodes:
        return np.array([int(name[1:])])
    return np.zeros(0, np.int64)
