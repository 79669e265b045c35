"""What a library has said in English, recognised by its template and said in Vietnamese."""

from __future__ import annotations

import re
import string
from functools import cache

from phusong.i18n import get_language, rooms

_INNER = {"message", "more"}
"""Placeholders that hold a message themselves."""


def say_anew(message: str, room: str) -> str:
    """Return a library's message in the current language; as it is where it is not known.

    Parameters
    ----------
    message
        Formatted text, in English.
    room
        File of ``vi/`` that holds the library's templates; the first that fits is taken.
    """
    if get_language() != "vi":
        return message
    for pattern, translation in _patterns(room):
        found = pattern.fullmatch(message)
        if found:
            values = found.groupdict()
            inner = {name: say_anew(values[name], room) for name in _INNER & values.keys()}
            return translation.format(**{**values, **inner})
    return message


@cache
def _patterns(room: str) -> list[tuple[re.Pattern[str], str]]:
    return [
        (re.compile(_pattern(english), re.DOTALL), vietnamese)
        for english, vietnamese in rooms()[room].items()
    ]


def _pattern(template: str) -> str:
    return "".join(
        re.escape(text) + (f"(?P<{name}>.+?)" if name else "")
        for text, name, _, _ in string.Formatter().parse(template)
    )
