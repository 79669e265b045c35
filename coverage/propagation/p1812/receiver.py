"""P.1812-7 at one receiver of a sweep: its path in numbers, and the loss of each band.

What a band needs of the ground beyond that, the horizons of a clear path and the roughness
between them, is looked for only where ducting can come below the diffraction loss. Kernels are
compiled without reference counting, as in :mod:`phusong.coverage.propagation.walk.skyline`.
"eq." is P.1812-7's, at the line that computes it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from phusong.coverage.propagation.diffraction import (
    BAND_CBRT,
    BAND_FREE_SPACE,
    BAND_SCALE,
    DB_PER_NEPER,
    delta_bullington_db,
)
from phusong.coverage.propagation.p1812.loss import (
    BAND_DUCT,
    BAND_TROPO,
    LEAST_STEP,
    coast_coupling_db,
    combine_db,
    distance_weight,
    duct_incidence,
    ducting_floor_db,
    ducting_path_db,
    ducting_path_floor_db,
    ducting_shielding,
    ducting_time_db,
    enhancement_db,
    path_weight,
    roughness_exponent,
    time_weight,
)
from phusong.coverage.propagation.walk.skyline import Skyline, closest, highest_above, look_back
from phusong.jit import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Air(NamedTuple):
    """The site's air, and what ducting in it takes at least.

    Parameters
    ----------
    earth_km, percent, latitude_deg
        Median earth radius, p and latitude.
    ducting_least_db
        Least A(p), as :func:`.loss.ducting_least_db` gives it.
    nearest_db
        20·log of the shortest way to both horizons together, km (eq. 47): a step of the profile.
    """

    earth_km: float
    percent: float
    latitude_deg: float
    ducting_least_db: NDArray[np.float64]
    nearest_db: float


class Ground(NamedTuple):
    """The bare ground up to one receiver: the radial's skylines, then its own points.

    Parameters
    ----------
    curved, size
        Skyline over the median earth and the size of its hull.
    bare
        Skyline over a flat earth.
    k, own_count
        Number of the radial's points and of the receiver's own.
    own, own_curved
        Heights of its own points, over a flat and over the median earth.
    step_m
        Spacing of the points.
    """

    curved: Skyline
    size: int
    bare: Skyline
    k: int
    own_count: int
    own: NDArray[np.float64]
    own_curved: NDArray[np.float64]
    step_m: float


class OfBands(NamedTuple):
    """What is known of each band at one receiver, dB, each of shape (bands,).

    Parameters
    ----------
    sphere, sphere_beta
        Spherical-earth loss, over the median earth and over the one exceeded for β0 % of time.
    median, rarer
        L_d50 and L_dp.
    ducting
        The path's part of L_ba; infinite where ducting cannot count.
    """

    sphere: NDArray[np.float64]
    sphere_beta: NDArray[np.float64]
    median: NDArray[np.float64]
    rarer: NDArray[np.float64]
    ducting: NDArray[np.float64]


class Path(NamedTuple):
    """One path in numbers: m unless a name says otherwise.

    `spread_db` is the free-space loss at 1 GHz less the bands' constant; `edge`, `smooth` and
    those of the earth exceeded β0 % of time are ν/√(2/λ); `sight` is the clear path's point
    nearest to the ray, 0 where it is not known; `near_t_km` is −1 where the horizon of a clear
    path is not known yet.
    """

    distance_m: float
    tx_m: float
    rx_m: float
    spread_db: float
    edge: float
    smooth: float
    edge_beta: float
    smooth_beta: float
    sight: int
    near_t_km: float
    near_r_km: float
    theta_t: float
    theta_r: float
    smooth_t_m: float
    smooth_r_m: float
    sea_share: float
    land_km: float
    inland_km: float
    coast_t_km: float
    coast_r_km: float


@njit(cache=True, nogil=True, error_model="numpy", _nrt=False)
def _roughness(ground: Ground, path: Path, near_t_km: float, near_r_km: float) -> float:
    """Return the roughness h_m between the horizons, or 10 m where it is less (eq. 93)."""
    step_m, k = ground.step_m, ground.k
    first = int(near_t_km * 1e3 / step_m + 0.5)
    last = int((path.distance_m - near_r_km * 1e3) / step_m + 0.5)
    slope = (path.smooth_r_m - path.smooth_t_m) / path.distance_m  # m, eq. (91)
    rough = highest_above(
        ground.bare.flat,
        ground.bare.base,
        ground.bare.slope,
        first,
        min(last, k),
        step_m,
        path.smooth_t_m,
        slope,
        10.0,  # less does not matter (eq. 56)
    )
    for i in range(max(first, k + 1), last + 1):
        above = ground.own[i - k - 1] - path.smooth_t_m - slope * (i * step_m)
        rough = max(rough, above)
    return float(rough)


@njit(cache=True, nogil=True, error_model="numpy", _nrt=False)
def _least_time_db(
    ground: Ground, path: Path, near_t_km: float, near_r_km: float, air: Air
) -> float:
    """Return a value A(p) of the ducting model cannot fall below, without a look at all points.

    The roughness is not less than the height of either horizon over the smooth earth, and no
    other factor of β is over 1.
    """
    slope = (path.smooth_r_m - path.smooth_t_m) / path.distance_m
    rough = 10.0
    for horizon_km in (near_t_km, path.distance_m * 1e-3 - near_r_km):
        i = int(horizon_km * 1e3 / ground.step_m + 0.5)
        height = ground.bare.flat[i] if i <= ground.k else ground.own[i - ground.k - 1]
        rough = max(rough, height - path.smooth_t_m - slope * (i * ground.step_m))
    lower = roughness_exponent(rough, path.distance_m * 1e-3 - near_t_km - near_r_km)
    least = air.ducting_least_db
    return float(least[np.uint64(min(lower * (1.0 / LEAST_STEP), least.size - 1.0))])


@njit(cache=True, nogil=True, error_model="numpy", _nrt=False)
def _time_db(
    ground: Ground,
    path: Path,
    near_t_km: float,
    near_r_km: float,
    air: Air,
    beta0: float,
    tau: float,
) -> float:
    """Return A(p) of the ducting model (eq. 53), from the roughness between the horizons."""
    rough = _roughness(ground, path, near_t_km, near_r_km)
    km = path.distance_m * 1e-3
    a_p, _ = ducting_time_db(
        air.percent,
        km,
        air.earth_km,
        beta0,
        tau,
        path.tx_m - path.smooth_t_m,  # h_te, eq. (92a)
        path.rx_m - path.smooth_r_m,  # h_re, eq. (92b)
        rough,
        km - near_t_km - near_r_km,
    )
    return float(a_p)


@njit(cache=True, nogil=True, error_model="numpy", _nrt=False)
def clear_horizon(ground: Ground, path: Path, earth_km: float) -> int:
    """Return the point of largest ν of a clear path, over the bare ground (Att. 1, §5.2)."""
    if path.sight > 0:
        return path.sight
    total = path.distance_m
    rx_flat = path.rx_m - 0.5e-3 / earth_km * total * total
    sky, size, k = ground.curved, ground.size, ground.k
    own, count, step_m = ground.own_curved, ground.own_count, ground.step_m
    _, _, place = look_back(sky, size, k, own, count, step_m, total, rx_flat)
    _, at = closest(
        sky, sky.vertex[place], k, own, count, step_m, total, path.tx_m, rx_flat, math.inf
    )
    return int(at)


TRACE = (
    "clear",
    "at_t",
    "at_r",
    "theta_t",
    "theta_r",
    "smooth_t_m",
    "smooth_r_m",
    "h1_m",
    "h2_m",
    "rough_m",
    "edge",
    "smooth",
    "edge_beta",
    "smooth_beta",
    "sea_share",
    "land_km",
    "inland_km",
    "coast_t_km",
    "coast_r_km",
)
"""What :func:`record` writes of a path, in order.

