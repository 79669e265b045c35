"""Building entry loss, ITU-R P.2109-2 (08/2023), Annex 1 §3; "eq." is at the line it computes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from scipy.special import ndtri

from phusong.coverage.propagation.ranges import check_range
from phusong.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

Building = Literal["traditional", "thermally_efficient"]

# Table 1 of the Recommendation, r to z.
COEFFICIENTS: dict[Building, tuple[float, ...]] = {
    "traditional": (12.64, 3.72, 0.96, 9.6, 2.0, 9.1, -3.0, 4.5, -2.0),
    "thermally_efficient": (28.19, -3.00, 8.48, 13.5, 3.8, 27.8, -2.9, 9.4, -2.1),
}


def entry_loss_db(
    freq_mhz: float,
    probability: ArrayLike = 0.5,
    *,
    building: Building = "traditional",
    elevation_deg: ArrayLike = 0.0,
) -> NDArray[np.float64]:
    """Return the building entry loss not exceeded with a probability.

    Parameters
    ----------
    freq_mhz
        80 to 100 000 MHz.
    probability
        Share of building locations, 0 < probability < 1; any shape.
    building
        Plain walls and glass, or metallised glass and foil-backed insulation.
    elevation_deg
        Elevation of the path at the façade, -90 to 90 degrees; broadcast against `probability`.

    Returns
    -------
    ndarray
        Loss in dB, of the broadcast shape.

    Raises
    ------
    ModelError
        For a frequency, probability, elevation or building the Recommendation does not cover.
    """
    check_range("frequency", freq_mhz, 80.0, 100_000.0, "MHz", "P.2109")
    if building not in COEFFICIENTS:
        raise ModelError(
            "P.2109 knows traditional and thermally_efficient buildings, not {building}",
            params={"building": building},
        )
    share: NDArray[Any] = np.asarray(probability, np.float64)
    elevation: NDArray[Any] = np.asarray(elevation_deg, np.float64)
    if not ((share > 0.0) & (share < 1.0)).all():
        raise ModelError("P.2109 takes a probability between 0 and 1, both excluded")
    if not (np.abs(elevation) <= 90.0).all():
        raise ModelError("P.2109 takes an elevation from -90 to 90 degrees")
    r, s, t, u, v, w, x, y, z = COEFFICIENTS[building]
    log_f = np.log10(freq_mhz / 1000.0)
    median_1 = r + s * log_f + t * log_f**2 + 0.212 * np.abs(elevation)  # eq. (5), (9), (10)
    deviate = ndtri(share)
    first = median_1 + deviate * (u + v * log_f)  # A(P), eq. (2), with σ_1 of eq. (7)
    # B(P), eq. (3), with μ_2 of eq. (6) and σ_2 of eq. (8)
    second = w + x * log_f + deviate * (y + z * log_f)
    # eq. (1), with C = −3 dB of eq. (4)
    loss: NDArray[np.float64] = 10.0 * np.log10(
        10.0 ** (0.1 * first) + 10.0 ** (0.1 * second) + 10.0**-0.3
    )
    return loss
