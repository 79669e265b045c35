"""The sample's files: one GeoPackage a layer, two GeoTIFFs, one CSV."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import rasterio
from numpy.typing import NDArray
from pyproj import Transformer
from rasterio.transform import from_origin

from sample.grid import Grid

EPSG = 32648
NOTE = "Synthetic: made by tools/sample of phusong. No such place, person, road or carrier exists."
WRITTEN = "2025-07-01T00:00:00.000Z"
"""Date inside the GeoPackages, fixed so that the same seed gives the same file."""
CELL_COLUMNS = [
    "ma_cell",
    "ma_tram",
    "nha_mang",
    "cong_nghe",
    "bang_tan_mhz",
    "kinh_do",
    "vi_do",
    "do_cao_m",
    "huong_anten",
    "goc_nghieng_co",
    "goc_nghieng_dien",
    "eirp_dbm",
    "trang_thai",
]


@contextmanager
def _fixed_date() -> Iterator[None]:
    before = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": WRITTEN})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": before})


def write_layer(path: Path, frame: gpd.GeoDataFrame) -> None:
    """Write one layer, named as the file, with the note that it is synthetic."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with _fixed_date():
        pyogrio.write_dataframe(
            frame.set_crs(EPSG),
            path,
            layer=path.stem,
            driver="GPKG",
            layer_options={"DESCRIPTION": NOTE, "SPATIAL_INDEX": "NO"},
        )


def write_raster(
    path: Path, values: NDArray[np.generic], grid: Grid, *, nodata: float | None, predictor: int
) -> None:
    """Write a tiled, deflated GeoTIFF with the note that it is synthetic."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=grid.size,
        height=grid.size,
        count=1,
        dtype=values.dtype.name,
        crs=f"EPSG:{EPSG}",
        transform=from_origin(grid.west_m, grid.north_m, grid.cell_m, grid.cell_m),
        nodata=nodata,
        tiled=True,
        blockxsize=256,
        blockysize=256,
        compress="deflate",
        zlevel=9,
        predictor=predictor,
    ) as target:
        target.update_tags(note=NOTE)
        target.write(values, 1)


def write_cells(path: Path, cells: pd.DataFrame) -> None:
    """Write cells with longitude and latitude."""
    lon, lat = Transformer.from_crs(EPSG, 4326, always_xy=True).transform(
        cells["x_m"].to_numpy(), cells["y_m"].to_numpy()
    )
    write_table(path, cells.assign(kinh_do=np.round(lon, 6), vi_do=np.round(lat, 6))[CELL_COLUMNS])


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Write a CSV as a spreadsheet saves UTF-8, with the note that it is synthetic."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = table.assign(ghi_chu="dữ liệu tổng hợp").to_csv(index=False, lineterminator="\r\n")
    part = path.with_suffix(".part")
    part.write_text(text, encoding="utf-8-sig", newline="")
    os.replace(part, path)  # noqa: PTH105 - replaces on every system
