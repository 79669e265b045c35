"""A small study of hills, sites and villages, built in memory, for the tests of the coverage room."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely.geometry import Point, box

from helpers.memory import NORTH, UTM, WEST, inputs_of, study_of, write_raster
from phusong.grid import Grid
from phusong.sources.inputs import Inputs

CRS_M = UTM

BARE = {"model": "p526", "radius_km": 6.0, "clutter": {"at": "none"}}
"""Over bare ground what is in sight and what is not can be worked out by hand."""
X0, Y0 = WEST, NORTH
make_study = study_of


def cells_frame(rows: list[dict]) -> pd.DataFrame:
    base = {
        "cell_id": "c",
        "site_id": "S1",
        "operator": "Viettel",
        "technology": "LTE",
        "freq_mhz": 900.0,
        "bandwidth_mhz": 10.0,
        "height_m": 35.0,
        "azimuth_deg": np.nan,
        "mechanical_tilt_deg": 0.0,
        "electrical_tilt_deg": 0.0,
        "eirp_dbm": 60.0,
        "horizontal_beamwidth_deg": np.nan,
        "vertical_beamwidth_deg": np.nan,
        "antenna_file": None,
        "in_service": True,
        "height_assumed": False,
        "eirp_assumed": False,
        "technology_assumed": False,
        "operator_assumed": False,
        "position_estimated": False,
        "file": "towers.csv",
        "row": 1,
    }
    return pd.DataFrame([{**base, **row} for row in rows], columns=list(base))


def sites_frame(places: dict[str, tuple[float, float]]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {
            "site_id": list(places),
            "x_m": [p[0] for p in places.values()],
            "y_m": [p[1] for p in places.values()],
            "in_area": True,
            "position_error_m": np.nan,
        },
        geometry=[Point(p) for p in places.values()],
        crs=CRS_M,
    )


def villages_frame(shapes: dict[str, tuple], centres: dict[str, tuple] | None = None, **columns):
    geometry = [s if hasattr(s, "area") else box(*s) for s in shapes.values()]
    centres = centres or {}
    points = [
        Point(centres[code]) if code in centres else shape.representative_point()
        for code, shape in zip(shapes, geometry, strict=True)
    ]
    frame = gpd.GeoDataFrame(
        {
            "code": list(shapes),
            "name": [f"Thôn {code}" for code in shapes],
            "commune_code": "X1",
            "population": np.nan,
            "kind": "polygon",
            "centre_x_m": [p.x for p in points],
            "centre_y_m": [p.y for p in points],
            "centre_source": "file",
            "flags": "",
            "row": np.arange(1, len(shapes) + 1),
        },
        geometry=geometry,
        crs=CRS_M,
    )
    for name, values in columns.items():
        frame[name] = values
    return frame


def make_inputs(
    folder: Path,
    *,
    cells: pd.DataFrame,
    sites: dict[str, tuple[float, float]],
    villages: gpd.GeoDataFrame,
    heights: np.ndarray,
    cell_m: float = 30.0,
    people: np.ndarray | None = None,
    landcover: np.ndarray | None = None,
) -> Inputs:
    folder.mkdir(parents=True, exist_ok=True)
    grid = Grid(CRS_M, X0, Y0, cell_m, *heights.shape)
    communes = gpd.GeoDataFrame(
        {"code": ["X1"], "name": ["Xã Một"], "row": [1]}, geometry=[box(*grid.bounds)], crs=CRS_M
    )
    rasters = {"landcover": landcover, "people": people}
    return inputs_of(
        write_raster(folder / "dem.tif", heights, grid),
        communes=communes,
        villages=villages,
        sites=sites_frame(sites),
        cells=cells,
        **{
            name: write_raster(folder / f"{name}.tif", values, grid)
            for name, values in rasters.items()
            if values is not None
        },
    )
