"""What the report says of losses: the worst by themselves and in pairs, hazards, batteries."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from phusong.frames import rows
from phusong.i18n import number, tr
from phusong.report.blocks import Block, Bullets, Grid, Heading, Paragraph
from phusong.report.pictures import draw
from phusong.report.plans.mending_pages import cut_blocks, remedy_blocks
from phusong.report.plans.plan_charts import battery_chart, exposure_map
from phusong.results.finished import FinishedRun
from phusong.results.missing import Attempts
from phusong.results.planfolders import PlanFolder

ELEMENTS = {
    "edge": "Cable section {id}",
    "node": "Joint {id}",
    "pop": "Point of presence {id}",
    "tail": "Tail of a point of presence {id}",
    "group": "Shared duct or pole line {id}",
    "site": "Tower {id}",
    "hazard": "Hazard area {id}",
    "feeder": "Feeder {id}, {hours} h without power",
}
_MOST_LOSSES = 25
_DRAWN = 10
_MOST_PAIRS = 12
_MOST_HAZARDS = 25
_MOST_FEEDERS = 8


def cascade_blocks(
    run: FinishedRun, cascade: PlanFolder, attempt: Attempts | None = None
) -> Iterator[Block]:
    """Return the section on losses in the current language.

    Parameters
    ----------
    run
        Of the same study: its villages and borders are drawn.
    cascade
        What `phusong cascade` wrote.
    attempt
        Takes a picture that fails.
    """
    events, villages = cascade.tables["cascade_events"], cascade.tables["cascade_villages"]
    yield Heading(tr("What breaks together"), level=2, new_page=True)
    if events.empty:
        yield Paragraph(tr("No single loss darkens anything."))
        return
    exposed = exposure(events, villages)
    worst = events.iloc[0]
    yield Paragraph(
        tr(
            "{count} single losses darken a commune or a tower. The worst, {worst}, takes the "
            "signal of {people} people. {hit} of {whole} villages are graded lower in some single "
            "loss.",
            count=number(len(events)),
            worst=_name(worst, events),
            people=_people(worst["people_without_signal"]),
            hit=number(len(exposed)),
            whole=number(len(run.tables["villages"])),
        )
    )
    yield draw(
        "exposure_map",
        lambda: exposure_map(
            run.layer("villages"),
            exposed,
            cascade.layer("cascade_events").head(_DRAWN),
            run.layer("communes"),
        ),
        tr("Villages by how many single losses take their signal; the worst losses numbered."),
        attempt,
        0.74,
    )
    yield Heading(tr("The worst single losses"), level=2)
    yield _ranked(events.head(_MOST_LOSSES), first=True)
    if len(events) > _MOST_LOSSES:
        yield _rest(len(events) - _MOST_LOSSES)
    yield from _pairs(cascade.tables["cascade_pairs"], events)
    yield from cut_blocks(cascade.tables["cascade_cuts"])
    hazards = events[events["element"] == "hazard"]
    if len(hazards):
        yield Heading(tr("Hazard areas"), level=2)
        yield _ranked(hazards.head(_MOST_HAZARDS))
        if len(hazards) > _MOST_HAZARDS:
            yield _rest(len(hazards) - _MOST_HAZARDS)
    yield from _batteries(events[events["element"] == "feeder"], attempt)
    codes = run.tables["communes"]
    yield from remedy_blocks(
        cascade.tables["cascade_remedies"],
        cascade.stamp.get("person_hours"),
        dict(zip(codes["code"].astype(str), codes["name"].astype(str), strict=True)),
        run.study.planning.prices.currency,
    )
    yield Bullets(
        [
            tr(
                "Losses that darken the same communes and towers are one outage, and follow one "
                "another in the list."
            ),
            tr(
                "Pairs are made of the worst losses only, and of two cuts of one ring. People "
                "beyond the two are counted village by village, and are at least so many."
            ),
            tr(
                "Towers go dark when neither fibre nor microwave reaches them, or their batteries "
                "are empty; what phones still hear from other towers is counted."
            ),
        ]
    )


def exposure(events: pd.DataFrame, villages: pd.DataFrame) -> pd.Series:
    """Return how many single things there are any one of which takes a village's signal.

    Parameters
    ----------
    events, villages
        As `phusong cascade` wrote them. A feeder is one thing, whatever its hours.

    Returns
    -------
    Series
        Village code -> things; villages that none takes are missing.
    """
    lower = villages.loc[villages["before"] != villages["after"], ["outage", "code"]]
    hit = events[["element", "id", "outage"]].merge(lower, on="outage")
    return hit.drop_duplicates(["element", "id", "code"]).groupby("code").size()


def _ranked(events: pd.DataFrame, *, first: bool = False) -> Grid:
    """Return losses with what they take; numbered where they are the ``first`` of all."""
    names = [tr("Loss"), tr("Commune"), tr("People who lose signal"), tr("Villages")]
    names += [tr("Towers"), tr("Communes cut off"), tr("People in them")]
    lines = [
        (
            f"{order}. {_name(row, events)}" if first else _name(row, events),
            row["commune"] or "–",
            _people(row["people_without_signal"]),
            *(number(row[c]) for c in ("villages_lower", "sites_dark", "communes_dark")),
            _people(row["people_without_fibre"]),
        )
        for order, (_, row) in enumerate(events.iterrows(), start=1)
    ]
    return Grid(names, lines, [44, 17, 15, 11, 10, 15, 14], frozenset(range(2, 7)))


def _pairs(pairs: pd.DataFrame, events: pd.DataFrame) -> Iterator[Block]:
    if pairs.empty:
        return
    yield Heading(tr("Worse together than each by itself"), level=2)
    yield Grid(
        [
            tr("First"),
            tr("Second"),
            tr("People who lose signal"),
            tr("Beyond the two"),
            tr("Villages"),
        ],
        [
            (
                *(
                    _called(getattr(row, f"element_{e}"), getattr(row, f"id_{e}"), hours, events)
                    for e, hours in (("a", row.hours_a), ("b", row.hours_b))
                ),
                _people(row.people_without_signal),
                _people(row.people_more),
                number(row.villages_lower),
            )
            for row in rows(pairs.head(_MOST_PAIRS))
        ],
        [34, 34, 16, 14, 12],
        frozenset({2, 3, 4}),
    )


def _batteries(feeders: pd.DataFrame, attempt: Attempts | None) -> Iterator[Block]:
    """Show how losses grow with the hours that a feeder is gone."""
    feeders = feeders[feeders["people_without_signal"].notna()]
    if feeders.empty:
        return
    hours = feeders.pivot_table(
        index="id", columns="hours", values="people_without_signal", aggfunc="max"
    )
    hours = hours.fillna(0.0).sort_values(list(hours.columns)[::-1], ascending=False)
    yield Heading(tr("Power feeders, and how long batteries last"), level=2)
    yield draw(
        "batteries",
        lambda: battery_chart(hours.head(_MOST_FEEDERS)),
        tr(
            "People who lose signal by how long a feeder is gone; the worst {count} feeders.",
            count=min(len(hours), _MOST_FEEDERS),
        ),
        attempt,
        0.92,
    )
    yield Grid(
        [tr("Feeder"), *(tr("{hours} h", hours=number(float(str(h)), "g")) for h in hours.columns)],
        [(str(name), *(number(v) for v in row)) for name, row in hours.head(25).iterrows()],
        [40, *[20] * len(hours.columns)],
        frozenset(range(1, len(hours.columns) + 1)),
    )
    if len(hours) > 25:
        yield _rest(len(hours) - 25)


def _name(row: Any, events: pd.DataFrame) -> str:
    return _called(row["element"], row["id"], row["hours"], events)


def _called(element: str, name: str, hours: float, events: pd.DataFrame) -> str:
    """Return a loss in words; a hazard by its name."""
    if element == "hazard":
        named = events.loc[(events["element"] == "hazard") & (events["id"] == name), "name"]
        name = (str(named.iloc[0]) if len(named) else "") or name
    return tr(ELEMENTS[element], id=name, hours="" if pd.isna(hours) else number(hours, "g"))


def _people(value: float) -> str:
    return "–" if pd.isna(value) else number(value)


def _rest(count: int) -> Paragraph:
    text = tr("{count} more in {file}.", count=number(count), file="cascade_events.csv")
    return Paragraph(text, small=True)
