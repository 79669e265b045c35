"""Second routes at least cost, against trying everything on small graphs."""

from __future__ import annotations

import itertools
from dataclasses import replace

import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.fiber import cables, inputs, line, point, pops, roads, study, terrain
from phusong.checks import Findings
from phusong.errors import InputError
from phusong.fiber.assess import assess_fiber
from phusong.fiber.built import with_new_lines
from phusong.fiber.rings.augmentation import Augmentation, alone_usd, augment, lower_bound
from phusong.fiber.rings.contraction import contract
from phusong.fiber.rings.cutplan import tighten
from phusong.fiber.rings.overland import CLEAR_M
from phusong.fiber.rings.rings import plan_rings
from phusong.study import Extension


@st.composite
def problems(draw):
    count = draw(st.integers(3, 6))
    further = draw(st.integers(0, 3))
    standing = [(draw(st.integers(0, i)), i + 1) for i in range(count - 1)]
    vertex = st.integers(0, count + further - 1)
    fresh = draw(st.lists(st.tuples(vertex, vertex), min_size=1, max_size=9))
    fresh = [e for e in fresh if e[0] != e[1]]
    usd = [0] * len(standing) + [draw(st.integers(1, 9)) for _ in fresh]
    need = draw(st.lists(st.integers(1, count - 1), min_size=1, max_size=3, unique=True))
    tail, head = np.array(standing + fresh).T
    return Augmentation(
        vertices=count + further,
        root=0,
        tail=tail.copy(),
        head=head.copy(),
        usd=np.array(usd, dtype=float),
        standing=len(standing),
        need=np.array(need),
    )


def _secured(problem, bought):
    """By maximum flow: whether each vertex has two edge-disjoint routes."""
    view = nx.Graph()
    view.add_nodes_from(range(problem.vertices))
    for e in [*range(problem.standing), *bought]:
        a, b = int(problem.tail[e]), int(problem.head[e])
        already = view[a][b]["capacity"] if view.has_edge(a, b) else 0
        view.add_edge(a, b, capacity=already + 1)
    return [nx.maximum_flow_value(view, int(v), 0) >= 2 for v in problem.need]


@given(problems())
@settings(max_examples=60, deadline=None)
def test_second_routes_are_real_and_the_bound_holds(problem):
    bought, alone = augment(problem, 0.3)
    bound = lower_bound(problem, alone)
    fresh = range(problem.standing, len(problem.usd))
    possible = _secured(problem, fresh)
    assert np.isfinite(alone).tolist() == possible
    assert _secured(problem, bought) == possible
    best = min(
        problem.usd[list(chosen)].sum()
        for size in range(len(fresh) + 1)
        for chosen in itertools.combinations(fresh, size)
        if _secured(problem, chosen) == possible
    )
    paid = problem.usd[bought].sum()
    assert bound <= best + 1e-9
    assert best <= paid + 1e-9
    assert paid <= len(problem.need) * best + 1e-9  # each way alone is no dearer than the whole
    for i in np.flatnonzero(possible):
        single = replace(problem, need=problem.need[i : i + 1])
        assert alone[i] == pytest.approx(
            min(
                single.usd[list(chosen)].sum()
                for size in range(len(fresh) + 1)
                for chosen in itertools.combinations(fresh, size)
                if all(_secured(single, chosen))
            )
        )


@given(problems())
@settings(max_examples=60, deadline=None)
def test_the_relaxation_over_cuts_finds_the_cheapest_plan_and_proves_no_more(problem):
    small = contract(problem)
    alone = alone_usd(small.problem)
    assert alone.tolist() == alone_usd(problem).tolist()
    first, _ = augment(small.problem, 0.0)
    before = lower_bound(small.problem, alone)
    plan, bound = tighten(small.problem, alone, first, before, 20.0)
    bought = small.expand(plan)
    fresh = range(problem.standing, len(problem.usd))
    possible = _secured(problem, fresh)
    best = min(
        problem.usd[list(chosen)].sum()
        for size in range(len(fresh) + 1)
        for chosen in itertools.combinations(fresh, size)
        if _secured(problem, chosen) == possible
    )
    assert _secured(problem, bought) == possible
    assert problem.usd[bought].sum() == pytest.approx(best)
    assert problem.usd[bought].sum() == pytest.approx(small.problem.usd[plan].sum())
    assert before <= bound <= best + 1e-9
    assert bound >= 0.5 * best - 1e-9  # whole numbers at most double the relaxation here


