"""What candidate masts would carry, as sites and cells that every other room understands."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from phusong.planning.sites.places import EXISTING, Places
from phusong.sources.inputs import Inputs
from phusong.study.settings.planning import NewSite


def site_names(places: Places, inputs: Inputs) -> list[str]:
    """Return the site of each place: its own where a mast stands, else a new, unused name."""
    taken = set(inputs.sites["site_id"].astype(str))
    out = []
    for name, kind in zip(places.place_id.tolist(), places.kind.tolist(), strict=True):
        site = str(name) if kind == EXISTING else f"NEW-{name}"
        while kind != EXISTING and site in taken:
            site += "'"
        out.append(site)
    return out


def with_sites(inputs: Inputs, places: Places, new: NewSite, *, alone: bool = False) -> Inputs:
    """Return inputs in which every place bears what a new site carries.

    A place that is a mast already gets cells beside its own, at the height of its highest cell.

    Parameters
    ----------
    inputs
        As read.
    places
        Where to build.
    new
        What to build.
    alone
        Whether the cells that are in service are left out, to look at the new ones by
        themselves.
    """
    names = site_names(places, inputs)
    cells = _cells(inputs, places, names, new)
    sites = _sites(inputs, places, names)
    if not alone:
        cells = pd.concat([inputs.cells, cells], ignore_index=True)
        cells["in_service"] = cells["in_service"].astype(bool)
    return replace(inputs, sites=sites, cells=cells)


def _sites(inputs: Inputs, places: Places, names: list[str]) -> gpd.GeoDataFrame:
    fresh = places.kind != EXISTING
    points = gpd.points_from_xy(places.x_m[fresh], places.y_m[fresh])
    added = gpd.GeoDataFrame(
        {
            "site_id": np.array(names, dtype=object)[fresh],
            "x_m": places.x_m[fresh],
            "y_m": places.y_m[fresh],
            "in_area": points.within(inputs.area),
        },
        geometry=points,
        crs=inputs.crs,
    )
    both = pd.concat([inputs.sites, added], ignore_index=True)
    return gpd.GeoDataFrame(both, geometry="geometry", crs=inputs.crs)


def heights_of(places: Places, inputs: Inputs, new: NewSite) -> NDArray[np.float64]:
    """Return the (places,) height above ground of what a place would bear."""
    stands = inputs.cells.groupby("site_id")["height_m"].max()
    return np.array(
        [
            float(stands.get(name, new.height_m)) if kind == EXISTING else new.height_m
            for name, kind in zip(places.place_id.tolist(), places.kind.tolist(), strict=True)
        ],
        dtype=np.float64,
    )


def _cells(inputs: Inputs, places: Places, names: list[str], new: NewSite) -> pd.DataFrame:
    heights = heights_of(places, inputs, new)
    azimuths = new.azimuths_deg or [np.nan]
    site = np.repeat(np.array(names, dtype=object), len(azimuths))
    sector = np.tile(np.arange(1, len(azimuths) + 1), len(names))
    columns: dict[str, object] = {
        "cell_id": [f"{s}/new-{k}" for s, k in zip(site.tolist(), sector.tolist(), strict=True)],
        "site_id": site,
        "operator": new.operator,
        "technology": new.technology,
        "freq_mhz": new.freq_mhz,
        "bandwidth_mhz": np.nan if new.bandwidth_mhz is None else new.bandwidth_mhz,
        "height_m": np.repeat(heights, len(azimuths)),
        "azimuth_deg": np.tile(azimuths, len(names)),
        "mechanical_tilt_deg": 0.0,
        "electrical_tilt_deg": new.tilt_deg,
        "eirp_dbm": new.eirp_dbm,
        "horizontal_beamwidth_deg": np.nan,
        "vertical_beamwidth_deg": np.nan,
        "antenna_file": None,
        "eci": None,
        "pci": np.nan,
        "in_service": True,
        "file": "",
        "row": 0,
    }
    table = pd.DataFrame({**columns, "index": np.arange(len(site))}).drop(columns="index")
    for name in inputs.cells.columns:
        if name not in table:
            table[name] = False if name.endswith("_assumed") else None
    return table[[c for c in inputs.cells.columns if c in table]]
