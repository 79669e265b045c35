"""Upper convex hull of a profile that grows outwards, and the two questions asked of it.

The hull answers for a receiver beyond its last point: which point stands highest seen from the
receiver (the tangent: S_rim of P.526-15 eq. 53, P.1812-7 eq. 17), and which point stands highest
above a line of given slope (h_obs of P.526-15 eq. 61a, P.1812-7 eq. 87a). Both are a search over
vertices: a point under the hull lies below the straight line between two vertices, and on any
such line one of the two ends stands at least as high as every point between, seen from beyond
the hull's end as well as measured from another line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from phusong.jit import njit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@njit(cache=True, nogil=True)
def push(
    vertex: NDArray[np.int32],
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    size: int,
    index: int,
    px: float,
    py: float,
) -> int:
    """Add the point (px, py), right of all others; return the hull's new size.

    `vertex`, `x` and `y` are the stack: a vertex' index in the profile and its coordinates.
    """
    while size >= 2:
        x1, y1 = x[size - 1], y[size - 1]
        x0, y0 = x[size - 2], y[size - 2]
        if (y1 - y0) * (px - x0) <= (py - y0) * (x1 - x0):
            size -= 1
        else:
            break
    vertex[size] = index
    x[size] = px
    y[size] = py
    return size + 1


@njit(cache=True, nogil=True)
def tangent(x: NDArray[np.float64], y: NDArray[np.float64], size: int, px: float, py: float) -> int:
    """Return the hull position with the largest (y − py)/(px − x), for px right of the hull."""
    low, high = 0, size - 1
    # Position j + 1 beats j while the edge between them, prolonged to px, passes above py; that
    # holds up to the tangent point and fails after it. It is mostly near the end: gallop there.
    stride = 1
    while high > low:
        j = high - stride
        if j < low:
            break
        if (y[j + 1] - py) * (px - x[j]) > (y[j] - py) * (px - x[j + 1]):
            low = j + 1
            break
        high = j
        stride *= 2
    while low < high:
        j = (low + high) // 2
        if (y[j + 1] - py) * (px - x[j]) > (y[j] - py) * (px - x[j + 1]):
            low = j + 1
        else:
            high = j
    return low


@njit(cache=True, nogil=True)
def highest(x: NDArray[np.float64], y: NDArray[np.float64], size: int, slope: float) -> int:
    """Return the hull position with the largest y − slope·x."""
    low, high = 0, size - 1
    while low < high:
        j = (low + high) // 2
        if y[j + 1] - y[j] > slope * (x[j + 1] - x[j]):
            low = j + 1
        else:
            high = j
    return low
