"""Variability in time, location and situation of the Irregular Terrain Model, as scalars.

Source: G. A. Hufford, "The ITS Irregular Terrain Model, version 1.2.2: the algorithm", section 5,
and NTIA Report 82-100 for the modes; [Alg. n] is the equation a line computes. Lengths are in
metres, frequencies in MHz.
"""

from __future__ import annotations

import math

from phusong.coverage.propagation.itm.attenuation import WARN_EXTREME_VARIABILITY
from phusong.coverage.propagation.itm.medium import WAVE_NUMBER_MHZ, cbrt, roughness_at
from phusong.jit import njit

# Per climate (1 equatorial … 7 maritime temperate over sea): V_med, sigma_T-, sigma_T+ as
# (c1, c2, x1, x2, x3) of the curves [Alg. 5.5, 5.7]; (c_D, z_D) of sigma_TD [Alg. Table 5.1];
# the frequency factors g- and g+.
CLIMATES = (
    (
        (-9.67, 12.7, 144.9e3, 190.3e3, 133.8e3),
        (2.13, 159.5, 762.2e3, 123.6e3, 94.5e3),
        (2.11, 102.3, 636.9e3, 134.8e3, 95.6e3),
        (1.224, 1.282),
        (1.0, 0.0, 0.0),
        (1.0, 0.0, 0.0),
    ),
    (
        (-0.62, 9.19, 228.9e3, 205.2e3, 143.6e3),
        (2.66, 7.67, 100.4e3, 172.5e3, 136.4e3),
        (6.87, 15.53, 138.7e3, 143.7e3, 98.6e3),
        (0.801, 2.161),
        (1.0, 0.0, 0.0),
        (0.93, 0.31, 2.00),
    ),
    (
        (1.26, 15.5, 262.6e3, 185.2e3, 99.8e3),
        (6.11, 6.65, 138.2e3, 242.2e3, 178.6e3),
        (10.08, 9.60, 165.3e3, 225.7e3, 129.7e3),
        (1.380, 1.282),
        (1.0, 0.0, 0.0),
        (1.0, 0.0, 0.0),
    ),
    (
        (-9.21, 9.05, 84.1e3, 101.1e3, 98.6e3),
        (1.98, 13.11, 139.1e3, 132.7e3, 193.5e3),
        (3.68, 159.3, 464.4e3, 93.1e3, 94.2e3),
        (1.000, 20.0),
        (1.0, 0.0, 0.0),
        (0.93, 0.19, 1.79),
    ),
    (
        (-0.62, 9.19, 228.9e3, 205.2e3, 143.6e3),
        (2.68, 7.16, 93.7e3, 186.8e3, 133.5e3),
        (4.75, 8.12, 93.2e3, 135.9e3, 113.4e3),
        (1.224, 1.282),
        (0.92, 0.25, 1.77),
        (0.93, 0.31, 2.00),
    ),
    (
        (-0.39, 2.86, 141.7e3, 315.9e3, 167.4e3),
        (6.86, 10.38, 187.8e3, 169.6e3, 108.9e3),
        (8.58, 13.97, 216.0e3, 152.0e3, 122.7e3),
        (1.518, 1.282),
        (1.0, 0.0, 0.0),
        (1.0, 0.0, 0.0),
    ),
    (
        (3.15, 857.9, 2222.0e3, 164.8e3, 116.3e3),
        (8.51, 169.8, 609.8e3, 119.9e3, 106.6e3),
        (8.43, 8.19, 136.2e3, 188.5e3, 122.9e3),
        (1.518, 1.282),
        (1.0, 0.0, 0.0),
        (1.0, 0.0, 0.0),
    ),
)


@njit(cache=True, nogil=True)
def normal_deviate(q: float) -> float:
    """Deviate exceeded with probability q (0 to 1), by the rational form 26.2.23 of [A&S]."""
    t = math.sqrt(-2.0 * math.log(min(q, 1.0 - q)))
    z = t - ((0.010328 * t + 0.802853) * t + 2.515516) / (
        ((0.001308 * t + 0.189269) * t + 1.432788) * t + 1.0
    )
    return -z if q > 0.5 else z


