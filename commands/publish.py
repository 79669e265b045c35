"""`phusong publish`: what may be handed to others from a finished run."""

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
from phusong.i18n import tr


@click.command(context_settings=CONTEXT)
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default="public",
    show_default=True,
    help="Folder to publish.",
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
    from phusong.commands.terminal.console import open_console
    from phusong.commands.terminal.places import path_text
    from phusong.exports.publish import publish_run
    from phusong.results.finished import open_run

    form = csv_form(separator, decimal)
    publish_run(open_run(run), out, form, overwrite=overwrite, url=url)
    open_console().print(
        tr("Published: {folder}", folder=path_text(out)), markup=False, soft_wrap=True
    )
