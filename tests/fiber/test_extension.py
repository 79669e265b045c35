"""The cheapest next kilometres: prices, off-road paths, the tree, its order, the budget."""

from __future__ import annotations

import itertools
from dataclasses import replace

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from helpers.fiber import (
    EAST,
    NORTH,
    UTM,
    build_network,
    cables,
    inputs,
    line,
    point,
    pops,
    roads,
    study,
    terrain,
)
from phusong.checks import Findings
from phusong.errors import InputError
from phusong.fiber.assess import assess_fiber
from phusong.fiber.extension.budget import choose_within_budget
from phusong.fiber.extension.candidates import build_candidates, reachable
from phusong.fiber.extension.extension import plan_extension
from phusong.fiber.extension.offroad import offroad_paths
from phusong.fiber.extension.ordering import build_order
from phusong.fiber.extension.pricing import check_costs, usd_per_km
from phusong.fiber.network.paths import cheapest_from, way_back
from phusong.fiber.steiner import solve
from phusong.i18n import catalogue, set_language
from phusong.study import Extension


def objects(*items):
    out = np.empty(len(items), dtype=object)
    out[:] = items
    return out


# ------------------------------------------------------------------ prices


def test_a_kilometre_has_the_price_of_its_kind_surface_slope_and_route():
    prices = Extension(
        usd_per_km=10_000,
        kind_usd_per_km={"pole": 4_000},
        surface_factor={"rock": 2},
        slope_factor=3,
        route_factor=1.2,
    )
    got = usd_per_km(
        prices, objects("track", "pole", "track"), objects("", "rock", ""), np.array([0, 0, 0.1])
    )
    assert got == pytest.approx([12_000, 9_600, 15_600])


def test_a_negative_price_is_refused_in_the_study():
    with pytest.raises(ValidationError, match="greater than 0"):
        Extension(kind_usd_per_km={"pole": -1})
    with pytest.raises(ValidationError, match="greater than 0"):
        Extension(usd_per_km=0)


@pytest.mark.parametrize("cost", [np.nan, -1.0, np.inf])
def test_a_missing_or_negative_cost_names_its_road(cost):
    with pytest.raises(InputError, match=r"1 routes have a missing or negative cost.*R7"):
        check_costs(np.array([1.0, cost]), lambda: objects("R6", "R7"))


# ------------------------------------------------------------------ off the road


def test_a_path_goes_round_a_ridge_where_that_is_cheaper(tmp_path):
    heights = np.zeros((60, 60))
    heights[:50, 30] = 600.0  # a wall with its end 10 cells from the south edge
    ground = terrain(tmp_path, heights)
    start, goal = (EAST + 315.0, NORTH + 1515.0), np.array([[EAST + 1515.0, NORTH + 1515.0]])
    (path,) = offroad_paths(ground, start, goal, np.array([7]), 1000.0, 2.0, 5.0)
    assert path.label == 7
    assert path.xy[:, 1].min() < NORTH + 300
    assert path.length_m > 2 * 1200
    assert path.usd == pytest.approx(path.length_m)
    (straight,) = offroad_paths(
        terrain(tmp_path, np.zeros((60, 60))), start, goal, np.array([7]), 1000.0, 2.0, 5.0
    )
    assert straight.length_m == pytest.approx(1200)


def test_cells_without_height_and_far_goals_are_not_reached(tmp_path):
    heights = np.zeros((40, 40))
    heights[:, 20] = np.nan
    ground = terrain(tmp_path, heights)
    goal = np.array([[EAST + 1000.0, NORTH + 600.0]])
    start = (EAST + 200.0, NORTH + 600.0)
    assert offroad_paths(ground, start, goal, np.array([0]), 1.0, 0.0, 5.0) == []
    flat = terrain(tmp_path, np.zeros((40, 40)))
    assert offroad_paths(flat, start, goal, np.array([0]), 1.0, 0.0, 0.5) == []
    assert offroad_paths(flat, (EAST - 9e5, NORTH), goal, np.array([0]), 1.0, 0.0, 5.0) == []


# ------------------------------------------------------------------ order of building


