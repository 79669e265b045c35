"""Signal to interference and noise, and what a link makes of it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from phusong.study import Quality

THERMAL_DBM_PER_HZ = -173.975
"""Boltzmann's constant times 290 K, in dBm/Hz."""


def noise_dbm(bandwidth_hz: float, noise_figure_db: float) -> float:
    """Return the noise of a receiver in a bandwidth."""
    return THERMAL_DBM_PER_HZ + 10.0 * math.log10(bandwidth_hz) + noise_figure_db


def spectral_efficiency(sinr_db: ArrayLike, quality: Quality) -> NDArray[np.float64]:
    """Return bit/s/Hz of a link: attenuated and truncated Shannon bound.

    3GPP TR 36.942 annex A.2: 0 below SNIR_min, alpha log2(1 + SNIR) above it, and no more
    than the highest modulation and coding gives.
    """
    sinr = np.asarray(sinr_db, dtype=np.float64)
    bound = quality.attenuation * np.log2(1.0 + 10.0 ** (sinr / 10.0))
    reached = np.minimum(bound, quality.efficiency_max)
    return np.where(sinr < quality.sinr_min_db, 0.0, reached)


def throughput_mbps(
    sinr_db: ArrayLike, bandwidth_mhz: ArrayLike, quality: Quality
) -> NDArray[np.float64]:
    """Return what one user alone on a carrier gets.

    Parameters
    ----------
    sinr_db
        Signal to interference and noise.
    bandwidth_mhz
        Occupied bandwidth of the carrier (its resource blocks).
    quality
        The study's modem.
    """
    return spectral_efficiency(sinr_db, quality) * np.asarray(bandwidth_mhz, dtype=np.float64)


def needed_sinr_db(
    asked_mbps: ArrayLike, bandwidth_mhz: ArrayLike, quality: Quality
) -> NDArray[np.float64]:
    """Return the SINR from which a carrier gives a throughput; infinite when it never does."""
    asked = np.asarray(asked_mbps, dtype=np.float64) / np.asarray(bandwidth_mhz, dtype=np.float64)
    with np.errstate(divide="ignore"):
        sinr = 10.0 * np.log10(2.0 ** (asked / quality.attenuation) - 1.0)
    sinr = np.maximum(sinr, quality.sinr_min_db)
    return np.where(asked > quality.efficiency_max, np.inf, sinr)
