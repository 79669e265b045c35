"""Radio-climatic zones of the study grid: sea, coastal land and inland (ITU-R P.1812-7 §3.3)."""

from __future__ import annotations

import hashlib
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from phusong.coverage.kept.lossbytes import BLOCK
from phusong.coverage.propagation.surface import ZONE_COASTAL, ZONE_INLAND, ZONE_SEA
from phusong.grid import Window
from phusong.sources.inputs import Raster

COAST_KM: Final = 50.0
"""How far from the sea land can be coastal (P.1812-7 Table 1)."""
COAST_M: Final = 100.0
"""Up to which height above the sea land near it is coastal (the same)."""
_EIGHT = np.ones((3, 3), np.bool_)


def sea_cells(height_m: NDArray[np.float32], cell_m: float, narrow_m: float) -> NDArray[np.bool_]:
    """Return which cells are sea: waters at or below 0 m that are wider than `narrow_m`.

    A water is a set of neighbouring cells (eight of them) not above 0 m that holds the sea's own
    level, 0 m: a mine or a depression below the sea does not. Its width is twice the greatest
    distance of one of its cells from land; beyond the grid it is taken to go on.

    Parameters
    ----------
    height_m
        Ground, shape (rows, cols); NaN is land.
    cell_m
        Side of a cell.
    narrow_m
        Width up to which a water is a pond or a river at sea level.
    """
    low = height_m <= 0.0
    sea = np.zeros(low.shape, np.bool_)
    if not low.any():
        return sea
    waters, count = ndimage.label(low, structure=_EIGHT)
    at_level = np.zeros(count + 1, np.bool_)
    at_level[waters[height_m == 0.0]] = True
    for number, where in enumerate(ndimage.find_objects(waters, count), start=1):
        if not at_level[number]:
            continue
        # One cell of what lies round it, where the grid has one: its edge is no shore.
        frame = tuple(
            slice(max(part.start - 1, 0), min(part.stop + 1, size))
            for part, size in zip(where, low.shape, strict=True)
        )
        water = waters[frame] == number
        if water.all() or 2.0 * _farthest(water) * cell_m > narrow_m:
            sea[frame] |= water
    return sea


def _farthest(water: NDArray[np.bool_]) -> float:
    """Return the greatest distance of a cell of water from land, in cells."""
    return float(ndimage.distance_transform_edt(water).max()) - 0.5


def radio_zones(
    height_m: NDArray[np.float32], cell_m: float, narrow_m: float
) -> NDArray[np.uint8] | None:
    """Return the zone of each cell, or None where there is no sea: all of it is inland.

    Land is coastal up to 100 m above the sea and 50 km from it (P.1812-7 Table 1).

    Parameters
    ----------
    height_m, cell_m, narrow_m
        As :func:`sea_cells` takes them.
    """
    sea = sea_cells(height_m, cell_m, narrow_m)
    if not sea.any():
        return None
    zones = np.full(sea.shape, ZONE_INLAND, np.uint8)
    with np.errstate(invalid="ignore"):
        coastal = height_m <= COAST_M
    reach = COAST_KM * 1e3 / cell_m
    if np.hypot(*sea.shape) > reach:
        coastal &= ndimage.distance_transform_edt(~sea) <= reach
    zones[coastal] = ZONE_COASTAL
    zones[sea] = ZONE_SEA
    return zones


class SeaZones:
    """The zones of a study with a sea, worked out when first asked for.

    Parameters
    ----------
    terrain
        Ground of the study grid, the sea at 0 m.
    narrow_m
        Width up to which a water is a pond or a river at sea level.
    """

    def __init__(self, terrain: Raster, narrow_m: float) -> None:
        self._terrain = terrain
        self._narrow_m = narrow_m
        self._zones: NDArray[np.uint8] | None = None
        self._worked_out = False

    def read(self, window: Window) -> NDArray[np.uint8] | None:
        """Return the zones under a window of the grid; None where all of it is inland."""
        if not self._worked_out:
            grid = self._terrain.grid
            heights = np.empty(grid.shape, np.float32)
            for tile in grid.tiles(BLOCK):
                heights[tile.slices_in(grid.window)] = self._terrain.read(tile)
            self._zones = radio_zones(heights, grid.cell_m, self._narrow_m)
            self._worked_out = True
        if self._zones is None:
            return None
        part = self._zones[window.slices_in(self._terrain.grid.window)]
        return None if (part == ZONE_INLAND).all() else part

    def digest(self, window: Window) -> str | None:
        """Return the SHA-256 of the zones under a window; None where all of it is inland."""
        zones = self.read(window)
        return None if zones is None else hashlib.sha256(zones.tobytes()).hexdigest()
