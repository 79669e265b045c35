"""Sites, transmitters and cells of an export as one list of cells."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import pandas as pd

from phusong.checks import Findings
from phusong.errors import Where
from phusong.sources.tables.headers import TOWERS
from phusong.sources.tables.layers import Records, place_of, records_of
from phusong.sources.tables.rows import Rows, in_encoding, read_rows
from phusong.sources.towers.planners.exported import (
    Exported,
    Kind,
    technology_by,
    tool_of,
    under_our_names,
)
from phusong.sources.towers.planners.patterns_by_name import pattern_files
from phusong.study import Layer, Study, TowersSource

_WIDTH: Final = re.compile(r"(\d+(?:[.,]\d+)?)\s*mhz", re.IGNORECASE)
_OWN_TILT: Final = frozenset({"0", "0.0", "0,0", "0.00", "0,00"})
"""An additional electrical tilt of none: the pattern's own counts."""
_TITLES: Final = {"atoll": "Atoll", "planet": "Planet"}


@dataclass(frozen=True)
class _Table:
    layer: Layer
    where: Where
    rows: Rows


def read_export(
    study: Study, source: TowersSource, findings: Findings
) -> tuple[Records, int] | None:
    """Read the tables of a planning program's export, and join them by their names.

    A transmitter of a site that is not in the table of sites, and a cell of no transmitter, have no
    place and are left out (T46). T45 says what was joined.

    Parameters
    ----------
    source
        With ``sites`` and ``transmitters``, and perhaps ``cells``.

    Returns
    -------
    Records, int or None
        One record a cell (a transmitter, where there are no cells) with columns of the TOWERS
        role; records asked for. None after a finding that leaves nothing to work with.
    """
    tables: dict[Kind, _Table] = {}
    for kind, layer in source.tables.items():
        where = place_of(layer, study)
        rows = read_rows(study.resolve(layer.path), layer, None, findings, where, leave=study.gdal)
        if rows is None:
            return None
        tables[kind] = _Table(layer, where, rows)
    last = tables.get("cells", tables["transmitters"])
    tool = tool_of({kind: _headers(table) for kind, table in tables.items()})
    if tool is None:
        findings.add(
            "S07",
            last.where,
            detail="the tables are of no planning program known here: {headers}",
            headers="; ".join(
                f"{kind}: {', '.join(_headers(t)[:8])}" for kind, t in tables.items()
            ),
        )
        return None
    named = {kind: under_our_names(t.rows.frame, tool, kind) for kind, t in tables.items()}
    frame = _join(tool, named, tables, findings)
    if frame.empty:
        findings.add("S06", last.where, detail="no record of it has a place")
        return None
    frame = _completed(frame, study, source, last, findings)
    technology = _technology(frame, tables, source)
    if "technology" not in frame and technology is not None:
        frame["technology"] = technology
    total = last.rows.total
    findings.add(
        "T45",
        last.where,
        detail="{tool}: {n} records of {transmitters} transmitters on {sites} sites; "
        "technology: {technology}",
        tool=_TITLES[tool],
        n=len(frame),
        transmitters=frame[["site_id", "transmitter"]].drop_duplicates().shape[0],
        sites=frame["site_id"].nunique(),
        technology=technology or "–",
    )
    joined = frame.drop(columns=["transmitter"]).reset_index(drop=True)
    read_as = in_encoding(
        study.resolve(last.layer.path), last.layer, None, last.where, leave=study.gdal
    )
    own = {name: getattr(source, name) for name in ("columns", "decimal", "values")}
    crs = source.crs or source.tables["sites"].crs
    ours = last.layer.model_copy(update={**own, "crs": crs})
    records = records_of(Rows(joined, None, total), ours, TOWERS, read_as, findings, last.where)
    return None if records is None else (records, total)


def _headers(table: _Table) -> list[str]:
    return [str(c) for c in table.rows.frame.columns if c not in {"row", "geometry"}]


def _technology(
    frame: pd.DataFrame, tables: Mapping[Kind, _Table], source: TowersSource
) -> str | None:
    """Return the technology of records that name none: the study's, else what the columns tell."""
    if "technology" in frame:
        return ", ".join(sorted({str(t) for t in frame["technology"] if t is not None})) or None
    if source.technology is not None:
        return source.technology
    return technology_by([h for table in tables.values() for h in _headers(table)])