@st.composite
def trees(draw):
    count = draw(st.integers(2, 6))
    up = [draw(st.integers(0, i)) for i in range(count)]
    usd = [draw(st.integers(0, 6)) for _ in range(count)]
    gain = [draw(st.integers(0, 5)) for _ in range(count)]
    return np.array(up), np.array(usd, dtype=float), gain


@given(trees())
@settings(max_examples=80, deadline=None)
def test_the_order_of_building_is_the_best_there_is(case):
    up, usd, gain = case
    head = np.arange(1, len(up) + 1)
    target = np.array([v for v in head.tolist() if gain[v - 1] > 0], dtype=np.int64)
    benefit = np.array([gain[v - 1] for v in target.tolist()], dtype=float)

    def waiting(order):
        spent = total = 0.0
        built = {0}
        for v in order:
            if up[v - 1] not in built:
                return np.inf
            built.add(v)
            spent += usd[v - 1]
            total += gain[v - 1] * spent
        return total

    best = min(waiting(order) for order in itertools.permutations(head.tolist()))
    stages = build_order(up, head, usd, np.arange(len(up)), 0, target, benefit)
    assert sorted(s.target for s in stages) == list(range(len(target)))
    spent = np.cumsum([s.usd for s in stages])
    got = sum(benefit[s.target] * paid for s, paid in zip(stages, spent, strict=True))
    assert got == pytest.approx(best)


# ------------------------------------------------------------------ budget


@st.composite
def graphs(draw):
    count = draw(st.integers(3, 7))
    edges = [(draw(st.integers(0, i)), i + 1) for i in range(count - 1)]
    edges += draw(
        st.lists(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)), max_size=6)
    )
    edges = [e for e in edges if e[0] != e[1]]
    usd = [draw(st.integers(1, 9)) for _ in edges]
    targets = draw(st.lists(st.integers(1, count - 1), min_size=1, max_size=4, unique=True))
    benefit = [draw(st.integers(1, 9)) for _ in targets]
    return count, edges, usd, targets, benefit, draw(st.integers(1, 25))


def _steiner_usd(count, edges, usd, wanted):
    """Cost of the cheapest tree, by trying every set of further vertices."""
    best = np.inf
    rest = [v for v in range(count) if v not in wanted]
    view = nx.Graph()
    for (a, b), c in zip(edges, usd, strict=True):
        if not view.has_edge(a, b) or view[a][b]["weight"] > c:
            view.add_edge(a, b, weight=c)
    for size in range(len(rest) + 1):
        for extra in itertools.combinations(rest, size):
            part = view.subgraph([*wanted, *extra])
            if len(part) == len(wanted) + size and nx.is_connected(part):
                tree = nx.minimum_spanning_tree(part)
                best = min(best, tree.size(weight="weight"))
    return best


@given(graphs())
@settings(max_examples=25, deadline=None)
def test_a_budget_is_kept_and_its_bound_holds(case):
    count, edges, usd, targets, benefit, budget = case
    tail, head = np.array(edges).T
    got = choose_within_budget(
        tail,
        head,
        np.array(usd, dtype=float),
        count,
        0,
        np.array(targets),
        np.array(benefit, dtype=float),
        float(budget),
        4.0,
    )
    best = 0.0
    for size in range(len(targets) + 1):
        for chosen in itertools.combinations(range(len(targets)), size):
            wanted = {0, *(targets[i] for i in chosen)}
            if _steiner_usd(count, edges, usd, wanted) <= budget:
                best = max(best, sum(benefit[i] for i in chosen))
    assert got.usd <= budget
    assert got.benefit == sum(b for b, c in zip(benefit, got.chosen, strict=True) if c)
    assert got.benefit <= best <= got.benefit_bound + 1e-6
    built = nx.Graph([edges[e] for e in got.edges.tolist()])
    built.add_node(0)
    reached = nx.node_connected_component(built, 0)
    assert all(t in reached for t, c in zip(targets, got.chosen, strict=True) if c)


def test_cheapest_ways_and_back():
    tail, head = np.array([0, 1, 0, 3]), np.array([1, 2, 2, 4])
    cost, before = cheapest_from(5, tail, head, np.array([1.0, 1.0, 5.0, 1.0]), np.array([0]))
    assert cost.tolist() == [0, 1, 2, np.inf, np.inf]
    assert way_back(tail, head, before, 2).tolist() == [0, 1]


