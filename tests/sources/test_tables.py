"""Tables as planners hand them over: numbers, headers, encodings, workbooks, filters, values."""

from __future__ import annotations

import math
import unicodedata
import zipfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
import shapely

from helpers.province import (
    TOWER_HEADER,
    check,
    communes,
    lonlat,
    numbers_of,
    only,
    read,
    towers,
    villages,
    write_csv,
)
from phusong.checks import Findings
from phusong.errors import Where
from phusong.sources.tables.headers import BACKHAUL, TOWERS, VILLAGES
from phusong.sources.tables.numerals import decimal_of, number, numbers
from phusong.sources.tables.raw.encodings import garbled_as
from phusong.sources.tables.raw.filters import filtered
from phusong.sources.tables.raw.header_rows import header_of
from phusong.sources.tables.recognition import recognise
from phusong.sources.towers.generations import generations

# ------------------------------------------------------------------ numbers


@pytest.mark.parametrize(
    ("text", "decimal", "expected"),
    [
        ("1.234", ",", 1234),
        ("12.345,6", ",", 12345.6),
        ("1 234", ".", 1234),
        ("1\u00a0234", ".", 1234),
        ("1\u202f234,5", ",", 1234.5),
        ("1\u2009234\u2009567", ",", 1234567),
        ("1'234", ".", 1234),
        ("1’234.5", ".", 1234.5),
        ("1,234,567.8", ".", 1234567.8),
        ("−12,5", ",", -12.5),
        ("0.925", ",", 0.925),
        ("104.926990", ",", 104.926990),
        ("2.510.000", ",", 2510000),
    ],
)
def test_thousands(text: str, decimal: Any, expected: float) -> None:
    assert number(text, decimal) == expected


@pytest.mark.parametrize("text", ["12 34", "1.23.456", "1,2,3", "12'34", "1 2345", "e5", "1_000"])
def test_signs_that_part_no_thousands(text: str) -> None:
    assert number(text, ".") is None


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [
        ("25 m", "m", 25),
        ("25m", "m", 25),
        ("40 mét", "m", 40),
        ("1,2 km", "m", 1200),
        ("20 MHz", "mhz", 20),
        ("1,8 GHz", "mhz", 1800),
        ("46 dBm", "dbm", 46),
        ("120°", "deg", 120),
        ("120 độ", "deg", 120),
        ("1.234 người", "people", 1234),
        ("24 FO", "cores", 24),
    ],
)
def test_units_behind_numbers(text: str, unit: str, expected: float) -> None:
    assert number(text, ",", unit) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "bands"),
    [
        ("1,8 GHz", [1800]),
        ("1 800", [1800]),
        ("2.100 MHz", [2100]),
        ("1'800/2'100", [1800, 2100]),
        ("900, 1800", [900, 1800]),
        ("B1, 3", [2140, 1842.5]),
    ],
)
def test_bands_with_signs_and_units(
    tmp_path: Path, spec: dict[str, Any], text: str, bands: list[float]
) -> None:
    rows = towers()[:1]
    rows[0][4] = text
    write_csv(tmp_path / "data/cells.csv", TOWER_HEADER, rows, separator=";")
    inputs, _ = read(tmp_path, spec)
    assert inputs.cells["freq_mhz"].tolist() == bands


@pytest.mark.parametrize(("text", "unit"), [("100 ft", "m"), ("40 W", "dbm"), ("25 m", "")])
def test_other_units_are_no_numbers(text: str, unit: str) -> None:
    assert number(text, ".", unit) is None


def test_sign_of_a_file() -> None:
    assert decimal_of(["495.000", "2.510.000"]) == ","
    assert decimal_of(["495,000", "2,510,000"]) == "."
    assert decimal_of(["1 234,5"]) == ","
    assert decimal_of(["1.234"], certain=True) is None
    assert decimal_of(["104.926", "22.674"]) == "."


def _column(
    texts: list[Any], decimal: Any, unit: str = "", *, stated: bool = False
) -> tuple[list[float], Findings]:
    findings = Findings()
    rows = pd.Series(range(1, len(texts) + 1)).to_numpy()
    cells = pd.Series(texts, dtype=object)
    found = numbers(cells, rows, decimal, findings, Where(), unit=unit, stated=stated)
    return found.tolist(), findings


def test_counts_with_a_sign_before_three_figures_are_thousands() -> None:
    found, findings = _column(["1.234", "987", "2.041"], ".", "people")
    assert found == [1234, 987, 2041]
    assert only(findings, "S41").params == {"n": 2, "example": "1.234", "value": "1234"}
    found, findings = _column(["1,234", "987"], ",", "people")
    assert found == [1234, 987]
    assert numbers_of(findings) == {"S41"}
    # Means of a raster have other decimals, and a study's word is the last.
    assert _column(["1.234", "12.5"], ".", "people")[0] == [1.234, 12.5]
    assert _column(["1.234"], ".", "people", stated=True)[0] == [1.234]
    # In a file with decimal commas there is no doubt.
    found, findings = _column(["1.234"], ",", "people")
    assert found == [1234]
    assert not findings.items


