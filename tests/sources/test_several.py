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
from phusong.sources.tables.delimited import read_table, taken_apart
from phusong.sources.tables.headers import TOWERS, VILLAGE_LIST, VILLAGES, Role
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


def read_text(text: str, folder: Path, role: Role, **layer: Any) -> tuple[Any, Findings]:
    path = folder / "danh sách.csv"
    path.write_text(text, "utf-8")
    findings = Findings()
    asked = Layer(path=path, **layer)
    return read_table(path, asked, findings, Where(file=path.name), role), findings


STACKED = """BẢNG 1: THÔN
Mã thôn,Tên thôn,Kinh độ,Vĩ độ
V1,Thôn 1,105.1,22.8
V2,Thôn 2,105.2,22.8

BẢNG 2: TRẠM
Mã trạm,Nhà mạng,Kinh độ,Vĩ độ,Độ cao
T1,VNPT,104.1,22.7,30
;;;;
Mã thôn,Tên thôn,Kinh độ,Vĩ độ
V3,Thôn 3,105.3,22.8
"""


@pytest.mark.parametrize(
    ("text", "villages"),
    [
        (STACKED.replace(";;;;", ""), ["V1", "V2", "V3"]),
        (STACKED.replace(";;;;", ",,,,"), ["V1", "V2", "V3"]),
        (STACKED.split(";;;;", maxsplit=1)[0].replace("\n\n", "\n"), ["V1", "V2"]),
    ],
)
def test_tables_below_each_other_in_a_text(tmp_path: Path, text: str, villages: list[str]) -> None:
    found, said = read_text(text, tmp_path, VILLAGES)
    assert list(found["Mã thôn"]) == villages
    assert not said.of("S14")
    told = said.of("S53")[0].text()
    assert told.startswith("lines 2-4")
    assert "Mã trạm" in told
    masts, said = read_text(text, tmp_path, TOWERS)
    assert list(masts["Mã trạm"]) == ["T1"]
    row = text.splitlines().index("Mã trạm,Nhà mạng,Kinh độ,Vĩ độ,Độ cao") + 1
    assert f"row {row}" in said.of("S43")[0].text()


def test_the_records_of_a_text_of_several_tables_are_found_again(tmp_path: Path) -> None:
    text = STACKED.replace(";;;;", "")
    found, _ = read_text(text, tmp_path, VILLAGES)
    path = tmp_path / "danh sách.csv"
    apart = taken_apart(path, Layer(path=path), VILLAGES)
    assert apart is not None
    for row, code in found["Mã thôn"].items():
        begin, end = apart.spans[row]
        assert "".join(apart.lines[begin:end]).startswith(f"{code},")


def test_one_table_with_empty_lines_stays_one(tmp_path: Path) -> None:
    found, said = read_text(
        "Mã thôn,Tên thôn,Kinh độ,Vĩ độ\nV1,Thôn 1,105,22\n\nV2,Thôn 2,105,22\n", tmp_path, VILLAGES
    )
    assert list(found["Mã thôn"]) == ["V1", "V2"]
    assert not said.of("S53")


def test_a_commune_in_the_first_row_of_its_group(tmp_path: Path) -> None:
    found, said = read_text(
        "TT,Xã,Thôn,Dân số\n1,Xã Ba Chẽ,A,10\n2,,B,20\n3,,C,20\n4,Xã Kỳ Thượng,D,5\n5,,E,7\n",
        tmp_path,
        VILLAGE_LIST,
    )
    assert list(found["Xã"]) == ["Xã Ba Chẽ"] * 3 + ["Xã Kỳ Thượng"] * 2
    assert "3 empty cells take what stands above them, in 2 groups" in said.of("S58")[0].text()


@pytest.mark.parametrize(
    "rows",
    [
        "1,Xã Ba Chẽ,A\n2,Xã Ba Chẽ,B\n3,,C\n",  # written on every row: the third lacks it
        "1,,A\n2,Xã Ba Chẽ,B\n3,,C\n",  # nothing stands above the first
        "1,Xã Ba Chẽ,A\n2,,B\n3,Xã Khác,C\n4,Xã Ba Chẽ,D\n",  # a group that comes back
        "1,Xã A,A\n2,Xã B,B\n3,,C\n4,Xã C,D\n5,Xã D,E\n",  # one forgotten, no groups
    ],
)
def test_cells_that_are_no_groups_stay_empty(tmp_path: Path, rows: str) -> None:
    found, said = read_text(f"TT,Xã,Thôn\n{rows}", tmp_path, VILLAGE_LIST)
    assert found["Xã"].isna().any()
    assert not said.of("S58")


@pytest.mark.parametrize(
    "form", ["{n},{xa},,{sum}", "{n}. {xa},,,", "{xa} ({k} thôn),,,", ",{xa},,"]
)
def test_communes_in_rows_of_their_own(tmp_path: Path, form: str) -> None:
    heads = [
        form.format(n=n, xa=xa, sum=30, k=2)
        for n, xa in (("I", "Xã Ba Chẽ"), ("II", "Xã Kỳ Thượng"))
    ]
    text = f"TT,Tên thôn,Ghi chú,Dân số\n{heads[0]}\n1,A,,10\n2,B,,20\n{heads[1]}\n1,Xóm Xã,,5\n"
    found, said = read_text(text, tmp_path, VILLAGE_LIST)
    assert list(found["Tên thôn"]) == ["A", "B", "Xóm Xã"]
    assert list(found["commune"]) == ["Xã Ba Chẽ", "Xã Ba Chẽ", "Xã Kỳ Thượng"]
    told = said.of("S58")[0]
    assert told.where.row == 1
    assert "records 1, 4 name a commune above its villages" in told.text()


