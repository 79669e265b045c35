"""Sheets of a workbook as rows of cells: typed, merged cells filled, whatever the header is."""

from __future__ import annotations

import re
import unicodedata
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pyogrio
from openpyxl.utils.cell import range_boundaries
from openpyxl.utils.exceptions import InvalidFileException
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError

from phusong.checks import Findings
from phusong.errors import InputError, Where
from phusong.sources.admission import admit
from phusong.sources.gdal import vectors
from phusong.sources.tables.columns import nearest
from phusong.sources.tables.headers import Role
from phusong.sources.tables.raw.encodings import FONTS, undone
from phusong.sources.tables.raw.grouped import ungrouped
from phusong.sources.tables.raw.header_rows import (
    no_records,
    report_header,
    report_no_records,
)
from phusong.sources.tables.raw.several import Table, joined, tables_of
from phusong.sources.tables.text import clean, is_unicode, suspected_font_encoding
from phusong.study import Layer

_OPENXML = frozenset({".xlsx", ".xlsm"})
_AREA = re.compile(r"\$?[A-Z]{1,3}\$?\d+:\$?[A-Z]{1,3}\$?\d+")
SUFFIXES = _OPENXML | {".ods", ".xls"}
_UNREADABLE = (
    OSError,
    EOFError,
    KeyError,
    ValueError,
    TypeError,
    IndexError,
    AttributeError,
    SyntaxError,
    zlib.error,
    zipfile.BadZipFile,
    InvalidFileException,
    DataSourceError,
    DataLayerError,
    FeatureError,
)
"""What openpyxl and OGR raise on damaged workbooks (SyntaxError: the XML in them)."""

Rows = list[list[Any]]


@dataclass(frozen=True)
class _Sheet:
    name: str
    tables: list[Table]

    @property
    def known(self) -> int:
        return max(table.header.known for table in self.tables)


