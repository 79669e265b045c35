"""`phusong fetch`: public data brought to where a study reads them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from phusong.commands.terminal.options import (
    CONTEXT,
    STOPPED,
    settings,
    shared_options,
    study_argument,
)
from phusong.errors import PhusongError, Where
from phusong.i18n import tr

if TYPE_CHECKING:
    from phusong.fetch.round import Fetched
    from phusong.study import Study

ASK_FROM_MIB: Final = 50
"""A round of more than this is asked about."""


@click.command(context_settings=CONTEXT)
@study_argument
@click.option(
    "--only",
    multiple=True,
    metavar="SOURCE",
    help="One source only, may be repeated: dem, landcover, people, osm, boundaries, towers.",
)
@click.option("--renew", is_flag=True, help="Fetch again what is here already.")
@click.option("--yes", is_flag=True, help="Do not ask before much is fetched.")
@shared_options
def fetch(study: Path, only: tuple[str, ...], renew: bool, yes: bool) -> None:
    """Bring public data for a STUDY's area: terrain, land cover, people, OpenStreetMap, cells.

    What is here already is not fetched again, what you put there yourself is left alone, and
    what was interrupted goes on where it stopped. Every file has a record in data/SOURCES.toml.

    \b
    Example:
      phusong fetch my-province
      phusong fetch my-province --only dem --only landcover --yes
    """
    from phusong.study.file import read_study

    click.get_current_context().ensure_object(dict)[STOPPED] = tr(
        "Stopped: what came is kept, and the same command goes on where this one stopped."
    )
    fetch_study(read_study(study), only, renew=renew, yes=yes)


def fetch_study(study: Study, only: tuple[str, ...], *, renew: bool, yes: bool) -> None:
    """Fetch what a study wants, and print what came.

    Raises
    ------
    PhusongError
        When something could not be had: all of it is named before.
    """
    from phusong.commands.terminal.console import show_progress
    from phusong.fetch.ledger import Ledger
    from phusong.fetch.round import fetch_round
    from phusong.fetch.wanted import NAMES, wanted

    unknown = sorted(set(only) - set(NAMES))
    if unknown:
        raise click.UsageError(
            tr(
                "there is no source {name}; there are {known}",
                name=unknown[0],
                known=", ".join(NAMES),
            )
        )
    ledger = Ledger(study.folder)
    every = wanted(study, ledger, renew=renew)
    chosen = [one for one in every if one.wished(study, only)]
    with show_progress() as progress:
        done = fetch_round(
            [one.order for one in chosen],
            ledger,
            study.work_folder,
            progress,
            lambda size, files: _agree(size, files, yes=yes),
            renew=renew,
        )
    _print(study, done)
    unnamed = [one.line for one in chosen if not one.named and (study.folder / one.path).exists()]
    _print_unnamed(unnamed)
    if done.failed:
        raise PhusongError(
            "{n} of {total} files could not be fetched",
            Where(file=str(study.folder)),
            "the reasons stand above; what came is kept, and the same command fetches the rest",
            {"n": len(done.failed), "total": len(chosen)},
        )


def _agree(size: int, files: int, *, yes: bool) -> None:
    """Say how much is to come; ask where it is much."""
    from phusong.commands.terminal.console import make_console

    mib = -(-size // 2**20)
    text = tr("{files} file(s), {mib} MiB to come", files=files, mib=mib)
    if not settings().get("quiet"):
        make_console(stderr=True).print(text, markup=False)
    if mib <= ASK_FROM_MIB or yes:
        return
    if not sys.stdin.isatty():
        raise PhusongError(
            "{mib} MiB are to come, and nobody is here to be asked",
            Where(),
            "add --yes",
            {"mib": mib},
        )
    click.confirm(tr("Fetch {mib} MiB?", mib=mib), default=True, abort=True, err=True)


def _print(study: Study, done: Fetched) -> None:
    from phusong.commands.terminal.console import make_console, open_console
    from phusong.commands.terminal.places import path_text

    console = open_console()
    for path, record in done.brought:
        console.print(
            tr(
                "Fetched {file} ({kib} KiB): {title}, {version}; {licence}. {attribution}",
                file=path_text(path),
                kib=-(-record.bytes // 1024),
                title=record.title,
                version=record.version,
                licence=record.licence,
                attribution=record.attribution,
            ),
            markup=False,
        )
    for path in done.kept:
        console.print(tr("{file} is here already", file=path_text(path)), markup=False)
    for path in done.own:
        text = tr("{file} is your own: left alone", file=path_text(path))
        console.print(text, markup=False)
    complaints = make_console(stderr=True)
    for path, error in done.failed:
        text = tr("{file} could not be fetched", file=path_text(path))
        complaints.print(f"{text}: {error}", style="red", markup=False)
    if done.brought:
        file = path_text(study.folder / "data" / "SOURCES.toml")
        console.print(tr("Sources, dates, licences and sums: {file}", file=file), markup=False)


def _print_unnamed(lines: list[str]) -> None:
    from phusong.commands.terminal.console import open_console

    if lines:
        console = open_console()
        console.print(tr("The study does not read these yet; put into study.toml:"))
        for line in lines:
            console.print(f"  {line}", markup=False)
