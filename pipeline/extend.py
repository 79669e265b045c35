"""New cable for a study, and second routes on the network as it will stand."""

from __future__ import annotations

from phusong.checks import Findings
from phusong.fiber.assess import assess_fiber
from phusong.fiber.built import with_new_lines
from phusong.fiber.extension.extension import plan_extension
from phusong.fiber.rings.rings import plan_rings
from phusong.pipeline.compute import compute, no_fibre, people_by_commune, scratch_rasters
from phusong.progress import Progress
from phusong.results.model import Planned
from phusong.study import Study


def plan_study(
    study: Study,
    *,
    budget_usd: float | None = None,
    rings: bool = False,
    time_limit_s: float | None = None,
    progress: Progress | None = None,
) -> Planned:
    """Plan new cable for a study, and second routes on the network as it will stand.

    Raises
    ------
    StudyError
        When the study has no fibre.
    """
    with scratch_rasters() as rasters:
        results = compute(study, rasters, radio=False, progress=progress)
    if results.fiber is None:
        raise no_fibre()
    findings = Findings(study.checks.severity)
    inputs = results.inputs
    plan = plan_extension(
        inputs, study, results.fiber, findings, budget_usd, time_limit_s, progress
    )
    if not rings:
        return Planned(results, plan, None, findings)
    built = with_new_lines(inputs, plan.lines)
    people = people_by_commune(inputs, None)
    fiber = assess_fiber(built, study, Findings(), people, progress)
    second = plan_rings(built, study, fiber, findings, None, time_limit_s, progress)
    return Planned(results, plan, second, findings)
