"""`phusong audit`: whether a claimed map holds against measurements."""

from __future__ import annotations

from pathlib import Path

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
from phusong.errors import InputError, Where
from phusong.i18n import tr

PRESETS = ("study", "arcep", "fcc")
"""Those of coverage/audit/presets.toml, which help need not read."""
_SHARE = click.FloatRange(0, 1, min_open=True, max_open=True)


@click.command(context_settings=CONTEXT)
@study_argument
@click.argument("measurements", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--preset",
    type=click.Choice(PRESETS),
    default="study",
    show_default=True,
    help="What the map has to stand up to.",
)
@click.option(
    "--probability",
    type=_SHARE,
    help="A place is claimed from this P on, in place of the preset's.",
)
@click.option(
    "--share", type=_SHARE, help="Share of tests that must succeed, in place of the preset's."
)
@click.option(
    "--confidence",
    type=_SHARE,
    default=0.95,
    show_default=True,
    help="Of the exact binomial intervals.",
)
@click.option(
    "--spacing-m",
    type=click.FloatRange(min=0),
    default=0.0,
    help="Tests nearer than this count once [default: one cell of the DEM].",
)
@click.option(
    "--silent-fails",
    is_flag=True,
    help="Rows without a level are tests that failed: the phone heard nothing.",
)
@click.option(
    "--run",
    type=click.Path(path_type=Path),
    help="Finished run whose rasters are audited; else they are computed.",
)
@click.option(
    "--day-km",
    type=click.FloatRange(min=0, min_open=True),
    default=150.0,
    show_default=True,
    help="Length of the next day's drive.",
)
@click.option(
    "--start",
    metavar="LON,LAT",
    help="Where that drive begins [default: the commune centre with most people].",
)
@out_option("audit", "Folder for the tables.")
@measurement_options
@overwrite_option
@csv_options
@shared_options
def audit(
    study: Path,
    measurements: tuple[Path, ...],
    preset: str,
    probability: float | None,
    share: float | None,
    confidence: float,
    spacing_m: float,
    silent_fails: bool,
    run: Path | None,
    day_km: float,
    start: str | None,
    out: Path,
    columns: tuple[str, ...],
    crs: str | None,
    encoding: str | None,
    overwrite: bool,
    separator: str,
    decimal: str,
) -> None:
    """Hold the coverage a STUDY claims against MEASUREMENTS, files of levels.

    Prints how many tests succeed where service is claimed, with exact intervals, which claims
    they refute, and where to drive next. Writes audit_*.csv, audit.gpkg, drive.gpx, and the
    evidence against each carrier in challenges/. Exit code 0 also when claims are refuted.

    \b
    Example:
      phusong audit my-province drive-test.csv
      phusong audit my-province day1.csv day2.csv --preset arcep --run my-province/out
    """
    from phusong.commands.terminal.audit import print_audit
    from phusong.commands.terminal.console import open_console, show_progress
    from phusong.commands.terminal.missing import stop_if_missing
    from phusong.commands.terminal.places import path_text
    from phusong.exports import refuse_to_overwrite
    from phusong.pipeline.audit import audit_study, write_audited
    from phusong.study.file import read_study

    opened = read_study(study)
    form = csv_form(separator, decimal)
    refuse_to_overwrite(out, overwrite=overwrite)
    with show_progress() as progress:
        audited = audit_study(
            opened,
            measurements,
            preset=preset,
            probability=probability,
            share=share,
            confidence=confidence,
            spacing_m=spacing_m,
            silent_fails=silent_fails,
            run=run,
            columns=column_headers(columns),
            crs=crs,
            encoding=encoding,
            start=_lonlat(start),
            day_km=day_km,
            progress=progress,
        )
    missing = write_audited(audited, out, form, overwrite=overwrite)
    console = open_console()
    print_audit(console, audited)
    console.print(tr("Tables: {folder}", folder=path_text(out)), markup=False, soft_wrap=True)
    if audited.audit.tests.empty:
        raise InputError(
            "none of the rows can be held against the map",
            Where(file=", ".join(map(str, measurements))),
            "see audit_refused.csv in {folder}: it says why, row by row",
            {"folder": path_text(out)},
        )
    stop_if_missing(missing)


def _lonlat(text: str | None) -> tuple[float, float] | None:
    if text is None:
        return None
    try:
        longitude, latitude = (float(part) for part in text.split(","))
    except ValueError:
        longitude = latitude = float("nan")
    if not (-180 <= longitude <= 180 and -90 <= latitude <= 90):
        raise click.BadParameter(
            tr("{text} is no longitude,latitude in degrees", text=text), param_hint="--start"
        )
    return longitude, latitude
