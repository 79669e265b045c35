"""Villages: polygons as drawn, points as the ground they serve, each in its commune."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from phusong.checks import Findings
from phusong.errors import Where
from phusong.sources.boundaries.codes import (
    disambiguate,
    match_codes,
    qualified,
    read_codes,
    read_names,
    with_commune_zeros,
)
from phusong.sources.boundaries.lists import Renamed, in_list_of
from phusong.sources.boundaries.location import standing_in
from phusong.sources.boundaries.reform.whichlist import with_zeros
from phusong.sources.boundaries.service_areas import service_areas, spread_equal
from phusong.sources.boundaries.shapes import BORDER_M, keep_types, repair, report_overlaps
from phusong.sources.crs import Area
from phusong.sources.tables.layers import Records, label
from phusong.sources.tables.text import as_code

_POINTAL, _AREAL = {0, 4}, {3, 6}
_MOST_PEOPLE = 1e7
"""No village has as many."""


@dataclass
class _Villages:
    """Columns of all village layers together while they are worked on."""

    code: list[str] = field(default_factory=list)
    name: list[str] = field(default_factory=list)
    asked_commune: list[str | None] = field(default_factory=list)
    population: list[float] = field(default_factory=list)
    geometry: list[Any] = field(default_factory=list)
    where: list[Where] = field(default_factory=list)
    flags: list[list[str]] = field(default_factory=list)


def read_villages(
    layers: list[Records],
    communes: gpd.GeoDataFrame,
    area: Area,
    far_m: float,
    lone_radius_m: float,
    findings: Findings,
) -> gpd.GeoDataFrame:
    """Make the villages of all layers, already in the study's CRS.

    Parameters
    ----------
    layers
        Records of polygons, points, or both.
    communes
        ``code``, ``geometry``.
    area
        The communes together.
    far_m
        A village farther outside than this is not of the province (B10) and left out.
    lone_radius_m
        Reach of the service area of a point that lies in no commune.
    findings
        Takes the B rules.

    Returns
    -------
    GeoDataFrame
        As :class:`phusong.sources.inputs.Inputs` describes ``villages``; centres are those of
        the village itself (``village_point`` or ``inside_point``).
    """
    gathered = _Villages()
    for records in layers:
        _gather(_leave_out_far(records, area, far_m, findings), gathered, findings)
    own = qualified(gathered.code, gathered.asked_commune)
    if own is not None:
        findings.add(
            "B21",
            gathered.where[0],
            own[0],
            "{code} is called {unique} in the results",
            code=gathered.code[0],
            unique=own[0],
        )
        gathered.code = own
    else:
        _restore_zeros(gathered, findings)
    codes, changed = disambiguate(gathered.code)
    for i in np.flatnonzero(changed):
        gathered.flags[i].append("code_disambiguated")
        findings.add(
            "B03",
            gathered.where[i],
            gathered.code[i],
            "{name}: {code} is already the code of another village; {unique} in the results",
            name=gathered.name[i],
            code=gathered.code[i],
            unique=codes[i],
        )
    geometry = np.array(gathered.geometry, dtype=object)
    points = np.isin(shapely.get_type_id(geometry), list(_POINTAL))
    asked = _asked_communes(gathered, communes, findings)
    located = standing_in(geometry, asked, communes)
    commune = _communes_of(gathered, geometry, asked, located, communes, findings)
    shapes = _shapes(geometry, points, located, communes, lone_radius_m, gathered, findings)
    centres = geometry.copy()
    centres[~points] = shapely.point_on_surface(geometry[~points])
    frame = gpd.GeoDataFrame(
        {
            "code": pd.Series(codes, dtype=object),
            "name": pd.Series(gathered.name, dtype=object),
            "commune_code": pd.Series(commune, dtype=object),
            "population": np.array(gathered.population, dtype=np.float64),
            "kind": np.where(points, "service_area", "polygon"),
            "centre_x_m": shapely.get_x(centres),
            "centre_y_m": shapely.get_y(centres),
            "centre_source": np.where(points, "village_point", "inside_point"),
            "flags": [" ".join(f) for f in gathered.flags],
            "row": np.array([w.row for w in gathered.where], dtype=np.int64),
        },
        geometry=shapes,
        crs=communes.crs,
    )
    drawn = frame[~points]
    at = [(gathered.where[i].file, int(gathered.where[i].row or 0)) for i in drawn.index]
    report_overlaps(drawn, findings, at)
    _report_empty_communes(frame, communes, findings)
    return frame


def _leave_out_far(records: Records, area: Area, far_m: float, findings: Findings) -> Records:
    distance = shapely.distance(area.polygon, records.frame.geometry.to_numpy())
    far = distance > far_m
    for i in np.flatnonzero(far):
        findings.add(
            "B10",
            records.at(int(i)),
            label(records, int(i)),
            "{km} km from the nearest commune",
            km=round(float(distance[i]) / 1000, 1),
        )
    return records.keep(~far) if far.any() else records


def _gather(records: Records, into: _Villages, findings: Findings) -> None:
    usable, repaired = repair(keep_types(records, _POINTAL | _AREAL, findings), findings)
    if usable.frame.empty:
        return
    codes, made_up = read_codes(usable, "code", findings)
    into.name += read_names(usable, codes, findings)
    into.code += codes
    into.asked_commune += [as_code(v) for v in usable.texts("commune_code")]
    population = usable.numbers("population", findings)
    impossible = (population < 0) | (population > _MOST_PEOPLE)
    for i in np.flatnonzero(impossible):
        findings.add(
            "B17", usable.at(int(i)), codes[i], "{people} people", people=float(population[i])
        )
    into.population += np.where(impossible, np.nan, population).tolist()
    geometry = _single_points(usable, findings)
    into.geometry += list(geometry)
    into.where += [usable.at(i) for i in range(len(codes))]
    into.flags += [
        [f for f, on in (("geometry_repaired", r), ("code_missing", m)) if on]
        for r, m in zip(repaired, made_up, strict=True)
    ]


def _single_points(records: Records, findings: Findings) -> NDArray[np.object_]:
    """Return geometries with one point in place of several: the one nearest their middle (B22).

    A village is one record, with one number of people: unlike towers it is not taken apart.
    """
    geometry: NDArray[np.object_] = records.frame.geometry.to_numpy().copy()
    for i in np.flatnonzero(shapely.get_type_id(geometry) == 4):
        points = shapely.get_parts(shapely.extract_unique_points(geometry[i]))
        middle = shapely.centroid(geometry[i])
        geometry[i] = points[np.argmin(shapely.distance(points, middle))]
        if len(points) > 1:
            findings.add(
                "B22",
                records.at(int(i)),
                label(records, int(i)),
                "{n} points; the one taken is {distance} m from their middle",
                x_m=float(geometry[i].x),
                y_m=float(geometry[i].y),
                n=len(points),
                distance=round(float(geometry[i].distance(middle))),
            )
    return geometry


def _asked_communes(
    gathered: _Villages, communes: gpd.GeoDataFrame, findings: Findings
) -> list[str | None]:
    """Return the commune that each village's column names, None where it names none there is."""
    known, names = communes["code"].tolist(), communes["name"].tolist()
    renamed = in_list_of(gathered.asked_commune, known, names)
    if renamed is not None:
        _report_renamed(renamed, gathered, findings)
        gathered.asked_commune = renamed.codes
    asked, forgiven = match_codes(gathered.asked_commune, known)
    if any(forgiven):
        i = forgiven.index(True)
        findings.add(
            "B18",
            gathered.where[i],
            str(gathered.asked_commune[i]),
            "{given} is taken for {code}; {n} villages in all",
            given=gathered.asked_commune[i],
            code=asked[i],
            n=sum(forgiven),
        )
    return asked


