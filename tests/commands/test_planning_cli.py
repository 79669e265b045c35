"""`phusong sites` on the smallest province: a mast behind the wall, by fibre or by a hop."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from helpers.cli import phusong, table
from helpers.tiny import make_planned_study


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = make_planned_study(tmp_path_factory.mktemp("tiny"))
    said = phusong("sites", folder, "--out", folder / "sites").output
    assert "nan" not in said
    assert "candidate places" in said
    assert "does not cover" not in said
    # The page that shows the plan lies beside the tables, and is said.
    assert (folder / "sites/sites.html").is_file()
    assert "sites.html" in said
    return folder


def test_the_villages_behind_the_wall_are_served(planned: Path) -> None:
    villages = {row["code"]: row for row in table(planned / "sites/site_plan_villages.csv")}
    assert {"02a", "02b"} <= set(villages)
    assert {villages[code]["status"] for code in ("02a", "02b")} == {"served"}
    figures = {row["figure"]: row for row in table(planned / "sites/site_plan_figures.csv")}
    assert float(figures["villages_covered"]["after"]) == 4
    assert float(figures["people_served"]["after"]) > float(figures["people_served"]["before"])


def test_the_bill_is_the_stamp_of_the_plan(planned: Path) -> None:
    stamp = json.loads((planned / "sites/run.json").read_text("utf-8"))
    bill = table(planned / "sites/site_plan_bill.csv")
    assert sum(float(row["life"]) for row in bill) == pytest.approx(stamp["life"], abs=len(bill))
    assert stamp["lower_bound"] <= stamp["life"] * (1 + 1e-9)
    assert stamp["broken"] == []
    assert stamp["missing"] == []


def test_the_plan_speaks_vietnamese(planned: Path) -> None:
    said = phusong("sites", planned, "--out", planned / "vi", "--lang", "vi").output
    assert "vị trí đã xét" in said
    assert "Thôn phủ sóng" in said


def test_an_earlier_plan_is_not_replaced_unasked(planned: Path) -> None:
    said = phusong("sites", planned, "--out", planned / "sites", code=1).output
    assert "--overwrite" in said


def test_a_run_with_the_plan_built_keeps_its_promise(planned: Path) -> None:
    built = planned / "built"
    phusong("run", planned, "--scenario", planned / "sites/scenario.toml", "--out", built)
    promised = {
        row["code"]
        for row in table(planned / "sites/site_plan_villages.csv")
        if row["status"] == "served"
    }
    grades = {row["code"]: row["grade"] for row in table(built / "villages.csv")}
    assert {grades[code] for code in promised} == {"covered"}
    figures = {row["figure"]: row for row in table(planned / "sites/site_plan_figures.csv")}
    covered = sum(grade == "covered" for grade in grades.values())
    assert covered == float(figures["villages_covered"]["after"])
