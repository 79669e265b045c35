"""Delimited text: only the records that are mended are written anew."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from phusong.mending.mends import Act, CannotMendError, Mend, holds
from phusong.sources.tables.delimited import taken_apart
from phusong.sources.tables.headers import Role
from phusong.study import Layer

_MARK: Final = b"\xef\xbb\xbf"
_ZIPPED: Final = b"\x1f\x8b"


def mend_delimited(path: Path, layer: Layer, role: Role, mends: Sequence[Mend]) -> list[Mend]:
    """Change a text file in place; separator, comments, titles and line ends stay.

    The text is UTF-8 afterwards. A byte order mark is kept, and put where the file was in another
    encoding, so that spreadsheets show its letters.

    Parameters
    ----------
    layer
        As the study describes it; where a mend is of the encoding, that one is read.

    Returns
    -------
    list of Mend
        Those carried out: a cell is only changed where it says what the mend found there.

    Raises
    ------
    CannotMendError
        When the text cannot be taken apart.
    """
    recoded = [m for m in mends if m.act is Act.ENCODING]
    stated = next((m.value for m in recoded if m.value is not None), None)
    before = path.read_bytes()
    plain = gzip.decompress(before) if before.startswith(_ZIPPED) else before
    read = layer if stated is None else layer.model_copy(update={"encoding": stated})
    parts = taken_apart(path, read, role)
    if parts is None:
        raise CannotMendError("the text cannot be taken apart into records")
    done = list(recoded)
    if stated is not None:  # the cells are what the encoding makes of them
        done += [m for m in mends if m.act is Act.CELL]
        mends = []
    by_row: dict[int, list[Mend]] = {}
    for mend in mends:
        if mend.row is not None and mend.row in parts.spans:
            by_row.setdefault(mend.row, []).append(mend)
    lines = list(parts.lines)
    for row, own in by_row.items():
        begin, end = parts.spans[row]
        old = "".join(lines[begin:end])
        new, carried = _rewritten(old, parts.header, parts.separator, own)
        lines[begin:end] = [new, *[""] * (end - begin - 1)]
        done += carried
    marked = plain.startswith(_MARK) or not _is_utf8(plain)
    data = (_MARK if marked else b"") + "".join(lines).lstrip("\ufeff").encode("utf-8")
    path.write_bytes(gzip.compress(data, mtime=0) if before.startswith(_ZIPPED) else data)
    return done


def _rewritten(
    old: str, header: list[str], separator: str, mends: Sequence[Mend]
) -> tuple[str, list[Mend]]:
    """Return a record's new lines, and the mends carried out in it."""
    dropped = [m for m in mends if m.act is Act.DROP]
    if dropped:
        return "", dropped
    cells = next(csv.reader(io.StringIO(old, newline=""), delimiter=separator))
    carried = []
    for mend in mends:
        at = header.index(mend.column) if mend.column in header else len(cells)
        if mend.act is Act.CELL and at < len(cells) and holds(mend, cells[at]):
            cells[at] = str(mend.value)
            carried.append(mend)
    if not carried:
        return old, []
    ending = old[len(old.rstrip("\r\n")) :]
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=separator, lineterminator=ending).writerow(cells)
    return out.getvalue(), carried


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
