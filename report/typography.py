"""What a typesetter would see to in running text: figures that stay whole, a true minus."""

from __future__ import annotations

import re

_UNIT = r"(?:dBm|dB|km|m|USD|Mbit/s|%)"
_BEFORE_UNIT = re.compile(rf"(?<=\d) (?={_UNIT}(?!\w))")
_MINUS = re.compile(rf"(?<![\w-])-(?=\d[\d.,]*\s?{_UNIT}(?!\w))")
_NO_BREAK = "\N{NO-BREAK SPACE}"


def set_figures(text: str) -> str:
    """Return text whose figures keep their unit on one line, negative ones with a minus sign."""
    return _BEFORE_UNIT.sub(_NO_BREAK, _MINUS.sub("−", text))
