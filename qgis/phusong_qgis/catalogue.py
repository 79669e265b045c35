"""The commands and their parameters, from commands.json; needs no QGIS."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

KINDS = ("study", "folder", "file", "place", "number", "whole", "flag", "text", "numbers")
"""What a parameter holds; ``place`` is a point on the map, ``numbers`` several."""


@dataclass(frozen=True)
class Parameter:
    """One parameter of an algorithm.

    Attributes
    ----------
    name
        As QGIS and qgis_process call it.
    kind
        One of :data:`KINDS`.
    option
        The command's option; empty for an argument.
    words
        Label by language.
    help
        Sentence by language; may be empty.
    optional, default, least
        Whether it may be left empty; its value at first; the least number.
    """

    name: str
    kind: str
    option: str
    words: dict[str, str]
    help: dict[str, str]
    optional: bool = False
    default: Any = None
    least: float | None = None


@dataclass(frozen=True)
class Command:
    """One command of phusong.

    Attributes
    ----------
    name
        As typed.
    title, help
        By language.
    parameters
        In the order they are shown.
    finding
        Whether exit code 1 may say that the data are wrong, and what was found is written.
    """

    name: str
    title: dict[str, str]
    help: dict[str, str]
    parameters: tuple[Parameter, ...]
    finding: bool = False
    extra: tuple[str, ...] = ()
    """Options besides, made of the parameters in braces."""


@lru_cache(maxsize=1)
def _table() -> dict[str, Any]:
    text = (Path(__file__).parent / "commands.json").read_text("utf-8")
    table: dict[str, Any] = json.loads(text)
    return table


@lru_cache(maxsize=1)
def commands() -> tuple[Command, ...]:
    """Return every command."""
    table = _table()
    shared = table["parameters"]
    return tuple(
        Command(
            row["name"],
            row["title"],
            row["help"],
            tuple(_parameter(shared[p] if isinstance(p, str) else p) for p in row["parameters"]),
            row.get("finding", False),
            tuple(row.get("extra", ())),
        )
        for row in table["commands"]
    )


def words(key: str, language: str) -> str:
    """Return a word or sentence of the plugin itself."""
    text: str = _table()["words"][key][language]
    return text


def _parameter(row: dict[str, Any]) -> Parameter:
    given = {key: row[key] for key in ("optional", "default", "least") if key in row}
    label = {language: row[language][0] for language in ("en", "vi")}
    more = {language: row[language][1] for language in ("en", "vi")}
    return Parameter(row["name"], row["kind"], row.get("option", ""), label, more, **given)
