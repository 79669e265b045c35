"""ITU-R P.1812-7: from the geometry of a path to its loss, as scalar formulas.

The direct path function and the sweep both come here with the same geometry. Distances are km
and angles mrad in this module, as in the Recommendation; heights are metres. "eq." and "§" are
P.1812-7's: at the end of a line, the equation that line computes. The numbers are those of the
reference values ITU-R Study Group 3 gives for each intermediate quantity.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import numpy as np

from phusong.coverage.propagation.diffraction import (
    BAND_CBRT,
    BAND_CONSTANTS,
    BAND_GHZ,
    DB_PER_NEPER,
    band_constants,
)
from phusong.jit import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

SPEED_OF_LIGHT = 2.998e8
"""m/s; the Recommendation takes λ = 0.2998/f (§4.3.1)."""
FREE_SPACE_DB = 92.4
"""Constant of eq. 8."""
EARTH_KM = 6371.0

_LN10 = math.log(10.0)

BAND_TROPO = BAND_CONSTANTS
BAND_DUCT = BAND_CONSTANTS + 1
BAND_SQRT = BAND_CONSTANTS + 2
P1812_CONSTANTS = BAND_CONSTANTS + 3


def p1812_bands(
    freqs_mhz: tuple[float, ...],
    polarisation: Literal["h", "v"],
    time_percent: float,
    n0: float,
) -> NDArray[np.float64]:
    """Return the constants of each band, those of :func:`band_constants` first.

    Then follow the part of the troposcatter loss (eq. 44) and of the ducting loss (eq. 47)
    that no path changes, and √f.

    Returns
    -------
    ndarray, shape (bands, P1812_CONSTANTS)
    """
    bands = np.empty((len(freqs_mhz), P1812_CONSTANTS))
    bands[:, :BAND_CONSTANTS] = band_constants(
        freqs_mhz,
        vertical=polarisation == "v",
        c_m_s=SPEED_OF_LIGHT,
        free_space_db=FREE_SPACE_DB,
    )
    rare = 10.125 * math.log10(50.0 / time_percent) ** 0.7  # last term of eq. (44)
    for row in bands:
        f = row[BAND_GHZ]
        log_f = math.log10(f)
        frequency_loss = 25.0 * log_f - 2.5 * math.log10(0.5 * f) ** 2  # L_f, eq. (45)
        row[BAND_TROPO] = 190.1 + frequency_loss - 0.15 * n0 - rare  # eq. (44)
        low = 45.375 - 137.0 * f + 92.5 * f * f if f < 0.5 else 0.0  # A_lf, eq. (47a)
        row[BAND_DUCT] = 102.45 + 20.0 * log_f + low  # eq. (47)
        row[BAND_SQRT] = math.sqrt(f)
    return bands


@njit(cache=True, nogil=True)
def inverse_normal(x: float) -> float:
    """Return the inverse complementary cumulative normal I(x), 1e-6 <= x <= 1 − 1e-6.

    The Recommendation's own rational approximation (Attachment 2), not the exact function.
    """
    p = x if x <= 0.5 else 1.0 - x
    t = math.sqrt(-2.0 * math.log(p))  # T(x)
    top = (0.010328 * t + 0.802853) * t + 2.515516698
    bottom = ((0.001308 * t + 0.189269) * t + 1.432788) * t + 1.0
    value = t - top / bottom  # T(x) − C(x)
    return value if x <= 0.5 else -value


@njit(cache=True, nogil=True)
def duct_incidence(land_km: float, inland_km: float, latitude_deg: float) -> tuple[float, float]:
    """Time percentage β0 of ducting at the path's centre, and the parameter τ (§3.6, eq. 2–5).

    Parameters
    ----------
    land_km, inland_km
        Longest continuous land (coastal or inland) and inland section of the path (d_tm, d_lm).
    latitude_deg
        Latitude of the path's centre.
    """
    tau = (  # eq. (3)
        1.0 - math.exp(-4.12e-4 * math.exp(2.41 * math.log(inland_km))) if inland_km > 0.0 else 0.0
    )
    # μ1⁵, then ln μ1 of eq. (2), at most 0.
    mu1 = math.exp(-_LN10 * land_km / (16.0 - 6.6 * tau)) + math.exp(
        -5.0 * _LN10 * (0.496 + 0.354 * tau)
    )
    ln_mu1 = min(0.2 * math.log(mu1), 0.0)
    phi = abs(latitude_deg)
    # β0 of eq. (5) with μ4 of eq. (4): the powers of μ1 are gathered into one exponent.
    if phi <= 70.0:
        exponent = _LN10 * (1.67 - 0.015 * phi) + ln_mu1 * (0.065 + 0.0176 * phi)
        return math.exp(exponent), tau
    return 4.17 * math.exp(1.3 * ln_mu1), tau


@njit(cache=True, nogil=True)
def ducting_path_db(
    band: NDArray[np.float64],
    distance_km: float,
    earth_km: float,
    horizon_t_km: float,
    horizon_r_km: float,
    theta_t: float,
    theta_r: float,
) -> float:
    """Ducting loss without coast coupling and time dependence, dB (§4.5, parts of eq. 47, 50).

    That is 102.45 + 20·log f + 20·log(d_lt + d_lr) + A_lf + A_st + A_sr + γ_d·θ'. The logarithms
    of eq. (47) and (48) are gathered into one of a product.
    """
    over_t = theta_t - 0.1 * horizon_t_km  # θ''_t, eq. (48a)
    over_r = theta_r - 0.1 * horizon_r_km
    factor = horizon_t_km + horizon_r_km  # eq. (47)
    linear = 0.0
    if over_t > 0.0:
        factor *= 1.0 + 0.361 * over_t * band[BAND_SQRT] * math.sqrt(horizon_t_km)  # eq. (48)
        linear += over_t
    if over_r > 0.0:
        factor *= 1.0 + 0.361 * over_r * band[BAND_SQRT] * math.sqrt(horizon_r_km)
        linear += over_r
    bend = (  # θ' of eq. (52), with θ'_t and θ'_r of eq. (52a)
        1e3 * distance_km / earth_km
        + min(theta_t, 0.1 * horizon_t_km)
        + min(theta_r, 0.1 * horizon_r_km)
    )
    cbrt = band[BAND_CBRT]
    shielding = 0.264 * linear * cbrt  # eq. (48)
    return float(
        band[BAND_DUCT]
        + DB_PER_NEPER * math.log(factor)
        + shielding
        + 5e-5 * earth_km * cbrt * bend  # γ_d·θ', eq. (50, 51)
    )


@njit(cache=True, nogil=True, inline="always")
def ducting_shielding(
    distance_km: float,
    earth_km: float,
    horizon_t_km: float,
    horizon_r_km: float,
    theta_t: float,
    theta_r: float,
) -> float:
    """Return the part of :func:`ducting_path_db` that grows with ∛f, dB per ∛GHz.

    That is γ_d·θ' and the linear part of A_st and A_sr: all but a logarithm and what belongs to a
    band.
    """
    near_t, near_r = 0.1 * horizon_t_km, 0.1 * horizon_r_km
    bend = 1e3 * distance_km / earth_km + min(theta_t, near_t) + min(theta_r, near_r)
    linear = max(theta_t - near_t, 0.0) + max(theta_r - near_r, 0.0)
    return 0.264 * linear + 5e-5 * earth_km * bend


@njit(cache=True, nogil=True)
def ducting_path_floor_db(
    band: NDArray[np.float64],
    distance_km: float,
    earth_km: float,
    near_t_km: float,
    near_r_km: float,
    theta_t: float,
    theta_r: float,
) -> float:
    """Return a value :func:`ducting_path_db` cannot fall below in line of sight.

    There d_lt + d_lr = d, but where the horizon stands is not yet known: only that it is at
    least `near_t_km` and `near_r_km` from the terminals. Each term takes the least of its values:
    θ'' falls with a horizon's distance (at most d), A_st and A_sr rise with it and with θ'', and
    θ' takes no more than 0 from a horizon of positive elevation.
    """
    over_t = theta_t - 0.1 * distance_km
    over_r = theta_r - 0.1 * distance_km
    factor = distance_km
    linear = 0.0
    if over_t > 0.0:
        factor *= 1.0 + 0.361 * over_t * band[BAND_SQRT] * math.sqrt(near_t_km)
        linear += over_t
    if over_r > 0.0:
        factor *= 1.0 + 0.361 * over_r * band[BAND_SQRT] * math.sqrt(near_r_km)
        linear += over_r
    bend = 1e3 * distance_km / earth_km + min(theta_t, 0.0) + min(theta_r, 0.0)
    cbrt = band[BAND_CBRT]
    shielding = 0.264 * linear * cbrt
    return float(
        band[BAND_DUCT]
        + DB_PER_NEPER * math.log(factor)
        + shielding
        + 5e-5 * earth_km * cbrt * bend
    )


@njit(cache=True, nogil=True)
def coast_coupling_db(
    sea_share: float, coast_km: float, horizon_km: float, antenna_m: float
) -> float:
    """Over-sea surface duct coupling correction A_ct or A_cr of one terminal, dB."""
    if sea_share >= 0.75 and coast_km <= horizon_km and coast_km <= 5.0:
        return (  # eq. (49), (49a)
            -3.0
            * math.exp(-0.25 * coast_km * coast_km)
            * (1.0 + math.tanh(0.07 * (50.0 - antenna_m)))
        )
    return 0.0


@njit(cache=True, nogil=True)
def ducting_time_db(
    time_percent: float,
    distance_km: float,
    earth_km: float,
    beta0: float,
    tau: float,
    h_te_m: float,
    h_re_m: float,
    roughness_m: float,
    between_km: float,
) -> tuple[float, float]:
    """Time-percentage dependence A(p) of ducting, dB, and β (eq. 53–56a).

    Parameters
    ----------
    time_percent, distance_km, earth_km
        p, path length and median effective earth radius.
    beta0, tau
        As :func:`duct_incidence` gives them.
    h_te_m, h_re_m
        Effective heights for ducting.
    roughness_m
        Terrain roughness h_m.
    between_km
        Distance between the horizons, d − d_lt − d_lr.
    """
    alpha = max(-0.6 - 3.5e-9 * math.exp(3.1 * math.log(distance_km)) * tau, -3.4)  # eq. (55a)
    root = math.sqrt(h_te_m) + math.sqrt(h_re_m)
    ratio = 500.0 / earth_km * distance_km * distance_km / (root * root)
    mu2 = math.exp(alpha * math.log(ratio))  # eq. (55)
    mu2 = min(mu2, 1.0)
    mu3 = 1.0
    if roughness_m > 10.0:
        mu3 = math.exp(-roughness_exponent(roughness_m, between_km))  # eq. (56)
    beta = beta0 * mu2 * mu3  # eq. (54)
    ln_beta = math.log(beta)
    log_beta = ln_beta / _LN10
    far = math.exp(1.13 * math.log(distance_km))
    gamma = 1.076 * math.exp(  # Γ, eq. (53a)
        -1.012 * math.log(2.0058 - log_beta)
        - (9.51 - 4.8 * log_beta + 0.198 * log_beta * log_beta) * 1e-6 * far
    )
    ln_ratio = math.log(time_percent) - ln_beta
    a_p = (  # eq. (53)
        -12.0
        + (1.2 + 3.7e-3 * distance_km) * (ln_ratio / _LN10)
        + 12.0 * math.exp(gamma * ln_ratio)
    )
    return a_p, beta


@njit(cache=True, nogil=True)
def ducting_floor_db(time_percent: float, distance_km: float, beta0: float) -> float:
    """Return a value that A(p) cannot fall below, since β <= β0 (from eq. 53)."""
    if time_percent >= beta0:
        return 0.0
    return -12.0 + (1.2 + 3.7e-3 * distance_km) * (math.log(time_percent / beta0) / _LN10)


LEAST_STEP = 0.05
"""Of ln β, between the values of :func:`ducting_least_db`."""


@njit(cache=True, nogil=True, inline="always")
def roughness_exponent(roughness_m: float, between_km: float) -> float:
    """Return −ln μ3 of eq. (56): by how much roughness over 10 m lowers ln β."""
    return 4.6e-5 * (roughness_m - 10.0) * (43.0 + 6.0 * min(between_km, 40.0))  # eq. (56a)


def ducting_least_db(
    time_percent: float, latitude_deg: float, longest_km: float
) -> NDArray[np.float64]:
    """Return values that A(p) cannot fall below at a place, on any path up to a length.

    The least of eq. (53) over every β up to one, in small steps of log β. Of the length, which its
    two terms take with opposite signs, each term takes what makes it less; 0.1 dB is more than
    A(p) changes in a step.

    Returns
    -------
    ndarray, shape (n,)
        For β up to the largest β0 of the latitude (eq. 5 with μ1 = 1), and for β up to a power of
        e less, :data:`LEAST_STEP` of its exponent at a time; the last holds beyond.
    """
    most = 10.0 ** (1.67 - 0.015 * abs(latitude_deg)) if abs(latitude_deg) <= 70.0 else 4.17
    log_beta = np.arange(math.log10(most), -200.0, -5e-4)
    log_ratio = math.log10(time_percent) - log_beta
    spans = np.array([[0.0], [longest_km]])
    gamma = 1.076 * (2.0058 - log_beta) ** -1.012  # Γ, eq. (53a)
    gamma = gamma * np.exp((-9.51 + 4.8 * log_beta - 0.198 * log_beta**2) * 1e-6 * spans**1.13)
    straight = ((1.2 + 3.7e-3 * spans) * log_ratio).min(axis=0)
    curved = (12.0 * np.exp(_LN10 * gamma * log_ratio)).min(axis=0)
    least = np.minimum.accumulate((straight + curved)[::-1])[::-1] - 12.0 - 0.1
    lower = np.arange(0.0, 30.0, LEAST_STEP)
    return least[np.searchsorted(-log_beta, lower / _LN10 - math.log10(most), side="right") - 1]


@njit(cache=True, nogil=True)
def log_sum_db(a_db: float, b_db: float, eta: float) -> float:
    """Return η·ln(exp(a/η) + exp(b/η)) without overflow, the form of eq. (60)."""
    high, low = max(a_db, b_db), min(a_db, b_db)
    return high + eta * math.log1p(math.exp((low - high) / eta))


@njit(cache=True, nogil=True)
def enhancement_db(percent: float, horizons_km: float) -> float:
    """Multipath and focusing correction E_s for a time percentage, dB (eq. 9a, 9b)."""
    return 2.6 / _LN10 * (1.0 - math.exp(-0.1 * horizons_km)) * math.log(percent / 50.0)


@njit(cache=True, nogil=True)
def time_weight(time_percent: float, beta0: float) -> float:
    """Interpolation factor F_i between the median and β0 (eq. 40)."""
    if time_percent <= beta0:
        return 1.0
    return float(inverse_normal(time_percent / 100.0) / inverse_normal(beta0 / 100.0))


@njit(cache=True, nogil=True, inline="always")
def path_weight(theta: float) -> float:
    """Interpolation factor F_j from the path's angular distance in mrad (eq. 57)."""
    # Θ = 0.3 mrad, ξ = 0.8; 1 − (1 + tanh z)/2 = 1/(1 + exp 2z).
    if theta > 3.0:  # within 1e-18 of 0
        return 0.0
    return 1.0 / (1.0 + math.exp(2.0 * 3.0 * 0.8 * (theta - 0.3) / 0.3))


