"""Where antennas look, as lists write it: degrees, several sectors in a cell, compass words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, Literal

from phusong.sources.tables.columns import plain
from phusong.sources.tables.numerals import Decimal, number

Compass = Literal["en", "vi", ""]

_POINTS: Final = (
    *("n", "nne", "ne", "ene", "e", "ese", "se", "sse"),
    *("s", "ssw", "sw", "wsw", "w", "wnw", "nw", "nnw"),
)
_ENGLISH: Final = {point: 22.5 * i for i, point in enumerate(_POINTS)} | {
    "north": 0.0,
    "northeast": 45.0,
    "east": 90.0,
    "southeast": 135.0,
    "south": 180.0,
    "southwest": 225.0,
    "west": 270.0,
    "northwest": 315.0,
}
_VIETNAMESE: Final = {
    "b": 0.0,
    "bac": 0.0,
    "db": 45.0,
    "dongbac": 45.0,
    "d": 90.0,
    "dong": 90.0,
    "dn": 135.0,
    "dongnam": 135.0,
    "n": 180.0,
    "nam": 180.0,
    "tn": 225.0,
    "taynam": 225.0,
    "t": 270.0,
    "tay": 270.0,
    "tb": 315.0,
    "taybac": 315.0,
}
"""N is *nam*, south: English has it for north, and only the other words of a list tell."""
_ALL_ROUND: Final = frozenset({"omni", "omnidirectional", "omnidir", "all", "vohuong", "danghuong"})
_LABEL = re.compile(r"\b(?:s|sec|sector|cell|az|azimuth)\s*\d?\s*[:=]\s*", re.IGNORECASE)
_UNITS = re.compile(r"°|º|˚|\bdeg(?:rees?)?\b|\bđộ\b|\bdo\b", re.IGNORECASE)
_BETWEEN = re.compile(r"\s*[/;|&:_\\\n]\s*|\s+-\s+|,\s+|\s*\+\s*")
_DASHED = re.compile(r"\d+(?:[.,]\d+)?(?:\s*[-–]\s*\d+(?:[.,]\d+)?)+")
_COMMAS = re.compile(r"-?\d{1,3}(?:,-?\d{1,3})+")


def compass_of(texts: Iterable[str | None]) -> Compass:
    """Say in which language a list has its compass words; empty where nothing tells.

    ``N`` alone is north or *nam*: it needs another word beside it that only one language has.
    """
    words = {plain(part).replace("_", "") for text in texts if text for part in parts_of(text)}
    words = {word for word in words if word and not word[0].isdigit()}
    english = words & (_ENGLISH.keys() - _VIETNAMESE.keys())
    vietnamese = words & (_VIETNAMESE.keys() - _ENGLISH.keys())
    if bool(english) == bool(vietnamese):
        return ""
    return "en" if english else "vi"


def parts_of(text: str, decimal: Decimal = ".") -> list[str]:
    """Cut a cell into its sectors: ``0/120/240``, ``0;120;240``, ``0,120,240``, ``0-120-240``.

    A comma parts whole numbers, and is a decimal sign where it can only be one.
    """
    bare = _UNITS.sub(" ", _LABEL.sub(" ", text)).strip(" ()[]{}")
    if _DASHED.fullmatch(bare):
        return [part.strip() for part in re.split(r"[-–]", bare)]
    if _COMMAS.fullmatch(bare):
        pieces = bare.split(",")
        one = len(pieces) == 2 and (decimal == "," or bool(re.fullmatch(r"\d", pieces[1])))
        return [bare.replace(",", ".")] if one and len(pieces[1]) < 3 else pieces
    return [part for part in _BETWEEN.split(bare) if part.strip()] or [bare]


def azimuths_of(text: str, compass: Compass, decimal: Decimal) -> list[float] | None:
    """Return the azimuths a cell names, 0 to 360; NaN is all round, None what is no direction.

    Negative ones count anticlockwise: -30 is 330; ``0-360`` is all round.
    """
    parts = parts_of(text, decimal)
    if plain(text).replace("_", "") in _ALL_ROUND or parts == ["0", "360"]:
        return [float("nan")]
    if len(parts) == 1 and len(spaced := parts[0].split()) > 1:
        parts = spaced if all(p.lstrip("-").replace(".", "").isdigit() for p in spaced) else parts
    out = []
    for part in parts:
        found = _direction(part, compass, decimal)
        if found is None or not -360 <= found <= 360:
            return None
        out.append(found % 360)
    return list(dict.fromkeys(out))


def _direction(text: str, compass: Compass, decimal: Decimal) -> float | None:
    word = plain(text).replace("_", "")
    if word and not any(c.isdigit() for c in word):
        if word in _ENGLISH and word in _VIETNAMESE:
            words = {"en": _ENGLISH, "vi": _VIETNAMESE}.get(compass, {})
        else:
            words = _ENGLISH | _VIETNAMESE if compass != "en" else _VIETNAMESE | _ENGLISH
        return words.get(word)
    value = number(text.strip(), decimal)
    return None if value is None or value != value else value  # noqa: PLR0124 - NaN
