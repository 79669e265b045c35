"""Bad input, by name: each fault gives its numbered check with file, record and mend, in both languages."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from rasterio.transform import from_origin
from rich.console import Console
from shapely.geometry import LineString, Point, Polygon, box

from helpers.province import (
    CRS,
    TOWER_HEADER,
    X0,
    Y0,
    cables,
    check,
    communes,
    dem,
    lonlat,
    numbers_of,
    only,
    pops,
    read,
    study,
    towers,
    villages,
    write_csv,
    write_raster,
)
from phusong.checks import Finding, Findings, Severity
from phusong.commands.terminal.findings import print_findings
from phusong.errors import ChecksFailed, InputError, Where
from phusong.i18n import catalogue, set_language, tr
from phusong.sources import read_inputs


def with_record(frame: gpd.GeoDataFrame, values: list[Any]) -> gpd.GeoDataFrame:
    """One record more; assigning it to a new label loses the CRS in older pandas."""
    last = gpd.GeoDataFrame([values], columns=frame.columns, geometry="geometry", crs=frame.crs)
    return pd.concat([frame, last], ignore_index=True)


def speaks(finding: Finding, file: str, row: int | None, *, severity: str) -> None:
    """The finding names the place, and title, effect, mend and detail read in both languages."""
    assert finding.where.file == file
    assert finding.where.row == row
    assert finding.severity == severity
    for text in (finding.rule.title, finding.rule.effect, finding.rule.mend):
        assert text
        assert catalogue()[text] != text
    english = finding.text()
    set_language("vi")
    assert finding.text()
    assert finding.text() != english
    if finding.where.row is not None:
        assert f"bản ghi {row}" in str(finding.where)
    set_language("en")


def stops(folder: Path, spec: dict[str, Any], rule: str) -> None:
    chosen = study(folder, spec)
    with pytest.raises(ChecksFailed) as caught:
        read_inputs(chosen, Findings())
    assert rule in str(caught.value)
    assert tr("Mend") in str(caught.value)


# ------------------------------------------------------------------ what planners' files have had


def test_missing_file(tmp_path: Path, spec: dict[str, Any]) -> None:
    spec["towers"][0]["path"] = "data/no_such.csv"
    speaks(only(check(tmp_path, spec), "S01"), "data/no_such.csv", None, severity="error")
    stops(tmp_path, spec, "S01")


def test_paths_as_windows_writes_them(tmp_path: Path, spec: dict[str, Any]) -> None:
    plain, _ = read(tmp_path, spec)
    spec["towers"][0]["path"] = r"data\cells.csv"
    spec["boundaries"]["villages"][0]["path"] = r".\data\villages.gpkg"
    spec["terrain"]["dem"] = [r"data\dem.tif"]
    spec["people"]["raster"] = r"data\people.tif"
    inputs, findings = read(tmp_path, spec)
    assert inputs.sources == plain.sources
    assert {f.where.file for f in findings if f.where.file} <= set(plain.sources)
    assert set(inputs.cells["file"]) == {"data/cells.csv"}
    spec["towers"][0]["path"] = r"data\gone.csv"
    assert only(check(tmp_path, spec), "S01").where.file == "data/gone.csv"


@pytest.mark.parametrize(
    ("key", "path"),
    [("dem", "data/gone.tif"), ("people", "data/gone.tif"), ("villages", "data/gone.shp")],
)
def test_missing_file_of_other_kinds(
    tmp_path: Path, spec: dict[str, Any], key: str, path: str
) -> None:
    if key == "dem":
        spec["terrain"]["dem"] = [path]
    elif key == "people":
        spec["people"]["raster"] = path
    else:
        spec["boundaries"]["villages"][0]["path"] = path
    assert only(check(tmp_path, spec), "S01").where.file == path


def test_latitude_and_longitude_exchanged(tmp_path: Path, spec: dict[str, Any]) -> None:
    header = ["vi_do" if h == "kinh_do" else "kinh_do" if h == "vi_do" else h for h in TOWER_HEADER]
    write_csv(tmp_path / "data/cells.csv", header, towers())
    found = only(check(tmp_path, spec), "S09")
    speaks(found, "data/cells.csv", None, severity="error")
    assert "6 of 6" in found.text()
    assert "columns" in found.rule.mend
    stops(tmp_path, spec, "S09")


def test_one_record_exchanged_is_left_out(tmp_path: Path, spec: dict[str, Any]) -> None:
    spec["checks"] = {"left_out_max": 1.0}
    rows = towers()
    rows[3][5], rows[3][6] = rows[3][6], rows[3][5]
    write_csv(tmp_path / "data/cells.csv", TOWER_HEADER, rows)
    inputs, findings = read(tmp_path, spec)
    speaks(only(findings, "S10"), "data/cells.csv", 4, severity="warning")
    assert "C22" not in set(inputs.cells["cell_id"])
    assert len(inputs.cells) == 5


@pytest.mark.parametrize("separator", [";", "\t"])
def test_decimal_comma(tmp_path: Path, spec: dict[str, Any], separator: str) -> None:
    plain, _ = read(tmp_path, spec)
    write_csv(tmp_path / "data/cells.csv", TOWER_HEADER, towers(), separator=separator, decimal=",")
    inputs, findings = read(tmp_path, spec)
    speaks(only(findings, "S21"), "data/cells.csv", None, severity="info")
    np.testing.assert_allclose(inputs.sites[["x_m", "y_m"]], plain.sites[["x_m", "y_m"]])


def test_decimal_comma_in_quotes(tmp_path: Path, spec: dict[str, Any]) -> None:
    rows = [
        [f'"{str(v).replace(".", ",")}"' if isinstance(v, float) else v for v in row]
        for row in towers()
    ]
    write_csv(tmp_path / "data/cells.csv", TOWER_HEADER, rows)
    inputs, findings = read(tmp_path, spec)
    assert "S21" in numbers_of(findings)
    assert len(inputs.cells) == 6


def test_decimal_comma_that_breaks_the_columns(tmp_path: Path, spec: dict[str, Any]) -> None:
    write_csv(tmp_path / "data/cells.csv", TOWER_HEADER, towers(), decimal=",")
    findings = check(tmp_path, spec)
    broken = findings.of("S14")
    assert [f.where.row for f in broken] == [1, 2, 3, 4, 5, 6]
    speaks(broken[0], "data/cells.csv", 1, severity="error")
    assert "semicolon" in broken[0].rule.mend


def test_utf8_bom(tmp_path: Path, spec: dict[str, Any]) -> None:
    assert (tmp_path / "data/cells.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    inputs, findings = read(tmp_path, spec)
    assert inputs.cells["cell_id"].tolist() == ["C11", "C12", "C21", "C22", "C31", "C32"]
    assert "ma_cell" in next(f for f in findings.of("S17") if "cells.csv" in f.where.file).text()


def test_three_rows_without_coordinates(tmp_path: Path, spec: dict[str, Any]) -> None:
    spec["checks"] = {"left_out_max": 1.0}
    rows = towers()
    rows[1][5] = rows[1][6] = ""
    rows[2][6] = ""
    rows[4][5], rows[4][6] = 0, 0
    write_csv(tmp_path / "data/cells.csv", TOWER_HEADER, rows)
    inputs, findings = read(tmp_path, spec)
    refused = findings.of("S11")
    assert [(f.where.row, f.subject) for f in refused] == [(2, "C12"), (3, "C21"), (5, "C31")]
    speaks(refused[0], "data/cells.csv", 2, severity="warning")
    assert len(inputs.cells) == 3
    assert inputs.cells["row"].tolist() == [1, 4, 6]


def test_shapefile_without_prj(tmp_path: Path, spec: dict[str, Any]) -> None:
    villages().to_file(tmp_path / "data/villages.shp", encoding="utf-8")
    (tmp_path / "data/villages.prj").unlink()
    layer = spec["boundaries"]["villages"][0]
    layer["path"] = "data/villages.shp"
    found = only(check(tmp_path, spec), "S05")
    speaks(found, "data/villages.shp", None, severity="error")
    assert "crs =" in found.rule.mend
    stops(tmp_path, spec, "S05")
    layer["crs"] = CRS
    inputs, _ = read(tmp_path, spec)
    assert len(inputs.villages) == 16


def test_dem_with_a_hole_under_a_village(tmp_path: Path, spec: dict[str, Any]) -> None:
    heights, transform = dem()
    heights[20:32, 20:32] = -9999  # inside the village's 27 × 27 cells
    write_raster(tmp_path / "data/dem.tif", heights, transform)
    found = only(check(tmp_path, spec), "D04")
    speaks(found, "data/dem.tif", None, severity="error")
    assert found.subject == "Thôn 3.3"
    assert "Thôn 3.3" in found.text()
    assert found.params["n"] == 144
    assert found.x_m == pytest.approx(X0 - 900 + 26 * 90, abs=45)
    assert found.y_m == pytest.approx(Y0 + 10_900 - 26 * 90, abs=45)
    stops(tmp_path, spec, "D04")
    spec["terrain"]["void_fill_max_m"] = 1200
    inputs, findings = read(tmp_path, spec)
    assert only(findings, "D06").params["n"] == 144
    assert inputs.filled is not None
    assert inputs.filled.read(inputs.grid.window).sum() == 144


def test_self_intersecting_village_and_equal_codes(tmp_path: Path, spec: dict[str, Any]) -> None:
    frame = villages()
    west, south, east, north = frame.geometry.iloc[5].bounds
    bow = Polygon([(west, south), (east, north), (east, south), (west, north)])
    frame.loc[5, "geometry"] = bow
    frame.loc[7, "ma_thon"] = frame["ma_thon"].iloc[2]
    frame.to_file(tmp_path / "data/villages.gpkg")
    inputs, findings = read(tmp_path, spec)
    repaired = only(findings, "B01")
    speaks(repaired, "data/villages.gpkg", 6, severity="warning")
    assert repaired.x_m == pytest.approx((west + east) / 2)
    assert repaired.params["after"] == pytest.approx(312.5)
    middle = f"{(west + east) / 2:.0f}, {(south + north) / 2:.0f}"
    assert repaired.text().startswith(f"the outline crosses itself at {middle}; area")
    set_language("vi")
    assert repaired.text().startswith(f"đường ranh tự cắt tại {middle}; diện tích")
    set_language("en")
    assert inputs.villages.geometry.is_valid.all()
    assert "geometry_repaired" in inputs.villages["flags"].iloc[5]
    doubled = only(findings, "B03")
    speaks(doubled, "data/villages.gpkg", 8, severity="warning")
    assert inputs.villages["code"].iloc[7] == "00691-3-2"
    assert inputs.villages["flags"].iloc[7] == "code_disambiguated"
    assert inputs.villages["code"].is_unique


def test_empty_cable_layer(tmp_path: Path, spec: dict[str, Any]) -> None:
    cables().iloc[:0].to_file(tmp_path / "data/cables.gpkg")
    speaks(only(check(tmp_path, spec), "F01"), "data/cables.gpkg", None, severity="error")
    stops(tmp_path, spec, "F01")


def test_pop_far_from_any_cable(tmp_path: Path, spec: dict[str, Any]) -> None:
    frame = pops()
    frame = with_record(frame, ["P2", "Trạm lẻ", Point(X0 + 4000, Y0 + 6500)])
    frame.to_file(tmp_path / "data/pops.gpkg")
    _, findings = read(tmp_path, spec)
    found = only(findings, "F06")
    speaks(found, "data/pops.gpkg", 2, severity="warning")
    assert found.subject == "P2"
    assert found.params["distance"] == 4000
    assert (found.x_m, found.y_m) == (X0 + 4000, Y0 + 6500)


# ------------------------------------------------------------------ files and columns


def test_unreadable_file(tmp_path: Path, spec: dict[str, Any]) -> None:
    (tmp_path / "data/villages.gpkg").write_bytes(b"not a geopackage at all")
    (tmp_path / "data/dem.tif").write_bytes(b"not a raster")
    files = {f.where.file for f in check(tmp_path, spec).of("S02")}
    assert files == {"data/villages.gpkg", "data/dem.tif"}


def test_wrong_layer_name(tmp_path: Path, spec: dict[str, Any]) -> None:
    spec["boundaries"]["communes"]["layer"] = "comunes"
    found = only(check(tmp_path, spec), "S03")
    assert found.params["near"] == "communes"
    assert found.where.layer == "comunes"


def test_several_layers_and_none_named(tmp_path: Path, spec: dict[str, Any]) -> None:
    communes().to_file(tmp_path / "data/all.gpkg", layer="xa")
    villages().to_file(tmp_path / "data/all.gpkg", layer="thon")
    spec["boundaries"]["communes"]["path"] = "data/all.gpkg"
    _, findings = read(tmp_path, spec)
    speaks(only(findings, "S24"), "data/all.gpkg", None, severity="warning")
    spec["boundaries"]["villages"][0].update(path="data/all.gpkg", layer="thon")
    spec["boundaries"]["communes"]["layer"] = "xa"
    inputs, findings = read(tmp_path, spec)
    assert "S24" not in numbers_of(findings)
    assert len(inputs.villages) == 16


def test_filter_that_cannot_be_applied(tmp_path: Path, spec: dict[str, Any]) -> None:
    spec["boundaries"]["villages"][0]["where"] = "no_such_column = 'x'"
    assert only(check(tmp_path, spec), "S04").subject == "no_such_column = 'x'"


def test_filter_that_leaves_nothing(tmp_path: Path, spec: dict[str, Any]) -> None:
    spec["boundaries"]["villages"][0]["where"] = "ma_xa = '99999'"
    speaks(only(check(tmp_path, spec), "S06"), "data/villages.gpkg", None, severity="error")


def test_mapping_names_an_absent_column(tmp_path: Path, spec: dict[str, Any]) -> None:
    spec["boundaries"]["villages"][0]["columns"] = {"code": "ma_thonn"}
    found = only(check(tmp_path, spec), "S08")
    assert found.params["near"] == "ma_thon"
    assert found.where.key == "columns.code"
    speaks(found, "data/villages.gpkg", None, severity="error")


def test_mapping_of_an_unknown_name(tmp_path: Path, spec: dict[str, Any]) -> None:
    spec["boundaries"]["villages"][0]["columns"] = {"commune": "ma_xa"}
    assert only(check(tmp_path, spec), "S08").params["near"] == "commune_code"


def test_needed_column_missing(tmp_path: Path, spec: dict[str, Any]) -> None:
    communes().rename(columns={"ma_xa": "maxaphuong"}).to_file(tmp_path / "data/communes.gpkg")
    found = only(check(tmp_path, spec), "S07")
    assert found.params["near"] == "maxaphuong"
    speaks(found, "data/communes.gpkg", None, severity="error")


def test_no_coordinate_columns(tmp_path: Path, spec: dict[str, Any]) -> None:
    header = ["cot_a" if h == "kinh_do" else h for h in TOWER_HEADER]
    write_csv(tmp_path / "data/cells.csv", header, towers())
    assert only(check(tmp_path, spec), "S07").subject == "lon"


def test_text_where_a_number_belongs(tmp_path: Path, spec: dict[str, Any]) -> None:
    rows = towers()
    rows[2][7] = "cao lắm"
    write_csv(tmp_path / "data/cells.csv", TOWER_HEADER, rows)
    inputs, findings = read(tmp_path, spec)
    found = only(findings, "S13")
    speaks(found, "data/cells.csv", 3, severity="warning")
    assert found.where.key == "do_cao_m"
    assert inputs.cells["height_assumed"].iloc[2]


def test_legacy_encodings(tmp_path: Path, spec: dict[str, Any]) -> None:
    frame = villages()
    rows = []
    for row in frame.itertuples():
        point = row.geometry.centroid
        rows.append([row.ma_thon, "Bản Lũng Phình", row.ma_xa, *lonlat(point.x, point.y)])
    header = ["ma_thon", "ten_thon", "ma_xa", "kinh_do", "vi_do"]
    layer = spec["boundaries"]["villages"][0]
    layer["path"] = "data/villages.csv"
    path = tmp_path / "data/villages.csv"
    # TCVN3: ả B6, ũ F2, ì D7 as single bytes.
    write_csv(path, header, rows)
    path.write_bytes(
        path.read_text("utf-8")
        .replace("Bản Lũng Phình", "B¶n Lòng Ph×nh")
        .replace("ò", "\xf2")
        .encode("latin-1")
    )
    found = only(check(tmp_path, spec), "S16")
    speaks(found, "data/villages.csv", None, severity="error")
    assert found.params["encoding"] == "tcvn3"
    assert 'encoding = "tcvn3"' in found.text()
    layer["encoding"] = "tcvn3"
    inputs, _ = read(tmp_path, spec)
    assert set(inputs.villages["name"]) == {"Bản Lũng Phình"}
    del layer["encoding"]
    # windows-1258 holds most letters as a base and a combining mark.
    path.write_bytes(
        path.read_bytes().replace(b"B\xb6n L\xf2ng Ph\xd7nh", "Hà Giang".encode("cp1258"))
    )
    inputs, findings = read(tmp_path, spec)
    speaks(only(findings, "S15"), "data/villages.csv", None, severity="warning")
    assert set(inputs.villages["name"]) == {"Hà Giang"}
    layer["encoding"] = "utf-9"
    assert only(check(tmp_path, spec), "S02").subject == "utf-9"


def test_old_font_encoding_in_a_shapefile(tmp_path: Path, spec: dict[str, Any]) -> None:
    names = {"Thôn 1.1": "B¶n §ång V¨n", "Thôn 1.2": "B¶n Lòng Có"}
    frame = villages()
    frame["ten_thon"] = frame["ten_thon"].map(lambda n: names.get(n, "B¶n Cò"))
    frame.to_file(tmp_path / "data/villages.shp", encoding="ISO-8859-1")
    (tmp_path / "data/villages.cpg").unlink(missing_ok=True)
    layer = spec["boundaries"]["villages"][0]
    layer["path"] = "data/villages.shp"
    assert only(check(tmp_path, spec), "S16").params["encoding"] == "tcvn3"
    layer["encoding"] = "tcvn3"
    inputs, _ = read(tmp_path, spec)
    assert inputs.villages["name"].tolist()[:3] == ["Bản Đồng Văn", "Bản Lũng Cú", "Bản Cũ"]


# ------------------------------------------------------------------ places


def test_projected_coordinates_without_crs(tmp_path: Path, spec: dict[str, Any]) -> None:
    rows = [[row[0], X0 + 2500 + i, Y0 + 2500] for i, row in enumerate(towers())]
    write_csv(tmp_path / "data/cells.csv", ["cell_id", "x", "y"], rows)
    spec["towers"][0]["defaults"] = {"cells": [{"technology": "LTE", "freq_mhz": 900}]}
    found = only(check(tmp_path, spec), "S05")
    assert found.where.key == "x, y"
    spec["towers"][0]["crs"] = CRS
    inputs, findings = read(tmp_path, spec)
    assert inputs.sites["x_m"].iloc[0] == pytest.approx(X0 + 2502.5, abs=5)
    assert inputs.cells["technology_assumed"].all()
    assert {"T12", "T15"} <= numbers_of(findings)


def test_degrees_under_x_and_y_without_crs(tmp_path: Path, spec: dict[str, Any]) -> None:
    spec["checks"] = {"left_out_max": 1.0}
    plain, _ = read(tmp_path, spec)
    rows = towers()
    rows[3][5] = rows[3][5] * 1000  # one odd figure says nothing of the others
    spec["towers"][0]["columns"] = {"x": "kinh_do", "y": "vi_do"}
    write_csv(tmp_path / "data/cells.csv", TOWER_HEADER, rows)
    inputs, findings = read(tmp_path, spec)
    found = only(findings, "S26")
    speaks(found, "data/cells.csv", None, severity="info")
    assert found.where.key == "kinh_do, vi_do"
    speaks(only(findings, "S22"), "data/cells.csv", 4, severity="warning")
    kept = [0, 1, 2, 4, 5]
    assert inputs.cells["cell_id"].tolist() == plain.cells["cell_id"].iloc[kept].tolist()
    np.testing.assert_allclose(inputs.sites["x_m"], plain.sites["x_m"])
    spec["towers"][0]["crs"] = "EPSG:4326"
    assert "S26" not in numbers_of(check(tmp_path, spec))


@pytest.mark.parametrize("mapped", [True, False])
def test_degrees_exchanged_under_x_and_y(
    tmp_path: Path, spec: dict[str, Any], *, mapped: bool
) -> None:
    header = list(TOWER_HEADER)
    if mapped:
        spec["towers"][0]["columns"] = {"x": "vi_do", "y": "kinh_do"}
    else:
        header[5:7] = ["y", "x"]
    write_csv(tmp_path / "data/cells.csv", header, towers())
    findings = check(tmp_path, spec)
    assert "6 of 6" in only(findings, "S09").text()
    assert not {"S05", "S12"} & numbers_of(findings)


def test_degrees_that_are_none(tmp_path: Path, spec: dict[str, Any]) -> None:
    frame = villages().set_crs(4326, allow_override=True)
    frame.to_file(tmp_path / "data/villages.gpkg")
    speaks(only(check(tmp_path, spec), "S12"), "data/villages.gpkg", None, severity="error")


def test_layer_of_another_province(tmp_path: Path, spec: dict[str, Any]) -> None:
    frame = cables()
    frame.set_geometry(frame.translate(400_000)).to_file(tmp_path / "data/cables.gpkg")
    speaks(only(check(tmp_path, spec), "S23"), "data/cables.gpkg", None, severity="error")


def test_communes_exchanged_against_the_dem(tmp_path: Path, spec: dict[str, Any]) -> None:
    heights, _ = dem()
    west, south = 10.0, 40.0
    write_raster(
        tmp_path / "data/dem.tif",
        heights,
        from_origin(west, south + 1, 0.01, 0.01),
        crs="EPSG:4326",
    )
    squares = [box(40.2, 10.2, 40.4, 10.4), box(40.4, 10.2, 40.6, 10.4)]
    gpd.GeoDataFrame({"ma_xa": ["1", "2"], "ten_xa": "X"}, geometry=squares, crs=4326).to_file(
        tmp_path / "data/communes.gpkg"
    )
    speaks(only(check(tmp_path, spec), "S09"), "data/communes.gpkg", None, severity="error")


@pytest.mark.parametrize(
    ("crs", "word"), [("EPSG:4326", "degrees"), ("EPSG:2263", "foot"), ("x:1", "known")]
)
def test_study_crs(tmp_path: Path, spec: dict[str, Any], crs: str, word: str) -> None:
    spec["study"]["crs"] = crs
    found = only(check(tmp_path, spec), "S19")
    speaks(found, "study.toml", None, severity="error")
    assert word in found.text()


def test_study_crs_against_the_file(tmp_path: Path, spec: dict[str, Any]) -> None:
    spec["fiber"]["cables"][0]["crs"] = "EPSG:3405"
    _, findings = read(tmp_path, spec)
    speaks(only(findings, "S18"), "data/cables.gpkg", None, severity="warning")


# ------------------------------------------------------------------ boundaries


def test_overlapping_villages(tmp_path: Path, spec: dict[str, Any]) -> None:
    frame = villages()
    frame.loc[0, "geometry"] = frame.geometry.iloc[0].buffer(100, join_style="mitre")
    frame.to_file(tmp_path / "data/villages.gpkg")
    _, findings = read(tmp_path, spec)
    found = findings.of("B02")
    assert {f.where.row for f in found} == {1}
    assert [f.params["area"] for f in found] == [25.0, 25.0, 1.0]
    speaks(found[0], "data/villages.gpkg", 1, severity="warning")


def test_village_outside_every_commune(tmp_path: Path, spec: dict[str, Any]) -> None:
    frame = villages()
    frame = with_record(
        frame, ["99-1", "Thôn lạc", None, 10, box(X0 + 11_000, Y0, X0 + 12_000, Y0 + 1000)]
    )
    frame.to_file(tmp_path / "data/villages.gpkg")
    inputs, findings = read(tmp_path, spec)
    speaks(only(findings, "B07"), "data/villages.gpkg", 17, severity="warning")
    lost = inputs.villages.iloc[16]
    assert lost["commune_code"] is None
    assert lost["flags"] == "outside_communes"


def test_village_far_from_the_province(tmp_path: Path, spec: dict[str, Any]) -> None:
    frame = villages()
    frame = with_record(
        frame, ["99-1", "Thôn xa", None, 10, box(X0 + 40_000, Y0, X0 + 41_000, Y0 + 1000)]
    )
    frame.to_file(tmp_path / "data/villages.gpkg")
    speaks(only(check(tmp_path, spec), "B10"), "data/villages.gpkg", 17, severity="error")
    spec["checks"] = {"severity": {"B10": "warning"}}
    inputs, _ = read(tmp_path, spec)
    assert len(inputs.villages) == 16


def test_commune_codes_of_villages(tmp_path: Path, spec: dict[str, Any]) -> None:
    frame = villages()
    frame.loc[0, "ma_xa"] = "12345"
    frame.loc[1, "ma_xa"] = "706"
    frame.loc[2, "ma_xa"] = None
    frame.to_file(tmp_path / "data/villages.gpkg")
    inputs, findings = read(tmp_path, spec)
    speaks(only(findings, "B08"), "data/villages.gpkg", 1, severity="warning")
    speaks(only(findings, "B18"), "data/villages.gpkg", 2, severity="info")
    speaks(only(findings, "B09"), "data/villages.gpkg", 2, severity="warning")
    assert inputs.villages["commune_code"].tolist()[:3] == ["00691", "00706", "00691"]


def test_doubled_commune_code(tmp_path: Path, spec: dict[str, Any]) -> None:
    frame = communes()
    frame.loc[1, "ma_xa"] = "00691"
    frame.to_file(tmp_path / "data/communes.gpkg")
    speaks(only(check(tmp_path, spec), "B04"), "data/communes.gpkg", 2, severity="error")


def test_island_communes_are_joined(tmp_path: Path, spec: dict[str, Any]) -> None:
    frame = communes()
    frame = with_record(
        frame, ["00691", frame["ten_xa"].iloc[0], box(X0 - 700, Y0, X0 - 200, Y0 + 500)]
    )
    frame.to_file(tmp_path / "data/communes.gpkg")
    inputs, findings = read(tmp_path, spec)
    speaks(only(findings, "B19"), "data/communes.gpkg", 1, severity="warning")
    assert inputs.communes["code"].is_unique
    assert inputs.communes.geometry.iloc[0].geom_type == "MultiPolygon"


def test_a_list_without_any_code_is_one_finding(tmp_path: Path, spec: dict[str, Any]) -> None:
    frame = villages()
    frame["ma_thon"] = ""
    frame.to_file(tmp_path / "data/villages.gpkg")
    inputs, findings = read(tmp_path, spec)
    speaks(only(findings, "B05"), "data/villages.gpkg", None, severity="warning")
    assert inputs.villages["code"].tolist() == [f"villages-{i + 1}" for i in range(len(frame))]
    assert (inputs.villages["flags"] == "code_missing").all()


def test_missing_codes_names_and_people(tmp_path: Path, spec: dict[str, Any]) -> None:
    frame = villages()
    frame.loc[0, "ma_thon"] = None
    frame.loc[1, "ten_thon"] = "  "
    frame.loc[2, "dan_so"] = -5
    frame.to_file(tmp_path / "data/villages.gpkg")
    inputs, findings = read(tmp_path, spec)
    speaks(only(findings, "B05"), "data/villages.gpkg", 1, severity="warning")
    speaks(only(findings, "B06"), "data/villages.gpkg", None, severity="warning")
    speaks(only(findings, "B17"), "data/villages.gpkg", 3, severity="warning")
    assert inputs.villages["code"].iloc[0] == "villages-1"
    assert inputs.villages["flags"].iloc[0] == "code_missing"
    assert inputs.villages["name"].iloc[1] == "00691-2"
    assert np.isnan(inputs.villages["population"].iloc[2])


def test_wrong_kind_of_geometry(tmp_path: Path, spec: dict[str, Any]) -> None:
    frame = villages()
    frame.loc[0, "geometry"] = LineString([(X0, Y0), (X0 + 10, Y0)])
    frame.to_file(tmp_path / "data/villages.gpkg")
    inputs, findings = read(tmp_path, spec)
    speaks(only(findings, "S20"), "data/villages.gpkg", 1, severity="warning")
    assert len(inputs.villages) == 15


# ------------------------------------------------------------------ towers

CASES = [
    ("do_cao_m", 0, "T04", {"height_m": 35.0, "height_assumed": True}),
    ("do_cao_m", -12, "T04", {"height_assumed": True}),
    ("do_cao_m", 450, "T04", {"height_assumed": True}),
    ("eirp_dbm", 130, "T06", {"eirp_dbm": 60.0, "eirp_assumed": True}),
    ("huong_anten", 400, "T07", {"azimuth_deg": np.nan}),
    ("bang_tan_mhz", 12345, "T05", {"freq_mhz": 1800.0, "freq_assumed": True}),
    ("bang_tan_mhz", "băng lạ", "T05", {"freq_assumed": True}),
    ("bang_tan_mhz", 1842500000, "T17", {"freq_mhz": 1842.5, "freq_assumed": False}),
    ("ma_cell", "C12", "T09", {"cell_id": "C12-2"}),
]


@pytest.mark.parametrize(("column", "value", "rule", "expected"), CASES)
def test_impossible_cells(
    tmp_path: Path,
    spec: dict[str, Any],
    column: str,
    value: Any,
    rule: str,
    expected: dict[str, Any],
) -> None:
    rows = towers()
    rows[3][TOWER_HEADER.index(column)] = value
    write_csv(tmp_path / "data/cells.csv", TOWER_HEADER, rows)
    inputs, findings = read(tmp_path, spec)
    speaks(only(findings, rule), "data/cells.csv", 4, severity="warning")
    for name, figure in expected.items():
        np.testing.assert_equal(inputs.cells[name].iloc[3], figure)


def test_unknown_technology(tmp_path: Path, spec: dict[str, Any]) -> None:
    spec["checks"] = {"left_out_max": 1.0}
    rows = towers()
    rows[0][3] = "tổ ong"
    write_csv(tmp_path / "data/cells.csv", TOWER_HEADER, rows)
    inputs, findings = read(tmp_path, spec)
    speaks(only(findings, "T10"), "data/cells.csv", 1, severity="warning")
    assert len(inputs.cells) == 5


def test_no_technology_and_no_template(tmp_path: Path, spec: dict[str, Any]) -> None:
    keep = [0, 1, 5, 6]
    write_csv(
        tmp_path / "data/cells.csv",
        [TOWER_HEADER[k] for k in keep],
        [[r[k] for k in keep] for r in towers()],
    )
    findings = check(tmp_path, spec)
    speaks(only(findings, "T16"), "data/cells.csv", 1, severity="error")
    assert only(findings, "T01").where.file == "data/cells.csv"


def test_names_of_operators(tmp_path: Path, spec: dict[str, Any]) -> None:
    rows = towers()
    for row, name in zip(rows, ["*", "*", "x" * 300, "  ", "Mạng\x07 A", "NULL"], strict=True):
        row[2] = name
    write_csv(tmp_path / "data/cells.csv", TOWER_HEADER, rows)
    inputs, findings = read(tmp_path, spec)
    assert inputs.cells["operator"].tolist() == [
        "(*)",
        "(*)",
        "x" * 59 + "…",
        "unknown",
        "Mạng A",
        "unknown",
    ]
    assert inputs.cells["operator_assumed"].tolist() == [False, False, False, True, False, True]
    assert only(findings, "T15").params["n"] == 2
    called = findings.of("T22")
    assert [f.where.row for f in called] == [1, 3]
    speaks(called[0], "data/cells.csv", 1, severity="warning")
    spec["towers"][0]["defaults"] = {"operator": "*"}
    inputs, findings = read(tmp_path, spec)
    assert inputs.cells["operator"].iloc[3] == "(*)"


def test_names_of_operators_that_are_alike(tmp_path: Path, spec: dict[str, Any]) -> None:
    rows = towers()
    names = ["Mobi Fone", "MobiFone", "Viễn thông", "VIEN THONG", "Mạng A", "Mạng B"]
    for row, name in zip(rows, names, strict=True):
        row[2] = name
    write_csv(tmp_path / "data/cells.csv", TOWER_HEADER, rows)
    inputs, findings = read(tmp_path, spec)
    assert set(inputs.cells["operator"]) == set(names)
    found = findings.of("T40")
    assert [f.params["names"] for f in found] == [
        "Mobi Fone (1), MobiFone (1)",
        "Viễn thông (1), VIEN THONG (1)",
    ]
    speaks(found[0], "data/cells.csv", 2, severity="warning")


def test_nothing_written_as_a_word(tmp_path: Path, spec: dict[str, Any]) -> None:
    spec["checks"] = {"left_out_max": 1.0}
    rows = towers()
    rows[0][5], rows[0][6] = "NULL", "null"
    rows[1][5], rows[1][6] = "NaN", "-"
    rows[2][7] = "-"
    write_csv(tmp_path / "data/cells.csv", TOWER_HEADER, rows)
    inputs, findings = read(tmp_path, spec)
    assert [(f.where.row, f.subject) for f in findings.of("S11")] == [(1, "C11"), (2, "C12")]
    assert "S13" not in numbers_of(findings)
    assert inputs.cells["height_assumed"].tolist() == [True, False, True, True]


def test_status_and_far_sites(tmp_path: Path, spec: dict[str, Any]) -> None:
    rows = towers()
    rows[0][10] = "Quy hoạch"
    far = lonlat(X0 + 45_000, Y0)
    rows[4][5:7] = rows[5][5:7] = far
    write_csv(tmp_path / "data/cells.csv", TOWER_HEADER, rows)
    inputs, findings = read(tmp_path, spec)
    assert inputs.cells["in_service"].tolist() == [False, True, True, True]
    speaks(only(findings, "T14"), "data/cells.csv", None, severity="info")
    left = only(findings, "T11")
    speaks(left, "data/cells.csv", 5, severity="info")
    assert left.params["figure"] == "35.0"
    spec["towers"][0]["in_service"] = ["quy hoach"]
    inputs, _ = read(tmp_path, spec)
    assert inputs.cells["in_service"].tolist() == [True, False, False, False]


def test_many_far_sites_are_said_together(tmp_path: Path, spec: dict[str, Any]) -> None:
    rows = towers()
    far = [
        [f"F{k}", f"X{k}", *rows[0][2:5], *lonlat(X0 + 31_000 + 1000 * k, Y0), *rows[0][7:]]
        for k in range(21)
    ]
    write_csv(tmp_path / "data/cells.csv", TOWER_HEADER, rows + far)
    inputs, findings = read(tmp_path, spec)
    left = only(findings, "T11")
    speaks(left, "data/cells.csv", None, severity="info")
    assert left.text() == "21 sites stand 21.0–41.0 km from the nearest commune; records 7–27"
    assert set(inputs.sites["site_id"]) == {"T1", "T2", "T3"}
    write_csv(tmp_path / "data/cells.csv", TOWER_HEADER, rows + far[:20])
    _, findings = read(tmp_path, spec)
    assert [f.where.row for f in findings.of("T11")] == list(range(7, 27))


def test_no_cell_left_is_said_once(tmp_path: Path, spec: dict[str, Any]) -> None:
    spec["towers"][0]["path"] = "data/gone.csv"
    assert "T01" not in numbers_of(check(tmp_path, spec))
    spec["checks"] = {"severity": {"S01": "warning"}}
    assert "T01" in numbers_of(check(tmp_path, spec))
    write_csv(tmp_path / "data/odd.csv", TOWER_HEADER, [[*r[:3], "?", *r[4:]] for r in towers()])
    spec["checks"] = {}
    spec["towers"].append({"path": "data/odd.csv"})
    found = only(check(tmp_path, spec), "T01")
    assert found.where.file == "data/gone.csv, data/odd.csv"


def test_one_site_id_in_two_places(tmp_path: Path, spec: dict[str, Any]) -> None:
    rows = towers()
    rows[3][1] = "T1"
    write_csv(tmp_path / "data/cells.csv", TOWER_HEADER, rows)
    inputs, findings = read(tmp_path, spec)
    speaks(only(findings, "T19"), "data/cells.csv", 4, severity="warning")
    assert inputs.cells["site_id"].tolist() == ["T1", "T1", "T2", "T2", "T3", "T3"]


def test_site_off_the_dem(tmp_path: Path, spec: dict[str, Any]) -> None:
    spec["checks"] = {"left_out_max": 1.0}
    rows = towers()
    rows[4][5:7] = rows[5][5:7] = lonlat(X0 + 12_000, Y0 + 5000)
    write_csv(tmp_path / "data/cells.csv", TOWER_HEADER, rows)
    inputs, findings = read(tmp_path, spec)
    speaks(only(findings, "T21"), "data/cells.csv", 5, severity="warning")
    assert set(inputs.sites["site_id"]) == {"T1", "T2"}


# ------------------------------------------------------------------ rasters


def test_dem_without_crs(tmp_path: Path, spec: dict[str, Any]) -> None:
    write_raster(tmp_path / "data/dem.tif", *dem(), crs=None)
    speaks(only(check(tmp_path, spec), "D01"), "data/dem.tif", None, severity="error")
    spec["terrain"]["crs"] = CRS
    read(tmp_path, spec)


def test_dem_that_covers_half(tmp_path: Path, spec: dict[str, Any]) -> None:
    heights, transform = dem()
    write_raster(tmp_path / "data/dem.tif", np.ascontiguousarray(heights[:, :65]), transform)
    found = only(check(tmp_path, spec), "D03")
    speaks(found, "data/dem.tif", None, severity="error")
    assert found.params["percent"] == "50"
    assert "Lũng Cú" in found.text()


def test_dem_of_elsewhere(tmp_path: Path, spec: dict[str, Any]) -> None:
    heights, transform = dem()
    write_raster(tmp_path / "data/dem.tif", heights, from_origin(X0 + 90_000, Y0, 90, 90))
    assert only(check(tmp_path, spec), "D03").params["percent"] == "100"
    assert transform.a == 90


def test_impossible_heights_are_voids(tmp_path: Path, spec: dict[str, Any]) -> None:
    heights, transform = dem()
    heights[30, 30] = 32767
    heights[50, 50] = -32768
    write_raster(tmp_path / "data/dem.tif", heights, transform, nodata=None)
    inputs, findings = read(tmp_path, spec)
    speaks(only(findings, "D07"), "data/dem.tif", None, severity="warning")
    assert only(findings, "D06").params["n"] == 2
    found = inputs.terrain.read(inputs.grid.window)
    assert np.nanmax(found) < 400


def test_void_outside_the_communes(tmp_path: Path, spec: dict[str, Any]) -> None:
    heights, transform = dem()
    heights[:9, :40] = -9999
    write_raster(tmp_path / "data/dem.tif", heights, transform)
    rows = towers()
    rows[4][5:7] = rows[5][5:7] = lonlat(X0 + 9000, Y0 + 10_700)
    write_csv(tmp_path / "data/cells.csv", TOWER_HEADER, rows)
    _, findings = read(tmp_path, spec)
    speaks(only(findings, "D05"), "data/dem.tif", None, severity="warning")


def test_people_of_elsewhere(tmp_path: Path, spec: dict[str, Any]) -> None:
    write_raster(
        tmp_path / "data/people.tif",
        np.ones((20, 20), np.float32),
        from_origin(X0 + 60_000, Y0, 100, 100),
    )
    speaks(only(check(tmp_path, spec), "P01"), "data/people.tif", None, severity="error")


def test_people_that_are_negative_or_missing(tmp_path: Path, spec: dict[str, Any]) -> None:
    people = np.full((100, 100), 0.64, dtype=np.float32)
    people[:26, :26] = -99999
    write_raster(
        tmp_path / "data/people.tif", people, from_origin(X0, Y0 + 10_000, 100, 100), nodata=None
    )
    inputs, findings = read(tmp_path, spec)
    speaks(only(findings, "P02"), "data/people.tif", None, severity="warning")
    speaks(only(findings, "P03"), "data/people.tif", None, severity="info")
    assert only(findings, "P03").params["names"] == "Thôn 3.3"
    assert inputs.people is not None
    assert inputs.people.read(inputs.grid.window).sum() == pytest.approx(
        0.64 * (10_000 - 676), rel=0.005
    )


def test_people_against_the_census(tmp_path: Path, spec: dict[str, Any]) -> None:
    villages().assign(dan_so=4000).to_file(tmp_path / "data/villages.gpkg")
    _, findings = read(tmp_path, spec)
    speaks(only(findings, "P05"), "data/people.tif", None, severity="warning")


# ------------------------------------------------------------------ cables, PoPs, roads


def test_cables_without_length_doubled_and_with_heights(
    tmp_path: Path, spec: dict[str, Any]
) -> None:
    spec["checks"] = {"left_out_max": 1.0}
    frame = cables()
    line = frame.geometry.iloc[0]
    frame = with_record(
        frame, ["C", "VNX", "khai_thac", 24, LineString([(X0, Y0, 5), (X0, Y0, 5)])]
    )
    frame = with_record(frame, ["D", "VNX", "quy hoạch", 24, LineString(line.coords[::-1])])
    frame.to_file(tmp_path / "data/cables.gpkg")
    inputs, findings = read(tmp_path, spec)
    speaks(only(findings, "F02"), "data/cables.gpkg", 3, severity="warning")
    speaks(only(findings, "F03"), "data/cables.gpkg", 4, severity="warning")
    assert only(findings, "F03").subject == "D"
    speaks(only(findings, "F04"), "data/cables.gpkg", None, severity="info")
    speaks(only(findings, "F08"), "data/cables.gpkg", None, severity="info")
    assert inputs.cables["cable_id"].tolist() == ["A", "B"]
    assert not inputs.cables.geometry.has_z.any()


def test_pops_with_one_id(tmp_path: Path, spec: dict[str, Any]) -> None:
    frame = pops()
    frame = with_record(frame, ["P1", "Hai", Point(X0 + 900, Y0 + 2500)])
    frame.to_file(tmp_path / "data/pops.gpkg")
    inputs, findings = read(tmp_path, spec)
    speaks(only(findings, "F07"), "data/pops.gpkg", 2, severity="warning")
    assert inputs.pops["pop_id"].tolist() == ["P1", "P1-2"]


def test_roads_elsewhere_and_of_other_kinds(tmp_path: Path, spec: dict[str, Any]) -> None:
    shapes = [
        LineString([(X0, Y0), (X0 + 900, Y0)]),
        Point(X0, Y0),
        LineString([(X0 + 45_000, Y0), (X0 + 46_000, Y0)]),
    ]
    gpd.GeoDataFrame({"loai": ["xa", "x", "ql"]}, geometry=shapes, crs=CRS).to_file(
        tmp_path / "data/roads.gpkg"
    )
    spec["roads"] = [{"path": "data/roads.gpkg"}]
    inputs, findings = read(tmp_path, spec)
    speaks(only(findings, "R01"), "data/roads.gpkg", None, severity="info")
    speaks(only(findings, "R02"), "data/roads.gpkg", None, severity="info")
    assert inputs.roads["road_id"].tolist() == ["roads-1"]


# ------------------------------------------------------------------ the whole


def test_everything_is_collected_before_stopping(tmp_path: Path, spec: dict[str, Any]) -> None:
    spec["towers"][0]["path"] = "data/gone.csv"
    spec["people"]["raster"] = "data/gone.tif"
    cables().iloc[:0].to_file(tmp_path / "data/cables.gpkg")
    findings = check(tmp_path, spec)
    assert {"S01", "F01"} <= numbers_of(findings)
    assert len(findings.of("S01")) == 2
    assert findings.count(Severity.ERROR) >= 3
    frame = findings.to_frame()
    assert frame["severity"].iloc[0] == "error"
    assert frame["mend"].str.len().min() > 0


def test_lowered_error_without_which_nothing_goes_on(tmp_path: Path, spec: dict[str, Any]) -> None:
    spec["boundaries"]["villages"][0]["path"] = "data/gone.gpkg"
    spec["checks"] = {"severity": {"S01": "warning"}}
    chosen = study(tmp_path, spec)
    with pytest.raises(InputError, match="villages"):
        read_inputs(chosen, Findings(chosen.checks.severity))


def test_subject_is_printed_once() -> None:
    findings = Findings()
    findings.add(
        "F06",
        Where(row=3),
        "P1",
        "{name} is {distance} m from the nearest cable, {cable}",
        name="P1",
        distance=1500,
        cable="A",
    )
    findings.add("T04", Where(row=4), "C22", "height {value} m", value="0")
    findings.add(
        "T05",
        Where(row=5),
        "18",
        "{band} is no band of {technology}; {assumed} MHz is assumed",
        band="1850x",
        technology="LTE",
        assumed=1800.0,
    )
    console = Console(file=io.StringIO(), width=300)
    print_findings(console, findings)
    printed = console.file.getvalue()  # type: ignore[attr-defined]
    assert "P1 is 1500 m" in printed
    assert "P1: " not in printed
    assert "C22: height 0 m" in printed
    assert "18: 1850x is no band" in printed
    assert "record 4" in printed


def test_sound_input_has_no_warning(tmp_path: Path, spec: dict[str, Any]) -> None:
    _, findings = read(tmp_path, spec)
    assert findings.count(Severity.WARNING) == findings.count(Severity.ERROR) == 0
