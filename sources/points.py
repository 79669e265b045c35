"""Points from the coordinate columns of a table."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from phusong.checks import Findings
from phusong.errors import Where
from phusong.sources.columns import report_missing_coordinates
from phusong.sources.figures import Decimal, decimal_of, numbers

WGS84 = CRS.from_epsg(4326)


def decimal_sign(frame: pd.DataFrame, findings: Findings, where: Where) -> Decimal:
    """Find the decimal sign of a table from its coordinates and other number columns."""
    coordinates = [c for c in ("lon", "lat", "x", "y") if c in frame]
    found = decimal_of(v for c in coordinates for v in frame[c])
    if found is None:
        texts = (
            v for c in frame if str(c).endswith(("_mhz", "_m", "_dbm", "_deg")) for v in frame[c]
        )
        found = decimal_of(texts)
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
) -> tuple[NDArray[np.object_], CRS] | None:
    """Make points from a table's coordinate columns."""
    rows = frame["row"].to_numpy()
    pair = _pair(frame, mapped, stated)
    if pair is None:
        report_missing_coordinates(headers, findings, where)
        return None
    x, y = (
        numbers(frame[c], rows, decimal, findings, replace(where, key=columns[c]), angle=True)
        for c in pair
    )
    crs = stated
    if crs is None and pair[0] == "lon":
        crs = WGS84
    if crs is None:
        if (np.abs(x) > 180).any() or (np.abs(y) > 90).any():
            findings.add(
                "S05", replace(where, key=f"{columns[pair[0]]}, {columns[pair[1]]}"),
                detail="projected coordinates, and the study does not say their CRS",
            )  # fmt: skip
            return None
        crs = WGS84
    nowhere = np.isnan(x) | np.isnan(y) | ((x == 0) & (y == 0))
    points = np.full(len(frame), None, dtype=object)
    points[~nowhere] = shapely.points(x[~nowhere], y[~nowhere])
    return points, crs


def _pair(
    frame: pd.DataFrame, mapped: Collection[str], stated: CRS | None
) -> tuple[str, str] | None:
    """Choose the coordinate columns: those the study maps, those its CRS fits, lon/lat, x/y."""
    pairs = [p for p in (("lon", "lat"), ("x", "y")) if all(c in frame for c in p)]
    projected = stated is not None and stated.is_projected
    pairs.sort(key=lambda p: (not any(c in mapped for c in p), (p[0] == "x") != projected))
    return pairs[0] if pairs else None
