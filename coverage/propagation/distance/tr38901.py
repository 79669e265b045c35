"""Path loss of 3GPP TR 38.901 (V17): RMa, UMa and UMi street canyon, Tables 7.4.1-1 and 7.4.2-1.

Distances are arrays, in metres; frequencies in GHz inside the formulas, as the report writes
them. The breakpoint takes the velocity of light as 3.0e8 m/s (note 1 and note 5 of the table).
The tables number no equations; each line names the entry it computes (PL1, PL2, PL').
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from phusong.coverage.propagation.ranges import check_range
from phusong.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Losses = NDArray[np.float64]

Scenario = Literal["rma", "uma", "umi"]
SCENARIOS = ("rma", "uma", "umi")
C_M_S = 3.0e8

FREQ_MHZ: dict[Scenario, tuple[float, float]] = {
    "rma": (500.0, 30_000.0),
    "uma": (500.0, 100_000.0),
    "umi": (500.0, 100_000.0),
}
BASE_M: dict[Scenario, tuple[float, float]] = {
    "rma": (10.0, 150.0),
    "uma": (10.0, 150.0),
    "umi": (3.0, 20.0),
}
MOBILE_M: dict[Scenario, tuple[float, float]] = {
    "rma": (1.0, 10.0),
    "uma": (1.5, 22.5),
    "umi": (1.5, 22.5),
}
"""The report sets the base station at 25 m (UMa) and 10 m (UMi); heights near those are let by."""
DISTANCE_M: dict[Scenario, tuple[float, float]] = {
    "rma": (10.0, 10_000.0),
    "uma": (10.0, 5_000.0),
    "umi": (10.0, 5_000.0),
}
SIGMA_DB: dict[Scenario, tuple[float, float, float]] = {
    "rma": (4.0, 6.0, 8.0),
    "uma": (4.0, 4.0, 6.0),
    "umi": (4.0, 4.0, 7.82),
}
"""Shadow fading: LoS before and beyond the breakpoint, NLoS."""
NLOS_MOST_M = 5_000.0


@dataclass(frozen=True)
class Surroundings:
    """What RMa asks about the place: 5 to 50 m each."""

    building_m: float = 5.0
    """Average building height h."""
    street_m: float = 20.0
    """Average street width W."""

    def check(self) -> None:
        """Refuse values outside of the report.

        Raises
        ------
        ModelError
            Naming the value.
        """
        check_range("average building height", self.building_m, 5.0, 50.0, "m", "TR 38.901 RMa")
        check_range("average street width", self.street_m, 5.0, 50.0, "m", "TR 38.901 RMa")


@dataclass(frozen=True)
class Tr38901:
    """Losses of one scenario over an array of distances; arrays of one shape."""

    los_db: NDArray[np.float64]
    nlos_db: NDArray[np.float64]
    los_probability: NDArray[np.float64]
    sigma_los_db: NDArray[np.float64]
    """Shadow fading in line of sight."""
    sigma_nlos_db: float

    @property
    def mean_db(self) -> NDArray[np.float64]:
        """Mean of both losses in dB, weighted by the probability of line of sight."""
        mixed: NDArray[np.float64] = (
            self.los_probability * self.los_db + (1.0 - self.los_probability) * self.nlos_db
        )
        return mixed


def los_probability(
    scenario: Scenario, distance_m: ArrayLike, mobile_m: float = 1.5
) -> NDArray[np.float64]:
    """Return the probability of line of sight outdoors, Table 7.4.2-1."""
    d: NDArray[np.float64] = np.maximum(np.asarray(distance_m, np.float64), 1e-9)
    if scenario == "rma":
        return np.minimum(np.exp(-(d - 10.0) / 1000.0), 1.0)  # Table 7.4.2-1, RMa
    decay = 63.0 if scenario == "uma" else 36.0
    base = 18.0 / d + np.exp(-d / decay) * (1.0 - 18.0 / d)  # Table 7.4.2-1, UMa and UMi
    if scenario == "uma" and mobile_m > 13.0:
        lift = ((mobile_m - 13.0) / 10.0) ** 1.5  # C'(h_UT) of UMa
        base = base * (1.0 + lift * 1.25 * (d / 100.0) ** 3 * np.exp(-d / 150.0))
    probability: NDArray[np.float64] = np.where(d <= 18.0, 1.0, np.minimum(base, 1.0))
    return probability


def breakpoint_m(scenario: Scenario, freq_mhz: float, base_m: float, mobile_m: float) -> float:
    """Return the breakpoint distance d_BP (RMa) or d'_BP with h_E = 1 m (UMa, UMi).

    The report draws h_E at random for UMa receivers above 13 m; 1 m is its value below that.
    """
    freq_hz = freq_mhz * 1e6
    if scenario == "rma":
        return 2.0 * math.pi * base_m * mobile_m * freq_hz / C_M_S  # d_BP, note 5
    return 4.0 * (base_m - 1.0) * (mobile_m - 1.0) * freq_hz / C_M_S  # d'_BP, note 1


def tr38901_formula(
    scenario: Scenario,
    freq_mhz: float,
    distance_m: NDArray[np.float64],
    base_m: float,
    mobile_m: float,
    surroundings: Surroundings,
) -> Tr38901:
    """TR 38.901 without range checks; distances are horizontal."""
    freq = freq_mhz / 1000.0
    rise = base_m - mobile_m
    slant = np.hypot(distance_m, rise)  # d_3D
    log_d = np.log10(slant)
    log_f = math.log10(freq)
    turn = max(breakpoint_m(scenario, freq_mhz, base_m, mobile_m), 1e-9)
    if scenario == "rma":
        near = _rural_near_db(slant, freq, surroundings)  # PL1 of RMa-LOS
        turn_slant = math.hypot(turn, rise)
        at_turn = float(_rural_near_db(np.array(turn_slant), freq, surroundings))
        far = at_turn + 40.0 * (log_d - math.log10(turn_slant))  # PL2 of RMa-LOS
        nlos = _rural_nlos_db(log_d, log_f, base_m, mobile_m, surroundings)  # PL' of RMa-NLOS
    elif scenario == "uma":
        near = 28.0 + 22.0 * log_d + 20.0 * log_f  # PL1 of UMa-LOS
        # PL2 of UMa-LOS, then PL' of UMa-NLOS
        far = 28.0 + 40.0 * log_d + 20.0 * log_f - 9.0 * math.log10(turn**2 + rise**2)
        nlos = 13.54 + 39.08 * log_d + 20.0 * log_f - 0.6 * (mobile_m - 1.5)
    else:
        near = 32.4 + 21.0 * log_d + 20.0 * log_f  # PL1 of UMi-LOS
        # PL2 of UMi-LOS, then PL' of UMi-NLOS
        far = 32.4 + 40.0 * log_d + 20.0 * log_f - 9.5 * math.log10(turn**2 + rise**2)
        nlos = 22.4 + 35.3 * log_d + 21.3 * log_f - 0.3 * (mobile_m - 1.5)
    before = distance_m <= turn
    los = np.where(before, near, far)  # PL1 up to the breakpoint, PL2 beyond
    sigma_near, sigma_far, sigma_nlos = SIGMA_DB[scenario]
    return Tr38901(
        los_db=los,
        nlos_db=np.maximum(los, nlos),  # PL of NLOS: max(PL of LOS, PL')
        los_probability=los_probability(scenario, distance_m, mobile_m),
        sigma_los_db=np.where(before, sigma_near, sigma_far),
        sigma_nlos_db=sigma_nlos,
    )


def _rural_near_db(slant: NDArray[np.float64], freq: float, surroundings: Surroundings) -> Losses:
    """PL1 of RMa-LOS: in line of sight before the breakpoint."""
    h = surroundings.building_m
    losses: Losses = (
        20.0 * np.log10(40.0 * math.pi * slant * freq / 3.0)
        + min(0.03 * h**1.72, 10.0) * np.log10(slant)
        - min(0.044 * h**1.72, 14.77)
        + 0.002 * math.log10(h) * slant
    )
    return losses


def _rural_nlos_db(
    log_d: NDArray[np.float64],
    log_f: float,
    base_m: float,
    mobile_m: float,
    surroundings: Surroundings,
) -> Losses:
    """PL' of RMa-NLOS: out of sight."""
    log_b = math.log10(base_m)
    h = surroundings.building_m
    losses: Losses = (
        161.04
        - 7.1 * math.log10(surroundings.street_m)
        + 7.5 * math.log10(h)
        - (24.37 - 3.7 * (h / base_m) ** 2) * log_b
        + (43.42 - 3.1 * log_b) * (log_d - 3.0)
        + 20.0 * log_f
        - (3.2 * math.log10(11.75 * mobile_m) ** 2 - 4.97)
    )
    return losses


