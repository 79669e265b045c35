"""One mend: what stood where, and what stands there instead."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from phusong.sources.named_layers import Key
from phusong.sources.tables.text import as_code, tidy


class Act(StrEnum):
    """What is done to a file."""

    CELL = "cell"
    """A cell gets another text."""
    GEOMETRY = "geometry"
    """A record gets another geometry."""
    DROP = "record left out"
    ENCODING = "encoding"
    """All texts are saved as UTF-8; the cells this changes are mends of their own."""


@dataclass(frozen=True)
class Mend:
    """One change in a copy.

    Attributes
    ----------
    rule
        Number of the rule whose finding it mends.
    key
        Layer, by its place in the study.
    file, layer
        As findings name the original.
    row
        Record, as findings count them; None for the file as a whole.
    column
        The file's header; empty for a geometry, a record, the file.
    before, after
        In words of the file; of a geometry what is said of it.
    act, value
        What is done: the new text, the new geometry, the encoding the file is read in.
    """

    rule: str
    key: Key
    file: str
    layer: str
    row: int | None
    column: str
    before: str
    after: str
    act: Act
    value: Any = None


def holds(mend: Mend, cell: Any) -> bool:
    """Say whether a cell says what a mend found there, or already what it makes of it."""
    told = as_code(cell)
    return told == as_code(mend.before) or (cell is not None and tidy(str(cell)) == mend.value)


class CannotMendError(Exception):
    """A copy cannot be changed without losing something; the sentence (English) says what."""
