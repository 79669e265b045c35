"""What one pass through the rooms found, and what was planned on it: one object each."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from phusong.checks import Findings
from phusong.coverage.results import Signal, VillageCoverage
from phusong.coverage.villages.simulation import Simulation
from phusong.fiber.extension.extension import ExtensionPlan
from phusong.fiber.results import FiberResult
from phusong.fiber.rings.rings import RingPlan
from phusong.indicators import Indicators
from phusong.results.missing import Missing
from phusong.sources import Inputs
from phusong.study import Study


@dataclass(frozen=True)
class Results:
    """What one pass through the rooms found.

    Attributes
    ----------
    study, inputs, findings
        What was asked, what was read, and what was wrong with it.
    signal, coverage, simulation, definitions
        Rasters, verdicts, intervals, and the village share under the definitions of others; None
        where coverage was not asked for (or the study asks for no draws, no definitions).
    fiber
        Network, reach and failures; None where fibre was not asked for, or the study has none.
    indicators
        The reportable figures of what was computed.
    seconds
        Wall seconds by step.
    missing
        Files that a run was to leave and could not, with the reason; the others stand.
    """

    study: Study
    inputs: Inputs
    findings: Findings
    signal: Signal | None
    coverage: VillageCoverage | None
    fiber: FiberResult | None
    indicators: Indicators
    simulation: Simulation | None = None
    definitions: pd.DataFrame | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    missing: tuple[Missing, ...] = ()

    @property
    def weighted_by_people(self) -> bool:
        """Whether any village's shares are weighted by people; else all are by area."""
        if self.coverage is None:
            return False
        return bool((self.coverage.villages["weight"] == "people").any())


@dataclass(frozen=True)
class Planned:
    """A planned extension, on the fibre as it stands.

    Attributes
    ----------
    results
        Of the pass that the plan started from.
    extension, rings
        New cable; second routes, None when they were not asked for.
    findings
        Of the plan alone: what it cannot reach, what is odd about roads.
    """

    results: Results
    extension: ExtensionPlan
    rings: RingPlan | None
    findings: Findings
