"""The cheapest next kilometres: a network that reaches the unreached, with a proof of its cost."""

from __future__ import annotations

from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from phusong.checks import Findings
from phusong.errors import InputError, Where
from phusong.fiber.built import before_and_after, road_network
from phusong.fiber.extension.budget import choose_within_budget
from phusong.fiber.extension.candidates import Candidates, build_candidates, reachable
from phusong.fiber.extension.ordering import build_order
from phusong.fiber.extension.quantities import bill_of_quantities, line_frame, stage_frame
from phusong.fiber.extension.shortcuts import BEYOND
from phusong.fiber.extension.targets import WANTED, report_targets, target_frame
from phusong.fiber.extension.zone import REACHES, zone_of
from phusong.fiber.findings import in_files
from phusong.fiber.network.network import Network, points_at
from phusong.fiber.network.polylines import Bools, Floats, Ints
from phusong.fiber.results import FiberResult
from phusong.fiber.steiner import solve
from phusong.progress import NoProgress, Progress
from phusong.sources.inputs import Inputs
from phusong.study import FiberSources, Study

STEP = "extension"
BORDER_M = 200.0


@dataclass(frozen=True)
class ExtensionPlan:
    """What to build, in which order, and how good the plan is.

    Attributes
    ----------
    targets
        One row a commune centre: ``commune_code``, ``name``, ``status`` (``reached`` already |
        ``built`` | ``over_budget`` | ``no_route`` | ``optics``, which cable does not mend |
        ``no_centre``), ``stage`` (0: none), ``people``, ``gap_km`` (from the nearest road, where
        there is no route), ``detail`` (in words), geometry.
    lines
        What is built: ``stage``, ``kind`` (of the road; ``access``, ``offroad``), ``surface``,
        ``road_id``, ``length_m`` (along the ground), ``cable_m`` (to buy), ``usd``, geometry.
    stages
        In order of building: ``stage``, ``commune_code``, ``name``, ``usd``, ``km``,
        ``people``, ``people_per_1000_usd``, ``usd_total``, ``km_total``, ``people_total``.
    bill
        Bill of quantities: ``kind``, ``surface``, ``route_km``, ``cable_km``, ``usd_per_km``,
        ``usd``.
    indicators
        ``indicator``, ``unit``, ``before``, ``after``: measured anew on the network as built.
    usd
        Cost of the plan.
    lower_bound_usd
        No network of these candidates that serves the same targets costs less.
    people_bound
        No plan within the budget serves more people (more centres, where no people are known;
        a centre whose people are not known counts as the mean); NaN without a budget.
    status
        ``optimal`` | ``feasible``.
    candidates
        The graph the plan was chosen from.
    edges
        Candidate edges that are built.
    """

    targets: gpd.GeoDataFrame
    lines: gpd.GeoDataFrame
    stages: pd.DataFrame
    bill: pd.DataFrame
    indicators: pd.DataFrame
    usd: float
    lower_bound_usd: float
    people_bound: float
    status: str
    candidates: Candidates
    edges: Ints

    @property
    def gap(self) -> float:
        """Share of the cost that is not proven to be needed."""
        return (self.usd - self.lower_bound_usd) / self.usd if self.usd > 0 else 0.0


@dataclass(frozen=True)
class _Tree:
    edges: Ints
    served: Bools
    usd: float
    bound: float
    people_bound: float
    status: str


