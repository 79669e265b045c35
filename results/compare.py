"""Two runs side by side: which villages and communes were gained and lost, under which rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from phusong.coverage.villages.verdict import COVERED, GRADE_RANK
from phusong.results.finished import FinishedRun

# What a figure means. Everything else a study says (paths, names) may differ between two years.
_DEFINITIONS = ("verdict", "indicators", "radio", "fiber")
_NOT_DEFINITIONS = {"cables", "pops", "in_service"}


@dataclass(frozen=True)
class Difference:
    """A definition or assumption that is not the same in both runs."""

    key: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Comparison:
    """What changed from one run to another.

    Attributes
    ----------
    titles
        What the runs are of: the study's name, and the scenario's.
    definitions
        What differs in definitions and assumptions: figures compare only where this is empty.
    villages
        Every village of either run: ``code``, ``name``, ``commune_code``, ``grade_before``,
        ``grade_after``, ``change`` (``gained`` | ``lost`` | ``better`` | ``worse`` | ``same`` |
        ``added`` | ``removed``), ``people``, ``people_unserved_before``,
        ``people_unserved_after``. Gained and lost speak of the grade ``covered``.
    communes
        ``code``, ``name``, ``fibre_before``, ``fibre_after``, ``single_route_before``,
        ``single_route_after``, ``change``.
    indicators
        ``id``, ``title``, ``value_before``, ``value_after``, ``difference``.
    """

    titles: tuple[str, str]
    definitions: tuple[Difference, ...]
    villages: pd.DataFrame
    communes: pd.DataFrame
    indicators: pd.DataFrame


def compare_runs(before: FinishedRun, after: FinishedRun) -> Comparison:
    """Compare two finished runs, matched by village and commune code."""
    return Comparison(
        titles=(before.study.title, after.study.title),
        definitions=tuple(_differences(before, after)),
        villages=_villages(before, after),
        communes=_communes(before, after),
        indicators=_indicators(before, after),
    )


def _differences(before: FinishedRun, after: FinishedRun) -> Iterator[Difference]:
    for section in _DEFINITIONS:
        one = before.stamp["settings"].get(section)
        two = after.stamp["settings"].get(section)
        flat_one, flat_two = dict(_flat(one, section)), dict(_flat(two, section))
        for key in sorted(set(flat_one) | set(flat_two)):
            if flat_one.get(key) != flat_two.get(key):
                yield Difference(key, flat_one.get(key), flat_two.get(key))


def _flat(value: Any, key: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name not in _NOT_DEFINITIONS:
                yield from _flat(inner, f"{key}.{name}")
    else:
        yield key, value


def _joined(
    before: FinishedRun, after: FinishedRun, table: str, key: str, columns: list[str]
) -> pd.DataFrame:
    """Join a table of both runs by its key; ``_merge`` tells where a row is."""
    wanted = [key, *columns]
    empty = pd.DataFrame(columns=wanted)
    one = before.tables.get(table, empty).reindex(columns=wanted)
    two = after.tables.get(table, empty).reindex(columns=wanted)
    return one.merge(
        two, on=key, how="outer", suffixes=("_before", "_after"), indicator=True, sort=True
    )


def _latest(joined: pd.DataFrame, column: str) -> pd.Series[Any]:
    return joined[f"{column}_after"].where(
        joined[f"{column}_after"].notna(), joined[f"{column}_before"]
    )


def _villages(before: FinishedRun, after: FinishedRun) -> pd.DataFrame:
    columns = ["name", "commune_code", "grade", "people", "people_unserved"]
    joined = _joined(before, after, "villages", "code", columns)
    rank_before = joined["grade_before"].map(GRADE_RANK)
    rank_after = joined["grade_after"].map(GRADE_RANK)
    best = GRADE_RANK[COVERED]
    change = pd.Series("same", index=joined.index)
    change[rank_after < rank_before] = "better"
    change[rank_after > rank_before] = "worse"
    change[(rank_after == best) & (rank_before > best)] = "gained"
    change[(rank_before == best) & (rank_after > best)] = "lost"
    change[joined["_merge"] == "right_only"] = "added"
    change[joined["_merge"] == "left_only"] = "removed"
    out = joined[
        [
            "code",
            "grade_before",
            "grade_after",
            "people_unserved_before",
            "people_unserved_after",
        ]
    ].copy()
    for column in ("name", "commune_code", "people"):
        out[column] = _latest(joined, column)
    return out.assign(change=change)


def _communes(before: FinishedRun, after: FinishedRun) -> pd.DataFrame:
    joined = _joined(before, after, "communes", "code", ["name", "fibre", "single_route"])
    had = joined["fibre_before"].astype("boolean").fillna(value=False).astype(bool)
    has = joined["fibre_after"].astype("boolean").fillna(value=False).astype(bool)
    change = pd.Series("same", index=joined.index)
    change[has & ~had] = "gained"
    change[had & ~has] = "lost"
    change[joined["_merge"] == "right_only"] = "added"
    change[joined["_merge"] == "left_only"] = "removed"
    out = joined.drop(columns=["_merge", "name_before", "name_after"])
    return out.assign(name=_latest(joined, "name"), change=change)


def _indicators(before: FinishedRun, after: FinishedRun) -> pd.DataFrame:
    joined = _joined(before, after, "indicators", "id", ["title", "value"])
    out = joined[["id", "value_before", "value_after"]].copy()
    out.insert(1, "title", _latest(joined, "title"))
    out["difference"] = out["value_after"] - out["value_before"]
    order = {name: n for n, name in enumerate(after.tables["indicators"]["id"])}
    return out.sort_values("id", key=lambda ids: ids.map(order), ignore_index=True)
