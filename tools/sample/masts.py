"""Masts and cells of three invented carriers, placed as carriers do: by people, on knolls."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy import ndimage

from sample.costpaths import Cells
from sample.grid import Raster
from sample.relief import Relief
from sample.settlements import Places, Terrain

CARRIERS = {"Sóng Núi": ("SN", 52, 5), "Mây Bạc": ("MB", 40, 4), "Đèo Gió": ("DG", 28, 2)}
"""Name, prefix of its site codes, number of its sites, and how many of them on town roofs."""
CATCH_M = 3_500.0
"""Radius in which a planner counts the people a mast would serve."""
ROAD_M = 700.0
"""A mast is built no farther than this from a road."""
APART_M = 120.0
SUBSIDY = 0.7
"""How far a carrier leaves aside people whom another one serves: the universal service pays."""
MISSING_HEIGHT_SHARE = 0.08
PLANNED_SHARE = 0.02


@dataclass(frozen=True)
class Layer:
    """What one kind of cell looks like: 2 x 40 W into 11 dBi (omni) or 16 to 17 dBi (sector)."""

    technology: str
    band_mhz: int
    eirp_dbm: float


GSM_OMNI = Layer("GSM", 900, 55.0)
LTE_OMNI = Layer("LTE", 900, 58.0)
LTE_OMNI_HIGH = Layer("LTE", 1800, 59.0)
UMTS = Layer("UMTS", 2100, 60.0)
LTE_SECTOR = Layer("LTE", 1800, 64.0)
LTE_SECTOR_LOW = Layer("LTE", 900, 62.5)
NR = Layer("NR", 2600, 69.0)


RURAL: dict[tuple[tuple[Layer, int], ...], float] = {
    ((LTE_OMNI, 0),): 0.38,
    ((GSM_OMNI, 0), (LTE_OMNI, 0)): 0.31,
    ((LTE_SECTOR_LOW, 2),): 0.11,
    ((LTE_SECTOR, 3),): 0.08,
    ((LTE_OMNI_HIGH, 0), (UMTS, 2)): 0.06,
    ((GSM_OMNI, 0), (LTE_SECTOR, 2)): 0.06,
}
"""Layers of a rural site, each with its number of sectors (0: omnidirectional): how often."""


def _candidates(terrain: Terrain, roads: list[shapely.LineString]) -> Cells:
    """Knolls above the valleys within reach of a road."""
    height, grid = terrain.height_m, terrain.grid
    top = height >= ndimage.maximum_filter(height, 5) - 4.0
    knoll = top & (terrain.position > 0.08) & (terrain.position < 0.9)
    cells = np.flatnonzero(knoll)
    xy = grid.centres(*np.divmod(cells, grid.size))
    points = shapely.points(xy)
    _, distance = shapely.STRtree(roads).query_nearest(
        points, return_distance=True, all_matches=False
    )
    return cells[distance < ROAD_M]


def _reach(sites_xy: Raster, places_xy: Raster) -> Raster:
    """Return the share of each place that a mast at each site is counted on to serve."""
    distance = np.hypot(
        sites_xy[:, None, 0] - places_xy[None, :, 0], sites_xy[:, None, 1] - places_xy[None, :, 1]
    )
    share: Raster = np.clip(1.0 - (distance / CATCH_M) ** 1.5, 0.0, 1.0)
    return share


def _chosen(
    worth: Raster,
    reach: Raster,
    served: Raster,
    free: NDArray[np.bool_],
    sites_xy: Raster,
    people: Cells,
) -> int:
    """Return the free site that adds most people, and count them as served.

    ``worth`` and ``free`` have one value a site, ``served`` (updated) and ``people`` one a place,
    ``reach`` people by site and place.
    """
    gain = (reach * np.maximum(1.0 - served, 0.0)).sum(axis=1) * worth
    best = int(np.argmax(np.where(free, gain, -1.0)))
    np.maximum(served, np.minimum(1.0, 1.25 * reach[best] / people), out=served)
    free &= np.hypot(*(sites_xy - sites_xy[best]).T) > APART_M
    return best


@dataclass(frozen=True)
class Site:
    """A mast, or a pole on a roof in town."""

    code: str
    carrier: str
    xy: Raster
    town: bool


def _sites(
    rng: np.random.Generator,
    *,
    knolls_xy: Raster,
    view: Raster,
    roofs_xy: Raster,
    places_xy: Raster,
    people: Cells,
) -> list[Site]:
    """Let each carrier in turn take roofs in town, then the best knolls one by one."""
    reach = _reach(knolls_xy, places_xy) * people
    # Surveys and landlords: not every good knoll can be had.
    free = np.ones(len(knolls_xy), dtype=np.bool_)
    before = np.zeros(people.size)
    sites: list[Site] = []
    for carrier, (prefix, count, roofs) in CARRIERS.items():
        worth = rng.uniform(0.6, 1.0, len(knolls_xy)) * view
        places = [roofs_xy[k % len(roofs_xy)] + rng.uniform(-110.0, 110.0, 2) for k in range(roofs)]
        roof_reach = _reach(np.array(places), places_xy).max(axis=0)
        served = np.maximum(SUBSIDY * before, roof_reach)
        for _ in range(count - roofs):
            best = _chosen(worth, reach, served, free, knolls_xy, people)
            places.append(knolls_xy[best] + rng.uniform(-8.0, 8.0, 2))
        before = np.maximum(before, served)
        sites += [
            Site(f"{prefix}{number + 1:03d}", carrier, xy, number < roofs)
            for number, xy in enumerate(places)
        ]
    return sites


def _configuration(rng: np.random.Generator, *, town: bool) -> list[tuple[Layer, int]]:
    """Layers of a site, each with its number of sectors (0: omnidirectional)."""
    if town:
        return [(LTE_SECTOR, 3), (NR, 3)] if rng.random() < 0.5 else [(LTE_SECTOR, 3), (UMTS, 1)]
    kinds = list(RURAL)
    return list(kinds[int(rng.choice(len(kinds), p=[RURAL[kind] for kind in kinds]))])


def _azimuths(site: Raster, places_xy: Raster, people: Cells, sectors: int) -> list[int]:
    """Face the people: the first sector towards most of them, the others spread round."""
    away = places_xy - site
    distance = np.hypot(away[:, 0], away[:, 1])
    weight = people * np.exp(-distance / 2_500.0) / np.maximum(distance, 100.0)
    east, north = (away * weight[:, None]).sum(axis=0)
    first = float(np.degrees(np.arctan2(east, north)))
    turn = 360.0 / sectors if sectors > 2 else 150.0
    return [int(5 * round((first + turn * k) / 5.0)) % 360 for k in range(sectors)]


def _cells(
    rng: np.random.Generator, site: Site, places_xy: Raster, people: Cells
) -> list[dict[str, object]]:
    """Return the rows of one site."""
    height = rng.choice((18, 21, 24, 27) if site.town else (30, 36, 42, 45, 48, 52))
    known = rng.random() >= MISSING_HEIGHT_SHARE
    status = "du_kien" if rng.random() < PLANNED_SHARE else "hoat_dong"
    rows: list[dict[str, object]] = []
    for layer, sectors in _configuration(rng, town=site.town):
        facing = _azimuths(site.xy, places_xy, people, sectors) if sectors else [None]
        for azimuth in facing:
            rows.append(
                {
                    "ma_cell": f"{site.code}-{layer.technology[0]}{len(rows) + 1}",
                    "ma_tram": site.code,
                    "nha_mang": site.carrier,
                    "cong_nghe": layer.technology,
                    "bang_tan_mhz": layer.band_mhz,
                    "x_m": float(site.xy[0]),
                    "y_m": float(site.xy[1]),
                    "do_cao_m": int(height) if known else None,
                    "huong_anten": azimuth,
                    "goc_nghieng_co": int(rng.integers(0, 5)) if sectors else 0,
                    "goc_nghieng_dien": int(rng.integers(1, 6)) if sectors else 0,
                    "eirp_dbm": layer.eirp_dbm + float(rng.choice((-1.0, 0.0, 0.0, 1.0))),
                    "trang_thai": status,
                }
            )
    return rows


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
    # A mast that overlooks its valley is worth a longer track.
    view = 0.5 + terrain.position.ravel()[cells]
    town = np.flatnonzero(np.isin(places.village_commune, places.towns))
    town = town[np.argsort(-people[town], kind="stable")]
    sites = _sites(
        rng,
        knolls_xy=sites_xy,
        view=view,
        roofs_xy=places_xy[town],
        places_xy=places_xy,
        people=people,
    )
    rows = [row for site in sites for row in _cells(rng, site, places_xy, people)]
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
