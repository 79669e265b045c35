"""Columns of a tower list: each distinct text read once, complaints of many records as one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, Final, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from phusong.checks import Findings
from phusong.sources.tables.layers import Records, label
from phusong.sources.tables.text import as_code, clean, ranges

_LISTED: Final = 20
"""More records of one file than this are said together."""
T = TypeVar("T")


def codes_of(texts: Iterable[Any]) -> tuple[NDArray[np.int64], list[Any]]:
    """Return (n,) index of each text among the distinct ones, and these; nothing is None."""
    codes, found = pd.factorize(pd.Series(list(texts), dtype=object), use_na_sentinel=True)
    distinct: list[Any] = [*found, None] if (codes < 0).any() else [*found]
    return np.where(codes < 0, len(found), codes).astype(np.int64), distinct


def mapped(texts: Iterable[Any], read: Callable[[Any], T]) -> NDArray[np.object_]:
    """Return what each text means, every distinct one read once."""
    codes, distinct = codes_of(texts)
    meant = np.empty(len(distinct), dtype=object)
    for k, text in enumerate(distinct):
        meant[k] = read(text)
    return meant[codes]


def cleaned(records: Records, column: str) -> NDArray[np.object_]:
    """Return a column's texts cleaned, None for nothing."""
    return mapped(records.texts(column), clean)


def as_codes(records: Records, column: str) -> NDArray[np.object_]:
    """Return a column's codes as texts, None for nothing."""
    return mapped(records.texts(column), as_code)


def constant(values: dict[str, Any]) -> Callable[[int], dict[str, Any]]:
    """Return values that are the same for every record."""
    return lambda _: values


def complain(
    findings: Findings,
    rule: str,
    records: Records,
    rows: Sequence[int] | NDArray[np.int64],
    column: str,
    detail: str,
    values: Callable[[int], dict[str, Any]],
) -> None:
    """Say what is wrong with records, one by one, or once a file for many.

    Parameters
    ----------
    rows
        Which records.
    column
        The column concerned, by our name.
    detail, values
        English template, and its values for a record.
    """
    where = replace(records.where, key=records.columns.get(column, column))
    if len(rows) <= _LISTED:
        for i in rows:
            place = replace(where, row=int(records.frame["row"].iloc[i]))
            findings.add(rule, place, label(records, int(i)), detail, **values(int(i)))
        return
    first, rest = int(rows[0]), np.unique(records.frame["row"].to_numpy()[rows])
    said = {str(v): None for i in rows[: 10 * _LISTED] for v in list(values(int(i)).values())[:1]}
    few = list(said)[:5]
    findings.add(
        rule,
        replace(where, row=int(records.frame["row"].iloc[first])),
        label(records, first),
        "{n} records, with {values}; records {rows}",
        n=len(rows),
        values=", ".join(few) + (", …" if len(said) > len(few) else ""),
        rows=ranges(rest.tolist()),
    )
