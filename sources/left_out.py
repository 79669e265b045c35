"""How much of a layer was left out for faults, held to what the study allows (S48)."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import pandas as pd

from phusong.checks import Findings
from phusong.errors import Where
from phusong.sources.tables.columns import plain
from phusong.study import Study

FAULTS = frozenset(
    {
        *("S10", "S11", "S14", "S20", "S22", "S51"),
        *("B10", "B31", "B40", "B41", "T10", "T46", "F02", "F16", "F28"),
    },
)
"""Rules after which a record is missing from the results. Doubles of what stays (F03) and what is
not of the province or the study's filter (T11, R01) are no loss."""
_NOT_OURS = frozenset(
    [
        "cdma",
        "cdma2000",
        "evdo",
        "td_scdma",
        "iden",
        "tetra",
        "dmr",
        "wimax",
        "wifi",
        "nbiot",
        "lte_m",
        "ltem",
        "emtc",
    ]
)
"""Technologies that are out of this program's scope: leaving them out is no fault of the file."""


def report_left_out(
    study: Study, where: Where, total: int, findings: Findings, kept: Collection[int] = ()
) -> None:
    """Say when more than the study's share of a layer's records was left out (S48).

    Parameters
    ----------
    where
        File and layer, as its findings name them.
    total
        Records the layer was asked for.
    kept
        Rows of records that stayed although something of them was left out.
    """
    faults = [
        f
        for f in findings
        if f.rule.number in FAULTS
        and f.where.row is not None
        and plain(str(f.params.get("word", ""))) not in _NOT_OURS
        and (f.where.file, f.where.layer) == (where.file, where.layer)
    ]
    lost = {f.where.row for f in faults}.difference(kept)
    report_share(study, where, len(lost), total, findings, sorted({f.rule.number for f in faults}))


class Tally:
    """What the layers of one pass were asked for, and which rows stayed in part."""

    def __init__(self) -> None:
        self._asked: dict[Where, int] = {}
        self._kept: dict[str, set[int]] = {}

    def asked(self, where: Where, total: int) -> None:
        """Count the records of a layer; one layer may be read twice, by two filters."""
        self._asked[where] = self._asked.get(where, 0) + total

    def stayed(self, frames: Iterable[pd.DataFrame]) -> None:
        """Keep in mind the rows of frames with ``file`` and ``row``."""
        for frame in frames:
            for file, rows in frame.groupby("file")["row"]:
                self._kept.setdefault(str(file), set()).update(map(int, rows))

    def report(self, study: Study, findings: Findings) -> None:
        """Hold every layer to the study's share (S48)."""
        for where, total in self._asked.items():
            report_left_out(study, where, total, findings, self._kept.get(where.file, set()))


def report_share(
    study: Study, where: Where, lost: int, total: int, findings: Findings, rules: Collection[str]
) -> None:
    """Add S48 when ``lost`` of ``total`` records are more than the study allows."""
    limit = study.checks.left_out_max
    if not total or lost <= limit * total:
        return
    findings.add(
        "S48",
        where,
        detail="{n} of {total} records are left out, more than {limit} % (checks.left_out_max); "
        "see rules {rules}",
        n=lost,
        total=total,
        limit=f"{100 * limit:g}",
        rules=", ".join(rules),
    )
