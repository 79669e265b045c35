"""The reference attenuation of the Irregular Terrain Model, as scalars.

Source of every formula: G. A. Hufford, "The ITS Irregular Terrain Model, version 1.2.2: the
algorithm" (cited as [Alg. n]); variability is in
:mod:`phusong.coverage.propagation.itm.variability`. Where printed forms of a constant differ in
the fifth figure (17.372 ln x against 40 log10 x) the form is kept that gives NTIA's own numbers,
because that is what others compare with.

Lengths are in metres, frequencies in MHz, angles in radians.
"""

from __future__ import annotations

import math

from phusong.coverage.propagation.itm.scatter import troposcatter_db
from phusong.jit import njit

WARN_TX_HEIGHT = 0x0001
WARN_RX_HEIGHT = 0x0002
WARN_FREQUENCY = 0x0004
WARN_DISTANCE_BIG = 0x0008
WARN_DISTANCE_TOO_BIG = 0x0010
WARN_DISTANCE_STEEP = 0x0020
WARN_DISTANCE_SMALL = 0x0040
WARN_TX_HORIZON_ANGLE = 0x0080
WARN_RX_HORIZON_ANGLE = 0x0100
WARN_TX_HORIZON_NEAR = 0x0200
WARN_RX_HORIZON_NEAR = 0x0400
WARN_TX_HORIZON_FAR = 0x0800
WARN_RX_HORIZON_FAR = 0x1000
WARN_EXTREME_VARIABILITY = 0x2000
WARN_REFRACTIVITY = 0x4000

ERROR_NONE = 0
ERROR_REFRACTIVITY = 1
ERROR_EARTH_RADIUS = 2
ERROR_GROUND_IMPEDANCE = 3
ERROR_UNDEFINED = 4

MODE_LINE_OF_SIGHT = 1
MODE_DIFFRACTION = 2
MODE_TROPOSCATTER = 3

WAVE_NUMBER_MHZ = 47.7  # f / 47.7 is the wave number 2 pi / wavelength, in 1/m [Alg. 1.1]
GAMMA_ACTUAL = 157e-9  # curvature of the actual earth, 1/m [Alg. 1.2]
HALF_PI = math.pi / 2.0


@njit(cache=True, nogil=True)
def dim(x: float, y: float) -> float:
    """Positive difference, ``max(x - y, 0)``."""
    return x - y if x > y else 0.0


@njit(cache=True, nogil=True)
def cbrt(x: float) -> float:
    """Cube root of a positive number."""
    return float(x ** (1.0 / 3.0))


@njit(cache=True, nogil=True)
def effective_curvature(n_s: float) -> float:
    """Curvature of the effective earth (1/m) for a surface refractivity (N-units) [Alg. 1.3]."""
    return GAMMA_ACTUAL * (1.0 - 0.04665 * math.exp(n_s / 179.3))


@njit(cache=True, nogil=True)
def ground_impedance(freq_mhz: float, epsilon: float, sigma: float, vertical: bool) -> complex:
    """Return the surface transfer impedance of the ground [Alg. 1.5, 1.6]; sigma in S/m."""
    permittivity = complex(epsilon, 18_000.0 * sigma / freq_mhz)
    impedance = (permittivity - 1.0) ** 0.5
    return impedance / permittivity if vertical else impedance


@njit(cache=True, nogil=True)
def roughness_at(d: float, delta_h: float) -> float:
    """Terrain irregularity over a path of length d, from its asymptote [Alg. 3.9]."""
    return delta_h * (1.0 - 0.8 * math.exp(-d / 50e3))


@njit(cache=True, nogil=True)
def height_spread(delta_h_d: float) -> float:
    """Return the standard deviation of heights inside the first Fresnel zone [Alg. 3.10]."""
    return 0.78 * delta_h_d * math.exp(-0.5 * math.sqrt(math.sqrt(delta_h_d)))


