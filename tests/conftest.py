"""What every test may use: the shared reference folder, the checkout, a language that resets."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin
from shapely.geometry import LineString, Point, box

from phusong.i18n import get_language, set_language
from phusong.pipeline.run import run_study
from phusong.study.file import read_study

ROOT = Path(__file__).resolve().parent.parent


def shared_folder() -> Path:
    """Reference values and real files, beside the checkout; never part of the project."""
    return Path(os.environ.get("PHUSONG_SHARED", ROOT.parent / "shared"))


@pytest.fixture(scope="session")
def shared() -> Path:
    folder = shared_folder()
    if not folder.is_dir():
        pytest.skip(f"the shared reference folder is not at {folder}")
    return folder


@pytest.fixture(scope="session")
def reference() -> Path:
    """Published values that may be passed on; tests/reference/README.md says whose they are."""
    return ROOT / "tests" / "reference"


@pytest.fixture(scope="session")
def checkout() -> Path:
    return ROOT


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Each test starts in English and leaves no language behind."""
    before = get_language()
    set_language("en")
    yield
    set_language(before)


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
radius_km = 8.0
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
    for name in ("boundaries", "towers", "terrain", "fiber"):
        (data / name).mkdir(parents=True)
    x0, y0, cell = 500_000.0, 2_500_000.0, 50.0
    height = np.full((100, 180), 200.0, dtype=np.float32)  # 9 x 5 km
    height[:, 96:104] = 800.0  # from 4.3 to 4.7 km east of x0; column 0 lies 500 m west of it
    transform = from_origin(x0 - 500, y0 + 4500, cell, cell)
    profile = {
        "driver": "GTiff",
        "width": 180,
        "height": 100,
        "count": 1,
        "dtype": "float32",
        "crs": "EPSG:32648",
        "transform": transform,
    }
    with rasterio.open(data / "terrain/dem.tif", "w", **profile) as target:
        target.write(height, 1)

    def save(name: str, columns: dict[str, list[object]], geometry: list[object]) -> None:
        frame = gpd.GeoDataFrame(columns, geometry=geometry, crs=32648)
        frame.to_file(data / name, engine="pyogrio")

    def square(left_km: float, right_km: float, low_km: float, high_km: float) -> object:
        return box(
            x0 + left_km * 1000, y0 + low_km * 1000, x0 + right_km * 1000, y0 + high_km * 1000
        )

    save(
        "boundaries/communes.gpkg",
        {"ma_xa": ["01", "02"], "ten_xa": ["Đồng Văn", "Mèo Vạc"]},
        [square(0, 4, 0, 4), square(4, 8, 0, 4)],
    )
    save(
        "boundaries/villages.gpkg",
        {
            "ma_thon": ["01a", "01b", "02a", "02b"],
            "ten_thon": ["Lũng Cú", "=1+1", "Pả Vi", "Sủng Trà"],
            "ma_xa": ["01", "01", "02", "02"],
            "dan_so": [300, 100, 400, 200],
        },
        [square(0, 4, 0, 2), square(0, 4, 2, 4), square(5, 8, 0, 2), square(5, 8, 2, 4)],
    )
    save(
        "boundaries/centres.gpkg",
        {"ma_xa": ["01", "02"], "ten": ["Phố cổ", "Thị trấn"]},
        [Point(x0 + 2000, y0 + 2000), Point(x0 + 6000, y0 + 2000)],
    )
    save(
        "fiber/cables.gpkg",
        {"ma_tuyen": ["T1"]},
        [LineString([(x0 + 100, y0 + 2000), (x0 + 2000, y0 + 2000)])],
    )
    save("fiber/pops.gpkg", {"ma_pop": ["P1"]}, [Point(x0 + 100, y0 + 2000)])
    mast = gpd.GeoSeries([Point(x0 + 2000, y0 + 2000)], crs=32648).to_crs(4326).iloc[0]
    text = CELLS.format(lon=mast.x, lat=mast.y)
    (data / "towers/cells.csv").write_text(text, "utf-8-sig")
    (folder / "study.toml").write_text(STUDY, "utf-8")
    return folder


@pytest.fixture(scope="session")
def tiny_study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny province; copy it before changing anything."""
    return make_tiny_study(tmp_path_factory.mktemp("tiny") / "tỉnh thử")


@pytest.fixture(scope="session")
def tiny_run(tiny_study: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of the tiny province."""
    out = tmp_path_factory.mktemp("runs") / "kết quả"
    run_study(read_study(tiny_study), out)
    return out
