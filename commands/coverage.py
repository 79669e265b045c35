"""`phusong coverage`: the mobile coverage of a study alone."""

from __future__ import annotations

from pathlib import Path

import click

from phusong.commands.terminal.options import (
    CONTEXT,
    crew_options,
    csv_form,
    csv_options,
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
@csv_options
@crew_options
@shared_options
def coverage(
    study: Path,
    scenario: str | None,
    out: Path,
    overwrite: bool,
    separator: str,
    decimal: str,
    workers: int | None,
    scheduler: str | None,
) -> None:
    """Only mobile coverage of a STUDY: signal rasters, villages, carriers, map.

    \b
    Example:
      phusong coverage my-province --out coverage-out
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
        fibre=False,
        crew=crew_of(workers, scheduler),
    )
    stop_if_missing(results.missing)
