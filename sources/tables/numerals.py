"""Numbers as planners write them: decimal commas, blanks, degrees-minutes-seconds."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from phusong.checks import Findings
from phusong.errors import Where
from phusong.sources.tables.text import clean

Decimal = Literal[".", ","]

_COMMA_NUMBER = re.compile(r"[-+]?\d{1,3}(?:\.\d{3})*,\d+|[-+]?\d+,\d+")
_POINT_NUMBER = re.compile(r"[-+]?\d+\.\d+(?:[eE][-+]?\d+)?")
_DMS = re.compile(
    r"""\s*([-+]?\d{1,3})\s*[°ºd:\s]\s*(\d{1,2})\s*['’′m:\s]\s*   # degrees, minutes
    (?:(\d{1,2}(?:[.,]\d+)?)\s*(?:["”″s]|''|’’)?)?\s*([NSEWBĐDTnsewbđdt])?\s*""",
    re.VERBOSE,
)
_NEGATIVE = "SWTswt"
"""South and west, and their Vietnamese initials where those are not ambiguous (T: tây)."""


def decimal_of(values: Iterable[Any]) -> Decimal | None:
    """Say which decimal sign the texts use; None when none of them has one.

    A lone ``1,234`` may be a thousand: the comma counts as decimal only where more texts look
    like decimal commas than like decimal points.
    """
    commas = points = 0
    for value in values:
        text = clean(value)
        if text is None:
            continue
        if _COMMA_NUMBER.fullmatch(text):
            commas += 1
        elif _POINT_NUMBER.fullmatch(text):
            points += 1
    if commas == points == 0:
        return None
    return "," if commas > points else "."


def number(value: Any, decimal: Decimal = ".") -> float | None:
    """Return the number a cell holds, NaN for an empty one and None for what is no number."""
    if isinstance(value, int | float | np.number):
        return float(value)
    text = clean(value)
    if text is None:
        return float("nan")
    text = re.sub(r"[\s\u202f]", "", text)
    if decimal == ",":
        if "," in text or re.fullmatch(r"[-+]?\d{1,3}(\.\d{3}){2,}", text):
            text = text.replace(".", "").replace(",", ".")
    elif re.fullmatch(r"[-+]?\d{1,3}(,\d{3})+(\.\d+)?", text):
        text = text.replace(",", "")
    try:
        return float(text)
    except ValueError:
        return None


def degrees(value: Any, decimal: Decimal = ".") -> float | None:
    """Return degrees from a number or from ``22°48'30.5"N``; None for what is neither."""
    match = _DMS.fullmatch(clean(value) or "") if isinstance(value, str) else None
    if match is None:
        return number(value, decimal)
    whole, minutes, seconds, side = match.groups()
    if float(minutes) >= 60 or float((seconds or "0").replace(",", ".")) >= 60:
        return None
    size = abs(float(whole)) + float(minutes) / 60
    size += float((seconds or "0").replace(",", ".")) / 3600
    negative = whole.startswith("-") or (side is not None and side in _NEGATIVE)
    return -size if negative else size


def numbers(
    values: pd.Series[Any],
    rows: NDArray[np.int64],
    decimal: Decimal,
    findings: Findings,
    where: Where,
    *,
    angle: bool = False,
) -> NDArray[np.float64]:
    """Return a column as float64; what is no number is NaN and listed row by row (S13).

    Parameters
    ----------
    values
        Cells as read, ``len(rows)`` of them.
    rows
        Row of each record in the planner's file.
    decimal
        Decimal sign of texts.
    findings, where
        Take S13; ``where.key`` names the column.
    angle
        Whether degrees, minutes and seconds are understood.
    """
    if pd.api.types.is_numeric_dtype(values.dtype):
        return values.to_numpy(dtype=np.float64, na_value=np.nan)
    read = degrees if angle else number
    out = np.full(len(values), np.nan)
    for i, value in enumerate(values):
        parsed = read(value, decimal)
        if parsed is None or np.isinf(parsed):
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
