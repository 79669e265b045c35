"""Ground along one path between two places, straight from the DEM files."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pyproj import Geod, Transformer
from rasterio.windows import Window
from scipy.ndimage import map_coordinates

from phusong.errors import InputError, Where
from phusong.sources.rasters import RasterFile

_GEOD = Geod(ellps="WGS84")
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Profile:
    """Evenly spaced points from A to B along the geodesic; both ends are points.

    Attributes
    ----------
    lon, lat
        Degrees, WGS 84, shape (n,).
    distance_m
        From A.
    height_m
        Ground above sea level, bilinear.
    """

    lon: Floats
    lat: Floats
    distance_m: Floats
    height_m: Floats


def read_profile(
    dems: Sequence[RasterFile], a: tuple[float, float], b: tuple[float, float], step_m: float
) -> Profile:
    """Read the ground between two places.

    Parameters
    ----------
    dems
        Tiles; where several hold a point, the first that is not void counts.
    a, b
        Longitude and latitude in degrees.
    step_m
        Largest spacing of the points.

    Raises
    ------
    InputError
        When the places are one and the same, or a point of the path has no ground.
    """
    length_m = float(_GEOD.inv(*a, *b)[2])
    if length_m < 1.0:
        raise InputError("both ends are the same place", mend="give two places")
    count = max(2, math.ceil(length_m / step_m) + 1)
    inner = _GEOD.npts(*a, *b, count - 2) if count > 2 else []
    points = np.array([a, *inner, b], dtype=float)
    lon, lat = points[:, 0], points[:, 1]
    height = np.full(count, np.nan)
    for dem in dems:
        missing = np.flatnonzero(np.isnan(height))
        if missing.size:
            height[missing] = _sample(dem, lon[missing], lat[missing])
    void = np.flatnonzero(np.isnan(height))
    if void.size:
        first = int(void[0])
        raise InputError(
            "{count} of {total} points of the path have no ground; the first at {lon:.5f} "
            "{lat:.5f}, {km:.2f} km from A",
            Where(file=", ".join(dem.where.file for dem in dems)),
            "add the DEM tile that holds the path, or choose places on the DEM",
            {
                "count": void.size,
                "total": count,
                "lon": lon[first],
                "lat": lat[first],
                "km": length_m * first / (count - 1) / 1000.0,
            },
        )
    return Profile(lon, lat, np.linspace(0.0, length_m, count), height)


def sample_nearest(file: RasterFile, lon: Floats, lat: Floats) -> Floats:
    """Return the value of the cell that holds each point; NaN off the raster."""
    return _sample(file, lon, lat, order=0)


def _sample(file: RasterFile, lon: Floats, lat: Floats, order: Literal[0, 1] = 1) -> Floats:
    """Interpolate between cell centres; NaN off the raster or beside a void."""
    x, y = Transformer.from_crs(4326, file.crs, always_xy=True).transform(lon, lat)
    with file.opened() as source:
        back = ~source.transform
        column = back.a * np.asarray(x) + back.b * np.asarray(y) + back.c - 0.5
        row = back.d * np.asarray(x) + back.e * np.asarray(y) + back.f - 0.5
        inside = (
            (column > -0.5) & (row > -0.5)
            & (column < source.width - 0.5) & (row < source.height - 0.5)
        )  # fmt: skip
        out = np.full(lon.shape, np.nan)
        if not inside.any():
            return out
        values, top, left = _window(source, row[inside], column[inside])
    at = np.array([row[inside] - top, column[inside] - left])
    out[inside] = map_coordinates(values, at, order=order, mode="nearest")
    return out


def _window(source: Any, row: Floats, column: Floats) -> tuple[Floats, int, int]:
    """Read the cells around the points, as float with NaN for no data."""
    top, left = max(0, math.floor(row.min())), max(0, math.floor(column.min()))
    bottom = min(source.height, math.ceil(row.max()) + 1)
    right = min(source.width, math.ceil(column.max()) + 1)
    window = Window(left, top, right - left, bottom - top)
    values: Floats = source.read(1, window=window, masked=True).astype(float).filled(np.nan)
    return values, top, left
