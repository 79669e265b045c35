"""The land of the sample: uplift and rivers on a coarse grid, karst and detail on a fine one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sample.erosion import Flow, erode, route
from sample.grid import Grid, Raster, refined
from sample.noise import grained, karst_hills

WEST_M = 470_010.0
NORTH_M = 2_560_020.0
CELL_M = 30.0
SIZE = 2176
"""Cells of 30 m a side of the published DEM: 65.28 km."""

GRAIN_DEG = 128.0
"""Bearing of the folds and faults: north-west to south-east."""
TOP_M = 1900.0
"""Height that one cell in 200 exceeds before karst is added."""
BASE_M = 95.0


@dataclass(frozen=True)
class Relief:
    """The finished land on the fine grid, and its rivers on the 60 m grid."""

    grid: Grid
    height_m: Raster
    river_grid: Grid
    flow: Flow
    """Of the 60 m grid."""


def _edges(size: int, *, north: bool = True, west: bool = True) -> NDArray[np.bool_]:
    edge = np.zeros((size, size), dtype=np.bool_)
    edge[-1, :] = edge[:, -1] = True
    if north:
        edge[0, :] = True
    if west:
        edge[:, 0] = True
    return edge


def _inflow(flow: Flow, size: int, start: int, stop: int, factor: int) -> Raster:
    """Catchment that enters the window [start, stop) of a grid, on cells ``factor`` smaller."""
    row, col = np.divmod(np.arange(size * size), size)
    inside = (row >= start) & (row < stop) & (col >= start) & (col < stop)
    enters = ~inside & inside[flow.receiver]
    entry = np.zeros(((stop - start) * factor,) * 2)
    target = flow.receiver[enters]
    half = factor // 2
    np.add.at(
        entry,
        (
            (target // size - start) * factor + half,
            (target % size - start) * factor + half,
        ),
        flow.area_km2[enters],
    )
    return entry


def _crustal_block(rng: np.random.Generator) -> tuple[Raster, Raster, Raster, Flow]:
    """Erode a block far larger than the sample, so that no edge of the sample shapes it.

    Returns height, uplift a step and erodibility on 400 cells of 240 m, and the flow.
    """
    size, cell = 400, 240.0
    y, x = np.meshgrid(np.linspace(0, 1, size), np.linspace(0, 1, size), indexing="ij")
    swell = grained(rng, size, cell, 16_000.0, stretch=2.0, bearing_deg=GRAIN_DEG, rolloff=3.0)
    ranges = grained(rng, size, cell, 4_500.0, stretch=3.5, bearing_deg=GRAIN_DEG, rolloff=3.0)
    uplift = np.clip(1.25 - 0.35 * x - 0.55 * y + 0.35 * swell + 0.12 * ranges, 0.1, None)
    rock = grained(rng, size, cell, 1_800.0, stretch=4.0, bearing_deg=GRAIN_DEG, rolloff=2.2)
    province = grained(rng, size, cell, 9_000.0, stretch=1.5, bearing_deg=GRAIN_DEG)
    erodibility = 0.14 * np.exp(0.38 * rock + 0.12 * province)
    outlet = _edges(size, north=False, west=False)
    start = 60.0 * uplift + 8.0 * grained(rng, size, cell, 1_000.0)
    start[outlet] = 0.0
    height = erode(
        start,
        outlet,
        cell,
        uplift_m=np.where(outlet, 0.0, 10.0 * uplift),
        erodibility=erodibility,
        creep=0.02,
        steps=110,
        seed=1,
    )
    scale = (TOP_M - BASE_M) / float(np.percentile(height, 99.5))
    height = BASE_M + height * scale
    # The few stacks of hard rock that would stand above all the rest are bent down.
    excess = np.maximum(height - 0.8 * TOP_M, 0.0)
    height -= excess - 0.35 * TOP_M * (1.0 - np.exp(-excess / (0.35 * TOP_M)))
    return height, 10.0 * uplift * scale, erodibility, route(height, outlet, cell, seed=999)


def _with_floors(height_m: Raster, flow: Flow, cell_m: float) -> Raster:
    """Lay flat floors of gravel beside the larger streams.

    The height above the nearest drainage, a, becomes a²/(a + f) with f growing with the stream:
    low ground is pressed flat, ridges keep their form.
    """
    below = flow.channel_below(1.2)
    flat = height_m.ravel()
    above = np.maximum(flat - flat[below], 0.0)
    stream_km2 = flow.area_km2[below]
    floor = np.clip(7.0 * stream_km2**0.3, 5.0, 45.0).reshape(height_m.shape)
    floor = ndimage.gaussian_filter(floor, 420.0 / cell_m)
    above = above.reshape(height_m.shape)
    pressed = above * floor / (above + floor)
    return height_m - ndimage.gaussian_filter(pressed, 75.0 / cell_m)


def _karst_mask(rng: np.random.Generator, height_m: Raster, flow: Flow, cell_m: float) -> Raster:
    """Where limestone stands: part of the land, away from streams, 0 to 1."""
    size = height_m.shape[0]
    stone = grained(rng, size, cell_m, 9_000.0, stretch=2.2, bearing_deg=GRAIN_DEG, rolloff=2.5)
    stone = np.clip((stone + 0.15) / 0.7, 0.0, 1.0)
    river = (flow.area_km2 >= 2.5).reshape(height_m.shape)
    distance = ndimage.distance_transform_edt(~river) * cell_m
    mask: Raster = stone * np.clip((distance - 150.0) / 450.0, 0.0, 1.0)
    return mask


def make_relief(seed: int) -> Relief:
    """Make the land; the same seed gives the same land."""
    rng = np.random.default_rng(seed)
    height, uplift, erodibility, flow = _crustal_block(rng)

    # 288 cells of 240 m: the sample with a margin of 1.92 km all round.
    start, stop = 56, 344
    window = np.s_[start:stop, start:stop]
    inflow = _inflow(flow, 400, start, stop, 2)
    cell, size = 120.0, 576
    middle = refined(height[window], 2) + 6.0 * grained(rng, size, cell, 500.0)
    rise, softness = refined(uplift[window], 2), refined(erodibility[window], 2)
    middle = erode(
        middle,
        _edges(size),
        cell,
        uplift_m=rise * 0.5,
        erodibility=np.maximum(softness, 0.02) * 0.5,
        creep=0.03,
        steps=22,
        seed=2001,
        inflow_km2=inflow,
    )
    flow = route(middle, _edges(size), cell, inflow_km2=inflow, seed=2999)

    # 1104 cells of 60 m: a margin of 480 m is left.
    start, stop = 12, 564
    window = np.s_[start:stop, start:stop]
    inflow = _inflow(flow, size, start, stop, 2)
    cell, size = 60.0, 1104
    fine = refined(middle[window], 2) + 3.0 * grained(rng, size, cell, 260.0)
    rock = grained(rng, size, cell, 700.0, stretch=3.0, bearing_deg=GRAIN_DEG)
    fine = erode(
        fine,
        _edges(size),
        cell,
        uplift_m=np.full((size, size), 0.5),
        erodibility=0.035 * np.exp(0.4 * rock),
        creep=0.05,
        steps=7,
        seed=3001,
        inflow_km2=inflow,
    )
    flow = route(fine, _edges(size), cell, inflow_km2=inflow, seed=3999)
    fine = _with_floors(fine, flow, cell)
    mask = _karst_mask(rng, fine, flow, cell)
    hills = karst_hills(rng, size, cell, 900.0, 190.0) + karst_hills(rng, size, cell, 520.0, 50.0)
    fine = fine + mask * (hills - 45.0)
    roughness = np.clip(ndimage.gaussian_filter(np.hypot(*np.gradient(fine, cell)), 2.0), 0, 1)

    # 2208 cells of 30 m, of which the outer 16 go.
    land = refined(fine, 2)
    detail = grained(rng, land.shape[0], CELL_M, 180.0, rolloff=2.6)
    land += 9.0 * refined(roughness, 2) * detail
    land = land[16:-16, 16:-16]
    land = np.maximum(land, 40.0)
    grid = Grid(WEST_M, NORTH_M, CELL_M, SIZE)
    flow_grid = Grid(WEST_M - 480.0, NORTH_M + 480.0, cell, size)
    outlet = _edges(size)
    return Relief(grid, land, flow_grid, route(fine, outlet, cell, inflow_km2=inflow, seed=4999))
