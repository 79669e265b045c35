"""Two runs side by side in a terminal."""

from __future__ import annotations

from typing import Any

import pandas as pd
from rich.console import Console

from phusong.commands.terminal.tables import plain, plain_table
from phusong.frames import rows
from phusong.i18n import share_text, tr
from phusong.results.compare import Comparison


def print_comparison(console: Console, found: Comparison) -> None:
    """Print what differs in definitions, the figures of both runs, and what was gained or lost."""
    console.print(f"{tr('Before')}: {found.titles[0]}", markup=False)
    console.print(f"{tr('After')}: {found.titles[1]}", markup=False)
    if found.definitions:
        console.print(tr("These runs are not made to the same definitions:"), style="yellow")
        for item in found.definitions:
            console.print(f"  {item.key}: {item.before} → {item.after}", markup=False)
    table = plain_table("Figure", fold=True)
    for title in ("Before", "After", "Difference"):
        table.add_column(tr(title), justify="right")
    for row in rows(found.indicators):
        change = "–" if pd.isna(row.difference) else f"{float(row.difference) * 100:+.1f}"
        before, after = share_text(float(row.value_before)), share_text(float(row.value_after))
        table.add_row(plain(str(row.title)), before, after, change)
    console.print(table)
    for frame, text in (
        (
            found.villages,
            "Villages: {gained} gained, {lost} lost, {added} added, {removed} removed",
        ),
        (found.communes, "Communes with fibre: {gained} gained, {lost} lost"),
    ):
        counts: dict[str, Any] = {
            name: int((frame["change"] == name).sum())
            for name in ("gained", "lost", "added", "removed")
        }
        console.print(tr(text, **counts))
