"""Fibre in a terminal: what a cut darkens, what the network misses, how places are reached."""

from __future__ import annotations

import pandas as pd
from rich.console import Console

from phusong.commands.terminal.tables import people_text, plain_table
from phusong.coverage.villages.verdict import GRADE_WORDS
from phusong.fiber.reach.reasons import reason_text
from phusong.fiber.results import FiberResult
from phusong.frames import rows
from phusong.i18n import number, tr
from phusong.pipeline.what_if import Followed

_MOST, _MOST_VILLAGES = 10, 40
ELEMENTS = {
    "edge": "cable section",
    "node": "joint",
    "pop": "point of presence",
    "tail": "tail of a point of presence",
    "group": "shared route",
    "site": "site",
    "hazard": "hazard area",
    "feeder": "power feeder",
}


def print_loss(console: Console, found: Followed, names: str) -> None:
    """Print what goes dark without ``names``: communes, towers, villages."""
    if found.communes.empty:
        console.print(tr("Without {cut}: no commune centre goes dark", cut=names), markup=False)
    else:
        people = found.communes["people"]
        console.print(
            tr(
                "Without {cut}: {count} commune centre(s) go dark, {people} people",
                cut=names,
                count=len(found.communes),
                people=people_text(people.sum(min_count=1)),
            ),
            markup=False,
        )
        table = plain_table("Commune", "Name", "People")
        for row in rows(found.communes):
            table.add_row(str(row.commune_code), str(row.name), people_text(row.people))
        console.print(table)
    backhaul = found.fiber.backhaul
    if backhaul is None:
        console.print(tr("Which towers go dark is not known: the study names no fiber.backhaul"))
    else:
        known = len(set(backhaul.thing[backhaul.thing < backhaul.sites].tolist()))
        console.print(
            tr(
                "Of {known} sites whose backhaul is known, {count} go dark",
                known=known,
                count=len(found.sites),
            ),
        )
        if found.sites:
            console.print(", ".join(found.sites), markup=False)
    if found.villages is not None:
        _print_villages(console, found.villages)


def _print_villages(console: Console, villages: pd.DataFrame) -> None:
    console.print(
        tr(
            "{people} people in {count} villages lose signal; {worse} villages are graded lower",
            people=people_text(villages["people_lost"].sum(min_count=1)),
            count=len(villages),
            worse=int((villages["before"] != villages["after"]).sum()),
        )
    )
    if villages.empty:
        return
    table = plain_table("Village", "Name", "Commune", "Before", "After", "People who lose signal")
    for row in rows(villages.head(_MOST_VILLAGES)):
        table.add_row(
            str(row.code),
            str(row.name),
            str(row.commune_code),
            tr(GRADE_WORDS[row.before]),
            tr(GRADE_WORDS[row.after]),
            people_text(row.people_lost),
        )
    console.print(table)
    if len(villages) > _MOST_VILLAGES:
        console.print(tr("… and {count} more", count=len(villages) - _MOST_VILLAGES))


def print_network(console: Console, fiber: FiberResult) -> None:
    """Print which centres fibre does not reach, and the worst single losses."""
    missing = fiber.reach[~fiber.reach["reached"]]
    if len(missing):
        console.print()
        table = plain_table("Commune", "Name", "Why fibre does not reach it")
        for row in rows(missing):
            table.add_row(
                str(row.commune_code), str(row.name), reason_text(row.reason, row.reason_params)
            )
        console.print(table)
    worst = fiber.failures.head(_MOST)
    if len(worst):
        console.print()
        console.print(
            tr("The worst of {count} single losses:", count=len(fiber.failures)), style="bold"
        )
        table = plain_table("Lost", "Id", "Communes cut off", "People", "Sites")
        for row in rows(worst):
            table.add_row(
                tr(ELEMENTS[row.element]),
                str(row.id),
                number(row.count),
                people_text(row.people),
                number(row.site_count) if fiber.backhaul is not None else "–",
            )
        console.print(table)


def print_reach(console: Console, reach: pd.DataFrame, drop_m: float) -> None:
    """Print how fibre reaches places, a line a layer."""
    table = plain_table(
        "Places", "Count", "With fibre", "On a single route", "Nearest cable within drop"
    )
    for layer, group in reach.groupby("layer", sort=False):
        near = (group["nearest_cable_m"] <= drop_m).sum()
        table.add_row(
            str(layer),
            number(len(group)),
            number(group["reached"].sum()),
            number(group["single_route"].sum()),
            number(near),
        )
    console.print(table)
