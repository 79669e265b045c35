"""In which commune a village stands: by most of its shape, or by its point and a little more."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from phusong.sources.boundaries.shapes import BORDER_M

_PROBES = 6
"""Points a side at which a shape is probed for the commune it lies in."""


def standing_in(
    geometry: NDArray[np.object_], asked: list[str | None], communes: gpd.GeoDataFrame
) -> NDArray[np.int64]:
    """Return the commune each village stands in, -1 for none.

    A point on the border, or within what borders are drawn to, stands in the commune that its
    column names, else in the nearest.
    """
    located = _by_location(geometry, communes)
    row = {code: i for i, code in enumerate(communes["code"])}
    polygons = communes.geometry.to_numpy()
    wanted = np.array([-1 if code is None else row[code] for code in asked], dtype=np.int64)
    doubtful = np.isin(shapely.get_type_id(geometry), [0, 4]) & (
        (located < 0) | ((wanted >= 0) & (wanted != located))
    )
    for i in np.flatnonzero(doubtful):
        near = wanted[i]
        if near < 0 or shapely.distance(polygons[near], geometry[i]) > BORDER_M:
            near = int(np.argmin(shapely.distance(polygons, geometry[i])))
            near = near if located[i] < 0 else located[i]
        if shapely.distance(polygons[near], geometry[i]) <= BORDER_M:
            located[i] = near
    return located


def _by_location(geometry: NDArray[np.object_], communes: gpd.GeoDataFrame) -> NDArray[np.int64]:
    """Return the commune that holds most of each shape, -1 for none.

    A shape whose probes all lie in one commune needs no intersection: most villages are that.
    """
    polygons = communes.geometry.to_numpy()
    tree = shapely.STRtree(polygons)
    best = _unanimous(geometry, tree)
    doubtful = np.flatnonzero(best < 0)
    which, commune = tree.query(geometry[doubtful], predicate="intersects")
    shape = doubtful[which]
    common = shapely.intersection(geometry[shape], polygons[commune])
    share = np.where(shapely.area(geometry[shape]) > 0, shapely.area(common), 1.0)
    for k in np.lexsort((commune, -share)):
        if best[shape[k]] < 0 and share[k] > 0:
            best[shape[k]] = commune[k]
    return best


def _unanimous(geometry: NDArray[np.object_], tree: shapely.STRtree) -> NDArray[np.int64]:
    """Probe each shape at points inside it; return the commune all of them lie in, else -1."""
    west, south, east, north = shapely.bounds(geometry).T
    steps = (np.arange(_PROBES) + 0.5) / _PROBES
    x = (west[:, None, None] + (east - west)[:, None, None] * steps[None, :, None]).repeat(
        _PROBES, axis=2
    )
    y = (south[:, None, None] + (north - south)[:, None, None] * steps[None, None, :]).repeat(
        _PROBES, axis=1
    )
    inside = shapely.contains_xy(geometry[:, None, None], x, y)
    own = shapely.point_on_surface(geometry)
    shape = np.concatenate([np.nonzero(inside)[0], np.arange(len(geometry))])
    points = np.concatenate([shapely.points(x[inside], y[inside]), own])
    probe, commune = tree.query(points, predicate="intersects")
    lowest = np.full(len(geometry), np.iinfo(np.int64).max)
    highest = np.full(len(geometry), -1, dtype=np.int64)
    np.minimum.at(lowest, shape[probe], commune)
    np.maximum.at(highest, shape[probe], commune)
    asked = np.bincount(shape, minlength=len(geometry))
    answered = np.bincount(shape[probe], minlength=len(geometry))
    return np.where((lowest == highest) & (asked == answered), highest, -1)
