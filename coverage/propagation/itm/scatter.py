"""Tropospheric scatter in the Irregular Terrain Model [Alg. 4.60 to 4.67, 6.8 to 6.14].

Source, units and how equations are cited as in
:mod:`phusong.coverage.propagation.itm.attenuation`.
"""

from __future__ import annotations

import math

from phusong.coverage.propagation.itm.medium import WAVE_NUMBER_MHZ
from phusong.jit import njit

_SQRT2 = math.sqrt(2.0)

# H_0 frequency gain: coefficients of r^-4 and r^-2 for eta_s = 1..5 [Alg. 6.13].
H0_A = (25.0, 80.0, 177.0, 395.0, 705.0)
H0_B = (24.0, 45.0, 68.0, 80.0, 105.0)


@njit(cache=True, nogil=True)
def scatter_curve_db(r: float, eta: int) -> float:
    """H_0 curve number ``eta`` (1 to 5) at the antenna's electrical height r [Alg. 6.13]."""
    x = 1.0 / (r * r)
    return 10.0 * math.log10((H0_A[eta - 1] * x + H0_B[eta - 1]) * x + 1.0)


@njit(cache=True, nogil=True)
def scatter_h0_db(r: float, eta_s: float) -> float:
    """H_0 between the curves for whole eta_s, which is held to 1…5 [Alg. 6.13]."""
    eta_s = min(max(eta_s, 1.0), 5.0)
    i = int(eta_s)
    q = eta_s - i
    if q == 0.0:
        return float(scatter_curve_db(r, i))
    return float((1.0 - q) * scatter_curve_db(r, i) + q * scatter_curve_db(r, i + 1))


@njit(cache=True, nogil=True)
def scatter_attenuation_db(td: float) -> float:
    """F(theta d), the scatter attenuation by angular distance times distance [Alg. 6.9]."""
    if td <= 10e3:
        return 133.4 + 0.332e-3 * td - 10.0 * math.log10(td)
    if td <= 70e3:
        return 104.6 + 0.212e-3 * td - 2.5 * math.log10(td)
    return 71.8 + 0.157e-3 * td + 5.0 * math.log10(td)


@njit(cache=True, nogil=True)
def troposcatter_db(
    d: float,
    theta_sum: float,
    theta_los: float,
    d_hzn1: float,
    d_hzn2: float,
    h_e1: float,
    h_e2: float,
    gamma_e: float,
    n_s: float,
    freq_mhz: float,
    wave_number: float,
    h0_before: float,
) -> tuple[float, float]:
    """Scatter attenuation at distance d and its H_0, both dB.

    ``wave_number`` is 2 pi / wavelength in 1/m. ``h0_before`` is the H_0 of the farther
    evaluation, negative at the first one. An attenuation of 1001 dB says that scatter cannot be
    the mode.
    """
    theta = theta_sum + d * gamma_e  # θ' [Alg. 4.61]
    if h0_before > 15.0:
        h0 = h0_before
    else:
        ad = d_hzn1 - d_hzn2
        ratio = h_e2 / h_e1
        if ad < 0.0:
            ad = -ad
            ratio = 1.0 / ratio
        r1 = 2.0 * wave_number * theta * h_e1  # [Alg. 4.62]
        r2 = 2.0 * wave_number * theta * h_e2
        if r1 < 0.2 and r2 < 0.2:
            return 1001.0, h0_before
        s = (d - ad) / (d + ad)  # [Alg. 4.65]
        q = min(max(0.1, ratio / s), 10.0)
        s = max(0.1, s)
        crossing = (d - ad) * (d + ad) * theta * 0.25 / d  # z_0 [Alg. 4.66]
        capped = min(1.7, crossing / 8.0e3)
        eta_s = (crossing / 1.7556e3) * (  # [Alg. 4.67]
            1.0 + (0.031 - n_s * 2.32e-3 + n_s * n_s * 5.67e-6) * math.exp(-(capped**6))
        )
        h00 = 0.5 * (scatter_h0_db(r1, eta_s) + scatter_h0_db(r2, eta_s))  # [Alg. 6.12]
        # ΔH_0 [Alg. 6.11], and H_0 with it [Alg. 6.10].
        correction = 6.0 * (0.6 - math.log10(max(eta_s, 1.0))) * math.log10(s) * math.log10(q)
        h0 = max(h00 + min(h00, correction), 0.0)
        if eta_s < 1.0:
            both = (1.0 + _SQRT2 / r1) * (1.0 + _SQRT2 / r2)  # towards eta_s = 0 [Alg. 6.14]
            h0 = eta_s * h0 + (1.0 - eta_s) * 10.0 * math.log10(
                both * both * (r1 + r2) / (r1 + r2 + 2.0 * _SQRT2)
            )
        if h0 > 15.0 and h0_before >= 0.0:
            h0 = h0_before
    # The horizons' sum as it is shapes H_0; the attenuation takes it limited, as NTIA's code does.
    theta = d * gamma_e - theta_los  # [Alg. 4.60]
    loss_db = (  # A_scat [Alg. 4.63], D_0 of [Alg. 6.8]
        scatter_attenuation_db(theta * d)
        + 10.0 * math.log10(freq_mhz * theta**4)
        - 0.1 * (n_s - 301.0) * math.exp(-theta * d / 40e3)
        + h0
    )
    return loss_db, h0


@njit(cache=True, nogil=True, forceinline=True)
def scatter_line(
    d_smooth: float,
    theta_sum: float,
    theta_los: float,
    d_hzn1: float,
    d_hzn2: float,
    h_e1: float,
    h_e2: float,
    gamma_e: float,
    n_s: float,
    far: float,
    freq_mhz: float,
    slope: float,
    intercept: float,
) -> tuple[float, float]:
    """Return m_s (dB/m) of the scatter attenuation and the distance d_x it takes over from.

    Arguments as :func:`diffraction_line` takes or returns them; `theta_sum` is the sum of the
    horizons' elevations. An infinite d_x says that scatter is nowhere the mode.
    """
    d_hzn = d_hzn1 + d_hzn2
    d5 = d_hzn + 200e3  # [Alg. 4.52]
    d6 = d_hzn + 400e3  # [Alg. 4.53]
    a6, h0 = troposcatter_db(  # [Alg. 4.54]
        d6,
        theta_sum,
        theta_los,
        d_hzn1,
        d_hzn2,
        h_e1,
        h_e2,
        gamma_e,
        n_s,
        freq_mhz,
        freq_mhz / WAVE_NUMBER_MHZ,
        -1.0,
    )
    a5, h0 = troposcatter_db(  # [Alg. 4.55]
        d5,
        theta_sum,
        theta_los,
        d_hzn1,
        d_hzn2,
        h_e1,
        h_e2,
        gamma_e,
        n_s,
        freq_mhz,
        freq_mhz / WAVE_NUMBER_MHZ,
        h0,
    )
    if not a5 < 1000.0:
        return slope, math.inf  # [Alg. 4.56]
    scatter_slope = (a6 - a5) / 200e3  # [Alg. 4.57]
    crossover = max(  # [Alg. 4.58]
        d_smooth,
        d_hzn + 1.088 * far * math.log(freq_mhz),
        (a5 - intercept - scatter_slope * d5) / (slope - scatter_slope),
    )
    return scatter_slope, crossover
