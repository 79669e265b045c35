"""A calibration in a terminal: rows refused, bias and spread, what offsets bring."""

from __future__ import annotations

from typing import Any

import pandas as pd
from rich.console import Console
from rich.table import Table

from phusong.checks import Findings
from phusong.commands.terminal.tables import plain_table
from phusong.coverage.calibration.calibrate import Calibration
from phusong.exports.calibration import KIND_WORDS, class_text, scheme_text
from phusong.i18n import number, tr
from phusong.kinds import by_kind

_SHOWN = ("all", "technology", "distance", "land_cover", "sight")


def print_log(console: Console, findings: Findings) -> None:
    """Print what was found about the log as a whole: its kind, and what was assumed."""
    for kind in by_kind(f for f in findings if f.rule.number.startswith("M")):
        text = f"{kind.first.where.file}: {kind.first.text()}"
        if kind.count > 1:
            text += f" (+{number(kind.count - 1)})"
        console.print(text, style="dim", markup=False)


def print_calibration(console: Console, found: Calibration) -> None:
    """Print refused rows by reason, the summary, and what offsets bring."""
    counts = found.refused["reason"].value_counts().sort_index()
    refused = ", ".join(f"{reason} {count}" for reason, count in counts.items()) or "–"
    console.print(
        tr(
            "{rows} measurements used, one a place and carrier: {places}; {refused} refused "
            "({reasons})",
            rows=int(found.residuals["rows"].sum()),
            places=len(found.residuals),
            refused=len(found.refused),
            reasons=refused,
        ),
        markup=False,
    )
    if found.residuals.empty:
        return
    table = _table("Group", "Rows", "Sites", "Bias, dB", "RMSE, dB", "Spread, dB")
    for row in found.summary[found.summary["kind"].isin(_SHOWN)].to_dict("records"):
        kind, name = str(row["kind"]), str(row["class"])
        label = tr(KIND_WORDS[kind])
        label = label if kind == "all" else f"{label}: {class_text(kind, name)}"
        figures = (_db(row[key]) for key in ("bias_db", "rmse_db", "sigma_db"))
        table.add_row(label, f"{row['rows']:,}", f"{row['sites']:,}", *figures)
    console.print(table)
    table = _table(
        "Offset by",
        "RMSE before, dB",
        "RMSE fitted, dB",
        "RMSE held out, dB",
        "In 90 %",
        "Proposed",
    )
    for row in found.schemes.to_dict("records"):
        figures = (_db(row[f"rmse_{when}_db"]) for when in ("before", "in_sample", "out_of_sample"))
        inside = "–" if pd.isna(row["inside_90"]) else f"{100 * row['inside_90']:.0f} %"
        mark = tr("yes") if row["proposed"] else ""
        table.add_row(scheme_text(str(row["scheme"])), *figures, inside, mark)
    console.print(table)
    if found.variogram is not None:
        console.print(
            tr(
                "What the offsets leave is alike over {distance:.0f} m: {sill:.1f} dB of it, and "
                "{nugget:.1f} dB from place to place",
                distance=found.variogram.distance_m,
                sill=found.variogram.sill_db2**0.5,
                nugget=found.variogram.nugget_db2**0.5,
            ),
            markup=False,
        )


def _db(value: Any) -> str:
    return "–" if pd.isna(value) else f"{value:.1f}"


def _table(first: str, *figures: str) -> Table:
    table = plain_table(first)
    for title in figures:
        table.add_column(tr(title), justify="right")
    return table
