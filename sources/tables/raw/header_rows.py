"""Where a table's header stands: under titles, over two rows, above a row that numbers columns."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from phusong.checks import Findings
from phusong.errors import Where
from phusong.sources.tables.headers import COORDINATES, Role
from phusong.sources.tables.recognition import plain, recognise
from phusong.sources.tables.text import ranges

_SEARCHED = 30
"""Rows among which the header is looked for."""
_OWN = ("row", "geometry")
"""Names of ours that a header must not take."""
_NUMBERING = re.compile(r"\(?(\d{1,2})\)?")
_BRACKETED = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_FEWEST_NUMBERED = 3
_TOTALS = frozenset(
    {"tong", "tong_cong", "cong", "tong_so", "total", "totals", "grand_total", "sum"}
)
"""First words of rows that add up others, plain."""
_LONGEST_TOTAL = max(map(len, _TOTALS))
_WORDS_OF_A_NOTE = 3

Cells = Sequence[object]


@dataclass(frozen=True)
class Header:
    """A table's header.

    Attributes
    ----------
    names
        Unique.
    at, body
        Rows (from 0) on which the header and the records begin.
    known
        How many of its columns are recognised.
    """

    names: list[str]
    at: int
    body: int
    known: int


def header_of(lines: Sequence[Cells], role: Role | None, mapping: Mapping[str, str]) -> Header:
    """Find the header among the first rows of a table.

    It is the first row, unless a later one, or two rows read as one, holds more columns that the
    role knows or the study names. A row that only numbers the columns is passed over.

    Parameters
    ----------
    lines
        Rows of cells, at least one; cells that hold nothing are None or blank.
    role
        What the table is for; None: the first row is the header.
    mapping
        The study's ``columns``.
    """
    first = next((i for i, line in enumerate(lines) if any(map(_text, line))), 0)
    best, names, at, body = 0, list(map(_text, lines[first])), first, first + 1
    if role is not None:
        best = _known(names, role, mapping)
        for i in range(first, min(first + _SEARCHED, len(lines))):
            single = list(map(_text, lines[i]))
            score = _known(single, role, mapping)
            if score > max(best, 1):
                best, names, at, body = score, single, i, i + 1
            lower = list(map(_text, lines[i + 1])) if i + 1 < len(lines) else []
            both = _joined(single, lower)
            score = _known(both, role, mapping)
            if score > max(best, 1) and score > _known(lower, role, mapping):
                best, names, at, body = score, both, i, i + 2
    if body < len(lines) and _explains(list(map(_text, lines[body])), names):
        body += 1
    return Header(unique(names), at, body, best)


def report_header(header: Header, findings: Findings, where: Where) -> None:
    """Say where the header is when it is not the first row (S43)."""
    if header.at:
        findings.add(
            "S43",
            where,
            detail="the header is row {row}: {names}",
            row=header.at + 1,
            names=", ".join(header.names),
        )


def unique(header: Sequence[str]) -> list[str]:
    """Give the second and later columns of one name, and columns without a name, their own."""
    seen = Counter(_OWN)
    out = []
    for i, name in enumerate(header, start=1):
        label = name or f"column_{i}"
        seen[label] += 1
        out.append(label if seen[label] == 1 else f"{label}_{seen[label]}")
    return out


def _text(cell: object) -> str:
    return "" if cell is None else str(cell).strip()


def _joined(upper: Sequence[str], lower: Sequence[str]) -> list[str]:
    """Read two rows as one header: what stands below is the nearer name."""
    return [
        (lower[i] if i < len(lower) else "") or (upper[i] if i < len(upper) else "")
        for i in range(max(len(upper), len(lower)))
    ]


def _known(names: Sequence[str], role: Role, mapping: Mapping[str, str]) -> int:
    """Count the columns that the role knows or the study names."""
    present = [name for name in names if name]
    found = recognise(present, {**role.columns, **COORDINATES}).taken
    keys = {plain(name) for name in present}
    mapped = {
        part.partition(":")[0].strip() for asked in mapping.values() for part in asked.split("|")
    }
    used = set(found.values())
    return len(used) + sum(
        1 for m in mapped if m not in used and (m in present or (plain(m) and plain(m) in keys))
    )


def no_records(body: Sequence[Cells], width: int) -> dict[int, str]:
    """Return the rows of a table's body that are no records, by their place, and what they say.

    Sums, and at the end of the table notes: one text of three words or more, which a merged cell
    may repeat, under a header of at least three columns.
    """
    out: dict[int, str] = {}
    ended = False
    for i in range(len(body) - 1, -1, -1):
        first = next((text for text in map(_text, body[i]) if text), "")
        if len(first) <= _LONGEST_TOTAL and plain(first) in _TOTALS:
            out[i] = first
        elif first and not ended:
            alone = all(text in {"", first} for text in map(_text, body[i]))
            ended = not alone or width < _FEWEST_NUMBERED or len(first.split()) < _WORDS_OF_A_NOTE
            if not ended:
                out[i] = first
    return dict(sorted(out.items()))


def report_no_records(rows: Mapping[int, str], findings: Findings, where: Where) -> None:
    """Say which rows of a table are taken for sums and notes (S40)."""
    if rows:
        findings.add(
            "S40",
            where,
            detail="records {rows}: {texts}",
            rows=ranges([i + 1 for i in rows]),
            texts="; ".join(dict.fromkeys(rows.values())),
        )


def _explains(line: Sequence[str], names: Sequence[str]) -> bool:
    """Say whether a row below the header numbers the columns, or says their units in brackets."""
    filled = [cell for cell in line if cell]
    if filled and all(_BRACKETED.fullmatch(cell) for cell in filled):
        return True
    found = [_NUMBERING.fullmatch(cell) for cell in filled]
    if len(filled) < _FEWEST_NUMBERED or len(filled) < sum(bool(n) for n in names):
        return False
    return [int(m[1]) if m else 0 for m in found] == list(range(1, len(filled) + 1))
