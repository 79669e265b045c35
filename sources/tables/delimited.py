"""Delimited text as it comes out of spreadsheets: encoding, separator, ragged rows."""

from __future__ import annotations

import csv
import gzip
import io
import re
import unicodedata
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from phusong.checks import Findings
from phusong.errors import InputError, Where
from phusong.sources.bounds import TEXT_BYTES, refuse_long, refuse_packed
from phusong.sources.tables.headers import OPENCELLID, Role
from phusong.sources.tables.raw.encodings import KEPT, codec_of
from phusong.sources.tables.raw.grouped import ungrouped
from phusong.sources.tables.raw.header_rows import (
    header_of,
    no_records,
    report_header,
    report_no_records,
)
from phusong.sources.tables.raw.stacked import one_of_several, report_several
from phusong.sources.tables.text import convert, suspected_font_encoding
from phusong.study import Layer

SUFFIXES = frozenset({".csv", ".txt", ".tsv", ".tab.txt"})
_ENDINGS_OF_LOGS = frozenset({"", ".log", ".dat"})
_SEPARATORS = ";,\t|"
_COMMENT = "#"
_RADIOS = frozenset({"GSM", "UMTS", "LTE", "NR", "CDMA", "NBIOT", "NB-IOT", "LTE-M", "TDSCDMA"})
_TOLD = 1000
"""Rows refused one by one; of more, their number is told."""
_COLUMNS = 4096
_SAID = re.compile(r'"?sep=(.)"?\r?\n', re.IGNORECASE)
"""First line by which spreadsheets say the separator."""
csv.field_size_limit(2**24)


def read_table(
    path: Path, layer: Layer, findings: Findings, where: Where, role: Role | None = None
) -> pd.DataFrame | None:
    """Read delimited text; every cell stays text, empty cells are None.

    Of a table with a role the header is found under titles; the study's filter is not applied.

    Returns
    -------
    DataFrame or None
        The planner's headers as columns, the row (first record: 1) as index. None when the
        text cannot be decoded in the encoding the study names (S02). Rows with more or fewer
        cells than the header are refused, one by one (S14); rows of empty cells only are not
        records.
    """
    text = _text(path, layer, findings, where)
    if text is None:
        return None
    text = _without_preamble(text)
    said = _SAID.match(text)
    if said is not None:
        text = text[said.end() :]
    separator = layer.separator or (said[1] if said is not None else _separator(text))
    lines = _lines(text, separator, findings, where)
    if not lines:
        return None if lines is None else pd.DataFrame()
    kept, several = one_of_several(lines, role, layer.columns)
    lines = [lines[i] for i in kept]
    if several is not None:
        report_several(several, findings, where)
    if _headerless_opencellid(lines[0]):
        header, body = list(OPENCELLID), lines
    else:
        found = header_of(lines, role, layer.columns)
        report_header(replace(found, at=kept[found.at]), findings, where)
        header, body = found.names, lines[found.body :]
    passed = no_records(body, len(header)) if role is not None else {}
    report_no_records(passed, findings, where)
    rows, records, refused = [], [], []
    for row, line in enumerate(body, start=1):
        if row - 1 in passed or not any(cell.strip() for cell in line):
            continue
        cells = _fit(line, len(header))
        if cells is None and line[0].lstrip().startswith(_COMMENT):
            continue
        if cells is None:
            refused.append((row, len(line)))
            continue
        rows.append(row)
        records.append([cell.strip() or None for cell in cells])
    _report_ragged(refused, len(header), separator, findings, where)
    index = pd.Index(rows, dtype="int64")
    frame = pd.DataFrame(records, columns=header, index=index, dtype=object)
    return ungrouped(frame, role, layer.columns, findings, where)


