"""Long straight lines kept straight when coordinates move to another CRS.

A line between two vertices is straight in the CRS it was drawn in. If only the vertices move, a
span of 40 km in degrees comes to lie 14 m beside what was drawn, and what branches off in its
middle no longer touches it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer

TOLERANCE_M = 0.01
"""How far a moved span may lie beside the line that was drawn."""
_POLYGON, _COLLECTION = 3, 7
_MOST = 1000
"""Parts of the longest span, at most: records of other continents need no more."""

_AT_ONCE = 50_000
"""Records looked at together: of the roads of a country all vertices at once are gigabytes."""

Floats = NDArray[np.float64]
Shapes = NDArray[np.object_]


def pieces(count: int) -> Iterator[slice]:
    """Give so many records in pieces, so that memory does not grow with their number."""
    for first in range(0, count, _AT_ONCE):
        yield slice(first, first + _AT_ONCE)


def moved_shapes(geometry: Shapes, transformer: Transformer) -> Shapes:
    """Return geometries in another CRS, two-dimensional, straight lines straight.

    Parameters
    ----------
    geometry
        (n,) lines, polygons or points, in the transformer's source.
    transformer
        To a CRS in metres.
    """
    longest = longest_span(geometry, transformer)
    out = np.empty(len(geometry), dtype=object)
    for part in pieces(len(geometry)):
        flat = shapely.force_2d(geometry[part])
        out[part] = shapely.transform(
            with_vertices(flat, longest),
            lambda xy: np.stack(transformer.transform(xy[:, 0], xy[:, 1]), axis=1),
        )
    return out


def longest_span(geometry: Shapes, transformer: Transformer) -> float | None:
    """Return how long a span may be that bends by no more than the tolerance.

    One length holds for the whole layer, so that neighbours get the same vertices on a common
    border.

    Parameters
    ----------
    geometry
        (n,) lines, polygons or points, in the transformer's source.
    transformer
        To a CRS in metres.

    Returns
    -------
    float or None
        In the source's unit; None where no span of the layer bends more.
    """
    shortest, longest = np.inf, 0.0
    for part in pieces(len(geometry)):
        some = geometry[part]
        a, b = _spans(some[shapely.get_dimensions(some) > 0])
        middle = (a + b) / 2
        there = [np.stack(transformer.transform(p[:, 0], p[:, 1]), axis=1) for p in (a, b, middle)]
        off = np.hypot(*(there[2] - (there[0] + there[1]) / 2).T)
        length = np.hypot(*(b - a).T)
        bent = np.isfinite(off) & (off > TOLERANCE_M) & (length > 0)
        if bent.any():
            # What a span bends grows with the square of its length.
            whole = length[bent] * np.sqrt(TOLERANCE_M / off[bent])
            shortest = min(shortest, float(whole.min()))
            longest = max(longest, float(length[bent].max()))
    return None if longest == 0.0 else max(shortest, longest / _MOST)


def with_vertices(geometry: Shapes, longest: float | None) -> Shapes:
    """Return geometries with vertices put into spans that are longer; None: as they are."""
    if longest is None:
        return geometry
    long = np.flatnonzero(shapely.get_dimensions(geometry) > 0)
    out = geometry.copy()
    out[long] = shapely.segmentize(geometry[long], longest)
    # GEOS would repair an invalid outline on the way, unsaid: its rings are cut up one by one.
    for i in long[~shapely.is_valid(geometry[long])]:
        out[i] = _by_rings(geometry[i], longest)
    return out


def _by_rings(geometry: Any, step: float) -> Any:
    """Return a geometry with further vertices, its outlines as invalid as they are."""
    if shapely.get_dimensions(geometry) != 2 or shapely.get_type_id(geometry) == _COLLECTION:
        return shapely.segmentize(geometry, step)
    parts = []
    for part in shapely.get_parts(geometry):
        shell, *holes = shapely.segmentize(shapely.get_rings(part), step)
        parts.append(shapely.polygons(shell, holes=holes or None))
    single = shapely.get_type_id(geometry) == _POLYGON
    return parts[0] if single else shapely.multipolygons(parts)


def _spans(geometry: NDArray[np.object_]) -> tuple[Floats, Floats]:
    """Return the (k, 2) starts and ends of all straight spans."""
    parts: Any = shapely.get_parts(geometry)
    areal = shapely.get_dimensions(parts) == 2
    rings = shapely.get_rings(parts[areal])
    lines = np.concatenate([parts[~areal], rings])
    xy, owner = shapely.get_coordinates(lines, return_index=True)
    within = owner[1:] == owner[:-1]
    return xy[:-1][within], xy[1:][within]
