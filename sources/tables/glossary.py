"""The planner's own words of a coded column, put into ours as the study says (``values``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from phusong.checks import Findings
from phusong.errors import Where
from phusong.sources.tables.columns import nearest, present
from phusong.sources.tables.text import as_code

_SHOWN = 8


def translated(
    frame: pd.DataFrame,
    values: Mapping[str, Mapping[str, Sequence[str]]],
    columns: Mapping[str, str],
    known: Sequence[str],
    findings: Findings,
    where: Where,
) -> pd.DataFrame:
    """Put the study's values in place of the file's, column by column.

    A cell is the value named when both are the same text without case, outer blanks and
    composition; ``1`` and ``1.0`` are the same code. Other cells stay as they are.

    Parameters
    ----------
    frame
        Our columns.
    values
        Our column -> value of the file -> the words it stands for, which are put into one text,
        parted by ``/``; an empty one is nothing.
    columns
        Our column -> the file's header, by which the study may name it too.
    known
        Columns the layer may have.
    findings
        Takes S08 (a column that is not there) and S47 (a value that no record holds).
    """
    out = frame.copy(deep=False)
    for column, words in values.items():
        at = replace(where, key=f"values.{column}")
        ours = column if column in frame else _by_header(column, columns)
        if ours is None:
            near = nearest(column, list(frame.columns)) or ", ".join(frame.columns) or "-"
            findings.add(
                "S08",
                at,
                column,
                "the file has no column for {ours}; name it under `columns`"
                if column in known
                else "{ours} is no column of this layer; did you mean {near}?",
                ours=column,
                near=near,
            )
            continue
        meant = {_key(value): "/".join(given) or None for value, given in words.items()}
        keys = frame[ours].map(_key)
        held = set(keys)
        for value in words:
            if _key(value) not in held:
                _report_unused(value, frame[ours], findings, at)
        cells = frame[ours].astype(object)
        named = keys.isin(list(meant))
        out[ours] = cells.where(~named, keys.map(meant.get)).astype(object)
    return out


def _by_header(header: str, columns: Mapping[str, str]) -> str | None:
    found = present(header, list(columns.values()))
    return next((ours for ours, own in columns.items() if own == found), None)


def _key(value: Any) -> str:
    return " ".join((as_code(value) or "").split()).casefold()


def _report_unused(value: str, cells: pd.Series[Any], findings: Findings, where: Where) -> None:
    texts = list(dict.fromkeys(t for t in map(as_code, cells) if t is not None))
    findings.add(
        "S47",
        where,
        value,
        "no record holds {value}; the column holds {values}",
        value=value,
        values=", ".join(texts[:_SHOWN]) + (", …" if len(texts) > _SHOWN else "") or "-",
    )
