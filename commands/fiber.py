"""`phusong fiber`: the fibre of a study, and what a cut darkens."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from phusong.commands.terminal.options import (
    CONTEXT,
    csv_form,
    csv_options,
    out_option,
    overwrite_option,
    scenario_option,
    shared_options,
    study_argument,
)
from phusong.i18n import tr

if TYPE_CHECKING:
    from phusong.exports import CsvForm
    from phusong.study import Study


@click.command(context_settings=CONTEXT)
@study_argument
@scenario_option
@out_option("out", "Folder for the results.")
@overwrite_option
@click.option(
    "--cut",
    multiple=True,
    metavar="EDGE|NODE|GROUP",
    help="What if this is lost (ids as in fibre_failures.csv)? Several are lost at once.",
)
@click.option(
    "--villages",
    is_flag=True,
    help="With --cut: follow the loss to the villages that lose signal.",
)
@click.option(
    "--places",
    multiple=True,
    metavar="villages|towers|FILE",
    help="How fibre reaches these points instead of commune centres.",
)
@csv_options
@shared_options
def fiber(
    study: Path,
    scenario: str | None,
    out: Path,
    overwrite: bool,
    cut: tuple[str, ...],
    villages: bool,
    places: tuple[str, ...],
    separator: str,
    decimal: str,
) -> None:
    """Only the fibre of a STUDY: network, reach of commune centres, single points of failure.

    With --cut nothing is written: the communes, towers and villages that go dark are printed.

    \b
    Example:
      phusong fiber my-province --out fibre-out
      phusong fiber my-province --cut C0052.1 --villages
      phusong fiber my-province --places schools.csv --places villages --out schools-out
    """
    if cut and places:
        raise click.UsageError(tr("--cut and --places do not go together"))
    if villages and not cut:
        raise click.UsageError(tr("--villages goes with --cut"))
    form = csv_form(separator, decimal)
    from phusong.commands.terminal.answers import open_study_with_fibre, run_and_print
    from phusong.commands.terminal.console import open_console
    from phusong.commands.terminal.fiber import print_network
    from phusong.commands.terminal.missing import stop_if_missing

    opened = open_study_with_fibre(study, scenario)
    if cut:
        _follow(opened, cut, villages=villages)
    elif places:
        _reach_places(opened, places, out, overwrite=overwrite, form=form)
    else:
        results = run_and_print(
            study, out, scenario=scenario, overwrite=overwrite, form=form, radio=False
        )
        if results.fiber is not None:
            print_network(open_console(), results.fiber)
        stop_if_missing(results.missing)


def _follow(study: Study, cut: tuple[str, ...], *, villages: bool) -> None:
    """Print what goes dark when something is lost."""
    from phusong.commands.terminal.console import open_console, show_progress
    from phusong.commands.terminal.fiber import print_loss
    from phusong.pipeline.what_if import follow_loss

    with show_progress() as progress:
        found = follow_loss(study, cut, villages=villages, progress=progress)
    print_loss(open_console(), found, ", ".join(cut))


def _reach_places(
    study: Study, places: tuple[str, ...], out: Path, *, overwrite: bool, form: CsvForm
) -> None:
    """Write and print how fibre reaches points beside the commune centres."""
    from phusong.commands.terminal.console import open_console, show_progress
    from phusong.commands.terminal.fiber import print_reach
    from phusong.commands.terminal.findings import print_lines
    from phusong.commands.terminal.missing import stop_if_missing
    from phusong.commands.terminal.places import path_text
    from phusong.exports import output_folder, refuse_to_overwrite
    from phusong.exports.reach_of_places import write_places
    from phusong.pipeline.what_if import reach_places
    from phusong.results.missing import Attempts
    from phusong.study import FiberSources
    from phusong.version import __version__

    refuse_to_overwrite(out, overwrite=overwrite)
    with show_progress() as progress:
        reach, findings = reach_places(study, places, progress)
    stamp = {
        "study": study.study.name,
        "study_sha256": study.fingerprint(),
        "version": __version__,
        "places": list(places),
    }
    with output_folder(out, overwrite=overwrite) as partial:
        attempt = Attempts(partial)
        write_places(reach, partial, stamp, form, attempt, study.outputs.formats)
    console = open_console()
    print_reach(console, reach, (study.fiber or FiberSources()).drop_m)
    print_lines(console, findings)
    console.print(tr("Tables: {folder}", folder=path_text(out)), markup=False, soft_wrap=True)
    stop_if_missing(attempt.missing)