def test_a_column_may_have_its_own_decimal_sign() -> None:
    found, findings = _column(["40,5", "35", "27,25"], ".", "m")
    assert found == [40.5, 35, 27.25]
    assert numbers_of(findings) == {"S21"}
    assert _column(["40.5", "35", 27.25], ",", "m")[0] == [40.5, 35, 27.25]


@pytest.mark.parametrize(
    ("people", "expected"),
    [("1.234", 1234), ("1 234", 1234), ("1\u00a0234", 1234), ("1'234", 1234), ("1.234,0", 1234)],
)
def test_people_in_a_list_with_decimal_commas(
    tmp_path: Path, spec: dict[str, Any], people: str, expected: float
) -> None:
    rows = []
    for village in villages().itertuples():
        lon, lat = lonlat(village.geometry.centroid.x, village.geometry.centroid.y)
        rows.append([village.ma_thon, village.ma_xa, lon, lat, people])
    header = ["ma_thon", "ma_xa", "kinh_do", "vi_do", "dan_so"]
    write_csv(tmp_path / "data/villages.csv", header, rows, separator=";", decimal=",")
    spec["boundaries"]["villages"][0]["path"] = "data/villages.csv"
    inputs, _ = read(tmp_path, spec)
    assert set(inputs.villages["population"]) == {expected}


def test_projected_coordinates_with_thousands(tmp_path: Path, spec: dict[str, Any]) -> None:
    rows = [["P1", "500.500,5", "2.522.510"]]
    write_csv(tmp_path / "data/pops.csv", ["ma_pop", "x", "y"], rows, separator=";")
    spec["fiber"]["pops"][0] = {"path": "data/pops.csv", "crs": "EPSG:32648"}
    inputs, _ = read(tmp_path, spec)
    assert shapely.get_coordinates(inputs.pops.geometry).tolist() == [[500500.5, 2522510.0]]


def test_numbers_too_long_for_a_dbf_are_said(tmp_path: Path, spec: dict[str, Any]) -> None:
    frame = villages()
    frame["dan_so"] = range(1001, 1017)
    path = tmp_path / "data/villages.shp"
    frame.to_file(path, encoding="utf-8")
    table = path.with_suffix(".dbf")
    data = table.read_bytes()
    assert data.count(b"1003") == 1
    start = data.index(b"1003") + 4 - 18
    table.write_bytes(data[:start] + b"*" * 18 + data[start + 18 :])
    spec["boundaries"]["villages"][0]["path"] = "data/villages.shp"
    inputs, findings = read(tmp_path, spec)
    assert only(findings, "S13").where.row == 3
    people = inputs.villages["population"].tolist()
    assert math.isnan(people[2])
    assert [*people[:2], people[3]] == [1001, 1002, 1004]


# ------------------------------------------------------------------ headers


def _taken(headers: list[str]) -> dict[str, str]:
    return recognise(headers, TOWERS.columns).taken


def test_headers_cut_to_ten_letters() -> None:
    cut = ["ma_tram", "bang_tan_m", "do_cao_ant", "huong_ante", "do_loi_ant", "suy_hao_fe"]
    assert _taken(cut) == {
        "site_id": "ma_tram",
        "freq_mhz": "bang_tan_m",
        "height_m": "do_cao_ant",
        "azimuth_deg": "huong_ante",
        "antenna_gain_dbi": "do_loi_ant",
        "feeder_loss_db": "suy_hao_fe",
    }
    # Nine letters are no cut of ten.
    assert _taken(["huong_ant"]) == {}


def test_cut_headers_that_may_be_several() -> None:
    one = recognise(["goc_nghien"], TOWERS.columns)
    assert one.taken == {"electrical_tilt_deg": "goc_nghien"}
    assert set(one.doubtful["goc_nghien"]) == {"mechanical_tilt_deg", "electrical_tilt_deg"}
    # GDAL numbers the second of one name; which is which is lost.
    two = recognise(["goc_nghien", "goc_nghi_1"], TOWERS.columns)
    assert two.taken == {}
    assert set(two.doubtful) == {"goc_nghien", "goc_nghi_1"}


@pytest.mark.parametrize(
    "header",
    [
        "Độ cao anten (m)",
        "\ufeffĐộ cao anten",
        " Độ\u00a0cao\u00a0anten  ",
        unicodedata.normalize("NFD", "Độ cao anten"),
        "ĐỘ CAO ANTEN",
        "Độ cao\nanten [mét]",
        "Độ cao ăng-ten",
        "Độ cao ăng ten (m)",
    ],
)
def test_headers_in_other_dress(header: str) -> None:
    assert _taken([header]) == {"height_m": header}


