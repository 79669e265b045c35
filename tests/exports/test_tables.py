"""Output files: what a spreadsheet and a file system need."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phusong.errors import OutputError
from phusong.exports.formats.spreadsheet import CsvForm, harmless, write_csv
from phusong.exports.tables.dictionary import conform, tables
from phusong.names import safe_names


def read(path: Path, delimiter: str = ",") -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file, delimiter=delimiter))


def test_csv_has_mark_diacritics_and_harmless_text(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "name": ["Đồng Văn", '=HYPERLINK("http://x","y")', "+84", "-", None],
            "level_dbm": [-97.3, float("nan"), 0.0, 1.5, -1.0],
            "ok": pd.array([True, False, None, True, False], dtype="boolean"),
        }
    )
    path = tmp_path / "thôn.csv"
    write_csv(frame, path)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    rows = read(path)
    assert rows[1] == ["Đồng Văn", "-97.3", "true"]
    assert rows[2] == ['\'=HYPERLINK("http://x","y")', "", "false"]
    assert rows[3][0] == "'+84"
    assert rows[4][0] == "'-"
    assert rows[5][0] == ""


def test_a_table_that_cannot_be_written_leaves_the_earlier_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bảng.csv"
    write_csv(pd.DataFrame({"a": [1]}), path)
    before = path.read_bytes()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_csv", full)
    with pytest.raises(OutputError, match="the disc is full"):
        write_csv(pd.DataFrame({"a": [2]}), path)
    assert path.read_bytes() == before
    monkeypatch.undo()
    with pytest.raises(OutputError, match="cannot be written"):
        write_csv(pd.DataFrame({"a": [2]}), tmp_path / "none" / "b.csv")
    assert [p.name for p in tmp_path.iterdir()] == ["bảng.csv"]


def test_vietnamese_excel_form(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": ["x;y"], "v": [-97.3]})
    write_csv(frame, tmp_path / "v.csv", CsvForm(";", ","))
    assert read(tmp_path / "v.csv", ";")[1] == ["x;y", "-97,3"]


@given(st.text(max_size=30))
def test_no_text_starts_a_formula(text: str) -> None:
    assert not str(harmless(text)).startswith(("=", "+", "-", "@", "\t", "\r"))


@given(st.text(max_size=120))
def test_file_names_are_taken_everywhere(text: str) -> None:
    name = safe_names([text])[text]
    assert name
    assert not set(name) & set('<>:"/\\|?*\n\0')
    assert name == name.strip(" .")


def test_file_names_are_distinct_and_keep_vietnamese() -> None:
    names = safe_names(["Viễn thông A", "viễn thông a", "a/b", "a:b", "CON"])
    assert names["Viễn thông A"] == "Viễn_thông_A"
    assert len({n.casefold() for n in names.values()}) == 5
    assert names["CON"] == "CON_"


def test_conform_orders_types_and_rounds() -> None:
    frame = pd.DataFrame(
        {name: [0.123456] for name in [c.name for c in tables()["sensitivity"].columns]}
    ).assign(operator="*", technology="LTE", villages=3.0, villages_covered=2.0, more=1)
    out = conform(frame, "sensitivity")
    assert list(out) == [c.name for c in tables()["sensitivity"].columns]
    assert out["villages"].dtype == "Int64"
    assert out["value"].item() == 0.1235
    with pytest.raises(KeyError, match="value"):
        conform(frame.drop(columns="value"), "sensitivity")


def test_whole_figures_have_no_decimals(tmp_path: Path) -> None:
    columns = [c.name for c in tables()["communes"].columns]
    row = dict.fromkeys(columns, 1.0) | {"people": 2514.6, "drop_m": None, "code": "00691"}
    write_csv(conform(pd.DataFrame([row]), "communes"), tmp_path / "c.csv", CsvForm(";", ","))
    written = dict(zip(*read(tmp_path / "c.csv", ";"), strict=True))
    assert (written["people"], written["drop_m"], written["code"]) == ("2515", "", "00691")
    assert written["route_km"] == "1,0"


def test_dictionary_speaks_both_languages() -> None:
    for table in tables().values():
        assert table.title
        assert table.title_vi
        for column in table.columns:
            assert column.en
            assert column.vi
            assert column.en != column.vi
            if column.type == "number":
                assert column.decimals is not None, column.name
