"""A study held open: what one pass found of it, and what any scenario makes of it, in seconds."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Annotated, Final, Literal, Self

import numpy as np
import pandas as pd
from pydantic import Field

from phusong.checks import Findings
from phusong.coverage.altered.defined import Definitions, Verdicts
from phusong.coverage.altered.differing import differing
from phusong.coverage.altered.heldvillages import HeldVillages
from phusong.coverage.altered.layerbook import OUTDOORS, AlteredVillages
from phusong.coverage.altered.overlay import Overlay
from phusong.coverage.altered.patched import Patched, patch_signal
from phusong.coverage.altered.standing import Standing
from phusong.coverage.results import VillageCoverage
from phusong.coverage.signal.clutter import report_environment
from phusong.coverage.signal.losses import Losses
from phusong.coverage.signal.signal import compute_signal, report_problems
from phusong.coverage.signal.store import PathLossStore
from phusong.disc.workplace import sweep, workplace
from phusong.fiber.assess import assess_fiber
from phusong.fiber.results import FiberResult
from phusong.indicators import Indicators, compute_indicators
from phusong.pipeline.compute import people_by_commune
from phusong.progress import NoProgress, Progress
from phusong.results.model import Results
from phusong.sources import Inputs, read_inputs
from phusong.sources.alterations.carried_out import with_scenario
from phusong.study import Study
from phusong.study.scenario import Scenario
from phusong.study.settings.base import Probability, Section, Share

_SCRATCH: Final = "phusong-studio-"
AS_IT_STANDS: Final = Scenario(name="-")


class Definition(Section):
    """What is asked of a place, and of a village; what is absent is the study's."""

    threshold_offset_db: Annotated[float, Field(ge=-40, le=40)] = 0.0
    """Added to the threshold of every technology."""
    probability: Probability | None = None
    covered_share: Share | None = None
    place: Literal["outdoor", "in_vehicle", "indoor"] = "outdoor"
    """Where villages are judged beside the open."""

    def of(self, study: Study) -> Study:
        """Return the study under this definition."""
        verdict = {
            name: value
            for name in ("probability", "covered_share")
            if (value := getattr(self, name)) is not None
        }
        budgets = {
            name: budget.model_copy(
                update={"threshold_dbm": budget.threshold_dbm + self.threshold_offset_db}
            )
            for name, budget in study.radio.technologies.items()
        }
        places = [] if self.place == "outdoor" else [self.place]
        return study.model_copy(
            update={
                "verdict": study.verdict.model_copy(update=verdict),
                "radio": study.radio.model_copy(update={"technologies": budgets}),
                "indicators": study.indicators.model_copy(update={"places": places}),
            }
        )


@dataclass(frozen=True)
class Seen:
    """A study with a scenario carried out.

    Attributes
    ----------
    scenario
        What is altered.
    inputs
        With it carried out.
    signal
        Tiles that differ from the study as it stands.
    villages
        With the layers that differ.
    fiber, indicators
        As a run of the scenario gives them. The sensitivity has the study's own definition alone.
    """

    scenario: Scenario
    inputs: Inputs
    signal: Patched
    villages: AlteredVillages
    fiber: FiberResult | None
    indicators: Indicators

    @property
    def coverage(self) -> VillageCoverage:
        """Figures of the villages."""
        return self.villages.coverage


@dataclass(frozen=True)
class Defined:
    """Verdicts of a scenario under another definition, where the phone is, and indicators."""

    study: Study
    verdicts: Verdicts
    indicators: Indicators


