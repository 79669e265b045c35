"""Masts for the dark villages: planned on a pass, and proven by a pass with the plan built."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from phusong.checks import Findings
from phusong.coverage.results import VillageCoverage
from phusong.coverage.signal.signal import compute_signal
from phusong.coverage.signal.store import PathLossStore
from phusong.coverage.villages.assess import assess_villages
from phusong.coverage.villages.verdict import COVERED, GRADES
from phusong.i18n import tr
from phusong.pipeline.compute import compute, scratch_rasters
from phusong.planning.as_scenario import scenario_of
from phusong.planning.assess import Layers, Money, plan_sites, with_plan
from phusong.planning.results import SitePlan
from phusong.progress import Progress
from phusong.results.model import Results
from phusong.sources import Inputs
from phusong.sources.points_of_interest import read_places
from phusong.sources.shapes_of_interest import AREAS, LINES, read_shapes
from phusong.study import Study
from phusong.study.scenario import Scenario


@dataclass(frozen=True)
class Sited:
    """A plan of masts, and what a run of the study says with it built.

    Attributes
    ----------
    results
        Of the pass that the plan started from.
    plan
        What to build.
    figures
        ``figure``, ``unit``, ``before``, ``after``: villages by grade, and people served.
    broken
        Codes of villages that the plan promised and the run with it built does not cover; none,
        unless the plan is wrong.
    findings
        Of the planner's further layers.
    scenarios
        File name -> the plan as a scenario: built (``scenario.toml``), and what stands at the end
        of each year but the last (``scenario_year_1.toml`` ...).
    """

    results: Results
    plan: SitePlan
    figures: pd.DataFrame
    broken: tuple[str, ...]
    findings: Findings
    scenarios: dict[str, Scenario]


def plan_study_sites(
    study: Study, money: Money | None = None, progress: Progress | None = None
) -> Sited:
    """Plan masts for the villages of a study that are not covered, and hold the plan to a run.

    Raises
    ------
    ChecksFailed
        When a file cannot be used.
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
        layers = _layers(study, results.inputs, findings)
        findings.stop_on_errors()
        store = PathLossStore(study.work_folder / "store")
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
        )
        after = _built(results.inputs, quick, plan, rasters / "built", store, progress)
    promised = plan.villages.loc[plan.villages["status"] == "served", "code"]
    covered = set(after.villages.loc[after.villages["grade"] == COVERED, "code"])
    broken = tuple(sorted(set(promised) - covered))
    figures = _figures(results.coverage, after)
    return Sited(results, plan, figures, broken, findings, _scenarios(plan, results.inputs, study))


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


def _built(
    inputs: Inputs,
    study: Study,
    plan: SitePlan,
    folder: Path,
    store: PathLossStore,
    progress: Progress | None,
) -> VillageCoverage:
    """Judge the villages with the plan built, from rasters of the whole province."""
    built = with_plan(inputs, study, plan)
    folder.mkdir()
    signal = compute_signal(built, study, folder, store, progress)
    return assess_villages(built, study, signal, progress)


def _figures(before: VillageCoverage, after: VillageCoverage) -> pd.DataFrame:
    """Return villages by grade, and people with service, before and after."""
    frames = (before.villages, after.villages)
    rows: list[tuple[str, str, list[float]]] = [
        (f"villages_{grade}", "villages", [float((f["grade"] == grade).sum()) for f in frames])
        for grade in GRADES
    ]
    people = before.villages["people"].to_numpy(dtype=np.float64)
    if np.isfinite(people).any():
        served = [float(np.nansum(people - f["people_unserved"].to_numpy())) for f in frames]
        everyone = float(np.nansum(people))
        rows.append(("people_served", "people", served))
        rows.append(("people_served_share", "share", [s / everyone for s in served]))
    table = pd.DataFrame([(figure, unit, *values) for figure, unit, values in rows])
    return table.set_axis(["figure", "unit", "before", "after"], axis=1)
