"""File names from people's names: Vietnamese stays, what a file system refuses goes."""

from __future__ import annotations

import re
import unicodedata

_REFUSED = re.compile(r'[<>:"/\\|?*\x00-\x1f]+')
_RESERVED = {"con", "prn", "aux", "nul", *(f"{p}{n}" for p in ("com", "lpt") for n in range(1, 10))}


def file_name(text: str) -> str:
    """Return ``text`` as a file name that Windows, macOS and Linux take.

    Letters with diacritics are kept (NFC); refused characters become ``_``.
    """
    name = _REFUSED.sub("_", unicodedata.normalize("NFC", text)).strip(" .")[:80]
    if not name or name.lower() in _RESERVED:
        name = f"_{name}"
    return name


def file_names(texts: list[str]) -> dict[str, str]:
    """Return a name for each text, distinct even where case is not told apart."""
    taken: dict[str, str] = {}
    seen: set[str] = set()
    for text in texts:
        name, number = file_name(text), 1
        while name.lower() in seen:
            number += 1
            name = f"{file_name(text)}_{number}"
        seen.add(name.lower())
        taken[text] = name
    return taken
