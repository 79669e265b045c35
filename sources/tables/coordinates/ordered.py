"""A column of pairs as two: by what cells, header or study say, or where they lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from phusong.checks import Findings
from phusong.errors import Where
from phusong.sources.tables.coordinates.pairs import (
    Order,
    Pair,
    are_degrees,
    order_said,
    order_seen,
    pair_in,
)
from phusong.sources.tables.text import clean
from phusong.sources.vn2000 import zones_of

_MOST: Final = 0.9
"""Share of the pairs that must lie in the area in one order, and not in the other."""
_NEAR_DEG: Final = 0.05
_SAID: Final[Mapping[Order, str]] = {
    "lat_lon": "both coordinates are read from {column}, latitude first",
    "lon_lat": "both coordinates are read from {column}, longitude first",
    "x_y": "both coordinates are read from {column}, easting first",
    "y_x": "both coordinates are read from {column}, northing first",
}


@dataclass(frozen=True)
class Ordered:
    """The two coordinates of every row, as written.

    Attributes
    ----------
    names
        ``("lon", "lat")``, or ``("x", "y")`` for metres.
    east, north
        (n,) texts; None where the row has none.
    """

    names: tuple[str, str]
    east: list[str | None]
    north: list[str | None]


def ordered(
    cells: pd.Series[Any],
    rows: NDArray[np.int64],
    mapping: Mapping[str, str],
    stated: CRS | None,
    findings: Findings,
    where: Where,
    place: Any = None,
) -> Ordered | None:
    """Part a column's cells, and tell which half is which.

    Parameters
    ----------
    cells, rows
        The column, and the row of each record in the planner's file.
    mapping
        The study's ``columns``.
    stated
        CRS that the study says.
    findings, where
        Take S57 (a cell that holds no two coordinates), S17 (the order taken, links that name no
        place) and S55 (which is which cannot be told); ``where.key`` names the column.
    place
        The study's area in degrees, where it is known.

    Returns
    -------
    Ordered or None
        None after S55.
    """
    projected = stated is not None and stated.is_projected
    pairs = [pair_in(cell, projected=projected) for cell in cells]
    views = [str(cell) for cell, pair in zip(cells, pairs, strict=True) if pair and pair.view]
    if views:
        findings.add(
            "S17",
            where,
            detail="{n} links such as {link} name no place: the middle of the map is taken, which"
            " may lie far from it",
            n=len(views),
            link=views[0],
        )
    for row, cell, pair in zip(rows, cells, pairs, strict=True):
        if pair is None and (text := clean(cell)) is not None:
            findings.add("S57", replace(where, row=int(row)), text)
    geographic = are_degrees(pairs) if stated is None else stated.is_geographic
    bare = [pair for pair in pairs if pair is not None and pair.axes is None]
    order = order_said(where.key, mapping) or (
        order_seen(pairs) if geographic else _order_by_place(bare, stated, place)
    )
    if order is None and bare:
        example = bare[0].texts
        findings.add(
            "S55",
            where,
            "; ".join(example),
            "{n} cells such as {first} and {second}: nothing says which is which",
            n=len(bare),
            first=example[0],
            second=example[1],
        )
        return None
    detail = "both coordinates are read from {column}, each by what the cell says of it"
    findings.add("S17", where, detail=_SAID[order] if bare and order else detail, column=where.key)
    east = [None if pair is None else pair.texts[_east(pair, order)] for pair in pairs]
    north = [None if pair is None else pair.texts[1 - _east(pair, order)] for pair in pairs]
    return Ordered(("lon", "lat") if geographic else ("x", "y"), east, north)


def _east(pair: Pair, order: Order | None) -> int:
    """Return which half of a pair (0, 1) is the easting or longitude."""
    if pair.axes is not None:
        return pair.axes.index("east")
    return 0 if order in {"lon_lat", "x_y"} else 1


def _order_by_place(pairs: Sequence[Pair], stated: CRS | None, place: Any) -> Order | None:
    """Return the order in which pairs in metres lie in the study's area, the other way not.

    Without the area, where the CRS is made for. Without a CRS, as the zones of VN-2000 have it:
    the study is asked for the zone anyhow (S05).
    """
    if not pairs:
        return None
    first, second = np.array([pair.sizes for pair in pairs], dtype=np.float64).T
    if stated is None:
        zones = [] if place is None else zones_of(first, second, place)
        return "y_x" if zones and zones[0].exchanged else "x_y"
    area = place if place is not None else _made_for(stated)
    if area is None:
        return None
    near = shapely.buffer(area, _NEAR_DEG)
    shares = {
        "x_y": _share(stated, first, second, near),
        "y_x": _share(stated, second, first, near),
    }
    one, other = shares["x_y"], shares["y_x"]
    if max(one, other) < _MOST or min(one, other) > 1 - _MOST:
        return None
    return "x_y" if one > other else "y_x"


def _made_for(crs: CRS) -> Any:
    use = crs.area_of_use
    return None if use is None else shapely.box(use.west, use.south, use.east, use.north)


def _share(crs: CRS, x: NDArray[np.float64], y: NDArray[np.float64], area: Any) -> float:
    lon, lat = Transformer.from_crs(crs, 4326, always_xy=True).transform(x, y)
    return float(np.mean(shapely.contains_xy(area, np.asarray(lon), np.asarray(lat))))
