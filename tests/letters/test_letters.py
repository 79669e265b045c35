"""What each owner of files is told: their own findings, each with its record, place and mend."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import openpyxl
import pytest

from helpers.cli import phusong
from helpers.province import TOWER_HEADER, study, towers, villages, write_csv
from phusong.i18n import set_language
from phusong.letters.letter import MOST_LISTED, compose
from phusong.letters.mail import write_letters
from phusong.pipeline.check import check_study

OUTSIDE = re.compile(r"""(?:src|href|url\()\s*=?\s*["']?(?:https?:)?//""")


@pytest.fixture
def faulty(tmp_path: Path, spec: dict[str, Any]) -> dict[str, Any]:
    """A village that lies over another, a mast 900 m high, owners named for two files."""
    frame = villages()
    frame.loc[5, "geometry"] = frame.geometry.iloc[5].buffer(300)
    frame.to_file(tmp_path / "data/villages.gpkg")
    rows = towers()
    rows[4][7] = 900
    write_csv(tmp_path / "data/cells.csv", TOWER_HEADER, rows)
    spec["boundaries"]["villages"][0]["owner"] = "Sở Nội vụ"
    spec["towers"][0]["owner"] = "Sở Nội vụ"
    return spec


def test_findings_go_to_who_supplied_the_file(tmp_path: Path, faulty: dict[str, Any]) -> None:
    chosen = study(tmp_path, faulty)
    checked = check_study(chosen)
    letters = {letter.owner: letter for letter in compose(chosen, checked.findings, checked.inputs)}
    told = {owner: {e.finding.rule.number for e in x.entries} for owner, x in letters.items()}
    assert {"B02", "T04"} <= told["Sở Nội vụ"]
    assert "B02" not in told["Boundaries and villages"]
    # Every cable is VNX's by its own column, so the file is VNX's; the study names nobody.
    assert "data/cables.gpkg" in letters["VNX"].files
    assert sum(len(letter.entries) for letter in letters.values()) == len(checked.findings)
    for letter in letters.values():
        assert [e.number for e in letter.entries] == list(range(1, len(letter.entries) + 1))


def test_a_list_of_one_operator_is_that_operators(tmp_path: Path, spec: dict[str, Any]) -> None:
    rows = towers()[:4]
    write_csv(tmp_path / "data/cells.csv", TOWER_HEADER, rows)
    chosen = study(tmp_path, spec)
    letters = compose(chosen, check_study(chosen).findings, None)
    assert [x.files for x in letters if x.owner == "Mạng A"] == [["data/cells.csv"]]


def test_records_are_named_and_placed(tmp_path: Path, faulty: dict[str, Any]) -> None:
    chosen = study(tmp_path, faulty)
    checked = check_study(chosen)
    for inputs in (checked.inputs, None):  # None: an error stopped the reading
        entries = [e for x in compose(chosen, checked.findings, inputs) for e in x.entries]
        mast = next(e for e in entries if e.finding.rule.number == "T04")
        assert mast.naming == "ma_cell = C31; ma_tram = T3; nha_mang = Mạng B; cong_nghe = LTE"
        assert mast.place == pytest.approx((towers()[4][5], towers()[4][6]), abs=1e-6)
        assert mast.shape is None
        village = next(e for e in entries if e.finding.rule.number == "B02")
        assert "ten_thon = Thôn " in village.naming
        assert village.shape is not None
        assert village.shape.geom_type == "Polygon"


@pytest.mark.parametrize("language", ["en", "vi"])
def test_pages_need_nothing_else_and_their_links_hold(
    tmp_path: Path, faulty: dict[str, Any], language: str
) -> None:
    set_language("vi" if language == "vi" else "en")
    chosen = study(tmp_path, faulty)
    checked = check_study(chosen)
    letters = write_letters(chosen, checked.findings, checked.inputs, tmp_path / "letters")
    pages = {unicodedata.normalize("NFC", p.name): p for p in (tmp_path / "letters").glob("*.html")}
    assert len(pages) == len(letters) + 1
    for name, path in pages.items():
        text = path.read_text("utf-8")
        assert f'lang="{language}"' in text
        assert not OUTSIDE.search(text), name
        ids = set(re.findall(r'\bid="([^"]+)"', text))
        for target in re.findall(r'href="([^"]+)"', text):
            if target.startswith("#"):
                assert target[1:] in ids, (name, target)
            else:
                assert (path.parent / unquote(target)).is_file(), (name, target)
    page = pages["Sở_Nội_vụ.html"].read_text("utf-8")
    row = re.search(r'<tr id="f\d+">.*?ma_cell = C31.*?</tr>', page)
    assert row is not None
    assert "900" in row[0]
    assert 'class="map whole"' in page
    assert ("Cách sửa" if language == "vi" else "Mend") in page


def test_the_workbook_has_every_finding_and_a_column_to_fill_in(
    tmp_path: Path, faulty: dict[str, Any]
) -> None:
    chosen = study(tmp_path, faulty)
    checked = check_study(chosen)
    letters = write_letters(chosen, checked.findings, checked.inputs, tmp_path / "letters")
    letter = next(x for x in letters if x.owner == "Sở Nội vụ")
    book = openpyxl.load_workbook(tmp_path / "letters/Sở_Nội_vụ.xlsx")
    header, *rows = book.worksheets[0].iter_rows(values_only=True)
    assert header[-1] == "Mended by / remark"
    assert len(rows) == len(letter.entries)
    assert [r[0] for r in rows] == [e.number for e in letter.entries]
    assert [r[1] for r in rows] == [e.finding.rule.number for e in letter.entries]
    assert not any(r[-1] for r in rows)
    # Wrapped, with room to write, and high enough where a program does not work heights out.
    sheet = book.worksheets[0]
    last = sheet.cell(2, len(header))
    assert last.alignment.wrap_text
    assert sheet.column_dimensions[last.column_letter].width > 30
    longest = max(range(2, len(rows) + 2), key=lambda i: len(str(sheet.cell(i, 9).value)))
    assert sheet.row_dimensions[longest].height > 2 * 13


def test_markup_in_files_is_text(tmp_path: Path, faulty: dict[str, Any]) -> None:
    frame = villages()
    frame.loc[5, "geometry"] = frame.geometry.iloc[5].buffer(300)
    frame.loc[5, "ten_thon"] = "<script>alert(1)</script>"
    frame.to_file(tmp_path / "data/villages.gpkg")
    faulty["boundaries"]["villages"][0]["owner"] = '"><img src=x onerror=alert(1)>'
    chosen = study(tmp_path, faulty)
    checked = check_study(chosen)
    write_letters(chosen, checked.findings, checked.inputs, tmp_path / "letters")
    for path in (tmp_path / "letters").glob("*.html"):
        text = path.read_text("utf-8")
        assert "<script" not in text
        assert "<img" not in text


def test_a_page_lists_a_part_of_many_findings_and_says_so(
    tmp_path: Path, spec: dict[str, Any]
) -> None:
    rows = [[*towers()[0]] for _ in range(MOST_LISTED + 7)]
    for i, row in enumerate(rows):
        row[0], row[5], row[6] = f"C{i}", 0, 0
    write_csv(tmp_path / "data/cells.csv", TOWER_HEADER, towers() + rows)
    chosen = study(tmp_path, spec)
    checked = check_study(chosen)
    letters = write_letters(chosen, checked.findings, checked.inputs, tmp_path / "letters")
    assert any(len(s.entries) == MOST_LISTED + 7 for x in letters for s in x.sections)
    text = (tmp_path / "letters/Mobile_sites.html").read_text("utf-8")
    assert "7 more of this kind are in the workbook." in text
    book = openpyxl.load_workbook(tmp_path / "letters/Mobile_sites.xlsx", read_only=True)
    found = [row[1] for row in book.worksheets[0].iter_rows(values_only=True)]
    assert found.count("S11") == MOST_LISTED + 7


def test_the_command_writes_them_and_keeps_other_folders(tiny_study: Path, tmp_path: Path) -> None:
    pages = tmp_path / "thư gửi"
    result = phusong("check", tiny_study, "--out", tmp_path, "--pages", pages)
    assert "index.html" in result.output
    phusong("check", tiny_study, "--out", tmp_path, "--pages", pages, code=1)
    phusong("check", tiny_study, "--out", tmp_path, "--pages", pages, "--overwrite")
    other = tmp_path / "other"
    other.mkdir()
    (other / "own.txt").write_text("mine")
    phusong("check", tiny_study, "--out", tmp_path, "--pages", other, "--overwrite", code=1)
    assert (other / "own.txt").read_text() == "mine"
