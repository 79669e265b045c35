"""What the masts hang on: fibre where a cable passes, else microwave to one that has it."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.sparse.csgraph import dijkstra

from sample.grid import Grid, Raster

TAPPED_M = 480.0
"""A mast takes fibre from a cable no farther than this."""
TAPPED_SHARE = 0.85
"""How many of the masts beside a cable do; the others came before it and kept their microwave."""
HOP_M = 15_000.0
HOP_WORTH_M = 2_500.0
"""A hop more is worth a way that is so much shorter: every hop is two dishes and their power."""
SHARED_HOP = 3.0
"""A hop to another carrier's mast is taken as if it were that much longer: it is rented."""
DISH_M = 30.0
"""Height of the dishes over ground, on a mast of any kind."""
LOOKS = 120
"""Points of the ground that are looked at along a hop."""


def hang(
    rng: np.random.Generator,
    cells: pd.DataFrame,
    cables: gpd.GeoDataFrame,
    pops: gpd.GeoDataFrame,
    ground: Raster,
    grid: Grid,
) -> pd.DataFrame:
    """Return one row a site: ``ma_tram``, ``nha_mang``, ``truyen_dan``, ``tram_nguon``.

    Parameters
    ----------
    rng
        Decides who beside a cable is on it.
    cells
        ``ma_tram``, ``nha_mang``, ``x_m``, ``y_m``.
    cables
        Those in service.
    pops
        ``ma_pop``, ``chu_so_huu``.
    ground
        Metres above sea level on ``grid``.

    Returns
    -------
    DataFrame
        ``truyen_dan`` is ``cap_quang`` (fibre, ``tram_nguon`` is empty) or ``viba`` (microwave,
        from the site or PoP ``tram_nguon``). A site that no chain of hops reaches is left out, as
        in tables that nobody has finished.
    """
    sites = cells.drop_duplicates("ma_tram").reset_index(drop=True)
    xy = sites[["x_m", "y_m"]].to_numpy(dtype=float)
    away = shapely.distance(shapely.points(xy), cables.union_all())
    fibre = (away < TAPPED_M) & (rng.random(len(sites)) < TAPPED_SHARE)
    ends = np.vstack((xy, pops.get_coordinates().to_numpy()))
    owner = np.concatenate((sites["nha_mang"].to_numpy(), pops["chu_so_huu"].to_numpy()))
    name = np.concatenate((sites["ma_tram"].to_numpy(), pops["ma_pop"].to_numpy(), [""]))
    fed = np.r_[fibre, np.ones(len(pops), dtype=np.bool_)]
    upstream = _upstream(_hops(ends, owner, ground, grid), fed)[: len(sites)]
    table = sites[["ma_tram", "nha_mang"]].assign(
        truyen_dan=np.where(fibre, "cap_quang", "viba"), tram_nguon=name[upstream]
    )
    return table[fibre | (upstream >= 0)].reset_index(drop=True)


def _hops(xy: Raster, owner: NDArray[np.object_], ground: Raster, grid: Grid) -> Raster:
    """Return what a hop between two masts costs, in metres; infinite where they do not see."""
    length = np.hypot(xy[:, None, 0] - xy[None, :, 0], xy[:, None, 1] - xy[None, :, 1])
    rent = np.where(owner[:, None] == owner[None, :], 1.0, SHARED_HOP)
    cost: Raster = np.where(length < HOP_M, rent * length + HOP_WORTH_M, np.inf)
    np.fill_diagonal(cost, np.inf)
    top = grid.sample(ground, xy) + DISH_M
    share = np.linspace(0.0, 1.0, LOOKS)
    for a, b in np.argwhere(np.triu(np.isfinite(cost))).tolist():
        path = xy[a] + share[:, None] * (xy[b] - xy[a])
        if (grid.sample(ground, path) > top[a] + share * (top[b] - top[a])).any():
            cost[a, b] = cost[b, a] = np.inf
    return cost


def _upstream(cost: Raster, fed: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return from whom each mast is fed over the cheapest hops; -1: by nobody, or fed itself."""
    _, before, _ = dijkstra(
        cost, indices=np.flatnonzero(fed), min_only=True, return_predecessors=True
    )
    return np.maximum(before, -1).astype(np.int64)
