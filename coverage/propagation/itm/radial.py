"""What ITM asks of the samples of a radial: fitted lines, and the receiver's horizon."""

from __future__ import annotations

from typing import Any

from phusong.coverage.propagation.itm.geometry import fit_range
from phusong.jit import njit

BLOCK = 16
"""Samples under one bound."""


@njit(cache=True, nogil=True)
def fitted_line(
    ground: Any, sums: Any, moments: Any, base: float, n: int, start: float, end: float
) -> tuple[float, float]:
    """:func:`.geometry.fit_line` from prefix sums of the samples before n."""
    first, last = fit_range(n, start, end)
    length = float(last - first)
    middle = 0.5 * (first + last)
    left, right = ground[first] - base, ground[last] - base
    inside = sums[last - 1] - sums[first]
    total = 0.5 * (left + right) + inside
    moment = 0.25 * (right - left) * length + (moments[last - 1] - moments[first])
    moment -= inside * middle
    mean = total / length + base
    slope = moment * 12.0 / ((length * length + 2.0) * length)
    return mean - slope * middle, mean + slope * (n - middle)


@njit(cache=True, nogil=True)
def back_horizon(
    ground: Any, tops: Any, highest: Any, n: int, own: int, z: float, bend: float, best: float
) -> tuple[float, int]:
    """Steepest (height_i - z) / m - bend m, m = n - i, over samples 1…n - 1, above ``best``.

    Returns the value and i, or (best, 0). ``tops[b]`` is the highest sample of block b and
    ``highest[b]`` of blocks 0…b on the radial; the last ``own`` samples may be others and
    are looked at one by one. On a tie the sample farther from the receiver wins.
    """
    at = 0
    block = (n - 1) // BLOCK
    for i in range(n - 1, min(block * BLOCK, n - 1 - own), -1):
        m = n - i
        if ground[i] - z >= (best + bend * m) * m and (at or ground[i] - z > (best + bend * m) * m):
            best = (ground[i] - z) / m - bend * m
            at = i
    while block > 0:
        block -= 1
        end = (block + 1) * BLOCK
        m = n - end
        over = highest[block] - z
        if over < (best + bend * m) * (m if over > 0.0 else n - 1):
            break
        over = tops[block] - z
        if over < (best + bend * m) * (m if over > 0.0 else m + BLOCK - 1):
            continue
        for i in range(end, end - BLOCK, -1):
            m = n - i
            if ground[i] - z >= (best + bend * m) * m and (
                at or ground[i] - z > (best + bend * m) * m
            ):
                best = (ground[i] - z) / m - bend * m
                at = i
    return best, at


@njit(cache=True, nogil=True)
def summed_up(step: float, n: int) -> float:
    """Distance after n additions of a step, with their rounding."""
    x = 0.0
    for _ in range(n):
        x += step
    return x


@njit(cache=True, nogil=True)
def summed_down(d: float, step: float, n: int) -> float:
    """Return what n subtractions of a step leave of a distance, with their rounding."""
    for _ in range(n):
        d -= step
    return d
