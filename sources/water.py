"""Rivers and lakes, for the base map only: nothing is computed from them."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from phusong.checks import Findings
from phusong.sources.boundaries.shapes import keep_types
from phusong.sources.tables.layers import Records
from phusong.sources.tables.text import clean

_WATER = {1, 2, 3, 5, 6}
"""GEOS types: lines (rivers) and polygons (lakes, wide rivers)."""


def no_rivers(crs: CRS) -> gpd.GeoDataFrame:
    """Return rivers without a record."""
    frame = pd.DataFrame({"name": pd.Series([], dtype=object)})
    return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries([], crs=crs), crs=crs)


def read_rivers(records: Records, findings: Findings) -> gpd.GeoDataFrame:
    """Make rivers of one layer already in the study's CRS: lines and areas, points left out (S20).

    Returns
    -------
    GeoDataFrame
        ``name`` (empty where the file has none) and geometry.
    """
    usable = keep_types(records, _WATER, findings)
    names = np.array([clean(v) or "" for v in usable.texts("name")], dtype=object)
    shapes = shapely.force_2d(usable.frame.geometry.to_numpy())
    frame = gpd.GeoDataFrame({"name": names}, geometry=shapes, crs=usable.frame.crs)
    return frame[shapely.length(shapes) > 0].reset_index(drop=True)
