"""P.1812-7 along one radial: what is kept up while walking outwards, and one receiver's path.

"§" and "eq." are P.1812-7's; the geometry is kept up by :mod:`.walk.skyline`,
:mod:`.walk.smooth` and :mod:`.walk.zones`, which say why it is that of the definitions.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from phusong.coverage.propagation.diffraction import DB_PER_NEPER, NU_CLEAR
from phusong.coverage.propagation.p1812.loss import EARTH_KM
from phusong.coverage.propagation.p1812.path import BETA_EARTH_FACTOR
from phusong.coverage.propagation.p1812.receiver import Air, Ground, OfBands, Path, fill_in, record
from phusong.coverage.propagation.surface import (
    FLAG_BRANCH_NEAR,
    FLAG_LINE_OF_SIGHT,
    FLAG_NO_DATA,
)
from phusong.coverage.propagation.walk.approach import own_nearest
from phusong.coverage.propagation.walk.disc import rise_at
from phusong.coverage.propagation.walk.fan import points_before
from phusong.coverage.propagation.walk.receivers import fill_free, read_own
from phusong.coverage.propagation.walk.skyline import (
    Skyline,
    edge_to,
    extend,
    first_at,
    look_back,
    steepest_to,
)
from phusong.coverage.propagation.walk.smooth import add_interval, smooth_ends, sphere_to
from phusong.coverage.propagation.walk.zones import close_zones, cross_border
from phusong.jit import njit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from phusong.coverage.propagation.walk.disc import Disc

SHORTEST_M = 250.0
"""Nearer, P.1812 does not apply (Table 1): free space, flagged."""
FEWEST_POINTS = 3
"""With fewer points between the terminals there is no profile to speak of."""


class Lines(NamedTuple):
    """What is kept up along a radial: skylines, and what stands and lies on its ground.

    Parameters
    ----------
    sky, sky_beta
        Clutter over the median earth, and over the one exceeded for β0 % of time.
    hard, bare
        Bare ground over the median earth (Attachment 1), and over a flat one (its §5.6).
    over, zone
        Clutter heights and zones of the points.
    """

    sky: Skyline
    sky_beta: Skyline
    hard: Skyline
    bare: Skyline
    over: NDArray[np.float64]
    zone: NDArray[np.float64]


class Own(NamedTuple):
    """Room for a receiver's own points: ground, clutter, zone, and heights as in `Lines`."""

    ground: NDArray[np.float64]
    over: NDArray[np.float64]
    zone: NDArray[np.float64]
    sky: NDArray[np.float64]
    sky_beta: NDArray[np.float64]
    hard: NDArray[np.float64]


class Reach(NamedTuple):
    """How far a radial has been walked: k points, and what is kept up along them.

    `size` and the like are the sizes of the skylines' hulls; `horizon` is the point of steepest
    slope from the antenna over the bare ground, d_lt of eq. (78); `v1` and `v2` are the sums of
    eq. (83), (84); `zone` is that of the last point.
    """

    k: int
    size: int
    size_beta: int
    size_hard: int
    size_bare: int
    horizon: int
    v1: float
    v2: float
    zone: int


class Room(NamedTuple):
    """Room for one receiver.

    Parameters
    ----------
    own
        Its own points.
    state, scratch
        The radial's zones (see :mod:`.walk.zones`), and a copy to close at the receiver.
    of_bands
        What is known of each band.
    """

    own: Own
    state: NDArray[np.float64]
    scratch: NDArray[np.float64]
    of_bands: OfBands


@njit(cache=True, nogil=True, error_model="numpy", _nrt=False, forceinline=True)
def advance(
    reach: Reach,
    lines: Lines,
    state: NDArray[np.float64],
    disc: Disc,
    air: Air,
    k: int,
) -> Reach:
    """Take point k of the radial in."""
    step_m, tx_m = disc.step_m, disc.ground_tx_m + disc.antenna_m
    half, half_beta = 0.5e-3 / air.earth_km, 0.5e-3 / (EARTH_KM * BETA_EARTH_FACTOR)
    x = k * step_m
    per = 1.0 / x
    h1 = lines.bare.flat[k]
    v1, v2 = add_interval(reach.v1, reach.v2, x, step_m, lines.bare.flat[k - 1], h1)
    f = h1 - half * x * x
    size = extend(lines.sky, reach.size, k, step_m, f + lines.over[k], tx_m, per)
    size_hard = size
    if disc.clutter_m.size > 0:
        size_hard = extend(lines.hard, reach.size_hard, k, step_m, f, tx_m, per)
    horizon = reach.horizon
    if lines.hard.steepest[k] > lines.hard.steepest[k - 1]:
        horizon = k
    size_beta = reach.size_beta
    if air.percent < 50.0:
        f = h1 - half_beta * x * x + lines.over[k]
        size_beta = extend(lines.sky_beta, size_beta, k, step_m, f, tx_m, per)
    size_bare = extend(lines.bare, reach.size_bare, k, step_m, h1, tx_m, per)
    zone = reach.zone
    if disc.zone.size > 0 and int(lines.zone[k]) != zone:
        zone = int(lines.zone[k])
        cross_border(state, zone, x - 0.5 * step_m)
    return Reach(k, size, size_beta, size_hard, size_bare, horizon, v1, v2, zone)


