"""`phusong match`: places for villages that are known by name only, for a person to confirm."""

from __future__ import annotations

from pathlib import Path

import click

from phusong.commands.terminal.options import CONTEXT, shared_options, study_argument
from phusong.i18n import tr


@click.command(context_settings=CONTEXT)
@study_argument
@shared_options
def match(study: Path) -> None:
    """Find the villages of a STUDY that are known by name only among named places.

    For every list of villages with `matches` in study.toml, places of like names in the commune
    (boundaries.places) are written to that file. Nothing is taken unasked: open the file, put x
    under `confirmed` in the right rows, save it. Rows confirmed before stay.

    \b
    Example:
      phusong match my-province
      phusong check my-province
    """
    from phusong.checks import Findings
    from phusong.commands.terminal.console import open_console
    from phusong.commands.terminal.findings import print_lines
    from phusong.commands.terminal.places import path_text
    from phusong.sources.namesakes.asked import match_villages
    from phusong.study.file import read_study

    opened = read_study(study)
    findings = Findings(opened.checks.severity)
    console = open_console()
    try:
        matched = match_villages(opened, findings)
    finally:
        if len(findings):
            print_lines(console, findings)
    for one in matched:
        text = tr(
            "{villages} villages: {confirmed} confirmed before; {clear} with one place that stands "
            "out, {tie} with several as close, {shared} that share a place, {weak} whose best is "
            "not close, {none} without any",
            villages=one.villages,
            confirmed=one.confirmed,
            clear=one.states["clear"],
            tie=one.states["tie"],
            shared=one.states["shared"],
            weak=one.states["weak"],
            none=one.states["none"],
        )
        console.print(text, markup=False)
        file = path_text(opened.resolve(one.path))
        console.print(tr("Put x under `confirmed` in {file}", file=file), markup=False)
