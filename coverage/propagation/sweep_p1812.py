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
    BAND_SCALE,
    BAND_WAVELENGTH,
    DB_PER_NEPER,
    NU_CLEAR,
    delta_bullington_db,
)
from phusong.coverage.propagation.fan import (
    bilinear,
    fan_of,
    points_before,
    sample_nearest,
    sample_radial,
)
from phusong.coverage.propagation.hull import push, tangent
from phusong.coverage.propagation.p1812 import BETA_EARTH_FACTOR, check_p1812
from phusong.coverage.propagation.p1812_loss import (
    BAND_TROPO,
    EARTH_KM,
    coast_coupling_db,
    combine_db,
    duct_incidence,
    ducting_floor_db,
    ducting_path_db,
    ducting_path_floor_db,
    ducting_time_db,
    enhancement_db,
    p1812_bands,
    path_weight,
    time_weight,
)
from phusong.coverage.propagation.p1812_terrain import effective_earth_km
from phusong.coverage.propagation.radial import (
    BUNDLE,
    edge_to,
    extend,
    highest_above,
    queue_receivers,
    smooth_ends,
    sphere_to,
)
from phusong.coverage.propagation.sight import BLOCK, close_block, nearest_to_ray
from phusong.coverage.propagation.surface import (
    FLAG_BRANCH_NEAR,
    FLAG_FREE_SPACE,
    FLAG_LINE_OF_SIGHT,
    FLAG_NO_DATA,
    ZONE_INLAND,
    PathLoss,
)
from phusong.coverage.propagation.zones import (
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
) -> PathLoss:
    """Compute the loss of ITU-R P.1812-7 from `tx` to every cell in reach.

    For `time_percent` of an average year and the median location; location variability inside a
    cell is a spread, added later where probabilities are computed. See
    :func:`phusong.coverage.propagation.propagate` for the arguments. `dtype` is that of the
    losses: float64 lets tests see past float32's rounding.

    Raises
    ------
    ModelError
        For a frequency, height, percentage or ΔN outside Table 1 of P.1812-7.
    """
    check_p1812(
        freqs_mhz, tx.height_m, settings.rx_height_m, settings.time_percent, 50.0, settings.delta_n
    )
    fan = fan_of(surface, tx, settings)
    shape = (fan.rows, fan.cols)
    bands = p1812_bands(freqs_mhz, settings.polarisation, settings.time_percent, settings.n0)
    loss = np.full((len(freqs_mhz), *shape), np.nan, dtype)
    elevation = np.full(shape, np.nan, np.float32)
    step_m, _ = settings.steps_m(surface.cell_m)
    clutter, zone = surface.clutter_m, surface.zone
    _walk(
        surface.height_m,
        surface.height_m if clutter is None else clutter,
        np.empty((1, 1), np.uint8) if zone is None else zone,
        clutter is not None,
        zone is not None,
        fan.row0,
        fan.col0,
        fan.tx_row,
        fan.tx_col,
        surface.cell_m,
        fan.cells,
        fan.start,
        fan.flags,
        bilinear(surface.height_m, fan.tx_row, fan.tx_col),
        tx.height_m,
        settings.rx_height_m,
        effective_earth_km(settings.delta_n),
        settings.time_percent,
        settings.latitude_deg,
        points_before(settings.radius_m, step_m) + 2,
        step_m,
        bands,
        loss,
        elevation,
    )
    return PathLoss(fan.row0, fan.col0, freqs_mhz, loss, elevation, fan.flags)


@njit(cache=True, nogil=True, error_model="numpy")
def _time_db(
    ground: NDArray[np.float64],
    base: NDArray[np.float64],
    slope: NDArray[np.float64],
    step_m: float,
    distance_m: float,
    near_t_km: float,
    near_r_km: float,
    smooth_t_m: float,
    smooth_r_m: float,
    tx_m: float,
    rx_m: float,
    percent: float,
    earth_km: float,
    beta0: float,
    tau: float,
) -> float:
    """Return A(p) of the ducting model, from the roughness between the horizons."""
    first = int(near_t_km * 1e3 / step_m + 0.5)
    last = int((distance_m - near_r_km * 1e3) / step_m + 0.5)
    rough = highest_above(
        ground,
        base,
        slope,
        first,
        last,
        step_m,
        smooth_t_m,
        (smooth_r_m - smooth_t_m) / distance_m,
        10.0,  # less does not matter (eq. 55)
    )
    km = distance_m * 1e-3
    a_p, _ = ducting_time_db(
        percent,
        km,
        earth_km,
        beta0,
        tau,
        tx_m - smooth_t_m,
        rx_m - smooth_r_m,
        rough,
        km - near_t_km - near_r_km,
    )
    return float(a_p)


