"""Which places the lit network reaches, over which route and class, and else what stops it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from phusong.fiber.lines import Bools, Floats, Ints
from phusong.fiber.network import POP_LINK, Network, points_at
from phusong.fiber.optics import ClassVerdict, judge, worst_loss_per_km
from phusong.fiber.routing import RouteTree, route_tree
from phusong.i18n import tr
from phusong.study import FiberSources, OpticalClass, Optics

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


@dataclass(frozen=True)
class Reach:
    """Reach of many points; all arrays (k,) in their order.

    Attributes
    ----------
    table
        ``reached``, ``reason``, ``reason_params``, ``pop`` (row of the PoP, -1), ``route_km``
        (without the drop), ``drop_m``, ``loss_db``, ``splices``, ``optical_class``,
        ``working_classes``, ``attenuator_db``, ``margin_db``, ``nearest_cable_m``,
        ``nearest_connected_m``, ``nearest_pop_km``, ``gap_m``, ``gap_x_m``, ``gap_y_m``.
    edge, along_m
        Edge each point's drop leaves from (-1: none) and the planar distance from its tail.
    arc, side
        Last whole arc of the route, and the end (0 tail, 1 head) at which the edge is entered.
    trees
        Route tree of each point (index into ``searches``).
    searches
        The route trees searched, one a loss per kilometre.
    """

    table: pd.DataFrame
    edge: Ints
    along_m: Floats
    arc: Ints
    side: Ints
    trees: Ints
    searches: list[RouteTree]

    def route_edges(self, point: int) -> Ints:
        """Return the whole edges of a point's route, from the PoP on."""
        if self.edge[point] < 0 or self.arc[point] < 0:
            return np.zeros(0, np.int64)
        tree = self.searches[self.trees[point]]
        return np.asarray(tree.graph.arc_edge[tree.way(int(self.arc[point]))])


@dataclass(frozen=True)
class _Attachments:
    """Places from which a drop could be built: (c,) in order of point."""

    point: Ints
    edge: Ints
    along_m: Floats
    share: Floats
    drop_m: Floats


@dataclass(frozen=True)
class _Candidate:
    """The cheapest way to every point at one loss per kilometre; (k,) each."""

    found: Bools
    edge: Ints
    along_m: Floats
    drop_m: Floats
    arc: Ints
    side: Ints
    route_m: Floats
    joints: Ints
    pop: Ints


def assess_reach(network: Network, points: NDArray[np.object_], fiber: FiberSources) -> Reach:
    """Find how the lit network reaches points.

    Every connected in-service edge within the drop distance is a place to leave from, at its
    nearest point, as is a lit PoP itself; the one with the least loss at the class's worst
    wavelength is taken, so that adding a cable never worsens reach. The first class of the
    study's list that works is the point's; a point with a route that no class can run over
    for want of loss (overload) is reached, without a class, and says which attenuator the
    first class that then fits needs.

    Parameters
    ----------
    network
        Cables and PoPs.
    points
        (k,) shapely points in the network's CRS; None or empty where no place is known.
    fiber
        Drop distance and optics of the study.
    """
    lit_pops = network.lit_pops()
    connected = (
        network.cable & network.graph.reached_from(lit_pops, network.in_service)[network.graph.tail]
    )
    known = ~(shapely.is_missing(points) | shapely.is_empty(points))
    spots = np.flatnonzero(known)
    choices = _attachments(network, points, spots, connected, lit_pops, fiber.drop_m)
    searches, best = _search(network, choices, lit_pops, fiber.optics, len(points))
    table, pick = _verdicts(best, fiber.optics)
    _distances(table, network, points, spots, connected, lit_pops)
    _reasons(table, network, points, known, connected, lit_pops, fiber)
    rows = np.arange(len(points))
    return Reach(
        table=table,
        edge=_take("edge", best, pick, rows),
        along_m=_take("along_m", best, pick, rows),
        arc=_take("arc", best, pick, rows),
        side=_take("side", best, pick, rows),
        trees=pick,
        searches=searches,
    )


def _take(name: str, best: list[_Candidate], pick: Ints, rows: Ints) -> Any:
    return np.stack([getattr(c, name) for c in best])[pick, rows]


