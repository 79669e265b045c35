"""Two runs side by side."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pandas as pd

from phusong.results.compare import compare_runs
from phusong.results.finished import FinishedRun
from phusong.study.file import parse_study

TEMPLATE = (files("phusong.study") / "template.toml").read_text("utf-8")


def a_run(grades: dict[str, str], fibre: dict[str, bool], text: str = TEMPLATE) -> FinishedRun:
    study = parse_study(text, Path("/x/study.toml"))
    villages = pd.DataFrame(
        {
            "code": list(grades),
            "name": [f"Thôn {c}" for c in grades],
            "commune_code": "01",
            "grade": list(grades.values()),
            "people": 100.0,
            "people_unserved": 5.0,
        }
    )
    communes = pd.DataFrame(
        {"code": list(fibre), "name": "Xã", "fibre": list(fibre.values()), "single_route": False}
    )
    covered = sum(g == "covered" for g in grades.values()) / len(grades)
    indicators = pd.DataFrame(
        {"id": ["villages_covered"], "title": ["Villages"], "value": [covered]}
    )
    stamp = {"settings": study.model_dump(mode="json"), "crs": "EPSG:32648"}
    tables = {"villages": villages, "communes": communes, "indicators": indicators}
    return FinishedRun(Path("/x"), stamp, study, tables)


def test_villages_gained_and_lost() -> None:
    before = a_run({"a": "white", "b": "covered", "c": "hollow", "d": "white", "e": "white"}, {})
    after = a_run({"a": "covered", "b": "hollow", "c": "hollow", "d": "hollow", "f": "white"}, {})
    change = compare_runs(before, after).villages.set_index("code")["change"].to_dict()
    assert change == {
        "a": "gained",
        "b": "lost",
        "c": "same",
        "d": "better",
        "e": "removed",
        "f": "added",
    }


def test_names_of_removed_villages_are_kept() -> None:
    found = compare_runs(a_run({"a": "white"}, {}), a_run({"b": "white"}, {})).villages
    assert set(found["name"]) == {"Thôn a", "Thôn b"}


def test_communes_gained_and_lost() -> None:
    before = a_run({"v": "white"}, {"1": True, "2": False, "3": True})
    after = a_run({"v": "white"}, {"1": False, "2": True, "3": True})
    change = compare_runs(before, after).communes.set_index("code")["change"].to_dict()
    assert change == {"1": "lost", "2": "gained", "3": "same"}


def test_indicator_difference() -> None:
    found = compare_runs(
        a_run({"a": "white", "b": "covered"}, {}), a_run({"a": "covered", "b": "covered"}, {})
    ).indicators
    assert found["difference"].item() == 0.5


def test_same_definitions_say_nothing_and_paths_do_not_count() -> None:
    moved = TEMPLATE.replace("data/towers/cells.csv", "data/towers/2027.csv")
    found = compare_runs(a_run({"a": "white"}, {}), a_run({"a": "white"}, {}, moved))
    assert found.definitions == ()


def test_a_moved_definition_is_named_with_both_values() -> None:
    moved = TEMPLATE.replace("covered_share = 0.8", "covered_share = 0.5")
    found = compare_runs(a_run({"a": "white"}, {}), a_run({"a": "white"}, {}, moved))
    assert [(d.key, d.before, d.after) for d in found.definitions] == [
        ("verdict.covered_share", 0.8, 0.5)
    ]
