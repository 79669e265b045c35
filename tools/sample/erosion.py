"""Rivers that cut the land: depression filling, flow, stream-power incision, valley floors.

Incision follows the stream-power law dh/dt = U - K A^m S, solved implicitly from the outlets
upstream (Braun and Willett 2013, Geomorphology 180-181); depressions are drained by a priority
flood (Barnes, Lehman and Mulla 2014, Computers & Geosciences 62).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from phusong.fiber.heap import pop_entry, push_entry
from sample.grid import Raster
from sample.kernels import (
    COL_STEP,
    ROW_STEP,
    STEP_LENGTH,
    compiled,
    hashed_unit,
)

AREA_EXPONENT = 0.45
KEPT_STEPS = 2
"""Steps for which a drainage pattern is kept: finding it is most of the work."""


@compiled
def _flood(height: np.ndarray, outlet: np.ndarray, filled: np.ndarray, order: np.ndarray) -> None:
    rows, cols = height.shape
    seen = np.zeros(rows * cols, dtype=np.bool_)
    keys = np.empty(rows * cols)
    items = np.empty(rows * cols, dtype=np.int64)
    size = 0
    for i in range(rows):
        for j in range(cols):
            if outlet[i, j]:
                filled[i, j] = height[i, j]
                seen[i * cols + j] = True
                size = push_entry(keys, items, size, height[i, j], i * cols + j)
    done = 0
    while size > 0:
        cell = items[0]
        size = pop_entry(keys, items, size)
        order[done] = cell
        done += 1
        i, j = cell // cols, cell % cols
        for k in range(8):
            a, b = i + ROW_STEP[k], j + COL_STEP[k]
            if a < 0 or b < 0 or a >= rows or b >= cols or seen[a * cols + b]:
                continue
            seen[a * cols + b] = True
            filled[a, b] = max(height[a, b], filled[i, j] + 1e-4)
            size = push_entry(keys, items, size, filled[a, b], a * cols + b)


@compiled
def _receivers(
    filled: np.ndarray, outlet: np.ndarray, receiver: np.ndarray, length: np.ndarray, seed: int
) -> None:
    rows, cols = filled.shape
    for i in range(rows):
        for j in range(cols):
            cell = i * cols + j
            receiver[cell] = cell
            length[cell] = 1.0
            if outlet[i, j]:
                continue
            best = 0.0
            for k in range(8):
                a, b = i + ROW_STEP[k], j + COL_STEP[k]
                if a < 0 or b < 0 or a >= rows or b >= cols:
                    continue
                drop = (filled[i, j] - filled[a, b]) / STEP_LENGTH[k]
                # The eight directions of a grid draw straight lines; chance undoes them.
                drop *= 0.55 + 0.9 * hashed_unit(cell * 8 + k, seed)
                if drop > best:
                    best = drop
                    receiver[cell] = a * cols + b
                    length[cell] = STEP_LENGTH[k]


@compiled
def _accumulate(order: np.ndarray, receiver: np.ndarray, area: np.ndarray) -> None:
    for k in range(order.size - 1, -1, -1):
        cell = order[k]
        if receiver[cell] != cell:
            area[receiver[cell]] += area[cell]


@compiled
def _incise(
    height: np.ndarray,
    order: np.ndarray,
    receiver: np.ndarray,
    factor: np.ndarray,
    uplift: np.ndarray,
) -> None:
    for k in range(order.size):
        cell = order[k]
        down = receiver[cell]
        if down != cell:
            f = factor[cell]
            height[cell] = (height[cell] + uplift[cell] + f * height[down]) / (1.0 + f)


@compiled
def _channel_below(
    order: np.ndarray, receiver: np.ndarray, channel: np.ndarray, below: np.ndarray
) -> None:
    for k in range(order.size):
        cell = order[k]
        if channel[cell] or receiver[cell] == cell:
            below[cell] = cell
        else:
            below[cell] = below[receiver[cell]]


@dataclass(frozen=True)
class Flow:
    """Where the water of every cell goes. Arrays are flat, one value a cell."""

    order: NDArray[np.int64]
    """Cells from the outlets upstream."""
    receiver: NDArray[np.int64]
    length: Raster
    """Distance to the receiver in cells."""
    area_km2: Raster
    filled_m: Raster

    def channel_below(self, least_km2: float) -> NDArray[np.int64]:
        """Return for each cell the first cell downstream that drains ``least_km2`` or more."""
        below = np.empty_like(self.receiver)
        _channel_below(self.order, self.receiver, self.area_km2 >= least_km2, below)
        return below


def route(
    height_m: Raster,
    outlet: NDArray[np.bool_],
    cell_m: float,
    *,
    inflow_km2: Raster | None = None,
    seed: int = 0,
) -> Flow:
    """Drain every cell of ``height_m`` to an outlet."""
    filled = np.empty_like(height_m)
    order = np.empty(height_m.size, dtype=np.int64)
    _flood(height_m, outlet, filled, order)
    receiver = np.empty(height_m.size, dtype=np.int64)
    length = np.empty(height_m.size)
    _receivers(filled, outlet, receiver, length, seed)
    area = np.full(height_m.size, (cell_m / 1000.0) ** 2)
    if inflow_km2 is not None:
        area += inflow_km2.ravel()
    _accumulate(order, receiver, area)
    return Flow(order, receiver, length, area, filled)


def erode(
    height_m: Raster,
    outlet: NDArray[np.bool_],
    cell_m: float,
    *,
    uplift_m: Raster,
    erodibility: Raster,
    creep: float,
    steps: int,
    seed: int,
    inflow_km2: Raster | None = None,
) -> Raster:
    """Let the land rise, rivers cut and slopes creep for ``steps`` steps.

    Parameters
    ----------
    uplift_m : ndarray
        Rise a step, metres.
    erodibility : ndarray
        K dt in km a step for 1 km² of catchment: the distance a knickpoint travels.
    creep : float
        Hillslope diffusion a step, in cells squared; stable below 0.25.
    """
    height = height_m.copy()
    flat = height.reshape(-1)
    for step in range(steps):
        if step % KEPT_STEPS == 0:
            flow = route(height, outlet, cell_m, inflow_km2=inflow_km2, seed=seed + step)
        reach = erodibility.ravel() * flow.area_km2**AREA_EXPONENT
        _incise(
            flat,
            flow.order,
            flow.receiver,
            reach * 1000.0 / (cell_m * flow.length),
            uplift_m.ravel(),
        )
        padded = np.pad(height, 1, mode="edge")
        spread = (
            padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:]
        ) - 4.0 * height
        height[~outlet] += creep * spread[~outlet]
    return height
