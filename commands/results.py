"""`phusong report`, `compare`: what is made of finished runs."""

from __future__ import annotations

from pathlib import Path

import click

from phusong.commands.shared import (
    CONTEXT,
    csv_form,
    csv_options,
    open_console,
    overwrite_option,
    shared_options,
)
from phusong.i18n import get_language, tr

run_type = click.Path(path_type=Path)


@click.command(context_settings=CONTEXT)
@click.argument("run", type=run_type)
@click.option("--out", type=run_type, help="Folder for the report [default: the run's].")
@shared_options
def report(run: Path, out: Path | None) -> None:
    """Write report.pdf and report.html of a finished RUN.

    \b
    Example:
      phusong report my-province/out --lang vi
    """
    from phusong.report import write_report
    from phusong.runs import open_run

    folder = out or run
    opened = open_run(run)
    folder.mkdir(parents=True, exist_ok=True)
    for path in write_report(opened, folder):
        open_console().print(tr("Report: {file}", file=path), markup=False, soft_wrap=True)


@click.command(context_settings=CONTEXT)
@click.argument("before", type=run_type)
@click.argument("after", type=run_type)
@click.option(
    "--out", type=run_type, default="compare", show_default=True, help="Folder for tables and map."
)
@overwrite_option
@csv_options
@shared_options
def compare(
    before: Path, after: Path, out: Path, overwrite: bool, separator: str, decimal: str
) -> None:
    """Compare two finished runs, BEFORE and AFTER: villages and communes gained and lost.

    Definitions that differ between the runs are named first: figures compare only where there
    are none. Writes the tables, and compare.html: a map with both runs under one divider.

    \b
    Example:
      phusong compare out-2025 out-2026 --out compare-2026
    """
    from phusong.compare import compare_runs
    from phusong.console import print_comparison
    from phusong.exports import output_folder
    from phusong.exports.comparison import write_comparison
    from phusong.maps import build_swipe_map
    from phusong.runs import open_run

    form = csv_form(separator, decimal)
    earlier, later = open_run(before), open_run(after)
    found = compare_runs(earlier, later)
    with output_folder(out, overwrite=overwrite) as partial:
        write_comparison(found, partial, form)
        build_swipe_map(earlier, later, found, partial / "compare.html", get_language())
    console = open_console()
    print_comparison(console, found)
    console.print(tr("Tables: {folder}", folder=out), markup=False, soft_wrap=True)
    page = (out / "compare.html").resolve()
    console.print(tr("Map: {file}", file=page), markup=False, soft_wrap=True)


@click.command(context_settings=CONTEXT)
@click.argument("run", type=run_type)
@click.option(
    "--out", type=run_type, default="public", show_default=True, help="Folder to publish."
)
@click.option("--url", default="", help="Where the folder will be served; else links are relative.")
@overwrite_option
@csv_options
@shared_options
def publish(run: Path, out: Path, url: str, overwrite: bool, separator: str, decimal: str) -> None:
    """Write what may be handed to others from a finished RUN: tables, GeoJSON, descriptions.

    Columns the study withholds are left out. The layers lie in the form of OGC API - Features;
    any web server can serve the folder.

    \b
    Example:
      phusong publish my-province/out --out public
      phusong publish my-province/out --out public --url https://data.example.vn/phusong
    """
    from phusong.exports.publish import publish_run
    from phusong.runs import open_run

    form = csv_form(separator, decimal)
    publish_run(open_run(run), out, form, overwrite=overwrite, url=url)
    open_console().print(tr("Published: {folder}", folder=out), markup=False, soft_wrap=True)
