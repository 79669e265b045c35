"""`phusong map`: the map of a study alone."""

from __future__ import annotations

from pathlib import Path

import click

from phusong.commands.terminal.options import (
    CONTEXT,
    online_base_option,
    refuse_to_replace,
    scenario_option,
    shared_options,
    study_argument,
)
from phusong.i18n import get_language, tr


@click.command("map", context_settings=CONTEXT)
@study_argument
@scenario_option
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default="map.html",
    show_default=True,
    help="The page to write.",
)
@click.option("--overwrite", is_flag=True, help="Replace the page if it exists.")
@click.option(
    "--measurements",
    type=click.Path(path_type=Path),
    help="Folder that `phusong calibrate` wrote: a layer of measured places, by how far off.",
)
@online_base_option
@shared_options
def map_command(
    study: Path,
    scenario: str | None,
    out: Path,
    overwrite: bool,
    measurements: Path | None,
    online_base: bool,
) -> None:
    """Write only the map of a STUDY; path losses that were computed before are used again.

    \b
    Example:
      phusong map my-province --out map.html --lang vi
      phusong map my-province --measurements my-province/calibration
    """
    from phusong.commands.terminal.console import open_console, show_progress
    from phusong.commands.terminal.places import path_text
    from phusong.maps import build_map
    from phusong.pipeline.compute import compute, scratch_rasters
    from phusong.results.measured import open_measured
    from phusong.study.file import read_study

    opened = read_study(study, scenario)
    refuse_to_replace(out, overwrite=overwrite)
    measured = None if measurements is None else open_measured(measurements)
    with show_progress() as progress, scratch_rasters() as rasters:
        results = compute(opened, rasters, progress=progress)
        build_map(results, out, get_language(), measured=measured, online_base=online_base)
    open_console().print(tr("Map: {file}", file=path_text(out)), markup=False, soft_wrap=True)
