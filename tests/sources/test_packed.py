"""Layers that come packed, drawings that are refused, and both of them broken."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest

from helpers.cli import phusong, table
from helpers.province import cables, check, communes, only, read, villages


def packed(folder: Path, spec: dict[str, Any]) -> Path:
    """The communes as GeoJSON in a gzip, in the study."""
    plain = folder / "xã.geojson"
    communes().to_crs(4326).to_file(plain, driver="GeoJSON")
    path = folder / "data/xã.geojson.gz"
    path.write_bytes(gzip.compress(plain.read_bytes()))
    spec["boundaries"]["communes"] = {"path": "data/xã.geojson.gz"}
    return path


def test_a_packed_layer_is_read_as_it_is(tmp_path: Path, spec: dict[str, Any]) -> None:
    packed(tmp_path, spec)
    before = sorted((tmp_path / "data").iterdir())
    inputs, findings = read(tmp_path, spec)
    assert inputs.communes["code"].tolist() == communes()["ma_xa"].tolist()
    assert all("phusong-" not in str(f) for f in findings)
    assert sorted((tmp_path / "data").iterdir()) == before


@pytest.mark.parametrize("harm", ["torn", "empty", "text", "wrong"])
def test_a_broken_one_is_a_finding(harm: str, tmp_path: Path, spec: dict[str, Any]) -> None:
    path = packed(tmp_path, spec)
    data = path.read_bytes()
    path.write_bytes(
        {
            "torn": data[: len(data) // 2],
            "empty": b"",
            "text": b"<html>404</html>",
            "wrong": gzip.compress(b"\x00\x01" * 50),
        }[harm]
    )
    found = only(check(tmp_path, spec), "S02")
    assert "xã.geojson" in found.where.file


@pytest.mark.parametrize("name", ["tuyến.dwg", "tuyến.DXF"])
def test_a_drawing_is_refused_with_advice(name: str, tmp_path: Path, spec: dict[str, Any]) -> None:
    (tmp_path / "data" / name).write_bytes(b"AC1032" + bytes(100))
    spec["fiber"]["cables"] = [{"path": f"data/{name}"}]
    found = only(check(tmp_path, spec), "S02")
    assert "AutoCAD" in found.text()
    assert "DXF" in found.rule.mend


def test_a_real_network_is_read_packed(shared: Path, tmp_path: Path, spec: dict[str, Any]) -> None:
    path = shared / "realdata/georgia_fibre/network.ofds.json.gz"
    if not path.is_file():
        pytest.skip("the Georgian network is not in the shared folder")
    spec["fiber"]["cables"] = [{"path": str(path)}]
    found = check(tmp_path, spec)
    assert not found.of("S02")
    assert found.of("S23")  # Georgia lies far from the communes


MAPINFO_STUDY = """[study]
name = "Tỉnh thử"
[boundaries.communes]
path = "data/xa.tab"
[[boundaries.villages]]
path = "data/thon.mif"
[[towers]]
path = "data/cells.csv"
[terrain]
dem = ["data/dem.tif"]
[[fiber.cables]]
path = "data/cap.mif"
"""
VN2000 = (
    "CoordSys Earth Projection 8, 9999, 3, -191.90441429, -39.30318279, -111.45032835, "
    '-0.00928836, 0.01975479, -0.00427372, 0.252906278, 0, "m", 105.5, 0, 0.9999, 500000, 0'
)
"""VN-2000, 105-30, as MapInfo files of survey offices have it: its datum by parameters."""


def in_vn2000(frame: gpd.GeoDataFrame, path: Path) -> None:
    """Write a MIF whose CoordSys gives VN-2000 by its parameters."""
    frame.to_crs(9209).to_file(path, driver="MapInfo File")
    text = path.read_text("utf-8")
    path.write_text(re.sub("CoordSys .*", VN2000, text), "utf-8")


def test_mapinfo_through_the_command(tmp_path: Path, spec: dict[str, Any]) -> None:
    assert spec["terrain"]["dem"] == ["data/dem.tif"]
    communes().to_crs(4326).to_file(tmp_path / "data/xa.tab", driver="MapInfo File")
    in_vn2000(villages(), tmp_path / "data/thon.mif")
    in_vn2000(cables(), tmp_path / "data/cap.mif")
    (tmp_path / "study.toml").write_text(MAPINFO_STUDY, "utf-8")
    said = phusong("check", tmp_path, "--out", tmp_path / "found.csv")
    found = table(tmp_path / "found.csv")
    assert not {"S02", "S05", "S23", "S34", "B07", "B10", "F01"} & {row["rule"] for row in found}
    assert "AutoCAD" not in said.output


def test_a_mapinfo_table_without_its_other_files(tmp_path: Path, spec: dict[str, Any]) -> None:
    communes().to_crs(4326).to_file(tmp_path / "data/xa.tab", driver="MapInfo File")
    for suffix in (".dat", ".map", ".id"):
        (tmp_path / "data/xa.tab").with_suffix(suffix).unlink()
    spec["boundaries"]["communes"] = {"path": "data/xa.tab"}
    assert only(check(tmp_path, spec), "S02").where.file == "data/xa.tab"


def test_a_drawing_is_refused_by_the_command(tmp_path: Path, spec: dict[str, Any]) -> None:
    assert "fiber" in spec
    (tmp_path / "data/cap.dwg").write_bytes(b"AC1032" + bytes(100))
    communes().to_crs(4326).to_file(tmp_path / "data/xa.tab", driver="MapInfo File")
    villages().to_file(tmp_path / "data/thon.mif", driver="MapInfo File")
    text = MAPINFO_STUDY.replace("cap.mif", "cap.dwg")
    (tmp_path / "study.toml").write_text(text, "utf-8")
    said = phusong("check", tmp_path, "--lang", "vi", code=1).output
    assert "cap.dwg" in said
    assert "DXFOUT" in said
    assert "GeoPackage" in said
