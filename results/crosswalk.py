"""Which commune became which: a table of old codes (or villages) and new communes, read whole."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pandas as pd

from phusong.errors import InputError, Where
from phusong.sources.tables.columns import plain
from phusong.sources.tables.text import as_code, clean

HEADERS: Final = {
    "old_code": ("old_code", "ma_xa_cu", "ma_cu"),
    "village_code": ("village_code", "ma_thon"),
    "new_code": ("new_code", "ma_xa_moi", "ma_moi"),
    "new_name": ("new_name", "ten_xa_moi", "ten_moi"),
}
"""Our column -> headers it is known by, without accents and case."""


def read_crosswalk(path: Path) -> pd.DataFrame:
    """Read which commune became which.

    Parameters
    ----------
    path
        CSV with ``old_code`` (of a commune) or ``village_code`` (where a commune was parted),
        ``new_code``, ``new_name``; comma, semicolon or tab between them.

    Returns
    -------
    DataFrame
        ``new_code``, ``new_name``, ``row``, indexed by ``old_code`` or ``village_code``. Every
        code has one new one, and every new code one name.

    Raises
    ------
    InputError
        When the file cannot be read, lacks a column, leaves a code or name empty, gives one code
        two new communes, or one new commune two names.
    """
    table = _columns(_records(path), path)
    key = str(table.columns[0])
    for name in (key, "new_code", "new_name"):
        _refuse(
            table[table[name].isna()].assign(lacks=name),
            path,
            "{count} records have no {column}",
            "fill the column {column} of every record, or delete the record",
            column=lambda row: row["lacks"],
        )
    table = table.drop_duplicates([key, "new_code", "new_name"])
    parted = table.groupby(key)["new_code"].transform("nunique") > 1
    _refuse(
        table[parted],
        path,
        "{code} goes to two new communes",
        "keep one; where a commune was parted, give village_code in place of old_code",
        code=lambda row: row[key],
    )
    names = table.groupby("new_code")["new_name"]
    _refuse(
        table[(names.transform("nunique") > 1) & (table["new_name"] != names.transform("first"))],
        path,
        "the new commune {code} has two names: {one} and {other}",
        "write its name in one way in every record",
        code=lambda row: row["new_code"],
        one=lambda row: names.first()[row["new_code"]],
        other=lambda row: row["new_name"],
    )
    return table.set_index(key)


def _refuse(
    wrong: pd.DataFrame, path: Path, what: str, mend: str, **params: Callable[[Any], Any]
) -> None:
    """Raise with the first of the wrong records, where there are any."""
    if wrong.empty:
        return
    first = wrong.iloc[0]
    values = {name: value(first) for name, value in params.items()}
    where = Where(file=str(path), row=int(first["row"]))
    raise InputError(what, where, mend, {"count": len(wrong), **values})


def _records(path: Path) -> pd.DataFrame:
    """Return the records as text, with ``row``; those without any text are left out."""
    try:
        text = path.read_text("utf-8-sig")
        separator = max(",;\t", key=text.partition("\n")[0].count)
        # Without index_col=False a record longer than the header would become an index.
        table = pd.read_csv(
            io.StringIO(text), sep=separator, dtype=str, keep_default_na=False, index_col=False
        )
    except (OSError, ValueError) as error:  # pandas' own faults are ValueErrors
        raise InputError(
            "the table cannot be read: {reason}",
            Where(file=str(path)),
            "give a CSV in UTF-8 with old_code, new_code, new_name",
            {"reason": str(error)},
        ) from None
    cleaned = pd.DataFrame({name: table[name].map(clean) for name in table})
    numbered = cleaned.assign(row=range(1, len(table) + 1))
    return numbered.dropna(how="all", subset=list(cleaned.columns))


def _columns(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Return key, ``new_code``, ``new_name`` and ``row`` under our names."""
    found: dict[str, Any] = {}
    for ours, headers in HEADERS.items():
        known = [name for name in table.columns if plain(str(name)) in headers]
        if known:
            found[ours] = table[known[0]]
    key = "village_code" if "village_code" in found else "old_code"
    missing = [name for name in (key, "new_code", "new_name") if name not in found]
    if missing:
        raise InputError(
            "the table lacks the column {column}",
            Where(file=str(path)),
            "give a CSV in UTF-8 with old_code, new_code, new_name",
            {"column": missing[0]},
        )
    codes = {name: found[name].map(as_code) for name in (key, "new_code")}
    return pd.DataFrame({**codes, "new_name": found["new_name"], "row": table["row"]})
