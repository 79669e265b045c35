"""VRT rasters looked into before GDAL opens them: tiles that lie here, and nothing else.

A VRT is a planner's mosaic of tiles (``gdalbuildvrt``), and a program: it can name other machines,
any file of this one, and code to be run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

from phusong.errors import InputError, Overreach, Where
from phusong.sources.admission import is_connection
from phusong.sources.bounds import refuse_packed, refuse_special
from phusong.sources.gdal import opened
from phusong.study import Gdal
from phusong.study.strays import place_of

_HEAD: Final = 1024
_BYTES: Final = 2**26
_DEPTH: Final = 4
_NAMES: Final = frozenset({"sourcefilename", "sourcedataset"})
_CLASSES: Final = frozenset({"", "vrtwarpeddataset", "vrtsourcedrasterband", "vrtwarpedrasterband"})
_MEND: Final = (
    "name the tiles under terrain.dem, make the VRT anew with gdalbuildvrt, or save GeoTIFF"
)


def is_mosaic(path: Path) -> bool:
    """Say whether a file is a VRT raster, as GDAL sees it: by its first bytes."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return b"<VRTDataset" in file.read(_HEAD)


def refuse_foreign(
    path: Path, where: Where, study_folder: Path, leave: Gdal, depth: int = 0
) -> None:
    """Look into a VRT and the tiles it names.

    Parameters
    ----------
    path, where
        The VRT, and how messages name it.
    study_folder, leave
        Tiles may lie in there, beside the VRT or below, and in the folders the study allows.

    Raises
    ------
    InputError
        When it is broken, holds code, or names what is no raster file in these folders.
    """
    path = path.resolve()  # what a linked VRT names lies beside the VRT itself, also to GDAL
    given = (study_folder / folder for folder in leave.folders)
    roots = [root.resolve() for root in (study_folder, path.parent, *given)]
    for element in _tree(path, where).iter():
        kind = _attributes(element).get("subclass", "")
        if kind.lower() not in _CLASSES:
            raise Overreach("a VRT with {part} is a program", where, _MEND, {"part": kind[:80]})
        for tile in _tiles(path, element):
            _refuse_tile(tile, roots, where)
            if depth < _DEPTH and is_mosaic(tile):
                refuse_foreign(tile, where, study_folder, leave, depth + 1)
            else:
                with opened(tile, where, leave, mosaic=False):
                    pass


def _refuse_tile(tile: Path, roots: Sequence[Path], where: Where) -> None:
    """Raise InputError for a tile that is missing, and for one that the VRT must not name."""
    said = {"tile": str(tile.resolve() if tile.exists() else tile)[:200]}
    if is_connection(str(tile)) or not _inside(tile, roots):
        raise Overreach(
            "it names {tile}, which is outside of the study's folders",
            where,
            "put the tile beside the VRT, or allow its folder: [gdal] folders in study.toml",
            said,
        )
    if not tile.exists():
        raise InputError("it names {tile}, which is missing", where, _MEND, said)
    refuse_special(tile, where)
    refuse_packed(tile, where)


def _attributes(element: ET.Element) -> dict[str, str]:
    """Return the attributes by their names in lower case: GDAL takes any case."""
    return {name.lower(): value for name, value in element.attrib.items()}


def _tiles(path: Path, element: ET.Element) -> Iterator[Path]:
    """Yield the files an element names, as its text or as attributes."""
    said = _attributes(element)
    relative = said.get("relativetovrt", "0").strip() == "1"
    names = [said[name] for name in _NAMES if name in said]
    if str(element.tag).lower() in _NAMES:
        names.append(element.text or "")
    for name in names:
        tile = Path(name.strip())
        yield path.parent / tile if relative else tile


def _tree(path: Path, where: Where) -> ET.Element:
    """Return the XML, which may declare no entities."""
    with path.open("rb") as file:
        data = file.read(_BYTES + 1)
    reason = "DOCTYPE" if b"<!DOCTYPE" in data or b"<!ENTITY" in data else ""
    if len(data) > _BYTES:
        reason = f"> {_BYTES // 2**20} MB"
    if not reason:
        try:
            return ET.fromstring(data)  # noqa: S314 - entities are refused above
        except (ET.ParseError, ValueError, LookupError) as error:
            reason = str(error)
    raise InputError("the file cannot be read ({reason})", where, _MEND, {"reason": reason})


def _inside(tile: Path, roots: Sequence[Path]) -> bool:
    """Say whether a tile lies below one of the folders, wherever links to it lie."""
    place = place_of(tile)
    return place is not None and any(place.is_relative_to(root) for root in roots)
