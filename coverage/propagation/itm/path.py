"""The Irregular Terrain Model (Longley-Rice), point-to-point and area prediction.

Terrain loss by the algorithm of NTIA's ITM 1.2.2; see
:mod:`phusong.coverage.propagation.itm.attenuation` for the sources.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from phusong.coverage.propagation.itm import attenuation as kernels
from phusong.coverage.propagation.itm import medium, variability
from phusong.coverage.propagation.itm.geometry import (
    profile_parameters,
    smooth_elevation,
    smooth_horizon,
)
from phusong.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

Polarisation = Literal["h", "v"]


class ItmWarning(IntFlag):
    """Bits of what lies outside of the model's comfortable range, as in NTIA's code."""

    NONE = 0
    TX_HEIGHT = kernels.WARN_TX_HEIGHT
    RX_HEIGHT = kernels.WARN_RX_HEIGHT
    FREQUENCY = kernels.WARN_FREQUENCY
    DISTANCE_BIG = kernels.WARN_DISTANCE_BIG
    DISTANCE_TOO_BIG = kernels.WARN_DISTANCE_TOO_BIG
    DISTANCE_STEEP = kernels.WARN_DISTANCE_STEEP
    DISTANCE_SMALL = kernels.WARN_DISTANCE_SMALL
    TX_HORIZON_ANGLE = kernels.WARN_TX_HORIZON_ANGLE
    RX_HORIZON_ANGLE = kernels.WARN_RX_HORIZON_ANGLE
    TX_HORIZON_NEAR = kernels.WARN_TX_HORIZON_NEAR
    RX_HORIZON_NEAR = kernels.WARN_RX_HORIZON_NEAR
    TX_HORIZON_FAR = kernels.WARN_TX_HORIZON_FAR
    RX_HORIZON_FAR = kernels.WARN_RX_HORIZON_FAR
    EXTREME_VARIABILITY = kernels.WARN_EXTREME_VARIABILITY
    REFRACTIVITY = kernels.WARN_REFRACTIVITY


class ItmMode(IntEnum):
    """Which mechanism gives the attenuation; line of sight is that of a smooth earth."""

    LINE_OF_SIGHT = kernels.MODE_LINE_OF_SIGHT
    DIFFRACTION = kernels.MODE_DIFFRACTION
    TROPOSCATTER = kernels.MODE_TROPOSCATTER


class Siting(IntEnum):
    """How an antenna's site was chosen, in area mode."""

    RANDOM = 0
    CAREFUL = 1
    VERY_CAREFUL = 2


@dataclass(frozen=True)
class ItmSettings:
    """Ground, air and statistics of the Irregular Terrain Model.

    The defaults (average ground, continental temperate, medians, single-message mode) are
    those that ITM results are commonly quoted with.
    """

    n0: float = 301.0
    """Refractivity reduced to sea level, N-units (250 to 400)."""
    climate: int = 5
    """1 equatorial, 2 continental subtropical, 3 maritime subtropical, 4 desert,
    5 continental temperate, 6 maritime temperate over land, 7 over sea."""
    epsilon: float = 15.0
    """Relative permittivity of the ground."""
    sigma_s_m: float = 0.005
    """Conductivity of the ground, S/m."""
    mdvar: int = 0
    """Mode of variability: 0 single message, 1 accidental, 2 mobile, 3 broadcast; + 10 leaves
    location variability out, + 20 leaves situation variability out."""
    time_percent: float = 50.0
    location_percent: float = 50.0
    situation_percent: float = 50.0

    def deviates(self) -> tuple[float, float, float]:
        """Return the standard normal deviates of time, location and situation."""
        return (
            float(variability.normal_deviate(self.time_percent / 100.0)),
            float(variability.normal_deviate(self.location_percent / 100.0)),
            float(variability.normal_deviate(self.situation_percent / 100.0)),
        )

    def check(self) -> None:
        """Refuse settings outside of the model.

        Raises
        ------
        ModelError
            Naming the setting, its value and the permitted range.
        """
        refuse("N0", self.n0, 250.0, 400.0)
        if self.climate not in range(1, 8):
            raise ModelError(
                "ITM knows the radio climates 1 to 7, not {climate}",
                params={"climate": self.climate},
            )
        if self.mdvar not in {tens + mode for tens in (0, 10, 20, 30) for mode in range(4)}:
            raise ModelError(
                "ITM's mode of variability is 0 to 3, plus 10, 20 or 30; not {mdvar}",
                params={"mdvar": self.mdvar},
            )
        if not (math.isfinite(self.epsilon) and self.epsilon >= 1.0):
            refuse("epsilon", self.epsilon, 1.0, 1000.0)
        if not (math.isfinite(self.sigma_s_m) and self.sigma_s_m > 0.0):
            refuse("sigma", self.sigma_s_m, 1e-6, 100.0)
        for name, percent in (
            ("time", self.time_percent),
            ("location", self.location_percent),
            ("situation", self.situation_percent),
        ):
            if not 0.0 < percent < 100.0:
                raise ModelError(
                    "ITM takes a {name} percentage between 0 and 100, both excluded, not {value}",
                    params={"name": name, "value": percent},
                )


