"""The order of the steps. Read this and you know the program.

``study -> sources -> coverage, fiber -> indicators -> exports, map``; every room is called once,
here, and none of them knows another's insides.
"""

from __future__ import annotations

import math
import platform
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

import phusong
from phusong.checks import Findings
from phusong.coverage.propagation.models import model_named
from phusong.coverage.quality.sinr import compute_quality
from phusong.coverage.results import Signal, VillageCoverage
from phusong.coverage.signal.plan import report_patterns
from phusong.coverage.signal.signal import compute_signal, report_problems
from phusong.coverage.signal.store import PathLossStore
from phusong.coverage.villages.assess import assess_villages
from phusong.coverage.villages.definitions import definitions as known_definitions
from phusong.coverage.villages.definitions import evaluate_definitions
from phusong.coverage.villages.indoors import assess_places
from phusong.coverage.villages.residents import residents
from phusong.coverage.villages.simulation import Simulation, simulate_villages
from phusong.errors import ChecksFailed, StudyError, Where
from phusong.exports import CsvForm, output_folder, write_results
from phusong.fiber.assess import assess_fiber
from phusong.fiber.built import with_new_lines
from phusong.fiber.extension.extension import ExtensionPlan, plan_extension
from phusong.fiber.results import FiberResult
from phusong.fiber.rings.rings import RingPlan, plan_rings
from phusong.i18n import Language, get_language
from phusong.indicators import Indicators, compute_indicators
from phusong.jit import compile_seconds
from phusong.maps import build_map
from phusong.progress import NoProgress, Progress
from phusong.sources import Inputs, read_inputs
from phusong.study import Study


