"""Names of villages and communes taken apart: what kind of place, its words, its numbers."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from phusong.sources.tables.columns import plain

_KINDS: Final = {
    "thôn": "thôn",
    "bản": "bản",
    "xóm": "xóm",
    "làng": "làng",
    "buôn": "buôn",
    "bon": "buôn",
    "plei": "làng",
    "ấp": "ấp",
    "khóm": "khóm",
    "phum": "phum",
    "sóc": "sóc",
    "đội": "đội",
    "cụm": "cụm",
    "phố": "khu",
    "khu": "khu",
    "khu phố": "khu",
    "khu dân cư": "khu",
    "tiểu khu": "khu",
    "tổ": "tổ dân phố",
    "tổ dân phố": "tổ dân phố",
    "tổ dân cư": "tổ dân phố",
    "tổ nhân dân": "tổ dân phố",
    "tổ dp": "tổ dân phố",
    "tdp": "tổ dân phố",
    "tđp": "tổ dân phố",
    "kp": "khu",
    "kdc": "khu",
    "tk": "khu",
}
"""What villages are called, spelt out; kinds that stand for each other have one name."""
_POINTED: Final = {
    "t": "thôn",
    "th": "thôn",
    "b": "bản",
    "x": "xóm",
    "k": "khu",
    "l": "làng",
    "tdp": "tổ dân phố",
    "tđp": "tổ dân phố",
    "kp": "khu",
    "kdc": "khu",
}
"""Abbreviations that only a point (or a stroke) makes one: ``T. Nà Lại``, ``X.Bó``."""
COMMUNES: Final = {
    "xã": "xã",
    "phường": "phường",
    "thị trấn": "thị trấn",
    "tt": "thị trấn",
    "đặc khu": "đặc khu",
}
_COMMUNES_POINTED: Final = {"x": "xã", "p": "phường", "ph": "phường", "tt": "thị trấn"}
_FORMER: Final = re.compile(r"[(\[]\s*(?:cũ|cu|mới|moi)\s*[)\]]|\s+(?:cũ|mới)\s*$", re.IGNORECASE)
_TOKEN: Final = re.compile(r"[^\W_]+")
_ROMAN: Final = re.compile(r"x{0,3}(?:ix|iv|v?i{0,3})", re.IGNORECASE)
_SYLLABLES: Final = frozenset({"i", "v", "x", "vi", "xi", "xv", "xx"})
"""Roman numerals that are words, too (``Bản Vi``): numbers in capitals among small letters only."""


@dataclass(frozen=True)
class PlaceName:
    """A name taken apart.

    Attributes
    ----------
    kind
        ``thôn``, ``bản``, ``tổ dân phố``, …; empty where the name says none.
    words
        The rest without diacritics, in small letters: ``na lai``.
    accented
        The same as it is written, NFC.
    numbers
        ``("3",)``, ``("3a",)``, ``("1", "2")``; Roman ones are Arabic, leading zeros are gone.
    head
        The words that say the kind, as written in small letters.
    """

    kind: str
    words: tuple[str, ...]
    accented: tuple[str, ...]
    numbers: tuple[str, ...]
    head: tuple[str, ...] = ()

    @property
    def has_marks(self) -> bool:
        """Whether it is written with diacritics."""
        return any(not word.isascii() for word in self.accented)


@lru_cache(maxsize=65536)
def village_name(text: str) -> PlaceName:
    """Take the name of a village apart.

    Examples
    --------
    >>> village_name("Thôn Nà Lại 2").words, village_name("Thôn Nà Lại 2").numbers
    (('na', 'lai'), ('2',))
    >>> village_name("TDP số 05").kind, village_name("TDP số 05").numbers
    ('tổ dân phố', ('5',))
    >>> village_name("T. Bó Củng").words, village_name("Bản Pắc III").numbers
    (('bo', 'cung'), ('3',))
    """
    return _taken_apart(text, _KINDS, _POINTED)


@lru_cache(maxsize=65536)
def commune_name(text: str) -> PlaceName:
    """Take the name of a commune apart; ``(cũ)`` behind it is passed over.

    Examples
    --------
    >>> commune_name("TT. Vị Xuyên (cũ)").kind, commune_name("TT. Vị Xuyên (cũ)").words
    ('thị trấn', ('vi', 'xuyen'))
    """
    return _taken_apart(_FORMER.sub(" ", _composed(text)), COMMUNES, _COMMUNES_POINTED)


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _taken_apart(text: str, kinds: dict[str, str], pointed: dict[str, str]) -> PlaceName:
    whole = _composed(text)
    mixed = any(c.islower() for c in whole)
    written = [(m[0], whole[m.end() : m.end() + 1]) for m in _TOKEN.finditer(whole)]
    kind, taken = _kind_of(written, kinds, pointed)
    words: list[str] = []
    numbers: list[str] = []
    tokens = [token for token, _ in written[taken:]]
    lettered = False  # whether the token before is a bare number that a letter may follow
    for i, token in enumerate(tokens):
        number = _number(token, mixed=mixed)
        small = token.lower()
        if number is not None:
            numbers.append(number)
            lettered = token.isdecimal()
        elif lettered and len(small) == 1 and small.isascii():
            numbers[-1] += small
            lettered = False
        elif plain(small) == "so" and i + 1 < len(tokens) and tokens[i + 1].isdecimal():
            continue
        else:
            words.append(small)
            lettered = False
    bare = tuple(plain(word) for word in words)
    head = tuple(token.lower() for token, _ in written[:taken])
    return PlaceName(kind, bare, tuple(words), tuple(numbers), head)


def _kind_of(
    written: list[tuple[str, str]], kinds: dict[str, str], pointed: dict[str, str]
) -> tuple[str, int]:
    """Return the kind a name begins with, and how many of its tokens say so.

    A token without any diacritics may stand for one with them; one with others may not: ``Tô`` of
    ``Tô Hiệu`` is no ``tổ``. A name that is nothing but such a word has no kind.
    """
    small = [token.lower() for token, _ in written]
    for length in (3, 2, 1):
        if len(small) <= length:
            continue
        head = " ".join(small[:length])
        for spelt, kind in kinds.items():
            if head == spelt or (head.isascii() and head == plain(spelt).replace("_", " ")):
                return kind, length
    if len(small) > 1 and written[0][1] in {".", "/"} and small[0] in pointed:
        return pointed[small[0]], 1
    return "", 0


def _number(token: str, *, mixed: bool) -> str | None:
    """Return the number a token writes, Arabic and without leading zeros; None for a word."""
    small = token.lower()
    if any(c.isdecimal() for c in small):
        digits = "".join(str(int(c)) if c.isdecimal() else c for c in small)
        return re.sub(r"0+(?=\d)", "", digits) if digits.isdecimal() else _unpadded(digits)
    if not small or _ROMAN.fullmatch(small) is None:
        return None
    if small in _SYLLABLES and not (mixed and token.isupper()):
        return None
    return str(_roman(small))


def _unpadded(text: str) -> str:
    return re.sub(r"(?<!\d)0+(?=\d)", "", plain(text))


def _roman(small: str) -> int:
    values = {"i": 1, "v": 5, "x": 10}
    figures = [values[c] for c in small]
    pairs = zip(figures, [*figures[1:], 0], strict=True)
    return sum(-a if a < b else a for a, b in pairs)
