"""What one cut isolates: bridges, cut nodes, and whether a second route exists.

All of it comes from depth-first searches with low points (Tarjan), in time linear in the
edges. The searches start at a further node, *light*, that every lit PoP is tied to (but those
that hang on the network themselves): what a cut separates from light is dark, whichever PoP it
hung on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from phusong.fiber.network.csr import Graph
from phusong.fiber.network.network import POP_LINK, Network
from phusong.fiber.network.polylines import Bools, Ints
from phusong.jit import njit


@dataclass(frozen=True)
class LowLink:
    """A depth-first forest with low points; arrays (nodes,) unless said otherwise.

    Attributes
    ----------
    order
        (reached,) nodes in the order they were entered.
    entered
        Place of each node in ``order``, -1 where not reached.
    last
        Greatest place in the subtree of a node: the subtree is ``entered .. last``.
    low
        Least place that the subtree reaches without the edge to its parent.
    parent, parent_edge
        -1 at a root.
    """

    order: Ints
    entered: Ints
    last: Ints
    low: Ints
    parent: Ints
    parent_edge: Ints

    @property
    def below_bridge(self) -> Bools:
        """Whether the edge to the parent is a bridge."""
        return np.asarray((self.parent >= 0) & (self.low == self.entered))

    @property
    def below_cut_node(self) -> Bools:
        """Whether losing the parent separates this node's subtree from the root."""
        parent = np.maximum(self.parent, 0)
        return np.asarray((self.parent >= 0) & (self.low >= self.entered[parent]))

    def count_above(self, mark: Bools) -> Ints:
        """Return how many nodes from the root down to each node are marked (itself included)."""
        return np.asarray(_count_above(self.order, self.parent, mark))

    def sum_below(self, weight: Ints) -> Ints:
        """Return the sum of ``weight`` over each node's subtree (0 where not reached)."""
        running = np.concatenate([[0], np.cumsum(weight[self.order])])
        out = np.zeros(len(self.entered), dtype=running.dtype)
        seen = self.entered >= 0
        out[seen] = running[self.last[seen] + 1] - running[self.entered[seen]]
        return out

    def blocks_of_two(self) -> Ints:
        """Return (nodes,) two-edge-connected component numbers, -1 where not reached."""
        return np.asarray(_two_edge_components(self.order, self.parent, self.below_bridge))


def low_links(graph: Graph, roots: Ints) -> LowLink:
    """Search depth first from each root not yet reached, in the order given."""
    arrays = _low_links(graph.indptr, graph.arc_edge, graph.arc_head, np.asarray(roots))
    return LowLink(*arrays)


@dataclass(frozen=True)
class Redundancy:
    """How the lit, in-service network fails.

    Attributes
    ----------
    light
        Low links from light (node number ``network.graph.nodes``), PoPs tied to it twice.
    edge_of
        Edge of the network behind each edge that was searched, -1 for the ties of the PoPs.
    site
        (nodes,) PoPs, and joints inside the site of one.
    bridge
        (edges,) whether cutting an edge separates anything from light.
    ring
        (edges,) number of the ring system (two-edge-connected part) an edge lies in, -1 none.
    cut_node
        (nodes,) whether losing a node separates others from light.
    bridges_above
        (nodes,) bridges between a node and light; -1 where dark.
    second_route
        (nodes,) a second route, edge-disjoint, to whichever PoP.
    second_route_same_pop, second_route_other_pop
        (nodes,) two edge-disjoint routes to one PoP; to two PoPs.
    node_disjoint
        (nodes,) two routes that share no joint, PoPs aside.
    node_disjoint_other_pop
        (nodes,) two routes to two PoPs that share no joint.
    """

    light: LowLink
    edge_of: Ints
    site: Bools
    bridge: Bools
    ring: Ints
    cut_node: Bools
    bridges_above: Ints
    second_route: Bools
    second_route_same_pop: Bools
    second_route_other_pop: Bools
    node_disjoint: Bools
    node_disjoint_other_pop: Bools


