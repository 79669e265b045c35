"""Where to build: the cheapest masts, with backhaul and power, that cover the dark villages."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from phusong.coverage.results import Signal, VillageCoverage
from phusong.coverage.signal.store import PathLossStore
from phusong.coverage.villages.verdict import COVERED
from phusong.fiber.built import road_network
from phusong.fiber.extension.candidates import Candidates, build_candidates
from phusong.fiber.extension.extension import no_start, standing_fibre
from phusong.fiber.results import FiberResult
from phusong.planning.alternatives import Alternatives, find_alternatives, shares_of
from phusong.planning.answer import (
    cable_frame,
    curve_frame,
    hop_frame,
    masts_only,
    site_frame,
    village_frame,
    year_frame,
)
from phusong.planning.arborescence import (
    Instance,
    Plan,
    Vouched,
    curve,
    within,
    years,
)
from phusong.planning.as_scenario import scenario_of
from phusong.planning.bill import bill_of, owners_of_masts, works_of
from phusong.planning.building import in_order
from phusong.planning.costs import power_of
from phusong.planning.hops.hops import Masts, find_hops, longest_km, nearest_hops
from phusong.planning.joint import solve_both
from phusong.planning.question import Question, ask, darkest_first, known_people
from phusong.planning.results import SitePlan
from phusong.planning.sites.equipment import heights_of, site_names
from phusong.planning.sites.places import (
    EXISTING,
    Places,
    around,
    candidate_places,
    merged,
    near_area,
)
from phusong.planning.sites.service import Service, find_service, joined
from phusong.planning.stepwise import counted_by_step, owners_of_places, step_frame
from phusong.planning.unlit import commune_frame, no_communes
from phusong.progress import NoProgress, Progress
from phusong.sources.alterations.carried_out import with_scenario
from phusong.sources.inputs import Inputs
from phusong.study import Study

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

NEW_NEIGHBOURS: Final = 6
"""Hops from a place to others that do not stand yet: the nearest. To masts that stand, half."""
FALLING: Final = 0.005
"""A round that makes the plan cheaper by less ends the search for places."""


@dataclass(frozen=True)
class Layers:
    """The planner's further layers that a plan looks at; None where the study names none."""

    own: gpd.GeoDataFrame | None = None
    forbidden: gpd.GeoDataFrame | None = None
    power_lines: gpd.GeoDataFrame | None = None


@dataclass(frozen=True)
class Money:
    """What may be spent, in the study's currency: capital and the present value of running.

    Attributes
    ----------
    budget
        In all; None: whatever covers all that can be covered.
    years
        A budget for each year; then ``budget`` has no say.
    worst_first
        Whether people of the communes with most people in the dark count more.
    steps
        Points of the curve from no money to all that is needed; 0: no curve.
    """

    budget: float | None = None
    years: tuple[float, ...] = ()
    worst_first: bool = False
    steps: int = 0


def plan_sites(
    inputs: Inputs,
    study: Study,
    signal: Signal,
    coverage: VillageCoverage,
    fiber: FiberResult | None,
    store: PathLossStore,
    layers: Layers | None = None,
    money: Money | None = None,
    progress: Progress | None = None,
    communes: gpd.GeoDataFrame | None = None,
) -> SitePlan:
    """Find the cheapest masts for the villages that are not covered, and prove how cheap.

    Places are generated, the plan is solved, places round the plan are added, and so on until
    it serves no more villages and falls no more: cheapest among these candidates, not among all
    places of the earth.

    Parameters
    ----------
    inputs, study, signal, coverage, fiber
        A pass through the study as it stands; without fibre only microwave joins masts.
    store
        Where path losses are kept, those of candidates too.
    layers
        Own places, forbidden ground, power lines.
    money
        A budget, years, the curve; by default all that can be covered is.
    progress
        Told of the steps ``propagation``, ``service``, ``hops``, ``sites``.
    communes
        Centres to reach with fibre in the same plan, see
        :func:`phusong.planning.unlit.wanted_communes`; by default none.

    Raises
    ------
    InputError
        When centres are to be reached and there is neither connected fibre nor a PoP.
    """
    told, given = progress or NoProgress(), layers or Layers()
    settings = study.planning
    rows = np.flatnonzero((coverage.villages["grade"] != COVERED).to_numpy())
    dark = _dark(inputs, coverage, rows)
    centres = no_communes(inputs.crs) if communes is None else communes
    others = find_alternatives(dark, signal, settings)
    search = _Search(inputs, study, signal, fiber, store, given, rows, dark, centres, others, told)
    first = candidate_places(
        inputs,
        dark,
        settings.candidates,
        given.own,
        given.forbidden,
        longest_km(settings.microwave),
    )
    question, plan = search.solved(first, None)
    rounds = 1
    while rounds < settings.rounds and len(search.masts(question, plan).serving):
        spacing_m = settings.candidates.spacing_m / 3.0**rounds
        centre = question.places.only(search.masts(question, plan).serving)
        wanted = settings.candidates
        more = around(centre, question.places, inputs, spacing_m, wanted, given.forbidden)
        if not len(more):
            break
        rounds += 1
        places = merged(question.places, more)
        again = search.solved(places, question.service)
        taken, go_on = judged_round(plan, again[1])
        if taken:
            question, plan = again
        if not go_on:
            break
    return search.answer(question, plan, rounds, money or Money())


