"""Multipath on a microwave hop, and the level that is left for fading.

ITU-R P.530-17 (12/2017) §2.3.1; free space of ITU-R P.525-4.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

SHORT_KM: Final = 5.0
"""On shorter hops multipath need not be reckoned with (P.530-17 §2.3)."""


def free_space_db(length_km: ArrayLike, freq_ghz: float) -> Floats:
    """Return the basic free-space loss (P.525-4 (4))."""
    length = np.asarray(length_km, dtype=np.float64)
    return np.asarray(92.45 + 20.0 * np.log10(freq_ghz) + 20.0 * np.log10(length))


def geoclimatic_factor(gradient_n_per_km: float, roughness_m: float) -> float:
    """Return K of P.530-17 (4).

    Parameters
    ----------
    gradient_n_per_km
        dN1: point refractivity gradient in the lowest 65 m not exceeded for 1 % of a year.
    roughness_m
        s_a: standard deviation of ground heights within 110 km x 110 km.
    """
    factor: float = 10.0 ** (-4.4 - 0.0027 * gradient_n_per_km) * (10.0 + roughness_m) ** -0.46
    return factor


def multipath_outage_percent(
    margin_db: ArrayLike,
    length_km: ArrayLike,
    low_m: ArrayLike,
    high_m: ArrayLike,
    freq_ghz: float,
    factor: float,
) -> Floats:
    """Return the share of the average worst month in which multipath takes more than a margin.

    P.530-17 (5) and (7), for deep fades. Of an average year it is less.

    Parameters
    ----------
    margin_db, length_km
        Flat fade margins and lengths of the hops, one shape.
    low_m, high_m
        Antennas above sea level, the lower and the higher.
    factor
        :func:`geoclimatic_factor`.

    Returns
    -------
    numpy.ndarray
        Percent, at most 100; 0 on hops up to ``SHORT_KM``.
    """
    margin, length = np.asarray(margin_db, np.float64), np.asarray(length_km, np.float64)
    low, high = np.asarray(low_m, np.float64), np.asarray(high_m, np.float64)
    slope_mrad = np.abs(high - low) / length
    percent = (
        factor
        * length**3.4
        * (1.0 + slope_mrad) ** -1.03
        * freq_ghz**0.8
        * 10.0 ** (-0.00076 * low - margin / 10.0)
    )
    return np.where(length > SHORT_KM, np.minimum(percent, 100.0), 0.0)