def _report_ragged(
    refused: list[tuple[int, int]], columns: int, separator: str, findings: Findings, where: Where
) -> None:
    """List rows, and how many cells they have, that do not fit the header (S14)."""
    for row, cells in refused[:_TOLD]:
        findings.add(
            "S14",
            replace(where, row=row),
            detail="{cells} cells where the header has {columns} (separator {separator})",
            cells=cells,
            columns=columns,
            separator={"\t": "tab"}.get(separator, separator),
        )
    if len(refused) > _TOLD:
        findings.add("S14", where, detail="{n} further rows likewise", n=len(refused) - _TOLD)


def _text(path: Path, layer: Layer, findings: Findings, where: Where) -> str | None:
    """Return a file's text; None after S30 (too much of it) or S02 (another encoding)."""
    try:
        refuse_long(path, TEXT_BYTES, where)
        refuse_packed(path, where, TEXT_BYTES)
        data = _unzipped(path.read_bytes())
    except InputError as error:
        findings.refuse(error, path.name)
        return None
    except (OSError, EOFError, zlib.error) as error:
        findings.add("S02", where, detail="the file cannot be read ({reason})", reason=str(error))
        return None
    return _decode(data, layer, findings, where)


def _lines(text: str, separator: str, findings: Findings, where: Where) -> list[list[str]] | None:
    """Return the lines as cells, empty ones among them; None where they are no table (S02)."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        lines = list(reader)
    except csv.Error as error:
        at = replace(where, line=reader.line_num)
        findings.add("S02", at, detail="the file cannot be read ({reason})", reason=str(error))
        return None
    first = next(filter(None, lines), [])
    if len(first) > _COLUMNS:
        findings.add("S02", where, detail="its header has {n} columns", n=len(first))
        return None
    return lines if first else []


def is_delimited(path: Path) -> bool:
    """Say whether a file is delimited text: by its ending, unless its content says otherwise.

    Programs on phones write ``.log``, ``.dat`` or no ending at all, and some GPX or GeoPackage
    under the name of a text.
    """
    suffix = path.with_suffix("").suffix if path.suffix.lower() == ".gz" else path.suffix
    suffix = suffix.lower()
    if not path.is_file() or suffix not in SUFFIXES | _ENDINGS_OF_LOGS:
        return False
    with path.open("rb") as file:
        head = file.read(512).lstrip(b"\xef\xbb\xbf \t\r\n")
    return not head.startswith((b"SQLite format 3", b"<?xml", b"<gpx", b"PK\x03\x04"))


def _without_preamble(text: str) -> str:
    """Drop the lines of comment (``#``) that programs on phones write before the header.

    The last of them is the header itself where it has as many cells as the line below.
    """
    if not text.startswith(_COMMENT):
        return text
    lines = text.splitlines(keepends=True)
    first = next((i for i, line in enumerate(lines) if not line.startswith(_COMMENT)), None)
    if first is None:
        return ""
    header, below = lines[first - 1], lines[first]
    alike = any(header.count(s) == below.count(s) > 0 for s in _SEPARATORS)
    return "".join(lines[first - 1 if alike else first :])


def _unzipped(data: bytes) -> bytes:
    """Return what a gzip holds, as OpenCelliD's files come."""
    return gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data


def _decode(data: bytes, layer: Layer, findings: Findings, where: Where) -> str | None:
    """Return the text: as the study names its encoding, else UTF, else windows-1258 (S15).

    None after S02: what is neither is not guessed at.
    """
    if layer.encoding is not None:
        return _decode_as(data, layer.encoding.lower(), findings, where)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _decode_as(data, "utf-16", findings, where)
    if b"\0" in data:
        findings.add(
            "S02", where, detail="it holds bytes of zero, as UTF-16 and files that are no text do"
        )
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        legacy = data.decode("latin-1")
    if suspected_font_encoding(legacy.splitlines()) is not None:
        return legacy
    text = _decode_as(data, "cp1258", findings, where)
    if text is not None:
        findings.add("S15", where, detail="the text is not UTF-8; it was read as windows-1258")
    return text


def _decode_as(data: bytes, encoding: str, findings: Findings, where: Where) -> str | None:
    if encoding == "tcvn3":
        return convert(data.decode("latin-1"), "tcvn3")
    if encoding == "vni":
        return convert(data.decode("cp1252", KEPT), "vni")
    codec = codec_of(encoding) or encoding
    try:
        text = data.decode("utf-8-sig" if codec == "utf-8" else codec)
        text.encode("utf-8")  # some codecs give halves of letters, which nothing can write
    except (ValueError, LookupError) as error:
        findings.add(
            "S02",
            replace(where, key="encoding"),
            encoding,
            "the text cannot be read as {encoding} ({reason})",
            encoding=encoding,
            reason=str(error),
        )
        return None
    return unicodedata.normalize("NFC", text)


def _separator(text: str) -> str:
    """Pick the separator under which most of the first rows have as many cells as the header."""
    sample = text.splitlines()[:50]
    best, best_score = ",", (0.0, 0)
    for candidate in _SEPARATORS:
        try:
            counts = [len(row) for row in csv.reader(sample, delimiter=candidate) if row]
        except csv.Error:
            continue
        # A title above the header has no separator.
        width = next((n for n in counts if n > 1), 1)
        if width < 2:
            continue
        alike = sum(n == width for n in counts) / len(counts)
        if (alike, width) > best_score:
            best, best_score = candidate, (alike, width)
    return best


def _headerless_opencellid(line: Sequence[str]) -> bool:
    return len(line) == len(OPENCELLID) and line[0].strip() in _RADIOS and line[1].isdigit()


def _fit(line: list[str], columns: int) -> list[str] | None:
    """Drop empty cells past the header's end; None when real cells are too many or too few."""
    if len(line) > columns and not any(cell.strip() for cell in line[columns:]):
        return line[:columns]
    return line if len(line) == columns else None


@dataclass(frozen=True)
class TakenApart:
    """Delimited text as it is written, and where its records are.

    Attributes
    ----------
    lines
        Lines of the text with their ends, of the whole file, comments and titles among them.
    spans
        Record, counted as :func:`read_table` counts, -> its first line and the one behind its last.
    header
        Names of the columns, as :func:`read_table` gives them.
    separator
        Between cells.
    """

    lines: list[str]
    spans: dict[int, tuple[int, int]]
    header: list[str]
    separator: str


def taken_apart(path: Path, layer: Layer, role: Role | None) -> TakenApart | None:
    """Return the lines of delimited text by record, so that some can be written anew.

    None where the text cannot be read as a table.
    """
    nowhere, quiet = Where(file=path.name), Findings()
    text = _text(path, layer, quiet, nowhere)
    if text is None:
        return None
    body = _without_preamble(text)
    said = _SAID.match(body)
    body = body if said is None else body[said.end() :]
    separator = layer.separator or (said[1] if said is not None else _separator(body))
    lines = list(io.StringIO(body, newline=""))
    reader = csv.reader(iter(lines), delimiter=separator)
    cells, spans, begun = [], [], 0
    try:
        for row in reader:
            cells.append(row)
            spans.append((begun, reader.line_num))
            begun = reader.line_num
    except csv.Error:
        return None
    kept, _ = one_of_several(cells, role, layer.columns)
    cells, spans = [cells[i] for i in kept], [spans[i] for i in kept]
    if not cells:
        return None
    if _headerless_opencellid(cells[0]):
        header, first = list(OPENCELLID), 0
    else:
        found = header_of(cells, role, layer.columns)
        header, first = found.names, found.body
    above = list(io.StringIO(text[: len(text) - len(body)], newline=""))
    moved = {
        row: (begin + len(above), end + len(above))
        for row, (begin, end) in enumerate(spans[first:], start=1)
    }
    return TakenApart([*above, *lines], moved, header, separator)
