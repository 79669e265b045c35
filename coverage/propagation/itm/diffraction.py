"""Diffraction in the Irregular Terrain Model: knife edges and rounded earth, mixed.

Source, units and how equations are cited as in
:mod:`phusong.coverage.propagation.itm.attenuation`.
"""

from __future__ import annotations

import math

from phusong.coverage.propagation.itm.medium import (
    WAVE_NUMBER_MHZ,
    cbrt,
    height_spread,
    roughness_at,
)
from phusong.jit import njit


@njit(cache=True, nogil=True)
def knife_edge_db(v2: float) -> float:
    """Loss of one knife edge, as a function of the square of its parameter [Alg. 6.1]."""
    if v2 < 5.76:
        return 6.02 + 9.11 * math.sqrt(v2) - 1.27 * v2
    return 12.953 + 10.0 * math.log10(v2)


@njit(cache=True, nogil=True)
def height_gain_db(x: float, k: float) -> float:
    """Height gain F(x, K) of a terminal above a smooth earth [Alg. 6.4]."""
    if x < 200.0:
        w = -math.log(k)
        if k < 1e-5 or x * w * w * w > 5495.0:
            return 17.372 * math.log(x) - 117.0 if x > 1.0 else -117.0  # [Alg. 6.5]
        return 2.5e-5 * x * x / k + 8.686 * math.log(k) - 15.0  # [Alg. 6.6]
    smooth = 0.05751 * x - 4.343 * math.log(x)  # G(x) [Alg. 6.3]
    if x < 2000.0:  # between the two [Alg. 6.4]
        w = 0.0134 * x * math.exp(-0.005 * x)
        smooth = (1.0 - w) * smooth + w * (17.372 * math.log(x) - 117.0)
    return smooth


@njit(cache=True, nogil=True)
def earth_terms(a: float, freq_cbrt: float, impedance_abs: float) -> tuple[float, float]:
    """K and the distance factor (1/m) of a smooth earth of radius a.

    C_0 is Vogler's (1964), relative to an earth of 4/3 of 6370 km; α of [Alg. 4.16] goes with
    its inverse.
    """
    c0 = cbrt(4.0 / 3.0 * 6370e3 / a)
    k = 0.017778 * c0 / (freq_cbrt * impedance_abs)  # [Alg. 4.17]
    return k, (1.607 - k) * c0 * c0 * freq_cbrt / 1000.0  # [Alg. 4.18], B(K) of [Alg. 6.2]


@njit(cache=True, nogil=True)
def terminal_terms(
    d_hzn: float, h_e: float, freq_cbrt: float, impedance_abs: float
) -> tuple[float, float]:
    """Reduced distance and height gain (dB) of one terminal over its own horizon arc."""
    k, factor = earth_terms(0.5 * d_hzn * d_hzn / h_e, freq_cbrt, impedance_abs)  # [Alg. 4.15]
    x = factor * d_hzn  # [Alg. 4.18]
    return x, height_gain_db(x, k)  # [Alg. 6.4]


@njit(cache=True, nogil=True, forceinline=True)
def diffraction_line(
    d_smooth: float,
    d_hzn1: float,
    d_hzn2: float,
    h_e1: float,
    h_e2: float,
    h1: float,
    h2: float,
    theta_los: float,
    gamma_e: float,
    far: float,
    delta_h: float,
    freq_mhz: float,
    freq_cbrt: float,
    impedance: complex,
    point_to_point: bool,
) -> tuple[float, float]:
    """Return m_d (dB/m) and A_ed (dB) of the diffraction attenuation A_ed + m_d·d.

    A straight line through two distances well beyond the horizons. `d_smooth` is the sum of the
    smooth earth's horizon distances, `theta_los` −θ_e, `far` the distance X_ae, `freq_cbrt` the
    cube root of `freq_mhz`; the others as :func:`reference_attenuation` takes them.
    """
    a_e = 1.0 / gamma_e
    d_hzn = d_hzn1 + d_hzn2
    d3 = max(d_smooth, d_hzn + 5.0 * far)  # [Alg. 4.3]
    d4 = d3 + 10.0 * far  # [Alg. 4.4]
    impedance_abs = abs(impedance)
    x1, gain1 = terminal_terms(d_hzn1, h_e1, freq_cbrt, impedance_abs)
    x2, gain2 = terminal_terms(d_hzn2, h_e2, freq_cbrt, impedance_abs)
    product = h1 * h2
    clutter = min(  # A_fo [Alg. 4.10]
        15.0,
        5.0
        * math.log10(
            1.0 + 1e-5 * product * freq_mhz * height_spread(roughness_at(d_smooth, delta_h))
        ),
    )
    floor = product + 10.0 if point_to_point else product  # C of [Alg. 4.9]
    height_term = math.sqrt(1.0 + (h_e1 * h_e2 - product) / floor)
    wave_number = freq_mhz / WAVE_NUMBER_MHZ  # [Alg. 1.1]
    a3 = 0.0
    a4 = 0.0
    for i in range(2):
        x = d3 if i == 0 else d4
        theta = x * gamma_e - theta_los  # [Alg. 4.12]
        beyond = x - d_hzn
        v = 0.0795775 * wave_number * theta * theta * beyond  # [Alg. 4.13], squared
        edges = knife_edge_db(v * d_hzn1 / (beyond + d_hzn1)) + knife_edge_db(  # A_k [Alg. 4.14]
            v * d_hzn2 / (beyond + d_hzn2)
        )
        _, factor = earth_terms(beyond / theta, freq_cbrt, impedance_abs)  # [Alg. 4.15]
        reduced = factor * beyond + x1 + x2  # x_0 [Alg. 4.19]
        # A_r [Alg. 4.20] with G(x) of [Alg. 6.3] and C_1(K) = 20 dB [Alg. 6.7].
        rounded = 0.05751 * reduced - 10.0 * math.log10(reduced) - gain1 - gain2 - 20.0
        q = (height_term + (d_hzn - theta_los * a_e) / x) * min(  # Q of [Alg. 4.9]
            roughness_at(x, delta_h) * wave_number, 6283.2
        )
        w = 25.1 / (25.1 + math.sqrt(q))  # [Alg. 4.9]
        loss = w * rounded + (1.0 - w) * edges + clutter  # [Alg. 4.11]
        if i == 0:
            a3 = loss
        else:
            a4 = loss
    slope = (a4 - a3) / (d4 - d3)  # A_3 to A_ed: [Alg. 4.5 to 4.8]
    return slope, a3 - slope * d3
