"""Polygons as drawn: repaired where invalid, listed where they overlap."""

from __future__ import annotations

import re
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from phusong.checks import Findings
from phusong.errors import Where
from phusong.i18n import tr
from phusong.sources.tables.layers import Records, label

OVERLAP_MIN_M2 = 1000.0
"""Overlaps smaller than this, or than a thousandth of the smaller polygon, are drawing noise."""
OVERLAP_MIN_SHARE = 0.001
_POLYGON, _MULTIPOLYGON, _COLLECTION = 3, 6, 7
_PLACE = re.compile(r"\[(-?[\d.eE+]+) (-?[\d.eE+]+)\]")

REASONS = {
    "Self-intersection": "the outline crosses itself",
    "Ring Self-intersection": "a ring touches itself",
    "Hole lies outside shell": "a hole lies outside the outline",
    "Holes are nested": "a hole lies in a hole",
    "Nested shells": "a part lies in another part",
    "Interior is disconnected": "the holes cut the inside apart",
    "Duplicate Rings": "a ring is drawn twice",
    "Too few points in geometry component": "a ring has too few points",
    "Invalid Coordinate": "a coordinate is no number",
    "Ring is not closed": "a ring is not closed",
    "Repeated Point": "a point is drawn twice",
    "Topology Validation Error": "the outline is not valid",
}
"""What GEOS says of invalid geometries, in the planner's words."""


@dataclass(frozen=True)
class Words:
    """An English phrase that takes the language of the sentence it stands in."""

    template: str

    def __str__(self) -> str:
        return tr(self.template)


def keep_types(records: Records, types: set[int], findings: Findings) -> Records:
    """Leave out, listed (S20), records whose geometry is of another type.

    Parameters
    ----------
    types
        GEOS type numbers as :func:`shapely.get_type_id` gives them.
    """
    kinds = shapely.get_type_id(records.frame.geometry.to_numpy())
    wrong = ~np.isin(kinds, list(types))
    for i in np.flatnonzero(wrong):
        geometry = records.frame.geometry.iloc[int(i)]
        findings.add(
            "S20",
            records.at(int(i)),
            label(records, int(i)),
            "the geometry is a {kind}",
            kind=geometry.geom_type,
        )
    return records.keep(~wrong) if wrong.any() else records


def repair(records: Records, findings: Findings) -> tuple[Records, NDArray[np.bool_]]:
    """Make polygons valid; each repair is listed with its areas and its place (B01).

    Returns
    -------
    Records, (n,) bool
        The records, and which of them were repaired. Geometries that are no polygons stay.
    """
    geometry = records.frame.geometry.to_numpy().copy()
    kinds = shapely.get_type_id(geometry)
    areal = np.isin(kinds, [_POLYGON, _MULTIPOLYGON, _COLLECTION])
    invalid = areal & ~shapely.is_valid(geometry)
    for i in np.flatnonzero(invalid | (kinds == _COLLECTION)):
        before = geometry[i]
        valid = shapely.make_valid(before, method="structure", keep_collapsed=False)
        geometry[i] = _polygonal(valid)
        if not invalid[i]:
            continue
        reason, at = _flaw(before)
        findings.add(
            "B01",
            records.at(int(i)),
            label(records, int(i)),
            "{reason}; area {before} ha as drawn, {after} ha after the repair"
            if at is None
            else "{reason} at {x}, {y}; area {before} ha as drawn, {after} ha after the repair",
            x_m=None if at is None else at[0],
            y_m=None if at is None else at[1],
            reason=reason,
            x="" if at is None else f"{at[0]:.0f}",
            y="" if at is None else f"{at[1]:.0f}",
            before=round(before.area / 1e4, 2),
            after=round(geometry[i].area / 1e4, 2),
        )
    frame = records.frame.set_geometry(gpd.GeoSeries(geometry, crs=records.frame.crs))
    repaired = Records(frame, records.where, records.decimal, records.columns)
    empty = shapely.is_empty(geometry)
    for i in np.flatnonzero(empty):
        findings.add(
            "S11",
            records.at(int(i)),
            label(records, int(i)),
            "nothing is left of the polygon after the repair",
        )
    return (repaired.keep(~empty), invalid[~empty]) if empty.any() else (repaired, invalid)


def _flaw(geometry: shapely.Geometry) -> tuple[Words, tuple[float, float] | None]:
    """Return what makes a geometry invalid, and where, if GEOS says so."""
    text = shapely.is_valid_reason(geometry)
    found = _PLACE.search(text)
    reason = text.partition("[")[0].strip()
    words = Words(REASONS.get(reason, reason))
    return words, (float(found[1]), float(found[2])) if found else None


def _polygonal(geometry: shapely.Geometry) -> shapely.Geometry:
    """Return the polygons of a geometry as one (Multi)Polygon."""
    parts = shapely.get_parts(shapely.get_parts(geometry))
    polygons = parts[shapely.get_type_id(parts) == _POLYGON]
    whole: shapely.Geometry = polygons[0] if len(polygons) == 1 else shapely.multipolygons(polygons)
    return whole


def overlaps(polygons: NDArray[np.object_]) -> list[tuple[int, int, float, float, float]]:
    """Find polygons that lie over each other by more than drawing noise.

    Returns
    -------
    list of (i, j, area_m2, x_m, y_m)
        ``i < j``, and a point inside the overlap.
    """
    suspects = np.flatnonzero(
        ~shapely.is_empty(shapely.coverage_invalid_edges(polygons, gap_width=0.0))
    )
    if suspects.size == 0:
        return []
    # The coverage check names at least one of two overlapping polygons, not always both.
    found_in, other = shapely.STRtree(polygons).query(polygons[suspects], predicate="intersects")
    pairs = np.sort(np.column_stack([suspects[found_in], other]), axis=1)
    pairs = np.unique(pairs[pairs[:, 0] < pairs[:, 1]], axis=0)
    left, right = pairs[:, 0], pairs[:, 1]
    common = shapely.intersection(polygons[left], polygons[right])
    area = shapely.area(common)
    smaller = np.minimum(shapely.area(polygons[left]), shapely.area(polygons[right]))
    found = np.flatnonzero((area > OVERLAP_MIN_M2) & (area > OVERLAP_MIN_SHARE * smaller))
    inside = shapely.point_on_surface(common[found])
    return [
        (int(left[k]), int(right[k]), float(area[k]), float(p.x), float(p.y))
        for k, p in zip(found, inside, strict=True)
    ]


def report_overlaps(
    frame: gpd.GeoDataFrame, findings: Findings, file_rows: list[tuple[str, int]]
) -> None:
    """List overlapping polygons of a frame with ``code`` and ``name`` (B02)."""
    codes, names = frame["code"].to_numpy(), frame["name"].to_numpy()
    for i, j, area, x, y in overlaps(frame.geometry.to_numpy()):
        file, row = file_rows[i]
        findings.add(
            "B02",
            Where(file=file, row=row),
            str(codes[i]),
            "{a} and {b} share {area} ha",
            x_m=x,
            y_m=y,
            a=f"{names[i]} ({codes[i]})",
            b=f"{names[j]} ({codes[j]})",
            area=round(area / 1e4, 2),
        )
