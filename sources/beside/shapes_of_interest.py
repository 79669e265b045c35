"""Lines and areas of the planner's that only some commands ask for: power lines, hazards, say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from phusong.checks import Findings
from phusong.sources.beside.points_of_interest import REACH_M
from phusong.sources.boundaries.codes import disambiguate
from phusong.sources.boundaries.shapes import keep_types
from phusong.sources.crs import Area, to_study
from phusong.sources.inputs import Inputs
from phusong.sources.tables.headers import PLACES
from phusong.sources.tables.layers import read_layer
from phusong.sources.tables.text import as_code, clean
from phusong.study import Layer, Study

LINES: Final = {1, 2, 5}
AREAS: Final = {3, 6}
"""GEOS types."""


def read_shapes(
    study: Study, layers: Sequence[Layer], types: set[int], inputs: Inputs, findings: Findings
) -> gpd.GeoDataFrame:
    """Read the lines or areas of layers in the study's CRS; others are left out (S20).

    Returns
    -------
    GeoDataFrame
        ``place_id`` (unique; the row where the file has none), ``name``, geometry. Empty without
        layers, or after a finding that leaves nothing.
    """
    area = Area(inputs.crs, inputs.area)
    ids: list[str] = []
    names: list[str | None] = []
    shapes = [np.zeros(0, dtype=object)]
    for layer in layers:
        records = read_layer(study, layer, PLACES, findings)
        if records is not None:
            records = to_study(records, inputs.crs, findings, area, REACH_M)
        if records is not None and not records.frame.empty:
            usable = keep_types(records, types, findings)
            given = [as_code(v) for v in usable.texts("place_id")]
            rows = usable.frame["row"]
            ids += [g or f"{layer.path.stem}-{r}" for g, r in zip(given, rows, strict=True)]
            names += [clean(v) for v in usable.texts("name")]
            shapes.append(shapely.force_2d(usable.frame.geometry.to_numpy()))
    ids, _ = disambiguate(ids)
    return gpd.GeoDataFrame(
        {
            "place_id": pd.Series(ids, dtype=object),
            "name": pd.Series([n or i for n, i in zip(names, ids, strict=True)], dtype=object),
        },
        geometry=np.concatenate(shapes),
        crs=inputs.crs,
    )
