"""Losses in a terminal: the worst single ones, and pairs worse than their parts."""

from __future__ import annotations

import math
from typing import Any

from rich.console import Console

from phusong.commands.terminal.fiber import ELEMENTS
from phusong.commands.terminal.findings import print_lines
from phusong.commands.terminal.tables import people_text, plain, plain_table
from phusong.frames import rows
from phusong.i18n import number, tr
from phusong.pipeline.cascade import Cascaded
from phusong.planning.cascade.remedies.works import WORDS
from phusong.planning.cascade.results import Cascade

_MOST_PAIRS = 5
_WIDE = 30


def print_cascade(console: Console, found: Cascaded, top: int, currency: str) -> None:
    """Print the ``top`` worst events, the worst pairs, and what to build first."""
    cascade = found.cascade
    console.print(tr("The worst of {count} single losses:", count=len(cascade.events)))
    table = plain_table(
        "Lost", "Id", "Commune", "Communes cut off", "Sites", "Villages", "People who lose signal"
    )
    for row in rows(cascade.events.head(top)):
        table.add_row(
            tr(ELEMENTS[row.element]),
            _called(row.id, row.hours),
            plain(str(row.commune or "–")),
            number(row.communes_dark),
            number(row.sites_dark),
            number(row.villages_lower),
            people_text(row.people_without_signal),
        )
    console.print(table)
    if len(cascade.pairs):
        console.print(tr("Worse together than each by itself:"))
        pairs = plain_table("Lost", "Id", "Lost", "Id", "People who lose signal", "Beyond the two")
        for row in rows(cascade.pairs.head(_MOST_PAIRS)):
            pairs.add_row(
                tr(ELEMENTS[row.element_a]),
                _called(row.id_a, row.hours_a),
                tr(ELEMENTS[row.element_b]),
                _called(row.id_b, row.hours_b),
                people_text(row.people_without_signal),
                people_text(row.people_more),
            )
        console.print(pairs)
    if len(cascade.cuts):
        _print_cuts(console, cascade)
    if len(cascade.remedies):
        _print_remedies(console, cascade, top, currency)
    print_lines(console, found.findings)


def _print_cuts(console: Console, cascade: Cascade) -> None:
    """Print the worst pairs of cuts of one ring."""
    console.print(tr("Two cuts of one ring, harmless each by itself:"))
    table = plain_table(
        "Section", "Section", "Communes cut off", "Sites", "Villages", "People who lose signal"
    )
    for row in rows(cascade.cuts.head(_MOST_PAIRS)):
        table.add_row(
            plain(str(row.section_a)),
            plain(str(row.section_b)),
            number(row.communes_dark),
            number(row.sites_dark),
            number(row.villages_lower),
            people_text(row.people_without_signal),
        )
    console.print(table)


def _print_remedies(console: Console, cascade: Cascade, top: int, currency: str) -> None:
    """Print the order to build in."""
    console.print(
        tr(
            "All single losses take {total} person-hours a year ([planning.losses]); to build, most"
            " saved per cost first:",
            total=number(cascade.toll.total),
        ),
        markup=False,
    )
    table = plain_table(
        "Remedy",
        "Where",
        "By",
        "Amount",
        "Losses mended",
        "Person-hours saved",
        "Cost so far",
        "Saved so far",
    )
    built = cascade.remedies[cascade.remedies["step"].notna()].sort_values("step")
    for row in rows(built.head(top)):
        where = plain(str(row.where))
        table.add_row(
            tr(WORDS[row.kind]),
            where if len(where) <= _WIDE else where[: _WIDE - 1] + "…",
            plain(str(row.by or "–")),
            _amount(row.kind, row.quantity, row.unit),
            number(row.events_mended),
            number(row.person_hours_added),
            f"{number(row.life_total)} {currency}",
            number(row.person_hours_total),
        )
    console.print(table)


def _amount(kind: str, quantity: float, unit: str) -> str:
    return number(quantity) if kind == "hop" else f"{number(quantity, ',.1f')} {unit}"


def _called(name: Any, hours: float) -> str:
    text = plain(str(name))
    return text if math.isnan(hours) else f"{text} ({number(hours)} h)"
