"""Graphs that fall apart at their root: parts by themselves give what the whole gives."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.steiner import dreyfus_wagner, quick
from phusong.fiber.steiner import solve
from phusong.fiber.steiner.rootparts import Apart


def test_two_sides_of_a_root_by_hand():
    """0 is the root. On one side 1 - 2 (cost 2 from the root, 1 between), on the other 3 - 4.

    A vertex 5 that nothing asks for hangs on the far side; 6 is one with the root.
    """
    tail = [0, 1, 0, 0, 3, 4, 6, 6]
    head = [1, 2, 2, 3, 4, 5, 0, 4]
    cost = [2.0, 1.0, 9.0, 4.0, 4.0, 1.0, 0.0, 5.0]
    ends = np.array([tail, head], dtype=np.int32)
    apart = Apart(ends, np.array(cost), np.array([0, 2, 4]), 7, 0)
    blocks = list(apart.blocks())
    assert [b.edge.tolist() for b in blocks] == [[0, 1, 2], [3, 4, 5, 7]]
    assert [b.terminals.size for b in blocks] == [2, 2]
    found = solve(tail, head, cost, [2, 4], root=0)
    # 0-1-2 for 3; to 4 by 6, which costs 5 and its free way to the root, not 8 by 3
    assert found.edges.tolist() == [0, 1, 6, 7]
    assert (found.cost, found.lower_bound, found.status) == (8.0, 8.0, "optimal")


def test_what_no_edges_join_to_the_root_is_named_as_before():
    found = solve([0, 0, 3], [1, 2, 4], [1, 1, 1], [1, 2, 4], root=0)
    assert found.unreachable.tolist() == [4]
    assert found.edges.tolist() == [0, 1]


@st.composite
def clusters(draw):
    """Small connected clusters, each joined to the root by a few edges, some of them free."""
    tail, head, cost, wanted = [], [], [], []
    first = 1
    for _ in range(draw(st.integers(1, 4))):
        size = draw(st.integers(1, 5))
        names = list(range(first, first + size))
        first += size
        for i, name in enumerate(names[1:], start=1):
            tail.append(names[draw(st.integers(0, i - 1))])
            head.append(name)
        for _ in range(draw(st.integers(0, 3))):
            tail.append(draw(st.sampled_from(names)))
            head.append(draw(st.sampled_from(names)))
        for _ in range(draw(st.integers(1, 3))):
            tail.append(0)
            head.append(draw(st.sampled_from(names)))
        wanted += draw(st.lists(st.sampled_from(names), max_size=3))
    cost = draw(st.lists(st.integers(0, 9), min_size=len(tail), max_size=len(tail)))
    return first, np.array(tail), np.array(head), np.array(cost, dtype=float), wanted


@quick
@given(clusters())
def test_parts_cost_what_the_whole_costs(made):
    nodes, tail, head, cost, wanted = made
    if not wanted:
        return
    found = solve(tail, head, cost, wanted, nodes=nodes, root=0, steps=50, time_limit_s=np.inf)
    least = dreyfus_wagner(nodes, tail, head, cost, sorted({0, *wanted}))
    assert found.cost == pytest.approx(least)
    assert found.lower_bound <= least + 1e-9
    assert found.status == "optimal"
    view = nx.Graph(zip(tail[found.edges].tolist(), head[found.edges].tolist(), strict=True))
    view.add_node(0)
    assert nx.is_tree(view)
    assert set(wanted) <= set(view)


def test_a_short_search_of_many_parts_keeps_a_valid_bound():
    """Four lattices that meet at the root only: the bound of their sum stands however short."""
    side, parts = 30, 4
    index = np.arange(side * side).reshape(side, side)
    one = np.stack(
        [
            np.concatenate([index[:, :-1].ravel(), index[:-1].ravel()]),
            np.concatenate([index[:, 1:].ravel(), index[1:].ravel()]),
        ]
    )
    rng = np.random.default_rng(7)
    ends, goals = [], []
    for k in range(parts):
        ends.append(np.where(one == 0, 0, one + k * side * side))
        goals.append(rng.choice(np.arange(1, side * side), 20, replace=False) + k * side * side)
    tail, head = np.concatenate(ends, axis=1)
    cost = rng.uniform(50.0, 150.0, tail.size)
    hurried = solve(tail, head, cost, np.concatenate(goals), root=0, time_limit_s=1e-9)
    proven = solve(tail, head, cost, np.concatenate(goals), root=0, time_limit_s=60.0)
    assert proven.status == "optimal"
    assert 0.8 * proven.cost < hurried.lower_bound <= proven.cost <= hurried.cost
    # each part by itself, its edges alone
    alone = [
        solve(tail[k], head[k], cost[k], goal, root=0, time_limit_s=60.0).cost
        for goal, k in zip(goals, np.split(np.arange(tail.size), parts), strict=True)
    ]
    assert proven.cost == pytest.approx(sum(alone))
