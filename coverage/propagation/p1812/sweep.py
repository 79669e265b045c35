"""P.1812-7 in full over a whole disc: each radial is walked outwards once.

ΔN, N0 and the latitude are the site's, not each path's centre's: a radius of the earth that
changed from path to path would leave nothing to share. Clutter stands at the points between the
terminals, as in the Recommendation, and at the nearest cell's height.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from phusong.coverage.propagation.diffraction import (
    BAND_FREE_SPACE,
    BAND_WAVELENGTH,
    DB_PER_NEPER,
    NU_CLEAR,
)
from phusong.coverage.propagation.p1812.geometry import effective_earth_km
from phusong.coverage.propagation.p1812.loss import EARTH_KM, p1812_bands
from phusong.coverage.propagation.p1812.path import BETA_EARTH_FACTOR, check_p1812
from phusong.coverage.propagation.p1812.receiver import TRACE, Air, Path, fill_in, record
from phusong.coverage.propagation.surface import (
    FLAG_BRANCH_NEAR,
    FLAG_FREE_SPACE,
    FLAG_LINE_OF_SIGHT,
    FLAG_NO_DATA,
    ZONE_INLAND,
    PathLoss,
)
from phusong.coverage.propagation.walk.approach import OWN_POINTS, own_ground, own_nearest
from phusong.coverage.propagation.walk.disc import Disc, disc_of
from phusong.coverage.propagation.walk.fan import points_before, sample_nearest, sample_radial
from phusong.coverage.propagation.walk.receivers import BUNDLE, queue_receivers
from phusong.coverage.propagation.walk.skyline import (
    edge_to,
    extend,
    first_at,
    look_back,
    skyline,
    steepest_to,
)
from phusong.coverage.propagation.walk.smooth import smooth_ends, sphere_to
from phusong.coverage.propagation.walk.zones import (
    ZONE_STATE,
    begin_zones,
    close_zones,
    cross_border,
)
from phusong.jit import njit, prange

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from phusong.coverage.propagation.surface import PropagationSettings, Surface, Transmitter

SHORTEST_M = 250.0
"""Nearer, P.1812 does not apply (Table 1): free space, flagged."""
FEWEST_POINTS = 3
"""With fewer points between the terminals there is no profile to speak of."""


def sweep_p1812(
    surface: Surface,
    tx: Transmitter,
    freqs_mhz: tuple[float, ...],
    settings: PropagationSettings,
    dtype: type[np.floating[Any]] = np.float32,
    *,
    trace: NDArray[np.float64] | None = None,
) -> PathLoss:
    """Compute the loss of ITU-R P.1812-7 from `tx` to every cell in reach.

    For `time_percent` of an average year and the median location; location variability inside a
    cell is a spread, added later where probabilities are computed. See
    :func:`phusong.coverage.propagation.propagate` for the arguments. `dtype` is that of the
    losses: float64 lets tests see past float32's rounding. `trace`, shape (rows, cols,
    len(:data:`.receiver.TRACE`)) of the disc's window, is filled with the numbers of each
    path where it is given.

    Raises
    ------
    ModelError
        For a frequency, height, percentage or ΔN outside Table 1 of P.1812-7.
    """
    check_p1812(
        freqs_mhz, tx.height_m, settings.rx_height_m, settings.time_percent, 50.0, settings.delta_n
    )
    bands = p1812_bands(freqs_mhz, settings.polarisation, settings.time_percent, settings.n0)
    air = Air(effective_earth_km(settings.delta_n), settings.time_percent, settings.latitude_deg)
    disc = disc_of(surface, tx, len(freqs_mhz), settings, dtype)
    _walk(disc, air, bands, np.empty((0, 0, len(TRACE))) if trace is None else trace)
    return disc.path_loss(freqs_mhz)


@njit(cache=True, nogil=True, error_model="numpy")
def _walk_bundle(
    bundle: int, disc: Disc, air: Air, bands: NDArray[np.float64], trace: NDArray[np.float64]
) -> None:
    """Walk one bundle of radials."""
    height_m, clutter_m, zone = disc.height_m, disc.clutter_m, disc.zone
    cell_m, step_m, most, flags = disc.cell_m, disc.step_m, disc.most, disc.flags
    row0, col0, tx_row, tx_col = disc.row0, disc.col0, disc.tx_row, disc.tx_col
    ground_tx_m, antenna_m, rx_height_m = disc.ground_tx_m, disc.antenna_m, disc.rx_height_m
    cells, start, loss, elevation = disc.cells, disc.start, disc.loss, disc.elevation
    has_clutter, has_zone = clutter_m.size > 0, zone.size > 0
    radials = start.size - 1
    cols = flags.shape[1]
    earth_km, beta_km = air.earth_km, EARTH_KM * BETA_EARTH_FACTOR
    half, half_beta = 0.5e-3 / earth_km, 0.5e-3 / beta_km
    tx_m = ground_tx_m + antenna_m
    n_bands = bands.shape[0]
    rare = air.percent < 50.0
    # ν = −√(q·D·2/λ) stays below −0.78 at every band while q·D exceeds this.
    longest = bands[:, BAND_WAVELENGTH].max()
    clear_qd = NU_CLEAR * NU_CLEAR * longest * 0.5 * (1.0 + 1e-9)
    tx_zone = ZONE_INLAND
    if has_zone:
        sea_row, sea_col = int(tx_row + 0.5), int(tx_col + 0.5)
        tx_zone = int(zone[min(sea_row, zone.shape[0] - 1), min(sea_col, zone.shape[1] - 1)])
    # The four skylines: clutter over the median earth, the same over the earth exceeded for
    # β0 % of time, bare ground over the median earth, bare ground over a flat earth.
    sky, sky_b, bare = skyline(most), skyline(most), skyline(most)
    hard = skyline(most) if has_clutter else sky
    rise_hard, rise_bare = hard.steepest, bare.steepest
    ground, over, zones = bare.flat, np.zeros(most), np.empty(most)
    own, own_over, own_zone = np.empty(OWN_POINTS), np.zeros(OWN_POINTS), np.empty(OWN_POINTS)
    own_flat, own_b, own_hard = np.empty(OWN_POINTS), np.empty(OWN_POINTS), np.empty(OWN_POINTS)
    head = np.full(most, -1, np.int32)
    follow, away = np.empty(64, np.int32), np.empty(64)
    at_row, at_col = np.empty(64, np.int32), np.empty(64, np.int32)
    state, scratch = np.empty(ZONE_STATE), np.empty(ZONE_STATE)
    sphere, sphere_b = np.empty(n_bands), np.empty(n_bands)
    ground[0] = ground_tx_m
    for radial in range(bundle * BUNDLE, min(radials, (bundle + 1) * BUNDLE)):
        mine = cells[start[radial] : start[radial + 1]]
        if mine.size == 0:
            continue
        if follow.size < mine.size:
            room = 2 * mine.size
            follow, away = np.empty(room, np.int32), np.empty(room)
            at_row, at_col = np.empty(room, np.int32), np.empty(room, np.int32)
        points = queue_receivers(
            mine,
            cols,
            row0 - tx_row,
            col0 - tx_col,
            cell_m,
            step_m,
            head,
            follow,
            at_row,
            at_col,
            away,
        )
        angle = 2.0 * math.pi * radial / radials
        step = step_m / cell_m
        known = sample_radial(height_m, tx_row, tx_col, angle, step, points, ground)
        if has_clutter:
            sample_nearest(clutter_m, tx_row, tx_col, angle, step, known, over)
        if has_zone:
            sample_nearest(zone, tx_row, tx_col, angle, step, known, zones)
            begin_zones(state, tx_zone)
        last_zone = tx_zone
        size = size_b = size_h = size_g = 0
        horizon = 0
        v1 = v2 = 0.0
        for k in range(points + 1):
            if 1 <= k <= known:
                x = k * step_m
                per = 1.0 / x
                h0, h1 = ground[k - 1], ground[k]
                v1 += step_m * (h1 + h0)
                v2 += step_m * (h1 * (3.0 * x - step_m) + h0 * (3.0 * x - 2.0 * step_m))
                f = h1 - half * x * x
                size = extend(sky, size, k, step_m, f + over[k], tx_m, per)
                size_h = extend(hard, size_h, k, step_m, f, tx_m, per) if has_clutter else size
                if rise_hard[k] > rise_hard[k - 1]:
                    horizon = k
                if rare:
                    f = h1 - half_beta * x * x + over[k]
                    size_b = extend(sky_b, size_b, k, step_m, f, tx_m, per)
                size_g = extend(bare, size_g, k, step_m, h1, tx_m, per)
                if has_zone and int(zones[k]) != last_zone:
                    last_zone = int(zones[k])
                    cross_border(state, last_zone, x - 0.5 * step_m)
            n = head[k]
            head[k] = -1
            while n >= 0:
                row, col = int(at_row[n]), int(at_col[n])
                total = away[n]
                n = follow[n]
                if k > known:
                    flags[row, col] = FLAG_NO_DATA
                    continue
                ground_rx_m = float(height_m[row0 + row, col0 + col])
                rx_m = ground_rx_m + rx_height_m
                drop = rx_m - tx_m
                free = 0.5 * DB_PER_NEPER * math.log(total * total + drop * drop) - 60.0
                ray = drop / max(total, 1e-3) - half * total
                before = points_before(total, step_m)
                if total < SHORTEST_M or before < FEWEST_POINTS:
                    for b in range(n_bands):
                        loss[b, row, col] = bands[b, BAND_FREE_SPACE] + free
                    elevation[row, col] = math.degrees(math.atan(ray))
                    flags[row, col] = FLAG_FREE_SPACE | FLAG_LINE_OF_SIGHT
                    continue
                count = before - k
                d_row = (row0 + row - tx_row) * (step_m / total)
                d_col = (col0 + col - tx_col) * (step_m / total)
                if not own_ground(height_m, tx_row, tx_col, d_row, d_col, k + 1, count, own):
                    flags[row, col] = FLAG_NO_DATA
                    continue
                if has_clutter:
                    own_nearest(clutter_m, tx_row, tx_col, d_row, d_col, k + 1, count, own_over)
                for j in range(count):
                    x = (k + 1 + j) * step_m
                    own_hard[j] = own[j] - half * x * x
                    own_flat[j] = own_hard[j] + own_over[j]
                    if rare:
                        own_b[j] = own[j] - half_beta * x * x + own_over[j]
                limit = clear_qd / total
                edge, sight, rise, back, back_m = edge_to(
                    sky, size, k, own_flat, count, step_m, total, tx_m, rx_m, half, limit
                )
                # Over the bare ground (Attachment 1).
                rise_h = rise
                if has_clutter:
                    rise_h = steepest_to(hard, k, own_hard, count, step_m, tx_m)
                flag = FLAG_LINE_OF_SIGHT if sight >= 0 else 0
                if abs(rise - ray) < 1e-9 or abs(rise_h - ray) < 1e-9:
                    flag |= FLAG_BRANCH_NEAR
                flags[row, col] = flag
                fit_t, fit_r, end_t, end_r = smooth_ends(
                    v1,
                    v2,
                    bare,
                    size_g,
                    rise_bare[k],
                    k,
                    own,
                    count,
                    ground_rx_m,
                    step_m,
                    total,
                    tx_m,
                    rx_m,
                )
                h1 = tx_m - min(end_t, ground_tx_m)
                h2 = rx_m - min(end_r, ground_rx_m)
                km = total * 1e-3
                sea_share, land_km, inland_km = 0.0, km, km
                coast_t = coast_r = 500.0
                if has_zone:
                    own_nearest(zone, tx_row, tx_col, d_row, d_col, k + 1, count, own_zone)
                    rx_zone = int(zone[row0 + row, col0 + col])
                    sea_share, land_km, inland_km, coast_t, coast_r = close_zones(
                        state, scratch, last_zone, rx_zone, k, own_zone, count, step_m, total
                    )
                smooth = sphere_to(
                    total, h1, h2, earth_km, before, step_m, bands, longest, sea_share, sphere
                )
                edge_b = smooth_b = -math.inf
                if rare:
                    edge_b, _, _, _, _ = edge_to(
                        sky_b, size_b, k, own_b, count, step_m, total, tx_m, rx_m, half_beta, limit
                    )
                    smooth_b = sphere_to(
                        total, h1, h2, beta_km, before, step_m, bands, longest, sea_share, sphere_b
                    )
                if rise_h <= ray:
                    near_t = near_r = -1.0  # not yet looked for
                    theta_t = 1e3 * math.atan(ray)
                    theta_r = 1e3 * math.atan(-drop / total - half * total)
                else:
                    if has_clutter:
                        rx_flat = rx_m - half * total * total
                        back, back_m, _ = look_back(
                            hard, size_h, k, own_hard, count, step_m, total, rx_flat
                        )
                    at = horizon
                    if rise_h > rise_hard[k]:
                        at = first_at(own_hard, count, k, step_m, tx_m, rise_h)
                    near_t = at * step_m * 1e-3
                    near_r = (total - back_m) * 1e-3
                    theta_t = 1e3 * math.atan(rise_h)
                    theta_r = 1e3 * math.atan(back - 2.0 * half * total)
                if has_clutter and rise > ray:
                    elevation[row, col] = math.degrees(math.atan(rise))
                else:
                    elevation[row, col] = math.degrees(theta_t * 1e-3)
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
                    min(fit_t, ground_tx_m),
                    min(fit_r, ground_rx_m),
                    sea_share,
                    land_km,
                    inland_km,
                    coast_t,
                    coast_r,
                )
                if trace.size > 0:
                    record(
                        path,
                        h1,
                        h2,
                        hard,
                        size_h,
                        bare,
                        k,
                        count,
                        own,
                        own_hard,
                        step_m,
                        air,
                        trace,
                        row,
                        col,
                    )
                fill_in(
                    path,
                    hard,
                    size_h,
                    bare,
                    k,
                    count,
                    own,
                    own_hard,
                    step_m,
                    air,
                    bands,
                    sphere,
                    sphere_b,
                    loss,
                    row,
                    col,
                )


@njit(cache=True, nogil=True, parallel=True, error_model="numpy")
def _walk(disc: Disc, air: Air, bands: NDArray[np.float64], trace: NDArray[np.float64]) -> None:
    """Walk every radial, a bundle a task."""
    for bundle in prange((disc.start.size + BUNDLE - 2) // BUNDLE):
        _walk_bundle(bundle, disc, air, bands, trace)
