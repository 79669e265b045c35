"""The smooth earth under a path of a sweep: the surface fitted to it, and the loss over it.

ITU-R P.526-15 §4.5.2 and P.1812-7 §4.3.2, Attachment 1 §5.6; equations are cited as in
:mod:`phusong.coverage.propagation.diffraction`. Compiled as
:mod:`phusong.coverage.propagation.walk.skyline` is, without reference counting.

Why it equals the definition: v1 and v2 are sums over the profile's intervals, so the radial's
part is kept up and the receiver's own intervals added to it. Of the obstruction's three maxima,
α_obt is that of the slopes from the antenna less the slope of the line between the antennas,
α_obr likewise from the receiver, and h_obs is found on the upper hull, where the point highest
above any straight line lies.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from phusong.coverage.propagation.diffraction import (
    smooth_obstruction,
    spherical_clearance,
    spherical_earth_db,
)
from phusong.coverage.propagation.walk.hull import highest
from phusong.coverage.propagation.walk.skyline import look_back
from phusong.jit import njit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from phusong.coverage.propagation.walk.skyline import Skyline


@njit(cache=True, nogil=True, error_model="numpy", _nrt=False, forceinline=True)
def add_interval(
    v1: float, v2: float, x: float, step_m: float, h0: float, h1: float
) -> tuple[float, float]:
    """Add the interval that ends at distance `x`, its ground rising from `h0` to `h1`."""
    v1 += step_m * (h1 + h0)  # (58 | 83)
    # (59 | 84), with d_i = x and d_i−1 = x − step
    v2 += step_m * (h1 * (3.0 * x - step_m) + h0 * (3.0 * x - 2.0 * step_m))
    return v1, v2


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
        The sums of P.526-15 eq. (58) and (59) over the skyline's points 0..k.
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
        As :func:`phusong.coverage.propagation.p526.path.smooth_surface`.
    """
    h0 = bare.flat[k]
    rise = rise_bare
    for j in range(count):
        h1 = own[j]
        x = (k + 1 + j) * step_m
        v1, v2 = add_interval(v1, v2, x, step_m, h0, h1)
        h0 = h1
        rise = max(rise, (h1 - tx_m) / x)
    x = (k + count) * step_m
    last = distance_m - x
    v1 += last * (ground_rx_m + h0)
    v2 += last * (ground_rx_m * (2.0 * distance_m + x) + h0 * (distance_m + 2.0 * x))
    per = 1.0 / (distance_m * distance_m)
    fit_t = (2.0 * v1 * distance_m - v2) * per  # (60a | 85)
    fit_r = (v2 - v1 * distance_m) * per  # (60b | 86)
    line = (rx_m - tx_m) / distance_m
    angle_t = rise - line  # α_obt, (61b | 87b)
    if angle_t <= 0.0:
        return fit_t, fit_r, fit_t, fit_r  # nothing obstructs: (62a, b | 88a, b)
    back, _, _ = look_back(bare, size, k, own, count, step_m, distance_m, rx_m)
    at = highest(bare.x, bare.y, size, line)
    above = bare.y[at] - line * bare.x[at]
    for j in range(count):
        above = max(above, own[j] - line * ((k + 1 + j) * step_m))
    above -= tx_m  # h_obs, (61a | 87a)
    share = angle_t / (angle_t + back + line)  # g_t, (62e | 88e); α_obr = back + line
    # (62c, d | 88c, d)
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
