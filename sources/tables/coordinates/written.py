"""Geometry written as text in a column of a table: WKT, EWKT, GeoJSON, hexadecimal WKB."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from pyproj.exceptions import CRSError

from phusong.sources.tables.text import clean

_KINDS = (
    "POINT|LINESTRING|POLYGON|MULTIPOINT|MULTILINESTRING|MULTIPOLYGON|GEOMETRYCOLLECTION|LINEARRING"
)
_WKT = re.compile(
    rf"\s*(?:SRID\s*=\s*(\d+)\s*;)?\s*((?:{_KINDS})\s*(?:Z|M|ZM)?\s*(?:\(.*|EMPTY\s*))",
    re.IGNORECASE | re.DOTALL,
)
_JSON = re.compile(r'\s*\{.*"(?:coordinates|geometries)"\s*:.*\}\s*', re.DOTALL)
_WKB = re.compile(r"\s*(?:\\x|0x)?(0[01][0-9a-fA-F]{20,})\s*")
_SURE = 0.9
"""Share of a column's filled cells that must be geometry for it to be one of geometry."""
_TRIED = 50


def column_of(frame: pd.DataFrame) -> str | None:
    """Return the first column whose cells are geometry written as text, None without one."""
    for column in frame.columns:
        filled = [v for v in frame[column].dropna() if clean(v) is not None][:_TRIED]
        if filled and sum(map(_looks_so, filled)) >= _SURE * len(filled):
            return str(column)
    return None


def _looks_so(value: Any) -> bool:
    return isinstance(value, str) and any(p.fullmatch(value) for p in (_WKT, _JSON, _WKB))


def geometry_in(values: Sequence[Any]) -> tuple[NDArray[np.object_], CRS | None]:
    """Return the geometries of a column (None: empty, or cannot be read), and the CRS it states.

    EWKT and EWKB state a number of EPSG's; one that several records contradict is none.
    """
    out = np.full(len(values), None, dtype=object)
    stated: set[int] = set()
    for i, value in enumerate(values):
        if not isinstance(value, str):
            continue
        out[i], srid = _one(value)
        if srid:
            stated.add(srid)
    if len(stated) != 1:
        return out, None
    try:
        return out, CRS.from_epsg(stated.pop())
    except CRSError:
        return out, None


def _one(text: str) -> tuple[Any, int]:
    wkt, wkb = _WKT.fullmatch(text), _WKB.fullmatch(text)
    try:
        if wkt:
            return shapely.from_wkt(wkt[2].upper()), int(wkt[1] or 0)
        if wkb:
            geometry = shapely.from_wkb(wkb[1])
            return geometry, int(shapely.get_srid(geometry))
        return shapely.from_geojson(text), 0
    except shapely.errors.GEOSException:
        return None, 0
