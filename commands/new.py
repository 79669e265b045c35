"""`phusong new`: a study begun."""

from __future__ import annotations

from pathlib import Path

import click

from phusong.commands.terminal.options import CONTEXT, shared_options
from phusong.i18n import tr


@click.command(context_settings=CONTEXT)
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--place", metavar="NAME", help="A province or district the study is to be of.")
@click.option(
    "--country",
    metavar="ISO3",
    default="VNM",
    show_default=True,
    help="Country of the place, as three letters.",
)
@click.option("--fetch", "fetch_too", is_flag=True, help="Fetch its public data at once.")
@click.option("--yes", is_flag=True, help="Do not ask before much is fetched.")
@shared_options
def new(folder: Path, place: str | None, country: str, fetch_too: bool, yes: bool) -> None:
    """Write a commented study.toml and the data folders into FOLDER.

    With --place the study is of that place, and reads what `phusong fetch` brings: no file needs
    to be edited before `phusong run`. Where several places have the name, all are listed.

    \b
    Example:
      phusong new my-province
      phusong new my-province --place "Tuyên Quang" --fetch
    """
    from phusong.commands.terminal.console import open_console
    from phusong.commands.terminal.places import path_text
    from phusong.study.file import new_study

    if place is not None:
        _of_place(folder, place, country)
        if fetch_too:
            from phusong.commands.fetch import fetch_study
            from phusong.study.file import read_study

            fetch_study(read_study(folder), (), renew=False, yes=yes)
        return
    if fetch_too:
        raise click.UsageError(tr("--fetch goes with --place"))
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


def _of_place(folder: Path, asked: str, country: str) -> None:
    from phusong.commands.terminal.console import open_console, show_progress
    from phusong.commands.terminal.places import path_text
    from phusong.fetch.begin import begin_study

    with show_progress() as progress:
        file, place = begin_study(folder, asked, country.upper(), progress)
    text = tr(
        "Wrote {file}, of {place}. `phusong fetch {folder}` brings its data, then "
        "`phusong run {folder}` answers.",
        file=path_text(file),
        place=place.key,
        folder=path_text(folder),
    )
    open_console().print(text, markup=False)
