"""A country of any size on disk, for the benchmarks: made and written strip by strip.

The ground is the sample DEM and its mirror images, read at the country's cells; communes and
villages are squares, masts stand on the highest cell near even places, roads are a bent lattice in
ways of several edges each, in degrees, with a vertex in common where they meet, as OpenStreetMap
has them. No part of it is ever held whole but cables and the sample's own ground.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import rasterio
import shapely
from numpy.typing import NDArray
from pyproj import Transformer
from rasterio.transform import from_origin
from rasterio.windows import Window

from worlds.on_disk import CARRIERS, ROOT

UTM, WGS84 = "EPSG:32648", "EPSG:4326"
WEST_M, NORTH_M = 300_000.0, 2_600_000.0
COMMUNE_M, PER_SIDE = 10_000.0, 3
"""Communes of 100 km², nine villages in each: 3,300 communes are the country's 330,000 km²."""
MARGIN_M = 2_000.0
BANDS_MHZ = (800, 1800)
WAY = 8
"""Edges of a way."""
BEND_M, JITTER = 12.0, 0.3
TRUNK = 4
"""A trunk cable runs through every fourth row and column of communes."""
FED = 0.7
"""Share of the communes between trunks to which a cable leads."""
STRIP = 1024

STUDY = """
[study]
name = "Benchmark country of {villages} villages"
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

[uncertainty]
draws = {draws}

[fiber]
cables = [{{ path = "cables.gpkg" }}]
pops = [{{ path = "pops.gpkg" }}]
drop_m = 500.0

[[roads]]
path = "roads.gpkg"
columns = {{ kind = "highway" }}
"""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Country:
    """Where it lies and how large it is."""

    folder: Path
    villages: int
    communes: int
    sites: int
    edges: int
    ways: int
    area_km2: float
    cells: int
    """Of the grid."""


@dataclass(frozen=True)
class _Land:
    """Its shape in communes, and the lattice of its roads."""

    cols: int
    rows: int
    road_cols: int
    road_rows: int
    seed: int

    @classmethod
    def of(cls, villages: int, edges: int, seed: int) -> _Land:
        communes = max(1, math.ceil(villages / PER_SIDE**2))
        cols = max(1, round(math.sqrt(communes / 2)))
        rows = math.ceil(communes / cols)
        across = max(2, round(math.sqrt(edges / 2 * cols / rows)))
        down = max(2, round(across * rows / cols))
        return cls(cols, rows, across, down, seed)

    @property
    def width_m(self) -> float:
        return self.cols * COMMUNE_M

    @property
    def height_m(self) -> float:
        return self.rows * COMMUNE_M

    def junctions(self, row: int) -> Floats:
        """Return (columns, 2) places of the junctions of one row of the lattice."""
        rng = np.random.default_rng((self.seed, 1, row))
        step = np.array([self.width_m / self.road_cols, self.height_m / self.road_rows])
        at = np.stack([np.arange(self.road_cols), np.full(self.road_cols, row)], axis=1) + 0.5
        at += rng.uniform(-JITTER, JITTER, at.shape)
        xy: Floats = np.array([WEST_M, NORTH_M]) + at * step * [1, -1]
        return xy

    def road_row_at(self, y_m: float) -> int:
        return min(self.road_rows - 1, int((NORTH_M - y_m) / self.height_m * self.road_rows))

    def road_col_at(self, x_m: float) -> int:
        return min(self.road_cols - 1, int((x_m - WEST_M) / self.width_m * self.road_cols))


def make_country(
    folder: Path,
    *,
    villages: int,
    sites: int,
    edges: int,
    cell_m: float,
    radius_km: float,
    model: str = "p1812",
    draws: int = 0,
    seed: int = 1,
) -> Country:
    """Write a study of about so many villages (11 km² each), sites and road edges."""
    folder.mkdir(parents=True, exist_ok=True)
    land = _Land.of(villages, edges, seed)
    ground = _ground(cell_m)
    cells = _rasters(folder, land, ground, cell_m)
    communes, made = _boundaries(folder, land)
    _masts(folder / "cells.csv", land, sites, ground, cell_m)
    drawn, ways = _roads(folder / "roads.gpkg", land)
    _fibre(folder, land)
    text = STUDY.format(villages=made, crs=UTM, model=model, radius_km=radius_km, draws=draws)
    (folder / "study.toml").write_text(text, "utf-8")
    area_km2 = land.width_m * land.height_m / 1e6
    return Country(folder, made, communes, sites, drawn, ways, area_km2, cells)


