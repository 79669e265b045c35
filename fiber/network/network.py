"""The network of cables (or roads): a graph with where, how long, whose, and in which state."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from phusong.fiber.network.csr import Graph
from phusong.fiber.network.polylines import Bools, Floats, Ints, Lines

if TYPE_CHECKING:
    import networkx as nx

JOINT, POP_LINK = -1, -2
"""Source line of an edge that is no cable: a joint within tolerance, a PoP's own tail."""
BESIDE_M: Final = 1.0
"""A PoP nearer to its cable than this is on it: no tail is told."""


@dataclass(frozen=True)
class Network:
    """A noded line network.

    Attributes
    ----------
    crs
        Projected, metric.
    graph
        Nodes and edges as compressed sparse rows.
    x_m, y_m
        (nodes,) coordinates.
    pop
        (nodes,) row of the PoP a node is, else -1.
    line
        (edges,) row of the source line, or ``JOINT`` or ``POP_LINK``.
    from_m, to_m
        (edges,) the stretch of the source line, planar.
    length_m
        (edges,) along the ground.
    steepness
        (edges,) mean absolute slope along the edge, rise over run.
    in_service
        (edges,) whether it carries traffic.
    lines
        The source lines.
    source
        One row a source line, as it was read (no geometry).
    dropped
        Pieces that a joint swallowed.
    hanging
        Rows of the PoPs that are fed over this network, not on their own.
    """

    crs: CRS
    graph: Graph
    x_m: Floats
    y_m: Floats
    pop: Ints
    line: Ints
    from_m: Floats
    to_m: Floats
    length_m: Floats
    steepness: Floats
    in_service: Bools
    lines: Lines
    source: pd.DataFrame
    dropped: int = 0
    hanging: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    @property
    def pop_nodes(self) -> Ints:
        """Nodes that are PoPs, in the order of the PoPs."""
        nodes = np.flatnonzero(self.pop >= 0)
        return nodes[np.argsort(self.pop[nodes], kind="stable")]

    @cached_property
    def geometry(self) -> NDArray[np.object_]:
        """Line strings of all edges, as drawn; made once."""
        return self.edge_geometry()

    @property
    def cable(self) -> Bools:
        """(edges,) whether an edge is in-service cable, not a joint or a PoP's tail."""
        return self.in_service & (self.line >= 0)

    @property
    def beside(self) -> Bools:
        """(edges,) whether an edge is the tail of a PoP that stands beside its cable."""
        tails: Bools = (self.line == POP_LINK) & (self.length_m > BESIDE_M)
        return tails

    def lit_pops(self) -> Ints:
        """Return the PoP nodes that in-service cable leaves."""
        component = self.graph.components(self.in_service)
        has_cable = np.zeros(self.graph.nodes + 1, dtype=bool)
        has_cable[component[self.graph.tail[self.cable]]] = True
        pops = self.pop_nodes
        return pops[has_cable[component[pops]]]

    def fed_pops(self) -> Ints:
        """Return the lit PoPs that light comes from when cable is cut.

        A PoP that hangs on the network is none, unless no other is in its part of it.
        """
        return self._fed_pops

    @cached_property
    def _fed_pops(self) -> Ints:
        pops = self.lit_pops()
        own = ~np.isin(self.pop[pops], self.hanging)
        component = self.graph.components(self.in_service)[pops]
        return np.asarray(pops[own | ~np.isin(component, component[own])])

    def edge_geometry(self, edges: Ints | None = None) -> NDArray[np.object_]:
        """Return the line strings of ``edges`` (default: all), as drawn."""
        chosen = np.arange(len(self.graph)) if edges is None else np.asarray(edges)
        out = np.empty(len(chosen), dtype=object)
        drawn = self.line[chosen] >= 0
        on = chosen[drawn]
        out[drawn] = self.lines.cut(self.line[on], self.from_m[on], self.to_m[on])
        rest = chosen[~drawn]
        if len(rest):
            ends = np.stack([self.graph.tail[rest], self.graph.head[rest]], axis=1)
            out[~drawn] = shapely.linestrings(np.stack([self.x_m[ends], self.y_m[ends]], axis=2))
        return out

    def edge_ids(self) -> NDArray[np.object_]:
        """Return a name for each edge: cable and piece (``C7.2``), or joint or PoP tail."""
        key = "cable_id" if "cable_id" in self.source else self.source.columns[0]
        prefix = np.empty(len(self.graph), dtype=object)
        drawn = self.line >= 0
        prefix[drawn] = self.source[key].astype(str).to_numpy(dtype=object)[self.line[drawn]]
        prefix[self.line == JOINT] = "joint"
        prefix[self.line == POP_LINK] = "pop"
        number = pd.Series(prefix).groupby(prefix, sort=False).cumcount().to_numpy() + 1
        return np.array([f"{p}.{n}" for p, n in zip(prefix, number.tolist(), strict=True)], object)

    def part(self, edges: Ints) -> tuple[Network, Ints]:
        """Return the network of some edges and their lines, and the old number of each node."""
        tail, head, line = self.graph.tail[edges], self.graph.head[edges], self.line[edges]
        used = np.zeros(self.graph.nodes, dtype=bool)
        used[tail] = used[head] = True
        number = np.cumsum(used) - 1
        nodes, lines = np.flatnonzero(used), np.unique(line[line >= 0])
        of_edges = ("from_m", "to_m", "length_m", "steepness", "in_service")
        part = replace(
            self,
            graph=Graph(len(nodes), number[tail], number[head]),
            line=np.where(line >= 0, np.searchsorted(lines, line), line),
            lines=self.lines.take(lines),
            source=self.source.iloc[lines].reset_index(drop=True),
            **{name: getattr(self, name)[nodes] for name in ("x_m", "y_m", "pop")},
            **{name: getattr(self, name)[edges] for name in of_edges},
        )
        return part, nodes

    def split(self, edge: Ints, along_m: Floats) -> tuple[Network, Ints]:
        """Put nodes on edges, as where a drop cable leaves.

        Parameters
        ----------
        edge
            (k,) edges to split.
        along_m
            (k,) planar distance from the edge's tail.

        Returns
        -------
        network, node
            The network, where each edge split keeps its number for its first part (the others
            come last), and (k,) the nodes put in; the edge's own end where it is split there.
        """
        order = np.lexsort((along_m, edge))
        state = _Splitter(self)
        node = np.empty(len(edge), dtype=np.int64)
        for i in order:
            node[i] = state.put(int(edge[i]), float(along_m[i]))
        return state.network(), node

    def to_networkx(self) -> nx.MultiGraph[Any]:
        """Return a networkx multigraph for scripts: nodes with x, y; edges with attributes.

        Practical up to about a million edges.
        """
        import networkx as nx  # noqa: PLC0415 - half a second that most runs do not need

        view: nx.MultiGraph[Any] = nx.MultiGraph(crs=self.crs.to_wkt())
        view.add_nodes_from(
            (i, {"x_m": x, "y_m": y, "pop": p >= 0})
            for i, (x, y, p) in enumerate(
                zip(self.x_m.tolist(), self.y_m.tolist(), self.pop.tolist(), strict=True)
            )
        )
        view.add_edges_from(
            (t, h, name, {"length_m": m, "in_service": s, "line": line})
            for t, h, name, m, s, line in zip(
                self.graph.tail.tolist(),
                self.graph.head.tolist(),
                self.edge_ids().tolist(),
                self.length_m.tolist(),
                self.in_service.tolist(),
                self.line.tolist(),
                strict=True,
            )
        )
        return view


