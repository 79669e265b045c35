"""A radial as ITM reads it: its samples, what is kept up along it, and what a receiver asks.

Each question is one of :mod:`.geometry`'s, answered from what is kept up and not by a pass over
the samples; the names are the same, and so are the numbers:

* the mean height and the fitted lines from prefix sums, since both are sums over samples;
* the transmitter's horizon from the upper hull of the points (i, s_i), since the largest of
  s_i − bend·i lies on the hull whatever the curvature;
* the receiver's horizon by branch and bound over the highest sample of blocks;
* the deciles of the irregularity looked for near those of the receiver before.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from phusong.coverage.propagation.itm.geometry import (
    fit_range,
    irregularity_samples,
    resample,
)
from phusong.coverage.propagation.itm.medium import dim
from phusong.coverage.propagation.itm.order import select_near
from phusong.jit import njit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BLOCK = 16
"""Samples under one bound."""


class Radial(NamedTuple):
    """A radial's ground, sample 0 under the antenna, and what is kept up along it.

    Parameters
    ----------
    ground
        Height of each sample.
    sums, moments
        Prefix sums over samples 1…k of the height above sample 0, and of that times k: what the
        mean height and the fitted lines ask for.
    tops, highest
        Highest sample of block b, and of blocks 0…b (see :func:`back_horizon`).
    hull, slope
        Upper hull of the points (i, s_i), s_i being the slope from the antenna to sample i.
    """

    ground: NDArray[np.float64]
    sums: NDArray[np.float64]
    moments: NDArray[np.float64]
    tops: NDArray[np.float64]
    highest: NDArray[np.float64]
    hull: NDArray[np.int32]
    slope: NDArray[np.float64]


class Room(NamedTuple):
    """Room for one receiver, and what it hands on to the next.

    Parameters
    ----------
    own, covered
        Ground at the receiver's own points, and the radial's numbers they stand in for.
    resampled, spare
        For the terrain irregularity.
    deciles
        The two deciles last found, lower first, and how near them to look for the next ones.
    """

    own: NDArray[np.float64]
    covered: NDArray[np.float64]
    resampled: NDArray[np.float64]
    spare: NDArray[np.float64]
    deciles: NDArray[np.float64]


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


@njit(cache=True, nogil=True, error_model="numpy", _nrt=False, forceinline=True)
def add_sample(line: Radial, k: int) -> None:
    """Take sample k into the prefix sums and the block bounds."""
    rise = line.ground[k] - line.ground[0]
    line.sums[k] = line.sums[k - 1] + rise
    line.moments[k] = line.moments[k - 1] + rise * k
    if k % BLOCK == 0:
        b = k // BLOCK - 1
        top = line.ground[k]
        for i in range(k - BLOCK + 1, k):
            top = max(top, line.ground[i])
        line.tops[b] = top
        line.highest[b] = max(top, line.highest[b - 1]) if b else top


@njit(cache=True, nogil=True, error_model="numpy", _nrt=False, forceinline=True)
def add_to_hull(line: Radial, size: int, k: int, z_tx: float) -> int:
    """Add sample k to the hull of slopes from the antenna; return the hull's new size."""
    hull, slope = line.hull, line.slope
    s = (line.ground[k] - z_tx) / k
    while size >= 2 and (slope[size - 1] - slope[size - 2]) * (k - hull[size - 2]) <= (
        s - slope[size - 2]
    ) * (hull[size - 1] - hull[size - 2]):
        size -= 1
    hull[size] = k
    slope[size] = s
    return size + 1


@njit(cache=True, nogil=True, error_model="numpy", _nrt=False, forceinline=True)
def put_own(line: Radial, room: Room, shared: int, count: int) -> None:
    """Put the receiver's own points in the place of the radial's, for now."""
    for j in range(count):
        i = shared + 1 + j
        room.covered[0, j] = line.ground[i]
        room.covered[1, j] = line.sums[i]
        room.covered[2, j] = line.moments[i]
        line.ground[i] = room.own[j]
        rise = room.own[j] - line.ground[0]
        line.sums[i] = line.sums[i - 1] + rise
        line.moments[i] = line.moments[i - 1] + rise * i


@njit(cache=True, nogil=True, error_model="numpy", _nrt=False, forceinline=True)
def put_back(line: Radial, room: Room, shared: int, count: int) -> None:
    """Give the radial its points back."""
    for j in range(count):
        i = shared + 1 + j
        line.ground[i] = room.covered[0, j]
        line.sums[i] = room.covered[1, j]
        line.moments[i] = room.covered[2, j]


@njit(cache=True, nogil=True, error_model="numpy", _nrt=False, forceinline=True)
def mean_height(line: Radial, n: int) -> float:
    """:func:`.geometry.mean_height` of the samples 0…n, from the prefix sums."""
    skip = int(0.1 * n)
    total = line.sums[n - max(skip, 1)] - (line.sums[skip - 1] if skip else 0.0)
    if skip == 0:
        total += line.ground[n] - line.ground[0]
    return float(line.ground[0] + total / (n - 2 * skip + 1))


