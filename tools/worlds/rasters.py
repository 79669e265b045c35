"""Made-up results for a made-up province: rasters and verdicts drawn from distance and height."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
from scipy import ndimage

from phusong.coverage.results import Signal, SignalLayer, VillageCoverage
from phusong.coverage.villages.indoors import JUDGED
from phusong.grid import Grid
from phusong.sources.inputs import Inputs

ANY = "*"
THRESHOLD = {"LTE": -110.0, "NR": -110.0}
INDOORS = 0.3
"""What walls take from the chance that a place is served."""


def write_raster(
    path: Path, values: np.ndarray, grid: Grid, kind: str, nodata: float, scale: float = 1.0
) -> Path:
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=grid.cols,
        height=grid.rows,
        count=1,
        dtype=kind,
        crs=grid.crs.to_wkt(),
        transform=grid.transform,
        nodata=nodata,
        compress="deflate",
    ) as target:
        target.write(values.astype(kind), 1)
        target.scales = (scale,)
    return path


def make_signal(
    rng: np.random.Generator,
    folder: Path,
    grid: Grid,
    heights: np.ndarray,
    cells: pd.DataFrame,
    sites: gpd.GeoDataFrame,
    operators: tuple[str, ...],
) -> Signal:
    active = cells[cells["in_service"]].reset_index(drop=True)
    place = sites.set_index("site_id")
    col, row = np.meshgrid(np.arange(grid.cols), np.arange(grid.rows))
    layers = []
    fields: dict[tuple[str, str], tuple[np.ndarray, np.ndarray]] = {}
    rough = ndimage.gaussian_filter(rng.standard_normal(heights.shape), 1.2) * 9
    shadow = rough - np.maximum(0, ndimage.uniform_filter(heights, 25) - heights) * -0.02
    for operator in operators:
        for technology in ("LTE", "NR"):
            mine = active[(active["operator"] == operator) & (active["technology"] == technology)]
            level = np.full(heights.shape, -200.0, dtype=np.float32)
            server = np.zeros(heights.shape, dtype=np.uint16)
            for site, group in mine.groupby("site_id"):
                x, y = place.loc[site, "x_m"], place.loc[site, "y_m"]
                r, c = grid.cell_of(np.array([x]), np.array([y]))
                far = np.hypot(row - r[0], col - c[0]) * grid.cell_m + 50
                drop = (
                    np.maximum(
                        0,
                        heights - heights[min(r[0], grid.rows - 1), min(c[0], grid.cols - 1)] - 60,
                    )
                    * 0.05
                )
                here = -45 - 35 * np.log10(far / 50) - drop + shadow
                better = here > level
                level = np.where(better, here, level)
                server = np.where(better, group.index[0] + 1, server)
            fields[operator, technology] = (level, server)
    for technology in ("LTE", "NR"):
        fields[ANY, technology] = _best([fields[o, technology] for o in operators])
    for operator in (*operators, ANY):
        fields[operator, ANY] = _best([fields[operator, t] for t in ("LTE", "NR")])
    for number, ((operator, technology), (level, server)) in enumerate(fields.items()):
        heard = level > -140
        chance = np.clip((level + 110 + 14) / 28, 0, 1)
        base = folder / f"coverage_{number}"
        layers.append(
            SignalLayer(
                operator,
                technology,
                write_raster(
                    base.with_suffix(".level.tif"),
                    np.where(heard, np.round(level * 10), -32768),
                    grid,
                    "int16",
                    -32768,
                    0.1,
                ),
                write_raster(
                    base.with_suffix(".server.tif"), np.where(heard, server, 0), grid, "uint16", 0
                ),
                write_raster(
                    base.with_suffix(".chance.tif"),
                    np.where(heard, np.round(chance * 200), 255),
                    grid,
                    "uint8",
                    255,
                    0.005,
                ),
            )
        )
    servers = active.assign(
        threshold_dbm=active["technology"].map(THRESHOLD), sigma_db=8.0, problem=""
    )
    return Signal(grid, tuple(layers), servers, {})


def _best(fields: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    level, server = fields[0]
    for other, its in fields[1:]:
        server = np.where(other > level, its, server)
        level = np.maximum(level, other)
    return level, server


def make_coverage(
    rng: np.random.Generator, inputs: Inputs, signal: Signal, operators: tuple[str, ...]
) -> VillageCoverage:
    villages = inputs.villages
    row, col = inputs.grid.cell_of(
        villages["centre_x_m"].to_numpy(), villages["centre_y_m"].to_numpy()
    )
    row, col = np.clip(row, 0, inputs.grid.rows - 1), np.clip(col, 0, inputs.grid.cols - 1)
    ids = signal.cells["cell_id"].to_numpy()
    parts, circles = [], []
    for layer in signal.layers:
        with rasterio.open(layer.level) as source:
            level = source.read(1)[row, col].astype(float) * 0.1
        with rasterio.open(layer.server) as source:
            server = source.read(1)[row, col].astype(int)
        level[level < -1000] = np.nan
        chance = np.clip((np.nan_to_num(level, nan=-200) + 124) / 28, 0, 1)
        share = np.clip(chance * 1.1 + rng.normal(0, 0.1, len(level)), 0, 1)
        centre = chance >= 0.75
        grade = _grade(centre, share)
        parts.append(
            pd.DataFrame(
                {
                    "code": villages["code"],
                    "operator": layer.operator,
                    "technology": layer.technology,
                    "grade": grade,
                    "served_share": share,
                    "served_share_area": np.clip(share * 0.9, 0, 1),
                    "expected_share": chance,
                    "people_unserved": villages["population"] * (1 - share),
                    "people_unserved_expected": villages["population"] * (1 - chance),
                    "level_median_dbm": level - 2,
                    "level_centre_dbm": level,
                    "probability_centre": chance,
                    "served_centre": centre,
                    "best_cell_id": np.where(server > 0, ids[np.maximum(server - 1, 0)], None),
                }
            )
        )
        circles.append(
            pd.DataFrame(
                {
                    "code": villages["code"],
                    "operator": layer.operator,
                    "technology": layer.technology,
                    "circle_share": np.clip(share + 0.3, 0, 1),
                    "circle_centre": chance > 0.3,
                }
            )
        )
    by_layer = pd.concat(parts, ignore_index=True)
    whole = by_layer[(by_layer["operator"] == ANY) & (by_layer["technology"] == ANY)]
    figures = whole.drop(columns=["code", "operator", "technology"]).reset_index(drop=True)
    sites = inputs.sites
    near = sites.sindex.nearest(
        gpd.points_from_xy(villages["centre_x_m"], villages["centre_y_m"]), return_all=False
    )[1]
    far = (
        np.hypot(
            sites["x_m"].to_numpy()[near] - villages["centre_x_m"],
            sites["y_m"].to_numpy()[near] - villages["centre_y_m"],
        )
        / 1000
    )
    frame = villages[["code", "name", "commune_code", "flags", "geometry"]].assign(
        people=villages["population"],
        people_source="census",
        weight="people",
        area_km2=villages.geometry.area / 1e6,
        best_operator=operators[0],
        nearest_site_id=sites["site_id"].to_numpy()[near],
        nearest_site_km=far,
    )
    frame = gpd.GeoDataFrame(
        pd.concat([frame, figures], axis=1), geometry="geometry", crs=villages.crs
    )
    return VillageCoverage(
        frame,
        by_layer,
        _sensitivity(by_layer),
        pd.concat(circles, ignore_index=True),
        _indoors(by_layer, villages["population"]),
    )


def _indoors(by_layer: pd.DataFrame, people: pd.Series) -> pd.DataFrame:
    """Judge every village behind walls, which take something from every chance."""
    chance = np.clip(by_layer["probability_centre"] - INDOORS, 0, 1)
    share = np.clip(by_layer["served_share"] - INDOORS, 0, 1)
    lost = np.tile(people.to_numpy(), len(by_layer) // len(people)) * (1 - share)
    centre = chance >= 0.75
    return by_layer[list(JUDGED)].assign(
        place="indoor",
        probability_centre=chance,
        served_centre=centre,
        served_share=share,
        served_share_area=share,
        expected_share=chance,
        people_unserved=lost,
        people_unserved_expected=lost,
        grade=_grade(centre, share),
    )


def _grade(centre: pd.Series, share: pd.Series) -> np.ndarray:
    dark = np.where(centre | (share >= 0.05), "hollow", "white")
    return np.where(centre & (share >= 0.95), "covered", dark)


def _sensitivity(by_layer: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for offset in (-5.0, 0.0, 5.0):
        for probability in (0.5, 0.75):
            part = by_layer[["operator", "technology", "code", "served_share", "served_centre"]]
            rows.append(part.assign(threshold_offset_db=offset, probability=probability))
    return pd.concat(rows, ignore_index=True)
