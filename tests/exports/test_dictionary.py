"""Every column of every file a command writes is documented, and the file says so itself."""

from __future__ import annotations

import csv
import json
import shutil
import sqlite3
import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
from click.testing import CliRunner
from shapely.geometry import LineString

from helpers.tiny import make_tiny_study
from phusong.cli import main
from phusong.coverage.propagation.registry import MODELS
from phusong.exports.tables.dictionary import tables

KML = {"k": "http://www.opengis.net/kml/2.2"}
OF_QGIS = {"layer_styles"}
MORE = """
[[roads]]
path = "data/roads.gpkg"
columns = { road_id = "ma" }
[[rivers]]
path = "data/rivers.gpkg"
[outputs]
formats = ["kmz", "xlsx", "parquet"]
[indicators]
places = ["in_vehicle", "indoor"]
"""
PATHS = (
    '{"freq_mhz": 800, "tx_height_m": 30, "rx_height_m": 1.5,'
    ' "distance_m": [0, 500, 1000, 1500], "height_m": [10, 20, 15, 12]}\n'
    "not a path\n"
)


def did(*arguments: object) -> None:
    said = CliRunner().invoke(main, [str(a) for a in arguments])
    assert said.exit_code == 0, said.output


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny province with roads, a river, two more places and every format."""
    folder = make_tiny_study(tmp_path_factory.mktemp("columns") / "study")
    x0, y0 = 500_000.0, 2_500_000.0
    road = LineString([(x0 + 100, y0 + 1990), (x0 + 7900, y0 + 1990)])
    gpd.GeoDataFrame({"ma": ["D1"]}, geometry=[road], crs=32648).to_file(folder / "data/roads.gpkg")
    gpd.GeoDataFrame({"ten": ["Sông"]}, geometry=[road], crs=32648).to_file(
        folder / "data/rivers.gpkg"
    )
    text = (folder / "study.toml").read_text("utf-8")
    (folder / "study.toml").write_text(text + MORE, "utf-8")
    return folder


@pytest.fixture(scope="module")
def run(study: Path) -> Path:
    """Everything `phusong run` writes."""
    did("run", study, "--out", study / "out")
    return study / "out"


@pytest.fixture(scope="module")
def measured(study: Path) -> Path:
    cells = pd.read_csv(study / "data/towers/cells.csv", encoding="utf-8-sig")
    table = cells[["operator", "technology"]].assign(
        lon=cells["x"] + 0.004, lat=cells["y"] + 0.004, level_dbm=[-70.0, -72.0]
    )
    table.to_csv(study / "measured.csv", index=False)
    return study / "measured.csv"


def columns_of(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield every table and layer of a folder, as columns.csv names it, and its columns."""
    for path in sorted(folder.rglob("*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield path.relative_to(folder).as_posix(), next(csv.reader(file))
    for path in sorted(folder.glob("*.gpkg")):
        for name, _ in pyogrio.list_layers(path):
            if name not in OF_QGIS:
                fields = pyogrio.read_info(path, layer=name)["fields"]
                yield f"{path.name}/{name}", list(fields)
    for path in sorted(folder.glob("parquet/*.parquet")):
        inner = {"geometry", "bbox"}  # where a record lies, and what covers that
        fields = [c for c in gpd.read_parquet(path).columns if c not in inner]
        (base,) = folder.glob("*.gpkg")
        yield f"{base.name}/{path.stem}", fields
    for path in sorted(folder.glob("collections/*/items.json")):
        items = json.loads(path.read_text("utf-8"))["features"]
        yield path.relative_to(folder).as_posix(), list(items[0]["properties"])


def said_in(folder: Path) -> dict[str, list[str]]:
    """Return the columns that columns.csv documents, by file; each in words, and once."""
    out: dict[str, list[str]] = {}
    with (folder / "columns.csv").open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            assert row["label"], row
            assert row["meaning"], row
            out.setdefault(row["file"], []).append(row["column"])
    out["columns.csv"] = [column.name for column in tables()["columns"].columns]
    assert all(len(set(names)) == len(names) for names in out.values())
    return out


def check(folder: Path, *expected: str) -> None:
    """Files and columns.csv name the same columns in the same order, and no file is missing."""
    said, found = said_in(folder), dict(columns_of(folder))
    assert set(expected) <= set(found)
    for name, columns in found.items():
        assert columns == said.get(name), name
    assert set(said) == set(found)


def test_columns_of_a_run(run: Path) -> None:
    layers = (
        "villages",
        "communes",
        "commune_centres",
        "fibre",
        "fibre_routes",
        "cells",
        "sites",
        "run",
    )
    check(run, "villages.csv", "village_places.csv", *(f"results.gpkg/{n}" for n in layers))


def test_columns_of_the_other_commands(study: Path, run: Path, measured: Path) -> None:
    did("extend", study, "--rings", "--out", study / "extension")
    check(
        study / "extension",
        "extension_stages.csv",
        "ring_targets.csv",
        "extension.gpkg/extension_lines",
        "extension.gpkg/extension_targets",
    )
    did("fiber", study, "--places", "villages", "--places", "towers", "--out", study / "places")
    check(study / "places", "fibre_places.csv", "fibre_places.gpkg/fibre_places")
    did("compare", run, run, "--out", study / "compared")
    check(study / "compared", "compare_villages.csv", "compare_definitions.csv")
    did("calibrate", study, measured, "--out", study / "calibrated")
    check(study / "calibrated", "calibration_residuals.csv", "calibration_refused.csv")
    did("audit", study, measured, "--run", run, "--probability", 0.01, "--out", study / "audited")
    check(
        study / "audited",
        "audit_tests.csv",
        "audit_claims.csv",
        "audit_drive_claims.csv",
        "audit.gpkg/audit_tests",
        "audit.gpkg/audit_drive_line",
    )
    did("plan", study, "--curve", "2", "--out", study / "plan")
    check(
        study / "plan",
        "plan_steps.csv",
        "plan_communes.csv",
        "plan_indicators.csv",
        "carriers/cable_owner.csv",
        "site_plan_bill.csv",
        "site_plan.gpkg/plan_steps",
        "site_plan.gpkg/plan_communes",
    )
    did("publish", run, "--out", study / "public")
    check(study / "public", "villages.csv", "collections/commune_centres/items.json")


def header(path: Path) -> list[str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return next(csv.reader(file))


def test_columns_of_single_files(study: Path, run: Path) -> None:
    did("check", study, "--out", study / "checks.csv")
    assert header(study / "checks.csv") == [c.name for c in tables()["checks"].columns]
    (study / "new.csv").write_text("old_code,new_code,new_name\n01,1,Một\n02,1,Một\n", "utf-8")
    did("regroup", run, study / "new.csv", "--out", study / "regrouped.csv")
    assert header(study / "regrouped.csv") == [c.name for c in tables()["new_communes"].columns]


def test_columns_of_link_losses(tmp_path: Path) -> None:
    documented = {column.name for column in tables()["link_losses"].columns}
    (tmp_path / "paths.jsonl").write_text(PATHS, "utf-8")
    met = set()
    for model in ("all", "p526", "itm"):
        out = tmp_path / f"{model}.csv"
        did("link", "--profiles", tmp_path / "paths.jsonl", "--model", model, "--out", out)
        for column in header(out):
            name = column.removesuffix("_loss_db")
            met.add("MODEL_loss_db" if name in MODELS else column)
    assert met == documented


def test_balloons_show_documented_columns(run: Path) -> None:
    with zipfile.ZipFile(run / "results.kmz") as archive:
        root = ET.fromstring(archive.read("doc.kml"))
    shown = {data.get("name") for data in root.findall(".//k:Data", KML)}
    layers = {c for name, columns in said_in(run).items() if "gpkg/" in name for c in columns}
    assert len(shown) > 10
    assert shown <= layers


def test_geopackage_itself_says_what_its_columns_mean(run: Path) -> None:
    with sqlite3.connect(run / "results.gpkg") as base:
        rows = base.execute(
            "SELECT table_name, column_name, title, description FROM gpkg_data_columns"
        ).fetchall()
        extensions = base.execute("SELECT extension_name FROM gpkg_extensions").fetchall()
    base.close()
    assert ("gpkg_schema",) in extensions
    assert all(title and words for _, _, title, words in rows)
    titles = {(layer, column): title for layer, column, title, _ in rows}
    assert titles["cells", "height_m"] == "Antenna height above ground, m"
    held = {name.partition("/")[2]: c for name, c in columns_of(run) if name.startswith("results")}
    assert {(layer, c) for layer, columns in held.items() for c in columns} == set(titles)


def test_places_are_told_long_and_wide(run: Path) -> None:
    places = pd.read_csv(run / "village_places.csv", dtype={"code": str})
    assert set(places["place"]) == {"in_vehicle", "indoor"}
    anyone = places[(places["operator"] == "*") & (places["technology"] == "*")]
    layer = gpd.read_file(run / "results.gpkg", layer="villages").set_index("code")
    for place, rows in anyone.groupby("place"):
        there = rows.set_index("code")
        wide = layer.loc[there.index]
        assert there["grade"].tolist() == wide[f"grade_{place}"].tolist()
        assert there["served_share"].tolist() == wide[f"served_share_{place}"].tolist()
    assert (layer["served_share_indoor"] <= layer["served_share"] + 1e-9).all()


def test_no_place_asked_for_leaves_the_columns_empty(study: Path, tmp_path: Path) -> None:
    folder = tmp_path / "study"
    shutil.copytree(study, folder, ignore=shutil.ignore_patterns("out", "public"))
    text = (folder / "study.toml").read_text("utf-8")
    (folder / "study.toml").write_text(text.replace('["in_vehicle", "indoor"]', "[]"), "utf-8")
    did("coverage", folder, "--out", tmp_path / "out")
    assert not (tmp_path / "out/village_places.csv").exists()
    villages = pd.read_csv(tmp_path / "out/villages.csv")
    assert villages["grade"].notna().all()
    assert villages["grade_indoor"].isna().all()
    check(tmp_path / "out", "villages.csv")
