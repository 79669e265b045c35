"""Reading everything a study names, to say what is wrong with it; nothing is written."""

from __future__ import annotations

from phusong.checks import Findings
from phusong.coverage.signal.plan import report_patterns
from phusong.errors import ChecksFailed
from phusong.fiber.assess import assess_fiber
from phusong.pipeline.compute import people_by_commune
from phusong.progress import NoProgress, Progress
from phusong.sources import Inputs, read_inputs
from phusong.study import Study


def check_study(study: Study, progress: Progress | None = None) -> tuple[Findings, Inputs | None]:
    """Read everything a study names and collect what is wrong with it.

    Returns
    -------
    findings, inputs
        The inputs are None when a finding is an error: the frames cannot be trusted then.
    """
    progress = progress or NoProgress()
    findings = Findings(study.checks.severity)
    try:
        inputs = read_inputs(study, findings, progress)
    except ChecksFailed:
        return findings, None
    if study.fiber is not None:
        # How the drawing becomes a network is where most of its faults show.
        assess_fiber(inputs, study, findings, people_by_commune(inputs, None), progress)
    report_patterns(inputs, study, findings)
    return findings, inputs
