"""Workbooks (.xlsx): cells of one sheet changed, every other sheet as it was."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.cell.cell import Cell
from openpyxl.workbook.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from phusong.mending.mends import Act, CannotMendError, Mend, holds
from phusong.sources.tables.headers import Role
from phusong.sources.tables.raw.encodings import FONTS, undone
from phusong.sources.tables.raw.header_rows import Header, header_of
from phusong.sources.tables.text import as_code, tidy
from phusong.study import Layer


def mend_sheet(path: Path, layer: Layer, role: Role, mends: Sequence[Mend]) -> list[Mend]:
    """Change cells of a workbook in place.

    Returns
    -------
    list of Mend
        Those carried out: a cell is only changed where it says what the mend found there.

    Raises
    ------
    CannotMendError
        When the workbook holds formulas (their results would be lost), or no sheet fits.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        book = openpyxl.load_workbook(path)
    if _has_formulas(book):
        raise CannotMendError("the workbook holds formulas, whose results a copy would lose")
    font = next((m.value for m in mends if m.act is Act.ENCODING), None)
    font = font or (layer.encoding or "").lower()
    sheet, header = _sheet(book, layer, role, font)
    done: list[Mend] = []
    if font in FONTS:
        for cell in (c for row in sheet.iter_rows() for c in row):
            if isinstance(cell, Cell) and isinstance(cell.value, str):
                cell.value = undone(cell.value, font)
        done += [m for m in mends if m.act is Act.ENCODING or m.rule == "S16"]
    own = [m for m in mends if m not in done and m.row is not None]
    done += [m for m in own if m.act is Act.CELL and _changed(sheet, header, m)]
    dropped = [m for m in own if m.act is Act.DROP]
    _drop(sheet, [header.body + (m.row or 0) for m in dropped])
    book.save(path)
    return done + dropped


def _changed(sheet: Worksheet, header: Header, mend: Mend) -> bool:
    """Make the mend of one cell; whether it was made."""
    if mend.column not in header.names:
        return False
    cell = sheet.cell(header.body + (mend.row or 0), header.names.index(mend.column) + 1)
    if not isinstance(cell, Cell) or not holds(mend, cell.value):
        return False
    _set(cell, mend.value)
    return True


def _drop(sheet: Worksheet, rows: Sequence[int]) -> None:
    areas = sheet.merged_cells.ranges
    if rows and any(area.max_row >= min(rows) for area in areas):
        raise CannotMendError("a record that is left out lies in or above merged cells")
    for row in sorted(rows, reverse=True):
        sheet.delete_rows(row)


def _set(cell: Cell, value: Any) -> None:
    """Set a text; one of digits stays text, as codes must."""
    if isinstance(cell.value, int | float) and str(value).lstrip("0") != as_code(cell.value):
        cell.value = float(value) if str(value).replace(".", "", 1).isdigit() else value
        return
    cell.value = str(value)
    cell.data_type = "s"
    if str(value).isdigit():
        cell.number_format = "@"


def _has_formulas(book: Workbook) -> bool:
    return any(
        cell.data_type == "f"
        for sheet in book.worksheets
        for row in sheet.iter_rows()
        for cell in row
    )


def _sheet(book: Workbook, layer: Layer, role: Role, font: str) -> tuple[Worksheet, Header]:
    """Return the sheet that is read, and its header: the study's, else the best known."""
    shown = [s for s in book.worksheets if s.sheet_state == "visible"] or book.worksheets
    if layer.layer is not None:
        shown = [s for s in shown if tidy(str(s.title)) == tidy(layer.layer)]
    found = []
    for sheet in shown:
        rows = [
            [undone(c, font) if isinstance(c, str) and font in FONTS else c for c in row]
            for row in sheet.iter_rows(values_only=True)
        ]
        if any(c is not None for row in rows for c in row):
            found.append((sheet, header_of(rows, role, layer.columns)))
    if not found:
        raise CannotMendError("no sheet of the workbook is the one that was read")
    return max(found, key=lambda pair: pair[1].known)
