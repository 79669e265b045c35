"""Lists in groups: a commune named once, in a row of its own or in its first village's row."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
import pandas as pd

from phusong.checks import Findings
from phusong.errors import Where
from phusong.sources.tables.columns import present
from phusong.sources.tables.headers import COORDINATES, Role
from phusong.sources.tables.recognition import recognise
from phusong.sources.tables.text import clean, ranges

_GROUPED: Final = ("commune_code", "commune", "former_commune")
"""Our columns that a list may fill once a group."""
_OWN: Final = "commune"
"""Header of the column that rows of communes become, where the list has none."""
_NUMBERED: Final = re.compile(r"\s*(?:[IVXLC]+|[A-Z]|\d{1,3})\s*[.)/:-]?\s*")
_HEADED: Final = re.compile(
    r"""\s*(?:(?:[IVXLC]+|[A-Z]|\d{1,3})\s*[.)/:-]\s*|(?:[IVXLC]+)\s+)?
        (?P<name>(?:xã|phường|thị\s+trấn|đặc\s+khu|tt\.|p\.|x\.)\s*[^\W\d_].*?)
        \s*(?:[:(].*)?""",
    re.IGNORECASE | re.VERBOSE,
)
_ABOVE: Final = re.compile(
    r"\s*(?:(?:[IVXLC]+|[A-Z]|\d{1,3})\s*[.)/:-]?\s*)?(?:huyện|quận|thành\s+phố|thị\s+xã)\s+\S.*",
    re.IGNORECASE,
)
_FIGURE: Final = re.compile(r"[-+]?[\d.,\s]*\d[\d.,\s]*")
_LONGEST: Final = 60
_SAMPLE: Final = 500
"""Records whose filling is looked at."""
_SHOWN: Final = 3
_WRITTEN: Final = "records {rows} name a commune above its villages: {communes}"
_LEFT_OUT: Final = (
    "records {rows} name a commune above its villages and are left out: {communes}; "
    "each village's commune is that of its commune code, or the one it lies in"
)


def ungrouped(
    frame: pd.DataFrame,
    role: Role | None,
    mapping: Mapping[str, str],
    findings: Findings,
    where: Where,
) -> pd.DataFrame:
    """Give every record of a list in groups the commune of its group, and say so (S58).

    Parameters
    ----------
    frame
        The file's headers, texts; the row as index.
    role
        What the list is for; only lists of villages are looked at.
    mapping
        The study's ``columns``.
    """
    if not in_communes(role) or role is None or frame.empty:
        return frame
    taken = _taken(frame, role, mapping)
    out = _without_rows_of_communes(frame, role, taken, findings, where)
    for ours in _GROUPED:
        if ours in taken and taken[ours] in out:
            out = _filled_down(out, taken[ours], taken.get("name"), findings, where)
    return out


def in_communes(role: Role | None) -> bool:
    """Say whether a list of this role may have its records in groups, a commune each."""
    return role is not None and {"name", "commune_code"} <= set(role.columns)


def heads_group(cells: Iterable[Any], titles: Iterable[Any]) -> bool:
    """Say whether a row above a repeated header names the commune of what is below it.

    A district that stands above the first header too (`titles`) is the title of every page.
    """
    row = {str(at): cell for at, cell in enumerate(cells)}
    named = _commune_of(row, None)
    known = {text for cell in titles if (text := clean(cell)) is not None}
    return bool(named) or (named == "" and known.isdisjoint(map(clean, row.values())))


def _taken(frame: pd.DataFrame, role: Role, mapping: Mapping[str, str]) -> dict[str, str]:
    """Return our columns -> headers, as the study says and as they are recognised."""
    headers = [str(c) for c in frame.columns]
    said = {ours: present(asked, headers) for ours, asked in mapping.items()}
    known = {ours: names for ours, names in role.columns.items() if ours not in said}
    return {
        **recognise(headers, known).taken,
        **{ours: header for ours, header in said.items() if header is not None},
    }


def _without_rows_of_communes(
    frame: pd.DataFrame,
    role: Role,
    taken: Mapping[str, str],
    findings: Findings,
    where: Where,
) -> pd.DataFrame:
    """Leave out the rows that only name a commune, and write it into the rows below each.

    What has coordinates is a village, whatever its name; so is what is filled as villages are.
    """
    names = [str(c) for c in frame.columns]
    known = {**recognise(names, COORDINATES).taken, **taken}
    placed = sorted({known[ours] for ours in COORDINATES if ours in known})
    bare = frame[frame[placed].isna().all(axis=1)] if placed else frame
    heads: dict[int, str] = {}
    for row, cells in zip(bare.index, bare.to_numpy(dtype=object), strict=True):
        named = _commune_of(dict(zip(names, cells, strict=True)), taken.get("name"))
        if named is not None:
            heads[int(row)] = named
    records = frame.drop(index=list(heads)).head(_SAMPLE) if heads else frame.iloc[:0]
    usual = set(map(_shape, records.drop(columns=placed).to_numpy(dtype=object)))
    beside = frame.drop(columns=placed)
    heads = {row: name for row, name in heads.items() if _shape(beside.loc[row]) not in usual}
    if not heads or len(heads) == len(frame):
        return frame
    communes = [name for name in heads.values() if name]
    header = taken.get(_OWN, _OWN) if _OWN in role.columns else None
    out = frame.copy(deep=False)
    if header is not None:
        own = out[header] if header in out else pd.Series(None, index=out.index, dtype=object)
        group = pd.Series(heads, dtype=object).reindex(out.index).ffill()
        group = group.where(group.notna() & (group != ""), None)
        out[header] = own.where(own.map(lambda cell: clean(cell) is not None), group)
    out = out.drop(index=list(heads))
    findings.add(
        "S58",
        replace(where, row=min(heads)),
        communes[0] if communes else "",
        _WRITTEN if header is not None else _LEFT_OUT,
        rows=ranges(list(heads)),
        communes=_first(communes),
    )
    return out


def _shape(cells: Iterable[Any]) -> tuple[str, ...]:
    """Return how a row is filled: figures, a Roman number or letter, words, or nothing."""
    texts = [clean(cell) for cell in cells]
    return tuple(
        ""
        if text is None
        else "figure"
        if _FIGURE.fullmatch(text)
        else "number"
        if _NUMBERED.fullmatch(text)
        else "words"
        for text in texts
    )


def _commune_of(cells: Mapping[str, Any], name: str | None) -> str | None:
    """Return the commune that a row is the head of, empty for a district, None for a record.

    Beside the name only its number in the list stands, and sums; a merged cell repeats it.
    """
    texts = {header: text for header, cell in cells.items() if (text := clean(cell)) is not None}
    words = {t for t in texts.values() if not _FIGURE.fullmatch(t) and not _NUMBERED.fullmatch(t)}
    if len(words) != 1:
        return None
    text = words.pop()
    at = [header for header, cell in texts.items() if cell == text]
    first = next(iter(texts))
    if name is not None and name not in at and first not in at:
        return None
    if len(text) > _LONGEST:
        return None
    found = _HEADED.fullmatch(text)
    if found is not None:
        return " ".join(found["name"].split())
    return "" if _ABOVE.fullmatch(text) else None


def _filled_down(
    frame: pd.DataFrame, header: str, name: str | None, findings: Findings, where: Where
) -> pd.DataFrame:
    """Fill a column that every group has in its first row only.

    What shows that: the first record has it, some lack it that have a name, none comes back
    further down, and half of the groups or more have several records (one cell forgotten in a
    list of a village a commune is no group).
    """
    if frame[header].notna().all():
        return frame
    values = [clean(cell) for cell in frame[header]]
    named = (
        [True] * len(values) if name is None else [clean(cell) is not None for cell in frame[name]]
    )
    empty = [i for i, value in enumerate(values) if value is None and named[i]]
    heads = [value for value in values if value is not None]
    if not empty or not values or values[0] is None or len(set(heads)) < len(heads):
        return frame
    group_of = np.cumsum([value is not None for value in values])
    several = len(set(group_of[empty]))
    if 2 * several < len(heads):
        return frame
    filled = frame[header].where(pd.Series(values, index=frame.index).notna(), None).ffill()
    out = frame.copy(deep=False)
    out[header] = filled.astype(object)
    findings.add(
        "S58",
        replace(where, key=header),
        heads[0],
        "{n} empty cells take what stands above them, in {groups} groups: {communes}",
        n=len(empty),
        groups=len(heads),
        communes=_first(heads),
    )
    return out


def _first(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
