"""The smallest province whose whole run can be worked out: one mast, one wall, four villages."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
from rasterio.transform import from_origin
from shapely.geometry import LineString, Point, box

from helpers.files import UTM, write_layers, write_raster

STUDY = """
[study]
name = "Tỉnh thử"
description = "Two communes either side of a ridge"
publisher = "Sở thử nghiệm"
licence = "CC-BY-4.0"
period = "2026"
assumptions = ["everything here is made up"]

[boundaries.communes]
path = "data/boundaries/communes.gpkg"
columns = { code = "ma_xa", name = "ten_xa" }

[[boundaries.villages]]
path = "data/boundaries/villages.gpkg"
columns = { code = "ma_thon", name = "ten_thon", commune_code = "ma_xa", population = "dan_so" }

[[boundaries.commune_centres]]
path = "data/boundaries/centres.gpkg"
columns = { commune_code = "ma_xa", name = "ten" }

[[towers]]
path = "data/towers/cells.csv"

[terrain]
dem = ["data/terrain/dem.tif"]

[fiber]
[[fiber.cables]]
path = "data/fiber/cables.gpkg"
columns = { cable_id = "ma_tuyen" }
[[fiber.pops]]
path = "data/fiber/pops.gpkg"
columns = { pop_id = "ma_pop" }

[radio]
model = "p526"
radius_km = 8.0
spread = { sigma_model_db = 8.0, correlation_m = 500.0 }
clutter = { at = "none" }
"""

CELLS = (
    "cell_id,site_id,operator,technology,freq_mhz,x,y,height_m,azimuth_deg,eirp_dbm\n"
    "A1,A,Sóng Xanh,LTE,800,{lon:.6f},{lat:.6f},30,,60\n"
    "A2,A,=Đỏ & Co,LTE,1800,{lon:.6f},{lat:.6f},30,90,62\n"
)


def make_tiny_study(folder: Path) -> Path:
    """Write a province of 8 x 4 km: a wall 600 m high between commune 01 (mast) and 02 (none).

    Villages are squares: 01a, 01b by the mast, 02a, 02b behind the wall. A cable leads from the
    PoP to commune 01's centre and stops there.
    """
    data = folder / "data"
    x0, y0, cell = 500_000.0, 2_500_000.0, 50.0
    height = np.full((100, 180), 200.0, dtype=np.float32)  # 9 x 5 km
    height[:, 96:104] = 800.0  # from 4.3 to 4.7 km east of x0; column 0 lies 500 m west of it
    transform = from_origin(x0 - 500, y0 + 4500, cell, cell)
    write_raster(data / "terrain/dem.tif", height, transform, nodata=None)

    def layer(columns: dict[str, list[object]], geometry: list[object]) -> gpd.GeoDataFrame:
        return gpd.GeoDataFrame(columns, geometry=geometry, crs=UTM)

    def square(left_km: float, right_km: float, low_km: float, high_km: float) -> object:
        return box(
            x0 + left_km * 1000, y0 + low_km * 1000, x0 + right_km * 1000, y0 + high_km * 1000
        )

    layers = {
        "boundaries/communes.gpkg": layer(
            {"ma_xa": ["01", "02"], "ten_xa": ["Đồng Văn", "Mèo Vạc"]},
            [square(0, 4, 0, 4), square(4, 8, 0, 4)],
        ),
        "boundaries/villages.gpkg": layer(
            {
                "ma_thon": ["01a", "01b", "02a", "02b"],
                "ten_thon": ["Lũng Cú", "=1+1", "Pả Vi", "Sủng Trà"],
                "ma_xa": ["01", "01", "02", "02"],
                "dan_so": [300, 100, 400, 200],
            },
            [square(0, 4, 0, 2), square(0, 4, 2, 4), square(5, 8, 0, 2), square(5, 8, 2, 4)],
        ),
        "boundaries/centres.gpkg": layer(
            {"ma_xa": ["01", "02"], "ten": ["Phố cổ", "Thị trấn"]},
            [Point(x0 + 2000, y0 + 2000), Point(x0 + 6000, y0 + 2000)],
        ),
        "fiber/cables.gpkg": layer(
            {"ma_tuyen": ["T1"]},
            [LineString([(x0 + 100, y0 + 2000), (x0 + 2000, y0 + 2000)])],
        ),
        "fiber/pops.gpkg": layer({"ma_pop": ["P1"]}, [Point(x0 + 100, y0 + 2000)]),
    }
    write_layers(data, layers)
    mast = gpd.GeoSeries([Point(x0 + 2000, y0 + 2000)], crs=UTM).to_crs(4326).iloc[0]
    text = CELLS.format(lon=mast.x, lat=mast.y)
    (data / "towers").mkdir()
    (data / "towers/cells.csv").write_text(text, "utf-8-sig")
    (folder / "study.toml").write_text(STUDY, "utf-8")
    return folder


PLANNING = """
[planning]
rounds = 1
time_limit_s = 20.0

[planning.candidates]
near_km = 2.0
spacing_m = 1000.0
own = [{ path = "data/towers/ours.gpkg", columns = { place_id = "ten" } }]
"""


def make_planned_study(folder: Path) -> Path:
    """Write the study with a [planning] whose own places see the villages behind the wall."""
    make_tiny_study(folder)
    # On a wall with a flat top the highest cell of a square looks west; ours look east.
    ours = gpd.GeoDataFrame(
        {"ten": ["Mép đông 1", "Mép đông 2"]},
        geometry=[Point(504_680, 2_501_000), Point(504_680, 2_503_000)],
        crs=UTM,
    )
    ours.to_file(folder / "data/towers/ours.gpkg")
    toml = folder / "study.toml"
    toml.write_text(toml.read_text("utf-8") + PLANNING, "utf-8")
    return folder