@pytest.mark.parametrize("header", ["dan_so_2024", "Dân số năm 2024", "POP2024"])
def test_headers_with_a_year(header: str) -> None:
    assert recognise([header], VILLAGES.columns).taken["population"] == header


def test_of_several_years_the_latest_is_taken_and_the_others_are_named(
    tmp_path: Path, spec: dict[str, Any]
) -> None:
    frame = villages().rename(columns={"dan_so": "dan_so_2019"})
    frame["dan_so_2024"] = frame["dan_so_2019"] + 7
    frame.to_file(tmp_path / "data/villages.gpkg")
    inputs, findings = read(tmp_path, spec)
    assert inputs.villages["population"].tolist() == frame["dan_so_2024"].tolist()
    said = next(f for f in findings.of("S17") if f.where.file == "data/villages.gpkg")
    assert said.params["rest"] == "dan_so_2019"


def test_headers_with_another_unit_are_not_ours() -> None:
    assert _taken(["Bán kính (W)", "Độ cao (ft)"]) == {}


def test_risk_groups_survive_a_shapefile(tmp_path: Path, spec: dict[str, Any]) -> None:
    cables = gpd.read_file(tmp_path / "data/cables.gpkg").assign(nhom_rui_ro="CONG-1")
    cables.rename(columns={"nhom_rui_ro": "nhom_rui_r"}).to_file(tmp_path / "data/cables.shp")
    spec["fiber"]["cables"][0]["path"] = "data/cables.shp"
    inputs, _ = read(tmp_path, spec)
    assert set(inputs.cables["group"]) == {"CONG-1"}
    # The study may go on naming the whole header.
    spec["fiber"]["cables"][0]["columns"] = {"group": "nhom_rui_ro"}
    inputs, _ = read(tmp_path, spec)
    assert set(inputs.cables["group"]) == {"CONG-1"}


# ------------------------------------------------------------------ encodings


def _shapefile(folder: Path, encoding: str, cpg: str | None) -> Path:
    """Write the communes with names in an encoding, and what the .cpg says of it."""
    frame = communes()
    path = folder / "data/communes.shp"
    plain = frame.assign(ten_xa=[f"NAME{i:02d}".ljust(30, "_") for i in range(len(frame))])
    plain.to_file(path, encoding="ISO-8859-1")
    table = path.with_suffix(".dbf")
    data = table.read_bytes()
    for i, name in enumerate(frame["ten_xa"]):
        letters = _cp1258(name) if encoding == "cp1258" else name.encode(encoding)
        data = data.replace(f"NAME{i:02d}".ljust(30, "_").encode(), letters.ljust(30))
    table.write_bytes(data)
    path.with_suffix(".cpg").unlink(missing_ok=True)
    if cpg is not None:
        path.with_suffix(".cpg").write_text(cpg)
    return path


def _cp1258(text: str) -> bytes:
    """Encode as Windows does: a letter where there is one, else a base and a tone mark."""
    out = b""
    for letter in unicodedata.normalize("NFC", text):
        try:
            out += letter.encode("cp1258")
        except UnicodeEncodeError:
            tones = "\u0300\u0301\u0303\u0309\u0323"
            whole = unicodedata.normalize("NFD", letter)
            base = unicodedata.normalize("NFC", "".join(c for c in whole if c not in tones))
            out += (base + "".join(c for c in whole if c in tones)).encode("cp1258")
    return out


@pytest.mark.parametrize(
    ("encoding", "cpg"),
    [
        ("cp1258", "1258"),
        ("cp1258", "windows-1258"),
        ("cp1258", "ANSI 1258"),
        ("utf-8", "UTF-8"),
        ("utf-8", "65001"),
    ],
)
def test_shapefiles_lose_no_letter(
    tmp_path: Path, spec: dict[str, Any], encoding: str, cpg: str
) -> None:
    _shapefile(tmp_path, encoding, cpg)
    spec["boundaries"]["communes"]["path"] = "data/communes.shp"
    inputs, _ = read(tmp_path, spec)
    assert inputs.communes["name"].tolist() == communes()["ten_xa"].tolist()
    assert inputs.communes["code"].tolist() == communes()["ma_xa"].tolist()


