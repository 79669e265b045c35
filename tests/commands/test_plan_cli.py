"""`phusong plan` on the smallest province: a cable over the wall that feeds commune and mast."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pytest
from shapely.geometry import LineString

from helpers.cli import phusong, table
from helpers.files import UTM
from helpers.tiny import make_planned_study, make_tiny_study
from phusong.pipeline.siting import plan_study_sites
from phusong.planning.assess import Money
from phusong.study.file import read_study

ROADS = """
[[roads]]
path = "data/roads.gpkg"
columns = { road_id = "ma" }
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = make_planned_study(tmp_path_factory.mktemp("tiny"))
    road = LineString([(500_100, 2_501_990), (507_900, 2_501_990)])
    gpd.GeoDataFrame({"ma": ["D1"]}, geometry=[road], crs=UTM).to_file(folder / "data/roads.gpkg")
    toml = folder / "study.toml"
    toml.write_text(toml.read_text("utf-8") + ROADS, "utf-8")
    return folder


@pytest.fixture(scope="module")
def planned(study: Path) -> Path:
    said = phusong("plan", study, "--out", study / "plan", "--curve", "4").output
    assert "nan" not in said
    assert "Masts and cables" in said
    assert "planning.fibre_weight" in said
    assert "does not cover" not in said
    return study / "plan"


def test_the_steps_are_the_plan(planned: Path) -> None:
    steps = table(planned / "plan_steps.csv")
    stamp = json.loads((planned / "run.json").read_text("utf-8"))
    assert [int(row["step"]) for row in steps] == list(range(1, len(steps) + 1))
    assert {row["what"] for row in steps} == {"mast", "commune"}
    life = [float(row["life"]) for row in steps]
    assert sum(life) == pytest.approx(stamp["life"], abs=len(steps))
    total = [float(row["life_total"]) for row in steps]
    assert total == pytest.approx(np.cumsum(life).tolist(), abs=len(steps))
    (cable,) = (row for row in steps if row["what"] == "commune")
    assert (cable["id"], cable["where"], cable["owner"]) == ("02", "Mèo Vạc", "")
    assert float(cable["people_fibre"]) == 600
    masts = [row for row in steps if row["what"] == "mast"]
    assert {row["where"] for row in masts if row["villages"] != "0"} == {"Mèo Vạc"}
    assert sum(int(row["villages"]) for row in masts) == 2
    assert {row["owner"] for row in masts} <= {"new", "=Đỏ & Co + Sóng Xanh"}
    # No step does better than the bound for the money up to it.
    assert all(float(r["counted_total"]) <= float(r["most_counted"]) + 1 for r in steps)
    bill = table(planned / "site_plan_bill.csv")
    assert sum(float(row["life"]) for row in bill) == pytest.approx(stamp["life"], abs=len(bill))
    owner = {row["item"]: row["owner"] for row in bill}
    assert owner["fibre cable"] == "cable owner"
    assert owner["radio equipment"] == "new"
    assert owner.get("room on standing masts", "=Đỏ & Co + Sóng Xanh") == "=Đỏ & Co + Sóng Xanh"


def test_every_owner_gets_what_is_its_own(planned: Path) -> None:
    works = {path.stem: table(path) for path in (planned / "carriers").glob("*.csv")}
    bill = table(planned / "site_plan_bill.csv")
    owners = {one for row in bill for one in row["owner"].split(" + ")}
    assert len(works) == len(owners)
    for rows in works.values():
        mine = {frozenset(row["owner"].split(" + ")) for row in rows}
        assert frozenset.intersection(*mine)
    for row in bill:
        pieces = [
            piece
            for rows in works.values()
            for piece in rows
            if (piece["owner"], piece["item"]) == (row["owner"], row["item"])
        ]
        files = len(row["owner"].split(" + "))
        found = sum(float(piece["life"]) for piece in pieces) / files
        assert found == pytest.approx(float(row["life"]), abs=len(pieces))
    cable = works["cable_owner"] if "cable_owner" in works else works["cable owner"]
    assert {piece["item"] for piece in cable} == {"fibre cable"}
    assert all(104 < float(piece["longitude"]) < 106 for piece in cable)