@dataclass(frozen=True)
class ItmResult:
    """Loss of one path and what it was made of; no value is ever NaN."""

    loss_db: float
    """Basic transmission loss at the given percentages."""
    warnings: ItmWarning
    mode: ItmMode
    free_space_db: float
    reference_attenuation_db: float
    """Median attenuation relative to free space, before variability."""
    distance_m: float
    delta_h_m: float
    surface_refractivity: float
    effective_height_m: tuple[float, float]
    horizon_angle_rad: tuple[float, float]
    horizon_distance_m: tuple[float, float]


def refuse(name: str, value: float, low: float, high: float, unit: str = "") -> None:
    """Raise :class:`~phusong.errors.ModelError` unless low ≤ value ≤ high.

    Raises
    ------
    ModelError
        Also when the value is not a number.
    """
    if not low <= value <= high:
        raise ModelError(
            "ITM takes {name} from {low:g} to {high:g} {unit}, not {value}",
            params={"name": name, "value": value, "low": low, "high": high, "unit": unit},
        )


def check_terminals(tx_height_m: float, rx_height_m: float, freq_mhz: float) -> ItmWarning:
    """Refuse antenna heights and frequencies outside of the model; warn at its edges.

    Raises
    ------
    ModelError
        Heights outside of 0.5 to 3000 m, frequency outside of 20 to 20 000 MHz.
    """
    refuse("the transmitter height", tx_height_m, 0.5, 3000.0, "m")
    refuse("the receiver height", rx_height_m, 0.5, 3000.0, "m")
    refuse("the frequency", freq_mhz, 20.0, 20_000.0, "MHz")
    warnings = ItmWarning.NONE
    if not 1.0 <= tx_height_m <= 1000.0:
        warnings |= ItmWarning.TX_HEIGHT
    if not 1.0 <= rx_height_m <= 1000.0:
        warnings |= ItmWarning.RX_HEIGHT
    if not 40.0 <= freq_mhz <= 10_000.0:
        warnings |= ItmWarning.FREQUENCY
    return warnings


ERRORS = {
    kernels.ERROR_REFRACTIVITY: (
        "The refractivity at the height of the terrain is {n_s:.0f}, outside of ITM's 150 to 400"
    ),
    kernels.ERROR_EARTH_RADIUS: "The effective earth radius is outside of ITM's 4000 to 13333 km",
    kernels.ERROR_GROUND_IMPEDANCE: (
        "ITM does not hold for a ground of this permittivity and conductivity at this frequency"
    ),
    kernels.ERROR_UNDEFINED: (
        "ITM's formulas have no value on this path: a horizon too near and too steep for its "
        "smooth-earth diffraction at this frequency"
    ),
}
"""What the kernels refuse, as templates."""


def impedance_of(freq_mhz: float, polarisation: Polarisation, settings: ItmSettings) -> complex:
    """Return the ground's transfer impedance at one frequency."""
    return complex(
        medium.ground_impedance(freq_mhz, settings.epsilon, settings.sigma_s_m, polarisation == "v")
    )


def _predict(
    distance_m: float,
    parameters: tuple[float, ...],
    heights: tuple[float, float],
    freq_mhz: float,
    polarisation: Polarisation,
    settings: ItmSettings,
    warnings: ItmWarning,
    *,
    point_to_point: bool,
) -> ItmResult:
    """Loss from path parameters (see :func:`.geometry.profile_parameters`)."""
    n_s, gamma_e, delta_h, h_e1, h_e2, theta1, theta2, d1, d2 = parameters
    attenuation, mode, bits, error = kernels.reference_attenuation(
        distance_m,
        theta1,
        theta2,
        d1,
        d2,
        h_e1,
        h_e2,
        *heights,
        gamma_e,
        n_s,
        delta_h,
        freq_mhz,
        impedance_of(freq_mhz, polarisation, settings),
        point_to_point,
    )
    if error:
        raise ModelError(ERRORS[error], params={"n_s": n_s})
    varied, more = variability.variability_db(
        attenuation,
        distance_m,
        h_e1,
        h_e2,
        delta_h,
        freq_mhz,
        settings.climate,
        settings.mdvar,
        *settings.deviates(),
    )
    free_space = float(medium.free_space_db(distance_m, freq_mhz))
    return ItmResult(
        loss_db=free_space + varied,
        warnings=warnings | ItmWarning(bits | more),
        mode=ItmMode(mode),
        free_space_db=free_space,
        reference_attenuation_db=attenuation,
        distance_m=distance_m,
        delta_h_m=delta_h,
        surface_refractivity=n_s,
        effective_height_m=(h_e1, h_e2),
        horizon_angle_rad=(theta1, theta2),
        horizon_distance_m=(d1, d2),
    )


