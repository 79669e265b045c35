"""Coverage as hexagons of the FCC's Broadband Data Collection: H3 at resolution 9.

A hexagon is covered where its centre is: so the FCC compares its hex-9s with coverage polygons
(https://www.fcc.gov/5g-fund-fnprm). Beside that stands the share of its 49 hexagons of resolution
11 whose centres are covered, of those inside the area (47 CFR 54.1012(c)(1)(i) and (ii)). What
counts as covered is the study's own: outdoors, by its threshold and probability.

Needs the optional package h3 (Apache-2.0).
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import Transformer

from phusong.coverage.results import ANY, Signal
from phusong.coverage.signal.combine import (
    NO_LEVEL,
    NO_PROBABILITY,
    PROBABILITY_STEP,
    TICK_DB,
)
from phusong.coverage.signal.layerfiles import StepsReader
from phusong.coverage.villages.verdict import reaches
from phusong.disc.refused import refused
from phusong.errors import OutputError
from phusong.exports.formats.spreadsheet import CsvForm, write_csv_parts
from phusong.exports.tables.dictionary import Described, conform, described_by
from phusong.grid import Grid, Window

FOLDER: Final = "h3"
TABLE: Final = "coverage_hexagons"
_RESOLUTION, _CHILDREN = 9, 11
_TILE: Final = 512
_AROUND_M: Final = 300.0
"""No corner of a hexagon of resolution 9 is farther from its centre, nor a child's centre."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def write_hexagons(
    signal: Signal, communes: gpd.GeoDataFrame, probability: float, folder: Path, form: CsvForm
) -> dict[str, Described]:
    """Write ``h3/coverage_hexagons.csv`` and ``.gpkg``: a row for each hexagon a layer reaches.

    Tile by tile, so that memory does not grow with the province.

    Parameters
    ----------
    communes
        The area: places outside of it do not count.
    probability
        P(level >= threshold) from which on a place is covered.

    Returns
    -------
    dict
        What the files hold.

    Raises
    ------
    OutputError
        When h3 is not installed, or the files cannot be written.
    """
    csv, gpkg = (folder / FOLDER / f"{TABLE}.{kind}" for kind in ("csv", "gpkg"))
    csv.parent.mkdir()
    parts = hexagons(signal, communes, probability)
    write_csv_parts(_kept(parts, gpkg), csv, form)
    out = {f"{FOLDER}/{csv.name}": described_by(TABLE)}
    layer = {f"{FOLDER}/{gpkg.name}/{TABLE}": described_by(TABLE)}
    return out | (layer if gpkg.is_file() else {})


def _kept(parts: Iterator[gpd.GeoDataFrame], path: Path) -> Iterator[pd.DataFrame]:
    """Pass the parts on as a table, each added to a GeoPackage on the way; at least one."""
    empty = True
    for part in parts:
        table = conform(pd.DataFrame(part.drop(columns="geometry")), TABLE)
        layer = gpd.GeoDataFrame(table, geometry=part.geometry.to_numpy(), crs=part.crs)
        with refused(path):
            layer.to_file(
                path, layer=TABLE, driver="GPKG", engine="pyogrio", mode="w" if empty else "a"
            )
        empty = False
        yield table
    if empty:
        columns = [column.name for column in described_by(TABLE)[1]]
        yield conform(pd.DataFrame(columns=columns), TABLE)


def hexagons(
    signal: Signal, communes: gpd.GeoDataFrame, probability: float
) -> Iterator[gpd.GeoDataFrame]:
    """Yield, tile by tile of the grid, the hexagons that carriers and technologies reach.

    Yields
    ------
    GeoDataFrame
        ``h3_res9_id``, ``operator``, ``technology``, ``covered``, ``covered_share``,
        ``level_centre_dbm`` (NaN: nothing is heard), ``min_signal_dbm`` (lowest of the covered
        children), and the outline in WGS 84. No part is empty.
    """
    if importlib.util.find_spec("h3") is None:
        raise OutputError(
            "hexagons were asked for, and the package h3 is not installed",
            mend='install it with `pip install "phusong[h3]"`, or take "h3" out of '
            "outputs.formats in study.toml",
        )
    h3: Any = importlib.import_module("h3.api.numpy_int")  # optional, and without types
    layers = [layer for layer in signal.layers if ANY not in (layer.operator, layer.technology)]
    area = communes.geometry.union_all()
    shapely.prepare(area)
    with (
        StepsReader(layer.level for layer in layers) as levels,
        StepsReader(layer.probability for layer in layers) as probabilities,
    ):
        for window in signal.grid.tiles(_TILE):
            tile = _Tile.of(h3, signal.grid, window, area)
            if tile is None:
                continue
            parts = []
            for i, layer in enumerate(layers):
                level = levels.read(i, tile.read)
                served = probabilities.read(i, tile.read)
                reached = tile.reached(level, served, probability)
                reached.insert(1, "operator", layer.operator)
                reached.insert(2, "technology", layer.technology)
                parts.append(reached)
            found = pd.concat(parts, ignore_index=True)
            if len(found):
                yield _outlined(h3, found)