def test_the_budget_office_gets_a_workbook(planned: Path) -> None:
    book = openpyxl.load_workbook(planned / "budget.xlsx")
    assert book.sheetnames == ["Bill by year", "By owner", "Steps", "Assumptions", "Definitions"]
    owner = list(book["By owner"].iter_rows(min_row=2, values_only=True))
    life = json.loads((planned / "run.json").read_text("utf-8"))["life"]
    assert sum(row[-1] for row in owner) == pytest.approx(life, abs=len(owner))
    told = dict(book["Assumptions"].iter_rows(min_row=2, values_only=True))
    assert told["planning.prices.tower.capital"] == "45000.0"
    assert told["planning.fibre_weight"] == "0.1"
    assert "planning.candidates.own" not in told
    assert len(list((planned / "carriers").glob("*.xlsx"))) == len(
        list((planned / "carriers").glob("*.csv"))
    )


def test_figures_of_the_plan_are_those_of_the_study_with_it_built(planned: Path) -> None:
    figures = {
        (r["figure"], r["year"]): float(r["value"]) for r in table(planned / "plan_indicators.csv")
    }
    for row in table(planned / "site_plan_figures.csv"):
        assert figures[row["figure"], "0"] == pytest.approx(float(row["before"]))
        assert figures[row["figure"], "1"] == pytest.approx(float(row["after"]))
    assert figures["villages_covered", "1"] == 4
    assert (figures["communes_with_fibre", "0"], figures["communes_with_fibre", "1"]) == (1, 2)
    (commune,) = table(planned / "plan_communes.csv")
    assert (commune["commune_code"], commune["status"], commune["year"]) == ("02", "built", "1")


def test_one_list_costs_no_more_than_sites_and_extend(study: Path, planned: Path) -> None:
    phusong("sites", study, "--out", study / "sites")
    phusong("extend", study, "--out", study / "extension")
    masts = json.loads((study / "sites/run.json").read_text("utf-8"))
    cables = json.loads((study / "extension/run.json").read_text("utf-8"))
    km = sum(float(r["route_km"]) for r in table(study / "extension/extension_bill.csv"))
    kept = read_study(study).planning.prices
    worth = (1 - 1.08**-10) / 0.08
    apart = masts["life"] + cables["usd"] + km * kept.fibre_yearly_per_km * worth
    both = json.loads((planned / "run.json").read_text("utf-8"))
    assert both["life"] <= apart * (1 + 1e-6)
    assert both["lower_bound"] <= both["life"] * (1 + 1e-9)


def test_years_build_what_they_can_pay_and_carry_over_the_rest(study: Path, planned: Path) -> None:
    life = json.loads((planned / "run.json").read_text("utf-8"))["life"]
    shares = (0.2, 0.5, 0.0, 0.5)
    asked = [part for share in shares for part in ("--year", f"{life * share:.0f}")]
    said = phusong("plan", study, "--out", study / "years", "--curve", "0", *asked).output
    assert "Left over" in said
    years = table(study / "years/site_plan_years.csv")
    left = 0.0
    for row in years:
        left += float(row["budget"]) - float(row["spent"])
        assert float(row["left"]) == pytest.approx(left, abs=4)
        assert left >= -4
    steps = table(study / "years/plan_steps.csv")
    assert [int(r["year"]) for r in steps] == sorted(int(r["year"]) for r in steps)
    for row in years:
        spent = sum(float(r["life"]) for r in steps if r["year"] == row["year"])
        assert spent == pytest.approx(float(row["spent"]), abs=len(steps) + 1)
        counts = [r for r in steps if int(r["year"]) <= int(row["year"])]
        assert sum(int(r["villages"]) for r in counts) == int(row["villages"])
        assert sum(int(r["communes"]) for r in counts) == int(row["communes"])
    figures = table(study / "years/plan_indicators.csv")
    assert {r["year"] for r in figures} == {"0", "1", "2", "3", "4"}
    covered = [float(r["value"]) for r in figures if r["figure"] == "villages_covered"]
    assert covered == sorted(covered)
    assert covered[-1] == 4


