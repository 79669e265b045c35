"""ITU-R P.1812-7 over one path, computed directly, with every intermediate value.

The geometry is read off the profile point by point, as the Recommendation writes it; the losses
come from :mod:`phusong.coverage.propagation.p1812.loss`, which the sweep uses too. "eq." is
P.1812-7's, at the line that computes it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import numpy as np

from phusong.coverage.propagation.diffraction import (
    BAND_FREE_SPACE,
    BAND_SCALE,
    BAND_WAVELENGTH,
    bullington_db,
    spherical_clearance,
    spherical_earth_db,
)
from phusong.coverage.propagation.p526.path import bullington_edge, check_profile, smooth_surface
from phusong.coverage.propagation.p1812.geometry import (
    coast_distance_km,
    effective_earth_km,
    horizons,
    roughness,
    zone_lengths,
)
from phusong.coverage.propagation.p1812.loss import (
    BAND_TROPO,
    EARTH_KM,
    coast_coupling_db,
    combine_db,
    distance_weight,
    duct_incidence,
    ducting_path_db,
    ducting_time_db,
    enhancement_db,
    inverse_normal,
    p1812_bands,
    path_weight,
    time_weight,
)
from phusong.coverage.propagation.p1812.values import P1812Path
from phusong.coverage.propagation.ranges import check_range
from phusong.coverage.propagation.surface import ZONE_INLAND, ZONE_SEA
from phusong.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

BETA_EARTH_FACTOR = 3.0
"""k_β, effective earth radius factor exceeded for β0 % of time (§3.7, eq. 7b)."""


def location_sigma_db(
    freq_mhz: float, cell_m: float, rx_height_m: float = 1.5, clutter_m: float = 0.0
) -> float:
    """Return the standard deviation of location variability inside a cell, dB (§4.7).

    σ_L = (0.024 f + 0.52) w_a^0.28 · u_h with f in GHz; u_h is 1 for a receiver below the clutter
    round it and falls to 0 ten metres above.

    Parameters
    ----------
    freq_mhz
        Frequency, MHz.
    cell_m
        Width w_a of the square the variability applies to, m.
    rx_height_m
        Receiver above ground, m.
    clutter_m
        Representative height R of the clutter at the receiver, m; 0 is open ground.
    """
    above = min(max((rx_height_m - clutter_m) / 10.0, 0.0), 1.0)
    return float((0.024 * freq_mhz / 1e3 + 0.52) * cell_m**0.28 * (1.0 - above))


def check_p1812(
    freqs_mhz: tuple[float, ...],
    tx_height_m: float,
    rx_height_m: float,
    time_percent: float,
    location_percent: float,
    delta_n: float,
) -> None:
    """Raise ModelError for inputs outside Table 1 of P.1812-7."""
    for freq in freqs_mhz:
        check_range("frequency", freq, 30.0, 6000.0, "MHz", "P.1812")
    check_range("antenna height", tx_height_m, 1.0, 3000.0, "m", "P.1812")
    check_range("receiver height", rx_height_m, 1.0, 3000.0, "m", "P.1812")
    check_range("time percentage", time_percent, 1.0, 50.0, "%", "P.1812")
    check_range("location percentage", location_percent, 1.0, 99.0, "%", "P.1812")
    check_range("delta N", delta_n, 0.0, 120.0, "N-units/km", "P.1812")


def p1812_path(
    distance_m: ArrayLike,
    height_m: ArrayLike,
    *,
    tx_height_m: float,
    rx_height_m: float,
    freq_mhz: float,
    latitude_deg: float,
    clutter_m: ArrayLike | None = None,
    zone: ArrayLike | None = None,
    time_percent: float = 50.0,
    polarisation: Literal["h", "v"] = "v",
    delta_n: float = 45.0,
    n0: float = 325.0,
    location_percent: float = 50.0,
    location_sigma_db: float = 0.0,
    tx_coast_km: float | None = None,
    rx_coast_km: float | None = None,
) -> P1812Path:
    """Compute one path's loss by ITU-R P.1812-7, with all intermediate values.

    Parameters
    ----------
    distance_m, height_m
        Profile from antenna to receiver, both included, shape (n,), n >= 3.
    tx_height_m, rx_height_m
        Antenna heights above ground, 1 to 3000 m.
    freq_mhz
        Frequency, 30 to 6000 MHz.
    latitude_deg
        Latitude of the path's centre (:func:`centre_latitude`).
    clutter_m
        Representative clutter heights, shape (n,); the terminals' own are not used.
    zone
        Radio-climatic zones, shape (n,): 1 sea, 3 coastal land, 4 inland; None is inland.
    time_percent
        p, 1 to 50.
    polarisation
        ``h`` or ``v``.
    delta_n, n0
        Refractivity lapse rate (N-units/km) and sea-level refractivity at the path's centre.
    location_percent, location_sigma_db
        p_L, 1 to 99, and the standard deviation of location variability
        (:func:`location_sigma_db`); 0 leaves the median location.
    tx_coast_km, rx_coast_km
        Distance of either terminal to the coast along the path; None takes it from `zone`, and
        it is 0 for a terminal on the sea.

    Returns
    -------
    P1812Path

    Raises
    ------
    ModelError
        For a profile that is too short, of unequal lengths or not rising in distance, a path
        shorter than 0.25 km or longer than 3000 km, an unknown zone, or an input outside Table 1.
    """
    check_p1812((freq_mhz,), tx_height_m, rx_height_m, time_percent, location_percent, delta_n)
    x = np.asarray(distance_m, np.float64)
    ground = np.asarray(height_m, np.float64)
    clutter = np.zeros_like(x) if clutter_m is None else np.asarray(clutter_m, np.float64)
    zones = np.full(x.shape, ZONE_INLAND, np.uint8) if zone is None else np.asarray(zone, np.uint8)
    check_profile(x, ground, clutter)
    if zones.shape != x.shape or not np.isin(zones, (1, 3, 4)).all():
        raise ModelError("Radio-climatic zones must be 1 (sea), 3 (coastal) or 4 (inland).")
    total = float(x[-1])
    km = total / 1e3
    check_range("distance", km, 0.25, 3000.0, "km", "P.1812")
    surface = ground.copy()
    surface[1:-1] += clutter[1:-1]  # g_i (§3.2)
    tx_m, rx_m = float(ground[0]) + tx_height_m, float(ground[-1]) + rx_height_m  # h_ts, h_rs
    band = p1812_bands((freq_mhz,), polarisation, time_percent, n0)[0]

    earth_km = effective_earth_km(delta_n)
    sea_share, land_km, inland_km = zone_lengths(x / 1e3, zones)
    if tx_coast_km is None or zones[0] == ZONE_SEA:
        tx_coast_km = coast_distance_km(x / 1e3, zones)
    if rx_coast_km is None or zones[-1] == ZONE_SEA:
        rx_coast_km = coast_distance_km(x[::-1] / 1e3, zones[::-1])
    beta0, tau = duct_incidence(land_km, inland_km, latitude_deg)

    in_sight, at_t, at_r, theta_t, theta_r = horizons(x, ground, tx_m, rx_m, earth_km * 1e3)
    d_lt, d_lr = float(x[at_t]) / 1e3, (total - float(x[at_r])) / 1e3
    theta = 1e3 * km / earth_km + theta_t + theta_r  # eq. (82)
    fit_t, fit_r, end_t, end_r = smooth_surface(x, ground, tx_m, rx_m)
    smooth_t, smooth_r = min(fit_t, float(ground[0])), min(fit_r, float(ground[-1]))  # eq. (90)
    # h'_tc and h'_rc of eq. (37), over h_std and h_srd of eq. (89).
    h1, h2 = tx_m - min(end_t, float(ground[0])), rx_m - min(end_r, float(ground[-1]))
    rough = roughness(x, ground, at_t, at_r, smooth_t, smooth_r)

    # eq. (8), (8a)
    free = float(band[BAND_FREE_SPACE]) + 10.0 * math.log10(km * km + ((tx_m - rx_m) / 1e3) ** 2)
    free_p = free + enhancement_db(time_percent, d_lt + d_lr)  # eq. (10)
    free_beta = free + enhancement_db(beta0, d_lt + d_lr)  # eq. (11)
    diffraction = [
        _delta_bullington(x, surface, tx_m, rx_m, h1, h2, radius, band, sea_share)
        for radius in (earth_km, EARTH_KM * BETA_EARTH_FACTOR)
    ]
    ld50, ld_beta = diffraction[0][3], diffraction[1][3]
    weight_i = time_weight(time_percent, beta0)  # eq. (40)
    ldp = ld50 + (ld_beta - ld50) * weight_i  # eq. (41)
    a_p, _ = ducting_time_db(
        time_percent,
        km,
        earth_km,
        beta0,
        tau,
        tx_m - smooth_t,  # h_te, eq. (92a)
        rx_m - smooth_r,  # h_re, eq. (92b)
        rough,
        km - d_lt - d_lr,
    )
    ducting = (  # L_ba, eq. (46)
        ducting_path_db(band, km, earth_km, d_lt, d_lr, theta_t, theta_r)
        + coast_coupling_db(sea_share, tx_coast_km, d_lt, tx_m)
        + coast_coupling_db(sea_share, rx_coast_km, d_lr, rx_m)
        + a_p
    )
    scatter = float(band[BAND_TROPO]) + 20.0 * math.log10(km) + 0.573 * theta  # L_bs, eq. (44)
    weight_j = path_weight(theta)  # eq. (57)
    weight_k = distance_weight(km)
    minb0p, minbap, bda, bam, bc = combine_db(
        scatter,
        ducting,
        free,
        free_p,
        free_beta,
        ld50,
        ldp,
        time_percent < beta0,
        weight_i,
        weight_j,
        weight_k,
        sea_share,
    )
    variation = 0.0
    if zones[-1] != ZONE_SEA:  # the sea does not vary with location (§4.7)
        variation = -inverse_normal(location_percent / 100.0) * location_sigma_db
    return P1812Path(
        distance_km=km,
        in_sight=bool(in_sight),
        horizon_t_km=d_lt,
        horizon_r_km=d_lr,
        theta_t_mrad=theta_t,
        theta_r_mrad=theta_r,
        theta_mrad=theta,
        tx_m=tx_m,
        rx_m=rx_m,
        fit_t_m=fit_t,
        fit_r_m=fit_r,
        smooth_t_m=smooth_t,
        smooth_r_m=smooth_r,
        diffraction_t_m=tx_m - h1,
        diffraction_r_m=rx_m - h2,
        effective_t_m=tx_m - smooth_t,
        effective_r_m=rx_m - smooth_r,
        roughness_m=rough,
        sea_share=sea_share,
        land_km=land_km,
        inland_km=inland_km,
        tx_coast_km=tx_coast_km,
        rx_coast_km=rx_coast_km,
        beta0_percent=beta0,
        earth_km=earth_km,
        weight_i=weight_i,
        weight_j=weight_j,
        weight_k=weight_k,
        free_space_db=free,
        free_p_db=free_p,
        free_beta_db=free_beta,
        bullington_db=diffraction[0][0],
        bullington_smooth_db=diffraction[0][1],
        spherical_db=diffraction[0][2],
        diffraction_50_db=ld50,
        bullington_beta_db=diffraction[1][0],
        bullington_smooth_beta_db=diffraction[1][1],
        spherical_beta_db=diffraction[1][2],
        diffraction_beta_db=ld_beta,
        diffraction_p_db=ldp,
        bd50_db=free + ld50,  # eq. (42)
        bd_db=free_p + ldp,  # eq. (43)
        minb0p_db=minb0p,
        ducting_db=ducting,
        minbap_db=minbap,
        bda_db=bda,
        bam_db=bam,
        scatter_db=scatter,
        bc_db=bc,
        loss_db=max(free_p, bc + variation),  # eq. (69)
    )


def _delta_bullington(
    distance_m: NDArray[np.float64],
    surface_m: NDArray[np.float64],
    tx_m: float,
    rx_m: float,
    h1_m: float,
    h2_m: float,
    radius_km: float,
    band: NDArray[np.float64],
    sea_share: float,
) -> tuple[float, float, float, float]:
    """L_bulla, L_bulls, L_dsph and L_d for one effective earth radius (§4.3.1–4.3.4)."""
    total = float(distance_m[-1])
    flat = np.zeros_like(distance_m)
    edge, _, _, _ = bullington_edge(distance_m, surface_m, tx_m, rx_m, radius_km * 1e3)
    smooth, _, _, _ = bullington_edge(distance_m, flat, h1_m, h2_m, radius_km * 1e3)
    actual_db = bullington_db(edge * band[BAND_SCALE], total)  # L_bulla
    smooth_db = bullington_db(smooth * band[BAND_SCALE], total)  # L_bulls
    clearance, weight, cbrt = spherical_clearance(
        total / 1e3, h1_m, h2_m, radius_km, band[BAND_WAVELENGTH]
    )
    sphere_db = spherical_earth_db(
        total / 1e3, h1_m, h2_m, clearance, weight, cbrt, band, sea_share
    )
    # L_d, eq. (39)
    return actual_db, smooth_db, sphere_db, actual_db + max(sphere_db - smooth_db, 0.0)
