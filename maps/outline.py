"""Outlines made small: simplified with shared borders kept, then whole numbers and differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from phusong.maps.mercator import Frame

LONGEST_STEP_TRIED = 6
SNAP_M = 1.0
"""Grid on which borders that do not match vertex by vertex meet: what the page draws to."""
LINESTRING = int(shapely.GeometryType.LINESTRING)


def simplify_areas(
    geometries: NDArray[np.object_], start_m: float, most_vertices: int
) -> NDArray[np.object_]:
    """Simplify polygons that share borders, so that neighbours still meet afterwards.

    Where they do not match vertex by vertex they keep their shapes and meet nearly; polygons that
    GEOS cannot take together are simplified one by one.

    Parameters
    ----------
    geometries
        Polygons or multipolygons in metres.
    start_m
        Tolerance to begin with; doubled until few enough vertices are left.
    most_vertices
        The aim for all together (not a promise: a polygon keeps its four points).
    """
    if len(geometries) == 0:
        return geometries
    simple = geometries
    for step in range(LONGEST_STEP_TRIED):
        simple = _simplify(geometries, start_m * 2**step)
        if shapely.get_num_coordinates(simple).sum() <= most_vertices:
            break
    return simple


def _simplify(geometries: NDArray[np.object_], tolerance_m: float) -> NDArray[np.object_]:
    try:
        return np.asarray(shapely.coverage_simplify(geometries, tolerance_m))
    except shapely.errors.GEOSException:
        return np.asarray(shapely.simplify(geometries, tolerance_m))


def join_areas(parts: NDArray[np.object_]) -> BaseGeometry | None:
    """Return polygons as one area, whether or not they match vertex by vertex; None if GEOS cannot.

    Slits and overlaps narrower than :data:`SNAP_M` close; wider ones stay and can be told by
    their rings.
    """
    try:
        if shapely.coverage_is_valid(parts):
            return shapely.coverage_union_all(parts)
        return shapely.union_all(parts, grid_size=SNAP_M)
    except shapely.errors.GEOSException:
        return None


def count_rings(areas: Any) -> NDArray[np.int64]:
    """Return how many rings each area has, holes too."""
    return np.array([len(shapely.get_rings(shapely.get_parts(area))) for area in areas], dtype=int)


def encode_rings(geometries: Any, frame: Frame) -> list[list[list[int]]]:
    """Return each polygon's rings (holes too: the page fills even-odd) as differences.

    A ring is ``[x, y, dx, dy, ...]`` in whole frame metres, its closing point left out.
    """
    return [
        [ring for part in shapely.get_parts(shape) for ring in _part_rings(part)]
        for shape in frame.project(geometries)
    ]


def shared_borders(polygons: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return the borders of polygons as lines, those between two neighbours once."""
    borders = shapely.boundary(polygons)
    once: Any
    try:
        matched = shapely.coverage_is_valid(polygons)
        once = shapely.union_all(borders, grid_size=None if matched else SNAP_M)
    except shapely.errors.GEOSException:
        once = shapely.multilinestrings(_lines(borders))
    lines = shapely.line_merge(once)
    return _lines(lines)


def _lines(geometries: Any) -> NDArray[np.object_]:
    parts = shapely.get_parts(geometries)
    return np.asarray(parts[shapely.get_type_id(parts) == LINESTRING])


def encode_lines(geometries: Any, frame: Frame, tolerance_m: float) -> list[list[list[int]]]:
    """Return each line's parts as differences, simplified to ``tolerance_m``."""
    simple = shapely.simplify(np.asarray(geometries, dtype=object), tolerance_m)
    return [
        [
            line
            for part in shapely.get_parts(shape)
            if (line := _differences(shapely.get_coordinates(part), closed=False))
        ]
        for shape in frame.project(simple)
    ]


def _part_rings(polygon: Any) -> list[list[int]]:
    if polygon.is_empty:
        return []
    rings = [polygon.exterior, *polygon.interiors]
    return [
        line for ring in rings if (line := _differences(shapely.get_coordinates(ring), closed=True))
    ]


def _differences(points: NDArray[np.float64], *, closed: bool) -> list[int]:
    """Whole numbers first, differences second: rounding errors then never add up."""
    whole = np.rint(points[:-1] if closed else points).astype(np.int64)
    if len(whole) == 0:
        return []
    kept = np.ones(len(whole), dtype=bool)
    kept[1:] = (np.diff(whole, axis=0) != 0).any(axis=1)
    whole = whole[kept]
    if len(whole) < (3 if closed else 2):
        return []
    steps = np.diff(whole, axis=0, prepend=np.zeros((1, 2), dtype=np.int64))
    flat: list[int] = steps.ravel().tolist()
    return flat
