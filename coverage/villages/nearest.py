"""The mast nearest to each village's centre."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.spatial import cKDTree


def nearest_sites(villages: gpd.GeoDataFrame, sites: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the site nearest to each village's centre.

    Parameters
    ----------
    villages
        With ``centre_x_m``, ``centre_y_m``.
    sites
        With ``site_id``, ``x_m``, ``y_m``; those to choose among.

    Returns
    -------
    DataFrame
        ``site_id`` (None without sites) and ``site_km`` (NaN without sites), one row a
        village, in order. Of sites equally near, the one that comes first.
    """
    if sites.empty or villages.empty:
        nothing = pd.Series([None] * len(villages), dtype=object)
        return pd.DataFrame({"site_id": nothing, "site_km": np.full(len(villages), np.nan)})
    tree = cKDTree(sites[["x_m", "y_m"]].to_numpy(dtype=np.float64))
    distance_m, which = tree.query(
        villages[["centre_x_m", "centre_y_m"]].to_numpy(dtype=np.float64)
    )
    names = sites["site_id"].to_numpy(dtype=object)[which]
    return pd.DataFrame({"site_id": pd.Series(names, dtype=object), "site_km": distance_m / 1e3})
