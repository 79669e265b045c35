"""What a document is made of, whatever it is rendered to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Heading:
    """Begins a section; ``new_page`` where it is printed."""

    text: str
    level: int = 1
    new_page: bool = False


@dataclass(frozen=True)
class Paragraph:
    """Running text; ``small`` for notes."""

    text: str
    small: bool = False


@dataclass(frozen=True)
class Bullets:
    """A list."""

    items: Sequence[str]


@dataclass(frozen=True)
class Grid:
    """A table of text.

    Attributes
    ----------
    widths
        Relative widths of the columns.
    numeric
        Columns set to the right.
    abreast
        How many times the table stands side by side on paper, its rows running down the first,
        then the next.
    """

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    widths: Sequence[float]
    numeric: frozenset[int] = frozenset()
    abreast: int = 1


@dataclass(frozen=True)
class Picture:
    """A PNG with the sentence that says what it shows; ``width`` is a share of the text's."""

    png: bytes
    caption: str
    width: float = 1.0


Block = Heading | Paragraph | Bullets | Grid | Picture
