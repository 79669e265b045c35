"""Sound files beyond a study's layers, one of each kind, and what reads each."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np

from helpers.province import X0, Y0, lonlat
from helpers.tiny import make_tiny_study
from phusong.coverage.link.batch import link_profiles, read_lines
from phusong.pipeline.run import run_study
from phusong.results.crosswalk import read_crosswalk
from phusong.results.finished import open_run
from phusong.sources.osm.extract import read_osm_layers
from phusong.study.file import read_study
from phusong.study.scenario import read_scenario
from worlds.pbf import PbfWriter

Files = Mapping[str, bytes]

PACKED = {"kmz": "in_kml.kml", "gz": "in_geojson.geojson", "zip": "in_shp.shp"}
"""Kind -> the plain file that is packed in it."""
READERS: dict[str, Callable[[Path], object]] = {
    "osm": read_osm_layers,
    "pbf": read_osm_layers,
    "overpass": read_osm_layers,
    "scenario": lambda path: read_scenario(path.parent, str(path)),
    "profiles": lambda path: link_profiles(read_lines(path), "p526"),
    "crosswalk": read_crosswalk,
    "run": lambda path: _everything_of(path.parent),
}
"""Kind -> what reads it, beside the layers and rasters of a study."""

_SCENARIO = """name = "Thêm trạm"
[[masts]]
site_id = "M1"
operator = "A"
longitude = 105.0
latitude = 22.8
height_m = 40.0
azimuths_deg = [0.0, 120.0]
[[masts.bands]]
technology = "LTE"
freq_mhz = 800.0
eirp_dbm = 60.0
[[changes]]
site_id = "T1"
turn_deg = 10.0
[[cables]]
cable_id = "K"
owner = "x"
points = [[105.0, 22.8], [105.1, 22.9]]
"""
_NODES = {
    1: {"place": "hamlet", "name": "Bản Một"},
    2: {"man_made": "mast", "tower:type": "communication"},
    3: {},
}
_WAYS = {10: {"highway": "track"}, 11: {"power": "line", "voltage": "110000"}}


def packed(kind: str, files: Files) -> Files:
    """Return a family of files in the archive of a kind."""
    if kind == "gz":
        (name, data), *_ = files.items()
        return {f"{name}.gz": gzip.compress(data)}
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr("doc.kml" if kind == "kmz" else name, data)
    return {f"in_{kind}.{kind}": into.getvalue()}


def further_files(folder: Path) -> dict[str, Files]:
    """Write one sound file of each kind of :data:`READERS`, and an OFDS network."""
    lon, lat = lonlat(X0 + 3_000, Y0 + 3_000)
    places = {n: (round(lon + n / 900, 7), round(lat, 7)) for n in _NODES}
    nodes = "".join(
        f'<node id="{n}" lon="{x}" lat="{y}" version="1">{_tags(_NODES[n])}</node>'
        for n, (x, y) in places.items()
    )
    ways = "".join(
        f'<way id="{n}" version="1"><nd ref="1"/><nd ref="2"/><nd ref="3"/>{_tags(tags)}</way>'
        for n, tags in _WAYS.items()
    )
    xml = f'<?xml version="1.0"?><osm version="0.6" generator="a">{nodes}{ways}</osm>'
    elements: list[dict[str, Any]] = [
        {"type": "node", "id": n, "lon": x, "lat": y, "tags": _NODES[n]}
        for n, (x, y) in places.items()
    ]
    elements += [{"type": "way", "id": n, "nodes": [1, 2, 3], "tags": t} for n, t in _WAYS.items()]
    with PbfWriter(folder / "a.osm.pbf") as writer:
        x, y = np.array(list(places.values())).T
        writer.nodes(1, x, y, list(_NODES.values()))
        writer.ways(10, np.array([[1, 2, 3]] * 2), list(_WAYS.values()))
    profile = {
        "freq_mhz": 900.0,
        "tx_height_m": 30.0,
        "rx_height_m": 1.5,
        "distance_km": 4.0,
        "height_m": [100.0 + 30 * (i % 7) for i in range(40)],
    }
    return {
        "ofds": {"network.json": json.dumps(_network(places), ensure_ascii=False).encode()},
        "osm": {"a.osm": xml.encode()},
        "pbf": {"a.osm.pbf": (folder / "a.osm.pbf").read_bytes()},
        "overpass": {"a.json": json.dumps({"version": 0.6, "elements": elements}).encode()},
        "scenario": {"a.toml": _SCENARIO.encode()},
        "profiles": {"p.jsonl": "\n".join([json.dumps(profile)] * 3).encode()},
        "crosswalk": {
            "c.csv": "old_code,new_code,new_name\n1,7,Xã Bảy\n2,7,Xã Bảy\n3,8,Xã Tám\n".encode()
        },
        "run": _finished(folder),
    }


def _tags(tags: Mapping[str, str]) -> str:
    return "".join(f'<tag k="{key}" v="{value}"/>' for key, value in tags.items())


def _network(places: Mapping[int, tuple[float, float]]) -> dict[str, Any]:
    """A network of the Open Fibre Data Standard."""
    nodes = [
        {"id": str(n), "name": f"N{n}", "type": ["pop"], "status": "operational",
         "location": {"type": "Point", "coordinates": list(at)}}
        for n, at in places.items()
    ]  # fmt: skip
    route = {"type": "LineString", "coordinates": [list(at) for at in places.values()]}
    spans = [{"id": "a", "start": "1", "end": "3", "route": route, "status": "operational"}]
    number = "a096d627-72e1-4f9b-b129-951b1737bff4"
    return {"networks": [{"id": number, "name": "Mạng", "nodes": nodes, "spans": spans}]}


def _finished(folder: Path) -> Files:
    """A finished run: what is read back of it."""
    out = folder / "run"
    run_study(read_study(make_tiny_study(folder / "tiny")), out)
    kept = [p for p in sorted(out.rglob("*")) if p.suffix in {".json", ".csv", ".gpkg"}]
    names = {p.relative_to(out).as_posix(): p.read_bytes() for p in kept}
    return {"run.json": names.pop("run.json"), **names}


def _everything_of(folder: Path) -> gpd.GeoDataFrame:
    """Read all that reports and comparisons read of a run."""
    run = open_run(folder)
    assert run.indicators is not None
    return run.layer("villages")