def test_no_money_builds_nothing_and_more_never_counts_fewer(study: Path) -> None:
    opened = read_study(study)
    counted = []
    for budget in (0.0, 150_000.0, 300_000.0, 600_000.0):
        plan = plan_study_sites(opened, Money(budget=budget), communes=True).plan
        assert plan.life <= budget
        assert plan.counted <= plan.most_people + 1e-9
        counted.append(plan.counted)
        if budget == 0.0:
            assert plan.steps.empty
            assert plan.bill.empty
            assert set(plan.communes["status"]) == {"over_budget"}
    assert counted == sorted(counted)
    assert counted[0] == 0.0
    assert counted[-1] > counted[1]


def test_a_dearer_price_never_makes_the_plan_cheaper(study: Path, tmp_path: Path) -> None:
    cheap = plan_study_sites(read_study(study), communes=True).plan
    for key, value in (
        ("tower", "{ capital = 90000, yearly = 3000 }"),
        ("fibre_yearly_per_km", "900"),
    ):
        dearer = tmp_path / key
        shutil.copytree(study / "data", dearer / "data")
        text = (study / "study.toml").read_text("utf-8")
        (dearer / "study.toml").write_text(
            text + f"\n[planning.prices]\n{key} = {value}\n", "utf-8"
        )
        plan = plan_study_sites(read_study(dearer), communes=True).plan
        assert plan.life >= cheap.lower_bound * (1 - 1e-9)
        assert plan.life >= cheap.life * (1 - 1e-6)


def test_the_plan_speaks_vietnamese(study: Path) -> None:
    said = phusong("plan", study, "--out", study / "vi", "--lang", "vi", "--curve", "0").output
    assert "Cột và cáp" in said
    assert "cáp tới trung tâm xã" in said
    assert "Giả định" in said
    book = openpyxl.load_workbook(study / "vi/budget.xlsx")
    assert book.sheetnames[0] == "Khối lượng theo năm"
    items = {row[1] for row in book.worksheets[0].iter_rows(min_row=2, values_only=True)}
    assert {"Cột mới", "Cáp quang, km"} <= items
    kinds = {row[2] for row in book["Các bước"].iter_rows(min_row=2, values_only=True)}
    assert kinds == {"trạm", "cáp tới trung tâm xã"}
    codes = {row["item"] for row in table(study / "vi/site_plan_bill.csv")}
    assert {"new masts", "fibre cable"} <= codes


def test_a_study_without_fibre_is_refused(study: Path, tmp_path: Path) -> None:
    folder = make_tiny_study(tmp_path / "bare")
    text = (folder / "study.toml").read_text("utf-8")
    start, end = text.index("[fiber]"), text.index("[radio]")
    (folder / "study.toml").write_text(text[:start] + text[end:], "utf-8")
    said = phusong("plan", folder, "--out", tmp_path / "out", code=1).output
    assert "[fiber]" in said
    assert "--worst-first goes with" in phusong("plan", study, "--worst-first", code=2).output


def test_satellite_terminals_are_in_the_plan_and_count_as_no_coverage(
    study: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "study"
    shutil.copytree(study / "data", folder / "data")
    text = (study / "study.toml").read_text("utf-8")
    text = text.replace("rounds = 1", 'rounds = 1\nalternatives = ["satellite"]')
    (folder / "study.toml").write_text(text, "utf-8")
    said = phusong("plan", folder, "--out", tmp_path / "out", "--curve", "0").output
    assert "satellite terminal (02a)" in said
    villages = {r["code"]: r for r in table(tmp_path / "out/site_plan_villages.csv")}
    assert {villages[code]["status"] for code in ("02a", "02b")} == {"satellite"}
    figures = {
        (r["figure"], r["year"]): float(r["value"])
        for r in table(tmp_path / "out/plan_indicators.csv")
    }
    assert figures["villages_satellite", "0"] == 0
    assert figures["villages_satellite", "1"] == 2
    assert figures["villages_covered", "1"] == figures["villages_covered", "0"]
    assert figures["people_served", "1"] == figures["people_served", "0"]
    terminals = table(tmp_path / "out/carriers/satellite_service.csv")
    assert [r["at"] for r in terminals] == ["02a", "02b"]
