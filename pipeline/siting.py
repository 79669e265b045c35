"""Masts for the dark villages: planned on a pass, and proven by a pass with the plan built."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from phusong.checks import Findings
from phusong.coverage.results import VillageCoverage
from phusong.coverage.signal.store import PathLossStore
from phusong.coverage.villages.verdict import COVERED
from phusong.i18n import tr
from phusong.pipeline.compute import compute, judge_villages, no_fibre, scratch_rasters
from phusong.pipeline.yearly import left_unreached, yearly_figures
from phusong.planning.as_scenario import scenario_of
from phusong.planning.assess import Layers, Money, plan_sites, with_plan
from phusong.planning.headcount import tally
from phusong.planning.results import SitePlan
from phusong.planning.unlit import wanted_communes
from phusong.progress import Progress
from phusong.results.model import Results
from phusong.sources import Inputs
from phusong.sources.beside.points_of_interest import read_places
from phusong.sources.beside.shapes_of_interest import AREAS, LINES, read_shapes
from phusong.study import Study
from phusong.study.scenario import Scenario
from phusong.version import __version__


@dataclass(frozen=True)
class Sited:
    """A plan of masts, and what a run of the study says with it built.

    Attributes
    ----------
    results
        Of the pass that the plan started from, without its rasters.
    plan
        What to build.
    figures
        ``figure``, ``unit``, ``before``, ``after``: villages by grade, and people served.
    broken
        Codes of villages that the plan promised and the run with it built does not cover; none,
        unless the plan is wrong.
    findings
        Of the planner's further layers.
    layers
        These layers, as the plan looked at them.
    scenarios
        File name -> the plan as a scenario: built (``scenario.toml``), and what stands at the end
        of each year but the last (``scenario_year_1.toml`` ...).
    yearly
        The figures at the end of each year, see
        :func:`phusong.pipeline.yearly.yearly_figures`; None where only masts were planned.
    unlit
        Codes of communes whose new cable no optical class can run over.
    """

    results: Results
    plan: SitePlan
    figures: pd.DataFrame
    broken: tuple[str, ...]
    findings: Findings
    layers: Layers
    scenarios: dict[str, Scenario]
    yearly: pd.DataFrame | None = None
    unlit: tuple[str, ...] = ()


def plan_study_sites(
    study: Study,
    money: Money | None = None,
    progress: Progress | None = None,
    *,
    communes: bool = False,
) -> Sited:
    """Plan masts for the villages of a study that are not covered, and hold the plan to a run.

    Parameters
    ----------
    communes
        Whether commune centres without fibre are planned in the same list, and the figures of
        each year wanted.

    Raises
    ------
    ChecksFailed
        When a file cannot be used.
    StudyError
        When communes are to be planned and the study has no fibre.
    InputError
        When there is neither connected fibre nor a point of presence to start from.
    """
    # Neither the simulation nor others' definitions have a say in what is built.
    quick = study.model_copy(
        update={
            "uncertainty": study.uncertainty.model_copy(update={"draws": 0}),
            "indicators": study.indicators.model_copy(update={"presets": [], "places": []}),
        }
    )
    findings = Findings(study.checks.severity)
    with scratch_rasters() as rasters:
        results = compute(quick, rasters, progress=progress)
        assert results.signal is not None
        assert results.coverage is not None
        if communes and results.fiber is None:
            raise no_fibre()
        layers = _layers(study, results.inputs, findings)
        findings.stop_on_errors()
        store = PathLossStore.of(study)
        plan = plan_sites(
            results.inputs,
            quick,
            results.signal,
            results.coverage,
            results.fiber,
            store,
            layers,
            money,
            progress,
            wanted_communes(results.fiber) if communes and results.fiber is not None else None,
        )
        built = with_plan(results.inputs, quick, plan)
        after = judge_villages(built, quick, rasters / "built", store, progress)
        yearly: pd.DataFrame | None = None
        unlit: tuple[str, ...] = ()
        if communes and results.fiber is not None:
            known = (results.inputs, quick, results.coverage, after, results.fiber, plan, store)
            yearly = yearly_figures(*known, progress)
            unlit = left_unreached(results.inputs, quick, results.fiber, plan)
    promised = plan.villages.loc[plan.villages["status"] == "served", "code"]
    covered = set(after.villages.loc[after.villages["grade"] == COVERED, "code"])
    broken = tuple(sorted(set(promised) - covered))
    figures = _figures(results.coverage, after)
    # The rasters lie in a folder that is gone by now.
    left = replace(results, signal=None)
    scenarios = _scenarios(plan, results.inputs, study)
    return Sited(left, plan, figures, broken, findings, layers, scenarios, yearly, unlit)


def _scenarios(plan: SitePlan, inputs: Inputs, study: Study) -> dict[str, Scenario]:
    last = len(plan.years)
    early = {
        f"scenario_year_{year}.toml": scenario_of(
            plan, inputs, study.planning.site, tr("Plan, end of year {n}", n=year), until=year
        )
        for year in range(1, last)
    }
    return {"scenario.toml": scenario_of(plan, inputs, study.planning.site), **early}


def _layers(study: Study, inputs: Inputs, findings: Findings) -> Layers:
    wanted = study.planning.candidates
    own = [read_places(study, layer, inputs, findings) for layer in wanted.own]
    return Layers(
        own=pd.concat(own, ignore_index=True) if own else None,
        forbidden=read_shapes(study, wanted.forbidden, AREAS, inputs, findings),
        power_lines=read_shapes(study, study.planning.power_lines, LINES, inputs, findings),
    )


def _figures(before: VillageCoverage, after: VillageCoverage) -> pd.DataFrame:
    """Return villages by grade, and people with service, before and after."""
    people = before.villages["people"].to_numpy(dtype=np.float64)
    now, then = (
        tally(
            run.villages["grade"].to_numpy(dtype=object),
            people,
            run.villages["people_unserved"].to_numpy(dtype=np.float64),
        )
        for run in (before, after)
    )
    rows = [(*first, last) for first, (*_, last) in zip(now, then, strict=True)]
    return pd.DataFrame(rows, columns=["figure", "unit", "before", "after"])


def stamp_of_plan(study: Study, sited: Sited, money: Money) -> dict[str, object]:
    """Return what run.json says of a plan: the study, the money, cost and bound."""
    plan = sited.plan
    return {
        "study": study.study.name,
        "study_sha256": study.fingerprint(),
        "version": __version__,
        "currency": plan.currency,
        "life": plan.life,
        "lower_bound": None if np.isnan(plan.lower_bound) else plan.lower_bound,
        "gap": None if np.isnan(plan.gap) else plan.gap,
        "budget": money.budget,
        "years": list(money.years),
        "worst_first": money.worst_first,
        "people": plan.people,
        "counted": plan.counted,
        "most_people": None if np.isinf(plan.most_people) else plan.most_people,
        "bound_by": "branching" if plan.branched_last else "multipliers",
        "candidates": plan.candidates,
        "rounds": plan.rounds,
        "broken": list(sited.broken),
        "unlit": list(sited.unlit),
    }
