"""People of whole areas, from the people raster alone."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from phusong.coverage.villages.footprints import footprints
from phusong.coverage.villages.zonal import sum_by_village
from phusong.sources.inputs import Raster


def residents(areas: gpd.GeoDataFrame, people: Raster) -> pd.Series[float]:
    """Sum the people raster over areas, each cell by the part of it that lies inside.

    Parameters
    ----------
    areas
        Polygons with a ``code`` each, in the CRS of the raster.
    people
        People in each cell; cells without data hold nobody.

    Returns
    -------
    pandas.Series
        People by code; areas of one code are summed.
    """
    found = np.zeros(len(areas))
    for part in footprints(areas, people.grid):
        cells = people.read(part.window).astype(np.float64).ravel()[part.cells]
        found[part.rows] = sum_by_village(np.nan_to_num(cells) * part.fraction, part.offsets)
    summed: pd.Series[float] = pd.Series(found).groupby(areas["code"].to_numpy()).sum()
    return summed
