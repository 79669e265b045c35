"""Repeaters and satellite terminals: where there is a signal to repeat, what is cheapest."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.planning import drawn
from helpers.ridge import EAST, RIDGE, WEST, make_ridge
from helpers.signal import cell_box
from phusong.coverage.results import ANY
from phusong.coverage.signal.layerfiles import LayerReader
from phusong.planning.alternatives import (
    Alternatives,
    Donors,
    find_alternatives,
    find_donors,
    shares_of,
)
from phusong.planning.arborescence import Covers, Fibre, Hops, Instance, Sites, Villages, solve
from phusong.planning.costs import life_cost


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """One village before the ridge, one on it, one behind."""
    villages = {"W": WEST, "R": RIDGE, "E": EAST}
    return make_ridge(tmp_path_factory.mktemp("alternatives"), villages, rounds=1)


def test_the_donor_is_the_strongest_cell_in_the_village_or_near_it(world):
    inputs, signal = world.inputs, world.signal
    grid = signal.grid
    with LayerReader([signal.layer(ANY, ANY)]) as reader:
        levels = reader.read(0, grid.window)
    row, col = np.indices(levels.ticks.shape)
    x, y = grid.x0_m + col * grid.cell_m, grid.y0_m - row * grid.cell_m
    squares = shapely.box(x, y - grid.cell_m, x + grid.cell_m, y)
    for near_m in (0.0, 400.0):
        found = find_donors(inputs.villages, signal, near_m)
        for k, village in enumerate(inputs.villages.geometry):
            area = shapely.buffer(village, near_m, quad_segs=4)
            under = shapely.area(shapely.intersection(squares, area)) > 1e-6
            best = levels.ticks[under & (levels.server > 0)].max() / 10.0
            assert found.level_dbm[k] == pytest.approx(best)
        assert set(found.operator) == set(signal.cells["operator"])


def test_by_default_only_masts_are_planned_and_the_others_are_priced(world):
    plan, study = world.plan()
    villages = plan.villages.set_index("code")
    assert set(villages["status"]) == {"served"}
    prices = study.planning.prices
    assert villages["satellite_life"].tolist() == pytest.approx(
        [life_cost(prices.satellite, prices)] * len(villages)
    )
    assert villages["mast_life"].sum() == pytest.approx(plan.life)
    assert (villages["mast_saved"] <= villages["mast_life"] + 1e-6).all()
    strong = villages["donor_dbm"] >= study.planning.repeater.donor_dbm
    assert (villages["repeater_life"].notna() == strong).all()
    # The top of the ridge hears the mast; the plain far behind it does not.
    assert strong["R"]
    level = float(villages["donor_dbm"].max())
    none, _ = world.plan(
        repeater=study.planning.repeater.model_copy(update={"donor_dbm": level + 0.1})
    )
    assert none.villages["repeater_life"].isna().all()


def test_repeaters_are_as_many_as_the_area_asks_for(world):
    """A village of 1,200 m x 3,000 m, half of it served: 1.8 km², of circles of 0.5 km² four."""
    study, signal = world.study, world.signal
    dark = gpd.GeoDataFrame(
        {"served_share": [0.5, 0.5, 1.0]},
        geometry=[cell_box(20, 120, 40, 100), cell_box(20, 120, 4, 4), cell_box(20, 120, 40, 100)],
        crs=signal.grid.crs,
    )
    reach_m = float(np.sqrt(0.5e6 / np.pi))
    repeater = study.planning.repeater.model_copy(update={"reach_m": reach_m, "donor_dbm": -140.0})
    settings = study.planning.model_copy(update={"repeater": repeater})
    found = find_alternatives(dark, signal, settings)
    assert found.repeaters.tolist() == [4, 1, 1]
    one = life_cost(settings.prices.repeater, settings.prices)
    assert found.repeater.tolist() == pytest.approx([4 * one, one, one])


def test_named_alternatives_are_chosen_where_they_are_cheaper(world):
    masts, study = world.plan()
    kinds = ["repeater", "satellite"]
    both, _ = world.plan(alternatives=kinds)
    assert both.life < masts.life
    # A mast costs as much as ten terminals: nobody gets one.
    assert set(both.villages["status"]) == {"repeater", "satellite"}
    assert (both.villages["status"] == both.villages["cheapest"]).all()
    assert both.villages.set_index("code").loc["R", "status"] == "repeater"
    assert set(both.steps["what"]) == {"repeater", "satellite"}
    assert both.steps["life"].sum() == pytest.approx(both.life)
    assert set(both.bill["item"]) == {"repeaters", "satellite terminals"}
    owner = dict(zip(both.bill["item"], both.bill["owner"], strict=True))
    assert owner["satellite terminals"] == "satellite service"
    assert owner["repeaters"] == both.villages["donor_operator"].iloc[0]
    # What masts would cost is told beside, whatever is chosen.
    assert both.villages["mast_life"].sum() == pytest.approx(masts.life)
    assert not len(both.places)
    dear = study.planning.prices.model_copy(
        update={k: study.planning.prices.tower.model_copy(update={"capital": 1e9}) for k in kinds}
    )
    again, _ = world.plan(alternatives=kinds, prices=dear)
    assert again.life == pytest.approx(masts.life)
    assert set(again.villages["status"]) == {"served"}


def test_what_hangs_together_is_shared_and_what_hangs_alone_is_saved():
    """Two masts on a trunk of 10: mast 0 (4) for two villages, mast 1 (6, hop 2) for one."""
    instance = Instance(
        Fibre(2, np.array([0]), np.array([0]), np.array([1]), np.array([10.0])),
        Sites(np.array([4.0, 6.0]), np.array([1, -1])),
        Villages(np.ones(4), np.array([np.inf, np.inf, np.inf, 3.0])),
        Covers(np.array([0, 0, 1]), np.array([0, 1, 2])),
        Hops(np.array([0]), np.array([1]), np.array([2.0])),
    ).checked()
    share, saved = shares_of(instance, solve(instance, time_limit_s=np.inf))
    third = (10 + 4) / 3
    assert share[:3].tolist() == pytest.approx([third, third, third + 8])
    assert saved[:3].tolist() == pytest.approx([0, 0, 8])
    assert np.isnan(share[3])


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_shares_add_up_to_the_plan(seed):
    instance = drawn(seed)
    plan = solve(instance, time_limit_s=np.inf)
    share, saved = shares_of(instance, plan)
    alone = instance.villages.alternative[plan.alone].sum()
    assert np.nansum(share) + alone == pytest.approx(plan.cost)
    assert not (saved > share + 1e-9).any()
    assert (np.isnan(share) == ~(plan.served & ~plan.alone)).all()


def test_the_cheapest_of_none_is_none():
    nan = np.nan
    donors = Donors(np.array([nan, -90.0, -90.0]), np.array(["", "a", "a"], dtype=object))
    others = Alternatives(
        donors, np.ones(3, int), np.array([nan, 5.0, 9.0]), np.array([nan, 7.0, 7.0])
    )
    assert others.cheapest(np.array([nan, nan, 7.0])).tolist() == [None, "repeater", "mast"]
    price, kind = others.of(["satellite"])
    assert price.tolist() == [np.inf, 7.0, 7.0]
    assert kind.tolist() == [None, "satellite", "satellite"]
    assert others.of([])[1].tolist() == [None] * 3


def test_no_dark_village_needs_nothing(world):
    signal = world.signal
    found = find_donors(gpd.GeoDataFrame(geometry=[], crs=signal.grid.crs), signal, 100.0)
    assert not len(found.level_dbm)
