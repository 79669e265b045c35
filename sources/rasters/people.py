"""People on the study grid."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

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
from phusong.sources.crs import Area
from phusong.sources.digest import combined, sha256
from phusong.sources.inputs import Raster
from phusong.sources.rasters.prepared import create, grid_key, prepared
from phusong.sources.rasters.rasterfile import RasterFile, near, open_raster
from phusong.sources.rasters.studygrid import around, cell_size_m, covers
from phusong.sources.rasters.warp import BLOCK, Warper, first_of
from phusong.study import PeopleSource, Study

_VERSION = "people 3"
_LISTED = 10
_CENSUS_DIFFERENCE = 0.25
"""Raster and census further apart than this are worth a warning."""


_MOST_PER_KM2 = 5e6
"""Nowhere do more live, by an order of magnitude: such a figure is a no-data value undeclared."""


class _Possible:
    """Turns impossible and missing figures into no people, and remembers the extremes."""

    def __init__(self, most: float) -> None:
        self._most = most
        self.lowest: float = 0.0
        self.highest: float = 0.0

    def __call__(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the figures, none below 0, none beyond what can be, and none missing."""
        low, high = values < 0, values > self._most
        if low.any():
            self.lowest = min(self.lowest, float(values[low].min()))
        if high.any():
            self.highest = max(self.highest, float(values[high].max()))
        return np.where(low | high | np.isnan(values), np.float32(0), values)


def read_people(
    study: Study, grid: Grid | None, area: Area | None, findings: Findings, progress: Progress
) -> Raster | None:
    """Read the study's people raster onto its grid; None where it names none or none is usable."""
    if study.people is None:
        return None
    where = Where(file=study.named(study.people.raster).as_posix())
    path = study.resolve(study.people.raster)
    file = open_raster(path, where, study.people.crs, findings, "people", study=study)
    if file is None or grid is None or area is None:
        return None
    files = near([file], area.crs, around(area, study))
    if not covers(files, area, findings, "P01", "P06"):
        return None
    folder = study.work_folder / "prepared"
    return prepare_people(files, sha256(path), grid, study.people, folder, findings, progress)


def prepare_people(
    files: Sequence[RasterFile],
    sha256: str,
    grid: Grid,
    settings: PeopleSource,
    folder: Path,
    findings: Findings,
    progress: Progress,
) -> Raster:
    """Share out a population raster over the cells of the grid; the total is kept.

    The people of a source cell are shared equally among the grid cells whose centre lies in it;
    where there is none (a grid coarser than the source) they go to the grid cell that holds its
    centre. A density (``people_per_km2``) is taken as it is at each centre. Impossible and missing
    figures are no people (P02 for those that the raster does not declare as missing).
    """
    density = settings.unit == "people_per_km2"
    key = combined(
        [_VERSION, grid_key(grid), sha256, settings.unit, *(f.as_declared for f in files)]
    )

    def make(work: Path) -> dict[str, Any]:
        west, south, east, north = grid.bounds
        side_m = cell_size_m(files[0], grid.crs, ((west + east) / 2, (south + north) / 2))
        clean = _Possible(_MOST_PER_KM2 * (1.0 if density else max(1.0, side_m) ** 2 / 1e6))
        tiles = grid.tiles(BLOCK)
        progress.start("people", len(tiles), "Preparing the people")
        share = share_density if density else share_people
        with (
            create(work / "people.tif", grid, "float32", None) as target,
            Warper(files, grid, clean) as warper,
        ):
            for window in tiles:
                target.write(window, share(warper, window, grid))
                progress.advance("people")
        return {"lowest": clean.lowest, "highest": clean.highest}

    kept = prepared(folder, "people", key, make)
    extremes = [f"{kept.facts[name]:g}" for name in ("lowest", "highest") if kept.facts[name]]
    if extremes:
        file = files[0]
        findings.add(
            "P02", file.where, file.path.name, "figures such as {value}", value=", ".join(extremes)
        )
    return Raster(kept.paths["people"], grid, key)


def share_density(warper: Warper, window: Window, grid: Grid) -> NDArray[np.float32]:
    """Return people per grid cell from people per km² at each cell's centre."""
    (values,) = first_of(warper.blocks(window, (Resampling.nearest,)), window, 1)
    return np.nan_to_num(values) * np.float32(grid.cell_m**2 / 1e6)


def share_people(warper: Warper, window: Window, grid: Grid) -> NDArray[np.float32]:
    """Return people per grid cell from people per source cell."""
    out = np.zeros(window.rows * window.cols)
    for part in warper.cells(window):
        # Cells round the window are looked at too, so that a source cell on the window's edge
        # is shared among all the grid cells in it.
        wide, index = part.window, part.index
        known = index >= 0
        sharers = np.bincount(index[known], minlength=part.values.size)
        each = part.values.ravel() / np.maximum(sharers, 1)
        inner = window.slices_in(wide)
        here, there = known[inner].ravel(), index[inner].ravel()
        out[here] += each[there[here]]
        lonely = np.flatnonzero((sharers == 0) & (part.values.ravel() > 0))
        x, y = part.centres(lonely)
        row, col = grid.cell_of(x, y)
        row, col = row - window.row0, col - window.col0
        inside = (row >= 0) & (row < window.rows) & (col >= 0) & (col < window.cols)
        np.add.at(out, row[inside] * window.cols + col[inside], part.values.ravel()[lonely[inside]])
    return out.reshape(window.shape).astype(np.float32)


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
            touched = rasterize(
                [shapes[i]], window.shape, transform=grid.transform_of(window), all_touched=True
            )
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
            [(shapes[i], int(i) + 1) for i in near],
            window.shape,
            dtype="int32",
            transform=grid.transform_of(window),
        )
        yield window, index


def report_people(
    people: Raster, villages: gpd.GeoDataFrame, where: Where, findings: Findings
) -> None:
    """List villages without people on the raster (P03), and compare it with the census."""
    found = people_by_village(people, villages)
    empty = villages["name"].to_numpy()[found <= 0]
    if empty.size:
        listed = ", ".join(empty[:_LISTED]) + (", …" if empty.size > _LISTED else "")
        findings.add(
            "P03",
            where,
            detail="{n} of {total}: {names}",
            n=int(empty.size),
            total=len(villages),
            names=listed,
        )
    census = villages["population"].to_numpy(dtype=np.float64)
    counted = ~np.isnan(census)
    if counted.any() and census[counted].sum() > 0:
        own, theirs = float(found[counted].sum()), float(census[counted].sum())
        far = abs(own - theirs) > _CENSUS_DIFFERENCE * theirs
        findings.add(
            "P05" if far else "P04",
            where,
            detail="{n} villages: {census} people in the villages' file, {raster} on the raster",
            n=int(counted.sum()),
            census=f"{theirs:.0f}",
            raster=f"{own:.0f}",
        )
