"""Channel numbers and bands of 3GPP: which frequency a phone was on, and which spectrum that is.

The tables are ``channels.toml`` beside this file, from TS 36.101 clauses 5.5 and 5.7.3, TS 38.101
clauses 5.2 and 5.4.2, TS 25.101 clause 5 and TS 45.005 clause 2.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from phusong.study import Technology

_TABLE: Final[dict[str, Any]] = tomllib.loads(
    (files(__package__) / "channels.toml").read_text("utf-8")
)
_EARFCN_STEP_MHZ: Final = 0.1
_RASTER_MHZ: Final = 0.2
"""Channel raster of UMTS and GSM."""
_NEAR_MHZ: Final = 10.0
"""Outside of every band, frequencies this near are one carrier: half the widest channel of LTE."""


@dataclass(frozen=True)
class Band:
    """A band of spectrum, in MHz.

    Attributes
    ----------
    number
        3GPP's.
    downlink, uplink
        (low, high); no uplink in bands of downlink only.
    """

    number: int
    downlink: tuple[float, float]
    uplink: tuple[float, float] | None

    @property
    def middle_mhz(self) -> float:
        """Middle of the downlink."""
        return sum(self.downlink) / 2.0


BANDS: Final[dict[int, Band]] = {
    row["band"]: Band(
        row["band"],
        (float(row["downlink"][0]), float(row["downlink"][1])),
        (float(row["uplink"][0]), float(row["uplink"][1])) if "uplink" in row else None,
    )
    for row in _TABLE["bands"]
}
"""Every band by its number."""


@dataclass(frozen=True)
class Channel:
    """The downlink carrier a channel number stands for.

    Attributes
    ----------
    freq_mhz
        Its frequency; the first reading where the number has two.
    others_mhz
        Further readings: numbers that DCS 1800 and PCS 1900 share.
    """

    freq_mhz: float
    others_mhz: tuple[float, ...] = ()


@cache
def channel(technology: Technology, number: int) -> Channel | None:
    """Return the carrier of an ARFCN, UARFCN, EARFCN or NR-ARFCN of the downlink.

    Parameters
    ----------
    technology
        Says which of the four numberings it is.
    number
        As phones report it.

    Returns
    -------
    Channel or None
        None for a number that no band has.

    Examples
    --------
    >>> channel("LTE", 1300).freq_mhz
    1815.0
    >>> channel("GSM", 600).freq_mhz, channel("GSM", 600).others_mhz
    (1822.8, (1947.8,))
    """
    read = {"LTE": _earfcn, "NR": _nr_arfcn, "UMTS": _uarfcn, "GSM": _arfcn}[technology]
    found = [round(freq, 4) for freq in read(number)]
    return Channel(found[0], tuple(found[1:])) if found else None


def _earfcn(number: int) -> list[float]:
    """TS 36.101 clause 5.7.3: F_DL = F_DL_low + 0.1 (N_DL - N_Offs-DL)."""
    out = []
    for row in _TABLE["bands"]:
        low, high = row["downlink"]
        step = number - row.get("earfcn", number + 1)
        if 0 <= step < round((high - low) / _EARFCN_STEP_MHZ):
            out.append(low + _EARFCN_STEP_MHZ * step)
    return out


def _nr_arfcn(number: int) -> list[float]:
    """TS 38.101-1 clause 5.4.2.1: F_REF = F_REF-Offs + dF_Global (N_REF - N_REF-Offs)."""
    freqs = [
        row["start"] + row["step"] * (number - row["first"])
        for row in _TABLE["nr"]
        if row["first"] <= number <= row["last"]
    ]
    return [f for f in freqs if any(_inside(f, band.downlink) for band in BANDS.values())]


def _uarfcn(number: int) -> list[float]:
    """TS 25.101 clause 5.4.3: F_DL = F_DL_Offset + 0.2 N_DL."""
    return [
        row["offset"] + _RASTER_MHZ * number
        for row in _TABLE["umts"]
        if row["first"] <= number <= row["last"]
    ]


def _arfcn(number: int) -> list[float]:
    """TS 45.005 clause 2."""
    return [
        row["start"] + _RASTER_MHZ * (number - row["first"])
        for row in _TABLE["gsm"]
        if row["first"] <= number <= row["last"]
    ]


def _inside(freq_mhz: float, limits: tuple[float, float] | None) -> bool:
    return limits is not None and limits[0] <= freq_mhz <= limits[1]


@cache
def named_bands(freq_mhz: float) -> frozenset[int]:
    """Return the bands that people mean by a round figure (``1800``), none for other figures."""
    return frozenset(_TABLE["names"].get(f"{freq_mhz:g}", ()))


@cache
def bands_at(freq_mhz: float) -> frozenset[int]:
    """Return the bands a frequency lies in.

    What people call a band by comes first (2100 lies in no downlink), then downlinks, then
    uplinks: a list may state either.

    Examples
    --------
    >>> sorted(bands_at(1815.0)), sorted(bands_at(1800.0)), sorted(bands_at(1747.5))
    ([3], [3, 9], [3, 4, 10, 66])
    """
    named = named_bands(freq_mhz)
    if named:
        return named
    down = frozenset(n for n, band in BANDS.items() if _inside(freq_mhz, band.downlink))
    return down or frozenset(n for n, band in BANDS.items() if _inside(freq_mhz, band.uplink))


@cache
def same_band(one_mhz: float, other_mhz: float) -> bool:
    """Whether two frequencies may be of one band; outside of every band, whether they are near."""
    one, other = bands_at(one_mhz), bands_at(other_mhz)
    if one and other:
        return bool(one & other)
    return abs(one_mhz - other_mhz) <= _NEAR_MHZ


@cache
def one_carrier(one_mhz: float, other_mhz: float) -> bool:
    """Whether two figures name one carrier: alike, or what people call a band and a place in it."""
    if one_mhz == other_mhz:
        return True
    one, other = named_bands(one_mhz), named_bands(other_mhz)
    return bool(one) != bool(other) and bool(bands_at(one_mhz) & bands_at(other_mhz))


@cache
def names_a_band(freq_mhz: float) -> bool:
    """Whether a figure stands for a whole band: a name (``900``), or the middle of a downlink."""
    return bool(named_bands(freq_mhz)) or any(b.middle_mhz == freq_mhz for b in BANDS.values())