@njit(cache=True, nogil=True, error_model="numpy")
def _walk_bundle(
    bundle: int,
    height_m: NDArray[np.float32],
    clutter_m: NDArray[np.float32],
    zone: NDArray[np.uint8],
    has_clutter: bool,
    has_zone: bool,
    row0: int,
    col0: int,
    tx_row: float,
    tx_col: float,
    cell_m: float,
    cells: NDArray[np.int32],
    start: NDArray[np.int64],
    flags: NDArray[np.uint8],
    ground_tx_m: float,
    antenna_m: float,
    rx_height_m: float,
    earth_km: float,
    percent: float,
    latitude_deg: float,
    most: int,
    step_m: float,
    bands: NDArray[np.float64],
    loss: NDArray[np.float32],
    elevation: NDArray[np.float32],
) -> None:
    """Walk one bundle of radials; `most` is one more than the largest number of points on any."""
    radials = start.size - 1
    cols = flags.shape[1]
    beta_km = EARTH_KM * BETA_EARTH_FACTOR
    half, half_beta = 0.5e-3 / earth_km, 0.5e-3 / beta_km
    tx_m = ground_tx_m + antenna_m
    n_bands = bands.shape[0]
    rare = percent < 50.0
    # ν = −√(q·D·2/λ) stays below −0.78 at every band while q·D exceeds this.
    longest = bands[:, BAND_WAVELENGTH].max()
    clear_qd = NU_CLEAR * NU_CLEAR * longest * 0.5 * (1.0 + 1e-9)
    tx_zone = ZONE_INLAND
    if has_zone:
        tx_zone = int(zone[int(tx_row + 0.5), int(tx_col + 0.5)])
    blocks = most // BLOCK + 1
    ground, over, zones = np.empty(most), np.zeros(most), np.empty(most)
    # The four skylines: clutter over the median earth, the same over the earth exceeded for
    # β0 % of time, bare ground over the median earth, bare ground over a flat earth.
    flat, rise = np.empty(most), np.empty(most)
    base, slope = np.empty(blocks), np.empty(blocks)
    cv, cx, cy = np.empty(most, np.int32), np.empty(most), np.empty(most)
    flat_b, rise_b = np.empty(most), np.empty(most)
    base_b, slope_b = np.empty(blocks), np.empty(blocks)
    bv, bx, by = np.empty(most, np.int32), np.empty(most), np.empty(most)
    flat_h, rise_h = np.empty(most), np.empty(most)
    base_h, slope_h = np.empty(blocks), np.empty(blocks)
    hv, hx, hy = np.empty(most, np.int32), np.empty(most), np.empty(most)
    base_g, slope_g = np.empty(blocks), np.empty(blocks)
    gv, gx, gy = np.empty(most, np.int32), np.empty(most), np.empty(most)
    if not has_clutter:
        flat_h, rise_h, base_h, slope_h = flat, rise, base, slope
        hv, hx, hy = cv, cx, cy
    head = np.full(most, -1, np.int32)
    follow, away = np.empty(64, np.int32), np.empty(64)
    at_row, at_col = np.empty(64, np.int32), np.empty(64, np.int32)
    state, scratch = np.empty(ZONE_STATE), np.empty(ZONE_STATE)
    sphere, sphere_b = np.empty(n_bands), np.empty(n_bands)
    ground[0] = ground_tx_m
    rise[0] = rise_b[0] = rise_h[0] = -math.inf
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
        rise_g = -math.inf
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
                size = extend(
                    flat, rise, base, slope, cv, cx, cy, size, k, step_m, f + over[k], tx_m, per
                )
                if has_clutter:
                    size_h = extend(
                        flat_h, rise_h, base_h, slope_h, hv, hx, hy, size_h, k, step_m, f, tx_m, per
                    )
                else:
                    size_h = size
                if rise_h[k] > rise_h[k - 1]:
                    horizon = k
                if rare:
                    f = h1 - half_beta * x * x + over[k]
                    size_b = extend(
                        flat_b, rise_b, base_b, slope_b, bv, bx, by, size_b, k, step_m, f, tx_m, per
                    )
                rise_g = max(rise_g, (h1 - tx_m) * per)
                size_g = push(gv, gx, gy, size_g, k, x, h1)
                if k % BLOCK == 0:
                    close_block(ground, step_m, k, base_g, slope_g)
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
                if total < SHORTEST_M or k < FEWEST_POINTS:
                    for b in range(n_bands):
                        loss[b, row, col] = bands[b, BAND_FREE_SPACE] + free
                    elevation[row, col] = math.degrees(math.atan(ray))
                    flags[row, col] = FLAG_FREE_SPACE | FLAG_LINE_OF_SIGHT
                    continue
                km = total * 1e-3
                limit = clear_qd / total
                edge, sight, at = edge_to(
                    flat,
                    rise,
                    base,
                    slope,
                    cv,
                    cx,
                    cy,
                    size,
                    k,
                    step_m,
                    total,
                    tx_m,
                    rx_m,
                    half,
                    limit,
                )
                flag = FLAG_LINE_OF_SIGHT if sight >= 0 else 0
                if abs(rise[k] - ray) < 1e-9 or abs(rise_h[k] - ray) < 1e-9:
                    flag |= FLAG_BRANCH_NEAR
                flags[row, col] = flag
                fit_t, fit_r, end_t, end_r = smooth_ends(
                    v1,
                    v2,
                    ground[k],
                    ground_rx_m,
                    k,
                    step_m,
                    total,
                    tx_m,
                    rx_m,
                    rise_g,
                    gx,
                    gy,
                    size_g,
                )
                h1 = tx_m - min(end_t, ground_tx_m)
                h2 = rx_m - min(end_r, ground_rx_m)
                sea_share, land_km, inland_km = 0.0, km, km
                coast_t = coast_r = 500.0
                if has_zone:
                    rx_zone = int(zone[row0 + row, col0 + col])
                    sea_share, land_km, inland_km, coast_t, coast_r = close_zones(
                        state, scratch, last_zone, rx_zone, k * step_m, total
                    )
                smooth = sphere_to(
                    total, h1, h2, earth_km, k, step_m, bands, longest, sea_share, sphere
                )
                beta0, tau, weight_i = 0.0, 0.0, 0.0
                edge_b = smooth_b = -math.inf
                if rare:
                    beta0, tau = duct_incidence(land_km, inland_km, latitude_deg)
                    weight_i = time_weight(percent, beta0)
                    edge_b, _, _ = edge_to(
                        flat_b,
                        rise_b,
                        base_b,
                        slope_b,
                        bv,
                        bx,
                        by,
                        size_b,
                        k,
                        step_m,
                        total,
                        tx_m,
                        rx_m,
                        half_beta,
                        limit,
                    )
                    smooth_b = sphere_to(
                        total, h1, h2, beta_km, k, step_m, bands, longest, sea_share, sphere_b
                    )
                # Horizons over the bare ground (Attachment 1).
                in_sight = rise_h[k] <= ray
                theta_t = 1e3 * math.atan(ray if in_sight else rise_h[k])
                if in_sight:
                    near_t = near_r = -1.0  # not yet looked for
                    horizons_km = km
                    theta_r = 1e3 * math.atan(-drop / total - half * total)
                else:
                    rx_flat = rx_m - half * total * total
                    if has_clutter:
                        at = tangent(hx, hy, size_h, total, rx_flat)
                    near_t = horizon * step_m * 1e-3
                    near_r = (total - hx[at]) * 1e-3
                    horizons_km = near_t + near_r
                    theta_r = 1e3 * math.atan(
                        (hy[at] - rx_flat) / (total - hx[at]) - 2.0 * half * total
                    )
                if has_clutter and rise[k] > ray:
                    elevation[row, col] = math.degrees(math.atan(rise[k]))
                else:
                    elevation[row, col] = math.degrees(theta_t * 1e-3)
                theta = 1e3 * km / earth_km + theta_t + theta_r
                weight_j = path_weight(theta)
                bend = DB_PER_NEPER * math.log(km) + 0.573 * theta
                gain_p = gain_beta = 0.0
                if rare:
                    gain_p = enhancement_db(percent, horizons_km)
                    gain_beta = enhancement_db(beta0, horizons_km)
                a_p = math.nan  # A(p), the same for every band
                for b in range(n_bands):
                    band = bands[b]
                    scale = band[BAND_SCALE]
                    ldp = ld50 = delta_bullington_db(edge, smooth, sphere[b], scale, total)
                    if rare:
                        ldb = delta_bullington_db(edge_b, smooth_b, sphere_b[b], scale, total)
                        ldp = ld50 + (ldb - ld50) * weight_i
                    free_db = band[BAND_FREE_SPACE] + free
                    free_p = free_db + gain_p
                    # Ducting counts only where it can come below the diffraction loss.
                    bound = free_p + ldp + (12.0 if sea_share >= 0.75 else 0.0)
                    if rare:
                        bound -= ducting_floor_db(percent, km, beta0)
                    if near_t < 0.0:
                        near_r = (total - k * step_m) * 1e-3
                        lowest = ducting_path_floor_db(
                            band, km, earth_km, step_m * 1e-3, near_r, theta_t, theta_r
                        )
                        if lowest <= bound:
                            near = sight if not has_clutter else 0
                            if near <= 0:
                                rx_flat = rx_m - half * total * total
                                top = tangent(hx, hy, size_h, total, rx_flat)
                                _, near = nearest_to_ray(
                                    flat_h,
                                    rise_h,
                                    base_h,
                                    slope_h,
                                    k,
                                    step_m,
                                    total,
                                    tx_m,
                                    rx_flat,
                                    hv[top],
                                    math.inf,
                                )
                            near_t = near * step_m * 1e-3
                            near_r = km - near_t
                    ducting = math.inf
                    if near_t >= 0.0:
                        path_db = ducting_path_db(
                            band, km, earth_km, near_t, near_r, theta_t, theta_r
                        )
                        if path_db <= bound:
                            if math.isnan(a_p):
                                if not rare:
                                    beta0, tau = duct_incidence(land_km, inland_km, latitude_deg)
                                a_p = _time_db(
                                    ground,
                                    base_g,
                                    slope_g,
                                    step_m,
                                    total,
                                    near_t,
                                    near_r,
                                    min(fit_t, ground_tx_m),
                                    min(fit_r, ground_rx_m),
                                    tx_m,
                                    rx_m,
                                    percent,
                                    earth_km,
                                    beta0,
                                    tau,
                                )
                            ducting = (
                                path_db
                                + a_p
                                + coast_coupling_db(sea_share, coast_t, near_t, tx_m)
                                + coast_coupling_db(sea_share, coast_r, near_r, rx_m)
                            )
                    _, _, _, _, bc = combine_db(
                        band[BAND_TROPO] + bend,
                        ducting,
                        free_db,
                        free_p,
                        free_db + gain_beta,
                        ld50,
                        ldp,
                        percent < beta0,
                        weight_i,
                        weight_j,
                        km,
                        sea_share,
                    )
                    loss[b, row, col] = max(free_p, bc)


