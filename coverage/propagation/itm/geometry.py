"""What the Irregular Terrain Model takes from a terrain profile.

Hufford's report ([Alg. n], see :mod:`phusong.coverage.propagation.itm.attenuation`) numbers no
equations for most of this: there the routine of NTIA's version 1.2.2 is named that defines the
number, ``qlrpfl`` and those it calls.

A profile is ground heights at equal spacing, terminals included. These are the direct
formulas, one pass each; :mod:`phusong.coverage.propagation.itm.sweep` keeps the same numbers
up to date while walking outward.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from phusong.coverage.propagation.itm.medium import dim, effective_curvature
from phusong.jit import njit


@njit(cache=True, nogil=True)
def mean_height(height: Any) -> float:
    """Mean ground height of the middle 80 % of a profile, the "system" elevation ``zsys``."""
    n = height.shape[0] - 1
    skip = int(0.1 * n)
    total = 0.0
    for i in range(skip, n - skip + 1):
        total += height[i]
    return float(total / (n - 2 * skip + 1))


@njit(cache=True, nogil=True)
def surface_refractivity(n0: float, system_height: float) -> float:
    """Refractivity at the height of the terrain, from its value at sea level [Alg. 1.2]."""
    return n0 * math.exp(-system_height / 9460.0)


@njit(cache=True, nogil=True)
def horizons(
    height: Any, step: float, gamma_e: float, h1: float, h2: float
) -> tuple[float, float, float, float]:
    """Elevation angles (rad) and distances (m) of both radio horizons (``hzns``).

    The straight ray to a sample, less half the effective curvature's bend on the way there
    (NBS Technical Note 101, eq. 6.15).
    """
    n = height.shape[0] - 1
    d = n * step
    z1 = height[0] + h1
    z2 = height[n] + h2
    theta1 = (z2 - z1) / d - d * gamma_e / 2.0
    theta2 = -(z2 - z1) / d - d * gamma_e / 2.0
    d1 = d
    d2 = d
    x1 = 0.0
    x2 = d
    for i in range(1, n):
        x1 += step
        x2 -= step
        up1 = (height[i] - z1) / x1 - x1 * gamma_e / 2.0
        up2 = (height[i] - z2) / x2 - x2 * gamma_e / 2.0
        if up1 > theta1:
            theta1 = up1
            d1 = x1
        if up2 > theta2:
            theta2 = up2
            d2 = x2
    return theta1, theta2, d1, d2


@njit(cache=True, nogil=True)
def fit_range(n: int, start: float, end: float) -> tuple[int, int]:
    """Whole sample indices for a fit between two positions, at least one interval apart."""
    first = int(dim(start, 0.0))
    last = n - int(dim(float(n), end))
    if last <= first:
        first = int(dim(float(first), 1.0))
        last = n - int(dim(float(n), last + 1.0))
    return first, last


@njit(cache=True, nogil=True)
def fit_line(height: Any, start: float, end: float) -> tuple[float, float]:
    """Least-squares line through samples start…end, at both ends of the profile (``zlsq1``).

    ``start`` and ``end`` are positions in steps; the end samples weigh half.
    """
    n = height.shape[0] - 1
    first, last = fit_range(n, start, end)
    length = float(last - first)
    middle = 0.5 * (first + last)
    total = 0.5 * (height[first] + height[last])
    moment = 0.25 * (height[last] - height[first]) * length
    for i in range(first + 1, last):
        total += height[i]
        moment += height[i] * (i - middle)
    mean = total / length
    slope = moment * 12.0 / ((length * length + 2.0) * length)
    return mean - slope * middle, mean + slope * (n - middle)


@njit(cache=True, nogil=True)
def irregularity_samples(x_start: float, x_end: float) -> tuple[int, int]:
    """How many samples stand for the terrain between two positions, and a tenth of them."""
    tenth = min(max(4, int(0.1 * (x_end - x_start + 8.0))), 25)
    return 10 * tenth - 5, tenth


@njit(cache=True, nogil=True)
def resample(height: Any, n: int, x_start: float, spacing: float, out: Any, m: int) -> None:
    """Linear interpolation of samples 0…n at ``m`` positions, and their fitted line off them."""
    total = 0.0
    moment = 0.0
    middle = 0.5 * (m - 1)
    for j in range(m):
        x = x_start + j * spacing
        i = min(int(x), n - 1)
        value = height[i] + (height[i + 1] - height[i]) * (x - i)
        out[j] = value
        total += value
        moment += value * (j - middle)
    # The end samples weigh half in ITM's fit.
    length = float(m - 1)
    total -= 0.5 * (out[0] + out[m - 1])
    moment -= 0.5 * (out[m - 1] - out[0]) * middle
    slope = moment * 12.0 / ((length * length + 2.0) * length)
    level = total / length - slope * middle
    for j in range(m):
        out[j] -= level + slope * j


@njit(cache=True, nogil=True)
def irregularity(height: Any, step: float, d_start: float, d_end: float) -> float:
    """Terrain irregularity: the interdecile range about a fitted line (``dlthx``)."""
    n = height.shape[0] - 1
    x_start = d_start / step
    x_end = d_end / step
    if x_end - x_start < 2.0:
        return 0.0
    m, tenth = irregularity_samples(x_start, x_end)
    out = np.empty(m)
    resample(height, n, x_start, (x_end - x_start) / (m - 1), out, m)
    out.sort()
    # Descending positions tenth - 1 and m - tenth, read from the ascending order.
    spread = out[m - tenth] - out[tenth - 1]
    return float(spread) / (1.0 - 0.8 * math.exp(-(d_end - d_start) / 50e3))  # [Alg. 3.9]


@njit(cache=True, nogil=True)
def smooth_horizon(h_e: float, delta_h: float, gamma_e: float) -> float:
    """Distance of the horizon over irregular terrain without obstacles [Alg. 3.3]."""
    return math.sqrt(2.0 * h_e / gamma_e) * math.exp(-0.07 * math.sqrt(delta_h / max(h_e, 5.0)))


@njit(cache=True, nogil=True)
def smooth_elevation(h_e: float, d_hzn: float, delta_h: float, gamma_e: float) -> float:
    """Elevation angle of that horizon [Alg. 3.4]."""
    q = math.sqrt(2.0 * h_e / gamma_e)
    return (0.65 * delta_h * (q / d_hzn - 1.0) - 2.0 * h_e) / q


@njit(cache=True, nogil=True)
def fit_limits(d: float, d_hzn1: float, d_hzn2: float, h1: float, h2: float) -> tuple[float, float]:
    """Between which distances the terrain counts: not in front of the antennas."""
    return min(15.0 * h1, 0.1 * d_hzn1), d - min(15.0 * h2, 0.1 * d_hzn2)


@njit(cache=True, nogil=True)
def clear_path(
    d: float, h_e1: float, h_e2: float, delta_h: float, gamma_e: float
) -> tuple[float, float, float, float, float, float]:
    """Effective heights and horizons of a path without obstacles (``qlrpfl``).

    Returns effective heights, horizon elevations and horizon distances, in pairs.
    """
    d1 = smooth_horizon(h_e1, delta_h, gamma_e)
    d2 = smooth_horizon(h_e2, delta_h, gamma_e)
    both = d1 + d2
    if both <= d:
        q = (d / both) ** 2
        h_e1 *= q
        h_e2 *= q
        d1 = smooth_horizon(h_e1, delta_h, gamma_e)
        d2 = smooth_horizon(h_e2, delta_h, gamma_e)
    theta1 = smooth_elevation(h_e1, d1, delta_h, gamma_e)
    theta2 = smooth_elevation(h_e2, d2, delta_h, gamma_e)
    return h_e1, h_e2, theta1, theta2, d1, d2


@njit(cache=True, nogil=True)
def profile_parameters(
    height: Any, step: float, n0: float, h1: float, h2: float
) -> tuple[float, float, float, float, float, float, float, float, float]:
    """All that the model takes from a profile, by the direct formulas (``qlrpfl``).

    Returns surface refractivity, effective curvature, irregularity, effective heights,
    horizon elevations and horizon distances (pairs).
    """
    n = height.shape[0] - 1
    d = n * step
    n_s = surface_refractivity(n0, mean_height(height))
    gamma_e = effective_curvature(n_s)
    theta1, theta2, d1, d2 = horizons(height, step, gamma_e, h1, h2)
    d_start, d_end = fit_limits(d, d1, d2, h1, h2)
    delta_h = irregularity(height, step, d_start, d_end)
    if d1 + d2 > 1.5 * d:
        fit1, fit2 = fit_line(height, d_start / step, d_end / step)
        h_e1 = h1 + dim(height[0], fit1)
        h_e2 = h2 + dim(height[n], fit2)
        h_e1, h_e2, theta1, theta2, d1, d2 = clear_path(d, h_e1, h_e2, delta_h, gamma_e)
    else:
        fit1, _ = fit_line(height, d_start / step, 0.9 * d1 / step)
        _, fit2 = fit_line(height, (d - 0.9 * d2) / step, d_end / step)
        h_e1 = h1 + dim(height[0], fit1)
        h_e2 = h2 + dim(height[n], fit2)
    return n_s, gamma_e, delta_h, h_e1, h_e2, theta1, theta2, d1, d2
