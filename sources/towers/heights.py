"""Antenna heights against the ground: whether a list has them above the sea instead."""

from __future__ import annotations

from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from phusong.checks import Findings
from phusong.errors import Where
from phusong.sources.tables.text import ranges

_SITES: Final = 3
"""Fewer masts say nothing."""
_TALLEST_M: Final = 120.0
"""An antenna stands no higher than this above its ground, but for a few."""
_HIGH_M: Final = 90.0
"""A list in which every antenna is higher is no list of heights above ground."""
_ALIKE: Final = 0.9
"""Correlation of heights with the ground, and the share of masts that must fit."""
_SPREAD_M: Final = 15.0


def report_above_sea(
    sites: gpd.GeoDataFrame, cells: pd.DataFrame, ground_m: NDArray[np.float64], findings: Findings
) -> None:
    """Say which lists have heights that follow the ground (T29).

    Heights above the sea are those of the ground and a mast more. They are known by rising with it
    from mast to mast, or by all being higher than masts are. Of a list that has some of each, those
    that are too high are looked at by themselves.

    Parameters
    ----------
    sites
        Masts.
    cells
        Theirs; heights assumed are not looked at.
    ground_m
        (sites,) ground at each mast, NaN where not known.
    """
    ground = pd.Series(ground_m, index=sites["site_id"].to_numpy())
    given = cells[~cells["height_assumed"].astype(bool)]
    for file, members in given.groupby("file", sort=False):
        masts = members.groupby("site_id")["height_m"].max()
        under = ground.reindex(masts.index)
        known = under.notna()
        height = masts[known].to_numpy(dtype=np.float64)
        floor = under[known].to_numpy(dtype=np.float64)
        for part in (np.ones(height.size, dtype=bool), height > _TALLEST_M):
            if part.sum() >= _SITES and _above_sea(height[part], floor[part]):
                of = members["site_id"].isin(masts.index[known][part])
                _report(str(file), height[part], floor[part], members["row"][of], findings)
                break


def _report(
    file: str,
    height: NDArray[Any],
    floor: NDArray[Any],
    rows: pd.Series[Any],
    findings: Findings,
) -> None:
    findings.add(
        "T29",
        Where(file=file),
        detail="{n} masts: heights {low} to {high} m over ground at {floor} to {top} m; "
        "records {rows}",
        n=height.size,
        low=f"{height.min():g}",
        high=f"{height.max():g}",
        floor=f"{floor.min():.0f}",
        top=f"{floor.max():.0f}",
        rows=ranges(np.unique(rows).tolist()),
    )


def _above_sea(height: NDArray[Any], floor: NDArray[Any]) -> bool:
    over = height - floor
    if np.mean((over > 0) & (over < _TALLEST_M)) < _ALIKE:
        return False
    if (height > _HIGH_M).all():
        return True
    if height.std() < _SPREAD_M or floor.std() == 0:
        return False
    follows = float(np.corrcoef(height, floor)[0, 1]) > _ALIKE
    return follows and float(over.std()) < float(height.std()) / 2
