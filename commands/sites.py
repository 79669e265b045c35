"""`phusong sites`: masts for the villages that are not covered."""

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

PAGE = "sites.html"


@click.command(context_settings=CONTEXT)
@study_argument
@scenario_option
@out_option("sites", "Folder for the plan.")
@overwrite_option
@money_options
@click.option(
    "--curve",
    "steps",
    type=click.IntRange(min=2, max=50),
    help="What each sum buys, in so many steps up to all that is needed.",
)
@csv_options
@shared_options
def sites(
    study: Path,
    scenario: str | None,
    out: Path,
    overwrite: bool,
    budget: float | None,
    years: tuple[float, ...],
    worst_first: bool,
    steps: int | None,
    separator: str,
    decimal: str,
) -> None:
    """Plan the cheapest masts, with backhaul and power, for the dark villages of a STUDY.

    Places, prices and hops are the study's [planning]. The cost stands beside a proven lower
    bound, and the whole study is run again with the plan built. Writes tables, layers and a map
    of the plan.

    \b
    Example:
      phusong sites my-province --out sites
      phusong sites my-province --year 400000 --year 400000 --year 600000 --worst-first
    """
    refuse_money(budget, years, worst_first=worst_first)
    from phusong.commands.terminal.console import open_console, show_progress
    from phusong.commands.terminal.missing import stop_if_missing
    from phusong.commands.terminal.places import path_text
    from phusong.commands.terminal.plans.sites import print_site_plan
    from phusong.exports import output_folder, refuse_to_overwrite
    from phusong.exports.folder import write_stamp
    from phusong.exports.site_plan import write_scenarios, write_site_plan
    from phusong.maps import MastPlan, build_map
    from phusong.pipeline.siting import plan_study_sites, stamp_of_plan
    from phusong.planning.assess import Money
    from phusong.results.missing import Attempts
    from phusong.study.file import read_study

    form = csv_form(separator, decimal)
    opened = read_study(study, scenario)
    refuse_to_overwrite(out, overwrite=overwrite)
    money = Money(budget, years, worst_first, steps or 0)
    with show_progress() as progress:
        sited = plan_study_sites(opened, money, progress)
    stamp = stamp_of_plan(opened, sited, money)
    with output_folder(out, overwrite=overwrite) as partial:
        attempt = Attempts(partial)
        write_site_plan(sited.plan, sited.figures, partial, stamp, form, attempt, opened)
        write_scenarios(sited.scenarios, partial)
        with attempt(PAGE, partial / PAGE):
            masts = MastPlan(
                sited.plan, sited.figures, sited.layers.power_lines, weighted=worst_first
            )
            build_map(sited.results, partial / PAGE, get_language(), masts=masts)
        write_stamp(partial, stamp, attempt.missing)
    console = open_console()
    print_site_plan(console, sited)
    console.print(tr("Tables: {folder}", folder=path_text(out)), markup=False, soft_wrap=True)
    if (out / PAGE).is_file():
        console.print(tr("Map: {file}", file=path_text(out / PAGE)), markup=False, soft_wrap=True)
    stop_if_missing(attempt.missing)
    if sited.broken:
        raise SystemExit(1)