@njit(cache=True, nogil=True, error_model="numpy", _nrt=False, forceinline=True)
def _flatten(own: Own, k: int, count: int, step_m: float, air: Air) -> None:
    """Take both earths' bulges off a receiver's own points."""
    half, half_beta = 0.5e-3 / air.earth_km, 0.5e-3 / (EARTH_KM * BETA_EARTH_FACTOR)
    for j in range(count):
        x = (k + 1 + j) * step_m
        own.hard[j] = own.ground[j] - half * x * x
        own.sky[j] = own.hard[j] + own.over[j]
        if air.percent < 50.0:
            own.sky_beta[j] = own.ground[j] - half_beta * x * x + own.over[j]


@njit(cache=True, nogil=True, error_model="numpy", _nrt=False, forceinline=True)
def _zone_lengths(
    disc: Disc, reach: Reach, room: Room, row: int, col: int, count: int, total: float
) -> tuple[float, float, float, float, float]:
    """Return ω, d_tm, d_lm, d_ct and d_cr of a path; inland where there are no zones."""
    km = total * 1e-3
    if disc.zone.size == 0:
        return 0.0, km, km, 500.0, 500.0
    k, step_m, own = reach.k, disc.step_m, room.own
    d_row = (disc.row0 + row - disc.tx_row) * (step_m / total)
    d_col = (disc.col0 + col - disc.tx_col) * (step_m / total)
    own_nearest(disc.zone, disc.tx_row, disc.tx_col, d_row, d_col, k + 1, count, own.zone)
    rx_zone = int(disc.zone[disc.row0 + row, disc.col0 + col])
    lengths: tuple[float, float, float, float, float] = close_zones(
        room.state, room.scratch, reach.zone, rx_zone, k, own.zone, count, step_m, total
    )
    return lengths


@njit(cache=True, nogil=True, error_model="numpy", _nrt=False, forceinline=True)
def _horizons(
    disc: Disc,
    lines: Lines,
    reach: Reach,
    own: Own,
    count: int,
    total: float,
    tx_m: float,
    rx_m: float,
    half: float,
    ray: float,
    rise_hard: float,
    back: float,
    back_m: float,
) -> tuple[float, float, float, float]:
    """Radio horizons over the bare ground (Attachment 1, §5.1 to 5.3).

    `ray` is the slope to the receiver, `rise_hard` the steepest one; `back` and `back_m` are as
    :func:`.walk.skyline.look_back` gives them over clutter, or over bare ground without any.

    Returns
    -------
    near_t_km, near_r_km
        d_lt and d_lr; −1 in sight, where they are not looked for yet.
    theta_t, theta_r
        Elevation angles, mrad.
    """
    k, step_m = reach.k, disc.step_m
    if rise_hard <= ray:
        theta_t = 1e3 * math.atan(ray)  # θ_td, eq. (76), (77)
        theta_r = 1e3 * math.atan(-(rx_m - tx_m) / total - half * total)  # θ_rd, eq. (79)
        return -1.0, -1.0, theta_t, theta_r
    if disc.clutter_m.size > 0:
        rx_flat = rx_m - half * total * total
        back, back_m, _ = look_back(
            lines.hard, reach.size_hard, k, own.hard, count, step_m, total, rx_flat
        )
    at = reach.horizon
    if rise_hard > lines.hard.steepest[k]:
        at = first_at(own.hard, count, k, step_m, tx_m, rise_hard)
    theta_t = 1e3 * math.atan(rise_hard)  # θ_max, eq. (74), (77)
    theta_r = 1e3 * math.atan(back - 2.0 * half * total)  # eq. (80)
    return at * step_m * 1e-3, (total - back_m) * 1e-3, theta_t, theta_r


