"""`phusong audit` from end to end: two files, both languages, a finished run, and nothing to use."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from xml.etree import ElementTree as ET

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result
from pyproj import Transformer
from shapely.geometry import LineString

from helpers.tiny import make_tiny_study
from phusong.cli import main
from phusong.exports.audit import RESULT_WORDS, VERDICT_WORDS
from phusong.i18n import catalogue

X0, Y0 = 500_000.0, 2_500_000.0
ROADS = """
[[roads]]
path = "data/roads.gpkg"
columns = { road_id = "ma" }
"""


def phusong(*arguments: object, code: int = 0) -> Result:
    result = CliRunner().invoke(main, [str(a) for a in arguments])
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def drive_test(path: Path, operator: str, level_dbm: float, south_m: float) -> Path:
    """Forty places of 50 m along a line in commune 01, ten behind the ridge, one out of the way."""
    x = X0 + np.concatenate([1025.0 + 50.0 * np.arange(40), 5525.0 + 50.0 * np.arange(10), [9e4]])
    lon, lat = Transformer.from_crs(32648, 4326, always_xy=True).transform(
        x, np.full(51, Y0 + south_m)
    )
    level = np.full(51, level_dbm)
    level[40:] = -130.0
    frame = pd.DataFrame({"lon": lon, "lat": lat, "rsrp": level, "operator": operator})
    frame.assign(technology="LTE").to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny province with a road, a finished run, and two drive tests, one of them bad."""
    folder = tmp_path_factory.mktemp("audit")
    study = make_tiny_study(folder / "study")
    road = LineString([(X0 + 100, Y0 + 1990), (X0 + 7900, Y0 + 1990)])
    up = LineString([(X0 + 2000, Y0 + 1990), (X0 + 2000, Y0 + 3900)])
    gpd.GeoDataFrame({"ma": ["D1", "D2"]}, geometry=[road, up], crs=32648).to_file(
        study / "data/roads.gpkg"
    )
    text = (study / "study.toml").read_text("utf-8")
    (study / "study.toml").write_text(text + ROADS, "utf-8")
    phusong("coverage", study, "--out", study / "out")
    drive_test(folder / "good.csv", "Sóng Xanh", -70.0, 1025.0)
    drive_test(folder / "bad.csv", "=Đỏ & Co", -119.0, 1025.0)
    return folder


def test_two_files_in_english(desk: Path, tmp_path: Path) -> None:
    out = tmp_path / "audit"
    said = phusong("audit", desk / "study", desk / "good.csv", desk / "bad.csv", "--out", out)
    assert "100 tests of 100 measurements, 2 refused" in said.output
    assert "refuted by the tests" in said.output
    assert "Next drive:" in said.output
    claims = table(out / "audit_claims.csv")
    first = claims[0]
    assert (first["verdict"], first["operator"]) == ("refuted", "'=Đỏ & Co")
    by = {(c["kind"], c["operator"], c["commune_code"]): c for c in claims}
    assert by["commune", "Sóng Xanh", "01"]["verdict"] == "confirmed"
    assert by["commune", "'=Đỏ & Co", "01"]["verdict_label"] == VERDICT_WORDS["refuted"]
    assert by["commune", "'=Đỏ & Co", "01"]["commune_name"] == "Đồng Văn"
    assert {c["village_name"] for c in claims if c["kind"] == "village"} == {"Lũng Cú"}
    shares = table(out / "audit_shares.csv")
    outside = [s for s in shares if (s["kind"], s["area"]) == ("layer", "outside")]
    assert sum(int(s["tests"]) for s in outside) >= 20
    refused = table(out / "audit_refused.csv")
    assert [(r["file"], r["row"]) for r in refused] == [("bad.csv", "51"), ("good.csv", "51")]
    challenges = sorted(p.name for p in (out / "challenges").iterdir())
    assert challenges == ["=Đỏ_&_Co.csv"]
    evidence = table(out / "challenges" / challenges[0])
    assert {
        (e["file"], e["level_dbm"], e["threshold_dbm"], e["shortfall_db"]) for e in evidence
    } == {("bad.csv", "-119.0", "-110.0", "9.0")}
    assert [float(e["claimed_probability"]) for e in evidence] == sorted(
        (float(e["claimed_probability"]) for e in evidence), reverse=True
    )
    stamp = json.loads((out / "run.json").read_text("utf-8"))
    assert stamp["preset"] == "study"
    assert stamp["claims"]["commune refuted"] == 1


