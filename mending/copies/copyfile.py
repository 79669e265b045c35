"""Copying a file with all that belongs to it, and changing the copy in its own format."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from phusong.mending.copies.delimitedcopy import mend_delimited
from phusong.mending.copies.geojsoncopy import mend_geojson
from phusong.mending.copies.packagecopy import mend_package
from phusong.mending.copies.shapefilecopy import mend_shapefile
from phusong.mending.copies.sheetcopy import mend_sheet
from phusong.mending.mends import CannotMendError, Mend
from phusong.sources.digest import files_of
from phusong.sources.tables.delimited import is_delimited
from phusong.sources.tables.headers import Role
from phusong.sources.tables.raw.encodings import FONTS
from phusong.study import Layer

_BESIDE: Final = (".qml", ".qpj", ".xml")
"""What GIS programs keep beside a file and is of use with its copy."""


def copy_file(source: Path, target: Path) -> None:
    """Copy a file, or all parts of one, without touching it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.suffix.lower() == ".gpkg":
        # A database may hold its last changes in a file beside it.
        address = f"{source.resolve().as_uri()}?mode=ro"
        with (
            closing(sqlite3.connect(address, uri=True)) as old,
            closing(sqlite3.connect(target)) as new,
        ):
            old.backup(new)
            new.execute("PRAGMA journal_mode = DELETE")
        return
    beside = [source.with_suffix(ending) for ending in _BESIDE]
    for part in dict.fromkeys([*files_of(source), *(p for p in beside if p.is_file())]):
        shutil.copyfile(part, target.parent / f"{target.stem}{part.name[len(source.stem) :]}")


def mend_copy(path: Path, layer: Layer, role: Role, mends: Sequence[Mend]) -> list[Mend]:
    """Change a copy in place, and return the mends carried out.

    Raises
    ------
    CannotMendError
        When its format is not rewritten, or something would be lost.
    """
    ending = path.suffix.lower()
    if is_delimited(path):
        return mend_delimited(path, layer, role, mends)
    if ending in {".xlsx", ".xlsm"}:
        return mend_sheet(path, layer, role, mends)
    if ending in {".shp", ".dbf"}:
        return mend_shapefile(path, layer, mends)
    if (layer.encoding or "").lower() in FONTS:
        raise CannotMendError("the study reads the file in a font's encoding")
    if ending == ".gpkg":
        return mend_package(path, layer, mends)
    if ending in {".geojson", ".json"}:
        return mend_geojson(path, layer, mends)
    raise CannotMendError("files of this format are not rewritten; save it as GeoPackage or CSV")
