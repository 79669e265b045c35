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
    from phusong.commands.terminal.plans.handover import hand_over_plan
    from phusong.commands.terminal.plans.sites import print_site_plan
    from phusong.planning.assess import Money
    from phusong.study.file import read_study

    form = csv_form(separator, decimal)
    opened = read_study(study, scenario)
    money = Money(budget, years, worst_first, steps or 0)
    hand_over_plan(opened, money, out, PAGE, form, print_site_plan, overwrite=overwrite)