@njit(cache=True, nogil=True, error_model="numpy", _nrt=False, forceinline=True)
def receive(
    disc: Disc,
    lines: Lines,
    reach: Reach,
    room: Room,
    air: Air,
    bands: NDArray[np.float64],
    longest: float,
    row: int,
    col: int,
    total: float,
    trace: NDArray[np.float64],
) -> None:
    """Compute one receiver, `total` metres from the antenna, behind the radial's k points.

    `longest` is the longest wavelength.
    """
    k, step_m, own = reach.k, disc.step_m, room.own
    earth_km, beta_km = air.earth_km, EARTH_KM * BETA_EARTH_FACTOR  # a_e, a_β: eq. (7a, b)
    half, half_beta = 0.5e-3 / earth_km, 0.5e-3 / beta_km
    has_clutter, rare = disc.clutter_m.size > 0, air.percent < 50.0
    ground_tx_m = disc.ground_tx_m
    tx_m = ground_tx_m + disc.antenna_m  # h_ts
    ground_rx_m = float(disc.height_m[disc.row0 + row, disc.col0 + col])
    rx_m = ground_rx_m + rise_at(disc, row, col)  # h_rs
    drop = rx_m - tx_m
    # eq. (8), (8a), less the bands' constants.
    free = 0.5 * DB_PER_NEPER * math.log(total * total + drop * drop) - 60.0
    ray = drop / max(total, 1e-3) - half * total
    before = points_before(total, step_m)
    if total < SHORTEST_M or before < FEWEST_POINTS:
        fill_free(disc, bands, row, col, free, ray)
        return
    count = before - k
    if not read_own(disc, row, col, total, k, count, own.ground, own.over):
        disc.flags[row, col] = FLAG_NO_DATA
        return
    _flatten(own, k, count, step_m, air)

    # The Bullington part of diffraction (§4.3.1), then the bare ground's horizon (Attachment 1).
    # ν = −√(q·D·2/λ) stays below −0.78 at every band while q·D exceeds this.
    clear_qd = NU_CLEAR * NU_CLEAR * longest * 0.5 * (1.0 + 1e-9)
    limit = clear_qd / total
    edge, sight, rise, back, back_m = edge_to(
        lines.sky, reach.size, k, own.sky, count, step_m, total, tx_m, rx_m, half, limit
    )
    rise_hard = rise
    if has_clutter:
        rise_hard = steepest_to(lines.hard, k, own.hard, count, step_m, tx_m)
    flag = FLAG_LINE_OF_SIGHT if sight >= 0 else 0
    if abs(rise - ray) < 1e-9 or abs(rise_hard - ray) < 1e-9:
        flag |= FLAG_BRANCH_NEAR
    disc.flags[row, col] = flag

    # The smooth earth: heights over it (Attachment 1, §5.6), and the loss over it (§4.3.2).
    fit_t, fit_r, end_t, end_r = smooth_ends(
        reach.v1,
        reach.v2,
        lines.bare,
        reach.size_bare,
        lines.bare.steepest[k],
        k,
        own.ground,
        count,
        ground_rx_m,
        step_m,
        total,
        tx_m,
        rx_m,
    )
    h1 = tx_m - min(end_t, ground_tx_m)  # h'_tc, eq. (37a), over h_std of eq. (89)
    h2 = rx_m - min(end_r, ground_rx_m)  # h'_rc, eq. (37b)
    sea_share, land_km, inland_km, coast_t, coast_r = _zone_lengths(
        disc, reach, room, row, col, count, total
    )
    smooth = sphere_to(
        total, h1, h2, earth_km, before, step_m, bands, longest, sea_share, room.of_bands.sphere
    )
    edge_b = smooth_b = -math.inf
    if rare:  # the same over a_β (§4.3.5)
        edge_b, _, _, _, _ = edge_to(
            lines.sky_beta,
            reach.size_beta,
            k,
            own.sky_beta,
            count,
            step_m,
            total,
            tx_m,
            rx_m,
            half_beta,
            limit,
        )
        smooth_b = sphere_to(
            total,
            h1,
            h2,
            beta_km,
            before,
            step_m,
            bands,
            longest,
            sea_share,
            room.of_bands.sphere_beta,
        )
    near_t, near_r, theta_t, theta_r = _horizons(
        disc,
        lines,
        reach,
        own,
        count,
        total,
        tx_m,
        rx_m,
        half,
        ray,
        rise_hard,
        back,
        back_m,
    )
    if has_clutter and rise > ray:
        disc.elevation[row, col] = math.degrees(math.atan(rise))
    else:
        disc.elevation[row, col] = math.degrees(theta_t * 1e-3)
    path = Path(
        total,
        tx_m,
        rx_m,
        free,
        edge,
        smooth,
        edge_b,
        smooth_b,
        0 if has_clutter else sight,
        near_t,
        near_r,
        theta_t,
        theta_r,
        min(fit_t, ground_tx_m),  # h_st, eq. (90a)
        min(fit_r, ground_rx_m),  # h_sr, eq. (90b)
        sea_share,
        land_km,
        inland_km,
        coast_t,
        coast_r,
    )
    ground = Ground(lines.hard, reach.size_hard, lines.bare, k, count, own.ground, own.hard, step_m)
    if trace.size > 0:
        record(path, ground, h1, h2, air, trace, row, col)
    fill_in(path, ground, air, bands, room.of_bands, disc.loss, row, col)
