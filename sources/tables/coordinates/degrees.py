"""Longitudes and latitudes in every spelling: decimal degrees with a side, degrees and minutes."""

from __future__ import annotations

import re
import unicodedata
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from phusong.sources.tables.numerals import Decimal, number
from phusong.sources.tables.text import clean

_SIDES: Final = {
    "n": 1, "north": 1, "bac": 1, "b": 1, "vb": 1,
    "e": 1, "east": 1, "dong": 1, "d": 1, "kd": 1, "kdd": 1, "o": 1, "vdb": 1, "vd": 1,
    "s": -1, "south": -1, "nam": -1, "vn": -1,
    "w": -1, "west": -1, "tay": -1, "t": -1, "kt": -1,
}  # fmt: skip
"""+1 for north and east, -1 for south and west, in English and Vietnamese. A lone N is north: where
it stands for *nam* nothing tells, and no Vietnamese place lies south."""
_WORDS = re.compile(r"[a-z]+")
MARKS = str.maketrans(
    {
        "º": "°", "^": "°", "˚": "°", "゜": "°", "*": "°", "⁰": "°", "∘": "°", "ᵒ": "°",
        "’": "'", "‘": "'", "′": "'", "´": "'", "`": "'", "ʹ": "'", "ʼ": "'", "‛": "'", "＇": "'",
        "”": '"', "“": '"', "″": '"', "ʺ": '"', "˝": '"', "‟": '"', "＂": '"', "〃": '"',
        "−": "-", "–": "-", "—": "-", "‐": "-", "‑": "-", "\u202f": " ", "\u00a0": " ", "_": " ",
    }
)  # fmt: skip
"""Signs as they come from keyboards, spreadsheets and letters -> the one that is meant."""
_UNITS = frozenset(
    [
        "deg",
        "degree",
        "degrees",
        "do",
        "min",
        "minute",
        "minutes",
        "m",
        "phut",
        "sec",
        "second",
        "seconds",
        "giay",
        "lon",
        "lat",
        "long",
        "longitude",
        "latitude",
        "kinh",
        "vi",
    ]
)
_FIGURE = r"\d+(?:[.,]\d+)?"
_PARTED = re.compile(
    rf"""([-+])?\s*(\d{{1,3}})\s*[°d:\s-]\s*({_FIGURE})\s*[':\s-]?\s*   # degrees, minutes
    (?:({_FIGURE})\s*(?:"|'')?)?""",
    re.VERBOSE,
)
_DOTTED = re.compile(r"^([-+]?\d{1,3})([./,'])(\d{1,2})\2(\d{1,2}(?:,\d+)?|\d{2}\.\d+)$")
"""``22.48.30``, ``22/48/30``, ``22'48'30``: degrees, minutes and seconds parted by one sign."""
_RAISED_ZERO = re.compile(
    r"^([-+]?\d{2,3})0(?:(?<=\d{4})\s+|(?<=[2-9]\d0)\s+|(?<=19\d)\s+)?(\d{2})(?=\s*'[^']|\s*'$)"
)
"""``22049'30"``, ``1050 05'``: a zero set high stands for the sign of degrees, and lost its height.
Before a blank only where the figures with it are no degrees: ``120 05'`` stays as it is."""
_WHOLE = re.compile(rf"([-+]?\s*{_FIGURE})\s*°?")
_SCIENTIFIC = re.compile(r"[-+]?\d+(?:\.\d+)?[eE][-+]?\d+")
_LETTERED = (
    re.compile(
        rf"(\d{{1,3}})\s*(?:°|[dđgoD]|deg)\s*({_FIGURE})\s*[mpMP]\s*(?:({_FIGURE})\s*(?:\"|''|[sgSG])?)?"
        r"(?![a-z])"
    ),
    re.compile(
        rf"(\d{{1,3}})\s*(?:[dđgo]|[dđgoD]\s*(?={_FIGURE}\s*'))\s*({_FIGURE})\s*'?\s*"
        rf"(?:({_FIGURE})\s*(?:\"|''|[sg])?)?(?![a-z'])"
    ),
)
"""``22d48m30s``, ``22g48p30``, ``22°49p30g``, ``22đ49'30"``: letters between figures are units, not
sides. Behind minutes called m or p an S is seconds; behind a sign of minutes only a small one is,
where a letter stands for degrees."""
_POINTED = re.compile(r"(?<=[°'])\.\s*(?=\d)")
"""``22°.49'.30"``: a point behind a sign of degrees or minutes."""
_POINT_FOR_DEGREES = re.compile(
    r"^([-+]?\d{1,3})[.,](?=\d{1,2}'\s*\d{1,2}(?:[.,]\d+)?\s*(?:\"|'')?$)"
)
"""``22.49'30"``: only degrees can stand before minutes and seconds."""


