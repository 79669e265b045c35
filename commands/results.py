"""`phusong report`, `compare`, `regroup`, `publish`: what is made of finished runs."""

from __future__ import annotations

from pathlib import Path

import click

from phusong.commands.terminal.options import (
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
    from phusong.results.finished import open_run

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
    from phusong.commands.terminal.console import print_comparison
    from phusong.exports import output_folder
    from phusong.exports.comparison import write_comparison
    from phusong.maps import build_swipe_map
    from phusong.results.compare import compare_runs
    from phusong.results.finished import open_run

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
@click.argument("table", type=run_type)
@click.option(
    "--out", type=run_type, default="new_communes.csv", show_default=True, help="CSV to write."
)
@click.option("--overwrite", is_flag=True, help="Replace the file if it exists.")
@csv_options
@shared_options
def regroup(
    run: Path, table: Path, out: Path, overwrite: bool, separator: str, decimal: str
) -> None:
    """Give a finished RUN by other communes, such as those of July 2025.

    TABLE is a CSV with old_code, new_code, new_name; village_code in place of old_code where
    communes were parted.

    \b
    Example:
      phusong regroup my-province/out ma-xa-moi.csv --out xa-moi.csv
    """
    from phusong.errors import OutputError, Where
    from phusong.exports import write_csv
    from phusong.exports.tables.dictionary import conform
    from phusong.results.finished import open_run
    from phusong.results.regroup import read_crosswalk
    from phusong.results.regroup import regroup as by_new_communes

    form = csv_form(separator, decimal)
    if out.exists() and not (overwrite and out.is_file()):
        raise OutputError(
            "there is something here already",
            Where(file=str(out)),
            "add --overwrite, or name another file",
        )
    opened = open_run(run)
    found = by_new_communes(opened, read_crosswalk(table), table)
    write_csv(conform(found, "new_communes"), out, form)
    console = open_console()
    console.print(
        tr("{old} communes became {new}", old=len(opened.tables["communes"]), new=len(found))
    )
    console.print(tr("Table: {file}", file=out), markup=False, soft_wrap=True)


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
    from phusong.results.finished import open_run

    form = csv_form(separator, decimal)
    publish_run(open_run(run), out, form, overwrite=overwrite, url=url)
    open_console().print(tr("Published: {folder}", folder=out), markup=False, soft_wrap=True)
