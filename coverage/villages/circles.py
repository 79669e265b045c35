"""What a report of circles round every mast would have claimed, for comparison."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from phusong.coverage.results import ANY
from phusong.coverage.villages.zonal import disc_mask
from phusong.grid import Grid, Window


@dataclass(frozen=True)
class Circles:
    """Masts of one layer with the radius of their technology.

    Attributes
    ----------
    x_m, y_m, radius_m
        (masts,).
    """

    x_m: NDArray[np.float64]
    y_m: NDArray[np.float64]
    radius_m: NDArray[np.float64]

    def mask(self, window: Window, grid: Grid) -> NDArray[np.bool_]:
        """Return (rows, cols): whether a cell's centre lies in a circle."""
        west, _, _, north = grid.bounds_of(window)
        return disc_mask(window, (west, north), grid.cell_m, self.x_m, self.y_m, self.radius_m)

    def hold(self, x_m: NDArray[np.float64], y_m: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return (points,): whether a point lies in a circle."""
        inside = np.zeros(len(x_m), dtype=np.bool_)
        for x, y, radius in zip(self.x_m, self.y_m, self.radius_m, strict=True):
            inside |= np.hypot(x_m - x, y_m - y) <= radius
        return inside


def places_of(sites: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return `x_m` and `y_m` of every site by its name."""
    return (
        pd.DataFrame(sites[["site_id", "x_m", "y_m"]])
        .drop_duplicates("site_id")
        .set_index("site_id")
    )


def circles_of(
    cells: pd.DataFrame,
    places: pd.DataFrame,
    operator: str,
    technologies: list[str],
    radii_km: Mapping[str, float],
) -> Circles:
    """Return the circles of a layer.

    Parameters
    ----------
    cells
        Cells in service, usable or not: a report of circles asks only where masts are.
    places
        Of their sites, see :func:`places_of`.
    operator
        Or ``ANY``.
    technologies
        Those of the layer; one without a radius draws no circle.
    radii_km
        By technology.
    """
    chosen = cells[cells["technology"].isin([t for t in technologies if t in radii_km])]
    if operator != ANY:
        chosen = chosen[chosen["operator"] == operator]
    masts = chosen[["site_id", "technology"]].drop_duplicates()
    at = places.reindex(masts["site_id"]).to_numpy(dtype=np.float64)
    radius = masts["technology"].astype(object).map(dict(radii_km)).to_numpy(dtype=np.float64)
    return Circles(
        np.ascontiguousarray(at[:, 0]),
        np.ascontiguousarray(at[:, 1]),
        np.asarray(radius * 1000.0, dtype=np.float64),
    )
