"""Masts that are raised: as sites and cells that every other room understands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyproj import Transformer

from phusong.sources.inputs import Inputs
from phusong.study.scenario import Mast


def metres_of(
    inputs: Inputs, longitude: Sequence[Any], latitude: Sequence[Any]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return x and y of degrees, in the study's CRS."""
    moved = Transformer.from_crs("EPSG:4326", inputs.crs, always_xy=True).transform(
        np.asarray(longitude, dtype=np.float64), np.asarray(latitude, dtype=np.float64)
    )
    return np.atleast_1d(moved[0]), np.atleast_1d(moved[1])


def sites_with(
    inputs: Inputs, names: Sequence[str], x_m: NDArray[np.float64], y_m: NDArray[np.float64]
) -> gpd.GeoDataFrame:
    """Return the sites, and new ones at places in the study's CRS."""
    points = gpd.points_from_xy(x_m, y_m)
    added = gpd.GeoDataFrame(
        {
            "site_id": np.array(names, dtype=object),
            "x_m": x_m,
            "y_m": y_m,
            "in_area": points.within(inputs.area),
        },
        geometry=points,
        crs=inputs.crs,
    )
    both = pd.concat([inputs.sites, added], ignore_index=True)
    return gpd.GeoDataFrame(both, geometry="geometry", crs=inputs.crs)


def cells_with(inputs: Inputs, masts: Sequence[Mast]) -> pd.DataFrame:
    """Return the cells, and those of masts."""
    both = pd.concat([inputs.cells, cells_of(inputs, masts)], ignore_index=True)
    both["in_service"] = both["in_service"].astype(bool)
    return both


def cells_of(inputs: Inputs, masts: Sequence[Mast]) -> pd.DataFrame:
    """Return the cells of masts, columns as in ``inputs.cells``.

    A cell is called after its site (``SITE/new-1``), with a number that no other cell has.
    """
    taken = set(inputs.cells["cell_id"].astype(str))
    rows = []
    for mast in masts:
        number = 0
        for band in mast.bands:
            for azimuth in mast.azimuths_deg or [np.nan]:
                number += 1
                while (cell := f"{mast.site_id}/new-{number}") in taken:
                    number += 1
                taken.add(cell)
                rows.append((cell, mast, band, azimuth))
    columns: dict[str, Any] = {
        "cell_id": [cell for cell, *_ in rows],
        "site_id": [mast.site_id for _, mast, _, _ in rows],
        "operator": [mast.operator for _, mast, _, _ in rows],
        "technology": [band.technology for _, _, band, _ in rows],
        "freq_mhz": [band.freq_mhz for _, _, band, _ in rows],
        "bandwidth_mhz": [
            np.nan if band.bandwidth_mhz is None else band.bandwidth_mhz for _, _, band, _ in rows
        ],
        "height_m": [mast.height_m for _, mast, _, _ in rows],
        "azimuth_deg": [azimuth for *_, azimuth in rows],
        "mechanical_tilt_deg": 0.0,
        "electrical_tilt_deg": [mast.tilt_deg for _, mast, _, _ in rows],
        "eirp_dbm": [band.eirp_dbm for _, _, band, _ in rows],
        "horizontal_beamwidth_deg": np.nan,
        "vertical_beamwidth_deg": np.nan,
        "antenna_file": None,
        "eci": None,
        "pci": np.nan,
        "in_service": True,
        "file": "",
        "row": 0,
    }
    table = pd.DataFrame(columns, index=pd.RangeIndex(len(rows)))
    for name in inputs.cells.columns:
        if name not in table:
            table[name] = False if name.endswith("_assumed") else None
    return table[[c for c in inputs.cells.columns if c in table]]
