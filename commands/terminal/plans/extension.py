"""A planned extension in a terminal: what it costs beside its bound, its order, its effect."""

from __future__ import annotations

import math

import pandas as pd
from rich.console import Console
from rich.table import Table

from phusong.commands.terminal.findings import print_lines
from phusong.commands.terminal.tables import people_text, plain_table
from phusong.fiber.built import FIGURES
from phusong.fiber.extension.extension import ExtensionPlan
from phusong.fiber.rings.rings import RingPlan
from phusong.frames import rows
from phusong.i18n import number, share_text, tr
from phusong.results.model import Planned

_MOST = 10


def print_plan(console: Console, planned: Planned) -> None:
    """Print cost and proven bound, the order of building, the figures before and after."""
    plan, ring_plan = planned.extension, planned.rings
    console.print(
        tr(
            "Extension: {usd} USD; no network of these routes costs less than {bound} USD "
            "(gap {gap})",
            usd=number(plan.usd),
            bound=number(plan.lower_bound_usd),
            gap=share_text(plan.gap),
        )
    )
    if not math.isnan(plan.people_bound):
        left = plan.targets[plan.targets["status"] == "over_budget"]
        console.print(
            tr(
                "The budget reaches {people} people; no plan of these routes reaches more than "
                "{most}. {count} commune(s) do not fit: {names}",
                people=people_text(plan.stages["people"].sum(min_count=1)),
                most=number(plan.people_bound),
                count=len(left),
                names=_names(left),
            ),
            markup=False,
        )
    table = plain_table("Stage", "Commune", "Name", "USD", "km", "People")
    for row in rows(plan.stages):
        table.add_row(
            str(row.stage),
            str(row.commune_code),
            str(row.name),
            number(row.usd),
            number(row.km, ".1f"),
            number(row.people),
        )
    console.print(table)
    if ring_plan is not None:
        console.print(
            tr(
                "Second routes: {usd} USD; no less than {bound} USD (gap {gap})",
                usd=number(ring_plan.usd),
                bound=number(ring_plan.lower_bound_usd),
                gap=share_text(ring_plan.gap),
            )
        )
    console.print(_before_and_after(plan, ring_plan))
    print_lines(console, planned.findings)


def _names(targets: pd.DataFrame) -> str:
    shown = [str(name) for name in targets["name"].head(_MOST)]
    return ", ".join(shown) + (", …" if len(targets) > _MOST else "") if shown else "–"


def _before_and_after(plan: ExtensionPlan, rings: RingPlan | None) -> Table:
    """Return the figures as they stand, after the extension, and after the second routes."""
    table = plain_table("Figure", "Now", "With the extension")
    then = [plan.indicators["before"], plan.indicators["after"]]
    if rings is not None:
        table.add_column(tr("With second routes too"))
        then.append(rings.indicators["after"])
    for code, unit, *values in zip(
        plan.indicators["indicator"], plan.indicators["unit"], *then, strict=True
    ):
        shown = [share_text(v) if unit == "share" else people_text(v) for v in values]
        table.add_row(tr(FIGURES[code]), *shown)
    return table