`clear` is 1 where the bare ground leaves the terminals in sight; `at_t` and `at_r` are the points
of the horizons; `rough_m` is at least 10 m; the edges are −inf where no band notices them, and
those of β0 where p is 50 %.
"""


@njit(cache=True, nogil=True, error_model="numpy", _nrt=False)
def record(
    path: Path,
    ground: Ground,
    h1_m: float,
    h2_m: float,
    air: Air,
    trace: NDArray[np.float64],
    row: int,
    col: int,
) -> None:
    """Write the numbers of a path, those too that its loss may not need.

    Parameters
    ----------
    path, ground, air
        As :func:`fill_in` takes them.
    h1_m, h2_m
        Heights of the terminals above the surface fitted for diffraction.
    trace, row, col
        Filled in at that cell with :data:`TRACE`, shape (rows, cols, len(TRACE)).
    """
    step_m = ground.step_m
    near_t, near_r = path.near_t_km, path.near_r_km
    clear = near_t < 0.0
    if clear:
        near_t = clear_horizon(ground, path, air.earth_km) * step_m * 1e-3
        near_r = path.distance_m * 1e-3 - near_t
    trace[row, col, 0] = 1.0 if clear else 0.0
    trace[row, col, 1] = round(near_t * 1e3 / step_m)
    trace[row, col, 2] = round((path.distance_m - near_r * 1e3) / step_m)
    trace[row, col, 3] = path.theta_t
    trace[row, col, 4] = path.theta_r
    trace[row, col, 5] = path.smooth_t_m
    trace[row, col, 6] = path.smooth_r_m
    trace[row, col, 7] = h1_m
    trace[row, col, 8] = h2_m
    trace[row, col, 9] = _roughness(ground, path, near_t, near_r)
    trace[row, col, 10] = path.edge
    trace[row, col, 11] = path.smooth
    trace[row, col, 12] = path.edge_beta
    trace[row, col, 13] = path.smooth_beta
    trace[row, col, 14] = path.sea_share
    trace[row, col, 15] = path.land_km
    trace[row, col, 16] = path.inland_km
    trace[row, col, 17] = path.coast_t_km
    trace[row, col, 18] = path.coast_r_km


@njit(cache=True, nogil=True, error_model="numpy", _nrt=False, forceinline=True)
def fill_in(
    path: Path,
    ground: Ground,
    air: Air,
    bands: NDArray[np.float64],
    of_bands: OfBands,
    loss: NDArray[np.float64],
    row: int,
    col: int,
) -> None:
    """Fill in the loss of each band at a receiver.

    Parameters
    ----------
    path, ground, air
        What is known of the path, where to find the rest, and the site's air.
    bands
        As :func:`.loss.p1812_bands`.
    of_bands
        Spherical-earth losses, and room for the rest.
    loss, row, col
        Filled in at that cell, shape (bands, rows, cols).
    """
    rare = air.percent < 50.0
    earth_km, percent = air.earth_km, air.percent
    total = path.distance_m
    km = total * 1e-3
    near_t, near_r = path.near_t_km, path.near_r_km
    theta_t, theta_r, sea_share = path.theta_t, path.theta_r, path.sea_share
    horizons_km = km if near_t < 0.0 else near_t + near_r
    theta = 1e3 * km / earth_km + theta_t + theta_r  # eq. (82)
    weight_j = path_weight(theta)  # eq. (57)
    bend = DB_PER_NEPER * math.log(km) + 0.573 * theta  # the path's part of eq. (44)
    beta0, tau, weight_i = 0.0, 0.0, 0.0
    gain_p = gain_beta = 0.0
    if rare:
        beta0, tau = duct_incidence(path.land_km, path.inland_km, air.latitude_deg)
        weight_i = time_weight(percent, beta0)  # eq. (40)
        gain_p = enhancement_db(percent, horizons_km)  # E_sp, eq. (9a)
        gain_beta = enhancement_db(beta0, horizons_km)  # E_sβ, eq. (9b)
    median, rarer, ducting = of_bands.median, of_bands.rarer, of_bands.ducting
    least = air.ducting_least_db[0]
    if rare:
        least = max(least, ducting_floor_db(percent, km, beta0))
    shielding = 0.0
    if near_t >= 0.0:
        shielding = ducting_shielding(km, earth_km, near_t, near_r, theta_t, theta_r)
    most = -math.inf  # by how much L_bd is above what is known of L_ba
    for b in range(bands.shape[0]):
        band = bands[b]
        scale = band[BAND_SCALE]
        sphere_db, beta_db = of_bands.sphere[b], of_bands.sphere_beta[b]
        ldp = ld50 = delta_bullington_db(path.edge, path.smooth, sphere_db, scale, total)
        if rare:
            ldb = delta_bullington_db(path.edge_beta, path.smooth_beta, beta_db, scale, total)
            ldp = ld50 + (ldb - ld50) * weight_i  # eq. (41)
        median[b], rarer[b] = ld50, ldp
        # Ducting counts only where it can come below the diffraction loss.
        bd = band[BAND_FREE_SPACE] + path.spread_db + gain_p + ldp
        bd += 12.0 if sea_share >= 0.75 else 0.0
        if near_t < 0.0:
            near_r = (total - (ground.k + ground.own_count) * ground.step_m) * 1e-3
            lowest = ducting_path_floor_db(
                band, km, earth_km, ground.step_m * 1e-3, near_r, theta_t, theta_r
            )
            if lowest + least <= bd:
                near_t = clear_horizon(ground, path, earth_km) * ground.step_m * 1e-3
                near_r = km - near_t
                shielding = ducting_shielding(km, earth_km, near_t, near_r, theta_t, theta_r)
        ducting[b] = math.inf
        nearest = band[BAND_DUCT] + air.nearest_db + shielding * band[BAND_CBRT]
        if near_t >= 0.0 and nearest + least <= bd:
            path_db = ducting_path_db(band, km, earth_km, near_t, near_r, theta_t, theta_r)
            if path_db + least <= bd:
                ducting[b] = path_db
                most = max(most, bd - path_db)
    # Here and not in a loop: the compiler would take what is the same for all bands out of it, and
    # out of the condition too.
    a_p, coast_t, coast_r, weight_k = math.inf, 0.0, 0.0, 1.0
    if most > -math.inf and _least_time_db(ground, path, near_t, near_r, air) <= most:
        if not rare:
            beta0, tau = duct_incidence(path.land_km, path.inland_km, air.latitude_deg)
        a_p = _time_db(ground, path, near_t, near_r, air, beta0, tau)
        coast_t = coast_coupling_db(sea_share, path.coast_t_km, near_t, path.tx_m)
        coast_r = coast_coupling_db(sea_share, path.coast_r_km, near_r, path.rx_m)
        weight_k = distance_weight(km)  # eq. (58)
    for b in range(bands.shape[0]):
        band = bands[b]
        free_db = band[BAND_FREE_SPACE] + path.spread_db  # eq. (8)
        free_p = free_db + gain_p  # eq. (10)
        _, _, _, _, bc = combine_db(
            band[BAND_TROPO] + bend,
            ducting[b] + a_p + coast_t + coast_r,  # L_ba, eq. (46)
            free_db,
            free_p,
            free_db + gain_beta,  # eq. (11)
            median[b],
            rarer[b],
            percent < beta0,
            weight_i,
            weight_j,
            weight_k,
            sea_share,
        )
        loss[b, row, col] = max(free_p, bc)  # eq. (69), at 50 % of locations
