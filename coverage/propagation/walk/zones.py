"""Radio-climatic zones along a radial: sea share, longest land and inland runs, coasts.

The sweep's counterpart of :func:`phusong.coverage.propagation.p1812.geometry.zone_lengths`: zones
change half-way between two points, and the receiver's own zone closes the path. The quantities
are those of ITU-R P.1812-7: ω (Table 5), d_tm and d_lm (§3.6), d_ct and d_cr (§3.4). A run of one
zone is over when the border after it is crossed, and only the last may still grow: so a state of
eight numbers, closed at the receiver on a copy, gives what a pass over the whole profile gives.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from phusong.coverage.propagation.surface import ZONE_INLAND, ZONE_SEA
from phusong.jit import njit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SEA_M = 0
"""Length over sea up to the last border."""
LAND_FROM = 1
"""Where the present run of land began; NaN on the sea."""
LAND_BEST = 2
"""Longest run of land that has ended."""
INLAND_FROM = 3
INLAND_BEST = 4
SEA_FIRST = 5
"""Where the path first met the sea; infinite if it has not."""
SEA_LAST = 6
"""Where it last left the sea; −infinite if it has not, NaN while on the sea."""
SEA_FROM = 7
"""Where the present run of sea began; NaN on land."""
ZONE_STATE = 8

FAR_FROM_SEA_M = 500e3


@njit(cache=True, nogil=True)
def begin_zones(state: NDArray[np.float64], zone: int) -> None:
    """Start a radial on a mast that stands in `zone`."""
    sea = zone == ZONE_SEA
    state[SEA_M] = state[LAND_BEST] = state[INLAND_BEST] = 0.0
    state[LAND_FROM] = math.nan if sea else 0.0
    state[INLAND_FROM] = 0.0 if zone == ZONE_INLAND else math.nan
    state[SEA_FIRST] = 0.0 if sea else math.inf
    state[SEA_LAST] = math.nan if sea else -math.inf
    state[SEA_FROM] = 0.0 if sea else math.nan


@njit(cache=True, nogil=True)
def cross_border(state: NDArray[np.float64], zone: int, border_m: float) -> None:
    """Enter `zone` at `border_m` from the mast."""
    sea = zone == ZONE_SEA
    was_sea = not math.isnan(state[SEA_FROM])
    if sea and not was_sea:
        state[LAND_BEST] = max(state[LAND_BEST], border_m - state[LAND_FROM])
        state[LAND_FROM] = math.nan
        state[SEA_FROM] = border_m
        state[SEA_FIRST] = min(state[SEA_FIRST], border_m)
        state[SEA_LAST] = math.nan
    elif was_sea and not sea:
        state[SEA_M] += border_m - state[SEA_FROM]
        state[SEA_FROM] = math.nan
        state[SEA_LAST] = border_m
        state[LAND_FROM] = border_m
    was_inland = not math.isnan(state[INLAND_FROM])
    if was_inland and zone != ZONE_INLAND:
        state[INLAND_BEST] = max(state[INLAND_BEST], border_m - state[INLAND_FROM])
        state[INLAND_FROM] = math.nan
    elif zone == ZONE_INLAND and not was_inland:
        state[INLAND_FROM] = border_m


@njit(cache=True, nogil=True)
def close_zones(
    state: NDArray[np.float64],
    scratch: NDArray[np.float64],
    last_zone: int,
    rx_zone: int,
    k: int,
    own: NDArray[np.float64],
    count: int,
    step_m: float,
    distance_m: float,
) -> tuple[float, float, float, float, float]:
    """End the path at a receiver, leaving the radial's own state as it is.

    Parameters
    ----------
    state, scratch
        The radial's state, and room for a copy of it.
    last_zone, k
        Zone and number of the radial's last point.
    own, count
        Zones of the receiver's own points, and how many there are.
    step_m
        Spacing of the points.
    rx_zone, distance_m
        Zone and distance of the receiver.

    Returns
    -------
    sea_share, land_km, inland_km, tx_coast_km, rx_coast_km
        ω, d_tm, d_lm, d_ct, d_cr.
    """
    for i in range(ZONE_STATE):
        scratch[i] = state[i]
    for j in range(count):
        if int(own[j]) != last_zone:
            last_zone = int(own[j])
            cross_border(scratch, last_zone, (k + j + 0.5) * step_m)
    if rx_zone != last_zone:
        cross_border(scratch, rx_zone, 0.5 * ((k + count) * step_m + distance_m))
    sea_m, land_m, inland_m = scratch[SEA_M], scratch[LAND_BEST], scratch[INLAND_BEST]
    coast_r = 0.0
    if rx_zone == ZONE_SEA:
        sea_m += distance_m - scratch[SEA_FROM]
    else:
        land_m = max(land_m, distance_m - scratch[LAND_FROM])
        coast_r = min(distance_m - scratch[SEA_LAST], FAR_FROM_SEA_M)
    if rx_zone == ZONE_INLAND:
        inland_m = max(inland_m, distance_m - scratch[INLAND_FROM])
    coast_t = min(scratch[SEA_FIRST], FAR_FROM_SEA_M)
    return (
        sea_m / distance_m,  # ω
        land_m * 1e-3,  # d_tm
        inland_m * 1e-3,  # d_lm
        coast_t * 1e-3,  # d_ct
        coast_r * 1e-3,  # d_cr
    )
