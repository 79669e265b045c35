"""A province in memory: inputs as reading would give them, of whatever frames a test has.

The test area begins at (`WEST`, `NORTH`) where rows go south, at (`WEST`, `SOUTH`) where lines go
north.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import CRS

from helpers import files
from phusong.grid import Grid
from phusong.sources.cables.lines import CABLE_COLUMNS, ROAD_COLUMNS, empty
from phusong.sources.cables.pops import POP_COLUMNS
from phusong.sources.inputs import Inputs, Raster
from phusong.study import Study

UTM = CRS.from_user_input(files.UTM)
WEST, SOUTH = 500_000.0, 2_500_000.0
NORTH = SOUTH


def write_raster(path: Path, values: np.ndarray, grid: Grid, sha256: str = "0") -> Raster:
    """Write a grid of numbers; what is NaN has no value in the file."""
    known = np.where(np.isnan(values), -9999.0, values).astype("float32")
    files.write_raster(path, known, grid.transform, grid.crs.to_wkt())
    return Raster(path, grid, sha256)


def inputs_of(terrain: Raster, **frames: Any) -> Inputs:
    """Inputs on the grid of the terrain; layers that are not given are empty or missing."""
    none = gpd.GeoDataFrame({"code": []}, geometry=[], crs=UTM)
    layers: dict[str, Any] = dict.fromkeys(
        ("communes", "villages", "commune_centres", "sites"), none
    )
    layers |= {
        "cables": empty(CABLE_COLUMNS, UTM),
        "pops": empty(POP_COLUMNS, UTM),
        "roads": empty(ROAD_COLUMNS, UTM),
        "cells": pd.DataFrame(),
        "sources": {},
    }
    layers |= dict.fromkeys(("filled", "landcover", "people"))
    return Inputs(crs=UTM, grid=terrain.grid, terrain=terrain, **(layers | frames))


def study_of(folder: Path | None = None, **tables: Any) -> Study:
    """A study of the tables given, beside the least that a study must name."""
    least = {
        "study": {"name": "test"},
        "boundaries": {"communes": {"path": "c.gpkg"}, "villages": [{"path": "v.gpkg"}]},
        "towers": [{"path": "t.csv"}],
        "terrain": {"dem": ["d.tif"]},
    }
    study = Study.model_validate(least | tables)
    return study if folder is None else study.model_copy(update={"folder": folder})