def test_a_contracted_problem_keeps_branches_needs_and_kinds():
    # 0 root – 1 – 2 – 3 need stand; 0 – 4 – 5 – 3 new; 5 – 6 a new spur, 2 – 7 a standing one
    problem = Augmentation(
        vertices=8,
        root=0,
        tail=np.array([0, 1, 2, 2, 0, 4, 5, 5]),
        head=np.array([1, 2, 3, 7, 4, 5, 3, 6]),
        usd=np.array([0, 0, 0, 0, 1, 2, 4, 8.0]),
        standing=4,
        need=np.array([3]),
    )
    small = contract(problem)
    assert (small.problem.vertices, small.problem.standing) == (2, 1)
    assert small.problem.usd.tolist() == [0, 7]
    assert small.edge.tolist() == [0, 0, 0, -1, 1, 1, 1, -1]
    assert small.expand(np.array([1])).tolist() == [4, 5, 6]


def test_a_problem_too_large_for_the_relaxation_keeps_what_is_known(monkeypatch):
    problem = Augmentation(
        vertices=2,
        root=0,
        tail=np.array([0, 0, 0]),
        head=np.array([1, 1, 1]),
        usd=np.array([0, 5.0, 3.0]),
        standing=1,
        need=np.array([1]),
    )
    alone, dear = alone_usd(problem), np.array([1])
    plan, bound = tighten(problem, alone, dear, 1.0, 10.0)
    assert (plan.tolist(), bound) == ([2], pytest.approx(3.0))
    monkeypatch.setattr("phusong.fiber.rings.cutplan.LARGEST", 1)
    plan, bound = tighten(problem, alone, dear, 1.0, 10.0)
    assert (plan.tolist(), bound) == ([1], 1.0)


PEOPLE = pd.Series({"a": 100.0, "b": 1000.0, "c": 500.0})


@pytest.fixture
def spurs(tmp_path):
    """A trunk with two spurs; one road joins their ends, one leads home, one runs beside."""
    lines = cables(
        line((0, 0), (10_000, 0)),
        line((4_000, 0), (4_000, 6_000)),
        line((10_000, 0), (10_000, 6_000)),
    )
    ways = roads(
        line((4_000, 6_050), (10_000, 6_050)),
        line((10_000, 0), (10_000, -3_000), (0, -3_000), (0, 0)),
        line((4_020, 0), (4_020, 6_000)),
        kind=["primary", "primary", "track"],
    )
    centres = {"a": point(4_000, 6_000), "b": point(10_000, 6_000), "c": point(7_000, 50)}
    return inputs(tmp_path, lines, pops(point(0, 0)), centres, roads=ways)


def priced(**extension):
    return study().model_copy(update={"extension": Extension(**extension)})


def rings(spurs, given=None, **options):
    findings = Findings()
    given = given or study()
    fiber = assess_fiber(spurs, given, findings, PEOPLE)
    return plan_rings(spurs, given, fiber, findings, time_limit_s=2.0, **options), findings


def test_rings_of_a_small_network_by_hand(spurs):
    got, _ = rings(spurs, priced(offroad_max_km=0))
    assert got.targets["status"].tolist() == ["closed"] * 3
    assert sorted(set(got.lines["road_id"]) - {""}) == ["R0", "R1"]
    assert got.usd == pytest.approx((6_000 + 16_000) * 22 + 100 * 51.15)
    assert got.lower_bound_usd <= got.usd
    assert got.bill["usd"].sum() == pytest.approx(got.usd)


def test_cable_beside_the_route_it_secures_is_no_second_route(spurs):
    beside = replace(spurs, roads=spurs.roads.iloc[[2]].reset_index(drop=True))
    got, findings = rings(beside, priced(offroad_max_km=0))
    assert got.targets["status"].tolist() == ["no_route"] * 3
    assert [f.subject for f in findings.of("R14")] == ["a", "b", "c"]
    assert got.usd == 0
    assert "switched off" in findings.of("R14")[0].text()


