"""How far the ground keeps clear of the ray between two antennas."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from phusong.jit import njit, prange

EARTH_RADIUS_M: Final = 6_371_000.0
_LIGHT_M_GHZ: Final = 0.299792458
"""Wavelength in metres times frequency in GHz."""


@njit(cache=True, parallel=True)
def _ratios(
    ground_m: Any,
    west_m: float,
    north_m: float,
    cell_m: float,
    ends: Any,
    heights_m: Any,
    freq_ghz: float,
    k_factor: float,
    obstacles_m: float,
    near_m: float,
    out: Any,
) -> None:
    rows, cols = ground_m.shape
    for i in prange(ends.shape[0]):
        ax, ay, bx, by = ends[i, 0], ends[i, 1], ends[i, 2], ends[i, 3]
        length = math.hypot(bx - ax, by - ay)
        steps = max(2, math.ceil(length / cell_m))
        worst = math.inf
        for j in range(1, steps):
            share = j / steps
            d1 = share * length
            d2 = length - d1
            c = (ax + share * (bx - ax) - west_m) / cell_m - 0.5
            r = (north_m - ay - share * (by - ay)) / cell_m - 0.5
            r0 = min(max(math.floor(r), 0), rows - 2)
            c0 = min(max(math.floor(c), 0), cols - 2)
            if r < -0.5 or c < -0.5 or r > rows - 0.5 or c > cols - 0.5:
                worst = math.nan
                break
            v, u = r - r0, c - c0
            height = (1.0 - v) * ((1.0 - u) * ground_m[r0, c0] + u * ground_m[r0, c0 + 1]) + v * (
                (1.0 - u) * ground_m[r0 + 1, c0] + u * ground_m[r0 + 1, c0 + 1]
            )
            if math.isnan(height):
                worst = math.nan
                break
            if min(d1, d2) > near_m:
                height += obstacles_m
            bulge = d1 * d2 / (2.0 * k_factor * EARTH_RADIUS_M)
            ray = heights_m[i, 0] + share * (heights_m[i, 1] - heights_m[i, 0])
            radius = math.sqrt(_LIGHT_M_GHZ / freq_ghz * d1 * d2 / length)
            worst = min(worst, (ray - height - bulge) / radius)
        out[i] = worst


def clearance_ratios(
    ground_m: NDArray[np.float32],
    corner_m: tuple[float, float],
    cell_m: float,
    ends_m: NDArray[np.float64],
    heights_m: NDArray[np.float64],
    freq_ghz: float,
    *,
    k_factor: float,
    obstacles_m: float,
    near_m: float,
) -> NDArray[np.float64]:
    """Return the least clearance on the way, over the radius of the first Fresnel zone there.

    The radius is of ITU-R P.530-17 (1), the bulge of the earth of ITU-R P.530-17 §2.2.2 with an
    effective radius; the ground is sampled at the step of the grid, bilinear.

    Parameters
    ----------
    ground_m
        (rows, cols) ground heights, row 0 the northernmost.
    corner_m
        West and north edge of the window.
    ends_m
        (hops, 4): x and y of the one end, x and y of the other.
    heights_m
        (hops, 2): antennas above sea level.
    k_factor
        Effective earth's radius over the true one.
    obstacles_m, near_m
        Trees and houses stand this high on the ground, but for the ground nearer than
        ``near_m`` to either mast.

    Returns
    -------
    numpy.ndarray
        (hops,); negative where the ray is blocked, NaN where the ground is not known all along.
    """
    out = np.empty(len(ends_m))
    west, north = corner_m
    _ratios(
        ground_m,
        west,
        north,
        cell_m,
        np.ascontiguousarray(ends_m, dtype=np.float64),
        np.ascontiguousarray(heights_m, dtype=np.float64),
        freq_ghz,
        k_factor,
        obstacles_m,
        near_m,
        out,
    )
    return out
