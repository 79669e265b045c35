"""Small fibre networks for the tests of the room."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
import shapely
from pyproj import CRS

from phusong.fiber.network.polylines import Lines
from phusong.grid import Grid
from phusong.sources.inputs import Inputs, Raster

UTM = CRS.from_epsg(32648)
EAST, NORTH = 500_000.0, 2_500_000.0


def line(*points: tuple[float, float]) -> shapely.LineString:
    """A line in metres from the corner of the test area."""
    return shapely.LineString([(EAST + x, NORTH + y) for x, y in points])


def point(x: float, y: float) -> shapely.Point:
    return shapely.Point(EAST + x, NORTH + y)


def cables(*lines: shapely.LineString, **columns: Any) -> gpd.GeoDataFrame:
    count = len(lines)
    table: dict[str, Any] = {
        "cable_id": [f"C{i}" for i in range(count)],
        "owner": "VNPT",
        "status": "",
        "kind": "aerial",
        "cores": 24.0,
        "group": None,
        "in_service": True,
        "file": "cables.gpkg",
        "row": np.arange(1, count + 1),
    }
    table.update(columns)
    frame = pd.DataFrame(table, index=range(count))
    return gpd.GeoDataFrame(frame, geometry=list(lines), crs=UTM)


def pops(*points: shapely.Point) -> gpd.GeoDataFrame:
    names = [f"P{i}" for i in range(len(points))]
    return gpd.GeoDataFrame(
        {"pop_id": names, "name": names, "file": "pops.csv", "row": range(1, len(points) + 1)},
        geometry=list(points),
        crs=UTM,
    )


def flat(*lines: shapely.LineString) -> Lines:
    return Lines.of(np.array(lines, dtype=object))


def terrain(
    folder: Any, heights: np.ndarray, cell_m: float = 30.0, margin_m: float = 0.0
) -> Raster:
    """A raster whose south-west corner is that of the test area, or beyond it."""
    rows, cols = heights.shape
    grid = Grid(UTM, EAST - margin_m, NORTH - margin_m + rows * cell_m, cell_m, rows, cols)
    path = folder / "terrain.tif"
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=rows,
        width=cols,
        count=1,
        dtype="float32",
        crs=UTM,
        transform=grid.transform,
        nodata=-9999.0,
    ) as target:
        target.write(heights.astype("float32"), 1)
    return Raster(path, grid, "test")


def inputs(
    folder: Any,
    cable_frame: gpd.GeoDataFrame,
    pop_frame: gpd.GeoDataFrame,
    centres: dict[str, shapely.Point | None],
    roads: gpd.GeoDataFrame | None = None,
    heights: np.ndarray | None = None,
    cell_m: float = 300.0,
) -> Inputs:
    """Inputs with one square commune per centre and nothing but fibre in them."""
    raster = terrain(folder, np.zeros((120, 120)) if heights is None else heights, cell_m, 3000.0)
    codes = list(centres)
    areas = [
        (p if p is not None else point(0, 0)).buffer(400, cap_style="square")
        for p in centres.values()
    ]
    communes = gpd.GeoDataFrame(
        {"code": codes, "name": [f"Xã {c}" for c in codes], "row": range(1, len(codes) + 1)},
        geometry=areas,
        crs=UTM,
    )
    known = [c for c in codes if centres[c] is not None]
    centre_frame = gpd.GeoDataFrame(
        {"commune_code": known, "name": [f"Xã {c}" for c in known], "source": "file", "row": 1},
        geometry=[centres[c] for c in known],
        crs=UTM,
    )
    if roads is None:
        roads = gpd.GeoDataFrame(
            {"road_id": [], "kind": [], "surface": [], "row": []}, geometry=[], crs=UTM
        )
    empty = gpd.GeoDataFrame({"code": []}, geometry=[], crs=UTM)
    return Inputs(
        crs=UTM,
        grid=raster.grid,
        communes=communes,
        villages=empty,
        commune_centres=centre_frame,
        sites=empty,
        cells=pd.DataFrame(),
        cables=cable_frame,
        pops=pop_frame,
        roads=roads,
        terrain=raster,
        filled=None,
        landcover=None,
        people=None,
        sources={},
    )


def study(**fiber: Any) -> Any:
    """A study with the fibre settings given."""
    from phusong.study import Study

    return Study.model_validate(
        {
            "study": {"name": "test"},
            "boundaries": {"communes": {"path": "c"}, "villages": [{"path": "v"}]},
            "towers": [{"path": "t"}],
            "terrain": {"dem": ["d"]},
            "fiber": fiber,
        }
    )


def roads(*lines, **columns):
    count = len(lines)
    table = {
        "road_id": [f"R{i}" for i in range(count)],
        "kind": "primary",
        "surface": "",
        "row": np.arange(1, count + 1),
    }
    table.update(columns)
    return gpd.GeoDataFrame(pd.DataFrame(table, index=range(count)), geometry=list(lines), crs=UTM)
