"""Diffraction as scalar formulas: knife edge, Bullington, smooth spherical earth.

Shared by ITU-R P.526-15 §4.5 and ITU-R P.1812-7 §4.3, which describe the same delta-Bullington
method. Distances are metres unless a name says km, earth radii are metres.

A line that computes an equation ends with its number in both, P.526-15's first: (57 | 21) is
eq. (57) of P.526-15 and eq. (21) of P.1812-7.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from phusong.jit import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

C_M_S = 299_792_458.0
NU_CLEAR = -0.78
"""Knife-edge loss is 0 at and below this parameter (P.526-15 §4.1, eq. 31)."""
DB_PER_NEPER = 20.0 / math.log(10.0)
"""20·log10 x = DB_PER_NEPER·ln x: the natural logarithm is the faster one."""
LAND = (22.0, 0.003)
"""Relative permittivity and conductivity (S/m) of average land."""
SEA = (80.0, 5.0)


@njit(cache=True, nogil=True, inline="always")
def knife_edge_db(nu: float) -> float:
    """Loss J(ν) of one knife edge, dB."""
    if nu <= -0.78:
        return 0.0
    x = nu - 0.1
    return 6.9 + DB_PER_NEPER * math.log(math.sqrt(x * x + 1.0) + x)  # (31 | 12)


@njit(cache=True, nogil=True)
def bullington_db(nu: float, distance_m: float) -> float:
    """Bullington loss for diffraction parameter `nu` over a path."""
    if nu <= -0.78:
        return 0.0
    loss: float = knife_edge_db(nu)  # L_uc, (52, 56 | 16, 20)
    return loss + (1.0 - math.exp(loss * (-1.0 / 6.0))) * (10.0 + 2e-5 * distance_m)  # (57 | 21)


@njit(cache=True, nogil=True)
def ground_factor(
    freq_ghz: float, permittivity: float, conductivity: float, vertical: bool
) -> float:
    """Return the part of K that does not depend on the earth's radius.

    K = factor · a^(−1/3) with a in km.
    """
    loss_term = 18.0 * conductivity / freq_ghz
    k: float = (  # K_H, (11a | 29a)
        0.036
        * freq_ghz ** (-1.0 / 3.0)
        * ((permittivity - 1.0) ** 2 + loss_term * loss_term) ** -0.25
    )
    if vertical:
        k *= math.sqrt(permittivity * permittivity + loss_term * loss_term)  # K_V, (12a | 29b)
    return k


@njit(cache=True, nogil=True, inline="always")
def _height_gain(b: float, k: float) -> tuple[float, float]:
    """Height-gain −G(Y) with B = βY, as decibels to add and a factor of field strength.

    −G = decibels + 20·log(factor), G being limited below by 2 + 20·log K, which 10^0.1·K stands
    for; above B = 2 the limit is out of reach (K < 1).
    """
    if b > 2.0:
        root = math.sqrt(b - 1.1)
        return 8.0 - 17.6 * root, math.sqrt(root)  # (18 | 34)
    # (18a | 34)
    return 0.0, 1.0 / max(b + 0.1 * b * b * b, 1.2589254117941673 * k)


@njit(cache=True, nogil=True)
def first_term_db(
    distance_km: float,
    h1_m: float,
    h2_m: float,
    radius_cbrt: float,
    freq_ghz_cbrt: float,
    ground: float,
) -> float:
    """First-term spherical-earth diffraction loss over one kind of ground, dB.

    P.526-15 §3.1.1, P.1812-7 §4.3.3.

    Parameters
    ----------
    distance_km
        Path length.
    h1_m, h2_m
        Effective heights.
    radius_cbrt
        Cube root of the effective earth radius in km.
    freq_ghz_cbrt
        Cube root of the frequency in GHz.
    ground
        :func:`ground_factor` of the ground.
    """
    k = ground / radius_cbrt
    k2 = k * k
    k4 = k2 * k2
    beta = (1.0 + 1.6 * k2 + 0.67 * k4) / (1.0 + 4.5 * k2 + 1.53 * k4)  # (16 | 30)
    x = 21.88 * beta * freq_ghz_cbrt / (radius_cbrt * radius_cbrt) * distance_km  # (14a | 31)
    # βY per metre of height: Y of (15a | 32), B of (18b | 35).
    by = beta * 0.9575 * beta * (freq_ghz_cbrt * freq_ghz_cbrt) / radius_cbrt
    # The logarithms of F(X) and both G(Y) are gathered into one.
    loss1, factor1 = _height_gain(by * h1_m, k)
    loss2, factor2 = _height_gain(by * h2_m, k)
    if x >= 1.6:
        lost = 17.6 * x - 11.0  # −F(X), (17a | 33)
        factor = 1.0 / math.sqrt(x)
    else:
        lost = 5.6488 * math.exp(1.425 * math.log(x))  # (17b | 33)
        factor = x
    # The sum of all three is L_dft: (13 | 36).
    return float(lost + loss1 + loss2 + DB_PER_NEPER * math.log(factor * factor1 * factor2))


@njit(cache=True, nogil=True)
def spherical_clearance(
    distance_km: float, h1_m: float, h2_m: float, radius_km: float, longest_m: float
) -> tuple[float, float, float]:
    """Clearance of the smooth-earth path and the radius to use below it.

    Parameters
    ----------
    distance_km
        Path length.
    h1_m, h2_m
        Effective heights, at least 0.
    radius_km
        Effective earth radius.
    longest_m
        Longest wavelength of interest.

    Returns
    -------
    clearance_m
        Smallest clearance h of the ray (h_se in P.1812-7); −1 beyond the horizon, infinite where
        even `longest_m` has clearance to spare.
    weight_km
        d1·d2/d at that place, so that h_req = 17.456·√(weight·λ); 0 beyond the horizon.
    cbrt_radius
        Cube root of the radius (km) for the first-term formula: a_em within the horizon.
    """
    root1, root2 = math.sqrt(h1_m), math.sqrt(h2_m)
    roots = root1 + root2
    # d_los = sqrt(2 a)·(sqrt(h1) + sqrt(h2)), all in km: (21 | 22), squared.
    if distance_km * distance_km >= 0.002 * radius_km * roots * roots:
        return -1.0, 0.0, math.exp(math.log(radius_km) * (1.0 / 3.0))
    # With u² = t·(1 − t), t = d1/d: the ray's height over the chord is at least 2u·√(h1·h2), the
    # earth's bulge is 500·d²·u²/a and h_req is 17.456·u·√(d·λ); u does not exceed 1/2.
    required = 17.456 * math.sqrt(distance_km * longest_m)
    if 2.0 * root1 * root2 > 250.0 * distance_km * distance_km / radius_km + required:
        return math.inf, 0.25 * distance_km, 1.0
    total = h1_m + h2_m
    c = (h1_m - h2_m) / total  # (22d | 24d)
    m = 250.0 * distance_km * distance_km / (radius_km * total)  # (22e | 24e)
    m1 = m + 1.0
    inner = 1.5 * c * math.sqrt(3.0 * m / (m1 * m1 * m1))
    inner = min(max(inner, -1.0), 1.0)
    # (22c | 24c)
    b = 2.0 * math.sqrt(m1 / (3.0 * m)) * math.cos(math.pi / 3.0 + math.acos(inner) * (1.0 / 3.0))
    d1 = 0.5 * distance_km * (1.0 + b)  # (22a | 24a)
    d2 = distance_km - d1  # (22b | 24b)
    bulge = 500.0 / radius_km
    # The smallest clearance: (22 | 23).
    clearance = ((h1_m - bulge * d1 * d1) * d2 + (h2_m - bulge * d2 * d2) * d1) / distance_km
    weight = d1 * d2 / distance_km
    # h_req, (23 | 25); a weight of 0 would say that the place is beyond the horizon.
    if weight > 0.0 and clearance > 17.456 * math.sqrt(weight * longest_m):
        return math.inf, weight, 1.0
    q = distance_km / roots  # a_em = 500·q², (24 | 26)
    return clearance, weight, math.exp(math.log(500.0 * q * q) * (1.0 / 3.0))


@njit(cache=True, nogil=True)
def spherical_earth_db(
    distance_km: float,
    h1_m: float,
    h2_m: float,
    clearance_m: float,
    weight_km: float,
    radius_cbrt: float,
    band: NDArray[np.float64],
    sea_share: float,
) -> float:
    """Diffraction loss over the smooth spherical earth, dB (P.526-15 §3.2, P.1812-7 §4.3.2).

    Parameters
    ----------
    distance_km, h1_m, h2_m
        Path length and effective heights.
    clearance_m, weight_km, radius_cbrt
        As :func:`spherical_clearance` gives them.
    band
        The band's constants, as :func:`band_constants` lays them out.
    sea_share
        Share ω of the path that is over sea.
    """
    share = 1.0
    if weight_km > 0.0:
        required = 17.456 * math.sqrt(weight_km * band[BAND_WAVELENGTH])  # h_req, (23 | 25)
        if clearance_m > required:
            return 0.0
        share = 1.0 - clearance_m / required  # (25 | 27)
    loss = 0.0
    if sea_share < 1.0:
        land = first_term_db(distance_km, h1_m, h2_m, radius_cbrt, band[BAND_CBRT], band[BAND_LAND])
        loss += (1.0 - sea_share) * land  # P.1812-7 eq. (28)
    if sea_share > 0.0:
        sea = first_term_db(distance_km, h1_m, h2_m, radius_cbrt, band[BAND_CBRT], band[BAND_SEA])
        loss += sea_share * sea
    if weight_km > 0.0:
        return share * loss if loss > 0.0 else 0.0
    return loss


@njit(cache=True, nogil=True)
def delta_bullington_db(
    edge: float, smooth: float, sphere_db: float, scale: float, distance_m: float
) -> float:
    """Complete delta-Bullington loss L_d, dB (P.526-15 §4.5.3, P.1812-7 §4.3.4).

    Parameters
    ----------
    edge, smooth
        ν/√(2/λ) of the path's Bullington edge and of the smooth earth's.
    sphere_db
        Spherical-earth loss; where it is 0 `smooth` is not looked at.
    scale
        √(2/λ).
    distance_m
        Path length.
    """
    loss: float = bullington_db(edge * scale, distance_m)
    if sphere_db > 0.0:
        loss += max(sphere_db - bullington_db(smooth * scale, distance_m), 0.0)  # (65 | 39)
    return loss


BAND_GHZ = 0
BAND_WAVELENGTH = 1
BAND_CBRT = 2
BAND_LAND = 3
BAND_SEA = 4
BAND_SCALE = 5
BAND_FREE_SPACE = 6
BAND_CONSTANTS = 7


def band_constants(
    freqs_mhz: tuple[float, ...], *, vertical: bool, c_m_s: float = C_M_S, free_space_db: float
) -> NDArray[np.float64]:
    """Return what the formulas need of each band, computed once.

    Parameters
    ----------
    freqs_mhz
        The bands.
    vertical
        Whether polarisation is vertical.
    c_m_s
        Speed of light, from which wavelengths follow.
    free_space_db
        Constant A of free space: loss = A + 20·log f_GHz + 20·log d_km.

    Returns
    -------
    constants : ndarray, shape (bands, BAND_CONSTANTS)
        Frequency in GHz, wavelength in m, cube root of the frequency, ground factors of land
        and sea, sqrt(2/λ) that turns geometry into ν, free-space loss at 1 km.
    """
    rows = []
    for freq in freqs_mhz:
        ghz = freq / 1e3
        wavelength = c_m_s / (freq * 1e6)
        rows.append(
            (
                ghz,
                wavelength,
                ghz ** (1.0 / 3.0),
                ground_factor(ghz, *LAND, vertical),
                ground_factor(ghz, *SEA, vertical),
                math.sqrt(2.0 / wavelength),
                free_space_db + 20.0 * math.log10(ghz),
            )
        )
    return np.array(rows, dtype=np.float64).reshape(len(freqs_mhz), BAND_CONSTANTS)


@njit(cache=True, nogil=True)
def smooth_obstruction(
    distance_m: float, h1_m: float, h2_m: float, radius_m: float, step_m: float, points: int
) -> float:
    """Return ν/√(2/λ) of the Bullington edge over a smooth earth of uniform profile points.

    The profile's heights are 0 and its points lie at ``i·step_m``, ``i = 1..points``; the
    optimum over them is found in closed form and settled among its neighbours. P.526-15 §4.5.2
    with §4.5.1.
    """
    half = 0.5 / radius_m
    # Steepest slope from the first terminal: half·(D − x) − h1/x peaks at x = sqrt(h1/half).
    i = min(max(int(math.sqrt(h1_m / half) / step_m), 1), points)
    x = i * step_m
    slope_t = half * (distance_m - x) - h1_m / x  # S_tim, (49 | 13), with h_i = 0
    if i < points:
        x += step_m
        slope_t = max(slope_t, half * (distance_m - x) - h1_m / x)
    line = (h2_m - h1_m) / distance_m  # S_tr, (50 | 14)
    if slope_t < line:
        return float(_smooth_fresnel(distance_m, h1_m, h2_m, half, step_m, points))
    # From the second: half·(D − y) − h2/y with y = D − x peaks at y = sqrt(h2/half).
    place = (distance_m - math.sqrt(h2_m / half)) / step_m
    i = min(max(int(max(place, 1.0)), 1), points)
    y = distance_m - i * step_m
    slope_r = half * (distance_m - y) - h2_m / y  # S_rim, (53 | 17)
    if i < points:
        y -= step_m
        slope_r = max(slope_r, half * (distance_m - y) - h2_m / y)
    return float(edge_height(distance_m, h1_m, h2_m, slope_t, slope_r))


@njit(cache=True, nogil=True, inline="always")
def edge_height(
    distance_m: float, h1_m: float, h2_m: float, slope_t: float, slope_r: float
) -> float:
    """Return ν/√(2/λ) of the point where the two horizon rays meet."""
    d_b = (h2_m - h1_m + slope_r * distance_m) / (slope_t + slope_r)  # (54 | 18)
    above = h1_m + slope_t * d_b - (h1_m * (distance_m - d_b) + h2_m * d_b) / distance_m
    return above * math.sqrt(distance_m / (d_b * (distance_m - d_b)))  # ν_b, (55 | 19)


@njit(cache=True, nogil=True)
def _smooth_fresnel(
    distance_m: float, h1_m: float, h2_m: float, half: float, step_m: float, points: int
) -> float:
    """Largest ν/√(2/λ) over the points of a smooth earth in line of sight (51 | 15).

    With tan φ = sqrt(x/(D − x)), ν goes as A·sin φ·cos φ − h1·cot φ − h2·tan φ (A = half·D²),
    which is concave in φ: two Newton steps lead near the top, and the best whole point is
    reached by walking uphill. There ν < 0, so its largest value has the least
    c²/(x·(D − x)), c being the ray's height above the earth.
    """
    a = half * distance_m * distance_m
    # Start at the top of −h1·cot φ − h2·tan φ, drawn towards the middle where A dominates.
    tan2 = (h1_m + 0.25 * a) / (h2_m + 0.25 * a)
    for _ in range(2):
        t = math.sqrt(tan2)
        # First and second derivative in φ, with 1/sin²φ and 1/cos²φ.
        over_c = 1.0 + tan2
        c = 1.0 / over_c
        over_s = over_c / tan2
        grad = a * (2.0 * c - 1.0) + h1_m * over_s - h2_m * over_c
        curve = -2.0 * t * (2.0 * a * c + h1_m * c * over_s * over_s + h2_m * over_c)
        # A step in φ by −grad/curve, carried over to tan φ and kept within a factor.
        moved = t - grad / curve * over_c
        moved = min(max(moved, 0.25 * t), 4.0 * t)
        tan2 = moved * moved
    i = min(max(int(distance_m * tan2 / ((1.0 + tan2) * step_m) + 0.5), 1), points)
    rise = (h2_m - h1_m) / distance_m
    x = i * step_m
    weight = x * (distance_m - x)
    gap = h1_m + rise * x - half * weight
    for way in (1, -1):
        first = i
        while 1 <= i + way <= points:
            x = (i + way) * step_m
            next_weight = x * (distance_m - x)
            next_gap = h1_m + rise * x - half * next_weight
            if next_gap * next_gap * weight >= gap * gap * next_weight:
                break
            gap, weight, i = next_gap, next_weight, i + way
        if i != first:
            break
    return -gap * math.sqrt(distance_m / weight)
