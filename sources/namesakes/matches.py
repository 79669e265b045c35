"""The file in which a person confirms what place a village is: written, kept, and read back."""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd

from phusong.checks import Findings
from phusong.disc.durable import replacing, sync
from phusong.disc.refused import refused
from phusong.errors import Where
from phusong.sources.namesakes.placeless import read_placeless
from phusong.sources.tables.columns import plain
from phusong.sources.tables.headers import VILLAGE_MATCHES
from phusong.sources.tables.numerals import number
from phusong.study import Layer, Study

COLUMNS: Final = (
    *("village", "commune", "candidate", "confirmed", "proposal", "score", "reason"),
    *("candidate_kind", "candidate_commune", "longitude", "latitude", "people", "code"),
    *("list_row", "rank", "source", "place_id"),
)
"""Columns of the file, in its order."""
_YES: Final = frozenset({"x", "yes", "y", "1", "true", "co", "dung", "ok", "v", "c"})
_NO: Final = frozenset({"no", "n", "0", "false", "khong", "k", "sai"})
_TICKS: Final = frozenset({"✓", "✔", "☑", "√"})
_FORMULA: Final = ("=", "+", "-", "@")

Key = tuple[str, str, str]
"""Code, name and commune of a village, as a list writes them but for case and composition."""


@dataclass(frozen=True)
class Confirmed:
    """A row that a person has confirmed.

    Attributes
    ----------
    key, list_row
        Which village of the list; the row tells those of one key apart.
    lon, lat
        Degrees.
    source, place_id
        The place it was proposed for; empty where a person wrote the coordinates.
    where
        Of the row, in the file of matches.
    name
        Of the village, as written.
    """

    key: Key
    list_row: int | None
    lon: float
    lat: float
    source: str
    place_id: str
    where: Where
    name: str


def key_of(code: str | None, name: str | None, commune: str | None) -> Key:
    """Return what a village is known again by; spreadsheets take zeros off the front of codes."""
    return (_folded(code).lstrip("0"), _folded(name), _folded(commune))


def _folded(text: str | None) -> str:
    return " ".join(unicodedata.normalize("NFC", text or "").casefold().split())


def said_of(village: Mapping[Hashable, Any]) -> str:
    """Return the commune that a list's record says, as the file of matches shows it."""
    for column in ("former_commune", "commune", "commune_code"):
        if village.get(column):
            return str(village[column])
    return ""


def write_matches(path: Path, table: Sequence[Mapping[Hashable, Any]]) -> None:
    """Write the file, whole; UTF-8 with a mark, so that spreadsheets read the letters.

    A text that a spreadsheet would compute has an apostrophe before it.

    Raises
    ------
    OutputError
        When it cannot be written.
    """
    with refused(path), replacing(path) as temporary:
        with temporary.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            for row in table:
                writer.writerow({name: _cell(row.get(name)) for name in COLUMNS})
        sync(temporary)


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA) else value
    return value


def read_matches(
    study: Study, path: Path, findings: Findings
) -> tuple[list[Confirmed], pd.DataFrame]:
    """Read the rows that a person has confirmed; others are not used.

    Returns
    -------
    list of Confirmed, DataFrame
        Confirmed rows with coordinates; and every row whose ``confirmed`` says yes, as it is.
        A mark that is neither yes nor no is B42, a confirmed row without coordinates B43.
    """
    found = Findings(findings.overrides)
    read = read_placeless(study, Layer(path=path), VILLAGE_MATCHES, found)
    # The columns are our own: which were recognised is no news.
    findings.extend(f for f in found if f.rule.number != "S17")
    if read is None:
        return [], pd.DataFrame(columns=list(COLUMNS))
    frame, where, _ = read
    confirmed: list[Confirmed] = []
    kept: list[int] = []
    for i, row in enumerate(frame.to_dict("records")):
        at = Where(where.file, where.layer, int(row["row"]), "confirmed")
        name = _unquoted(row["village"]) or ""
        said = _says(row["confirmed"])
        if said is None:
            findings.add("B42", at, name, "{mark} says neither yes nor no", mark=row["confirmed"])
        if not said:
            continue
        kept.append(i)
        place = _place(row["longitude"]), _place(row["latitude"])
        if place[0] is None or place[1] is None:
            findings.add("B43", at, name)
            continue
        listed = row["list_row"]
        confirmed.append(
            Confirmed(
                key_of(row["code"], name, _unquoted(row["commune"])),
                int(listed) if listed is not None and listed.isdecimal() else None,
                place[0],
                place[1],
                row["source"] or "",
                row["place_id"] or "",
                at,
                name,
            )
        )
    return confirmed, frame.iloc[kept]


def _unquoted(text: str | None) -> str | None:
    if text is not None and text.startswith("'") and text[1:].startswith(_FORMULA):
        return text[1:]
    return text


def _says(mark: str | None) -> bool | None:
    """Return what a mark says: nothing and no are False; None for what is neither yes nor no."""
    if mark is None:
        return False
    word = plain(mark)
    if mark.strip() in _TICKS or word in _YES:
        return True
    return False if word in _NO else None


def _place(text: str | None) -> float | None:
    """Return degrees, whichever sign a spreadsheet put before the decimals."""
    if text is None:
        return None
    value = number(text.replace(",", "."), ".")
    return None if value is None or value != value or abs(value) > 180 else value  # noqa: PLR0124 - NaN
