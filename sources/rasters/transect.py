"""Ground along one path between two places, straight from the DEM files."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS, Geod, Transformer
from scipy import ndimage

from phusong.errors import InputError, Where
from phusong.grid import Window
from phusong.sources.rasters.rasterfile import Bounds, RasterFile, near
from phusong.sources.rasters.voids import SEA_RIM_M, PossibleHeights
from phusong.study import TerrainSource

_GEOD = Geod(ellps="WGS84")
_WGS84 = CRS.from_epsg(4326)
_MARGIN_DEG = 0.01
"""Of a raster no more than this beside a path is looked at."""
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
    mended
        Points that the DEM leaves void, at heights between the rims or of the sea.
    impossible
        Heights of the DEM that are none and were read as voids, for messages.
    """

    lon: Floats
    lat: Floats
    distance_m: Floats
    height_m: Floats
    mended: int = 0
    impossible: str = ""


def read_profile(
    dems: Sequence[RasterFile],
    a: tuple[float, float],
    b: tuple[float, float],
    step_m: float,
    settings: TerrainSource | None = None,
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
    settings
        The study's: what it says of voids is done to the path, as far as one line shows it. Narrow
        ones are spanned from rim to rim; wide ones are sea, at height 0, where the study has a sea
        and the void leads beyond the DEM or a rim is low.

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
    possible = PossibleHeights()
    dems = [part for dem in dems for part in near([dem], _WGS84, _beside(lon, lat))]
    for dem in dems:
        missing = np.flatnonzero(np.isnan(height))
        if missing.size:
            height[missing] = _sample(dem, lon[missing], lat[missing], possible)
    unknown = int(np.isnan(height).sum())
    if settings is not None:
        outside = ~np.any([_position(dem, lon, lat)[2] for dem in dems], axis=0)
        height = _mended(height, outside, length_m / (count - 1), settings)
    void = np.flatnonzero(np.isnan(height))
    if void.size:
        first = int(void[0])
        raise InputError(
            "{count} of {total} points of the path have no ground; the first at {lon:.5f} "
            "{lat:.5f}, {km:.2f} km from A; the DEM holds impossible heights such as {values} m"
            if possible.extremes
            else "{count} of {total} points of the path have no ground; the first at {lon:.5f} "
            "{lat:.5f}, {km:.2f} km from A",
            Where(file=", ".join(dict.fromkeys(dem.where.file for dem in dems))),
            "declare the raster's no-data value, or mend the heights"
            if possible.extremes
            else "add the DEM tile that holds the path, or choose places on the DEM",
            {
                "values": possible.extremes,
                "count": void.size,
                "total": count,
                "lon": lon[first],
                "lat": lat[first],
                "km": length_m * first / (count - 1) / 1000.0,
            },
        )
    return Profile(lon, lat, np.linspace(0.0, length_m, count), height, unknown, possible.extremes)


def _beside(lon: Floats, lat: Floats) -> Bounds:
    """Return the bounds of a path, its longitudes without a jump at the 180th meridian."""
    run = np.unwrap(lon, period=360.0)
    return (
        float(run.min()) - _MARGIN_DEG,
        float(lat.min()) - _MARGIN_DEG,
        float(run.max()) + _MARGIN_DEG,
        float(lat.max()) + _MARGIN_DEG,
    )


def _mended(
    height: Floats, outside: NDArray[np.bool_], step_m: float, settings: TerrainSource
) -> Floats:
    """Span narrow voids of a line and flood those that are sea; others stay NaN."""
    out = height.copy()
    labels, voids = ndimage.label(np.isnan(height) & ~outside)
    for (part,) in ndimage.find_objects(labels, voids):
        ends = [k for k in (part.start - 1, part.stop) if 0 <= k < height.size]
        rim = height[ends]
        cells = part.stop - part.start
        between = len(ends) == 2 and not outside[ends].any()
        if between and cells * step_m <= settings.void_fill_max_m:
            out[part] = np.linspace(rim[0], rim[1], cells + 2)[1:-1]
        elif settings.sea_level_voids and (
            not ends or outside[ends].any() or rim.min() < SEA_RIM_M
        ):
            out[part] = 0.0
    if settings.sea_level_voids:
        out[outside] = 0.0
    return out


def sample_nearest(file: RasterFile, lon: Floats, lat: Floats) -> Floats:
    """Return the value of the cell that holds each point; NaN off the raster."""
    out = np.full(lon.shape, np.nan)
    for part in near([file], _WGS84, _beside(lon, lat)):
        values = _sample(part, lon, lat, lambda found: found, order=0)
        out = np.where(np.isnan(out), values, out)
    return out


def _sample(
    file: RasterFile,
    lon: Floats,
    lat: Floats,
    clean: Callable[[Floats], Floats],
    order: Literal[0, 1] = 1,
) -> Floats:
    """Interpolate between cell centres; NaN off the raster or beside a void."""
    row, column, inside = _position(file, lon, lat)
    out = np.full(lon.shape, np.nan)
    if not inside.any():
        return out
    with file.opened() as source:
        window = _window(file, row[inside], column[inside])
        values = clean(file.read(source, window, "float64"))
    at = np.array([row[inside] - window.row0, column[inside] - window.col0])
    out[inside] = ndimage.map_coordinates(values, at, order=order, mode="nearest")
    return out


def _position(
    file: RasterFile, lon: Floats, lat: Floats
) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Return row and column of points, counted from cell centres, and which lie on the raster."""
    x, y = Transformer.from_crs(4326, file.crs, always_xy=True).transform(lon, lat)
    row, column = file.pixels(x, y)
    inside = (column > 0) & (row > 0) & (column < file.width) & (row < file.height)
    return row - 0.5, column - 0.5, inside


def _window(file: RasterFile, row: Floats, column: Floats) -> Window:
    """Return the cells around the points."""
    top, left = math.floor(row.min()), math.floor(column.min())
    rows, cols = math.ceil(row.max()) + 1 - top, math.ceil(column.max()) + 1 - left
    return Window(top, left, rows, cols).intersect(Window(0, 0, file.height, file.width))
