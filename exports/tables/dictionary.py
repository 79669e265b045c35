"""The data dictionary in use: a frame is brought to a table's documented columns here."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd

from phusong.i18n import Language, get_language
from phusong.names import distinct_names

_REST = re.compile(r"[:;(]|, WGS")
_UNITS_VI = {"people": "người", "degree": "độ"}


@dataclass(frozen=True)
class Column:
    """A documented column."""

    name: str
    type: str
    en: str
    vi: str
    unit: str = ""
    decimals: int | None = None
    per_operator: bool = False
    label: str = ""
    label_vi: str = ""
    carrier: str = ""

    def words(self, language: Language | None = None) -> str:
        """Return the description in a language (default: the current one)."""
        return self.vi if (language or get_language()) == "vi" else self.en

    def heading(self) -> str:
        """Return a short name for people, in the current language."""
        chosen = self.label_vi if get_language() == "vi" else self.label
        chosen = chosen or _REST.split(self.words().replace(" (0-1)", ""), maxsplit=1)[0].strip()
        chosen = chosen[:1].upper() + chosen[1:]
        return f"{chosen}: {self.carrier}" if self.carrier else chosen

    @property
    def is_share(self) -> bool:
        """Whether it is a share or a probability, from 0 to 1."""
        return self.type == "number" and "(0-1)" in self.en

    def unit_words(self) -> str:
        """Return the unit in the current language."""
        return _UNITS_VI.get(self.unit, self.unit) if get_language() == "vi" else self.unit


@dataclass(frozen=True)
class Table:
    """A documented table."""

    name: str
    title: str
    title_vi: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    def words(self, language: Language | None = None) -> str:
        """Return the title in a language (default: the current one)."""
        return self.title_vi if (language or get_language()) == "vi" else self.title

    def expand(self, operators: Sequence[str]) -> list[Column]:
        """Return the columns of a file, carriers' own columns written out.

        Databases and spreadsheets ignore the case of a header: of carriers whose names differ in
        nothing else, the second's columns bear a number, and all say in words whose they are.
        """
        called = distinct_names(operators)
        out: list[Column] = []
        for column in self.columns:
            if column.per_operator:
                out += [_for_operator(column, name, called[name]) for name in operators]
            else:
                out.append(column)
        return out


@cache
def tables() -> Mapping[str, Table]:
    """Return every documented table by name."""
    text = (files("phusong.exports.tables") / "dictionary.toml").read_text("utf-8")
    return {name: _table(name, row) for name, row in tomllib.loads(text).items()}


def _table(name: str, row: dict[str, Any]) -> Table:
    columns = tuple(Column(name=key, **spec) for key, spec in row["columns"].items())
    return Table(name, row["title"], row["title_vi"], tuple(row["key"]), columns)


def _for_operator(column: Column, operator: str, called: str) -> Column:
    return Column(
        name=f"{column.name}:{called}",
        type=column.type,
        en=f"{column.en}: {operator}",
        vi=f"{column.vi}: {operator}",
        unit=column.unit,
        decimals=column.decimals,
        label=column.label,
        label_vi=column.label_vi,
        carrier=operator,
    )


def conform(frame: pd.DataFrame, table: str, operators: Sequence[str] = ()) -> pd.DataFrame:
    """Return ``frame`` with exactly the documented columns, in order, typed and rounded.

    Raises
    ------
    KeyError
        When the frame lacks a documented column: a program error, never a planner's.
    """
    columns = tables()[table].expand(operators)
    missing = [c.name for c in columns if c.name not in frame.columns]
    if missing:
        msg = f"table {table} lacks {missing}"
        raise KeyError(msg)
    return pd.DataFrame({c.name: _typed(frame[c.name], c) for c in columns})


Described = tuple[str, Sequence[Column]]
"""A table of the dictionary, and the columns of it that a file holds."""


def described_by(table: str, operators: Sequence[str] = ()) -> Described:
    """Return what a file that holds a whole table holds."""
    return table, tables()[table].expand(operators)


def columns_table(described: Mapping[str, Described]) -> pd.DataFrame:
    """Return what each column of some files means, in the current language.

    Parameters
    ----------
    described
        File name -> (table of the dictionary, the columns it holds).
    """
    return pd.DataFrame(
        [
            (name, column.name, column.heading(), column.unit_words(), column.words())
            for name, (_, columns) in described.items()
            for column in columns
        ],
        columns=["file", "column", "label", "unit", "meaning"],
    )


def _typed(values: pd.Series[Any], column: Column) -> pd.Series[Any]:
    values = values.reset_index(drop=True)
    if column.type == "number":
        decimals = 6 if column.decimals is None else column.decimals
        plain = values if values.dtype == np.float64 else values.astype("Float64").astype(float)
        rounded = plain.round(decimals)
        # Whole ones are written as such: 2515, not 2515.0.
        return (
            rounded
            if decimals
            else rounded[np.isfinite(rounded)].astype("Int64").reindex(rounded.index)
        )
    if column.type == "integer":
        return values.astype("Int64")
    if column.type == "boolean":
        return values.astype("boolean")
    return values.astype("string")
