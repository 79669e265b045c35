"""Reading what planners have: every form of file gives the same named columns in one CRS."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import CRS as Crs
from shapely.geometry import LineString, MultiLineString, Point, box

from helpers.province import (
    CRS,
    NAMES,
    TOWER_HEADER,
    X0,
    Y0,
    cables,
    communes,
    lonlat,
    numbers_of,
    only,
    pops,
    read,
    study,
    towers,
    villages,
    write_csv,
)
from phusong.sources.digest import digests

# ------------------------------------------------------------------ the whole


def test_frames_have_their_columns(tmp_path: Path, spec: dict[str, Any]) -> None:
    inputs, _ = read(tmp_path, spec)
    assert inputs.crs == Crs.from_epsg(32648)
    assert list(inputs.communes["name"]) == list(NAMES)
    assert set(inputs.villages.columns) == {
        "code",
        "name",
        "commune_code",
        "population",
        "kind",
        "centre_x_m",
        "centre_y_m",
        "centre_source",
        "flags",
        "row",
        "geometry",
    }
    assert set(inputs.cells.columns) == {
        "cell_id",
        "site_id",
        "operator",
        "technology",
        "freq_mhz",
        "bandwidth_mhz",
        "height_m",
        "azimuth_deg",
        "mechanical_tilt_deg",
        "electrical_tilt_deg",
        "eirp_dbm",
        "horizontal_beamwidth_deg",
        "vertical_beamwidth_deg",
        "antenna_file",
        "eci",
        "pci",
        "in_service",
        "height_assumed",
        "eirp_assumed",
        "technology_assumed",
        "freq_assumed",
        "operator_assumed",
        "position_estimated",
        "file",
        "row",
    }
    assert set(inputs.cables.columns) == {
        "cable_id",
        "owner",
        "status",
        "kind",
        "cores",
        "group",
        "in_service",
        "file",
        "row",
        "geometry",
    }
    assert set(inputs.pops.columns) == {"pop_id", "name", "file", "row", "geometry"}
    for frame in (
        inputs.communes,
        inputs.villages,
        inputs.sites,
        inputs.cables,
        inputs.pops,
        inputs.roads,
    ):
        assert frame.crs == inputs.crs
        assert isinstance(frame.index, pd.RangeIndex)
    assert inputs.cells["site_id"].isin(inputs.sites["site_id"]).all()
    assert inputs.area.area == pytest.approx(1e8)


def test_towers_say_what_a_phone_knows_them_by(tmp_path: Path, spec: dict[str, Any]) -> None:
    rows = [["", *row[:4], "", *row[5:]] for row in towers()]
    lists = [("12801795", "77", "1300"), ("", "", "65535"), ("", "", "62;65")]
    told = [[*row, *more] for row, more in zip(rows, [*lists, *lists], strict=True)]
    header = ["ghi_chu", *TOWER_HEADER, "ECI", "PCI", "EARFCN"]
    write_csv(tmp_path / "data/cells.csv", header, told, encoding="utf-8-sig")
    inputs, findings = read(tmp_path, spec)
    cells = inputs.cells
    assert cells["eci"].tolist()[:3] == ["12801795", None, None]
    assert cells["pci"].iloc[0] == 77
    assert np.isnan(cells["pci"].iloc[1])
    # A channel number says the frequency where no band is given; one of no band says nothing.
    assert cells["freq_mhz"].tolist()[:3] == [1815.0, 1800.0, 1800.0]
    assert cells["freq_assumed"].tolist()[:3] == [False, True, True]
    assert not findings.of("S13")


def test_grid_holds_communes_and_sites_and_lies_in_the_dem(
    tmp_path: Path, spec: dict[str, Any]
) -> None:
    inputs, _ = read(tmp_path, spec)
    assert inputs.grid.cell_m == 90
    west, south, east, north = inputs.grid.bounds
    assert west <= X0 - 90 + 90
    assert (west, south) >= (X0 - 900 - 90, Y0 - 900 - 90)
    assert east >= X0 + 10_000
    assert north >= Y0 + 10_000
    spec["radio"]["cell_m"] = 45
    assert read(tmp_path, spec)[0].grid.cell_m == 45


def test_without_fibre_people_and_roads_frames_are_empty(
    tmp_path: Path, spec: dict[str, Any]
) -> None:
    del spec["fiber"], spec["people"]
    inputs, _ = read(tmp_path, spec)
    assert inputs.people is inputs.landcover is inputs.filled is None
    assert list(map(len, (inputs.cables, inputs.pops, inputs.roads))) == [0, 0, 0]
    assert inputs.cables["in_service"].dtype == bool
    assert inputs.cables.crs == inputs.crs


def test_sources_are_hashed(tmp_path: Path, spec: dict[str, Any]) -> None:
    villages().to_file(tmp_path / "data/villages.shp", encoding="utf-8")
    spec["boundaries"]["villages"][0]["path"] = "data/villages.shp"
    inputs, _ = read(tmp_path, spec)
    assert {
        "data/cells.csv",
        "data/dem.tif",
        "data/people.tif",
        "data/villages.dbf",
        "data/villages.shp",
        "data/villages.prj",
        "data/cables.gpkg",
    } <= set(inputs.sources)
    assert all(len(h) == 64 for h in inputs.sources.values())
    before = digests(study(tmp_path, spec))
    (tmp_path / "data/cells.csv").write_bytes(b"changed")
    after = digests(study(tmp_path, spec))
    assert [k for k in before if before[k] != after[k]] == ["data/cells.csv"]
    spec["towers"][0]["path"] = str(tmp_path.resolve() / "data/cells.csv")
    assert "data/cells.csv" in digests(study(tmp_path.resolve(), spec))


# ------------------------------------------------------------------ forms of vector files


@pytest.mark.parametrize("suffix", ["geojson", "shp", "shp.zip", "kml", "tab", "gml", "fgb"])
def test_vector_formats(tmp_path: Path, spec: dict[str, Any], suffix: str) -> None:
    frame = villages()
    path = tmp_path / f"data/v.{suffix}"
    if suffix == "shp.zip":
        frame.to_file(tmp_path / "data/inner.shp", encoding="utf-8")
        with zipfile.ZipFile(path, "w") as archive:
            for part in (tmp_path / "data").glob("inner.*"):
                archive.write(part, part.name)
    elif suffix == "kml":
        frame.to_crs(4326).rename(columns={"ten_thon": "Name"}).to_file(path, driver="LIBKML")
    elif suffix == "geojson":
        frame.to_crs(4326).to_file(path)
    elif suffix == "tab":
        frame.to_file(path, driver="MapInfo File", encoding="UTF-8")
    else:
        frame.to_file(path, encoding="utf-8") if suffix == "shp" else frame.to_file(path)
    layer = spec["boundaries"]["villages"][0]
    layer["path"] = f"data/v.{suffix}"
    if suffix == "kml":
        layer["columns"] = {"code": "Name", "name": "Name"}
    inputs, _ = read(tmp_path, spec)
    found = inputs.villages.sort_values("name")  # FlatGeobuf keeps records in spatial order
    assert found["name"].tolist() == frame["ten_thon"].tolist()
    assert found.geometry.area.sum() == pytest.approx(1e8, rel=1e-4)
    assert found["commune_code"].tolist() == frame["ma_xa"].tolist()


def test_spreadsheet_through_ogr(tmp_path: Path, spec: dict[str, Any]) -> None:
    frame = pd.DataFrame(towers(), columns=TOWER_HEADER)
    frame.to_excel(tmp_path / "data/cells.xlsx", index=False)
    spec["towers"][0]["path"] = "data/cells.xlsx"
    inputs, _ = read(tmp_path, spec)
    assert inputs.cells["cell_id"].tolist() == frame["ma_cell"].tolist()
    assert inputs.cells["freq_mhz"].tolist() == [1800.0] * 6


def test_vn2000_study(tmp_path: Path, spec: dict[str, Any]) -> None:
    spec["study"]["crs"] = "EPSG:9209"
    inputs, _ = read(tmp_path, spec)
    assert inputs.crs == Crs.from_epsg(9209)
    assert inputs.communes.geometry.area.sum() == pytest.approx(1e8, rel=2e-3)
    assert inputs.terrain.read(inputs.grid.window).shape == inputs.grid.shape


def test_text_is_composed(tmp_path: Path, spec: dict[str, Any]) -> None:
    frame = communes()
    frame["ten_xa"] = ["Xa\u0303 Na\u0323\u0302m Ban", *NAMES[1:]]
    frame.to_file(tmp_path / "data/communes.gpkg")
    inputs, _ = read(tmp_path, spec)
    assert inputs.communes["name"].iloc[0] == "Xã Nậm Ban"


# ------------------------------------------------------------------ villages and centres


def as_points(tmp_path: Path, places: list[tuple[str, str, float, float]]) -> None:
    rows = [[code, name, *lonlat(X0 + x, Y0 + y)] for code, name, x, y in places]
    write_csv(tmp_path / "data/villages.csv", ["ma_thon", "ten_thon", "kinh_do", "vi_do"], rows)


def test_codes_that_number_the_villages_of_a_commune(tmp_path: Path, spec: dict[str, Any]) -> None:
    frame = villages()
    frame["ma_thon"] = [f"0{k % 4 + 1}" for k in range(16)]
    frame.to_file(tmp_path / "data/villages.gpkg")
    inputs, findings = read(tmp_path, spec)
    assert inputs.villages["code"].tolist()[:5] == [
        "00691-01",
        "00691-02",
        "00691-03",
        "00691-04",
        "00694-01",
    ]
    assert only(findings, "B21").where.row == 1
    assert "B03" not in numbers_of(findings)


def test_points_become_service_areas(tmp_path: Path, spec: dict[str, Any]) -> None:
    as_points(
        tmp_path,
        [
            ("1", "A", 1250, 2500),
            ("2", "B", 3750, 2500),
            ("3", "C", 7000, 1000),
            ("4", "D", 2000, 9000),
            ("5", "E", 2000, 9000),
            ("6", "F", 10_500, 2000),
        ],
    )
    spec["boundaries"]["villages"] = [{"path": "data/villages.csv"}]
    inputs, findings = read(tmp_path, spec)
    found = inputs.villages
    assert (found["kind"] == "service_area").all()
    assert (found["centre_source"] == "village_point").all()
    assert found["commune_code"].tolist() == ["00691", "00691", "00694", "00700", "00700", None]
    area = found.geometry.area
    assert area.iloc[0] == pytest.approx(12.5e6, rel=1e-3)
    assert area.iloc[2] == pytest.approx(25e6)
    assert area.iloc[3] + area.iloc[4] == pytest.approx(25e6)
    assert found.geometry.iloc[0].intersection(found.geometry.iloc[1]).area < 1
    # F stands outside: a disc of 1 km, cut at the communes' border 500 m away.
    assert found["flags"].iloc[5] == "outside_communes area_assumed"
    assert found.geometry.iloc[5].covers(
        Point(found["centre_x_m"].iloc[5], found["centre_y_m"].iloc[5])
    )
    assert found.geometry.iloc[5].intersection(inputs.area).area < 1
    assert 1.5e6 < area.iloc[5] < np.pi * 1e6
    assert only(findings, "B12").subject == "5"
    assert [f.subject for f in findings.of("B11")] == ["00706"]


def test_points_beside_polygons_share_what_is_left(tmp_path: Path, spec: dict[str, Any]) -> None:
    villages().iloc[:3].to_file(tmp_path / "data/villages.gpkg")
    as_points(tmp_path, [("x", "Giữa", 4000, 4000)])
    spec["boundaries"]["villages"].append({"path": "data/villages.csv"})
    inputs, _ = read(tmp_path, spec)
    assert inputs.villages["kind"].tolist() == ["polygon"] * 3 + ["service_area"]
    assert inputs.villages.geometry.iloc[3].area == pytest.approx(6.25e6, rel=1e-3)


def test_largest_overlap_decides_the_commune(tmp_path: Path, spec: dict[str, Any]) -> None:
    frame = villages().drop(columns="ma_xa")
    frame.loc[0, "geometry"] = box(X0 + 4000, Y0, X0 + 5500, Y0 + 1000)
    frame.to_file(tmp_path / "data/villages.gpkg")
    inputs, _ = read(tmp_path, spec)
    assert inputs.villages["commune_code"].iloc[0] == "00691"


def test_centres(tmp_path: Path, spec: dict[str, Any]) -> None:
    places = [
        ["00691", "Trụ sở", Point(X0 + 100, Y0 + 100)],
        ["694", "Trụ sở 2", Point(X0 + 6000, Y0 + 100)],
        [None, "Nhánh", Point(X0 + 4000, Y0 + 4000)],
        ["00700", "Lạc", Point(X0 + 9000, Y0 + 9000)],
        [None, "Ngoài", Point(X0 + 14_000, Y0)],
    ]
    frame = gpd.GeoDataFrame(places, columns=["ma_xa", "ten", "geometry"], crs=CRS)
    frame.to_file(tmp_path / "data/centres.gpkg")
    spec["boundaries"]["commune_centres"] = [{"path": "data/centres.gpkg"}]
    houses = gpd.GeoDataFrame(
        {"ma_thon": ["00691-1", "00691-1", None, "00691-2"]},
        geometry=[
            Point(X0 + 5, Y0 + 5),
            Point(X0 + 9, Y0 + 9),
            Point(X0 + 9999, Y0 + 9999),
            Point(X0, Y0 + 1),
        ],
        crs=CRS,
    )
    houses.to_file(tmp_path / "data/houses.gpkg")
    spec["boundaries"]["village_centres"] = {"path": "data/houses.gpkg"}
    inputs, findings = read(tmp_path, spec)
    found = inputs.commune_centres
    assert found["commune_code"].tolist() == ["00691", "00691", "00694", "00700", "00706"]
    assert found["source"].tolist() == ["file"] * 4 + ["inside_point"]
    assert found["name"].tolist() == ["Trụ sở", "Nhánh", "Trụ sở 2", "Lạc", NAMES[3]]
    assert only(findings, "B13").params["names"] == NAMES[3]
    assert [(f.where.file, f.where.row) for f in findings.of("B14")] == [
        ("data/centres.gpkg", 4),
        ("data/houses.gpkg", 4),
    ]
    assert only(findings, "B15").where.row == 5
    assert only(findings, "B16").where.row == 2
    assert only(findings, "B20").params["n"] == 13
    first = inputs.villages.iloc[0]
    assert (first["centre_x_m"], first["centre_y_m"], first["centre_source"]) == (
        X0 + 5,
        Y0 + 5,
        "file",
    )
    assert inputs.villages["centre_source"].iloc[15] == "file"


# ------------------------------------------------------------------ towers


def test_templates_stand_on_every_point(tmp_path: Path, spec: dict[str, Any]) -> None:
    masts = gpd.GeoDataFrame(
        {"id": [7, 8]},
        geometry=[Point(X0 + 2000, Y0 + 2000), box(X0 + 7000, Y0 + 7000, X0 + 7010, Y0 + 7010)],
        crs=CRS,
    )
    masts.to_file(tmp_path / "data/masts.gpkg")
    spec["towers"] = [
        {
            "path": "data/masts.gpkg",
            "defaults": {
                "operator": "Mạng A",
                "height_m": 28,
                "cells": [
                    {"technology": "LTE", "freq_mhz": 800, "bandwidth_mhz": 10},
                    {"technology": "GSM", "freq_mhz": 900},
                ],
            },
        }
    ]
    inputs, findings = read(tmp_path, spec)
    assert inputs.cells["cell_id"].tolist() == ["7-LTE800", "7-GSM900", "8-LTE800", "8-GSM900"]
    assert inputs.cells["operator"].unique().tolist() == ["Mạng A"]
    assert inputs.cells["height_m"].unique().tolist() == [28.0]
    assert inputs.cells[
        ["technology_assumed", "freq_assumed", "height_assumed", "eirp_assumed", "operator_assumed"]
    ].all(axis=None)
    np.testing.assert_array_equal(inputs.cells["bandwidth_mhz"], [10, np.nan, 10, np.nan])
    assert inputs.sites["x_m"].tolist() == pytest.approx([X0 + 2000, X0 + 7005])
    assert only(findings, "T12").params["value"] == "GSM 900 MHz, LTE 800 MHz"


def test_several_technologies_in_one_record(tmp_path: Path, spec: dict[str, Any]) -> None:
    lon, lat = lonlat(X0 + 2000, Y0 + 2000)
    rows = [
        ["S1", "2G/4G", "900/1800", lon, lat, 43, 18, 2],
        ["S2", "4G", "B3; B28", lon + 0.01, lat, "", "", ""],
        ["S3", "2G/3G/4G", "", lon, lat + 0.01, "", "", ""],
    ]
    header = [
        "ma_tram",
        "cong_nghe",
        "bang_tan",
        "kinh_do",
        "vi_do",
        "tx_power_dbm",
        "antenna_gain_dbi",
        "feeder_loss_db",
    ]
    write_csv(tmp_path / "data/cells.csv", header, rows)
    inputs, findings = read(tmp_path, spec)
    cells = inputs.cells
    assert list(zip(cells["technology"], cells["freq_mhz"], strict=True)) == [
        ("GSM", 900),
        ("LTE", 1800),
        ("LTE", 1842.5),
        ("LTE", 780.5),
        ("GSM", 900),
        ("UMTS", 2100),
        ("LTE", 1800),
    ]
    assert cells["cell_id"].is_unique
    assert cells["freq_assumed"].tolist() == [False] * 4 + [True] * 3
    assert cells["eirp_dbm"].tolist() == [59.0, 59.0] + [60.0] * 5
    assert only(findings, "T13").params["n"] == 3
    assert only(findings, "T13").params["rows"] == "3"


def test_cells_within_a_metre_share_a_site(tmp_path: Path, spec: dict[str, Any]) -> None:
    lon, lat = lonlat(X0 + 2000, Y0 + 2000)
    rows = [
        ["A", "X", "4G", lon, lat],
        ["B", "Y", "4G", lon + 3e-6, lat],
        ["C", "X", "4G", lon + 1e-3, lat],
        ["D", "", "5G", lon, lat + 1e-2],
    ]
    write_csv(tmp_path / "data/cells.csv", ["cell_id", "site_id", "tech", "lon", "lat"], rows)
    inputs, _ = read(tmp_path, spec)
    assert inputs.cells["site_id"].tolist() == ["X", "X", "X", "site-2"]
    assert len(inputs.sites) == 2
    assert inputs.sites["in_area"].all()


def test_azimuth_of_360_is_north_and_empty_is_omnidirectional(
    tmp_path: Path, spec: dict[str, Any]
) -> None:
    rows = towers()
    rows[0][8], rows[1][8] = 360, ""
    write_csv(tmp_path / "data/cells.csv", TOWER_HEADER, rows)
    inputs, findings = read(tmp_path, spec)
    assert inputs.cells["azimuth_deg"].iloc[0] == 0
    assert np.isnan(inputs.cells["azimuth_deg"].iloc[1])
    assert "T07" not in numbers_of(findings)


OPENCELLID = "LTE,452,4,1001,{cell},0,{lon},{lat},1000,5,1,1369925573,1443966345,0"


@pytest.mark.parametrize("header", [True, False])
def test_opencellid(tmp_path: Path, spec: dict[str, Any], header: bool) -> None:
    lon, lat = lonlat(X0 + 2000, Y0 + 2000)
    lines = [OPENCELLID.format(cell=k, lon=lon, lat=lat) for k in (1, 2)]
    lines.append(OPENCELLID.format(cell=3, lon=lon + 0.02, lat=lat).replace("LTE", "CDMA"))
    lines.append(OPENCELLID.format(cell=3, lon=lon + 0.02, lat=lat).replace("LTE", "GSM"))
    if header:
        lines.insert(
            0,
            "radio,mcc,net,area,cell,unit,lon,lat,range,samples,changeable,created,updated,averageSignal",
        )
    (tmp_path / "data/cells.csv").write_text("\n".join(lines))
    inputs, findings = read(tmp_path, spec)
    assert inputs.cells["cell_id"].tolist() == [
        "LTE-452-4-1001-1",
        "LTE-452-4-1001-2",
        "GSM-452-4-1001-3",
    ]
    assert inputs.cells["operator"].unique().tolist() == ["Viettel"]
    assert only(findings, "T49").params["networks"] == "452-04 = Viettel"
    assert inputs.cells["freq_mhz"].tolist() == [1800, 1800, 900]
    assert inputs.cells["freq_assumed"].all()
    assert len(inputs.sites) == 2
    assert only(findings, "T10").where.row == 3


# ------------------------------------------------------------------ cables, PoPs, roads


def test_cables_are_taken_apart(tmp_path: Path, spec: dict[str, Any]) -> None:
    parts = MultiLineString([[(X0, Y0), (X0 + 50, Y0)], [(X0 + 90, Y0), (X0 + 190, Y0)]])
    gpd.GeoDataFrame(
        {"ghi_chu": ["x", "y"]},
        geometry=[parts, LineString([(X0, Y0 + 9), (X0 + 7, Y0 + 9)])],
        crs=CRS,
    ).to_file(tmp_path / "data/cables.gpkg")
    inputs, findings = read(tmp_path, spec)
    assert inputs.cables["cable_id"].tolist() == ["cables-1", "cables-1", "cables-2"]
    assert inputs.cables.geometry.length.tolist() == pytest.approx([50, 100, 7])
    assert only(findings, "F05").params["n"] == 2
    assert inputs.cables["in_service"].all()


def test_pops_of_areas(tmp_path: Path, spec: dict[str, Any]) -> None:
    frame = pops().set_geometry(pops().buffer(30, cap_style="square"))
    frame.to_file(tmp_path / "data/pops.gpkg")
    inputs, _ = read(tmp_path, spec)
    assert inputs.pops.geometry.iloc[0].distance(Point(X0 + 500, Y0 + 2510)) < 1e-6
    assert inputs.pops["name"].tolist() == ["Bưu điện"]


def test_tags_of_openstreetmap(tmp_path: Path, spec: dict[str, Any]) -> None:
    frame = cables()
    frame["other_tags"] = ['"operator"=>"VNX \\"Bắc\\"","cores"=>"48"', None]
    frame[["ma_tuyen", "other_tags", "geometry"]].to_file(tmp_path / "data/cables.gpkg")
    spec["fiber"]["cables"][0]["columns"] = {
        "owner": "other_tags:operator",
        "cores": "other_tags:cores",
    }
    inputs, _ = read(tmp_path, spec)
    assert inputs.cables["owner"].tolist() == ['VNX \\"Bắc\\"', ""]
    np.testing.assert_array_equal(inputs.cables["cores"], [48, np.nan])


# ------------------------------------------------------------------ real files


def test_andorra(shared: Path, tmp_path: Path, checkout: Path) -> None:
    files = shared / "realdata" / "andorra"
    if not (files / "andorra.osm.pbf").is_file():
        pytest.skip(f"the files of Andorra are not at {files}")
    from phusong.checks import Findings
    from phusong.sources import read_inputs
    from phusong.study.file import read_study

    text = (checkout / "tests/realdata/andorra/study.toml").read_text("utf-8")
    text = text.replace("../../../../shared/realdata/andorra", files.resolve().as_posix())
    (tmp_path / "study.toml").write_text(text, "utf-8")
    chosen = read_study(tmp_path)
    findings = Findings(chosen.checks.severity)
    inputs = read_inputs(chosen, findings)
    assert len(inputs.communes) == 6
    assert len(inputs.villages) == 59
    assert inputs.villages["commune_code"].isna().sum() == 11  # Canillo's parish is not in the file
    assert len(inputs.sites) == 12
    assert len(inputs.cells) == 24
    assert inputs.commune_centres["source"].eq("file").all()
    assert len(inputs.cables) == 453
    heights = inputs.terrain.read(inputs.grid.window)
    assert 800 < np.nanmin(heights) < 900
    assert 2800 < np.nanmax(heights) < 3000
    assert only(findings, "D06").params["n"] > 100
    assert not np.isnan(heights).any()
    inside = inputs.villages[inputs.villages["commune_code"].notna()]
    assert inside.geometry.area.sum() == pytest.approx(inputs.area.area, rel=1e-6)
    assert {"B07", "B15", "T02", "T12"} <= numbers_of(findings)


def test_tuyen_quang_communes(shared: Path, tmp_path: Path, spec: dict[str, Any]) -> None:
    file = shared / "realdata" / "tuyen_quang" / "communes.gpkg"
    if not file.is_file():
        pytest.skip(f"the communes of Tuyên Quang are not at {file}")
    from helpers.province import check

    spec["boundaries"]["communes"]["path"] = str(file)
    findings = check(tmp_path, spec)
    taken = next(f for f in findings.of("S17") if f.where.file == str(file))
    assert "code = ma_xa, name = ten_xa" in taken.text()
    assert not findings.of("B01")
    # Border edges of nine communes do not match their neighbour's: slivers, not overlaps.
    assert len(findings.of("B02")) < 9


def test_lesotho_towers(shared: Path, tmp_path: Path, spec: dict[str, Any]) -> None:
    file = shared / "realdata" / "lesotho" / "LesothoCellTowersData.csv"
    if not file.is_file():
        pytest.skip(f"the cells of Lesotho are not at {file}")
    from phusong.checks import Findings
    from phusong.sources.crs import Area, to_study
    from phusong.sources.tables.headers import TOWERS
    from phusong.sources.tables.layers import read_layer
    from phusong.sources.towers.cells import read_cells
    from phusong.sources.towers.sites import group_sites

    spec["towers"][0]["path"] = str(file)
    chosen = study(tmp_path, spec)
    findings = Findings()
    records = read_layer(chosen, chosen.towers[0], TOWERS, findings)
    assert records is not None
    crs = Crs.from_epsg(32735)
    area = Area(crs, gpd.GeoSeries([box(27, -30.7, 29.5, -28.5)], crs=4326).to_crs(crs).iloc[0])
    cells = read_cells(to_study(records, crs, findings, area, 50_000), chosen.towers[0], findings)
    assert len(cells) == 1936
    assert set(cells["operator"]) == {"Vodacom", "Econet"}
    assert set(cells["technology"]) == {"GSM", "UMTS", "LTE"}
    sites, grouped = group_sites(cells, area, findings)
    assert 1050 < len(sites) < 1150  # masts of their cells' base stations
    assert grouped["cell_id"].is_unique
    far = shapely.distance(area.polygon, sites.geometry.to_numpy()) > 20_000
    assert 0 < far.sum() < 20  # a few cells are placed in another country
    assert not {"S09", "S10", "T10", "T09"} & numbers_of(findings)


def test_findings_serialise(tmp_path: Path, spec: dict[str, Any]) -> None:
    _, findings = read(tmp_path, spec)
    frame = findings.to_frame()
    assert json.loads(frame.to_json())
    assert frame["detail"].notna().all()
