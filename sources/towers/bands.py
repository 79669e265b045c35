"""Technologies and carrier frequencies as tower lists write them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Final

from phusong.sources.tables.columns import plain
from phusong.sources.towers.channels import BANDS, names_a_band, one_carrier
from phusong.sources.towers.generations import generations, whole_generations
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

_WORDS: dict[Technology, str] = {
    "GSM": "gsm 2g edge gprs dcs pcs egsm",
    "UMTS": "umts 3g wcdma hspa hsdpa hsupa hspap hspaplus dchspa dchsdpa nodeb tdscdma",
    "LTE": "lte 4g ltea lteca ltem ltefdd ltetdd tdlte tddlte fddlte lteplus 4gplus eutran nbiot "
    "catm volte enodeb enb lteu laa emtc eutra",
    "NR": "nr 5g 5gnr nr5g 5gsa nrsa 5gnsa nrnsa endc ennr gnodeb gnb nru",
}
"""Words of lists, run together; digits other than a generation's are the band's."""
_TECHNOLOGIES: dict[str, Technology] = {
    word: technology for technology, words in _WORDS.items() for word in words.split()
}
_QUALIFIERS = frozenset(
    word
    for words in (
        "a advanced adv pro ca m m1 iot nb cat cat1 catm1 plus fdd tdd td fd dc e u utran",
        "sa nsa dss mimo mhz ms mang the he tech network radio cell r8 r99 ran standalone",
        "bts sran single cong nghe di dong tram type serving",
    )
    for word in words.split()
)
_BAND_WORDS = frozenset({"b", "n", "band", "tan", "bang"})
_LETTERS: dict[str, Technology] = {"l": "LTE", "u": "UMTS", "w": "UMTS", "g": "GSM"}
"""Planners' shorthand: L1800 or L18, U2100 or U21, G900."""
_SEVERAL = re.compile(r"\s*[/,;&|]\s*|\s*\+\s*(?=\w)|\s+(?:va|và|and)\s+", re.IGNORECASE)
_BAND = re.compile(
    r"(band|bang_tan|bang|lte|nr|gsm|umts|wcdma|dcs|egsm|apt|imt|[bnlguw])_?(\d+)(?:_mhz)?"
)
_GLUED = re.compile(r"([a-z]+|[2-5]g)(\d+)(?:mhz)?")
_FIGURE = re.compile(r"(\d{3,5})(?:mhz)?")
_BRACKETED = re.compile(r"([^()\[\]]+)[(\[]([^()\[\]]+)[)\]]")
_BESIDE_BANDS = frozenset(["fdd", "tdd", "dl", "downlink", "e_utra", "eutra", "freq", "frequency"])
"""Words that stand beside a band or a frequency and change neither."""
_GHZ = re.compile(r"(\d+(?:[.,]\d+)?)\s*ghz\b", re.IGNORECASE)


def several(text: str) -> list[str]:
    """Cut ``2G/3G/4G`` or ``2G + 3G`` into its parts; the plus of ``4G+`` stays."""
    return [part for part in _SEVERAL.split(text) if part]


@dataclass(frozen=True)
class Meant:
    """One technology a text names, with the band it names for it (empty: none)."""

    technology: Technology
    band: str = ""


@dataclass(frozen=True)
class Named:
    """What a cell of a tower list names, and the first part of it that is not known."""

    meant: tuple[Meant, ...]
    unknown: str = ""


@cache
def technologies_in(text: str) -> Named:
    """Return what a cell of a tower list names, each technology with the band in its word.

    Examples
    --------
    >>> [(m.technology, m.band) for m in technologies_in("2G-3G / LTE FDD 1800+2100").meant]
    [('GSM', ''), ('UMTS', ''), ('LTE', '1800'), ('LTE', '2100')]
    >>> technologies_in("N78").meant, technologies_in("4G/wifi").unknown
    ((Meant(technology='NR', band='n78'),), 'wifi')
    """
    text = _GHZ.sub(_in_mhz, whole_generations(text))
    digits = generations(text)
    if digits:
        return Named(tuple(Meant(technology) for technology in digits))
    found: list[Meant] = []
    unknown = ""
    for part in several(text):
        tokens = plain(part).split("_")
        whole = _TECHNOLOGIES.get("".join(tokens))
        if whole is not None:
            _add(Meant(whole), found)
            continue
        known = len(found)
        taken = [_take(token, before, found) for before, token in pairwise(["", *tokens])]
        if not (all(taken) and found):
            del found[known:]
            unknown = unknown or part
        else:
            found[known:] = _once(found[known:])
    return Named(tuple(found), unknown)


