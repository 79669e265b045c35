"""From EIRP to the level a handset reports, for GSM, UMTS, LTE and NR.

An EIRP here is the power of the whole carrier in the main beam. What a handset reports is the
power of a part of it: the whole carrier (GSM RxLev), the common pilot (UMTS CPICH RSCP,
TS 25.215 clause 5.1.1), or one resource element (LTE RSRP, TS 36.214 clause 5.1.1; NR SS-RSRP,
TS 38.215 clause 5.1.1), the carrier's power being spread evenly over its resource elements.
"""

from __future__ import annotations

import math
from typing import Final

from phusong.errors import ModelError, Where
from phusong.study import Technology, TechnologyBudget

SUBCARRIERS_PER_BLOCK: Final = 12
"""TS 36.211 clause 6.2.3 and TS 38.211 clause 4.4.4.1."""

LTE_BLOCKS: Final[dict[float, int]] = {1.4: 6, 3: 15, 5: 25, 10: 50, 15: 75, 20: 100}
"""Channel bandwidth in MHz -> resource blocks: TS 36.101 table 5.6-1."""

NR_BLOCKS: Final[dict[float, dict[float, int]]] = {
    15: {
        3: 15,
        5: 25,
        10: 52,
        15: 79,
        20: 106,
        25: 133,
        30: 160,
        35: 188,
        40: 216,
        45: 242,
        50: 270,
    },
    30: {
        5: 11,
        10: 24,
        15: 38,
        20: 51,
        25: 65,
        30: 78,
        35: 92,
        40: 106,
        45: 119,
        50: 133,
        60: 162,
        70: 189,
        80: 217,
        90: 245,
        100: 273,
    },
    60: {
        10: 11,
        15: 18,
        20: 24,
        25: 31,
        30: 38,
        35: 44,
        40: 51,
        45: 58,
        50: 65,
        60: 79,
        70: 93,
        80: 107,
        90: 121,
        100: 135,
    },
}
"""Subcarrier spacing in kHz -> bandwidth in MHz -> blocks: TS 38.101-1 table 5.3.2-1 (FR1)."""


def resource_blocks(
    technology: Technology, bandwidth_mhz: float, subcarrier_khz: float = 15.0
) -> int:
    """Return N_RB of an LTE or NR (FR1) carrier.

    Parameters
    ----------
    technology
        ``LTE`` or ``NR``.
    bandwidth_mhz
        Channel bandwidth.
    subcarrier_khz
        Subcarrier spacing; LTE has 15 only.

    Raises
    ------
    ModelError
        When the standard has no such carrier.
    """
    table = LTE_BLOCKS if technology == "LTE" else NR_BLOCKS.get(subcarrier_khz, {})
    if technology not in {"LTE", "NR"} or bandwidth_mhz not in table:
        raise ModelError(
            "{technology} has no carrier of {bandwidth_mhz} MHz with {subcarrier_khz} kHz spacing",
            Where(key="bandwidth_mhz"),
            "choose a bandwidth of the standard: {known}",
            {
                "technology": technology,
                "bandwidth_mhz": f"{bandwidth_mhz:g}",
                "subcarrier_khz": f"{subcarrier_khz:g}",
                "known": ", ".join(f"{b:g}" for b in table) or "-",
            },
        )
    return table[bandwidth_mhz]


def reference_share_db(
    technology: Technology, budget: TechnologyBudget, bandwidth_mhz: float
) -> float:
    """Return the reported part of the carrier's power, in dB (0 or negative).

    Raises
    ------
    ModelError
        When the bandwidth is none of the standard's.
    """
    if budget.reference == "carrier":
        return 0.0
    if budget.reference == "cpich":
        return budget.cpich_share_db
    blocks = resource_blocks(technology, bandwidth_mhz, budget.subcarrier_khz)
    return -10.0 * math.log10(SUBCARRIERS_PER_BLOCK * blocks)


def reference_level_dbm(
    technology: Technology, budget: TechnologyBudget, eirp_dbm: float, bandwidth_mhz: float
) -> float:
    """Return the reported level at zero path loss in the main beam.

    The level at a place is this, less the basic transmission loss and the antenna's
    attenuation towards the place.

    Raises
    ------
    ModelError
        When the bandwidth is none of the standard's.
    """
    share_db = reference_share_db(technology, budget, bandwidth_mhz)
    return eirp_dbm + share_db + budget.rx_gain_dbi - budget.body_loss_db
