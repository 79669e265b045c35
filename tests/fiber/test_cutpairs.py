"""Pairs of sections, each harmless by itself: against losing every two edges by brute force."""

from __future__ import annotations

from itertools import combinations

import networkx as nx
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.fiber import build_network, cables, line, point, pops
from phusong.fiber.failures.cutpairs import find_cut_pairs, labels
from phusong.fiber.failures.redundancy import low_links
from phusong.fiber.failures.tracing import Hanging, Loss, Tracer
from phusong.fiber.network.csr import Graph


def parts_without(nodes, edges, lost):
    graph = nx.MultiGraph()
    graph.add_nodes_from(range(nodes))
    graph.add_edges_from(e for i, e in enumerate(edges) if i not in lost)
    return nx.node_connected_component(graph, 0)


@st.composite
def multigraphs(draw):
    nodes = draw(st.integers(2, 8))
    edge = st.tuples(st.integers(0, nodes - 1), st.integers(0, nodes - 1))
    return nodes, draw(st.lists(edge, min_size=1, max_size=14))


@given(multigraphs())
@settings(max_examples=200, deadline=None)
def test_edges_of_one_label_and_no_others_part_the_graph_two_by_two(case):
    nodes, edges = case
    graph = Graph(nodes, np.array([a for a, _ in edges]), np.array([b for _, b in edges]))
    label = labels(graph, low_links(graph, np.array([0])))
    whole = parts_without(nodes, edges, ())
    bridge = [len(parts_without(nodes, edges, {i})) < len(whole) for i in range(len(edges))]
    for i, (a, b) in enumerate(edges):
        if bridge[i] or a == b or a not in whole:
            assert label[i] == 0
    for i, j in combinations(range(len(edges)), 2):
        if bridge[i] or bridge[j]:
            continue
        parted = len(parts_without(nodes, edges, {i, j})) < len(whole)
        assert parted == bool(label[i] == label[j] and label[i] > 0)


def ring(places, count=6, radius=1000.0):
    """A ring of cables with a PoP at its first corner and a stub to each place."""
    turn = np.linspace(0, 2 * np.pi, count, endpoint=False)
    corners = [(radius * np.cos(t), radius * np.sin(t)) for t in turn]
    lines = [line(corners[i], corners[(i + 1) % count]) for i in range(count)]
    net = build_network(cables(*lines), pops(point(*corners[0])))
    node = [
        int(np.argmin(np.hypot(net.x_m - p.x, net.y_m - p.y)))
        for p in (point(*corners[i]) for i in places)
    ]
    codes = np.array([f"X{i}" for i in places], dtype=object)
    return net, Tracer(net, Hanging(codes, np.array(node), np.ones(len(places))), None)


def test_the_outermost_two_of_a_ring_take_all_of_it():
    net, tracer = ring([2, 3, 4])
    (pair,) = find_cut_pairs(tracer, 10)
    assert len(pair.members) == 6
    assert pair.places == (0, 1, 2)
    corner = point(1000.0, 0.0)
    for edge in pair.edges:
        ends = [net.graph.tail[edge], net.graph.head[edge]]
        away = np.hypot(net.x_m[ends] - corner.x, net.y_m[ends] - corner.y)
        assert away.min() < 1.0


def test_a_ring_without_anything_between_is_no_pair():
    _, tracer = ring([0])
    assert find_cut_pairs(tracer, 10) == []


@st.composite
def drawings(draw):
    """Cables between points of a small lattice, PoPs and places at some of them."""
    side = 3
    spots = [(x * 500.0, y * 500.0) for x in range(side) for y in range(side)]
    near = [
        (a, b)
        for a, b in combinations(range(len(spots)), 2)
        if abs(spots[a][0] - spots[b][0]) + abs(spots[a][1] - spots[b][1]) <= 500.0
    ]
    kept = draw(st.lists(st.sampled_from(near), min_size=3, max_size=len(near), unique=True))
    heads = draw(st.lists(st.integers(0, 8), min_size=1, max_size=2, unique=True))
    hung = draw(st.lists(st.integers(0, 8), min_size=1, max_size=5, unique=True))
    return spots, kept, heads, hung


@given(drawings())
@settings(max_examples=60, deadline=None)
def test_every_place_that_two_harmless_cuts_darken_is_in_a_pair(case):
    spots, kept, heads, hung = case
    net = build_network(
        cables(*(line(spots[a], spots[b]) for a, b in kept)),
        pops(*(point(*spots[i]) for i in heads)),
    )
    at = [point(*spots[i]) for i in hung]
    node = [int(np.argmin(np.hypot(net.x_m - p.x, net.y_m - p.y))) for p in at]
    codes = np.array([f"X{i}" for i in hung], dtype=object)
    tracer = Tracer(net, Hanging(codes, np.array(node), np.ones(len(hung))), None)
    found = find_cut_pairs(tracer, 1000)

    def dark(*edges):
        return set(lose(tracer, edges).tolist())

    sections = np.flatnonzero(net.line >= 0).tolist()
    alone = {e: dark(e) for e in sections}
    for a, b in combinations(sections, 2):
        more = dark(a, b) - alone[a] - alone[b]
        if alone[a] or alone[b] or not more:
            continue
        mine = [p for p in found if a in p.members and b in p.members]
        assert mine
        assert more <= set(mine[0].places)
    for pair in found:
        assert set(pair.places) == dark(*pair.edges)


def lose(tracer, edges):
    return tracer.darkened(Loss.of(tracer.network, None, list(edges)))[0]
