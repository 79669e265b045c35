"""Which mast stands nearest to each village."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.spatial import cKDTree


def nearest_sites(villages: gpd.GeoDataFrame, sites: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the nearest site of each village centre, along the map.

    Parameters
    ----------
    villages
        With ``centre_x_m``, ``centre_y_m``.
    sites
        With ``site_id``, ``x_m``, ``y_m``; may be empty.

    Returns
    -------
    DataFrame
        ``site_id`` (None when there is no site) and ``site_km``, in the order of ``villages``.
    """
    if sites.empty:
        return pd.DataFrame({"site_id": None, "site_km": np.nan}, index=range(len(villages)))
    tree = cKDTree(sites[["x_m", "y_m"]].to_numpy(float))
    distance_m, index = tree.query(villages[["centre_x_m", "centre_y_m"]].to_numpy(float))
    return pd.DataFrame(
        {"site_id": sites["site_id"].to_numpy()[index], "site_km": distance_m / 1000.0}
    )
