"""Delimited text as it comes out of spreadsheets: encoding, separator, ragged rows."""

from __future__ import annotations

import csv
import io
import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pandas as pd

from phusong.checks import Findings
from phusong.errors import Where
from phusong.sources.tables.headers import OPENCELLID
from phusong.sources.tables.text import convert, suspected_font_encoding
from phusong.study import Layer

SUFFIXES = frozenset({".csv", ".txt", ".tsv", ".tab.txt"})
_ENDINGS_OF_LOGS = frozenset({"", ".log", ".dat"})
_SEPARATORS = ";,\t|"
_COMMENT = "#"
_OWN = ("row", "geometry")
"""Names of ours that a header must not take."""
_RADIOS = frozenset({"GSM", "UMTS", "LTE", "NR", "CDMA"})
csv.field_size_limit(2**24)


def read_table(path: Path, layer: Layer, findings: Findings, where: Where) -> pd.DataFrame | None:
    """Read delimited text; every cell stays text, empty cells are None.

    Returns
    -------
    DataFrame or None
        The planner's headers as columns, the row (first record: 1) as index. None when the
        text cannot be decoded in the encoding the study names (S02). Rows with more or fewer
        cells than the header are refused, one by one (S14); rows of empty cells only are not
        records.
    """
    text = _decode(path.read_bytes(), layer, findings, where)
    if text is None:
        return None
    text = _without_preamble(text)
    separator = layer.separator or _separator(text)
    lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    lines = [line for line in lines if line]
    if not lines:
        return pd.DataFrame()
    if _headerless_opencellid(lines[0]):
        header, body = list(OPENCELLID), lines
    else:
        header, body = _unique([cell.strip() for cell in lines[0]]), lines[1:]
    rows, records = [], []
    for row, line in enumerate(body, start=1):
        if not any(cell.strip() for cell in line):
            continue
        cells = _fit(line, len(header))
        if cells is None and line[0].lstrip().startswith(_COMMENT):
            continue
        if cells is None:
            findings.add(
                "S14",
                replace(where, row=row),
                detail="{cells} cells where the header has {columns} (separator {separator})",
                cells=len(line),
                columns=len(header),
                separator={"\t": "tab"}.get(separator, separator),
            )
            continue
        rows.append(row)
        records.append([cell.strip() or None for cell in cells])
    index = pd.Index(rows, dtype="int64")
    frame = pd.DataFrame(records, columns=header, index=index, dtype=object)
    return frame if layer.where is None else _filtered(frame, layer.where, findings, where)


def is_delimited(path: Path) -> bool:
    """Say whether a file is delimited text: by its ending, unless its content says otherwise.

    Programs on phones write ``.log``, ``.dat`` or no ending at all, and some GPX or GeoPackage
    under the name of a text.
    """
    suffix = path.suffix.lower()
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


def _filtered(
    frame: pd.DataFrame, condition: str, findings: Findings, where: Where
) -> pd.DataFrame | None:
    """Keep the rows an SQL condition picks, as OGR would of a layer; S04 where it cannot be run.

    Columns compare as numbers where both sides look like numbers.
    """
    quoted = [f'"{name.replace(chr(34), chr(34) * 2)}" NUMERIC' for name in frame.columns]
    marks = ", ".join("?" * (len(quoted) + 1))
    with closing(sqlite3.connect(":memory:")) as base:
        base.execute(f"CREATE TABLE records (row_ INTEGER, {', '.join(quoted)})")
        base.executemany(
            f"INSERT INTO records VALUES ({marks})",  # noqa: S608 - question marks only
            frame.itertuples(name=None),
        )
        try:
            # The condition is the study's own; the base in memory holds nothing but this table.
            found = base.execute(f"SELECT row_ FROM records WHERE {condition}")  # noqa: S608
            rows = [row for (row,) in found]
        except sqlite3.Error as error:
            findings.add(
                "S04", where, condition, "the file cannot be read ({reason})", reason=str(error)
            )
            return None
    return frame.loc[rows]


def _decode(data: bytes, layer: Layer, findings: Findings, where: Where) -> str | None:
    """Return the text: as the study names its encoding, else UTF, else windows-1258 (S15)."""
    if layer.encoding is not None:
        return _decode_as(data, layer.encoding.lower(), findings, where)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        legacy = data.decode("latin-1")
    if suspected_font_encoding(legacy.splitlines()) is not None:
        return legacy
    findings.add("S15", where, detail="the text is not UTF-8; it was read as windows-1258")
    return data.decode("cp1258", "replace")


def _decode_as(data: bytes, encoding: str, findings: Findings, where: Where) -> str | None:
    if encoding == "tcvn3":
        return convert(data.decode("latin-1"), "tcvn3")
    if encoding == "vni":
        return convert(data.decode("cp1252", "replace"), "vni")
    try:
        return data.decode("utf-8-sig" if encoding in {"utf-8", "utf8"} else encoding)
    except (UnicodeDecodeError, LookupError) as error:
        findings.add(
            "S02",
            replace(where, key="encoding"),
            encoding,
            "the text cannot be read as {encoding} ({reason})",
            encoding=encoding,
            reason=str(error),
        )
        return None


def _separator(text: str) -> str:
    """Pick the separator under which most of the first rows have as many cells as the header."""
    sample = text.splitlines()[:50]
    best, best_score = ",", (0.0, 0)
    for candidate in _SEPARATORS:
        counts = [len(row) for row in csv.reader(sample, delimiter=candidate) if row]
        if not counts or counts[0] < 2:
            continue
        alike = sum(n == counts[0] for n in counts) / len(counts)
        if (alike, counts[0]) > best_score:
            best, best_score = candidate, (alike, counts[0])
    return best


def _headerless_opencellid(line: Sequence[str]) -> bool:
    return len(line) == len(OPENCELLID) and line[0].strip() in _RADIOS and line[1].isdigit()


def _unique(header: Sequence[str]) -> list[str]:
    """Give the second and later columns of one name, and columns without a name, their own."""
    seen = Counter(_OWN)
    out = []
    for i, name in enumerate(header, start=1):
        label = name or f"column_{i}"
        seen[label] += 1
        out.append(label if seen[label] == 1 else f"{label}_{seen[label]}")
    return out


def _fit(line: list[str], columns: int) -> list[str] | None:
    """Drop empty cells past the header's end; None when real cells are too many or too few."""
    if len(line) > columns and not any(cell.strip() for cell in line[columns:]):
        return line[:columns]
    return line if len(line) == columns else None
