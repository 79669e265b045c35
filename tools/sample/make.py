"""Make the synthetic mountain province: ``python tools/sample [OUT]``.

The same seed gives the same province. Nothing in it is real: not the land, not the names, not
the carriers. What is as it is in the field: valleys connect, people and roads follow them, masts
stand on knolls near roads, cables follow some of the roads.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from sample import (
    backhaul,
    cables,
    masts,
    names,
    outlines,
    population,
    rivers,
    roadnet,
    writing,
)
from sample.costpaths import Cells
from sample.grid import Grid, Raster
from sample.relief import Relief, make_relief
from sample.settlements import Places, Terrain, fine_points, settle

SEED = 20250701
DATA = Path(__file__).resolve().parent.parent.parent / "data"


@dataclass(frozen=True)
class Sample:
    """Every layer of the province, before it is written."""

    relief: Relief
    people_grid: Grid
    people: Raster
    communes: gpd.GeoDataFrame
    villages: gpd.GeoDataFrame
    commune_centres: gpd.GeoDataFrame
    village_centres: gpd.GeoDataFrame
    roads: gpd.GeoDataFrame
    rivers: gpd.GeoDataFrame
    cables: gpd.GeoDataFrame
    pops: gpd.GeoDataFrame
    cells: pd.DataFrame
    backhaul: pd.DataFrame


def _kept_inside(points: Raster, shapes: list[shapely.Polygon]) -> Raster:
    """Move a centre that the smoothed outline left outside to the middle of its land."""
    geometry = shapely.points(points)
    astray = ~shapely.contains_properly(shapes, geometry)
    inner = shapely.get_coordinates(shapely.point_on_surface(shapes))
    kept: Raster = np.round(np.where(astray[:, None], inner, points), 1).astype(np.float64)
    return kept


def _villages(
    rng: np.random.Generator, terrain: Terrain, places: Places, shapes: list[shapely.Polygon]
) -> gpd.GeoDataFrame:
    homes = population.households(rng, terrain, places)
    counts = population.people(rng, homes)
    codes = names.commune_codes(places.commune_cells.size)
    rows: list[tuple[str, str, str]] = []
    for k, code in enumerate(codes):
        number = int((places.village_commune == k).sum())
        called = names.village_names(rng, number, town=k in places.towns)
        rows += [
            (village, name, code)
            for village, name in zip(names.village_codes(code, number), called, strict=True)
        ]
    frame = pd.DataFrame(rows, columns=["ma_thon", "ten_thon", "ma_xa"])
    frame = frame.assign(so_ho=homes, dan_so=counts, ghi_chu="dữ liệu tổng hợp")
    return gpd.GeoDataFrame(frame, geometry=shapes)


def _communes(
    rng: np.random.Generator, places: Places, shapes: list[shapely.Polygon]
) -> gpd.GeoDataFrame:
    count = places.commune_cells.size
    whole = [
        shapely.normalize(
            shapely.union_all([shapes[v] for v in np.flatnonzero(places.village_commune == k)])
        )
        for k in range(count)
    ]
    kind = ["phường" if k in places.towns else "xã" for k in range(count)]
    return gpd.GeoDataFrame(
        {
            "ma_xa": names.commune_codes(count),
            "ten_xa": names.commune_names(rng, count),
            "loai": kind,
            "ghi_chu": "dữ liệu tổng hợp",
        },
        geometry=whole,
    )


def _roads(network: roadnet.Roads) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {
            "ma_duong": [f"D{k + 1:05d}" for k in range(len(network.lines))],
            "loai": network.kinds,
            "mat_duong": network.surfaces,
        },
        geometry=network.lines,
    )


def _rivers(traced: rivers.Rivers) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {
            "ma_song": [f"S{k + 1:04d}" for k in range(len(traced.lines))],
            "loai": traced.kinds,
            "luu_vuc_km2": traced.catchment_km2,
        },
        geometry=traced.lines,
    )


def _fibre(
    laid: cables.Fibre, communes: gpd.GeoDataFrame
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    lines = gpd.GeoDataFrame(
        {
            "ma_tuyen": [f"C{k + 1:04d}" for k in range(len(laid.cables))],
            "chu_so_huu": [cable.owner for cable in laid.cables],
            "trang_thai": [cable.status for cable in laid.cables],
            "so_soi": [cable.cores for cable in laid.cables],
        },
        geometry=[cable.line for cable in laid.cables],
    )
    host = communes.iloc[laid.pop_communes]
    pops = gpd.GeoDataFrame(
        {
            "ma_pop": [f"POP{k + 1:02d}" for k in range(len(host))],
            "ten": [f"PoP {name}" for name in host["ten_xa"]],
            "chu_so_huu": [cables.OWNERS[k % 2] for k in range(len(host))],
            "trang_thai": "dang_khai_thac",
        },
        geometry=shapely.points(np.round(laid.pop_xy, 1)),
    )
    return lines, pops


def _points(frame: pd.DataFrame, xy: Raster) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(frame.reset_index(drop=True), geometry=shapely.points(xy))


def make(seed: int = SEED) -> Sample:
    """Make every layer. Each has a random stream of its own, so that one can change alone."""
    stream = [np.random.default_rng([seed, k]) for k in range(9)]
    relief = make_relief(seed)
    terrain = Terrain.of(relief)
    places = settle(stream[0], terrain)
    shapes = outlines.polygons(places.village_label, terrain.grid)
    villages = _villages(stream[1], terrain, places, shapes)
    communes = _communes(stream[2], places, shapes)
    counts: Cells = villages["dan_so"].to_numpy()

    village_xy = _kept_inside(fine_points(stream[3], terrain, relief, places.village_cells), shapes)
    first = np.flatnonzero(np.r_[True, np.diff(places.village_commune) > 0])
    # The office of the commune stands in its first village, a little off the village house.
    office_xy = _kept_inside(
        village_xy[first] + stream[3].uniform(-30.0, 30.0, (first.size, 2)),
        [shapes[k] for k in first],
    )

    network = roadnet.build(stream[4], terrain, places)
    grid = population.people_grid(relief.grid)
    people = population.spread_people(
        stream[5],
        terrain,
        grid,
        villages=shapes,
        centres=village_xy,
        counts=counts,
        roads=network.lines,
    )
    size = terrain.grid.size
    nodes = terrain.grid.centres(*np.divmod(places.commune_cells, size))
    lines, pops = _fibre(cables.lay(stream[6], network, places, nodes), communes)
    cells = masts.erect(
        stream[7],
        relief,
        terrain,
        places,
        roads=network.lines,
        places_xy=village_xy,
        people=counts,
    )
    hanging = backhaul.hang(
        stream[8],
        cells,
        lines[lines["trang_thai"] == "dang_khai_thac"],
        pops,
        np.rint(relief.height_m),
        relief.grid,
    )
    return Sample(
        relief,
        grid,
        people,
        communes,
        villages,
        _points(communes[["ma_xa"]].assign(ten="Trụ sở " + communes["ten_xa"]), office_xy),
        _points(villages[["ma_thon"]], village_xy),
        _roads(network),
        _rivers(rivers.trace(relief)),
        lines,
        pops,
        cells,
        hanging,
    )


def write(sample: Sample, out: Path) -> list[Path]:
    """Write the layers in folders below ``out``; return the files."""
    vectors = {
        "boundaries/communes.gpkg": sample.communes,
        "boundaries/villages.gpkg": sample.villages,
        "boundaries/commune_centres.gpkg": sample.commune_centres,
        "boundaries/village_centres.gpkg": sample.village_centres,
        "roads/roads.gpkg": sample.roads,
        "rivers/rivers.gpkg": sample.rivers,
        "fiber/cables.gpkg": sample.cables,
        "fiber/pops.gpkg": sample.pops,
    }
    for name, frame in vectors.items():
        writing.write_layer(out / name, frame)
    dem, people, cells, hanging = (
        out / "terrain/dem.tif",
        out / "people/population.tif",
        out / "towers/cells.csv",
        out / "fiber/backhaul.csv",
    )
    writing.write_raster(
        dem,
        np.rint(sample.relief.height_m).astype(np.int16),
        sample.relief.grid,
        nodata=-32768,
        predictor=2,
    )
    writing.write_raster(
        people,
        sample.people.astype(np.float32),
        sample.people_grid,
        nodata=population.OUTSIDE,
        predictor=3,
    )
    writing.write_cells(cells, sample.cells)
    writing.write_table(hanging, sample.backhaul)
    return [out / name for name in vectors] + [dem, people, cells, hanging]


def main(arguments: list[str]) -> None:
    """Make the sample in the folder named, or in ``data/``."""
    out = Path(arguments[0]) if arguments else DATA
    # GeoPackages are written beside their place first: some shared folders refuse SQLite's locks.
    with tempfile.TemporaryDirectory() as scratch:
        for path in write(make(), Path(scratch)):
            target = out / path.relative_to(scratch)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
            sys.stdout.write(f"{target.stat().st_size / 1e6:6.2f} MB  {target}\n")