def _join(
    tool: str,
    named: Mapping[Kind, Exported],
    tables: Mapping[Kind, _Table],
    findings: Findings,
) -> pd.DataFrame:
    """Return one row a cell, the columns of its transmitter and site behind its own."""
    sites = named["sites"].frame.drop_duplicates("name").set_index("name")
    masts = named["transmitters"].frame
    known = masts["site"].isin(sites.index) | _placed(masts)
    _report_lost(masts[~known], "site", tables["transmitters"].where, findings)
    masts = masts[known].reset_index(drop=True)
    site = sites.reindex(masts["site"]).reset_index(drop=True)
    whole = _beside(masts, site.drop(columns=["row"]))
    whole = whole.rename(columns={"site": "site_id", "name": "transmitter"})
    if "cells" not in named:
        return whole.assign(cell_id=whole["transmitter"])
    cells = named["cells"].frame
    keys = ["site_id", "transmitter"] if tool == "planet" else ["transmitter"]
    cells = cells.rename(columns={"site": "site_id"})
    index = whole.drop_duplicates(keys).set_index(keys)
    asked = pd.MultiIndex.from_frame(cells[keys]) if len(keys) > 1 else pd.Index(cells[keys[0]])
    found = asked.isin(index.index)
    _report_lost(cells[~found], "transmitter", tables["cells"].where, findings)
    cells = cells[found].reset_index(drop=True)
    of = index.reindex(asked[found]).reset_index(drop=True)
    of = of.drop(columns=["row"])
    status = [
        next((str(v) for v in pair if _off(v)), pair[0] if pair[0] is not None else pair[1])
        for pair in zip(_column(cells, "status"), _column(of, "status"), strict=True)
    ]
    joined = _beside(cells, of).rename(columns={"name": "cell_id"})
    return joined.assign(status=pd.Series(status, dtype=object))


def _column(frame: pd.DataFrame, name: str) -> list[Any]:
    return frame[name].tolist() if name in frame else [None] * len(frame)


def _off(value: Any) -> bool:
    return value is not None and str(value).strip().lower() in {"false", "0", "no", "faux", "sai"}


def _placed(frame: pd.DataFrame) -> pd.Series[bool]:
    """Say which rows have coordinates of their own."""
    if not {"lon", "lat"} <= set(frame.columns):
        return pd.Series(False, index=frame.index)
    return frame["lon"].notna() & frame["lat"].notna()


def _beside(first: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Return two frames side by side; where both have a column the first's value counts, if any."""
    out = first.copy()
    for name in other:
        own = other[name].astype(object).where(other[name].notna(), None).to_numpy()
        if name in out:
            mine = out[name].astype(object)
            out[name] = mine.where(mine.notna(), pd.Series(own, index=out.index))
        else:
            out[name] = own
    return out


def _report_lost(lost: pd.DataFrame, key: str, where: Where, findings: Findings) -> None:
    for row, name in zip(lost["row"], lost[key], strict=True):
        findings.add(
            "T46",
            replace(where, row=int(row)),
            str(name or ""),
            "there is no site {name}" if key == "site" else "there is no transmitter {name}",
            name=name or "–",
        )


def _completed(
    frame: pd.DataFrame, study: Study, source: TowersSource, last: _Table, findings: Findings
) -> pd.DataFrame:
    """Read what stands in other columns: width in the carrier's name, pattern by the antenna's."""
    out = frame.copy()
    if "carrier" in out:
        width = [_WIDTH.search(str(v or "")) for v in out["carrier"]]
        out["bandwidth_mhz"] = [None if m is None else m[1] for m in width]
        out = out.drop(columns="carrier")
    if "status" in out:
        out["status"] = ["true" if v == "-1" else v for v in out["status"]]
    if "electrical_tilt_deg" in out:
        tilts = out["electrical_tilt_deg"]
        out["electrical_tilt_deg"] = [None if str(v) in _OWN_TILT else v for v in tilts]
    if "antenna" in out:
        names = sorted({str(v) for v in out["antenna"] if v is not None})
        folder = None if source.patterns is None else study.resolve(source.patterns)
        found: dict[str, Path] = {} if folder is None else pattern_files(folder, names)
        missing = [name for name in names if name not in found]
        if missing:
            findings.add(
                "T47",
                last.where,
                missing[0],
                "{n} antennas, such as {name}",
                n=len(missing),
                name=missing[0],
            )
        base = study.folder
        out["antenna_file"] = [
            None if v not in found else _from(base, found[str(v)]) for v in out["antenna"]
        ]
        out = out.drop(columns="antenna")
    return out


def _from(folder: Path, path: Path) -> str:
    for base in (folder, folder.resolve()):
        if path.is_relative_to(base):
            return path.relative_to(base).as_posix()
    return str(path)
