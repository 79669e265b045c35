"""Every intermediate value of P.1812-7 over one path, under the Recommendation's symbols."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class P1812Path:
    """Loss of one path under ITU-R P.1812-7 and how it came about.

    The symbols are those of the Recommendation; heights in m, distances in km, angles in mrad,
    losses in dB. `bullington_beta_db`, `bullington_smooth_beta_db` and `spherical_beta_db` belong
    to the earth radius a_β; the others without a suffix to the median one.
    """

    distance_km: float
    in_sight: bool
    """Whether the bare terrain leaves the terminals in sight of each other (Att. 1, §4)."""
    horizon_t_km: float
    """d_lt"""
    horizon_r_km: float
    """d_lr"""
    theta_t_mrad: float
    theta_r_mrad: float
    theta_mrad: float
    tx_m: float
    """h_ts"""
    rx_m: float
    """h_rs"""
    fit_t_m: float
    """h_st of eq. 85"""
    fit_r_m: float
    """h_sr of eq. 86"""
    smooth_t_m: float
    """h_st of eq. 90a"""
    smooth_r_m: float
    """h_sr of eq. 90b"""
    diffraction_t_m: float
    """h_std"""
    diffraction_r_m: float
    """h_srd"""
    effective_t_m: float
    """h_te for the ducting model"""
    effective_r_m: float
    """h_re for the ducting model"""
    roughness_m: float
    """h_m"""
    sea_share: float
    """ω"""
    land_km: float
    """d_tm"""
    inland_km: float
    """d_lm"""
    tx_coast_km: float
    rx_coast_km: float
    beta0_percent: float
    earth_km: float
    """a_e"""
    weight_i: float
    weight_j: float
    weight_k: float
    free_space_db: float
    """L_bfs"""
    free_p_db: float
    """L_b0p"""
    free_beta_db: float
    """L_b0β"""
    bullington_db: float
    bullington_smooth_db: float
    spherical_db: float
    diffraction_50_db: float
    """L_d50"""
    bullington_beta_db: float
    bullington_smooth_beta_db: float
    spherical_beta_db: float
    diffraction_beta_db: float
    """L_dβ"""
    diffraction_p_db: float
    """L_dp"""
    bd50_db: float
    bd_db: float
    minb0p_db: float
    ducting_db: float
    """L_ba"""
    minbap_db: float
    bda_db: float
    bam_db: float
    scatter_db: float
    """L_bs"""
    bc_db: float
    """L_bc"""
    loss_db: float
    """L_b, basic transmission loss for p % of time and p_L % of locations"""
