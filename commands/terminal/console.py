"""What a person sees in a terminal: progress, findings, figures. Plain lines elsewhere."""

from __future__ import annotations

import re
import sys
import time
from types import TracebackType
from typing import Any, Self

import pandas as pd
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bars
from rich.table import Table

from phusong.checks import Finding, Findings, Severity, rules
from phusong.frames import rows
from phusong.i18n import number, tr
from phusong.indicators.results import ANY, Indicators
from phusong.results.compare import Comparison

_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "dim"}


def make_console(*, stderr: bool = False) -> Console:
    """Return a console that never breaks on a code page without Vietnamese letters."""
    stream = sys.stderr if stderr else sys.stdout
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="replace")
    # A pipe has no width of its own: long lines are better than broken ones.
    return Console(stderr=stderr, width=None if stream.isatty() else 160, highlight=False)


class TerminalProgress:
    """Bars with the time that remains, on a terminal."""

    def __init__(self, console: Console) -> None:
        self._bars = Bars(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("→"),
            TimeRemainingColumn(),
            console=console,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bars.stop()

    def start(self, step: str, total: int, title: str) -> None:
        """Show a bar."""
        self._tasks[step] = self._bars.add_task(tr(title), total=total)

    def advance(self, step: str, n: int = 1) -> None:
        """Move a bar."""
        self._bars.advance(self._tasks[step], n)

    def message(self, text: str) -> None:
        """Print a line above the bars."""
        self._bars.console.print(text, style="dim")


class LineProgress:
    """Plain lines: a step's start, every tenth of it, its end."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._state: dict[str, list[float]] = {}
        self._titles: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        pass

    def start(self, step: str, total: int, title: str) -> None:
        """Print that a step begins."""
        self._state[step] = [0, total, 0, time.perf_counter()]
        self._titles[step] = tr(title)
        self._console.print(f"{tr(title)} …")

    def advance(self, step: str, n: int = 1) -> None:
        """Print every tenth, at most once in five seconds."""
        state = self._state[step]
        state[0] += n
        done, total, _, begun = state
        now = time.perf_counter()
        if done >= total:
            self._console.print(f"{self._titles[step]}: {now - begun:.1f} s")
        elif now - max(begun, state[2]) > 5 and done * 10 // total > (done - n) * 10 // total:
            state[2] = now
            self._console.print(f"{self._titles[step]}: {done:.0f}/{total:.0f}")

    def message(self, text: str) -> None:
        """Print a line."""
        self._console.print(text)


def print_findings(console: Console, findings: Findings, *, most: int = 40) -> None:
    """Print findings, errors first, the same rule and file folded into one row."""
    if not len(findings):
        console.print(tr("No findings: the files are ready."))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("Rule", "What", "Where", "Mend"):
        table.add_column(tr(title), overflow="fold")
    ranked = sorted(
        findings, key=lambda f: (list(Severity).index(f.severity), f.rule.number, f.where.file)
    )
    shown: dict[tuple[str, str], int] = {}
    for finding in ranked:
        key = (finding.rule.number, finding.where.file)
        shown[key] = shown.get(key, 0) + 1
        if shown[key] > 3 or len(shown) > most:
            continue
        colour = _COLOURS[finding.severity]
        table.add_row(
            f"[{colour}]{finding.rule.number} {tr(str(finding.severity))}[/]",
            _plain(_sentence(finding)),
            _plain(str(finding.where)),
            _plain(tr(finding.rule.mend)),
        )
    console.print(table)
    for (rule, file), count in shown.items():
        if count > 3:
            console.print(
                tr("… and {count} more of {rule} in {file}", count=count - 3, rule=rule, file=file),
                style="dim",
            )
    counts = ", ".join(
        tr("{count} {severity}", count=findings.count(s), severity=tr(str(s))) for s in Severity
    )
    console.print(counts)


def _sentence(finding: Finding) -> str:
    """Put the subject before the detail, unless a part of the detail names it already."""
    whole = re.compile(rf"(?<!\w){re.escape(finding.subject)}(?!\w)")
    if any(isinstance(v, str) and whole.search(v) for v in finding.params.values()):
        return finding.text()
    return f"{finding.subject}: {finding.text()}" if finding.subject else finding.text()


def print_rules(console: Console) -> None:
    """Print the rule table."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("Rule", "Severity", "What", "Effect", "Mend"):
        table.add_column(tr(title), overflow="fold")
    for rule in rules().values():
        table.add_row(
            rule.number, tr(str(rule.severity)), tr(rule.title), tr(rule.effect), tr(rule.mend)
        )
    console.print(table)


def print_indicators(console: Console, indicators: Indicators) -> None:
    """Print the main figures beside what circles would have claimed, with their definitions."""
    frame = indicators.table
    # One carrier's one technology stands in indicators.csv: here a screen must do.
    frame = frame[~frame["id"].str.contains(":") | frame["id"].str.contains(r"\*")]
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(tr("Figure"), overflow="fold")
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
        console.print(f"({note}) {_plain(text)}", style="dim")


def _with_interval(row: Any) -> str:
    if pd.isna(row.low):
        return share_text(float(row.value))
    low, high = number(row.low * 100, ".1f"), number(row.high * 100, ".1f")
    return f"{share_text(float(row.value))} ({low}–{high})"


def print_definitions(console: Console, definitions: pd.DataFrame) -> None:
    """Print the village share under definitions that others publish by, side by side."""
    console.print()
    console.print(tr("The same network under definitions that others publish by"), style="bold")
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(tr("Definition"), overflow="fold")
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
    table = Table(box=None, pad_edge=False, header_style="bold")
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


def print_comparison(console: Console, found: Comparison) -> None:
    """Print what differs in definitions, the figures of both runs, and what was gained or lost."""
    if found.definitions:
        console.print(tr("These runs are not made to the same definitions:"), style="yellow")
        for item in found.definitions:
            console.print(f"  {item.key}: {item.before} → {item.after}", markup=False)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(tr("Figure"), overflow="fold")
    for title in ("Before", "After", "Difference"):
        table.add_column(tr(title), justify="right")
    for row in rows(found.indicators):
        change = "–" if pd.isna(row.difference) else f"{float(row.difference) * 100:+.1f}"
        before, after = share_text(float(row.value_before)), share_text(float(row.value_after))
        table.add_row(_plain(str(row.title)), before, after, change)
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


def share_text(value: float) -> str:
    """Return a share as a percentage with one decimal; a dash where there is none."""
    return "–" if pd.isna(value) else number(value, ".1%")


def _plain(text: str) -> str:
    """Keep rich from reading brackets of a planner's text as markup."""
    return text.replace("[", r"\[")
