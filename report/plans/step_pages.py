"""What the report says of a plan step by step: the order, the communes, the owners, the years."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from phusong.fiber.built import FIGURES as FIBRE
from phusong.frames import rows
from phusong.i18n import number, share_text, tr
from phusong.planning.alternatives import MAST
from phusong.planning.headcount import FIGURES as SIGNAL
from phusong.planning.stepwise import COMMUNE, WORDS
from phusong.report.blocks import Block, Grid, Heading, Paragraph

_MOST_STEPS = 60
_MOST_COMMUNES = 60
_STATUS = {
    "built": "gets fibre",
    "over_budget": "over the budget",
    "no_route": "no road and no passable ground joins it to fibre",
}


def step_blocks(
    tables: dict[str, pd.DataFrame], villages: pd.DataFrame, currency: str
) -> Iterator[Block]:
    """Return the pages on steps, communes, owners and years in the current language.

    Parameters
    ----------
    tables
        ``plan_steps``, ``plan_owners``, ``plan_communes``, ``plan_indicators``; the last two are
        empty where only masts were planned.
    villages
        ``code``, ``name`` of the run: steps may end with a village served by itself.
    """
    names = dict(zip(villages["code"].astype(str), villages["name"].map(_text), strict=True))
    yield from _steps(tables["plan_steps"], names, currency)
    yield from _communes(tables["plan_communes"])
    yield from _owners(tables["plan_owners"], currency)
    yield from _years(tables["plan_indicators"])


def _steps(steps: pd.DataFrame, villages: dict[str, str], currency: str) -> Iterator[Block]:
    if steps.empty:
        return
    last = steps.iloc[-1]
    yield Heading(tr("Steps in order of building"), level=2)
    yield Paragraph(
        tr(
            "{count} steps, each possible after those before it; in a year those that serve most "
            "people for money come first. The last two columns add up all that stands after the "
            "step: {people} people in the end, for {life} {currency}.",
            count=number(len(steps)),
            people=number(last["people_total"] + last["people_fibre_total"]),
            life=number(last["life_total"]),
            currency=currency,
        )
    )
    if (steps["what"] == COMMUNE).any():
        text = tr("People of a step to a commune live where fibre arrives; all others are served.")
        yield Paragraph(text, small=True)
    in_years = steps["year"].max() > 1
    names = [tr("Step"), tr("What"), tr("Where"), tr("Whose mast"), tr("People")]
    names += [tr("Cost, {currency}", currency=currency), tr("People in all"), tr("Cost in all")]
    widths = [9.0, 28.0, 24.0, 14.0, 11.0, 15.0, 13.0, 16.0]
    lines = []
    for row in rows(steps.head(_MOST_STEPS)):
        people = row.people_fibre if row.what == COMMUNE else row.people
        line = [
            number(row.step),
            _what(row, villages),
            _text(row.where),
            _text(row.owner) or "–",
            _people(people),
            number(row.life),
            _people(row.people_total + row.people_fibre_total),
            number(row.life_total),
        ]
        lines.append([*line[:1], number(row.year), *line[1:]] if in_years else line)
    if in_years:
        names.insert(1, tr("Year"))
        widths.insert(1, 8.0)
    first = len(names) - 4
    numeric = {0, 1} if in_years else {0}
    yield Grid(names, lines, widths, frozenset({*numeric, *range(first, len(names))}))
    if len(steps) > _MOST_STEPS:
        yield _rest(len(steps) - _MOST_STEPS, "plan_steps.csv")


def _what(row: Any, villages: dict[str, str]) -> str:
    """Name what a step ends with; the commune stands beside it."""
    name = _text(row.id)
    if row.what == MAST:
        return name
    words = tr(WORDS[row.what])
    return words if row.what == COMMUNE else f"{words}: {villages.get(name) or name}"


def _communes(communes: pd.DataFrame) -> Iterator[Block]:
    if communes.empty:
        return
    built = communes[communes["status"] == "built"]
    yield Heading(tr("Communes that get fibre"), level=2)
    yield Paragraph(
        tr(
            "New cable reaches {built} of the {count} commune centres that have no fibre and that "
            "cable can mend; {people} people live in these communes.",
            built=number(len(built)),
            count=number(len(communes)),
            people=_people(built["people"].sum(min_count=1) if len(built) else 0.0),
        )
    )
    ranked = communes.assign(late=communes["step"].where(communes["step"] > 0))
    ranked = ranked.sort_values(["late", "name"], na_position="last")
    yield Grid(
        [tr("Commune"), tr("What becomes of it"), tr("Step"), tr("Year"), tr("People")],
        [
            (
                _text(row.name),
                tr(_STATUS[row.status]),
                number(row.step) if row.step > 0 else "–",
                number(row.year) if row.step > 0 else "–",
                _people(row.people),
            )
            for row in rows(ranked.head(_MOST_COMMUNES))
        ],
        [34, 36, 8, 8, 14],
        frozenset({2, 3, 4}),
    )
    if len(communes) > _MOST_COMMUNES:
        yield _rest(len(communes) - _MOST_COMMUNES, "plan_communes.csv")


def _owners(owners: pd.DataFrame, currency: str) -> Iterator[Block]:
    if owners.empty:
        return
    whole = owners.groupby("owner")["life"].sum().sort_values(ascending=False)
    yield Heading(tr("Who builds and pays"), level=2)
    yield Paragraph(
        tr(
            "{owner} has the largest part: {life} {currency}, {share} of the plan. Carriers with a "
            "plus sign between them own a mast together; carriers/ has what each has to do.",
            owner=str(whole.index[0]) or "–",
            life=number(whole.iloc[0]),
            currency=currency,
            share=share_text(whole.iloc[0] / whole.sum()) if whole.sum() > 0 else "–",
        )
    )
    yield Grid(
        [
            *(tr("Year"), tr("Owner"), tr("Works"), tr("At once"), tr("A year")),
            tr("Over its life, {currency}", currency=currency),
        ],
        [
            (
                number(row.year),
                _text(row.owner) or "–",
                *(number(v) for v in (row.works, row.capital, row.yearly, row.life)),
            )
            for row in rows(owners.sort_values(["year", "life"], ascending=[True, False]))
        ],
        [8, 40, 10, 15, 13, 20],
        frozenset({0, 2, 3, 4, 5}),
    )


def _years(figures: pd.DataFrame) -> Iterator[Block]:
    if figures.empty:
        return
    years = sorted(figures["year"].astype(int).unique().tolist())
    called = SIGNAL | FIBRE
    yield Heading(tr("What stands at the end of each year"), level=2)
    yield Paragraph(
        tr(
            "Every figure is measured with what stands by then, as a run of the study measures it. "
            "Repeaters and satellite terminals count as no coverage, and are counted by themselves."
        )
    )
    lines = []
    for (figure, unit), part in figures.groupby(["figure", "unit"], sort=False, dropna=False):
        values = part.set_index(part["year"].astype(int))["value"].reindex(years)
        shown = [share_text(v) if unit == "share" else _people(v) for v in values]
        lines.append((tr(called[str(figure)]), *shown))
    yield Grid(
        [
            tr("Figure"),
            *(_end(year, years[-1]) for year in years),
        ],
        lines,
        [40, *[60 / len(years)] * len(years)],
        frozenset(range(1, len(years) + 1)),
    )


def _end(year: int, last: int) -> str:
    if not year:
        return tr("Now")
    return tr("With the plan built") if last == 1 else tr("Year {year}", year=year)


def _text(value: Any) -> str:
    return "" if pd.isna(value) else str(value)


def _people(value: float) -> str:
    return "–" if pd.isna(value) else number(value)


def _rest(count: int, file: str) -> Paragraph:
    return Paragraph(tr("{count} more in {file}.", count=number(count), file=file), small=True)