def test_a_workbook_with_rows_of_communes(tmp_path: Path) -> None:
    book, sheet, path = saved(
        [
            ["TT", "Tên thôn", "Dân số"],
            ["I. Xã Ba Chẽ"],
            [1, "A", 10],
            ["II. Xã Kỳ Thượng"],
            [1, "B", 5],
        ],
        tmp_path,
    )
    sheet.merge_cells("A2:C2")
    book.save(path)
    found, said = read(path, VILLAGE_LIST)
    assert list(found["commune"]) == ["Xã Ba Chẽ", "Xã Kỳ Thượng"]
    assert said.of("S58")


def test_a_row_with_a_place_is_a_village_whatever_its_name(tmp_path: Path) -> None:
    text = "Mã thôn,Tên thôn,Kinh độ,Vĩ độ\n1,Phường Đúc,107.5,16.4\n2,Thôn B,107.5,16.5\n"
    found, said = read_text(text, tmp_path, VILLAGES)
    assert list(found["Tên thôn"]) == ["Phường Đúc", "Thôn B"]
    assert not said.of("S58")


def test_a_row_filled_as_villages_are_is_a_village_whatever_its_name(tmp_path: Path) -> None:
    text = "Mã thôn,Tên thôn,Dân số\n1,Thôn A,10\n2,Xã Đồng Văn,20\n3,Thôn B,5\n"
    found, said = read_text(text, tmp_path, VILLAGE_LIST)
    assert list(found["Tên thôn"]) == ["Thôn A", "Xã Đồng Văn", "Thôn B"]
    assert not said.of("S58")


PAGES = [
    ["STT", "Tên thôn", "Dân số"],
    [None, "Xã A", None],
    [1, "Thôn 1", 10],
    [2, "Thôn 2", 20],
    [None, "Xã Ban", None],
    ["STT", "Tên thôn", "Dân số"],
    [1, "Thôn 3", 30],
    [2, "Thôn 4", 40],
]
OF_PAGES = {"Thôn 1": "Xã A", "Thôn 2": "Xã A", "Thôn 3": "Xã Ban", "Thôn 4": "Xã Ban"}


def test_a_commune_above_a_repeated_header(tmp_path: Path) -> None:
    text = "".join(",".join("" if c is None else str(c) for c in row) + "\n" for row in PAGES)
    found, _ = read_text(text, tmp_path, VILLAGE_LIST)
    assert dict(zip(found["Tên thôn"], found["commune"], strict=True)) == OF_PAGES
    path = tmp_path / "danh sách.csv"
    apart = taken_apart(path, Layer(path=path), VILLAGE_LIST)
    assert apart is not None
    for row, name in found["Tên thôn"].items():
        assert name in "".join(apart.lines[slice(*apart.spans[row])])
    found, _ = read_text(text.replace(",Xã Ban", "\n,Xã Ban"), tmp_path, VILLAGE_LIST)
    assert dict(zip(found["Tên thôn"], found["commune"], strict=True)) == OF_PAGES
    book, _, path = saved(PAGES, tmp_path)
    book.save(path)
    found, _ = read(path, VILLAGE_LIST)
    assert dict(zip(found["Tên thôn"], found["commune"], strict=True)) == OF_PAGES
    assert list(found.index) == [2, 3, 6, 7]


def test_a_district_above_every_page_parts_no_group(tmp_path: Path) -> None:
    head = "Huyện Vị Xuyên,,\nSTT,Tên thôn,Dân số\n"
    text = f"{head},Xã A,\n1,Thôn 1,10\n{head}2,Thôn 2,20\n"
    found, _ = read_text(text, tmp_path, VILLAGE_LIST)
    assert list(found["Tên thôn"]) == ["Thôn 1", "Thôn 2"]
    assert list(found["commune"]) == ["Xã A", "Xã A"]
    other = text.rpartition("Huyện Vị Xuyên")  # another district ends the commune
    found, _ = read_text("Huyện Bắc Mê".join(other[::2]), tmp_path, VILLAGE_LIST)
    assert list(found["commune"]) == ["Xã A", None]


def test_the_title_of_every_page_is_no_group(tmp_path: Path) -> None:
    head = "Xã A,,\nSTT,Tên thôn,Dân số\n"
    found, said = read_text(f"{head}1,Thôn 1,10\n{head}2,Thôn 2,20\n", tmp_path, VILLAGE_LIST)
    assert list(found["Tên thôn"]) == ["Thôn 1", "Thôn 2"]
    assert not said.of("S58")


def test_rows_of_communes_among_the_studys_villages_are_left_out(tmp_path: Path) -> None:
    text = "Mã thôn,Tên thôn,Dân số\n,Xã A,\nV1,Thôn 1,10\nV2,Thôn 2,20\n"
    found, said = read_text(text, tmp_path, VILLAGES)
    assert list(found["Tên thôn"]) == ["Thôn 1", "Thôn 2"]
    assert "are left out: Xã A; each village's commune" in said.of("S58")[0].text()