def _attachments(
    network: Network,
    points: NDArray[np.object_],
    spots: Ints,
    connected: Bools,
    lit_pops: Ints,
    drop_m: float,
) -> _Attachments:
    edges = np.flatnonzero(connected)
    geometry = network.geometry[edges]
    which, at = shapely.STRtree(geometry).query(points[spots], "dwithin", drop_m)
    point, edge = spots[which], edges[at]
    along = shapely.line_locate_point(geometry[at], points[point])
    gap = shapely.distance(geometry[at], points[point])
    planar = shapely.length(geometry[at])
    link = network.line == POP_LINK
    tails = np.flatnonzero(link & np.isin(network.graph.tail, lit_pops))
    owner, first = np.unique(network.graph.tail[tails], return_index=True)
    places = points_at(network, owner)
    near, pop = shapely.STRtree(places).query(points[spots], "dwithin", drop_m)
    zero = np.zeros(len(near))
    point = np.concatenate([point, spots[near]])
    edge = np.concatenate([edge, tails[first[pop]]])
    drop = np.concatenate([gap, shapely.distance(places[pop], points[spots[near]])])
    along = np.concatenate([along, zero])
    share = np.concatenate(
        [np.divide(along[: len(planar)], planar, out=np.zeros(len(planar)), where=planar > 0), zero]
    )
    order = np.lexsort((edge, drop, point))
    return _Attachments(
        point[order], edge[order], along[order], np.clip(share[order], 0.0, 1.0), drop[order]
    )


def _search(
    network: Network, choices: _Attachments, lit_pops: Ints, optics: Optics, count: int
) -> tuple[list[RouteTree], list[_Candidate]]:
    """Search once a loss per kilometre, and once for the shortest routes (the last)."""
    searches, best = [], []
    for per_km in [*_rates(optics), None]:
        splice = optics.splice_db if per_km is not None else 1e-9
        rate = per_km if per_km is not None else 1.0
        cost = np.where(network.in_service, network.length_m / 1000.0 * rate, np.inf)
        tree = route_tree(network.graph, network.line, cost, lit_pops, splice)
        searches.append(tree)
        best.append(_cheapest(network, tree, choices, rate, count))
    return searches, best


def _rates(optics: Optics) -> list[float]:
    return sorted({worst_loss_per_km(optics, kind) for kind in optics.classes})


def _cheapest(
    network: Network, tree: RouteTree, choices: _Attachments, per_km: float, count: int
) -> _Candidate:
    cost, arc, side = tree.arrive(choices.edge, choices.share)
    total = cost + choices.drop_m / 1000.0 * per_km
    order = np.lexsort((choices.edge, choices.drop_m, total, choices.point))
    order = order[np.isfinite(total[order])]
    point, first = np.unique(choices.point[order], return_index=True)
    chosen = order[first]
    edge, arc, side = choices.edge[chosen], arc[chosen], side[chosen]
    whole, joints = tree.measure(arc, edge, network.length_m)
    part = np.where(side == 0, choices.share[chosen], 1.0 - choices.share[chosen])
    g = network.graph
    start = np.where(side == 0, g.tail[edge], g.head[edge])
    for i in np.flatnonzero(arc >= 0):
        first_arc = tree.way(int(arc[i]))[0]
        start[i] = g.arc_head[g.arc_back[first_arc]]

    def spread(values: Any, fill: float, kind: Any) -> Any:
        out = np.full(count, fill, dtype=kind)
        out[point] = values
        return out

    return _Candidate(
        found=spread(True, False, bool),
        edge=spread(edge, -1, np.int64),
        along_m=spread(choices.along_m[chosen], np.nan, np.float64),
        drop_m=spread(choices.drop_m[chosen], np.nan, np.float64),
        arc=spread(arc, -2, np.int64),
        side=spread(side, 0, np.int64),
        route_m=spread(whole + part * network.length_m[edge], np.nan, np.float64),
        joints=spread(joints, 0, np.int64),
        pop=spread(network.pop[start], -1, np.int64),
    )


def _judge(optics: Optics, kind: OpticalClass, way: _Candidate) -> ClassVerdict:
    """Judge a class over the cheapest ways; the drop is cable, and is spliced to the route."""
    return judge(
        optics, kind, (way.route_m + way.drop_m) / 1000.0, (way.joints + 1).astype(np.float64)
    )


