"""Bridges, cut nodes, second routes and single cuts, against removal by brute force."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.fiber import build_network, cables, line, point, pops
from phusong.errors import InputError
from phusong.fiber.failures.outage import named_loss
from phusong.fiber.failures.ranking import find_losses, rank_failures
from phusong.fiber.failures.redundancy import assess_redundancy, low_links
from phusong.fiber.failures.sharedrisk import risk_groups
from phusong.fiber.failures.tracing import Hanging, Tracer
from phusong.fiber.network.csr import Graph


def ranked(net, red, places, ids, pop_ids, groups):
    losses = find_losses(net, red, places, ids, pop_ids, groups)
    return rank_failures(losses, places, None)


def hanging(net, *points, people=None):
    """Places at the nodes nearest to points."""
    node = [
        int(np.argmin(np.hypot(net.x_m - p.x, net.y_m - p.y))) if p is not None else -1
        for p in points
    ]
    count = len(points)
    return Hanging(
        np.array([f"X{i}" for i in range(count)], dtype=object),
        np.array(node),
        np.full(count, np.nan) if people is None else np.array(people, dtype=float),
    )


def test_low_points_of_a_small_graph():
    # triangle 0 1 2, bridge 2-3, pair 3=4 drawn twice, loop at 4
    g = Graph(5, np.array([0, 1, 2, 2, 3, 3, 4]), np.array([1, 2, 0, 3, 4, 4, 4]))
    low = low_links(g, np.array([0]))
    assert low.parent_edge[low.below_bridge].tolist() == [3]
    assert set(low.parent[low.below_cut_node].tolist()) == {0, 2, 3}
    parts = low.blocks_of_two()
    assert parts[0] == parts[1] == parts[2] != parts[3] == parts[4]
    assert low.sum_below(np.ones(5, dtype=np.int64))[0] == 5


@st.composite
def multigraphs(draw):
    nodes = draw(st.integers(2, 9))
    edge = st.tuples(st.integers(0, nodes - 1), st.integers(0, nodes - 1))
    return nodes, draw(st.lists(edge, min_size=1, max_size=16))


@given(multigraphs())
@settings(max_examples=120, deadline=None)
def test_a_cut_isolates_what_removing_it_isolates(case):
    nodes, edges = case
    tail, head = np.array(edges).T
    g = Graph(nodes, tail.copy(), head.copy())
    low = low_links(g, np.array([0]))
    view = nx.MultiGraph(edges)
    view.add_nodes_from(range(nodes))
    whole = nx.node_connected_component(view, 0)
    bridges = {int(low.parent_edge[v]): v for v in np.flatnonzero(low.below_bridge)}
    for e, (a, b) in enumerate(edges):
        if a not in whole:
            continue
        cut = view.copy()
        cut.remove_edge(a, b)
        lost = whole - nx.node_connected_component(cut, 0)
        assert bool(lost) == (e in bridges or (bool(lost) and a == b)) or _parallel(edges, e)
        if e in bridges:
            v = bridges[e]
            inside = low.order[low.entered[v] : low.last[v] + 1]
            assert set(inside.tolist()) == lost
    for v in whole - {0}:
        cut = view.copy()
        cut.remove_node(v)
        lost = whole - nx.node_connected_component(cut, 0) - {v}
        children = np.flatnonzero(low.below_cut_node & (low.parent == v))
        found = {int(w) for c in children for w in low.order[low.entered[c] : low.last[c] + 1]}
        assert found == lost


def _parallel(edges, e):
    """networkx removes any one of parallel edges; none of them is a bridge."""
    return sum(set(other) == set(edges[e]) for other in edges) > 1


RING = (
    line((0, 0), (4000, 0)),
    line((4000, 0), (4000, 4000)),
    line((4000, 4000), (0, 4000)),
    line((0, 4000), (0, 0)),
)


def test_a_ring_and_a_spur():
    net = build_network(cables(*RING, line((4000, 4000), (9000, 4000))), pops(point(0, 0)))
    red = assess_redundancy(net)
    ids = net.edge_ids()
    assert set(ids[red.bridge]) == {"C4.1"}
    assert (red.ring[red.bridge] == -1).all()
    ring = red.ring[[i for i, n in enumerate(ids) if n[:2] in {"C0", "C1", "C2", "C3"}]]
    assert len(set(ring.tolist())) == 1
    assert ring[0] >= 0
    places = hanging(net, point(4000, 4000), point(9000, 4000), None, people=[100, 900, 5])
    on_ring, on_spur = places.node[:2]
    assert red.second_route[on_ring]
    assert red.second_route_same_pop[on_ring]
    assert not red.second_route_other_pop[on_ring]
    assert red.node_disjoint[on_ring]
    assert not red.second_route[on_spur]
    assert red.bridges_above[on_spur] == 1
    table = ranked(net, red, places, ids, ["P0"], {})
    # the PoP and the joint where the spur leaves both darken 1000 people
    worst = table.iloc[:2]
    assert set(worst["element"]) == {"node", "pop"}
    assert worst["people"].tolist() == [1000, 1000]
    edge = table[table["element"] == "edge"].iloc[0]
    assert (edge["id"], edge["communes"], edge["people"]) == ("C4.1", ("X1",), 900)


def test_two_pops_give_two_routes_without_a_ring():
    chain = (line((0, 0), (4000, 0)), line((4000, 0), (8000, 0)))
    net = build_network(cables(*chain), pops(point(0, 0), point(8000, 0)))
    red = assess_redundancy(net)
    (middle,) = hanging(net, point(4000, 0)).node
    assert red.second_route[middle]
    assert red.second_route_other_pop[middle]
    assert red.node_disjoint_other_pop[middle]
    assert not red.second_route_same_pop[middle]
    assert not red.bridge.any()


def test_rings_that_share_a_joint_share_its_fate():
    left = ((0, 0), (2000, 2000), (4000, 0), (2000, -2000))
    right = ((4000, 0), (6000, 2000), (8000, 0), (6000, -2000))
    rings = [line(*p, p[0]) for p in (left, right)]
    net = build_network(cables(*rings), pops(point(0, 0)))
    red = assess_redundancy(net)
    (far,) = hanging(net, point(6000, 2000)).node
    net2, node = net.split(np.array([int(np.flatnonzero(net.line == 1)[0])]), np.array([3000.0]))
    red2 = assess_redundancy(net2)
    assert red2.second_route[node[0]]
    assert not red2.node_disjoint[node[0]]
    assert far >= 0
    assert red.cut_node.any()


def test_out_of_service_cable_is_no_second_route():
    net = build_network(cables(*RING, in_service=[True, True, True, False]), pops(point(0, 0)))
    red = assess_redundancy(net)
    assert red.bridge.sum() == 3
    assert (red.ring == -1).all()


def groups():
    lines = (
        line((0, 0), (4000, 100)),
        line((0, 0), (4000, -100)),
        line((4000, 100), (4000, -100), (8000, 0)),
    )
    net = build_network(cables(*lines, group=["QL2", "QL2", None]), pops(point(0, 0)))
    return net, hanging(net, point(4000, 100), point(8000, 0), people=[10, np.nan])


def grouped(net, near_m=0.0):
    return risk_groups(net, assess_redundancy(net).ring, net.edge_ids(), near_m)


def darkened(net, places, found, cut):
    """Rows of the places that go dark."""
    loss = named_loss(net, net.edge_ids(), ["P0"], found, None, cut)
    return Tracer(net, places, None).darkened(loss)[0].tolist()


def test_cables_side_by_side_are_one_group_though_nobody_says_so():
    # two ways to the far end that share a valley for 2 km, 12 m apart; one crosses the other
    one = line((0, 0), (3000, 0), (5000, 0), (8000, 0))
    two = line((0, 0), (1000, 1500), (3000, 12), (5000, 12), (6500, -900), (8000, 0))
    net = build_network(cables(one, two), pops(point(0, 0)))
    found = grouped(net, 20.0)
    assert list(found) == ["C0.1~C1.1"]
    assert grouped(net, 0.0) == {}
    places = hanging(net, point(8000, 0), people=[40])
    table = ranked(net, assess_redundancy(net), places, net.edge_ids(), ["P0"], found)
    assert table.loc[table["element"] == "group", "id"].tolist() == ["C0.1~C1.1"]
    assert darkened(net, places, found, ["C0.1~C1.1"]) == [0]


def test_cables_that_only_meet_are_no_group():
    net = build_network(cables(*RING), pops(point(0, 0)))
    assert grouped(net, 20.0) == {}


def test_two_cables_on_one_road_are_one_landslide():
    net, places = groups()
    red = assess_redundancy(net)
    table = ranked(net, red, places, net.edge_ids(), ["P0"], grouped(net))
    group = table[table["element"] == "group"].iloc[0]
    assert (group["id"], group["count"], group["people"]) == ("QL2", 2, 10)
    assert table.iloc[-1]["people"] != table.iloc[-1]["people"]  # people unknown: ranked last


@pytest.mark.parametrize(
    ("cut", "dark"),
    [
        (["QL2"], [0, 1]),
        (["P0"], [0, 1]),
        (["C0"], []),
        (["C0.1", "C1"], [0, 1]),
        (["C2.1"], []),
        (["C2.2"], [1]),
    ],
)
def test_what_if(cut, dark):
    net, places = groups()
    assert darkened(net, places, grouped(net), cut) == dark


def test_what_if_a_node_is_lost():
    net, places = groups()
    name = f"N{places.node[1]}"
    assert darkened(net, places, {}, [name]) == [1]


def test_what_if_of_an_unknown_name():
    net, places = groups()
    with pytest.raises(InputError, match="nothing in the network is called C9"):
        darkened(net, places, {}, ["C9"])


@st.composite
def lattices(draw):
    spots = [(i, j) for i in range(4) for j in range(3)]
    pairs = [(a, b) for a in spots for b in spots if (b[0] - a[0], b[1] - a[1]) in {(1, 0), (0, 1)}]
    chosen = draw(st.lists(st.sampled_from(pairs), min_size=3, unique=True))
    where = draw(st.lists(st.sampled_from(spots), min_size=1, max_size=3, unique=True))
    return chosen, where


@given(lattices())
@settings(max_examples=50, deadline=None)
def test_disjoint_routes_agree_with_maximum_flow(case):
    chosen, where = case
    lines = [line(*((1000.0 * x, 1000.0 * y) for x, y in pair)) for pair in chosen]
    net = build_network(cables(*lines), pops(*(point(1000.0 * x, 1000.0 * y) for x, y in where)))
    red = assess_redundancy(net)
    simple = nx.Graph()
    for t, h, n in zip(net.graph.tail, net.graph.head, range(len(net.graph)), strict=True):
        ties = 2 if net.line[n] < 0 else 1
        simple.add_edge(int(t), int(h), capacity=ties)
    lit = set(net.lit_pops().tolist())
    for ties, flags in ((2, red.second_route), (1, red.second_route_other_pop)):
        view = simple.copy()
        for p in lit:
            view.add_edge(p, "light", capacity=ties)
        for v in range(net.graph.nodes):
            if v in lit or v not in view or not lit:
                continue
            flow = nx.maximum_flow_value(view, v, "light") if "light" in view else 0
            assert bool(flags[v]) == (flow >= 2)
    for v in range(net.graph.nodes):
        if v in lit or v not in simple:
            continue
        best = max((nx.maximum_flow_value(simple, v, p) for p in lit), default=0)
        assert bool(red.second_route_same_pop[v]) == (best >= 2)
