"""`phusong extend`: new cable for a study, and second routes."""

from __future__ import annotations

import math
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

PAGE = "extension.html"


@click.command(context_settings=CONTEXT)
@study_argument
@scenario_option
@out_option("extension", "Folder for the plan.")
@overwrite_option
@click.option(
    "--budget-usd", type=click.FloatRange(min=0, min_open=True), help="What may be spent."
)
@click.option("--rings", is_flag=True, help="Then plan second routes for communes on one route.")
@click.option("--time-limit-s", type=click.FloatRange(min=0, min_open=True), help="Longest search.")
@csv_options
@shared_options
def extend(
    study: Path,
    scenario: str | None,
    out: Path,
    overwrite: bool,
    budget_usd: float | None,
    rings: bool,
    time_limit_s: float | None,
    separator: str,
    decimal: str,
) -> None:
    """Plan the cheapest cables that bring fibre to every unreached commune of a STUDY.

    Prints the cost beside a proven lower bound, and the order of building; writes lines, bill
    of quantities, the figures before and after, and a map of the plan.

    \b
    Example:
      phusong extend my-province --out extension
      phusong extend my-province --budget-usd 250000 --rings
    """
    from phusong.commands.terminal.answers import open_study_with_fibre
    from phusong.commands.terminal.console import open_console, show_progress
    from phusong.commands.terminal.missing import stop_if_missing
    from phusong.commands.terminal.places import tell_where
    from phusong.commands.terminal.plans.extension import print_plan
    from phusong.exports import output_folder, refuse_to_overwrite
    from phusong.exports.extension import write_extension
    from phusong.exports.folder import write_stamp
    from phusong.maps import build_map
    from phusong.pipeline.extend import plan_study
    from phusong.results.missing import Attempts
    from phusong.version import __version__

    form = csv_form(separator, decimal)
    opened = open_study_with_fibre(study, scenario)
    refuse_to_overwrite(out, overwrite=overwrite)
    with show_progress() as progress:
        planned = plan_study(
            opened, budget_usd=budget_usd, rings=rings, time_limit_s=time_limit_s, progress=progress
        )
    plan, ring_plan = planned.extension, planned.rings
    stamp: dict[str, object] = {
        "study": opened.study.name,
        "study_sha256": opened.fingerprint(),
        "version": __version__,
        "usd": plan.usd,
        "lower_bound_usd": plan.lower_bound_usd,
        "gap": plan.gap,
        "status": plan.status,
        "budget_usd": opened.extension.budget_usd if budget_usd is None else budget_usd,
        "people_bound": None if math.isnan(plan.people_bound) else plan.people_bound,
    }
    if ring_plan is not None:
        stamp |= {"rings_usd": ring_plan.usd, "rings_lower_bound_usd": ring_plan.lower_bound_usd}
    with output_folder(out, overwrite=overwrite) as partial:
        attempt = Attempts(partial)
        write_extension(plan, ring_plan, partial, stamp, form, attempt, opened.outputs.formats)
        with attempt(PAGE, partial / PAGE):
            build_map(planned.results, partial / PAGE, get_language(), planned=planned)
        write_stamp(partial, stamp, attempt.missing)
    console = open_console()
    print_plan(console, planned)
    tell_where(console, out, PAGE)
    stop_if_missing(attempt.missing)
