"""The steps of a plan in words: what is built where, whom it serves, what it costs up to then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from phusong.planning.alternatives import MAST, REPEATER, SATELLITE
from phusong.planning.building import Building, Job

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

COMMUNE: Final = "commune"
WORDS: Final = {
    MAST: "mast",
    COMMUNE: "cable to a commune centre",
    REPEATER: "repeater",
    SATELLITE: "satellite terminal",
}
"""What a step is called: English templates."""
COUNTED: Final = {
    "masts": ("new masts", "quantity"),
    "hops": ("microwave hops", "quantity"),
    "cable_km": ("fibre cable", "quantity"),
    "power_line_km": ("power lines", "quantity"),
}
"""Columns that sum one item of the works."""


def step_frame(
    building: Building,
    works: pd.DataFrame,
    names: list[str],
    whose: Mapping[str, str],
    villages: gpd.GeoDataFrame,
    communes: gpd.GeoDataFrame,
    areas: gpd.GeoDataFrame,
    points: NDArray[np.object_],
    counted: Floats,
    curve: pd.DataFrame,
) -> gpd.GeoDataFrame:
    """Return one row a step; columns as in :class:`.results.SitePlan`.

    Parameters
    ----------
    building, works
        The order, and what each step builds.
    names
        Site of each place.
    whose
        Whose masts are, by site.
    villages, communes
        Whom the plan serves, with the ``step`` after which it does.
    areas
        Communes of the province: ``code``, ``name``, geometry.
    points
        (sites,) where each site of the instance stands: places, then commune centres.
    counted
        (steps,) people served by each, as the plan weighs them.
    curve
        What each sum buys at most.
    """
    number = np.arange(1, len(building) + 1)
    alone = building.end == Job.ALONE
    mast = (building.ref < len(names)) & ~alone
    code = villages["code"].to_numpy(dtype=object)
    site = np.empty(len(building), dtype=object)
    site[~alone] = np.array([*names, *communes["commune_code"]], dtype=object)[building.ref[~alone]]
    site[alone] = code[building.ref[alone]]
    at = np.empty(len(building), dtype=object)
    at[~alone] = points[building.ref[~alone]]
    at[alone] = villages.geometry.representative_point().to_numpy()[building.ref[alone]]
    what = np.where(mast, MAST, COMMUNE).astype(object)
    what[alone] = villages["alternative"].to_numpy(dtype=object)[building.ref[alone]]
    owner = np.array([whose.get(str(s), "") if m else "" for s, m in zip(site, mast, strict=True)])
    owner = owner.astype(object)
    repeater = what == REPEATER
    owner[repeater] = villages["donor_operator"].to_numpy()[building.ref[repeater]]
    table = pd.DataFrame(
        {
            "step": number,
            "year": building.year,
            "what": what,
            "id": site,
            "where": _where(number, at, what, villages, communes, areas),
            "owner": owner,
        }
    )
    for column, (item, amount) in COUNTED.items():
        part = works[works["item"] == item].groupby("step")[amount].sum()
        table[column] = part.reindex(number, fill_value=0.0).to_numpy(dtype=np.float64)
    served = villages[villages["step"] > 0].groupby("step")["people"]
    reached = communes[communes["step"] > 0].groupby("step")["people"]
    for column, people in (("villages", served), ("communes", reached)):
        table[column] = people.size().reindex(number, fill_value=0).to_numpy(dtype=np.int64)
    for column, people in (("people", served), ("people_fibre", reached)):
        table[column] = people.sum().reindex(number, fill_value=0.0).to_numpy(dtype=np.float64)
    for column in ("capital", "yearly", "life"):
        sums = works.groupby("step")[column].sum()
        table[column] = sums.reindex(number, fill_value=0.0).to_numpy(dtype=np.float64)
    table["counted"] = counted
    for column in ("life", "villages", "people", "communes", "people_fibre", "counted"):
        table[f"{column}_total"] = table[column].cumsum()
    table["most_counted"] = most_for(table["life_total"].to_numpy(dtype=np.float64), curve)
    return gpd.GeoDataFrame(table, geometry=at, crs=villages.crs)


def most_for(spent: Floats, curve: pd.DataFrame) -> Floats:
    """Return more than which no plan serves for each sum: that of the next sum of the curve.

    NaN beyond the curve, and everywhere without one.
    """
    budget = curve["budget"].to_numpy(dtype=np.float64)
    most = np.append(curve["most_people"].to_numpy(dtype=np.float64), np.nan)
    at = np.searchsorted(budget * (1 + 1e-9), spent)
    return np.asarray(most[at], dtype=np.float64)


def counted_by_step(building: Building, people: Floats) -> Floats:
    """Return (steps,) people first served by each step, as the instance weighs them."""
    sums = np.bincount(building.serves, people, minlength=len(building) + 1)
    return np.asarray(sums[1:], dtype=np.float64)


def _where(
    number: Ints,
    at: NDArray[np.object_],
    what: NDArray[np.object_],
    villages: gpd.GeoDataFrame,
    communes: gpd.GeoDataFrame,
    areas: gpd.GeoDataFrame,
) -> list[str]:
    """Name the communes of those each step serves first; where it serves nobody, its own."""
    called = dict(zip(areas["code"].astype(str), areas["name"].astype(str), strict=True))
    served = villages[villages["step"] > 0]
    names: dict[int, list[str]] = {}
    for step, code in zip(
        served["step"], served["commune_code"].fillna("").astype(str), strict=True
    ):
        name = called.get(code, code)
        if name and name not in names.setdefault(int(step), []):
            names[int(step)].append(name)
    own = dict(zip(communes["step"], communes["commune_code"].astype(str), strict=True))
    out: list[str] = []
    tree = shapely.STRtree(areas.geometry.to_numpy())
    for step, point, kind in zip(number.tolist(), at, what.tolist(), strict=True):
        if kind == COMMUNE:
            out.append(str(called.get(own[step], own[step])))
        elif step in names:
            out.append(", ".join(names[step]))
        else:
            within = tree.query(point, predicate="intersects")
            out.append(str(areas["name"].iloc[int(within.min())]) if len(within) else "")
    return out


def owners_of_places(names: list[str], standing: Mapping[str, str], ours: str) -> dict[str, str]:
    """Return whose the mast at each place is or will be."""
    return {name: standing.get(name, ours) for name in names}