@pytest.mark.parametrize(
    ("encoding", "cpg"),
    [
        ("utf-8", None),
        ("utf-8", "System"),
        ("utf-8", "1252"),
        ("utf-8", "1258"),
        ("cp1258", None),
        ("cp1258", "1252"),
    ],
)
def test_the_encoding_advised_mends(
    tmp_path: Path, spec: dict[str, Any], encoding: str, cpg: str | None
) -> None:
    _shapefile(tmp_path, encoding, cpg)
    layer = spec["boundaries"]["communes"]
    layer["path"] = "data/communes.shp"
    found = only(check(tmp_path, spec), "S16")
    assert found.params["encoding"] == encoding
    layer["encoding"] = found.params["encoding"]
    inputs, _ = read(tmp_path, spec)
    assert inputs.communes["name"].tolist() == communes()["ten_xa"].tolist()


def test_a_text_cut_through_a_letter_is_read_and_said(tmp_path: Path, spec: dict[str, Any]) -> None:
    path = _shapefile(tmp_path, "utf-8", "UTF-8")
    table = path.with_suffix(".dbf")
    data = table.read_bytes()
    start = data.index("Xã Lũng Cú".encode())
    width = int(data[data.index(b"ten_xa") + 16])
    cut = "Xã Lũng C".encode().ljust(width - 1, b"x") + "ú".encode()[:1]
    table.write_bytes(data[:start] + cut + data[start + width :])
    spec["boundaries"]["communes"]["path"] = "data/communes.shp"
    inputs, findings = read(tmp_path, spec)
    assert inputs.communes["name"].iloc[1].startswith("Xã Lũng Cx")
    assert only(findings, "S49").params["n"] == 1


def test_a_zip(tmp_path: Path, spec: dict[str, Any]) -> None:
    path = _shapefile(tmp_path, "cp1258", "1258")
    with zipfile.ZipFile(tmp_path / "data/shapes.zip", "w") as archive:
        for part in path.parent.glob("communes.*"):
            if part.suffix != ".gpkg":
                archive.write(part, part.name)
    spec["boundaries"]["communes"]["path"] = "data/shapes.zip"
    inputs, _ = read(tmp_path, spec)
    assert inputs.communes["name"].tolist() == communes()["ten_xa"].tolist()


def test_mapinfo_in_windows_1258(tmp_path: Path, spec: dict[str, Any]) -> None:
    head = (
        'Version 300\nCharset "WindowsVietnamese"\nDelimiter ","\n'
        "CoordSys Earth Projection 1, 104\nColumns 2\n  ma_pop Char(20)\n  ten Char(40)\nData\n\n"
    )
    lon, lat = lonlat(500_500, 2_522_510)
    (tmp_path / "data/pops.mif").write_text(f"{head}Point {lon} {lat}\n", "ascii")
    (tmp_path / "data/pops.mid").write_bytes(b'"P1","' + _cp1258("Bưu điện Lũng Cú") + b'"\n')
    spec["fiber"]["pops"][0]["path"] = "data/pops.mif"
    inputs, _ = read(tmp_path, spec)
    assert inputs.pops["name"].tolist() == ["Bưu điện Lũng Cú"]


def test_no_encoding_is_advised_that_does_not_mend(tmp_path: Path, spec: dict[str, Any]) -> None:
    frame = communes()
    frame["ten_xa"] = [n.encode().decode("latin-1") for n in frame["ten_xa"]]
    frame.to_file(tmp_path / "data/communes.gpkg")
    found = only(check(tmp_path, spec), "S16")
    assert "encoding" not in found.params
    assert "UTF-8" in found.text()


def test_an_encoding_without_a_name_is_refused(tmp_path: Path, spec: dict[str, Any]) -> None:
    _shapefile(tmp_path, "utf-8", "TCVN-X")
    spec["boundaries"]["communes"]["path"] = "data/communes.shp"
    assert "TCVN-X" in only(check(tmp_path, spec), "S02").text()


def test_sound_texts_are_not_taken_for_garbled() -> None:
    for sound in (
        ["Xã Đồng Văn", "Lũng Cú"],
        ["Sant Julià de Lòria", "Aixàs", "Ordino"],
        ["Malmö", "Åre", "Älmhult"],
        ["Città di Più", "Forlì", "Cefalù", "Patti"],
        ["दिल्ली", "東京"],
    ):
        assert garbled_as(sound) == [], sound


def test_text_that_is_no_encoding_at_all_is_refused(tmp_path: Path, spec: dict[str, Any]) -> None:
    path = tmp_path / "data/cells.csv"
    data = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    path.write_bytes(data.replace("ạ".encode(), b"\x8d\x9d"))
    assert only(check(tmp_path, spec), "S02").where.file == "data/cells.csv"


# ------------------------------------------------------------------ workbooks and titles


def _book(path: Path, sheets: dict[str, list[list[Any]]], merged: list[str] | None = None) -> None:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    for area in merged or []:
        book.worksheets[0].merge_cells(area)
    book.save(path)


LINKS = [["ma_tram", "truyen_dan", "tram_nguon"], ["T1", "cáp quang", None], ["T2", "viba", "T1"]]


