"""The files of a run, opened by other programs than the one that wrote them."""

from __future__ import annotations

import csv
import json
import shutil
import sqlite3
import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

import frictionless
import geopandas as gpd
import pyogrio
import pytest
import rasterio

from phusong.errors import OutputError
from phusong.exports.formats.geopackage import check_geopackage, documented, write_geopackage
from phusong.exports.layers.qml import rgba
from phusong.exports.tables.dictionary import tables
from phusong.i18n import set_language
from phusong.maps.asset import palette_script, palette_styles
from phusong.results import palette
from phusong.results.missing import Attempts


def test_datapackage_is_valid_and_true(tiny_run: Path) -> None:
    descriptor = json.loads((tiny_run / "datapackage.json").read_text("utf-8"))
    frictionless.system.trusted = True
    report = frictionless.Package(str(tiny_run / "datapackage.json")).validate()
    assert report.valid, report.flatten(["title", "message"])
    listed = {resource["path"] for resource in descriptor["resources"]}
    found = {
        p.relative_to(tiny_run).as_posix()
        for p in tiny_run.rglob("*")
        if p.is_file() and p.name not in {"run.json", "datapackage.json"}
    }
    assert listed == found
    assert descriptor["title"] == "Tỉnh thử"
    assert descriptor["licenses"][0]["name"] == "CC-BY-4.0"
    west, south, east, north = descriptor["spatial"]["bbox"]
    assert 104 < west < east < 106
    assert 22 < south < north < 23


def test_every_column_is_in_the_dictionary(tiny_run: Path) -> None:
    descriptor = json.loads((tiny_run / "datapackage.json").read_text("utf-8"))
    for resource in descriptor["resources"]:
        if resource.get("format") != "csv":
            continue
        with (tiny_run / resource["path"]).open(encoding="utf-8-sig", newline="") as file:
            header = next(csv.reader(file))
        fields = [field["name"] for field in resource["schema"]["fields"]]
        assert header == fields, resource["path"]
        assert all(field["description"] for field in resource["schema"]["fields"])


def test_columns_are_said_in_words_beside_the_tables(tiny_run: Path) -> None:
    with (tiny_run / "columns.csv").open(encoding="utf-8-sig", newline="") as file:
        said = {(row["file"], row["column"]): row for row in csv.DictReader(file)}
    for path in tiny_run.rglob("*.csv"):
        with path.open(encoding="utf-8-sig", newline="") as file:
            header = next(csv.reader(file))
        name = path.relative_to(tiny_run).as_posix()
        if name != "columns.csv":
            assert header == [column for of, column in said if of == name]
    row = said["villages.csv", "level_centre_dbm"]
    assert (row["label"], row["unit"]) == ("Level at the village centre", "dBm")


def test_headings_say_something_and_differ() -> None:
    for language in ("en", "vi"):
        set_language(language)
        for table in tables().values():
            headings = [column.heading() for column in table.columns]
            assert all(2 < len(heading) < 90 for heading in headings), table.name
            assert len(set(headings)) == len(headings), table.name


def test_dictionary_has_no_table_nobody_writes(checkout: Path) -> None:
    source = "".join(
        p.read_text("utf-8")
        for folder in ("exports", "commands", "letters", "mending", "pipeline", "sources")
        for p in (checkout / folder).rglob("*.py")
    )
    for name in tables():
        if name == "link_losses":  # written by coverage/; see test_exports_columns.py
            continue
        assert f'"{name}"' in source or f'"{name}.csv"' in source, name


def test_geopackage_has_styles_for_qgis(tiny_run: Path) -> None:
    base = tiny_run / "results.gpkg"
    layers = {str(row[0]) for row in pyogrio.list_layers(base)}
    assert {"villages", "communes", "sites", "cells", "fibre", "commune_centres"} <= layers
    with sqlite3.connect(base) as connection:
        styled = dict(connection.execute("SELECT f_table_name, styleQML FROM layer_styles"))
        run = dict(connection.execute("SELECT key, value FROM run"))
    connection.close()
    assert 'attr="grade"' in styled["villages"]
    assert set(styled) == layers - {"run", "layer_styles"}
    for qml in styled.values():
        root = ET.fromstring(qml.partition("\n")[2])
        symbols = {s.get("name") for s in root.findall("renderer-v2/symbols/symbol")}
        named = {c.get("symbol") for c in root.findall("renderer-v2/categories/category")}
        assert symbols == (named or {"0"})
    assert "wedge_buffer" in styled["cells"]
    assert run["study"] == "Tỉnh thử"
    villages = gpd.read_file(base, layer="villages")
    assert list(villages["name"]) == ["Lũng Cú", "=1+1", "Pả Vi", "Sủng Trà"]
    assert villages.crs.to_epsg() == 32648


