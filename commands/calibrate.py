"""`phusong calibrate`: measured levels against the predictions of a study."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from phusong.commands.terminal.options import (
    CONTEXT,
    column_headers,
    csv_form,
    csv_options,
    measurement_options,
    out_option,
    overwrite_option,
    shared_options,
    study_argument,
)
from phusong.errors import InputError, OutputError, StudyError, Where
from phusong.i18n import tr

if TYPE_CHECKING:
    from phusong.coverage.calibration.calibrate import Calibration
    from phusong.sources.inputs import Inputs
    from phusong.study import Study

FIELD_FILE: Final = "data/calibration/field.json"
"""From the study's folder; beside the other data, not among results that are replaced."""


@click.command(context_settings=CONTEXT)
@study_argument
@click.argument("measurements", type=click.Path(path_type=Path))
@out_option("calibration", "Folder for the tables.")
@measurement_options
@click.option("--apply", "apply_", is_flag=True, help="Write the result into study.toml.")
@overwrite_option
@csv_options
@shared_options
def calibrate(
    study: Path,
    measurements: Path,
    out: Path,
    columns: tuple[str, ...],
    crs: str | None,
    encoding: str | None,
    apply_: bool,
    overwrite: bool,
    separator: str,
    decimal: str,
) -> None:
    """Compare MEASUREMENTS (a log of levels) with what a STUDY predicts.

    Network Survey, G-NetTrack, CellMapper, OpenCelliD and GPX are known by their content. Columns
    of other tables: a place (lon and lat, or x and y), level_dbm, operator and technology or
    cell_id; eci, earfcn, pci or freq_mhz where they are known. Rows of one place and carrier
    count once. Writes calibration_*.csv: residuals, refused rows, bias and spread by distance,
    land cover and line of sight, and offsets, slopes and a field near the measured roads, tested
    on sites or stretches of road they were not fitted to. The study stays as it is unless
    --apply is given.

    \b
    Example:
      phusong calibrate my-province drive-test.csv
      phusong calibrate my-province drive-test.csv --column level_dbm=Muc_thu --apply
    """
    from phusong.checks import Findings
    from phusong.commands.terminal.calibration import print_calibration, print_log
    from phusong.commands.terminal.console import open_console, show_progress
    from phusong.commands.terminal.places import path_text
    from phusong.coverage.calibration.calibrate import calibrate as compare
    from phusong.coverage.calibration.measurements import read_measurements
    from phusong.coverage.signal.store import PathLossStore
    from phusong.exports import refuse_to_overwrite
    from phusong.exports.calibration import write_calibration
    from phusong.sources import read_inputs
    from phusong.study.file import FILE_NAME, read_study

    opened = read_study(study)
    form = csv_form(separator, decimal)
    refuse_to_overwrite(out, overwrite=overwrite)
    with show_progress() as progress:
        inputs = read_inputs(opened, Findings(opened.checks.severity), progress)
        measured, findings = read_measurements(
            measurements,
            inputs,
            opened,
            columns=column_headers(columns),
            crs=crs,
            encoding=encoding,
        )
        store = PathLossStore.of(opened)
        found = compare(inputs, opened, store, measured, progress)
    about = _about(measurements, opened, inputs)
    write_calibration(found, out, form, overwrite=overwrite, about=about)
    console = open_console()
    print_log(console, findings)
    print_calibration(console, found)
    console.print(tr("Tables: {folder}", folder=path_text(out)), markup=False, soft_wrap=True)
    if found.reason and apply_:
        raise InputError(
            found.reason,
            Where(file=str(measurements)),
            "bring more measurements, of more sites; the study is as it was",
            dict(found.params),
        )
    if found.reason:
        console.print(
            tr("No calibration: {reason}", reason=tr(found.reason, **found.params)),
            style="yellow",
            markup=False,
        )
        return
    file = study / FILE_NAME if study.is_dir() else study
    if apply_:
        _apply(found, file, about)
        console.print(
            tr("Written into {file}:", file=path_text(file)), markup=False, soft_wrap=True
        )
    else:
        console.print(
            tr("With --apply these keys are written into {file}:", file=path_text(file)),
            markup=False,
            soft_wrap=True,
        )
    console.print(_keys(found), markup=False)


def _about(measurements: Path, study: Study, inputs: Inputs) -> dict[str, Any]:
    """Return where a calibration is from: whose, when, and which file."""
    from phusong.coverage.corrections.residualfield import digest

    source = {"file": measurements.name, "sha256": digest(measurements)}
    return {
        "name": study.study.name,
        "date": datetime.now(UTC).date().isoformat(),
        "crs": inputs.crs.to_string(),
        "measurements": [source],
    }


Tables = list[tuple[tuple[str, ...], dict[str, float | str], int]]


def _tables(found: Calibration) -> Tables:
    """Return the study's tables, what to set in them, and with how many decimals."""
    keys = found.keys
    out: Tables = [(("radio", "spread"), {"sigma_model_db": keys.sigma_model_db}, 1)]
    if keys.offsets_db:
        out.append((("radio", "offsets_db"), {str(k): v for k, v in keys.offsets_db.items()}, 1))
    for name, classes in keys.land_cover_offsets_db.items():
        of = {str(code): value for code, value in classes.items()}
        out.append((("radio", "land_cover_offsets_db", str(name)), dict(of), 1))
    if keys.obstruction_offsets_db:
        out.append((("radio", "obstruction_offsets_db"), dict(keys.obstruction_offsets_db), 1))
    for along, slope in keys.slopes.items():
        out.append((("radio", "slopes", along), dict(slope.model_dump()), 3))
    if found.variogram is not None:  # empty it still says where the offsets are from
        out.append((("radio",), {"residual_field": FIELD_FILE}, 1))
    return out


def _keys(found: Calibration) -> str:
    """Return what a study file would say."""
    parts = []
    for table, values, digits in _tables(found):
        lines = [f"[{'.'.join(table)}]"]
        lines += [
            f'{name} = "{value}"' if isinstance(value, str) else f"{name} = {value:.{digits}f}"
            for name, value in values.items()
        ]
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _apply(found: Calibration, file: Path, about: dict[str, Any]) -> None:
    """Set the keys in the study file, nothing else of it, and write the field it names.

    A field that no longer gains is emptied, as offsets that no longer do become 0.

    Raises
    ------
    StudyError
        When the file writes these tables in a form that cannot be edited.
    OutputError
        When it cannot be written.
    """
    from phusong.coverage.corrections.residualfield import ResidualField
    from phusong.disc.durable import replacing
    from phusong.study.edit import set_keys
    from phusong.study.file import parse_study

    text: str | None = file.read_bytes().decode("utf-8-sig")
    assert text is not None
    for table, values, digits in _tables(found):
        if text is not None:
            text = set_keys(text, table, values, digits)
    if text is None:
        raise StudyError(
            "the keys cannot be set line by line in this file",
            Where(file=str(file)),
            "put them there by hand:\n{keys}",
            {"keys": _keys(found)},
        )
    study = parse_study(text, file)
    field = study.radio.residual_field
    try:
        if field is not None and found.variogram is not None:
            path = study.resolve(field)
            path.parent.mkdir(parents=True, exist_ok=True)
            with replacing(path) as half:
                half.write_text(ResidualField(found.variogram, found.fields, about).text(), "utf-8")
        with replacing(file.resolve()) as half:
            half.write_bytes(text.encode())
            shutil.copymode(file, half)
    except OSError as error:
        raise OutputError(
            "the study cannot be written: {reason}",
            Where(file=str(file)),
            "choose a place you may write to",
            {"reason": error.strerror or str(error)},
        ) from error
