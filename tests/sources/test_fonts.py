"""The three old encodings of Vietnamese: found with a score, shown, undone without loss."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phusong.checks import Findings
from phusong.errors import Where
from phusong.sources.tables.headers import VILLAGES
from phusong.sources.tables.raw.garbled import report_garbled, texts_by_column
from phusong.sources.tables.raw.spreadsheets import read_sheet
from phusong.sources.tables.text import (
    _TCVN3,
    from_tcvn3,
    from_vni,
    suspected_font_encoding,
)
from phusong.study import Layer

NAMES = [
    "Thôn Nông Tiến",
    "Xã Đồng Văn",
    "Bản Mường Khương",
    "Xóm Phó Bảng",
    "Lũng Cú",
    "Thượng Lâm",
]
TO_TCVN3 = {letter: chr(byte) for byte, letter in _TCVN3.items()}
LOWER = "aăâbcdđeêghiklmnoôơpqrstuưvxy"
TONES = ["", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323"]
VNI_TONES = dict(zip(TONES, ["", "ø", "ù", "õ", "û", "ï"], strict=True))
VNI_HATS = {
    "â": ("a", "âàáãåä"),
    "ê": ("e", "âàáãåä"),
    "ô": ("o", "âàáãåä"),
    "ă": ("a", "êèéüúë"),
}


def tcvn3(text: str) -> str:
    return "".join(TO_TCVN3.get(c, c) for c in unicodedata.normalize("NFC", text))


def letter(base: str, tone: str) -> str:
    vowel = base in "aăâeêioôơuưy"
    return unicodedata.normalize("NFC", base + tone) if vowel else base


def vni(base: str, tone: str) -> str:
    """Write one letter as VNI for Windows does."""
    order = {"": 0, "\u0300": 1, "\u0301": 2, "\u0303": 3, "\u0309": 4, "\u0323": 5}
    if base in VNI_HATS:
        plain, marks = VNI_HATS[base]
        return plain + marks[order[tone]]
    if base == "i":
        return {"": "i", "\u0300": "ì", "\u0301": "í", "\u0303": "ó", "\u0309": "æ", "\u0323": "ò"}[
            tone
        ]
    if base == "y" and tone == "\u0323":
        return "î"
    if base == "đ":
        return "ñ"
    stem = {"ơ": "ô", "ư": "ö"}.get(base, base)
    return stem + (VNI_TONES[tone] if base in "aeoơuưy" else "")


LETTERS = st.lists(st.tuples(st.sampled_from(LOWER), st.sampled_from(TONES)), max_size=12)


@given(LETTERS)
def test_tcvn3_goes_there_and_back(letters: list[tuple[str, str]]) -> None:
    text = "".join(letter(base, tone) for base, tone in letters)
    assert from_tcvn3(tcvn3(text)) == text
    assert unicodedata.is_normalized("NFC", from_tcvn3(tcvn3(text)))


@given(LETTERS)
def test_vni_goes_there_and_back(letters: list[tuple[str, str]]) -> None:
    text = " ".join(letter(base, tone) for base, tone in letters)
    assert from_vni(" ".join(vni(base, tone) for base, tone in letters)) == text


@given(st.text(alphabet=st.characters(max_codepoint=127)))
def test_ascii_is_untouched(text: str) -> None:
    assert from_tcvn3(text) == text
    assert from_vni(text) == text


def report(frame: pd.DataFrame, mended: pd.DataFrame) -> Findings:
    findings = Findings()
    columns = [list(map(str, frame.columns)), *texts_by_column(frame)]
    report_garbled(columns, lambda _: mended, findings, Where(file="a.xlsx"))
    return findings


def test_a_finding_gives_score_and_examples() -> None:
    sound = pd.DataFrame({"ten": NAMES})
    (found,) = report(sound.map(tcvn3), sound).of("S16")
    text = found.text()
    assert "tcvn3 (100 % of 6 texts" in text
    assert "Th«n N«ng TiÕn → Thôn Nông Tiến; X· §ång V¨n → Xã Đồng Văn; " in text
    assert 'encoding = "tcvn3"' in text


def test_one_column_in_a_font_beside_sound_ones_is_found() -> None:
    sound = pd.DataFrame({"ten": NAMES * 4, "xa": [f"Xã Vĩnh Tuỵ {k} ạ" for k in range(24)]})
    mixed = sound.assign(ten=sound["ten"].map(tcvn3))
    assert report(mixed, sound).of("S16")
    assert not list(report(sound, sound))
    remark = sound.assign(ghi_chu=["Nokia®"] * 24)
    assert not list(report(remark, remark))


def test_columns_in_unicode_stay_when_a_font_is_named(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet: Any = book.active
    sheet.append(["Ma thon", "Ten thon", "Ten xa"])
    for k, name in enumerate(NAMES):
        sheet.append([f"00{k}", tcvn3(name), name])
    path = tmp_path / "thôn.xlsx"
    book.save(path)
    findings = Findings()
    asked = Layer(path=path, encoding="tcvn3")
    frame = read_sheet(path, asked, VILLAGES, findings, Where(file="thôn.xlsx"))
    assert frame is not None
    assert frame["Ten thon"].tolist() == frame["Ten xa"].tolist() == NAMES
    assert frame["Ma thon"].tolist() == [f"00{k}" for k in range(6)]


def windows_1258(text: str) -> bytes:
    """Write text as Windows does: letters with their hat or breve, tone marks behind them."""
    out = b""
    for c in unicodedata.normalize("NFC", text):
        try:
            out += c.encode("cp1258")
        except UnicodeEncodeError:
            marks = unicodedata.normalize("NFD", c)
            tone = "".join(m for m in marks[1:] if m in TONES)
            hat = "".join(m for m in marks[1:] if m not in TONES)
            out += unicodedata.normalize("NFC", marks[0] + hat).encode("cp1258")
            out += tone.encode("cp1258")
    return out


@pytest.mark.parametrize("encoding", [None, "windows-1258", "cp1258"])
def test_windows_1258_comes_as_one_letter_each(encoding: str | None, tmp_path: Path) -> None:
    from phusong.sources.tables.delimited import read_table

    path = tmp_path / "a.csv"
    path.write_bytes(b"ma_thon,ten\n" + b"".join(b"1," + windows_1258(n) + b"\n" for n in NAMES))
    findings = Findings()
    layer = Layer(path=path, encoding=encoding)
    frame = read_table(path, layer, findings, Where(file="a.csv"), VILLAGES)
    assert frame is not None
    assert frame["ten"].tolist() == NAMES


def test_names_of_other_languages_are_no_vni() -> None:
    """``Engaït`` may be VNI by itself; beside ``Julià`` and ``Escàs`` it is not."""
    catalan = ["Engaït", "Sant Julià de Lòria", "Escàs", "Ransol"]
    assert suspected_font_encoding(catalan) is None
    vni = ["Xaõ Ba Cheõ", "Thoân Naø Loø", "Baûn Laøng", "Xoùm Ñaù"]
    found = suspected_font_encoding(vni)
    assert found is not None
    assert found[0] == "vni"
