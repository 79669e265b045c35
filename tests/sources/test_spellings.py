"""Degrees as surveyors, spreadsheets and letters spell them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phusong.sources.tables.coordinates.degrees import degrees

SPELLINGS = [
    "{d}°{m:02d}'{s:02d}\"",
    "{d}°{m:02d}’{s:02d}”B",
    "{d}º{m:02d}'{s:02d}''N",
    "{d}o{m:02d}'{s:02d}''",
    "{d} {m} {s}",
    "{d}-{m}-{s}",
    "{d}:{m:02d}:{s:02d}",
    "{d}.{m:02d}.{s:02d}",
    "{d},{m:02d},{s:02d}",
    "{d}/{m:02d}/{s:02d}",
    "{d}'{m:02d}'{s:02d}\"",
    "{d}d{m:02d}m{s:02d}s",
    "{d}g{m:02d}p{s:02d}",
    "{d}^{m:02d}'{s:02d}\"",
    "{d}0{m:02d}'{s:02d}\"",
    "{d} độ {m} phút {s} giây Đông",
    "{d}độ{m:02d}phút{s:02d}giây",
    "Bắc {d}°{m:02d}'{s:02d}\"",
    "{d}°{m:02d}p{s:02d}g",
    "{d}đ{m:02d}p{s:02d}s",
    "{d}o{m:02d}p{s:02d}g",
    "{d}g{m:02d}'{s:02d}\"",
    "{d}d{m:02d}'{s:02d}\"N",
    "{d}_{m:02d}_{s:02d}",
    "{d}°.{m:02d}'.{s:02d}\"",
    "{d}.{m:02d}'{s:02d}\"",
    "{d}D{m:02d}M{s:02d}S",
    "{d}°{m:02d}p{s:02d}g B",
    "VĐ {d}°{m:02d}'{s:02d}\"",
]


@given(st.sampled_from(SPELLINGS), st.integers(10, 179), st.integers(0, 59), st.integers(0, 59))
def test_every_spelling_is_the_same_place(spelling: str, d: int, m: int, s: int) -> None:
    text = spelling.format(d=d, m=m, s=s)
    for decimal in (".", ","):
        assert degrees(text, decimal) == pytest.approx(d + m / 60 + s / 3600), text  # type: ignore[arg-type]


@given(st.text(alphabet="0123456789.,'\"°oOdDgpmsNEBĐ -+:/^", max_size=14))
def test_anything_else_is_a_number_or_none(text: str) -> None:
    found = degrees(text)
    assert found is None or isinstance(found, float)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("22°49,5'", 22.825),
        ("22.49.30,5", 22 + 49 / 60 + 30.5 / 3600),
        ("22.49.30.5", 22 + 49 / 60 + 30.5 / 3600),
        ("105d00m", 105.0),
        ("1050 05' 30''", 105 + 5 / 60 + 30 / 3600),
        ("220 49' 30''", 22.825),
        ("120 05' 30''", 120 + 5 / 60 + 30 / 3600),
        ("22,825", 22825.0),  # thousands, where the file's sign is the point
        ("22049 30", None),  # nothing says that the zero is a sign
        ("22.75.10", None),
        ("22°49'30S", -22.825),  # south: neither degrees nor minutes are named by letters
        ("22D49'30\"S", -22.825),
        ("22d49'30s", 22.825),
        ("22.4930", 22.493),
        ("22.49'", None),
        ("22°49'60\"", None),
    ],
)
def test_spellings_with_a_catch(text: str, expected: float | None) -> None:
    assert degrees(text) == (None if expected is None else pytest.approx(expected))
