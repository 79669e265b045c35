"""Polygons as drawn: repaired where invalid, listed where they overlap."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from phusong.checks import Findings
from phusong.errors import Where
from phusong.i18n import tr
from phusong.sources.tables.layers import Records, label

OVERLAP_MIN_M2 = 1000.0
"""Overlaps smaller than this, or than a thousandth of the smaller polygon, are drawing noise."""
OVERLAP_MIN_SHARE = 0.001
MOST_OVERLAPS = 10_000
"""Overlaps that are looked for, about: nobody mends more one by one."""
MOST_CROSSINGS = 20_000
"""Crossings of an outline with itself that are repaired, at most."""
_CHUNK = 64
_POLYGON, _MULTIPOINT, _MULTIPOLYGON, _COLLECTION = 3, 4, 6, 7
BORDER_M = 10.0
"""A point nearer than this to the border of its own area is not outside it: borders and places are
drawn and rounded apart."""
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


def keep_types(
    records: Records, types: set[int], findings: Findings, *, points_first: bool = False
) -> Records:
    """Leave out, listed (S20), records whose geometry is of another type.

    Of collections (MultiGeometry in KML) the members of the types count (S45): areas before lines
    before points, or the other way round.

    Parameters
    ----------
    types
        GEOS type numbers as :func:`shapely.get_type_id` gives them.
    """
    records = members(records, types, findings, points_first=points_first)
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


_BUILDERS = (
    ({_POLYGON}, {_POLYGON, _MULTIPOLYGON}, shapely.multipolygons),
    ({1, 2}, {1, 2, 5}, shapely.multilinestrings),
    ({0}, {0, 4}, shapely.multipoints),
)
"""Single types, the layer's types they serve, and what joins them; areas before lines."""


def members(
    records: Records, types: set[int], findings: Findings, *, points_first: bool = False
) -> Records:
    """Put in place of every collection its members of the types asked for, where it has any."""
    geometry = records.frame.geometry.to_numpy()
    collections = np.flatnonzero(shapely.get_type_id(geometry) == _COLLECTION)
    if not collections.size:
        return records
    out, used, passed = geometry.copy(), 0, 0
    for i in collections:
        parts = _flat(geometry[i])
        kinds = shapely.get_type_id(parts)
        for single, served, join in reversed(_BUILDERS) if points_first else _BUILDERS:
            chosen = parts[np.isin(kinds, list(single))]
            if served & types and chosen.size:
                out[i] = _joined(chosen, join)
                used += int(chosen.size)
                passed += int(parts.size - chosen.size)
                break
    if used:
        findings.add(
            "S45",
            records.at(int(collections[0])),
            label(records, int(collections[0])),
            "{n} collections: {used} members are used, {passed} of other kinds are not",
            n=int(collections.size),
            used=used,
            passed=passed,
        )
    return replace(records, frame=records.frame.set_geometry(out, crs=records.frame.crs))


def _flat(geometry: shapely.Geometry) -> NDArray[np.object_]:
    """Return the single geometries of a collection, of collections in it too."""
    parts = np.array([geometry], dtype=object)
    while (shapely.get_type_id(parts) > _POLYGON).any():
        parts = shapely.get_parts(parts)
    return parts[~shapely.is_empty(parts)]


def _joined(parts: NDArray[np.object_], join: Any) -> shapely.Geometry:
    if len(parts) == 1:
        whole: shapely.Geometry = parts[0]
    elif join is shapely.multipolygons and shapely.is_valid(parts).all():
        whole = shapely.union_all(parts)
    else:
        whole = join(parts)
    return whole


def separate(records: Records, findings: Findings) -> Records:
    """Make one record of each point of records with several, listed together (S46)."""
    geometry = records.frame.geometry.to_numpy()
    several = shapely.get_type_id(geometry) == _MULTIPOINT
    if not several.any():
        return records
    unlike = [
        shapely.get_parts(shapely.extract_unique_points(g)) if on else np.array([g], dtype=object)
        for g, on in zip(geometry, several, strict=True)
    ]
    counts = np.array([len(parts) for parts in unlike])
    many = np.flatnonzero(counts > 1)
    if many.size:
        findings.add(
            "S46",
            records.at(int(many[0])),
            label(records, int(many[0])),
            "{n} records hold {points} points",
            n=int(many.size),
            points=int(counts[many].sum()),
        )
    frame = records.frame.loc[np.repeat(records.frame.index, counts)].reset_index(drop=True)
    points = np.concatenate(unlike)
    return replace(records, frame=frame.set_geometry(points, crs=records.frame.crs))


def repair(records: Records, findings: Findings) -> tuple[Records, NDArray[np.bool_]]:
    """Make polygons valid; each repair is listed with its areas and its place (B01).

    Returns
    -------
    Records, (n,) bool
        The records, and which of them were repaired. Geometries that are no polygons stay.
    """
    records = _without_tangles(records, findings)
    geometry = records.frame.geometry.to_numpy().copy()
    kinds = shapely.get_type_id(geometry)
    invalid = _invalid(geometry)
    for i in np.flatnonzero(invalid | (kinds == _COLLECTION)):
        before = geometry[i]
        geometry[i] = made_valid(before)
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
    repaired = replace(records, frame=frame)
    empty = shapely.is_empty(geometry)
    for i in np.flatnonzero(empty):
        findings.add(
            "S11",
            records.at(int(i)),
            label(records, int(i)),
            "nothing is left of the polygon after the repair",
        )
    return (repaired.keep(~empty), invalid[~empty]) if empty.any() else (repaired, invalid)