@njit(cache=True, nogil=True, inline="always")
def distance_weight(distance_km: float) -> float:
    """Interpolation factor F_k from the path's length (eq. 58), d_sw = 20 km, κ = 0.5."""
    return 1.0 / (1.0 + math.exp(2.0 * 3.0 * 0.5 * (distance_km - 20.0) / 20.0))


@njit(cache=True, nogil=True)
def combine_db(
    scatter_db: float,
    ducting_db: float,
    free_db: float,
    free_p_db: float,
    free_beta_db: float,
    diffraction_50_db: float,
    diffraction_p_db: float,
    under_beta: bool,
    weight_i: float,
    weight_j: float,
    weight_k: float,
    sea_share: float,
) -> tuple[float, float, float, float, float]:
    """Put the mechanisms together (§4.6, eq. 42, 43, 59–63).

    Parameters
    ----------
    scatter_db, ducting_db
        L_bs and L_ba; an infinite L_ba stands for one known to exceed L_bd.
    free_db, free_p_db, free_beta_db
        L_bfs, L_b0p and L_b0β.
    diffraction_50_db, diffraction_p_db
        L_d50 and L_dp.
    under_beta
        Whether p < β0.
    weight_i, weight_j, weight_k
        F_i, F_j and F_k; the last is not looked at where L_ba is infinite.
    sea_share
        ω.

    Returns
    -------
    L_minb0p, L_minbap, L_bda, L_bam, L_bc
        The last is the loss not exceeded for p % of time and 50 % of locations.
    """
    bd50 = free_db + diffraction_50_db  # eq. (42)
    bd = free_p_db + diffraction_p_db  # eq. (43)
    land = (1.0 - sea_share) * diffraction_p_db
    # eq. (59)
    minb0p = free_p_db + land if under_beta else bd50 + (free_beta_db + land - bd50) * weight_i
    minbap, bda = ducting_db, bd
    if ducting_db < math.inf:
        minbap = log_sum_db(ducting_db, free_p_db, 2.5)  # eq. (60)
    if minbap <= bd:
        bda = minbap + (bd - minbap) * weight_k  # eq. (61)
    bam = bda + (minb0p - bda) * weight_j  # eq. (62)
    # eq. (63): the smaller of both, less what the other adds to its power.
    gap = 0.2 * math.log(10.0) * abs(scatter_db - bam)
    bc = min(scatter_db, bam)
    if gap < 40.0:  # beyond, the sum below does not change a double
        bc -= 5.0 / math.log(10.0) * math.log1p(math.exp(-gap))
    return minb0p, minbap, bda, bam, bc
