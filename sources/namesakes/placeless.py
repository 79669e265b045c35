"""Tables without places: lists of names, changes of communes, matches a person has marked."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from phusong.checks import Findings
from phusong.errors import Where
from phusong.sources.tables.glossary import translated
from phusong.sources.tables.headers import COMMUNE_CHANGES, VILLAGE_LIST, Role
from phusong.sources.tables.layers import read_unplaced
from phusong.sources.tables.numerals import decimal_of, numbers, unit_of
from phusong.sources.tables.text import as_code, clean
from phusong.study import Layer, Study

LIST_COLUMNS = ("code", "name", "commune_code", "commune", "former_commune", "population", "row")
_CODES = frozenset({"code", "commune_code", "old_code", "new_code", "list_row", "place_id"})


def read_placeless(
    study: Study, layer: Layer, role: Role, findings: Findings
) -> tuple[pd.DataFrame, Where, int] | None:
    """Read a table whose records have no place.

    Returns
    -------
    DataFrame, Where, int or None
        Our columns that the role knows (texts, None for nothing) and ``row``; file and layer;
        records asked for. None after a finding that leaves nothing to work with.
    """
    table = read_unplaced(study, layer, role, findings)
    if table is None:
        return None
    where, names = table.where, list(role.columns)
    frame = translated(table.frame, layer.values, table.columns, names, findings, where)
    for name in frame.columns.difference(["population"]):
        frame[name] = [as_code(v) if name in _CODES else clean(v) for v in frame[name]]
    frame = frame.reindex(columns=names).astype(object)
    frame = frame.where(frame.notna(), None)
    frame["row"] = table.row
    return frame, where, table.total


def read_village_list(
    study: Study, layer: Layer, findings: Findings
) -> tuple[pd.DataFrame, Where, int] | None:
    """Read a list of villages without places.

    Returns
    -------
    DataFrame, Where, int or None
        :data:`LIST_COLUMNS`, ``population`` float; as :func:`read_placeless`. Records without a
        name are left out (B40).
    """
    read = read_placeless(study, layer, VILLAGE_LIST, findings)
    if read is None:
        return None
    frame, where, total = read
    at = frame["row"].to_numpy()
    decimal = layer.decimal or decimal_of(frame["population"]) or "."
    frame["population"] = numbers(
        frame["population"],
        at,
        decimal,
        findings,
        replace(where, key="population"),
        unit=unit_of("population"),
        stated=layer.decimal is not None,
    )
    nameless = frame["name"].isna().to_numpy()
    for row in at[nameless]:
        findings.add("B40", replace(where, row=int(row)))
    return frame.loc[~nameless, list(LIST_COLUMNS)].reset_index(drop=True), where, total


def read_changes(study: Study, findings: Findings) -> pd.DataFrame:
    """Read which commune became which: ``old_code``, ``old_name``, ``new_code``, ``new_name``."""
    layer = study.boundaries.commune_changes
    read = None if layer is None else read_placeless(study, layer, COMMUNE_CHANGES, findings)
    if read is None:
        return pd.DataFrame(columns=list(COMMUNE_CHANGES.columns), dtype=object)
    return read[0]
