"""Garbled texts: which encoding mends them, by how much of them, and how they would read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import pandas as pd

from phusong.checks import Findings
from phusong.errors import Where
from phusong.sources.tables.raw.encodings import garbled_as, undecoded, ungarbled

_EXAMPLES: Final = 3
_LONGEST: Final = 40
"""Letters shown of a text."""
_FEWEST: Final = 3
_ALONE: Final = 0.5
"""Share, and number, of a column's texts that must be garbled where the file's others are sound."""


def texts_by_column(frame: pd.DataFrame) -> list[list[str]]:
    """Return the texts of every column of a file."""
    columns = [c for c in frame.columns if c not in {"geometry", "row", "file"}]
    return [[v for v in frame[column] if isinstance(v, str)] for column in columns]


def report_garbled(
    columns: Sequence[Sequence[str]],
    read: Callable[[str], pd.DataFrame | None],
    findings: Findings,
    where: Where,
) -> None:
    """Report texts that are garbled (S16), with the encoding that mends them, tried.

    Parameters
    ----------
    columns
        Texts as read, of the header and of every column.
    read
        Reads the same layer in another encoding; None where it cannot be read so.
    """
    texts = [text for column in columns for text in column]
    asked = garbled_as(texts) or _in_one_column(columns)
    if any(encoding == "utf-8" for encoding, _ in asked):
        asked = asked[:1]  # what reads as UTF-8 is UTF-8: no other encoding mends it
    for encoding, example in asked:
        again = read(encoding)
        mended = [] if again is None else [list(map(str, again.columns)), *texts_by_column(again)]
        flat = {text for column in mended for text in column}
        if flat and not garbled_as(flat) and not _in_one_column(mended) and example not in flat:
            _report(encoding, example, texts, findings, where)
            return
    lost = asked[0][1] if asked else undecoded(texts)
    if lost is not None:
        findings.add(
            "S16",
            where,
            lost,
            "{example}: no encoding known here mends it; convert the file to Unicode (UTF-8)",
            example=lost,
        )


def _in_one_column(columns: Sequence[Sequence[str]]) -> list[tuple[str, str]]:
    """Return the encodings of a column that is garbled beside sound ones."""
    for column in columns:
        distinct = [t for t in dict.fromkeys(column) if not t.isascii()]
        if len(distinct) < _FEWEST:
            continue
        found = [
            (encoding, example)
            for encoding, example in garbled_as(distinct)
            if sum(bool(garbled_as([t])) for t in distinct) >= max(_FEWEST, _ALONE * len(distinct))
        ]
        if found:
            return found
    return []


def _report(
    encoding: str, example: str, texts: Sequence[str], findings: Findings, where: Where
) -> None:
    """Say which encoding texts are in: the share that it changes, and some before and after."""
    distinct = [t for t in dict.fromkeys(texts) if not t.isascii()]
    after = {text: ungarbled(text, encoding) for text in [example, *distinct]}
    changed = [text for text, read in after.items() if read != text]
    score = sum(not garbled_as([after[text]]) for text in changed) / max(len(distinct), 1)
    findings.add(
        "S16",
        where,
        example,
        "texts look like {encoding} ({score:.0f} % of {n} texts with other letters read well so): "
        'say encoding = "{encoding}" for this layer. {examples}',
        encoding=encoding,
        score=min(100 * score, 100),
        n=len(distinct),
        examples="; ".join(f"{_short(t)} → {_short(after[t])}" for t in changed[:_EXAMPLES]),
    )


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