def _ground(cell_m: float) -> Callable[[int, int, int, int], NDArray[np.float32]]:
    """Return what gives heights of a window of cells: the sample's, mirrored again and again."""
    with rasterio.open(ROOT / "data/terrain/dem.tif") as file:
        sample = file.read(1, masked=True).astype(np.float32).filled(np.nan)
        own_m = float(file.res[0])

    def along(first: int, count: int, size: int) -> NDArray[np.int64]:
        at = np.floor((np.arange(first, first + count) + 0.5) * cell_m / own_m).astype(np.int64)
        turn = at % (2 * size)
        return np.where(turn < size, turn, 2 * size - 1 - turn)

    def heights(row: int, col: int, rows: int, cols: int) -> NDArray[np.float32]:
        chosen = np.ix_(along(row, rows, sample.shape[0]), along(col, cols, sample.shape[1]))
        return np.asarray(sample[chosen])

    return heights


def _rasters(
    folder: Path,
    land: _Land,
    ground: Callable[[int, int, int, int], NDArray[np.float32]],
    cell_m: float,
) -> int:
    """Write terrain and people; return the cells of the country."""
    rng = np.random.default_rng((land.seed, 2))
    cols, rows = (math.ceil((m + 2 * MARGIN_M) / cell_m) for m in (land.width_m, land.height_m))
    for name, side_m in (("dem.tif", cell_m), ("people.tif", max(cell_m, 100.0))):
        wide, high = (math.ceil(n * cell_m / side_m) for n in (cols, rows))
        with rasterio.open(
            folder / name,
            "w",
            driver="GTiff",
            width=wide,
            height=high,
            count=1,
            dtype="float32",
            crs=UTM,
            transform=from_origin(WEST_M - MARGIN_M, NORTH_M + MARGIN_M, side_m, side_m),
            nodata=-9999.0,
            tiled=True,
            blockxsize=256,
            blockysize=256,
            compress="deflate",
            zlevel=1,
            bigtiff="if_safer",
        ) as out:
            for row in range(0, high, STRIP):
                for col in range(0, wide, STRIP):
                    shape = min(STRIP, high - row), min(STRIP, wide - col)
                    if name == "dem.tif":
                        part = ground(row, col, *shape)
                        part = np.where(np.isnan(part), np.float32(-9999.0), part)
                    else:
                        part = rng.gamma(0.1, 10.0 * side_m**2 / 1e4, shape).astype(np.float32)
                    out.write(part, 1, window=Window(col, row, shape[1], shape[0]))
    return round(land.width_m / cell_m) * round(land.height_m / cell_m)


def _boundaries(folder: Path, land: _Land) -> tuple[int, int]:
    """Write communes and villages, a row of communes at a time; return how many of each."""
    size = COMMUNE_M / PER_SIDE
    communes = villages = 0
    for row in range(land.rows):
        col = np.arange(land.cols)
        west, north = WEST_M + col * COMMUNE_M, NORTH_M - row * COMMUNE_M
        codes = np.array([f"{row:03d}{c:03d}" for c in col])
        _append(
            folder / "communes.gpkg",
            {"ma_xa": codes, "ten_xa": [f"Xã {code}" for code in codes]},
            shapely.box(west, north - COMMUNE_M, west + COMMUNE_M, north),
            first=row == 0,
        )
        communes += land.cols
        at, down, right = np.meshgrid(col, np.arange(PER_SIDE), np.arange(PER_SIDE), indexing="ij")
        x = (west[at] + right * size).ravel()
        y = (north - down * size).ravel()
        names = [f"T{villages + i:06d}" for i in range(x.size)]
        _append(
            folder / "villages.gpkg",
            {"ma_thon": names, "ten_thon": names, "ma_xa": codes[at.ravel()]},
            shapely.box(x, y - size, x + size, y),
            first=row == 0,
        )
        villages += x.size
    return communes, villages


def _append(
    path: Path,
    columns: dict[str, object],
    geometry: NDArray[np.object_],
    *,
    crs: str = UTM,
    first: bool,
) -> None:
    """Write records, or add them to those that are there."""
    frame = gpd.GeoDataFrame(columns, geometry=geometry, crs=crs)
    if first:
        path.unlink(missing_ok=True)
    frame.to_file(path, mode="w" if first else "a")