def _backhaul(folder: Path, spec: dict[str, Any], path: str) -> tuple[list[list[Any]], Findings]:
    spec["fiber"]["backhaul"] = [{"path": path}]
    inputs, findings = read(folder, spec)
    return inputs.backhaul[["site_id", "medium", "upstream", "row"]].to_numpy().tolist(), findings


EXPECTED = [["T1", "fibre", None, 1], ["T2", "microwave", "T1", 2]]


@pytest.mark.parametrize(
    ("above", "below"),
    [
        ([], []),
        ([["BẢNG KÊ TRUYỀN DẪN CÁC TRẠM"]], []),
        ([["Sở TT&TT"], [], ["BẢNG KÊ", None, "Năm 2026"], []], []),
        ([["BẢNG KÊ"]], [[], [None, " "]]),
    ],
)
def test_sheets_of_texts_only(
    tmp_path: Path, spec: dict[str, Any], above: list[list[Any]], below: list[list[Any]]
) -> None:
    _book(tmp_path / "data/bh.xlsx", {"truyền dẫn": [*above, *LINKS, *below], "Sheet2": []})
    found, findings = _backhaul(tmp_path, spec, "data/bh.xlsx")
    assert found == EXPECTED
    assert len(findings.of("S43")) == bool(above)
    assert "S24" not in numbers_of(findings)


def test_sheet_with_two_header_rows_and_a_row_of_numbers(
    tmp_path: Path, spec: dict[str, Any]
) -> None:
    rows = [
        ["DANH SÁCH TRẠM", *[None] * 6],
        ["Mã trạm", "Nhà mạng", "Công nghệ", "Tần số", "Tọa độ", None, "Độ cao (m)"],
        [None, None, None, None, "Kinh độ", "Vĩ độ", None],
        ["(1)", "(2)", "(3)", "(4)", "(5)", "(6)", "(7)"],
    ]
    lon, lat = lonlat(502_500, 2_522_500)
    rows += [["T1", "Mạng A", "LTE", 1800, lon, lat, 40], [None, None, "GSM", 900, lon, lat, 35]]
    merged = ["A1:G1", "A2:A3", "B2:B3", "C2:C3", "D2:D3", "E2:F2", "G2:G3", "A5:A6", "B5:B6"]
    _book(tmp_path / "data/cells.xlsx", {"tram": rows}, merged)
    spec["towers"][0]["path"] = "data/cells.xlsx"
    inputs, findings = read(tmp_path, spec)
    cells = inputs.cells
    assert cells["technology"].tolist() == ["LTE", "GSM"]
    assert cells["height_m"].tolist() == [40, 35]
    assert cells["operator"].tolist() == ["Mạng A", "Mạng A"]
    assert len(set(cells["site_id"])) == 1
    assert only(findings, "S43").params["row"] == 3


@pytest.mark.parametrize("suffix", [".xlsx", ".csv"])
def test_sums_and_notes_are_no_records(tmp_path: Path, spec: dict[str, Any], suffix: str) -> None:
    rows: list[list[Any]] = [["Mã thôn", "Mã xã", "Kinh độ", "Vĩ độ", "Dân số"]]
    rows.append([None, None, "(độ)", "(độ)", "(người)"])
    for village in villages().itertuples():
        lon, lat = lonlat(village.geometry.centroid.x, village.geometry.centroid.y)
        rows.append([village.ma_thon, village.ma_xa, lon, lat, 400])
    rows += [["Tổng cộng", None, None, None, 6400], ["Hà Giang, ngày 1 tháng 10 năm 2026"]]
    rows.append(["Người lập biểu"])
    path = tmp_path / f"data/villages{suffix}"
    if suffix == ".xlsx":
        _book(path, {"thôn": rows})
    else:
        write_csv(
            path, rows[0], [["" if c is None else c for c in r] for r in rows[1:]], separator=";"
        )
    spec["boundaries"]["villages"][0]["path"] = f"data/villages{suffix}"
    inputs, findings = read(tmp_path, spec)
    assert len(inputs.villages) == 16
    assert inputs.villages["population"].sum() == 6400
    assert only(findings, "S40").params["rows"] == "17–19"
    assert not {"S11", "S13", "S14", "S48"} & numbers_of(findings)


def test_the_sheet_that_is_a_table_is_taken(tmp_path: Path, spec: dict[str, Any]) -> None:
    sheets = {"Ghi chú": [["Số liệu tháng 10"], ["Người lập: A"]], "Trạm": LINKS}
    _book(tmp_path / "data/bh.xlsx", sheets)
    found, findings = _backhaul(tmp_path, spec, "data/bh.xlsx")
    assert found == EXPECTED
    assert only(findings, "S24").subject == "Trạm"


