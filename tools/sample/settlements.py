"""Where people live: commune and village centres in valleys, and the land that belongs to each."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sample.costpaths import Cells, Land
from sample.grid import Grid, Raster, block_mean, slope
from sample.noise import grained
from sample.relief import Relief

COMMUNES = 60
VILLAGES = 700
COMMUNE_SPACING_M = 5_000.0
VILLAGE_SPACING_M = 1_700.0
MARGIN_M = 2_400.0
"""Least distance of the province from the edge of the DEM."""
BLOCK = 4
"""Fine cells in a working cell: 30 m to 120 m."""


@dataclass(frozen=True)
class Terrain:
    """The land at 120 m, as people see it when they settle and travel."""

    grid: Grid
    height_m: Raster
    steepness: Raster
    """Mean slope of the fine cells."""
    position: Raster
    """0 at the lowest, 1 at the highest ground within 1.2 km."""
    stream_km2: Raster
    """Catchment of the largest stream in the cell."""

    @classmethod
    def of(cls, relief: Relief) -> Terrain:
        """Coarsen ``relief``."""
        height = block_mean(relief.height_m, BLOCK)
        around = 2 * 10 + 1
        low = ndimage.minimum_filter(height, around)
        high = ndimage.maximum_filter(height, around)
        offset = (relief.river_grid.size - relief.grid.size // 2) // 2
        area = relief.flow.area_km2.reshape(relief.river_grid.shape)
        area = area[offset:-offset, offset:-offset]
        half = area.shape[0] // 2
        stream = area.reshape(half, 2, half, 2).max(axis=(1, 3))
        return cls(
            Grid(relief.grid.west_m, relief.grid.north_m, relief.grid.cell_m * BLOCK, half),
            height,
            block_mean(slope(relief.height_m, relief.grid.cell_m), BLOCK),
            (height - low) / np.maximum(high - low, 1.0),
            stream,
        )

    def land(self) -> Land:
        """Cost of travel: steep ground and wide rivers are dear."""
        friction = 1.0 + (self.steepness / 0.30) ** 2
        toll = np.where(self.stream_km2 > 60.0, 500.0 + 60.0 * np.sqrt(self.stream_km2), 0.0)
        return Land(self.height_m, friction, toll, self.grid.cell_m)


@dataclass(frozen=True)
class Places:
    """Centres, and the labels of the land on the 120 m grid (-1 outside the province)."""

    commune_cells: Cells
    """Flat index of each commune's centre."""
    village_cells: Cells
    village_commune: Cells
    """Commune of each village; villages are sorted by it and the first one holds the centre."""
    commune_label: Cells
    village_label: Cells
    capital: int
    towns: tuple[int, ...]
    """Communes that are wards of the capital."""


def _spaced(score: Raster, allowed: NDArray[np.bool_], spacing: float, most: int) -> list[int]:
    """Best cells first, none nearer than ``spacing`` cells to one before it."""
    rows, cols = score.shape
    free = allowed.copy()
    chosen: list[int] = []
    reach = int(np.ceil(spacing))
    flat = np.flatnonzero(allowed)
    for cell in flat[np.argsort(-score.ravel()[flat], kind="stable")].tolist():
        i, j = divmod(cell, cols)
        if not free[i, j]:
            continue
        chosen.append(cell)
        if len(chosen) == most:
            break
        near_rows = np.arange(max(0, i - reach), min(rows, i + reach + 1))
        near_cols = np.arange(max(0, j - reach), min(cols, j + reach + 1))
        far = (near_rows[:, None] - i) ** 2 + (near_cols - j) ** 2 >= spacing**2
        free[near_rows[0] : near_rows[-1] + 1, near_cols[0] : near_cols[-1] + 1] &= far
    return chosen


def _whole(region: NDArray[np.bool_]) -> bool:
    """Whether a region is one piece without a hole."""
    ring = ~np.pad(region, 1)
    return bool(ndimage.label(region)[1] == 1 and ndimage.label(ring, np.ones((3, 3)))[1] == 1)


