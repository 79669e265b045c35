"""Carriers whose names differ in case only: every file and column of their own, and a finding."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import geopandas as gpd
import pytest

from helpers.cli import phusong, table
from phusong.names import alike
from phusong.results.finished import open_run


@pytest.fixture(scope="module")
def run(tiny_study: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("alike")
    study = Path(shutil.copytree(tiny_study, folder / "study"))
    cells = study / "data/towers/cells.csv"
    cells.write_text(cells.read_text("utf-8-sig").replace("=Đỏ & Co", "SÓNG xanh"), "utf-8")
    phusong("run", study, "--out", folder / "out")
    return folder / "out"


def test_nothing_is_missing_and_the_names_are_found(run: Path) -> None:
    assert json.loads((run / "run.json").read_text("utf-8"))["missing"] == []
    found = [row for row in table(run / "checks.csv") if row["rule"] == "T40"]
    assert [row["subject"] for row in found] == ["SÓNG xanh"]
    assert found[0]["detail"] == "Sóng Xanh (1), SÓNG xanh (1) are counted as 2 operators"
    assert (found[0]["file"], found[0]["row"]) == ("data/towers/cells.csv", "2")


def test_columns_are_distinct_whatever_the_case(run: Path) -> None:
    villages = open_run(run).tables["villages"]
    layer = gpd.read_file(run / "results.gpkg", layer="villages")
    for columns in (villages.columns, layer.columns):
        assert len({alike(column) for column in columns}) == len(columns)
        assert {"grade_of:SÓNG xanh", "grade_of:Sóng Xanh-2"} <= set(columns)
    meanings = {r["column"]: r["label"] for r in table(run / "columns.csv")}
    assert meanings["grade_of:Sóng Xanh-2"].endswith(": Sóng Xanh")


def test_files_are_distinct_whatever_the_case(run: Path) -> None:
    names = [path.relative_to(run).as_posix() for path in run.rglob("*") if path.is_file()]
    assert len({alike(name) for name in names}) == len(names)
    package = json.loads((run / "datapackage.json").read_text("utf-8"))
    resources = [resource["name"] for resource in package["resources"]]
    assert len(set(resources)) == len(resources)


def test_what_reads_the_run_takes_it(run: Path, tmp_path: Path) -> None:
    phusong("publish", run, "--out", tmp_path / "public")
    phusong("compare", run, run, "--out", tmp_path / "same")
    published = table(tmp_path / "public/villages.csv")[0]
    assert {"grade_of:SÓNG xanh", "grade_of:Sóng Xanh-2"} <= set(published)
