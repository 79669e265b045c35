"""Numbered findings about a planner's files: the rule table, and how findings are collected."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

import pandas as pd

from phusong.errors import ChecksFailed, InputError, Overreach, StudyError, Where
from phusong.i18n import tr


class Severity(StrEnum):
    """What a finding does: an error stops a run before any work, the others do not."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True)
class Rule:
    """One row of the rule table; texts are English templates (see ``rules.toml``)."""

    number: str
    severity: Severity
    title: str
    effect: str
    """What the program does with the record concerned."""
    mend: str


@cache
def rules() -> Mapping[str, Rule]:
    """Return the rule table by rule number."""
    table = tomllib.loads((files("phusong") / "rules.toml").read_text("utf-8"))
    return {
        number: Rule(number, Severity(row["severity"]), row["title"], row["effect"], row["mend"])
        for number, row in table.items()
    }


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, where, and what it concerns."""

    rule: Rule
    severity: Severity
    where: Where
    subject: str
    """Code or name of the record, as the planner knows it."""
    detail: str
    """English template of the figures (`"{count} cells without height"`)."""
    params: dict[str, Any]
    x_m: float | None = None
    y_m: float | None = None

    def __str__(self) -> str:
        return f"{self.rule.number} {self.where}: {self.text()}"

    def text(self) -> str:
        """Return the detail in words, in the current language."""
        return tr(self.detail, **self.params) if self.detail else tr(self.rule.title)


COLUMNS = (
    "rule",
    "severity",
    "title",
    "subject",
    "detail",
    "file",
    "layer",
    "row",
    "x_m",
    "y_m",
    "effect",
    "mend",
)


@dataclass
class Findings:
    """Collects findings of one run, with the severities the study asks for.

    Raises
    ------
    StudyError
        On creation, when the study names a rule that does not exist.
    """

    overrides: Mapping[str, str] = field(default_factory=dict)
    items: list[Finding] = field(default_factory=list)

    def __post_init__(self) -> None:
        unknown = sorted(set(self.overrides) - set(rules()))
        if unknown:
            raise StudyError(
                "there is no rule {rule}",
                Where(file="study.toml", key="checks.severity"),
                "choose among: {known}",
                {"rule": unknown[0], "known": ", ".join(rules())},
            )

    def add(
        self,
        rule: str,
        where: Where,
        subject: str = "",
        detail: str = "",
        x_m: float | None = None,
        y_m: float | None = None,
        **params: Any,
    ) -> None:
        """Record a finding of rule ``rule`` (a key of the rule table)."""
        row = rules()[rule]
        severity = Severity(self.overrides.get(rule, row.severity))
        self.items.append(Finding(row, severity, where, subject, detail, params, x_m, y_m))

    def refuse(self, error: InputError, subject: str) -> None:
        """Record that a file was refused while it was looked at: S30 for an Overreach, else S02."""
        rule = "S30" if isinstance(error, Overreach) else "S02"
        self.add(rule, error.where, subject, error.what, **error.params)
        if error.mend:
            last = self.items[-1]
            self.items[-1] = replace(last, rule=replace(last.rule, mend=error.mend))

    def extend(self, others: Iterable[Finding]) -> None:
        """Take over findings collected elsewhere."""
        self.items.extend(others)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def count(self, severity: Severity) -> int:
        """Return how many findings have ``severity``."""
        return sum(f.severity is severity for f in self.items)

    def of(self, rule: str) -> list[Finding]:
        """Return the findings of one rule."""
        return [f for f in self.items if f.rule.number == rule]

    def stop_on_errors(self) -> None:
        """Raise ChecksFailed when any finding is an error."""
        errors = [f for f in self.items if f.severity is Severity.ERROR]
        if errors:
            raise ChecksFailed(
                "{count} finding(s) of severity error; the first: {first}",
                errors[0].where,
                errors[0].rule.mend,
                {
                    "count": len(errors),
                    "first": f"{errors[0].rule.number} {errors[0].text()}",
                },
            )

    def to_frame(self) -> pd.DataFrame:
        """Return one row a finding, errors first, texts in the current language."""
        order = list(Severity)
        ranked = sorted(self.items, key=lambda f: (order.index(f.severity), f.rule.number))
        rows = [
            (
                f.rule.number,
                str(f.severity),
                tr(f.rule.title),
                f.subject,
                f.text(),
                f.where.file,
                f.where.layer,
                f.where.row,
                f.x_m,
                f.y_m,
                tr(f.rule.effect),
                tr(f.rule.mend),
            )
            for f in ranked
        ]
        frame = pd.DataFrame(rows, columns=list(COLUMNS))
        return frame.astype({"row": "Int64", "x_m": "float64", "y_m": "float64"})
