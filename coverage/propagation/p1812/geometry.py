"""What ITU-R P.1812-7 reads off a path: horizons, roughness, zones, the middle's latitude.

Attachment 1 to Annex 1 and §3.3 to §3.7, over one profile; "eq." is P.1812-7's, at the line that
computes it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from phusong.coverage.propagation.p1812.loss import EARTH_KM
from phusong.coverage.propagation.surface import ZONE_INLAND, ZONE_SEA
from phusong.jit import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

FAR_FROM_SEA_KM = 500.0
"""Distance to the coast given to a terminal whose path meets no sea."""


@njit(cache=True, nogil=True)
def horizons(
    distance_m: NDArray[np.float64],
    ground_m: NDArray[np.float64],
    tx_m: float,
    rx_m: float,
    earth_m: float,
) -> tuple[bool, int, int, float, float]:
    """Radio horizons over the bare terrain (Attachment 1, §4 and §5.1–5.3).

    Slopes stand for angles, whose arctangent is taken of the largest only.

    Returns
    -------
    in_sight
        Whether the path is line-of-sight.
    at_t, at_r
        Index of either terminal's horizon; in line of sight both are the point of largest ν.
    theta_t, theta_r
        Horizon elevation angles, mrad.
    """
    last = distance_m.size - 1
    total = distance_m[last]
    half = 0.5 / earth_m
    at_t, steep_t = 0, -math.inf
    for i in range(1, last):
        x = distance_m[i]
        slope = (ground_m[i] - tx_m) / x - half * x  # θ_i, eq. (75)
        if slope > steep_t:
            steep_t, at_t = slope, i  # θ_max, eq. (74), and its d_lt, eq. (78)
    direct_t = (rx_m - tx_m) / total - half * total  # θ_td, eq. (76)
    if steep_t > direct_t:  # beyond the horizon (§4)
        at_r, steep_r = 0, -math.inf
        for i in range(1, last):
            y = total - distance_m[i]
            slope = (ground_m[i] - rx_m) / y - half * y  # θ_j, eq. (80)
            if slope >= steep_r:  # the last of equals is the nearest to the receiver
                steep_r, at_r = slope, i
        # θ_t, eq. (77), and θ_r, eq. (80)
        return False, at_t, at_r, 1e3 * math.atan(steep_t), 1e3 * math.atan(steep_r)
    at, largest = 0, -math.inf
    for i in range(1, last):
        x = distance_m[i]
        y = total - x
        above = ground_m[i] + half * x * y - (tx_m * y + rx_m * x) / total
        nu = above * math.sqrt(total / (x * y))  # but for √(2/λ), as eq. (15)
        if nu > largest:
            largest, at = nu, i  # d_lt and d_lr, eq. (81a)
    direct_r = (tx_m - rx_m) / total - half * total  # θ_rd, eq. (79)
    return True, at, at, 1e3 * math.atan(direct_t), 1e3 * math.atan(direct_r)


@njit(cache=True, nogil=True)
def roughness(
    distance_m: NDArray[np.float64],
    ground_m: NDArray[np.float64],
    first: int,
    last: int,
    smooth_t_m: float,
    smooth_r_m: float,
) -> float:
    """Terrain roughness h_m between the horizons (Attachment 1, §5.6.3), m."""
    slope = (smooth_r_m - smooth_t_m) / distance_m[-1]  # m, eq. (91)
    top = -math.inf
    for i in range(first, last + 1):  # eq. (93)
        top = max(top, ground_m[i] - (smooth_t_m + slope * distance_m[i]))
    return top


def _lengths(distance_km: NDArray[np.float64], mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Length of each continuous run of `mask`; zones change half-way between two points."""
    edges = np.concatenate(([distance_km[0]], 0.5 * (distance_km[1:] + distance_km[:-1])))
    ends = np.concatenate((edges[1:], [distance_km[-1]]))
    padded = np.concatenate(([False], mask, [False])).astype(np.int8)
    change = np.flatnonzero(np.diff(padded))
    first, last = change[::2], change[1::2] - 1
    return ends[last] - edges[first]


def zone_lengths(
    distance_km: NDArray[np.float64], zone: NDArray[np.uint8]
) -> tuple[float, float, float]:
    """Return ω (Table 5), d_tm and d_lm (§3.6) of a profile.

    Parameters
    ----------
    distance_km
        Distances of the points, shape (n,).
    zone
        Zone codes (1 sea, 3 coastal land, 4 inland), shape (n,); the border between two zones
        lies half-way between their points.
    """
    sea = _lengths(distance_km, zone == ZONE_SEA)
    land = _lengths(distance_km, zone != ZONE_SEA)
    inland = _lengths(distance_km, zone == ZONE_INLAND)
    return (
        float(sea.sum() / distance_km[-1]),
        float(land.max(initial=0.0)),
        float(inland.max(initial=0.0)),
    )


def coast_distance_km(distance_km: NDArray[np.float64], zone: NDArray[np.uint8]) -> float:
    """Return how far the first point is from the sea along the path (§3.4); 0 on the sea."""
    at_sea = np.flatnonzero(zone == ZONE_SEA)
    if at_sea.size == 0:
        return FAR_FROM_SEA_KM
    first = int(at_sea[0])
    if first == 0:
        return 0.0
    return float(abs(0.5 * (distance_km[first] + distance_km[first - 1]) - distance_km[0]))


def centre_latitude(
    tx_lat: float, tx_lon: float, rx_lat: float, rx_lon: float, distance_km: float | None = None
) -> float:
    """Latitude of the middle of the great-circle path, degrees: φ of eq. (4) and (5).

    Parameters
    ----------
    tx_lat, tx_lon, rx_lat, rx_lon
        Terminals, degrees.
    distance_km
        Length of the profile; the middle lies half of it from the transmitter. None is the
        great-circle distance itself.
    """
    lat_t, lat_r = math.radians(tx_lat), math.radians(rx_lat)
    d_lon = math.radians(rx_lon - tx_lon)
    east = math.cos(lat_r) * math.sin(d_lon)
    north = math.cos(lat_t) * math.sin(lat_r) - math.sin(lat_t) * math.cos(lat_r) * math.cos(d_lon)
    across = math.hypot(east, north)
    if distance_km is None:
        along = math.sin(lat_t) * math.sin(lat_r)
        along += math.cos(lat_t) * math.cos(lat_r) * math.cos(d_lon)
        arc = 0.5 * math.atan2(across, along)
    else:
        arc = 0.5 * distance_km / EARTH_KM
    towards_pole = north / across if across > 0.0 else 1.0
    return math.degrees(
        math.asin(math.sin(lat_t) * math.cos(arc) + math.cos(lat_t) * math.sin(arc) * towards_pole)
    )


def effective_earth_km(delta_n: float) -> float:
    """Median effective earth radius a_e, km (§3.7)."""
    return EARTH_KM * 157.0 / (157.0 - delta_n)  # eq. (7a), with k_50 of eq. (6)
