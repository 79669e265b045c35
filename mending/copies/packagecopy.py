"""GeoPackages: rows changed in the database itself; other layers, styles and types stay."""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import shapely

from phusong.mending.copies.fids import fids_of
from phusong.mending.mends import Act, CannotMendError, Mend, holds
from phusong.study import Layer

_ENVELOPES: Final = {0: 0, 1: 32, 2: 48, 3: 48, 4: 64}
"""Bytes of a blob's envelope by its code (OGC 12-128, 2.1.3)."""
_OF_INDEX: Final = {"st_minx", "st_miny", "st_maxx", "st_maxy", "st_isempty", "lower"}
"""Functions that triggers of a spatial index and of a feature count ask for."""


def mend_package(path: Path, layer: Layer, mends: Sequence[Mend]) -> list[Mend]:
    """Change rows of one layer of a GeoPackage in place.

    Returns
    -------
    list of Mend
        Those carried out: a cell is only changed where it says what the mend found there.

    Raises
    ------
    CannotMendError
        When the layer is a view, its kind of geometry cannot hold what a mend makes, or triggers
        would change more than that.
    """
    name, fids = fids_of(path, layer)
    with closing(sqlite3.connect(path)) as database:
        _lend_functions(database)
        database.set_authorizer(_allowed)
        table = _Table(database, name)
        done = [m for m in mends if m.act is Act.ENCODING]
        for mend in mends:
            if mend.row is not None and mend.row <= len(fids):
                done += [mend] if table.carry_out(mend, fids[mend.row - 1]) else []
        database.commit()
    return done


class _Table:
    def __init__(self, database: sqlite3.Connection, name: str) -> None:
        self._database = database
        self._name = _quoted(name)
        columns = database.execute(f"PRAGMA table_info({self._name})").fetchall()
        keys = [column[1] for column in columns if column[5]]
        if len(keys) != 1:
            raise CannotMendError("the layer is no table of its own")
        self._key = _quoted(keys[0])
        self._types = {column[1]: str(column[2]).upper() for column in columns}
        self._geometry = database.execute(
            "SELECT column_name, geometry_type_name, srs_id FROM gpkg_geometry_columns "
            "WHERE lower(table_name) = lower(?)",
            (name,),
        ).fetchone()

    def carry_out(self, mend: Mend, fid: int) -> bool:
        """Make one mend; whether it was made."""
        if mend.act is Act.DROP:
            return self._run(f"DELETE FROM {self._name} WHERE {self._key} = ?", (fid,))  # noqa: S608
        if mend.act is Act.GEOMETRY and self._geometry is not None:
            column, kind, srs = self._geometry
            if str(kind).upper() == "POLYGON" and mend.value.geom_type != "Polygon":
                raise CannotMendError("the layer holds polygons of one part only")
            return self._set(column, _blob(mend.value, int(srs)), fid)
        if mend.act is not Act.CELL or mend.column not in self._types:
            return False
        if not self._types[mend.column].startswith("TEXT"):
            raise CannotMendError("the column holds numbers, and the mend is a text")
        select = f"SELECT {_quoted(mend.column)} FROM {self._name} WHERE {self._key} = ?"  # noqa: S608
        now = self._database.execute(select, (fid,)).fetchone()
        if now is None or not holds(mend, now[0]):
            return False
        return self._set(mend.column, mend.value, fid)

    def _set(self, column: str, value: Any, fid: int) -> bool:
        command = f"UPDATE {self._name} SET {_quoted(column)} = ? WHERE {self._key} = ?"  # noqa: S608
        return self._run(command, (value, fid))

    def _run(self, command: str, values: tuple[Any, ...]) -> bool:
        try:
            return self._database.execute(command, values).rowcount == 1
        except sqlite3.DatabaseError as error:
            if "not authorized" not in str(error) and "prohibited" not in str(error):
                raise
            raise CannotMendError("triggers in the database change more than its index") from None


def _allowed(
    action: int, one: str | None, two: str | None, _: str | None, trigger: str | None
) -> int:
    """Tell SQLite what it may do: triggers, which whoever made the file wrote, keep an index."""
    if trigger is None or action in {sqlite3.SQLITE_READ, sqlite3.SQLITE_SELECT}:
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_FUNCTION:
        return sqlite3.SQLITE_OK if (two or "").lower() in _OF_INDEX else sqlite3.SQLITE_DENY
    writes = {sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE}
    table = (one or "").lower()
    if action in writes and (table.startswith("rtree_") or table == "gpkg_ogr_contents"):
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _blob(shape: shapely.Geometry, srs: int) -> bytes:
    """Return a geometry as GeoPackage holds it: little-endian, with its envelope in x and y."""
    west, south, east, north = shapely.bounds(shape)
    head = b"GP" + struct.pack("<BBi4d", 0, 0b0000_0011, srs, west, east, south, north)
    data: bytes = shapely.to_wkb(
        shape, byte_order=1, flavor="iso", output_dimension=3 if shapely.has_z(shape) else 2
    )
    return head + data


def _shape(blob: bytes) -> shapely.Geometry:
    return shapely.from_wkb(blob[8 + _ENVELOPES[(blob[3] >> 1) & 7] :], on_invalid="fix")


def _lend_functions(database: sqlite3.Connection) -> None:
    """Give SQLite the functions that the triggers of a spatial index ask for."""
    for i, name in enumerate(("ST_MinX", "ST_MinY", "ST_MaxX", "ST_MaxY")):
        database.create_function(
            name, 1, lambda blob, i=i: float(shapely.bounds(_shape(blob))[i]), deterministic=True
        )
    database.create_function(
        "ST_IsEmpty",
        1,
        lambda blob: None if blob is None else int(shapely.is_empty(_shape(blob))),
        deterministic=True,
    )