@njit(cache=True, nogil=True, error_model="numpy", _nrt=False, forceinline=True)
def look_out(
    line: Radial, size: int, seen: int, shared: int, n: int, z_tx: float, bend: float
) -> tuple[int, int]:
    """Find the sample that stands highest seen from the antenna, max of s_i − bend·i.

    Along the hull that rises to one top and falls after it: climb there from `seen`, where the
    receiver before had it, then look at the receiver's own samples one by one.

    Returns
    -------
    far, seen
        The sample, and the place in the hull of the highest of the radial's.
    """
    hull, slope = line.hull, line.slope
    seen = min(seen, size - 1)
    best = slope[seen] - bend * hull[seen]
    while seen + 1 < size and slope[seen + 1] - bend * hull[seen + 1] > best:
        seen += 1
        best = slope[seen] - bend * hull[seen]
    while seen > 0 and slope[seen - 1] - bend * hull[seen - 1] >= best:
        seen -= 1
        best = slope[seen] - bend * hull[seen]
    far = hull[seen]
    for i in range(shared + 1, n):
        up = (line.ground[i] - z_tx) / i - bend * i
        if up > best:
            best, far = up, i
    return far, seen


@njit(cache=True, nogil=True, error_model="numpy", _nrt=False, forceinline=True)
def horizons(
    line: Radial,
    far: int,
    own: int,
    n: int,
    step: float,
    d: float,
    z_tx: float,
    z_rx: float,
    gamma_e: float,
) -> tuple[float, float, float, float, bool]:
    """:func:`.geometry.horizons`, the transmitter's being sample `far` or the receiver.

    Returns the elevations and distances of both, and whether the transmitter sees the receiver.
    """
    ground = line.ground
    bend = 0.5 * step * step * gamma_e
    theta1 = (z_rx - z_tx) / d - d * gamma_e / 2.0
    theta2 = -(z_rx - z_tx) / d - d * gamma_e / 2.0
    d1 = d2 = d
    k1 = k2 = n
    x = far * step
    up = (ground[far] - z_tx) / x - x * gamma_e / 2.0
    if up > theta1:
        theta1, d1, k1 = up, x, far
    _, i = back_horizon(
        ground, line.tops, line.highest, n, own, z_rx, bend, (z_tx - z_rx) / n - bend * n
    )
    if i > 0:
        x = (n - i) * step
        up = (ground[i] - z_rx) / x - x * gamma_e / 2.0
        if up > theta2:
            theta2, d2, k2 = up, x, n - i
    # ITM adds steps up and cuts distances into whole steps afterwards: where a
    # tenth of a horizon distance is whole, that rounding decides.
    if k1 % 10 == 0 or k2 % 10 == 0 or (k1 + k2) % 10 == 0:
        if k1 < n:
            d1 = summed_up(step, k1)
        if k2 < n:
            d2 = summed_down(d, step, n - k2)
    return theta1, theta2, d1, d2, k1 == n


@njit(cache=True, nogil=True, error_model="numpy", _nrt=False, forceinline=True)
def irregularity(
    line: Radial, room: Room, n: int, step: float, d_start: float, d_end: float
) -> float:
    """:func:`.geometry.irregularity`, its deciles looked for near those found last."""
    x_start, x_end = d_start / step, d_end / step
    if x_end - x_start < 2.0:
        return 0.0
    low, high, width = room.deciles
    m, tenth = irregularity_samples(x_start, x_end)
    spacing = (x_end - x_start) / (m - 1)
    resample(line.ground, n, x_start, spacing, room.resampled, m)
    high = select_near(room.resampled, m, m - tenth, high, width, room.spare)
    low = select_near(room.resampled, m, tenth - 1, low, width, room.spare)
    room.deciles[0], room.deciles[1], room.deciles[2] = low, high, 0.02 * (high - low)
    return float((high - low) / (1.0 - 0.8 * math.exp(-(d_end - d_start) / 50e3)))


@njit(cache=True, nogil=True, error_model="numpy", _nrt=False, forceinline=True)
def effective_heights(
    line: Radial,
    n: int,
    step: float,
    d: float,
    d1: float,
    d2: float,
    d_start: float,
    d_end: float,
    antenna_m: float,
    rx_height_m: float,
) -> tuple[float, float]:
    """Heights of the antennas over the lines fitted to the ground before them."""
    ground, sums, moments, base = line.ground, line.sums, line.moments, line.ground[0]
    x_start, x_end = d_start / step, d_end / step
    if d1 + d2 > 1.5 * d:
        fit1, fit2 = fitted_line(ground, sums, moments, base, n, x_start, x_end)
    else:
        fit1, _ = fitted_line(ground, sums, moments, base, n, x_start, 0.9 * d1 / step)
        _, fit2 = fitted_line(ground, sums, moments, base, n, (d - 0.9 * d2) / step, x_end)
    return antenna_m + dim(base, fit1), rx_height_m + dim(ground[n], fit2)
