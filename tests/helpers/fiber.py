"""Small fibre networks for the tests of the room."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from helpers.memory import SOUTH, UTM, WEST, inputs_of, study_of, write_raster
from phusong.fiber.network import drawing
from phusong.fiber.network.network import Network
from phusong.fiber.network.polylines import Lines
from phusong.grid import Grid
from phusong.sources.inputs import Inputs, Raster
from phusong.study import FiberSources

EAST, NORTH = WEST, SOUTH


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


def build_network(
    lines: gpd.GeoDataFrame, pops: gpd.GeoDataFrame | None = None, **options: Any
) -> Network:
    """A network under the tolerances a study has by itself."""
    study = FiberSources()
    own = {"snap_m": study.snap_tolerance_m, "pop_snap_m": study.pop_snap_m}
    return drawing.build_network(lines, pops, **(own | options))


def flat(*lines: shapely.LineString) -> Lines:
    return Lines.of(np.array(lines, dtype=object))


def terrain(
    folder: Any, heights: np.ndarray, cell_m: float = 30.0, margin_m: float = 0.0
) -> Raster:
    """A raster whose south-west corner is that of the test area, or beyond it."""
    rows, cols = heights.shape
    grid = Grid(UTM, EAST - margin_m, NORTH - margin_m + rows * cell_m, cell_m, rows, cols)
    return write_raster(folder / "terrain.tif", heights, grid, "test")


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
    layers = {} if roads is None else {"roads": roads}
    return inputs_of(
        raster,
        communes=communes,
        commune_centres=centre_frame,
        cables=cable_frame,
        pops=pop_frame,
        **layers,
    )


def study(**fiber: Any) -> Any:
    """A study with the fibre settings given."""
    return study_of(fiber=fiber)


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
