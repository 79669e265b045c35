"""Okumura-Hata and its extensions: empirical loss by distance, no terrain.

Sources: M. Hata, "Empirical formula for propagation loss in land mobile radio services", IEEE
Trans. VT-29 (1980), as in ITU-R P.529; COST 231 final report (1999), section 4.4.1; Report
ITU-R SM.2028-2, Annex 2 §6.1 (the extended Hata model of SEAMCAT).

Every function takes distances as an array and refuses what lies outside of the stated range;
``formula`` functions compute without that check, for rasters that flag instead. The sources are
cited by what a line computes of them, in Hata's names: L_p the loss, A + B·log R with a(h_m),
K and Q as he writes them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import numpy as np

from phusong.coverage.propagation.ranges import check_range
from phusong.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Losses = NDArray[np.float64]

Environment = Literal["metropolitan", "urban", "suburban", "open"]
ENVIRONMENTS = ("metropolitan", "urban", "suburban", "open")

HATA_MHZ = (150.0, 1500.0)
COST_MHZ = (1500.0, 2000.0)
EXTENDED_MHZ = (30.0, 3000.0)
BASE_M = (30.0, 200.0)
MOBILE_M = (1.0, 10.0)
HATA_KM = (1.0, 20.0)
EXTENDED_KM = (0.0, 100.0)


def check_environment(environment: str) -> None:
    """Refuse an environment that Hata has no curve for.

    Raises
    ------
    ModelError
        Naming those it has.
    """
    if environment not in ENVIRONMENTS:
        raise ModelError(
            "Hata knows the environments {known}, not {environment}",
            params={"known": ", ".join(ENVIRONMENTS), "environment": environment},
        )


def check_cost231_environment(environment: Environment) -> None:
    """Refuse open land, which COST 231 has no curve for.

    Raises
    ------
    ModelError
        When the environment is ``open``.
    """
    if environment == "open":
        raise ModelError("COST-231 Hata has no curve for open land")


def check_distances(
    distance_km: ArrayLike, low: float, high: float, model: str
) -> NDArray[np.float64]:
    """Return distances as an array.

    Raises
    ------
    ModelError
        When one is not a number, not above 0, or outside of low…high (km).
    """
    distance: NDArray[np.float64] = np.asarray(distance_km, np.float64)
    if distance.size == 0:
        return distance
    if np.isnan(distance).any() or distance.min() <= 0.0:
        raise ModelError("{model}: distances must be above 0 km", params={"model": model})
    check_range("distance", float(distance.min()), low, high, "km", model)
    check_range("distance", float(distance.max()), low, high, "km", model)
    return distance


def _check(
    model: str, freq_mhz: float, band: tuple[float, float], base_m: float, mobile_m: float
) -> None:
    check_range("frequency", freq_mhz, *band, "MHz", model)
    check_range("base station height", base_m, *BASE_M, "m", model)
    check_range("mobile height", mobile_m, *MOBILE_M, "m", model)


def small_city_gain_db(freq_mhz: float, mobile_m: float) -> float:
    """Mobile antenna correction a(Hm) of small and medium cities."""
    log_f = math.log10(freq_mhz)
    return (1.1 * log_f - 0.7) * mobile_m - (1.56 * log_f - 0.8)  # Hata 1980, a(h_m)


def large_city_gain_db(freq_mhz: float, mobile_m: float) -> float:
    """Mobile antenna correction a(Hm) of large cities.

    Hata gives one form up to 200 MHz and one from 400 MHz; between, the change is made at 300.
    """
    if freq_mhz <= 300.0:
        return 8.29 * math.log10(1.54 * mobile_m) ** 2 - 1.1  # f <= 200 MHz
    return 3.2 * math.log10(11.75 * mobile_m) ** 2 - 4.97  # f >= 400 MHz


def _less_built_up_db(freq_mhz: float, environment: Environment) -> float:
    """Return what suburbs and open land lose less than a city."""
    if environment == "suburban":
        return 2.0 * math.log10(freq_mhz / 28.0) ** 2 + 5.4  # K, suburban
    if environment == "open":
        log_f = math.log10(freq_mhz)
        return 4.78 * log_f * log_f - 18.33 * log_f + 40.94  # Q, open
    return 0.0


def hata_formula(
    freq_mhz: float,
    distance_km: NDArray[np.float64],
    base_m: float,
    mobile_m: float,
    environment: Environment,
) -> Losses:
    """Okumura-Hata without range checks, dB."""
    gain = (
        large_city_gain_db(freq_mhz, mobile_m)
        if environment == "metropolitan"
        else small_city_gain_db(freq_mhz, mobile_m)
    )
    log_b = math.log10(base_m)
    losses: Losses = (  # Hata 1980, L_p of the urban area; ITU-R P.529-3
        69.55
        + 26.16 * math.log10(freq_mhz)
        - 13.82 * log_b
        - gain
        + (44.9 - 6.55 * log_b) * np.log10(distance_km)
        - _less_built_up_db(freq_mhz, environment)
    )
    return losses


def cost231_formula(
    freq_mhz: float,
    distance_km: NDArray[np.float64],
    base_m: float,
    mobile_m: float,
    environment: Environment,
) -> Losses:
    """COST-231 Hata without range checks, dB; suburbs count as the medium city they are for."""
    log_b = math.log10(base_m)
    losses: Losses = (  # COST 231 §4.4.1
        46.3
        + 33.9 * math.log10(freq_mhz)
        - 13.82 * log_b
        - small_city_gain_db(freq_mhz, mobile_m)
        + (44.9 - 6.55 * log_b) * np.log10(distance_km)
        + (3.0 if environment == "metropolitan" else 0.0)  # C_m
    )
    return losses


def extended_formula(
    freq_mhz: float,
    distance_km: NDArray[np.float64],
    base_m: float,
    mobile_m: float,
    environment: Environment,
) -> Losses:
    """Return extended Hata without range checks, dB; it has one city: metropolitan is urban."""
    high, low = max(base_m, mobile_m), min(base_m, mobile_m)
    near, far = 0.04, 0.1
    # SM.2028 has three ranges: to 0.04 km, to 0.1 km, and beyond.
    free = _slant_free_space_db(freq_mhz, distance_km, high, low)
    beyond = _extended_far_db(freq_mhz, np.maximum(distance_km, far), high, low, environment)
    at_near = _slant_free_space_db(freq_mhz, np.array(near), high, low)
    at_far = np.maximum(
        _extended_far_db(freq_mhz, np.array(far), high, low, environment),
        _slant_free_space_db(freq_mhz, np.array(far), high, low),
    )
    # 0.04 to 0.1 km: straight between both in log d.
    share = np.log(np.maximum(distance_km, near) / near) / math.log(far / near)
    between = at_near + share * (at_far - at_near)
    losses: Losses = np.where(
        distance_km <= near, free, np.where(distance_km < far, between, beyond)
    )
    return np.maximum(losses, free)


def _slant_free_space_db(
    freq_mhz: float, distance_km: NDArray[np.float64], high: float, low: float
) -> Losses:
    """Free space along the slant path: SM.2028's case of 0.04 km and less."""
    rise_km = (high - low) / 1000.0
    losses: Losses = (
        32.4 + 20.0 * math.log10(freq_mhz) + 10.0 * np.log10(distance_km**2 + rise_km**2)
    )
    return losses


