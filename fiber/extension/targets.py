"""What becomes of each commune centre under an extension: served, in which stage, or why not."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from phusong.checks import Findings
from phusong.fiber.extension.ordering import Stage
from phusong.fiber.findings import in_files
from phusong.fiber.network.polylines import Bools, Floats, Ints
from phusong.fiber.results import FiberResult
from phusong.i18n import tr
from phusong.study import Study

WANTED = ("no_cable", "not_connected", "no_pop")
"""Reasons that new cable can mend."""
DETAILS = {
    "reached": "has fibre already",
    "built": "reached in stage {stage}",
    "over_budget": "does not fit in the budget",
    "no_route": "no road, cable or passable ground within {max_km:.0f} km joins it to connected"
    " fibre; the nearest candidate is {gap_km:.1f} km away",
    "no_route_at_all": "there is no candidate route at all",
    "optics": "has a route, but not the optical budget for it: it needs a point of presence"
    " nearer by, not cable",
    "no_centre": "no centre is known",
}


def target_frame(
    fiber: FiberResult,
    roads: NDArray[np.object_],
    wanted: Ints,
    can: Bools,
    served: Bools,
    order: list[Stage],
    max_km: float,
) -> gpd.GeoDataFrame:
    """Say what becomes of each commune centre.

    Parameters
    ----------
    fiber, roads
        The network as it stands, and the lines of all roads.
    wanted
        (k,) rows of ``fiber.reach`` that new cable can mend.
    can, served
        (k,) whether a candidate route reaches them, and whether the plan does.
    order
        The stages; their targets are among the k.
    max_km
        How far off the road was searched.
    """
    reach = fiber.reach
    status = np.full(len(reach), "optics", dtype=object)
    status[reach["reached"].to_numpy(dtype=bool)] = "reached"
    status[(reach["reason"] == "no_centre").to_numpy()] = "no_centre"
    status[wanted] = np.where(served, "built", np.where(can, "over_budget", "no_route"))
    stage = np.zeros(len(reach), dtype=np.int64)
    for number, step in enumerate(order, start=1):
        stage[wanted[step.target]] = number
    gap = np.full(len(reach), np.nan)
    gap[wanted[~can]] = _gap_km(roads, reach.geometry.to_numpy()[wanted[~can]])
    table = pd.DataFrame(
        {
            "commune_code": reach["commune_code"],
            "name": reach["name"],
            "status": status,
            "stage": stage,
            "people": reach["people"],
            "gap_km": gap,
        }
    )
    table["detail"] = [
        tr(
            DETAILS["no_route_at_all" if s == "no_route" and np.isnan(g) else s],
            stage=int(n),
            gap_km=g,
            max_km=max_km,
        )
        for s, g, n in zip(status, gap.tolist(), stage.tolist(), strict=True)
    ]
    return gpd.GeoDataFrame(table, geometry=reach.geometry.to_numpy(), crs=reach.crs)


def _gap_km(roads: NDArray[np.object_], points: NDArray[np.object_]) -> Floats:
    """Return the distance of points from the nearest road."""
    out = np.full(len(points), np.nan)
    if len(roads) and len(points):
        (who, _), gap = shapely.STRtree(roads).query_nearest(
            points, return_distance=True, all_matches=False
        )
        out[who] = gap / 1000.0
    return out


def report_targets(
    findings: Findings,
    study: Study,
    fiber: FiberResult,
    targets: gpd.GeoDataFrame,
) -> None:
    """Name the centres that stay without fibre: no route, or no optical budget for it."""
    roads = in_files(study, study.roads, "roads")
    pops = in_files(study, study.fiber.pops if study.fiber else (), "fiber.pops")
    for row, why, params in zip(
        targets.to_dict("records"),
        fiber.reach["reason"],
        fiber.reach["reason_params"],
        strict=True,
    ):
        if row["status"] == "no_route":
            at, detail = roads, REPORTS["lost" if np.isnan(row["gap_km"]) else "no_route"]
        elif row["status"] == "optics":
            at, detail = pops, REPORTS[why]
        else:
            continue
        findings.add(
            "R11" if at is roads else "R12",
            at,
            str(row["commune_code"]),
            detail,
            row["geometry"].x,
            row["geometry"].y,
            name=row["name"],
            gap_km=row["gap_km"],
            max_km=study.extension.offroad_max_km,
            **params,
        )


REPORTS = {
    "no_route": "{name} stays without fibre: no road, cable or passable ground within"
    " {max_km:.0f} km joins it to connected fibre; the nearest road is {gap_km:.1f} km away",
    "lost": "{name} stays without fibre: there is no candidate route at all",
    "too_far": "{name} has a route of {route_km:.1f} km, {over_km:.1f} km longer than"
    " {optical_class} allows: it needs a point of presence nearer by, not cable",
    "budget": "{name} has a route whose loss of {loss_db:.1f} dB exceeds the budget of"
    " {optical_class} by {over_db:.1f} dB: it needs a point of presence nearer by, not cable",
}
