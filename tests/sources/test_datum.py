"""Datums: none is lost without a word, and what a file gives away of its own is used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyproj import CRS, Transformer
from rasterio.crs import CRS as RasterCRS
from rasterio.transform import from_origin

from helpers.files import write_raster
from helpers.province import cables, check, numbers_of, only, pops, read
from phusong.checks import Findings
from phusong.errors import Where
from phusong.sources.datum import (
    _parameters,
    candidates,
    report_way,
    settled,
    way_between,
)

HERE = (104.5, 22.3, 105.6, 23.4)
UTM = CRS.from_epsg(32648)
GRID = "+proj=tmerc +lat_0=0 +lon_0=105.5 +k=0.9999 +x_0=500000 +y_0=0 +units=m"
TOWGS84 = "-191.90441429,-39.30318279,-111.45032835,-0.00928836,0.01975479,-0.00427372,0.252906278"
NAMED = CRS.from_proj4(f"{GRID} +ellps=WGS84 +towgs84={TOWGS84}")
"""VN-2000 as programs without its name write it."""


def esri(name: str, datum: str, meridian: float = 105.5, scale: float = 0.9999) -> str:
    """A .prj of a Transverse Mercator grid on the ellipsoid of WGS 84."""
    return (
        f'PROJCS["{name}",GEOGCS["GCS_{datum}",DATUM["D_{datum}",SPHEROID["WGS_1984",'
        '6378137.0,298.257223563]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],'
        'PROJECTION["Transverse_Mercator"],PARAMETER["False_Easting",500000.0],'
        f'PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",{meridian}],'
        f'PARAMETER["Scale_Factor",{scale}],PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]'
    )


OLD_DEGREES = (
    'GEOGCS["WGS 84",DATUM["unknown",SPHEROID["WGS84",6378137,298.257223563]],'
    'PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]]'
)
"""What older GDAL wrote of degrees without a datum."""
UNDERSCORES = "Unknown_based_on_WGS_84_ellipsoid_using_towgs84_" + TOWGS84.replace(
    ".", "_"
).replace(",", "_")


def said(crs: CRS | str, target: CRS = UTM) -> tuple[set[str], str]:
    findings = Findings()
    own = settled(CRS.from_user_input(crs), Where(), findings)
    report_way(own, target, HERE, Where(), findings)
    return numbers_of(findings), " ".join(f.text() for f in findings)


@pytest.mark.parametrize(
    ("crs", "rules"),
    [
        ("EPSG:4326", set()),
        ("EPSG:3857", set()),
        ("EPSG:9209", set()),  # VN-2000 / TM-3 105-30: EPSG has the way, within a metre
        ("EPSG:4756", set()),
        ("EPSG:4490", set()),  # CGCS2000: no way is listed here, and none is needed
        ("EPSG:4258", set()),
        ("EPSG:4979", set()),
        (NAMED, set()),
        (esri("VN_2000_Ha_Giang", "VN_2000"), set()),
        ("EPSG:4131", {"S32"}),  # Indian 1960: the listed ways are of other places
        ("EPSG:3148", {"S32"}),
        ("EPSG:4147", {"S32"}),  # Hanoi 1972
        ("EPSG:2044", {"S32"}),
        ("EPSG:28418", {"S32"}),  # Pulkovo 1942
        (f"{GRID} +ellps=WGS84", {"S32"}),
        ("+proj=utm +zone=48 +ellps=WGS84", {"S32"}),
        ("+proj=utm +zone=48 +ellps=krass", {"S32"}),
        ("+proj=longlat +ellps=evrst30", {"S32"}),
        (esri("unknown", "unknown"), {"S32"}),
        (esri("unnamed", "Custom"), {"S32"}),
        (f"{GRID} +datum=WGS84", {"S34"}),
        (f"{GRID} +ellps=WGS84 +towgs84=0,0,0", {"S34"}),
        (esri("VN2000_105", "WGS_1984", 105.0, 0.9996), {"S34"}),
        (esri("unknown", UNDERSCORES), {"S35"}),
        (esri("VN-2000_TM-3_105-30", "unknown"), {"S35"}),
        (esri("WGS_84_UTM_zone_48N", "Unknown", 105.0, 0.9996), {"S35"}),
        (esri("WGS_84_UTM_zone_48N", "Unknown", 108.0, 0.9996), {"S32"}),  # not what it is
        (OLD_DEGREES, {"S35"}),
    ],
)
def test_what_is_said_of_a_datum(crs: CRS | str, rules: set[str]) -> None:
    assert said(crs)[0] == rules


def test_a_lost_datum_is_answered_with_the_grids_it_may_be() -> None:
    assert "EPSG:9209" in said(esri("unknown", "unknown"))[1]
    text = said("+proj=utm +zone=48 +ellps=WGS84")[1]
    assert "EPSG:3405" in text
    assert "EPSG:32648" in text
    assert [c.to_epsg() for c in candidates(CRS.from_epsg(9209), HERE)][:1] == [9209]
    assert "Hanoi 1972" in said("EPSG:4147")[1]


def test_the_parameters_in_a_name_are_those_of_the_file() -> None:
    findings = Findings()
    own = settled(CRS.from_wkt(esri("unknown", UNDERSCORES)), Where(), findings)
    found = way_between(own, UTM, HERE).transformer
    expected = way_between(NAMED, UTM, HERE).transformer
    assert found is not None
    assert expected is not None
    place = (443_433.369, 2_510_964.743)
    assert found.transform(*place) == pytest.approx(expected.transform(*place), abs=0.001)
    ballpark = Transformer.from_crs(CRS.from_wkt(esri("u", "unknown")), UTM, always_xy=True)
    assert np.hypot(*np.subtract(found.transform(*place), ballpark.transform(*place))) > 200


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("using towgs84=-191.9,-39.3,-111.45,0,0,0,0", (-191.9, -39.3, -111.45, 0, 0, 0, 0)),
        ("towgs84=1,2,3", (1, 2, 3)),
        ("towgs84_-191_9_-39_3_-111_45", (-191.9, -39.3, -111.45)),
        ("towgs84_-198_-881_-317", (-198, -881, -317)),
        ("towgs84_1_2_3_4", None),  # 1.2, 3, 4 or 1, 2.3, 4 or 1, 2, 3.4
        ("towgs84=1,2", None),
        ("WGS 84", None),
    ],
)
def test_parameters_that_can_be_read_one_way_only(
    name: str, parameters: tuple[float, ...] | None
) -> None:
    assert _parameters(name) == parameters


def test_a_coarse_way_is_told() -> None:
    findings = Findings()
    # Hu Tzu Shan 1950 comes to WGS 84 within 26 m or so in EPSG's list; no better one is known.
    way = report_way(CRS.from_epsg(4236), UTM, (120.5, 23.0, 121.0, 24.0), Where(), findings)
    assert way.accuracy_m is not None
    assert way.accuracy_m > 10
    assert numbers_of(findings) == {"S33"}


def lost(frame: Any, folder: Path, name: str, prj: str) -> None:
    """Write a shapefile in VN-2000, with a .prj of one's own."""
    path = folder / "data" / name
    frame.to_crs(NAMED).to_file(path, driver="ESRI Shapefile")
    path.with_suffix(".prj").write_text(prj, "ascii")


