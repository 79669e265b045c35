"""Findings of one kind as one: how many, of which records, with which values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from phusong.checks import Finding, Severity
from phusong.i18n import number, tr

SAMPLE: Final = 3
"""Records, and values that are all different, that stand for the others."""
AGAIN: Final = 3
"""Records a word has on average when it comes again and again, and is no record's own name."""
MOST_VALUES: Final = 5
"""Values that come again and again: those met most often."""


@dataclass(frozen=True)
class Kind:
    """Findings of one rule and severity, in one file and layer, that say the same of records.

    Attributes
    ----------
    items
        In the order they were found; one at least.
    """

    items: Sequence[Finding]

    @property
    def first(self) -> Finding:
        """The finding that stands for all."""
        return self.items[0]

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.items)

    def where(self) -> str:
        """Return file, layer and the first records, in the current language."""
        given = dict.fromkeys(f.where.row for f in self.items)
        rows = [str(row) for row in given if row is not None]
        if len(rows) < 2:
            return str(self.first.where)
        place = [self.first.where.file] if self.first.where.file else []
        if self.first.where.layer:
            place.append(tr("layer {layer}", layer=self.first.where.layer))
        return ", ".join([*place, tr("records {rows}", rows=_some(rows))])

    def values(self) -> str:
        """Return what differs between them, in the current language; empty when nothing does.

        Figures by their range, words that come again and again by their count; names that are of
        one record each only where nothing else tells the findings apart.
        """
        names = dict.fromkeys(name for f in self.items for name in f.params)
        columns = [[f.params.get(name) for f in self.items] for name in names]
        columns.append([str(f.subject) for f in self.items])
        differing = [column for column in columns if len(set(map(str, column))) > 1]
        telling = [told for column in differing if (told := _telling(column))]
        if telling or not differing:
            return "; ".join(telling)
        return _some(list(dict.fromkeys(str(value) for value in differing[0])))


def by_kind(findings: Iterable[Finding]) -> list[Kind]:
    """Return the findings by kind: errors first, then by rule and file."""
    kinds: dict[tuple[Any, ...], list[Finding]] = {}
    for found in findings:
        at = found.where
        kind = (found.severity, found.rule.number, at.file, at.layer, at.key, found.detail)
        kinds.setdefault(kind, []).append(found)
    order = {severity: rank for rank, severity in enumerate(Severity)}
    ranked = sorted(kinds.items(), key=lambda item: (order[item[0][0]], *item[0][1:3]))
    return [Kind(items) for _, items in ranked]


def _telling(column: Sequence[Any]) -> str:
    """Return the range of figures, the count of words; empty for names of one record each."""
    if all(isinstance(v, int | float) and not isinstance(v, bool) for v in column):
        return f"{_figure(min(column))} – {_figure(max(column))}"
    counts = Counter(str(value) for value in column if value is not None)
    if len(counts) > max(1, len(column) / AGAIN):
        return ""
    shown = [f"{value} ({number(n)})" for value, n in counts.most_common(MOST_VALUES)]
    return ", ".join(shown) + _rest(len(counts) - len(shown))


def _some(values: Sequence[str]) -> str:
    return ", ".join(values[:SAMPLE]) + _rest(len(values) - SAMPLE)


def _rest(count: int) -> str:
    return f", … (+{number(count)})" if count > 0 else ""


def _figure(value: float) -> str:
    return number(value, ",d" if isinstance(value, int) else ",.6g")
