"""Where a mast may stand: on masts that are there, high ground, roads, villages, own points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import KDTree

from phusong.grid import Grid, Window
from phusong.sources.inputs import Inputs, Raster
from phusong.study.settings.planning import CandidatePlaces

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

EXISTING: Final = "existing"
OWN: Final = "own"
VILLAGE: Final = "village"
HIGH: Final = "high"
ROAD: Final = "road"
KINDS: Final = (EXISTING, OWN, VILLAGE, HIGH, ROAD)
"""Of two places that are one, the kind that comes first stays."""
_BLOCK: Final = 1024
"""Cells of ground read at once."""


@dataclass(frozen=True)
class Places:
    """Candidate places; every array is (places,).

    Attributes
    ----------
    place_id
        Unique: the site's own name for a mast that stands, else the kind and a number.
    kind
        Of ``KINDS``.
    x_m, y_m
        In the study's CRS.
    """

    place_id: NDArray[np.object_]
    kind: NDArray[np.object_]
    x_m: Floats
    y_m: Floats

    def __len__(self) -> int:
        return len(self.place_id)

    def only(self, keep: NDArray[np.bool_] | NDArray[np.int64]) -> Places:
        """Return some of the places."""
        return Places(self.place_id[keep], self.kind[keep], self.x_m[keep], self.y_m[keep])


def candidate_places(
    inputs: Inputs,
    dark: gpd.GeoDataFrame,
    settings: CandidatePlaces,
    own: gpd.GeoDataFrame | None = None,
    forbidden: gpd.GeoDataFrame | None = None,
    relay_km: float = 0.0,
) -> Places:
    """Return places near dark villages at which a mast may stand, in a fixed order.

    Parameters
    ----------
    inputs
        Sites, roads, terrain.
    dark
        Villages to be covered: ``centre_x_m``, ``centre_y_m``, ``geometry``.
    settings
        Which kinds, how near, how dense, how many.
    own
        Points of the planner's: ``place_id``, geometry.
    forbidden
        Areas in which nothing new may stand; masts that stand stay candidates.
    relay_km
        How much farther off masts that stand are taken: a hop may come from them.
    """
    near = near_area(dark, settings.near_km)
    found: list[tuple[str, Floats, NDArray[np.object_] | None]] = []
    if settings.existing:
        sites = inputs.sites.drop_duplicates("site_id")
        xy = sites[["x_m", "y_m"]].to_numpy(dtype=np.float64)
        found.append((EXISTING, xy, sites["site_id"].to_numpy(dtype=object)))
    if own is not None and len(own):
        xy = shapely.get_coordinates(own.geometry.to_numpy())
        found.append((OWN, xy, own["place_id"].to_numpy(dtype=object)))
    if settings.village_centres:
        found.append((VILLAGE, dark[["centre_x_m", "centre_y_m"]].to_numpy(dtype=np.float64), None))
    if settings.high_points:
        found.append((HIGH, high_points(inputs.terrain, near, settings.spacing_m), None))
    if settings.along_roads:
        found.append((ROAD, points_along(inputs.roads, near, settings.spacing_m), None))
    return _together(inputs.grid, near, relay_km, dark, found, settings, forbidden)


def merged(places: Places, more: Places) -> Places:
    """Return both, in their order."""
    return Places(
        np.concatenate([places.place_id, more.place_id]),
        np.concatenate([places.kind, more.kind]),
        np.concatenate([places.x_m, more.x_m]),
        np.concatenate([places.y_m, more.y_m]),
    )


def around(
    centre: Places,
    known: Places,
    inputs: Inputs,
    spacing_m: float,
    settings: CandidatePlaces,
    forbidden: gpd.GeoDataFrame | None = None,
) -> Places:
    """Return further high ground and roads round some places, denser than the places known.

    Parameters
    ----------
    centre
        Places to look round, one and a half of the new spacing far.
    known
        Places already looked at; none nearer to them than ``apart_m`` is given.
    spacing_m
        Between the new places of one kind.
    settings
        Which kinds; no more than half of ``most`` is given, those nearest to a place of ``centre``.
    """
    step = max(spacing_m, inputs.grid.cell_m)
    points = shapely.points(centre.x_m, centre.y_m)
    near = shapely.union_all(shapely.buffer(points, 1.5 * step, quad_segs=4))
    found = []
    if settings.high_points:
        found.append((HIGH, high_points(inputs.terrain, near, step)))
    if settings.along_roads:
        found.append((ROAD, points_along(inputs.roads, near, step)))
    xy = np.concatenate([np.zeros((0, 2)), *(points for _, points in found)])
    kind = [np.full(len(points), name, dtype=object) for name, points in found]
    names = [f"{name}-{step:.0f}m-{i + 1}" for name, points in found for i in range(len(points))]
    more = Places(
        np.array(names, dtype=object),
        np.concatenate([np.zeros(0, dtype=object), *kind]),
        xy[:, 0],
        xy[:, 1],
    )
    more = more.only(_allowed(inputs.grid, more, forbidden))
    fresh = _apart(merged(known, more), min(settings.apart_m, step / 2))[len(known) :]
    more = more.only(fresh)
    return more.only(_nearest(more, np.column_stack([centre.x_m, centre.y_m]), settings.most // 2))


def near_area(dark: gpd.GeoDataFrame, near_km: float) -> shapely.Geometry:
    """Return the area within a distance of any dark village."""
    # No mast that matters hangs on the roundness of a corner.
    rounds = shapely.buffer(dark.geometry.to_numpy(), near_km * 1000.0, quad_segs=4)
    return shapely.union_all(rounds)


def high_points(terrain: Raster, near: shapely.Geometry, spacing_m: float) -> Floats:
    """Return the (points, 2) highest cell of every square of ``spacing_m`` that touches an area.

    The squares are counted from the CRS's origin, so that another area shifts none of them. Of
    cells equally high, the northernmost, then the westernmost.
    """
    grid = terrain.grid
    side = max(1, round(spacing_m / grid.cell_m))
    shapely.prepare(near)
    # Squares of whole cells; blocks of whole squares, so that a square is read once.
    per_block = max(1, _BLOCK // side) * side
    shift_r = round(-grid.y0_m / grid.cell_m) % side
    shift_c = round(grid.x0_m / grid.cell_m) % side
    out = []
    for row0 in range(-shift_r, grid.rows, per_block):
        for col0 in range(-shift_c, grid.cols, per_block):
            block = Window(row0, col0, per_block, per_block)
            if not shapely.intersects(near, shapely.box(*grid.bounds_of(block))):
                continue
            out.append(_highest(terrain.read(block), block, grid, side))
    points = np.concatenate(out) if out else np.zeros((0, 2))
    inside = shapely.contains_xy(near, points[:, 0], points[:, 1])
    return points[inside]


def _highest(height: NDArray[np.float32], block: Window, grid: Grid, side: int) -> Floats:
    """Return the (squares, 2) places of the highest cell in each square of a block."""
    n = block.rows // side
    squares = height.reshape(n, side, n, side).swapaxes(1, 2).reshape(n * n, side * side)
    known = ~np.isnan(squares).all(axis=1)
    best = np.argmax(np.where(np.isnan(squares), -np.inf, squares), axis=1)
    which = np.arange(n * n)
    row = block.row0 + which // n * side + best // side
    col = block.col0 + which % n * side + best % side
    x = grid.x0_m + (col + 0.5) * grid.cell_m
    y = grid.y0_m - (row + 0.5) * grid.cell_m
    return np.column_stack([x, y])[known]


def points_along(roads: gpd.GeoDataFrame, near: shapely.Geometry, spacing_m: float) -> Floats:
    """Return (points, 2) along roads, evenly, at most ``spacing_m`` apart, inside an area."""
    shapely.prepare(near)
    lines = roads.geometry.to_numpy()
    lines = lines[shapely.intersects(lines, near)] if len(lines) else lines
    points = shapely.get_coordinates(_stops(lines, spacing_m))
    return points[shapely.contains_xy(near, points[:, 0], points[:, 1])]


def _stops(lines: NDArray[np.object_], spacing_m: float) -> NDArray[np.object_]:
    """Return both ends of lines and evenly spaced points between them."""
    length = shapely.length(lines)
    steps = np.maximum(np.ceil(length / spacing_m), 1).astype(np.int64)
    line = np.repeat(np.arange(len(lines)), steps + 1)
    first = np.concatenate([[0], np.cumsum(steps + 1)])[:-1]
    at = (np.arange(len(line)) - first[line]) / steps[line] if len(line) else np.zeros(0)
    return np.asarray(shapely.line_interpolate_point(lines[line], at, normalized=True))


def _together(
    grid: Grid,
    near: shapely.Geometry,
    relay_km: float,
    dark: gpd.GeoDataFrame,
    found: list[tuple[str, Floats, NDArray[np.object_] | None]],
    settings: CandidatePlaces,
    forbidden: gpd.GeoDataFrame | None,
) -> Places:
    """Put the kinds together: those near, on the grid, allowed, and apart from each other."""
    if not found:
        nothing = np.zeros(0)
        return Places(nothing.astype(object), nothing.astype(object), nothing, nothing)
    xy = np.concatenate([points for _, points, _ in found])
    kind = np.concatenate([np.full(len(points), name, dtype=object) for name, points, _ in found])
    names = np.concatenate([_names(*one) for one in found])
    places = Places(names, kind, xy[:, 0], xy[:, 1])
    inside = shapely.contains_xy(near, places.x_m, places.y_m)
    points = shapely.points(places.x_m, places.y_m)
    inside |= (places.kind == EXISTING) & shapely.dwithin(near, points, relay_km * 1000.0)
    places = places.only(inside & _allowed(grid, places, forbidden))
    places = places.only(_apart(places, settings.apart_m))
    return _nearest_to_people(places, dark, settings.most)


def _allowed(grid: Grid, places: Places, forbidden: gpd.GeoDataFrame | None) -> NDArray[np.bool_]:
    """Return which places lie on the grid, and stand already or are not on forbidden ground."""
    row, col = grid.cell_of(places.x_m, places.y_m)
    ok = (row >= 0) & (row < grid.rows) & (col >= 0) & (col < grid.cols)
    if forbidden is not None and len(forbidden):
        area = shapely.union_all(forbidden.geometry.to_numpy())
        shapely.prepare(area)
        ok &= (places.kind == EXISTING) | ~shapely.intersects_xy(area, places.x_m, places.y_m)
    return np.asarray(ok)


def _names(kind: str, points: Floats, names: NDArray[np.object_] | None) -> NDArray[np.object_]:
    """Return what places are called: as they are, or by their kind and number."""
    if names is not None:
        return names
    return np.array([f"{kind}-{i + 1}" for i in range(len(points))], dtype=object)


def _apart(places: Places, apart_m: float) -> NDArray[np.bool_]:
    """Return which places stay where those nearer than ``apart_m`` to an earlier one go."""
    keep = np.ones(len(places), dtype=bool)
    if len(places) < 2:
        return keep
    pairs = KDTree(np.column_stack([places.x_m, places.y_m])).query_pairs(
        apart_m, output_type="ndarray"
    )
    pairs = np.sort(pairs, axis=1)
    for first, second in pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))].tolist():
        # Two masts that stand are two, however near.
        if keep[first] and places.kind[second] != EXISTING:
            keep[second] = False
    return keep


def _nearest_to_people(places: Places, dark: gpd.GeoDataFrame, most: int) -> Places:
    """Keep the ``most`` places nearest to the centre of a dark village, in their order.

    Masts that stand are all kept.
    """
    if len(places) <= most:
        return places
    stands = places.kind == EXISTING
    centres = dark[["centre_x_m", "centre_y_m"]].to_numpy(dtype=np.float64)
    chosen = _nearest(places.only(~stands), centres, max(0, most - int(stands.sum())))
    return places.only(
        np.sort(np.concatenate([np.flatnonzero(stands), np.flatnonzero(~stands)[chosen]]))
    )


def _nearest(places: Places, centres: Floats, most: int) -> Ints:
    """Return which ``most`` places are nearest to any centre, in their order."""
    if len(places) <= most:
        return np.arange(len(places))
    away, _ = KDTree(centres).query(np.column_stack([places.x_m, places.y_m]))
    return np.sort(np.argsort(away, kind="stable")[:most])
