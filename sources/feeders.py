"""Which power line feeds which site, and how long its batteries last: a table without places."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from phusong.checks import Findings
from phusong.errors import Where
from phusong.sources.inputs import Inputs
from phusong.sources.left_out import report_left_out
from phusong.sources.tables.columns import map_columns, take
from phusong.sources.tables.headers import FEEDERS
from phusong.sources.tables.layers import place_of, report_garbled
from phusong.sources.tables.numerals import decimal_of, numbers
from phusong.sources.tables.rows import in_encoding, read_rows
from phusong.sources.tables.text import as_code
from phusong.study import Layer, Study

COLUMNS = ("site_id", "feeder", "battery_h")


def read_feeders(
    study: Study, layers: Sequence[Layer], inputs: Inputs, findings: Findings
) -> pd.DataFrame:
    """Read which feeder each site or PoP hangs on.

    Returns
    -------
    DataFrame
        ``site_id`` (unique: a site or PoP of the study), ``feeder``, ``battery_h`` (0 where the
        table gives none: F29). Rows that name no feeder, nothing of the study, or what an earlier
        row names are left out (F28).
    """
    known = {*inputs.sites["site_id"].astype(str), *inputs.pops["pop_id"].astype(str)}
    seen: set[str] = set()
    tables = [_read(study, layer, known, seen, findings) for layer in layers]
    whole = pd.concat(tables, ignore_index=True) if tables else _table([], [], np.zeros(0))
    return whole.astype({"battery_h": np.float64})


def _read(
    study: Study, layer: Layer, known: Collection[str], seen: set[str], findings: Findings
) -> pd.DataFrame:
    where = place_of(layer, study)
    path = study.resolve(layer.path)
    rows = read_rows(path, layer, FEEDERS, findings, where, leave=study.gdal)
    if rows is None:
        return _table([], [], np.zeros(0))
    raw = rows.frame
    headers = [str(c) for c in raw.columns if c not in {"row", "geometry"}]
    texts = [*headers, *(v for c in headers for v in raw[c] if isinstance(v, str))]
    read_as = in_encoding(path, layer, FEEDERS, where, leave=study.gdal)
    report_garbled(texts, read_as, findings, where)
    columns = map_columns(headers, FEEDERS, layer.columns, findings, where, coordinates=False)
    if columns is None:
        return _table([], [], np.zeros(0))
    frame = pd.DataFrame({name: take(raw, source) for name, source in columns.items()})
    at = raw["row"].to_numpy(dtype=np.int64)
    hours = _hours(frame, at, layer, findings, replace(where, key=columns.get("battery_h", "")))
    sites, feeders = ([as_code(v) for v in frame[c]] for c in ("site_id", "feeder"))
    keep = [
        _usable(site, feeder, known, seen, findings, replace(where, row=int(row)))
        for site, feeder, row in zip(sites, feeders, at, strict=True)
    ]
    # A record whose hours alone are wrong stays.
    report_left_out(study, where, rows.total, findings, kept=at[keep].tolist())
    table = _table(sites, feeders, hours)[np.array(keep, dtype=bool)].reset_index(drop=True)
    missing = int(table["battery_h"].isna().sum())
    if missing:
        detail = "{count} records give no battery hours"
        findings.add("F29", where, detail=detail, count=missing)
    return table.fillna({"battery_h": 0.0})


def _table(
    sites: Sequence[str | None], feeders: Sequence[str | None], hours: NDArray[np.float64]
) -> pd.DataFrame:
    values = (
        pd.Series(list(sites), dtype=object),
        pd.Series(list(feeders), dtype=object),
        pd.Series(hours, dtype=np.float64),
    )
    return pd.DataFrame(dict(zip(COLUMNS, values, strict=True)))


def _hours(
    frame: pd.DataFrame, rows: NDArray[np.int64], layer: Layer, findings: Findings, where: Where
) -> NDArray[np.float64]:
    """Return the battery hours, NaN where there are none; less than none is a finding (F28)."""
    if "battery_h" not in frame:
        return np.full(len(frame), np.nan)
    decimal = layer.decimal or decimal_of(frame["battery_h"]) or "."
    stated = layer.decimal is not None
    hours = numbers(frame["battery_h"], rows, decimal, findings, where, stated=stated)
    for i in np.flatnonzero(hours < 0).tolist():
        detail = "{hours} battery hours are less than none"
        findings.add("F28", replace(where, row=int(rows[i])), "", detail, hours=f"{hours[i]:g}")
    return np.where(hours < 0, np.nan, hours)


def _usable(
    site: str | None,
    feeder: str | None,
    known: Collection[str],
    seen: set[str],
    findings: Findings,
    at: Where,
) -> bool:
    if site is None:
        findings.add("F28", at, detail="the record names no site")
    elif feeder is None:
        findings.add("F28", at, site, "the record names no feeder")
    elif site not in known:
        findings.add("F28", at, site, "no site and no PoP is called {name}", name=site)
    elif site in seen:
        findings.add("F28", at, site, "{name} is listed before with a feeder", name=site)
    else:
        seen.add(site)
        return True
    return False
