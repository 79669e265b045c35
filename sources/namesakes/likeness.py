"""How alike two names of villages are, from 0 to 100."""

from __future__ import annotations

from typing import Final

from phusong.sources.namesakes.placenames import PlaceName, village_name
from phusong.sources.tables.columns import plain

_MARKS: Final = 0.25
"""Weight of the diacritics, where both names have some."""
_UNMARKED: Final = 1.0
"""Points off where one of two names is written without diacritics: they cannot be compared."""
_OTHER_KIND: Final = 3.0
_NO_KIND: Final = 1.0
_SECOND_KIND: Final = 2.0
"""Points off where ``Thôn Bản Luốc`` is taken for ``Luốc``."""
_NUMBER_ALONE: Final = 80.0
"""Likeness of ``Thôn 3`` and ``3``."""


def likeness(one: PlaceName, other: PlaceName) -> float:
    """Return how alike two names are.

    Numbers must be the same: ``Thôn 3`` and ``Thôn 5`` are 0. Names that are nothing but a number
    must be of one kind. Else it is the normalised edit distance of the letters (insertions and
    deletions, rapidfuzz's ``ratio``), with blanks or without, and of the diacritics.

    Examples
    --------
    >>> likeness(village_name("Thôn Nà Lại"), village_name("NÀ LẠI"))
    99.0
    >>> likeness(village_name("Thôn 3"), village_name("Thôn 5"))
    0.0
    """
    if one.numbers != other.numbers:
        return 0.0
    if not one.words and not other.words:
        return _of_numbers(one, other)
    if not one.words or not other.words:
        return 0.0
    best = max(
        _of_words(a, b) - _kinds_apart(a.kind, b.kind) - off_a - off_b
        for a, off_a in _forms(one)
        for b, off_b in _forms(other)
    )
    if bool(one.kind) != bool(other.kind):
        # A kind without diacritics may be part of the name after all: `To Hieu` is `Tô Hiệu`.
        best = max(best, _of_words(_whole(one), _whole(other)) - _NO_KIND)
    return round(max(best, 0.0), 1)


def _kinds_apart(one: str, other: str) -> float:
    if one == other:
        return 0.0
    return _OTHER_KIND if one and other else _NO_KIND


def _of_numbers(one: PlaceName, other: PlaceName) -> float:
    if not one.numbers or (one.kind and other.kind and one.kind != other.kind):
        return 0.0
    return 100.0 if one.kind == other.kind else _NUMBER_ALONE


def _forms(name: PlaceName) -> list[tuple[PlaceName, float]]:
    """Return a name, and what is left of it without a second kind before the rest."""
    rest = village_name(" ".join(name.accented)) if len(name.words) > 1 else name
    if rest.kind and rest.words and name.kind and not rest.numbers:
        return [(name, 0.0), (rest, _SECOND_KIND)]
    return [(name, 0.0)]


def _whole(name: PlaceName) -> PlaceName:
    """Return a name whose kind, if any, is one of its words."""
    bare = tuple(plain(word) for word in name.head)
    return PlaceName("", bare + name.words, name.head + name.accented, name.numbers)


def _of_words(one: PlaceName, other: PlaceName) -> float:
    from rapidfuzz import fuzz  # noqa: PLC0415 - only matching needs it

    letters = max(
        fuzz.ratio(" ".join(one.words), " ".join(other.words)),
        fuzz.ratio("".join(one.words), "".join(other.words)),
    )
    if one.has_marks and other.has_marks:
        marks = fuzz.ratio("".join(one.accented), "".join(other.accented))
        return float((1 - _MARKS) * letters + _MARKS * marks)
    return float(letters) - (_UNMARKED if one.has_marks != other.has_marks else 0.0)
