"""Air and ground of the Irregular Terrain Model: what every part of it asks for.

Source, units and how equations are cited as in
:mod:`phusong.coverage.propagation.itm.attenuation`.
"""

from __future__ import annotations

import math

from phusong.jit import njit

WAVE_NUMBER_MHZ = 47.7  # f / 47.7 is the wave number 2 pi / wavelength, in 1/m [Alg. 1.1]
GAMMA_ACTUAL = 157e-9  # curvature of the actual earth, 1/m [Alg. 1.3]


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
    """Return the surface transfer impedance Z_g of the ground; sigma in S/m."""
    permittivity = complex(epsilon, 18_000.0 * sigma / freq_mhz)  # [Alg. 1.5]
    impedance = (permittivity - 1.0) ** 0.5  # [Alg. 1.4]
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
def free_space_db(d: float, freq_mhz: float) -> float:
    """Free-space basic transmission loss, with the 32.45 dB that NTIA's code rounds to."""
    return 32.45 + 20.0 * math.log10(freq_mhz) + 20.0 * math.log10(d / 1000.0)
