"""Numbers as planners write them: decimal signs, thousands, units."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from phusong.checks import Findings
from phusong.errors import Where
from phusong.sources.tables.columns import plain
from phusong.sources.tables.text import clean

Decimal = Literal[".", ","]

_MINUS = str.maketrans({"\u2212": "-", "\u2013": "-", "\u2010": "-", "\u2011": "-"})
_MARKS = r"[\s'’ʼ`´]"
"""What parts thousands whatever the decimal sign: blanks of any width, apostrophes."""


def _grouped(marks: str) -> str:
    """Return the pattern of whole numbers in groups of three, parted by one and the same mark."""
    return rf"[1-9]\d{{0,2}}(?P<mark>{marks})\d{{3}}(?:(?P=mark)\d{{3}})*"


_SIGN: dict[Decimal, str] = {".": r"\.", ",": ","}
_OTHER: dict[Decimal, Decimal] = {".": ",", ",": "."}
_NUMBER = {
    sign: re.compile(
        rf"[-+]?(?:{_grouped(f'{_MARKS}|{_SIGN[_OTHER[sign]]}')}|\d+)?"
        rf"(?:{_SIGN[sign]}(?P<part>\d*))?(?:[eE][-+]?\d+)?"
    )
    for sign in _SIGN
}
_SIMPLE = re.compile(r"[-+]?[0-9]+(?:\.[0-9]+)?")
_ONE_GROUP = {s: re.compile(rf"[-+]?[1-9]\d{{0,2}}{_SIGN[s]}\d{{3}}") for s in _SIGN}
"""A single group of three behind the sign: ``1.234`` may be a thousand or a decimal."""
_DECISIVE = {
    s: re.compile(
        rf"[-+]?(?:{_grouped(f'{_MARKS}|{_SIGN[_OTHER[s]]}')}{_SIGN[s]}\d+|\d+{_SIGN[s]}\d+"
        rf"|[1-9]\d{{0,2}}(?:{_SIGN[_OTHER[s]]}\d{{3}}){{2,}})(?:[eE][-+]?\d+)?"
    )
    for s in _SIGN
}
"""Texts that can only be read with this decimal sign (those of :data:`_ONE_GROUP` aside)."""

_SCALE: dict[str, dict[str, float]] = {
    "m": {"m": 1, "met": 1, "metre": 1, "metres": 1, "meter": 1, "meters": 1, "km": 1e3},
    "mhz": {"hz": 1e-6, "khz": 1e-3, "mhz": 1, "ghz": 1e3},
    "dbm": {"dbm": 1},
    "dbi": {"dbi": 1},
    "db": {"db": 1},
    "deg": {"": 1, "do": 1, "deg": 1, "degree": 1, "degrees": 1},
    "people": {
        "nguoi": 1, "khau": 1, "nhan_khau": 1, "people": 1, "persons": 1, "inhabitants": 1,
        "hoc_sinh": 1, "pupils": 1, "students": 1,
    },
    "cores": {"soi": 1, "fo": 1, "f": 1, "cores": 1, "core": 1, "fibres": 1, "fibers": 1},
}  # fmt: skip
"""Units that may stand behind a number, by the unit of the column, and what one of them is."""
_WITH_UNIT = re.compile(r"(?P<figure>[^A-Za-zÀ-ỹ°º]*\d)\s*(?P<unit>[A-Za-zÀ-ỹ°º][A-Za-zÀ-ỹ°º ]*)")


def _evidence(values: Iterable[Any]) -> tuple[int, int, int, int]:
    """Count texts that need a decimal comma, a decimal point, and those that may hold either."""
    need = {",": 0, ".": 0}
    may = {",": 0, ".": 0}
    for value in values:
        text = _bare(value) if isinstance(value, str) else None
        if text is None:
            continue
        for sign in need:
            if _ONE_GROUP[sign].fullmatch(text):  # type: ignore[index]
                may[sign] += 1
            elif _DECISIVE[sign].fullmatch(text):  # type: ignore[index]
                need[sign] += 1
    return need[","], need["."], may[","], may["."]


def decimal_of(values: Iterable[Any], *, certain: bool = False) -> Decimal | None:
    """Say which decimal sign the texts use; None when none of them has one.

    ``1.234`` may be a thousand: it decides only where no text of another form does, and not at
    all where the answer must be ``certain``. Two groups of three decide against their own mark.
    """
    commas, points, maybe_commas, maybe_points = _evidence(values)
    if commas == points == 0 and not certain:
        commas, points = maybe_commas, maybe_points
    if commas == points == 0:
        return None
    return "," if commas > points else "."


def _bare(value: Any) -> str | None:
    """Return a text to be read as a number: without outer blanks, with the keyboard's minus."""
    text = clean(value)
    return None if text is None else text.translate(_MINUS)