def _in_one_piece(label: Cells) -> Cells:
    """Give cells cut off from the main piece of their label to a neighbour, side to side."""
    tidy = label.copy()
    while True:
        stray = np.zeros(label.shape, dtype=np.bool_)
        for k, box in enumerate(ndimage.find_objects(tidy + 1)):
            pieces, count = ndimage.label(tidy[box] == k)
            if count > 1:
                main = np.argmax(np.bincount(pieces.ravel())[1:]) + 1
                stray[box] |= (pieces > 0) & (pieces != main)
        if not stray.any():
            return tidy
        nearest = ndimage.distance_transform_cdt(
            stray | (label < 0), metric="taxicab", return_distances=False, return_indices=True
        )
        tidy = np.where(label < 0, -1, tidy[tuple(nearest)])


def _province(label: Cells, centres: Cells, cols: int, margin: int) -> list[int]:
    """Choose the communes of the province: off the edge, in one piece, the nearest ones."""
    edge = np.ones(label.shape, dtype=np.bool_)
    edge[margin:-margin, margin:-margin] = False
    kept = sorted(set(range(centres.size)) - set(np.unique(label[edge]).tolist()))
    pieces, _ = ndimage.label(np.isin(label, kept))
    main = int(np.argmax(np.bincount(pieces.ravel())[1:])) + 1
    kept = [c for c in kept if pieces.ravel()[centres[c]] == main]
    where = np.column_stack(np.divmod(centres, cols)).astype(np.float64)
    middle = where[kept].mean(axis=0)
    outer = sorted(kept, key=lambda c: -float(((where[c] - middle) ** 2).sum()))
    for candidate in outer:
        if len(kept) <= COMMUNES:
            break
        rest = [c for c in kept if c != candidate]
        if _whole(np.isin(label, rest)):
            kept = rest
    return kept


def _shares(weight: Raster, total: int, least: int) -> Cells:
    """Whole numbers in proportion to ``weight``, at least ``least`` each, that sum to ``total``."""
    spare = total - least * weight.size
    exact = spare * weight / weight.sum()
    whole: Cells = np.floor(exact).astype(np.int64)
    for k in np.argsort(-(exact - whole), kind="stable")[: spare - int(whole.sum())]:
        whole[k] += 1
    whole += least
    return whole


@dataclass(frozen=True)
class _Communes:
    centres: Cells
    label: Cells
    travel: Land
    """The land with the quirks of customary borders."""
    gentle: Raster


def _communes(rng: np.random.Generator, terrain: Terrain) -> _Communes:
    """Put centres into valleys, and give each the land that is easiest to reach from it."""
    grid, land = terrain.grid, terrain.land()
    stream = ndimage.maximum_filter(terrain.stream_km2, 9)
    gentle = np.exp(-terrain.steepness / 0.14) * np.exp(-terrain.position / 0.25)
    luck = np.exp(0.5 * grained(rng, grid.size, grid.cell_m, 900.0))
    score = gentle * np.log1p(np.minimum(stream, 80.0)) * luck
    inside = np.zeros(grid.shape, dtype=np.bool_)
    inside[4:-4, 4:-4] = True
    seeds = np.array(_spaced(score, inside, COMMUNE_SPACING_M / grid.cell_m, 400))
    # Customary borders wander: they keep to brooks and spurs too small for this grid.
    custom = np.exp(0.4 * grained(rng, grid.size, grid.cell_m, 600.0, rolloff=3.0))
    travel = replace(land, friction=land.friction * custom)
    nearest = _in_one_piece(travel.spread(seeds).owner)
    kept = _province(nearest, seeds, grid.size, int(np.ceil(MARGIN_M / grid.cell_m)))
    # Codes run from north to south, as in real lists.
    kept.sort(key=lambda c: int(seeds[c]))
    number = np.full(seeds.size + 1, -1)
    number[kept] = np.arange(len(kept))
    return _Communes(seeds[kept], number[nearest], travel, gentle)


