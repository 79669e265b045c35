"""Voids of a DEM: narrow ones filled from their rim, the sea flooded, wide ones listed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from rasterio.fill import fillnodata
from scipy import ndimage

from phusong.disc.spill import Spill
from phusong.grid import Grid, Window
from phusong.sources.rasters.prepared import create
from phusong.sources.rasters.warp import BLOCK
from phusong.study import TerrainSource

SEA_RIM_M = 20.0
"""A wide void is sea when a quarter of its rim lies lower than this."""
_EIGHT = np.ones((3, 3), dtype=bool)

Cells = NDArray[np.bool_]
LOWEST_M: Final = -450.0
HIGHEST_M: Final = 9000.0
"""Below the Dead Sea's shore and above Everest nothing is ground."""


class PossibleHeights:
    """Turns impossible heights into voids and remembers the extremes."""

    def __init__(self) -> None:
        self.lowest: float | None = None
        self.highest: float | None = None

    def __call__(self, values: NDArray[Any]) -> NDArray[Any]:
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

    @property
    def extremes(self) -> str:
        """The lowest and the highest impossible height, for messages; empty: there was none."""
        return ", ".join(f"{v:g}" for v in (self.lowest, self.highest) if v is not None)


def mend_voids(
    target: Spill,
    void: Cells,
    outside: Cells | None,
    grid: Grid,
    settings: TerrainSource,
    mask_path: Path,
) -> dict[str, Any]:
    """Mend the voids of a raster of heights in place.

    Parameters
    ----------
    target
        Heights on the grid, open for reading and writing.
    void
        (rows, cols) cells under the DEM without a height.
    outside
        (rows, cols) cells that no DEM covers; None: there are none.
    settings
        How wide a void is filled, and whether voids may be sea.
    mask_path
        Where the raster of filled cells goes, if any are filled.

    Returns
    -------
    dict
        ``filled`` and ``sea`` cells, and ``holes`` (window, cells, width_m), largest first.
    """
    narrow, sea, holes = _sort_voids(target, void, outside, grid, settings)
    if settings.sea_level_voids and outside is not None:
        sea |= outside
    if narrow.any():
        _fill(target, void, outside, narrow, grid, settings)
        with create(mask_path, grid, "uint8", None) as mask:
            for window in grid.tiles(BLOCK):
                mask.write(window, narrow[window.slices_in(grid.window)])
    if sea.any():
        for window in grid.tiles(BLOCK):
            inside = sea[window.slices_in(grid.window)]
            if inside.any():
                target.write(window, np.where(inside, 0, target.read(window)))
    holes.sort(key=lambda h: (-h["cells"], h["window"]))
    return {"filled": int(narrow.sum()), "sea": int(sea.sum()), "holes": holes}


def _sort_voids(
    target: Spill, void: Cells, outside: Cells | None, grid: Grid, settings: TerrainSource
) -> tuple[Cells, Cells, list[dict[str, Any]]]:
    """Tell voids to be filled from the sea and from holes."""
    # Not zeros_like, which writes: of the grid of a country only what holds voids is touched.
    narrow, sea = np.zeros(void.shape, dtype=bool), np.zeros(void.shape, dtype=bool)
    holes: list[dict[str, Any]] = []
    for where, part in _parts(void):
        rows, cols = where
        width_m = _width(part) * grid.cell_m
        if width_m <= settings.void_fill_max_m:
            narrow[where] |= part
        elif settings.sea_level_voids and _is_sea(target, part, where, void, outside):
            sea[where] |= part
        else:
            window = [rows.start, cols.start, rows.stop - rows.start, cols.stop - cols.start]
            holes.append({"window": window, "cells": int(part.sum()), "width_m": round(width_m, 1)})
    return narrow, sea, holes


def _parts(void: Cells) -> Iterator[tuple[tuple[slice, slice], Cells]]:
    """Give each void: its rows and columns, and which cells of those it has."""
    held = np.flatnonzero(void.any(axis=1))
    if not held.size:
        return
    north = int(held[0])
    labels, _ = ndimage.label(void[north : held[-1] + 1], structure=_EIGHT)
    for number, (rows, cols) in enumerate(ndimage.find_objects(labels), start=1):
        yield (slice(rows.start + north, rows.stop + north), cols), labels[rows, cols] == number


def _width(part: NDArray[np.bool_]) -> float:
    """Return how wide a void is at its widest, in cells (a single cell: 1)."""
    if part.size == 1:
        return 1.0
    depth = ndimage.distance_transform_edt(np.pad(part, 1))
    return float(2 * depth.max() - 1)


def _is_sea(
    target: Spill,
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
    heights = target.read(window)[rim & ~void[rows, cols]]
    heights = heights[~np.isnan(heights)]
    return heights.size == 0 or float(np.quantile(heights, 0.25)) < SEA_RIM_M


def _fill(
    target: Spill,
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
            window.row0 - reach,
            window.col0 - reach,
            window.rows + 2 * reach,
            window.cols + 2 * reach,
        ).intersect(grid.window)
        part = wide.slices_in(grid.window)
        known = ~void[part] if outside is None else ~(void[part] | outside[part])
        heights = target.read(wide)
        known &= ~np.isnan(heights)
        filled = fillnodata(
            np.where(known, heights, 0).astype(np.float32),
            mask=known.astype(np.uint8),
            max_search_distance=float(reach),
        )
        here = window.slices_in(wide)
        target.write(window, np.where(narrow[inner], filled[here], heights[here]))
