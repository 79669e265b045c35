"""The study's filter (``where``) on the rows of a table, whatever form its letters are in."""

from __future__ import annotations

import re
import sqlite3
import time
import unicodedata
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from phusong.checks import Findings
from phusong.errors import Where
from phusong.sources.tables.columns import nearest
from phusong.sources.tables.raw.condition import foreign_part
from phusong.sources.tables.text import clean

_TEXT = re.compile(r"'(?:[^']|'')*'")
_NAME = re.compile(r'"((?:[^"]|"")*)"')
_UNKNOWN = re.compile(r"no such column: (.+)")
_OWN = frozenset({"geometry", "row"})
_SPECIAL = frozenset({"fid", "ogr_geometry", "ogr_style", "ogr_geom_wkt", "ogr_geom_area"})
"""Names that OGR's SQL knows of every layer."""
_SHOWN = 6
"""Values listed of a column whose filter picks nothing."""
_SECONDS = 30.0
"""How long a filter may take."""


def names_in(condition: str) -> list[str]:
    """Return the names in double quotes of an SQL condition."""
    return [name.replace('""', '"') for name in _NAME.findall(_TEXT.sub("''", condition))]


def is_query(condition: str, findings: Findings, where: Where) -> bool:
    """Say whether a filter is more than a condition on columns (S04)."""
    foreign = foreign_part(condition)
    if foreign is not None:
        findings.add("S04", where, condition, "{part} has no place in a filter", part=foreign)
    return foreign is not None


def misnamed(condition: str, headers: Sequence[str], findings: Findings, where: Where) -> bool:
    """Say whether a condition names a column in double quotes that is not there (S04).

    SQLite takes such a name for a text, which then differs from everything.
    """
    known = {_folded(header) for header in headers} | _SPECIAL
    wrong = [name for name in names_in(condition) if _folded(name) not in known]
    for name in wrong:
        near = nearest(name, headers)
        findings.add(
            "S04",
            where,
            condition,
            "no column {header}; the nearest there is {near}"
            if near
            else "no column {header}; the file has {near}",
            header=name,
            near=near or ", ".join(headers),
        )
    return bool(wrong)


def filtered(
    frame: pd.DataFrame,
    condition: str,
    findings: Findings,
    where: Where,
    *,
    case_matters: bool = True,
) -> pd.DataFrame | None:
    """Keep the rows that an SQL condition picks; S04 where it cannot be run.

    Letters compare in one composition (NFC) and without outer blanks, columns as numbers where
    both sides look like numbers.

    Parameters
    ----------
    frame
        The planner's headers as columns; ``geometry`` and ``row`` are not asked about.
    case_matters
        False: texts compare as OGR's own SQL does, without case.
    """
    if is_query(condition, findings, where):
        return None
    headers = [str(c) for c in frame.columns if c not in _OWN]
    if misnamed(condition, headers, findings, where):
        return None
    asked = {_nfc(h).strip().lower(): h for h in reversed(headers)}
    kind = "NUMERIC" if case_matters else "NUMERIC COLLATE NOCASE"
    quoted = [f'"{name.replace(chr(34), chr(34) * 2)}" {kind}' for name in asked]
    cells = frame[list(asked.values())].map(_cell)
    try:
        with closing(sqlite3.connect(":memory:")) as base:
            base.execute(f"CREATE TABLE records (place_ INTEGER, {', '.join(quoted)})")
            marks = ", ".join("?" * (len(quoted) + 1))
            base.executemany(
                f"INSERT INTO records VALUES ({marks})",  # noqa: S608 - question marks only
                ((i, *row) for i, row in enumerate(cells.itertuples(index=False, name=None))),
            )
            end = time.monotonic() + _SECONDS
            base.set_progress_handler(lambda: time.monotonic() > end, 100_000)
            # A condition and no more; the base in memory holds nothing but this table.
            found = base.execute(f"SELECT place_ FROM records WHERE ({_sqlite(condition)})")  # noqa: S608
            places = [place for (place,) in found]
    except (sqlite3.Error, ValueError, MemoryError) as error:
        unknown = _UNKNOWN.fullmatch(str(error))
        if unknown is not None and misnamed(f'"{unknown[1]}"', headers, findings, where):
            return None
        findings.add(
            "S04", where, condition, "the file cannot be read ({reason})", reason=str(error)
        )
        return None
    return frame.iloc[places]


def report_filter(
    condition: str,
    picked: int,
    total: int,
    columns: pd.DataFrame,
    empty_rule: str,
    findings: Findings,
    where: Where,
) -> None:
    """Say of a filter that it picks no record, and what there is to pick, or every record (S44).

    Parameters
    ----------
    columns
        Cells of the file, among them those of the columns that the condition names.
    """
    if picked == 0 and total > 0:
        named = [c for c in map(str, columns.columns) if c not in _OWN and _speaks_of(condition, c)]
        texts = [clean(v) for v in columns[named[0]]] if named else []
        values = list(dict.fromkeys(t for t in texts if t is not None))
        findings.add(
            empty_rule,
            replace(where, key="where"),
            condition,
            "the filter picks none of {n} records; {column} holds {values}"
            if values
            else "the filter picks none of {n} records",
            n=total,
            column=named[0] if named else "",
            values=", ".join(values[:_SHOWN]) + (", …" if len(values) > _SHOWN else ""),
        )
    elif picked == total > 0:
        findings.add(
            "S44", replace(where, key="where"), condition, "all of {n} records pass it", n=total
        )


def _speaks_of(condition: str, column: str) -> bool:
    bare = _folded(_TEXT.sub("''", condition))
    return re.search(rf"(?<!\w){re.escape(_folded(column))}(?!\w)", bare) is not None


def _sqlite(condition: str) -> str:
    """Return the condition for SQLite, in NFC: its LIKE is OGR's ILIKE."""
    parts = re.split(f"({_TEXT.pattern})", _nfc(condition))
    return "".join(
        part if i % 2 else re.sub(r"\bilike\b", "LIKE", part, flags=re.IGNORECASE)
        for i, part in enumerate(parts)
    )


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if value is None or value is pd.NaT or value is pd.NA or value != value:  # noqa: PLR0124 - NaN
        return None
    if isinstance(value, np.generic):
        value = value.item()
    return value if isinstance(value, int | float) else str(value)


def _folded(name: str) -> str:
    return _nfc(name).strip().casefold()


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)