def read_sheet(
    path: Path, layer: Layer, role: Role | None, findings: Findings, where: Where
) -> pd.DataFrame | None:
    """Read one sheet of a workbook.

    The sheet is the one the study names, else the one whose header holds most of what the role
    knows; sheets without cells are none (S24 where several are left).

    Returns
    -------
    DataFrame or None
        The planner's headers as columns, the row after the header (first: 1) as index; empty
        where there is no record. None after S02 (unreadable) or S03 (no such sheet).
    """
    try:
        admit(path, where)
        with vectors(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            cells, ranges = (
                _workbook(path) if path.suffix.lower() in _OPENXML else (_by_ogr(path), {})
            )
    except InputError as error:
        findings.refuse(error, path.name)
        return None
    except _UNREADABLE as error:
        reason = str(error) or type(error).__name__
        findings.add("S02", where, path.name, "the file cannot be read ({reason})", reason=reason)
        return None
    font = (layer.encoding or "").lower()
    if font in FONTS:
        cells, ranges = (
            {name: _converted(rows, font) for name, rows in of.items()} for of in (cells, ranges)
        )
    if layer.layer is not None:
        cells |= {name: rows for name, rows in ranges.items() if name not in cells}
        names = {unicodedata.normalize("NFC", name): name for name in cells}
        name = names.get(unicodedata.normalize("NFC", layer.layer))
        if name is None:
            findings.add(
                "S03",
                where,
                layer.layer,
                "there is no layer {layer}; the nearest is {near}; there are {available}",
                layer=layer.layer,
                near=nearest(layer.layer, list(cells)) or "-",
                available=", ".join(cells) or "-",
            )
            return None
        cells = {name: cells[name]}
    sheets = [
        _Sheet(name, tables_of(rows, role, layer.columns)) for name, rows in cells.items() if rows
    ]
    if not sheets:
        return pd.DataFrame()
    chosen = max(sheets, key=lambda sheet: sheet.known)
    if len(sheets) > 1:
        findings.add(
            "S24",
            where,
            chosen.name,
            "{layer} is taken; there are {available}",
            layer=chosen.name,
            available=", ".join(sheet.name for sheet in sheets),
        )
    table, parts, left = joined(chosen.tables, role)
    _report_several(table, parts, left, findings, where)
    report_header(replace(table.header, at=table.first + table.header.at), findings, where)
    return ungrouped(_frame(table, findings, where), role, layer.columns, findings, where)


def _report_several(
    taken: Table, parts: list[Table], left: list[Table], findings: Findings, where: Where
) -> None:
    """Say which of a sheet's tables is read (S53)."""
    if not parts and not left:
        return
    findings.add(
        "S53",
        where,
        taken.place(),
        "{taken} is taken; {parts} parts with the same header below it go with it; left: {left}"
        if left
        else "{taken} is taken, and {parts} parts with the same header below it; nothing is left",
        taken=f"{taken.place()} ({', '.join(taken.header.names)})",
        parts=len(parts),
        left="; ".join(f"{t.place()} ({', '.join(t.header.names)})" for t in left),
    )


def _frame(table: Table, findings: Findings, where: Where) -> pd.DataFrame:
    names, body = table.header.names, table.rows[table.header.body :]
    width = len(names)
    passed = no_records(body, width)
    report_no_records(passed, findings, where)
    kept = {
        i: [*row[:width], *[None] * (width - len(row))]
        for i, row in enumerate(body, start=1)
        if i - 1 not in passed and any(clean(cell) is not None for cell in row)
    }
    index = pd.Index(list(kept), dtype="int64")
    frame = pd.DataFrame(list(kept.values()), columns=names, index=index, dtype=object)
    nameless = [
        f"column_{i}"
        for i, name in enumerate(names, start=1)
        if name == f"column_{i}" and frame[name].isna().all()
    ]
    return frame.drop(columns=nameless)


def _converted(rows: Rows, font: str) -> Rows:
    """Undo a font in the columns that were typed in it; a column in Unicode stays as it is.

    Of a column with both, the cells that hold letters of Unicode Vietnamese alone stay.
    """
    width = max(map(len, rows), default=0)
    sound = {
        c
        for c in range(width)
        if is_unicode(texts := [r[c] for r in rows if c < len(r) and isinstance(r[c], str)])
        and suspected_font_encoding(texts) is None
    }
    return [
        [
            undone(cell, font)
            if isinstance(cell, str) and c not in sound and not is_unicode([cell])
            else cell
            for c, cell in enumerate(row)
        ]
        for row in rows
    ]


def _workbook(path: Path) -> tuple[dict[str, Rows], dict[str, Rows]]:
    """Return the visible sheets' cells, and those of named ranges and tables.

    Every cell of a merged range holds the range's value.
    """
    book = openpyxl.load_workbook(path, data_only=True)
    shown = [s for s in book.worksheets if s.sheet_state == "visible"] or book.worksheets
    out = {}
    for sheet in shown:
        rows = [[_cell(value) for value in row] for row in sheet.iter_rows(values_only=True)]
        for area in sheet.merged_cells.ranges:
            value = rows[area.min_row - 1][area.min_col - 1]
            for row in rows[area.min_row - 1 : area.max_row]:
                row[area.min_col - 1 : area.max_col] = [value] * (area.max_col - area.min_col + 1)
        out[str(sheet.title)] = _trimmed(rows)
    named = {}
    for name, title, area in _areas(book):
        if title in out:
            left, top, right, bottom = (int(n or 1) for n in range_boundaries(area))
            named[name] = _trimmed([row[left - 1 : right] for row in out[title][top - 1 : bottom]])
    return out, named


def _areas(book: Any) -> Iterator[tuple[str, str, str]]:
    """Give name, sheet and area (``A1:C9``) of named ranges and of tables."""
    for defined in (book.defined_names, *(s.defined_names for s in book.worksheets)):
        for name, value in defined.items():
            try:
                places = list(value.destinations)
            except (ValueError, TypeError, AttributeError):
                continue
            for title, area in places[:1]:
                if _AREA.fullmatch(area):
                    yield name, title, area.replace("$", "")
    for sheet in book.worksheets:
        for name, table in sheet.tables.items():
            yield name, sheet.title, table.ref


def _by_ogr(path: Path) -> dict[str, Rows]:
    out = {}
    for name in pyogrio.list_layers(path)[:, 0]:
        options = {} if path.suffix.lower() == ".xls" else {"FIELD_TYPES": "STRING"}
        frame = pyogrio.read_dataframe(
            path, layer=name, read_geometry=False, HEADERS="DISABLE", **options
        )
        rows = frame.astype(object).where(frame.notna(), None).to_numpy().tolist()
        out[str(name)] = _trimmed([[_cell(value) for value in row] for row in rows])
    return out


def _cell(value: Any) -> Any:
    """Return numbers as they are and everything else as text, None for nothing."""
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    return str(value).strip() or None


def _trimmed(rows: Rows) -> Rows:
    """Drop the rows without cells at the end."""
    last = max((i for i, row in enumerate(rows) if any(c is not None for c in row)), default=-1)
    return rows[: last + 1]
