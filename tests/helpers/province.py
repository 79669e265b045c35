"""A small province on disk, in the forms planners keep, for tests of reading and checking.

Four communes of 5 × 5 km in a square of 10 km near Hà Giang (EPSG:32648), four villages in each,
a DEM that slopes north, six cells on three sites, cables along one street, people spread evenly.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import Transformer
from rasterio.transform import from_origin
from shapely.geometry import LineString, Point, box

from helpers.files import UTM, write_layers, write_raster
from phusong.checks import Finding, Findings
from phusong.errors import ChecksFailed
from phusong.sources import Inputs, check_inputs, read_inputs
from phusong.study import Study

X0, Y0 = 500_000.0, 2_520_000.0
CRS = UTM
NAMES = ("Xã Nậm Ban", "Xã Lũng Cú", "Xã Đồng Văn", "Xã Mèo Vạc")


def lonlat(x_m: float, y_m: float) -> tuple[float, float]:
    lon, lat = Transformer.from_crs(CRS, 4326, always_xy=True).transform(x_m, y_m)
    return round(lon, 7), round(lat, 7)


def communes() -> gpd.GeoDataFrame:
    squares = [
        box(X0 + 5000 * i, Y0 + 5000 * j, X0 + 5000 * (i + 1), Y0 + 5000 * (j + 1))
        for j in range(2)
        for i in range(2)
    ]
    codes = ["00691", "00694", "00700", "00706"]
    return gpd.GeoDataFrame({"ma_xa": codes, "ten_xa": NAMES}, geometry=squares, crs=CRS)


def villages() -> gpd.GeoDataFrame:
    rows = []
    for c, (code, square) in enumerate(zip(communes().ma_xa, communes().geometry, strict=True)):
        west, south, _, _ = square.bounds
        for k in range(4):
            i, j = k % 2, k // 2
            cell = box(
                west + 2500 * i, south + 2500 * j, west + 2500 * (i + 1), south + 2500 * (j + 1)
            )
            rows.append(
                {
                    "ma_thon": f"{code}-{k + 1}",
                    "ten_thon": f"Thôn {c + 1}.{k + 1}",
                    "ma_xa": code,
                    "dan_so": 400,
                    "geometry": cell,
                }
            )
    return gpd.GeoDataFrame(rows, crs=CRS)


TOWER_HEADER = [
    "ma_cell",
    "ma_tram",
    "nha_mang",
    "cong_nghe",
    "bang_tan_mhz",
    "kinh_do",
    "vi_do",
    "do_cao_m",
    "huong_anten",
    "eirp_dbm",
    "trang_thai",
]


def towers() -> list[list[Any]]:
    rows = []
    for s, (dx, dy) in enumerate([(2500, 2500), (7500, 2600), (5200, 8100)], start=1):
        lon, lat = lonlat(X0 + dx, Y0 + dy)
        for k, azimuth in enumerate((0, 120), start=1):
            rows.append(
                [
                    f"C{s}{k}",
                    f"T{s}",
                    "Mạng A" if s < 3 else "Mạng B",
                    "LTE",
                    1800,
                    lon,
                    lat,
                    "" if s == 3 else 42,
                    azimuth,
                    61,
                    "hoat_dong",
                ]
            )
    return rows


def write_csv(
    path: Path,
    header: list[str],
    rows: list[list[Any]],
    *,
    separator: str = ",",
    encoding: str = "utf-8",
    decimal: str = ".",
) -> None:
    def cell(value: Any) -> str:
        return str(value).replace(".", decimal) if isinstance(value, float) else str(value)

    lines = [separator.join(map(cell, row)) for row in [header, *rows]]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes("\n".join(lines).encode(encoding))


def cables() -> gpd.GeoDataFrame:
    street = [
        LineString([(X0 + 500, Y0 + 2500), (X0 + 5000, Y0 + 2500)]),
        LineString([(X0 + 5000, Y0 + 2500), (X0 + 9500, Y0 + 2500)]),
    ]
    return gpd.GeoDataFrame(
        {
            "ma_tuyen": ["A", "B"],
            "chu_so_huu": "VNX",
            "trang_thai": "khai_thac",
            "so_soi": [24, 12],
        },
        geometry=street,
        crs=CRS,
    )


def pops() -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"ma_pop": ["P1"], "ten": ["Bưu điện"]}, geometry=[Point(X0 + 500, Y0 + 2510)], crs=CRS
    )


def dem(cell_m: float = 90.0, margin_m: float = 900.0) -> tuple[np.ndarray, Any]:
    n = int((10_000 + 2 * margin_m) / cell_m)
    rows = np.arange(n, dtype=np.float32)
    heights = np.repeat((200 + (n - rows))[:, None], n, axis=1).astype(np.float32)
    return heights, from_origin(X0 - margin_m, Y0 + 10_000 + margin_m, cell_m, cell_m)


def build(folder: Path) -> dict[str, Any]:
    """Write the province and return the study as a mapping a test may change."""
    data = folder / "data"
    write_layers(
        data,
        {
            "communes.gpkg": communes(),
            "villages.gpkg": villages(),
            "cables.gpkg": cables(),
            "pops.gpkg": pops(),
        },
    )
    write_csv(data / "cells.csv", TOWER_HEADER, towers(), encoding="utf-8-sig")
    write_raster(data / "dem.tif", *dem())
    people = np.full((100, 100), 0.64, dtype=np.float32)
    write_raster(data / "people.tif", people, from_origin(X0, Y0 + 10_000, 100, 100), nodata=-1.0)
    return {
        "study": {"name": "Tỉnh thử"},
        "boundaries": {
            "communes": {"path": "data/communes.gpkg"},
            "villages": [{"path": "data/villages.gpkg"}],
        },
        "towers": [{"path": "data/cells.csv"}],
        "terrain": {"dem": ["data/dem.tif"]},
        "people": {"raster": "data/people.tif"},
        "fiber": {"cables": [{"path": "data/cables.gpkg"}], "pops": [{"path": "data/pops.gpkg"}]},
        "radio": {"radius_km": 20.0},
    }


def study(folder: Path, spec: dict[str, Any]) -> Study:
    return Study.model_validate(spec).model_copy(update={"folder": folder})


def read(folder: Path, spec: dict[str, Any]) -> tuple[Inputs, Findings]:
    chosen = study(folder, spec)
    findings = Findings(chosen.checks.severity)
    try:
        return read_inputs(chosen, findings), findings
    except ChecksFailed as error:
        listed = "\n".join(f"{f.severity} {f}" for f in findings)
        raise AssertionError(listed) from error


def check(folder: Path, spec: dict[str, Any]) -> Findings:
    return check_inputs(study(folder, spec))


def only(findings: Findings, rule: str) -> Finding:
    found = findings.of(rule)
    assert len(found) == 1, [str(f) for f in findings]
    return found[0]


def numbers_of(findings: Findings) -> set[str]:
    return {f.rule.number for f in findings}


def frame_of(findings: Findings) -> pd.DataFrame:
    return findings.to_frame()
