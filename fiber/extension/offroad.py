"""Where there is no road: least-cost paths over the terrain, priced by length and slope."""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heappop, heappush

import numpy as np

from phusong.fiber.network.polylines import Bools, Floats, Ints
from phusong.jit import njit
from phusong.sources.inputs import Raster

MAX_FOUND = 64
"""Places a search comes to before it ends."""


@dataclass(frozen=True)
class OffroadPath:
    """A path from a start to the first cell where a goal was met.

    Attributes
    ----------
    label
        Goal that was met.
    xy
        (n, 2) path through cell centres, the start first.
    usd
        What its cable costs.
    length_m
        Along the ground.
    """

    label: int
    xy: Floats
    usd: float
    length_m: float


def offroad_paths(
    terrain: Raster,
    start_xy: tuple[float, float],
    goal_xy: Floats,
    goal_label: Ints,
    usd_per_km: float,
    slope_factor: float,
    max_km: float,
) -> list[OffroadPath]:
    """Search the cheapest off-road paths from a place to every goal within reach.

    A step between neighbouring cells (of eight) costs its length along the ground times
    ``usd_per_km x (1 + slope_factor x slope)``. Cells without height are not crossed.

    Parameters
    ----------
    terrain
        Ground heights.
    start_xy
        Where to start.
    goal_xy, goal_label
        (g, 2) places to reach and (g,) their labels (not negative); the first place met
        stands for its label.
    usd_per_km, slope_factor, max_km
        Price, and the longest straight distance searched.

    Returns
    -------
    list of OffroadPath
        Cheapest first, at most ``MAX_FOUND``.
    """
    grid = terrain.grid
    x, y = start_xy
    reach = max_km * 1000.0
    window = grid.window_of((x - reach, y - reach, x + reach, y + reach))
    row, col = grid.cell_of(np.array([x]), np.array([y]))
    start = (int(row[0]) - window.row0, int(col[0]) - window.col0)
    if window.empty or not (0 <= start[0] < window.rows and 0 <= start[1] < window.cols):
        return []
    near = np.hypot(goal_xy[:, 0] - x, goal_xy[:, 1] - y) <= reach
    rows, cols = grid.cell_of(goal_xy[near, 0], goal_xy[near, 1])
    rows, cols, labels = rows - window.row0, cols - window.col0, goal_label[near]
    inside = (rows >= 0) & (cols >= 0) & (rows < window.rows) & (cols < window.cols)
    label = np.full(window.shape, -1, dtype=np.int64)
    label[rows[inside][::-1], cols[inside][::-1]] = labels[inside][::-1]
    height = terrain.read(window).astype(np.float64)
    found, before, cost, length = _spread(
        height, grid.cell_m, start, label, usd_per_km / 1000.0, slope_factor, MAX_FOUND
    )
    west, _, _, north = grid.bounds_of(window)
    out = []
    for cell in found.tolist():
        way = _back(before, cell)
        r, c = way // window.cols, way % window.cols
        xy = np.stack([west + (c + 0.5) * grid.cell_m, north - (r + 0.5) * grid.cell_m], axis=1)
        xy[0] = start_xy
        out.append(OffroadPath(int(label.flat[cell]), xy, float(cost[cell]), float(length[cell])))
    return out


@njit(cache=True)
def _step(
    cell_m: float, dr: int, dc: int, rise: float, usd_per_m: float, slope_factor: float
) -> tuple[float, float]:
    """Length along the ground and price of the step to a neighbouring cell."""
    run = cell_m * np.hypot(float(dr), float(dc))
    way = np.hypot(run, rise)
    return way, way * usd_per_m * (1.0 + slope_factor * rise / run)


@njit(cache=True)
def _spread(  # noqa: C901 - one loop of a kernel
    height: Floats,
    cell_m: float,
    start: tuple[int, int],
    label: Ints,
    usd_per_m: float,
    slope_factor: float,
    limit: int,
) -> tuple[Ints, Ints, Floats, Floats]:
    """Dijkstra over cells; ends when ``limit`` labels are met."""
    rows, cols = height.shape
    size = rows * cols
    cost = np.full(size, np.inf)
    length = np.zeros(size)
    before = np.full(size, -1, np.int64)
    done = np.zeros(size, np.bool_)
    found = np.empty(limit, np.int64)
    met = np.empty(limit, np.int64)
    count = 0
    first = start[0] * cols + start[1]
    cost[first] = 0.0
    heap = [(0.0, first)]
    while heap and count < limit:
        d, cell = heappop(heap)
        if done[cell]:
            continue
        done[cell] = True
        r, c = cell // cols, cell % cols
        if label[r, c] >= 0:
            seen = False
            for i in range(count):
                seen = seen or met[i] == label[r, c]
            if not seen:
                found[count], met[count] = cell, label[r, c]
                count += 1
        for dr in range(-1, 2):
            for dc in range(-1, 2):
                rr, cc = r + dr, c + dc
                if (dr == 0 and dc == 0) or rr < 0 or cc < 0 or rr >= rows or cc >= cols:
                    continue
                rise = abs(height[rr, cc] - height[r, c])
                if np.isnan(rise):
                    continue
                way, usd = _step(cell_m, dr, dc, rise, usd_per_m, slope_factor)
                price = d + usd
                to = rr * cols + cc
                if price < cost[to]:
                    cost[to], before[to], length[to] = price, cell, length[cell] + way
                    heappush(heap, (price, to))
    return found[:count].copy(), before, cost, length


