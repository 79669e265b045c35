"""Single cuts ranked by the people they isolate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from phusong.fiber.failures.hanging import Backhaul
from phusong.fiber.failures.redundancy import LowLink, Redundancy
from phusong.fiber.network.light import lit_nodes
from phusong.fiber.network.network import Network
from phusong.fiber.network.polylines import Bools, Floats, Ints


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


COLUMNS = ("element", "id", "communes", "count", "people", "sites", "site_count")


def rank_failures(
    network: Network,
    redundancy: Redundancy,
    hanging: Hanging,
    edge_ids: NDArray[np.object_],
    pop_ids: Sequence[str],
    groups: Mapping[str, Ints],
    backhaul: Backhaul | None = None,
) -> pd.DataFrame:
    """Return every bridge, cut node, PoP and shared-risk group whose loss darkens anything.

    Returns
    -------
    pandas.DataFrame
        ``element`` (edge | node | pop | group), ``id``, ``communes`` (tuple of codes),
        ``count``, ``people`` (NaN where not known for any of them), ``sites`` (tuple of ids that
        go dark, by fibre or by microwave from one that does; empty without a backhaul),
        ``site_count``, worst first. A PoP fed by microwave counts as fed here; ``what_if``
        follows it.
    """
    light = redundancy.light
    ours = len(hanging.code)
    hanging = _with_backhaul(network, hanging, backhaul)
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
    places = [tuple(i for i in found if i < ours) for _, _, found in rows]
    sites = _dark_sites(backhaul, ours, rows)
    shown = [i for i in range(len(rows)) if places[i] or sites[i]]
    if not shown:
        return pd.DataFrame(columns=list(COLUMNS))
    communes = _names(hanging.code, [places[i] for i in shown])
    table = pd.DataFrame(
        {
            "element": [rows[i][0] for i in shown],
            "id": [rows[i][1] for i in shown],
            "communes": communes,
            "count": [len(c) for c in communes],
            "people": _people(hanging.people, [places[i] for i in shown]),
            "sites": [sites[i] for i in shown],
            "site_count": [len(sites[i]) for i in shown],
        }
    )
    ranked = table.sort_values(
        ["people", "count", "site_count", "element", "id"],
        ascending=[False, False, False, True, True],
        na_position="last",
        kind="stable",
    )
    return ranked.reset_index(drop=True)


def _with_backhaul(network: Network, hanging: Hanging, backhaul: Backhaul | None) -> Hanging:
    """Hang the links of the backhaul and every PoP behind the communes."""
    if backhaul is None:
        return hanging
    node = np.concatenate([backhaul.node, network.pop_nodes])
    return Hanging(
        code=np.concatenate([hanging.code, np.full(len(node), "", dtype=object)]),
        node=np.concatenate([hanging.node, node]),
        people=np.concatenate([hanging.people, np.full(len(node), np.nan)]),
    )


def _dark_sites(
    backhaul: Backhaul | None, ours: int, rows: list[tuple[str, str, tuple[int, ...]]]
) -> list[tuple[str, ...]]:
    """Return the sites that each loss darkens, by what hangs behind it."""
    if backhaul is None:
        return [()] * len(rows)
    links = len(backhaul.thing)
    known: dict[tuple[int, ...], tuple[str, ...]] = {}
    out = []
    for _, _, found in rows:
        key = tuple(i - ours for i in found if i >= ours)
        if key not in known:
            unlit = np.zeros(links, dtype=bool)
            unlit[[i for i in key if i < links]] = True
            dead = np.zeros(len(backhaul.names), dtype=bool)
            dead[[backhaul.sites + i - links for i in key if i >= links]] = True
            dark = backhaul.darkened(unlit, dead)[: backhaul.sites]
            known[key] = tuple(backhaul.names[: backhaul.sites][dark])
        out.append(known[key])
    return out


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
    sources = network.fed_pops()
    before = lit_nodes(network.graph, sources, network.in_service)
    after = lit_nodes(network.graph, sources, network.in_service & ~cut_edges, cut_nodes)
    placed = np.flatnonzero(hanging.node >= 0)
    node = hanging.node[placed]
    return np.asarray(placed[before[node] & ~after[node]], dtype=np.int64)
