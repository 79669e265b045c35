"""How much a planner's file may hold: what is claimed is looked at before anything is read."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from copy import copy
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np

from phusong.errors import InputError, Overreach, Where

UNPACKED_BYTES: Final = 2**31
"""What an archive may unpack to."""
LINES_BYTES: Final = 2**29
"""What a file of lines may unpack to."""
TABLE_BYTES: Final = 2**28
"""What the XML of a spreadsheet may unpack to: half a minute's reading."""
TEXT_BYTES: Final = 2**28
"""A table of text, which is taken in as a whole."""
RASTER_CELLS: Final = 10**11
"""Cells of one raster: a province of 300 km at one metre."""
BLOCK_BYTES: Final = 2**30
"""One block of a raster, which is read as a whole."""
FARTHEST: Final = 1e10
"""No coordinate of the earth in any unit of a map is as large."""
_SMALLEST: Final = 1e-9
PART_CELLS: Final = 3 * 10**8
"""Cells of a raster read at once."""
_TABLES: Final = frozenset({".xlsx", ".xlsm", ".ods"})
_SMALLER: Final = "unpack it, keep what the study needs, and save that as GeoPackage or CSV"
_COARSER: Final = "cut the raster to the province, resample it to the cells of the study, tile it"


def refuse_special(path: Path, where: Where) -> None:
    """Raise Overreach for what is neither a file nor a folder: a device or a pipe never ends."""
    if not (path.is_file() or path.is_dir()):
        raise Overreach("{name} is no file", where, _SMALLER, {"name": path.name})


def refuse_long(path: Path, limit: int, where: Where) -> None:
    """Raise Overreach for a device, a folder, or a file of more bytes than the limit."""
    if not path.is_file():
        raise Overreach("{name} is no file", where, _SMALLER, {"name": path.name})
    size = path.stat().st_size
    if size > limit:
        raise Overreach(
            "it has {size} MB; more than {limit} MB are not read",
            where,
            _SMALLER,
            {"size": size // 2**20, "limit": limit // 2**20},
        )


def refuse_packed(path: Path, where: Where, limit: int | None = None) -> None:
    """Unpack an archive as far as the limit, throw it away, and refuse what holds too much.

    Raises
    ------
    Overreach
        When it unpacks to more than is read.
    InputError
        For a zip whose parts are longer than its list says: GDAL would unpack them to the end.
    """
    if not path.is_file():
        return
    if limit is None:
        limit = TABLE_BYTES if path.suffix.lower() in _TABLES else UNPACKED_BYTES
    stat = path.stat()
    size, longer = _unpacked(path, limit, stat.st_mtime_ns, stat.st_size)
    if longer is not None:
        raise InputError(
            "{name} in it is longer than the list of the archive says",
            where,
            "pack it anew",
            {"name": longer},
        )
    if size > limit:
        raise Overreach(
            "it unpacks to more than {limit} MB",
            where,
            _SMALLER,
            {"limit": limit // 2**20},
        )


@lru_cache(maxsize=64)
def _unpacked(path: Path, limit: int, *_of_it: int) -> tuple[int, str | None]:
    """Return how much an archive unpacks to, and which part is longer than it says.

    0 for what is no archive, or a broken one: whoever reads it says what is wrong.

    Parameters
    ----------
    _of_it
        Time and size of the file: a file that changed is looked at anew.
    """
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
        if packed:
            with gzip.open(path) as file:
                return _length(file, limit), None
        if not zipfile.is_zipfile(path):  # by its end: its readers do not ask what comes before it
            return 0, None
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            size = sum(part.file_size for part in parts)
            for part in parts if size <= limit else []:
                if _goes_on(archive, part):
                    return size, part.filename
            return size, None
    except (OSError, EOFError, ValueError, NotImplementedError, zlib.error, zipfile.BadZipFile):
        return 0, None


def _goes_on(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    """Say whether a part is longer than the list of its archive says."""
    believed: Any = copy(part)
    # One byte more is asked for, of which no checksum is told.
    believed.file_size, believed.CRC = part.file_size + 1, None
    try:
        with archive.open(believed) as file:
            return _length(file, part.file_size) > part.file_size
    except (RuntimeError, EOFError, zlib.error, zipfile.BadZipFile):
        return False  # locked or broken


def _length(file: Any, limit: int) -> int:
    """Return how many bytes a stream has, or a figure over the limit."""
    size = 0
    while size <= limit and (block := file.read(2**20)):
        size += len(block)
    return size


def refuse_nowhere(source: Any, where: Where) -> None:
    """Raise InputError for a raster whose corners are no place, or whose cells have no size."""
    corners = np.array(source.bounds)
    sides = np.abs([source.transform.a, source.transform.e])
    turned = source.transform.b != 0 or source.transform.d != 0
    beyond = not (np.abs(corners) < FARTHEST).all()
    if beyond or not (turned or (sides > _SMALLEST).all()):
        raise nowhere(where)


def nowhere(where: Where) -> InputError:
    """Return the error of a raster that lies at no place of the earth."""
    return InputError(
        "the raster lies at no place of the earth",
        where,
        "give it its CRS and its place anew in a GIS, and save it as GeoTIFF",
    )


def refuse_vast(source: Any, where: Where) -> None:
    """Raise Overreach for a raster that claims more cells, or larger blocks, than are read.

    Parameters
    ----------
    source
        An open rasterio dataset.
    """
    cells = source.width * source.height
    if cells > RASTER_CELLS:
        raise Overreach(
            "it claims {width} × {height} cells",
            where,
            _COARSER,
            {"width": source.width, "height": source.height},
        )
    if not source.count:
        return
    rows, cols = source.block_shapes[0]
    size = rows * cols * _ITEM_BYTES.get(source.dtypes[0], 8)
    if size > BLOCK_BYTES:
        raise Overreach(
            "one block of it takes {size} MB",
            where,
            _COARSER,
            {"size": size // 2**20},
        )


_ITEM_BYTES: Final = {
    "uint8": 1,
    "int8": 1,
    "uint16": 2,
    "int16": 2,
    "uint32": 4,
    "int32": 4,
    "float32": 4,
    "complex128": 16,
}


def refuse_large_part(cells: int, where: Where) -> None:
    """Raise Overreach where a piece of the study's grid lies over too many cells of a raster."""
    if cells > PART_CELLS:
        raise Overreach(
            "{cells} million of its cells lie under one piece of the study's grid",
            where,
            _COARSER,
            {"cells": round(cells / 1e6)},
        )
