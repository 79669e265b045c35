"""Radiated power: dBm, dBW, W and kW, EIRP and ERP, or a transmitter's with its antenna's gain."""

from __future__ import annotations

import math
import re
from typing import Final

from phusong.sources.tables.columns import plain
from phusong.sources.tables.numerals import Decimal, number

DIPOLE_DBI: Final = 2.15
"""Gain of a half-wave dipole: ERP is counted from it, and so are dBd."""
UNITS: Final = frozenset({"dbm", "dbw", "w", "kw", "mw"})
_WATTS: Final = {"w": 1.0, "kw": 1e3, "mw": 1e-3}
_CELL = re.compile(
    r"([-+]?[\d.,\s]+(?:e[-+]?\d+)?)\s*(dbm|dbw|kw|mw|w|watts?|dbi|dbd|db)?\.?", re.IGNORECASE
)


def unit_in_header(header: str) -> str:
    """Return the unit a column's header names: ``EIRP (W)`` gives ``w``; empty for none."""
    words = plain(header).replace("watts", "w").replace("watt", "w").split("_")
    return next((word for word in reversed(words) if word in UNITS | {"dbi", "dbd"}), "")


def is_erp(header: str) -> bool:
    """Say whether a column counts from a dipole."""
    return "erp" in plain(header).split("_")


def power_dbm(text: object, unit: str, decimal: Decimal) -> float | None:
    """Return a power in dBm; NaN for an empty cell, None for what is no power.

    Parameters
    ----------
    text
        The cell; a unit in it comes before the header's.
    unit
        Of the header; empty: dBm.
    """
    value, own = _figure(text, decimal)
    if value is None or math.isnan(value):
        return value
    said = own or unit or "dbm"
    if said in _WATTS:
        return 30.0 + 10.0 * math.log10(value * _WATTS[said]) if value > 0 else None
    if said not in {"dbm", "dbw"}:
        return None
    return value + 30.0 if said == "dbw" else value


def gain_dbi(text: object, unit: str, decimal: Decimal) -> float | None:
    """Return a gain in dBi; ``dBd`` in the cell or the header counts from a dipole."""
    value, own = _figure(text, decimal)
    if value is None or math.isnan(value):
        return value
    return value + DIPOLE_DBI if (own or unit) == "dbd" else value


def _figure(text: object, decimal: Decimal) -> tuple[float | None, str]:
    """Return a cell's figure and the unit in it."""
    match = _CELL.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None:
        return number(text, decimal), ""
    unit = (match[2] or "").lower()
    return number(match[1].strip(), decimal), "w" if unit.startswith("watt") else unit