def _outlined(h3: Any, found: pd.DataFrame) -> gpd.GeoDataFrame:
    cells, which = np.unique(found["cell"].to_numpy(), return_inverse=True)
    outlines = np.array(
        [shapely.Polygon([(lon, lat) for lat, lon in h3.cell_to_boundary(c)]) for c in cells],
        dtype=object,
    )
    names = np.array([h3.int_to_str(c) for c in cells], dtype=object)
    frame = found.drop(columns="cell").assign(h3_res9_id=names[which])
    return gpd.GeoDataFrame(frame, geometry=outlines[which], crs=4326)


@dataclass(frozen=True)
class _Tile:
    """Hexagons whose centres lie in a tile, with the grid cells of their points.

    Attributes
    ----------
    cells
        (hexagons,) H3 indices.
    read
        What is to be read of the rasters: the tile and what its hexagons reach beyond it.
    centre
        (hexagons,) flat index of the centre in ``read``; -1 where it is outside the area.
    child, parent
        (children inside the area,) flat index in ``read``, and whose hexagon's they are.
    """

    cells: NDArray[np.uint64]
    read: Window
    centre: Ints
    child: Ints
    parent: Ints

    @classmethod
    def of(cls, h3: Any, grid: Grid, window: Window, area: shapely.Geometry) -> _Tile | None:
        """Return the tile; None where no hexagon of it lies in the area."""
        west, south, east, north = grid.bounds_of(window)
        wide = (west - _AROUND_M, south - _AROUND_M, east + _AROUND_M, north + _AROUND_M)
        if not shapely.intersects(area, shapely.box(*wide)):
            return None
        to_lonlat = Transformer.from_crs(grid.crs, 4326, always_xy=True)
        outline = shapely.box(*wide).segmentize((east - west) / 8).exterior
        lon, lat = to_lonlat.transform(*shapely.get_coordinates(outline).T)
        shape = h3.LatLngPoly(list(zip(lat.tolist(), lon.tolist(), strict=True)))
        cells = np.sort(np.asarray(h3.polygon_to_cells(shape, _RESOLUTION), dtype=np.uint64))
        x, y = _places(h3, cells, to_lonlat)
        mine = (x >= west) & (x < east) & (y > south) & (y <= north)
        cells, x, y = cells[mine], x[mine], y[mine]
        families = [h3.cell_to_children(cell, _CHILDREN) for cell in cells]
        parent = np.repeat(np.arange(len(cells)), [len(family) for family in families])
        children = np.concatenate([*families, np.empty(0, dtype=np.uint64)]).astype(np.uint64)
        child_x, child_y = _places(h3, children, to_lonlat)
        inside = shapely.contains_xy(area, child_x, child_y)
        if not inside.any():
            return None
        read = grid.window_of(wide)
        child = _index(grid, read, child_x[inside], child_y[inside])
        known = child >= 0
        centre = np.where(shapely.contains_xy(area, x, y), _index(grid, read, x, y), -1)
        return cls(cells, read, centre, child[known], parent[inside][known])

    def reached(self, level: NDArray[Any], steps: NDArray[Any], asked: float) -> pd.DataFrame:
        """Return the hexagons that a layer covers anywhere: ``cell`` and the figures."""
        served = (steps != NO_PROBABILITY) & reaches(steps * PROBABILITY_STEP, asked)
        served, dbm = served.ravel(), np.where(level == NO_LEVEL, np.nan, level * TICK_DB).ravel()
        n = len(self.cells)
        total = np.bincount(self.parent, minlength=n)
        lit = served[self.child]
        count = np.bincount(self.parent[lit], minlength=n)
        lowest = np.full(n, np.inf)
        np.minimum.at(lowest, self.parent[lit], dbm[self.child[lit]])
        known = self.centre >= 0
        covered = known & served[self.centre]
        kept = (count > 0) | covered
        share = count / np.maximum(total, 1)
        return pd.DataFrame(
            {
                "cell": self.cells[kept],
                "covered": covered[kept],
                "covered_share": share[kept],
                "level_centre_dbm": np.where(known, dbm[self.centre], np.nan)[kept],
                "min_signal_dbm": np.where(np.isfinite(lowest), lowest, np.nan)[kept],
            }
        )


def _places(h3: Any, cells: NDArray[np.uint64], to_lonlat: Transformer) -> tuple[Floats, Floats]:
    """Return where the centres of hexagons lie, in metres of the grid."""
    latlon = np.array([h3.cell_to_latlng(cell) for cell in cells], dtype=np.float64).reshape(-1, 2)
    x, y = to_lonlat.transform(latlon[:, 1], latlon[:, 0], direction="INVERSE")
    return np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)


def _index(grid: Grid, read: Window, x: Floats, y: Floats) -> Ints:
    """Return the flat index of places in a window of the grid, -1 beyond it."""
    row = np.floor((grid.y0_m - y) / grid.cell_m).astype(np.int64) - read.row0
    col = np.floor((x - grid.x0_m) / grid.cell_m).astype(np.int64) - read.col0
    there = (row >= 0) & (row < read.rows) & (col >= 0) & (col < read.cols)
    return np.where(there, row * read.cols + col, -1)
