"""Kernels that sum rasters over villages."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.signal.combine import ALL_LEFT, FLOOR_TICK, TICK_DB, TICKS
from phusong.grid import Window
from phusong.jit import njit, prange


@njit(cache=True, parallel=True)
def summarise(  # noqa: C901 - one pass over the cells, every figure at once
    offsets: Any,
    cells: Any,
    fraction: Any,
    weight: Any,
    ticks: Any,
    server: Any,
    left: Any,
    kind_of_server: Any,
    odds: Any,
    cuts: Any,
    served: Any,
    served_area: Any,
    expected: Any,
    level_median: Any,
    best_server: Any,
) -> None:
    """Sum one layer over a batch of villages; sums, not shares.

    Parameters
    ----------
    offsets, cells, fraction
        See :class:`phusong.coverage.villages.footprints.Footprints`.
    weight
        (cells,) people or area of each part cell.
    ticks, server
        Flat window of the layer: level ticks, server plus one.
    left
        Likewise steps of the spread left; empty where all of it is.
    kind_of_server, odds
        See :class:`phusong.coverage.signal.combine.Odds`.
    cuts
        (kinds, pairs) lowest tick served; pair 0 is the study's own.
    served
        (villages, pairs) weight served.
    served_area, expected
        (villages,) part cells served; weight times probability.
    level_median
        (villages,) weighted median in dBm, places without signal being the lowest; NaN where
        they are half or more.
    best_server
        (villages,) server plus one of the greatest weight, 0 without signal; of equals the
        first.
    """
    pairs = cuts.shape[1]
    for v in prange(offsets.size - 1):
        # Only servers heard in the village are told apart: a country has a hundred thousand.
        first, last = _span_of(server, cells, offsets[v], offsets[v + 1])
        histogram = np.zeros(TICKS)
        tally = np.zeros(max(0, last - first + 1))
        total = 0.0
        for i in range(offsets[v], offsets[v + 1]):
            total += weight[i]
            who = server[cells[i]]
            if who == 0:
                continue
            tick = ticks[cells[i]]
            kind = kind_of_server[who]
            if left.size > 0:
                kind += left[cells[i]] - ALL_LEFT
            tally[who - first] += weight[i]
            histogram[tick - FLOOR_TICK] += weight[i]
            expected[v] += weight[i] * odds[kind, tick - FLOOR_TICK]
            if tick >= cuts[kind, 0]:
                served_area[v] += fraction[i]
            for p in range(pairs):
                if tick >= cuts[kind, p]:
                    served[v, p] += weight[i]
        best = 0
        heard = most = 0.0
        for k in range(tally.size):
            heard += tally[k]
            if tally[k] > most:
                best, most = first + k, tally[k]
        best_server[v] = best
        level_median[v] = math.nan
        below = total - heard
        if total > 0.0 and below < 0.5 * total:
            for t in range(TICKS):
                below += histogram[t]
                if below >= 0.5 * total * (1.0 - 1e-12):
                    level_median[v] = (t + FLOOR_TICK) * TICK_DB
                    break


@njit(cache=True)
def _span_of(server: Any, cells: Any, begin: int, end: int) -> tuple[int, int]:
    """Return the first and the last server among part cells; (2^63 - 1, 0) without any."""
    first, last = np.iinfo(np.int64).max, 0
    for i in range(begin, end):
        who = server[cells[i]]
        if who > 0:
            first, last = min(first, who), max(last, who)
    return first, last


@njit(cache=True, nogil=True)
def sum_served(
    offsets: Any,
    cells: Any,
    fraction: Any,
    weight: Any,
    ticks: Any,
    server: Any,
    left: Any,
    kind_of_server: Any,
    odds: Any,
    cut: Any,
    served: Any,
    served_area: Any,
    expected: Any,
) -> None:
    """Sum what is served alone, under one definition: as :func:`summarise` does.

    ``cut`` is (kinds,), ``served`` (villages,). On one thread, so that layers may be summed beside
    each other.
    """
    for v in range(offsets.size - 1):
        for i in range(offsets[v], offsets[v + 1]):
            who = server[cells[i]]
            if who == 0:
                continue
            tick = ticks[cells[i]]
            kind = kind_of_server[who]
            if left.size > 0:
                kind += left[cells[i]] - ALL_LEFT
            expected[v] += weight[i] * odds[kind, tick - FLOOR_TICK]
            if tick >= cut[kind]:
                served_area[v] += fraction[i]
                served[v] += weight[i]


@njit(cache=True, nogil=True)
def _draw_discs(mask: Any, col_m: Any, row_m: Any, radius_m: Any, cell_m: float) -> None:
    """Mark the cells whose centres lie within a radius of one of several points."""
    rows, cols = mask.shape
    for k in range(radius_m.size):
        radius = radius_m[k]
        first = max(0, math.floor((row_m[k] - radius) / cell_m - 0.5))
        last = min(rows - 1, math.ceil((row_m[k] + radius) / cell_m - 0.5))
        for r in range(first, last + 1):
            dy = (r + 0.5) * cell_m - row_m[k]
            rest = radius * radius - dy * dy
            if rest < 0.0:
                continue
            half = math.sqrt(rest)
            left = max(0, math.ceil((col_m[k] - half) / cell_m - 0.5))
            right = min(cols - 1, math.floor((col_m[k] + half) / cell_m - 0.5))
            for c in range(left, right + 1):
                mask[r, c] = True


def disc_mask(
    window: Window,
    corner_m: tuple[float, float],
    cell_m: float,
    x_m: NDArray[np.float64],
    y_m: NDArray[np.float64],
    radius_m: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Return which cells of a window have their centre within a radius of a mast.

    Parameters
    ----------
    window
        Rows and columns of the mask.
    corner_m
        West and north edge of the window.
    cell_m
        Side of a cell.
    x_m, y_m, radius_m
        (masts,) places and their radii.
    """
    mask = np.zeros(window.shape, dtype=np.bool_)
    west, north = corner_m
    _draw_discs(mask, x_m - west, north - y_m, radius_m, cell_m)
    return mask


@njit(cache=True, nogil=True)
def _sums(values: Any, offsets: Any) -> Any:
    out = np.zeros(offsets.size - 1)
    for v in range(offsets.size - 1):
        for i in range(offsets[v], offsets[v + 1]):
            out[v] += values[i]
    return out


def sum_by_village(values: NDArray[np.float64], offsets: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the sum of each village's values, whoever else is summed; 0 without cells."""
    return np.asarray(_sums(values, offsets))
