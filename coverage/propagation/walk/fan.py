"""A disc of cells seen as a fan of radials, and the profile along one radial.

Every cell whose centre lies within the radius is a receiver at its exact distance with its own
ground height. Only the ground between is shared: that of the nearest radial, read by bilinear
interpolation at a fixed step.

What is read here are the d_i, h_i and R_i of a path profile: ITU-R P.526-15 §4.5.1 and P.1812-7
§3.2, whose points may lie at any spacing, the same for all (as here) or not. The Recommendations
leave to the user how heights between the samples of a raster are read. Clutter and zones are
classes, and taken from the cell a point lies in.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from phusong.coverage.propagation.surface import (
    FLAG_BEYOND_RADIUS,
    FLAG_NO_DATA,
    FLAG_NOT_ASKED,
)
from phusong.jit import njit, prange

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from phusong.coverage.propagation.surface import PropagationSettings, Surface, Transmitter

_CHUNKS = 32  # fixed, so that the order of cells never depends on the number of threads


@dataclass(frozen=True)
class Fan:
    """The cells of a disc, sorted by their nearest radial.

    Parameters
    ----------
    row0, col0, rows, cols
        The window of the surface that the disc touches.
    tx_row, tx_col
        The antenna in fractional cells of the surface, where whole numbers are cell centres.
    radials
        Number of radials; radial j points along the angle 2πj/radials from +col towards +row.
    cells
        Flat index in the window of every receiver, sorted by radial, shape (receivers,).
    start
        Where each radial's cells begin in `cells`, shape (radials + 1,).
    flags
        Bits already known, shape (rows, cols): beyond the radius, no data at the cell, not asked
        for.
    """

    row0: int
    col0: int
    rows: int
    cols: int
    tx_row: float
    tx_col: float
    radials: int
    cells: NDArray[np.int32]
    start: NDArray[np.int64]
    flags: NDArray[np.uint8]


def fan_of(surface: Surface, tx: Transmitter, settings: PropagationSettings) -> Fan:
    """Return the disc around `tx` as a fan of radials.

    Parameters
    ----------
    surface
        Ground; its cells without data, and those not asked for, are flagged and left out.
    tx
        The antenna, inside the surface.
    settings
        Radius and arc step.
    """
    rows, cols = surface.height_m.shape
    tx_col = (tx.x_m - surface.x0_m) / surface.cell_m - 0.5
    tx_row = (surface.y0_m - tx.y_m) / surface.cell_m - 0.5
    reach = settings.radius_m / surface.cell_m
    row0, row1 = max(0, math.ceil(tx_row - reach)), min(rows, math.floor(tx_row + reach) + 1)
    col0, col1 = max(0, math.ceil(tx_col - reach)), min(cols, math.floor(tx_col + reach) + 1)
    row1, col1 = max(row1, row0 + 1), max(col1, col0 + 1)
    radials = settings.radials(surface.cell_m)
    cells, start, flags = _bucket(
        surface.height_m,
        np.empty((0, 0), np.bool_) if surface.asked is None else surface.asked,
        row0,
        row1,
        col0,
        col1,
        tx_row,
        tx_col,
        reach,
        radials,
    )
    return Fan(row0, col0, row1 - row0, col1 - col0, tx_row, tx_col, radials, cells, start, flags)


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _octant_angle(small: float, large: float) -> float:
    """Arctangent of small/large in 0..π/4, to 1e-7, for choosing the nearest of many radials.

    Minimax-like odd polynomial; an error of 1e-7 rad moves the choice only for cells that lie
    half-way between two radials to within that angle, where either is as good.
    """
    t = small / large
    # arctan t = arctan(1/2) + arctan((t - 1/2)/(1 + t/2)): the argument stays within 1/2.
    u = (t - 0.5) / (1.0 + 0.5 * t)
    w = u * u
    series = 1.0 / 13.0 - w / 15.0
    series = 1.0 / 11.0 - w * series
    series = 1.0 / 9.0 - w * series
    series = 1.0 / 7.0 - w * series
    series = 1.0 / 5.0 - w * series
    series = 1.0 / 3.0 - w * series
    return 0.46364760900080615 + u * (1.0 - w * series)


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def nearest_radial(d_row: float, d_col: float, radials: int) -> int:
    """Return the radial nearest to the direction (d_row, d_col).

    Without a branch, so that many cells are done at once; of no direction it is the first.
    """
    a, b = abs(d_col), abs(d_row)
    angle = _octant_angle(min(a, b), max(a, b, 1e-300))
    angle = 0.5 * math.pi - angle if b > a else angle
    angle = math.pi - angle if d_col < 0.0 else angle
    angle = 2.0 * math.pi - angle if d_row < 0.0 else angle
    j = int(angle * (radials / (2.0 * math.pi)) + 0.5)
    return j - radials if j >= radials else j


@njit(cache=True, nogil=True, error_model="numpy")
def _radials_of_row(d_row: float, d_col0: float, radials: int, out: NDArray[np.int32]) -> None:
    """Fill in the radial nearest to each cell of a row, whose first is at (d_row, d_col0)."""
    for col in range(out.size):
        out[col] = nearest_radial(d_row, d_col0 + col, radials)


@njit(cache=True, nogil=True, parallel=True, error_model="numpy")
def _bucket(
    height_m: NDArray[np.float32],
    asked: NDArray[np.bool_],
    row0: int,
    row1: int,
    col0: int,
    col1: int,
    tx_row: float,
    tx_col: float,
    reach: float,
    radials: int,
) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.uint8]]:
    """Sort the cells of the disc by radial (counting sort, in fixed chunks of rows)."""
    rows, cols = row1 - row0, col1 - col0
    radial_of = np.empty((rows, cols), np.int32)
    flags = np.zeros((rows, cols), np.uint8)
    counts = np.zeros((_CHUNKS, radials), np.int32)
    per = (rows + _CHUNKS - 1) // _CHUNKS
    reach2 = reach * reach
    for chunk in prange(_CHUNKS):
        for row in range(chunk * per, min(rows, (chunk + 1) * per)):
            d_row = row0 + row - tx_row
            _radials_of_row(d_row, col0 - tx_col, radials, radial_of[row])
            for col in range(cols):
                d_col = col0 + col - tx_col
                flag = 0
                if d_row * d_row + d_col * d_col > reach2:
                    flag = FLAG_BEYOND_RADIUS
                elif math.isnan(height_m[row0 + row, col0 + col]):
                    flag = FLAG_NO_DATA
                elif asked.size > 0 and not asked[row0 + row, col0 + col]:
                    flag = FLAG_NOT_ASKED
                if flag != 0:
                    flags[row, col] = flag
                    radial_of[row, col] = -1
                else:
                    counts[chunk, radial_of[row, col]] += 1
    start = np.zeros(radials + 1, np.int64)
    place = np.empty((_CHUNKS, radials), np.int64)
    total = 0
    for j in range(radials):
        start[j] = total
        for chunk in range(_CHUNKS):
            place[chunk, j] = total
            total += counts[chunk, j]
    start[radials] = total
    cells = np.empty(total, np.int32)
    for chunk in prange(_CHUNKS):
        for row in range(chunk * per, min(rows, (chunk + 1) * per)):
            for col in range(cols):
                j = radial_of[row, col]
                if j >= 0:
                    cells[place[chunk, j]] = row * cols + col
                    place[chunk, j] += 1
    return cells, start, flags


@njit(cache=True, nogil=True)
def bilinear(height_m: NDArray[np.float32], row: float, col: float) -> float:
    """Height at fractional cell coordinates; the border cells hold to their outer edges.

    NaN where one of the four cells around has no data, unless its weight is 0.
    """
    rows, cols = height_m.shape
    row = min(max(row, 0.0), rows - 1.0)
    col = min(max(col, 0.0), cols - 1.0)
    r, c = np.uint64(row), np.uint64(col)  # unsigned: nothing is counted from the end
    fr, fc = row - float(r), col - float(c)
    r1 = r + np.uint64(1) if fr > 0.0 else r
    c1 = c + np.uint64(1) if fc > 0.0 else c
    north = height_m[r, c] * (1.0 - fc) + height_m[r, c1] * fc
    south = height_m[r1, c] * (1.0 - fc) + height_m[r1, c1] * fc
    return float(north * (1.0 - fr) + south * fr)


@njit(cache=True, nogil=True)
def sample_radial(
    height_m: NDArray[np.float32],
    tx_row: float,
    tx_col: float,
    angle: float,
    step_cells: float,
    points: int,
    out: NDArray[np.float64],
) -> int:
    """Fill ``out[1..points]`` with the ground along a radial; return how many points have data.

    The profile ends where it leaves the grid or meets a point without data.
    """
    rows, cols = height_m.shape
    d_row, d_col = math.sin(angle) * step_cells, math.cos(angle) * step_cells
    for i in range(1, points + 1):
        row, col = tx_row + i * d_row, tx_col + i * d_col
        if row < -0.5 or col < -0.5 or row > rows - 0.5 or col > cols - 0.5:
            return i - 1
        value = bilinear(height_m, row, col)
        if math.isnan(value):
            return i - 1
        out[i] = value
    return points


@njit(cache=True, nogil=True)
def sample_nearest(
    values: NDArray[np.float32],
    tx_row: float,
    tx_col: float,
    angle: float,
    step_cells: float,
    points: int,
    out: NDArray[np.float64],
) -> None:
    """Fill ``out[1..points]`` with the value of the cell each point of a radial lies in."""
    rows, cols = values.shape
    d_row, d_col = math.sin(angle) * step_cells, math.cos(angle) * step_cells
    for i in range(1, points + 1):
        row = min(max(int(tx_row + i * d_row + 0.5), 0), rows - 1)
        col = min(max(int(tx_col + i * d_col + 0.5), 0), cols - 1)
        out[i] = values[row, col]


@njit(cache=True, nogil=True)
def points_before(distance_m: float, step_m: float) -> int:
    """Return how many profile points a receiver at `distance_m` has between it and the mast.

    The last point stays at least half a step away: nearer, the radial's ground beside the
    receiver would stand in for the receiver's own.
    """
    return max(0, int(distance_m / step_m - 0.5))