def _extended_far_db(
    freq_mhz: float,
    distance_km: NDArray[np.float64],
    high: float,
    low: float,
    environment: Environment,
) -> Losses:
    """SM.2028's case of 0.1 km and more: urban by frequency, then suburban and open from it."""
    log_f = math.log10(freq_mhz)
    log_b = math.log10(max(30.0, high))
    gain_low = (  # a(H_m)
        (1.1 * log_f - 0.7) * min(10.0, low)
        - (1.56 * log_f - 0.8)
        + max(0.0, 20.0 * math.log10(low / 10.0))
    )
    gain_high = min(0.0, 20.0 * math.log10(high / 30.0))  # b(H_b)
    exponent = np.where(  # α, above 1 beyond 20 km
        distance_km <= 20.0,
        1.0,
        1.0
        + (0.14 + 1.87e-4 * freq_mhz + 1.07e-3 * high)
        * np.log10(np.maximum(distance_km, 20.0) / 20.0) ** 0.8,
    )
    if freq_mhz <= 150.0:  # 30 to 150 MHz
        start = 69.6 + 26.2 * math.log10(150.0) - 20.0 * math.log10(150.0 / freq_mhz)
    elif freq_mhz <= 1500.0:  # 150 to 1500 MHz, Hata's constants rounded
        start = 69.6 + 26.2 * log_f
    elif freq_mhz <= 2000.0:  # 1500 to 2000 MHz, COST 231's
        start = 46.3 + 33.9 * log_f
    else:  # 2000 to 3000 MHz
        start = 46.3 + 33.9 * math.log10(2000.0) + 10.0 * math.log10(freq_mhz / 2000.0)
    losses: Losses = (
        start
        - 13.82 * log_b
        + exponent * (44.9 - 6.55 * log_b) * np.log10(distance_km)
        - gain_low
        - gain_high
        - _less_built_up_db(min(max(150.0, freq_mhz), 2000.0), environment)
    )
    return losses


