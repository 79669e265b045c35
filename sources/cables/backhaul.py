"""What sites and points of presence hang on: a table without places."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from phusong.checks import Findings
from phusong.errors import Where
from phusong.sources.left_out import report_left_out
from phusong.sources.tables.columns import plain
from phusong.sources.tables.glossary import translated
from phusong.sources.tables.headers import BACKHAUL
from phusong.sources.tables.layers import read_unplaced
from phusong.sources.tables.status import in_service
from phusong.sources.tables.text import as_code
from phusong.study import Layer, Study

COLUMNS = ("site_id", "medium", "upstream", "file", "row")
FIBRE, MICROWAVE = "fibre", "microwave"
_WORDS = {
    FIBRE: ("fibre", "fiber", "cap_quang", "quang", "cap", "optical", "fo", "ftts"),
    MICROWAVE: ("microwave", "mw", "viba", "vi_ba", "vi_song", "radio", "ptp", "tuyen_viba"),
}
_MEDIUM = {word: medium for medium, words in _WORDS.items() for word in words}


def no_backhaul() -> pd.DataFrame:
    """Return the table of a study that names no backhaul."""
    return pd.DataFrame({c: pd.Series([], dtype=object) for c in COLUMNS})


def read_backhaul(study: Study, layer: Layer, findings: Findings) -> pd.DataFrame:
    """Read which site hangs on what: one row a link.

    Returns
    -------
    DataFrame
        ``site_id``, ``medium`` (``fibre`` | ``microwave``), ``upstream`` (a site or PoP; None:
        whatever fibre passes), ``file``, ``row``. Rows without a site, of an unknown medium, or by
        microwave from nowhere are left out (F16), as are links that do not work today (F23).
    """
    table = read_unplaced(study, layer, BACKHAUL, findings)
    if table is None:
        return no_backhaul()
    where, names = table.where, list(BACKHAUL.columns)
    frame = translated(table.frame, layer.values, table.columns, names, findings, where)
    frame = frame.map(as_code)
    frame = frame.reindex(columns=["site_id", "medium", "upstream", "status"]).astype(object)
    frame = frame.where(frame.notna(), None)
    on = in_service(frame["status"].tolist(), [], "F23", findings, where)
    frame["file"], frame["row"] = where.file, table.row
    said = frame["medium"].tolist()
    frame["medium"] = media(said, FIBRE)
    keep = [
        _usable(row, word, findings, where)
        for row, word in zip(frame.to_dict("records"), said, strict=True)
    ]
    report_left_out(study, where, table.total, findings)
    return frame.loc[np.array(keep, dtype=bool) & on, list(COLUMNS)].reset_index(drop=True)


def media(said: Sequence[str | None], unsaid: str) -> list[str]:
    """Return ``fibre`` or ``microwave`` of each word, ``unsaid`` of none, empty of another."""
    return [unsaid if word is None else _MEDIUM.get(plain(word), "") for word in said]


def _usable(row: dict[Hashable, Any], said: str | None, findings: Findings, where: Where) -> bool:
    at, site = replace(where, row=int(row["row"])), row["site_id"]
    if site is None:
        findings.add("F16", at, detail="the record names no site")
    elif not row["medium"]:
        findings.add("F16", at, site, "{medium} is neither fibre nor microwave", medium=said)
    elif row["medium"] == MICROWAVE and row["upstream"] is None:
        findings.add(
            "F16",
            at,
            site,
            "{site} hangs on microwave, and the record does not say from where",
            site=site,
        )
    else:
        return True
    return False