@njit(cache=True, nogil=True, parallel=True, error_model="numpy")
def _walk(
    height_m: NDArray[np.float32],
    clutter_m: NDArray[np.float32],
    zone: NDArray[np.uint8],
    has_clutter: bool,
    has_zone: bool,
    row0: int,
    col0: int,
    tx_row: float,
    tx_col: float,
    cell_m: float,
    cells: NDArray[np.int32],
    start: NDArray[np.int64],
    flags: NDArray[np.uint8],
    ground_tx_m: float,
    antenna_m: float,
    rx_height_m: float,
    earth_km: float,
    percent: float,
    latitude_deg: float,
    most: int,
    step_m: float,
    bands: NDArray[np.float64],
    loss: NDArray[np.float32],
    elevation: NDArray[np.float32],
) -> None:
    """Walk every radial, a bundle a task; the arguments are those of :func:`_walk_bundle`."""
    for bundle in prange((start.size + BUNDLE - 2) // BUNDLE):
        _walk_bundle(
            bundle,
            height_m,
            clutter_m,
            zone,
            has_clutter,
            has_zone,
            row0,
            col0,
            tx_row,
            tx_col,
            cell_m,
            cells,
            start,
            flags,
            ground_tx_m,
            antenna_m,
            rx_height_m,
            earth_km,
            percent,
            latitude_deg,
            most,
            step_m,
            bands,
            loss,
            elevation,
        )
