"""Several tables on one sheet: below each other, beside each other, or one that goes on."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final

from phusong.sources.tables import headers
from phusong.sources.tables.headers import COORDINATES, Role
from phusong.sources.tables.raw.grouped import heads_group, in_communes
from phusong.sources.tables.raw.header_rows import Header, header_of
from phusong.sources.tables.recognition import recognise

Rows = list[list[Any]]

_WITHIN: Final = 6
"""Rows of a block among which its header is looked for."""
_FEWEST: Final = 2
"""Columns known to some role that make a row a header."""
_FIGURES: Final = re.compile(r"[-+]?[\d.,\s]*\d[\d.,\s]*")


@dataclass(frozen=True)
class Table:
    """One table of a sheet.

    Attributes
    ----------
    rows
        Its cells, from its titles on.
    first, column
        Row and column of the sheet (from 0) that they begin at.
    header
        As :func:`header_of` finds it among ``rows``.
    """

    rows: Rows
    first: int
    column: int
    header: Header

    def place(self) -> str:
        """Return where it lies, as spreadsheets count: ``A5:H20``."""
        filled = [i for i, row in enumerate(self.rows) if any(c is not None for c in row)]
        used = [c for row in self.rows for c, cell in enumerate(row) if cell is not None]
        top, bottom = self.first + self.header.at + 1, self.first + filled[-1] + 1
        left, right = self.column + min(used), self.column + max(used)
        return f"{_letters(left)}{top}:{_letters(right)}{bottom}"


def tables_of(rows: Rows, role: Role | None, mapping: Mapping[str, str]) -> list[Table]:
    """Return the tables of a sheet, in its order; one where nothing parts it.

    A new table begins below an empty row, or beside an empty column, where there is a header: a
    row of words of which two are names of columns.
    """
    if role is None:
        return [Table(rows, 0, 0, header_of(rows, role, mapping))]
    out = []
    for first, last in bands_of(rows):
        for left, right in _columns(rows[first:last]):
            part = [row[left:right] for row in rows[first:last]]
            out.append(Table(part, first, left, header_of(part, role, mapping)))
    return out


def joined(
    tables: Sequence[Table], role: Role | None = None
) -> tuple[Table, list[Table], list[Table]]:
    """Choose the table whose header the role knows most of, and the parts with that same header.

    Parameters
    ----------
    tables
        Tables of a sheet, in its order.
    role
        What they are for; in lists of villages, rows of communes above a part's header are kept.

    Returns
    -------
    Table, list of Table, list of Table
        The chosen with its other parts below it, rows between them emptied; these parts; and the
        tables that are left.
    """
    chosen = max(tables, key=lambda table: table.header.known)
    at = next(i for i, table in enumerate(tables) if table is chosen)
    parts = [
        t
        for t in tables[at + 1 :]
        if t.header.names == chosen.header.names and t.column == chosen.column
    ]
    left = [t for t in tables if t is not chosen and t not in parts]
    rows = list(chosen.rows)
    for part, kept in zip(parts, map(set, kept_of(parts, chosen, role)), strict=True):
        rows += [[] for _ in range(part.first - chosen.first - len(rows))]
        rows += [row if i in kept else [] for i, row in enumerate(part.rows)]
    return Table(rows, chosen.first, chosen.column, chosen.header), parts, left


def kept_of(parts: Sequence[Table], chosen: Table, role: Role | None) -> list[list[int]]:
    """Return the rows of every part that go below the chosen table.

    These are its records and, above its header, what names their commune; what stands above the
    chosen header too is the title of every page, where no part names another.
    """
    titles = {None, *(cell for row in chosen.rows[: chosen.header.at] for cell in row)}
    heads = [
        [i for i, row in enumerate(part.rows[: part.header.at]) if heads_group(row, titles)]
        for part in parts
    ]
    told = {
        cell for part, rows in zip(parts, heads, strict=True) for i in rows for cell in part.rows[i]
    }
    if not in_communes(role) or told <= titles:
        heads = [[] for _ in parts]
    return [
        [*rows, *range(part.header.body, len(part.rows))]
        for part, rows in zip(parts, heads, strict=True)
    ]


def bands_of(rows: Rows) -> list[tuple[int, int]]:
    """Return (first, end) of the tables below each other; titles belong to what is below them.

    What parts them is an empty row, or a title right above a header.
    """
    blocks: list[tuple[int, int]] = []
    start = None
    for i, row in enumerate([*rows, []]):
        filled = any(cell is not None for cell in row)
        if start is not None and (not filled or (i > start and _is_title(rows, i))):
            blocks.append((start, i))
            start = None
        if filled and start is None:
            start = i
    starts = []
    waiting = None
    for first, end in blocks:
        block = rows[first:end]
        if _has_header(block):
            starts.append(first if waiting is None else waiting)
            waiting = None
        elif all(sum(cell is not None for cell in _once(row)) <= 1 for row in block):
            waiting = first if waiting is None else waiting
        else:
            waiting = None
    if len(starts) < 2:
        return [(0, len(rows))]
    starts[0] = 0
    return list(zip(starts, [*starts[1:], len(rows)], strict=True))


def _is_title(rows: Rows, i: int) -> bool:
    """Say whether a row of one text stands right above a header."""
    if i + 1 >= len(rows) or sum(cell is not None for cell in _once(rows[i])) != 1:
        return False
    return _is_header(rows[i + 1])


def _columns(rows: Rows) -> list[tuple[int, int]]:
    """Return (first, end) of the columns of tables beside each other."""
    width = max(map(len, rows))
    used = [any(c < len(row) and row[c] is not None for row in rows) for c in range(width)]
    starts: list[int] = []
    for c in range(width):
        begins = used[c] and (c == 0 or not used[c - 1])
        if begins and _has_header([_stretch(row[c:], used[c:]) for row in rows]):
            starts.append(c)
    if len(starts) < 2:
        return [(0, width)]
    starts[0] = 0
    return list(zip(starts, [*starts[1:], width], strict=True))


def _stretch(cells: list[Any], used: list[bool]) -> list[Any]:
    """Return the cells up to the first column that is empty."""
    end = used.index(False) if False in used else len(used)
    return cells[:end]


def _once(row: list[Any]) -> list[Any]:
    """Return a row with what a merged cell repeats standing once."""
    return [cell for i, cell in enumerate(row) if i == 0 or cell != row[i - 1]]


def _has_header(rows: Rows) -> bool:
    """Say whether one of the first rows with cells names columns that some role knows."""
    filled = [row for row in rows if any(cell is not None for cell in row)][:_WITHIN]
    pairs = [
        [*upper, *lower] for upper, lower in pairwise(filled) if _words(upper) and _words(lower)
    ]
    return any(map(_is_header, [*filled, *pairs]))


def _words(row: list[Any]) -> list[str]:
    """Return a row's texts; none where it holds a number."""
    cells = [cell for cell in row if cell is not None]
    if any(not isinstance(c, str) or _FIGURES.fullmatch(c) for c in cells):
        return []
    return list(dict.fromkeys(cells))


def _is_header(row: list[Any]) -> bool:
    names = _words(row)
    return len(names) >= _FEWEST and len(recognise(names, _known()).taken) >= _FEWEST


@lru_cache(maxsize=1)
def _known() -> dict[str, list[str]]:
    """Return the columns of every role, and their names."""
    out: dict[str, list[str]] = {}
    roles = [value for value in vars(headers).values() if isinstance(value, Role)]
    for columns in (COORDINATES, *(role.columns for role in roles)):
        for ours, names in columns.items():
            out.setdefault(ours, []).extend(names)
    return out


def _letters(column: int) -> str:
    """Return a column's letters: 0 is ``A``, 26 is ``AA``."""
    out = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        out = chr(ord("A") + rest) + out
    return out