def test_map_page_has_the_same_colours(checkout: Path) -> None:
    """Every colour the page shares with tables and layers comes from the one palette."""
    written = json.loads(palette_script().removeprefix("const PALETTE = ").rstrip(";"))
    assert written["grades"] == {grade[0]: colour for grade, colour in palette.GRADES.items()}
    assert written["severities"] == palette.SEVERITIES
    assert f"--hollow: {palette.GRADES['hollow']};" in palette_styles()
    own = "".join(
        (checkout / "maps/assets/page" / name).read_text("utf-8")
        for name in ("palette.js", "page.css")
    )
    shared = {*palette.GRADES.values(), *palette.SEVERITIES.values(), *palette.CARRIERS}
    assert not {colour for colour in shared if f'"{colour}"' in own or f": {colour};" in own}
    assert rgba(palette.GRADES["covered"], 9) == "86,180,233,9"


def test_rasters_are_cloud_optimised(tiny_run: Path) -> None:
    rasters = sorted(tiny_run.glob("coverage_*.tif"))
    assert rasters
    for path in rasters:
        with rasterio.open(path) as source:
            assert source.crs.to_epsg() == 32648
            assert source.tags(ns="IMAGE_STRUCTURE").get("LAYOUT") == "COG", path.name


def test_run_json_tells_how_to_make_it_again(tiny_run: Path) -> None:
    stamp = json.loads((tiny_run / "run.json").read_text("utf-8"))
    assert len(stamp["study_sha256"]) == 64
    assert any(name.endswith("dem.tif") for name in stamp["inputs_sha256"])
    assert stamp["seconds"]["signal"] > 0
    assert stamp["settings"]["radio"]["model"] == "p526"


@pytest.fixture(scope="module")
def soffice() -> str:
    path = shutil.which("soffice") or shutil.which("libreoffice")
    if path is None:
        pytest.skip("LibreOffice is not installed")
    return path


@pytest.mark.slow
@pytest.mark.parametrize("name", ["villages.csv", "carriers/Sóng_Xanh.xlsx"])
def test_libreoffice_reads_back(soffice: str, name: str, tiny_run: Path, tmp_path: Path) -> None:
    command = [
        soffice,
        f"-env:UserInstallation=file://{tmp_path}/profile",
        "--headless",
        "--infilter=CSV:44,34,76,1",
        "--convert-to",
        "csv:Text - txt - csv (StarCalc):44,34,76,1",
        "--outdir",
        str(tmp_path),
        str(tiny_run / name),
    ]
    if name.endswith(".xlsx"):
        command.remove("--infilter=CSV:44,34,76,1")
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    back = next(tmp_path.glob("*.csv"))
    with back.open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.reader(file))
    if name.endswith(".xlsx"):
        assert lines[0][0] == "Village code"
        lines[0] = [column.name for column in tables()["carrier"].columns]
    rows = {line[0].lstrip("0"): dict(zip(lines[0], line, strict=True)) for line in lines[1:]}
    assert rows["2a"]["name"] == "Pả Vi"
    assert rows["2a"]["commune_name"] == "Mèo Vạc"
    assert float(rows["2a"]["people"]) == 400
    if name == "villages.csv":
        assert "1+1" in rows["1b"]["name"]
        assert rows["1b"]["name"] != "2"
        assert float(rows["2a"]["level_centre_dbm"]) < -110


@pytest.mark.parametrize(
    "harm",
    [
        "DELETE FROM villages WHERE fid = 1",
        "UPDATE gpkg_ogr_contents SET feature_count = 0 WHERE table_name = 'villages'",
        "UPDATE gpkg_contents SET min_x = NULL WHERE table_name = 'villages'",
        "DELETE FROM rtree_villages_geom WHERE id = 1",
        "DELETE FROM gpkg_geometry_columns WHERE table_name = 'villages'",
        "PRAGMA application_id = 0",
        "PRAGMA user_version = 0",
    ],
)
def test_a_geopackage_that_lost_something_is_not_taken_for_done(
    tmp_path: Path, tiny_run: Path, harm: str
) -> None:
    frame = gpd.read_file(tiny_run / "results.gpkg", layer="villages")
    path = tmp_path / "a.gpkg"
    attempt = Attempts()
    layers = [documented("villages", frame, "villages")]
    assert write_geopackage(lambda: layers, {"study": "x"}, path, attempt) == layers
    assert not attempt.missing
    check_geopackage(path, {"villages": frame})
    with sqlite3.connect(path) as base:
        for (trigger,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
            base.execute(f'DROP TRIGGER "{trigger}"')
        base.execute(harm)
    with pytest.raises(OutputError, match=r"read back as it was: (villages|application_id)"):
        check_geopackage(path, {"villages": frame})


def test_a_full_disc_is_no_page_of_sql(
    tmp_path: Path, tiny_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise pyogrio.errors.DataSourceError(
            "sqlite3_exec(CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT NOT NULL,\n"
            "srs_id INTEGER) failed: database or disk is full"
        )

    frame = gpd.read_file(tiny_run / "results.gpkg", layer="villages")
    monkeypatch.setattr(gpd.GeoDataFrame, "to_file", full)
    attempt = Attempts()
    layers = [documented("villages", frame, "villages")]
    assert not write_geopackage(lambda: layers, {}, tmp_path / "a.gpkg", attempt)
    assert attempt.missing
    assert "the disc is full" in attempt.missing[0].reason
    assert not any(
        "CREATE TABLE" in one.reason or "defect" in one.reason for one in attempt.missing
    )
    assert not list(tmp_path.iterdir())