def _verdicts(best: list[_Candidate], optics: Optics) -> tuple[pd.DataFrame, Ints]:
    """Choose each point's class and with it its route; (table, index into ``best``)."""
    count = len(best[0].found)
    rates = _rates(optics)
    score = np.full(count, np.inf)  # the smaller the better: works, fits padded, nearly fits
    pick = np.zeros(count, dtype=np.int64)
    fields: dict[str, Any] = {
        "loss_db": np.full(count, np.nan),
        "margin_db": np.full(count, np.nan),
        "attenuator_db": np.full(count, np.nan),
        "over_db": np.full(count, np.nan),
        "over_km": np.full(count, np.nan),
    }
    kind_no = np.full(count, -1, dtype=np.int64)
    works = np.zeros((len(optics.classes), count), dtype=bool)
    for k, kind in enumerate(optics.classes):
        for way_no in (rates.index(worst_loss_per_km(optics, kind)), len(best) - 1):
            verdict = _judge(optics, kind, best[way_no])
            works[k] |= verdict.works
            over_db, over_km = np.maximum(verdict.over_db, 0), np.maximum(verdict.over_km, 0)
            grade = np.where(verdict.works, k, np.where(verdict.fits, 1e3 + k, np.inf))
            grade = np.where(verdict.fits, grade, 1e6 + over_db * 1e4 + over_km)
            better = best[way_no].found & (grade < score)
            score[better], pick[better], kind_no[better] = grade[better], way_no, k
            for name, values in (
                ("loss_db", verdict.worst_db), ("margin_db", verdict.headroom_db),
                ("attenuator_db", verdict.attenuator_db),
                ("over_db", over_db), ("over_km", over_km),
            ):  # fmt: skip
                fields[name][better] = values[better]
    rows = np.arange(count)
    route_km = _take("route_m", best, pick, rows) / 1000.0
    drop_m = _take("drop_m", best, pick, rows)
    joints = _take("joints", best, pick, rows)
    names = np.array([kind.name for kind in optics.classes] + [None], dtype=object)
    drums = (route_km + drop_m / 1000.0) / optics.splice_every_km
    table = pd.DataFrame(
        {
            "reached": score < 1e6,
            "reason": "",
            "reason_params": [{} for _ in rows],
            "pop": _take("pop", best, pick, rows),
            "route_km": route_km,
            "drop_m": drop_m,
            "loss_db": fields["loss_db"],
            "splices": joints + 1.0 + drums,
            "optical_class": names[np.where(score < 1e3, kind_no, len(names) - 1)],
            "judged_class": names[kind_no],
            "working_classes": [
                " | ".join(names[:-1][works[:, i]]) if works[:, i].any() else "" for i in rows
            ],
            "attenuator_db": fields["attenuator_db"],
            "margin_db": fields["margin_db"],
            "over_db": fields["over_db"],
            "over_km": fields["over_km"],
        }
    )
    return table, pick


def _distances(
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


def _reasons(
    table: pd.DataFrame,
    network: Network,
    points: NDArray[np.object_],
    known: Bools,
    connected: Bools,
    lit_pops: Ints,
    fiber: FiberSources,
) -> None:
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


def route_lines(network: Network, reach: Reach) -> NDArray[np.object_]:
    """Return (k,) the route of each point from its PoP to where its drop leaves, else None."""
    out = np.full(len(reach.edge), None, dtype=object)
    for i in np.flatnonzero(reach.edge >= 0):
        edge = int(reach.edge[i])
        whole = reach.route_edges(int(i))
        parts = list(network.geometry[whole[network.length_m[whole] > 0]])
        start, end = network.from_m[edge], network.to_m[edge]
        at = start + reach.along_m[i]
        span = (start, at) if reach.side[i] == 0 else (at, end)
        if network.line[edge] >= 0 and span[1] - span[0] > 1e-3:
            cut = network.lines.cut(network.line[edge : edge + 1], *(np.array([s]) for s in span))
            parts.extend(cut)
        if parts:
            joined = shapely.line_merge(shapely.multilinestrings(parts))
            out[i] = joined
    return out
