"""Base stations in the identities of cells: eNB, gNB, and what GSM and UMTS lists go by.

* LTE: 28 bits, the eNB 20 of them and the cell 8: TS 36.300 clause 8.2, TS 36.413 clause 9.2.1.38.
* NR: 36 bits, the gNB 22 to 32 of them, as the carrier chooses: TS 38.300 clause 8.2, TS 38.413
  clause 9.3.1.7.
* UMTS: 28 bits, the RNC 12 of them and the cell 16: TS 25.401 clause 6.1.5. The cell's number alone
  comes with its location area.
* GSM: 16 bits within a location area: TS 23.003 clause 4.3.

No standard says which cells of GSM and UMTS are on one mast. Carriers number them so that the last
digit is the sector; ``sector_digits`` says how many digits are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from phusong.study import Technology

IDENTITY_BITS: Final[Mapping[Technology, int]] = {"GSM": 16, "UMTS": 28, "LTE": 28, "NR": 36}
"""Bits of a cell's identity within its network; more is no identity (T43)."""
_ENB_CELL_BITS: Final = 8
_CI_BITS: Final = 16
GNB_BITS: Final = 24
"""Bits of a gNB's identity where the study does not say: 4096 cells to each."""


@dataclass(frozen=True)
class Numbering:
    """How a carrier numbers its cells.

    Attributes
    ----------
    gnb_bits
        22 to 32.
    sector_digits
        Last decimal digits of GSM's and UMTS's cell numbers that tell sectors apart; 0: nothing
        is known of these.
    """

    gnb_bits: int = GNB_BITS
    sector_digits: int = 1


def is_identity(technology: Technology, number: int) -> bool:
    """Whether a cell of the technology may have this number."""
    return 0 <= number < 1 << IDENTITY_BITS[technology]


def station_of(
    technology: Technology, number: int, area: str | None, numbering: Numbering
) -> str | None:
    """Return the base station of a cell's number within its network; None where nothing tells.

    Parameters
    ----------
    number
        ECI, NCI, or the number of the cell: with its RNC (28 bits), or without.
    area
        Location area of a number without RNC.

    Examples
    --------
    >>> station_of("LTE", 200001 * 256 + 3, None, Numbering())
    'eNB200001'
    >>> station_of("NR", 0x1A2B3C << 14 | 5, None, Numbering(gnb_bits=22))
    'gNB1715004'
    >>> station_of("UMTS", 17 * 65536 + 20143, "117", Numbering())
    'RNC17-2014x'
    >>> station_of("GSM", 11201, "117", Numbering()), station_of("GSM", 11201, None, Numbering())
    ('LAC117-1120x', None)
    """
    if not is_identity(technology, number):
        return None
    if technology == "LTE":
        return f"eNB{number >> _ENB_CELL_BITS}" if number >> _ENB_CELL_BITS else None
    if technology == "NR":
        station = number >> (IDENTITY_BITS["NR"] - numbering.gnb_bits)
        return f"gNB{station}" if station else None
    return _by_digits(number, area, numbering.sector_digits)


def _by_digits(number: int, area: str | None, digits: int) -> str | None:
    controller, cell = number >> _CI_BITS, number % 2**_CI_BITS
    within = f"RNC{controller}" if controller else None if area is None else f"LAC{area}"
    station = cell // 10**digits
    if not digits or within is None or not station:
        return None
    return f"{within}-{station}{'x' * digits}"
