"""Setting keys in a study file that a person wrote: their comments and order stay as they are."""

from __future__ import annotations

import copy
import re
import tomllib
from collections.abc import Mapping
from typing import Any

_HEADER = re.compile(r"^\s*\[")


def set_keys(text: str, table: tuple[str, ...], values: Mapping[str, float]) -> str | None:
    """Set numbers in one table of a TOML text.

    Parameters
    ----------
    text
        Valid TOML.
    table
        Path of the table, e.g. ``("radio", "spread")``; written at the end when it is absent.
    values
        Bare keys and what they shall be.

    Returns
    -------
    str or None
        The new text, every other line unchanged. None when the file writes that table in a
        form this cannot edit (inline, dotted or quoted keys): the new text is read back, and
        must say exactly what was asked for.
    """
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    begin = _header(lines, table)
    if begin is None:
        lines += ["\n", f"[{'.'.join(table)}]\n"]
        begin = len(lines) - 1
    for key, value in values.items():
        _set(lines, begin, key, f"{value:.1f}")
    edited = "".join(lines)
    return edited if _says(edited) == _wanted(text, table, values) else None


def _header(lines: list[str], table: tuple[str, ...]) -> int | None:
    """Return the line of a table's header."""
    name = r"\s*\.\s*".join(re.escape(part) for part in table)
    pattern = re.compile(rf"^\s*\[\s*{name}\s*\]\s*(#.*)?$")
    return next((i for i, line in enumerate(lines) if pattern.match(line)), None)


def _set(lines: list[str], begin: int, key: str, value: str) -> None:
    """Change the line of a key behind a header, or put one right under the header."""
    pattern = re.compile(rf"^(\s*{re.escape(key)}\s*=\s*)([^\s#]+)")
    for i in range(begin + 1, len(lines)):
        if _HEADER.match(lines[i]):
            break
        if pattern.match(lines[i]):
            lines[i] = pattern.sub(lambda m: m[1] + value, lines[i])
            return
    lines.insert(begin + 1, f"{key} = {value}\n")


def _says(text: str) -> dict[str, Any] | None:
    """Return what a text says, None when it is not TOML."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None


def _wanted(text: str, table: tuple[str, ...], values: Mapping[str, float]) -> dict[str, Any]:
    """Return what the edited text has to say."""
    wanted = copy.deepcopy(tomllib.loads(text))
    inner = wanted
    for part in table:
        inner = inner.setdefault(part, {})
    inner.update({key: float(f"{value:.1f}") for key, value in values.items()})
    return wanted
