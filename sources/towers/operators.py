"""Operators' names: read from a column or a network code, and fit to stand in tables and files."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from phusong.checks import Findings
from phusong.errors import Where
from phusong.frames import rows
from phusong.names import alike
from phusong.sources.tables.columns import plain
from phusong.sources.tables.layers import Records
from phusong.sources.tables.text import clean
from phusong.sources.towers.reading import as_codes, cleaned, mapped
from phusong.study import TowersSource

NAME_MAX = 60
"""Longer names are cut: they are headings of columns, layers and charts."""
_ANY = "*"
"""Stands for all operators together in every result; a name of that kind is put in brackets."""


_NETWORKS: Final[dict[str, list[str]]] = tomllib.loads(
    (files(__package__) / "networks.toml").read_text("utf-8")
)


def network_names(code: str) -> list[str]:
    """Return the names that a network goes by, none for a code that is not in the list.

    Parameters
    ----------
    code
        ``452-04``.
    """
    return _NETWORKS.get(code, [])


def network_codes(name: str) -> list[str]:
    """Return the codes of the networks that go by a name."""
    asked = plain(name).replace("_", "")
    return [
        code
        for code, names in _NETWORKS.items()
        if asked and asked in (plain(known).replace("_", "") for known in names)
    ]


def operators_of(
    records: Records, source: TowersSource, findings: Findings
) -> tuple[list[str], NDArray[np.bool_]]:
    """Return each record's operator: its column, else its network code, else the default.

    Parameters
    ----------
    records
        Of the TOWERS role.
    source
        Holds the default operator.
    findings
        Takes T15 (no operator), T22 (a name that is shown otherwise) and T49 (names of network
        codes).

    Returns
    -------
    list of str, (n,) bool
        Names, and which of them are the default.
    """
    named = cleaned(records, "operator")
    country, network = as_codes(records, "mcc"), as_codes(records, "mnc")
    codes = [
        f"{mcc}-{mnc.zfill(2)}" if name is None and mcc and mnc else None
        for name, mcc, mnc in zip(named, country, network, strict=True)
    ]
    known = {code: network_names(code)[0] for code in codes if code and network_names(code)}
    given = [
        name or (None if code is None else known.get(code, code))
        for name, code in zip(named, codes, strict=True)
    ]
    if known:
        findings.add(
            "T49",
            records.where,
            detail="{networks}",
            networks=", ".join(f"{code} = {name}" for code, name in sorted(known.items())),
        )
    missing = np.array([name is None for name in given], dtype=bool)
    default = clean(source.defaults.operator) or "unknown"
    if missing.any():
        findings.add(
            "T15",
            records.where,
            detail="{n} of {total} records; {operator} is taken",
            n=int(missing.sum()),
            total=len(given),
            operator=shown(default),
        )
    names = [name or default for name in given]
    for i in (names.index(name) for name in dict.fromkeys(names) if shown(name) != name):
        findings.add(
            "T22",
            records.at(i),
            names[i],
            "{operator} is called {shown} in the results",
            operator=names[i],
            shown=shown(names[i]),
        )
    return mapped(names, shown).tolist(), missing


def report_alike(cells: pd.DataFrame, findings: Findings) -> None:
    """List names that differ in case, accents, blanks or signs, or are of one network (T40).

    Parameters
    ----------
    cells
        ``operator``, ``file``, ``row`` of every layer of towers together.
    """
    first = cells.drop_duplicates("operator")
    groups: dict[str, list[Any]] = {}
    for row in rows(first):
        code = next(iter(network_codes(str(row.operator))), "")
        key = code or plain(row.operator).replace("_", "") or alike(row.operator)
        groups.setdefault(key, []).append(row)
    counts = cells["operator"].value_counts()
    for group in groups.values():
        if len(group) > 1:
            findings.add(
                "T40",
                Where(file=group[1].file, row=int(group[1].row)),
                str(group[1].operator),
                "{names} are counted as {n} operators",
                names=", ".join(f"{r.operator} ({counts[r.operator]})" for r in group),
                n=len(group),
            )


def shown(name: str) -> str:
    """Return the name an operator goes by in the results.

    ``*`` means all operators there, so that an operator of that name is ``(*)``; a name over
    :data:`NAME_MAX` characters ends in an ellipsis.
    """
    if name == _ANY:
        return f"({name})"
    return name if len(name) <= NAME_MAX else f"{name[: NAME_MAX - 1].rstrip()}…"
