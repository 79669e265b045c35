"""Points from the coordinate columns of a table."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from phusong.checks import Findings
from phusong.errors import Where
from phusong.sources.tables.columns import report_missing_coordinates
from phusong.sources.tables.coordinates.ddmmss import Figures, settle_figures
from phusong.sources.tables.coordinates.degrees import degrees, figure, unpacked
from phusong.sources.tables.coordinates.ordered import ordered
from phusong.sources.tables.coordinates.written import geometry_in
from phusong.sources.tables.numerals import Decimal, decimal_of, numbers
from phusong.sources.vn2000 import report_no_crs

WGS84 = CRS.from_epsg(4326)


def decimal_sign(frame: pd.DataFrame, findings: Findings, where: Where) -> Decimal:
    """Find the decimal sign of a table from its coordinates and other number columns."""
    coordinates = [c for c in ("lon", "lat", "x", "y") if c in frame]
    found = decimal_of(v for c in coordinates for v in frame[c])
    if found is None:
        texts = (
            v for c in frame if str(c).endswith(("_mhz", "_m", "_dbm", "_deg")) for v in frame[c]
        )
        found = decimal_of(texts, certain=True)
    if found == ",":
        findings.add("S21", where, detail="numbers are read with a decimal comma")
    return found or "."


def points_of(
    frame: pd.DataFrame,
    columns: dict[str, str],
    headers: list[str],
    mapped: Collection[str],
    stated: CRS | None,
    decimal: Decimal,
    findings: Findings,
    where: Where,
    place: Any = None,
    figures: Figures | None = None,
) -> tuple[NDArray[np.object_], CRS] | None:
    """Make points from a table's coordinate columns.

    ``place`` is the study's area in degrees, where it is known: evidence on a CRS not stated.
    ``figures`` is what the study says that 22.4930 is.
    """
    rows = frame["row"].to_numpy()
    pair = _pair(frame, mapped, stated)
    if pair is None:
        report_missing_coordinates(headers, findings, where)
        return None
    read = figure if stated is not None and stated.is_projected else degrees
    x, y = (
        numbers(frame[c], rows, decimal, findings, replace(where, key=columns[c]), read=read)
        for c in pair
    )
    key = ", ".join(dict.fromkeys(columns[c] for c in pair))
    if pair[0] == "lon" and (stated is None or stated.is_geographic) and _are_packed(x, y):
        x, y = unpacked(x), unpacked(y)
        findings.add(
            "S26",
            replace(where, key=key),
            detail="{columns} are degrees, minutes and seconds packed together (DDDMMSS)",
            columns=key,
        )
    elif pair[0] == "lon" and (stated is None or stated.is_geographic):
        folded = [_are_plain(frame[c], decimal) for c in pair]
        at = replace(where, key=key)
        settled = settle_figures(x, y, figures, findings, at, rows, (folded[0], folded[1]))
        if settled is None:
            return None
        x, y = settled
    crs = stated or (WGS84 if pair[0] == "lon" else _by_size(x, y))
    if crs is None:
        headed = [columns[c] for c in pair]
        headed = headed if headed[0] != headed[1] else []
        report_no_crs(x, y, place, replace(where, key=key), findings, headed)
        return None
    if stated is None and pair[0] == "x":
        _report_degrees(key, findings, where)
    nowhere = np.isnan(x) | np.isnan(y) | ((x == 0) & (y == 0))
    points = np.full(len(frame), None, dtype=object)
    points[~nowhere] = shapely.points(x[~nowhere], y[~nowhere])
    return points, crs


def with_pairs(
    frame: pd.DataFrame,
    cells: pd.Series[Any],
    mapped: Mapping[str, str],
    stated: CRS | None,
    findings: Findings,
    where: Where,
    place: Any = None,
) -> tuple[pd.DataFrame, dict[str, str]] | None:
    """Put the two coordinates of a column of pairs beside our columns.

    Returns
    -------
    DataFrame, dict or None
        ``frame`` with ``lon`` and ``lat``, or ``x`` and ``y``; these -> the column's header. None
        after S55.
    """
    found = ordered(cells, frame["row"].to_numpy(), mapped, stated, findings, where, place)
    if found is None:
        return None
    own = frame.drop(columns=[c for c in ("lon", "lat", "x", "y") if c in frame])
    own[found.names[0]], own[found.names[1]] = found.east, found.north
    return own, dict.fromkeys(found.names, where.key)


def _are_plain(cells: pd.Series[Any], decimal: Decimal) -> NDArray[np.bool_]:
    """Say which cells are plain figures, without signs of degrees."""
    if pd.api.types.is_numeric_dtype(cells.dtype):
        return np.ones(len(cells), dtype=np.bool_)
    return np.array([figure(cell, decimal) is not None for cell in cells], dtype=np.bool_)


def _are_packed(x: NDArray[np.float64], y: NDArray[np.float64]) -> bool:
    """Say whether longitudes and latitudes are all packed as DDDMMSS.

    No projected coordinates of this country pass for them: its northings have 90 and more where
    degrees of latitude would stand.
    """
    known = np.isfinite(x) & np.isfinite(y) & ((x != 0) | (y != 0))
    lon, lat = unpacked(x[known]), unpacked(y[known])
    return bool(known.any() and (np.abs(lon) <= 180).all() and (np.abs(lat) <= 90).all())


def shapes_of(
    values: pd.Series[Any],
    header: str,
    stated: CRS | None,
    findings: Findings,
    where: Where,
    place: Any = None,
) -> tuple[NDArray[np.object_], CRS] | None:
    """Make geometries of a column of texts (WKT and the like); None after S05."""
    findings.add(
        "S17",
        replace(where, key=header),
        detail="geometry is read from the texts of {column}",
        column=header,
    )
    shapes, own = geometry_in(values.tolist())
    bounds = shapely.bounds(shapes)
    crs = stated or own or _by_size(bounds[:, 0], bounds[:, 1])
    if crs is None:
        report_no_crs(*middles(bounds), place, replace(where, key=header), findings)
        return None
    if stated is None and own is None:
        _report_degrees(header, findings, where)
    return shapes, crs


def middles(bounds: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return x and y of the middle of bounds (n, 4)."""
    return (bounds[:, 0] + bounds[:, 2]) / 2, (bounds[:, 1] + bounds[:, 3]) / 2


