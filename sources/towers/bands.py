"""Technologies and carrier frequencies as tower lists write them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from phusong.sources.tables.columns import plain
from phusong.sources.towers.channels import BANDS
from phusong.study import Technology

BANDS_MHZ: Final[dict[int, float]] = {n: band.middle_mhz for n, band in BANDS.items()}
"""Middle of each band's downlink."""

PLAUSIBLE_MHZ: dict[Technology, tuple[float, float]] = {
    "GSM": (380.0, 2000.0),
    "UMTS": (700.0, 2700.0),
    "LTE": (400.0, 6000.0),
    "NR": (400.0, 71000.0),
}
"""Where each technology's bands lie; a frequency outside is T05."""

ASSUMED_MHZ: dict[Technology, float] = {"GSM": 900.0, "UMTS": 2100.0, "LTE": 1800.0, "NR": 3500.0}
"""Commonest band, for cells whose file and study say none; always flagged as assumed."""

_TECHNOLOGIES: dict[str, Technology] = {
    "gsm": "GSM",
    "2g": "GSM",
    "edge": "GSM",
    "gprs": "GSM",
    "dcs": "GSM",
    "umts": "UMTS",
    "3g": "UMTS",
    "wcdma": "UMTS",
    "hspa": "UMTS",
    "hsdpa": "UMTS",
    "hsupa": "UMTS",
    "hspap": "UMTS",
    "hspa_plus": "UMTS",
    "dc_hspa": "UMTS",
    "lte": "LTE",
    "4g": "LTE",
    "lte_a": "LTE",
    "lte_advanced": "LTE",
    "lte_a_pro": "LTE",
    "lte_ca": "LTE",
    "lte_plus": "LTE",
    "4g_plus": "LTE",
    "eutran": "LTE",
    "e_utran": "LTE",
    "4g_lte": "LTE",
    "lte_4g": "LTE",
    "fdd_lte": "LTE",
    "td_lte": "LTE",
    "tdd_lte": "LTE",
    "lte_fdd": "LTE",
    "lte_tdd": "LTE",
    "nb_iot": "LTE",
    "nr": "NR",
    "5g": "NR",
    "5g_nr": "NR",
    "nr_5g": "NR",
    "5gnr": "NR",
    "5g_sa": "NR",
    "nr_sa": "NR",
    "5g_nsa": "NR",
    "nr_nsa": "NR",
    "2g_gsm": "GSM",
    "gsm_2g": "GSM",
    "3g_umts": "UMTS",
    "umts_3g": "UMTS",
    "3g_wcdma": "UMTS",
}
_SEVERAL = re.compile(r"\s*[/,;+&|]\s*")
_BAND = re.compile(r"(band|bang_tan|lte|nr|gsm|umts|wcdma|dcs|egsm|[bnlgu])_?(\d+)(?:_mhz)?")


def several(text: str) -> list[str]:
    """Cut ``2G/3G/4G`` into its parts."""
    return [part for part in _SEVERAL.split(text) if part]


def technology_of(text: str) -> Technology | None:
    """Return the technology a cell of a tower list means, None for an unknown word."""
    key = plain(text)
    if key in _TECHNOLOGIES:
        return _TECHNOLOGIES[key]
    bare = re.sub(r"_?\d{3,}(_mhz)?$", "", key)
    return _TECHNOLOGIES.get(bare)


@dataclass(frozen=True)
class Frequency:
    """A carrier frequency, and how the text was understood."""

    freq_mhz: float
    unit: str = "MHz"
    """``MHz``, ``band`` (a band's number), or the unit the figure must have been in."""


def frequency_of(text: str) -> Frequency | None:
    """Understand ``1800``, ``B3``, ``LTE1800``, ``n78``, ``0.9``, ``1842500000``.

    A whole number that numbers a 3GPP band and is too small for MHz is that band; a figure too
    large or too small for MHz is taken for Hz, kHz or GHz, and ``unit`` says so.

    Returns
    -------
    Frequency or None
        None for what cannot be understood.
    """
    key = plain(text.replace(",", "."))
    named = _BAND.fullmatch(key)
    if named is not None:
        figure = int(named[2])
        if figure >= 300 and named[1] not in {"b", "n"}:
            return Frequency(float(figure))
        middle = BANDS_MHZ.get(figure)
        return Frequency(middle, "band") if middle is not None else None
    match = re.fullmatch(
        r"([\d.]+(?:e[-+]?\d+)?)\s*(hz|khz|mhz|ghz)?", text.strip().lower().replace(",", ".")
    )
    if match is None:
        return None
    try:
        value = float(match[1])
    except ValueError:
        return None
    return _scaled(value, match[2])


def _scaled(value: float, unit: str | None) -> Frequency | None:
    scale = {"hz": 1e-6, "khz": 1e-3, "mhz": 1.0, "ghz": 1e3}
    if unit is not None:
        return _in_range(value * scale[unit], "MHz")
    if value.is_integer() and int(value) in BANDS_MHZ:
        return Frequency(BANDS_MHZ[int(value)], "band")
    if value >= 1e8:
        return _in_range(value * 1e-6, "Hz")
    if value > 1e5:
        return _in_range(value * 1e-3, "kHz")
    if 0.3 <= value < 10:
        return _in_range(value * 1e3, "GHz")
    return _in_range(value, "MHz")


def _in_range(freq_mhz: float, unit: str) -> Frequency | None:
    return Frequency(freq_mhz, unit) if 30 <= freq_mhz <= 100_000 else None
