"""`phusong run`, `coverage`, `indicators`, `map`: passes through the rooms."""

from __future__ import annotations

from pathlib import Path

import click

from phusong.commands.terminal.console import print_definitions, print_indicators, print_sensitivity
from phusong.commands.terminal.options import (
    CONTEXT,
    csv_form,
    csv_options,
    online_base_option,
    open_console,
    out_option,
    overwrite_option,
    run_and_print,
    shared_options,
    show_progress,
    study_argument,
)
from phusong.errors import OutputError, Where
from phusong.i18n import get_language, tr
from phusong.study.file import read_study


@click.command(context_settings=CONTEXT)
@study_argument
@out_option("out", "Folder for the results.")
@overwrite_option
@online_base_option
@csv_options
@shared_options
def run(
    study: Path, out: Path, overwrite: bool, online_base: bool, separator: str, decimal: str
) -> None:
    """Answer every question of a STUDY: coverage, fibre, indicators, tables, map.

    \b
    Example:
      phusong run my-province --out my-province/out
      phusong run my-province --out out --overwrite --lang vi --separator ';' --decimal ','
    """
    form = csv_form(separator, decimal)
    run_and_print(study, out, overwrite=overwrite, form=form, online_base=online_base)


@click.command(context_settings=CONTEXT)
@study_argument
@out_option("out", "Folder for the results.")
@overwrite_option
@csv_options
@shared_options
def coverage(study: Path, out: Path, overwrite: bool, separator: str, decimal: str) -> None:
    """Only mobile coverage of a STUDY: signal rasters, villages, carriers, map.

    \b
    Example:
      phusong coverage my-province --out coverage-out
    """
    run_and_print(study, out, overwrite=overwrite, form=csv_form(separator, decimal), fibre=False)


@click.command("map", context_settings=CONTEXT)
@study_argument
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default="map.html",
    show_default=True,
    help="The page to write.",
)
@click.option("--overwrite", is_flag=True, help="Replace the page if it exists.")
@online_base_option
@shared_options
def map_command(study: Path, out: Path, overwrite: bool, online_base: bool) -> None:
    """Write only the map of a STUDY; path losses that were computed before are used again.

    \b
    Example:
      phusong map my-province --out map.html --lang vi
    """
    from phusong.maps import build_map
    from phusong.pipeline.compute import compute, scratch_rasters

    opened = read_study(study)
    if out.exists() and not (overwrite and out.is_file()):
        raise OutputError(
            "there is something here already",
            Where(file=str(out)),
            "add --overwrite, or name another file",
        )
    with show_progress() as progress, scratch_rasters() as rasters:
        results = compute(opened, rasters, progress=progress)
        build_map(results, out, get_language(), online_base=online_base)
    open_console().print(tr("Map: {file}", file=out.resolve()), markup=False, soft_wrap=True)


@click.command(context_settings=CONTEXT)
@study_argument
@click.option("--presets", is_flag=True, help="Also evaluate every definition others publish by.")
@shared_options
def indicators(study: Path, presets: bool) -> None:
    """Print the reportable figures of a STUDY with their definitions; writes no results.

    Path losses that were computed before are used again, so that a changed definition is
    answered in seconds.

    \b
    Example:
      phusong indicators my-province --lang vi
      phusong indicators my-province --presets
    """
    from phusong.pipeline.compute import compute, scratch_rasters

    opened = read_study(study)
    if presets:
        settings = opened.indicators.model_copy(update={"presets": ["all"]})
        opened = opened.model_copy(update={"indicators": settings})
    with show_progress() as progress, scratch_rasters() as rasters:
        results = compute(opened, rasters, progress=progress)
    console = open_console()
    print_indicators(console, results.indicators)
    print_sensitivity(console, results.indicators.sensitivity, people=results.weighted_by_people)
    if results.definitions is not None:
        print_definitions(console, results.definitions)
