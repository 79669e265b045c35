"""GeoPackage before GDAL has it: tables only, no queries that a file brings along.

A view, a virtual table or a generated column is SQL of whoever made the file: it may go on for
ever, or fill the memory. SQLite is asked for the schema alone, with a limit to its steps.
"""

from __future__ import annotations

import re
import sqlite3
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from shutil import copyfile
from typing import Final

from phusong.disc.workplace import session_folder
from phusong.errors import InputError, Overreach, Where

_MAGIC: Final = b"SQLite format 3\x00"
_STEPS: Final = 20_000_000
_MEND: Final = "export the layer from a GIS as a new GeoPackage: that writes the records themselves"
_INDEX: Final = re.compile(r'create virtual table (?:"[^"]+"|\S+) using rtree(?:_i32)? ')
"""The only virtual table that every GeoPackage may have: its spatial index."""
_SYSTEM: Final = ("gpkg_", "rtree_", "sqlite_")


def is_database(path: Path) -> bool:
    """Say whether a file is a SQLite database, by its first bytes."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


def refuse_packed_database(path: Path, where: Where) -> None:
    """Raise Overreach for a zip with a database in it, which cannot be looked into there."""
    if not (path.is_file() and path.suffix.lower() == ".zip"):
        return
    try:
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                with archive.open(entry) as file:
                    if file.read(len(_MAGIC)) == _MAGIC:
                        raise Overreach(
                            "{name} is a database inside of an archive",
                            where,
                            "unpack it, and name the database itself",
                            {"name": entry.filename},
                        )
    except (OSError, EOFError, ValueError, RuntimeError, zlib.error, zipfile.BadZipFile):
        return  # whoever reads it says what is wrong


@contextmanager
def settled(path: Path) -> Iterator[Path]:
    """Give a database to read, without a file being made beside the planner's.

    A program that has it open, or died over it, keeps records in a file ``-wal`` or ``-journal``:
    both are copied then, and settled there.
    """
    logs = [path.with_name(f"{path.name}-{name}") for name in ("wal", "journal")]
    kept = [log for log in logs if log.is_file() and log.stat().st_size]
    if not (kept and is_database(path)):
        yield path
        return
    with tempfile.TemporaryDirectory(dir=session_folder()) as folder:
        copy = Path(folder) / path.name
        copyfile(path, copy)
        for log in kept:
            copyfile(log, copy.with_name(log.name))
        with closing(sqlite3.connect(copy)) as base:
            base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        yield copy


def layers(path: Path, where: Where) -> list[str]:
    """Return the layers a GeoPackage names in its contents, in its order.

    Raises
    ------
    InputError
        When the database is broken; Overreach when a table of its own is a query.
    """
    with _asked(path, where) as base:
        kinds = _kinds(base)
        queries = [name for name in kinds if name.startswith(_SYSTEM) and kinds[name]]
        if queries:
            raise _query(queries[0], kinds[queries[0]], where)
        if "gpkg_contents" not in kinds:
            return []
        rows = base.execute(
            "SELECT table_name FROM gpkg_contents "
            "WHERE data_type IN ('features', 'attributes', 'aspatial') ORDER BY rowid"
        )
        return [str(name) for (name,) in rows]


def has_table(path: Path, name: str, where: Where) -> bool:
    """Say whether a database has a table, or a view, of that name."""
    with _asked(path, where) as base:
        return name.lower() in _kinds(base)


def refuse_query(path: Path, layer: str, where: Where) -> None:
    """Raise Overreach where a layer is a query, or a column of it is."""
    with _asked(path, where) as base:
        name = layer.lower()
        kind = _kinds(base).get(name, "")
        if kind:
            raise _query(layer, kind, where)
        quoted = layer.replace('"', '""')
        for _, column, _, _, _, _, hidden in base.execute(f'PRAGMA table_xinfo("{quoted}")'):
            if hidden:
                raise _query(column, "generated column", where)


def _kinds(base: sqlite3.Connection) -> dict[str, str]:
    """Return table (lower case) -> what it is other than a table; empty for a plain one."""
    out = {}
    for kind, name, sql in base.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE type IN ('table', 'view')"
    ):
        words = str(sql or "").lower().replace("(", " ").split()
        index = _INDEX.match(" ".join(words)) is not None
        plain = kind == "table" and (words[:2] == ["create", "table"] or index)
        out[str(name).lower()] = "" if plain else "view" if "view" in words[:3] else "virtual table"
    return out


def _query(name: str, kind: str, where: Where) -> Overreach:
    return Overreach(
        "{name} is a {kind}: a query that the file brings along",
        where,
        _MEND,
        {"name": name, "kind": kind},
    )


@contextmanager
def _asked(path: Path, where: Where) -> Iterator[sqlite3.Connection]:
    """Open a database for its schema: nothing is written, and no query goes on for long."""
    left = [_STEPS // 1000]

    def stop() -> bool:
        left[0] -= 1
        return left[0] < 0

    try:
        uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
        with closing(sqlite3.connect(uri, uri=True)) as base:
            base.text_factory = lambda raw: raw.decode("utf-8", "replace")
            base.set_progress_handler(stop, 1000)
            yield base
    except sqlite3.Error as error:
        raise InputError(
            "the file cannot be read ({reason})", where, _MEND, {"reason": str(error)}
        ) from error
