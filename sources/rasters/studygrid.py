"""The study grid: which cells, how large, and how much of the area the DEM covers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import shapely
from pyproj import CRS, Transformer

from phusong.checks import Findings
from phusong.errors import InputError, Where
from phusong.grid import Grid
from phusong.sources.bounds import nowhere
from phusong.sources.crs import STUDY_FILE, Area
from phusong.sources.datum import report_way
from phusong.sources.rasters.rasterfile import Bounds, RasterFile, bounds_in
from phusong.study import Study

CELL_MIN_M = 10.0
GRID_CELLS = 2e9
"""A country at 25 m; memory takes some bytes for each."""
REACH_M = 50_000.0
"""Rasters farther than this outside the communes' bounds, and than sites reach, are not needed."""
_ROUND_M = 5.0
_BARE_SHARE = 0.01


def around(area: Area, study: Study) -> Bounds:
    """Return the bounds of all that a study may need rasters for, in its CRS."""
    margin = max(REACH_M, 2000.0 * study.radio.radius_km)
    west, south, east, north = area.bounds
    return west - margin, south - margin, east + margin, north + margin


def cell_size(file: RasterFile, crs: CRS, at: tuple[float, float]) -> float:
    """Return the cell of the study grid in metres that suits a DEM.

    A DEM in the study's CRS keeps its own cell; another's cell is measured on the ground at
    ``at`` (study CRS) and rounded to whole multiples of 5 m. Never under 10 m.
    """
    side = cell_size_m(file, crs, at)
    if file.crs.is_projected and file.crs.equals(crs, ignore_axis_order=True):
        return max(CELL_MIN_M, side)
    return max(CELL_MIN_M, _ROUND_M * round(side / _ROUND_M))


def cell_size_m(file: RasterFile, crs: CRS, at: tuple[float, float]) -> float:
    """Return the side of a square as large as a raster's cell on the ground, in metres."""
    dx, dy = file.cell
    if file.crs.is_projected and file.crs.equals(crs, ignore_axis_order=True):
        return math.sqrt(dx * dy)
    back = Transformer.from_crs(crs, file.crs, always_xy=True)
    there = Transformer.from_crs(file.crs, crs, always_xy=True)
    x, y = back.transform(*at)
    x0, y0 = there.transform(x, y)
    xe, ye = there.transform(x + dx, y)
    xn, yn = there.transform(x, y + dy)
    side = math.sqrt(math.hypot(xe - x0, ye - y0) * math.hypot(xn - x0, yn - y0))
    if not math.isfinite(side):
        raise nowhere(file.where)
    return side


def footprint(files: Sequence[RasterFile], crs: CRS) -> Any:
    """Return the ground the rasters cover, in the study's CRS (shapely geometry)."""
    shapes = []
    for file in files:
        outline = shapely.Polygon(file.corners)
        step = max(file.bounds[2] - file.bounds[0], file.bounds[3] - file.bounds[1]) / 40
        series = gpd.GeoSeries([shapely.segmentize(outline, step)], crs=file.crs)
        shapes.append(series.to_crs(crs).iloc[0])
    return shapely.union_all(shapes)


def study_grid(
    files: Sequence[RasterFile],
    area: Area,
    places: Sequence[tuple[float, float, float, float]],
    cell_m: float | None,
    *,
    beyond_dem: bool,
) -> Grid | None:
    """Lay the grid over the communes and further places, clipped to the DEM.

    Parameters
    ----------
    files
        DEM tiles; the first decides the cell when ``cell_m`` is None.
    area
        The communes.
    places
        Further bounds (west, south, east, north) that must be on the grid, in metres.
    cell_m
        Cell the study asks for.
    beyond_dem
        Whether the grid may reach beyond the DEM (open sea without a tile).

    Returns
    -------
    Grid or None
        None when the DEM and the area have nothing in common.
    """
    west, south, east, north = area.bounds
    size = cell_m or cell_size(files[0], area.crs, ((west + east) / 2, (south + north) / 2))
    all_bounds = [area.bounds, *places]
    west, south = (min(b[k] for b in all_bounds) - size for k in (0, 1))
    east, north = (max(b[k] for b in all_bounds) + size for k in (2, 3))
    if not beyond_dem:
        dem = [bounds_in(file, area.crs) for file in files]
        west, south = (max(v, min(b[k] for b in dem)) for k, v in ((0, west), (1, south)))
        east, north = (min(v, max(b[k] for b in dem)) for k, v in ((2, east), (3, north)))
        if west >= east or south >= north:
            return None
    cols, rows = (east - west) / size, (north - south) / size
    if not cols * rows < GRID_CELLS:
        raise InputError(
            "the study's grid would have {cols} × {rows} cells of {cell} m",
            Where(file=STUDY_FILE, key="radio.cell_m"),
            "correct the communes, which lie too far apart, or raise radio.cell_m",
            {"cols": f"{cols:.0f}", "rows": f"{rows:.0f}", "cell": f"{size:g}"},
        )
    return Grid.over(area.crs, (west, south, east, north), size)


def covers(
    files: Sequence[RasterFile], area: Area, findings: Findings, rule: str, partly: str
) -> bool:
    """Say whether the parts of a raster have ground in common with the communes.

    Adds ``rule`` when they have none, ``partly`` when over a hundredth of the area is bare; S32 or
    S33 where its datum has no known way into the study's CRS, or a coarse one.
    """
    file = files[0]
    report_way(file.crs, area.crs, area.lonlat, file.where, findings)
    bare = shapely.difference(area.polygon, footprint(files, area.crs))
    share = bare.area / area.polygon.area
    if share >= 1:
        findings.add(rule, file.where, file.path.name)
        return False
    if share > _BARE_SHARE:
        findings.add(
            partly,
            file.where,
            file.path.name,
            "{percent} % of the communes' area lies outside the raster",
            percent=f"{100 * share:.0f}",
        )
    return True