def _report_degrees(key: str, findings: Findings, where: Where) -> None:
    findings.add(
        "S26",
        replace(where, key=key),
        detail="{columns} are taken as degrees of WGS 84 (EPSG:4326)",
        columns=key,
    )


def _by_size(x: NDArray[np.float64], y: NDArray[np.float64]) -> CRS | None:
    """Return WGS 84 for coordinates that are degrees, None for others.

    Degrees by their size, in either order: whether they are exchanged is seen from where they
    lie. One odd figure among many says nothing of the others.
    """
    a, b = np.abs(x), np.abs(y)
    known = np.isfinite(a) & np.isfinite(b) & (a + b > 0)
    degrees = ((a <= 180) & (b <= 90)) | ((a <= 90) & (b <= 180))
    return WGS84 if 2 * (degrees & known).sum() >= known.sum() else None


def _pair(
    frame: pd.DataFrame, mapped: Collection[str], stated: CRS | None
) -> tuple[str, str] | None:
    """Choose the coordinate columns: those the study maps, those its CRS fits, lon/lat, x/y."""
    pairs = [p for p in (("lon", "lat"), ("x", "y")) if all(c in frame for c in p)]
    projected = stated is not None and stated.is_projected
    pairs.sort(key=lambda p: (not any(c in mapped for c in p), (p[0] == "x") != projected))
    return pairs[0] if pairs else None
