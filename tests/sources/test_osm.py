"""All layers of one OpenStreetMap file: PBF, XML, and Overpass JSON of either kind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest

from helpers.cli import phusong
from phusong.errors import InputError, Overreach
from phusong.sources.osm import extract
from phusong.sources.osm.extract import osm_layers, read_osm_layers

NODES = {
    1: (105.0, 22.0, {"place": "hamlet", "name": 'Bản <Một> & "Hai"'}),
    2: (105.1, 22.0, {}),
    3: (105.1, 22.1, {"man_made": "mast", "tower:type": "communication", "height": "42"}),
    4: (105.0, 22.1, {"man_made": "tower", "tower:type": "observation"}),
    5: (105.05, 22.05, {"power": "substation"}),
}
WAYS: dict[int, tuple[list[int], dict[str, str]]] = {
    10: ([1, 2], {"highway": "track", "surface": "dirt"}),
    11: ([2, 3], {"power": "line", "voltage": "110000"}),
    12: ([3, 4], {"communication": "line", "telecom:medium": "fibre"}),
    13: ([1, 3], {"waterway": "river", "name": "Sông Lô"}),
    14: ([1, 2, 3, 1], {"power": "substation", "name": "Trạm 110"}),
    15: ([1, 2, 3], {}),
    16: ([3, 4, 1], {}),
}
RELATION = {"type": "boundary", "boundary": "administrative", "admin_level": "6", "name": "Xã Một"}
FOUND = {
    "roads": 1,
    "places": 1,
    "admin": 1,
    "rivers": 1,
    "water": 0,
    "power_lines": 1,
    "substations": 2,
    "telecom_lines": 1,
    "masts": 1,
}


def overpass(*, written_out: bool) -> dict[str, Any]:
    """The same world, by reference or with shapes written out."""

    def shape(nodes: list[int]) -> list[dict[str, float]]:
        return [{"lat": NODES[n][1], "lon": NODES[n][0]} for n in nodes]

    elements: list[dict[str, Any]] = []
    for n, (lon, lat, tags) in NODES.items():
        if tags or not written_out:
            elements.append({"type": "node", "id": n, "lat": lat, "lon": lon, "tags": tags})
    for w, (nodes, tags) in WAYS.items():
        if written_out and not tags:
            continue
        body = {"geometry": shape(nodes)} if written_out else {"nodes": nodes}
        elements.append({"type": "way", "id": w, "tags": tags, **body})
    members = [
        {
            "type": "way",
            "ref": w,
            "role": "outer",
            **({"geometry": shape(WAYS[w][0])} if written_out else {}),
        }
        for w in (15, 16)
    ]
    elements.append({"type": "relation", "id": 20, "tags": RELATION, "members": members})
    return {"version": 0.6, "elements": elements}


@pytest.mark.parametrize("written_out", [False, True])
def test_overpass_answers(tmp_path: Path, written_out: bool) -> None:
    file = tmp_path / "answer.json"
    file.write_text(json.dumps(overpass(written_out=written_out), ensure_ascii=False), "utf-8")
    layers = read_osm_layers(file)
    assert {name: len(frame) for name, frame in layers.items()} == FOUND
    assert layers["places"]["name"].tolist() == ['Bản <Một> & "Hai"']
    assert layers["masts"][["osm_id", "height"]].to_numpy().tolist() == [["n3", "42"]]
    assert sorted(layers["substations"]["osm_id"]) == ["n5", "w14"]
    assert layers["substations"].geom_type.eq("Point").all()
    assert layers["telecom_lines"]["telecom_medium"].tolist() == ["fibre"]
    (commune,) = layers["admin"].itertuples()
    assert (commune.osm_id, commune.name, commune.admin_level) == ("r20", "Xã Một", "6")
    assert commune.geometry.bounds == (105.0, 22.0, 105.1, 22.1)
    assert commune.geometry.area == pytest.approx(0.01)


def test_one_command_writes_every_layer(shared: Path, tmp_path: Path) -> None:
    file = shared / "realdata" / "andorra" / "andorra.osm.pbf"
    if not file.is_file():
        pytest.skip(f"the file of Andorra is not at {file}")
    out = tmp_path / "osm.gpkg"
    said = phusong("osm", file, "--out", out).output
    for name, n in {"roads": 1614, "admin": 6, "power_lines": 11, "masts": 12}.items():
        assert f"{name}: {n}" in said
        assert len(gpd.read_file(out, layer=name)) == n
    assert set(gpd.list_layers(out)["name"]) == {layer.name for layer in osm_layers()}
    said = phusong("osm", file, "--out", out, code=1).output
    assert "exists already" in " ".join(said.split())
    phusong("osm", file, "--out", out, "--overwrite", "--bbox", "1.5,42.5,1.55,42.55")
    assert 100 < len(gpd.read_file(out, layer="roads")) < 1000
    phusong("osm", file, "--out", tmp_path / "other.gpkg", "--bbox", "2,1", code=2)


def test_more_than_is_held_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "answer.json"
    file.write_text(json.dumps(overpass(written_out=False)), "utf-8")
    monkeypatch.setattr(extract, "MOST", 2)
    with pytest.raises(Overreach, match="--bbox"):
        read_osm_layers(file)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"elements": [', "cannot be read"),
        ('{"elements": {"a": 1}}', "cannot be read"),
        ('{"elements": [{"type": "node"}, {"type": "way"}]}', "cannot be read"),
        ('{"elements": [], "remark": "runtime error: Query timed out"}', "broke its answer off"),
        ("name,lon,lat\n", "no OpenStreetMap file"),
    ],
)
def test_what_is_none(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "answer.json"
    file.write_text(text, "utf-8")
    with pytest.raises(InputError, match=words):
        read_osm_layers(file)
    assert not list(tmp_path.glob("*.gpkg"))


def test_made_up_files_are_read_as_they_were_meant(tmp_path: Path) -> None:
    """The benchmark's own writer: ids, places west and south of zero, names, refs back and forth."""
    import numpy as np

    from worlds.pbf import PbfWriter

    path = tmp_path / "made.osm.pbf"
    with PbfWriter(path) as file:
        tags = [{"place": "village", "name": "Thôn 1"}, {"place": "hamlet", "name": "B"}]
        file.nodes(1, np.array([105.1, -3.25]), np.array([21.5, -8.125]), tags)
        file.nodes(3, np.array([105.0, 105.1, 105.2]), np.array([21.0, 21.1, 21.0]))
        file.ways(7, np.array([[3, 4, 5], [5, 4, 3]]), [{"highway": "track"}, {"highway": "path"}])
    found = read_osm_layers(path)
    places, roads = found["places"], found["roads"]
    assert dict(zip(places["name"], places.geometry.to_wkt(), strict=True)) == {
        "Thôn 1": "POINT (105.1 21.5)",
        "B": "POINT (-3.25 -8.125)",
    }
    assert roads["osm_id"].tolist()[:1] == ["w7"]
    assert roads.geometry.iloc[0].wkt == "LINESTRING (105 21, 105.1 21.1, 105.2 21)"
    inside = read_osm_layers(path, (104.0, 20.0, 106.0, 22.0))
    assert inside["places"]["name"].tolist() == ["Thôn 1"]
