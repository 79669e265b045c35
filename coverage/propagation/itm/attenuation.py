"""The reference attenuation of the Irregular Terrain Model, as scalars.

Source of every formula: G. A. Hufford, "The ITS Irregular Terrain Model, version 1.2.2: the
algorithm"; [Alg. n] at the end of a line is the equation that line computes. Variability is in
:mod:`phusong.coverage.propagation.itm.variability`. Where printed forms of a constant differ in
the fifth figure (17.372 ln x against 40 log10 x) the form is kept that gives NTIA's own numbers,
because that is what others compare with.

Lengths are in metres, frequencies in MHz, angles in radians.
"""

from __future__ import annotations

import math

from phusong.coverage.propagation.itm.diffraction import diffraction_line
from phusong.coverage.propagation.itm.medium import cbrt
from phusong.coverage.propagation.itm.scatter import scatter_line
from phusong.coverage.propagation.itm.sight import line_of_sight_db
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


@njit(cache=True, nogil=True, forceinline=True)
def check_path(
    d: float,
    theta_hzn1: float,
    theta_hzn2: float,
    d_hzn1: float,
    d_hzn2: float,
    smooth1: float,
    smooth2: float,
    h_e1: float,
    h_e2: float,
    n_s: float,
    a_e: float,
    impedance: complex,
) -> tuple[int, int]:
    """Return the warning bits of a path and an error code, as NTIA's code sets them.

    `smooth1`, `smooth2` are the horizon distances over a smooth earth, the others as
    :func:`reference_attenuation` takes them.
    """
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
        return warnings, ERROR_REFRACTIVITY
    if n_s < 250.0:
        warnings |= WARN_REFRACTIVITY
    if a_e < 4_000e3 or a_e > 13_333_333.0:
        return warnings, ERROR_EARTH_RADIUS
    if impedance.real <= abs(impedance.imag):
        return warnings, ERROR_GROUND_IMPEDANCE
    if d < abs(h_e1 - h_e2) / 0.2:
        warnings |= WARN_DISTANCE_STEEP
    if d < 1e3:
        warnings |= WARN_DISTANCE_SMALL
    if d > 1_000e3:
        warnings |= WARN_DISTANCE_BIG
    if d > 2_000e3:
        warnings |= WARN_DISTANCE_TOO_BIG
    return warnings, ERROR_NONE


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
    """Median attenuation A_ref relative to free space over one path [Alg. 4.1].

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
    smooth1 = math.sqrt(2.0 * h_e1 * a_e)  # d_Ls1 [Alg. 3.5]
    smooth2 = math.sqrt(2.0 * h_e2 * a_e)
    d_smooth = smooth1 + smooth2  # d_Ls [Alg. 3.6]
    d_hzn = d_hzn1 + d_hzn2  # d_L [Alg. 3.7]
    theta_sum = theta_hzn1 + theta_hzn2
    theta_los = -max(theta_sum, -d_hzn * gamma_e)  # −θ_e [Alg. 3.8]
    warnings, error = check_path(
        d,
        theta_hzn1,
        theta_hzn2,
        d_hzn1,
        d_hzn2,
        smooth1,
        smooth2,
        h_e1,
        h_e2,
        n_s,
        a_e,
        impedance,
    )
    if error:
        return 0.0, 0, warnings, error

    freq_cbrt = cbrt(freq_mhz)
    far = cbrt(a_e * a_e) / freq_cbrt  # X_ae [Alg. 4.2], but for a factor
    slope, intercept = diffraction_line(
        d_smooth,
        d_hzn1,
        d_hzn2,
        h_e1,
        h_e2,
        h1,
        h2,
        theta_los,
        gamma_e,
        far,
        delta_h,
        freq_mhz,
        freq_cbrt,
        impedance,
        point_to_point,
    )
    # Below grazing at low frequencies the rounded earth's reduced distance can fall below 0.
    if math.isnan(intercept):
        return 0.0, 0, warnings, ERROR_UNDEFINED
    if d < d_smooth:
        loss = line_of_sight_db(
            d, d_smooth, d_hzn, h_e1, h_e2, delta_h, freq_mhz, impedance, slope, intercept
        )
        if math.isnan(loss):
            return 0.0, 0, warnings, ERROR_UNDEFINED
        return max(loss, 0.0), MODE_LINE_OF_SIGHT, warnings, 0
    scatter_slope, crossover = scatter_line(
        d_smooth,
        theta_sum,
        theta_los,
        d_hzn1,
        d_hzn2,
        h_e1,
        h_e2,
        gamma_e,
        n_s,
        far,
        freq_mhz,
        slope,
        intercept,
    )
    if d > crossover:
        loss = scatter_slope * (d - crossover) + slope * crossover + intercept  # [Alg. 4.59]
        return max(loss, 0.0), MODE_TROPOSCATTER, warnings, 0  # [Alg. 4.1], third part
    return max(slope * d + intercept, 0.0), MODE_DIFFRACTION, warnings, 0  # second part
