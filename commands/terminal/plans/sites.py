"""A plan of masts in a terminal: what it costs beside its bound, what is built, what it changes."""

from __future__ import annotations

import math
from typing import Any

import geopandas as gpd
from rich.console import Console

from phusong.commands.terminal.findings import print_lines
from phusong.commands.terminal.tables import people_text, plain_table
from phusong.frames import rows
from phusong.i18n import number, share_text, tr
from phusong.pipeline.siting import Sited
from phusong.planning.alternatives import MAST, REPEATER, SATELLITE
from phusong.planning.bill import ITEMS
from phusong.planning.headcount import FIGURES
from phusong.planning.results import SitePlan

_MOST = 20
_UNSERVED = {
    "over_budget": "they do not fit in the budget",
    "no_site": "no candidate place covers them",
    "no_backhaul": "no hop and no road joins what covers them to fibre",
}


def print_site_plan(console: Console, sited: Sited) -> None:
    """Print cost and proven bound, the masts, the bill, the figures before and after."""
    plan = sited.plan
    _print_proof(console, sited)
    _print_sites(console, plan.sites)
    print_bill(console, plan)
    print_cheapest(console, plan)
    print_left(console, plan)
    _print_figures(console, sited)
    print_lines(console, sited.findings)


def print_bill(console: Console, plan: SitePlan) -> None:
    """Print what is built of each item, and what it costs."""
    table = plain_table("Item", "Quantity", "At once", "A year", "Over its life")
    bill = plan.bill.drop(columns=["year", "owner"])
    for row in rows(bill.groupby(["item", "unit"], sort=False, as_index=False).sum()):
        amount = number(row.quantity, ".1f") if row.unit else number(row.quantity)
        table.add_row(
            tr(ITEMS[row.item]), amount, *(number(v) for v in (row.capital, row.yearly, row.life))
        )
    console.print(table)


def print_cheapest(console: Console, plan: SitePlan) -> None:
    """Say which alternative is the cheapest for how many villages."""
    found = plan.villages["cheapest"].value_counts()
    if len(found):
        text = tr(
            "Cheapest over its life, village by village: a mast for {mast}, a repeater for "
            "{repeater}, a satellite terminal for {satellite} (it serves the culture house only)",
            mast=number(int(found.get(MAST, 0))),
            repeater=number(int(found.get(REPEATER, 0))),
            satellite=number(int(found.get(SATELLITE, 0))),
        )
        console.print(text, markup=False)


def print_together(console: Console, plan: SitePlan, *, weighed: bool) -> None:
    """Say what all years together serve, and at most could; of people who are weighed, count."""
    if math.isnan(plan.most_together):
        return
    said: dict[str, Any] = {
        "counted": number(float(plan.years["counted"].sum())),
        "most": number(plan.most_together),
    }
    if weighed:
        text = tr(
            "Added up over the years {counted} count as they are weighed; no order of building "
            "counts more than {most}",
            **said,
        )
    else:
        text = tr(
            "Added up over the years {counted} are served; no order of building serves more than "
            "{most}",
            **said,
        )
    console.print(text, markup=False)


def print_branching(console: Console, plan: SitePlan) -> None:
    """Say which of the bounds printed before the solver's own branching vouches for."""
    said = ""
    if math.isnan(plan.most_together) and plan.branched_last:
        said = tr("The bound rests on the solver's own branching")
    elif plan.branched_last:
        said = tr("Both bounds rest on the solver's own branching")
    elif plan.branched_together:
        said = tr("The bound of all years together rests on the solver's own branching")
    if said:
        console.print(said, style="yellow", markup=False)


def print_left(console: Console, plan: SitePlan) -> None:
    """Name the villages that stay as they are, and why."""
    for status, reason in _UNSERVED.items():
        left = plan.villages[plan.villages["status"] == status]
        if len(left):
            console.print(
                tr(
                    "{count} villages stay as they are: {reason} ({codes})",
                    count=len(left),
                    reason=tr(reason),
                    codes=", ".join(left["code"].head(_MOST))
                    + (", …" if len(left) > _MOST else ""),
                ),
                style="yellow",
                markup=False,
            )


def _print_proof(console: Console, sited: Sited) -> None:
    plan = sited.plan
    weighed = round(plan.counted) != round(plan.people)
    said: dict[str, Any] = {
        "life": number(plan.life),
        "currency": plan.currency,
        "years": sited.results.study.planning.prices.horizon_years,
        "candidates": number(plan.candidates),
    }
    if math.isinf(plan.most_people):
        text = tr(
            "Masts: {life} {currency} over {years} years; no plan of these {candidates} candidate "
            "places that serves the same villages costs less than {bound} (gap {gap})",
            bound=number(plan.lower_bound),
            gap=share_text(plan.gap),
            **said,
        )
    elif weighed:
        text = tr(
            "Masts: {life} {currency} over {years} years, for {people} people, who count {counted} "
            "as they are weighed; no plan of these {candidates} candidate places counts more than "
            "{most} for the same money",
            people=number(plan.people),
            counted=number(plan.counted),
            most=number(plan.most_people),
            **said,
        )
    else:
        text = tr(
            "Masts: {life} {currency} over {years} years, for {people} people; no plan of these "
            "{candidates} candidate places serves more than {most} for the same money",
            people=number(plan.people),
            most=number(plan.most_people),
            **said,
        )
    console.print(text, markup=False)
    print_together(console, plan, weighed=weighed)
    print_branching(console, plan)
    if len(plan.years):
        table = plain_table("Year", "Spent", "In all", "Villages", "People")
        for row in rows(plan.years):
            values = (row.spent, row.spent_total, row.villages, row.people)
            table.add_row(str(row.year), *(number(v) for v in values))
        console.print(table)


def _print_sites(console: Console, sites: gpd.GeoDataFrame) -> None:
    table = plain_table("Mast", "Villages", "People", "Backhaul", "Power", "Over its life")
    # Of masts that no microwave feeds the column is empty, which pandas may call NaN.
    shown = list(rows(sites.assign(from_site_id=sites["from_site_id"].fillna(""))))
    for row in shown[:_MOST]:
        backhaul = tr(str(row.backhaul))
        table.add_row(
            str(row.site_id),
            number(row.villages),
            people_text(row.people),
            f"{backhaul} ← {row.from_site_id}" if row.from_site_id else backhaul,
            tr(str(row.power)),
            number(row.life),
        )
    console.print(table)
    if len(shown) > _MOST:
        console.print(tr("and {count} more masts", count=len(shown) - _MOST))


def _print_figures(console: Console, sited: Sited) -> None:
    table = plain_table("Figure", "Now", "With the plan built")
    for row in rows(sited.figures):
        shown = [
            share_text(v) if row.unit == "share" else people_text(v)
            for v in (row.before, row.after)
        ]
        table.add_row(tr(FIGURES[row.figure]), *shown)
    console.print(table)
    print_broken(console, sited)


def print_broken(console: Console, sited: Sited) -> None:
    """Name the villages that a run with the plan built does not cover, though it promised them."""
    if sited.broken:
        console.print(
            tr(
                "The run with the plan built does not cover {count} villages it promised: {codes}",
                count=len(sited.broken),
                codes=", ".join(sited.broken[:_MOST]),
            ),
            style="bold red",
            markup=False,
        )
