"""An antenna's two cuts, brought to one reference, and what is odd about them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from phusong.checks import Findings
from phusong.errors import InputError, Where

ANGLES: Final = 360
_ALIKE_DB: Final = 0.5
"""Cuts that differ by no more than this where they meet have one reference."""
_ALIKE_DEG: Final = 2.0
_LOW_PEAK_DB: Final = 3.0
"""A file whose strongest value is farther than this below its gain is worth a look."""
_RATIO: Final = 1.0
"""Cuts that go from 0 to this, 1 ahead, are field strengths or powers and no decibels."""

Cut = NDArray[np.float64]


@dataclass(frozen=True)
class Pattern:
    """One antenna's two cuts.

    Attributes
    ----------
    name
        As the file gives it, else the file's name.
    gain_dbi
        Gain in the main beam, or None where the file does not say.
    horizontal_db
        (360,) attenuation by azimuth clockwise from ahead, dB, 0 or positive.
    vertical_db
        (360,) attenuation by angle downwards from the horizon ahead, dB, 0 or positive.
    stated_tilt_deg
        Electrical tilt as the file's head says, down positive; None where it does not.
    """

    name: str
    gain_dbi: float | None
    horizontal_db: Cut
    vertical_db: Cut
    stated_tilt_deg: float | None = None

    @property
    def tilt_deg(self) -> float:
        """Down-tilt of the main beam in the vertical cut, in whole degrees (up negative)."""
        return float(_peak(self.vertical_db))


def _peak(vertical: Cut) -> int:
    """Return the angle below the horizon, -90 to 89, at which the front of a cut is strongest."""
    front = np.roll(vertical, ANGLES // 4)[: ANGLES // 2]
    return int(np.argmin(front)) - ANGLES // 4


def join_cuts(
    name: str,
    gain_dbi: float | None,
    horizontal: Cut,
    vertical: Cut,
    where: Where,
    stated_tilt_deg: float | None = None,
) -> Pattern:
    """Bring both cuts to one reference.

    The horizontal cut holds at the horizon, or on the cone of the beam: in either case the cuts
    meet ahead. Where they do not, each was drawn from its own strongest value; the vertical cut
    is then moved to what the horizontal one says ahead, and behind. What is strongest in neither
    cut counts from the file's gain: nothing is moved to 0.

    Parameters
    ----------
    horizontal, vertical
        (360,) losses in dB as the file has them, without sign.

    Raises
    ------
    InputError
        When the cuts are gains or ratios instead of losses.
    """
    _refuse_gains(horizontal, vertical, where)
    tilt = _peak(vertical)
    ahead, strongest = float(horizontal[0]), float(vertical[tilt])
    low, high = sorted((strongest, float(vertical[0])))
    if not low - _ALIKE_DB <= ahead <= high + _ALIKE_DB:
        front = np.cos(np.radians(np.arange(ANGLES))) > 0
        behind = float(horizontal[ANGLES // 2] - vertical[ANGLES // 2 - tilt])
        vertical = np.maximum(vertical + np.where(front, ahead - strongest, behind), 0.0)
    return Pattern(name, gain_dbi, horizontal, vertical, stated_tilt_deg)


def _refuse_gains(horizontal: Cut, vertical: Cut, where: Where) -> None:
    """Refuse cuts that are largest where the beam is, as gains are and ratios of field or power."""
    turn = (np.arange(ANGLES) + 180) % ANGLES - 180
    ahead, behind = np.abs(turn) <= 10, np.abs(turn) >= 150
    backward = float(horizontal[ahead].mean() - horizontal[behind].mean()) > 2 * _LOW_PEAK_DB
    for cut, values in (("HORIZONTAL", horizontal), ("VERTICAL", vertical)):
        most = float(values.max())
        ratio = most == values[np.abs(turn) <= 30].max() and 0.9 < np.ptp(values) <= most <= _RATIO
        if ratio or (backward and cut == "HORIZONTAL"):
            raise InputError(
                "the {cut} cut is largest ahead, {most} at {angle} degrees: gains or ratios, not "
                "losses",
                where,
                "ask for the file with losses in dB below the maximum, 0 in the beam",
                {"cut": cut, "most": f"{most:g}", "angle": int(np.argmax(values))},
            )


def report_antennas(
    cells: pd.DataFrame, patterns: dict[str, Pattern | InputError], findings: Findings
) -> None:
    """Say which antenna files of cells in service cannot be read (T23) or look odd (T24)."""
    working = cells[cells["in_service"].astype(bool)].dropna(subset="antenna_file")
    for cell in working.drop_duplicates("antenna_file").itertuples():
        where = Where(file=str(cell.file), row=int(str(cell.row)), key="antenna_file")
        name = str(cell.antenna_file)
        found = patterns[name]
        if isinstance(found, InputError):
            findings.add("T23", where, f"{cell.cell_id}: {found.where}", found.what, **found.params)
            continue
        for detail, params in oddities(found):
            findings.add("T24", where, f"{cell.cell_id}: {Path(name).name}", detail, **params)


def oddities(pattern: Pattern) -> list[tuple[str, dict[str, Any]]]:
    """Return what in a pattern is not as antennas are: English template and values of each."""
    out: list[tuple[str, dict[str, Any]]] = []
    tilt, stated = pattern.tilt_deg, pattern.stated_tilt_deg
    if stated is not None and abs(tilt - stated) > _ALIKE_DEG:
        mirrored = abs(tilt + stated) <= _ALIKE_DEG
        out.append(
            (
                "the file says {stated}° of tilt, its vertical cut is strongest {tilt}° below the "
                "horizon: it looks mirrored"
                if mirrored
                else "the file says {stated}° of tilt, its vertical cut is strongest {tilt}° below "
                "the horizon",
                {"stated": f"{stated:g}", "tilt": f"{tilt:g}"},
            )
        )
    elif tilt < -_ALIKE_DEG or tilt > 45:
        out.append(
            (
                "its vertical cut is strongest {tilt}° below the horizon: mirrored or turned",
                {"tilt": f"{tilt:g}"},
            )
        )
    least = min(float(pattern.horizontal_db.min()), float(pattern.vertical_db.min()))
    if least > _LOW_PEAK_DB:
        out.append(("the least loss in either cut is {loss} dB", {"loss": f"{least:g}"}))
    return out
