"""What names stand for, when they are lost."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from phusong.errors import InputError, Where
from phusong.fiber.failures.hanging import Backhaul
from phusong.fiber.failures.tracing import Loss
from phusong.fiber.network.network import Network
from phusong.fiber.network.polylines import Ints
from phusong.sources.cables.called import POP, SITE

_NONE: Ints = np.zeros(0, dtype=np.int64)


class _Taken(NamedTuple):
    """Numbers of what a name stands for."""

    edges: Ints = _NONE
    nodes: Ints = _NONE
    things: Ints = _NONE

    @property
    def anything(self) -> bool:
        return any(len(part) > 0 for part in self)

    @property
    def key(self) -> tuple[tuple[int, ...], ...]:
        """The same for names that stand for the same."""
        return tuple(tuple(sorted(part.tolist())) for part in self)


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
        a backhaul, sites; with their kind where several things bear one name: ``edge:``,
        ``cable:``, ``node:``, ``pop:``, ``group:``, ``site:``.

    Raises
    ------
    InputError
        When nothing bears a name, close names are given; or when several things do.
    """
    edges = np.zeros(len(network.graph), dtype=bool)
    nodes = np.zeros(network.graph.nodes, dtype=bool)
    things = np.zeros(0 if backhaul is None else len(backhaul.names), dtype=bool)
    cable = _cable_names(network)
    known_by: dict[str, Callable[[str], _Taken]] = {
        "edge": lambda name: _Taken(edges=np.flatnonzero(edge_ids == name)),
        "cable": lambda name: _Taken(edges=np.flatnonzero(cable == name)),
        "group": lambda name: _Taken(edges=groups.get(name, _NONE)),
        "node": lambda name: _Taken(nodes=_nodes_called(network, name)),
        POP: lambda name: _pops_called(network, pop_ids, backhaul, name),
        SITE: lambda name: _sites_called(backhaul, name),
    }
    for name in cut:
        found = _meant(known_by, name)
        for taken in found.values():
            edges[taken.edges], nodes[taken.nodes], things[taken.things] = True, True, True
        if len({taken.key for taken in found.values()}) > 1:
            raise InputError(
                "several things in the network are called {name}",
                Where(key="cut"),
                "say which: {ways}",
                {"name": name, "ways": ", ".join(f"{kind}:{name}" for kind in found)},
            )
        if not found:
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


def _meant(known_by: Mapping[str, Callable[[str], _Taken]], name: str) -> dict[str, _Taken]:
    """Return what a name stands for, by kind; ``kind:name`` only where nothing is called so."""
    found = {kind: taken for kind, called in known_by.items() if (taken := called(name)).anything}
    kind, _, rest = name.partition(":")
    if found or kind not in known_by:
        return found
    taken = known_by[kind](rest)
    return {kind: taken} if taken.anything else {}


def _sites_called(backhaul: Backhaul | None, name: str) -> _Taken:
    if backhaul is None:
        return _Taken()
    return _Taken(things=np.flatnonzero(backhaul.names[: backhaul.sites] == name))


def _pops_called(
    network: Network, pop_ids: Sequence[str], backhaul: Backhaul | None, name: str
) -> _Taken:
    if name not in pop_ids:
        return _Taken()
    row = list(pop_ids).index(name)
    thing = _NONE if backhaul is None else np.array([backhaul.sites + row])
    return _Taken(nodes=np.flatnonzero(network.pop == row), things=thing)


def _nodes_called(network: Network, name: str) -> Ints:
    if name[:1] == "N" and name[1:].isdigit() and int(name[1:]) < network.graph.nodes:
        return np.array([int(name[1:])])
    return np.zeros(0, np.int64)
