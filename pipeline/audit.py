"""A claimed map held against measurements, and the day's drive that would tell most."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from phusong.checks import Findings
from phusong.coverage.audit.assess import Audit, audit_map
from phusong.coverage.audit.presets import preset_of
from phusong.coverage.calibration.measurements import read_measurements
from phusong.coverage.results import SignalLayer
from phusong.coverage.signal.layerfiles import signal_kinds
from phusong.coverage.signal.plan import Plan, plan_run
from phusong.coverage.signal.signal import compute_signal
from phusong.coverage.signal.store import PathLossStore
from phusong.errors import InputError, Where
from phusong.exports import CsvForm
from phusong.exports.audit import write_audit
from phusong.i18n import get_language, tr
from phusong.names import safe_names
from phusong.pipeline.compute import scratch_rasters
from phusong.pipeline.next_drive import NextDrive, next_drive
from phusong.progress import NoProgress, Progress
from phusong.results.finished import open_run
from phusong.results.missing import Attempts, Missing
from phusong.sources import Inputs, read_inputs
from phusong.study import Study
from phusong.version import __version__


@dataclass(frozen=True)
class Audited:
    """An audit, the study it was of, and the next drive."""

    study: Study
    inputs: Inputs
    audit: Audit
    drive: NextDrive
    files: tuple[str, ...] = ()
    run: Path | None = None
    spacing_m: float = 0.0
    silent_fails: bool = False


def audit_study(
    study: Study,
    measurements: Sequence[Path],
    *,
    preset: str = "study",
    probability: float | None = None,
    share: float | None = None,
    confidence: float = 0.95,
    spacing_m: float = 0.0,
    silent_fails: bool = False,
    run: Path | None = None,
    columns: dict[str, str] | None = None,
    crs: str | None = None,
    encoding: str | None = None,
    start: tuple[float, float] | None = None,
    day_km: float = 150.0,
    progress: Progress | None = None,
) -> Audited:
    """Hold the map of a study, or of a finished run of it, against files of measurements.

    Parameters
    ----------
    study
        Its towers, terrain, communes and roads.
    measurements
        Files, of one carrier or several.
    preset, probability, share
        See :func:`phusong.coverage.audit.presets.preset_of`.
    confidence, spacing_m, silent_fails
        See :func:`phusong.coverage.audit.assess.audit_map`.
    run
        Folder of a finished run whose rasters and definitions are audited; else the rasters are
        computed, from kept path losses where there are any.
    columns, crs, encoding
        Of every file, see :func:`~phusong.coverage.calibration.measurements.read_measurements`.
    start
        Longitude and latitude of where the next drive begins; by default the commune centre
        with most people.
    day_km
        Length of the next drive.
    progress
        Told how far the work is.

    Raises
    ------
    PhusongError
        When the study, a file or the run is wrong.
    """
    told = progress or NoProgress()
    claimed_by = study if run is None else open_run(run).study
    asked = preset_of(preset, claimed_by, probability=probability, share=share)
    inputs = read_inputs(study, Findings(study.checks.severity), told)
    measured = []
    names = [path.name for path in measurements]
    for path in measurements:
        one, _ = read_measurements(path, inputs, study, columns=columns, crs=crs, encoding=encoding)
        measured.append((path.name if names.count(path.name) == 1 else str(path), one))
    with ExitStack() as stack:
        if run is None:
            rasters = stack.enter_context(scratch_rasters())
            store = PathLossStore.of(study)
            signal = compute_signal(inputs, study, rasters, store, told)
            layers, cells = signal.layers, signal.cells
        else:
            plan = plan_run(inputs, study)
            layers, cells = layers_of_run(run, plan, inputs), plan.cells
        found = audit_map(
            inputs,
            claimed_by,
            layers,
            cells,
            measured,
            asked,
            confidence=confidence,
            spacing_m=spacing_m,
            silent_fails=silent_fails,
        )
        drive = next_drive(
            found, inputs, study, layers, start=start, day_km=day_km, spacing_m=spacing_m
        )
    files = tuple(name for name, _ in measured)
    return Audited(study, inputs, found, drive, files, run, spacing_m, silent_fails)


def layers_of_run(run: Path, plan: Plan, inputs: Inputs) -> tuple[SignalLayer, ...]:
    """Return the rasters of a finished run for the carriers of a study.

    Raises
    ------
    InputError
        When the run was made of other towers or on another grid.
    """
    opened, grid = open_run(run), inputs.grid
    there = opened.stamp["grid"]
    if (there["cell_m"], tuple(there["bounds_m"])) != (grid.cell_m, grid.bounds):
        raise InputError(
            "the rasters of this run lie on another grid than the study now does",
            Where(file=str(run)),
            "run the study again, or leave --run out",
        )
    safe = safe_names(layer.operator for layer in plan.layers)
    kinds = [kind.name for kind in signal_kinds(len(plan.cells))]
    layers = []
    for layer in plan.plain:
        paths = [
            opened.folder / f"coverage_{safe[layer.operator]}_{layer.technology}_{kind}.tif"
            for kind in kinds
        ]
        for path in paths:
            if not path.is_file():
                raise InputError(
                    "this run has no raster of {operator} {technology}",
                    Where(file=str(path)),
                    "run the study again, or leave --run out",
                    {"operator": layer.operator, "technology": layer.technology},
                )
        layers.append(SignalLayer(layer.operator, layer.technology, *paths))
    return tuple(layers)


def write_audited(
    audited: Audited, folder: Path, form: CsvForm, *, overwrite: bool
) -> tuple[Missing, ...]:
    """Write the files of an audit with their stamp; return what could not be written.

    Raises
    ------
    OutputError
        When the folder may not be replaced.
    """
    found, drive = audited.audit, audited.drive
    verdicts = (found.claims["kind"] + " " + found.claims["verdict"]).value_counts().sort_index()
    stamp = {
        "audit": True,
        "study": audited.study.study.name,
        "study_sha256": audited.study.fingerprint(),
        "version": __version__,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "language": get_language(),
        "run": None if audited.run is None else str(audited.run),
        "preset": found.preset.id,
        "asked": {
            name: tr(text)
            for name, text in (
                ("title", found.preset.title),
                ("says", found.preset.says),
                ("source", found.preset.source),
                ("assumed", found.preset.assumed),
            )
        },
        "probability": found.preset.probability,
        "share": found.preset.share,
        "confidence": found.confidence,
        "spacing_m": audited.spacing_m,
        "silent_fails": audited.silent_fails,
        "files": list(audited.files),
        "tests": len(found.tests),
        "refused": len(found.refused),
        "claims": {str(name): int(count) for name, count in verdicts.items()},
        "drive_km": round(drive.length_km, 3),
        "drive_reason": tr(drive.reason) if drive.reason else None,
    }
    operators = sorted(set(found.tests["operator"]))
    attempt = Attempts()
    write_audit(
        found,
        drive.stops,
        drive.line,
        drive.claims,
        stamp,
        folder,
        form,
        safe_names(operators),
        attempt,
        overwrite=overwrite,
        formats=audited.study.outputs.formats,
    )
    return tuple(attempt.missing)
