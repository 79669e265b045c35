"""Least-cost travel over the land: spreading from sources, walking back, meeting borders."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from phusong.fiber.heap import doubled, pop_entry, push_entry
from sample.grid import Raster
from sample.kernels import COL_STEP, ROW_STEP, STEP_LENGTH, compiled

Cells = NDArray[np.int64]


@compiled
def _spread(
    height: np.ndarray,
    friction: np.ndarray,
    toll: np.ndarray,
    region: np.ndarray,
    cell_m: float,
    limit_grade: float,
    sources: np.ndarray,
    cost: np.ndarray,
    owner: np.ndarray,
    before: np.ndarray,
) -> None:
    rows, cols = height.shape
    keys = np.empty(rows * cols)
    items = np.empty(rows * cols, dtype=np.int64)
    closed = np.zeros(rows * cols, dtype=np.bool_)
    size = 0
    for k in range(sources.size):
        cost[sources[k]] = 0.0
        owner[sources[k]] = k
        size = push_entry(keys, items, size, 0.0, sources[k])
    while size > 0:
        cell = items[0]
        size = pop_entry(keys, items, size)
        if closed[cell]:
            continue
        closed[cell] = True
        i, j = cell // cols, cell % cols
        for k in range(8):
            a, b = i + ROW_STEP[k], j + COL_STEP[k]
            if a < 0 or b < 0 or a >= rows or b >= cols:
                continue
            to = a * cols + b
            if closed[to] or region[i, j] != region[a, b]:
                continue
            length = cell_m * STEP_LENGTH[k]
            grade = abs(height[a, b] - height[i, j]) / length
            step = length * 0.5 * (friction[i, j] + friction[a, b])
            step *= 1.0 + (grade / limit_grade) ** 2
            if toll[a, b] > toll[i, j]:
                step += toll[a, b] - toll[i, j]
            if cost[cell] + step < cost[to]:
                cost[to] = cost[cell] + step
                owner[to] = owner[cell]
                before[to] = cell
                if size == keys.size:
                    keys, items = doubled(keys, items)
                size = push_entry(keys, items, size, cost[to], to)


@dataclass(frozen=True)
class Spread:
    """The result of spreading from sources; all arrays have the shape of the grid."""

    cost: Raster
    """Effort from the nearest source: metres of level ground. Infinite where not reached."""
    owner: Cells
    """Index of that source; -1 where not reached."""
    before: Cells
    """Flat index of the cell one came from; -1 at sources."""

    def path(self, cell: int) -> list[int]:
        """Cells from ``cell`` back to its source."""
        flat = self.before.reshape(-1)
        cells = [cell]
        while flat[cells[-1]] >= 0:
            cells.append(int(flat[cells[-1]]))
        return cells


@dataclass(frozen=True)
class Land:
    """What travelling costs, on one grid of ``cell_m``."""

    height_m: Raster
    friction: Raster
    """Metres of effort for a metre of level way."""
    toll_m: Raster
    """Effort of entering a cell, such as a river to be bridged."""
    cell_m: float
    limit_grade: float = 0.08
    """Grade at which a way costs twice as much as a level one."""

    def spread(self, sources: Cells, *, region: Cells | None = None) -> Spread:
        """Spread from ``sources`` (flat indices), never from one region into another."""
        shape = self.height_m.shape
        cost = np.full(self.height_m.size, np.inf)
        owner = np.full(self.height_m.size, -1, dtype=np.int64)
        before = np.full(self.height_m.size, -1, dtype=np.int64)
        _spread(
            self.height_m,
            self.friction,
            self.toll_m,
            np.zeros(shape, dtype=np.int64) if region is None else region,
            self.cell_m,
            self.limit_grade,
            np.asarray(sources, dtype=np.int64),
            cost,
            owner,
            before,
        )
        return Spread(cost.reshape(shape), owner.reshape(shape), before.reshape(shape))


def meetings(spread: Spread) -> dict[tuple[int, int], tuple[float, int, int]]:
    """Return for each pair of neighbouring owners the cheapest way between their sources.

    Returns
    -------
    dict
        Pair of owners to (effort, cell on the first one's side, cell on the other's side).
    """
    best: dict[tuple[int, int], tuple[float, int, int]] = {}
    index = np.arange(spread.owner.size).reshape(spread.owner.shape)
    for here, there in (
        (np.s_[:, :-1], np.s_[:, 1:]),
        (np.s_[:-1, :], np.s_[1:, :]),
    ):
        left, right = spread.owner[here], spread.owner[there]
        border = (left != right) & (left >= 0) & (right >= 0)
        total = (spread.cost[here] + spread.cost[there])[border]
        rows = zip(
            left[border].tolist(),
            right[border].tolist(),
            total.tolist(),
            index[here][border].tolist(),
            index[there][border].tolist(),
            strict=True,
        )
        for a, b, effort, cell_a, cell_b in rows:
            found = (effort, cell_a, cell_b) if a < b else (effort, cell_b, cell_a)
            pair = (a, b) if a < b else (b, a)
            if pair not in best or found < best[pair]:
                best[pair] = found
    return best
