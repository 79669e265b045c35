"""Reading everything a study names, to say what is wrong with it; nothing is written."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd

from phusong.checks import Findings, Severity
from phusong.coverage.signal.clutter import report_environment
from phusong.errors import ChecksFailed
from phusong.fiber.assess import assess_fiber
from phusong.pipeline.compute import people_by_commune
from phusong.progress import NoProgress, Progress
from phusong.sources import Inputs, read_inputs
from phusong.study import Study


@dataclass(frozen=True)
class Checked:
    """A study's data as they were read, and what is wrong with them.

    Attributes
    ----------
    findings
        What is wrong, where, and how to mend it.
    inputs
        The data. None when a finding is an error: the frames cannot be trusted then.
    """

    findings: Findings
    inputs: Inputs | None

    @property
    def ok(self) -> bool:
        """Whether no finding is an error, so that a run would start."""
        return not self.findings.count(Severity.ERROR)

    @property
    def table(self) -> gpd.GeoDataFrame:
        """One row a finding, errors first, as checks.csv has them; a point where one is known."""
        frame = self.findings.to_frame()
        places = gpd.points_from_xy(frame["x_m"], frame["y_m"])
        crs = None if self.inputs is None else self.inputs.crs
        known = gpd.GeoSeries(places, index=frame.index, crs=crs)
        return gpd.GeoDataFrame(
            frame.drop(columns=["x_m", "y_m"]), geometry=known.where(frame["x_m"].notna(), None)
        )


def check_study(study: Study, progress: Progress | None = None) -> Checked:
    """Read everything a study names and collect what is wrong with it."""
    progress = progress or NoProgress()
    findings = Findings(study.checks.severity)
    try:
        inputs = read_inputs(study, findings, progress)
    except ChecksFailed:
        return Checked(findings, None)
    if study.fiber is not None:
        # How the drawing becomes a network is where most of its faults show.
        assess_fiber(inputs, study, findings, people_by_commune(inputs, None), progress)
    report_environment(inputs, study, findings)
    return Checked(findings, inputs)
