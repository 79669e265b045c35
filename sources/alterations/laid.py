"""Cables that are laid, beside those that lie."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from phusong.sources.inputs import Inputs


def cables_with(inputs: Inputs, fresh: dict[str, Any]) -> gpd.GeoDataFrame:
    """Return the cables, and new ones in service: ``cable_id``, ``owner``, ``geometry``."""
    added = pd.DataFrame(
        {
            "status": "new",
            "kind": "new",
            "cores": np.nan,
            "group": None,
            "in_service": True,
            "file": "",
            "row": 0,
            **fresh,
        }
    )
    columns = [c for c in inputs.cables.columns if c in added]
    both = pd.concat([pd.DataFrame(inputs.cables), added[columns]], ignore_index=True)
    both["in_service"] = both["in_service"].astype(bool)
    return gpd.GeoDataFrame(both, geometry="geometry", crs=inputs.crs)
