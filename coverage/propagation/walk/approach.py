"""The last points before a receiver, which are its own.

A radial passes up to half an arc step beside a receiver. Far from it that matters little; just
before it, on a steep slope, the radial's ground is not the ground in front of the receiver and
makes a false horizon. So the last points of a profile are read on the receiver's own line from
the mast, and only those before them are the radial's, shared with all its receivers. Each maximum
and sum of the models (S_tim, S_rim and ν_max in :mod:`.walk.skyline`, v1 and v2 in
:mod:`.walk.smooth`) is that of the radial's points, continued over these few.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from phusong.coverage.propagation.walk.fan import bilinear
from phusong.jit import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

OWN_POINTS = 3
"""How many of a profile's last points lie on the receiver's own line."""


@njit(cache=True, nogil=True)
def shared_points(points: int) -> int:
    """Return how many of a profile's `points` are the radial's: at least one, if there is one."""
    return min(points, max(1, points - OWN_POINTS))


@njit(cache=True, nogil=True)
def own_ground(
    height_m: NDArray[np.float32],
    tx_row: float,
    tx_col: float,
    d_row: float,
    d_col: float,
    first: int,
    count: int,
    out: NDArray[np.float64],
) -> bool:
    """Fill ``out[:count]`` with the ground at the points from `first` on; tell if all have data.

    Parameters
    ----------
    height_m
        Ground, shape (rows, cols).
    tx_row, tx_col
        The antenna in fractional cells.
    d_row, d_col
        From one point of the line to the next, in cells.
    first, count
        Number of the first point, the antenna being 0, and how many to read.
    out
        Filled in, shape (at least `count`,).
    """
    rows, cols = height_m.shape
    last = first + count - 1
    row0, row1 = tx_row + first * d_row, tx_row + last * d_row
    col0, col1 = tx_col + first * d_col, tx_col + last * d_col
    inside = min(row0, row1) >= 0.0 and max(row0, row1) < rows - 1.0
    inside = inside and min(col0, col1) >= 0.0 and max(col0, col1) < cols - 1.0
    total = 0.0
    if inside:  # no holding to the border, point by point
        for j in range(count):
            row, col = tx_row + (first + j) * d_row, tx_col + (first + j) * d_col
            r, c = np.uint64(row), np.uint64(col)
            fr, fc = row - float(r), col - float(c)
            r1, c1 = r + np.uint64(1), c + np.uint64(1)
            north = height_m[r, c] * (1.0 - fc) + height_m[r, c1] * fc
            south = height_m[r1, c] * (1.0 - fc) + height_m[r1, c1] * fc
            out[j] = north * (1.0 - fr) + south * fr
            total += out[j]
        if not math.isnan(total):
            return True
    total = 0.0
    for j in range(count):
        out[j] = bilinear(height_m, tx_row + (first + j) * d_row, tx_col + (first + j) * d_col)
        total += out[j]
    return not math.isnan(total)


@njit(cache=True, nogil=True)
def own_nearest(
    values: NDArray[np.float32],
    tx_row: float,
    tx_col: float,
    d_row: float,
    d_col: float,
    first: int,
    count: int,
    out: NDArray[np.float64],
) -> None:
    """Fill ``out[:count]`` with the value of the cell each point from `first` on lies in."""
    rows, cols = values.shape
    for j in range(count):
        i = first + j
        row = min(max(int(tx_row + i * d_row + 0.5), 0), rows - 1)
        col = min(max(int(tx_col + i * d_col + 0.5), 0), cols - 1)
        out[j] = values[row, col]
