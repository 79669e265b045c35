"""`phusong indicators`: the reportable figures of a study."""

from __future__ import annotations

from pathlib import Path

import click

from phusong.commands.terminal.options import (
    CONTEXT,
    scenario_option,
    shared_options,
    study_argument,
)


@click.command(context_settings=CONTEXT)
@study_argument
@scenario_option
@click.option("--presets", is_flag=True, help="Also evaluate every definition others publish by.")
@shared_options
def indicators(study: Path, scenario: str | None, presets: bool) -> None:
    """Print the reportable figures of a STUDY with their definitions; writes no results.

    Path losses that were computed before are used again, so that a changed definition is
    answered in seconds.

    \b
    Example:
      phusong indicators my-province --lang vi
      phusong indicators my-province --presets
    """
    from phusong.commands.terminal.console import open_console, show_progress
    from phusong.commands.terminal.figures import (
        print_definitions,
        print_indicators,
        print_sensitivity,
    )
    from phusong.pipeline.compute import compute, scratch_rasters
    from phusong.study.file import read_study

    opened = read_study(study, scenario)
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
