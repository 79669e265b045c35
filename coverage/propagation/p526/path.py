"""ITU-R P.526-15 §4.5, the delta-Bullington method, over one path, computed directly.

The geometry is read off the profile point by point, as the Recommendation writes it. The sweep
of :mod:`phusong.coverage.propagation.p526.sweep` finds the same geometry incrementally; tests
hold the two together. Equations are cited as in
:mod:`phusong.coverage.propagation.diffraction`: (49 | 13) is eq. (49) of P.526-15 and eq. (13) of
P.1812-7.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from phusong.coverage.propagation.diffraction import (
    BAND_SCALE,
    BAND_WAVELENGTH,
    C_M_S,
    band_constants,
    bullington_db,
    edge_height,
    spherical_clearance,
    spherical_earth_db,
)
from phusong.errors import ModelError
from phusong.jit import njit

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

FREE_SPACE_DB = 20.0 * math.log10(4.0 * math.pi * 1e12 / C_M_S)
"""Free-space loss at 1 GHz and 1 km (P.525-4 eq. 3), dB."""


@njit(cache=True, nogil=True)
def bullington_edge(
    distance_m: NDArray[np.float64],
    surface_m: NDArray[np.float64],
    tx_m: float,
    rx_m: float,
    radius_m: float,
) -> tuple[float, float, float, bool]:
    """Reduce a profile to one edge (P.526-15 §4.5.1; P.1812-7 §4.3.1).

    Parameters
    ----------
    distance_m, surface_m
        Profile with both terminals, shape (n,); only points 1..n−2 are looked at.
    tx_m, rx_m
        Antenna heights above sea level.
    radius_m
        Effective earth radius.

    Returns
    -------
    edge
        ν/√(2/λ) of the edge, in √m.
    slope_t, slope_line
        Steepest slope from the antenna to a point, and slope to the receiver (S_tim, S_tr).
    in_sight
        Whether the path is line-of-sight.
    """
    last = distance_m.size - 1
    total = distance_m[last]
    half = 0.5 / radius_m
    slope_t = -math.inf
    for i in range(1, last):
        x = distance_m[i]
        slope_t = max(slope_t, (surface_m[i] + half * x * (total - x) - tx_m) / x)  # (49 | 13)
    line = (rx_m - tx_m) / total  # (50 | 14)
    if slope_t < line:
        edge = -math.inf
        for i in range(1, last):
            x = distance_m[i]
            y = total - x
            above = surface_m[i] + half * x * y - (tx_m * y + rx_m * x) / total
            edge = max(edge, above * math.sqrt(total / (x * y)))  # ν_max, (51 | 15)
        return edge, slope_t, line, True
    slope_r = -math.inf
    for i in range(1, last):
        x = distance_m[i]
        y = total - x
        slope_r = max(slope_r, (surface_m[i] + half * x * y - rx_m) / y)  # S_rim, (53 | 17)
    return edge_height(total, tx_m, rx_m, slope_t, slope_r), slope_t, line, False


@njit(cache=True, nogil=True)
def smooth_surface(
    distance_m: NDArray[np.float64], ground_m: NDArray[np.float64], tx_m: float, rx_m: float
) -> tuple[float, float, float, float]:
    """Fit a smooth surface to the ground (P.526-15 §4.5.2; P.1812-7 Attachment 1, §5.6).

    Returns
    -------
    fit_t, fit_r
        Least-squares heights at either end.
    end_t, end_r
        The same lowered by what obstructs the line between the antennas, not yet limited by the
        ground at the terminals.
    """
    last = distance_m.size - 1
    total = distance_m[last]
    v1 = v2 = 0.0
    for i in range(1, last + 1):
        x0, x1 = distance_m[i - 1], distance_m[i]
        h0, h1 = ground_m[i - 1], ground_m[i]
        v1 += (x1 - x0) * (h1 + h0)  # (58 | 83)
        v2 += (x1 - x0) * (h1 * (2.0 * x1 + x0) + h0 * (x1 + 2.0 * x0))  # (59 | 84)
    fit_t = (2.0 * v1 * total - v2) / (total * total)  # (60a | 85)
    fit_r = (v2 - v1 * total) / (total * total)  # (60b | 86)
    highest = angle_t = angle_r = -math.inf
    for i in range(1, last):
        x = distance_m[i]
        y = total - x
        above = ground_m[i] - (tx_m * y + rx_m * x) / total  # (61d | 87d)
        highest = max(highest, above)  # h_obs, (61a | 87a)
        angle_t = max(angle_t, above / x)  # α_obt, (61b | 87b)
        angle_r = max(angle_r, above / y)  # α_obr, (61c | 87c)
    if highest <= 0.0:
        return fit_t, fit_r, fit_t, fit_r  # (62a, b | 88a, b)
    share = angle_t / (angle_t + angle_r)  # g_t, and g_r = 1 − g_t: (62e, f | 88e, f)
    # (62c, d | 88c, d)
    return fit_t, fit_r, fit_t - highest * share, fit_r - highest * (1.0 - share)


@dataclass(frozen=True)
class P526Path:
    """Result of :func:`p526_path`; heights in metres, losses in dB.

    `effective_tx_m` and `effective_rx_m` are the heights over the fitted smooth surface
    (h'_ts, h'_rs of P.526-15 eq. 64); `loss_db` is free-space plus diffraction loss.
    """

    effective_tx_m: float
    effective_rx_m: float
    in_sight: bool
    bullington_actual_db: float
    bullington_smooth_db: float
    spherical_earth_db: float
    diffraction_db: float
    free_space_db: float
    loss_db: float


def check_profile(
    distance_m: NDArray[np.float64], *rows: NDArray[np.float64], least: int = 3
) -> None:
    """Raise ModelError unless a profile has enough points, equal lengths and rising distances."""
    if distance_m.ndim != 1 or any(row.shape != distance_m.shape for row in rows):
        raise ModelError("The profile's distances and heights differ in length.")
    if distance_m.size < least:
        raise ModelError(
            "The profile has {n} points; the model needs at least {least}.",
            params={"n": distance_m.size, "least": least},
            mend="Sample the path more finely.",
        )
    if not all(np.isfinite(row).all() for row in (distance_m, *rows)):
        raise ModelError("The profile holds a value that is not a number.")
    if distance_m[0] != 0.0 or not (np.diff(distance_m) > 0.0).all():
        raise ModelError("The profile's distances must start at 0 and rise.")


def p526_path(
    distance_m: ArrayLike,
    height_m: ArrayLike,
    *,
    tx_height_m: float,
    rx_height_m: float,
    freq_mhz: float,
    clutter_m: ArrayLike | None = None,
    effective_earth_radius_km: float = 8500.0,
    polarisation: Literal["h", "v"] = "v",
    c_m_s: float = C_M_S,
) -> P526Path:
    """Delta-Bullington diffraction and free-space loss over one path.

    Parameters
    ----------
    distance_m, height_m
        Profile from antenna to receiver, both included, shape (n,), n >= 3.
    tx_height_m, rx_height_m
        Antenna heights above ground, m.
    freq_mhz
        Frequency, MHz.
    clutter_m
        Clutter heights added to the intermediate points for the obstacle part, as P.1812-7
        does; None for bare ground.
    effective_earth_radius_km
        Median effective earth radius, km.
    polarisation
        ``h`` or ``v``.
    c_m_s
        Speed of light that turns frequency into wavelength.

    Returns
    -------
    P526Path

    Raises
    ------
    ModelError
        For a profile that is too short, of unequal lengths, or not rising in distance.

    Notes
    -----
    ITU-R P.526-15 §4.5; ITU-R P.525-4.
    """
    x = np.asarray(distance_m, np.float64)
    ground = np.asarray(height_m, np.float64)
    surface = ground.copy()
    if clutter_m is not None:
        clutter = np.asarray(clutter_m, np.float64)
        check_profile(x, ground, clutter)
        surface[1:-1] += clutter[1:-1]
    check_profile(x, ground)
    radius_m = effective_earth_radius_km * 1e3
    total = float(x[-1])
    tx_m, rx_m = float(ground[0]) + tx_height_m, float(ground[-1]) + rx_height_m
    band = band_constants(
        (freq_mhz,), vertical=polarisation == "v", c_m_s=c_m_s, free_space_db=FREE_SPACE_DB
    )[0]
    edge, _, _, in_sight = bullington_edge(x, surface, tx_m, rx_m, radius_m)
    _, _, end_t, end_r = smooth_surface(x, ground, tx_m, rx_m)
    h1 = tx_m - min(end_t, float(ground[0]))  # h'_ts: P.526-15 eq. (63), (64)
    h2 = rx_m - min(end_r, float(ground[-1]))  # h'_rs
    smooth, _, _, _ = bullington_edge(x, np.zeros_like(x), h1, h2, radius_m)
    actual_db = bullington_db(edge * band[BAND_SCALE], total)
    smooth_db = bullington_db(smooth * band[BAND_SCALE], total)
    clearance, weight, cbrt = spherical_clearance(
        total / 1e3, h1, h2, effective_earth_radius_km, band[BAND_WAVELENGTH]
    )
    sphere_db = spherical_earth_db(total / 1e3, h1, h2, clearance, weight, cbrt, band, 0.0)
    diffraction = actual_db + max(sphere_db - smooth_db, 0.0)  # P.526-15 eq. (65)
    free = free_space_db(freq_mhz, math.hypot(total, tx_m - rx_m))
    return P526Path(
        effective_tx_m=h1,
        effective_rx_m=h2,
        in_sight=bool(in_sight),
        bullington_actual_db=actual_db,
        bullington_smooth_db=smooth_db,
        spherical_earth_db=sphere_db,
        diffraction_db=diffraction,
        free_space_db=free,
        loss_db=free + diffraction,
    )


def free_space_db(freq_mhz: float, distance_m: float) -> float:
    """Free-space basic transmission loss, dB (P.525-4 eq. 3)."""
    return FREE_SPACE_DB + 20.0 * math.log10(freq_mhz / 1e3) + 20.0 * math.log10(distance_m / 1e3)