def test_numbers_of_a_sheet_stay_numbers(tmp_path: Path, spec: dict[str, Any]) -> None:
    lon, lat = lonlat(502_500, 2_522_500)
    rows = [TOWER_HEADER, ["C1", "T1", "A", "LTE", 1800, lon, lat, 35.125, 0, 61, "hoat_dong"]]
    rows.append(["C2", "T1", "A", "LTE", 1800, lon, lat, "40,5", 0, 61, "hoat_dong"])
    _book(tmp_path / "data/cells.xlsx", {"tram": rows})
    spec["towers"][0]["path"] = "data/cells.xlsx"
    inputs, _ = read(tmp_path, spec)
    assert inputs.cells["height_m"].tolist() == [35.125, 40.5]


def test_a_workbook_in_an_old_font(tmp_path: Path, spec: dict[str, Any]) -> None:
    lon, lat = lonlat(502_500, 2_522_500)
    # Mã trạm, Nhà mạng, Công nghệ, Kinh độ, Vĩ độ; Mạng Đồng Văn: in TCVN3, seen as Latin-1.
    rows: list[list[Any]] = [["M· tr¹m", "Nhµ m¹ng", "C«ng nghÖ", "Kinh ®é", "VÜ ®é"]]
    rows.append(["T1", "M¹ng §ång V¨n", "LTE", lon, lat])
    _book(tmp_path / "data/cells.xlsx", {"tram": rows})
    spec["towers"][0]["path"] = "data/cells.xlsx"
    assert only(check(tmp_path, spec), "S16").params["encoding"] == "tcvn3"
    spec["towers"][0]["encoding"] = "tcvn3"
    inputs, _ = read(tmp_path, spec)
    assert inputs.cells["operator"].tolist() == ["Mạng Đồng Văn"]


def test_backhaul_in_an_old_font(tmp_path: Path, spec: dict[str, Any]) -> None:
    rows = [["ma_tram", "truyen_dan"], ["T1", "c¸p quang"], ["T2", "c¸p quang"]]
    _book(tmp_path / "data/bh.xlsx", {"bh": rows})
    spec["fiber"]["backhaul"] = [{"path": "data/bh.xlsx"}]
    assert only(check(tmp_path, spec), "S16").params["encoding"] == "tcvn3"
    spec["fiber"]["backhaul"][0]["encoding"] = "tcvn3"
    inputs, _ = read(tmp_path, spec)
    assert inputs.backhaul["medium"].tolist() == ["fibre", "fibre"]


def test_a_workbook_that_is_none(tmp_path: Path, spec: dict[str, Any]) -> None:
    (tmp_path / "data/bh.xlsx").write_bytes(b"PK\x03\x04 no workbook")
    spec["fiber"]["backhaul"] = [{"path": "data/bh.xlsx"}]
    assert only(check(tmp_path, spec), "S02").where.file == "data/bh.xlsx"


@pytest.mark.parametrize("separator", [";", "\t", ",", "|"])
def test_titles_above_a_csv(tmp_path: Path, spec: dict[str, Any], separator: str) -> None:
    path = tmp_path / "data/cells.csv"
    write_csv(path, TOWER_HEADER, towers(), separator=separator)
    before, _ = read(tmp_path, spec)
    path.write_text("DANH SÁCH TRẠM\n\n" + path.read_text("utf-8"), "utf-8")
    inputs, findings = read(tmp_path, spec)
    assert inputs.cells["cell_id"].tolist() == before.cells["cell_id"].tolist()
    assert inputs.cells["row"].tolist() == before.cells["row"].tolist()
    assert only(findings, "S43").where.file == "data/cells.csv"


def test_header_over_two_rows_of_a_text() -> None:
    lines = [
        ["BẢNG 1", "", "", ""],
        ["Mã trạm", "Công nghệ", "Tọa độ", ""],
        ["", "", "Kinh độ", "Vĩ độ"],
        ["1", "2", "3", "4"],
        ["T1", "LTE", "105", "22"],
    ]
    found = header_of(lines, TOWERS, {})
    assert found.names == ["Mã trạm", "Công nghệ", "Kinh độ", "Vĩ độ"]
    assert (found.at, found.body) == (1, 4)


def test_separator_that_a_spreadsheet_says(tmp_path: Path, spec: dict[str, Any]) -> None:
    path = tmp_path / "data/cells.csv"
    write_csv(path, TOWER_HEADER, towers(), separator=";", decimal=",")
    path.write_bytes(b"\xef\xbb\xbfsep=;\r\n" + path.read_bytes())
    inputs, findings = read(tmp_path, spec)
    assert len(inputs.cells) == 6
    assert "S43" not in numbers_of(findings)


