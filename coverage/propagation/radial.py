"""Walking one radial outwards: what every sweep keeps up, and asks for at each receiver.

A skyline is the profile with the earth's bulge taken off (y − x²/2a), so that every ray is a
straight line. Kept with it: the steepest slope seen from the antenna so far, the upper hull, and
a bound above each block of points. A receiver asks before anything beyond it is added; it is
never added itself.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from phusong.coverage.propagation.diffraction import (
    edge_height,
    smooth_obstruction,
    spherical_clearance,
    spherical_earth_db,
)
from phusong.coverage.propagation.fan import points_before
from phusong.coverage.propagation.hull import highest, push, tangent
from phusong.coverage.propagation.sight import BLOCK, close_block, nearest_to_ray
from phusong.jit import njit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BUNDLE = 8
"""Radials that one task of a parallel loop walks."""


@njit(cache=True, nogil=True)
def queue_receivers(
    cells: NDArray[np.int32],
    cols: int,
    d_row0: float,
    d_col0: float,
    cell_m: float,
    step_m: float,
    head: NDArray[np.int32],
    follow: NDArray[np.int32],
    at_row: NDArray[np.int32],
    at_col: NDArray[np.int32],
    away: NDArray[np.float64],
) -> int:
    """List a radial's receivers by the number of points before them; return the largest.

    Parameters
    ----------
    cells
        Flat window indices of the radial's cells.
    cols
        Width of the window.
    d_row0, d_col0
        Offset of the window's first cell from the antenna, in cells.
    cell_m, step_m
        Cell size and spacing of the points.
    head
        Per number of points the first receiver, −1 for none; filled here, all −1 before.
    follow
        Per receiver the next with as many points, −1 at the end; filled here.
    at_row, at_col
        Per receiver its row and column in the window; filled here.
    away
        Per receiver its distance in metres; filled here.
    """
    most = 0
    per = 1.0 / cols
    for n in range(cells.size):
        cell = int(cells[n])
        row = int((cell + 0.5) * per)  # exact, and several times faster than a division
        col = cell - row * cols
        at_row[n], at_col[n] = row, col
        d_row = (d_row0 + row) * cell_m
        d_col = (d_col0 + col) * cell_m
        away[n] = math.sqrt(d_row * d_row + d_col * d_col)
        k = points_before(away[n], step_m)
        follow[n] = head[k]
        head[k] = n
        most = max(most, k)
    return most


@njit(cache=True, nogil=True)
def extend(
    flat: NDArray[np.float64],
    steepest: NDArray[np.float64],
    base: NDArray[np.float64],
    slope: NDArray[np.float64],
    vertex: NDArray[np.int32],
    hull_x: NDArray[np.float64],
    hull_y: NDArray[np.float64],
    size: int,
    k: int,
    step_m: float,
    height_m: float,
    tx_m: float,
    per: float,
) -> int:
    """Add point `k` of flattened height `height_m` to a skyline; return the hull's new size.

    ``steepest[0]`` must be −inf, and `per` is 1/(k·step_m), which several skylines share.
    """
    x = k * step_m
    flat[k] = height_m
    steepest[k] = max(steepest[k - 1], (height_m - tx_m) * per)
    size = push(vertex, hull_x, hull_y, size, k, x, height_m)
    if k % BLOCK == 0:
        close_block(flat, step_m, k, base, slope)
    return int(size)


@njit(cache=True, nogil=True)
def edge_to(
    flat: NDArray[np.float64],
    steepest: NDArray[np.float64],
    base: NDArray[np.float64],
    slope: NDArray[np.float64],
    vertex: NDArray[np.int32],
    hull_x: NDArray[np.float64],
    hull_y: NDArray[np.float64],
    size: int,
    k: int,
    step_m: float,
    distance_m: float,
    tx_m: float,
    rx_m: float,
    half: float,
    limit: float,
) -> tuple[float, int, int]:
    """Reduce the path over a skyline of `k` points to one edge (P.526-15 §4.5.1).

    Parameters
    ----------
    flat, steepest, base, slope, vertex, hull_x, hull_y, size
        The skyline.
    k, step_m
        Number of points before the receiver and their spacing.
    distance_m, tx_m, rx_m
        Length of the path and heights of both antennas above sea level.
    half
        1/(2a).
    limit
        c²/(x·(D − x)) above which a clear point does not diffract at any band.

    Returns
    -------
    edge
        ν/√(2/λ), in √m; −inf where the path is clear beyond `limit`.
    sight
        In line of sight the point nearest to the ray, or 0 where it is beyond `limit`; −1 where
        the path is obstructed.
    at
        Place in the hull of the point that stands highest seen from the receiver.
    """
    rx_flat = rx_m - half * distance_m * distance_m
    at = tangent(hull_x, hull_y, size, distance_m, rx_flat)
    rise = steepest[k]
    if rise < (rx_flat - tx_m) / distance_m:
        q, sight = nearest_to_ray(
            flat,
            steepest,
            base,
            slope,
            k,
            step_m,
            distance_m,
            tx_m,
            rx_flat,
            vertex[at],
            limit,
        )
        edge = -math.sqrt(q * distance_m) if sight > 0 else -math.inf
        return edge, sight, at
    bulge = half * distance_m
    slope_r = (hull_y[at] - rx_flat) / (distance_m - hull_x[at]) - bulge
    return edge_height(distance_m, tx_m, rx_m, rise + bulge, slope_r), -1, at


@njit(cache=True, nogil=True)
def smooth_ends(
    v1: float,
    v2: float,
    ground_k_m: float,
    ground_rx_m: float,
    k: int,
    step_m: float,
    distance_m: float,
    tx_m: float,
    rx_m: float,
    rise_bare: float,
    hull_x: NDArray[np.float64],
    hull_y: NDArray[np.float64],
    size: int,
) -> tuple[float, float, float, float]:
    """Fit a smooth surface to the ground up to a receiver (P.526-15 §4.5.2).

    Parameters
    ----------
    v1, v2
        The sums of P.526-15 eq. 59, 60 over the points 0..k.
    ground_k_m, ground_rx_m
        Ground at point k and at the receiver.
    k, step_m, distance_m
        Number of points, their spacing, length of the path.
    tx_m, rx_m
        Heights of both antennas above sea level.
    rise_bare
        Steepest slope from the antenna over the bare ground, without the earth's bulge.
    hull_x, hull_y, size
        Hull of the bare ground, without the earth's bulge.

    Returns
    -------
    fit_t, fit_r, end_t, end_r
        As :func:`phusong.coverage.propagation.p526.smooth_surface`.
    """
    x = k * step_m
    last = distance_m - x
    v1 += last * (ground_rx_m + ground_k_m)
    v2 += last * (ground_rx_m * (2.0 * distance_m + x) + ground_k_m * (distance_m + 2.0 * x))
    per = 1.0 / (distance_m * distance_m)
    fit_t = (2.0 * v1 * distance_m - v2) * per
    fit_r = (v2 - v1 * distance_m) * per
    line = (rx_m - tx_m) / distance_m
    angle_t = rise_bare - line
    if angle_t <= 0.0:
        return fit_t, fit_r, fit_t, fit_r
    at = tangent(hull_x, hull_y, size, distance_m, rx_m)
    angle_r = (hull_y[at] - rx_m) / (distance_m - hull_x[at]) + line
    at = highest(hull_x, hull_y, size, line)
    above = hull_y[at] - line * hull_x[at] - tx_m
    share = angle_t / (angle_t + angle_r)
    return fit_t, fit_r, fit_t - above * share, fit_r - above * (1.0 - share)


@njit(cache=True, nogil=True)
def sphere_to(
    distance_m: float,
    h1_m: float,
    h2_m: float,
    radius_km: float,
    k: int,
    step_m: float,
    bands: NDArray[np.float64],
    longest_m: float,
    sea_share: float,
    sphere_db: NDArray[np.float64],
) -> float:
    """Fill in the spherical-earth loss of each band; return the smooth earth's Bullington edge.

    Parameters
    ----------
    distance_m, h1_m, h2_m, radius_km
        Path length, effective heights, effective earth radius.
    k, step_m
        Number of profile points and their spacing.
    bands, longest_m, sea_share
        Constants of the bands, the longest wavelength among them, and ω.
    sphere_db
        Filled in, shape (bands,).

    Returns
    -------
    float
        ν/√(2/λ), in √m; −inf where no band loses anything, and it is not needed.
    """
    km = distance_m * 1e-3
    clearance, weight, cbrt = spherical_clearance(km, h1_m, h2_m, radius_km, longest_m)
    if clearance == math.inf:
        sphere_db[:] = 0.0
        return -math.inf
    most = 0.0
    for b in range(sphere_db.size):
        sphere_db[b] = spherical_earth_db(
            km, h1_m, h2_m, clearance, weight, cbrt, bands[b], sea_share
        )
        most = max(most, sphere_db[b])
    if most <= 0.0:
        return -math.inf
    return float(smooth_obstruction(distance_m, h1_m, h2_m, radius_km * 1e3, step_m, k))


@njit(cache=True, nogil=True)
def highest_above(
    heights: NDArray[np.float64],
    base: NDArray[np.float64],
    slope: NDArray[np.float64],
    first: int,
    last: int,
    step_m: float,
    line_m: float,
    line_slope: float,
    floor: float,
) -> float:
    """Return the greatest height of the points first..last above a line, or `floor` if greater.

    `base` and `slope` bound the complete blocks of `heights` from above.
    """
    top = floor
    i = first
    while i <= last:
        block = (i - 1) // BLOCK
        end = (block + 1) * BLOCK
        if i == end - BLOCK + 1 and end <= last:
            lift, rise = base[block] - line_m, slope[block] - line_slope
            if max(lift + rise * (i * step_m), lift + rise * (end * step_m)) <= top:
                i = end + 1
                continue
        for j in range(i, min(end, last) + 1):
            top = max(top, heights[j] - line_m - line_slope * (j * step_m))
        i = end + 1
    return top
