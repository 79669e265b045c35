"""The page's sentences in both languages: English templates are the keys, as everywhere."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from contextvars import copy_context
from functools import cache
from importlib.resources import files

from phusong.i18n import Language, set_language, tr

LANGUAGES: tuple[Language, ...] = ("vi", "en")


@cache
def page_words() -> dict[str, str]:
    """Return English template -> Vietnamese, of this room only."""
    text = (files("phusong.i18n") / "vi" / "maps.toml").read_text("utf-8")
    return {str(key): str(value) for key, value in tomllib.loads(text).items()}


def both(template: str) -> dict[str, str]:
    """Return a template in each language of the page."""
    return {language: tr(template, language) for language in LANGUAGES}


def both_from(speak: Callable[[], str]) -> dict[str, str]:
    """Return what ``speak`` says in each language, for texts that only know the current one."""

    def said_in(language: Language) -> str:
        set_language(language)
        return speak()

    return {language: copy_context().run(said_in, language) for language in LANGUAGES}