def test_first_row_is_the_header_unless_a_better_one_is_known() -> None:
    lines = [["a", "b"], ["ma_tram", "k"], ["1", "2"]]
    assert header_of(lines, BACKHAUL, {}).names == ["a", "b"]
    assert header_of(lines, BACKHAUL, {"site_id": "ma_tram", "medium": "k"}).at == 1
    assert header_of([["ten", "ma"], ["name", "code"]], VILLAGES, {}).at == 0


# ------------------------------------------------------------------ filters


def test_a_filter_finds_letters_in_either_composition() -> None:
    frame = pd.DataFrame({"loai": ["Cáp quang", unicodedata.normalize("NFD", "Cáp quang"), "x"]})
    for form in ("NFC", "NFD"):
        condition = unicodedata.normalize(form, "loai = 'Cáp quang'")
        found = filtered(frame, condition, Findings(), Where())
        assert found is not None
        assert found.index.tolist() == [0, 1]
        found = filtered(frame, condition.replace("=", "<>"), Findings(), Where())
        assert found is not None
        assert found.index.tolist() == [2]


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".shp"])
def test_filters_of_layers_in_either_composition(
    tmp_path: Path, spec: dict[str, Any], suffix: str
) -> None:
    cables = gpd.read_file(tmp_path / "data/cables.gpkg")
    cables["loai"] = ["Cáp quang", unicodedata.normalize("NFD", "Cáp quang")]
    path = tmp_path / f"data/filtered{suffix}"
    cables.to_file(path, encoding="utf-8") if suffix == ".shp" else cables.to_file(path)
    layer = {"path": f"data/filtered{suffix}", "where": "loai = 'Cáp quang'"}
    spec["fiber"]["cables"] = [layer]
    inputs, findings = read(tmp_path, spec)
    assert len(inputs.cables) == 2
    assert only(findings, "S44").params["n"] == 2
    layer["where"] = "ma_tuyen = 'A'"
    inputs, findings = read(tmp_path, spec)
    assert inputs.cables["cable_id"].tolist() == ["A"]
    assert "S44" not in numbers_of(findings)


@pytest.mark.parametrize("path", ["data/cables.gpkg", "data/cables.geojson"])
def test_a_filter_that_names_no_column(tmp_path: Path, spec: dict[str, Any], path: str) -> None:
    if not (tmp_path / path).exists():
        gpd.read_file(tmp_path / "data/cables.gpkg").to_file(tmp_path / path)
    spec["fiber"]["cables"] = [{"path": path, "where": "\"trang_thay\" <> 'huy'"}]
    found = only(check(tmp_path, spec), "S04")
    assert found.params["near"] == "trang_thai"
    spec["fiber"]["cables"][0]["where"] = "\"trang_thay\" <> 'đã hủy'"
    assert only(check(tmp_path, spec), "S04").params["header"] == "trang_thay"


def test_a_filter_of_a_table_that_names_or_picks_nothing(
    tmp_path: Path, spec: dict[str, Any]
) -> None:
    layer = spec["towers"][0]
    layer["where"] = "\"trang_thay\" <> 'x'"
    assert only(check(tmp_path, spec), "S04").params["near"] == "trang_thai"
    layer["where"] = "nha_mangg = 'Mạng A'"
    assert only(check(tmp_path, spec), "S04").params["near"] == "nha_mang"
    layer["where"] = "nha_mang = 'Mạng C'"
    found = only(check(tmp_path, spec), "S06")
    assert found.params["values"] == "Mạng A, Mạng B"
    layer["where"] = "'trang_thay' <> 'x'"
    assert only(check(tmp_path, spec), "S44").where.file == "data/cells.csv"
    layer["where"] = "nha_mang = 'Mạng A'"
    inputs, findings = read(tmp_path, spec)
    assert set(inputs.cells["operator"]) == {"Mạng A"}
    assert "S44" not in numbers_of(findings)


# ------------------------------------------------------------------ values


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2G/3G/4G", ["GSM", "UMTS", "LTE"]),
        ("דור 2 3 4 5", ["GSM", "UMTS", "LTE", "NR"]),
        ("thế hệ 2, 3", ["GSM", "UMTS"]),
        ("2,3,4", ["GSM", "UMTS", "LTE"]),
        ("234", ["GSM", "UMTS", "LTE"]),
        ("4", ["LTE"]),
        ("4.0", ["LTE"]),
        ("第4代", ["LTE"]),
        ("4th generation", ["LTE"]),
        ("Поколение 5", ["NR"]),
        ("2-3-4", ["GSM", "UMTS", "LTE"]),
        ("2G-5G", []),
        ("LTE", []),
        ("LTE 2", []),
        ("band 3", []),
        ("6", []),
        ("2600", []),
        ("thế hệ", []),
        ("", []),
    ],
)
def test_generations(text: str, found: list[str]) -> None:
    assert generations(text) == found


