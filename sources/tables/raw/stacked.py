"""Several tables in one text, below each other: which lines are the one that is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from phusong.checks import Findings
from phusong.errors import Where
from phusong.sources.tables.headers import Role
from phusong.sources.tables.raw.header_rows import header_of
from phusong.sources.tables.raw.several import Rows, Table, bands_of, joined, kept_of


@dataclass(frozen=True)
class Several:
    """What a text holds besides the table that is read.

    Attributes
    ----------
    taken
        The table read.
    parts
        Those below it with the same header, read with it.
    left
        The others.
    """

    taken: Table
    parts: list[Table]
    left: list[Table]


def one_of_several(
    lines: Sequence[Sequence[str]], role: Role | None, mapping: Mapping[str, str]
) -> tuple[list[int], Several | None]:
    """Return the lines of the table whose header the role knows most of, and what else there is.

    Parameters
    ----------
    lines
        Cells of every line of the text, empty lines among them.
    role
        What the text is for; without one it is one table.
    mapping
        The study's ``columns``.

    Returns
    -------
    list of int, Several or None
        Lines that are not empty, from 0: all of them where there is one table.
    """
    filled = [i for i, line in enumerate(lines) if line]
    last = filled[-1] if filled else 0
    if role is None or not any(_parts(lines[i]) for i in range(last)):
        return filled, None
    rows: Rows = [[cell.strip() or None for cell in line] for line in lines]
    bands = bands_of(rows)
    if len(bands) < 2:
        return filled, None
    tables = [Table(rows[a:b], a, 0, header_of(rows[a:b], role, mapping)) for a, b in bands]
    whole, parts, left = joined(tables, role)
    taken = next(table for table in tables if table.first == whole.first)
    kept = [*range(taken.first, taken.first + len(taken.rows))]
    for part, own in zip(parts, kept_of(parts, taken, role), strict=True):
        kept += [part.first + i for i in own]
    return [i for i in kept if lines[i]], Several(taken, parts, left)


def _parts(line: Sequence[str]) -> bool:
    """Say whether a line may part two tables: nothing stands on it, or one text."""
    filled = (cell for cell in line if cell and not cell.isspace())
    next(filled, None)
    return next(filled, None) is None


def report_several(several: Several, findings: Findings, where: Where) -> None:
    """Say which of a text's tables is read (S53)."""
    findings.add(
        "S53",
        where,
        _place(several.taken),
        "lines {taken} are taken; {parts} parts with the same header go with them; left: {left}"
        if several.left
        else "lines {taken} are taken, and {parts} parts with the same header; nothing is left",
        taken=_told(several.taken),
        parts=len(several.parts),
        left="; ".join(map(_told, several.left)),
    )


def _told(table: Table) -> str:
    return f"{_place(table)} ({', '.join(table.header.names)})"


def _place(table: Table) -> str:
    """Return the lines of the text that a table has, header and records: ``5-20``."""
    filled = [i for i, row in enumerate(table.rows) if any(cell is not None for cell in row)]
    return f"{table.first + table.header.at + 1}-{table.first + filled[-1] + 1}"
