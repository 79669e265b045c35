"""What names stand for, when they are lost."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from phusong.errors import InputError, Where
from phusong.fiber.failures.hanging import Backhaul
from phusong.fiber.failures.tracing import Loss
from phusong.fiber.network.network import Network
from phusong.fiber.network.polylines import Ints


def named_loss(
    network: Network,
    edge_ids: NDArray[np.object_],
    pop_ids: Sequence[str],
    groups: Mapping[str, Ints],
    backhaul: Backhaul | None,
    cut: Sequence[str],
) -> Loss:
    """Find what names stand for.

    Parameters
    ----------
    edge_ids
        (edges,) names of the edges.
    pop_ids
        Names of the PoPs, by row.
    groups
        Edges of the shared-risk groups, see :func:`phusong.fiber.failures.sharedrisk.risk_groups`.
    cut
        Names of edges (``C7.2``), whole cables (``C7``), nodes (``N12``), PoPs, groups or, with
        a backhaul, sites.

    Raises
    ------
    InputError
        When nothing bears a name; close names are given.
    """
    edges = np.zeros(len(network.graph), dtype=bool)
    nodes = np.zeros(network.graph.nodes, dtype=bool)
    things = np.zeros(0 if backhaul is None else len(backhaul.names), dtype=bool)
    cable = _cable_names(network)
    for name in cut:
        hit = np.flatnonzero((edge_ids == name) | (cable == name))
        if name in groups:
            hit = np.union1d(hit, groups[name])
        edges[hit] = True
        at = _nodes_called(network, pop_ids, name)
        nodes[at] = True
        own = np.zeros(0, np.int64) if backhaul is None else np.flatnonzero(backhaul.names == name)
        things[own] = True
        if not len(hit) and not len(at) and not len(own):
            known = [
                *groups,
                *pop_ids,
                *dict.fromkeys(cable[network.line >= 0]),
                *edge_ids[network.line >= 0],
            ]
            known = [str(k) for k in known]
            near = difflib.get_close_matches(name, known, n=5) or known[:5]
            raise InputError(
                "nothing in the network is called {name}",
                Where(key="cut"),
                "name an edge, a cable, a node, a PoP or a shared-risk group, e.g. {known}",
                {"name": name, "known": ", ".join(near)},
            )
    return Loss(edges, nodes, things)


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
