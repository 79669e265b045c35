"""Layers that come packed, drawings that are refused, and both of them broken."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from helpers.province import check, communes, only, read


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
