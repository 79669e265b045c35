"""Walking one radial outwards: what every sweep keeps up, and asks for at each receiver.

A skyline is the profile with the earth's bulge taken off (y − x²/2a), so that every ray is a
straight line. Kept with it: the steepest slope seen from the antenna so far, the upper hull, and
a bound above each block of points. A receiver asks before anything beyond it is added; neither it
nor its own last points (:mod:`phusong.coverage.propagation.approach`) are ever added.

Kernels that take a skyline are compiled without reference counting (``_nrt=False``): they allocate
nothing, and counting each array they read off the tuple would cost a third of a sweep's time.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from phusong.coverage.propagation.approach import shared_points
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
    from numpy.typing import NDArray

BUNDLE = 8
"""Radials that one task of a parallel loop walks."""


@njit(cache=True, nogil=True, error_model="numpy", _nrt=False)
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
    """List a radial's receivers by the radial's points before them; return the largest number.

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
        Per number of the radial's points the first receiver, −1 for none; filled here, all −1
        before.
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
        k = shared_points(points_before(away[n], step_m))
        follow[n] = head[k]
        head[k] = n
        most = max(most, k)
    return most


class Skyline(NamedTuple):
    """A profile that grows outwards, with what is kept up along it.

    Parameters
    ----------
    flat
        Height of each point with the earth's bulge taken off (y − x²/2a); ``flat[0]`` is free.
    steepest
        Running maximum of the slope from the antenna; ``steepest[0]`` is −inf.
    base, slope
        A line above each complete block of points.
    vertex, x, y
        The upper hull as a stack: number of a vertex' point, and its coordinates.
    """

    flat: NDArray[np.float64]
    steepest: NDArray[np.float64]
    base: NDArray[np.float64]
    slope: NDArray[np.float64]
    vertex: NDArray[np.int32]
    x: NDArray[np.float64]
    y: NDArray[np.float64]