def test_values_of_the_study(tmp_path: Path, spec: dict[str, Any]) -> None:
    rows = towers()
    for row, word in zip(rows, ("Loại 7", "LOẠI  7", "X", "X", "LTE", "LTE"), strict=True):
        row[3] = word
        row[10] = "A"
    rows[5][10] = "1"
    write_csv(tmp_path / "data/cells.csv", TOWER_HEADER, rows)
    layer = spec["towers"][0]
    layer["values"] = {
        "technology": {"loại 7": ["GSM", "UMTS"], "X": "NR"},
        "status": {"1": "planned", "A": "on air", "B": "planned"},
        "Bang_tan_MHz": {"1800": ""},
    }
    inputs, findings = read(tmp_path, spec)
    cells = inputs.cells
    assert cells["technology"].tolist() == [*["GSM", "UMTS"] * 2, "NR", "NR", "LTE", "LTE"]
    assert cells["in_service"].tolist() == [*[True] * 7, False]
    assert cells["freq_assumed"].all()
    assert [f.subject for f in findings.of("S47")] == ["B"]
    layer["values"] = {"technologi": {"X": "NR"}, "pci": {"1": "2"}}
    found = check(tmp_path, spec).of("S08")
    assert [f.where.key for f in found] == ["values.technologi", "values.pci"]
    assert found[0].params["near"] == "technology"


def test_values_of_backhaul(tmp_path: Path, spec: dict[str, Any]) -> None:
    write_csv(tmp_path / "data/bh.csv", LINKS[0], [["T1", "K1", ""], ["T2", "K2", "T1"]])
    spec["fiber"]["backhaul"] = [
        {"path": "data/bh.csv", "values": {"medium": {"K1": "fibre", "K2": "microwave"}}}
    ]
    inputs, _ = read(tmp_path, spec)
    assert inputs.backhaul["medium"].tolist() == ["fibre", "microwave"]


# ------------------------------------------------------------------ how much is left out


def test_more_than_a_tenth_left_out_stops(tmp_path: Path, spec: dict[str, Any]) -> None:
    frame = villages()
    frame.loc[:1, "geometry"] = None
    frame.to_file(tmp_path / "data/villages.gpkg")
    found = only(check(tmp_path, spec), "S48")
    assert (found.params["n"], found.params["total"]) == (2, 16)
    assert found.where.file == "data/villages.gpkg"
    spec["checks"] = {"left_out_max": 0.125}
    assert "S48" not in numbers_of(read(tmp_path, spec)[1])
    del spec["checks"]
    frame = villages()
    frame.loc[:0, "geometry"] = None
    frame.to_file(tmp_path / "data/villages.gpkg")
    assert "S48" not in numbers_of(read(tmp_path, spec)[1])


def test_a_layer_half_of_whose_records_have_no_place_stops(
    tmp_path: Path, spec: dict[str, Any]
) -> None:
    frame = villages()
    frame.loc[8:, "geometry"] = None
    frame.to_file(tmp_path / "data/villages.gpkg")
    found = check(tmp_path, spec)
    assert only(found, "S48").params["total"] == 16
    assert len(found.of("S11")) == only(found, "S48").params["n"] == 8


def test_doubles_and_part_losses_are_no_loss(tmp_path: Path, spec: dict[str, Any]) -> None:
    cables = gpd.read_file(tmp_path / "data/cables.gpkg")
    pd.concat([cables, cables]).to_file(tmp_path / "data/cables.gpkg")
    rows = towers()
    rows[0][3] = "LTE/LTE-X"
    rows[1][3] = "CDMA"
    rows[2][3] = "NBIOT"
    write_csv(tmp_path / "data/cells.csv", TOWER_HEADER, rows)
    findings = read(tmp_path, spec)[1]
    assert {"F03", "T10"} <= numbers_of(findings)
    assert "S48" not in numbers_of(findings)


def test_refused_rows_count_where_the_study_lets_them_pass(
    tmp_path: Path, spec: dict[str, Any]
) -> None:
    path = tmp_path / "data/cells.csv"
    path.write_text(path.read_text("utf-8-sig") + "\nC9,T9", "utf-8")
    spec["checks"] = {"severity": {"S14": "warning"}}
    found = only(check(tmp_path, spec), "S48")
    assert (found.params["n"], found.params["total"]) == (1, 7)


def test_backhaul_left_out_stops(tmp_path: Path, spec: dict[str, Any]) -> None:
    write_csv(tmp_path / "data/bh.csv", LINKS[0], [["T1", "cáp quang", ""], ["T2", "gió", "T1"]])
    spec["fiber"]["backhaul"] = [{"path": "data/bh.csv"}]
    assert only(check(tmp_path, spec), "S48").where.file == "data/bh.csv"
