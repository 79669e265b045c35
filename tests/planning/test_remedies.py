"""Remedies against losses, worked out by hand on one cable, two masts and a feeder."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from helpers.fiber import UTM, cables, inputs, line, point, pops, roads, study
from phusong.checks import Findings
from phusong.fiber.assess import assess_fiber
from phusong.fiber.built import with_new_lines
from phusong.planning.cascade.followed import followed_events
from phusong.planning.cascade.judged import Felt
from phusong.planning.cascade.losable import Network
from phusong.planning.cascade.remedies.assess import find_remedies
from phusong.planning.cascade.remedies.detours import route_remedies
from phusong.planning.cascade.remedies.works import Works, built
from phusong.planning.cascade.toll import toll_of

# P0 ─────── C0 ───────┬────────────── a (1000 people)     S1: fibre at C0, 100 people alone
#  └── road ─────────────────────────┘  ^ 8.9 km           S2: in no record, in sight of S1
#                      S1 at 6 km, on feeder F, 4 h
SERVED = {"S1": 100.0, "S2": 50.0}
YEARS = (1 - 1.08**-10) / 0.08


class Heads:
    """In place of villages under the radio: every site has a village of its own."""

    def judge(self, sets, progress=None):
        pass

    def felt(self, sites):
        names = sorted(sites)
        row = np.array([list(SERVED).index(n) for n in names], dtype=np.int64)
        before, after = np.zeros(len(row), np.int8), np.full(len(row), 2, np.int8)
        people = np.array([SERVED[n] for n in names])
        return Felt(row, before, after, people, np.ones(len(row), dtype=bool))


def world(folder, **planning):
    read = inputs(
        folder,
        cables(line((0, 0), (9000, 0))),
        pops(point(0, 0)),
        {"a": point(8900, 100)},
        roads(line((0, 40), (0, 2000), (9000, 2000), (9000, 40))),
        heights=np.full((300, 300), 100.0),
        cell_m=60.0,
    )
    table = pd.DataFrame(
        {
            "site_id": ["S1"],
            "medium": ["fibre"],
            "upstream": [None],
            "file": ["b.csv"],
            "row": [1],
        }
    ).astype({"upstream": object})
    places = [point(6000, 50), point(6000, 3050)]
    sites = gpd.GeoDataFrame({"site_id": list(SERVED)}, geometry=places, crs=UTM)
    cells = pd.DataFrame({"site_id": list(SERVED), "height_m": 45.0})
    read = replace(read, sites=sites, cells=cells, backhaul=table)
    asked = study().model_copy(update={"planning": study().planning.model_copy(update=planning)})
    fiber = assess_fiber(read, asked, Findings(), pd.Series({"a": 1000.0}))
    feeders = pd.DataFrame({"site_id": ["S1"], "feeder": ["F"], "battery_h": [4.0]})
    hazards = gpd.GeoDataFrame({"place_id": [], "name": []}, geometry=[], crs=UTM)
    return Network(fiber, read, hazards, feeders), asked


def remedies(folder, budget=None, **planning):
    network, asked = world(folder, **planning)
    events = followed_events(network, asked.planning.outage_hours, Heads())
    found = find_remedies(network, events, asked, Heads(), 10, budget)
    return network, asked, events, found


def of_kind(found, kind):
    return found[found["kind"] == kind].reset_index(drop=True)


def test_batteries_outlast_the_feeder(tmp_path):
    # Dark at 4, 8 and 24 h (4 h of battery last no longer than 4 h): 8 h a year of each.
    _, _, _, found = remedies(tmp_path)
    hours = of_kind(found, "battery").set_index("quantity")
    assert sorted(hours.index) == [1.0, 5.0, 21.0]
    for added, events in ((1.0, 1), (5.0, 2), (21.0, 3)):
        row = hours.loc[added]
        assert row["person_hours_signal"] == pytest.approx(events * 8.0 * 100.0)
        assert row["person_hours_fibre"] == pytest.approx(0.0)
        assert row["life"] == pytest.approx(added * (500.0 + 50.0 * YEARS))
        assert (row["events_mended"], row["sites"], row["villages"]) == (events, 1, 1)
        assert (row["people"], row["communes"], row["where"], row["by"]) == (100.0, 0, "S1", "F")
        assert row["worst_people"] == 100.0  # a cut takes S1 as before


def test_hours_that_are_there_are_not_paid_again(tmp_path):
    _, _, _, found = remedies(tmp_path)
    first, second, third = of_kind(found, "battery").sort_values("step").to_dict("records")
    assert [r["quantity"] for r in (first, second, third)] == [1.0, 5.0, 21.0]
    price = 500.0 + 50.0 * YEARS
    assert first["life_added"] == pytest.approx(price)
    assert second["life_added"] == pytest.approx(4 * price)
    assert third["life_added"] == pytest.approx(16 * price)
    for row in (first, second, third):
        assert row["person_hours_added"] == pytest.approx(800.0)


def test_a_hop_feeds_the_site_whatever_takes_its_cable(tmp_path):
    _, _, events, found = remedies(tmp_path)
    (hop,) = of_kind(found, "hop").to_dict("records")
    assert (hop["where"], hop["by"], hop["quantity"]) == ("S1", "S2", 1.0)
    assert hop["life"] == pytest.approx(14_000 + 900 * YEARS)
    # Section 0-6 km (0.06 cuts a year of 12 h), the PoP (0.1 of 8 h), the joint of its own drop
    # (0.01 of 8 h): in all three the commune stays dark. The site itself, and its feeder, stay.
    assert hop["person_hours_signal"] == pytest.approx(100.0 * (0.72 + 0.8 + 0.08), rel=1e-3)
    assert hop["person_hours_fibre"] == pytest.approx(0.0)
    assert (hop["events_mended"], hop["events_eased"], hop["sites"]) == (0, 3, 1)
    assert "S1" in set(events.loc[events["element"] == "site", "id"])


def test_a_second_route_makes_the_sections_of_the_first_harmless(tmp_path):
    _, _, _, found = remedies(tmp_path)
    routes = of_kind(found, "route")
    row = routes.loc[routes["person_hours_fibre"].idxmax()]
    # Both sections up to the drop at 8.9 km, and the joint between them.
    cut = 0.72 + 0.348 + 0.08
    assert row["person_hours_fibre"] == pytest.approx(1000.0 * cut, rel=0.02)
    assert row["person_hours_signal"] == pytest.approx(100.0 * 0.72, rel=0.02)
    assert (row["communes"], row["sites"], row["people"]) == (1, 1, 100.0)
    assert row["events_mended"] >= 2
    assert row["quantity"] == pytest.approx(13.0, abs=0.3)


def test_what_is_followed_is_the_study_with_it_built(tmp_path):
    network, asked, events, found = remedies(tmp_path)
    before = toll_of(events, network.fiber, asked.planning.losses)
    route = of_kind(found, "route").iloc[0]
    lines = gpd.GeoDataFrame({"geometry": [route.geometry]}, crs=UTM)
    read = with_new_lines(network.inputs, lines)
    fiber = assess_fiber(read, asked, Findings(), pd.Series({"a": 1000.0}))
    again = Network(fiber, read, network.hazards, network.feeders)
    after = followed_events(again, asked.planning.outage_hours, Heads())
    saved = before - toll_of(after, fiber, asked.planning.losses)
    assert saved.signal == pytest.approx(route["person_hours_signal"], rel=1e-6)
    assert saved.fibre == pytest.approx(route["person_hours_fibre"], rel=1e-6)


def test_a_budget_is_kept_and_the_rest_is_not_in_the_order(tmp_path):
    _, _, _, found = remedies(tmp_path, budget=5000.0)
    order = found[found["step"].notna()].sort_values("step")
    assert order["life_total"].max() <= 5000.0
    assert order["quantity"].tolist() == [1.0, 5.0]
    assert order["life_total"].tolist() == pytest.approx(order["life_added"].cumsum().tolist())
    assert order["person_hours_total"].tolist() == pytest.approx([800.0, 1600.0])


def test_the_order_saves_what_it_says(tmp_path):
    network, asked, events, found = remedies(tmp_path)
    order = found[found["step"].notna()].sort_values("step")
    assert order["person_hours_added"].gt(0).all()
    assert order["step"].tolist() == list(range(1, len(order) + 1))
    batteries = Works(batteries=(("S1", 25.0, 21.0),))
    both = built(network, asked, batteries + Works(hops=(("S1", "S2"),)))
    after = followed_events(both, asked.planning.outage_hours, Heads())
    before = toll_of(events, network.fiber, asked.planning.losses)
    saved = (before - toll_of(after, both.fiber, asked.planning.losses)).total
    hop = order[order["kind"] == "hop"].iloc[0]
    assert saved == pytest.approx(hop["person_hours_total"], rel=1e-9)


def test_hops_followed_alone_are_those_of_the_study_read_anew(tmp_path):
    network, asked = world(tmp_path)
    quick = built(network, asked, Works(hops=(("S1", "S2"),)))
    again = assess_fiber(quick.inputs, asked, Findings(), pd.Series({"a": 1000.0}))
    columns = ["element", "id", "communes", "sites", "people", "x_m", "y_m"]
    pd.testing.assert_frame_equal(quick.fiber.failures[columns], again.failures[columns])
    assert quick.fiber.edges.equals(again.edges)
    assert quick.fiber.reach.drop(columns="reason_params").equals(
        again.reach.drop(columns="reason_params")
    )
    for links in ("thing", "node", "upstream"):
        mine, theirs = (getattr(f.backhaul, links) for f in (quick.fiber, again))
        assert mine.tolist() == theirs.tolist()


def test_cable_of_an_earlier_step_is_neither_laid_nor_counted_twice(tmp_path):
    network, asked = world(tmp_path)
    events = followed_events(network, asked.planning.outage_hours, Heads())
    ones = route_remedies(network, events, np.ones(len(events)), asked, 10)
    again = ones[0].after(ones[0].works)
    assert again.quantity == pytest.approx(0.0, abs=0.01)
    assert again.price.capital == pytest.approx(0.0, abs=1.0)


def test_no_harm_no_remedies(tmp_path):
    network, asked = world(tmp_path)
    events = followed_events(network, asked.planning.outage_hours, Heads()).iloc[:0]
    assert find_remedies(network, events, asked, Heads(), 10).empty
