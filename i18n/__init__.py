"""Vietnamese and English: English templates are the keys, `vi/*.toml` hold the Vietnamese.

One file a room, so that a translator finds a sentence beside its neighbours.
"""

from __future__ import annotations

import tomllib
from contextvars import ContextVar
from functools import cache
from importlib.resources import files
from typing import Any, Literal

Language = Literal["vi", "en"]

_language: ContextVar[Language] = ContextVar("language", default="en")


def set_language(language: Language) -> None:
    """Choose the language of messages from here on (in this context)."""
    _language.set(language)


def get_language() -> Language:
    """Return the language messages are shown in."""
    return _language.get()


@cache
def catalogue() -> dict[str, str]:
    """Return every English template with its Vietnamese, over all rooms.

    Raises
    ------
    ValueError
        When two rooms translate one template differently.
    """
    merged: dict[str, str] = {}
    for resource in sorted((files(__name__) / "vi").iterdir(), key=lambda r: r.name):
        if not resource.name.endswith(".toml"):
            continue
        for template, translation in tomllib.loads(resource.read_text("utf-8")).items():
            if merged.setdefault(template, translation) != translation:
                msg = f"{resource.name}: {template!r} has two translations"
                raise ValueError(msg)
    return merged


def tr(template: str, /, language: Language | None = None, **params: Any) -> str:
    """Put an English template into the current (or the given) language and fill it in.

    Parameters
    ----------
    template
        English sentence with ``{placeholders}``; shown as it is when not translated.
    language
        Overrides the current language.
    **params
        Values of the placeholders.
    """
    text = template
    if (language or get_language()) == "vi":
        text = catalogue().get(template, template)
    return text.format(**params) if params else text