def test_cables_with_the_parameters_in_the_name_lie_where_they_were(
    tmp_path: Path, spec: dict[str, Any]
) -> None:
    lost(cables(), tmp_path, "c.shp", esri("unknown", UNDERSCORES))
    spec["fiber"]["cables"] = [{"path": "data/c.shp"}]
    inputs, findings = read(tmp_path, spec)
    assert only(findings, "S35").where.file == "data/c.shp"
    ours = inputs.cables.geometry.to_crs(32648)
    assert ours.iloc[0].hausdorff_distance(cables().geometry.iloc[0]) < 0.05


@pytest.mark.parametrize("layer", ["cables", "pops"])
def test_a_lost_datum_stops_the_run_and_crs_mends_it(
    tmp_path: Path, spec: dict[str, Any], layer: str
) -> None:
    frame = cables() if layer == "cables" else pops()
    lost(frame, tmp_path, "x.shp", esri("unknown", "unknown"))
    spec["fiber"][layer] = [{"path": "data/x.shp"}]
    found = only(check(tmp_path, spec), "S32")
    assert found.severity == "error"
    assert found.where.file == "data/x.shp"
    spec["fiber"][layer] = [{"path": "data/x.shp", "crs": "EPSG:9209"}]
    inputs, _ = read(tmp_path, spec)
    own = inputs.cables if layer == "cables" else inputs.pops
    assert own.geometry.iloc[0].hausdorff_distance(frame.geometry.iloc[0]) < 1.5


def test_a_study_without_a_datum(tmp_path: Path, spec: dict[str, Any]) -> None:
    spec["study"]["crs"] = "+proj=utm +zone=48 +ellps=WGS84"
    assert any(f.where.key == "study.crs" for f in check(tmp_path, spec).of("S32"))


@pytest.mark.parametrize(
    ("prj", "rule"),
    [(f"{GRID} +ellps=WGS84", "S32"), (f"{GRID} +datum=WGS84", "S34")],
)
@pytest.mark.parametrize("name", ["dem", "people"])
def test_rasters_too(tmp_path: Path, spec: dict[str, Any], prj: str, rule: str, name: str) -> None:
    crs = CRS.from_user_input(prj)
    west, south = Transformer.from_crs(UTM, crs, always_xy=True).transform(499_000, 2_519_000)
    values = np.full((200, 200), 3.0, dtype=np.float32)
    path = tmp_path / f"data/{name}.tif"
    write_raster(
        path,
        values,
        from_origin(west, south + 12_000, 60, 60),
        crs=RasterCRS.from_wkt(crs.to_wkt()),
    )
    found = check(tmp_path, spec).of(rule)
    assert [f.where.file for f in found] == [f"data/{name}.tif"]
