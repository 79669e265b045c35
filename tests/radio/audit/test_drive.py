"""The day's way on networks small enough to see the best one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phusong.coverage.audit.drive import (
    STOP_EVERY_M,
    Drive,
    Untested,
    expected_width,
    plan_drive,
)
from phusong.coverage.audit.intervals import clopper_pearson
from phusong.coverage.audit.ways import Search, Ways, main_node, round_trip


def ways(nodes: int, *roads: tuple[int, int, float]) -> Ways:
    tail, head, km = (np.array(part) for part in zip(*roads, strict=True))
    at = np.arange(nodes, dtype=np.float64)
    return Ways(at, np.zeros(nodes), tail, head, km * 1000.0)


def untested(places: dict[int, int], groups: list[tuple[int, float]], group_of: list[int]):
    """`places`: how many each road passes, all of them of the road's group in `group_of`."""
    edge = np.repeat(list(places), list(places.values()))
    place = np.arange(len(edge))
    tests, share = (np.array(part, dtype=np.float64) for part in zip(*groups, strict=True))
    return Untested(edge, place, place, np.array(group_of)[edge], tests, share)


def check(found: Drive, roads: Ways, start: int, day_km: float) -> None:
    """It is one way, from the start and back to it, within the day."""
    at, length = start, 0.0
    for edge, forward in zip(found.edges, found.forward, strict=True):
        ends = (roads.tail[edge], roads.head[edge])
        here, there = ends if forward else ends[::-1]
        if roads.tail[edge] != roads.head[edge]:
            assert here == at
        at, length = there, length + roads.length_m[edge]
    assert at == start
    assert length == pytest.approx(found.length_m)
    assert found.length_m <= day_km * 1000 + 1e-6


def test_the_first_test_of_a_group_is_worth_most() -> None:
    width = expected_width(np.arange(200.0), np.full(200, 0.9), 0.95)
    assert (np.diff(width) < 0).all()
    assert (np.diff(width, 2) > 0).all()
    # Near the exact interval once there are some tests.
    low, high = clopper_pearson(90.0, 100.0)
    assert width[100] == pytest.approx(float(high - low), abs=0.01)


def test_of_two_branches_the_one_that_tells_more() -> None:
    roads = ways(3, (0, 1, 4.0), (0, 2, 4.0))
    todo = untested({0: 3, 1: 12}, [(0, 0.9), (0, 0.9)], [0, 1])
    found = plan_drive(roads, todo, 0, 9_000.0)
    check(found, roads, 0, 9.0)
    assert found.edges.tolist() == [1, 1]
    assert found.new_tests.tolist() == [0, 12]
    assert found.low_after[0] == found.low_before[0] == 0.0
    assert found.high_after[1] - found.low_after[1] < 0.5
    both = plan_drive(roads, todo, 0, 16_000.0)
    assert both.new_tests.tolist() == [3, 12]
    assert both.length_m == 16_000.0


def test_untested_communes_come_before_those_tested_often() -> None:
    roads = ways(3, (0, 1, 4.0), (0, 2, 4.0))
    todo = untested({0: 10, 1: 10}, [(500, 0.9), (0, 0.9)], [0, 1])
    assert plan_drive(roads, todo, 0, 9_000.0).new_tests.tolist() == [0, 10]


def test_places_are_tested_once_and_loops_are_driven() -> None:
    """A longer road beside a shorter one, and a loop, carry tests of their own."""
    roads = ways(2, (0, 1, 1.0), (0, 1, 3.0), (1, 1, 2.0))
    todo = untested({1: 5, 2: 7}, [(0, 0.8)], [0, 0, 0])
    found = plan_drive(roads, todo, 0, 20_000.0)
    check(found, roads, 0, 20.0)
    assert found.new_tests.tolist() == [12]
    assert found.length_m == 6_000.0
    assert found.stops["new_tests"].sum() == 12
    assert found.stops["km"].diff().max() <= STOP_EVERY_M / 1000


def test_a_round_is_the_postmans() -> None:
    """A square of 1 km with a branch: the branch there and back, the square once."""
    roads = ways(5, (0, 1, 1.0), (1, 2, 1.0), (2, 3, 1.0), (3, 0, 1.0), (2, 4, 2.0))
    steps = round_trip(Search(roads), set(range(5)), set(range(5)), 0)
    assert sorted(edge for edge, _ in steps) == [0, 1, 2, 3, 4, 4]
    assert steps[-1][1] == 0
    # Only the branch and the far side are wanted: one near side ties them to the start.
    few = round_trip(Search(roads), {4, 1}, {0, 1, 2, 3, 4}, 0)
    assert sum(roads.length_m[edge] for edge, _ in few) == pytest.approx(8_000.0)


def test_what_a_shorter_round_saves_is_spent() -> None:
    """Four branches of one crossing, a little each: a day holds as many as it can."""
    roads = ways(5, *((0, i, 2.0) for i in range(1, 5)))
    todo = untested(dict.fromkeys(range(4), 4), [(0, 0.9)] * 4, [0, 1, 2, 3])
    for day_km, branches in ((3.9, 0), (4.0, 1), (11.9, 2), (12.0, 3), (16.0, 4)):
        found = plan_drive(roads, todo, 0, day_km * 1000.0)
        assert (found.new_tests > 0).sum() == branches
        assert found.length_m == branches * 4_000.0


def test_what_is_out_of_reach_is_no_drive() -> None:
    roads = ways(4, (0, 1, 10.0), (2, 3, 1.0))
    todo = untested({0: 5, 1: 5}, [(0, 0.9)], [0, 0])
    none = plan_drive(roads, todo, 0, 19_000.0)
    assert none.edges.size == 0
    assert none.length_m == 0.0
    assert none.stops["order"].tolist() == [0]
    assert plan_drive(roads, todo, 0, 20_000.0).new_tests.tolist() == [5]


def test_a_drive_begins_on_the_main_network() -> None:
    roads = ways(4, (0, 1, 1.0), (2, 3, 10.0))
    assert main_node(roads, 0.0, 0.0) == 2


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), day_km=st.floats(1.0, 60.0))
def test_any_network_is_driven_as_one_way_within_the_day(seed: int, day_km: float) -> None:
    rng = np.random.default_rng(seed)
    nodes, count = 12, 25
    tail, head = rng.integers(0, nodes, (2, count))
    roads = Ways(rng.random(nodes), rng.random(nodes), tail, head, rng.uniform(0.0, 5000.0, count))
    edge, place = rng.integers(0, count, 60), rng.integers(0, 30, 60)
    todo = Untested(
        edge,
        place,
        np.arange(30),
        rng.integers(0, 4, 30),
        rng.integers(0, 50, 4).astype(np.float64),
        rng.uniform(0.1, 1.0, 4),
    )
    found = plan_drive(roads, todo, 0, day_km * 1000.0)
    check(found, roads, 0, day_km + count * 1e-5)
    assert found.new_tests.sum() == found.stops["new_tests"].sum() <= 30
    passed = np.isin(edge, found.edges)
    assert found.new_tests.sum() == len(np.unique(place[passed]))
