"""Names made from people's words are distinct on every file system, and fit for it."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phusong.names import MOST_BYTES, alike, distinct_names, numbered, safe_names

WORDS = st.lists(st.text(st.characters(codec="utf-8"), max_size=80), max_size=8)
ALIKE = st.lists(
    st.sampled_from(["Viettel", "VIETTEL", "viettel", "Viettel-2", "VIETTEL-2", "Đỏ", "ĐỎ", "any"]),
    max_size=8,
)


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("CON", "CON_"),
        ("con.v2", "con_.v2"),
        ("COM¹", "COM¹_"),
        ("nul .", "nul_"),
        ("Conrad", "Conrad"),
        ("mạng...", "mạng"),
        ("Viễn thông A/B", "Viễn_thông_A_B"),
        ("a\u202eb\u200bc\x07", "abc"),
        ("..", "unnamed"),
        ("", "unnamed"),
        ("*", "any"),
    ],
)
def test_file_names_are_such_as_every_system_takes(name: str, file: str) -> None:
    assert safe_names([name]) == {name: file}


def test_composed_and_decomposed_letters_meet() -> None:
    composed = "Viễn thông"
    apart = unicodedata.normalize("NFD", composed)
    assert set(safe_names([composed, apart]).values()) == {"Viễn_thông", "Viễn_thông-2"}
    assert alike(apart.upper()) == alike(composed)


def test_long_names_are_cut_between_letters() -> None:
    for letter in ("ễ", "𝒱", "x"):
        part = safe_names([letter * 200])[letter * 200]
        assert set(part) == {letter}
        assert MOST_BYTES - 3 <= len(part.encode()) <= MOST_BYTES


@given(WORDS | ALIKE)
def test_no_two_files_meet_on_a_system_that_ignores_case(names: list[str]) -> None:
    files = safe_names(names)
    assert set(files) == set(names)
    assert len({alike(file) for file in files.values()}) == len(files)
    for file in files.values():
        assert not set(file) & set('<>:"/\\|?*\n\0 ')
        assert file.strip(". ") == file != ""


@given(WORDS | ALIKE)
def test_no_two_columns_meet(names: list[str]) -> None:
    called = distinct_names(names)
    assert len({alike(column) for column in called.values()}) == len(set(names))
    # What is distinct already stays as it is: published tables keep their headers.
    assert list(distinct_names(called.values()).values()) == sorted(called.values())


def test_only_what_is_alike_gets_a_number() -> None:
    assert numbered(["Viettel", "MobiFone", "VIETTEL", "viettel", "Viettel-2"]) == [
        "Viettel",
        "MobiFone",
        "VIETTEL-2",
        "viettel-3",
        "Viettel-2-2",
    ]
