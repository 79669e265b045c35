"""What files of results say, so that two runs can be held against each other byte for byte.

Left out is what tells of the hour and the machine alone: when a run began, how long its steps
took, its memory, what it found kept, and the random names that folium gives the parts of a page.
With ``SOURCE_DATE_EPOCH`` set workbooks, archives and PDF hold no clock of their own.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import sqlite3
import zipfile
import zlib
from contextlib import closing
from pathlib import Path

_TIME = re.compile(
    rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?(Z|[+-]\d\d:\d\d)?"
    rb"|\d{1,2}:\d\d \d{1,2}/\d{1,2}/\d{4}"
)
_BOOK = re.compile(rb'(?<=id="book">)[A-Za-z0-9+/=]+(?=</script>)')
_NAME = re.compile(rb"_[0-9a-f]{32}\b")
_DATED = ("gpkg_contents", "created", "layer_styles")


def contents(folder: Path) -> dict[str, str]:
    """File -> digest of what it says; why it cannot be read, where it cannot."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            name = path.relative_to(folder).as_posix()
            try:
                found[name] = hashlib.sha256(_said(path)).hexdigest()
            except Exception as error:  # noqa: BLE001 - unreadable is an answer
                found[name] = f"unreadable: {error}"
    return found


def _said(path: Path) -> bytes:
    if path.suffix == ".gpkg":
        return _database(path)
    data = path.read_bytes()
    if path.name in {"run.json", "datapackage.json"}:
        return _stamp(data)
    if path.suffix in {".xlsx", ".kmz"}:
        with zipfile.ZipFile(path) as archive:
            parts = [(entry.filename, archive.read(entry)) for entry in archive.infolist()]
        return b"".join(name.encode() + _TIME.sub(b"", part) for name, part in parts)
    if path.suffix == ".html":
        # The hour is in the packed book, too.
        data = _BOOK.sub(lambda book: zlib.decompress(base64.b64decode(book[0])), data)
        data = _NAME.sub(b"", data)
    return _TIME.sub(b"", data) if path.suffix in {".html", ".json"} else data


def _database(path: Path) -> bytes:
    with closing(sqlite3.connect(path)) as base:
        lines = [line for line in base.iterdump() if "INSERT INTO" in line]
        marks = ("application_id", "user_version")
        lines += [str(base.execute(f"PRAGMA {mark}").fetchone()) for mark in marks]
    return "\n".join(line for line in lines if not any(word in line for word in _DATED)).encode()


def _stamp(data: bytes) -> bytes:
    """Return a stamp without when and how long, and without hashes of files that hold those."""
    said = json.loads(data)
    for name in ("seconds", "compile_seconds", "signal", "peak_memory_mib", "created"):
        said.pop(name, None)
    for resource in said.get("resources", []):
        if not resource["path"].endswith((".csv", ".tif")):
            resource.pop("hash", None)
            resource.pop("bytes", None)
    return _TIME.sub(b"", json.dumps(said, sort_keys=True).encode())
