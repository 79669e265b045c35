"""Terrain: DEM tiles on the study grid, small voids filled and marked, wide ones told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from rasterio.enums import Resampling
from rasterio.features import geometry_mask

from phusong.grid import Grid, Window
from phusong.progress import Progress
from phusong.sources.digest import combined
from phusong.sources.inputs import Raster
from phusong.sources.rasters.prepared import create, grid_key, prepared
from phusong.sources.rasters.rasterfile import RasterFile
from phusong.sources.rasters.voids import PossibleHeights, mend_voids
from phusong.sources.rasters.warp import BLOCK, Warper, first_of
from phusong.study import TerrainSource

_VERSION = "terrain 2"


@dataclass(frozen=True)
class Hole:
    """A void wider than the study fills."""

    window: Window
    cells: int
    width_m: float


@dataclass(frozen=True)
class Terrain:
    """The prepared DEM, and what was found in it."""

    heights: Raster
    filled: Raster | None
    filled_cells: int
    sea_cells: int
    lowest_m: float | None
    """Lowest impossible height found (read as a void), None when there was none."""
    highest_m: float | None
    holes: list[Hole] = field(default_factory=list)


def prepare_terrain(
    files: Sequence[RasterFile],
    hashes: Sequence[str],
    ground: Any,
    grid: Grid,
    settings: TerrainSource,
    folder: Path,
    progress: Progress,
) -> Terrain:
    """Bring DEM tiles onto the grid, or find that done in an earlier run.

    Heights are interpolated bilinearly. A cell whose nearest DEM cell is a void is a void,
    however much the neighbours could say about it. A void no wider than
    ``settings.void_fill_max_m`` is filled by inverse distance from its rim; wider ones stay
    empty and are returned as holes. Memory: blocks of heights, and where there are voids, from
    the first of them to the last, some bytes a cell.

    Parameters
    ----------
    files
        Tiles; where they overlap, the first with data wins.
    hashes
        SHA-256 of each file.
    ground
        Footprint of the tiles in the study's CRS: cells outside are no voids of the DEM.
    folder
        Where prepared rasters are kept.
    """
    key = combined(
        [
            _VERSION,
            grid_key(grid),
            *hashes,
            *(f.as_declared for f in files),
            repr(settings.void_fill_max_m),
            repr(settings.sea_level_voids),
        ]
    )
    kept = prepared(
        folder,
        "terrain",
        key,
        lambda work: _prepare(files, ground, grid, settings, work, progress),
    )
    facts = kept.facts
    return Terrain(
        Raster(kept.paths["terrain"], grid, key),
        Raster(kept.paths["filled"], grid, key) if facts["filled"] else None,
        int(facts["filled"]),
        int(facts["sea"]),
        facts["lowest_m"],
        facts["highest_m"],
        [Hole(Window(*h["window"]), h["cells"], h["width_m"]) for h in facts["holes"]],
    )


def _prepare(
    files: Sequence[RasterFile],
    ground: Any,
    grid: Grid,
    settings: TerrainSource,
    work: Path,
    progress: Progress,
) -> dict[str, Any]:
    """Write ``terrain.tif``, and ``filled.tif`` where voids were filled, into a folder."""
    possible = PossibleHeights()
    void = np.zeros(grid.shape, dtype=bool)
    outside = _outside(ground, grid)
    tiles = grid.tiles(BLOCK)
    progress.start("terrain", len(tiles), "Preparing the terrain")
    with create(work / "terrain.tif", grid, "float32", np.nan) as target:
        with Warper(files, grid, possible) as warper:
            for window in tiles:
                parts = warper.blocks(window, (Resampling.bilinear, Resampling.nearest))
                smooth, near = first_of(parts, window, 2)
                heights = np.where(np.isnan(near), np.nan, np.where(np.isnan(smooth), near, smooth))
                if np.isnan(heights).any():  # a page of zeros that nobody writes takes no memory
                    void[window.slices_in(grid.window)] = np.isnan(heights)
                target.write(window, heights)
                progress.advance("terrain")
        if outside is not None:
            void &= ~outside
        facts = mend_voids(target, void, outside, grid, settings, work / "filled.tif")
    return {**facts, "lowest_m": possible.lowest, "highest_m": possible.highest}


def _outside(ground: Any, grid: Grid) -> NDArray[np.bool_] | None:
    """Return (rows, cols) True where the grid lies outside the DEM; None when nowhere."""
    if shapely.contains(ground, shapely.box(*grid.bounds)):
        return None
    mask: NDArray[np.bool_] = geometry_mask([ground], grid.shape, grid.transform)
    return mask
