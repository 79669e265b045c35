"""GeoParquet 1.1, held to the rules of its specification by what pyarrow reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely
from click.testing import CliRunner
from pyproj import CRS
from shapely.geometry import LineString, MultiPolygon, Point, Polygon, box

from helpers.tiny import make_tiny_study
from phusong.cli import main
from phusong.exports.formats.geopackage import documented
from phusong.exports.formats.parquet import write_layers, write_parquet
from phusong.results.missing import Attempts

parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
TYPES = {
    kind + z
    for kind in ("Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon", "GeometryCollection")
    for z in ("", " Z")
}  # fmt: skip


def check(path: Path) -> dict[str, Any]:
    """Hold a file to GeoParquet 1.1.0 (metadata, encoding, covering, orientation); its metadata."""
    file = parquet.ParquetFile(path)
    geo = json.loads(file.schema_arrow.metadata[b"geo"])
    assert geo["version"] == "1.1.0"
    assert geo["primary_column"] in geo["columns"]
    table = file.read()
    for name, column in geo["columns"].items():
        assert column["encoding"] == "WKB"
        assert str(table.schema.field(name).type) in {"binary", "large_binary"}
        assert file.schema.column(table.column_names.index(name)).physical_type == "BYTE_ARRAY"
        types = column["geometry_types"]
        assert len(set(types)) == len(types)
        assert set(types) <= TYPES
        shapes = shapely.from_wkb(table.column(name).to_numpy(zero_copy_only=False))
        known = shapes[~shapely.is_missing(shapes)]
        # "strictly correct": what is there, and no more
        assert set(types) == {s.geom_type + (" Z" if s.has_z else "") for s in known}
        projjson = column["crs"]
        assert CRS.from_json_dict(projjson).to_epsg() == projjson["id"]["code"]
        assert projjson["$schema"].startswith("https://proj.org/schemas/")
        assert column["bbox"] == pytest.approx(shapely.total_bounds(known).tolist())
        assert column.get("edges", "planar") == "planar"
        assert column["orientation"] == "counterclockwise"
        for polygon in shapely.get_parts(known):
            if polygon.geom_type == "Polygon":
                assert shapely.is_ccw(polygon.exterior)
                assert not any(shapely.is_ccw(ring) for ring in polygon.interiors)
        covering = column["covering"]["bbox"]
        assert set(covering) == {"xmin", "ymin", "xmax", "ymax"}
        (struct,) = {way[0] for way in covering.values()}
        assert all(way == [struct, corner] for corner, way in covering.items())
        assert all(
            str(table.schema.field(struct).type.field(c).type) in {"double", "float"}
            for c in covering
        )
        boxes = table.column(struct).to_pylist()
        for shape, own in zip(shapes, boxes, strict=True):
            if shape is not None:
                corners = [own[c] for c in ("xmin", "ymin", "xmax", "ymax")]
                assert corners == pytest.approx(list(shape.bounds))
    return geo


def test_a_file_is_geoparquet_1_1_and_reads_back(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame(
        {
            "site_id": ["Đồng Văn", None],
            "x_m": [31.2371397, None],
            "y_m": 0.0,
            "in_area": True,
            "position_error_m": float("nan"),
        },
        geometry=[Point(500000, 2500000), Point(500001, 2500000)],
        crs=32648,
    )
    layers = [documented(name, f, "sites", "sites") for name, f in (("a", frame), ("b", frame[:0]))]
    write_parquet(layers, tmp_path)
    assert [p.name for p in (tmp_path / "parquet").iterdir()] == ["a.parquet"]
    path = tmp_path / "parquet/a.parquet"
    assert check(path)["columns"]["geometry"]["geometry_types"] == ["Point"]
    back = gpd.read_parquet(path)
    assert back.crs.to_epsg() == 32648
    assert back["site_id"].iloc[0] == "Đồng Văn"
    assert back["x_m"].iloc[0] == 31.2
    assert back["x_m"].isna().iloc[1]
    assert back.geometry.geom_equals(frame.geometry).all()
    near = gpd.read_parquet(path, bbox=(499999, 2499999, 500000.5, 2500001))
    assert near["site_id"].tolist() == ["Đồng Văn"]  # by the covering alone


def test_rings_turn_as_is_said(tmp_path: Path) -> None:
    clockwise = Polygon([(0, 0), (0, 4), (4, 4), (4, 0)], [[(1, 1), (2, 1), (2, 2), (1, 2)]])
    assert not clockwise.exterior.is_ccw
    assert clockwise.interiors[0].is_ccw
    frame = gpd.GeoDataFrame(
        {"commune_code": ["01", "02", "03"], "pop_id": "P", "length_km": 1.0},
        geometry=[clockwise, MultiPolygon([clockwise, box(9, 9, 8, 8)]), None],
        crs=4326,
    )
    write_parquet([documented("a", frame, "routes", "fibre_routes")], tmp_path)
    geo = check(tmp_path / "parquet/a.parquet")
    assert set(geo["columns"]["geometry"]["geometry_types"]) == {"Polygon", "MultiPolygon"}


def test_the_checks_find_a_file_of_1_0(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame({"a": [1]}, geometry=[LineString([(0, 0), (1, 1)])], crs=32648)
    frame.to_parquet(tmp_path / "old.parquet", schema_version="1.0.0")
    with pytest.raises((AssertionError, KeyError)):
        check(tmp_path / "old.parquet")


def test_without_being_asked_for_nothing_is_written(tmp_path: Path) -> None:
    site = {
        "site_id": ["a"],
        "x_m": 0.0,
        "y_m": 0.0,
        "in_area": True,
        "position_error_m": float("nan"),
    }
    frame = gpd.GeoDataFrame(site, geometry=[Point(0, 0)], crs=32648)
    layers = [documented("a", frame, "sites", "sites")]
    attempt = Attempts(tmp_path)
    assert write_layers(lambda: layers, {}, tmp_path / "a.gpkg", attempt, ["xlsx"]) == layers
    assert [p.name for p in tmp_path.iterdir()] == ["a.gpkg"]
    assert not attempt.missing


@pytest.mark.parametrize(
    ("command", "base", "layers"),
    [
        (
            "run",
            "results.gpkg",
            {"communes", "villages", "fibre", "commune_centres", "sites", "cells"},
        ),
        ("cascade", "cascade.gpkg", {"cascade_events"}),
        ("extend", "extension.gpkg", {"extension_targets"}),
        ("sites", "site_plan.gpkg", {"site_plan_villages"}),
    ],
)
def test_every_command_writes_its_layers(
    tmp_path: Path, command: str, base: str, layers: set[str]
) -> None:
    folder = make_tiny_study(tmp_path / "study")
    x0, y0 = 500_000.0, 2_500_000.0
    road = LineString([(x0 + 100, y0 + 1990), (x0 + 7900, y0 + 1990)])
    gpd.GeoDataFrame({"ma": ["D1"]}, geometry=[road], crs=32648).to_file(folder / "data/roads.gpkg")
    more = '[[roads]]\npath = "data/roads.gpkg"\n[outputs]\nformats = ["parquet"]\n'
    text = (folder / "study.toml").read_text("utf-8")
    (folder / "study.toml").write_text(f"{text}\n{more}", "utf-8")
    said = CliRunner().invoke(main, [command, str(folder), "--out", str(tmp_path / "out")])
    assert said.exit_code == 0, said.output
    written = {p.stem for p in (tmp_path / "out/parquet").glob("*.parquet")}
    assert layers <= written
    assert {p.name for p in (tmp_path / "out").glob("*.gpkg")} == {base}
    for path in (tmp_path / "out/parquet").iterdir():
        check(path)
        beside = gpd.read_file(tmp_path / "out" / base, layer=path.stem)
        assert len(gpd.read_parquet(path)) == len(beside)