def _capital(communes: _Communes, grid: Grid) -> tuple[int, tuple[int, ...]]:
    """Return the commune in the widest valley near the middle, and the three that are wards."""
    basin = ndimage.uniform_filter(communes.gentle, 31).ravel()[communes.centres]
    rows, cols = np.divmod(communes.centres, grid.size)
    off = np.hypot(rows - rows.mean(), cols - cols.mean()) * grid.cell_m
    capital = int(np.argmax(basin * np.exp(-off / 15_000.0)))
    near = np.hypot(rows - rows[capital], cols - cols[capital])
    return capital, tuple(int(k) for k in np.argsort(near, kind="stable")[:3])


def _villages(
    rng: np.random.Generator, terrain: Terrain, communes: _Communes
) -> tuple[Cells, Cells]:
    """Return the cells of village centres and their communes, in order of commune."""
    grid, label = terrain.grid, communes.label
    area = np.bincount(label[label >= 0], minlength=communes.centres.size).astype(float)
    counts = _shares(area**0.8 * np.exp(0.2 * rng.standard_normal(area.size)), VILLAGES, 5)
    homely = np.exp(-terrain.steepness / 0.24) * np.exp(-terrain.position / 0.5)
    homely *= np.exp(0.7 * grained(rng, grid.size, grid.cell_m, 500.0))
    interior = ndimage.minimum_filter(label, 3) == ndimage.maximum_filter(label, 3)
    cells: list[int] = []
    for k, count in enumerate(counts.tolist()):
        # Nobody builds on summits or the worse part of a commune, however much room there is.
        own = (label == k) & interior & (terrain.position < 0.8)
        own &= homely > np.quantile(homely[own], 0.45)
        wish = homely.copy()
        wish.reshape(-1)[communes.centres[k]] = np.inf
        own.reshape(-1)[communes.centres[k]] = True
        spacing, found = VILLAGE_SPACING_M / grid.cell_m, [0]
        while len(found) < count:
            found = _spaced(wish, own, spacing, count)
            spacing *= 0.9
        cells += found
    return np.array(cells), np.repeat(np.arange(counts.size), counts)


def settle(rng: np.random.Generator, terrain: Terrain) -> Places:
    """Choose centres and divide the land between them by the effort of getting there."""
    communes = _communes(rng, terrain)
    capital, towns = _capital(communes, terrain.grid)
    cells, owners = _villages(rng, terrain, communes)
    fields = replace(communes.travel, toll_m=np.zeros(terrain.grid.shape))
    reached = fields.spread(cells, region=communes.label).owner
    label = np.where(communes.label >= 0, reached, -1)
    for k, box in enumerate(ndimage.find_objects(communes.label + 1)):
        own = communes.label[box] == k
        first = int(np.searchsorted(owners, k))
        within = _in_one_piece(np.where(own, label[box] - first, -1))
        label[box][own] = within[own] + first
    return Places(communes.centres, cells, owners, communes.label, label, capital, towns)


def fine_points(rng: np.random.Generator, terrain: Terrain, relief: Relief, cells: Cells) -> Raster:
    """Points for centres: the flattest 30 m cell of each 120 m cell, shape (n, 2)."""
    steep = ndimage.uniform_filter(slope(relief.height_m, relief.grid.cell_m), 3)
    size = terrain.grid.size
    row, col = np.divmod(cells, size)
    points = np.empty((cells.size, 2))
    for k, (i, j) in enumerate(zip(row.tolist(), col.tolist(), strict=True)):
        block = steep[i * BLOCK : (i + 1) * BLOCK, j * BLOCK : (j + 1) * BLOCK]
        a, b = divmod(int(np.argmin(block)), BLOCK)
        points[k] = relief.grid.centres(np.array([i * BLOCK + a]), np.array([j * BLOCK + b]))[0]
    half = 0.4 * relief.grid.cell_m
    return points + rng.uniform(-half, half, points.shape)
