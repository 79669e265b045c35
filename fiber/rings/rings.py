"""Second routes at least cost: cables that leave no chosen commune behind a single cut."""

from __future__ import annotations

from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from phusong.checks import Findings
from phusong.errors import InputError, Where
from phusong.fiber.built import before_and_after, road_network
from phusong.fiber.extension.candidates import Candidates, build_candidates
from phusong.fiber.extension.ordering import Stage
from phusong.fiber.extension.quantities import bill_of_quantities, line_frame
from phusong.fiber.failures.redundancy import lit_search
from phusong.fiber.findings import in_files
from phusong.fiber.network.csr import Graph
from phusong.fiber.network.network import Network, points_at
from phusong.fiber.network.paths import second_way
from phusong.fiber.network.polylines import Bools, Ints
from phusong.fiber.results import FiberResult
from phusong.fiber.rings.augmentation import (
    Augmentation,
    alone_usd,
    augment,
    first_ways,
    lower_bound,
)
from phusong.fiber.rings.contraction import contract
from phusong.fiber.rings.cutplan import tighten
from phusong.fiber.rings.overland import Standing, with_overland_links
from phusong.progress import NoProgress, Progress
from phusong.sources.inputs import Inputs
from phusong.study import FiberSources, Study

STEP = "rings"
PIECE_M = 100.0
"""Bridges are cut into pieces no longer than this, at whose ends new cable may join."""


@dataclass(frozen=True)
class RingPlan:
    """Cables that give communes a second route.

    Attributes
    ----------
    targets
        One row a chosen centre: ``commune_code``, ``name``, ``status`` (``closed`` |
        ``had_two`` | ``no_route``), ``people``, ``alone_usd`` (cost of a second route for it
        alone), geometry.
    lines, bill
        As in :class:`phusong.fiber.extension.extension.ExtensionPlan`, all in stage 1.
    usd
        Cost of the plan.
    lower_bound_usd
        No set of these candidates that closes the same rings costs less.
    indicators
        As in :class:`phusong.fiber.extension.extension.ExtensionPlan`, before and after the second
        routes.
    """

    targets: gpd.GeoDataFrame
    lines: gpd.GeoDataFrame
    bill: pd.DataFrame
    usd: float
    lower_bound_usd: float
    indicators: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def gap(self) -> float:
        """Share of the cost that is not proven to be needed."""
        return (self.usd - self.lower_bound_usd) / self.usd if self.usd > 0 else 0.0


def plan_rings(
    inputs: Inputs,
    study: Study,
    fiber: FiberResult,
    findings: Findings,
    communes: list[str] | None = None,
    time_limit_s: float | None = None,
    progress: Progress | None = None,
) -> RingPlan:
    """Find cheap cables that give communes a second, edge-disjoint route to a PoP.

    To close rings after an extension, assess the fibre of
    :func:`phusong.fiber.built.with_new_lines` first and pass that.

    Parameters
    ----------
    inputs, study, fiber
        What was read, prices, and the network as it stands.
    findings
        Receives communes for which there is no second route.
    communes
        Codes of the communes to secure; all that hang on a single route by default.
    time_limit_s
        Overrides the study's.

    Raises
    ------
    InputError
        When a commune is not reached: it needs a first route before a second.
    """
    told = progress or NoProgress()
    told.start(STEP, 3, "Second routes")
    rows = _chosen(fiber, communes)
    problem, candidates, edge = _problem(inputs, study, fiber, fiber.hanging.node[rows])
    told.advance(STEP)
    seconds = study.extension.time_limit_s if time_limit_s is None else time_limit_s
    small = contract(problem)
    plan, alone = augment(small.problem, seconds / 4)
    told.advance(STEP)
    had = problem.secure(np.zeros(0, np.int64))
    bound = lower_bound(small.problem, alone, seconds / 8)
    plan, bound = tighten(small.problem, alone, plan, bound, seconds * 5 / 8)
    bought = small.expand(plan)
    built = np.unique(edge[bought - problem.standing])
    lines = line_frame(
        candidates, [Stage(0, built, float(candidates.usd[built].sum()))], study.extension
    )
    status = np.where(had, "had_two", np.where(np.isfinite(alone), "closed", "no_route"))
    reach = fiber.reach.iloc[rows]
    targets = gpd.GeoDataFrame(
        {
            "commune_code": reach["commune_code"].to_numpy(dtype=object),
            "name": reach["name"].to_numpy(dtype=object),
            "status": status.astype(object),
            "people": reach["people"].to_numpy(dtype=np.float64),
            "alone_usd": np.where(np.isfinite(alone), alone, np.nan),
        },
        geometry=reach.geometry.to_numpy(),
        crs=fiber.reach.crs,
    )
    _report(findings, study, targets)
    told.advance(STEP)
    usd = float(problem.usd[bought].sum())
    figures = before_and_after(inputs, study, fiber, lines)
    return RingPlan(targets, lines, bill_of_quantities(lines), usd, min(bound, usd), figures)