def _masts(
    path: Path,
    land: _Land,
    sites: int,
    ground: Callable[[int, int, int, int], NDArray[np.float32]],
    cell_m: float,
) -> None:
    """Write three sectors on each band for each mast, on the highest cell within 600 m."""
    rng = np.random.default_rng((land.seed, 3))
    across = max(1, round(math.sqrt(sites * land.width_m / land.height_m)))
    step = np.array([land.width_m / across, land.height_m / math.ceil(sites / across)])
    reach = max(1, int(600 / cell_m))
    header = "cell_id,site_id,operator,technology,freq_mhz,x,y,height_m,azimuth_deg,eirp_dbm"
    with path.open("w", encoding="utf-8") as out:
        out.write(header + "\n")
        for i in range(sites):
            at = (np.array([i % across, i // across]) + rng.uniform(0.2, 0.8, 2)) * step + MARGIN_M
            col, row = (int(v / cell_m) - reach for v in at)
            near = ground(row, col, 2 * reach + 1, 2 * reach + 1)
            down, right = np.unravel_index(np.nanargmax(near), near.shape)
            x = WEST_M - MARGIN_M + (col + int(right) + 0.5) * cell_m
            y = NORTH_M + MARGIN_M - (row + int(down) + 0.5) * cell_m
            for freq in BANDS_MHZ:
                for azimuth in (0, 120, 240):
                    out.write(
                        f"C{i}-{freq}-{azimuth},S{i:05d},{CARRIERS[i % 3]},LTE,{freq},"
                        f"{x:.1f},{y:.1f},35,{azimuth},62\n"
                    )


def _ways(band: Floats, rng: np.random.Generator) -> Iterator[tuple[Floats, int]]:
    """Give the ways of a band of rows of junctions: (ways, vertices, 2), and edges of each.

    ``band`` is (rows, columns, 2); its last row is the first of the next band, where there is one.
    """
    down, across = band.shape[:2]
    rows = band[: min(WAY, down)]
    for begin in range(0, across - 1, WAY):
        part = rows[:, begin : begin + WAY + 1]
        yield _bent(part, rng), part.shape[1] - 1
    if down > 1:
        yield _bent(band.transpose(1, 0, 2), rng), down - 1


def _bent(places: Floats, rng: np.random.Generator) -> Floats:
    """Put a vertex between any two junctions, a little aside: (ways, junctions, 2) and more."""
    out = np.empty((places.shape[0], 2 * places.shape[1] - 1, 2))
    out[:, ::2] = places
    middle = (places[:, :-1] + places[:, 1:]) / 2
    out[:, 1::2] = middle + rng.normal(0.0, BEND_M, middle.shape)
    return out


def _degrees(x_m: Floats, y_m: Floats) -> tuple[Floats, Floats]:
    lon, lat = Transformer.from_crs(UTM, WGS84, always_xy=True).transform(x_m, y_m)
    return lon, lat


def _roads(path: Path, land: _Land) -> tuple[int, int]:
    """Write the roads band by band; return edges and ways."""
    edges = ways = 0
    kinds = np.array(["primary", "secondary", "tertiary", "unclassified", "track"])
    last: Floats | None = None
    for first in range(0, land.road_rows, WAY):
        rng = np.random.default_rng((land.seed, 4, first))
        rows = range(first, min(first + WAY + 1, land.road_rows))
        band = np.stack(
            [last if last is not None and r == first else land.junctions(r) for r in rows]
        )
        last = band[-1]
        made = list(_ways(band, rng))
        lines = np.concatenate([shapely.linestrings(xy) for xy, _ in made])
        kind = rng.choice(kinds, len(lines), p=[0.04, 0.08, 0.18, 0.4, 0.3])
        lonlat = shapely.transform(lines, _degrees, interleaved=False)
        _append(path, {"highway": kind}, lonlat, crs=WGS84, first=first == 0)
        edges += sum(len(xy) * each for xy, each in made)
        ways += len(lines)
    return edges, ways


def _fibre(folder: Path, land: _Land) -> None:
    """Write trunks through every fourth row and column of communes, and cables to most communes."""
    rng = np.random.default_rng((land.seed, 5))
    middle_row = [land.road_row_at(NORTH_M - (r + 0.5) * COMMUNE_M) for r in range(land.rows)]
    middle_col = [land.road_col_at(WEST_M + (c + 0.5) * COMMUNE_M) for c in range(land.cols)]
    # Each column of lattice junctions a cable may run down: few of them, all rows.
    down = np.stack([land.junctions(r)[middle_col] for r in range(land.road_rows)], axis=1)
    trunk_rows = list(range(0, land.rows, TRUNK))
    lines = [shapely.LineString(land.junctions(middle_row[r])) for r in trunk_rows]
    lines += [shapely.LineString(down[c]) for c in range(0, land.cols, TRUNK)]
    for c in range(land.cols):
        for r in range(land.rows):
            if c % TRUNK == 0 or r % TRUNK == 0 or rng.random() > FED:
                continue
            near = middle_row[r - r % TRUNK]
            lines.append(shapely.LineString(down[c, near : middle_row[r] + 1]))
    frame = gpd.GeoDataFrame(
        {"cable_id": [f"K{i}" for i in range(len(lines))], "status": "in service", "cores": 24},
        geometry=lines,
        crs=UTM,
    )
    frame.to_file(folder / "cables.gpkg")
    heads = [
        down[c, middle_row[r]]
        for r in trunk_rows[::TRUNK]
        for c in range(0, land.cols, TRUNK * TRUNK)
    ]
    pops = gpd.GeoDataFrame(
        {"pop_id": [f"P{i}" for i in range(len(heads))]}, geometry=shapely.points(heads), crs=UTM
    )
    pops.to_file(folder / "pops.gpkg")
