"""Geometry as it comes: text in tables, collections, several points, places on a border."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely
from pyproj import Transformer
from shapely.geometry import (
    GeometryCollection,
    LineString,
    MultiLineString,
    MultiPoint,
    Point,
    box,
)

from helpers.province import (
    CRS,
    X0,
    Y0,
    communes,
    numbers_of,
    only,
    read,
    villages,
    write_csv,
)
from phusong.checks import Findings
from phusong.sources.beside.points_of_interest import read_places
from phusong.sources.tables.coordinates.written import geometry_in
from phusong.study import Layer, Study

_LONLAT = Transformer.from_crs(CRS, 4326, always_xy=True)


def _in_degrees(geometry: Any) -> Any:
    return shapely.transform(geometry, _LONLAT.transform, interleaved=False)


STREET = LineString([(X0 + 500, Y0 + 2500), (X0 + 9500, Y0 + 2500)])


# ------------------------------------------------------------------ geometry as text


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("POINT (1 2)", "Point"),
        ("point(1 2)", "Point"),
        ("POINT Z (1 2 3)", "Point"),
        ("SRID=32648;LINESTRING (1 2, 3 4)", "LineString"),
        ("MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)))", "MultiPolygon"),
        ('{"type": "Point", "coordinates": [1, 2]}', "Point"),
        (Point(1, 2).wkb_hex, "Point"),
        ("\\x" + Point(1, 2).wkb_hex, "Point"),
    ],
)
def test_geometry_as_text(text: str, kind: str) -> None:
    found, crs = geometry_in([text, None])
    assert found[0].geom_type == kind
    assert found[1] is None
    assert (crs.to_epsg() if crs else None) == (32648 if "SRID" in text else None)


def test_geometry_that_cannot_be_read() -> None:
    assert geometry_in(["LINESTRING (1 2, 3", "POINT (x y)", ""])[0].tolist() == [None] * 3
    assert geometry_in(["SRID=4326;POINT (1 2)", "SRID=32648;POINT (1 2)"])[1] is None


@pytest.mark.parametrize("form", ["wkt", "ewkt", "geojson", "wkb", "projected", "mapped"])
def test_cables_in_a_table(tmp_path: Path, spec: dict[str, Any], form: str) -> None:
    line = STREET if form in {"ewkt", "projected"} else _in_degrees(STREET)
    text = {
        "ewkt": f"SRID=32648;{line.wkt}",
        "geojson": shapely.to_geojson(line),
        "wkb": shapely.to_wkb(line, hex=True),
    }.get(form, line.wkt)
    name = "tuyen" if form == "mapped" else "WKT"
    write_csv(tmp_path / "data/c.csv", ["ma_tuyen", name], [["A", text]], separator="\t")
    layer: dict[str, Any] = {"path": "data/c.csv"}
    if form == "projected":
        layer["crs"] = "EPSG:32648"
    if form == "mapped":
        layer["columns"] = {"geometry": "tuyen"}
    if form == "geojson":
        quoted = text.replace('"', '""')
        (tmp_path / "data/c.csv").write_text(f'ma_tuyen;WKT\nA;"{quoted}"', "utf-8")
    spec["fiber"]["cables"] = [layer]
    inputs, findings = read(tmp_path, spec)
    assert inputs.cables["cable_id"].tolist() == ["A"]
    # Straight in degrees, which bends by less than a metre on the ground.
    assert inputs.cables.geometry.iloc[0].hausdorff_distance(STREET) < 1.0
    assert ("S26" in numbers_of(findings)) == (form not in {"ewkt", "projected"})


def test_text_that_is_no_geometry_is_said(tmp_path: Path, spec: dict[str, Any]) -> None:
    line = _in_degrees(STREET).wkt
    rows = [[f"K{i}", line] for i in range(10)] + [["B", "LINESTRING (105 22, 105"]]
    write_csv(tmp_path / "data/c.csv", ["ma_tuyen", "wkt"], rows, separator=";")
    spec["fiber"]["cables"] = [{"path": "data/c.csv"}]
    found = only(read(tmp_path, spec)[1], "S11")
    assert (found.where.row, found.params["text"]) == (11, "LINESTRING (105 22, 105")


def test_projected_text_without_a_crs_is_no_guess(tmp_path: Path, spec: dict[str, Any]) -> None:
    write_csv(tmp_path / "data/c.csv", ["ma_tuyen", "wkt"], [["A", STREET.wkt]], separator=";")
    spec["fiber"]["cables"] = [{"path": "data/c.csv"}]
    from helpers.province import check

    assert only(check(tmp_path, spec), "S05").where.key == "wkt"


# ------------------------------------------------------------------ collections


def test_members_of_collections_are_used(tmp_path: Path, spec: dict[str, Any]) -> None:
    ends = [Point(STREET.coords[0]), Point(STREET.coords[-1])]
    inner = GeometryCollection([STREET, ends[0]])
    shapes = [GeometryCollection([inner, ends[1]]), GeometryCollection([ends[0]])]
    frame = gpd.GeoDataFrame({"ma_tuyen": ["A", "B"]}, geometry=shapes, crs=CRS)
    frame.to_file(tmp_path / "data/c.gpkg")
    spec["fiber"]["cables"] = [{"path": "data/c.gpkg"}]
    spec["checks"] = {"left_out_max": 0.5}
    inputs, findings = read(tmp_path, spec)
    assert inputs.cables["cable_id"].tolist() == ["A"]
    assert inputs.cables.geometry.iloc[0].equals(STREET)
    assert only(findings, "S45").params == {"n": 2, "used": 1, "passed": 2}
    assert only(findings, "S20").where.row == 2


def test_members_of_every_layer(tmp_path: Path, spec: dict[str, Any]) -> None:
    def mixed(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        shapes = [GeometryCollection([g, Point(g.centroid), g.boundary]) for g in frame.geometry]
        return frame.set_geometry(shapes, crs=CRS)

    mixed(communes()).to_file(tmp_path / "data/communes.gpkg")
    mixed(villages()).to_file(tmp_path / "data/villages.gpkg")
    road = GeometryCollection([STREET, Point(X0, Y0)])
    frame = gpd.GeoDataFrame({"ma": ["R"]}, geometry=[road], crs=CRS)
    frame.to_file(tmp_path / "data/roads.gpkg")
    spec["roads"] = [{"path": "data/roads.gpkg"}]
    inputs, _ = read(tmp_path, spec)
    assert inputs.communes.area.tolist() == communes().area.tolist()
    assert inputs.villages.area.tolist() == villages().area.tolist()
    assert set(inputs.villages["kind"]) == {"polygon"}
    assert inputs.roads["road_id"].tolist() == ["R"]


def test_kml_with_multi_geometry(tmp_path: Path, spec: dict[str, Any]) -> None:
    line = " ".join(f"{x},{y}" for x, y in _in_degrees(STREET).coords)
    at = ",".join(map(str, _in_degrees(Point(STREET.coords[0])).coords[0]))
    (tmp_path / "data/c.kml").write_text(
        '<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2">'
        "<Document><Placemark><name>A</name><MultiGeometry>"
        f"<Point><coordinates>{at}</coordinates></Point>"
        f"<LineString><coordinates>{line}</coordinates></LineString>"
        "</MultiGeometry></Placemark></Document></kml>",
        "utf-8",
    )
    spec["fiber"]["cables"] = [{"path": "data/c.kml"}]
    inputs, _ = read(tmp_path, spec)
    # Straight in degrees, which bends by less than a metre on the ground.
    assert inputs.cables.geometry.iloc[0].hausdorff_distance(STREET) < 1.0


def test_multi_lines_in_collections(tmp_path: Path, spec: dict[str, Any]) -> None:
    halves = MultiLineString([STREET.coords[:], [(X0 + 500, Y0 + 5000), (X0 + 900, Y0 + 5000)]])
    frame = gpd.GeoDataFrame({"ma_tuyen": ["A"]}, geometry=[GeometryCollection([halves])], crs=CRS)
    frame.to_file(tmp_path / "data/c.gpkg")
    spec["fiber"]["cables"] = [{"path": "data/c.gpkg"}]
    inputs, _ = read(tmp_path, spec)
    assert sorted(inputs.cables.length) == [400, 9000]


# ------------------------------------------------------------------ several points

ENDS = MultiPoint([(X0 + 500, Y0 + 2500), (X0 + 9500, Y0 + 2500)])


def test_two_points_are_two_points_of_presence(tmp_path: Path, spec: dict[str, Any]) -> None:
    frame = gpd.GeoDataFrame({"ma_pop": ["P"]}, geometry=[ENDS], crs=CRS)
    frame.to_file(tmp_path / "data/pops.gpkg")
    inputs, findings = read(tmp_path, spec)
    assert inputs.pops["pop_id"].tolist() == ["P", "P-2"]
    assert shapely.get_x(inputs.pops.geometry).tolist() == [X0 + 500, X0 + 9500]
    assert only(findings, "S46").params == {"n": 1, "points": 2}


def test_a_point_of_presence_beside_its_building(tmp_path: Path, spec: dict[str, Any]) -> None:
    at = ENDS.geoms[0]
    building = box(at.x + 10, at.y, at.x + 50, at.y + 20)
    shape = GeometryCollection([building, at])
    gpd.GeoDataFrame({"ma_pop": ["P"]}, geometry=[shape], crs=CRS).to_file(
        tmp_path / "data/pops.gpkg"
    )
    inputs, _ = read(tmp_path, spec)
    assert inputs.pops.geometry.iloc[0].equals(at)


def test_one_point_written_as_several_is_one(tmp_path: Path, spec: dict[str, Any]) -> None:
    same = MultiPoint([ENDS.geoms[0], ENDS.geoms[0]])
    frame = gpd.GeoDataFrame({"ma_pop": ["P"]}, geometry=[same], crs=CRS)
    frame.to_file(tmp_path / "data/pops.gpkg")
    inputs, findings = read(tmp_path, spec)
    assert inputs.pops["pop_id"].tolist() == ["P"]
    assert "S46" not in numbers_of(findings)


def test_two_points_of_the_other_layers(tmp_path: Path, spec: dict[str, Any]) -> None:
    cell = dict(zip(["nha_mang", "cong_nghe", "bang_tan"], ["A", "LTE", 1800], strict=True))
    gpd.GeoDataFrame([cell], geometry=[ENDS], crs=CRS).to_file(tmp_path / "data/cells.gpkg")
    spec["towers"][0]["path"] = "data/cells.gpkg"
    seats = gpd.GeoDataFrame({"ma_xa": ["00691"]}, geometry=[_seats()], crs=CRS)
    seats.to_file(tmp_path / "data/seats.gpkg")
    spec["boundaries"]["commune_centres"] = [{"path": "data/seats.gpkg"}]
    inputs, _ = read(tmp_path, spec)
    assert sorted(inputs.sites["x_m"]) == [X0 + 500, X0 + 9500]
    assert inputs.commune_centres["commune_code"].tolist().count("00691") == 2
    schools = gpd.GeoDataFrame({"ma_truong": ["S"], "so_hoc_sinh": [300]}, geometry=[ENDS], crs=CRS)
    schools.to_file(tmp_path / "data/schools.gpkg")
    study = Study.model_validate(spec).model_copy(update={"folder": tmp_path})
    places = read_places(study, Layer(path=Path("data/schools.gpkg")), inputs, Findings())
    assert places["people"].tolist() == [150, 150]
    assert places["place_id"].tolist() == ["S", "S-2"]


def _seats() -> MultiPoint:
    return MultiPoint([(X0 + 1000, Y0 + 1000), (X0 + 4000, Y0 + 4000)])


def test_a_village_of_several_points_stays_one(tmp_path: Path, spec: dict[str, Any]) -> None:
    frame = villages()
    points = [MultiPoint([g.centroid]) for g in frame.geometry]
    x, y = points[0].geoms[0].coords[0]
    points[0] = MultiPoint([(x, y), (x + 100, y), (x + 900, y)])
    frame.set_geometry(points, crs=CRS).to_file(tmp_path / "data/villages.gpkg")
    inputs, findings = read(tmp_path, spec)
    assert len(inputs.villages) == 16
    assert inputs.villages["population"].sum() == 6400
    assert inputs.villages["centre_x_m"].iloc[0] == x + 100
    assert only(findings, "B22").params["n"] == 3


# ------------------------------------------------------------------ on the border


@pytest.mark.parametrize("off_m", [0.0, 0.4, -0.4, 8.0, 40.0])
def test_a_village_on_the_border_of_its_commune(
    tmp_path: Path, spec: dict[str, Any], off_m: float
) -> None:
    frame = villages()
    points = [g.centroid for g in frame.geometry]
    # The border of the first two communes is at X0 + 5000; the village is the second one's.
    points[4] = Point(X0 + 5000 - off_m, Y0 + 1200)
    frame.set_geometry(points, crs=CRS).to_file(tmp_path / "data/villages.gpkg")
    inputs, findings = read(tmp_path, spec)
    assert inputs.villages["commune_code"].iloc[4] == "00694"
    assert ("B09" in numbers_of(findings)) == (off_m > 10)
    ground = communes().geometry
    own = ground.iloc[1] if off_m <= 10 else ground.iloc[0]
    assert own.contains(inputs.villages.geometry.iloc[4].buffer(-1))
    assert inputs.villages.area.sum() == pytest.approx(ground.area.sum())


def test_a_village_on_the_border_of_the_province(tmp_path: Path, spec: dict[str, Any]) -> None:
    frame = villages().drop(columns="ma_xa")
    points = [g.centroid for g in frame.geometry]
    points[0] = Point(X0 - 3, Y0 + 1200)
    frame.set_geometry(points, crs=CRS).to_file(tmp_path / "data/villages.gpkg")
    inputs, findings = read(tmp_path, spec)
    assert inputs.villages["commune_code"].iloc[0] == "00691"
    assert "B07" not in numbers_of(findings)
    assert inputs.villages.geometry.iloc[0].area > 1e6


@pytest.mark.parametrize("off_m", [0.0, 0.4, 8.0, 40.0])
def test_a_centre_on_the_border_of_its_commune(
    tmp_path: Path, spec: dict[str, Any], off_m: float
) -> None:
    seats = gpd.GeoDataFrame(
        {"ma_xa": ["00694", None]},
        geometry=[Point(X0 + 5000 - off_m, Y0 + 1200), Point(X0 - off_m, Y0 + 7000)],
        crs=CRS,
    )
    seats.to_file(tmp_path / "data/seats.gpkg")
    spec["boundaries"]["commune_centres"] = [{"path": "data/seats.gpkg"}]
    spec["boundaries"]["village_centres"] = {"path": "data/halls.gpkg"}
    halls = gpd.GeoDataFrame(
        {"ma_thon": ["00694-1"]}, geometry=[Point(X0 + 5000 - off_m, Y0 + 1200)], crs=CRS
    )
    halls.to_file(tmp_path / "data/halls.gpkg")
    inputs, findings = read(tmp_path, spec)
    found = inputs.commune_centres.query("source == 'file'")["commune_code"].tolist()
    assert found == (["00694", "00700"] if off_m <= 10 else ["00694"])
    assert len(findings.of("B14")) == (0 if off_m <= 10 else 2)
    assert len(findings.of("B15")) == (0 if off_m <= 10 else 1)


def test_a_polygon_in_another_commune_is_said(tmp_path: Path, spec: dict[str, Any]) -> None:
    frame = villages()
    frame.loc[4, "geometry"] = box(X0 + 4990, Y0 + 10, X0 + 5001, Y0 + 20)
    frame.to_file(tmp_path / "data/villages.gpkg")
    assert "B09" in numbers_of(read(tmp_path, spec)[1])
