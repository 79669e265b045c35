"""Findings and rules as a person reads them in a terminal."""

from __future__ import annotations

import re

from rich.console import Console

from phusong.checks import Finding, Findings, Severity, rules
from phusong.commands.terminal.tables import plain, plain_table
from phusong.i18n import tr

_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "dim"}


def print_findings(console: Console, findings: Findings, *, most: int = 40) -> None:
    """Print findings, errors first, the same rule and file folded into one row."""
    if not len(findings):
        console.print(tr("No findings: the files are ready."))
        return
    table = plain_table("Rule", "What", "Where", "Mend", fold=True)
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
            plain(_sentence(finding)),
            plain(str(finding.where)),
            plain(tr(finding.rule.mend)),
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
    table = plain_table("Rule", "Severity", "What", "Effect", "Mend", fold=True)
    for rule in rules().values():
        table.add_row(
            rule.number, tr(str(rule.severity)), tr(rule.title), tr(rule.effect), tr(rule.mend)
        )
    console.print(table)