def _in_mhz(match: re.Match[str]) -> str:
    return f"{float(match[1].replace(',', '.')) * 1e3:g} MHz"


def _once(meant: list[Meant]) -> list[Meant]:
    """Leave out what ``3G U900`` says first without its band."""
    banded = {m.technology for m in meant if m.band}
    return [m for m in meant if m.band or m.technology not in banded]


def _add(meant: Meant, found: list[Meant]) -> bool:
    """Add a technology; 4G LTE, and VoLTE after LTE, are one thing said twice."""
    if meant.band or not found or found[-1].technology != meant.technology or found[-1].band:
        found.append(meant)
    return True


def _take(token: str, before: str, found: list[Meant]) -> bool:
    """Understand one token after those before it; False for an unknown one."""
    if token in _TECHNOLOGIES:
        return _add(Meant(_TECHNOLOGIES[token]), found)
    if token in _QUALIFIERS | _BAND_WORDS:
        return True
    if token.isdecimal() and before in _BAND_WORDS:
        return _numbered(before, token, found)
    figure, glued = _FIGURE.fullmatch(token), _GLUED.fullmatch(token)
    if figure is not None:
        return bool(found) and _with_band(figure[1], found)
    return glued is not None and _take_glued(glued[1], glued[2], found)


def _take_glued(word: str, digits: str, found: list[Meant]) -> bool:
    """Understand a word with the digits that follow it: ``lte1800``, ``l18``, ``b3``, ``n78``."""
    if word in _BAND_WORDS:
        return _numbered(word, digits, found)
    if word in _LETTERS:
        hundreds = int(digits) if int(digits) >= 300 else int(digits) * 100
        return 400 <= hundreds <= 4000 and _add(Meant(_LETTERS[word], str(hundreds)), found)
    if word not in _TECHNOLOGIES:
        return word in _QUALIFIERS and len(digits) == 1
    band = digits if len(digits) > 2 else f"b{digits}"
    return _add(Meant(_TECHNOLOGIES[word], band), found)


def _numbered(word: str, digits: str, found: list[Meant]) -> bool:
    """Understand ``B3`` and ``N78``: LTE's band or NR's, or that of the technology before."""
    if word == "n":
        band = f"n{digits}" if int(digits) < 300 else digits
        if not found or found[-1].technology != "NR" or found[-1].band:
            found.append(Meant("NR"))
        return _with_band(band, found)
    if not found:
        found.append(Meant("LTE"))
    return _with_band(f"b{digits}", found)


def _with_band(band: str, found: list[Meant]) -> bool:
    """Give the last technology its band; a second one is a second carrier of it."""
    last = found[-1]
    if last.band:
        found.append(Meant(last.technology, band))
    else:
        found[-1] = Meant(last.technology, band)
    return True


def technology_of(text: str) -> Technology | None:
    """Return the technology a text means, None for an unknown word or several."""
    named = technologies_in(text)
    found = {meant.technology for meant in named.meant}
    return found.pop() if len(found) == 1 and not named.unknown else None


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
        return _named(named[1], int(named[2]))
    if (bracketed := _BRACKETED.fullmatch(text.strip())) is not None:
        return _said_twice(*(frequency_of(part) for part in bracketed.groups()))
    words = text.split()
    bare = [w for w in words if plain(w) not in _TECHNOLOGIES.keys() | _BESIDE_BANDS]
    if 0 < len(bare) < len(words):
        return frequency_of(" ".join(bare))
    match = re.fullmatch(
        r"([\d.]+(?:e[-+]?\d+)?)\s*(hz|khz|mhz|ghz)?", text.strip().lower().replace(",", ".")
    )
    if match is None or match[1].count(".") > 1 or not match[1].strip("."):
        return None
    return _scaled(float(match[1]), match[2])


def _named(word: str, figure: int) -> Frequency | None:
    """Understand a word and its number: ``B3``, ``LTE1800``, ``L18``."""
    if word in _LETTERS and figure < 300:
        figure *= 100
    if figure >= 300 and word not in {"b", "n"}:
        return Frequency(float(figure))
    middle = BANDS_MHZ.get(figure)
    return Frequency(middle, "band") if middle is not None else None


def _said_twice(one: Frequency | None, other: Frequency | None) -> Frequency | None:
    """Return the closer of two names of one carrier: ``B3 (1800)``; None where they differ."""
    if one is None or other is None or not one_carrier(one.freq_mhz, other.freq_mhz):
        return None
    return other if names_a_band(one.freq_mhz) and other.unit == "band" else one


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
