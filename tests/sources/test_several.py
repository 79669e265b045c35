"""Several tables on a sheet, merged cells over rows, named ranges; and workbooks that are broken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.workbook.defined_name import DefinedName

from phusong.checks import Findings
from phusong.errors import Where
from phusong.sources.tables.headers import TOWERS, VILLAGES, Role
from phusong.sources.tables.raw.several import joined, tables_of
from phusong.sources.tables.raw.spreadsheets import read_sheet
from phusong.study import Layer

VILLAGE_HEAD = ["Mã thôn", "Tên thôn", "Kinh độ", "Vĩ độ"]
MAST_HEAD = ["Mã trạm", "Nhà mạng", "Kinh độ", "Vĩ độ"]


def village(k: int) -> list[Any]:
    return [f"V{k}", f"Thôn {k}", 105 + k / 100, 22.8]


def mast(k: int) -> list[Any]:
    return [f"T{k}", "VNPT", 104 + k / 100, 22.7]


def saved(rows: list[list[Any]], folder: Path) -> tuple[Any, Any, Path]:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    path = folder / "danh sách.xlsx"
    book.save(path)
    return book, sheet, path


def read(path: Path, role: Role, **layer: Any) -> tuple[Any, Findings]:
    findings = Findings()
    asked = Layer(path=path, **layer)
    return read_sheet(path, asked, role, findings, Where(file=path.name)), findings


BELOW: list[list[Any]] = [
    ["UBND TỈNH"],
    VILLAGE_HEAD,
    village(1),
    village(2),
    [],
    ["BẢNG 2: TRẠM"],
    [],
    MAST_HEAD,
    mast(1),
    ["Người lập"],
]


def test_a_table_below_another_is_taken_by_what_is_asked(tmp_path: Path) -> None:
    _, _, path = saved(BELOW, tmp_path)
    frame, findings = read(path, VILLAGES)
    assert frame["Mã thôn"].tolist() == ["V1", "V2"]
    (told,) = findings.of("S53")
    assert "A2:D4" in told.text().split("left")[0]
    assert "A8:D10 (Mã trạm" in told.text().split("left")[1]
    frame, findings = read(path, TOWERS)
    assert frame["Mã trạm"].tolist()[0] == "T1"
    assert "row 8" in findings.of("S43")[0].text()


def test_tables_beside_each_other_do_not_lend_their_coordinates(tmp_path: Path) -> None:
    rows = [[*VILLAGE_HEAD, None, *MAST_HEAD]]
    rows += [[*village(k), None, *mast(k)] for k in range(3)]
    _, _, path = saved(rows, tmp_path)
    frame, _ = read(path, TOWERS)
    assert frame["Kinh độ"].tolist() == [104, 104.01, 104.02]
    frame, findings = read(path, VILLAGES)
    assert frame["Kinh độ"].tolist() == [105, 105.01, 105.02]
    assert "F1:I4" in findings.of("S53")[0].text()


def test_pages_with_the_same_header_are_one_table(tmp_path: Path) -> None:
    rows: list[list[Any]] = []
    for page in range(3):
        rows += [[f"XÃ {page}"], VILLAGE_HEAD, village(2 * page), village(2 * page + 1), []]
    _, _, path = saved(rows, tmp_path)
    frame, findings = read(path, VILLAGES)
    assert frame["Mã thôn"].tolist() == [f"V{k}" for k in range(6)]
    # Rows count from below the header, as in the sheet: row 2 there is the header.
    assert frame.index.tolist() == [1, 2, 6, 7, 11, 12]
    assert "2 parts" in findings.of("S53")[0].text()


def test_empty_rows_alone_part_nothing(tmp_path: Path) -> None:
    _, _, path = saved([VILLAGE_HEAD, village(1), [], village(2), [], ["Ghi chú: x y z"]], tmp_path)
    frame, findings = read(path, VILLAGES)
    assert frame["Mã thôn"].tolist() == ["V1", "V2"]
    assert not findings.of("S53")


def test_a_named_range_is_a_layer(tmp_path: Path) -> None:
    book, sheet, path = saved(BELOW, tmp_path)
    book.defined_names["TRẠM"] = DefinedName("TRẠM", attr_text=f"'{sheet.title}'!$A$8:$D$9")
    book.defined_names["HỎNG"] = DefinedName("HỎNG", attr_text="#REF!")
    book.save(path)
    frame, findings = read(path, VILLAGES, layer="TRẠM")
    assert frame["Mã trạm"].tolist() == ["T1"]
    assert not findings.of("S53")
    frame, findings = read(path, TOWERS, layer="HỎNG")
    assert frame is None
    assert "TRẠM" in findings.of("S03")[0].text()


def test_a_commune_merged_over_its_villages_and_a_header_over_two_rows(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        ["Mã xã", "Mã thôn", "Tên thôn", "Tọa độ", None],
        [None, None, None, "Kinh độ", "Vĩ độ"],
        ["00691", *village(1)],
        [None, *village(2)],
    ]
    book, sheet, path = saved(rows, tmp_path)
    for area in ("A1:A2", "B1:B2", "C1:C2", "D1:E1", "A3:A4"):
        sheet.merge_cells(area)
    book.save(path)
    frame, _ = read(path, VILLAGES)
    assert frame["Mã xã"].tolist() == ["00691", "00691"]
    assert frame.columns.tolist() == ["Mã xã", "Mã thôn", "Tên thôn", "Kinh độ", "Vĩ độ"]


@pytest.mark.parametrize("keep", [0, 10, 400, 2500])
def test_a_torn_workbook_is_a_finding(keep: int, tmp_path: Path) -> None:
    _, _, path = saved(BELOW, tmp_path)
    path.write_bytes(path.read_bytes()[:keep])
    frame, findings = read(path, VILLAGES)
    assert frame is None
    assert [f.rule.number for f in findings] == ["S02"]


CELL = st.one_of(
    st.none(),
    st.sampled_from([*VILLAGE_HEAD, *MAST_HEAD, "Tổng", "1", "x"]),
    st.integers(0, 9),
)


@settings(max_examples=40)
@given(st.lists(st.lists(CELL, max_size=6), min_size=1, max_size=12))
def test_every_cell_is_in_one_table_or_left(rows: list[list[Any]]) -> None:
    if not any(cell is not None for row in rows for cell in row):
        return
    tables = tables_of(rows, VILLAGES, {})
    # Cells are parted among the tables: none is lost, none is in two.
    cells = sum(cell is not None for row in rows for cell in row)
    assert sum(c is not None for t in tables for row in t.rows for c in row) == cells
    chosen, parts, left = joined(tables)
    assert 1 + len(parts) + len(left) == len(tables)
    assert chosen.header.known == max(t.header.known for t in tables)
    assert all(":" in t.place() for t in tables)