@dataclass(frozen=True)
class Claims:
    """Which place comes to each cell most cheaply; arrays (rows x cols,) over flat cells.

    Attributes
    ----------
    owner
        The place, -1 where none comes.
    before
        Cell the way comes by, -1 at its start.
    usd, length_m
        Of the way from the owner.
    """

    owner: Ints
    before: Ints
    usd: Floats
    length_m: Floats


def claim_cells(
    height: Floats,
    cell_m: float,
    start: Ints,
    leaves: Bools,
    open_: Bools,
    corridor: Bools,
    usd_per_km: float,
    slope_factor: float,
) -> Claims:
    """Spread from many places at once until every cell belongs to the cheapest.

    Ways that have left the corridor do not enter it again, and only places that may leave it
    spread beyond it.

    Parameters
    ----------
    height
        (rows, cols) ground; NaN is not crossed.
    start
        (s,) flat cells of the places; the first place in a cell has it.
    leaves
        (s,) whether a place in the corridor may be left beyond it.
    open_, corridor
        (rows, cols) cells that may be entered at all, and those of the corridor.
    usd_per_km, slope_factor
        As in :func:`offroad_paths`.
    """
    found = _claim(
        height, cell_m, start, leaves, open_, corridor, usd_per_km / 1000.0, slope_factor
    )
    return Claims(*found)


def way_of(claims: Claims, cell: int) -> Ints:
    """Return the flat cells of the way to ``cell``, from its owner on."""
    return np.asarray(_back(claims.before, cell))


@njit(cache=True)
def _claim(  # noqa: C901 - one loop of a kernel
    height: Floats,
    cell_m: float,
    start: Ints,
    leaves: Bools,
    open_: Bools,
    corridor: Bools,
    usd_per_m: float,
    slope_factor: float,
) -> tuple[Ints, Ints, Floats, Floats]:
    rows, cols = height.shape
    size = rows * cols
    cost = np.full(size, np.inf)
    length = np.zeros(size, np.float32)
    before = np.full(size, -1, np.int32)
    owner = np.full(size, -1, np.int32)
    heap = [(0.0, np.int64(-1))]
    heap.pop()
    for i in range(len(start)):
        cell = start[i]
        if owner[cell] < 0 and open_.flat[cell]:
            owner[cell], cost[cell] = i, 0.0
            heappush(heap, (0.0, cell))
    while heap:
        d, cell = heappop(heap)
        if d > cost[cell]:
            continue
        r, c = cell // cols, cell % cols
        for dr in range(-1, 2):
            for dc in range(-1, 2):
                rr, cc = r + dr, c + dc
                if (dr == 0 and dc == 0) or rr < 0 or cc < 0 or rr >= rows or cc >= cols:
                    continue
                if not open_[rr, cc]:
                    continue
                if corridor[rr, cc] != corridor[r, c] and (
                    corridor[rr, cc] or not leaves[owner[cell]]
                ):
                    continue
                rise = abs(height[rr, cc] - height[r, c])
                if np.isnan(rise):
                    continue
                way, usd = _step(cell_m, dr, dc, rise, usd_per_m, slope_factor)
                price = d + usd
                to = rr * cols + cc
                if price < cost[to]:
                    cost[to], before[to], length[to] = price, cell, length[cell] + way
                    owner[to] = owner[cell]
                    heappush(heap, (price, to))
    return owner, before, cost, length


@njit(cache=True)
def _back(before: Ints, cell: int) -> Ints:
    count = 1
    at = cell
    while before[at] >= 0:
        at = before[at]
        count += 1
    out = np.empty(count, np.int64)
    at = cell
    for i in range(count - 1, -1, -1):
        out[i] = at
        at = before[at]
    return out
