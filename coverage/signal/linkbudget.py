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
from phusong.sources.towers.widths import (
    LTE_BLOCKS,
    NR_BLOCKS,
    Blocks,
    blocks_of,
    usual_width_mhz,
)
from phusong.study import Technology, TechnologyBudget

SUBCARRIERS_PER_BLOCK: Final = 12
"""TS 36.211 clause 6.2.3 and TS 38.211 clause 4.4.4.1."""


def carrier_blocks(
    technology: Technology, budget: TechnologyBudget, bandwidth_mhz: float, freq_mhz: float
) -> Blocks:
    """Return how an LTE or NR carrier is divided.

    Parameters
    ----------
    technology
        ``LTE`` or ``NR``.
    budget
        The study's; its bandwidth and spacing stand in where nothing else says.
    bandwidth_mhz
        Channel bandwidth of the cell; NaN: the budget's, or what the band can hold of it.
    freq_mhz
        Carrier.

    Raises
    ------
    ModelError
        When the standard has no such carrier.
    """
    if math.isnan(bandwidth_mhz):
        bandwidth_mhz = usual_width_mhz(technology, budget.bandwidth_mhz, freq_mhz)
    found = blocks_of(technology, bandwidth_mhz, freq_mhz, budget.subcarrier_khz)
    if found is None:
        tables = [LTE_BLOCKS] if technology == "LTE" else list(NR_BLOCKS.values())
        raise ModelError(
            "{technology} has no carrier of {bandwidth_mhz} MHz at {freq_mhz} MHz",
            Where(key="bandwidth_mhz"),
            "choose a bandwidth of the standard: {known}",
            {
                "technology": technology,
                "bandwidth_mhz": f"{bandwidth_mhz:g}",
                "freq_mhz": f"{freq_mhz:g}",
                "known": ", ".join(f"{b:g}" for b in sorted({b for t in tables for b in t})),
            },
        )
    return found


def reference_share_db(
    technology: Technology, budget: TechnologyBudget, bandwidth_mhz: float, freq_mhz: float
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
    blocks = carrier_blocks(technology, budget, bandwidth_mhz, freq_mhz)
    return -10.0 * math.log10(SUBCARRIERS_PER_BLOCK * blocks.count)


def reference_level_dbm(
    technology: Technology,
    budget: TechnologyBudget,
    eirp_dbm: float,
    bandwidth_mhz: float,
    freq_mhz: float,
) -> float:
    """Return the reported level at zero path loss in the main beam.

    The level at a place is this, less the basic transmission loss and the antenna's
    attenuation towards the place.

    Raises
    ------
    ModelError
        When the bandwidth is none of the standard's.
    """
    share_db = reference_share_db(technology, budget, bandwidth_mhz, freq_mhz)
    return eirp_dbm + share_db + budget.rx_gain_dbi - budget.body_loss_db
