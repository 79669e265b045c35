"""Which of the planner's columns is which of ours: as the study says, or as the header tells."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from phusong.checks import Findings
from phusong.errors import Where
from phusong.sources.tables.headers import COORDINATES, Role
from phusong.sources.tables.recognition import Recognised, is_cut_from, plain, recognise
from phusong.sources.tables.text import clean

__all__ = [
    "map_columns",
    "nearest",
    "plain",
    "present",
    "report_missing_coordinates",
    "tags",
    "take",
]

_HALVES = {ours: names for ours, names in COORDINATES.items() if ours in {"lon", "lat", "x", "y"}}
"""Columns of a table's coordinates; those of both in one cell are known by their cells too."""
_ALIKE = 0.5
"""Two names less alike than this (0–1) are not offered for each other."""
_SHOWN = 12
"""Headers that are passed over and named; more would hide the first."""
_TAG = re.compile(r'"((?:[^"\\]|\\.)*)"=>"((?:[^"\\]|\\.)*)"')


def nearest(words: str | Sequence[str], known: Sequence[str]) -> str:
    """Return the entry of ``known`` that looks most like one of ``words``; empty: none does."""
    asked = [words] if isinstance(words, str) else words
    ranked = [
        (difflib.SequenceMatcher(None, plain(word), plain(k)).ratio(), k)
        for word in asked
        for k in known
    ]
    ratio, best = max(ranked, key=lambda pair: pair[0], default=(0.0, ""))
    return best if ratio >= _ALIKE else ""


def present(header: str, headers: Sequence[str]) -> str | None:
    """Find a header as the study writes it: exactly, else by its plain form, whole or cut short.

    None where there is none, or several.
    """
    if header in headers:
        return header
    folded = {unicodedata.normalize("NFC", h).casefold(): h for h in headers}
    found = folded.get(unicodedata.normalize("NFC", header).casefold())
    if found is not None or not plain(header):
        return found
    alike = [h for h in headers if plain(h) == plain(header)]
    alike = alike or [h for h in headers if is_cut_from(h, plain(header))]
    return alike[0] if len(alike) == 1 else None


def _given(
    ours: str, asked: str, headers: Sequence[str], findings: Findings, where: Where
) -> str | None:
    """Check one mapping of the study; ``a|b`` takes b where a is empty."""
    found = []
    for part in asked.split("|"):
        column, _, tag = part.strip().partition(":")
        header = present(column if tag else part.strip(), headers)
        if header is None:
            near = nearest(part, headers)
            findings.add(
                "S08",
                replace(where, key=f"columns.{ours}"),
                part.strip(),
                "no column {header}; the nearest there is {near}"
                if near
                else "no column {header}; the file has {near}",
                header=part.strip(),
                near=near or ", ".join(headers),
            )
            return None
        found.append(f"{header}:{tag}" if tag else header)
    return "|".join(found)


def map_columns(
    headers: Sequence[str],
    role: Role,
    mapping: dict[str, str],
    findings: Findings,
    where: Where,
    *,
    coordinates: bool,
) -> dict[str, str] | None:
    """Find our columns among a file's headers.

    Parameters
    ----------
    headers
        The file's own column names.
    role
        What the layer is for.
    mapping
        The study's ``columns`` table; it has the last word.
    findings
        Takes S07 (needed column missing), S08 (mapping names an absent header) and S17 (what
        was recognised).
    where
        File and layer.
    coordinates
        Whether the file is a table whose geometry comes from columns.

    Returns
    -------
    dict or None
        Our name -> the file's header (``a|b``: b where a is empty; ``other_tags:key``: a tag of
        OpenStreetMap); None when an error was found.
    """
    known = {**role.columns, **(_HALVES if coordinates else {})}
    wrong = [ours for ours in mapping if ours not in {**role.columns, **COORDINATES}]
    for ours in wrong:
        findings.add(
            "S08",
            replace(where, key=f"columns.{ours}"),
            ours,
            "{ours} is no column of this layer; did you mean {near}?",
            ours=ours,
            near=nearest(ours, list(known)) or ", ".join(known),
        )
    found: dict[str, str] = {}
    recognised: dict[str, str] = {}
    seen = recognise(headers, {ours: names for ours, names in known.items() if ours not in mapping})
    failed = bool(wrong)
    for ours in known:
        if ours in mapping:
            given = _given(ours, mapping[ours], headers, findings, where)
            failed |= given is None
            if given is not None:
                found[ours] = given
            continue
        header = seen.taken.get(ours)
        if header is not None:
            found[ours] = recognised[ours] = _with_way_ids(header, headers)
    _report_cut(seen, found, findings, where)
    for ours in role.needed:
        if ours not in found and ours not in mapping:
            failed = True
            _report_missing(ours, headers, role.columns[ours], findings, where)
    if recognised and not failed:
        _report_recognised(recognised, found, headers, findings, where)
    return None if failed else found