class Studio:
    """A study held open.

    What a run draws at random (intervals) and the definitions of others are left out: neither has
    a say in what the studio shows.

    Parameters
    ----------
    study
        Without a scenario.
    progress
        Told of the first pass.

    Raises
    ------
    ChecksFailed
        When a file of the study cannot be used.
    """

    def __init__(self, study: Study, progress: Progress | None = None) -> None:
        told = progress or NoProgress()
        self.study = _quick(study)
        parent = Path(tempfile.gettempdir())
        sweep(parent, _SCRATCH)  # what a studio left that was killed
        self._stack = ExitStack()
        try:
            self._open(self._stack.enter_context(workplace(parent, _SCRATCH)), told)
        except BaseException:
            self._stack.close()
            raise

    def _open(self, scratch: Path, told: Progress) -> None:
        study = self.study
        findings = Findings(study.checks.severity)
        inputs = read_inputs(study, findings, told)
        self._standing = Standing(scratch / "held", inputs.grid)
        store = PathLossStore.of(study)
        self._overlay = Overlay(store)
        signal = compute_signal(
            inputs, study, scratch / "rasters", store, told, keep=self._standing
        )
        report_problems(inputs, signal, findings)
        report_environment(inputs, study, findings)
        self._villages = HeldVillages(inputs, study, self._standing, told)
        self._definitions = Definitions(self._villages)
        coverage = self._villages.now.coverage
        fiber = None
        self._people = people_by_commune(inputs, coverage)
        if study.fiber is not None:
            fiber = assess_fiber(inputs, study, findings, self._people, told)
        indicators = compute_indicators(study, coverage, fiber, len(inputs.communes))
        self.now = Results(study, inputs, findings, signal, coverage, fiber, indicators)
        """The study as it stands."""
        self._losses = Losses(inputs, study, self._overlay)

    @property
    def villages(self) -> AlteredVillages:
        """Villages as they stand."""
        return self._villages.now

    def see(
        self,
        scenario: Scenario,
        progress: Progress | None = None,
        drawn: Callable[[Patched], None] | None = None,
    ) -> Seen:
        """Return what a run of a scenario gives: only what differs from the study is computed.

        Parameters
        ----------
        progress
            Told of the steps; may raise, which stops the work and leaves everything as it was.
        drawn
            Given the signal as soon as it is there, before villages are judged.

        Raises
        ------
        StudyError
            When the scenario names what is not there, or builds where there is no terrain.
        """
        told = progress or NoProgress()
        study = self.study.model_copy(update={"scenario": scenario})
        inputs = with_scenario(self.now.inputs, scenario)
        signal = self._signal(inputs, told)
        if drawn is not None:
            drawn(signal)
        villages = self._villages.judge(inputs, signal, told)
        fiber = self.now.fiber
        if fiber is not None and _touches_fibre(scenario):
            unheard = Findings(study.checks.severity)
            fiber = assess_fiber(inputs, study, unheard, self._people, told)
        indicators = compute_indicators(study, villages.coverage, fiber, len(inputs.communes))
        return Seen(scenario, inputs, signal, villages, fiber, indicators)

    def define(
        self,
        seen: Seen,
        definition: Definition,
        progress: Progress | None = None,
        rows: Sequence[int] | None = None,
    ) -> tuple[Study, VillageCoverage]:
        """Return all figures of villages of a scenario under another definition.

        Nothing of propagation is computed: levels are held.

        Parameters
        ----------
        seen
            What :meth:`see` gave of the scenario.
        definition
            What is asked of a place, and of a village.
        progress
            Told of the steps; may raise, which stops the work.
        rows
            Villages that are asked about; the figures of others mean nothing. None: all.
        """
        study = definition.of(self.study)
        which = None if rows is None else np.unique(np.asarray(rows, dtype=np.int64))
        coverage = self._villages.redefine(
            seen.inputs, seen.signal, seen.villages, study, progress, which
        )
        return study, coverage

    def verdicts(self, seen: Seen, definition: Definition) -> Defined:
        """Return verdicts and indicators of a scenario under another definition, looked up.

        They equal those of :meth:`define`, and take a hundredth of its time.
        """
        study = definition.of(self.study)
        outdoors, *there = (
            self._definitions.judge(seen.signal, seen.villages, study, place)
            for place in (OUTDOORS, *study.indicators.places)
        )
        villages = seen.coverage.villages
        codes = villages["code"].to_numpy(dtype=object)
        elsewhere = [
            found.by_layer(codes).assign(place=place)
            for found, place in zip(there, study.indicators.places, strict=True)
        ]
        coverage = VillageCoverage(
            villages=villages,
            by_layer=outdoors.by_layer(codes),
            sensitivity=pd.DataFrame(),
            circles=seen.coverage.circles,
            by_place=pd.concat(elsewhere, ignore_index=True) if elsewhere else pd.DataFrame(),
        )
        count = len(seen.inputs.communes)
        indicators = compute_indicators(study, coverage, seen.fiber, count)
        return Defined(study, there[0] if there else outdoors, indicators)

    def _signal(self, inputs: Inputs, told: Progress) -> Patched:
        standing = self._standing
        cells = differing(standing.plan, standing.cells, self.now.inputs, inputs, self.study)
        return patch_signal(standing, cells, self._losses, told)

    def close(self) -> None:
        """Let go of the scratch files."""
        self._standing.close()
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _quick(study: Study) -> Study:
    return study.model_copy(
        update={
            "scenario": None,
            "uncertainty": study.uncertainty.model_copy(update={"draws": 0}),
            "indicators": study.indicators.model_copy(update={"presets": []}),
        }
    )


def _touches_fibre(scenario: Scenario) -> bool:
    """Whether anything is altered that fibre, or what hangs on it, is made of."""
    return bool(
        scenario.cables
        or scenario.backhaul
        or scenario.off.cables
        or scenario.off.pops
        or any(change.longitude is not None for change in scenario.changes)
    )