def test_the_drive_is_in_three_forms(desk: Path, tmp_path: Path) -> None:
    out = tmp_path / "audit"
    few = pd.read_csv(desk / "good.csv").iloc[:2]
    few.to_csv(tmp_path / "few.csv", index=False)
    phusong("audit", desk / "study", tmp_path / "few.csv", "--out", out, "--day-km", 5)
    stops = table(out / "audit_drive.csv")
    assert stops[0]["km"] == "0.0"
    assert 0 < float(stops[-1]["km"]) <= 5.0
    gpx = ET.parse(out / "drive.gpx").getroot()
    names = {"g": "http://www.topografix.com/GPX/1/1"}
    assert len(gpx.findall("g:wpt", names)) == len(stops)
    track = gpx.findall("g:trk/g:trkseg/g:trkpt", names)
    line = gpd.read_file(out / "audit.gpkg", layer="audit_drive_line")
    assert len(track) == len(line.geometry.iloc[0].coords)
    assert float(line["km"].iloc[0]) == pytest.approx(float(stops[-1]["km"]), abs=0.01)
    road = gpd.read_file(desk / "study/data/roads.gpkg").union_all().buffer(1.0)
    assert road.covers(line.geometry.iloc[0])
    elsewhere = ["--start", "105.005,22.62", "--day-km", 5, "--overwrite"]
    phusong("audit", desk / "study", tmp_path / "few.csv", "--out", out, *elsewhere)
    assert table(out / "audit_drive.csv")[0]["longitude"] != stops[0]["longitude"]


def test_two_files_in_vietnamese_of_a_finished_run(desk: Path, tmp_path: Path) -> None:
    out = tmp_path / "audit"
    said = phusong(
        "audit",
        desk / "study",
        desk / "good.csv",
        desk / "bad.csv",
        "--run",
        desk / "study/out",
        "--preset",
        "arcep",
        "--lang",
        "vi",
        "--out",
        out,
    )
    assert "100 phép thử từ 100 phép đo" in said.output
    assert "ARCEP, bản đồ công bố" in said.output
    assert "Lộ trình đo tiếp theo" in said.output
    stamp = json.loads((out / "run.json").read_text("utf-8"))
    assert (stamp["preset"], stamp["probability"], stamp["share"]) == ("arcep", 0.98, 0.98)
    assert "2016-1678" in stamp["asked"]["source"]
    assert "2016-1678" in said.output
    labels = {c["verdict_label"] for c in table(out / "audit_claims.csv")}
    known = {catalogue()[words] for words in VERDICT_WORDS.values()}
    assert labels
    assert labels <= known
    assert {catalogue()[words] for words in RESULT_WORDS.values()} >= {
        t["result_label"] for t in table(out / "audit_tests.csv")
    }


def test_a_run_and_a_computation_say_the_same(desk: Path, tmp_path: Path) -> None:
    for name, more in (("a", []), ("b", ["--run", desk / "study/out"])):
        phusong("audit", desk / "study", desk / "bad.csv", "--out", tmp_path / name, *more)
    for file in ("audit_claims.csv", "audit_tests.csv", "audit_drive.csv"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_a_run_of_other_towers_is_refused(desk: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(desk / "study/out", tmp_path / "run"))
    for path in run.glob("coverage_S*.tif"):
        path.unlink()
    said = phusong(
        "audit", desk / "study", desk / "bad.csv", "--run", run, "--out", tmp_path / "o", code=1
    )
    assert "this run has no raster of Sóng Xanh LTE" in said.output
    stamp = json.loads((run / "run.json").read_text("utf-8"))
    stamp["grid"]["cell_m"] = 25.0
    (run / "run.json").write_text(json.dumps(stamp), "utf-8")
    said = phusong(
        "audit", desk / "study", desk / "bad.csv", "--run", run, "--out", tmp_path / "o", code=1
    )
    assert "another grid" in said.output


def test_nothing_to_use_is_wrong_data(desk: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_text("lon,lat,rsrp,operator,technology\n", "utf-8")
    strangers = drive_test(tmp_path / "strangers.csv", "Nobody", -70.0, 1025.0)
    run = ["--run", desk / "study/out"]
    said = phusong(
        "audit", desk / "study", tmp_path / "empty.csv", *run, "--out", tmp_path / "a", code=1
    )
    assert "empty.csv" in said.output
    said = phusong("audit", desk / "study", strangers, *run, "--out", tmp_path / "b", code=1)
    assert "none of the rows can be held against the map" in said.output
    refused = table(tmp_path / "b/audit_refused.csv")
    assert {r["reason"] for r in refused} >= {"no_carrier"}
    assert len(refused) == 51
    phusong("audit", desk / "study", code=2)
    phusong("audit", desk / "study", strangers, "--start", "here", "--out", tmp_path / "c", code=2)


def test_without_roads_the_rest_is_answered(desk: Path, tmp_path: Path) -> None:
    study = Path(shutil.copytree(desk / "study", tmp_path / "study"))
    text = (study / "study.toml").read_text("utf-8")
    (study / "study.toml").write_text(text.replace(ROADS, ""), "utf-8")
    said = phusong("audit", study, desk / "bad.csv", "--out", tmp_path / "audit")
    assert "names no roads" in said.output
    assert not (tmp_path / "audit/drive.gpx").exists()
    assert not (tmp_path / "audit/audit_drive.csv").exists()
    again = phusong("audit", study, desk / "bad.csv", "--out", tmp_path / "audit", code=1)
    assert "--overwrite" in again.output
