"""Generations of mobile networks written as digits, in whatever language the word for them is."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from phusong.sources.tables.columns import plain
from phusong.study import Technology

_BY_DIGIT: Final[dict[str, Technology]] = {"2": "GSM", "3": "UMTS", "4": "LTE", "5": "NR"}
_LATIN: Final = frozenset(
    {
        "g", "gen", "gens", "generation", "generations", "generacion", "generaciones", "geracao",
        "geracoes", "generazione", "generazioni", "generatie", "generaties", "generasi", "nesil",
        "sukupolvi", "pokolenie", "pokoleniya", "generace", "generacja", "generacije", "the_he",
        "the", "he", "mang", "mobile", "network", "st", "nd", "rd", "th", "and", "va", "y", "e",
        "et", "und", "dan", "ve", "i",
    }
)  # fmt: skip
"""Words for "generation" and "and", plain, in languages written with Latin letters."""
_OTHER: Final = frozenset(
    {
        "דור", "דורות", "ודור", "ו", "поколение", "поколения", "покоління", "поколений", "и", "г",
        "جيل", "الجيل", "أجيال", "و", "نسل", "世代", "代", "第", "세대", "ª", "º", "와", "รุ่น", "ยุค",
        "γενιά", "γενιας", "γενιάς", "και", "जी", "पीढ़ी", "প্রজন্ম", "ជំនាន់", "ລຸ້ນ", "तथा", "และ",
    }
)  # fmt: skip
_PIECE = re.compile(r"\d+|[^\W\d_]+(?:[^\W\d_]|[\u0300-\u036f\u0900-\u0dff\u0e00-\u0eff])*")
_RANGE = re.compile(r"(?<!\d)([2-5])\s*[Gg]?\s*(?:-|–|—|~|\bto\b|\bđến\b)\s*([2-5])(?!\d)")
_RUN = "2345"
_HALF = re.compile(r"(?<![\d.,])([2-5])\.(?:5|7|75|8|85|9|95)(?=\s*g\b)", re.IGNORECASE)
"""``3.5G``: a step inside a generation. With a comma it may be a list, and is read as one."""


def whole_generations(text: str) -> str:
    """Return the text with ``2.75G``, ``3.5G``, ``4.5G`` as the generations they belong to."""
    return _HALF.sub(r"\1", text)


def generations(text: str) -> list[Technology]:
    """Return what ``2G/3G/4G``, ``thế hệ 2, 3, 4`` or ``דור 2 3 4 5`` stand for.

    Only where the text is nothing but digits from 2 to 5, signs between them, and words for
    "generation"; anything else is left to those who know words. A hyphen between digits that do
    not follow each other could be a list or a range: that is nothing either.
    """
    whole = unicodedata.normalize("NFC", text)
    whole = re.sub(r"(?<=\d)[.,]0+(?!\d)", "", whole)
    if any(abs(int(a) - int(b)) > 1 for a, b in _RANGE.findall(whole)):
        return []
    digits: list[str] = []
    for piece in _PIECE.findall(whole):
        if piece.isdecimal():
            run = "".join(str(int(d)) for d in piece)
            if run not in _RUN:
                return []
            digits += run
        elif piece.casefold() not in _OTHER and plain(piece) not in _LATIN:
            return []
    return [_BY_DIGIT[d] for d in digits]
