"""What a prepared DEM means for the study: which voids matter, which sites stand on none."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from phusong.checks import Findings
from phusong.errors import Where
from phusong.grid import Window
from phusong.sources.crs import Area
from phusong.sources.gdal import open_own
from phusong.sources.inputs import Raster
from phusong.sources.rasters.terrain import Hole, Terrain
from phusong.sources.rasters.voids import SEA_RIM_M
from phusong.study import TerrainSource

_POINTS = 200_000
"""Cells of a hole looked at; larger holes are thinned evenly."""
_LISTED = 10
_BARE_SHARE = 1e-4
"""Less of the area than this without DEM is the raster's ragged edge."""


def report_terrain(
    terrain: Terrain,
    settings: TerrainSource,
    area: Area,
    villages: gpd.GeoDataFrame,
    where: Where,
    findings: Findings,
) -> None:
    """List impossible heights (D07), filled voids (D06), sea (D08) and holes (D04, D05)."""
    if terrain.lowest_m is not None or terrain.highest_m is not None:
        extremes = [f"{v:g}" for v in (terrain.lowest_m, terrain.highest_m) if v is not None]
        findings.add("D07", where, detail="heights such as {values} m", values=", ".join(extremes))
    if terrain.filled_cells:
        findings.add(
            "D06",
            where,
            detail="{n} cells in voids up to {width} m wide",
            n=terrain.filled_cells,
            width=f"{settings.void_fill_max_m:g}",
        )
    if terrain.sea_cells:
        findings.add(
            "D08", where, detail="{n} cells are read as sea at height 0", n=terrain.sea_cells
        )
    tree = shapely.STRtree(villages.geometry.to_numpy())
    names = villages["name"].to_numpy()
    shapely.prepare(area.polygon)
    outside: list[Hole] = []
    for hole in terrain.holes:
        x, y = _empty_cells(terrain.heights, hole.window)
        inside = shapely.contains_xy(area.polygon, x, y)
        _, hit = tree.query(shapely.points(x, y), predicate="intersects")
        if not inside.any() and hit.size == 0:
            outside.append(hole)
            continue
        under = [str(names[i]) for i in np.unique(hit)]
        at = inside if inside.any() else np.ones(x.size, dtype=bool)
        findings.add(
            "D04",
            where,
            under[0] if under else "",
            "a void of {n} cells, {width} m wide; villages over it: {villages}",
            x_m=float(x[at].mean()),
            y_m=float(y[at].mean()),
            n=hole.cells,
            width=f"{hole.width_m:g}",
            villages=(", ".join(under[:_LISTED]) + (", …" if len(under) > _LISTED else "")) or "-",
        )
    if outside:
        x, y = _empty_cells(terrain.heights, outside[0].window)
        findings.add(
            "D05",
            where,
            detail="{holes} voids of {n} cells together, the largest {width} m wide",
            x_m=float(x.mean()),
            y_m=float(y.mean()),
            holes=len(outside),
            n=sum(h.cells for h in outside),
            width=f"{max(h.width_m for h in outside):g}",
        )


def report_bare(
    ground: Any,
    area: Area,
    communes: gpd.GeoDataFrame,
    where: Where,
    findings: Findings,
    heights: Raster | None = None,
) -> None:
    """Say how much of the communes the DEM does not cover.

    Parameters
    ----------
    ground
        Footprint of the DEM in the study's CRS.
    heights
        The prepared DEM where what it does not cover is read as sea: that is D11, unless the
        ground rises where the DEM ends, which is D03 as it is without.
    """
    bare = shapely.difference(area.polygon, ground)
    share = bare.area / area.polygon.area
    if share <= _BARE_SHARE:
        return
    names = communes["name"][communes.intersects(bare)].tolist()
    place = bare.representative_point()
    rule = "D11" if heights is not None and _ends_low(bare, ground, heights) else "D03"
    findings.add(
        rule,
        where,
        names[0],
        "{percent} % of the communes' area lies outside the DEM: {names}",
        x_m=place.x,
        y_m=place.y,
        percent=f"{100 * share:.2f}" if share < 0.1 else f"{100 * share:.0f}",
        names=", ".join(names[:_LISTED]) + (", …" if len(names) > _LISTED else ""),
    )


def _ends_low(bare: Any, ground: Any, heights: Raster) -> bool:
    """Say whether the DEM ends at the sea: its last cells towards the bare area are low."""
    cell = heights.grid.cell_m
    line = shapely.intersection(shapely.boundary(ground), shapely.buffer(bare, cell))
    along = shapely.segmentize(line, 5 * cell)
    inner = shapely.get_coordinates(
        shapely.intersection(shapely.buffer(along, 2 * cell), shapely.buffer(ground, -cell))
    )
    if inner.size == 0:
        return True
    rows, cols = heights.grid.cell_of(inner[:, 0], inner[:, 1])
    with open_own(heights.path) as source:
        found = np.array([v[0] for v in source.sample(inner.tolist())], dtype=np.float64)
    on = (rows >= 0) & (cols >= 0) & (rows < heights.grid.rows) & (cols < heights.grid.cols)
    known = found[on & ~np.isnan(found)]
    return known.size == 0 or float(np.quantile(known, 0.75)) < SEA_RIM_M


def _empty_cells(
    heights: Raster, window: Window
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the centres of cells without height in a window (thinned when very many)."""
    stride = max(1, round((window.rows * window.cols / 4e6) ** 0.5))
    values = heights.read(window)[::stride, ::stride]
    rows, cols = np.nonzero(np.isnan(values))
    thin = max(1, rows.size // _POINTS)
    rows, cols = rows[::thin] * stride, cols[::thin] * stride
    west, _, _, north = heights.grid.bounds_of(window)
    cell = heights.grid.cell_m
    return west + (cols + 0.5) * cell, north - (rows + 0.5) * cell


def ground_at(
    heights: Raster, x_m: NDArray[np.float64], y_m: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the ground at places, NaN on a cell without height and off the grid."""
    with open_own(heights.path) as source:
        places = zip(x_m.tolist(), y_m.tolist(), strict=True)
        found = np.array([values[0] for values in source.sample(places)], dtype=np.float64)
    rows, cols = heights.grid.cell_of(x_m, y_m)
    off = (rows < 0) | (cols < 0) | (rows >= heights.grid.rows) | (cols >= heights.grid.cols)
    return np.where(off, np.nan, found)
