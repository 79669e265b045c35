"""Names made from people's words: distinct whatever the case, and fit for every file system."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

EVERY: Final = "*"
"""Stands for all carriers together, or all technologies; a file calls it ``any``."""
MOST_BYTES: Final = 120
"""Of a name's part in a file name; file systems take 255 bytes for the whole."""
_RESERVED: Final = {
    *("con", "prn", "aux", "nul", "conin$", "conout$"),
    *(f"{port}{n}" for port in ("com", "lpt") for n in "123456789¹²³"),
}
"""Names that Windows keeps for itself, whatever follows behind a point."""
_FORBIDDEN: Final = re.compile(r'[<>:"/\\|?*\s]+')


def alike(name: str) -> str:
    """Return what two names have in common that one file system or database takes for one.

    Windows, macOS and SQLite ignore case; macOS ignores whether an accent is part of its letter.
    """
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def numbered(names: Sequence[str]) -> list[str]:
    """Return the names in order, each that is alike an earlier one with a number (``-2``)."""
    taken: set[str] = set()
    out = []
    for name in names:
        unique, number = name, 2
        while alike(unique) in taken:
            unique, number = f"{name}-{number}", number + 1
        taken.add(alike(unique))
        out.append(unique)
    return out


def distinct_names(names: Iterable[str]) -> dict[str, str]:
    """Return, by name, what it is called where case is ignored: in columns of tables."""
    ordered = sorted(set(names))
    return dict(zip(ordered, numbered(ordered), strict=True))


def safe_names(names: Iterable[str]) -> dict[str, str]:
    """Return, by name, a readable part of a file name.

    Vietnamese letters stay; blanks and what a file system forbids become ``_``, what cannot be
    seen goes; ``*`` is ``any``. Names that would meet get a number.
    """
    ordered = sorted(set(names), key=lambda name: (name != EVERY, name))
    parts = ["any" if name == EVERY else _file_part(name) for name in ordered]
    return dict(zip(ordered, numbered(parts), strict=True))


def _file_part(name: str) -> str:
    text = _FORBIDDEN.sub("_", unicodedata.normalize("NFC", name))
    text = "".join(c for c in text if not unicodedata.category(c).startswith("C"))
    text = text.strip("._ ").encode()[:MOST_BYTES].decode(errors="ignore").strip("._ ")
    stem, point, rest = text.partition(".")
    if stem.rstrip().casefold() in _RESERVED:
        text = f"{stem}_{point}{rest}"
    return text or "unnamed"