@pytest.fixture
def fork(tmp_path):
    """Two branches from a PoP whose far ends lie 2 km apart, and no road at all."""
    lines = cables(
        line((0, 0), (0, 5_000), (2_000, 5_000)),
        line((0, 0), (6_000, 0), (6_000, 5_000)),
        line((6_000, 5_000), (4_000, 5_000)),
    )
    centres = {"a": point(2_000, 5_000), "b": point(4_000, 5_000)}
    return inputs(
        tmp_path, lines, pops(point(0, 0)), centres, heights=np.zeros((500, 500)), cell_m=30.0
    )


def test_over_open_ground_the_ends_of_two_branches_close_a_ring(fork):
    got, findings = rings(fork)
    assert got.targets["status"].tolist() == ["closed", "closed"]
    assert got.bill["kind"].tolist() == ["offroad"]
    assert got.usd == pytest.approx(2.0 * 46_500 * 1.1, rel=0.02)
    assert got.lower_bound_usd == pytest.approx(got.usd, rel=1e-9)
    assert not findings.of("R14")
    after = assess_fiber(with_new_lines(fork, got.lines), study(), Findings(), PEOPLE).reach
    assert not after["single_route"].any()
    assert not after["shared_risk"].any()


def test_ground_beside_a_bridge_is_kept_clear_of(tmp_path):
    """A lone straight cable: the second way runs beside it, clear of one landslide."""
    lines = cables(line((0, 0), (0, 5_000)))
    lone = inputs(
        tmp_path,
        lines,
        pops(point(0, 0)),
        {"a": point(0, 5_000)},
        heights=np.zeros((500, 500)),
        cell_m=30.0,
    )
    got, _ = rings(lone)
    assert got.targets["status"].tolist() == ["closed"]
    way = got.lines.geometry.union_all()
    cable = lines.geometry.iloc[0]
    beside = shapely.intersection(way, cable.buffer(CLEAR_M - 45))
    straight = shapely.intersection(beside, cable.buffer(5.0))
    assert straight.length < 60 * len(got.lines.explode())
    for piece in shapely.get_parts(beside):
        reach = piece.bounds[3] - piece.bounds[1]
        assert reach < CLEAR_M + 60  # leaves or joins the cable, never runs along it
    assert got.usd > 5.0 * 46_500 * 1.1


def test_a_commune_shut_in_by_impassable_ground_is_named_in_words(fork, tmp_path):
    heights = np.zeros((500, 500))
    heights[:, 190:200] = np.nan  # between x = 2,700 and 3,000
    walled = replace(fork, terrain=terrain(tmp_path, heights, 30.0, 3_000.0))
    got, findings = rings(walled, priced(offroad_max_km=3.0))
    assert set(got.targets["status"]) <= {"closed", "no_route"}
    for found in findings.of("R14"):
        assert "within" not in found.text()
        assert found.text().startswith("Xã ")
        assert "3 km or less over open ground" in found.text()


def test_the_same_study_gives_the_same_second_routes(fork):
    one, two = (rings(fork)[0].lines for _ in range(2))
    assert one.geometry.geom_equals_exact(two.geometry, 0.0).all()


def test_chosen_communes_only_and_the_network_as_built_has_the_second_route(spurs):
    got, _ = rings(spurs, communes=["c"])
    assert got.targets["commune_code"].tolist() == ["c"]
    assert set(got.lines["road_id"]) == {"R1"}
    built = with_new_lines(spurs, got.lines)
    after = assess_fiber(built, study(), Findings(), PEOPLE).reach.set_index("commune_code")
    assert not after.loc["c", "single_route"]
    assert after.loc[["a", "b"], "single_route"].all()


def test_a_commune_without_a_first_route_is_refused(spurs):
    with pytest.raises(InputError, match="zzz is not reached"):
        rings(spurs, communes=["c", "zzz"])


def test_nothing_to_secure(spurs):
    got, _ = rings(spurs, communes=[])
    assert got.targets.empty
    assert got.usd == got.lower_bound_usd == got.gap == 0
