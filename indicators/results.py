"""The reportable figures as data: value, parts, definition, and what circles would have claimed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pandas as pd

from phusong.i18n import Language, get_language, tr

ANY = "*"
_POINT = re.compile(r"(?<=\d)\.(?=\d)")


@dataclass(frozen=True)
class Indicator:
    """One figure with its definition.

    Attributes
    ----------
    id
        Stable name, e.g. ``villages_covered`` or ``villages_covered:Viettel:LTE``.
    title, definition
        English templates, filled from ``params``.
    numerator, denominator
        The counts the share is made of (NaN when the figure is none).
    circles
        The numerator a circle round every mast would have given; NaN where circles say nothing.
    low, high
        Interval of the share over the draws of the simulation; NaN where nothing was drawn.
    """

    id: str
    title: str
    definition: str
    params: dict[str, Any]
    unit: str
    numerator: float
    denominator: float
    circles: float = float("nan")
    low: float = float("nan")
    high: float = float("nan")

    @property
    def value(self) -> float:
        """The share, 0 to 1; NaN when there is nothing to count."""
        return self.numerator / self.denominator if self.denominator else float("nan")

    @property
    def circles_value(self) -> float:
        """The share circles would have claimed."""
        return self.circles / self.denominator if self.denominator else float("nan")


@dataclass(frozen=True)
class Indicators:
    """All figures of a run.

    Attributes
    ----------
    items
        In the order they are reported.
    sensitivity
        ``operator``, ``technology``, ``threshold_offset_db``, ``threshold_dbm`` (NaN where
        several technologies count), ``probability``, ``share_asked``, ``villages_covered``,
        ``villages``, ``value``.
    """

    items: tuple[Indicator, ...]
    sensitivity: pd.DataFrame

    def to_frame(self, language: Language | None = None) -> pd.DataFrame:
        """Return one row a figure, with texts in ``language`` (default: the current one)."""
        rows = [
            {
                "id": item.id,
                "title": tr(item.title, language, **_spoken(item.params, language)),
                "value": item.value,
                "low": item.low,
                "high": item.high,
                "unit": tr(item.unit, language),
                "numerator": item.numerator,
                "denominator": item.denominator,
                "circles_value": item.circles_value,
                "definition": tr(item.definition, language, **_spoken(item.params, language)),
            }
            for item in self.items
        ]
        return pd.DataFrame(rows)

    @property
    def table(self) -> pd.DataFrame:
        """``to_frame`` in the current language."""
        return self.to_frame()

    def __getitem__(self, name: str) -> Indicator:
        """Return the figure called ``name``."""
        for item in self.items:
            if item.id == name:
                return item
        raise KeyError(name)


def _spoken(params: dict[str, Any], language: Language | None) -> dict[str, Any]:
    """Put parameters that are templates themselves (`any carrier`) into words."""
    chosen = language or get_language()
    spoken = {
        key: tr(value, chosen) if isinstance(value, str) else value for key, value in params.items()
    }
    if chosen == "vi":  # 0.5 km is written 0,5 km
        return {k: _POINT.sub(",", v) if isinstance(v, str) else v for k, v in spoken.items()}
    return spoken
