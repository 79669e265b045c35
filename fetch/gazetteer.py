"""Places by name: provinces and districts as boundaries list them, and the provinces of 2025."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import shapely

from phusong.errors import FetchError, InputError, Where
from phusong.sources.gdal import vectors

_WORDS: Final = re.compile(
    r"^(tinh|thanh pho|tp|huyen|quan|thi xa|tx|province|district|city)\s+(?=\D)"
)
_BEHIND: Final = re.compile(r"\s+(province|district|city|municipality)$")
_FEW: Final = 30
"""Names that a message lists."""


@dataclass(frozen=True)
class Place:
    """A place that a study can be begun for.

    Attributes
    ----------
    key
        What names it and no other: name, and in brackets what it is.
    name
        Without the brackets.
    outline
        Polygon in EPSG:4326.
    made_of
        Provinces of before July 2025 that it was put together from.
    """

    key: str
    name: str
    outline: Any
    made_of: tuple[str, ...] = ()


def folded(text: str) -> str:
    """Return a name as it is compared: no diacritics, no case, no signs, one blank."""
    bare = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    letters = "".join(c for c in bare if not unicodedata.combining(c)).casefold()
    return " ".join(re.sub(r"[^\w]+", " ", letters).split())


def plain(text: str) -> str:
    """Return a name folded, without the word for what it is (``Tỉnh``, ``Huyện``, ``City``).

    Numbered districts keep theirs: ``Quận 2`` is no name without it.
    """
    name = _BEHIND.sub("", folded(text))
    return _WORDS.sub("", name) or name


def find_place(places: Sequence[Place], asked: str) -> Place:
    """Return the one place of a name.

    Raises
    ------
    InputError
        When there is none, or several: all of them are listed, none is guessed.
    """
    exact = [p for p in places if folded(p.key) == folded(asked)]
    found = exact or [p for p in places if plain(p.name) == plain(asked)]
    if len(found) == 1:
        return found[0]
    if found:
        raise InputError(
            "{n} places are called {name}: {which}",
            Where(key="--place"),
            "name one of them as it is written here, brackets and all",
            {"n": len(found), "name": asked, "which": "; ".join(p.key for p in found)},
        )
    near = [p for p in places if plain(asked) and plain(asked) in plain(p.name)]
    raise InputError(
        "no place is called {name}; nearest in spelling: {which}",
        Where(key="--place"),
        "name a province or district, with or without diacritics",
        {"name": asked, "which": "; ".join(p.key for p in near[:_FEW]) or "-"},
    )


def places_of(
    country: str, provinces: gpd.GeoDataFrame, districts: gpd.GeoDataFrame
) -> list[Place]:
    """Return every place of a country.

    Parameters
    ----------
    country
        ISO 3166-1 code of three letters.
    provinces, districts
        ``name``, ``code`` (ISO 3166-2, may be empty) and geometry, EPSG:4326. Shapes of one code
        are one province.
    """
    shapes = _provinces(provinces)
    out: list[Place] = []
    if country == "VNM":
        made, old = _reformed(shapes)
        out += made
        touched = {folded(name) for place in made for name in place.made_of}
        for name, shape in shapes.items():
            was = old.get(name, name)
            before = folded(was) in touched
            kind = "province until June 2025" if before else "province"
            out.append(Place(f"{was} ({kind})", was, shape))
    else:
        out += [Place(f"{name} (province)", name, shape) for name, shape in shapes.items()]
    tree = shapely.STRtree(list(shapes.values()))
    within = list(shapes)
    for name, shape in zip(districts["name"], districts.geometry, strict=True):
        at = tree.query(shapely.point_on_surface(shape), predicate="within")
        where = within[int(at[0])] if len(at) else "?"
        out.append(Place(f"{name} (district, {where})", str(name), shape))
    return out


def _provinces(frame: gpd.GeoDataFrame) -> dict[str, Any]:
    """Return the outline of every province by its name; islands listed apart are with it."""
    codes = [str(c) if c else f"row {i}" for i, c in enumerate(frame["code"])]
    out: dict[str, Any] = {}
    for _, part in frame.groupby(codes, sort=False):
        largest = part.geometry.to_crs("ESRI:54034").area.idxmax()  # equal-area, for sizes only
        out[str(part.loc[largest, "name"])] = shapely.union_all(part.geometry.to_numpy())
    return out


@cache
def _reform() -> dict[str, Any]:
    return tomllib.loads((files("phusong.fetch") / "reform.toml").read_text("utf-8"))


def _reformed(shapes: dict[str, Any]) -> tuple[list[Place], dict[str, str]]:
    """Return provinces since July 2025, and how listed names are written.

    Where the list has no province under a name it is made of, it is a list of after the reform:
    then nothing is put together.
    """
    reform = _reform()
    spelt = {plain(name): name for names in reform["provinces"].values() for name in names}
    spelt |= reform["spellings"]
    written = {name: spelt[plain(name)] for name in shapes if plain(name) in spelt}
    written |= {
        name: reform["spellings"][folded(name)]
        for name in shapes
        if folded(name) in reform["spellings"]
    }
    listed = {folded(written.get(name, name)): shape for name, shape in shapes.items()}
    made = []
    for name, parts in reform["provinces"].items():
        pieces = [listed.get(folded(part)) for part in parts]
        if all(piece is not None for piece in pieces):
            key = f"{name} (province since July 2025: {', '.join(parts)})"
            made.append(Place(key, name, shapely.union_all(pieces), tuple(parts)))
    return made, written


def read_units(path: Path) -> gpd.GeoDataFrame:
    """Return administrative units of a geoBoundaries file: ``code``, ``id``, ``name``, geometry.

    Raises
    ------
    FetchError
        When the file has another form.
    """
    where = Where(file=path.name)
    try:
        with vectors():
            frame = gpd.read_file(path, engine="pyogrio").to_crs("EPSG:4326")
        shapes = shapely.make_valid(frame.geometry.to_numpy())
        shapes = [_areas(shape) for shape in shapes]
        units = gpd.GeoDataFrame(
            {
                "code": frame["shapeISO"].fillna("").astype(str),
                "id": frame["shapeID"].astype(str),
                "name": frame["shapeName"].astype(str),
            },
            geometry=shapes,
            crs="EPSG:4326",
        )
    except Exception as error:
        raise FetchError(
            "the boundaries have another form than is known ({reason})",
            where,
            "look at docs/first-hour.md for the form that is known",
            {"reason": str(error)[:200] or type(error).__name__},
        ) from error
    return units[~units.geometry.is_empty].reset_index(drop=True)


def _areas(shape: Any) -> Any:
    """Return what of a shape is area."""
    parts = [p for p in shapely.get_parts(shape) if shapely.get_type_id(p) in {3, 6}]
    return shapely.union_all(parts) if parts else shapely.Polygon()