def judged_round(before: Plan, after: Plan) -> tuple[bool, bool]:
    """Return whether a round's plan is taken, and whether another round is worth while.

    More villages served go before cost: places that cover what none before covered make the plan
    dearer. Of equals the one is taken that more places were looked at for.
    """
    more = _served(after) - _served(before)
    gained = before.cost - after.cost
    taken = more > 0 or (more == 0 and gained >= 0)
    return taken, more > 0 or (taken and gained > FALLING * before.cost)


def _served(plan: Plan) -> int:
    return int(((plan.served_by >= 0) | (plan.pair >= 0) | plan.alone).sum())


def _dark(inputs: Inputs, coverage: VillageCoverage, rows: Ints) -> gpd.GeoDataFrame:
    """Return the dark villages: the frame of the inputs, with what was judged of them."""
    dark = inputs.villages.iloc[rows].reset_index(drop=True)
    judged = coverage.villages.iloc[rows]
    return gpd.GeoDataFrame(
        dark.assign(**{c: judged[c].to_numpy() for c in ("people", "grade", "served_share")}),
        crs=inputs.crs,
    )


@dataclass(frozen=True)
class _Search:
    """What every round of the search works on."""

    inputs: Inputs
    study: Study
    signal: Signal
    fiber: FiberResult | None
    store: PathLossStore
    layers: Layers
    rows: Ints
    dark: gpd.GeoDataFrame
    communes: gpd.GeoDataFrame
    others: Alternatives
    told: Progress

    def solved(self, places: Places, known: Service | None) -> tuple[Question, Plan]:
        """Put the question for some places and solve it; ``known`` is of the first of them."""
        settings = self.study.planning
        service = self._service(places, known)
        heights = heights_of(places, self.inputs, settings.site)
        fresh = places.kind != EXISTING
        hops = find_hops(
            Masts(places.x_m, places.y_m, heights),
            self.inputs.terrain,
            settings.microwave,
            fresh,
            self.told,
        ).holding(settings.microwave)
        question = ask(
            places,
            service,
            power_of(places, self.layers.power_lines, settings.prices),
            nearest_hops(hops, fresh, NEW_NEIGHBOURS),
            self._roads(places),
            self.dark["people"].to_numpy(dtype=np.float64),
            settings,
            settings.fibre_weight * self._in_communes(),
            self.others.of(settings.alternatives)[0],
        )
        self.told.start("sites", 1, "Cheapest masts")
        plan = solve_both(question.instance, len(self.dark), settings.time_limit_s)
        self.told.advance("sites")
        return question, plan

    def masts(self, question: Question, plan: Plan) -> Plan:
        """Return the plan without the commune centres."""
        return masts_only(plan, len(question.places), len(self.dark))

    def _by_masts(self, instance: Instance, best: Plan) -> tuple[Floats, Floats]:
        """Return (villages,) what masts alone cost by dark village, see :func:`shares_of`."""
        if best.alone.any():
            villages = replace(instance.villages, alternative=np.full(len(best.alone), np.inf))
            instance = replace(instance, villages=villages)
            best = solve_both(instance, len(self.dark), self.study.planning.time_limit_s)
        share, saved = shares_of(instance, best)
        return share[: len(self.dark)], saved[: len(self.dark)]

    def _in_communes(self) -> Floats:
        return known_people(self.communes["people"].to_numpy(dtype=np.float64))

    def _service(self, places: Places, known: Service | None) -> Service:
        """Work out what the places that are not known yet cover."""
        before = 0 if known is None else len(known.problems_of)
        fresh = places.only(np.arange(before, len(places)))
        near = near_area(self.dark, self.study.planning.candidates.near_km)
        # Masts farther off are there to relay.
        rows = np.flatnonzero(shapely.intersects_xy(near, fresh.x_m, fresh.y_m))
        found = find_service(
            self.inputs,
            self.study,
            self.signal,
            self.rows,
            fresh.only(rows),
            self.study.planning.site,
            self.store,
            self.told,
        ).at(rows, len(fresh))
        return found if known is None else joined(known, found)

    def _roads(self, places: Places) -> Candidates | None:
        if self.fiber is None:
            return None
        fibre, part = standing_fibre(self.fiber.network)
        if not (part == 0).any():
            if len(self.communes):
                raise no_start()
            return None
        points = [*gpd.points_from_xy(places.x_m, places.y_m), *self.communes.geometry]
        settings = self.study.fiber
        # A centre near a cable has its fibre; a mast has it when it is laid, and no cable of
        # another's passes through a place that is not built.
        commune = np.arange(len(points)) >= len(places)
        drop_m = 0.0 if settings is None else settings.drop_m
        return build_candidates(
            road_network(self.inputs, self.study),
            fibre,
            part,
            np.asarray(points, dtype=object),
            self.study.extension,
            self.inputs.terrain if len(self.communes) else None,
            np.where(commune, drop_m, 0.0),
            # A mast has a hop or none; ways off the road are searched for commune centres.
            offroad=commune,
        )

    def answer(self, question: Question, best: Plan, rounds: int, money: Money) -> SitePlan:
        """Spend the money on the places found, and say it in words of the study."""
        settings, crs = self.study.planning, self.inputs.crs
        instance = question.instance
        if money.worst_first:
            instance = darkest_first(instance, self.dark, self.inputs.villages)
        spent, most, together = self._spent(instance, best, money)
        building = in_order(instance, spent)
        plans = [self.masts(question, plan) for plan in spent]
        plan, dark = plans[-1], len(self.dark)
        people = np.concatenate([question.instance.villages.people[:dark], self._in_communes()])
        names = site_names(question.places, self.inputs)
        heights = heights_of(question.places, self.inputs, settings.site)
        villages = village_frame(
            question,
            plans,
            self.dark,
            names,
            building,
            self.others,
            settings.alternatives,
            self._by_masts(question.instance, best),
        )
        sites = site_frame(question, plans, heights, names, villages, settings, building)
        hops = hop_frame(question, plans, names, settings, building, crs)
        lines = cable_frame(question, building, self.study.extension, settings, crs)
        communes = commune_frame(self.communes, spent, dark, building.serves[dark:], building.year)
        standing = owners_of_masts(self.inputs)
        works = works_of(question, building, hops, lines, villages, names, standing, settings)
        sums = self._curve(instance, spent[-1], money, people)
        places = gpd.points_from_xy(question.places.x_m, question.places.y_m)
        whole = money.budget is None and not money.years
        return SitePlan(
            villages=villages,
            sites=sites,
            hops=hops,
            lines=lines,
            bill=bill_of(works),
            curve=sums,
            years=year_frame(
                spent if money.years else [],
                most if money.years else [],
                money.years,
                people,
                dark,
            ),
            places=question.places.only(plan.serving),
            candidates=len(question.places),
            rounds=rounds,
            life=plan.cost,
            lower_bound=plan.lower_bound if whole else np.nan,
            people=float(people[:dark][plan.served].sum()),
            most_people=np.inf if whole else most[-1],
            most_together=together,
            branched=tuple(plan.vouched == Vouched.BRANCHING for plan in spent),
            currency=settings.prices.currency,
            communes=communes,
            steps=step_frame(
                building,
                works,
                names,
                owners_of_places(names, standing, settings.site.operator),
                villages,
                communes,
                self.inputs.communes,
                np.array([*places, *self.communes.geometry], dtype=object),
                counted_by_step(building, instance.villages.people),
                sums,
            ),
            works=works,
            counted=spent[-1].people,
        )

    def _spent(
        self, instance: Instance, best: Plan, money: Money
    ) -> tuple[list[Plan], tuple[float, ...], float]:
        """Return what stands at the end of each year (one, unless years are asked for).

        With it what is served at most in each, and in all years together.
        """
        seconds = self.study.planning.time_limit_s
        if money.years:
            schedule = years(instance, money.years, time_limit_s=seconds)
            return list(schedule.plans), schedule.most_people, schedule.bound
        if money.budget is not None:
            plan = within(instance, money.budget, time_limit_s=seconds)
            return [plan], (plan.most_people,), np.nan
        return [best], (), np.nan

    def _curve(self, instance: Instance, last: Plan, money: Money, people: Floats) -> pd.DataFrame:
        """Return what sums up to the plan's buy; the last of them buys the plan."""
        budgets = [last.cost * k / max(money.steps, 1) for k in range(1, money.steps)]
        seconds = self.study.planning.time_limit_s
        found = curve(instance, budgets, time_limit_s=seconds) if budgets else []
        if money.steps:
            whole = np.isinf(last.most_people)
            most = last.people if whole else last.most_people
            budgets, found = [*budgets, last.cost], [*found, replace(last, most_people=most)]
        return curve_frame(found, budgets, people, len(self.dark))


def with_plan(inputs: Inputs, study: Study, plan: SitePlan) -> Inputs:
    """Return inputs in which the plan is built."""
    return with_scenario(inputs, scenario_of(plan, inputs, study.planning.site))
