"""`phusong cascade`: every single loss followed to villages and people."""

from __future__ import annotations

from pathlib import Path

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
from phusong.i18n import get_language

PAGE = "cascade.html"


@click.command(context_settings=CONTEXT)
@study_argument
@scenario_option
@out_option("cascade", "Folder for the results.")
@overwrite_option
@click.option(
    "--top",
    type=click.IntRange(min=1),
    default=15,
    show_default=True,
    help="How many of the worst events are printed.",
)
@click.option(
    "--remedies",
    type=click.IntRange(min=0),
    default=10,
    show_default=True,
    help="Remedies of each kind (batteries, hops, second routes) that are followed; 0: none.",
)
@click.option(
    "--budget",
    type=click.FloatRange(min=0, min_open=True),
    help="What the remedies to build may cost together over their life; default: no limit.",
)
@csv_options
@shared_options
def cascade(
    study: Path,
    scenario: str | None,
    out: Path,
    overwrite: bool,
    top: int,
    remedies: int,
    budget: float | None,
    separator: str,
    decimal: str,
) -> None:
    """Follow every single loss of a STUDY to communes, sites, villages and people.

    Lost one by one: cable sections, joints, points of presence, shared routes, sites, hazard
    areas and power feeders; then pairs of the worst; then what mends most for its cost. Writes
    tables, layers and a map on which every loss shows what goes dark.

    \b
    Example:
      phusong cascade my-province --out cascade --top 20
    """
    from phusong.commands.terminal.answers import open_study_with_fibre
    from phusong.commands.terminal.console import open_console, show_progress
    from phusong.commands.terminal.missing import stop_if_missing
    from phusong.commands.terminal.places import tell_where
    from phusong.commands.terminal.plans.cascade import print_cascade
    from phusong.exports import output_folder, refuse_to_overwrite
    from phusong.exports.cascade import write_cascade
    from phusong.exports.folder import write_stamp
    from phusong.maps import Losses, build_map
    from phusong.pipeline.cascade import follow_every_loss
    from phusong.planning.cascade.assess import Ask
    from phusong.results.missing import Attempts
    from phusong.version import __version__

    form = csv_form(separator, decimal)
    opened = open_study_with_fibre(study, scenario)
    refuse_to_overwrite(out, overwrite=overwrite)
    with show_progress() as progress:
        found = follow_every_loss(opened, Ask(remedies, budget), progress)
    stamp: dict[str, object] = {
        "study": opened.study.name,
        "study_sha256": opened.fingerprint(),
        "version": __version__,
        "events": len(found.cascade.events),
        "judged": found.cascade.judged,
        "remedies": len(found.cascade.remedies),
        "person_hours": found.cascade.toll.total,
    }
    with output_folder(out, overwrite=overwrite) as partial:
        attempt = Attempts(partial)
        formats = opened.outputs.formats
        inputs = found.results.inputs
        write_cascade(found.cascade, inputs, partial, stamp, form, attempt, formats)
        with attempt(PAGE, partial / PAGE):
            losses = Losses(found.cascade, found.hazards)
            build_map(found.results, partial / PAGE, get_language(), losses=losses)
        write_stamp(partial, stamp, attempt.missing)
    console = open_console()
    print_cascade(console, found, top, opened.planning.prices.currency)
    tell_where(console, out, PAGE)
    stop_if_missing(attempt.missing)