def _report_recognised(
    recognised: dict[str, str],
    found: dict[str, str],
    headers: Sequence[str],
    findings: Findings,
    where: Where,
) -> None:
    """Say which columns were recognised, and which are not used (S17)."""
    used = {part.partition(":")[0] for source in found.values() for part in source.split("|")}
    rest = [h for h in headers if h not in used and h not in found.values()]
    findings.add(
        "S17",
        where,
        detail="columns taken: {columns}; passed over: {rest}"
        if rest
        else "columns taken: {columns}",
        columns=", ".join(f"{ours} = {header}" for ours, header in recognised.items()),
        rest=", ".join(rest[:_SHOWN]) + (" …" if len(rest) > _SHOWN else ""),
    )


def _report_cut(seen: Recognised, found: dict[str, str], findings: Findings, where: Where) -> None:
    """Say of headers cut short which of our columns they may be, and which was taken (S42)."""
    for header, candidates in seen.doubtful.items():
        taken = next((ours for ours in candidates if found.get(ours) == header), None)
        if taken is None and all(ours in found for ours in candidates):
            continue
        findings.add(
            "S42",
            replace(where, key=header),
            header,
            "{header} may be {candidates}; {taken} is taken"
            if taken
            else "{header} may be {candidates}; it is not used",
            header=header,
            candidates=", ".join(candidates),
            taken=taken or "",
        )


def _with_way_ids(header: str, headers: Sequence[str]) -> str:
    """Let areas of OpenStreetMap that are ways go by their way's id."""
    return "osm_id|osm_way_id" if header == "osm_id" and "osm_way_id" in headers else header


def _report_missing(
    ours: str, headers: Sequence[str], names: Sequence[str], findings: Findings, where: Where
) -> None:
    near = nearest((ours, *names), headers)
    findings.add(
        "S07",
        replace(where, key=ours),
        ours,
        "no column is recognised as {ours}; the nearest there is {near}"
        if near
        else "no column is recognised as {ours}; the file has {near}",
        ours=ours,
        near=near or ", ".join(headers) or "-",
    )


def report_missing_coordinates(headers: Sequence[str], findings: Findings, where: Where) -> None:
    """Add S07 for a table that has neither lon/lat nor x/y."""
    _report_missing("lon", headers, COORDINATES["lon"], findings, where)


def tags(text: Any) -> dict[str, str]:
    """Return the key/value pairs of an ``other_tags`` cell as GDAL writes them."""
    value = clean(text)
    return dict(_TAG.findall(value)) if value else {}


def take(frame: pd.DataFrame, source: str) -> pd.Series[Any]:
    """Return the column that ``source`` (an answer of :func:`map_columns`) speaks of."""
    parts = []
    for part in source.split("|"):
        column, _, tag = part.partition(":")
        if tag and part not in frame.columns:
            values = frame[column].map(lambda cell, tag=tag: tags(cell).get(tag))
        else:
            values = frame[part]
        parts.append(values.astype(object).where(values.notna(), None))
    first = parts[0]
    for other in parts[1:]:
        first = first.where(first.map(lambda v: clean(v) is not None), other)
    return first
