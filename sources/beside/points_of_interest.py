"""Any further points of the planner's: schools, health posts, post offices."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import shapely

from phusong.checks import Findings
from phusong.sources.boundaries.codes import disambiguate
from phusong.sources.boundaries.shapes import members, separate
from phusong.sources.crs import Area, to_study
from phusong.sources.inputs import Inputs
from phusong.sources.left_out import report_left_out
from phusong.sources.tables.headers import PLACES
from phusong.sources.tables.layers import read_layer
from phusong.sources.tables.text import as_code, clean
from phusong.study import Layer, Study

COLUMNS = ("place_id", "name", "people")
REACH_M = 50_000.0
"""Places farther than this outside the communes' bounds do not belong to the study."""


def read_places(study: Study, layer: Layer, inputs: Inputs, findings: Findings) -> gpd.GeoDataFrame:
    """Read points in the study's CRS; areas and lines give their centroid.

    A record of several points is as many places, that share its people evenly.

    Returns
    -------
    GeoDataFrame
        ``place_id`` (unique; the row where the file has none), ``name``, ``people`` (NaN where
        not given), geometry Point. Empty after a finding that leaves nothing.
    """
    records = read_layer(study, layer, PLACES, findings)
    if records is not None:
        total, where = records.total, records.where
        area = Area(inputs.crs, inputs.area)
        records = to_study(records, inputs.crs, findings, area, REACH_M)
        report_left_out(study, where, total, findings)
    if records is None or records.frame.empty:
        return gpd.GeoDataFrame({c: [] for c in COLUMNS}, geometry=[], crs=inputs.crs)
    pointal = members(records, {0, 4}, findings, points_first=True)
    records = separate(pointal, findings)
    rows = records.frame["row"]
    share = rows.map(rows.value_counts()).to_numpy()
    given = [as_code(v) for v in records.texts("place_id")]
    ids, _ = disambiguate([g or f"{layer.path.stem}-{r}" for g, r in zip(given, rows, strict=True)])
    names = [clean(v) or code for v, code in zip(records.texts("name"), ids, strict=True)]
    return gpd.GeoDataFrame(
        {
            "place_id": pd.Series(ids, dtype=object),
            "name": pd.Series(names, dtype=object),
            "people": records.numbers("people", findings) / share,
        },
        geometry=shapely.centroid(records.frame.geometry.to_numpy()),
        crs=inputs.crs,
    )
