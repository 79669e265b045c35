"""`phusong report`: a finished run as PDF and as a page."""

from __future__ import annotations

from pathlib import Path

import click

from phusong.commands.terminal.options import CONTEXT, shared_options
from phusong.i18n import tr


@click.command(context_settings=CONTEXT)
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--out", type=click.Path(path_type=Path), help="Folder for the report [default: the run's]."
)
@click.option(
    "--measurements",
    type=click.Path(path_type=Path),
    help="Folder that `phusong calibrate` wrote: a page of measured against predicted.",
)
@click.option(
    "--sites",
    type=click.Path(path_type=Path),
    help="Folder that `phusong sites` wrote: pages of what it would take, mast by mast.",
)
@click.option(
    "--cascade",
    type=click.Path(path_type=Path),
    help="Folder that `phusong cascade` wrote: pages of what breaks together.",
)
@shared_options
def report(
    run: Path,
    out: Path | None,
    measurements: Path | None,
    sites: Path | None,
    cascade: Path | None,
) -> None:
    """Write report.pdf and report.html of a finished RUN.

    \b
    Example:
      phusong report my-province/out --lang vi
      phusong report my-province/out --measurements my-province/calibration
      phusong report my-province/out --sites sites --cascade cascade
    """
    from phusong.commands.terminal.console import open_console
    from phusong.commands.terminal.missing import stop_if_missing
    from phusong.commands.terminal.places import path_text
    from phusong.report import write_report
    from phusong.results.finished import open_run
    from phusong.results.measured import open_measured
    from phusong.results.missing import Attempts
    from phusong.results.planfolders import open_cascade, open_site_plan

    folder = out or run
    opened = open_run(run)
    measured = None if measurements is None else open_measured(measurements)
    masts = None if sites is None else open_site_plan(sites, opened)
    losses = None if cascade is None else open_cascade(cascade, opened)
    folder.mkdir(parents=True, exist_ok=True)
    attempt = Attempts()
    for path in write_report(opened, folder, measured, attempt, sites=masts, cascade=losses):
        open_console().print(
            tr("Report: {file}", file=path_text(path)), markup=False, soft_wrap=True
        )
    stop_if_missing(attempt.missing)