def _restore_zeros(gathered: _Villages, findings: Findings) -> None:
    """Give the villages' codes the leading zeros back that their communes' have (B18)."""
    communes = [None if c is None else with_zeros(c) for c in gathered.asked_commune]
    found = with_commune_zeros(gathered.code, communes)
    if found:
        i = min(found)
        findings.add(
            "B18",
            gathered.where[i],
            gathered.code[i],
            "village {given} is taken for {code}; {n} villages in all",
            given=gathered.code[i],
            code=found[i],
            n=len(found),
        )
    gathered.code = [found.get(i, code) for i, code in enumerate(gathered.code)]


def _report_renamed(renamed: Renamed, gathered: _Villages, findings: Findings) -> None:
    """Say that the column of communes speaks the other list of communes (B25)."""
    i = renamed.example
    findings.add(
        "B25",
        gathered.where[i],
        str(gathered.asked_commune[i]),
        "{given} is {meant} there and {otherwise} here; {n} villages follow the list, {m} their"
        " place",
        given=gathered.asked_commune[i],
        meant=renamed.meant,
        otherwise=renamed.otherwise,
        n=sum(code is not None for code in renamed.codes),
        m=renamed.undecided,
    )


def _communes_of(
    gathered: _Villages,
    geometry: NDArray[np.object_],
    asked: list[str | None],
    located: NDArray[np.int64],
    communes: gpd.GeoDataFrame,
    findings: Findings,
) -> list[str | None]:
    """Give every village its commune: by its column where that names one, else by location."""
    known = communes["code"].tolist()
    names = dict(zip(known, communes["name"], strict=True))
    inside = shapely.point_on_surface(geometry)
    out: list[str | None] = []
    for i, code in enumerate(asked):
        lies_in = known[located[i]] if located[i] >= 0 else None
        where, subject = gathered.where[i], gathered.code[i]
        place = {"x_m": float(inside[i].x), "y_m": float(inside[i].y)}
        unknown = gathered.asked_commune[i] if code is None else None
        if unknown is not None:
            findings.add(
                "B08",
                where,
                subject,
                "{name}: there is no commune {code}",
                **place,
                name=gathered.name[i],
                code=unknown,
            )
        if lies_in is None:
            findings.add(
                "B07", where, subject, "{name} lies in no commune", **place, name=gathered.name[i]
            )
            gathered.flags[i].append("outside_communes")
        elif code is not None and code != lies_in:
            findings.add(
                "B09",
                where,
                subject,
                "{name}: the column says {said}, the place is in {lies}",
                **place,
                name=gathered.name[i],
                said=f"{names[code]} ({code})",
                lies=f"{names[lies_in]} ({lies_in})",
            )
        out.append(code if code is not None else lies_in)
    return out