def degrees(value: Any, decimal: Decimal = ".") -> float | None:
    r"""Return degrees from a number or a text; None for what is neither.

    Understood are ``22.5``, ``22,5 N``, ``E105.03°``, ``22°48'30.5"N``, ``22-48-30.5 N``,
    ``22 48.5``, ``105 độ 1 phút 45 giây Đ``, and ``1050145.93E`` packed as DDDMMSS, whose figure is
    no degrees by its size.

    Examples
    --------
    >>> degrees("N 22°30'00.0"), degrees("105-01-45 E"), degrees("22,5°B"), degrees("105.5 T")
    (22.5, 105.02916666666667, 22.5, -105.5)
    """
    text = clean(value) if isinstance(value, str) else None
    if text is None or _SCIENTIFIC.fullmatch(text):
        return number(value, decimal)
    bare, sign, sided = _without_words(text)
    if sign is None or not bare:
        return None
    marked = _RAISED_ZERO.sub(r"\1° \2", bare)
    marked = _POINT_FOR_DEGREES.sub(r"\1° ", marked)
    size = _parted(_DOTTED.sub(r"\1 \3 \4", marked.rstrip("'\"")))
    if size is None:
        size = _parted(marked)
    if size is None:
        size = number(bare.rstrip("° "), decimal)
    if size is None and (whole := _WHOLE.fullmatch(bare)) is not None:
        size = float(whole[1].replace(" ", "").replace(",", "."))
    if size is None:
        return None
    if sided and abs(size) > 180:
        size = float(unpacked(np.array([size]))[0])
        if np.isnan(size):
            return None
    return -abs(size) if sign < 0 else size


def figure(value: Any, decimal: Decimal = ".") -> float | None:
    """Return a plain figure, whatever side stands with it; None for one with signs of degrees.

    Examples
    --------
    >>> figure("N 2525000"), figure("435000,5 Đ", ","), figure("22°30'")
    (2525000.0, 435000.5, None)
    """
    found = number(value, decimal)
    if found is not None or not isinstance(value, str):
        return found
    return number(without_side(value), decimal)


def without_side(text: str) -> str:
    """Return a text without its side and the unit behind it; as it is where words mean neither."""
    bare, sign, _ = _without_words(text)
    return text if sign is None else bare.rstrip("' ")


def unpacked(figures: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return degrees of figures that pack them as DDDMMSS, NaN for those that do not."""
    size = np.abs(figures)
    whole, minutes, seconds = size // 10_000, size // 100 % 100, size % 100
    degree = whole + minutes / 60 + seconds / 3600
    fits = (minutes < 60) & (seconds < 60) & (degree <= 180) & (size >= 10_000)
    return np.where(fits, np.copysign(degree, figures), np.nan)


def _marked(match: re.Match[str]) -> str:
    whole, minutes, seconds = match.groups()
    return f"{whole}° {minutes}' " + (f'{seconds}"' if seconds else "")


def _without_words(text: str) -> tuple[str, int | None, bool]:
    """Take the side and the names of units out of a text.

    Returns the rest, the sign (None for words that mean neither), and whether a side is named.
    """
    text = _POINTED.sub(" ", text.translate(MARKS))
    for lettered in _LETTERED:
        text = lettered.sub(_marked, text)
    marked = text.lower().replace("đ", "d")
    plain = "".join(c for c in unicodedata.normalize("NFD", marked) if not unicodedata.combining(c))
    sign, sided = 1, False
    for word in _WORDS.findall(plain):
        if word in _SIDES:
            sign, sided = _SIDES[word], True
        elif word not in _UNITS:
            return plain, None, False
    bare = re.sub(r"(?<=\d)\s*(?:deg|degrees?|do)\b\s*(?=\d)", "° ", plain)
    bare = re.sub(r"(?<=\d)\s*(?:m|min|minutes?|phut)\b\s*", "' ", bare)
    bare = re.sub(r"(?<=\d)\s*(?:sec|seconds?|giay)\b", '"', bare)
    bare = _WORDS.sub(" ", bare)
    return re.sub(r"\s+", " ", bare).strip(" :,;()."), sign, sided


def _parted(text: str) -> float | None:
    """Return degrees from degrees, minutes and seconds; None where a part is 60 or more."""
    match = _PARTED.fullmatch(text)
    if match is None:
        return None
    sign, whole, *parts = match.groups()
    minutes, seconds = (float((part or "0").replace(",", ".")) for part in parts)
    if minutes >= 60 or seconds >= 60 or (parts[1] is not None and minutes != int(minutes)):
        return None
    size = float(whole) + minutes / 60 + seconds / 3600
    return -size if sign == "-" else size
