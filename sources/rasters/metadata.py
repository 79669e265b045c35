"""What a raster's band says of itself: figures or a picture, and the unit heights are in."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Final, Literal

from pyproj import CRS
from pyproj.database import get_units_map
from rasterio.enums import ColorInterp

from phusong.study import HeightUnit

Holds = Literal["heights", "people", "classes"]
"""What a raster is read for."""

METRES: Final[dict[HeightUnit, float]] = {
    "m": 1.0,
    "dm": 0.1,
    "cm": 0.01,
    "ft": 0.3048,
    "us_ft": 1200.0 / 3937.0,
}
"""Metres in each unit a study may name."""

_COLOURS = frozenset(
    {
        ColorInterp.red,
        ColorInterp.green,
        ColorInterp.blue,
        ColorInterp.hue,
        ColorInterp.saturation,
        ColorInterp.lightness,
        ColorInterp.cyan,
        ColorInterp.magenta,
        ColorInterp.yellow,
    }
)
_BESIDE = frozenset({ColorInterp.alpha})
"""Bands that only mask the one before."""
_SPELLINGS = {
    "feet": "foot",
    "meter": "metre",
    "met": "metre",
    "mét": "metre",
    "metro": "metre",
    "centimeter": "centimetre",
}
_SURVEY = frozenset({"us-ft", "us ft", "ftus", "ft us", "us foot", "foot us", "survey foot"})


def picture_of(source: Any, holds: Holds) -> str:
    """Say what makes a raster a picture rather than figures; empty: nothing does.

    A palette is no hindrance to classes: land cover maps carry one.
    """
    interpretation = source.colorinterp
    bands = [i for i in interpretation if i not in _BESIDE]
    if _COLOURS & set(bands) or (len(bands) >= 3 and set(source.dtypes) == {"uint8"}):
        return "{bands} bands of colours ({types}), such as a terrain-RGB tile or a rendered map"
    if holds != "classes" and bands and bands[0] == ColorInterp.palette:
        return "its figures number the colours of a palette"
    return ""


def further_bands(source: Any) -> int:
    """Return how many bands of figures follow the first."""
    return sum(i not in _BESIDE for i in source.colorinterp) - 1


@cache
def metres_in(unit: str) -> float | None:
    """Return the metres in a unit of length as rasters write it, None for an unknown one.

    Examples
    --------
    >>> metres_in("metres above EGM96"), metres_in("ft"), metres_in("furlongs per fortnight")
    (1.0, 0.3048, None)
    """
    bare = re.split(
        r"[(,;:]|\babove\b|\bover\b|\ba\.?\s?[ms]\.?\s?[sl]", unit.strip(" []()").lower()
    )[0]
    name = re.sub(r"[\s_]+", " ", bare.replace("u.s.", "us")).strip(" .[]()")
    words = [_SPELLINGS.get(w, w) for w in name.split()]
    for spelled in (
        name,
        " ".join(words),
        " ".join(_SPELLINGS.get(w, w) for w in _singular(words)),
    ):
        if spelled in _SURVEY:
            return METRES["us_ft"]
        if spelled in _units():
            return _units()[spelled]
    return None


def _singular(words: list[str]) -> list[str]:
    return [w[:-1] if len(w) > 3 and w.endswith("s") else w for w in words]


@cache
def _units() -> dict[str, float]:
    """PROJ's units of length by name and short name, in metres."""
    out: dict[str, float] = {}
    for name, unit in get_units_map(category="linear", allow_deprecated=False).items():
        out[name.lower()] = unit.conv_factor
        if unit.proj_short_name:
            out[unit.proj_short_name] = unit.conv_factor
    # PROJ's own table has a decimetre of 0.01 m.
    return {**out, **dict.fromkeys(("dm", "decimeter", "decimetre"), METRES["dm"])}


def stated_unit(source: Any, crs: CRS) -> tuple[str, float | None]:
    """Return the unit a raster states for its heights, and the metres in it.

    The band's own word comes first, then the vertical axis of its CRS; empty and 1 where
    neither speaks.
    """
    said = (source.units[0] or "").strip()
    if said:
        return said, metres_in(said)
    for part in (crs, *crs.sub_crs_list):
        for axis in part.axis_info:
            if axis.direction in {"up", "down"}:
                return str(axis.unit_name), float(axis.unit_conversion_factor)
    return "", 1.0
