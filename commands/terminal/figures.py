"""The reportable figures in a terminal: shares, definitions, and how they move."""

from __future__ import annotations

from typing import Any

import pandas as pd
from rich.console import Console

from phusong.commands.terminal.tables import plain, plain_table
from phusong.frames import rows
from phusong.i18n import number, share_text, tr
from phusong.indicators.results import ANY, Indicators


def print_indicators(console: Console, indicators: Indicators) -> None:
    """Print the main figures beside what circles would have claimed, with their definitions."""
    frame = indicators.table
    # One carrier's one technology stands in indicators.csv: here a screen must do.
    frame = frame[~frame["id"].str.contains(":") | frame["id"].str.contains(r"\*")]
    table = plain_table("Figure", fold=True)
    for title in ("Value", "Count", "Circles would say", "Definition"):
        table.add_column(tr(title), justify="right")
    notes: dict[str, int] = {}
    for row in rows(frame):
        note = notes.setdefault(str(row.definition), len(notes) + 1)
        table.add_row(
            str(row.title),
            _with_interval(row),
            f"{number(float(row.numerator))} / {number(float(row.denominator))}",
            share_text(float(row.circles_value)),
            f"({note})",
        )
    console.print(table)
    console.print()
    for text, note in notes.items():
        console.print(f"({note}) {plain(text)}", style="dim")


def _with_interval(row: Any) -> str:
    if pd.isna(row.low):
        return share_text(float(row.value))
    low, high = number(row.low * 100, ".1f"), number(row.high * 100, ".1f")
    return f"{share_text(float(row.value))} ({low}–{high})"


def print_definitions(console: Console, definitions: pd.DataFrame) -> None:
    """Print the village share under definitions that others publish by, side by side."""
    console.print()
    console.print(tr("The same network under definitions that others publish by"), style="bold")
    table = plain_table("Definition", fold=True)
    for title in ("Villages", "People"):
        table.add_column(tr(title), justify="right")
    table.add_column(tr("Counts"), overflow="fold")
    for row in rows(definitions):
        villages, people = row.village_share, row.people_share
        known = (share_text(villages), share_text(people)) if row.computed else ("–", "–")
        table.add_row(tr(row.title), *known, tr(row.says))
    console.print(table)


def print_sensitivity(console: Console, sensitivity: pd.DataFrame, *, people: bool = True) -> None:
    """Print how the share of villages moves: thresholds down, shares across, one block a P."""
    if sensitivity.empty:
        return
    main = sensitivity[(sensitivity["operator"] == ANY) & (sensitivity["technology"] == ANY)]
    console.print()
    console.print(
        tr("Share of villages covered by any carrier, as the definition moves"), style="bold"
    )
    shares = sorted(main["share_asked"].unique())
    table = plain_table()
    table.add_column(tr("P asked for"), justify="right")
    table.add_column(tr("Threshold moved by"), justify="right")
    for share in shares:
        words = "centre + {share} of the people" if people else "centre + {share} of the area"
        table.add_column(tr(words, share=f"{share:.0%}"), justify="right")
    for (probability, offset), group in main.groupby(["probability", "threshold_offset_db"]):
        values = group.set_index("share_asked")["value"]
        table.add_row(
            f"{probability:.0%}", f"{offset:+g} dB", *(share_text(values[s]) for s in shares)
        )
    console.print(table)
