"""Layers and rasters on disk, for every made-up province of the tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import rasterio

UTM = "EPSG:32648"


def write_layers(folder: Path, layers: dict[str, gpd.GeoDataFrame]) -> None:
    """Write each layer under its name in the folder."""
    for name, frame in layers.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        frame.to_file(folder / name, engine="pyogrio")


def write_raster(
    path: Path, values: np.ndarray, transform: Any, crs: Any = UTM, nodata: float | None = -9999.0
) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=values.shape[0],
        width=values.shape[1],
        count=1,
        dtype=values.dtype,
        crs=crs,
        transform=transform,
        nodata=nodata,
    ) as target:
        target.write(values, 1)
