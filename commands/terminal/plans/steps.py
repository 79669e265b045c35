"""A plan of masts and cables in a terminal: its proof, its steps, its years, what it changes."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
from rich.console import Console

from phusong.commands.terminal.findings import print_lines
from phusong.commands.terminal.plans.sites import (
    print_bill,
    print_branching,
    print_broken,
    print_cheapest,
    print_left,
    print_together,
)
from phusong.commands.terminal.tables import people_text, plain, plain_table
from phusong.fiber.built import FIGURES as FIBRE
from phusong.frames import rows
from phusong.i18n import number, share_text, tr
from phusong.pipeline.siting import Sited
from phusong.planning.headcount import FIGURES as SIGNAL
from phusong.planning.results import SitePlan
from phusong.planning.stepwise import WORDS

_MOST = 30
_LEFT = {
    "over_budget": "they do not fit in the budget",
    "no_route": "no road and no passable ground joins them to fibre",
}


def print_steps(console: Console, sited: Sited) -> None:
    """Print cost and proven bound, the steps, the years, the bill, the figures of each year."""
    plan = sited.plan
    _print_proof(console, sited)
    _print_steps(console, plan)
    if len(plan.years):
        _print_years(console, plan)
    print_bill(console, plan)
    print_cheapest(console, plan)
    print_left(console, plan)
    _print_communes(console, sited)
    if sited.yearly is not None:
        _print_figures(console, sited.yearly)
    print_broken(console, sited)
    print_lines(console, sited.findings)


def _print_proof(console: Console, sited: Sited) -> None:
    plan, settings = sited.plan, sited.results.study.planning
    said: dict[str, Any] = {
        "life": number(plan.life),
        "currency": plan.currency,
        "years": settings.prices.horizon_years,
        "candidates": number(plan.candidates),
    }
    if math.isinf(plan.most_people):
        text = tr(
            "Masts and cables: {life} {currency} over {years} years; no plan of these {candidates} "
            "candidate places and of these routes that serves the same costs less than {bound} "
            "(gap {gap})",
            bound=number(plan.lower_bound),
            gap=share_text(plan.gap),
            **said,
        )
    else:
        text = tr(
            "Masts and cables: {life} {currency} over {years} years count {counted} people; no "
            "plan of these {candidates} candidate places and of these routes counts more than "
            "{most} for the same money",
            counted=number(plan.counted),
            most=number(plan.most_people),
            **said,
        )
    console.print(text, markup=False)
    print_together(console, plan, weighed=True)
    print_branching(console, plan)
    weight = tr(
        "a person of a commune that gets fibre counts as {weight} of one who gets signal "
        "(planning.fibre_weight)",
        weight=number(settings.fibre_weight, ".2f"),
    )
    console.print(f"{tr('Assumption')}: {weight}", style="yellow", markup=False)


def _print_steps(console: Console, plan: SitePlan) -> None:
    titles = ("Step", "Year", "What", "Where", "Whose mast", "People", "Villages", "Cost", "In all")
    table = plain_table(*titles, fold=True)
    for row in rows(plan.steps.head(_MOST)):
        fibre = row.what == "commune"
        table.add_row(
            str(row.step),
            str(row.year),
            plain(str(row.id)) if row.what == "mast" else _what(row.what, str(row.id)),
            plain(str(row.where)),
            plain(str(row.owner)) or "–",
            people_text(row.people_fibre if fibre else row.people),
            "–" if fibre else number(row.villages),
            number(row.life),
            number(row.life_total),
        )
    console.print(table)
    if len(plan.steps) > _MOST:
        left = len(plan.steps) - _MOST
        console.print(tr("and {count} more steps in plan_steps.csv", count=left))


def _what(kind: str, code: str) -> str:
    """Name what is no mast; of a village served by itself the village too."""
    words = tr(WORDS[kind])
    return words if kind == "commune" else f"{words} ({plain(code)})"


def _print_years(console: Console, plan: SitePlan) -> None:
    titles = ("Year", "Budget", "Spent", "Left over", "Villages", "People", "Communes with fibre")
    table = plain_table(*titles)
    for row in rows(plan.years):
        values = (row.budget, row.spent, row.left, row.villages, row.people, row.communes)
        table.add_row(str(row.year), *(number(v) for v in values))
    console.print(table)


def _print_communes(console: Console, sited: Sited) -> None:
    communes = sited.plan.communes
    for status, reason in _LEFT.items():
        left = communes[communes["status"] == status]
        if len(left):
            text = tr(
                "{count} communes stay without fibre: {reason} ({names})",
                count=len(left),
                reason=tr(reason),
                names=_some(left["name"].astype(str).tolist()),
            )
            console.print(text, style="yellow", markup=False)
    if sited.unlit:
        text = tr(
            "{count} communes get cable, but it is too long for the optics: they need a point of "
            "presence nearer by ({names})",
            count=len(sited.unlit),
            names=_some(list(sited.unlit)),
        )
        console.print(text, style="yellow", markup=False)


def _some(names: list[str]) -> str:
    return ", ".join(names[:_MOST]) + (", …" if len(names) > _MOST else "")


def _print_figures(console: Console, yearly: pd.DataFrame) -> None:
    """Print a column a year."""
    table = plain_table("Figure")
    years = sorted(int(year) for year in yearly["year"].unique())
    for year in years:
        table.add_column(tr("Year {year}", year=year) if year else tr("Now"))
    called = SIGNAL | FIBRE
    for (figure, unit), part in yearly.groupby(["figure", "unit"], sort=False):
        values = part.set_index("year")["value"].reindex(years)
        shown = [share_text(v) if unit == "share" else people_text(v) for v in values]
        table.add_row(tr(called[str(figure)]), *shown)
    console.print(table)
