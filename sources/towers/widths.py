"""Channel bandwidths of 3GPP: resource blocks, and the subcarrier spacing of NR by band."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from phusong.study import Technology

LTE_BLOCKS: Final[dict[float, int]] = {1.4: 6, 3: 15, 5: 25, 10: 50, 15: 75, 20: 100}
"""Channel bandwidth in MHz -> resource blocks: TS 36.101 table 5.6-1."""


def _table(widths_mhz: str, blocks: str) -> dict[float, int]:
    return dict(zip(map(float, widths_mhz.split()), map(int, blocks.split()), strict=True))


NR_BLOCKS: Final[dict[float, dict[float, int]]] = {
    15: _table("3 5 10 15 20 25 30 35 40 45 50", "15 25 52 79 106 133 160 188 216 242 270"),
    30: _table(
        "5 10 15 20 25 30 35 40 45 50 60 70 80 90 100",
        "11 24 38 51 65 78 92 106 119 133 162 189 217 245 273",
    ),
    60: _table(
        "10 15 20 25 30 35 40 45 50 60 70 80 90 100 200",
        "11 18 24 31 38 44 51 58 65 79 93 107 121 135 264",
    ),
    120: _table("50 100 200 400", "32 66 132 264"),
}
"""Subcarrier spacing in kHz -> bandwidth in MHz -> blocks: TS 38.101-1 table 5.3.2-1 (FR1), and
TS 38.101-2 table 5.3.2-1 (FR2: 120 kHz, and 200 MHz at 60 kHz)."""

FR2_MHZ: Final = 24_000.0
"""Above it lies frequency range 2."""
_TDD_MHZ: Final = 2300.0
"""From here on NR is time-division: n40, n41, n77 to n79."""
_N7_MHZ: Final = (2620.0, 2690.0)
"""Downlink of n7, frequency-division above that; n41 holds it too, in wide channels."""
_N7_WIDEST_MHZ: Final = 20.0
_FDD_WIDEST_MHZ: Final = 50.0
FDD_USUAL_MHZ: Final = 20.0
"""Bandwidth of an NR carrier in a frequency-division band where nothing says: the study's is then
too wide for the band."""


@dataclass(frozen=True)
class Blocks:
    """How a carrier's power is spread: resource blocks of subcarriers."""

    width_mhz: float
    count: int
    spacing_khz: float


def usual_spacing_khz(freq_mhz: float, width_mhz: float) -> float:
    """Return the spacing NR has in a band: 15 kHz, 30 where it is time-division, 120 in FR2.

    Examples
    --------
    >>> usual_spacing_khz(780.5, 20), usual_spacing_khz(3550, 100), usual_spacing_khz(25875, 100)
    (15.0, 30.0, 120.0)
    """
    if freq_mhz >= FR2_MHZ:
        return 120.0
    n7 = _N7_MHZ[0] <= freq_mhz <= _N7_MHZ[1] and width_mhz <= _N7_WIDEST_MHZ
    return 15.0 if freq_mhz < _TDD_MHZ or n7 else 30.0


def blocks_of(
    technology: Technology, width_mhz: float, freq_mhz: float, asked_khz: float | None = None
) -> Blocks | None:
    """Return how an LTE or NR carrier is divided, None where the standard has no such carrier.

    Parameters
    ----------
    technology
        ``LTE`` or ``NR``.
    width_mhz
        Channel bandwidth.
    freq_mhz
        Carrier; decides the spacing of NR.
    asked_khz
        Spacing the study asks for; taken where the standard has that bandwidth with it.
    """
    if technology == "LTE":
        count = LTE_BLOCKS.get(width_mhz)
        return None if count is None else Blocks(width_mhz, count, 15.0)
    if technology != "NR" or (freq_mhz < _TDD_MHZ and width_mhz > _FDD_WIDEST_MHZ):
        return None
    high = freq_mhz >= FR2_MHZ
    usual = usual_spacing_khz(freq_mhz, width_mhz)
    for spacing in (asked_khz, usual, *sorted(NR_BLOCKS, key=lambda khz: abs(khz - usual))):
        if spacing is None or (spacing < 60 if high else spacing > 60):
            continue
        count = NR_BLOCKS.get(spacing, {}).get(width_mhz)
        if count is not None and (high or width_mhz <= 100):
            return Blocks(width_mhz, count, spacing)
    return None


def usual_width_mhz(technology: Technology, width_mhz: float, freq_mhz: float) -> float:
    """Return the study's bandwidth of a technology, or one that the band can hold."""
    if technology == "NR" and freq_mhz < _TDD_MHZ and width_mhz > _FDD_WIDEST_MHZ:
        return FDD_USUAL_MHZ
    return width_mhz


_WIDTH = re.compile(r"(\d+(?:[.,]\d+)?)\s*(khz|mhz|ghz|m|k)?", re.IGNORECASE)
_TIMES = re.compile(r"([1-8])\s*[x×*]\s*([^x×*]+)", re.IGNORECASE)
_SCALE: Final = {"k": 1e-3, "m": 1.0, "g": 1e3}


def widths_of(text: str) -> list[float] | None:
    """Return the bandwidths a cell of a list names, in MHz; None for what names none.

    ``20``, ``20 MHz``, ``20+10``, ``2x20``.
    """
    if (times := _TIMES.fullmatch(text.strip())) is not None:
        return (widths_of(times[2]) or []) * int(times[1]) or None
    parts = [part.strip() for part in re.split(r"[+/;&]", text)]
    out = []
    for part in parts:
        match = _WIDTH.fullmatch(part)
        if match is None:
            return None
        scale = _SCALE[match[2][0].lower()] if match[2] else 1.0
        out.append(round(float(match[1].replace(",", ".")) * scale, 6))
    return out