def okumura_hata_db(
    freq_mhz: float,
    distance_km: ArrayLike,
    base_m: float,
    mobile_m: float,
    environment: Environment = "open",
) -> Losses:
    """Return Okumura-Hata median loss, dB, of the shape of `distance_km`.

    Parameters
    ----------
    freq_mhz
        150 to 1500 MHz.
    distance_km
        1 to 20 km.
    base_m, mobile_m
        Antenna heights above ground, 30 to 200 m and 1 to 10 m.
    environment
        ``metropolitan`` (large city), ``urban``, ``suburban`` or ``open``.

    Raises
    ------
    ModelError
        For a value outside of these ranges.
    """
    _check("Okumura-Hata", freq_mhz, HATA_MHZ, base_m, mobile_m)
    check_environment(environment)
    distance = check_distances(distance_km, *HATA_KM, "Okumura-Hata")
    return hata_formula(freq_mhz, distance, base_m, mobile_m, environment)


def cost231_hata_db(
    freq_mhz: float,
    distance_km: ArrayLike,
    base_m: float,
    mobile_m: float,
    environment: Environment = "urban",
) -> Losses:
    """Return COST-231 Hata median loss, dB; 1500 to 2000 MHz, otherwise as `okumura_hata_db`.

    COST 231 has two environments: metropolitan centres, and medium cities with suburban centres
    (``urban`` and ``suburban`` here). It is not for open land.

    Raises
    ------
    ModelError
        For a value outside of the ranges, or open land.
    """
    _check("COST-231 Hata", freq_mhz, COST_MHZ, base_m, mobile_m)
    check_environment(environment)
    check_cost231_environment(environment)
    distance = check_distances(distance_km, *HATA_KM, "COST-231 Hata")
    return cost231_formula(freq_mhz, distance, base_m, mobile_m, environment)


def extended_hata_db(
    freq_mhz: float,
    distance_km: ArrayLike,
    base_m: float,
    mobile_m: float,
    environment: Environment = "open",
) -> Losses:
    """Return extended Hata (SM.2028) median loss, dB, never below free space.

    Parameters
    ----------
    freq_mhz
        30 to 3000 MHz.
    distance_km
        Above 0, to 100 km (its authors recommend up to 40).
    base_m, mobile_m
        The higher antenna 30 to 200 m, the lower 1 to 10 m.
    environment
        ``urban``, ``suburban`` or ``open``.

    Raises
    ------
    ModelError
        For a value outside of these ranges.
    """
    _check("extended Hata", freq_mhz, EXTENDED_MHZ, base_m, mobile_m)
    check_environment(environment)
    distance = check_distances(distance_km, *EXTENDED_KM, "extended Hata")
    return extended_formula(freq_mhz, distance, base_m, mobile_m, environment)
