"""Workbooks and KMZ: what Excel and Google Earth would read back."""

from __future__ import annotations

import gc
import tempfile
import zipfile
from pathlib import Path
from xml.etree import ElementTree as ET

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
from openpyxl.worksheet import _writer as writer
from shapely.geometry import LinearRing, LineString, MultiPolygon, Point, box

from phusong.disc.workplace import session_folder
from phusong.exports.formats.geopackage import documented
from phusong.exports.formats.kmz import Folder, write_kmz
from phusong.exports.formats.workbook import write_workbook
from phusong.exports.tables.dictionary import conform, tables
from phusong.i18n import Language, set_language

HOSTILE = '=HYPERLINK("http://x","<script>")\x07'
KML = {"k": "http://www.opengis.net/kml/2.2"}


def carrier_frame() -> pd.DataFrame:
    columns = {c.name: c for c in tables()["carrier"].columns}
    row = {name: (1.25 if c.type == "number" else name) for name, c in columns.items()}
    rows = [row, {**row, "name": HOSTILE, "level_centre_dbm": -97.3, "people": None}]
    return conform(pd.DataFrame(rows), "carrier")


def test_workbook_keeps_types_and_runs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "Sóng Xanh.xlsx"
    write_workbook(carrier_frame(), "carrier", path, notes=[("covered", "=1+1")])
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["Data", "Definitions"]
    sheet = book["Data"]
    columns = tables()["carrier"].columns
    assert sheet.max_column == len(columns)
    header = [c.name for c in columns]
    words = [cell.value for cell in sheet[1]]
    assert words[:2] == ["Village code", "Village name"]
    assert words[header.index("level_centre_dbm")] == "This carrier's level at the centre, dBm"
    assert len(set(words)) == len(words)
    hostile = sheet.cell(3, header.index("name") + 1)
    assert hostile.data_type == "s"
    assert hostile.value == HOSTILE.replace("\x07", "")
    level = sheet.cell(3, header.index("level_centre_dbm") + 1)
    assert (level.data_type, level.value) == ("n", -97.3)
    assert sheet.cell(3, header.index("people") + 1).value is None
    assert sheet.freeze_panes == "C2"
    assert sheet.cell(3, header.index("served_share") + 1).number_format == "0.0%"
    assert sheet.cell(2, header.index("people") + 1).value == 1
    assert sheet.print_title_rows == "$1:$1"


@pytest.mark.parametrize(
    ("language", "sheets"),
    [
        ("en", ["Data", "Definitions"]),
        ("vi", ["Dữ liệu", "Định nghĩa"]),
    ],
)
def test_workbook_defines_every_column(
    language: Language, sheets: list[str], tmp_path: Path
) -> None:
    set_language(language)
    path = tmp_path / "a.xlsx"
    write_workbook(carrier_frame(), "carrier", path)
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == sheets
    rows = [[cell.value for cell in row] for row in book[sheets[1]].iter_rows()]
    over = [cell.value for cell in book[sheets[0]][1]]
    for column, heading in zip(tables()["carrier"].columns, over, strict=True):
        unit = column.unit_words() or None
        assert [column.heading(), column.name, unit, column.words()] in rows
        assert heading == (f"{column.heading()}, {unit}" if unit else column.heading())
    assert ["Số dân nhà mạng này chưa phục vụ", "people_unserved", "người"] in [
        row[:3] for row in rows
    ] or language == "en"


