"""A province of any size on disk, for the benchmarks: the sample's terrain mirrored, sites anew.

Nothing made here is committed: the ground is the sample DEM and its mirror images side by side,
so that ridges go on over the seams; sites stand on the highest cell near even places.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import rasterio
from rasterio.transform import from_origin
from shapely.geometry import box

ROOT = Path(__file__).resolve().parents[2]
CRS = "EPSG:32648"
X0, Y0 = 400_000.0, 2_600_000.0
KM2_PER_SITE = 16.0
COMMUNE_M, VILLAGE_M = 8_000.0, 1_600.0
CARRIERS = ("Sóng Xanh", "Sóng Đỏ", "Sóng Vàng")
BANDS_MHZ = (800, 1800)
Bands = tuple[tuple[str, int], ...]
BANDS: Bands = tuple(("LTE", freq) for freq in BANDS_MHZ)

STUDY = """
[study]
name = "Benchmark province of {sites} sites"
crs = "{crs}"

[boundaries.communes]
path = "communes.gpkg"
columns = {{ code = "ma_xa", name = "ten_xa" }}

[[boundaries.villages]]
path = "villages.gpkg"
columns = {{ code = "ma_thon", name = "ten_thon", commune_code = "ma_xa" }}

[[towers]]
path = "cells.csv"
crs = "{crs}"

[terrain]
dem = ["dem.tif"]

[people]
raster = "people.tif"

[radio]
model = "{model}"
radius_km = {radius_km}
"""


@dataclass(frozen=True)
class Province:
    """Where it lies and how large it is."""

    folder: Path
    sites: int
    cells: int
    villages: int
    side_km: float
    grid_cells: int


def mirrored_ground(rows: int, cols: int) -> tuple[np.ndarray, float]:
    """Return (rows, cols) heights of the sample DEM and its mirror images, and the cell's side."""
    with rasterio.open(ROOT / "data/terrain/dem.tif") as file:
        ground = file.read(1, masked=True).astype(np.float32).filled(np.nan)
        cell_m = float(file.res[0])
    more = [(0, max(0, need - have)) for need, have in zip((rows, cols), ground.shape, strict=True)]
    return np.pad(ground, more, mode="symmetric")[:rows, :cols], cell_m


def make_province(
    folder: Path,
    sites: int,
    *,
    radius_km: float = 20.0,
    model: str = "p1812",
    seed: int = 1,
    village_m: float = VILLAGE_M,
    bands: Bands = BANDS,
) -> Province:
    """Write a study of so many sites, three sectors on each band, about 16 km² a site."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    side_m = max(1, math.ceil(math.sqrt(KM2_PER_SITE * sites) * 1000.0 / COMMUNE_M)) * COMMUNE_M
    margin_m = radius_km * 1000.0
    with rasterio.open(ROOT / "data/terrain/dem.tif") as file:
        cell_m = float(file.res[0])
    count = math.ceil((side_m + 2 * margin_m) / cell_m)
    ground, _ = mirrored_ground(count, count)
    west, north = X0 - margin_m, Y0 + margin_m
    _write(folder / "dem.tif", ground, west, north, cell_m)
    coarse = math.ceil(count * cell_m / 100.0)
    people = rng.gamma(0.1, 5.0, (coarse, coarse)).astype(np.float32)
    _write(folder / "people.tif", people, west, north, 100.0)

    def squares(size_m: float) -> list[tuple[float, float]]:
        steps = np.arange(0.0, side_m, size_m)
        return [(X0 + x, Y0 - y - size_m) for y in steps for x in steps]

    def code(x: float, y: float) -> str:
        return f"{int((x - X0) // COMMUNE_M):03d}{int((Y0 - y) // COMMUNE_M):03d}"

    communes = [(x, y, code(x + 1, y + 1)) for x, y in squares(COMMUNE_M)]
    gpd.GeoDataFrame(
        {"ma_xa": [c for _, _, c in communes], "ten_xa": [f"Xã {c}" for _, _, c in communes]},
        geometry=[box(x, y, x + COMMUNE_M, y + COMMUNE_M) for x, y, _ in communes],
        crs=CRS,
    ).to_file(folder / "communes.gpkg")
    villages = squares(village_m)
    names = [f"T{i:05d}" for i in range(len(villages))]
    gpd.GeoDataFrame(
        {
            "ma_thon": names,
            "ten_thon": names,
            "ma_xa": [code(x + village_m / 2, y + village_m / 2) for x, y in villages],
        },
        geometry=[box(x, y, x + village_m, y + village_m) for x, y in villages],
        crs=CRS,
    ).to_file(folder / "villages.gpkg")
    lines = _cells(_hilltops(sites, side_m, ground, (west, north), cell_m, rng), bands)
    header = "cell_id,site_id,operator,technology,freq_mhz,x,y,height_m,azimuth_deg,eirp_dbm"
    (folder / "cells.csv").write_text("\n".join([header, *lines]) + "\n", "utf-8")
    text = STUDY.format(sites=sites, crs=CRS, model=model, radius_km=radius_km)
    (folder / "study.toml").write_text(text, "utf-8")
    return Province(folder, sites, len(lines), len(villages), side_m / 1000.0, count * count)


def _write(path: Path, values: np.ndarray, west: float, north: float, cell_m: float) -> None:
    rows, cols = values.shape
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=cols,
        height=rows,
        count=1,
        dtype="float32",
        crs=CRS,
        transform=from_origin(west, north, cell_m, cell_m),
        nodata=-9999.0,
        tiled=True,
        blockxsize=256,
        blockysize=256,
        compress="deflate",
    ) as out:
        out.write(np.where(np.isnan(values), -9999.0, values), 1)


def _hilltops(
    sites: int,
    side_m: float,
    ground: np.ndarray,
    corner_m: tuple[float, float],
    cell_m: float,
    rng: np.random.Generator,
) -> list[tuple[float, float]]:
    """Places spread evenly, each moved to the highest cell within 600 m, as masts are."""
    per_row = math.ceil(math.sqrt(sites))
    step = side_m / per_row
    reach = int(600 / cell_m)
    places = []
    for i in range(sites):
        x = X0 + (i % per_row + rng.uniform(0.2, 0.8)) * step
        y = Y0 - (i // per_row + rng.uniform(0.2, 0.8)) * step
        col, row = int((x - corner_m[0]) / cell_m), int((corner_m[1] - y) / cell_m)
        near = ground[row - reach : row + reach + 1, col - reach : col + reach + 1]
        up, right = np.unravel_index(np.nanargmax(near), near.shape)
        places.append(
            (
                corner_m[0] + (col - reach + int(right) + 0.5) * cell_m,
                corner_m[1] - (row - reach + int(up) + 0.5) * cell_m,
            )
        )
    return places


def _cells(places: list[tuple[float, float]], bands: Bands) -> list[str]:
    return [
        f"C{i}-{freq}-{azimuth},S{i:04d},{CARRIERS[i % 3]},{technology},{freq},{x:.1f},{y:.1f},35,"
        f"{azimuth},62"
        for i, (x, y) in enumerate(places)
        for technology, freq in bands
        for azimuth in (0, 120, 240)
    ]
