"""Which power line feeds which site, and how long its batteries last: a table without places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from phusong.checks import Findings
from phusong.errors import Where
from phusong.sources.cables.called import BOTH, SITE, thing_keys, thing_numbers
from phusong.sources.inputs import Inputs
from phusong.sources.left_out import report_left_out
from phusong.sources.tables.headers import FEEDERS
from phusong.sources.tables.layers import place_of, read_unplaced
from phusong.sources.tables.numerals import decimal_of, numbers
from phusong.sources.tables.text import as_code
from phusong.study import Layer, Study

COLUMNS = ("site_id", "feeder", "battery_h")
_Seen = dict[str, dict[str, float]]
"""Battery hours by site and feeder."""


def read_feeders(
    study: Study, layers: Sequence[Layer], inputs: Inputs, findings: Findings
) -> pd.DataFrame:
    """Read which feeder each site or PoP hangs on.

    Returns
    -------
    DataFrame
        ``site_id`` (a site or PoP of the study, as :func:`.cables.called.thing_keys` calls it; a
        name that both bear is left out: F28), ``feeder``, ``battery_h`` (0 where the table
        gives none: F29). A site with two feeders has two rows, with the same hours: where they
        differ the least counts (F36). Rows that name no feeder, nothing of the study, or what an
        earlier row says are left out (F28).
    """
    sites, pops = (
        inputs.sites["site_id"].astype(str).tolist(),
        inputs.pops["pop_id"].astype(str).tolist(),
    )
    keys, numbers = thing_keys(sites, pops), thing_numbers(sites, pops)
    known = {name: keys[i] for name, i in numbers.items()}
    seen: _Seen = {}
    tables = [_read(study, layer, known, seen, findings) for layer in layers]
    whole = pd.concat(tables, ignore_index=True) if tables else _table([], [], np.zeros(0))
    whole["battery_h"] = whole["battery_h"].astype(np.float64)
    site = whole["site_id"]
    whole["battery_h"] = whole.groupby(site)["battery_h"].transform("min")
    lengths = [len(table) for table in tables]
    for layer, end, length in zip(layers, np.cumsum(lengths), lengths, strict=True):
        own = whole["battery_h"].iloc[end - length : end]
        if missing := int(own.isna().sum()):
            detail = "{count} records give no battery hours"
            findings.add("F29", place_of(layer, study), detail=detail, count=missing)
    return whole.fillna({"battery_h": 0.0})


def _read(
    study: Study,
    layer: Layer,
    known: Mapping[str, str],
    seen: _Seen,
    findings: Findings,
) -> pd.DataFrame:
    table = read_unplaced(study, layer, FEEDERS, findings)
    if table is None:
        return _table([], [], np.zeros(0))
    frame, at, where = table.frame, table.row, table.where
    key = table.columns.get("battery_h", "")
    hours = _hours(frame, at, layer, findings, replace(where, key=key))
    sites, feeders = ([as_code(v) for v in frame[c]] for c in ("site_id", "feeder"))
    sites = [site if site is None else known.get(site, site) for site in sites]
    keep = [
        _usable(site, feeder, battery, known, seen, findings, replace(where, row=int(row)))
        for site, feeder, battery, row in zip(sites, feeders, hours.tolist(), at, strict=True)
    ]
    # A record whose hours alone are wrong stays.
    report_left_out(study, where, table.total, findings, kept=at[keep].tolist())
    return _table(sites, feeders, hours)[np.array(keep, dtype=bool)].reset_index(drop=True)


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
    battery_h: float,
    known: Mapping[str, str],
    seen: _Seen,
    findings: Findings,
    at: Where,
) -> bool:
    if site is None:
        findings.add("F28", at, detail="the record names no site")
    elif feeder is None:
        findings.add("F28", at, site, "the record names no feeder")
    elif site not in known and f"{SITE}:{site}" in known:
        findings.add("F28", at, site, BOTH, name=site)
    elif site not in known:
        findings.add("F28", at, site, "no site and no PoP is called {name}", name=site)
    elif feeder in seen.get(site, {}):
        findings.add("F28", at, site, "{name} is listed before with this feeder", name=site)
    else:
        mine = seen.setdefault(site, {})
        others = {h for h in mine.values() if np.isfinite(h)}
        if np.isfinite(battery_h) and others - {battery_h}:
            findings.add(
                "F36",
                at,
                site,
                "{name}: {hours} battery hours here, {other} with another feeder",
                name=site,
                hours=f"{battery_h:g}",
                other=f"{min(others):g}",
            )
        mine[feeder] = battery_h
        return True
    return False
