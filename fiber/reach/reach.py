"""Which places the lit network reaches, over which route and class, and else what stops it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from phusong.fiber.network.network import POP_LINK, Network, points_at
from phusong.fiber.network.polylines import Bools, Floats, Ints
from phusong.fiber.reach.optics import ClassVerdict, judge, worst_loss_per_km
from phusong.fiber.reach.reasons import REASONS, add_distances, add_reasons, reason_text
from phusong.fiber.reach.routing import RouteTree, route_tree
from phusong.study import FiberSources, OpticalClass, Optics

__all__ = ["REASONS", "Reach", "assess_reach", "reason_text", "route_lines"]


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
    add_distances(table, network, points, spots, connected, lit_pops)
    add_reasons(table, network, points, known, connected, lit_pops, fiber)
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
                ("loss_db", verdict.worst_db),
                ("margin_db", verdict.headroom_db),
                ("attenuator_db", verdict.attenuator_db),
                ("over_db", over_db),
                ("over_km", over_km),
            ):
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
