"""Excel workbooks: tables, and a sheet that defines every column of them."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import Any

import pandas as pd
from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.writer.excel import ExcelWriter

from phusong.disc.archive import Archive
from phusong.disc.workplace import session_folder
from phusong.exports.tables.dictionary import Column, tables
from phusong.i18n import tr

_HEADER = PatternFill("solid", fgColor="DDE6EE")
_WRAP = Alignment(wrap_text=True, vertical="top")
_WIDEST, _NARROWEST = 48, 12
_PAGE, _FIGURES, _LINE_PT = 32, 10, 13
"""Widths where a sheet is read and filled in like a page, and the height of a line."""
# What XML 1.0 forbids and a spreadsheet would call a broken file.
_CONTROL = {code: None for code in range(32) if code not in (9, 10, 13)}


def write_workbook(
    frame: pd.DataFrame,
    table: str,
    path: Path,
    *,
    operators: Sequence[str] = (),
    notes: Sequence[tuple[str, str]] = (),
    to_fill: Sequence[str] = (),
) -> None:
    """Write one table as .xlsx: text stays text, numbers stay numbers, headings stay in view.

    The headings are words of the current language; the second sheet gives the names the CSV has.

    Parameters
    ----------
    frame
        A frame already brought to the documented columns.
    table
        Its name in the data dictionary.
    notes
        Further lines of the definitions sheet, as (what, text): the study's definitions.
    to_fill
        Columns that a person writes into: they are wide, and all texts are wrapped.
    """
    sheet = Sheet(tr("Data"), frame, table, tuple(operators), tuple(to_fill))
    write_book([sheet], path, notes=notes)


@dataclass(frozen=True)
class Sheet:
    """One sheet of a workbook.

    Attributes
    ----------
    title
        In the current language; 31 letters at most.
    frame
        Already brought to the documented columns.
    table
        Its name in the data dictionary.
    operators
        Carriers that have columns of their own.
    to_fill
        Columns that a person writes into: they are wide, and all texts are wrapped.
    """

    title: str
    frame: pd.DataFrame
    table: str
    operators: tuple[str, ...] = ()
    to_fill: tuple[str, ...] = ()

    @property
    def columns(self) -> list[Column]:
        """What its columns mean, in order."""
        return tables()[self.table].expand(self.operators)


def write_book(
    sheets: Sequence[Sheet], path: Path, *, notes: Sequence[tuple[str, str]] = ()
) -> None:
    """Write several tables as one .xlsx, as :func:`write_workbook` writes one."""
    book = Workbook(write_only=True)
    with _drafts_of(book):
        for sheet in sheets:
            _data(book, sheet)
        _definitions(book, sheets, notes)
        # As `book.save` does, but for a clock that a zip cannot hold.
        with Archive(path) as archive:
            ExcelWriter(book, archive).save()


@contextmanager
def _drafts_of(book: Workbook) -> Iterator[None]:
    """Let openpyxl's drafts of sheets lie where they are swept, and end in silence where they fail.

    It names temporary files after nobody, and its writers, thrown away half-way on a full disc,
    would print tracebacks of their own.
    """
    before, tempfile.tempdir = tempfile.tempdir, str(session_folder())
    try:
        yield
    except BaseException:
        sheets: list[Any] = list(book.worksheets)
        for sheet in sheets:
            for part in ("_rows.close", "_writer.xf.close"):
                with suppress(Exception):  # not begun, or as full as before
                    attrgetter(part)(sheet)()
        raise
    finally:
        tempfile.tempdir = before


def _data(book: Workbook, told: Sheet) -> None:
    columns, frame = told.columns, told.frame
    sheet = book.create_sheet(told.title)
    widths = [
        _WIDEST if column.name in told.to_fill else _width(frame[column.name]) for column in columns
    ]
    if told.to_fill:  # a page of text, no table of figures: numbers of findings need little room
        widths = [min(w, _PAGE) if w > _NARROWEST + 2 else _FIGURES for w in widths]
        sheet.row_dimensions[1].height = 2 * _LINE_PT + 2
    _set_widths(sheet, widths)
    sheet.freeze_panes = "C2"
    _fit_for_paper(sheet)
    sheet.append([_column_heading(sheet, column) for column in columns])
    rows = frame[[column.name for column in columns]].itertuples(index=False)
    for at, row in enumerate(rows, start=2):
        cells = [_cell(sheet, value, c) for value, c in zip(row, columns, strict=True)]
        if told.to_fill:
            cells = [_on_top(sheet, cell) for cell in cells]
            lines = max(_lines_of(c.value, width) for c, width in zip(cells, widths, strict=True))
            sheet.row_dimensions[at].height = _LINE_PT * lines + 2
        sheet.append(cells)
    last = get_column_letter(len(columns))
    sheet.auto_filter.ref = f"A1:{last}{len(frame) + 1}"


def _definitions(book: Workbook, sheets: Sequence[Sheet], notes: Sequence[tuple[str, str]]) -> None:
    sheet = book.create_sheet(tr("Definitions"))
    _set_widths(sheet, [44, 28, 12, 90])
    for number, told in enumerate(sheets):
        if number:
            sheet.append([])
        sheet.append([_heading(sheet, tables()[told.table].words())])
        for what, text in () if number else notes:
            sheet.append([_wrapped(sheet, what), None, None, _wrapped(sheet, text)])
        sheet.append([])
        titles = ("Column", "In the CSV", "Unit", "Meaning")
        sheet.append([_heading(sheet, tr(title)) for title in titles])
        for column in told.columns:
            row = (column.heading(), column.name, column.unit_words(), column.words())
            sheet.append([_wrapped(sheet, text) for text in row])


def _fit_for_paper(sheet: Worksheet) -> None:
    """Print across A3, all columns on one page, the headings on every one."""
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", Worksheet.PAPERSIZE_A3
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.print_title_rows = "1:1"


def _set_widths(sheet: Worksheet, widths: Sequence[float]) -> None:
    for index, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(index)].width = width


def _width(values: pd.Series[Any]) -> float:
    longest = max((len(str(value)) for value in values.head(500)), default=0)
    return min(_WIDEST, max(longest, _NARROWEST) + 2)


def _heading(sheet: Worksheet, text: str) -> Cell:
    cell = _text(sheet, text)
    cell.font, cell.fill = Font(bold=True), _HEADER
    return cell


def _column_heading(sheet: Worksheet, column: Column) -> Cell:
    unit = column.unit_words()
    cell = _heading(sheet, f"{column.heading()}, {unit}" if unit else column.heading())
    cell.alignment = _WRAP
    return cell


def _wrapped(sheet: Worksheet, text: str) -> Cell:
    cell = _text(sheet, text)
    cell.alignment = _WRAP
    return cell


def _lines_of(value: Any, width: float) -> int:
    """Return about how many lines a text takes in a column; programs do not all work it out."""
    return max(1, math.ceil(len(str(value)) / (0.95 * width))) if isinstance(value, str) else 1


def _on_top(sheet: Worksheet, value: Any) -> Cell:
    """Return a cell whose text is wrapped and begins at the top."""
    cell: Cell = value if isinstance(value, Cell) else WriteOnlyCell(sheet, value=value)
    cell.alignment = _WRAP
    return cell


def _text(sheet: Worksheet, text: str) -> Cell:
    """Return a text cell; set as text by type, so that `=1+1` is shown and never run."""
    cell: Cell = WriteOnlyCell(sheet, value="")
    cell.value = text.translate(_CONTROL)[:32_767]
    cell.data_type = "s"
    return cell


def _cell(sheet: Worksheet, value: Any, column: Column) -> Any:
    if pd.isna(value):
        return None
    if column.type == "string":
        return _text(sheet, str(value))
    if column.type == "boolean":
        return bool(value)
    if column.type == "integer":
        return int(value)
    cell = WriteOnlyCell(sheet, value=float(value))
    places = f"0.{'0' * column.decimals}" if column.decimals else "0"
    cell.number_format = "0.0%" if column.is_share else places
    return cell
