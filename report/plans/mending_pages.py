"""What the report says of two cuts of one ring, and of what mends most for its cost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from phusong.frames import rows
from phusong.i18n import number, share_text, tr
from phusong.planning.cascade.remedies.works import HOP, WORDS
from phusong.report.blocks import Block, Grid, Heading, Paragraph

_MOST_CUTS = 15
_MOST_REMEDIES = 30


def cut_blocks(cuts: pd.DataFrame) -> Iterator[Block]:
    """Return the page on pairs of sections, each harmless by itself, in the current language."""
    if cuts.empty:
        return
    worst = cuts.iloc[0]
    yield Heading(tr("Two cuts of one ring"), level=2)
    yield Paragraph(
        tr(
            "Each of these sections is harmless by itself; both at once cut off what lies between. "
            "The worst two, {a} and {b}, take the signal of {people} people and the fibre of "
            "{communes} communes.",
            a=str(worst["section_a"]),
            b=str(worst["section_b"]),
            people=_people(worst["people_without_signal"]),
            communes=number(worst["communes_dark"]),
        )
    )
    yield Grid(
        [
            *(tr("Section"), tr("Section"), tr("Sections of the ring"), tr("Communes cut off")),
            *(tr("Towers"), tr("Villages"), tr("People who lose signal")),
        ],
        [
            (
                str(row.section_a),
                str(row.section_b),
                *(number(v) for v in (row.sections, row.communes_dark)),
                *(number(v) for v in (row.sites_dark, row.villages_lower)),
                _people(row.people_without_signal),
            )
            for row in rows(cuts.head(_MOST_CUTS))
        ],
        [20, 20, 14, 13, 10, 11, 15],
        frozenset(range(2, 7)),
    )
    if len(cuts) > _MOST_CUTS:
        yield _rest(len(cuts) - _MOST_CUTS, "cascade_cuts.csv")


def remedy_blocks(
    remedies: pd.DataFrame, total: float | None, communes: dict[str, str], currency: str
) -> Iterator[Block]:
    """Return the page on remedies, those of the order of building first, in the current language.

    Parameters
    ----------
    total
        Person-hours a year that all single losses take; None where the folder does not say.
    communes
        Names by code: second routes lead to them.
    """
    if remedies.empty:
        return
    built = remedies[remedies["step"].notna()].sort_values("step")
    yield Heading(tr("What mends most for its cost"), level=2, new_page=True)
    if len(built):
        last = built.iloc[-1]
        text = tr(
            "{count} remedies in order of building, each by what it saves for its cost given those "
            "before it. Together they save {saved} person-hours a year for {life} {currency} over "
            "their life.",
            count=number(len(built)),
            saved=number(last["person_hours_total"]),
            life=number(last["life_total"]),
            currency=currency,
        )
        if total:
            share = share_text(last["person_hours_total"] / total)
            text += " " + tr("That is {share} of what single losses take.", share=share)
        yield Paragraph(text)
    yield Paragraph(
        tr(
            "Person-hours are the hours a year that each loss is expected to last, an assumption "
            "of the study, times the people without signal or whose commune is without fibre. "
            "Remedies without a step save nothing more once the steps are built, or are over the "
            "budget."
        ),
        small=True,
    )
    first = pd.concat([built, remedies[remedies["step"].isna()]])
    yield Grid(
        [
            *(tr("Step"), tr("Remedy"), tr("Where"), tr("Amount")),
            *(tr("Cost, {currency}", currency=currency), tr("Person-hours saved")),
            *(tr("Losses mended"), tr("Cost in all"), tr("Saved in all")),
        ],
        [
            (
                "–" if pd.isna(row.step) else number(row.step),
                tr(WORDS[row.kind]),
                _where(row, communes),
                _amount(row),
                number(row.life),
                number(row.person_hours),
                number(row.events_mended),
                _people(row.life_total),
                _people(row.person_hours_total),
            )
            for row in rows(first.head(_MOST_REMEDIES))
        ],
        [9, 24, 27, 11, 14, 14, 10, 14, 14],
        frozenset({0, 3, 4, 5, 6, 7, 8}),
    )
    if len(first) > _MOST_REMEDIES:
        yield _rest(len(first) - _MOST_REMEDIES, "cascade_remedies.csv")


def _where(row: Any, communes: dict[str, str]) -> str:
    where = communes.get(str(row.where), str(row.where))
    return where if pd.isna(row.by) or not row.by else f"{where} ← {row.by}"


def _amount(row: Any) -> str:
    return number(row.quantity) if row.kind == HOP else f"{number(row.quantity, ',.1f')} {row.unit}"


def _people(value: float) -> str:
    return "–" if pd.isna(value) else number(value)


def _rest(count: int, file: str) -> Paragraph:
    return Paragraph(tr("{count} more in {file}.", count=number(count), file=file), small=True)