# ------------------------------------------------------------------ the whole plan


@pytest.fixture
def province(tmp_path):
    lines = cables(line((0, 0), (10_000, 0)), line((20_000, 20_000), (25_000, 20_000)))
    ways = roads(
        line((5_000, 30), (5_000, 10_000)),
        line((5_000, 5_000), (12_000, 5_000)),
        line((5_000, 10_000), (12_000, 10_000)),
        line((12_000, 5_000), (12_000, 10_000)),
        kind=["primary", "track", "primary", "pole"],
        surface=["asphalt", "rock", "", ""],
    )
    centres = {
        "a": point(5_000, 100),
        "b": point(5_050, 9_950),
        "c": point(12_050, 5_000),
        "d": point(12_000, 14_000),
        "e": point(20_500, 20_100),
        "f": point(29_000, 2_000),
    }
    return inputs(tmp_path, lines, pops(point(0, 20)), centres, roads=ways)


PEOPLE = pd.Series({"a": 100.0, "b": 1000.0, "c": 500.0, "d": 20.0, "e": 10.0})


def plan(province, prices=None, **options):
    findings = Findings()
    asked = study()
    if prices:
        asked = asked.model_copy(update={"extension": Extension(**prices)})
    fiber = assess_fiber(province, asked, findings, PEOPLE)
    options.setdefault("time_limit_s", 5.0)
    return plan_extension(province, asked, fiber, findings, **options), findings


def test_the_cheapest_network_by_hand(province):
    got, _ = plan(province)
    # up the road to b; then primary and pole (7 km at 22,000 and 5 at 8,800), not 7 km of rock
    assert got.status == "optimal"
    assert got.gap == pytest.approx(0, abs=1e-9)
    assert got.targets.set_index("commune_code")["status"].to_dict() == {
        "a": "reached",
        "b": "built",
        "c": "built",
        "d": "built",
        "e": "built",
        "f": "no_route",
    }
    assert set(got.lines["road_id"]) == {"R0", "R2", "R3", ""}
    by_stage = got.stages.set_index("commune_code")
    assert by_stage["stage"].to_dict() == {"b": 1, "c": 2, "d": 3, "e": 4}
    assert by_stage.loc["b", "usd"] == pytest.approx(
        9_920 * 22 + 130 / 1000 * 46_500 * 1.1 - 2557.5
    )
    assert by_stage.loc["c", "usd"] == pytest.approx(7_050 * 22 + 5_000 * 8.8 + 2557.5)
    assert by_stage.loc["d", "usd"] == pytest.approx(3_900 * 51.15)
    assert got.usd == pytest.approx(got.stages["usd"].sum())
    assert got.usd == pytest.approx(got.lines["usd"].sum())
    assert got.lines["length_m"].to_numpy() * 1.1 == pytest.approx(got.lines["cable_m"])


def test_the_bill_adds_up(province):
    got, _ = plan(province)
    assert got.bill["usd"].sum() == pytest.approx(got.usd)
    pole = got.bill[got.bill["kind"] == "pole"].iloc[0]
    assert (pole["route_km"], pole["usd_per_km"]) == pytest.approx((5, 8_800))


def test_figures_before_and_after_are_measured_on_the_network_as_built(province):
    got, _ = plan(province)
    table = got.indicators.set_index("indicator")
    assert table.loc["communes_with_fibre"].tolist()[1:] == [1, 5]
    assert table.loc["communes_with_fibre_share", "after"] == pytest.approx(5 / 6)
    assert table.loc["people_in_communes_with_fibre"].tolist()[1:] == [100, 1630]


def test_dark_cable_is_used_at_no_cost(province):
    got, _ = plan(province)
    last = got.lines[got.lines["stage"] == 4]
    assert last["kind"].tolist() == ["offroad"]
    assert last.geometry.iloc[0].distance(province.cables.geometry.iloc[1]) < 1