def check_tr38901(
    scenario: Scenario, freq_mhz: float, base_m: float, mobile_m: float, surroundings: Surroundings
) -> None:
    """Refuse what lies outside of a scenario.

    Raises
    ------
    ModelError
        For an unknown scenario, or a frequency, height or street outside of its range.
    """
    if scenario not in SCENARIOS:
        raise ModelError(
            "TR 38.901 here knows {known}, not {scenario}",
            params={"known": ", ".join(SCENARIOS), "scenario": scenario},
        )
    model = f"TR 38.901 {scenario.upper()}"
    check_range("frequency", freq_mhz, *FREQ_MHZ[scenario], "MHz", model)
    check_range("base station height", base_m, *BASE_M[scenario], "m", model)
    check_range("mobile height", mobile_m, *MOBILE_M[scenario], "m", model)
    if scenario == "rma":
        surroundings.check()


def tr38901_loss(
    scenario: Scenario,
    freq_mhz: float,
    distance_m: ArrayLike,
    base_m: float,
    mobile_m: float,
    surroundings: Surroundings | None = None,
) -> Tr38901:
    """Return the losses of a scenario of TR 38.901.

    Parameters
    ----------
    scenario
        ``rma`` rural macro, ``uma`` urban macro, ``umi`` urban micro (street canyon).
    freq_mhz
        500 to 30 000 MHz (RMa) or 100 000 MHz.
    distance_m
        Horizontal distance, 10 m to 10 km (RMa) or 5 km; the report's NLoS formula of RMa ends
        at 5 km, beyond which this function refuses too.
    base_m, mobile_m
        Antenna heights above ground.
    surroundings
        Streets and buildings, RMa only.

    Raises
    ------
    ModelError
        For a value outside of these ranges.
    """
    surroundings = surroundings or Surroundings()
    check_tr38901(scenario, freq_mhz, base_m, mobile_m, surroundings)
    distance: NDArray[np.float64] = np.asarray(distance_m, np.float64)
    model = f"TR 38.901 {scenario.upper()}"
    for extreme in (distance.min(), distance.max()) if distance.size else ():
        check_range("distance", float(extreme), DISTANCE_M[scenario][0], NLOS_MOST_M, "m", model)
    return tr38901_formula(scenario, freq_mhz, distance, base_m, mobile_m, surroundings)
