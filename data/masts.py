"""Masts and cells of three invented carriers, placed as carriers do: by people, on knolls."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from scipy import ndimage

from phusong.data.costpaths import Cells
from phusong.data.grid import Raster
from phusong.data.places import Places, Terrain
from phusong.data.relief import Relief

CARRIERS = {"Sóng Núi": ("SN", 52), "Mây Bạc": ("MB", 40), "Đèo Gió": ("DG", 28)}
"""Name, prefix of its site codes, number of its sites."""
CATCH_M = 5_500.0
"""Radius in which a planner counts the people a mast would serve."""
ROAD_M = 700.0
"""A mast is built no farther than this from a road."""
APART_M = 120.0
MISSING_HEIGHT_SHARE = 0.08
PLANNED_SHARE = 0.02


@dataclass(frozen=True)
class Layer:
    """What one kind of cell looks like."""

    technology: str
    band_mhz: int
    eirp_dbm: float


GSM_OMNI = Layer("GSM", 900, 54.0)
LTE_OMNI = Layer("LTE", 900, 55.0)
LTE_OMNI_HIGH = Layer("LTE", 1800, 56.0)
UMTS = Layer("UMTS", 2100, 58.0)
LTE_SECTOR = Layer("LTE", 1800, 61.0)
LTE_SECTOR_LOW = Layer("LTE", 900, 59.5)
NR = Layer("NR", 2600, 66.0)


def _candidates(terrain: Terrain, roads: list[shapely.LineString]) -> Cells:
    """Knolls above the valleys within reach of a road."""
    height, grid = terrain.height_m, terrain.grid
    top = height >= ndimage.maximum_filter(height, 5) - 4.0
    knoll = top & (terrain.position > 0.08) & (terrain.position < 0.75)
    cells = np.flatnonzero(knoll)
    xy = grid.centres(*np.divmod(cells, grid.size))
    points = shapely.points(xy)
    _, distance = shapely.STRtree(roads).query_nearest(
        points, return_distance=True, all_matches=False
    )
    return cells[distance < ROAD_M]


def _chosen(
    rng: np.random.Generator,
    places_xy: Raster,
    people: Cells,
    sites_xy: Raster,
    count: int,
    taken_xy: list[Raster],
) -> list[int]:
    """Pick sites one by one: most people within reach that this carrier does not serve yet."""
    distance = np.hypot(
        sites_xy[:, None, 0] - places_xy[None, :, 0], sites_xy[:, None, 1] - places_xy[None, :, 1]
    )
    reach = np.clip(1.0 - (distance / CATCH_M) ** 1.5, 0.0, 1.0)
    # Surveys and landlords: not every good knoll can be had.
    luck = rng.uniform(0.6, 1.0, sites_xy.shape[0])
    served = np.zeros(people.size)
    free = np.ones(sites_xy.shape[0], dtype=np.bool_)
    for xy in taken_xy:
        free &= np.hypot(*(sites_xy - xy).T) > APART_M
    sites: list[int] = []
    for _ in range(count):
        gain = (reach * (1.0 - served) * people).sum(axis=1) * luck * free
        best = int(np.argmax(gain))
        sites.append(best)
        served = np.maximum(served, np.minimum(1.0, 1.25 * reach[best]))
        free &= np.hypot(*(sites_xy - sites_xy[best]).T) > APART_M
    return sites


def _configuration(rng: np.random.Generator, *, town: bool) -> list[tuple[Layer, int]]:
    """Layers of a site, each with its number of sectors (0: omnidirectional)."""
    if town:
        return [(LTE_SECTOR, 3), (NR, 3)] if rng.random() < 0.5 else [(LTE_SECTOR, 3), (UMTS, 1)]
    draw = rng.random()
    if draw < 0.34:
        return [(LTE_OMNI, 0)]
    if draw < 0.60:
        return [(GSM_OMNI, 0), (LTE_OMNI, 0)]
    if draw < 0.74:
        return [(LTE_SECTOR_LOW, 2)]
    if draw < 0.86:
        return [(LTE_SECTOR, 3)]
    if draw < 0.93:
        return [(LTE_OMNI_HIGH, 0), (UMTS, 2)]
    return [(GSM_OMNI, 0), (LTE_SECTOR, 2)]


def _azimuths(site: Raster, places_xy: Raster, people: Cells, sectors: int) -> list[int]:
    """Face the people: the first sector towards most of them, the others spread round."""
    away = places_xy - site
    distance = np.hypot(away[:, 0], away[:, 1])
    weight = people * np.exp(-distance / 2_500.0) / np.maximum(distance, 100.0)
    east, north = (away * weight[:, None]).sum(axis=0)
    first = float(np.degrees(np.arctan2(east, north)))
    turn = 360.0 / sectors if sectors > 2 else 150.0
    return [int(5 * round((first + turn * k) / 5.0)) % 360 for k in range(sectors)]


def erect(
    rng: np.random.Generator,
    relief: Relief,
    terrain: Terrain,
    places: Places,
    *,
    roads: list[shapely.LineString],
    places_xy: Raster,
    people: Cells,
) -> pd.DataFrame:
    """Return one row a cell; coordinates ``x_m``, ``y_m`` in the grid's CRS."""
    inside = places.commune_label.ravel() >= 0
    cells = _candidates(terrain, roads)
    cells = cells[inside[cells]]
    sites_xy = _summits(relief, terrain, cells)
    in_town = np.isin(places.commune_label.ravel()[cells], places.towns)
    in_town &= terrain.position.ravel()[cells] < 0.5
    taken: list[Raster] = []
    rows: list[dict[str, object]] = []
    for carrier, (prefix, count) in CARRIERS.items():
        chosen = _chosen(rng, places_xy, people, sites_xy, count, taken)
        for number, site in enumerate(chosen):
            xy = sites_xy[site] + rng.uniform(-8.0, 8.0, 2)
            taken.append(sites_xy[site])
            town = bool(in_town[site])
            height = rng.choice((18, 21, 24, 27)) if town else rng.choice((30, 36, 42, 45, 48, 52))
            known = rng.random() >= MISSING_HEIGHT_SHARE
            status = "du_kien" if rng.random() < PLANNED_SHARE else "hoat_dong"
            code = f"{prefix}{number + 1:03d}"
            serial = 0
            for layer, sectors in _configuration(rng, town=town):
                for azimuth in _azimuths(xy, places_xy, people, sectors) if sectors else [None]:
                    serial += 1
                    rows.append(
                        {
                            "ma_cell": f"{code}-{layer.technology[0]}{serial}",
                            "ma_tram": code,
                            "nha_mang": carrier,
                            "cong_nghe": layer.technology,
                            "bang_tan_mhz": layer.band_mhz,
                            "x_m": float(xy[0]),
                            "y_m": float(xy[1]),
                            "do_cao_m": int(height) if known else None,
                            "huong_anten": azimuth,
                            "goc_nghieng_co": int(rng.integers(0, 5)) if sectors else 0,
                            "goc_nghieng_dien": int(rng.integers(1, 6)) if sectors else 0,
                            "eirp_dbm": layer.eirp_dbm + float(rng.choice((-1.0, 0.0, 0.0, 1.0))),
                            "trang_thai": status,
                        }
                    )
    frame = pd.DataFrame(rows)
    whole = ["do_cao_m", "huong_anten"]
    frame[whole] = frame[whole].astype("Int64")
    return frame


def _summits(relief: Relief, terrain: Terrain, cells: Cells) -> Raster:
    """Return the highest 30 m cell within each 120 m cell, shape (n, 2)."""
    factor = relief.grid.size // terrain.grid.size
    row, col = np.divmod(cells, terrain.grid.size)
    best = np.empty((cells.size, 2), dtype=np.int64)
    for k, (i, j) in enumerate(zip((row * factor).tolist(), (col * factor).tolist(), strict=True)):
        block = relief.height_m[i : i + factor, j : j + factor]
        a, b = divmod(int(np.argmax(block)), factor)
        best[k] = (i + a, j + b)
    return relief.grid.centres(best[:, 0], best[:, 1])
