"""What the report says of a plan of masts: what it would take, in which order, for whom."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

import pandas as pd

from phusong.frames import rows
from phusong.i18n import number, share_text, tr
from phusong.planning.bill import ITEMS
from phusong.planning.headcount import FIGURES
from phusong.report.blocks import Block, Bullets, Grid, Heading, Paragraph, Picture
from phusong.report.pictures import draw
from phusong.report.plans.plan_charts import mast_kind, mast_map, sums_chart
from phusong.report.plans.step_pages import step_blocks
from phusong.results.finished import FinishedRun
from phusong.results.missing import Attempts
from phusong.results.planfolders import PlanFolder
from phusong.study.settings.planning import Prices

_TITLE = "What it would take to cover the dark villages"
_MOST_MASTS = 80
_MOST_DARK = 120
_PROVEN = 0.0005
"""A gap that rounds to nothing."""
_KINDS = {"new": "new", "climbed": "stands", "relay": "relay"}
_STAYS = {
    "over_budget": "over the budget",
    "no_site": "no candidate place covers it",
    "no_backhaul": "what covers it has no backhaul",
}
_PRICES = {
    "tower": "New mast, with ground, road and fence",
    "cosite": "Room on a mast that stands",
    "radio": "Radio equipment",
    "hop": "Microwave hop, both ends",
    "solar": "Panels and batteries",
    "grid": "Grid connection and current",
    "grid_per_km": "Power line, a km",
    "satellite": "Satellite terminal at a culture house",
}


_Sites = TypeVar("_Sites", bound=pd.DataFrame)


def mast_plan_blocks(
    run: FinishedRun, plan: PlanFolder, attempt: Attempts | None = None
) -> Iterator[Block]:
    """Return the section on a plan of masts in the current language.

    Parameters
    ----------
    run
        Of the same study: its borders are drawn, its prices said.
    plan
        What `phusong sites` wrote.
    attempt
        Takes a picture that fails.
    """
    tables, stamp = plan.tables, plan.stamp
    currency = str(stamp["currency"])
    joint = len(tables["plan_communes"]) > 0
    title = "What masts and cables it would take" if joint else _TITLE
    yield Heading(tr(title), level=2, new_page=True)
    yield Paragraph(_proof(tables, stamp, run))
    if stamp.get("bound_by") == "branching":
        yield Paragraph(tr("The bound rests on the solver's own branching"), small=True)
    if stamp.get("broken"):
        yield Paragraph(
            tr(
                "The run with the plan built does not cover {count} villages it promised: {codes}",
                count=len(stamp["broken"]),
                codes=", ".join(stamp["broken"][:20]),
            )
        )
    yield _figures(tables["site_plan_figures"])
    yield draw(
        "mast_map",
        lambda: mast_map(
            run.layer("villages"),
            tables["site_plan_villages"],
            _numbered(plan.layer("site_plan_sites", ("kind", "role", "step"))),
            plan.layer("site_plan_hops", ()),
            plan.layer("site_plan_lines", ()),
            run.layer("communes"),
            plan.layer("plan_communes") if joint else None,
        ),
        tr("Masts by their number in the list, and what becomes of the villages.")
        if not joint
        else tr("Masts by the step that builds them, communes, and what becomes of the villages."),
        attempt,
        0.74,
    )
    yield from _sums(tables, currency, attempt)
    yield from _bill(tables["site_plan_bill"], currency)
    yield from step_blocks(tables, run.tables["villages"], currency)
    yield from _masts(_numbered(tables["site_plan_sites"]), currency)
    yield from _dark(tables["site_plan_villages"], run)
    yield from _prices(run.study.planning.prices)


def _numbered(sites: _Sites) -> _Sites:
    """Give masts a number: of their step where that is known, else of their place in the list."""
    known = bool((sites["step"] > 0).all())
    number = sites["step"] if known else pd.Series(range(1, len(sites) + 1), index=sites.index)
    return sites.assign(number=number.astype(int)).sort_values("number", kind="stable")


def _weighed(points: pd.DataFrame) -> bool:
    """Whether people count differently from one by one."""
    return bool((points["counted"] - points["people"]).abs().gt(1.0).any())


def _proof(tables: dict[str, pd.DataFrame], stamp: dict[str, Any], run: FinishedRun) -> str:
    prices, communes = run.study.planning.prices, tables["plan_communes"]
    said = {
        "life": number(stamp["life"]),
        "currency": stamp["currency"],
        "years": prices.horizon_years,
        "places": number(stamp["candidates"]),
    }
    if stamp.get("lower_bound") is not None and len(communes) and stamp["gap"] < _PROVEN:
        return tr(
            "{life} {currency} over {years} years. Proven: no plan from these {places} places and "
            "routes that serves the same villages and communes is cheaper.",
            **said,
        )
    if stamp.get("lower_bound") is not None and len(communes):
        return tr(
            "{life} {currency} over {years} years. No plan from these {places} places and routes "
            "that serves the same villages and communes costs less than {bound}: at most {gap} "
            "could still be saved.",
            bound=number(stamp["lower_bound"]),
            gap=share_text(stamp["gap"]),
            **said,
        )
    if stamp.get("lower_bound") is not None:
        if stamp["gap"] < _PROVEN:
            return tr(
                "{life} {currency} over {years} years. Proven: no plan from these {places} places "
                "that serves the same villages is cheaper.",
                **said,
            )
        return tr(
            "{life} {currency} over {years} years. No plan from these {places} places that serves "
            "the same villages costs less than {bound}: at most {gap} could still be saved.",
            bound=number(stamp["lower_bound"]),
            gap=share_text(stamp["gap"]),
            **said,
        )
    if round(stamp["counted"]) != round(stamp["people"]):
        fibre = communes.loc[communes["status"] == "built", "people"].sum()
        parts = [
            tr(
                "{life} {currency} over {years} years: {people} people are served in their "
                "villages, and {fibre} live in communes that get fibre, who count {weight} each.",
                people=number(stamp["people"]),
                fibre=number(fibre),
                weight=number(run.study.planning.fibre_weight, ".2f"),
                **said,
            )
            if len(communes)
            else tr(
                "{life} {currency} over {years} years: {people} people are served in their "
                "villages.",
                people=number(stamp["people"]),
                **said,
            ),
            tr(
                "The darkest communes come first: people count by the share of their commune that "
                "is in the dark."
            )
            if stamp.get("worst_first")
            else "",
            tr(
                "Counted so they are {counted}; no plan from these {places} places counts more "
                "than {most} for the same money. The bound is of this count, none of people alone.",
                counted=number(stamp["counted"]),
                places=said["places"],
                most=number(stamp["most_people"]),
            ),
        ]
        return " ".join(part for part in parts if part)
    return tr(
        "{life} {currency} over {years} years: {people} people get signal. No plan from these "
        "{places} places serves more than {most} for the same money.",
        people=number(stamp["people"]),
        most=number(stamp["most_people"]),
        **said,
    )


def _figures(figures: pd.DataFrame) -> Grid:
    return Grid(
        [tr("Figure"), tr("Now"), tr("With the plan built")],
        [
            (
                tr(FIGURES[row.figure]),
                *(
                    share_text(v) if row.unit == "share" else number(v)
                    for v in (row.before, row.after)
                ),
            )
            for row in rows(figures)
        ],
        [50, 25, 25],
        frozenset({1, 2}),
    )


def _sums(
    tables: dict[str, pd.DataFrame],
    currency: str,
    attempt: Attempts | None,
) -> Iterator[Picture | Paragraph | Grid | Heading]:
    """Say what smaller sums buy, and what stands at the end of each year."""
    curve, years = tables["site_plan_curve"], tables["site_plan_years"]
    points, money = (curve, "budget") if len(curve) else (years, "spent_total")
    if len(points):
        weighed = _weighed(points)
        yield Heading(tr("What each sum buys"), level=2)
        yield draw(
            "sums",
            lambda: sums_chart(
                points, money, currency, weighed=weighed, years=money == "spent_total"
            ),
            tr(
                "Left: people served for a sum, and the most that any plan from the same "
                "places can reach for it. Right: villages."
            )
            if not weighed
            else tr(
                "Left: people as the plan counts them for a sum, and the most that any plan from "
                "the same places counts for it. Right: villages."
            ),
            attempt,
        )
    else:
        yield Paragraph(
            tr("What smaller sums would buy was not asked for: run again with --curve 10."),
            small=True,
        )
    if len(years):
        yield Grid(
            [tr("Year"), tr("Spent"), tr("In all"), tr("Villages"), tr("People")],
            [
                tuple(
                    number(v)
                    for v in (row.year, row.spent, row.spent_total, row.villages, row.people)
                )
                for row in rows(years)
            ],
            [12, 24, 24, 20, 20],
            frozenset(range(5)),
        )


def _bill(bill: pd.DataFrame, currency: str) -> Iterator[Block]:
    if bill.empty:
        return
    in_years = bill["year"].max() > 1
    sums = ["quantity", "capital", "yearly", "life"]
    # What several owners have of one item is one line: who pays stands in a table of its own.
    by_item = bill.groupby(["year", "item", "unit"], sort=False, dropna=False, as_index=False)
    bill = by_item[sums].sum()
    yield Heading(tr("Bill of quantities, {currency}", currency=currency), level=2)
    lines = [
        (
            *((number(row.year),) if in_years else ()),
            tr(ITEMS[row.item]),
            number(row.quantity, ".1f") if row.unit else number(row.quantity),
            *(number(v) for v in (row.capital, row.yearly, row.life)),
        )
        for row in rows(bill)
    ]
    whole = [number(bill[name].sum()) for name in ("capital", "yearly", "life")]
    lines.append((*(("",) if in_years else ()), tr("Together"), "", *whole))
    names = [tr("Item"), tr("Quantity"), tr("At once"), tr("A year"), tr("Over its life")]
    widths = [32.0, 14.0, 18.0, 16.0, 18.0]
    if in_years:
        names, widths = [tr("Year"), *names], [8.0, *widths]
    first = len(names) - 4
    yield Grid(names, lines, widths, frozenset(range(first, len(names))))


def _masts(sites: pd.DataFrame, currency: str) -> Iterator[Block]:
    if sites.empty:
        return
    in_years = sites["year"].max() > 1
    yield Heading(tr("Masts in order"), level=2)
    names = ["", tr("Mast"), tr("Kind"), tr("Villages"), tr("People"), tr("Backhaul"), tr("Power")]
    names.append(tr("Over its life, {currency}", currency=currency))
    widths = [6.0, 26.0, 10.0, 10.0, 11.0, 26.0, 15.0, 17.0]
    numeric = {0, 3, 4, 7}
    if in_years:
        names.insert(1, tr("Year"))
        widths.insert(1, 7.0)
        numeric = {0, 1, 4, 5, 8}
    lines = []
    for row in rows(sites.head(_MOST_MASTS)):
        line = [
            str(row.number),
            str(row.site_id),
            tr(_KINDS[mast_kind(row.kind, row.role)]),
            number(row.villages),
            number(row.people),
            _backhaul(row),
            _power(row),
            number(row.life),
        ]
        if in_years:
            line.insert(1, number(row.year))
        lines.append(line)
    yield Grid(names, lines, widths, frozenset(numeric))
    if len(sites) > _MOST_MASTS:
        yield _rest(len(sites) - _MOST_MASTS, "site_plan_sites.csv")


def _backhaul(row: Any) -> str:
    medium = tr(str(row.backhaul))
    return f"{medium} ← {row.from_site_id}" if row.from_site_id else medium


def _power(row: Any) -> str:
    power = tr(str(row.power))
    return f"{power}, {number(row.power_line_km, '.1f')} km" if row.power_line_km > 0 else power


def _dark(villages: pd.DataFrame, run: FinishedRun) -> Iterator[Block]:
    left = villages[villages["status"].isin(_STAYS)]
    yield Heading(tr("Villages that stay dark"), level=2)
    if left.empty:
        yield Paragraph(tr("None: the plan serves every one."))
        return
    known = run.tables["communes"].set_index("code")["name"]
    counts = left["status"].value_counts()
    yield Bullets(
        [
            f"{tr(word)}: {number(counts[status])}"
            for status, word in _STAYS.items()
            if status in counts
        ]
    )
    shown = left.sort_values(["people", "code"], ascending=[False, True]).head(_MOST_DARK)
    yield Grid(
        [tr("Village"), tr("Commune"), tr("People"), tr("Why")],
        [
            (
                row.name,
                _text(known.get(row.commune_code)),
                "–" if pd.isna(row.people) else number(row.people),
                tr(_STAYS[row.status]),
            )
            for row in rows(shown)
        ],
        [32, 26, 16, 40],
        frozenset({2}),
        abreast=2,
    )
    if len(left) > _MOST_DARK:
        yield _rest(len(left) - _MOST_DARK, "site_plan_villages.csv")


def _prices(prices: Prices) -> Iterator[Block]:
    """Give the prices assumed, and what the plan does not know."""
    yield Heading(tr("Prices assumed, {currency}", currency=prices.currency), level=2)
    given = [(name, word, getattr(prices, name)) for name, word in _PRICES.items()]
    yield Grid(
        [tr("What"), tr("At once"), tr("A year")],
        [
            (tr(word), number(price.capital), number(price.yearly))
            for _, word, price in given
            if price is not None
        ],
        [50, 18, 18],
        frozenset({1, 2}),
        abreast=2,
    )
    yield Bullets(
        [
            tr(
                "Every price is an assumption of the study; no tariff of Viet Nam is public. "
                "Yearly costs count over {years} years at a discount of {discount}%.",
                years=prices.horizon_years,
                discount=number(prices.discount_percent, "g"),
            ),
            tr(
                "The cost is the cheapest among the places that were looked at; more places may "
                "be cheaper."
            ),
            tr(
                "Capacity of hops and fibre, and interference between masts, are not modelled; a "
                "power line is measured straight."
            ),
            tr(
                "A satellite terminal serves the culture house, not the village, and is not "
                "counted as coverage."
            ),
        ]
    )


def _text(value: Any) -> str:
    return "" if pd.isna(value) else str(value)


def _rest(count: int, file: str) -> Paragraph:
    return Paragraph(tr("{count} more in {file}.", count=number(count), file=file), small=True)
