"""`phusong regroup`: a finished run by other communes."""

from __future__ import annotations

from pathlib import Path

import click

from phusong.commands.terminal.options import (
    CONTEXT,
    csv_form,
    csv_options,
    refuse_to_replace,
    shared_options,
)
from phusong.i18n import tr


@click.command(context_settings=CONTEXT)
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("table", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default="new_communes.csv",
    show_default=True,
    help="CSV to write.",
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
    from phusong.commands.terminal.console import open_console
    from phusong.commands.terminal.places import path_text
    from phusong.exports import write_csv
    from phusong.exports.tables.dictionary import conform
    from phusong.results.finished import open_run
    from phusong.results.regroup import read_crosswalk
    from phusong.results.regroup import regroup as by_new_communes

    form = csv_form(separator, decimal)
    refuse_to_replace(out, overwrite=overwrite)
    opened = open_run(run)
    found = by_new_communes(opened, read_crosswalk(table), table)
    write_csv(conform(found, "new_communes"), out, form)
    console = open_console()
    console.print(
        tr("{old} communes became {new}", old=len(opened.tables["communes"]), new=len(found))
    )
    console.print(tr("Table: {file}", file=path_text(out)), markup=False, soft_wrap=True)