class _Splitter:
    """Grows the arrays of a network edge by edge; for a few thousand drops, not for noding."""

    def __init__(self, network: Network) -> None:
        self.base = network
        self.added: list[tuple[int, int, int, float, float, float]] = []
        self.nodes: list[tuple[float, float]] = []
        self.last: dict[int, tuple[int, float, float]] = {}
        """Edge -> its last split so far: (node, metres from the tail, share of the edge)."""

    def put(self, edge: int, along_m: float) -> int:
        """Split ``edge`` at ``along_m``; calls come in order along the edge."""
        net, tolerance = self.base, 1e-3
        start, end = float(net.from_m[edge]), float(net.to_m[edge])
        node, done_m, done_share = self.last.get(edge, (int(net.graph.tail[edge]), 0.0, 0.0))
        if along_m - done_m <= tolerance:
            return node
        if end - start - along_m <= tolerance:
            return int(net.graph.head[edge])
        share = along_m / (end - start)
        fresh = net.graph.nodes + len(self.nodes)
        if net.line[edge] >= 0:
            x, y = net.lines.at(net.line[edge : edge + 1], np.array([start + along_m]))[0]
        else:
            t, h = net.graph.tail[edge], net.graph.head[edge]
            x = net.x_m[t] + share * (net.x_m[h] - net.x_m[t])
            y = net.y_m[t] + share * (net.y_m[h] - net.y_m[t])
        self.nodes.append((float(x), float(y)))
        self.added.append((edge, node, fresh, done_m, along_m, share - done_share))
        self.last[edge] = (fresh, along_m, share)
        return fresh

    def network(self) -> Network:
        """Return the network with everything put in."""
        net = self.base
        if not self.added:
            return net
        tail, head = net.graph.tail.copy(), net.graph.head.copy()
        from_m, to_m = net.from_m.copy(), net.to_m.copy()
        length_m = net.length_m.copy()
        parent, extra = [], []
        seen: set[int] = set()
        for edge, a, b, lo, hi, share in self.added:
            start = float(net.from_m[edge])
            row = (a, b, start + lo, start + hi, share * float(net.length_m[edge]))
            if edge in seen:
                parent.append(edge)
                extra.append(row)
            else:
                seen.add(edge)
                head[edge], to_m[edge], length_m[edge] = b, row[3], row[4]
        for edge, (node, done_m, share) in self.last.items():
            parent.append(edge)
            extra.append(
                (
                    node,
                    int(net.graph.head[edge]),
                    float(net.from_m[edge]) + done_m,
                    float(net.to_m[edge]),
                    (1.0 - share) * float(net.length_m[edge]),
                )
            )
        block = np.array(extra, dtype=np.float64).reshape(len(extra), 5)
        up = np.array(parent, dtype=np.int64)
        xy = np.array(self.nodes)
        graph = Graph(
            net.graph.nodes + len(xy),
            np.concatenate([tail, block[:, 0].astype(np.int64)]),
            np.concatenate([head, block[:, 1].astype(np.int64)]),
        )
        return replace(
            net,
            graph=graph,
            x_m=np.concatenate([net.x_m, xy[:, 0]]),
            y_m=np.concatenate([net.y_m, xy[:, 1]]),
            pop=np.concatenate([net.pop, np.full(len(xy), -1, dtype=np.int64)]),
            line=np.concatenate([net.line, net.line[up]]),
            from_m=np.concatenate([from_m, block[:, 2]]),
            to_m=np.concatenate([to_m, block[:, 3]]),
            length_m=np.concatenate([length_m, block[:, 4]]),
            steepness=np.concatenate([net.steepness, net.steepness[up]]),
            in_service=np.concatenate([net.in_service, net.in_service[up]]),
        )


def points_at(network: Network, nodes: Ints) -> NDArray[np.object_]:
    """Return (k,) shapely points of nodes."""
    return np.asarray(shapely.points(network.x_m[nodes], network.y_m[nodes]), dtype=object)
