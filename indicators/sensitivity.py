"""How the village share moves with the level threshold, the share and the probability asked."""

from __future__ import annotations

import numpy as np
import pandas as pd

from phusong.coverage.results import VillageCoverage
from phusong.coverage.villages.verdict import is_covered
from phusong.indicators.results import ANY
from phusong.study import Study

_KEYS = ["operator", "technology", "threshold_offset_db", "probability"]


def sensitivity_table(study: Study, coverage: VillageCoverage) -> pd.DataFrame:
    """Count the villages covered under every combination of the study's steps.

    Returns
    -------
    DataFrame
        ``operator``, ``technology``, ``threshold_offset_db``, ``threshold_dbm`` (NaN where
        several technologies count), ``probability``, ``share_asked``, ``villages_covered``,
        ``villages``, ``value`` (share, 0 to 1). A village counts when its centre is served and
        at least ``share_asked`` of it.
    """
    source = coverage.sensitivity
    parts = []
    for share in study.indicators.shares:
        counted = is_covered(source["served_centre"], source["served_share"], share)
        part = (
            source[_KEYS]
            .assign(villages_covered=counted.astype(np.int64), villages=1)
            .groupby(_KEYS, sort=False, as_index=False)
            .sum()
        )
        part.insert(len(_KEYS), "share_asked", share)
        parts.append(part)
    table = pd.concat(parts, ignore_index=True)
    table["value"] = table["villages_covered"] / table["villages"]
    base = {name: row.threshold_dbm for name, row in study.radio.technologies.items()}
    if len(study.verdict.technologies) == 1:
        base[ANY] = base[study.verdict.technologies[0]]  # type: ignore[index]
    thresholds = table["technology"].map(base).astype(float) + table["threshold_offset_db"]
    table.insert(3, "threshold_dbm", thresholds)
    return table.sort_values([*_KEYS, "share_asked"], ignore_index=True)
