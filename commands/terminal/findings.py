"""Findings and rules as a person reads them in a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable

from rich.console import Console

from phusong.checks import Finding, Findings, Severity, rules
from phusong.commands.terminal.tables import plain, plain_table
from phusong.i18n import number, tr
from phusong.kinds import Kind, by_kind

_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "dim"}


def print_findings(console: Console, findings: Findings) -> None:
    """Print findings, errors first; those of one kind are one row."""
    if not len(findings):
        console.print(tr("No findings: the files are ready."))
        return
    table = plain_table("Rule", "What", "Where", "Mend", fold=True)
    for kind in by_kind(findings):
        first = kind.first
        table.add_row(
            f"[{_COLOURS[first.severity]}]{first.rule.number} {tr(str(first.severity))}[/]",
            plain(_of_kind(kind)),
            plain(kind.where()),
            plain(tr(first.rule.mend)),
        )
    console.print(table)
    counts = ", ".join(
        tr("{count} {severity}", count=findings.count(s), severity=tr(str(s))) for s in Severity
    )
    console.print(counts)


def print_lines(console: Console, findings: Iterable[Finding]) -> None:
    """Print findings that go with an answer: a line a kind."""
    for kind in by_kind(findings):
        text = f"{kind.first.rule.number} {_of_kind(kind, joint=' ')}"
        console.print(text, style="yellow", markup=False)


def _of_kind(kind: Kind, joint: str = "\n") -> str:
    """Return what one finding says; of several also how many they are, and what differs."""
    if kind.count == 1:
        return _sentence(kind.first)
    values = kind.values()
    told = (
        tr("{count} of this kind: {values}", count=number(kind.count), values=values)
        if values
        else tr("{count} of this kind", count=number(kind.count))
    )
    return f"{_sentence(kind.first)}{joint}({told})"


def _sentence(finding: Finding) -> str:
    """Put the subject before the detail, unless a part of the detail names it already."""
    whole = re.compile(rf"(?<!\w){re.escape(finding.subject)}(?!\w)")
    if any(isinstance(v, str) and whole.search(v) for v in finding.params.values()):
        return finding.text()
    return f"{finding.subject}: {finding.text()}" if finding.subject else finding.text()


def print_rules(console: Console) -> None:
    """Print the rule table."""
    table = plain_table("Rule", "Severity", "What", "Effect", "Mend", fold=True)
    for rule in rules().values():
        table.add_row(
            rule.number, tr(str(rule.severity)), tr(rule.title), tr(rule.effect), tr(rule.mend)
        )
    console.print(table)
