"""People and land cover on the study grid."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from rasterio.enums import Resampling
from rasterio.features import rasterize

from phusong.checks import Findings
from phusong.errors import Where
from phusong.grid import Grid, Window
from phusong.progress import Progress
from phusong.sources.digest import combined
from phusong.sources.inputs import Raster
from phusong.sources.place import Area
from phusong.sources.rasters import (
    BLOCK,
    RasterFile,
    Warper,
    create,
    first_of,
    grid_key,
    kept,
    note,
    write_block,
    writing,
)
from phusong.sources.studygrid import footprint
from phusong.study import PeopleSource

_VERSION = "people 1"
_LISTED = 10
_CENSUS_DIFFERENCE = 0.25
"""Raster and census further apart than this are worth a warning."""
_BARE_SHARE = 0.01


class _NotNegative:
    """Turns negative and missing figures into no people, and remembers the lowest."""

    def __init__(self) -> None:
        self.lowest: float = 0.0

    def __call__(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the figures, none below 0 and none missing."""
        negative = values < 0
        if negative.any():
            self.lowest = min(self.lowest, float(values[negative].min()))
        return np.where(negative | ~np.isfinite(values), np.float32(0), values)


def covers(file: RasterFile, area: Area, findings: Findings, rule: str, partly: str) -> bool:
    """Say whether a raster has ground in common with the communes.

    Adds ``rule`` when it has none, ``partly`` when over a hundredth of the area is bare.
    """
    bare = shapely.difference(area.polygon, footprint([file], area.crs))
    share = bare.area / area.polygon.area
    if share >= 1:
        findings.add(rule, file.where, file.path.name)
        return False
    if share > _BARE_SHARE:
        findings.add(partly, file.where, file.path.name,
                     "{percent} % of the communes' area lies outside the raster",
                     percent=f"{100 * share:.0f}")  # fmt: skip
    return True


def prepare_people(
    file: RasterFile,
    sha256: str,
    grid: Grid,
    settings: PeopleSource,
    folder: Path,
    findings: Findings,
    progress: Progress,
) -> Raster:
    """Share out a population raster over the cells of the grid.

    Each cell of the grid gets the part of every source cell that lies in it (area-weighted), so
    the total is kept. Negative and missing figures are no people (P02 for negatives that the
    raster does not declare as missing).
    """
    key = combined([_VERSION, grid_key(grid), sha256, settings.unit, file.crs.to_wkt()])
    path, facts = kept(folder, "people", key)
    if facts is None:
        clean = _NotNegative()
        density = settings.unit == "people_per_km2"
        method = Resampling.average if density else Resampling.sum
        per_cell = grid.cell_m**2 / 1e6 if density else 1.0
        tiles = grid.tiles(BLOCK)
        progress.start("people", len(tiles), "Preparing the people")
        total = 0.0
        with (
            writing(path) as temporary,
            create(temporary, grid, "float32", None) as target,
            Warper([file], grid, clean) as warper,
        ):
            for window in tiles:
                (values,) = first_of(warper.blocks(window, (method,)), window, 1)
                people = np.nan_to_num(values) * np.float32(per_cell)
                total += float(people.sum(dtype=np.float64))
                write_block(target, window, people)
                progress.advance("people")
        facts = note(path, key, {"people": total, "lowest": clean.lowest})
    if facts["lowest"] < 0:
        findings.add("P02", file.where, file.path.name, "figures such as {value}",
                     value=f"{facts['lowest']:g}")  # fmt: skip
    return Raster(path, grid, key)


def prepare_landcover(
    file: RasterFile, sha256: str, grid: Grid, folder: Path, progress: Progress
) -> Raster:
    """Bring land-cover classes (whole numbers 1–255) onto the grid: the nearest class."""
    key = combined(["landcover 1", grid_key(grid), sha256, file.crs.to_wkt()])
    path, facts = kept(folder, "landcover", key)
    if facts is None:
        tiles = grid.tiles(BLOCK)
        progress.start("landcover", len(tiles), "Preparing the land cover")
        with (
            writing(path) as temporary,
            create(temporary, grid, "uint8", 0) as target,
            Warper([file], grid, lambda values: values) as warper,
        ):
            for window in tiles:
                parts = warper.blocks(window, (Resampling.nearest,))
                (values,) = first_of(parts, window, 1)
                write_block(target, window, np.nan_to_num(values).clip(0, 255).astype(np.uint8))
                progress.advance("landcover")
        note(path, key, {})
    return Raster(path, grid, key)


def people_by_village(people: Raster, villages: gpd.GeoDataFrame) -> NDArray[np.float64]:
    """Return the people of each village: the cells whose centre lies in it.

    Villages too small to hold a cell's centre count the cells they touch.
    """
    total = np.zeros(len(villages))
    shapes = villages.geometry.to_numpy()
    for window, index in _indexed(people.grid, shapes):
        values = people.read(window)
        inside = index > 0
        total += np.bincount(
            index[inside] - 1, weights=np.nan_to_num(values[inside]), minlength=len(total)
        )
    grid = people.grid
    for i in np.flatnonzero(total == 0):
        window = grid.window_of(shapes[i].bounds)
        if not window.empty and window.rows * window.cols <= BLOCK**2:
            touched = rasterize([shapes[i]], window.shape, transform=grid.transform_of(window),
                                all_touched=True)  # fmt: skip
            total[i] = float(np.nansum(people.read(window)[touched > 0]))
    return total


def _indexed(grid: Grid, shapes: NDArray[np.object_]) -> Iterator[tuple[Window, NDArray[np.int32]]]:
    """Yield blocks of the grid with the number (from 1) of the shape each centre lies in."""
    tree = shapely.STRtree(shapes)
    for window in grid.tiles(BLOCK):
        near = np.sort(tree.query(shapely.box(*grid.bounds_of(window))))
        if near.size == 0:
            continue
        index = rasterize(
            [(shapes[i], int(i) + 1) for i in near], window.shape, dtype="int32",
            transform=grid.transform_of(window),
        )  # fmt: skip
        yield window, index


def report_people(
    people: Raster, villages: gpd.GeoDataFrame, where: Where, findings: Findings
) -> None:
    """List villages without people on the raster (P03), and compare it with the census."""
    found = people_by_village(people, villages)
    empty = villages["name"].to_numpy()[found <= 0]
    if empty.size:
        listed = ", ".join(empty[:_LISTED]) + (", …" if empty.size > _LISTED else "")
        findings.add("P03", where, detail="{n} of {total}: {names}",
                     n=int(empty.size), total=len(villages), names=listed)  # fmt: skip
    census = villages["population"].to_numpy(dtype=np.float64)
    counted = ~np.isnan(census)
    if counted.any() and census[counted].sum() > 0:
        own, theirs = float(found[counted].sum()), float(census[counted].sum())
        far = abs(own - theirs) > _CENSUS_DIFFERENCE * theirs
        findings.add(
            "P05" if far else "P04", where,
            detail="{n} villages: {census} people in the villages' file, {raster} on the raster",
            n=int(counted.sum()), census=f"{theirs:.0f}", raster=f"{own:.0f}",
        )  # fmt: skip
