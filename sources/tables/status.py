"""Whether a status, in the planner's own words, means that a thing works today."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from phusong.checks import Findings
from phusong.errors import Where
from phusong.sources.tables.columns import plain
from phusong.sources.tables.text import clean

_NOT_TODAY = frozenset(
    {
        "planned",
        "plan",
        "proposed",
        "design",
        "under_construction",
        "construction",
        "building",
        "inactive",
        "off",
        "off_air",
        "down",
        "closed",
        "decommissioned",
        "removed",
        "dismantled",
        "cancelled",
        "abandoned",
        "not_in_service",
        "out_of_service",
        "0",
        "false",
        "no",
        "quy_hoach",
        "du_kien",
        "ke_hoach",
        "thiet_ke",
        "dang_thiet_ke",
        "dang_xay_dung",
        "dang_thi_cong",
        "thi_cong",
        "chua_phat_song",
        "chua_hoat_dong",
        "chua_khai_thac",
        "chua_co",
        "ngung",
        "ngung_hoat_dong",
        "tam_ngung",
        "dung",
        "dung_hoat_dong",
        "khong_hoat_dong",
        "tat",
        "khong_con_su_dung",
        "thao_do",
        "da_thao_do",
        "huy",
        "da_huy",
        "hong",
        "cut",
        "broken",
        "damaged",
        "faulty",
        "dut",
        "bi_dut",
        "dang_dut",
        "da_dut",
        "dut_cap",
        "bi_hong",
        "su_co",
    }
)


def in_service(
    values: Sequence[object],
    working: Sequence[str],
    rule: str,
    findings: Findings,
    where: Where,
) -> NDArray[np.bool_]:
    """Say which records work today, and report how each status was read.

    Parameters
    ----------
    values
        Status of each record; an empty one works.
    working
        The study's list of statuses that work; empty: all but the words known to mean planned,
        closed or torn down.
    rule
        Rule that takes the report, when any record does not work.
    """
    texts = [clean(v) for v in values]
    named = {plain(w) for w in working}
    out = np.array(
        [t is None or (plain(t) in named if named else plain(t) not in _NOT_TODAY) for t in texts],
        dtype=bool,
    )
    if not out.all():
        works = Counter(t or "-" for t, on in zip(texts, out, strict=True) if on)
        rests = Counter(t for t, on in zip(texts, out, strict=True) if not on)
        findings.add(
            rule,
            where,
            detail="in service: {works}; not in service: {rests}",
            works=_counts(works),
            rests=_counts(rests),
        )
    return out


def _counts(counter: Counter[str] | Counter[str | None]) -> str:
    return ", ".join(f"{text} ({n})" for text, n in counter.most_common()) or "-"