def made_valid(geometry: shapely.Geometry) -> shapely.Geometry:
    """Return the polygons that an invalid one, or a collection, holds, as one valid area."""
    return _polygonal(shapely.make_valid(geometry, method="structure", keep_collapsed=False))


def _invalid(geometry: NDArray[np.object_]) -> NDArray[np.bool_]:
    areal = np.isin(shapely.get_type_id(geometry), [_POLYGON, _MULTIPOLYGON, _COLLECTION])
    return np.asarray(areal & ~shapely.is_valid(geometry))


def _without_tangles(records: Records, findings: Findings) -> Records:
    """Leave out, listed (B31), polygons that a repair would cut into countless pieces."""
    geometry = records.frame.geometry.to_numpy()
    tangled = _invalid(geometry)
    for i in np.flatnonzero(tangled).tolist():
        tangled[i] = _crosses_itself(geometry[i], MOST_CROSSINGS)
        if tangled[i]:
            findings.add(
                "B31",
                records.at(i),
                label(records, i),
                "it crosses itself more than {most} times",
                most=MOST_CROSSINGS,
            )
    return records.keep(~tangled) if tangled.any() else records


def _crosses_itself(geometry: shapely.Geometry, most: int) -> bool:
    """Say whether spans of an outline cross more than ``most`` times, in bounded time."""
    rings = shapely.get_parts(shapely.boundary(geometry))
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    if len(xy) ** 2 < 2 * most:
        return False
    within = ring[1:] == ring[:-1]
    ends = np.stack([xy[:-1][within], xy[1:][within]], axis=1)
    spans = np.asarray(shapely.linestrings(ends), dtype=object)
    tree, count, first, size = shapely.STRtree(spans), 0, 0, _CHUNK
    while first < len(spans) and count <= 2 * most:  # each is met from both its spans
        count += len(tree.query(spans[first : first + size], predicate="crosses")[0])
        first, size = first + size, min(2 * size, 64 * _CHUNK)
    return count > 2 * most


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


Overlap = tuple[int, int, float, float, float]
"""(i, j, area_m2, x_m, y_m): ``i < j``, and a point inside the overlap."""


def overlaps(polygons: NDArray[np.object_], most: float = np.inf) -> list[Overlap]:
    """Find polygons that lie over each other by more than drawing noise.

    Parameters
    ----------
    polygons
        (n,) valid polygons; those of one outline are best left out but for one.
    most
        Once as many are found no further are looked for.
    """
    suspects = np.flatnonzero(
        ~shapely.is_empty(shapely.coverage_invalid_edges(polygons, gap_width=0.0))
    )
    tree = shapely.STRtree(polygons)
    seen = np.zeros(len(polygons), dtype=bool)
    out: list[Overlap] = []
    # The coverage check names at least one of two overlapping polygons, not always both.
    for first in range(0, len(suspects), _CHUNK):
        if len(out) >= most:
            break
        own = suspects[first : first + _CHUNK]
        found_in, other = tree.query(polygons[own], predicate="intersects")
        fresh = ~seen[other]  # its pairs were looked at in an earlier chunk
        pairs = np.sort(np.column_stack([own[found_in[fresh]], other[fresh]]), axis=1)
        pairs = np.unique(pairs[pairs[:, 0] < pairs[:, 1]], axis=0)
        out += _common(polygons, pairs[:, 0], pairs[:, 1])
        seen[own] = True
    return out


def _common(
    polygons: NDArray[np.object_], left: NDArray[np.int64], right: NDArray[np.int64]
) -> list[Overlap]:
    """Return what pairs of polygons have in common, where it is more than drawing noise."""
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
    """List overlapping polygons of a frame with ``code`` and ``name`` (B02).

    Polygons of one outline are one finding (B33), more than :data:`MOST_OVERLAPS` pairs another
    (B32).
    """
    called = [f"{n} ({c})" for n, c in zip(frame["name"], frame["code"], strict=True)]
    polygons = frame.geometry.to_numpy()
    single = _report_repeated(polygons, called, findings, file_rows)
    found = overlaps(polygons[single], MOST_OVERLAPS)
    for i, j, area, x, y in found:
        a, b = int(single[i]), int(single[j])
        findings.add(
            "B02",
            _at(file_rows[a]),
            str(frame["code"].iloc[a]),
            "{a} and {b} share {area} ha",
            x_m=x,
            y_m=y,
            a=called[a],
            b=called[b],
            area=round(area / 1e4, 2),
        )
    if len(found) >= MOST_OVERLAPS:
        findings.add(
            "B32",
            Where(file=", ".join(dict.fromkeys(file for file, _ in file_rows))),
            detail="the first {n} pairs of polygons that overlap are listed",
            n=len(found),
        )


def _report_repeated(
    polygons: NDArray[np.object_],
    called: list[str],
    findings: Findings,
    file_rows: list[tuple[str, int]],
) -> NDArray[np.int64]:
    """List outlines that more than two polygons have (B33); return one polygon of each such."""
    keys = pd.Series(shapely.to_wkb(shapely.normalize(polygons)))
    often = keys.map(keys.value_counts()).to_numpy() > 2
    again = keys.duplicated().to_numpy()
    for i in np.flatnonzero(often & ~again).tolist():
        inside = polygons[i].representative_point()
        findings.add(
            "B33",
            _at(file_rows[i]),
            called[i],
            "{n} polygons have the outline of {a}",
            x_m=inside.x,
            y_m=inside.y,
            n=int((keys == keys.iloc[i]).sum()),
            a=called[i],
        )
    return np.flatnonzero(~(often & again))


def _at(file_row: tuple[str, int]) -> Where:
    return Where(file=file_row[0], row=file_row[1])