def test_kmz_holds_names_colours_and_wgs84(tmp_path: Path) -> None:
    villages = gpd.GeoDataFrame(
        {"name": ["Đồng Văn", HOSTILE], "grade": ["covered", "white"], "people": [10, None]},
        geometry=[
            box(500000, 2500000, 501000, 2501000),
            MultiPolygon([box(0, 0, 1, 1), box(2, 2, 3, 3).difference(box(2.2, 2.2, 2.8, 2.8))]),
        ],
        crs=32648,
    )
    lines = gpd.GeoDataFrame(
        {"name": ["a", "b"]},
        geometry=[LineString([(500000, 2500000), (500100, 2500000)]), Point(500000, 2500000)],
        crs=32648,
    )
    path = tmp_path / "r.kmz"
    write_kmz(
        "Tỉnh <&>",
        [
            Folder(
                "Thôn",
                villages,
                "name",
                "grade",
                {"covered": "#0072b2", "white": "#d55e00"},
                {"people": "Dân số"},
            ),
            Folder("Cáp", lines, "name", None, {"cable": "#56b4e9"}, visible=False),
        ],
        path,
    )
    with zipfile.ZipFile(path) as archive:
        root = ET.fromstring(archive.read("doc.kml"))
    assert root.findtext("k:Document/k:name", namespaces=KML) == "Tỉnh <&>"
    marks = root.findall(".//k:Placemark", KML)
    assert [m.findtext("k:name", namespaces=KML) for m in marks] == [
        "Đồng Văn",
        HOSTILE.replace("\x07", ""),
        "a",
        "b",
    ]
    assert marks[0].findtext("k:styleUrl", namespaces=KML) == "#s0-covered"
    lon, lat = marks[0].find(".//k:coordinates", KML).text.split()[0].split(",")
    assert 104.9 < float(lon) < 105.1
    assert 22.5 < float(lat) < 22.7
    assert len(marks[1].findall(".//k:Polygon", KML)) == 2
    assert len(marks[1].findall(".//k:innerBoundaryIs", KML)) == 1
    data = marks[0].find(".//k:Data", KML)
    assert data.get("name") == "people"
    assert [(d.tag.partition("}")[2], d.text) for d in data] == [
        ("displayName", "Dân số"),
        ("value", "10"),
    ]
    assert marks[1].find(".//k:Data", KML) is None
    outer = marks[0].findtext(".//k:outerBoundaryIs//k:coordinates", namespaces=KML).split()
    points = [tuple(map(float, pair.split(","))) for pair in outer]
    assert LinearRing(points).is_ccw
    colours = {
        s.get("id"): s.findtext("k:LineStyle/k:color", namespaces=KML)
        for s in root.findall(".//k:Style", KML)
    }
    assert colours["s0-covered"] == "ffb27200"


def test_a_layer_has_its_documented_columns_alone() -> None:
    frame = gpd.GeoDataFrame(
        {"pop_id": "P1", "length_km": [1.23456], "commune_code": ["01"], "inner": [["a", "b"]]},
        geometry=[LineString([(0, 0), (1, 1)])],
        crs=32648,
    )
    layer = documented("fibre_routes", frame, "routes")
    assert list(layer.frame.columns) == ["commune_code", "pop_id", "length_km", "geometry"]
    assert layer.frame["length_km"].iloc[0] == 1.235
    listed = frame.assign(pop_id=[["P1", "P2"]])
    assert documented("fibre_routes", listed, "routes").frame["pop_id"].iloc[0] == "P1 P2"
    with pytest.raises(KeyError, match="length_km"):
        documented("fibre_routes", frame.drop(columns="length_km"), "routes")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no disc that is always full here")
def test_a_full_disc_prints_no_traceback_of_a_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was thrown away half-way would be printed when it is collected."""
    printed: list[object] = []
    monkeypatch.setattr("sys.unraisablehook", printed.append)
    monkeypatch.setattr("openpyxl.worksheet._writer.create_temporary_file", lambda: "/dev/full")
    frame = pd.concat([carrier_frame()] * 500)
    with pytest.raises(OSError, match="No space left"):
        write_workbook(frame, "carrier", tmp_path / "a.xlsx")
    monkeypatch.undo()
    monkeypatch.setattr("sys.unraisablehook", printed.append)
    with pytest.raises(OSError, match="No space left"):
        write_workbook(frame, "carrier", Path("/dev/full"))
    gc.collect()
    assert printed == []


def test_drafts_of_sheets_lie_where_they_are_swept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lain: list[Path] = []
    made = writer.create_temporary_file

    def watched() -> str:
        lain.append(Path(made()))
        return str(lain[-1])

    monkeypatch.setattr("openpyxl.worksheet._writer.create_temporary_file", watched)
    write_workbook(carrier_frame(), "carrier", tmp_path / "a.xlsx")
    assert {path.parent for path in lain} == {session_folder()}
    assert len(lain) == 2
    assert not any(path.exists() for path in lain)
    assert Path(tempfile.gettempdir()) != session_folder()


@pytest.mark.parametrize("year", ["-2208988800", "0", "253370764800", "no number"])
def test_clocks_a_zip_cannot_hold_stop_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, year: str
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", year)
    monkeypatch.setattr("time.time", lambda: -1e9)
    frame = gpd.GeoDataFrame({"name": ["a"]}, geometry=[Point(105, 23)], crs=4326)
    write_kmz("x", [Folder("t", frame, "name", None, {"-": "#123456"})], tmp_path / "a.kmz")
    write_workbook(carrier_frame(), "carrier", tmp_path / "a.xlsx")
    for name in ("a.kmz", "a.xlsx"):
        with zipfile.ZipFile(tmp_path / name) as archive:
            assert archive.testzip() is None
            assert {item.date_time[0] for item in archive.infolist()} <= {1980, 2107}
