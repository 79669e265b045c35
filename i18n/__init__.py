"""Vietnamese and English: English templates are the keys, `vi/*.toml` hold the Vietnamese.

One file a room, so that a translator finds a sentence beside its neighbours.
"""

from __future__ import annotations

import math
import tomllib
from contextvars import ContextVar
from functools import cache
from typing import Any, Literal

Language = Literal["vi", "en"]

_language: ContextVar[Language] = ContextVar("language", default="en")


def set_language(language: Language) -> None:
    """Choose the language of messages from here on (in this context)."""
    _language.set(language)


def get_language() -> Language:
    """Return the language messages are shown in."""
    return _language.get()


def rooms() -> dict[str, dict[str, str]]:
    """Return the translations file by file."""
    # Takes 20 ms to import, and whoever speaks English does not need it.
    from importlib.resources import files  # noqa: PLC0415

    return {
        resource.name: tomllib.loads(resource.read_text("utf-8"))
        for resource in sorted((files(__name__) / "vi").iterdir(), key=lambda r: r.name)
        if resource.name.endswith(".toml")
    }


@cache
def catalogue() -> dict[str, str]:
    """Return every English template with its Vietnamese, over all rooms."""
    return {template: text for room in rooms().values() for template, text in room.items()}


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
    if (language or get_language()) != "vi":
        return template.format(**params) if params else template
    text = catalogue().get(template, template)
    return text.format(**{k: _as_written(k, v) for k, v in params.items()}) if params else text


_SIGNS = str.maketrans(".,", ",.")


class _CommaFloat(float):
    """A number whose decimals follow a comma, in whatever format a template asks for."""

    def __format__(self, form: str) -> str:
        text = float.__repr__(self) if not form else super().__format__(form)
        return text.translate(_SIGNS)


def _as_written(name: str, value: Any) -> Any:
    """Return a placeholder's value as Vietnamese writes it.

    Degrees keep their point: they are copied into programs, and a comma stands between them.
    """
    if isinstance(value, float) and name not in {"lon", "lat"}:
        return _CommaFloat(value)
    return value


def number(value: float, form: str = ",.0f", language: Language | None = None) -> str:
    """Write a number as the language does: 1,234.5 in English is 1.234,5 in Vietnamese.

    Parameters
    ----------
    form
        Format specification, e.g. ``,.0f`` or ``.1%``.
    """
    text = format(value, form)
    return text.translate(_SIGNS) if (language or get_language()) == "vi" else text


def share_text(value: float) -> str:
    """Write a share as a percentage with one decimal; a dash where there is none (NaN)."""
    return "–" if math.isnan(value) else number(value, ".1%")
