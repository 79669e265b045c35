"""From village points to the ground each one serves: what lies nearer to it than to another."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

NUDGE_M = 1.0
"""Points at one place are moved apart by this, so that they share the ground between them."""


def spread_equal(points: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Move points that lie at the place of an earlier one east, a metre for each before it.

    Parameters
    ----------
    points
        (n, 2) coordinates in metres.

    Returns
    -------
    (n, 2) float64, (n,) bool
        Places all different, and which were moved.
    """
    out = points.copy()
    moved = np.zeros(len(points), dtype=bool)
    taken: set[tuple[float, float]] = set()
    for i, (x, y) in enumerate(points):
        place = (float(x), float(y))
        while place in taken:
            place = (place[0] + NUDGE_M, place[1])
            moved[i] = True
        taken.add(place)
        out[i] = place
    return out, moved


def service_areas(points: NDArray[np.float64], ground: shapely.Geometry) -> NDArray[np.object_]:
    """Share out ground among points: each gets what is nearest to it (Voronoi cells).

    Parameters
    ----------
    points
        (n, 2) coordinates in metres, all different.
    ground
        (Multi)Polygon to be shared out.

    Returns
    -------
    (n,) object
        (Multi)Polygon of each point in the order given; empty where no ground is nearest. Their
        union is the ground.
    """
    if len(points) == 1:
        return np.array([ground], dtype=object)
    sites: Any = shapely.points(points)
    frame = shapely.union_all([shapely.envelope(ground), *sites]).buffer(1.0)
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(sites), extend_to=frame))
    tree = shapely.STRtree(cells)
    which, cell = tree.query(sites, predicate="intersects")
    _, first = np.unique(which, return_index=True)
    clipped = shapely.intersection(cells[cell[first]], ground)
    return np.array([_areal(g) for g in clipped], dtype=object)


def _areal(geometry: Any) -> Any:
    """Drop the points and lines that an intersection may leave beside its polygons."""
    if geometry.geom_type in {"Polygon", "MultiPolygon"}:
        return geometry
    parts = shapely.get_parts(geometry)
    polygons = parts[np.isin(shapely.get_type_id(parts), [3, 6])]
    return shapely.multipolygons(shapely.get_parts(polygons))