@dataclass(frozen=True)
class Results:
    """What one pass through the rooms found."""

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
) -> Results:
    """Read, check and compute; write nothing but the rasters and the study's own work folder.

    Parameters
    ----------
    rasters
        Folder for the coverage GeoTIFFs.
    radio, fibre
        Which of the two questions to answer.

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
            store = PathLossStore(study.work_folder / "store")
            signal = compute_signal(inputs, study, rasters, store, progress)
        with watch("villages"):
            report_problems(inputs, signal, findings)
            coverage = assess_villages(inputs, study, signal, progress)
            coverage = replace(coverage, by_place=assess_places(inputs, study, signal, progress))
        with watch("simulation"):
            if study.uncertainty.draws:
                simulation = simulate_villages(inputs, study, signal, progress=progress)
        with watch("definitions"):
            definitions = _definitions(inputs, study, signal, rasters, store, progress)
    fiber = None
    if fibre and study.fiber is not None:
        with watch("fiber"):
            people = _people_by_commune(inputs, coverage)
            fiber = assess_fiber(inputs, study, findings, people, progress)
    with watch("indicators"):
        indicators = compute_indicators(study, coverage, fiber, len(inputs.communes), simulation)
    return Results(
        study, inputs, findings, signal, coverage, fiber, indicators, simulation, definitions,
        watch.seconds,
    )  # fmt: skip


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
        assess_fiber(inputs, study, findings, _people_by_commune(inputs, None), progress)
    report_patterns(inputs, study, findings)
    return findings, inputs


def run_study(
    study: Study,
    folder: Path,
    *,
    overwrite: bool = False,
    radio: bool = True,
    fibre: bool = True,
    language: Language | None = None,
    form: CsvForm | None = None,
    online_base: bool = False,
    progress: Progress | None = None,
) -> Results:
    """Run a study and leave everything it found in ``folder``.

    The folder appears whole when the run is done; a run that fails or is killed leaves an
    earlier one as it was, and the next run takes finished sites from the path-loss store.
    ``online_base`` offers a street map from the network on the map page, switched off at first.

    Raises
    ------
    PhusongError
        When the inputs are wrong or the folder may not be written.
    """
    watch = Stopwatch()
    language = language or get_language()
    form = form or CsvForm()
    with output_folder(folder, overwrite=overwrite) as partial:
        results = compute(study, partial, radio=radio, fibre=fibre, progress=progress, watch=watch)
        with watch("map"):
            write_map(results, partial / "map.html", language, online_base=online_base)
        write_results(
            partial, study, results.inputs, results.coverage, results.fiber, results.indicators,
            results.findings, _stamp(results, watch), form, results.simulation,
            results.definitions,
        )  # fmt: skip
    if results.signal is None:
        return results
    layers = tuple(layer.moved_to(folder) for layer in results.signal.layers)
    return replace(results, signal=replace(results.signal, layers=layers))


def write_map(
    results: Results,
    path: Path,
    language: Language,
    *,
    online_base: bool = False,
    extension: ExtensionPlan | None = None,
    rings: RingPlan | None = None,
) -> Path:
    """Write the map of a pass through the rooms, with planned cables where there are some."""
    return build_map(
        results.study, results.inputs, results.signal, results.coverage, results.fiber,
        results.indicators, results.findings, path, language=language, online_base=online_base,
        extension=extension, rings=rings,
    )  # fmt: skip


def no_fibre(file: str = "") -> StudyError:
    """Return the error of a study (in `file`) that names no fibre, where some is asked for."""
    return StudyError(
        "the study has no [fiber] table",
        Where(file=file),
        "name cables and points of presence in study.toml",
    )


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
    people = _people_by_commune(inputs, None)
    fiber = assess_fiber(built, study, Findings(), people, progress)
    second = plan_rings(built, study, fiber, findings, None, time_limit_s, progress)
    return Planned(results, plan, second, findings)


@contextmanager
def scratch_rasters() -> Iterator[Path]:
    """Give a folder for rasters that nobody keeps."""
    with tempfile.TemporaryDirectory(prefix="phusong-") as folder:
        yield Path(folder)


def _people_by_commune(inputs: Inputs, coverage: VillageCoverage | None) -> pd.Series[float] | None:
    """Return people by commune code; None when nothing tells."""
    if coverage is not None:
        people, codes = coverage.villages["people"], coverage.villages["commune_code"]
    else:
        people, codes = inputs.villages["population"], inputs.villages["commune_code"]
    if people.isna().all():
        return None if inputs.people is None else residents(inputs.communes, inputs.people)
    summed: pd.Series[float] = people.groupby(codes).sum()
    return summed


def _stamp(results: Results, watch: Stopwatch) -> dict[str, Any]:
    """Return what run.json says: enough to make the same run again and to compare two."""
    study = results.study
    return {
        "study": study.study.name,
        "study_sha256": study.fingerprint(),
        "version": phusong.__version__,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "assumptions": list(study.study.assumptions),
        "settings": study.model_dump(mode="json"),
        "inputs_sha256": results.inputs.sources,
        "crs": results.inputs.crs.to_string(),
        "grid": {
            "cell_m": results.inputs.grid.cell_m,
            "rows": results.inputs.grid.rows,
            "cols": results.inputs.grid.cols,
            "bounds_m": list(results.inputs.grid.bounds),
        },
        "indicators": [_without_nan(asdict(item)) for item in results.indicators.items],
        "language": get_language(),
        "counts": {
            "communes": len(results.inputs.communes),
            "villages": len(results.inputs.villages),
            "sites": len(results.inputs.sites),
            "cells": len(results.inputs.cells),
            "findings": len(results.findings),
        },
        "signal": dict(results.signal.stats) if results.signal else None,
        "seconds": {step: round(value, 3) for step, value in watch.seconds.items()},
        "compile_seconds": round(compile_seconds(), 3),
        "peak_memory_mib": _peak_memory_mib(),
        "python": platform.python_version(),
        "platform": platform.platform(),
    }


def _without_nan(values: dict[str, Any]) -> dict[str, Any]:
    """Return the values with null for NaN: JSON has no word for it."""
    return {
        key: None if isinstance(value, float) and math.isnan(value) else value
        for key, value in values.items()
    }


def _peak_memory_mib() -> float | None:
    """Return the largest resident size so far; None where the system does not tell (Windows)."""
    if sys.platform == "win32":
        return None
    import resource  # noqa: PLC0415 - not there on Windows

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (2**20 if sys.platform == "darwin" else 2**10), 1)
