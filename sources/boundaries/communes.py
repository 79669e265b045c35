"""Communes: one row each, valid, with a code of its own."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import shapely

from phusong.checks import Findings
from phusong.sources.boundaries.codes import disambiguate, read_codes, read_names
from phusong.sources.boundaries.lists import report_list, with_lost_zeros
from phusong.sources.boundaries.shapes import keep_types, repair, report_overlaps
from phusong.sources.tables.layers import Records

_AREAL = {3, 6}


def read_communes(records: Records, findings: Findings) -> gpd.GeoDataFrame | None:
    """Make the communes of a layer already in the study's CRS.

    Records of one code and one name are parts of one commune (islands drawn apart) and are
    joined (B19); one code under two names is B04.

    Returns
    -------
    GeoDataFrame or None
        ``code``, ``name``, ``geometry``, ``row``; None when no polygon is left.
    """
    polygons, _ = repair(keep_types(records, _AREAL, findings), findings)
    if polygons.frame.empty:
        findings.add("S06", records.where, detail="no polygon is left")
        return None
    codes, _ = read_codes(polygons, "code", findings)
    names = read_names(polygons, codes, findings)
    codes = with_lost_zeros(polygons, codes, names, findings)
    report_list(polygons, codes, names, findings)
    frame = gpd.GeoDataFrame(
        {"code": codes, "name": names, "row": polygons.frame["row"].to_numpy()},
        geometry=polygons.frame.geometry.to_numpy(),
        crs=polygons.frame.crs,
    )
    frame = _join_parts(frame, polygons, findings)
    unique, changed = disambiguate(frame["code"].tolist())
    for i in np.flatnonzero(changed):
        findings.add(
            "B04",
            replace(polygons.where, row=int(frame["row"].iloc[i])),
            frame["code"].iloc[i],
            "{code} is also the code of another commune; {name} is called {unique} in the results",
            code=frame["code"].iloc[i],
            name=frame["name"].iloc[i],
            unique=unique[i],
        )
    frame["code"] = unique
    report_overlaps(frame, findings, [(records.where.file, int(r)) for r in frame["row"]])
    return frame


def _join_parts(frame: gpd.GeoDataFrame, records: Records, findings: Findings) -> gpd.GeoDataFrame:
    """Join records of one code and name."""
    doubled = frame.duplicated(["code", "name"], keep=False)
    if not doubled.any():
        return frame
    keep = ~frame.duplicated(["code", "name"], keep="first")
    geometry = frame.geometry.to_numpy().copy()
    for (code, name), part in frame[doubled].groupby(["code", "name"], sort=False):
        geometry[part.index[0]] = shapely.union_all(part.geometry.to_numpy())
        findings.add(
            "B19",
            replace(records.where, row=int(part["row"].iloc[0])),
            code,
            "{name} ({code}) is drawn as {n} records",
            name=name,
            code=code,
            n=len(part),
        )
    joined = frame.set_geometry(gpd.GeoSeries(geometry, crs=frame.crs))
    return joined[keep].reset_index(drop=True)
