"""Rain on a microwave hop: specific attenuation, and the share of a year a fade is exceeded.

ITU-R P.838-3 (03/2005) and ITU-R P.530-17 (12/2017) §2.4.1.
"""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Polarisation = Literal["h", "v"]

# P.838-3 Tables 1 to 4: a_j, b_j, c_j of the bells, then slope and offset on log10 f.
_Bells = tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...], float, float]
_K: Final[dict[Polarisation, _Bells]] = {
    "h": (
        (-5.33980, -0.35351, -0.23789, -0.94158),
        (-0.10008, 1.26970, 0.86036, 0.64552),
        (1.13098, 0.45400, 0.15354, 0.16817),
        -0.18961,
        0.71147,
    ),
    "v": (
        (-3.80595, -3.44965, -0.39902, 0.50167),
        (0.56934, -0.22911, 0.73042, 1.07319),
        (0.81061, 0.51059, 0.11899, 0.27195),
        -0.16398,
        0.63297,
    ),
}
_ALPHA: Final[dict[Polarisation, _Bells]] = {
    "h": (
        (-0.14318, 0.29591, 0.32177, -5.37610, 16.1721),
        (1.82442, 0.77564, 0.63773, -0.96230, -3.29980),
        (-0.55187, 0.19822, 0.13164, 1.47828, 3.43990),
        0.67849,
        -1.95537,
    ),
    "v": (
        (-0.07771, 0.56727, -0.20238, -48.2991, 48.5833),
        (2.33840, 0.95545, 1.14520, 0.791669, 0.791459),
        (-0.76284, 0.54039, 0.26809, 0.116226, 0.116479),
        -0.053739,
        0.83433,
    ),
}
LEAST_PERCENT: Final = 0.001
MOST_PERCENT: Final = 1.0
"""Shares of a year for which P.530-17 §2.4.1 step 5 holds."""
_LONGEST_FACTOR: Final = 2.5
"""The distance factor is never taken as more (P.530-17 §2.4.1 step 3)."""


def _sum_of_bells(bells: _Bells, log_f: float) -> float:
    """Value of P.838-3 (2) or (3) at the logarithm of a frequency in GHz."""
    a, b, c, slope, offset = (np.asarray(v, dtype=np.float64) for v in bells)
    return float(np.sum(a * np.exp(-(((log_f - b) / c) ** 2))) + slope * log_f + offset)


def rain_coefficients(freq_ghz: float, polarisation: Polarisation) -> tuple[float, float]:
    """Return k and alpha of the specific attenuation ``k * R ** alpha`` in dB/km, R in mm/h.

    ITU-R P.838-3 (2) and (3), on a level path.

    Raises
    ------
    ValueError
        For a frequency outside of 1 to 1000 GHz.
    """
    if not 1.0 <= freq_ghz <= 1000.0:
        msg = f"P.838-3 holds from 1 to 1000 GHz, not at {freq_ghz}"
        raise ValueError(msg)
    log_f = float(np.log10(freq_ghz))
    return 10.0 ** _sum_of_bells(_K[polarisation], log_f), _sum_of_bells(
        _ALPHA[polarisation], log_f
    )


def rain_fade_db(
    length_km: ArrayLike, freq_ghz: float, polarisation: Polarisation, rain_mm_h: float
) -> Floats:
    """Return the attenuation exceeded for 0.01 % of an average year (P.530-17 §2.4.1, steps 2-4).

    Parameters
    ----------
    length_km
        Lengths of the hops, any shape.
    rain_mm_h
        Rain rate exceeded for 0.01 % of the year, over one minute.
    """
    length = np.asarray(length_km, dtype=np.float64)
    k, alpha = rain_coefficients(freq_ghz, polarisation)
    specific = k * rain_mm_h**alpha
    below = 0.477 * length**0.633 * rain_mm_h ** (0.073 * alpha) * freq_ghz**0.123
    below -= 10.579 * (1.0 - np.exp(-0.024 * length))
    # (32) has a pole on short hops, where this vanishes: the factor is bounded from there on.
    factor = 1.0 / np.maximum(below, 1.0 / _LONGEST_FACTOR)
    return np.asarray(specific * length * factor)


def _shape(freq_ghz: float) -> tuple[float, float, float]:
    """Return C1, C2, C3 of P.530-17 (35)."""
    c0 = 0.12 + (0.4 * np.log10(freq_ghz / 10.0) ** 0.8 if freq_ghz >= 10.0 else 0.0)
    return (
        0.07**c0 * 0.12 ** (1.0 - c0),
        0.855 * c0 + 0.546 * (1.0 - c0),
        0.139 * c0 + 0.043 * (1.0 - c0),
    )


def rain_outage_percent(margin_db: ArrayLike, fade_db: ArrayLike, freq_ghz: float) -> Floats:
    """Return the share of an average year in which rain takes more than a margin.

    The inverse of P.530-17 (34), in closed form: it is a parabola in the logarithm of the share.

    Parameters
    ----------
    margin_db
        Flat fade margins, any shape.
    fade_db
        :func:`rain_fade_db` of the same hops.

    Returns
    -------
    numpy.ndarray
        Percent, never under ``LEAST_PERCENT``, where the formula ends; 100 where the margin is
        gone for more than ``MOST_PERCENT`` of the year.
    """
    c1, c2, c3 = _shape(freq_ghz)
    margin, fade = np.asarray(margin_db, np.float64), np.asarray(fade_db, np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log10(margin / (fade * c1))
        root = np.sqrt(np.maximum(c2 * c2 - 4.0 * c3 * ratio, 0.0))
    percent = 10.0 ** ((root - c2) / (2.0 * c3))
    percent = np.where(ratio > _log_ratio(LEAST_PERCENT, c2, c3), LEAST_PERCENT, percent)
    return np.where((margin <= 0.0) | (percent > MOST_PERCENT), 100.0, percent)


def _log_ratio(percent: float, c2: float, c3: float) -> float:
    """log10 of the fade at a share of the year over C1 times the fade at 0.01 %."""
    log_p = float(np.log10(percent))
    return -(c2 + c3 * log_p) * log_p
