"""One pass through the rooms, in their order. Read this and you know the program.

``study -> sources -> coverage, fiber -> indicators``; every room is called once, here, and none of
them knows another's insides.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from phusong.checks import Findings
from phusong.coverage.propagation.registry import model_named
from phusong.coverage.quality.sinr import compute_quality
from phusong.coverage.results import Signal, VillageCoverage
from phusong.coverage.signal.clutter import report_environment
from phusong.coverage.signal.signal import compute_signal, report_problems
from phusong.coverage.signal.store import PathLossStore
from phusong.coverage.villages.assess import assess_villages
from phusong.coverage.villages.definitions import definitions as known_definitions
from phusong.coverage.villages.definitions import evaluate_definitions
from phusong.coverage.villages.indoors import assess_places
from phusong.coverage.villages.residents import residents
from phusong.coverage.villages.simulation import simulate_villages
from phusong.crew import Crew
from phusong.disc.workplace import session_folder
from phusong.errors import StudyError, Where
from phusong.fiber.assess import assess_fiber
from phusong.indicators import compute_indicators
from phusong.progress import NoProgress, Progress
from phusong.results.model import Results
from phusong.sources import Inputs, read_inputs
from phusong.study import Study


@dataclass
class Stopwatch:
    """Wall seconds by step."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def __call__(self, step: str) -> Iterator[None]:
        """Time the block under the name ``step``."""
        begun = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[step] = self.seconds.get(step, 0.0) + time.perf_counter() - begun


def compute(
    study: Study,
    rasters: Path,
    *,
    radio: bool = True,
    fibre: bool = True,
    progress: Progress | None = None,
    watch: Stopwatch | None = None,
    crew: Crew | None = None,
) -> Results:
    """Read, check and compute; write nothing but the rasters and the study's own work folder.

    Parameters
    ----------
    rasters
        Folder for the coverage GeoTIFFs.
    radio, fibre
        Which of the two questions to answer.
    crew
        Who computes path losses that are not kept, tiles and villages; None: this process.

    Raises
    ------
    ChecksFailed
        When a finding is an error; nothing has been computed then.
    """
    progress = progress or NoProgress()
    watch = watch or Stopwatch()
    if radio:
        # A name that is not known stops the run here, not after its work.
        model_named(study.radio.model)
        if study.indicators.presets != ["all"]:
            known_definitions(study, study.indicators.presets)
    findings = Findings(study.checks.severity)
    with watch("sources"):
        inputs = read_inputs(study, findings, progress)
    signal = coverage = simulation = definitions = None
    if radio:
        with watch("signal"):
            store = PathLossStore.of(study)
            signal = compute_signal(inputs, study, rasters, store, progress, crew)
        with watch("villages"):
            report_problems(inputs, signal, findings)
            report_environment(inputs, study, findings)
            coverage = assess_villages(inputs, study, signal, progress, crew=crew)
            places = assess_places(inputs, study, signal, progress, crew)
            coverage = replace(coverage, by_place=places)
        with watch("simulation"):
            if study.uncertainty.draws:
                simulation = simulate_villages(inputs, study, signal, progress=progress, crew=crew)
        with watch("definitions"):
            definitions = _definitions(inputs, study, signal, rasters, store, progress)
    fiber = None
    if fibre and study.fiber is not None:
        with watch("fiber"):
            people = people_by_commune(inputs, coverage)
            fiber = assess_fiber(inputs, study, findings, people, progress)
    with watch("indicators"):
        indicators = compute_indicators(study, coverage, fiber, len(inputs.communes), simulation)
    return Results(
        study,
        inputs,
        findings,
        signal,
        coverage,
        fiber,
        indicators,
        simulation,
        definitions,
        watch.seconds,
    )


def _definitions(
    inputs: Inputs,
    study: Study,
    signal: Signal,
    rasters: Path,
    store: PathLossStore,
    progress: Progress,
) -> pd.DataFrame | None:
    """Evaluate the definitions of others that the study names; None when it names none."""
    presets = study.indicators.presets
    if not presets:
        return None
    names = None if presets == ["all"] else presets
    quality = None
    if any(d.throughput_mbps for d in known_definitions(study, names)):
        quality = compute_quality(inputs, study, signal, rasters, store, progress)
    return evaluate_definitions(inputs, study, signal, quality, names, progress)


def judge_villages(
    inputs: Inputs, study: Study, folder: Path, store: PathLossStore, progress: Progress | None
) -> VillageCoverage:
    """Judge every village from rasters of the whole province, which go into a new folder."""
    folder.mkdir()
    signal = compute_signal(inputs, study, folder, store, progress)
    return assess_villages(inputs, study, signal, progress)


def people_by_commune(inputs: Inputs, coverage: VillageCoverage | None) -> pd.Series[float] | None:
    """Return people by commune code; None when nothing tells."""
    if coverage is not None:
        people, codes = coverage.villages["people"], coverage.villages["commune_code"]
    else:
        people, codes = inputs.villages["population"], inputs.villages["commune_code"]
    if people.isna().all():
        return None if inputs.people is None else residents(inputs.communes, inputs.people)
    summed: pd.Series[float] = people.groupby(codes).sum()
    return summed


def no_fibre(file: str = "") -> StudyError:
    """Return the error of a study (in `file`) that names no fibre, where some is asked for."""
    return StudyError(
        "the study has no [fiber] table",
        Where(file=file),
        "name cables and points of presence in study.toml",
    )


@contextmanager
def scratch_rasters() -> Iterator[Path]:
    """Give a folder for rasters that nobody keeps."""
    with tempfile.TemporaryDirectory(dir=session_folder()) as folder:
        yield Path(folder)
