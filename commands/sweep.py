"""`phusong sweep`: path losses computed ahead of a run, whole or in shares."""

from __future__ import annotations

from pathlib import Path

import click

from phusong.commands.terminal.options import (
    CONTEXT,
    crew_options,
    scenario_option,
    shared_options,
    study_argument,
)
from phusong.i18n import number, tr


@click.command(context_settings=CONTEXT)
@study_argument
@scenario_option
@click.option(
    "--of", "count", type=click.IntRange(1, 100_000), help="Into how many shares masts are dealt."
)
@click.option("--share", type=click.IntRange(min=1), help="The share to compute, from 1 on.")
@click.option("--list", "listed", is_flag=True, help="Only list the shares; compute nothing.")
@crew_options
@shared_options
def sweep(
    study: Path,
    scenario: str | None,
    count: int | None,
    share: int | None,
    listed: bool,
    workers: int | None,
    scheduler: str | None,
) -> None:
    """Compute the path losses of a STUDY ahead of a run, all or one share of the masts.

    They are kept in the study's work folder, and `phusong run` takes them from there: its
    results are the same to the byte. A share that was cut short is begun again and goes on
    where it stopped. For a batch queue:

    \b
    Example:
      phusong sweep my-province --of 64 --list
      phusong sweep my-province --share 1 --of 64
      phusong run my-province --out out
    """
    from phusong.commands.terminal.console import open_console, show_progress
    from phusong.commands.terminal.tables import plain_table
    from phusong.crew import crew_of
    from phusong.pipeline.shares import Sweep
    from phusong.study.file import read_study

    if share is not None and (count is None or share > count):
        raise click.UsageError(tr("--share needs --of, and is no more than it"))
    if count is not None and share is None and not listed:
        raise click.UsageError(tr("--of needs --share, or --list"))
    console = open_console()
    with show_progress() as progress:
        swept = Sweep(read_study(study, scenario), crew_of(workers, scheduler), progress)
        shares = swept.shares(count or 1)
        report = None if listed else swept.compute(shares[(share or 1) - 1])
    if report is None:
        table = plain_table("Share", "Masts", "Million pixels", "Still to compute")
        for i, one in enumerate(shares, 1):
            table.add_row(*map(number, (i, len(one.masts), one.pixels / 1e6, one.lacking)))
        console.print(table)
        return
    console.print(
        tr(
            "{computed} masts computed, {kept} were kept, {refused} refused by the model",
            computed=report.computed,
            kept=report.from_store,
            refused=len({site for site, *_ in report.problems}),
        )
    )
