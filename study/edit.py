"""Setting keys in a study file that a person wrote: their comments and order stay as they are."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

import tomlkit
from tomlkit.container import Container
from tomlkit.items import AbstractTable, AoT, InlineTable, Table

KeyPath = tuple[str, ...]


def set_keys(
    text: str, table: KeyPath, values: Mapping[str, float | str], digits: int = 1
) -> str | None:
    """Set numbers and words in one table of a TOML text.

    Parameters
    ----------
    text
        Valid TOML.
    table
        Path of the table, e.g. ``("radio", "spread")``, in whatever form the text writes it:
        under a header, inline, or by dotted keys. Where it is absent it is written at the end,
        or inside the inline table that it belongs to.
    values
        Keys and what they shall be, numbers rounded.
    digits
        Decimals of numbers.

    Returns
    -------
    str or None
        The new text, everything else unchanged. None when that path leads to something other
        than a table, or the table stands among parts of an array of tables: the new text is
        read back, and must say exactly what was asked for.
    """
    rounded = {
        key: value if isinstance(value, str) else float(f"{value:.{digits}f}")
        for key, value in values.items()
    }
    document = tomlkit.parse(text)
    # tomlkit gathers some tables that a file keeps apart: such a file is only written behind.
    kept = tomlkit.dumps(document) == text
    fragments = list(_fragments(document, table)) if kept else []
    inline = _inline_above(document, table) if kept else None
    if fragments:
        _set(fragments, rounded)
        edited = tomlkit.dumps(document)
    elif inline is not None:
        _set_inside(*inline, rounded)
        edited = tomlkit.dumps(document)
    else:
        edited = _with_table(text, table, rounded)
    if "\r\n" in text and text.count("\n") == text.count("\r\n"):
        edited = edited.replace("\r\n", "\n").replace("\n", "\r\n")
    wanted = _wanted(text, table, rounded)
    return edited if wanted is not None and _says(edited) == wanted else None


def _fragments(container: Container, path: KeyPath) -> Iterator[AbstractTable]:
    """Yield every part of a table: other tables may stand between two parts of one.

    Goes through the bodies, since looking a table up in parts would move the parts together.
    """
    for key, item in container.body:
        if key is None or key.key != path[0] or not isinstance(item, AbstractTable):
            continue
        if len(path) > 1:
            yield from _fragments(item.value, path[1:])
        elif not (isinstance(item, Table) and item.is_super_table() and not key.is_dotted()):
            yield item


def _inline_above(container: Container, path: KeyPath) -> tuple[InlineTable, KeyPath] | None:
    """Return the innermost inline table on the way to a path, and what is left of the path."""
    for end in range(len(path) - 1, 0, -1):
        for found in _fragments(container, path[:end]):
            if isinstance(found, InlineTable):
                return found, path[end:]
    return None


def _set(fragments: list[AbstractTable], values: Mapping[str, float | str]) -> None:
    """Set keys where they stand; put new ones behind the last key of the first part."""
    new = dict(values)
    for found in fragments:
        for key in [key for key in new if key in found]:
            found[key] = new.pop(key)
    first = fragments[0]
    body = first.value.body
    own = [i for i, (k, v) in enumerate(body) if k is not None and not isinstance(v, (Table, AoT))]
    behind = own[-1] + 1 if own else 0
    if behind == len(body) or isinstance(first, InlineTable):
        first.update(new)
        return
    # `update` would put them behind the comments that lead to the next table.
    body[behind:behind] = [(tomlkit.key(key), tomlkit.item(value)) for key, value in new.items()]


def _set_inside(outer: InlineTable, below: KeyPath, values: Mapping[str, float | str]) -> None:
    """Put a table, and those between, into an inline table."""
    for part in below:
        outer[part] = tomlkit.inline_table()
        outer = outer[part]
    outer.update(values)


def _with_table(text: str, table: KeyPath, values: Mapping[str, float | str]) -> str:
    """Return the text with a table at its end."""
    header = tomlkit.key(list(table)).as_string()
    keys = [
        f"{tomlkit.key(key).as_string()} = {tomlkit.item(value).as_string()}\n"
        for key, value in values.items()
    ]
    begun = text if not text or text.endswith("\n") else f"{text}\n"
    return "".join([begun, "\n" if begun else "", f"[{header}]\n", *keys])


def _says(text: str) -> dict[str, Any] | None:
    """Return what a text says, None when it is not TOML."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None


def _wanted(text: str, table: KeyPath, values: Mapping[str, float | str]) -> dict[str, Any] | None:
    """Return what the edited text has to say; None when something else stands at the path."""
    wanted = copy.deepcopy(tomllib.loads(text))
    inner = wanted
    for part in table:
        inner = inner.setdefault(part, {})
        if not isinstance(inner, dict):
            return None
    inner.update(values)
    return wanted
