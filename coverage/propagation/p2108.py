"""Clutter loss at the ends of a path, ITU-R P.2108-1 (09/2021), §3.1 and §3.2.

§3.1 is a median, for 30 MHz to 3 GHz: the loss of the path itself is then that to an antenna at
the representative clutter height, not at the antenna's own. §3.2 is a distribution over places in
a built-up area, for 0.5 to 67 GHz, and comes on top of the path to the antenna's own height.
"""

from __future__ import annotations

import math

from scipy.special import ndtri

from phusong.coverage.propagation.diffraction import DB_PER_NEPER, knife_edge_db
from phusong.coverage.propagation.ranges import check_range
from phusong.coverage.propagation.surroundings import STREET_M, Environment, surroundings_of
from phusong.errors import ModelError
from phusong.jit import njit

HEIGHT_GAIN_MHZ = (30.0, 3000.0)
STATISTICAL_MHZ = (500.0, 67_000.0)
CAP_KM = 2.0
"""Distance from which on the loss of §3.2 grows no more."""


@njit(cache=True, nogil=True)
def height_gain_db(
    freq_ghz: float, height_m: float, clutter_m: float, street_m: float, diffracts: bool
) -> float:
    """Return the clutter loss A_h of §3.1 without range checks, dB; 0 at and above the clutter.

    Parameters
    ----------
    freq_ghz
        Frequency, GHz.
    height_m
        Antenna above ground, above 0.
    clutter_m
        Representative clutter height R.
    street_m
        Width of streets w_s.
    diffracts
        As in :class:`Surroundings`.
    """
    if height_m >= clutter_m:
        return 0.0
    if not diffracts:
        slope = 21.8 + 6.2 * math.log10(freq_ghz)  # (2f)
        return -slope * math.log10(height_m / clutter_m)  # (2b)
    below = clutter_m - height_m  # (2d)
    angle_deg = math.degrees(math.atan(below / street_m))  # (2e)
    nu = 0.342 * math.sqrt(freq_ghz) * math.sqrt(below * angle_deg)  # (2c), (2g)
    loss: float = knife_edge_db(nu) - 6.03  # (2a)
    return loss


@njit(cache=True, nogil=True)
def statistical_db(freq_ghz: float, distance_km: float, deviate: float, ends: float) -> float:
    """Return the clutter loss L_ctt of §3.2 without range checks, dB.

    Parameters
    ----------
    freq_ghz, distance_km
        Frequency and length of the path.
    deviate
        Standard normal deviate of the share of places: 0 at the median.
    ends
        Ends of the path in clutter, 1 or 2, each independent of the other.
    """
    loss: float = _statistical_db(freq_ghz, distance_km, deviate, ends)
    beyond: float = _statistical_db(freq_ghz, CAP_KM, deviate, ends)
    return min(loss, beyond)  # (6)


@njit(cache=True, nogil=True)
def _statistical_db(freq_ghz: float, distance_km: float, deviate: float, ends: float) -> float:
    """Return the loss without its cap (eq. 3 to 5)."""
    ln_f = math.log(freq_ghz)
    high = 10.0 ** (-12.5) * math.exp(-5.0 * ln_f)
    l_l = -2.0 * math.log10(high + 10.0 ** (-16.5))  # (4a)
    l_s = 32.98 + 23.9 * math.log10(distance_km) + 3.0 * math.log10(freq_ghz)  # (5a)
    part_l = math.exp(-4.0 * l_l / DB_PER_NEPER)  # 10^(−0.2 L)
    part_s = math.exp(-4.0 * l_s / DB_PER_NEPER)
    # σ_l = 4 dB (4b), σ_s = 6 dB (5b).
    sigma = math.sqrt((16.0 * part_l + 36.0 * part_s) / (part_l + part_s))  # (3b)
    median = -5.0 * math.log10(part_l + part_s)
    return ends * median + math.sqrt(ends) * sigma * deviate  # (3a)


def terminal_loss_db(
    freq_mhz: float,
    height_m: float,
    environment: Environment = "open",
    *,
    clutter_m: float | None = None,
    street_m: float = STREET_M,
) -> float:
    """Return the median clutter loss of an antenna below its clutter, P.2108-1 §3.1.

    To be added to the loss of the path computed with that antenna at :func:`height_for_path_m`.

    Parameters
    ----------
    freq_mhz
        30 to 3000 MHz.
    height_m
        Antenna above ground, above 0 m.
    environment
        What surrounds it.
    clutter_m
        Representative clutter height R, above 0 m; None takes that of the environment.
    street_m
        Width of streets, above 0 m; without effect on water and open ground.

    Returns
    -------
    float
        Loss in dB; 0 for an antenna at or above the clutter.

    Raises
    ------
    ModelError
        For a frequency, height, width or environment the Recommendation does not cover.
    """
    check_range("frequency", freq_mhz, *HEIGHT_GAIN_MHZ, "MHz", "P.2108 §3.1")
    found = surroundings_of(environment)
    height = found.clutter_m if clutter_m is None else clutter_m
    for name, value in (
        ("antenna height", height_m),
        ("clutter height", height),
        ("street width", street_m),
    ):
        check_range(name, value, 1e-3, 1e4, "m", "P.2108 §3.1")
    return float(height_gain_db(freq_mhz / 1e3, height_m, height, street_m, found.diffracts))


def height_for_path_m(
    height_m: float, environment: Environment = "open", *, clutter_m: float | None = None
) -> float:
    """Return the antenna height to compute the path itself with: not below the clutter (§3.1)."""
    found = surroundings_of(environment)
    return max(height_m, found.clutter_m if clutter_m is None else clutter_m)


def statistical_loss_db(
    freq_mhz: float,
    distance_km: float,
    location_percent: float = 50.0,
    *,
    both_ends: bool = False,
) -> float:
    """Return the clutter loss not exceeded at a share of places in built-up areas, P.2108-1 §3.2.

    To be added to the loss of the path to the antenna's own height.

    Parameters
    ----------
    freq_mhz
        500 to 67 000 MHz.
    distance_km
        Length of the path: at least 0.25 km, and 1 km with both ends in clutter.
    location_percent
        Share of places, 0 < p < 100.
    both_ends
        Both antennas stand in clutter; their losses are taken as independent, so that the
        spreads add as squares.

    Returns
    -------
    float
        Loss in dB. Far below the median it can be negative: a place better than its clutter.

    Raises
    ------
    ModelError
        For a frequency, distance or percentage the Recommendation does not cover.
    """
    check_range("frequency", freq_mhz, *STATISTICAL_MHZ, "MHz", "P.2108 §3.2")
    least = 1.0 if both_ends else 0.25
    check_range("distance", distance_km, least, math.inf, "km", "P.2108 §3.2")
    if not 0.0 < location_percent < 100.0:
        raise ModelError("P.2108 takes a location percentage between 0 and 100, both excluded")
    deviate = float(ndtri(location_percent / 100.0))
    ends = 2.0 if both_ends else 1.0
    return float(statistical_db(freq_mhz / 1e3, distance_km, deviate, ends))