def _shapes(
    geometry: NDArray[np.object_],
    points: NDArray[np.bool_],
    located: NDArray[np.int64],
    communes: gpd.GeoDataFrame,
    lone_radius_m: float,
    gathered: _Villages,
    findings: Findings,
) -> NDArray[np.object_]:
    """Return polygons of all villages: those drawn, and the service areas of points."""
    shapes = geometry.copy()
    if not points.any():
        return shapes
    xy = shapely.get_coordinates(geometry[points])
    xy, moved = spread_equal(xy)
    index = np.flatnonzero(points)
    for k in np.flatnonzero(moved):
        findings.add(
            "B12",
            gathered.where[index[k]],
            gathered.code[index[k]],
            "{name} stands where another village stands",
            name=gathered.name[index[k]],
            x_m=float(xy[k, 0]),
            y_m=float(xy[k, 1]),
        )
    polygons = dict(zip(communes["code"], communes.geometry, strict=True))
    # Points are shared out where they stand: a column that disagrees with the place (B09) moves
    # the village in the books, not on the ground.
    located = located[points]
    codes = communes["code"].tolist()
    drawn = geometry[~points]
    tree = shapely.STRtree(drawn)
    for c in np.unique(located[located >= 0]):
        members = np.flatnonzero(located == c)
        ground = polygons[codes[c]]
        taken = drawn[tree.query(ground, predicate="intersects")]
        if taken.size:
            left = shapely.difference(ground, shapely.union_all(taken))
            at = shapely.points(xy[members])
            ground = left if shapely.distance(left, at).max() <= BORDER_M else ground
        shapes[index[members]] = service_areas(xy[members], ground)
    # A point on the border may have no ground nearer to it than to another.
    lone = np.flatnonzero((located < 0) | shapely.is_empty(shapes[points]))
    if lone.size:
        shapes[index[lone]] = _lone_areas(xy, lone, communes, lone_radius_m)
        for k in lone:
            gathered.flags[index[k]].append("area_assumed")
    return shapes


def _lone_areas(
    xy: NDArray[np.float64], lone: NDArray[np.int64], communes: gpd.GeoDataFrame, radius_m: float
) -> NDArray[np.object_]:
    """Give points outside every commune a disc each, cut where another's begins.

    The disc ends at the communes' border, and half way to the nearest other village.
    """
    discs = shapely.buffer(shapely.points(xy[lone]), radius_m)
    cells = service_areas(xy[lone], shapely.union_all(discs))
    cells = shapely.intersection(cells, discs)
    outside = shapely.difference(cells, communes.geometry.union_all())
    gone = shapely.is_empty(outside)
    distance = np.asarray(cKDTree(xy).query(xy[lone], k=min(2, len(xy)))[0])
    nearest = distance.reshape(len(lone), -1)[:, -1]
    small = np.where(nearest > 0, nearest / 2, radius_m).clip(1.0, radius_m)
    outside[gone] = shapely.buffer(shapely.points(xy[lone][gone]), small[gone])
    return outside


def _report_empty_communes(
    villages: gpd.GeoDataFrame, communes: gpd.GeoDataFrame, findings: Findings
) -> None:
    held = set(villages["commune_code"].dropna())
    empty = communes[~communes["code"].isin(held)]
    for code, name, polygon, row in zip(
        empty["code"], empty["name"], empty.geometry, empty["row"], strict=True
    ):
        inside = polygon.representative_point()
        findings.add(
            "B11",
            Where(row=int(row)),
            code,
            "{name} holds no village",
            x_m=inside.x,
            y_m=inside.y,
            name=name,
        )
