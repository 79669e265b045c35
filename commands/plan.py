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
    from phusong.commands.terminal.plans.handover import hand_over_plan
    from phusong.commands.terminal.plans.steps import print_steps
    from phusong.planning.assess import Money

    form = csv_form(separator, decimal)
    opened = open_study_with_fibre(study, scenario)
    money = Money(budget, years, worst_first, steps)
    hand_over_plan(opened, money, out, PAGE, form, print_steps, overwrite=overwrite, communes=True)
