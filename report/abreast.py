"""A long narrow table set side by side, its rows running down the first column, then the next."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from reportlab.platypus import Flowable, Table

_FEWEST = 4
"""Rows a column must have room for, or the whole goes to the next page."""


class Abreast(Flowable):  # type: ignore[misc]  # reportlab has no types
    """Equal columns of one table, each under its own header; splits between pages.

    Parameters
    ----------
    build
        Makes the table of some rows, as wide as one column.
    rows
        Any rows that ``build`` takes.
    columns
        How many stand side by side.
    step
        From the left edge of one column to the next, in points.
    """

    def __init__(
        self,
        build: Callable[[Sequence[Any]], Table],
        rows: Sequence[Any],
        columns: int,
        step: float,
    ) -> None:
        super().__init__()
        self._build, self._rows, self._columns, self._step = build, rows, columns, step
        self._placed: list[tuple[Table, float]] = []

    def wrap(self, available: float, _: float) -> tuple[float, float]:
        """Return width and height, with the rows shared out evenly."""
        each = max(1, math.ceil(len(self._rows) / self._columns))
        parts = [self._rows[at : at + each] for at in range(0, max(1, len(self._rows)), each)]
        self._placed = [(table, self._height(table)) for table in map(self._build, parts)]
        return available, max(height for _, height in self._placed)

    def split(self, _: float, height: float) -> list[Flowable]:
        """Return what fits, and the rest; nothing when too little fits."""
        fits = self._fitting(height)
        if fits * self._columns >= len(self._rows):
            return [self]
        if fits < _FEWEST:
            return []
        cut = fits * self._columns
        return [
            Abreast(self._build, rows, self._columns, self._step)
            for rows in (self._rows[:cut], self._rows[cut:])
        ]

    def draw(self) -> None:
        """Draw the columns, their headers level."""
        top = max(height for _, height in self._placed)
        for number, (table, height) in enumerate(self._placed):
            table.drawOn(self.canv, number * self._step, top - height)

    def _fitting(self, height: float) -> int:
        """Return how many rows a column holds, by halving."""
        low, high = 0, math.ceil(len(self._rows) / self._columns)
        while low < high:
            middle = (low + high + 1) // 2
            cut = [
                self._rows[number * middle : (number + 1) * middle]
                for number in range(self._columns)
            ]
            tallest = max(self._height(self._build(rows)) for rows in cut)
            low, high = (middle, high) if tallest <= height else (low, middle - 1)
        return low

    def _height(self, table: Table) -> float:
        return float(table.wrap(self._step, math.inf)[1])
