"""A skyline: a profile that grows outwards, and what stands highest seen from either end.

A skyline is the profile with the earth's bulge taken off (y − x²/2a), so that every ray is a
straight line. Kept with it: the steepest slope seen from the antenna so far, the upper hull, and
a bound above each block of points. With them a receiver gets the Bullington quantities of
P.526-15 §4.5.1 and P.1812-7 §4.3.1 (cited as in
:mod:`phusong.coverage.propagation.diffraction`) without a pass over the profile:

* S_tim (49 | 13), the steepest slope from the antenna. A point's slope is
  (h_i + x(D − x)/2a − h_ts)/x = (h_i − x²/2a − h_ts)/x + D/2a: D enters as the same addend for
  every point, so the maximum over the flattened points is one running maximum for all receivers;
* S_rim (53 | 17), the steepest from the receiver: a tangent from the receiver to the upper hull,
  for the point that stands highest from anywhere beyond the profile is a vertex of its hull;
* ν_max (51 | 15) of a path in sight: :mod:`phusong.coverage.propagation.walk.sight`;
* d_b and ν_b (54, 55 | 18, 19) of an obstructed one follow from both slopes.
 A receiver asks before anything beyond it is added; neither it
nor its own last points (:mod:`phusong.coverage.propagation.walk.approach`) are ever added.

Kernels that take a skyline are compiled without reference counting (``_nrt=False``): they allocate
nothing, and counting each array they read off the tuple would cost a third of a sweep's time.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from phusong.coverage.propagation.diffraction import edge_height
from phusong.coverage.propagation.walk.hull import push, tangent
from phusong.coverage.propagation.walk.sight import BLOCK, close_block, nearest_to_ray
from phusong.jit import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray


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
    sky.steepest[k] = max(sky.steepest[k - 1], (height_m - tx_m) * per)  # (49 | 13)
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
    back, at_m, place = look_back(
        sky, size, k, own, count, step_m, distance_m, rx_flat
    )  # (53 | 17)
    rise = steepest_to(sky, k, own, count, step_m, tx_m)  # (49 | 13)
    if rise < (rx_flat - tx_m) / distance_m:  # S_tim < S_tr, (50 | 14)
        q, sight = closest(
            sky, sky.vertex[place], k, own, count, step_m, distance_m, tx_m, rx_flat, limit
        )
        edge = -math.sqrt(q * distance_m) if sight > 0 else -math.inf  # ν_max, (51 | 15)
        return edge, sight, rise, back, at_m
    bulge = half * distance_m  # from flattened slopes to S_tim and S_rim
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
