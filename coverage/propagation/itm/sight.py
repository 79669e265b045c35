"""Line of sight in the Irregular Terrain Model: two rays, and a curve through three distances.

Source, units and how equations are cited as in
:mod:`phusong.coverage.propagation.itm.attenuation`.
"""

from __future__ import annotations

import math

from phusong.coverage.propagation.itm.medium import (
    WAVE_NUMBER_MHZ,
    dim,
    height_spread,
    roughness_at,
)
from phusong.jit import njit

HALF_PI = math.pi / 2.0


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
    """Line-of-sight attenuation A_los: two rays and extended diffraction, mixed."""
    wave_number = freq_mhz / WAVE_NUMBER_MHZ  # [Alg. 1.1]
    spread = height_spread(roughness_at(d, delta_h))  # [Alg. 3.9, 3.10]
    both = h_e1 + h_e2
    sin_psi = both / math.sqrt(d * d + both * both)  # [Alg. 4.46]
    reflection = (  # [Alg. 4.47]
        (sin_psi - impedance)
        / (sin_psi + impedance)
        * math.exp(-min(10.0, wave_number * spread * sin_psi))
    )
    power = reflection.real * reflection.real + reflection.imag * reflection.imag
    if power < 0.25 or power < sin_psi:
        reflection = reflection * math.sqrt(sin_psi / power)  # [Alg. 4.48]
    phase = 2.0 * wave_number * h_e1 * h_e2 / d  # [Alg. 4.49]
    if phase > HALF_PI:
        phase = math.pi - HALF_PI * HALF_PI / phase  # [Alg. 4.50]
    real = math.cos(phase) + reflection.real
    imag = reflection.imag - math.sin(phase)
    two_rays = -10.0 * math.log10(real * real + imag * imag)  # [Alg. 4.51]
    return weight * two_rays + (1.0 - weight) * (slope * d + intercept)  # [Alg. 4.44, 4.45]


@njit(cache=True, nogil=True, forceinline=True)
def line_of_sight_db(
    d: float,
    d_smooth: float,
    d_hzn: float,
    h_e1: float,
    h_e2: float,
    delta_h: float,
    freq_mhz: float,
    impedance: complex,
    slope: float,
    intercept: float,
) -> float:
    """Return the attenuation A_el + K_1·d + K_2·ln d short of the smooth earth's horizon.

    Fitted through the two-ray attenuation at d_0 and d_1 and the diffraction at the horizon
    `d_smooth`; `slope` and `intercept` are those of :func:`diffraction_line`.
    """
    at_horizon = d_smooth * slope + intercept  # A_2, the diffraction at d_Ls
    d0 = 0.04 * freq_mhz * h_e1 * h_e2  # [Alg. 4.38]
    if intercept >= 0.0:
        d0 = min(d0, 0.5 * d_hzn)  # [Alg. 4.28]
        d1 = d0 + 0.25 * (d_hzn - d0)  # [Alg. 4.29]
    else:
        d1 = max(-intercept / slope, 0.25 * d_hzn)  # [Alg. 4.39]
    weight = 1.0 / (1.0 + freq_mhz * delta_h / max(10e3, d_smooth))  # [Alg. 4.43]
    a1 = two_ray_db(  # [Alg. 4.31]
        d1, h_e1, h_e2, impedance, delta_h, freq_mhz, weight, slope, intercept
    )
    k1 = 0.0
    k2 = 0.0
    fitted = False
    if d0 < d1:
        a0 = two_ray_db(  # [Alg. 4.30]
            d0, h_e1, h_e2, impedance, delta_h, freq_mhz, weight, slope, intercept
        )
        q = math.log(d_smooth / d0)
        k2 = max(  # [Alg. 4.32]
            0.0,
            ((d_smooth - d0) * (a1 - a0) - (d1 - d0) * (at_horizon - a0))
            / ((d_smooth - d0) * math.log(d1 / d0) - (d1 - d0) * q),
        )
        fitted = intercept > 0.0 or k2 > 0.0
        if fitted:
            k1 = (at_horizon - a0 - k2 * q) / (d_smooth - d0)  # [Alg. 4.33]
            if k1 < 0.0:
                k1 = 0.0  # [Alg. 4.36]
                k2 = dim(at_horizon, a0) / q  # [Alg. 4.35]
                if k2 == 0.0:
                    k1 = slope  # [Alg. 4.37]
    if not fitted:
        k1 = dim(at_horizon, a1) / (d_smooth - d1)  # [Alg. 4.40]
        k2 = 0.0  # [Alg. 4.41]
        if k1 == 0.0:
            k1 = slope  # [Alg. 4.37]
    start = at_horizon - k1 * d_smooth - k2 * math.log(d_smooth)  # A_el [Alg. 4.42]
    return start + k1 * d + k2 * math.log(d)  # [Alg. 4.1], first part