@njit(cache=True, nogil=True)
def climate_curve(c: tuple[float, float, float, float, float], d_e: float) -> float:
    """One of the empirical curves of a climate over effective distance d_e [Alg. 5.5, 5.7]."""
    x = d_e / c[2]
    y = (d_e - c[3]) / c[4]
    return (c[0] + c[1] / (1.0 + y * y)) * (x * x) / (1.0 + x * x)


@njit(cache=True, nogil=True)
def variability_db(
    attenuation: float,
    d: float,
    h_e1: float,
    h_e2: float,
    delta_h: float,
    freq_mhz: float,
    climate: int,
    mdvar: int,
    z_time: float,
    z_location: float,
    z_situation: float,
) -> tuple[float, int]:
    """Attenuation not exceeded at the given deviates, dB, and warning bits [Alg. 5.1].

    ``mdvar``'s last digit is the mode (0 single message, 1 accidental, 2 mobile,
    3 broadcast); + 10 leaves location variability out, + 20 leaves situation variability out.
    """
    wave_number = freq_mhz / WAVE_NUMBER_MHZ
    # Effective distance [Alg. 5.3, 5.4].
    d_ex = math.sqrt(18e6 * h_e1) + math.sqrt(18e6 * h_e2) + cbrt(575.7e12 / wave_number)
    d_e = 130e3 * d / d_ex if d < d_ex else 130e3 + d - d_ex
    mode = mdvar % 10
    no_situation = mdvar >= 20
    no_location = mdvar % 20 >= 10
    if mode == 0:
        z_time = z_situation
    if mode <= 1:
        z_location = z_situation
    elif mode == 2:
        z_location = z_time
    warnings = 0
    if max(abs(z_time), abs(z_location), abs(z_situation)) > 3.1:
        warnings = WARN_EXTREME_VARIABILITY

    median, below, above, ducting, gain_below, gain_above = CLIMATES[climate - 1]
    q = math.log(0.133 * wave_number)
    # sigma_T of either side of the median [Alg. 5.7], and where ducting bends it [Alg. 5.8].
    if z_time < 0.0:
        y = gain_below[2] * q
        sigma_t = climate_curve(below, d_e) * (gain_below[0] + gain_below[1] / (y * y + 1.0))
    else:
        y = gain_above[2] * q
        sigma_t = climate_curve(above, d_e) * (gain_above[0] + gain_above[1] / (y * y + 1.0))
        if z_time > ducting[1]:
            tail = sigma_t * ducting[0]
            sigma_t = tail + (sigma_t - tail) * ducting[1] / z_time
    if no_location:
        sigma_l = 0.0
    else:
        rough = wave_number * roughness_at(d, delta_h)
        sigma_l = 10.0 * rough / (rough + 13.0)  # [Alg. 5.9]
    sigma_s = 0.0 if no_situation else 5.0 + 3.0 * math.exp(-d_e / 100e3)  # [Alg. 5.10]
    z2 = z_situation * z_situation
    spread = (  # [Alg. 5.11]
        sigma_s * sigma_s
        + (sigma_t * z_time) ** 2 / (7.8 + z2)
        + (sigma_l * z_location) ** 2 / (24.0 + z2)
    )
    if mode == 0:
        certain = 0.0
        spread += sigma_t * sigma_t + sigma_l * sigma_l
    elif mode == 1:
        certain = sigma_t * z_time
        spread += sigma_l * sigma_l
    elif mode == 2:
        certain = math.sqrt(sigma_t * sigma_t + sigma_l * sigma_l) * z_time
    else:
        certain = sigma_t * z_time + sigma_l * z_location
    # [Alg. 5.1], with V_med of [Alg. 5.5].
    loss = attenuation - climate_curve(median, d_e) - certain - math.sqrt(spread) * z_situation
    if loss < 0.0:
        loss = loss * (29.0 - loss) / (29.0 - 10.0 * loss)  # [Alg. 5.2]
    return loss, warnings
