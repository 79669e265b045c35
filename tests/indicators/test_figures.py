"""Reportable figures on three villages whose answers can be worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import box

from phusong.coverage.results import VillageCoverage
from phusong.i18n import set_language
from phusong.indicators import compute_indicators
from phusong.study import Entry
from phusong.study.file import parse_study

STUDY = parse_study((files("phusong.study") / "template.toml").read_text("utf-8"), Path("/x/s"))
CODES = ["a", "b", "c"]
PEOPLE = [100.0, 50.0, 50.0]


def layer(operator: str, technology: str, shares: list[float], centres: list[bool]) -> pd.DataFrame:
    grades = [
        "covered" if c and s >= 0.8 else ("white" if not c and s < 0.05 else "hollow")
        for s, c in zip(shares, centres, strict=True)
    ]
    return pd.DataFrame(
        {
            "code": CODES,
            "operator": operator,
            "technology": technology,
            "grade": grades,
            "served_share": shares,
            "served_centre": centres,
        }
    )


@pytest.fixture
def coverage() -> VillageCoverage:
    any_layer = layer("*", "*", [1.0, 0.5, 0.0], [True, True, False])
    own = layer("Sóng Xanh", "*", [0.0, 0.5, 0.0], [False, True, False])
    by_layer = pd.concat([own, any_layer], ignore_index=True)
    villages = gpd.GeoDataFrame(
        {"code": CODES, "people": PEOPLE}, geometry=[box(i, 0, i + 1, 1) for i in range(3)]
    )
    sensitivity = pd.concat(
        [
            any_layer.assign(threshold_offset_db=offset, probability=p, served_share=share)
            for offset, p, share in [
                (0.0, 0.75, [1.0, 0.5, 0.0]),
                (10.0, 0.75, [0.9, 0.0, 0.0]),
                (0.0, 0.9, [0.8, 0.4, 0.0]),
            ]
        ],
        ignore_index=True,
    )
    circles = pd.DataFrame(
        {
            "code": CODES,
            "operator": "*",
            "technology": "*",
            "circle_share": [1.0, 1.0, 0.5],
            "circle_centre": [True, True, True],
        }
    )
    return VillageCoverage(villages, by_layer, sensitivity, circles)


def test_village_figures(coverage: VillageCoverage) -> None:
    found = compute_indicators(STUDY, coverage, None, 5)
    any_carrier = found["villages_covered"]
    assert (any_carrier.numerator, any_carrier.denominator) == (1, 3)
    assert any_carrier.circles == 2
    assert found["villages_hollow"].numerator == 1
    assert found["villages_white"].numerator == 1
    assert found["villages_covered:Sóng Xanh:*"].numerator == 0
    assert np.isnan(found["villages_covered:Sóng Xanh:*"].circles)


def test_people_figures(coverage: VillageCoverage) -> None:
    people = compute_indicators(STUDY, coverage, None, 5)["people_covered"]
    assert people.numerator == 100 + 25
    assert people.value == pytest.approx(0.625)
    assert people.circles == 100 + 50 + 25


def test_any_carrier_is_reported_first(coverage: VillageCoverage) -> None:
    assert compute_indicators(STUDY, coverage, None, 5).items[0].id == "villages_covered"


def test_sensitivity_counts_centre_and_share(coverage: VillageCoverage) -> None:
    table = compute_indicators(STUDY, coverage, None, 5).sensitivity
    key = ["threshold_offset_db", "probability", "share_asked"]
    count = table.set_index(key)["villages_covered"]
    assert count[0.0, 0.75, 0.95] == 1
    assert count[0.0, 0.75, 0.5] == 2
    assert count[10.0, 0.75, 0.95] == 0
    assert count[10.0, 0.75, 0.5] == 1
    assert count[0.0, 0.9, 0.8] == 1
    assert (table["villages"] == 3).all()


def test_threshold_is_named_where_one_applies(coverage: VillageCoverage) -> None:
    only_lte = STUDY.model_copy(
        update={"verdict": STUDY.verdict.model_copy(update={"technologies": ["LTE"]})}
    )
    table = compute_indicators(only_lte, coverage, None, 5).sensitivity
    assert set(table["threshold_dbm"]) == {-110.0, -100.0}


def test_definitions_speak_both_languages(coverage: VillageCoverage) -> None:
    found = compute_indicators(STUDY, coverage, None, 5)
    english = found.to_frame("en").set_index("id").loc["villages_covered"]
    assert "any carrier" in english["title"]
    assert "80%" in english["definition"]
    assert "-110 dBm" in english["definition"]
    set_language("vi")
    vietnamese = found.table.set_index("id").loc["villages_covered"]
    assert vietnamese["title"] == "Thôn được phủ sóng di động, nhà mạng bất kỳ"
    assert "{" not in vietnamese["definition"]


def test_nothing_to_count_is_no_share(coverage: VillageCoverage) -> None:
    empty = compute_indicators(STUDY, None, None, 0)
    assert empty.items == ()


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"loss_db": 12.5}, "(12.5 dB)"),
        ({"building": "thermally_efficient"}, "thermally efficient buildings"),
    ],
)
def test_figures_indoors_say_what_the_wall_takes(
    coverage: VillageCoverage, entry: dict[str, object], said: str
) -> None:
    assert "villages_covered_indoor" not in [
        i.id for i in compute_indicators(STUDY, coverage, None, 5).items
    ]
    study = STUDY.model_copy(
        update={"radio": STUDY.radio.model_copy(update={"indoor": Entry.model_validate(entry)})}
    )
    frame = coverage.by_layer
    darker = frame.assign(place="indoor", grade="hollow", served_share=frame["served_share"] / 2)
    found = compute_indicators(study, replace(coverage, by_place=darker), None, 5)
    assert found["villages_covered_indoor"].value == 0
    people, there = found["people_covered"], found["people_covered_indoor"]
    assert there.numerator == pytest.approx(people.numerator / 2)
    assert there.denominator == people.denominator
    frame = found.to_frame("en").set_index("id").loc["villages_covered_indoor"]
    assert frame["title"] == "Villages with mobile signal indoors, any carrier"
    assert said in frame["definition"]
    spoken = found.to_frame("vi").set_index("id").loc[there.id]
    assert "trong nhà" in spoken["title"]
