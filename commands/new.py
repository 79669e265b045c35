"""`phusong new`: a study begun."""

from __future__ import annotations

from pathlib import Path

import click

from phusong.commands.terminal.options import CONTEXT, shared_options
from phusong.i18n import tr


@click.command(context_settings=CONTEXT)
@click.argument("folder", type=click.Path(path_type=Path))
@shared_options
def new(folder: Path) -> None:
    """Write a commented study.toml and the data folders into FOLDER.

    \b
    Example:
      phusong new my-province
    """
    from phusong.commands.terminal.console import open_console
    from phusong.commands.terminal.places import path_text
    from phusong.study.file import new_study

    file = new_study(folder)
    open_console().print(
        tr(
            "Wrote {file}. Put your files under {data}, name them in the study, then run "
            "`phusong check {folder}`.",
            file=path_text(file),
            data=path_text(folder / "data"),
            folder=path_text(folder),
        ),
        markup=False,
    )
