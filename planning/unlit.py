"""Commune centres that new cable can reach, planned in one list with masts."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from phusong.fiber.extension.targets import WANTED
from phusong.fiber.results import FiberResult
from phusong.planning.arborescence import Plan, Reason

STATUS = {Reason.CAN_BE: "over_budget", Reason.NO_BACKHAUL: "no_route"}
"""What a centre that the plan does not reach is called."""


def wanted_communes(fiber: FiberResult) -> gpd.GeoDataFrame:
    """Return the centres without fibre that new cable can mend, as ``extend`` knows them.

    Returns
    -------
    geopandas.GeoDataFrame
        ``commune_code``, ``name``, ``people`` (NaN where not known), geometry.
    """
    rows = fiber.reach[fiber.reach["reason"].isin(WANTED)]
    columns = ["commune_code", "name", "people", "geometry"]
    return gpd.GeoDataFrame(rows[columns].reset_index(drop=True), crs=fiber.reach.crs)


def no_communes(crs: object) -> gpd.GeoDataFrame:
    """Return centres where only masts are planned."""
    empty: dict[str, list[object]] = {"commune_code": [], "name": [], "people": []}
    frame = gpd.GeoDataFrame(empty, geometry=[], crs=crs)
    return frame.astype({"commune_code": object, "name": object, "people": np.float64})


def commune_frame(
    communes: gpd.GeoDataFrame,
    plans: Sequence[Plan],
    first: int,
    serves: NDArray[np.int64],
    year: NDArray[np.int64],
) -> gpd.GeoDataFrame:
    """Say what becomes of each centre; columns as in :class:`.results.SitePlan`.

    Parameters
    ----------
    communes
        As :func:`wanted_communes` gives them.
    plans
        What stands at the end of each year.
    first
        The village of the instance that stands for the first of them.
    serves
        (communes,) step that reaches each; 0: none.
    year
        (steps,) of each step.
    """
    plan = plans[-1]
    served, reason = plan.served[first:], plan.reason[first:]
    return gpd.GeoDataFrame(
        {
            "commune_code": communes["commune_code"].to_numpy(dtype=object),
            "name": communes["name"].to_numpy(dtype=object),
            "status": np.array(
                [
                    "built" if built else STATUS[Reason(why)]
                    for built, why in zip(served.tolist(), reason.tolist(), strict=True)
                ],
                dtype=object,
            ),
            "step": serves,
            "year": np.where(serves > 0, year[serves - 1] if len(year) else 0, 0),
            "people": communes["people"].to_numpy(dtype=np.float64),
        },
        geometry=communes.geometry.to_numpy(),
        crs=communes.crs,
    )
