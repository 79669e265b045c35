"""`phusong sites`: masts for the villages that are not covered."""

from __future__ import annotations

from pathlib import Path

import click

from phusong.commands.terminal.options import (
    CONTEXT,
    csv_form,
    csv_options,
    out_option,
    overwrite_option,
    shared_options,
    study_argument,
)
from phusong.i18n import tr


@click.command(context_settings=CONTEXT)
@study_argument
@out_option("sites", "Folder for the plan.")
@overwrite_option
@csv_options
@shared_options
def sites(study: Path, out: Path, overwrite: bool, separator: str, decimal: str) -> None:
    """Plan the cheapest masts, with backhaul and power, for the dark villages of a STUDY.

    Places, prices and hops are the study's [planning]. The cost stands beside a proven lower
    bound, and the whole study is run again with the plan built.

    \b
    Example:
      phusong sites my-province --out sites
    """
    from phusong.commands.terminal.console import open_console, show_progress
    from phusong.commands.terminal.missing import stop_if_missing
    from phusong.commands.terminal.places import path_text
    from phusong.commands.terminal.plans.sites import print_site_plan
    from phusong.exports import output_folder, refuse_to_overwrite
    from phusong.exports.folder import write_stamp
    from phusong.exports.site_plan import write_site_plan
    from phusong.pipeline.siting import plan_study_sites
    from phusong.results.missing import Attempts
    from phusong.study.file import read_study
    from phusong.version import __version__

    form = csv_form(separator, decimal)
    opened = read_study(study)
    refuse_to_overwrite(out, overwrite=overwrite)
    with show_progress() as progress:
        sited = plan_study_sites(opened, progress)
    plan = sited.plan
    stamp: dict[str, object] = {
        "study": opened.study.name,
        "study_sha256": opened.fingerprint(),
        "version": __version__,
        "currency": plan.currency,
        "life": plan.life,
        "lower_bound": plan.lower_bound,
        "gap": plan.gap,
        "bound_by": "branching" if plan.branched else "multipliers",
        "candidates": plan.candidates,
        "rounds": plan.rounds,
        "broken": list(sited.broken),
    }
    with output_folder(out, overwrite=overwrite) as partial:
        attempt = Attempts()
        write_site_plan(plan, sited.figures, partial, stamp, form, attempt)
        write_stamp(partial, stamp, attempt.missing)
    console = open_console()
    print_site_plan(console, sited)
    console.print(tr("Tables: {folder}", folder=path_text(out)), markup=False, soft_wrap=True)
    stop_if_missing(attempt.missing)
    if sited.broken:
        raise SystemExit(1)
