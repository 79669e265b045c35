"""`phusong compare`: two finished runs side by side."""

from __future__ import annotations

from pathlib import Path

import click

from phusong.commands.terminal.options import (
    CONTEXT,
    csv_form,
    csv_options,
    overwrite_option,
    shared_options,
)
from phusong.i18n import get_language

PAGE = "compare.html"


@click.command(context_settings=CONTEXT)
@click.argument("before", type=click.Path(path_type=Path))
@click.argument("after", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default="compare",
    show_default=True,
    help="Folder for tables and map.",
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
    from phusong.commands.terminal.comparison import print_comparison
    from phusong.commands.terminal.console import open_console
    from phusong.commands.terminal.missing import stop_if_missing
    from phusong.commands.terminal.places import tell_where
    from phusong.exports import output_folder
    from phusong.exports.comparison import write_comparison
    from phusong.exports.folder import write_stamp
    from phusong.maps import build_swipe_map
    from phusong.results.compare import compare_runs
    from phusong.results.finished import open_run
    from phusong.results.missing import Attempts

    form = csv_form(separator, decimal)
    earlier, later = open_run(before), open_run(after)
    found = compare_runs(earlier, later)
    with output_folder(out, overwrite=overwrite) as partial:
        attempt = Attempts(partial)
        write_comparison(found, partial, form)
        with attempt(PAGE, partial / PAGE):
            build_swipe_map(earlier, later, found, partial / PAGE, get_language())
        stamp = {"comparison": True, "definitions_differ": len(found.definitions)}
        write_stamp(partial, stamp, attempt.missing)
    console = open_console()
    print_comparison(console, found)
    tell_where(console, out, PAGE)
    stop_if_missing(attempt.missing)