def number(value: Any, decimal: Decimal = ".", unit: str = "") -> float | None:
    """Return the number a cell holds, NaN for an empty one and None for what is no number.

    Parameters
    ----------
    value
        Cell as read.
    decimal
        Decimal sign of texts. Blanks, apostrophes and the other sign part thousands, in groups
        of three; a lone point that parts no group of three is a decimal point all the same.
    unit
        Unit of the result (a key of the table of units); the cell may name it or a multiple.
    """
    if isinstance(value, int | float | np.number):
        return float(value)
    text = _bare(value)
    if text is None:
        return float("nan")
    if decimal == "." and _SIMPLE.fullmatch(text):
        return float(text)
    scale = 1.0
    if unit and (said := _WITH_UNIT.fullmatch(text)):
        factor = _SCALE[unit].get(plain(said["unit"]))
        if factor is None:
            return None
        text, scale = said["figure"].strip(), factor
    figure = _figure(text, decimal)
    return None if figure is None else figure * scale


def _figure(text: str, decimal: Decimal) -> float | None:
    match = _NUMBER[decimal].fullmatch(text)
    if match is None:
        return _plain_float(text) if decimal == "," else None
    other = _OTHER[decimal]
    bare = re.sub(_MARKS, "", text).replace(other, "")
    return _plain_float(bare.replace(decimal, "."))


def _plain_float(text: str) -> float | None:
    try:
        return float(text) if not re.search(r"[A-DF-Za-df-z_]", text) else None
    except ValueError:
        return None


def unit_of(column: str) -> str:
    """Return the unit our column is in, as :func:`number` knows it; empty for others."""
    if column in {"population", "people"}:
        return "people"
    last = column.rsplit("_", 1)[-1]
    return last if last in _SCALE else ""


_WHOLE = frozenset({"people", "cores"})
"""Units of things that are counted: a point or comma among them parts thousands."""


def numbers(
    values: pd.Series[Any],
    rows: NDArray[np.int64],
    decimal: Decimal,
    findings: Findings,
    where: Where,
    *,
    read: Callable[[Any, Decimal], float | None] | None = None,
    unit: str = "",
    stated: bool = False,
) -> NDArray[np.float64]:
    """Return a column as float64; what is no number is NaN and listed row by row (S13).

    Parameters
    ----------
    values
        Cells as read, ``len(rows)`` of them.
    rows
        Row of each record in the planner's file.
    decimal
        Decimal sign of the file's texts.
    findings, where
        Take S13, S21 (a column with a decimal comma in a file with points) and S41 (counts read
        as thousands); ``where.key`` names the column.
    read
        How a text is read where it is no plain number of a unit;
        :func:`phusong.sources.tables.coordinates.degrees.degrees` for coordinates.
    unit
        Unit of the column, see :func:`unit_of`.
    stated
        Whether ``decimal`` is the study's word, which then holds for every column.
    """
    if pd.api.types.is_numeric_dtype(values.dtype):
        return values.to_numpy(dtype=np.float64, na_value=np.nan)
    if not stated and read is None:
        decimal = _sign_of_column(values, decimal, unit, findings, where)
    # Plain figures, nearly all of them, at once; what is left one by one.
    out = np.full(len(values), np.nan)
    if decimal == ".":
        out = np.array(pd.to_numeric(values, errors="coerce"), dtype=np.float64)
        out[np.isinf(out)] = np.nan
    texts = values.to_numpy(dtype=object)
    for i in np.flatnonzero(np.isnan(out) & values.notna().to_numpy()):
        value = texts[i]
        parsed = number(value, decimal, unit) if read is None else read(value, decimal)
        if parsed is None or np.isinf(parsed) or (np.isnan(parsed) and clean(value) is not None):
            findings.add(
                "S13",
                replace(where, row=int(rows[i])),
                str(value),
                "{value} is not a number",
                value=str(value),
            )
        else:
            out[i] = parsed
    return out


def _sign_of_column(
    values: pd.Series[Any], decimal: Decimal, unit: str, findings: Findings, where: Where
) -> Decimal:
    """Return a column's decimal sign: its own where its texts leave no choice, else the file's.

    Of counts, a sign that stands before groups of three only parts thousands.
    """
    signed = (v for v in values if isinstance(v, str) and ("," in v or "." in v))
    texts = [_figures_only(v, unit) for v in signed]
    commas, points, maybe_commas, maybe_points = _evidence(texts)
    if commas > points and decimal != ",":
        findings.add("S21", where, detail="numbers are read with a decimal comma")
    sign: Decimal = decimal if commas == points else "," if commas > points else "."
    certain, doubtful = (commas, maybe_commas) if sign == "," else (points, maybe_points)
    if unit not in _WHOLE or certain or not doubtful:
        return sign
    example = next(t for t in texts if t and _ONE_GROUP[sign].fullmatch(t))
    findings.add(
        "S41",
        where,
        example,
        "{n} cells such as {example} are read as thousands: {value}",
        n=doubtful,
        example=example,
        value=re.sub("[.,]", "", example),
    )
    return _OTHER[sign]


def _figures_only(value: str, unit: str) -> str | None:
    """Return a text without its unit, None for nothing."""
    text = _bare(value)
    said = _WITH_UNIT.fullmatch(text) if text is not None and unit else None
    return said["figure"].strip() if said else text