def itm_path(
    height_m: ArrayLike,
    step_m: float,
    tx_height_m: float,
    rx_height_m: float,
    freq_mhz: float,
    *,
    polarisation: Polarisation = "v",
    settings: ItmSettings | None = None,
) -> ItmResult:
    """Return the basic transmission loss of one path over terrain, point-to-point.

    Parameters
    ----------
    height_m
        Ground heights at equal spacing, from transmitter to receiver, shape (n,), n ≥ 3, m.
    step_m
        Spacing of the heights, m.
    tx_height_m, rx_height_m
        Antenna heights above ground, 0.5 to 3000 m.
    freq_mhz
        20 to 20 000 MHz.
    polarisation
        ``"h"`` or ``"v"``.
    settings
        Ground, air and statistics.

    Raises
    ------
    ModelError
        For a value outside of the model, a height that is not a number, fewer than 3 heights.
    """
    settings = settings or ItmSettings()
    settings.check()
    warnings = check_terminals(tx_height_m, rx_height_m, freq_mhz)
    height: np.ndarray[Any, np.dtype[np.float64]] = np.ascontiguousarray(height_m, np.float64)
    if height.ndim != 1 or height.size < 3:
        raise ModelError(
            "A profile needs at least 3 points for ITM, this one has {points}",
            params={"points": height.size},
        )
    if not np.isfinite(height).all():
        raise ModelError("The profile holds heights that are not numbers")
    if not (math.isfinite(step_m) and step_m > 0.0):
        raise ModelError("The path has no length: {distance} m", params={"distance": step_m})
    parameters = profile_parameters(height, step_m, settings.n0, tx_height_m, rx_height_m)
    return _predict(
        step_m * (height.size - 1),
        parameters,
        (tx_height_m, rx_height_m),
        freq_mhz,
        polarisation,
        settings,
        warnings,
        point_to_point=True,
    )


def itm_area(
    distance_m: float,
    delta_h_m: float,
    tx_height_m: float,
    rx_height_m: float,
    freq_mhz: float,
    *,
    tx_siting: Siting = Siting.RANDOM,
    rx_siting: Siting = Siting.RANDOM,
    polarisation: Polarisation = "v",
    settings: ItmSettings | None = None,
) -> ItmResult:
    """Return the loss over terrain known only by its irregularity (area mode).

    Parameters
    ----------
    distance_m
        Length of the path, m.
    delta_h_m
        Terrain irregularity: 0 water, 30 plains, 90 hills, 200 mountains, 500 rugged.
    tx_height_m, rx_height_m, freq_mhz, polarisation, settings
        As for :func:`itm_path`.
    tx_siting, rx_siting
        How the antenna sites were chosen.

    Raises
    ------
    ModelError
        For a value outside of the model.
    """
    settings = settings or ItmSettings()
    settings.check()
    warnings = check_terminals(tx_height_m, rx_height_m, freq_mhz)
    if not (math.isfinite(distance_m) and distance_m > 0.0):
        raise ModelError("The path has no length: {distance} m", params={"distance": distance_m})
    refuse("the terrain irregularity", delta_h_m, 0.0, 10_000.0, "m")
    gamma_e = float(medium.effective_curvature(settings.n0))
    heights = (tx_height_m, rx_height_m)
    h_e = [
        area_height(h, siting, delta_h_m)
        for h, siting in zip(heights, (tx_siting, rx_siting), strict=True)
    ]
    d = [float(smooth_horizon(h, delta_h_m, gamma_e)) for h in h_e]
    theta = [float(smooth_elevation(h, x, delta_h_m, gamma_e)) for h, x in zip(h_e, d, strict=True)]
    parameters = (settings.n0, gamma_e, delta_h_m, *h_e, *theta, *d)
    return _predict(
        distance_m,
        parameters,
        heights,
        freq_mhz,
        polarisation,
        settings,
        warnings,
        point_to_point=False,
    )


def area_height(height_m: float, siting: Siting, delta_h_m: float) -> float:
    """Effective antenna height (m) from structural height and siting."""
    if siting == Siting.RANDOM:
        return height_m  # [Alg. 3.1]
    gain = 4.0 if siting == Siting.CAREFUL else 9.0
    if height_m < 5.0:
        gain *= math.sin(0.1 * math.pi * height_m)
    # [Alg. 3.2]
    return height_m + (1.0 + gain) * math.exp(-min(20.0, 2.0 * height_m / max(1e-3, delta_h_m)))