def plan_extension(
    inputs: Inputs,
    study: Study,
    fiber: FiberResult,
    findings: Findings,
    budget_usd: float | None = None,
    time_limit_s: float | None = None,
    progress: Progress | None = None,
) -> ExtensionPlan:
    """Find the cheapest network that reaches every unreached commune centre.

    All connected fibre is one root; the tree may run along roads, pole lines and ducts, use
    cable that lies dark, and leave the road where the terrain allows. The order of building
    serves most people per dollar first. The same study gives the same plan as long as the
    search ends before its time limit.

    Of many roads those that may be needed are searched (see :mod:`.zone`): the bound is one of all
    roads nevertheless, and a plan that would lead beyond them is looked for anew among more.

    Parameters
    ----------
    inputs, study, fiber
        What was read, the prices, and the network as it stands.
    findings
        Receives targets that no candidate route reaches, and what is odd about the roads.
    budget_usd, time_limit_s
        Override the study's.

    Raises
    ------
    InputError
        When there is neither connected fibre nor a PoP to start from, or a cost is wrong.
    """
    told = progress or NoProgress()
    told.start(STEP, 4, "Cheapest extension")
    prices = study.extension
    wanted = np.flatnonzero(fiber.reach["reason"].isin(WANTED).to_numpy())
    weight = _weights(fiber.reach["people"].to_numpy(dtype=np.float64)[wanted])
    budget = prices.budget_usd if budget_usd is None else budget_usd
    seconds = prices.time_limit_s if time_limit_s is None else time_limit_s
    for reach in REACHES:
        candidates = _candidates(inputs, study, fiber, wanted, findings, reach)
        if reach == REACHES[0]:
            told.advance(STEP)
        can = reachable(candidates)
        tree = _tree(candidates, can, weight, budget, seconds)
        if not (candidates.kind[tree.edges] == BEYOND).any():
            break
    told.advance(STEP)
    served = np.flatnonzero(tree.served)
    order = build_order(
        candidates.tail,
        candidates.head,
        candidates.usd,
        tree.edges,
        candidates.root,
        candidates.target_vertex[served],
        weight[served],
    )
    order = [replace(stage, target=int(served[stage.target])) for stage in order]
    lines = line_frame(candidates, order, prices)
    targets = target_frame(
        fiber,
        inputs.roads.geometry.to_numpy(),
        wanted,
        can,
        tree.served,
        order,
        prices.offroad_max_km,
    )
    told.advance(STEP)
    plan = ExtensionPlan(
        targets=targets,
        lines=lines,
        stages=stage_frame(fiber, wanted, order, lines),
        bill=bill_of_quantities(lines),
        indicators=before_and_after(inputs, study, fiber, lines),
        usd=tree.usd,
        lower_bound_usd=tree.bound,
        people_bound=tree.people_bound,
        status=tree.status,
        candidates=candidates,
        edges=tree.edges,
    )
    report_targets(findings, study, fiber, targets)
    told.advance(STEP)
    return plan


def _candidates(
    inputs: Inputs,
    study: Study,
    fiber: FiberResult,
    wanted: Ints,
    findings: Findings,
    reach: float,
) -> Candidates:
    """Build the candidate graph of the roads that may be needed.

    ``wanted`` are the rows of ``fiber.reach`` that are targets; what is odd about the roads is
    reported once, at the first ``reach``.
    """
    settings = study.fiber or FiberSources()
    fibre, part = standing_fibre(fiber.network)
    if not (part == 0).any():
        raise no_start()
    points = fiber.reach.geometry.to_numpy()[wanted]

    roads = road_network(inputs, study)
    if reach == REACHES[0]:
        _report_roads(findings, study, inputs, roads)
    zone = zone_of(roads, fibre, part, points, study.extension, reach=reach)
    del roads  # all of them: not held while a graph is made of some
    return build_candidates(
        zone.roads,
        fibre,
        part,
        points,
        study.extension,
        inputs.terrain,
        settings.drop_m,
        beyond=zone.beyond,
    )


def no_start() -> InputError:
    """Return the error of a study in which no cable is lit."""
    return InputError(
        "there is neither connected fibre nor a point of presence to extend from",
        Where(key="fiber.pops"),
        "name at least one point of presence",
    )


