"""`phusong run`: every question of a study answered."""

from __future__ import annotations

from pathlib import Path

import click

from phusong.commands.terminal.options import (
    CONTEXT,
    crew_options,
    csv_form,
    csv_options,
    online_base_option,
    out_option,
    overwrite_option,
    scenario_option,
    shared_options,
    study_argument,
)


@click.command(context_settings=CONTEXT)
@study_argument
@scenario_option
@out_option("out", "Folder for the results.")
@overwrite_option
@online_base_option
@csv_options
@crew_options
@shared_options
def run(
    study: Path,
    scenario: str | None,
    out: Path,
    overwrite: bool,
    online_base: bool,
    separator: str,
    decimal: str,
    workers: int | None,
    scheduler: str | None,
) -> None:
    """Answer every question of a STUDY: coverage, fibre, indicators, tables, map.

    \b
    Example:
      phusong run my-province --out my-province/out
      phusong run my-province --out out --overwrite --lang vi --separator ';' --decimal ','
    """
    from phusong.commands.terminal.answers import run_and_print
    from phusong.commands.terminal.missing import stop_if_missing
    from phusong.crew import crew_of

    form = csv_form(separator, decimal)
    results = run_and_print(
        study,
        out,
        scenario=scenario,
        overwrite=overwrite,
        form=form,
        online_base=online_base,
        crew=crew_of(workers, scheduler),
    )
    stop_if_missing(results.missing)