@njit(cache=True, nogil=True)
def knife_edge_db(v2: float) -> float:
    """Loss of one knife edge, as a function of the square of its parameter [Alg. 6.1]."""
    if v2 < 5.76:
        return 6.02 + 9.11 * math.sqrt(v2) - 1.27 * v2
    return 12.953 + 10.0 * math.log10(v2)


@njit(cache=True, nogil=True)
def height_gain_db(x: float, k: float) -> float:
    """Height gain of a terminal above a smooth earth [Alg. 6.4 to 6.7]."""
    if x < 200.0:
        w = -math.log(k)
        if k < 1e-5 or x * w * w * w > 5495.0:
            return 17.372 * math.log(x) - 117.0 if x > 1.0 else -117.0
        return 2.5e-5 * x * x / k + 8.686 * math.log(k) - 15.0
    smooth = 0.05751 * x - 4.343 * math.log(x)
    if x < 2000.0:
        w = 0.0134 * x * math.exp(-0.005 * x)
        smooth = (1.0 - w) * smooth + w * (17.372 * math.log(x) - 117.0)
    return smooth


@njit(cache=True, nogil=True)
def earth_terms(a: float, freq_cbrt: float, impedance_abs: float) -> tuple[float, float]:
    """K and the distance factor (1/m) of a smooth earth of radius a [Alg. 4.15 to 4.20]."""
    c0 = cbrt(4.0 / 3.0 * 6370e3 / a)
    k = 0.017778 * c0 / (freq_cbrt * impedance_abs)
    return k, (1.607 - k) * c0 * c0 * freq_cbrt / 1000.0


@njit(cache=True, nogil=True)
def terminal_terms(
    d_hzn: float, h_e: float, freq_cbrt: float, impedance_abs: float
) -> tuple[float, float]:
    """Reduced distance and height gain (dB) of one terminal over its own horizon arc."""
    k, factor = earth_terms(0.5 * d_hzn * d_hzn / h_e, freq_cbrt, impedance_abs)
    x = factor * d_hzn
    return x, height_gain_db(x, k)


@njit(cache=True, nogil=True)
def two_ray_db(
    d: float,
    h_e1: float,
    h_e2: float,
    impedance: complex,
    delta_h: float,
    freq_mhz: float,
    weight: float,
    slope: float,
    intercept: float,
) -> float:
    """Line-of-sight attenuation: two rays and extended diffraction, mixed [Alg. 4.40 to 4.50]."""
    wave_number = freq_mhz / WAVE_NUMBER_MHZ
    spread = height_spread(roughness_at(d, delta_h))
    both = h_e1 + h_e2
    sin_psi = both / math.sqrt(d * d + both * both)
    reflection = (
        (sin_psi - impedance)
        / (sin_psi + impedance)
        * math.exp(-min(10.0, wave_number * spread * sin_psi))
    )
    power = reflection.real * reflection.real + reflection.imag * reflection.imag
    if power < 0.25 or power < sin_psi:
        reflection = reflection * math.sqrt(sin_psi / power)
    phase = 2.0 * wave_number * h_e1 * h_e2 / d
    if phase > HALF_PI:
        phase = math.pi - HALF_PI * HALF_PI / phase
    real = math.cos(phase) + reflection.real
    imag = reflection.imag - math.sin(phase)
    two_rays = -10.0 * math.log10(real * real + imag * imag)
    return weight * two_rays + (1.0 - weight) * (slope * d + intercept)


