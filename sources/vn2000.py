"""Which zone of VN-2000 projected coordinates without a CRS may be in: shown, never taken.

A list of eastings and northings fits every zone; only where the study's area lies tells them
apart. Zones beside each other are a quarter of a degree apart, some 25 km. A zone of 3 degrees and
one of UTM with the same meridian differ by less than a kilometre, and often both fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from phusong.checks import Findings
from phusong.errors import Where

_TM3: Final = (5897, 5898, 5899, *range(9205, 9219))
"""EPSG: VN-2000 in 3-degree zones, by central meridian 102, 105, 108, then 103 to 108-30."""
_UTM: Final = (3405, 3406, 32648, 32649)
"""VN-2000 and WGS 84 in zones 48N and 49N of UTM."""
_NEAR_DEG: Final = 0.01
_LEAST: Final = 0.5
"""Share of the records that must lie in the area for a zone to be named."""
_CLEAR: Final = 0.9
"""Share at which another zone than the one stated is named."""
_ALIKE: Final = 0.02
"""Zones whose shares differ by less are told together."""
_TRIED: Final = 2000
_OTHERS: Final = 3


@dataclass(frozen=True)
class Zone:
    """A zone that coordinates may be in.

    Attributes
    ----------
    epsg, name
        Of the CRS.
    exchanged
        Whether the first coordinate is the northing, as surveyors in Viet Nam write X.
    share
        Share (0-1) of the records that lie in the area so.
    """

    epsg: int
    name: str
    exchanged: bool
    share: float


@lru_cache(maxsize=32)
def _way(epsg: int) -> Transformer:
    return Transformer.from_crs(epsg, 4326, always_xy=True)


def zones_of(x: NDArray[np.float64], y: NDArray[np.float64], place: Any) -> list[Zone]:
    """Return the zones in which coordinates lie in an area, the likeliest first.

    Parameters
    ----------
    x, y
        (n,) coordinates in metres as the file has them; NaN where there is none.
    place
        Shapely polygon in degrees of WGS 84.

    Returns
    -------
    list of Zone
        Those whose share is within 0.02 of the best; empty where none reaches one half.
    """
    known = np.isfinite(x) & np.isfinite(y) & ((x != 0) | (y != 0))
    x, y = x[known], y[known]
    if not x.size:
        return []
    step = max(1, x.size // _TRIED)
    x, y = x[::step], y[::step]
    near = shapely.buffer(place, _NEAR_DEG)
    shapely.prepare(near)
    found = []
    for exchanged, east, north in ((False, x, y), (True, y, x)):
        for epsg in (*_TM3, *_UTM):
            lon, lat = _way(epsg).transform(east, north)
            inside = shapely.contains_xy(near, np.asarray(lon), np.asarray(lat))
            share = float(np.mean(inside))
            if share >= _LEAST:
                found.append(Zone(epsg, CRS.from_epsg(epsg).name, exchanged, share))
    best = max((zone.share for zone in found), default=0.0)
    kept = [zone for zone in found if zone.share >= best - _ALIKE]
    return sorted(kept, key=lambda z: (z.epsg not in _TM3, -z.share))


def report_other_zone(
    crs: CRS,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    place: Any,
    where: Where,
    findings: Findings,
) -> None:
    """Say that a zone stated puts records beside the area, and another into it (S54)."""
    own = crs.to_epsg()
    if own not in {*_TM3, *_UTM} or place is None:
        return
    zones = [zone for zone in zones_of(x, y, place) if not zone.exchanged]
    if not zones or zones[0].share < _CLEAR:
        return
    lon, lat = _way(own).transform(x, y)
    share = float(np.mean(shapely.contains_xy(shapely.buffer(place, _NEAR_DEG), lon, lat)))
    if share < _LEAST:
        findings.add(
            "S54",
            where,
            f"EPSG:{own}",
            "{share:.0f} % of the records lie in the study's area as {own}, {other:.0f} % as {crs}"
            " ({name})",
            share=100 * share,
            own=f"EPSG:{own}",
            other=100 * zones[0].share,
            crs=f"EPSG:{zones[0].epsg}",
            name=zones[0].name,
        )


def report_no_crs(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    place: Any,
    where: Where,
    findings: Findings,
    columns: Sequence[str] = (),
) -> None:
    """Say that projected coordinates have no CRS (S05), and the line that the evidence asks for.

    Parameters
    ----------
    place
        See :func:`zones_of`; None where the study's area is not known yet.
    columns
        Headers of a table's two coordinates.
    """
    zones = [] if place is None else zones_of(x, y, place)
    if not zones:
        detail = (
            "projected coordinates, and the study does not say their CRS"
            if place is None
            else "projected coordinates, and the study does not say their CRS; in no zone of"
            " VN-2000 do half of them lie in the study's area"
        )
        findings.add("S05", where, detail=detail)
        return
    best = zones[0]
    line = f'crs = "EPSG:{best.epsg}"'
    if best.exchanged and columns:
        line += f', columns = {{ x = "{columns[1]}", y = "{columns[0]}" }}'
    others = [f"EPSG:{z.epsg} ({z.name})" for z in zones[1 : _OTHERS + 1]]
    findings.add(
        "S05",
        replace(where, key=where.key or "crs"),
        detail="the study does not say the CRS; {share:.0f} % of the records lie in the study's"
        " area as {crs} ({name}) with x and y exchanged. If that is right, say {line}; it fits as"
        " well: {others}"
        if best.exchanged
        else "the study does not say the CRS; {share:.0f} % of the records lie in the study's"
        " area as {crs} ({name}). If that is right, say {line}; it fits as well: {others}",
        share=100 * best.share,
        crs=f"EPSG:{best.epsg}",
        name=best.name,
        line=line,
        others=", ".join(others) or "-",
    )