@njit(cache=True, nogil=True)
def skyline(most: int) -> Skyline:
    """Return room for a skyline of `most` − 1 points."""
    steepest = np.empty(most)
    steepest[0] = -math.inf
    return Skyline(
        np.empty(most),
        steepest,
        np.empty(most // BLOCK + 1),
        np.empty(most // BLOCK + 1),
        np.empty(most, np.int32),
        np.empty(most),
        np.empty(most),
    )


@njit(cache=True, nogil=True, error_model="numpy", _nrt=False, forceinline=True)
def extend(
    sky: Skyline, size: int, k: int, step_m: float, height_m: float, tx_m: float, per: float
) -> int:
    """Add point `k` of flattened height `height_m` to a skyline; return the hull's new size.

    `per` is 1/(k·step_m), which several skylines share.
    """
    sky.flat[k] = height_m
    sky.steepest[k] = max(sky.steepest[k - 1], (height_m - tx_m) * per)
    size = push(sky.vertex, sky.x, sky.y, size, k, k * step_m, height_m)
    if k % BLOCK == 0:
        close_block(sky.flat, step_m, k, sky.base, sky.slope)
    return int(size)


@njit(cache=True, nogil=True, error_model="numpy", _nrt=False)
def closest(
    sky: Skyline,
    guess: int,
    k: int,
    own: NDArray[np.float64],
    count: int,
    step_m: float,
    distance_m: float,
    tx_m: float,
    rx_flat_m: float,
    limit: float,
) -> tuple[float, int]:
    """Return the smallest q below `limit` and its point; (`limit`, 0) where there is none.

    As :func:`.sight.nearest_to_ray`, with the receiver's own points after the skyline's.
    """
    ray = (rx_flat_m - tx_m) / distance_m
    best, found = limit, 0
    for j in range(count):
        x = (k + 1 + j) * step_m
        c = tx_m + ray * x - own[j]
        weight = x * (distance_m - x)
        if c * c < best * weight:
            best, found = c * c / weight, k + 1 + j
    q, at = nearest_to_ray(
        sky.flat,
        sky.steepest,
        sky.base,
        sky.slope,
        k,
        step_m,
        distance_m,
        tx_m,
        rx_flat_m,
        guess,
        best,
    )
    return q, at if at > 0 else found


@njit(cache=True, nogil=True, error_model="numpy", _nrt=False, forceinline=True)
def look_back(
    sky: Skyline,
    size: int,
    k: int,
    own: NDArray[np.float64],
    count: int,
    step_m: float,
    distance_m: float,
    rx_flat_m: float,
) -> tuple[float, float, int]:
    """Find the point that stands highest seen from the receiver.

    Returns
    -------
    back, at_m
        Its flattened slope from the receiver, and its distance from the antenna; among equals
        the point nearest to the receiver.
    place
        Place in the hull of the highest of the skyline's points.
    """
    place = tangent(sky.x, sky.y, size, distance_m, rx_flat_m)
    at_m = sky.x[place]
    back = (sky.y[place] - rx_flat_m) / (distance_m - at_m)
    for j in range(count):
        x = (k + 1 + j) * step_m
        slope = (own[j] - rx_flat_m) / (distance_m - x)
        at_m = x if slope >= back else at_m
        back = max(back, slope)
    return back, at_m, place


@njit(cache=True, nogil=True, error_model="numpy", _nrt=False, forceinline=True)
def edge_to(
    sky: Skyline,
    size: int,
    k: int,
    own: NDArray[np.float64],
    count: int,
    step_m: float,
    distance_m: float,
    tx_m: float,
    rx_m: float,
    half: float,
    limit: float,
) -> tuple[float, int, float, float, float]:
    """Reduce the path over a skyline of `k` points and `count` own ones to one edge.

    P.526-15 §4.5.1.

    Parameters
    ----------
    sky, size
        The skyline and the size of its hull.
    k, own, count
        Number of the skyline's points; flattened heights and number of the receiver's own.
    step_m
        Spacing of all points.
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
    rise
        Steepest flattened slope from the antenna.
    back, at_m
        As :func:`look_back`.
    """
    rx_flat = rx_m - half * distance_m * distance_m
    back, at_m, place = look_back(sky, size, k, own, count, step_m, distance_m, rx_flat)
    rise = steepest_to(sky, k, own, count, step_m, tx_m)
    if rise < (rx_flat - tx_m) / distance_m:
        q, sight = closest(
            sky, sky.vertex[place], k, own, count, step_m, distance_m, tx_m, rx_flat, limit
        )
        edge = -math.sqrt(q * distance_m) if sight > 0 else -math.inf
        return edge, sight, rise, back, at_m
    bulge = half * distance_m
    edge = edge_height(distance_m, tx_m, rx_m, rise + bulge, back - bulge)
    return edge, -1, rise, back, at_m


@njit(cache=True, nogil=True, error_model="numpy", _nrt=False, forceinline=True)
def steepest_to(
    sky: Skyline, k: int, own: NDArray[np.float64], count: int, step_m: float, tx_m: float
) -> float:
    """Return the steepest flattened slope from the antenna to any point before the receiver."""
    rise = sky.steepest[k]
    for j in range(count):
        rise = max(rise, (own[j] - tx_m) / ((k + 1 + j) * step_m))
    return float(rise)


@njit(cache=True, nogil=True, error_model="numpy", _nrt=False)
def first_at(
    own: NDArray[np.float64], count: int, k: int, step_m: float, tx_m: float, rise: float
) -> int:
    """Return the first of a receiver's own points at the slope `rise` from the antenna."""
    for j in range(count):
        i = k + 1 + j
        if (own[j] - tx_m) / (i * step_m) >= rise:
            return i
    return k + count


@njit(cache=True, nogil=True, error_model="numpy", _nrt=False, forceinline=True)
def smooth_ends(
    v1: float,
    v2: float,
    bare: Skyline,
    size: int,
    rise_bare: float,
    k: int,
    own: NDArray[np.float64],
    count: int,
    ground_rx_m: float,
    step_m: float,
    distance_m: float,
    tx_m: float,
    rx_m: float,
) -> tuple[float, float, float, float]:
    """Fit a smooth surface to the ground up to a receiver (P.526-15 §4.5.2).

    Parameters
    ----------
    v1, v2
        The sums of P.526-15 eq. 59, 60 over the skyline's points 0..k.
    bare, size
        The bare ground, without the earth's bulge; its hull's size.
    rise_bare
        Steepest slope from the antenna over the points 1..k.
    k, own, count
        Number of the skyline's points; heights and number of the receiver's own.
    ground_rx_m
        Ground at the receiver.
    step_m, distance_m
        Spacing of the points, length of the path.
    tx_m, rx_m
        Heights of both antennas above sea level.

    Returns
    -------
    fit_t, fit_r, end_t, end_r
        As :func:`phusong.coverage.propagation.p526.smooth_surface`.
    """
    h0 = bare.flat[k]
    rise = rise_bare
    for j in range(count):
        h1 = own[j]
        x = (k + 1 + j) * step_m
        v1 += step_m * (h1 + h0)
        v2 += step_m * (h1 * (3.0 * x - step_m) + h0 * (3.0 * x - 2.0 * step_m))
        h0 = h1
        rise = max(rise, (h1 - tx_m) / x)
    x = (k + count) * step_m
    last = distance_m - x
    v1 += last * (ground_rx_m + h0)
    v2 += last * (ground_rx_m * (2.0 * distance_m + x) + h0 * (distance_m + 2.0 * x))
    per = 1.0 / (distance_m * distance_m)
    fit_t = (2.0 * v1 * distance_m - v2) * per
    fit_r = (v2 - v1 * distance_m) * per
    line = (rx_m - tx_m) / distance_m
    angle_t = rise - line
    if angle_t <= 0.0:
        return fit_t, fit_r, fit_t, fit_r
    back, _, _ = look_back(bare, size, k, own, count, step_m, distance_m, rx_m)
    at = highest(bare.x, bare.y, size, line)
    above = bare.y[at] - line * bare.x[at]
    for j in range(count):
        above = max(above, own[j] - line * ((k + 1 + j) * step_m))
    above -= tx_m
    share = angle_t / (angle_t + back + line)
    return fit_t, fit_r, fit_t - above * share, fit_r - above * (1.0 - share)


@njit(cache=True, nogil=True, error_model="numpy", _nrt=False)
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


@njit(cache=True, nogil=True, error_model="numpy", _nrt=False)
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
