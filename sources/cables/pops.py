"""Points of presence: where the lit network can be entered."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from phusong.checks import Findings
from phusong.errors import Where
from phusong.sources.boundaries.codes import disambiguate
from phusong.sources.boundaries.shapes import keep_types, separate
from phusong.sources.cables.lines import ids_of
from phusong.sources.tables.layers import Records
from phusong.sources.tables.status import in_service
from phusong.sources.tables.text import clean

_PLACES = {0, 3, 4, 6}
POP_COLUMNS = ("pop_id", "name", "file", "row")


def read_pops(records: Records, findings: Findings) -> gpd.GeoDataFrame:
    """Make points of presence of one layer already in the study's CRS; areas give a centroid.

    A record of several points is as many points of presence.

    Those that do not work today are left out (F22). Ids may be doubled, see :func:`unique_ids`.
    """
    usable = separate(keep_types(records, _PLACES, findings, points_first=True), findings)
    on = in_service(usable.texts("status").tolist(), [], "F22", findings, usable.where)
    usable = usable.keep(on)
    ids, _ = ids_of(usable, "pop_id")
    names = [clean(v) or code for v, code in zip(usable.texts("name"), ids, strict=True)]
    return gpd.GeoDataFrame(
        {
            "pop_id": pd.Series(ids, dtype=object),
            "name": pd.Series(names, dtype=object),
            "file": usable.frame["file"].to_numpy(dtype=object),
            "row": usable.frame["row"].to_numpy(),
        },
        geometry=shapely.centroid(usable.frame.geometry.to_numpy()),
        crs=usable.frame.crs,
    )


def unique_ids(pops: gpd.GeoDataFrame, findings: Findings) -> gpd.GeoDataFrame:
    """Tell points of presence of one id apart, in whichever layers they are (F07)."""
    ids = pops["pop_id"].tolist()
    unique, changed = disambiguate(ids)
    for i in np.flatnonzero(changed):
        findings.add(
            "F07",
            Where(file=pops["file"].iloc[i], row=int(pops["row"].iloc[i])),
            ids[i],
            "{pop} is already the id of another PoP; {unique} in the results",
            pop=ids[i],
            unique=unique[i],
        )
    return pops.assign(pop_id=pd.Series(unique, index=pops.index, dtype=object))


def report_lonely_pops(
    pops: gpd.GeoDataFrame, cables: gpd.GeoDataFrame, snap_m: float, findings: Findings
) -> None:
    """List points of presence farther than ``snap_m`` from every cable (F06)."""
    if pops.empty or cables.empty:
        return
    points = pops.geometry.to_numpy()
    lines = cables.geometry.to_numpy()
    nearest = shapely.STRtree(lines).nearest(points)
    distance = shapely.distance(points, lines[nearest])
    for i in np.flatnonzero(distance > snap_m):
        findings.add(
            "F06",
            Where(file=pops["file"].iloc[i], row=int(pops["row"].iloc[i])),
            str(pops["pop_id"].iloc[i]),
            "{name} is {distance} m from the nearest cable, {cable}",
            x_m=float(points[i].x),
            y_m=float(points[i].y),
            name=pops["name"].iloc[i],
            distance=round(float(distance[i])),
            cable=cables["cable_id"].iloc[nearest[i]],
        )
