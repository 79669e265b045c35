"""A study run, and everything it found written to one folder with its stamp."""

from __future__ import annotations

import math
import platform
import sys
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from phusong.coverage.corrections.residualfield import provenance
from phusong.crew import Crew
from phusong.exports import CsvForm, describe_run, output_folder, write_results
from phusong.fetch.ledger import said_of
from phusong.i18n import Language, get_language
from phusong.jit import compile_seconds
from phusong.maps import build_map
from phusong.pipeline.compute import Stopwatch, compute
from phusong.progress import Progress
from phusong.results.missing import Attempts
from phusong.results.model import Results
from phusong.study import Study
from phusong.version import __version__


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
    crew: Crew | None = None,
) -> Results:
    """Run a study and leave everything it found in ``folder``.

    The folder appears whole when the run is done; a run that fails or is killed leaves an
    earlier one as it was, and the next run takes finished sites from the path-loss store.
    Figures are written first. A map, workbook or layer that fails then costs no figure: it is
    listed, with the reason, in ``missing`` of what is returned and in run.json.
    ``online_base`` offers a street map from the network on the map page, switched off at first.
    ``crew`` computes the path losses that are not kept; None: this process.

    Raises
    ------
    PhusongError
        When the inputs are wrong or the folder may not be written.
    """
    watch = Stopwatch()
    language = language or get_language()
    form = form or CsvForm()
    with output_folder(folder, overwrite=overwrite) as partial:
        results = compute(
            study, partial, radio=radio, fibre=fibre, progress=progress, watch=watch, crew=crew
        )
        attempt, about = Attempts(partial), _about(study)
        described = write_results(partial, results, about, form, attempt)
        with watch("map"), attempt("map.html", partial / "map.html"):
            build_map(results, partial / "map.html", language, online_base=online_base)
        results = replace(results, missing=tuple(attempt.missing))
        describe_run(partial, results, _stamp(results, about, watch), described, form)
    if results.signal is None:
        return results
    layers = tuple(layer.moved_to(folder) for layer in results.signal.layers)
    return replace(results, signal=replace(results.signal, layers=layers))


def _about(study: Study) -> dict[str, str]:
    """Return which run this is, for the files that say no more."""
    return {
        "study": study.study.name,
        **({} if study.scenario is None else {"scenario": study.scenario.name}),
        "study_sha256": study.fingerprint(),
        "version": __version__,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _stamp(results: Results, about: dict[str, str], watch: Stopwatch) -> dict[str, Any]:
    """Return what run.json says: enough to make the same run again and to compare two."""
    study = results.study
    return {
        **about,
        "assumptions": list(study.study.assumptions),
        "settings": study.model_dump(mode="json"),
        "inputs_sha256": results.inputs.sources,
        "fetched": said_of(study.folder),
        "calibrated_from": provenance(study),
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
