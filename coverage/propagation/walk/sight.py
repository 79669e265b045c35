"""The point of a clear path that comes nearest to the ray, in Fresnel's measure.

In line of sight the largest diffraction parameter ν (P.526-15 eq. 51, P.1812-7 eq. 15) belongs to
the point that minimises q = c²/(x·(D − x)), c being the ray's height above the point: then c > 0
and ν = −√(2/λ·D·q), so the largest ν is the least q. It need not be a vertex of the hull, so it is
found by branch and bound: slopes seen from either end bound c from below, and a straight line
above each block of points bounds the block. No point is left out that could win, so the minimum
is that over all points.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from phusong.jit import njit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BLOCK = 16


@njit(cache=True, nogil=True, error_model="numpy")
def close_block(
    flat: NDArray[np.float64],
    step_m: float,
    last: int,
    base: NDArray[np.float64],
    slope: NDArray[np.float64],
) -> None:
    """Bound the block that ends with point `last` by the line base + slope·x from above."""
    first = last - BLOCK + 1
    rise = (flat[last] - flat[first]) / ((BLOCK - 1) * step_m)
    top = -math.inf
    for i in range(first, last + 1):
        top = max(top, flat[i] - rise * (i * step_m))
    block = (last - 1) // BLOCK
    base[block] = top
    slope[block] = rise


@njit(cache=True, nogil=True, error_model="numpy")
def nearest_to_ray(
    flat: NDArray[np.float64],
    steepest: NDArray[np.float64],
    base: NDArray[np.float64],
    slope: NDArray[np.float64],
    points: int,
    step_m: float,
    distance_m: float,
    tx_m: float,
    rx_flat_m: float,
    first_guess: int,
    limit: float,
) -> tuple[float, int]:
    """Return the smallest q below `limit` and its point; (`limit`, 0) where there is none.

    Parameters
    ----------
    flat
        Profile with the earth's bulge taken off (y − x²/2a), points 1..`points`.
    steepest
        Running maximum of the slope from the antenna to the points 1..i.
    base, slope
        Lines above each complete block, as :func:`close_block` leaves them.
    points, step_m
        Number of points before the receiver and their spacing.
    distance_m, tx_m, rx_flat_m
        Length of the path, height of the antenna, flattened height of the receiver.
    first_guess
        The point that stands highest seen from the receiver.
    limit
        Values of q that do not matter (no diffraction at any band), or infinity.
    """
    ray = (rx_flat_m - tx_m) / distance_m
    best, found = limit, 0
    x = first_guess * step_m
    y = distance_m - x
    c = tx_m + ray * x - flat[first_guess]
    gap = c / y
    if c * c < best * x * y:
        best, found = c * c / (x * y), first_guess
    # From the receiver no point stands nearer to the ray than at slope `gap`, so q exceeds
    # gap²·(D − x)/x, and points with x <= D/(1 + best/gap²) cannot win.
    i_min = max(1, int(distance_m / ((1.0 + best / (gap * gap)) * step_m)))
    i = points
    while i >= i_min:
        x = i * step_m
        gap = ray - steepest[i]
        gap2 = gap * gap
        if gap2 * x >= best * (distance_m - x):
            # Likewise from the antenna: points at or beyond x = D·r/(1 + r) cannot win.
            r = best / gap2
            i = min(i - 1, int(distance_m * r / ((1.0 + r) * step_m)))
            continue
        block = (i - 1) // BLOCK
        start = block * BLOCK + 1
        if i == start + BLOCK - 1:
            near = start * step_m
            lift, rise = tx_m - base[block], ray - slope[block]
            c = min(lift + rise * near, lift + rise * x)
            middle = min(max(0.5 * distance_m, near), x)
            if c > 0.0 and c * c >= best * middle * (distance_m - middle):
                i = start - 1
                continue
        for j in range(i, max(start, i_min) - 1, -1):
            x = j * step_m
            c = tx_m + ray * x - flat[j]
            weight = x * (distance_m - x)
            if c * c < best * weight:
                best, found = c * c / weight, j
        i = start - 1
    return best, found
