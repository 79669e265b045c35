"""Frame columns as the short lists the page reads: rounded numbers, null for none."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd


def scaled(values: pd.Series, digits: int) -> list[float | int | None]:
    """Return numbers rounded to ``digits`` decimals; None where there is none.

    The page shows the same number of decimals as the tables, so that a card equals a row.
    """
    numbers = pd.to_numeric(values).astype(float)
    if digits == 0:
        return [round(v) if math.isfinite(v) else None for v in numbers]
    return [round(v, digits) if math.isfinite(v) else None for v in numbers]


def texts(values: pd.Series) -> list[str]:
    """Return strings; empty where there is none."""
    return ["" if pd.isna(v) else str(v) for v in values]


def flags(values: pd.Series) -> list[int]:
    """Return 1 for true and 0 for false or nothing."""
    return [int(bool(v)) if not pd.isna(v) else 0 for v in values]


def coded(values: pd.Series) -> tuple[list[str], list[int]]:
    """Return the distinct strings in order of first sight, and each row's index among them."""
    known: dict[str, int] = {}
    codes = [known.setdefault(text, len(known)) for text in texts(values)]
    return list(known), codes


def positions(values: pd.Series, among: pd.Series) -> list[int]:
    """Return each value's row in ``among``, -1 where it is not there."""
    index = {value: row for row, value in enumerate(among)}
    return [index.get(v, -1) for v in values]


def plain(value: Any) -> Any:
    """Return a value JSON can hold (numpy scalars and paths to Python's own)."""
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, (bool, int, float, str, type(None))) else str(value)


def differences(rows: Iterable[int]) -> list[int]:
    """Return numbers in rising order, each but the first by how much it is more."""
    whole = np.sort(np.asarray(list(rows), dtype=np.int64))
    steps: list[int] = np.diff(whole, prepend=0).tolist()
    return steps
