"""Numbers of a .dbf that did not fit: written as asterisks, read as nothing by GDAL."""

from __future__ import annotations

from pathlib import Path

import numpy as np

_ASTERISK = 0x2A
_HEAD, _FIELD = 32, 32
_END = 0x0D


def overflown(path: Path) -> dict[str, list[int]]:
    """Return column -> records (from 0) whose number is asterisks; empty where all numbers fit.

    Parameters
    ----------
    path
        A .shp or .dbf; the table beside it is looked at.
    """
    table = next((p for p in path.parent.iterdir() if _is_table_of(p, path)), None)
    if table is None:
        return {}
    data = table.read_bytes()
    if b"*" not in data or len(data) < _HEAD:
        return {}
    start, length = (int.from_bytes(data[i : i + 2], "little") for i in (8, 10))
    if length < 2 or start >= len(data):
        return {}
    whole = (len(data) - start) // length
    cells = np.frombuffer(data, np.uint8, whole * length, start).reshape(whole, length)
    cells = cells[cells[:, 0] != _ASTERISK]  # the mark of a deleted record, which GDAL passes over
    out = {}
    column = 1
    for at in range(_HEAD, start - _FIELD + 1, _FIELD):
        if data[at] == _END:
            break
        width = data[at + 16]
        if data[at + 11 : at + 12] in (b"N", b"F"):
            stars = (cells[:, column : column + width] == _ASTERISK).all(axis=1)
            if width and stars.any():
                name = data[at : at + 11].partition(b"\0")[0].decode("latin-1")
                out[name] = np.flatnonzero(stars).tolist()
        column += width
    return out


def _is_table_of(candidate: Path, path: Path) -> bool:
    return candidate.stem == path.stem and candidate.suffix.lower() == ".dbf"