def test_targets_without_a_route_are_named_with_the_reason(province):
    catalogue.cache_clear()
    set_language("vi")
    try:
        got, findings = plan(province, {"offroad_max_km": 2.0})
        status = got.targets.set_index("commune_code")["status"]
        assert status[["d", "e", "f"]].tolist() == ["no_route"] * 3
        named = findings.of("R11")
        assert [f.subject for f in named] == ["d", "e", "f"]
        assert "không có đường" in named[0].text()
        assert (got.targets["gap_km"].dropna() > 2).all()
        assert "3.9" not in named[1].text()
        assert "4.0 km" in named[0].text().replace("4,0", "4.0")
    finally:
        set_language("en")


def test_within_a_budget(province):
    got, _ = plan(province, budget_usd=300_000)
    assert got.usd <= 300_000
    assert got.targets.set_index("commune_code")["status"].to_dict() == {
        "a": "reached",
        "b": "built",
        "c": "over_budget",
        "d": "over_budget",
        "e": "over_budget",
        "f": "no_route",
    }
    assert 1000 <= got.people_bound <= 1530
    nothing, _ = plan(province, budget_usd=10.0)
    assert nothing.usd == 0
    assert nothing.lines.empty
    assert nothing.stages.empty


def test_nothing_left_to_reach(province):
    only = replace(
        province,
        commune_centres=province.commune_centres.iloc[:1],
        communes=province.communes.iloc[:1],
    )
    got, _ = plan(only)
    assert got.targets["status"].tolist() == ["reached"]
    assert (got.usd, got.lower_bound_usd, got.gap, got.status) == (0, 0, 0, "optimal")
    assert got.lines.empty
    assert got.bill.empty


def test_two_centres_at_one_place_and_no_people_known(province):
    b = province.commune_centres.iloc[[1]]
    both = pd.concat([b, b.assign(commune_code="c")], ignore_index=True)
    twins = replace(province, commune_centres=gpd.GeoDataFrame(both, crs=UTM))
    findings = Findings()
    fiber = assess_fiber(twins, study(), findings)
    got = plan_extension(twins, study(), fiber, findings, budget_usd=1e9, time_limit_s=2.0)
    assert (got.targets["status"] == "built").sum() == 2
    assert got.people_bound == 2  # centres, as nothing is known of people
    assert got.stages["people_total"].isna().all()


def test_without_roads_the_terrain_is_all_there_is(province):
    bare, _ = plan(replace(province, roads=roads()), {"offroad_max_km": 11.0})
    status = bare.targets.set_index("commune_code")["status"]
    assert status["b"] == "built"
    assert set(bare.lines["kind"]) == {"offroad"}


def test_a_gap_between_roads_is_bridged_over_the_terrain(province):
    pieces = roads(line((5_000, 30), (5_000, 6_000)), line((5_000, 6_600), (5_000, 10_000)))
    got, _ = plan(replace(province, roads=pieces))
    assert "offroad" in set(got.lines.loc[got.lines["stage"] == 1, "kind"])
    assert got.targets.set_index("commune_code").loc["b", "status"] == "built"


def test_roads_that_stop_at_the_border_are_reported(province):
    edge = province.communes.geometry.iloc[1].bounds[3]
    road = shapely.LineString([(EAST + 5_000, NORTH + 30), (EAST + 5_000, edge)])
    _, findings = plan(replace(province, roads=roads(road)))
    (found,) = findings.of("R10")
    assert found.y_m == pytest.approx(edge)


def test_kinds_without_a_price_are_reported(province):
    _, findings = plan(province)
    (found,) = findings.of("R13")
    assert found.params["kinds"] == "primary, track"


def test_nothing_to_start_from(province):
    dark = replace(province, pops=pops())
    with pytest.raises(InputError, match="neither connected fibre nor a point of presence"):
        plan(dark)


def test_a_pop_that_no_cable_enters_is_a_place_to_start(province):
    alone = replace(province, cables=cables(), pops=pops(point(5_000, 0)))
    got, _ = plan(alone)
    assert got.targets.set_index("commune_code").loc["b", "status"] == "built"


def test_a_centre_out_of_optical_reach_is_not_helped_by_cable(tmp_path):
    far = inputs(
        tmp_path, cables(line((0, 0), (29_000, 0))), pops(point(0, 0)), {"a": point(29_000, 0)}
    )
    findings = Findings()
    one = [{"name": "LR", "max_db": 6.2, "min_db": 0, "wavelengths_nm": [1310], "reach_km": 10}]
    asked = study(optics={"classes": one})
    fiber = assess_fiber(far, asked, findings)
    got = plan_extension(far, asked, fiber, findings, time_limit_s=1.0)
    assert got.targets["status"].tolist() == ["optics"]
    assert [f.subject for f in findings.of("R12")] == ["a"]
    assert got.usd == 0


