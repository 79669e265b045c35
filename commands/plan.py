"""`phusong plan`: masts and cables in one list, step by step."""

from __future__ import annotations

from pathlib import Path

import click

from phusong.commands.terminal.options import (
    CONTEXT,
    csv_form,
    csv_options,
    money_options,
    out_option,
    overwrite_option,
    refuse_money,
    scenario_option,
    shared_options,
    study_argument,
)
from phusong.i18n import get_language, tr

PAGE = "plan.html"


@click.command(context_settings=CONTEXT)
@study_argument
@scenario_option
@out_option("plan", "Folder for the plan.")
@overwrite_option
@money_options
@click.option(
    "--curve",
    "steps",
    type=click.IntRange(min=0, max=50),
    default=8,
    show_default=True,
    help="Sums for which is proven what they buy at most; 0: none.",
)
@csv_options
@shared_options
def plan(
    study: Path,
    scenario: str | None,
    out: Path,
    overwrite: bool,
    budget: float | None,
    years: tuple[float, ...],
    worst_first: bool,
    steps: int,
    separator: str,
    decimal: str,
) -> None:
    """Plan masts for dark villages and cables to communes of a STUDY in one list.

    Fibre laid for a commune feeds masts too. The steps come in order of building, those that
    serve most people for money first; the figures of each year are those of the study with what
    stands by then.

    \b
    Example:
      phusong plan my-province --out plan
      phusong plan my-province --year 400000 --year 600000 --worst-first
    """
    refuse_money(budget, years, worst_first=worst_first)
    from phusong.commands.terminal.answers import open_study_with_fibre
    from phusong.commands.terminal.console import open_console, show_progress
    from phusong.commands.terminal.missing import stop_if_missing
    from phusong.commands.terminal.places import path_text
    from phusong.commands.terminal.plans.steps import print_steps
    from phusong.exports import output_folder, refuse_to_overwrite
    from phusong.exports.folder import write_stamp
    from phusong.exports.site_plan import write_scenarios, write_site_plan
    from phusong.maps import MastPlan, build_map
    from phusong.pipeline.siting import plan_study_sites, stamp_of_plan
    from phusong.planning.assess import Money
    from phusong.results.missing import Attempts

    form = csv_form(separator, decimal)
    opened = open_study_with_fibre(study, scenario)
    refuse_to_overwrite(out, overwrite=overwrite)
    money = Money(budget, years, worst_first, steps)
    with show_progress() as progress:
        sited = plan_study_sites(opened, money, progress, communes=True)
    stamp = stamp_of_plan(opened, sited, money)
    with output_folder(out, overwrite=overwrite) as partial:
        attempt = Attempts(partial)
        write_site_plan(
            sited.plan, sited.figures, partial, stamp, form, attempt, opened, sited.yearly
        )
        write_scenarios(sited.scenarios, partial)
        with attempt(PAGE, partial / PAGE):
            masts = MastPlan(
                sited.plan, sited.figures, sited.layers.power_lines, weighted=worst_first
            )
            build_map(sited.results, partial / PAGE, get_language(), masts=masts)
        write_stamp(partial, stamp, attempt.missing)
    console = open_console()
    print_steps(console, sited)
    console.print(tr("Tables: {folder}", folder=path_text(out)), markup=False, soft_wrap=True)
    if (out / PAGE).is_file():
        console.print(tr("Map: {file}", file=path_text(out / PAGE)), markup=False, soft_wrap=True)
    stop_if_missing(attempt.missing)
    if sited.broken:
        raise SystemExit(1)
