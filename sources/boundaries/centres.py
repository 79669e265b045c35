"""Centres of communes and villages: as mapped, or a point inside, flagged as assumed."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from phusong.checks import Findings
from phusong.errors import Where
from phusong.sources.boundaries.codes import match_codes
from phusong.sources.boundaries.shapes import BORDER_M, keep_types, separate
from phusong.sources.tables.layers import Records, label
from phusong.sources.tables.text import as_code, clean

_ANY_PLACE = {0, 3, 4, 6}
_LISTED = 10


def _points(records: Records, findings: Findings) -> Records:
    """Return the records as points: one of each of several, of areas their centroid."""
    usable = separate(keep_types(records, _ANY_PLACE, findings, points_first=True), findings)
    geometry = usable.frame.geometry.to_numpy()
    frame = usable.frame.set_geometry(shapely.centroid(geometry), crs=usable.frame.crs)
    return replace(usable, frame=frame)


def _holders(records: Records, polygons: gpd.GeoDataFrame) -> np.ndarray:
    """Return the row of the polygon each point lies in, or on whose border; -1 for none."""
    out = np.full(len(records.frame), -1, dtype=np.int64)
    points = records.frame.geometry.to_numpy()
    tree = shapely.STRtree(polygons.geometry.to_numpy())
    point, polygon = tree.query_nearest(points, max_distance=BORDER_M)
    out[point[::-1]] = polygon[::-1]
    return out


def commune_centres(
    layers: list[Records], communes: gpd.GeoDataFrame, findings: Findings
) -> gpd.GeoDataFrame:
    """Give every commune its centre or centres.

    A record belongs to the commune its code names, else to the one it lies in. A commune
    without a record gets a point inside it (B13).

    Returns
    -------
    GeoDataFrame
        As :class:`phusong.sources.inputs.Inputs` describes ``commune_centres``, in the order of
        the communes.
    """
    known = communes["code"].tolist()
    names = communes["name"].tolist()
    found: list[tuple[int, str, str, shapely.Point, int]] = []
    for layer in layers:
        records = _points(layer, findings)
        located = _holders(records, communes)
        asked, _ = match_codes([as_code(v) for v in records.texts("commune_code")], known)
        for i, (code, place, name) in enumerate(
            zip(asked, located, records.texts("name"), strict=True)
        ):
            holder = known.index(code) if code is not None else int(place)
            point = records.frame.geometry.iloc[i]
            at = {"x_m": point.x, "y_m": point.y}
            title = clean(name) or label(records, i)
            if holder < 0:
                findings.add(
                    "B15", records.at(i), title, "{name} lies in no commune", **at, name=title
                )
                continue
            if place != holder and communes.geometry.iloc[holder].distance(point) > BORDER_M:
                findings.add(
                    "B14",
                    records.at(i),
                    title,
                    "{name} lies outside {commune}",
                    **at,
                    name=title,
                    commune=names[holder],
                )
            row = int(records.frame["row"].iloc[i])
            found.append((holder, clean(name) or names[holder], "file", point, row))
    missing = sorted(set(range(len(known))) - {f[0] for f in found})
    for i in missing:
        point = communes.geometry.iloc[i].representative_point()
        found.append((i, names[i], "inside_point", point, int(communes["row"].iloc[i])))
    if missing:
        _report_missing("B13", missing, names, findings)
    found.sort(key=lambda f: f[0])
    return gpd.GeoDataFrame(
        {
            "commune_code": [known[f[0]] for f in found],
            "name": [f[1] for f in found],
            "source": [f[2] for f in found],
            "row": np.array([f[4] for f in found], dtype=np.int64),
        },
        geometry=[f[3] for f in found],
        crs=communes.crs,
    )


def _report_missing(rule: str, missing: list[int], names: list[str], findings: Findings) -> None:
    listed = ", ".join(names[i] for i in missing[:_LISTED])
    findings.add(
        rule,
        Where(),
        detail="{n} of {total}: {names}"
        if len(missing) <= _LISTED
        else "{n} of {total}: {names} and others",
        n=len(missing),
        total=len(names),
        names=listed,
    )


def village_centres(
    layer: Records, villages: gpd.GeoDataFrame, findings: Findings
) -> gpd.GeoDataFrame:
    """Put villages' centres where the layer maps them.

    A record belongs to the village its code names, else to the one it lies in; of several
    records of one village the first counts (B16).

    Returns
    -------
    GeoDataFrame
        The villages, with ``centre_x_m``, ``centre_y_m`` and ``centre_source`` ``file`` where
        a record was found.
    """
    records = _points(layer, findings)
    located = _holders(records, villages)
    codes = villages["code"].tolist()
    asked, _ = match_codes([as_code(v) for v in records.texts("code")], codes)
    index = {code: i for i, code in enumerate(codes)}
    x, y = villages["centre_x_m"].to_numpy().copy(), villages["centre_y_m"].to_numpy().copy()
    source = villages["centre_source"].to_numpy(dtype=object).copy()
    taken: set[int] = set()
    for i, (code, place) in enumerate(zip(asked, located, strict=True)):
        holder = index[code] if code is not None else int(place)
        point = records.frame.geometry.iloc[i]
        at = {"x_m": point.x, "y_m": point.y}
        title = label(records, i)
        if holder < 0:
            findings.add("B15", records.at(i), title, "{name} lies in no village", **at, name=title)
            continue
        if holder in taken:
            findings.add(
                "B16",
                records.at(i),
                title,
                "{village} has a centre already",
                **at,
                village=villages["name"].iloc[holder],
            )
            continue
        if place != holder and villages.geometry.iloc[holder].distance(point) > BORDER_M:
            findings.add(
                "B14",
                records.at(i),
                title,
                "{name} lies outside {village}",
                **at,
                name=title,
                village=villages["name"].iloc[holder],
            )
        taken.add(holder)
        x[holder], y[holder], source[holder] = point.x, point.y, "file"
    missing = [i for i in range(len(codes)) if i not in taken]
    if missing:
        _report_missing("B20", missing, villages["name"].tolist(), findings)
    return villages.assign(
        centre_x_m=x, centre_y_m=y, centre_source=pd.Series(source, index=villages.index)
    )