NO_SECOND = (
    "{name} hangs on one route: no road, and no way of {max_km:.0f} km or less over open ground"
    " (extension.offroad_max_km), gives it a second that keeps clear of the first"
)
NO_SECOND_BY_ROAD = (
    "{name} hangs on one route: no road gives it a second that keeps clear of the first, and ways"
    " over open ground are switched off (extension.offroad_max_km)"
)


def _report(findings: Findings, study: Study, targets: gpd.GeoDataFrame) -> None:
    """Name the communes that no candidate gives a second route."""
    where = in_files(study, study.roads, "roads")
    max_km = study.extension.offroad_max_km
    for row in targets[targets["status"] == "no_route"].to_dict("records"):
        findings.add(
            "R14",
            where,
            str(row["commune_code"]),
            NO_SECOND if max_km > 0 else NO_SECOND_BY_ROAD,
            row["geometry"].x,
            row["geometry"].y,
            name=row["name"],
            max_km=max_km,
        )


def _chosen(fiber: FiberResult, communes: list[str] | None) -> Ints:
    reach = fiber.reach
    if communes is None:
        return np.flatnonzero(reach["single_route"].to_numpy(dtype=bool))
    asked = reach["commune_code"].isin(communes).to_numpy()
    reached = reach["reached"].to_numpy(dtype=bool)
    missing = sorted(set(communes) - set(reach.loc[asked & reached, "commune_code"]))
    if missing:
        raise InputError(
            "commune {code} is not reached: it needs a first route before a second",
            Where(key="communes"),
            "plan an extension first",
            {"code": missing[0]},
        )
    return np.flatnonzero(asked & reached)


def second_ways(
    inputs: Inputs, study: Study, fiber: FiberResult, nodes: Ints
) -> list[gpd.GeoDataFrame | None]:
    """Return the cheapest second way of each node of the network by itself.

    Candidates and prices are those of :func:`plan_rings`.

    Parameters
    ----------
    nodes
        (k,) lit nodes of ``fiber.network``.

    Returns
    -------
    list of GeoDataFrame or None
        Lines to build, as in :attr:`RingPlan.lines`; without rows for a node that has two ways,
        None where there is no second.
    """
    problem, candidates, edge = _problem(inputs, study, fiber, nodes)
    small = contract(problem)
    graph = Graph(small.problem.vertices, small.problem.tail, small.problem.head)
    secure = small.problem.secure(np.zeros(0, np.int64))
    out: list[gpd.GeoDataFrame | None] = []
    for goal, first, has in zip(
        small.problem.need.tolist(), first_ways(small.problem), secure.tolist(), strict=True
    ):
        fresh = np.zeros(0, dtype=np.int64)
        if not has:
            way = second_way(graph, small.problem.usd, first, goal, small.problem.root)
            if not np.isfinite(way.cost):
                out.append(None)
                continue
            fresh = way.edges[way.edges >= small.problem.standing]
        built = np.unique(edge[small.expand(fresh) - problem.standing])
        stage = Stage(0, built, float(candidates.usd[built].sum()))
        out.append(line_frame(candidates, [stage], study.extension))
    return out