def assess_redundancy(network: Network) -> Redundancy:
    """Find every single edge and node whose loss darkens something.

    Parameters
    ----------
    network
        Cables, PoPs and drops. A joint of ends within tolerance lies inside one site, as does a
        PoP with its own tail, however long: neither is itself cut.
    """
    pops, nodes = network.fed_pops(), network.graph.nodes
    light, edge_of = lit_search(network, pops)
    once, _ = _with_light(network, pops, ties=1)
    apart = low_links(once, np.array([nodes]))
    alone, alone_of = _with_light(network, pops, ties=0)
    own = low_links(alone, pops)
    site = _sites(network, network.lit_pops())
    lit = light.entered[:nodes] >= 0

    bridge = np.zeros(len(network.graph), dtype=bool)
    below = light.parent_edge[light.below_bridge]
    bridge[edge_of[below]] = True
    above = light.count_above(light.below_bridge)
    second = lit & (above[:nodes] == 0)
    below_joint = light.below_cut_node & ~site[light.parent] & (light.parent != nodes)
    joints_above = light.count_above(below_joint)[:nodes]
    cut_node = np.zeros(nodes + 1, dtype=bool)
    cut_node[light.parent[light.below_cut_node]] = True

    parts = own.blocks_of_two()
    with_pop = np.zeros(parts.max(initial=-1) + 2, dtype=bool)
    with_pop[parts[pops]] = True
    other = lit & (apart.count_above(apart.below_bridge)[:nodes] == 0)
    apart_joints = apart.count_above(apart.below_cut_node & (apart.parent != nodes))[:nodes]
    ring = np.full(len(network.graph), -1, dtype=np.int64)
    inside = (parts[alone.tail] == parts[alone.head]) & (parts[alone.tail] >= 0)
    ring[alone_of[inside]] = parts[alone.tail[inside]]
    loop = network.graph.tail == network.graph.head
    ring[loop | (network.line < 0)] = -1
    return Redundancy(
        light=light,
        edge_of=edge_of,
        site=site[:nodes],
        bridge=bridge,
        ring=ring,
        cut_node=cut_node[:nodes],
        bridges_above=np.where(lit, above[:nodes], -1),
        second_route=second,
        second_route_same_pop=lit & with_pop[parts[:nodes]],
        second_route_other_pop=other,
        node_disjoint=second & (joints_above == 0),
        node_disjoint_other_pop=other & (apart_joints == 0) & ~site[:nodes],
    )


def lit_search(network: Network, sources: Ints | None = None) -> tuple[LowLink, Ints]:
    """Return the low links from light (node ``network.graph.nodes``), PoPs tied to it twice.

    The second array gives the network's edge behind each edge searched (-1: a tie).

    Parameters
    ----------
    network
        Cables, PoPs and drops.
    sources
        Nodes of the PoPs that light comes from; None: all that are fed.
    """
    graph, edge_of = light_graph(network, sources)
    return low_links(graph, np.array([network.graph.nodes])), edge_of


def light_graph(network: Network, sources: Ints | None = None) -> tuple[Graph, Ints]:
    """Return the graph that :func:`lit_search` searches, and the network's edge behind each edge.

    No single edge that is no cable can part it: such edges are there twice.
    """
    return _with_light(network, network.fed_pops() if sources is None else sources, ties=2)


def _sites(network: Network, pops: Ints) -> Bools:
    """Mark the PoPs, and the joints that their tails tie to them."""
    site = np.zeros(network.graph.nodes + 1, dtype=bool)
    site[pops] = True
    lit = site[network.graph.tail] & (network.line == POP_LINK)
    site[network.graph.head[lit]] = True
    return site


def _with_light(network: Network, pops: Ints, ties: int) -> tuple[Graph, Ints]:
    """In-service edges, harmless ones twice, and ``ties`` edges from every PoP to light."""
    g, nodes = network.graph, network.graph.nodes
    used = np.flatnonzero(network.in_service)
    harmless = used[network.line[used] < 0]
    edge = np.concatenate([used, harmless])
    light = np.full(len(pops) * ties, nodes, dtype=np.int64)
    graph = Graph(
        nodes + 1,
        np.concatenate([g.tail[edge], light]),
        np.concatenate([g.head[edge], np.repeat(pops, ties)]),
    )
    return graph, np.concatenate([edge, np.full(len(light), -1, dtype=np.int64)])


@njit(cache=True)
def _low_links(
    indptr: Ints, arc_edge: Ints, arc_head: Ints, roots: Ints
) -> tuple[Ints, Ints, Ints, Ints, Ints, Ints]:
    n = len(indptr) - 1
    order = np.empty(n, np.int64)
    entered = np.full(n, -1, np.int64)
    last = np.full(n, -1, np.int64)
    low = np.full(n, -1, np.int64)
    parent = np.full(n, -1, np.int64)
    parent_edge = np.full(n, -1, np.int64)
    arc = indptr[:-1].copy()
    count = 0
    for root in roots:
        if entered[root] >= 0:
            continue
        v = root
        order[count] = v
        entered[v] = low[v] = count
        count += 1
        while v >= 0:
            if arc[v] < indptr[v + 1]:
                a = arc[v]
                arc[v] += 1
                e, w = arc_edge[a], arc_head[a]
                if e == parent_edge[v] or w == v:
                    continue
                if entered[w] >= 0:
                    low[v] = min(low[v], entered[w])
                    continue
                parent[w], parent_edge[w] = v, e
                order[count] = w
                entered[w] = low[w] = count
                count += 1
                v = w
            else:
                last[v] = count - 1
                up = parent[v]
                if up >= 0:
                    low[up] = min(low[up], low[v])
                v = up
    return order[:count].copy(), entered, last, low, parent, parent_edge


@njit(cache=True)
def _count_above(order: Ints, parent: Ints, mark: Bools) -> Ints:
    out = np.zeros(len(parent), np.int64)
    for v in order:
        out[v] = (out[parent[v]] if parent[v] >= 0 else 0) + (1 if mark[v] else 0)
    return out


@njit(cache=True)
def _two_edge_components(order: Ints, parent: Ints, below_bridge: Bools) -> Ints:
    out = np.full(len(parent), -1, np.int64)
    count = 0
    for v in order:
        if parent[v] < 0 or below_bridge[v]:
            out[v] = count
            count += 1
        else:
            out[v] = out[parent[v]]
    return out
