"""Roads that may be needed: what is left out makes no plan cheaper, and no bound too high."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.fiber import build_network, cables, inputs, line, point, pops, roads, study
from phusong.checks import Findings
from phusong.fiber.assess import assess_fiber
from phusong.fiber.extension import extension
from phusong.fiber.extension.candidates import build_candidates
from phusong.fiber.extension.extension import plan_extension
from phusong.fiber.extension.shortcuts import BEYOND
from phusong.fiber.extension.zone import REACHES, zone_of
from phusong.fiber.steiner import solve
from phusong.study import Extension

KM = 1000.0
EVERY = partial(zone_of, most=0)
ON_ROADS = Extension(offroad_max_km=0.0)


def objects(*items):
    out = np.empty(len(items), dtype=object)
    out[:] = items
    return out


def lattice(side, kinds=("primary",), west=0.0, south=0.0):
    """Roads of a kilometre in a square lattice, their kinds in turn."""
    ways = []
    for x in range(side):
        for y in range(side):
            for dx, dy in ((1, 0), (0, 1)):
                if x + dx < side and y + dy < side:
                    a = west + KM * x, south + KM * y
                    ways.append(line(a, (a[0] + KM * dx, a[1] + KM * dy)))
    return ways, [kinds[i % len(kinds)] for i in range(len(ways))]


def test_a_road_is_followed_as_far_as_a_way_round_could_pay():
    """Fibre at 0, a target at 4.5 km, and roads of a kilometre on to 40 km.

    A way to lit fibre costs 4.5 km; 1.5 times that and 2 km more are 8.75 km: the last node within
    is that at 13 km, and the road to the one at 14 km is kept, which stands for what lies beyond.
    """
    net = build_network(roads(*(line((KM * k, 0), (KM * (k + 1), 0)) for k in range(40))))
    zone = EVERY(
        net, objects(point(0, 0)), np.array([0]), objects(point(4500, 20)), ON_ROADS, reach=1.5
    )
    x_km = (zone.roads.x_m - net.x_m.min()) / KM
    assert sorted(np.round(x_km).astype(int).tolist()) == list(range(15))
    assert x_km[zone.beyond] == pytest.approx([14.0])
    assert len(zone.roads.lines) == len(zone.roads.source) == 14
    assert zone.roads.length_m.sum() == pytest.approx(14 * KM)
    drawn = zone.roads.edge_geometry()
    assert sum(shape.length for shape in drawn) == pytest.approx(14 * KM)


def test_all_roads_are_kept_where_none_leads_to_lit_fibre():
    net = build_network(roads(*(line((KM * k, 0), (KM * (k + 1), 0)) for k in range(40))))
    zone = EVERY(
        net, objects(point(0, 9e5)), np.array([0]), objects(point(4500, 20)), ON_ROADS, reach=1.5
    )
    assert len(zone.roads.graph) == 40
    assert not zone.beyond.any()


def test_few_roads_and_no_limit_keep_all():
    net = build_network(roads(line((0, 0), (KM, 0)), line((KM, 0), (2 * KM, 0))))
    asked = net, objects(point(0, 0)), np.array([0]), objects(point(10, 0)), ON_ROADS
    assert zone_of(*asked, reach=1.5).roads is net
    assert EVERY(*asked, reach=np.inf).roads is net


@given(
    st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), min_size=1, max_size=5, unique=True),
    st.lists(st.integers(0, 8), min_size=1, max_size=3, unique=True),
    st.lists(st.integers(0, 8), max_size=1),
    st.permutations(["primary", "track", "pole", "path"]),
)
@settings(max_examples=40, deadline=None, derandomize=True)
def test_a_part_bounds_the_whole_and_a_plan_within_it_is_one_of_the_whole(where, lit, dark, kinds):
    ways, kind = lattice(9, kinds)
    net = build_network(roads(*ways, kind=kind))
    prices = Extension(
        kind_usd_per_km={"primary": 9_000, "track": 30_000, "pole": 2_000}, offroad_max_km=0.0
    )
    fibre = objects(
        *(line((KM * x, 0), (KM * x, 1.5 * KM)) for x in lit),
        *(line((0, KM * y), (4 * KM, KM * y)) for y in dark),
    )
    part = np.repeat([0, 1], [len(lit), len(dark)])
    targets = objects(*(point(KM * x + 30, KM * y) for x, y in where))

    def best(roads_, beyond=None):
        graph = build_candidates(
            roads_, fibre, part, targets, prices, None, 20.0, parts=2, beyond=beyond
        )
        tree = solve(
            graph.tail,
            graph.head,
            graph.usd,
            graph.target_vertex,
            nodes=graph.vertices,
            root=graph.root,
            steps=400,
            time_limit_s=np.inf,
        )
        assert tree.status == "optimal"
        return tree.cost, bool((graph.kind[tree.edges] == BEYOND).any())

    whole, _ = best(net)
    for reach in (1.0, *REACHES):
        zone = EVERY(net, fibre, part, targets, prices, reach=reach)
        usd, goes_beyond = best(zone.roads, zone.beyond)
        assert usd <= whole + 1e-6
        assert goes_beyond or usd == pytest.approx(whole)
    assert not goes_beyond


@pytest.fixture
def province(tmp_path):
    """Roads round lit and dark fibre, an island of roads, and a lattice far from all."""
    far, _ = lattice(8, west=34 * KM)
    ways = [
        *(line((5 * KM, 30 + KM * k), (5 * KM, 30 + KM * (k + 1))) for k in range(10)),
        *(line((KM * (5 + k), 5030), (KM * (6 + k), 5030)) for k in range(7)),
        line((12 * KM, 5030), (12 * KM, 10 * KM)),
        line((14 * KM, 13 * KM), (16 * KM, 13 * KM)),  # an island
        line((12 * KM, 5030), (34 * KM, 0)),
        *far,
    ]
    centres = {
        "a": point(5 * KM, 100),
        "b": point(5050, 9950),
        "c": point(12_050, 5 * KM),
        "d": point(15 * KM, 13_050),
        "e": point(20_500, 20_100),
        "f": point(8 * KM, 14 * KM),
    }
    laid = cables(line((0, 0), (10 * KM, 0)), line((20 * KM, 20 * KM), (22 * KM, 20 * KM)))
    return inputs(tmp_path, laid, pops(point(0, 20)), centres, roads=roads(*ways))


@pytest.mark.parametrize("budget", [None, 400_000.0])
def test_the_plan_of_a_zone_is_that_of_all_roads(province, monkeypatch, budget):
    asked = study()
    fiber = assess_fiber(province, asked, Findings(), pd.Series(dict.fromkeys("abcdef", 100.0)))

    def plan():
        return plan_extension(province, asked, fiber, Findings(), budget, time_limit_s=5.0)

    whole = plan()
    monkeypatch.setattr(extension, "zone_of", EVERY)
    zone = plan()
    assert len(zone.candidates.roads.graph) < len(whole.candidates.roads.graph) - 80
    assert zone.usd == pytest.approx(whole.usd)
    assert zone.status == whole.status
    pd.testing.assert_frame_equal(
        pd.DataFrame(zone.targets.drop(columns="geometry")),
        pd.DataFrame(whole.targets.drop(columns="geometry")),
    )
    pd.testing.assert_frame_equal(zone.bill, whole.bill)
    assert budget or (zone.lines["kind"] == "offroad").any()


def test_a_plan_that_leads_beyond_is_looked_for_among_more_roads(province, monkeypatch):
    """A zone that ends within a kilometre of each target, as if what is beyond were lit."""
    asked = study()
    fiber = assess_fiber(province, asked, Findings(), None)
    looked = []

    def narrow(*args, reach):
        looked.append(reach)
        return EVERY(*args, reach=0.01 if reach == REACHES[0] else reach)

    whole = plan_extension(province, asked, fiber, Findings(), time_limit_s=5.0)
    monkeypatch.setattr(extension, "zone_of", narrow)
    found = plan_extension(province, asked, fiber, Findings(), time_limit_s=5.0)
    assert looked == list(REACHES[:2])
    assert found.usd == pytest.approx(whole.usd)
    assert not (found.candidates.kind[found.edges] == BEYOND).any()
