"""What stands in a column of levels: dBm, or what programs write where they know none.

Nothing is converted unless the header says that the column holds index values: 57 is an RSRP
index to one program, a level without its sign to another.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.calibration.formats import TABLE
from phusong.study import TECHNOLOGIES

RANGE_DBM: Final = (-150.0, -20.0)
"""No handset reports a level outside of this."""
UNKNOWN: Final = frozenset(float(value) for value in TABLE["unknown"]["level"])
"""Figures that stand for "not known" whatever the technology."""
_WEAKEST_SIGN_DBM: Final = 44.0
"""No phone reports more than -44 dBm of RSRP: a smaller figure is none that lost its sign."""


def judge(level: NDArray[np.float64], technology: NDArray[np.object_]) -> NDArray[np.object_]:
    """Say what is wrong with levels that are given as dBm.

    Whether figures are index values is seen from all of a technology's: whole, within its
    reporting range, and some too small for levels without their sign.

    Parameters
    ----------
    level
        (rows,) as the file has them; NaN where it has none.
    technology
        (rows,) our word, or any other.

    Returns
    -------
    ndarray
        (rows,) key of the reason: ``sentinel``, ``floor``, ``index``, ``unsigned`` (index or a
        level without its sign), ``positive``; empty where nothing is wrong.
    """
    out = np.full(level.size, "", dtype=object)
    out[np.isin(level, list(UNKNOWN))] = "sentinel"
    positive = (level > 0) & (out == "")
    words = np.array([t if t in TECHNOLOGIES else "LTE" for t in technology], dtype=object)
    for name in set(words):
        rows = words == name
        own = TABLE["levels"][name]
        out[rows & np.isin(level, own["floor"])] = "floor"
        at = np.flatnonzero(rows & positive)
        if at.size:
            out[at] = _of_positive(level[at], float(own["index"]["last"]))
    return out


def _of_positive(level: NDArray[np.float64], last: float) -> str:
    """Return what positive figures of one technology are, all together."""
    if (level % 1 != 0).any() or level.max() > last:
        return "positive"
    return "index" if level.min() < _WEAKEST_SIGN_DBM else "unsigned"


def index_name(technology: Any) -> tuple[str, int]:
    """Return the quantity that a technology's reporting range numbers, and its last number."""
    own = TABLE["levels"].get(technology, TABLE["levels"]["LTE"])["index"]
    return str(own["name"]), int(own["last"])


def from_index(
    number: NDArray[np.float64], technology: NDArray[np.object_], kind: str
) -> NDArray[np.float64]:
    """Return the levels in dBm that numbers of a reporting range stand for.

    Parameters
    ----------
    number
        (rows,) NaN where there is none.
    technology
        (rows,) the ranges differ.
    kind
        ``index`` (3GPP's reporting range; the middle of the step) or ``asu`` (Android's).

    Returns
    -------
    ndarray
        (rows,) dBm; NaN where the number is outside of the range, or the technology is unknown.
    """
    out = np.full(number.size, np.nan)
    for name in TECHNOLOGIES:
        own = TABLE["levels"][name][kind]
        zero, step = (own["zero_dbm"], 1) if kind == "index" else (own["start"], own["step"])
        rows = (technology == name) & (number >= 0) & (number <= own["last"])
        out[rows] = zero + step * number[rows]
    return out