def _problem(
    inputs: Inputs, study: Study, fiber: FiberResult, nodes: Ints
) -> tuple[Augmentation, Candidates, Ints]:
    """Contract what is two-edge-connected, and put new ways beside the bridges that remain.

    New cable joins a bridge at its nodes only, and does not run along the road a bridge runs
    on: one landslide would take both. Off-road ways join what roads leave apart.
    """
    settings = study.fiber or FiberSources()
    network = _short_bridges(fiber)
    count = network.graph.nodes
    low, edge_of = lit_search(network)
    part = low.blocks_of_two()[:count]  # light comes first, so its part is 0
    below = np.flatnonzero(low.below_bridge)
    bridge = edge_of[low.parent_edge[below]]
    ends = part[below], part[low.parent[below]]
    is_bridge = np.zeros(len(network.graph), dtype=bool)
    is_bridge[bridge] = True
    tail = network.graph.tail
    whole = np.flatnonzero(network.cable & ~is_bridge & (part[tail] >= 0))
    lit = np.flatnonzero(part >= 0)
    roads = road_network(inputs, study)
    parts = int(part.max(initial=0)) + 1
    candidates = build_candidates(
        roads,
        np.concatenate([network.geometry[whole], points_at(network, lit)]),
        np.concatenate([part[tail[whole]], part[lit]]),
        np.empty(0, dtype=object),
        study.extension,
        None,
        settings.drop_m,
        parts=parts,
        tie_parts=False,
    )
    fresh = np.flatnonzero(
        (candidates.tail != candidates.head)
        & ~_beside(candidates, network.geometry[bridge], study.extension.access_m)
    )
    vertex = candidates.part_vertex
    problem = Augmentation(
        vertices=candidates.vertices,
        root=candidates.root,
        tail=np.concatenate([vertex[ends[0]], candidates.tail[fresh]]),
        head=np.concatenate([vertex[ends[1]], candidates.head[fresh]]),
        usd=np.concatenate([np.zeros(len(bridge)), candidates.usd[fresh]]),
        standing=len(bridge),
        need=vertex[part[nodes]],
    )
    if study.extension.offroad_max_km <= 0 or not len(nodes):
        return problem, candidates, fresh
    standing = Standing(
        pieces=network.geometry[whole],
        piece_vertex=vertex[part[tail[whole]]],
        points=points_at(network, lit),
        point_vertex=vertex[part[lit]],
        bridges=network.geometry[bridge],
        length_m=network.length_m[bridge],
    )
    count = len(candidates.usd)
    problem, candidates = with_overland_links(
        problem, candidates, standing, alone_usd(problem), study.extension, inputs.terrain
    )
    return problem, candidates, np.concatenate([fresh, np.arange(count, len(candidates.usd))])


def _short_bridges(fiber: FiberResult) -> Network:
    """Cut bridges into short pieces, so that new cable can join on the way."""
    network = fiber.network
    planar = network.to_m - network.from_m
    long = np.flatnonzero(fiber.redundancy.bridge & (network.line >= 0) & (planar > PIECE_M))
    parts = np.ceil(planar[long] / PIECE_M).astype(np.int64)
    edge = np.repeat(long, parts - 1)
    nth = np.arange(len(edge)) - np.searchsorted(edge, edge) + 1
    return network.split(edge, nth * planar[edge] / np.repeat(parts, parts - 1))[0]


def _beside(candidates: Candidates, bridges: NDArray[np.object_], near_m: float) -> Bools:
    """Whether a candidate road runs beside bridges all along."""
    out = np.zeros(len(candidates.usd), dtype=bool)
    roads = candidates.roads.geometry
    if not len(bridges) or not len(roads):
        return out
    tree = shapely.STRtree(bridges)
    close = np.ones(len(roads), dtype=bool)
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        at = np.flatnonzero(close)
        places = shapely.line_interpolate_point(roads[at], share, normalized=True)
        who, _ = tree.query_nearest(places, max_distance=near_m, all_matches=False)
        close[:] = False
        close[at[who]] = True
    out[: len(roads)] = close
    return out
