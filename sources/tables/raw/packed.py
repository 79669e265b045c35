"""Files as they come packed (``.json.gz``), and drawings that no open program reads."""

from __future__ import annotations

import gzip
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from phusong.disc.workplace import session_folder
from phusong.errors import InputError, Where
from phusong.sources.bounds import refuse_packed, refuse_special

_INSIDE: Final = frozenset({".json", ".geojson", ".gpkg", ".kml", ".gpx", ".dxf"})
_DRAWING: Final = b"AC10"


def refuse_drawing(path: Path, where: Where) -> None:
    """Raise InputError for a drawing of AutoCAD, by its ending or its first bytes."""
    if not path.is_file():
        return
    with path.open("rb") as file:
        head = file.read(len(_DRAWING))
    if path.suffix.lower() == ".dwg" or head == _DRAWING:
        raise InputError(
            "{name} is a drawing of AutoCAD (.dwg), which is not read here",
            where,
            "save it as DXF (DXFOUT, one layer a kind of thing), or export it as GeoPackage from a"
            " GIS; give its CRS in study.toml",
            {"name": path.name},
        )


@contextmanager
def unpacked(path: Path, where: Where) -> Iterator[Path]:
    """Give what a gzip of a layer holds, in a folder that is gone afterwards; others as they are.

    Raises
    ------
    InputError
        When it is torn or no gzip; Overreach when it unpacks to too much.
    """
    inside = path.with_suffix("").suffix.lower()
    if path.suffix.lower() != ".gz" or inside not in _INSIDE or not path.is_file():
        yield path
        return
    refuse_special(path, where)
    refuse_packed(path, where)
    with tempfile.TemporaryDirectory(dir=session_folder()) as folder:
        copy = Path(folder) / path.with_suffix("").name
        try:
            with gzip.open(path) as packed, copy.open("wb") as file:
                shutil.copyfileobj(packed, file, 2**20)
        except (OSError, EOFError, zlib.error) as error:
            raise InputError(
                "the file cannot be read ({reason})",
                where,
                "fetch or copy the file again",
                {"reason": str(error)},
            ) from error
        yield copy