def standing_fibre(network: Network) -> tuple[NDArray[np.object_], Ints]:
    """Return in-service cable pieces and PoPs, and the part each is of (0: lit, or a PoP)."""
    cable = np.flatnonzero(network.cable)
    part = network.graph.components(network.in_service)
    lit = np.unique(part[network.lit_pops()])
    own = part[network.graph.tail[cable]]
    names, number = np.unique(own[~np.isin(own, lit)], return_inverse=True)
    out = np.zeros(len(cable), dtype=np.int64)
    out[~np.isin(own, lit)] = number + 1 if len(names) else 0
    pops = network.pop_nodes
    places = np.asarray(shapely.points(network.x_m[pops], network.y_m[pops]), dtype=object)
    return (
        np.concatenate([network.geometry[cable], places]),
        np.concatenate([out, np.zeros(len(pops), dtype=np.int64)]),
    )


def _weights(people: Floats) -> Floats:
    """People of each target; the mean where unknown, one each where nothing is known."""
    known = people[np.isfinite(people) & (people > 0)]
    return np.where(np.isfinite(people) & (people > 0), people, known.mean() if len(known) else 1.0)


def _tree(
    candidates: Candidates, can: Bools, weight: Floats, budget: float | None, seconds: float
) -> _Tree:
    c = candidates
    goal = c.target_vertex[can]
    served = can.copy()
    if not len(goal):
        none = np.zeros(0, dtype=np.int64)
        return _Tree(none, served, 0.0, 0.0, np.nan, "optimal")
    if budget is None:
        found = solve(
            c.tail, c.head, c.usd, goal, nodes=c.vertices, root=c.root, time_limit_s=seconds
        )
        return _Tree(
            found.edges,
            served,
            float(c.usd[found.edges].sum()),
            found.lower_bound,
            np.nan,
            found.status,
        )
    choice = choose_within_budget(
        c.tail, c.head, c.usd, c.vertices, c.root, goal, weight[can], budget, seconds
    )
    served[can] = choice.chosen
    again = (
        solve(
            c.tail,
            c.head,
            c.usd,
            c.target_vertex[served],
            nodes=c.vertices,
            root=c.root,
            time_limit_s=seconds / 4,
        )
        if served.any()
        else None
    )
    edges, usd = choice.edges, choice.usd
    if again is not None and again.cost < usd:
        edges, usd = again.edges, again.cost
    return _Tree(
        edges,
        served,
        usd,
        again.lower_bound if again is not None else 0.0,
        choice.benefit_bound,
        again.status if again is not None else "optimal",
    )


def _report_roads(findings: Findings, study: Study, inputs: Inputs, roads: Network) -> None:
    prices = study.extension
    where = in_files(study, study.roads, "roads")
    loose = np.flatnonzero(roads.graph.degree == 1)
    if len(loose):
        border = shapely.boundary(inputs.area)
        shapely.prepare(border)
        ends = points_at(roads, loose)
        at = np.asarray(shapely.dwithin(ends, border, BORDER_M))
        if at.any():
            first = ends[int(np.flatnonzero(at)[0])]
            findings.add(
                "R10",
                where,
                detail="{n} roads end within {near_m:.0f} m of the border",
                x_m=first.x,
                y_m=first.y,
                n=int(at.sum()),
                near_m=BORDER_M,
            )
    if "kind" in roads.source and len(roads.source):
        code, names = pd.factorize(roads.source["kind"].astype(str))
        drawn = roads.line >= 0
        metres = np.bincount(code[roads.line[drawn]], roads.length_m[drawn], len(names))
        km = pd.Series(metres / 1000.0, index=names)
        unpriced = km[~km.index.isin(list(prices.kind_usd_per_km))]
        if len(unpriced):
            findings.add(
                "R13",
                replace(where, key="extension.kind_usd_per_km"),
                detail="{km:.0f} km of roads are of kinds without a price of their own ({kinds}):"
                " they are priced at {usd_per_km:.0f} USD a kilometre",
                km=float(unpriced.sum()),
                usd_per_km=prices.usd_per_km,
                kinds=", ".join(f"{k or '?'}" for k in unpriced.sort_values(ascending=False).index),
            )