def test_the_same_study_gives_the_same_plan(province):
    one, _ = plan(province)
    two, _ = plan(province)
    pd.testing.assert_frame_equal(pd.DataFrame(one.lines), pd.DataFrame(two.lines))
    pd.testing.assert_frame_equal(one.stages, two.stages)


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=4, unique=True),
    st.lists(st.booleans(), min_size=60, max_size=60),
)
@settings(max_examples=20, deadline=None)
def test_the_tree_spans_what_can_be_reached(where, keep):
    from phusong.fiber.steiner import solve

    spots = list(itertools.product(range(6), range(6)))
    ways = [
        line((1000.0 * x, 1000.0 * y), (1000.0 * (x + dx), 1000.0 * (y + dy)))
        for (x, y) in spots
        for dx, dy in ((1, 0), (0, 1))
        if x + dx < 6 and y + dy < 6
    ]
    ways = [w for w, k in zip(ways, keep, strict=True) if k]
    net = build_network(roads(*ways))
    targets = objects(*(point(1000.0 * x + 30, 1000.0 * y) for x, y in where))
    graph = build_candidates(
        net, objects(point(0, 0)), np.array([0]), targets, Extension(), None, 20.0
    )
    can = reachable(graph)
    goal = graph.target_vertex[can]
    if not len(goal):
        return
    tree = solve(graph.tail, graph.head, graph.usd, goal, nodes=graph.vertices, root=graph.root)
    view = nx.Graph(
        zip(graph.tail[tree.edges].tolist(), graph.head[tree.edges].tolist(), strict=True)
    )
    view.add_node(graph.root)
    assert set(goal.tolist()) <= nx.node_connected_component(view, graph.root)
    assert nx.is_forest(view)
    assert tree.cost >= tree.lower_bound - 1e-6


def test_a_bound_stands_however_short_the_search():
    side = 40
    index = np.arange(side * side).reshape(side, side)
    tail = np.concatenate([index[:, :-1].ravel(), index[:-1].ravel()])
    head = np.concatenate([index[:, 1:].ravel(), index[1:].ravel()])
    rng = np.random.default_rng(5)
    cost = rng.uniform(50.0, 150.0, tail.size)
    goals = rng.choice(side * side, 40, replace=False)
    hurried = solve(tail, head, cost, goals, time_limit_s=1e-9)
    assert hurried.lower_bound > 0.8 * hurried.cost
    weight = np.ones(len(goals))
    choice = choose_within_budget(
        tail, head, cost, side * side, 0, goals, weight, 0.3 * hurried.cost, 1e-9
    )
    assert choice.benefit <= choice.benefit_bound < len(goals)


def test_only_a_place_with_a_drop_hangs_on_fibre_for_nothing():
    """A target 300 m from fibre: with a drop it is there at no cost; without, nothing joins it.

    A second target beyond the first: its cable must not pass through the first's free drop.
    """
    net = build_network(roads(line((0, 350), (3000, 350))))
    fibre, part = objects(line((0, 0), (0, 40))), np.array([0])
    targets = objects(point(0, 340), point(2900, 350))

    def least(drop_m):
        graph = build_candidates(net, fibre, part, targets, Extension(), None, drop_m)
        view = nx.Graph()
        view.add_nodes_from(range(graph.vertices))
        for a, b, usd in zip(graph.tail.tolist(), graph.head.tolist(), graph.usd, strict=True):
            if not view.has_edge(a, b) or usd < view[a][b]["usd"]:
                view.add_edge(a, b, usd=usd)
        cost = nx.single_source_dijkstra_path_length(view, graph.root, weight="usd")
        return [cost.get(int(vertex)) for vertex in graph.target_vertex]

    near, far = least(500.0)
    assert near == 0.0
    assert far is not None
    assert least(np.zeros(2)) == [None, None]
    assert least(np.array([0.0, 500.0])) == [None, None]
