"""Terrain: DEM tiles on the study grid, small voids filled and marked, wide ones told."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.enums import Resampling
from rasterio.features import geometry_mask
from rasterio.fill import fillnodata
from scipy import ndimage

from phusong.grid import Grid, Window
from phusong.progress import Progress
from phusong.sources.digest import combined
from phusong.sources.inputs import Raster
from phusong.sources.rasters import (
    BLOCK,
    RasterFile,
    Warper,
    create,
    first_of,
    grid_key,
    kept,
    note,
    read_block,
    write_block,
    writing,
)
from phusong.study import TerrainSource

LOWEST_M, HIGHEST_M = -450.0, 9000.0
"""Below the Dead Sea's shore and above Everest nothing is ground."""
SEA_RIM_M = 20.0
"""A wide void is sea when a quarter of its rim lies lower than this."""
_VERSION = "terrain 1"
_EIGHT = np.ones((3, 3), dtype=bool)


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


class _Possible:
    """Turns impossible heights into voids and remembers the extremes."""

    def __init__(self) -> None:
        self.lowest: float | None = None
        self.highest: float | None = None

    def __call__(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the heights with impossible ones NaN."""
        low, high = values < LOWEST_M, values > HIGHEST_M
        if low.any():
            found = float(values[low].min())
            self.lowest = found if self.lowest is None else min(self.lowest, found)
        if high.any():
            found = float(values[high].max())
            self.highest = found if self.highest is None else max(self.highest, found)
        values[low | high] = np.nan
        return values


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
    empty and are returned as holes. Memory: blocks of heights, and five bytes a cell while
    there are voids.

    Parameters
    ----------
    files
        Tiles; where they overlap, the first with data wins.
    hashes
        SHA-256 of each tile.
    ground
        Footprint of the tiles in the study's CRS: cells outside are no voids of the DEM.
    folder
        Where prepared rasters are kept.
    """
    key = combined(
        [_VERSION, grid_key(grid), *hashes, *(f.crs.to_wkt() for f in files),
         repr(settings.void_fill_max_m), repr(settings.sea_level_voids)]
    )  # fmt: skip
    path, facts = kept(folder, "terrain", key)
    mask_path = path.with_name(path.name.replace("terrain", "filled"))
    if facts is None or (facts["filled"] and not mask_path.is_file()):
        facts = _prepare(files, ground, grid, settings, path, mask_path, progress)
        facts = note(path, key, facts)
    return Terrain(
        Raster(path, grid, key),
        Raster(mask_path, grid, key) if facts["filled"] else None,
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
    path: Path,
    mask_path: Path,
    progress: Progress,
) -> dict[str, Any]:
    possible = _Possible()
    void = np.zeros(grid.shape, dtype=bool)
    outside = _outside(ground, grid)
    tiles = grid.tiles(BLOCK)
    progress.start("terrain", len(tiles), "Preparing the terrain")
    with writing(path) as temporary, create(temporary, grid, "float32", np.nan) as target:
        with Warper(files, grid, possible) as warper:
            for window in tiles:
                parts = warper.blocks(window, (Resampling.bilinear, Resampling.nearest))
                smooth, near = first_of(parts, window, 2)
                heights = np.where(np.isnan(near), np.nan, np.where(np.isnan(smooth), near, smooth))
                void[window.slices_in(grid.window)] = np.isnan(heights)
                write_block(target, window, heights.astype(np.float32))
                progress.advance("terrain")
        if outside is not None:
            void &= ~outside
        facts = _mend(target, void, outside, grid, settings, mask_path)
    return {**facts, "lowest_m": possible.lowest, "highest_m": possible.highest}


def _outside(ground: Any, grid: Grid) -> NDArray[np.bool_] | None:
    """Return (rows, cols) True where the grid lies outside the DEM; None when nowhere."""
    import shapely  # noqa: PLC0415

    if shapely.contains(ground, shapely.box(*grid.bounds)):
        return None
    mask: NDArray[np.bool_] = geometry_mask([ground], grid.shape, grid.transform)
    return mask


def _mend(
    target: Any,
    void: NDArray[np.bool_],
    outside: NDArray[np.bool_] | None,
    grid: Grid,
    settings: TerrainSource,
    mask_path: Path,
) -> dict[str, Any]:
    """Fill narrow voids, flood the sea, and list what stays empty."""
    sea = np.zeros_like(void)
    holes: list[dict[str, Any]] = []
    narrow = np.zeros_like(void)
    if void.any():
        labels, _ = ndimage.label(void, structure=_EIGHT)
        for number, where in enumerate(ndimage.find_objects(labels), start=1):
            part = labels[where] == number
            width_m = _width(part) * grid.cell_m
            if width_m <= settings.void_fill_max_m:
                narrow[where] |= part
            elif settings.sea_level_voids and _is_sea(target, part, where, void, outside):
                sea[where] |= part
            else:
                rows, cols = where
                holes.append(
                    {
                        "window": [rows.start, cols.start, rows.stop - rows.start,
                                   cols.stop - cols.start],
                        "cells": int(part.sum()),
                        "width_m": round(width_m, 1),
                    }
                )  # fmt: skip
        del labels
    if settings.sea_level_voids and outside is not None:
        sea |= outside
    if narrow.any():
        _fill(target, void, outside, narrow, grid, settings)
        with writing(mask_path) as temporary, create(temporary, grid, "uint8", None) as mask:
            for window in grid.tiles(BLOCK):
                write_block(mask, window, narrow[window.slices_in(grid.window)].astype(np.uint8))
    if sea.any():
        for window in grid.tiles(BLOCK):
            inside = sea[window.slices_in(grid.window)]
            if inside.any():
                write_block(target, window, np.where(inside, 0, read_block(target, window)))
    holes.sort(key=lambda h: (-h["cells"], h["window"]))
    return {"filled": int(narrow.sum()), "sea": int(sea.sum()), "holes": holes}


def _width(part: NDArray[np.bool_]) -> float:
    """Return how wide a void is at its widest, in cells (a single cell: 1)."""
    if part.size == 1:
        return 1.0
    depth = ndimage.distance_transform_edt(np.pad(part, 1))
    return float(2 * depth.max() - 1)


def _is_sea(
    target: Any,
    part: NDArray[np.bool_],
    where: tuple[slice, slice],
    void: NDArray[np.bool_],
    outside: NDArray[np.bool_] | None,
) -> bool:
    """Say whether a wide void is sea: it opens onto ground without DEM, or its rim is low."""
    rows = slice(max(0, where[0].start - 1), min(void.shape[0], where[0].stop + 1))
    cols = slice(max(0, where[1].start - 1), min(void.shape[1], where[1].stop + 1))
    grown = np.zeros((rows.stop - rows.start, cols.stop - cols.start), dtype=bool)
    grown[
        where[0].start - rows.start : where[0].stop - rows.start,
        where[1].start - cols.start : where[1].stop - cols.start,
    ] = part
    rim = ndimage.binary_dilation(grown, structure=_EIGHT) & ~grown
    if outside is not None and (rim & outside[rows, cols]).any():
        return True
    window = Window(rows.start, cols.start, *grown.shape)
    heights = read_block(target, window)[rim & ~void[rows, cols]]
    heights = heights[~np.isnan(heights)]
    return heights.size == 0 or float(np.quantile(heights, 0.25)) < SEA_RIM_M


def _fill(
    target: Any,
    void: NDArray[np.bool_],
    outside: NDArray[np.bool_] | None,
    narrow: NDArray[np.bool_],
    grid: Grid,
    settings: TerrainSource,
) -> None:
    """Interpolate narrow voids from their rims, by blocks that overlap by the widest void."""
    reach = math.ceil(settings.void_fill_max_m / grid.cell_m) + 2
    for window in grid.tiles(BLOCK):
        inner = window.slices_in(grid.window)
        if not narrow[inner].any():
            continue
        wide = Window(
            window.row0 - reach, window.col0 - reach,
            window.rows + 2 * reach, window.cols + 2 * reach,
        ).intersect(grid.window)  # fmt: skip
        part = wide.slices_in(grid.window)
        known = ~void[part] if outside is None else ~(void[part] | outside[part])
        heights = read_block(target, wide)
        known &= ~np.isnan(heights)
        filled = fillnodata(
            np.where(known, heights, 0).astype(np.float32),
            mask=known.astype(np.uint8),
            max_search_distance=float(reach),
        )
        here = window.slices_in(wide)
        write_block(target, window, np.where(narrow[inner], filled[here], heights[here]))
