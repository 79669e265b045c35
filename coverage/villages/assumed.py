"""What the study assumed about a cell because the planner's files do not say."""

from __future__ import annotations

from typing import Any

import pandas as pd

ASSUMPTIONS = (
    "operator_assumed",
    "technology_assumed",
    "freq_assumed",
    "height_assumed",
    "eirp_assumed",
    "position_estimated",
)


def assumed_of(cells: pd.DataFrame) -> pd.Series[Any]:
    """Return, by ``cell_id``, the names of what was assumed, space separated; empty: nothing."""
    known = [name for name in ASSUMPTIONS if name in cells.columns]
    words = [
        " ".join(name for name, assumed in zip(known, row, strict=True) if assumed)
        for row in cells[known].astype(bool).to_numpy()
    ]
    return pd.Series(words, index=cells["cell_id"].to_numpy(), dtype=object)
