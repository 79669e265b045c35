"""Why a place is not reached: what stops the light, where, and what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from phusong.fiber.network.network import Network, points_at
from phusong.fiber.network.polylines import Bools, Floats, Ints
from phusong.i18n import tr
from phusong.study import FiberSources

REASONS: Mapping[str, str] = {
    "reached": "reached from {pop} over {route_km:.1f} km",
    "no_centre": "no centre is known",
    "no_pop": "cable at {nearest_m:.0f} m, but no point of presence is connected to any cable",
    "no_cable": "no cable in service within {drop_m:.0f} m; the nearest connected one ends"
    " {missing_m:.0f} m short",
    "no_cable_lit": "no cable in service within {drop_m:.0f} m; the nearest is {nearest_m:.0f} m"
    " away, and no point of presence lights it",
    "no_cable_at_all": "no cable is in service",
    "not_connected": "cable at {nearest_m:.0f} m, but it is not connected to any point of"
    " presence: gap of {gap_m:.0f} m",
    "too_far": "route of {route_km:.1f} km is {over_km:.1f} km longer than {optical_class} allows",
    "budget": "loss of {loss_db:.1f} dB exceeds the budget of {optical_class} by {over_db:.1f} dB",
}
"""What a reason says, by code; ``no_cable`` has words of its own where nothing is lit at all."""


def reason_text(code: str, params: Mapping[str, Any]) -> str:
    """Return a reason in words, in the current language."""
    key = code
    if code == "no_cable" and "missing_m" not in params:
        key = "no_cable_lit" if params else "no_cable_at_all"
    return tr(REASONS[key], **params)


def add_distances(
    table: pd.DataFrame,
    network: Network,
    points: NDArray[np.object_],
    spots: Ints,
    connected: Bools,
    lit_pops: Ints,
) -> None:
    """Report nearest cable, nearest connected cable and nearest lit PoP apart from the route."""
    for name, chosen in (("nearest_cable_m", network.cable), ("nearest_connected_m", connected)):
        values = np.full(len(points), np.nan)
        edges = np.flatnonzero(chosen)
        if len(edges) and len(spots):
            tree = shapely.STRtree(network.geometry[edges])
            (who, _), gap = tree.query_nearest(
                points[spots], return_distance=True, all_matches=False
            )
            values[spots[who]] = gap
        table[name] = values
    values = np.full(len(points), np.nan)
    if len(lit_pops) and len(spots):
        places = np.stack([network.x_m[lit_pops], network.y_m[lit_pops]], axis=1)
        values[spots] = cKDTree(places).query(shapely.get_coordinates(points[spots]))[0] / 1000.0
    table["nearest_pop_km"] = values


def add_reasons(
    table: pd.DataFrame,
    network: Network,
    points: NDArray[np.object_],
    known: Bools,
    connected: Bools,
    lit_pops: Ints,
    fiber: FiberSources,
) -> None:
    """Write ``reason``, its figures, and where the gap lies, if there is one."""
    has_route = table["route_km"].notna().to_numpy()
    near_cable = (table["nearest_cable_m"] <= fiber.drop_m).to_numpy()
    over_length = ((table["over_db"] <= 1e-9) & (table["over_km"] > 1e-9)).to_numpy()
    table["reason"] = np.select(
        [
            ~known,
            table["reached"].to_numpy(),
            has_route & over_length,
            has_route,
            near_cable & (len(lit_pops) == 0),
            near_cable,
        ],
        ["no_centre", "reached", "too_far", "budget", "no_pop", "not_connected"],
        default="no_cable",
    )
    gaps = _gaps(table["reason"].to_numpy(dtype=object), network, points, connected, fiber.drop_m)
    table["gap_m"], table["gap_x_m"], table["gap_y_m"] = gaps.T
    params = [_params(row, fiber) for row in table.to_dict("records")]
    table["reason_params"] = pd.Series(params, dtype=object)


def _params(row: Mapping[Any, Any], fiber: FiberSources) -> dict[str, Any]:  # noqa: PLR0911
    nearest, gap = float(row["nearest_cable_m"]), float(row["gap_m"])
    match row["reason"]:
        case "reached":
            return {"pop": int(row["pop"]), "route_km": float(row["route_km"])}
        case "too_far":
            return {
                "route_km": float(row["route_km"]),
                "over_km": float(row["over_km"]),
                "optical_class": row["judged_class"],
            }
        case "budget":
            return {
                "loss_db": float(row["loss_db"]),
                "over_db": float(row["over_db"]),
                "optical_class": row["judged_class"],
            }
        case "no_pop":
            return {"nearest_m": nearest}
        case "not_connected":
            return {"nearest_m": nearest, "gap_m": gap}
        case "no_cable" if np.isfinite(gap):
            return {"drop_m": fiber.drop_m, "missing_m": gap - fiber.drop_m}
        case "no_cable" if np.isfinite(nearest):
            return {"drop_m": fiber.drop_m, "nearest_m": nearest}
        case _:
            return {}


def _gaps(
    reason: NDArray[np.object_],
    network: Network,
    points: NDArray[np.object_],
    connected: Bools,
    drop_m: float,
) -> Floats:
    """Return (k, 3) the width and the middle of the gap that keeps each point dark."""
    out = np.full((len(points), 3), np.nan)
    goal = network.geometry[connected]
    if not len(goal):  # nothing is lit: the gap is between a PoP and the cables
        goal = points_at(network, network.pop_nodes)
    if not len(goal):
        return out
    tree = shapely.STRtree(goal)
    far = np.flatnonzero(reason == "no_cable")
    if len(far) and connected.any():
        _, at = tree.query_nearest(points[far], all_matches=False)
        _write_gap(out, far, points[far], goal[at])
    cut_off = np.flatnonzero((reason == "not_connected") | (reason == "no_pop"))
    if len(cut_off):
        _island_gaps(out, cut_off, network, points, connected, goal, tree, drop_m)
    return out


def _island_gaps(
    out: Floats,
    cut_off: Ints,
    network: Network,
    points: NDArray[np.object_],
    connected: Bools,
    goal: NDArray[np.object_],
    tree: shapely.STRtree,
    drop_m: float,
) -> None:
    """For points beside cable that no PoP lights: where that cable comes closest to light."""
    dark = np.flatnonzero(network.cable & ~connected)
    component = network.graph.components(network.in_service)[network.graph.tail[dark]]
    who, at = shapely.STRtree(network.geometry[dark]).query(points[cut_off], "dwithin", drop_m)
    asked = np.flatnonzero(np.isin(component, component[at]))
    (_, to), gap = tree.query_nearest(
        network.geometry[dark[asked]], return_distance=True, all_matches=False
    )
    order = np.lexsort((asked, gap, component[asked]))
    island, first = np.unique(component[asked][order], return_index=True)
    closest = order[first]
    ranked = np.lexsort((component[at], gap[closest][np.searchsorted(island, component[at])], who))
    point, first = np.unique(who[ranked], return_index=True)
    pick = closest[np.searchsorted(island, component[at[ranked[first]]])]
    _write_gap(out, cut_off[point], network.geometry[dark[asked[pick]]], goal[to[pick]])


def _write_gap(out: Floats, rows: Ints, a: NDArray[np.object_], b: NDArray[np.object_]) -> None:
    line = shapely.shortest_line(a, b)
    middle = shapely.get_coordinates(shapely.line_interpolate_point(line, 0.5, normalized=True))
    out[rows, 0] = shapely.length(line)
    out[rows, 1:] = middle
