"""The whole room: from inputs to reach, redundancy, failures and findings."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from helpers.fiber import UTM, cables, inputs, line, point, pops, study
from phusong.checks import Findings
from phusong.fiber.assess import assess_fiber, reach_of_places
from phusong.i18n import catalogue, set_language


@pytest.fixture
def province(tmp_path):
    lines = cables(
        line((0, 0), (10_000, 0)),  # C0 trunk
        line((10_000, 0), (10_000, 8_000)),  # C1
        line((10_040, 8_000), (15_000, 8_000)),  # C2 behind a gap of 40 m
        line((5_000, -900), (5_000, 900)),  # C3 crosses the trunk without a joint
        line((0, 0), (0, 6_000)),  # C4 planned
        in_service=[True, True, True, True, False],
    )
    centres = {
        "a": point(5_000, 100),
        "b": point(10_100, 7_900),
        "c": point(14_900, 8_100),
        "d": point(100, 5_900),
        "e": None,
    }
    return inputs(tmp_path, lines, pops(point(0, 20), point(20_000, 300)), centres)


def assess(province, **fiber):
    findings = Findings()
    people = pd.Series({"a": 1000.0, "b": 2000.0, "c": 500.0})
    return assess_fiber(province, study(**fiber), findings, people), findings


def test_reach_of_every_commune(province):
    result, _ = assess(province)
    table = result.reach.set_index("commune_code")
    assert table["reason"].to_dict() == {
        "a": "reached",
        "b": "reached",
        "c": "not_connected",
        "d": "no_cable",
        "e": "no_centre",
    }
    assert table.loc["b", "pop_id"] == "P0"
    assert table.loc["b", "route_km"] == pytest.approx(17.92)
    assert table.loc["c", "gap_m"] == pytest.approx(40)
    assert table.loc["e"].geometry.is_empty
    assert table["single_route"].to_dict() == {
        "a": True,
        "b": True,
        "c": False,
        "d": False,
        "e": False,
    }
    assert table.loc["b", "bridges_on_route"] >= 2
    assert result.routes["commune_code"].tolist() == ["a", "b"]
    assert result.routes["length_km"].to_numpy() == pytest.approx(
        result.routes.length.to_numpy() / 1000
    )


def test_edges_know_what_hangs_on_them(province):
    result, _ = assess(province)
    edges = result.edges
    assert edges["edge_id"].is_unique
    assert edges.crs == UTM
    assert edges.loc[edges["kind"] == "aerial", "length_m"].sum() == pytest.approx(
        10_000 + 8_000 + 4_960 + 1_800 + 6_000
    )
    first = edges[(edges["cable_id"] == "C0") & edges["bridge"]].iloc[0]
    assert first["communes_behind"] == 2
    assert first["people_behind"] == 3000
    assert not edges.loc[edges["cable_id"] == "C2", "connected"].any()
    assert (result.nodes["kind"] == "drop").sum() == 2
    worst = result.failures.iloc[0]
    assert worst["people"] == 3000
    assert set(worst["communes"]) == {"a", "b"}


def test_what_if_through_the_result(province):
    result, _ = assess(province)
    dark = result.what_if(["C1"])
    assert dark[["commune_code", "name"]].to_numpy().tolist() == [["b", "Xã b"]]
    assert result.what_if(["P0"])["people"].sum() == 3000
    assert result.summary()["reached"] == 2


@pytest.mark.parametrize("language", ["en", "vi"])
def test_findings_name_what_is_odd(province, language):
    catalogue.cache_clear()
    set_language(language)
    try:
        _, findings = assess(province)
        frame = findings.to_frame()
        by_rule = frame.groupby("rule")["subject"].apply(list).to_dict()
        assert by_rule["F10"] == ["C1.1"]
        assert by_rule["F12"] == ["C0.1"]
        assert by_rule["F14"] == ["C2", "C3"]
        assert by_rule["F15"] == ["e"]
        gap = frame[frame["rule"] == "F10"].iloc[0]
        assert (gap["x_m"], gap["y_m"]) == pytest.approx((510_020, 2_508_000))
        assert "40.0 m" in gap["detail"].replace("40,0 m", "40.0 m")  # the language's own sign
        if language == "vi":
            assert not frame["title"].str.contains("cable").any()
            assert frame["detail"].str.contains("hở").any()
    finally:
        set_language("en")


def test_a_pop_far_from_any_cable_is_listed_among_the_gaps(province):
    result, _ = assess(province)
    lonely = result.near_misses[result.near_misses["kind"] == "pop_far"].iloc[0]
    assert (lonely["a"], lonely["b"]) == ("P1", "C2.1")
    assert lonely["gap_m"] == pytest.approx(np.hypot(5000, 7700))


def test_two_routes_through_one_valley_share_its_risk(tmp_path):
    pair = cables(
        line((0, 0), (9_000, 0)),
        line((0, 0), (1_000, 700), (2_000, 10), (9_000, 10)),
        line((9_000, 0), (9_000, 10)),
    )
    got, _ = assess(inputs(tmp_path, pair, pops(point(0, 0)), {"a": point(9_000, 5)}))
    row = got.reach.iloc[0]
    assert row["shared_risk"]
    assert not row["single_route"]
    apart, _ = assess(
        inputs(tmp_path, pair, pops(point(0, 0)), {"a": point(9_000, 5)}), shared_risk_m=0
    )
    assert not apart.reach["shared_risk"].any()


def test_reach_of_schools_and_towers(province):
    result, _ = assess(province)
    schools = gpd.GeoDataFrame(
        {"school": ["x", "y", "z"]},
        index=[7, 8, 9],
        crs=UTM,
        geometry=[point(10_200, 4_000), point(0, 25_000), point(5_000, 100)],
    )
    got = reach_of_places(result, schools, study())
    assert got.index.tolist() == [7, 8, 9]
    assert got["reached"].tolist() == [True, False, True]
    assert got["pop_id"].fillna("-").tolist() == ["P0", "-", "P0"]
    assert got.loc[7, "route_km"] == pytest.approx(14.02)
    assert got["single_route"].tolist() == [True, False, True]
    centre = result.reach.set_index("commune_code").loc["a"]
    assert got.loc[9, "loss_db"] == pytest.approx(centre["loss_db"])


def test_crossings_that_the_study_joins_are_no_question(province):
    _, findings = assess(province, join_crossings=True)
    assert not findings.of("F12")


def test_no_cable_in_service(province):
    province.cables["in_service"] = False
    result, findings = assess(province)
    assert findings.of("F11")
    assert not result.reach["reached"].any()
    assert result.failures.empty


def test_empty_layers(tmp_path):
    empty = inputs(tmp_path, cables(), pops(), {"a": point(0, 0)})
    result, _ = assess(empty)
    assert result.reach["reason"].tolist() == ["no_cable"]
    assert len(result.edges) == len(result.nodes) == 0


def test_the_same_inputs_give_the_same_result(province):
    one, _ = assess(province)
    two, _ = assess(province)
    pd.testing.assert_frame_equal(pd.DataFrame(one.edges), pd.DataFrame(two.edges))
    pd.testing.assert_frame_equal(pd.DataFrame(one.reach), pd.DataFrame(two.reach))


def test_several_centres_share_the_people_of_their_commune(province):
    twice = pd.concat([province.commune_centres, province.commune_centres.iloc[[0]]])
    object.__setattr__(
        province, "commune_centres", gpd.GeoDataFrame(twice.reset_index(drop=True), crs=UTM)
    )
    result, _ = assess(province)
    assert np.nansum(result.reach["people"]) == 3500
    assert result.failures["count"].max() == 2
