"""One path over a DEM: heights between cells, and what a study says of its voids."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from phusong.checks import Findings
from phusong.errors import InputError, Where
from phusong.sources.rasters.rasterfile import RasterFile, open_raster
from phusong.sources.rasters.transect import read_profile
from phusong.study.settings.sources import TerrainSource

WEST, NORTH, CELL = 106.0, 20.1, 0.001
"""Cells of 0.001 degrees: about 104 m from west to east."""


def dem_of(folder: Path, row: list[float]) -> RasterFile:
    """A DEM of three equal rows; NaN is void."""
    path = folder / "dem.tif"
    values = np.tile(np.array(row, dtype=np.float32), (3, 1))
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=len(row),
        height=3,
        count=1,
        dtype="float32",
        nodata=-9999,
        crs="EPSG:4326",
        transform=from_origin(WEST, NORTH, CELL, CELL),
    ) as target:
        target.write(np.where(np.isnan(values), -9999, values), 1)
    opened = open_raster(path, Where(file=str(path)), None, Findings())
    assert opened is not None
    return opened


def at(column: float) -> tuple[float, float]:
    return WEST + (column + 0.5) * CELL, NORTH - 1.5 * CELL


def heights(dem: RasterFile, ends: tuple[float, float], **said: object) -> np.ndarray:
    """Heights from the middle of one column to that of another, about one point a cell."""
    settings = TerrainSource(dem=["dem.tif"], **said) if said else None
    return read_profile([dem], at(ends[0]), at(ends[1]), 104.6, settings).height_m


def test_heights_are_bilinear(tmp_path: Path) -> None:
    dem = dem_of(tmp_path, [0.0, 10.0, 20.0, 30.0, 40.0])
    assert heights(dem, (0, 4)) == pytest.approx([0, 10, 20, 30, 40], abs=0.1)


COAST = [60.0, 30.0, 8.0, 4.0, *[np.nan] * 8]


def test_the_sea_a_dem_leaves_void_is_at_height_0_where_the_study_has_a_sea(tmp_path: Path) -> None:
    dem = dem_of(tmp_path, COAST)
    found = heights(dem, (0, 11), sea_level_voids=True)
    assert found[:3] == pytest.approx([60, 30, 8], abs=0.3)
    assert (found[-7:] == 0).all()


def test_without_a_sea_it_is_missing_ground(tmp_path: Path) -> None:
    dem = dem_of(tmp_path, COAST)
    for said in ({}, {"sea_level_voids": False}):
        with pytest.raises(InputError, match="have no ground"):
            heights(dem, (0, 11), **said)


def test_a_wide_void_among_hills_is_no_sea(tmp_path: Path) -> None:
    dem = dem_of(tmp_path, [300.0, 300.0, *[np.nan] * 8, 250.0, 250.0])
    with pytest.raises(InputError, match="have no ground"):
        heights(dem, (0, 11), sea_level_voids=True)


def test_a_narrow_void_is_spanned_from_rim_to_rim(tmp_path: Path) -> None:
    dem = dem_of(tmp_path, [300.0, 300.0, np.nan, 200.0, 200.0, 200.0])
    found = heights(dem, (0, 5), void_fill_max_m=500.0)
    assert np.isfinite(found).all()
    assert (np.diff(found) <= 1e-6).all()
    assert 200 < found[2] < 300


def test_a_strait_between_low_shores_is_sea(tmp_path: Path) -> None:
    dem = dem_of(tmp_path, [90.0, 5.0, 5.0, *[np.nan] * 8, 5.0, 5.0, 90.0])
    found = heights(dem, (0, 13), sea_level_voids=True)
    assert (found[4:10] == 0).all()
    assert found[-1] == pytest.approx(90, abs=0.5)


def test_beyond_the_dem_is_sea_only_where_there_is_one(tmp_path: Path) -> None:
    dem = dem_of(tmp_path, [500.0, 400.0, 300.0, 200.0])
    found = heights(dem, (0, 9), sea_level_voids=True)
    assert (found[-5:] == 0).all()
    assert found[3] == pytest.approx(200, abs=0.5)
    with pytest.raises(InputError, match="have no ground"):
        heights(dem, (0, 9), void_fill_max_m=5000.0)


def test_both_ends_in_one_place(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="same place"):
        heights(dem_of(tmp_path, [1.0, 2.0]), (0, 0))