@njit(cache=True, nogil=True)
def reference_attenuation(
    d: float,
    theta_hzn1: float,
    theta_hzn2: float,
    d_hzn1: float,
    d_hzn2: float,
    h_e1: float,
    h_e2: float,
    h1: float,
    h2: float,
    gamma_e: float,
    n_s: float,
    delta_h: float,
    freq_mhz: float,
    impedance: complex,
    point_to_point: bool,
) -> tuple[float, int, int, int]:
    """Median attenuation relative to free space over one path, [Alg. 4.1 to 4.70].

    Parameters
    ----------
    d
        Path length.
    theta_hzn1, theta_hzn2, d_hzn1, d_hzn2
        Elevation (rad) and distance (m) of each terminal's radio horizon.
    h_e1, h_e2, h1, h2
        Effective and structural antenna heights.
    gamma_e, n_s, delta_h
        Effective curvature (1/m), surface refractivity, terrain irregularity (m).
    point_to_point
        Whether the path parameters come from a profile.

    Returns
    -------
    tuple
        Attenuation (dB), propagation mode, warning bits, error code.
    """
    a_e = 1.0 / gamma_e
    smooth1 = math.sqrt(2.0 * h_e1 * a_e)
    smooth2 = math.sqrt(2.0 * h_e2 * a_e)
    d_smooth = smooth1 + smooth2
    d_hzn = d_hzn1 + d_hzn2
    theta_sum = theta_hzn1 + theta_hzn2
    theta_los = -max(theta_sum, -d_hzn * gamma_e)

    warnings = 0
    if abs(theta_hzn1) > 0.2:
        warnings |= WARN_TX_HORIZON_ANGLE
    if abs(theta_hzn2) > 0.2:
        warnings |= WARN_RX_HORIZON_ANGLE
    if d_hzn1 < 0.1 * smooth1:
        warnings |= WARN_TX_HORIZON_NEAR
    if d_hzn2 < 0.1 * smooth2:
        warnings |= WARN_RX_HORIZON_NEAR
    if d_hzn1 > 3.0 * smooth1:
        warnings |= WARN_TX_HORIZON_FAR
    if d_hzn2 > 3.0 * smooth2:
        warnings |= WARN_RX_HORIZON_FAR
    if n_s < 150.0 or n_s > 400.0:
        return 0.0, 0, warnings, ERROR_REFRACTIVITY
    if n_s < 250.0:
        warnings |= WARN_REFRACTIVITY
    if a_e < 4_000e3 or a_e > 13_333_333.0:
        return 0.0, 0, warnings, ERROR_EARTH_RADIUS
    if impedance.real <= abs(impedance.imag):
        return 0.0, 0, warnings, ERROR_GROUND_IMPEDANCE
    if d < abs(h_e1 - h_e2) / 0.2:
        warnings |= WARN_DISTANCE_STEEP
    if d < 1e3:
        warnings |= WARN_DISTANCE_SMALL
    if d > 1_000e3:
        warnings |= WARN_DISTANCE_BIG
    if d > 2_000e3:
        warnings |= WARN_DISTANCE_TOO_BIG

    # Diffraction is a straight line through two distances well beyond the horizons [Alg. 4.8].
    freq_cbrt = cbrt(freq_mhz)
    far = cbrt(a_e * a_e) / freq_cbrt
    d3 = max(d_smooth, d_hzn + 5.0 * far)
    d4 = d3 + 10.0 * far
    impedance_abs = abs(impedance)
    x1, gain1 = terminal_terms(d_hzn1, h_e1, freq_cbrt, impedance_abs)
    x2, gain2 = terminal_terms(d_hzn2, h_e2, freq_cbrt, impedance_abs)
    product = h1 * h2
    clutter = min(
        15.0,
        5.0
        * math.log10(
            1.0 + 1e-5 * product * freq_mhz * height_spread(roughness_at(d_smooth, delta_h))
        ),
    )
    floor = product + 10.0 if point_to_point else product
    height_term = math.sqrt(1.0 + (h_e1 * h_e2 - product) / floor)
    wave_number = freq_mhz / WAVE_NUMBER_MHZ
    a3 = 0.0
    a4 = 0.0
    for i in range(2):
        x = d3 if i == 0 else d4
        theta = x * gamma_e - theta_los
        beyond = x - d_hzn
        v = 0.0795775 * wave_number * theta * theta * beyond
        edges = knife_edge_db(v * d_hzn1 / (beyond + d_hzn1)) + knife_edge_db(
            v * d_hzn2 / (beyond + d_hzn2)
        )
        _, factor = earth_terms(beyond / theta, freq_cbrt, impedance_abs)
        reduced = factor * beyond + x1 + x2
        rounded = 0.05751 * reduced - 10.0 * math.log10(reduced) - gain1 - gain2 - 20.0
        q = (height_term + (d_hzn - theta_los * a_e) / x) * min(
            roughness_at(x, delta_h) * wave_number, 6283.2
        )
        w = 25.1 / (25.1 + math.sqrt(q))
        loss = w * rounded + (1.0 - w) * edges + clutter
        if i == 0:
            a3 = loss
        else:
            a4 = loss
    slope = (a4 - a3) / (d4 - d3)
    intercept = a3 - slope * d3
    # Below grazing at low frequencies the rounded earth's reduced distance can fall below 0.
    if math.isnan(intercept):
        return 0.0, 0, warnings, ERROR_UNDEFINED

    if d < d_smooth:
        at_horizon = d_smooth * slope + intercept
        d0 = 0.04 * freq_mhz * h_e1 * h_e2
        if intercept >= 0.0:
            d0 = min(d0, 0.5 * d_hzn)
            d1 = d0 + 0.25 * (d_hzn - d0)
        else:
            d1 = max(-intercept / slope, 0.25 * d_hzn)
        weight = 1.0 / (1.0 + freq_mhz * delta_h / max(10e3, d_smooth))
        a1 = two_ray_db(d1, h_e1, h_e2, impedance, delta_h, freq_mhz, weight, slope, intercept)
        k1 = 0.0
        k2 = 0.0
        fitted = False
        if d0 < d1:
            a0 = two_ray_db(d0, h_e1, h_e2, impedance, delta_h, freq_mhz, weight, slope, intercept)
            q = math.log(d_smooth / d0)
            k2 = max(
                0.0,
                ((d_smooth - d0) * (a1 - a0) - (d1 - d0) * (at_horizon - a0))
                / ((d_smooth - d0) * math.log(d1 / d0) - (d1 - d0) * q),
            )
            fitted = intercept > 0.0 or k2 > 0.0
            if fitted:
                k1 = (at_horizon - a0 - k2 * q) / (d_smooth - d0)
                if k1 < 0.0:
                    k1 = 0.0
                    k2 = dim(at_horizon, a0) / q
                    if k2 == 0.0:
                        k1 = slope
        if not fitted:
            k1 = dim(at_horizon, a1) / (d_smooth - d1)
            k2 = 0.0
            if k1 == 0.0:
                k1 = slope
        start = at_horizon - k1 * d_smooth - k2 * math.log(d_smooth)
        loss = start + k1 * d + k2 * math.log(d)
        if math.isnan(loss):
            return 0.0, 0, warnings, ERROR_UNDEFINED
        return max(loss, 0.0), MODE_LINE_OF_SIGHT, warnings, 0

    d5 = d_hzn + 200e3
    d6 = d_hzn + 400e3
    a6, h0 = troposcatter_db(
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
    a5, h0 = troposcatter_db(
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
    if a5 < 1000.0:
        scatter_slope = (a6 - a5) / 200e3
        crossover = max(
            d_smooth,
            d_hzn + 1.088 * far * math.log(freq_mhz),
            (a5 - intercept - scatter_slope * d5) / (slope - scatter_slope),
        )
        if d > crossover:
            loss = scatter_slope * (d - crossover) + slope * crossover + intercept
            return max(loss, 0.0), MODE_TROPOSCATTER, warnings, 0
    return max(slope * d + intercept, 0.0), MODE_DIFFRACTION, warnings, 0


@njit(cache=True, nogil=True)
def free_space_db(d: float, freq_mhz: float) -> float:
    """Free-space basic transmission loss, with the 32.45 dB that NTIA's code rounds to."""
    return 32.45 + 20.0 * math.log10(freq_mhz) + 20.0 * math.log10(d / 1000.0)
