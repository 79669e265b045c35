"""Chains of sections: what is left of ways for fibre, and that nothing else is."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

from phusong.planning.arborescence.graph.roads import contract


def kept(nodes, *vertices):
    mask = np.zeros(nodes, bool)
    mask[list(vertices)] = True
    return mask


def test_a_chain_becomes_one_section_and_a_dead_end_goes() -> None:
    tail, head = np.array([0, 1, 2, 1]), np.array([1, 2, 3, 4])
    chains = contract(5, tail, head, np.array([1.0, 2.0, 4.0, 9.0]), kept(5, 0, 3))
    assert (chains.tail.tolist(), chains.head.tolist()) == ([0], [3])
    assert chains.cost.tolist() == [7.0]
    assert chains.section.tolist() == [0, 1, 2]


def test_of_two_ways_the_cheaper_stays_and_loops_go() -> None:
    tail, head = np.array([0, 1, 0, 0, 1]), np.array([1, 2, 2, 0, 1])
    chains = contract(3, tail, head, np.array([1.0, 1.0, 3.0, 0.5, 0.5]), kept(3, 0, 2))
    assert chains.cost.tolist() == [2.0]
    assert chains.section.tolist() == [0, 1]


def test_a_ring_on_one_vertex_goes() -> None:
    tail, head = np.array([0, 1, 2, 0]), np.array([1, 2, 0, 3])
    chains = contract(4, tail, head, np.ones(4), kept(4, 0, 3))
    assert chains.section.tolist() == [3]


@pytest.mark.parametrize("seed", range(20))
def test_distances_between_what_is_kept_stay(seed: int) -> None:
    rng = np.random.default_rng(seed)
    nodes, count = 30, 40
    tail, head = rng.integers(0, nodes, (2, count))
    cost = rng.integers(1, 20, count).astype(float)
    marks = rng.choice(nodes, 6, replace=False)
    chains = contract(nodes, tail, head, cost, kept(nodes, *marks))

    def distances(tail, head, cost):
        graph = nx.MultiGraph()
        graph.add_nodes_from(range(nodes))
        graph.add_weighted_edges_from(zip(tail, head, cost, strict=True))
        return {m: nx.single_source_dijkstra_path_length(graph, m) for m in marks}

    before = distances(tail, head, cost)
    after = distances(chains.tail, chains.head, chains.cost)
    for m in marks:
        for n in marks:
            assert before[m].get(n) == after[m].get(n)
    for k in range(chains.cost.size):
        mine = chains.section[chains.indptr[k] : chains.indptr[k + 1]]
        assert cost[mine].sum() == chains.cost[k]
