"""P.526 delta-Bullington over a whole disc: each radial is walked outwards once."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from phusong.coverage.propagation.diffraction import (
    BAND_FREE_SPACE,
    BAND_SCALE,
    BAND_WAVELENGTH,
    NU_CLEAR,
    band_constants,
    bullington_db,
    edge_height,
    smooth_obstruction,
    spherical_clearance,
    spherical_earth_db,
)
from phusong.coverage.propagation.fan import (
    bilinear,
    fan_of,
    points_before,
    sample_nearest,
    sample_radial,
)
from phusong.coverage.propagation.hull import highest, push, tangent
from phusong.coverage.propagation.p526 import FREE_SPACE_DB
from phusong.coverage.propagation.sight import BLOCK, close_block, nearest_to_ray
from phusong.coverage.propagation.surface import (
    FLAG_BRANCH_NEAR,
    FLAG_FREE_SPACE,
    FLAG_LINE_OF_SIGHT,
    FLAG_NO_DATA,
    PathLoss,
)
from phusong.jit import njit, prange

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from phusong.coverage.propagation.surface import PropagationSettings, Surface, Transmitter

_BUNDLE = 8


def sweep_p526(
    surface: Surface,
    tx: Transmitter,
    freqs_mhz: tuple[float, ...],
    settings: PropagationSettings,
    dtype: type[np.floating[Any]] = np.float32,
) -> PathLoss:
    """Free-space and delta-Bullington loss (P.526-15 §4.5) from `tx` to every cell in reach.

    See :func:`phusong.coverage.propagation.propagate` for the arguments; they are taken as
    checked. `dtype` is that of the losses: float64 lets tests see past float32's rounding.
    """
    fan = fan_of(surface, tx, settings)
    shape = (fan.rows, fan.cols)
    bands = band_constants(
        freqs_mhz, vertical=settings.polarisation == "v", free_space_db=FREE_SPACE_DB
    )
    loss = np.full((len(freqs_mhz), *shape), np.nan, dtype)
    elevation = np.full(shape, np.nan, np.float32)
    step_m, _ = settings.steps_m(surface.cell_m)
    ground_m = bilinear(surface.height_m, fan.tx_row, fan.tx_col)
    clutter = surface.clutter_m
    _walk(
        surface.height_m,
        surface.height_m if clutter is None else clutter,
        clutter is not None,
        fan.row0,
        fan.col0,
        fan.tx_row,
        fan.tx_col,
        surface.cell_m,
        fan.cells,
        fan.start,
        fan.flags,
        float(ground_m),
        tx.height_m,
        settings.rx_height_m,
        settings.effective_earth_radius_km * 1e3,
        settings.radius_m,
        step_m,
        bands,
        loss,
        elevation,
    )
    return PathLoss(fan.row0, fan.col0, freqs_mhz, loss, elevation, fan.flags)


@njit(cache=True, nogil=True, parallel=True, error_model="numpy")
def _walk(
    height_m: NDArray[np.float32],
    clutter_m: NDArray[np.float32],
    has_clutter: bool,
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
    radius_m: float,
    reach_m: float,
    step_m: float,
    bands: NDArray[np.float64],
    loss: NDArray[np.float32],
    elevation: NDArray[np.float32],
) -> None:
    radials = start.size - 1
    cols = flags.shape[1]
    most = points_before(reach_m, step_m) + 2
    half = 0.5 / radius_m
    tx_m = ground_tx_m + antenna_m
    n_bands = bands.shape[0]
    longest = 0.0
    for b in range(n_bands):
        longest = max(longest, bands[b, BAND_WAVELENGTH])
    # ν = −√(q·D·2/λ) stays below −0.78 at every band while q·D exceeds this.
    clear_qd = NU_CLEAR * NU_CLEAR * longest * 0.5 * (1.0 + 1e-9)
    bundles = (radials + _BUNDLE - 1) // _BUNDLE
    for bundle in prange(bundles):
        ground = np.empty(most + 1)
        over = np.empty(most + 1)
        flat = np.empty(most + 1)
        steepest = np.empty(most + 1)
        base = np.empty(most // BLOCK + 1)
        slope = np.empty(most // BLOCK + 1)
        cv, cx, cy = np.empty(most + 1, np.int32), np.empty(most + 1), np.empty(most + 1)
        gv, gx, gy = np.empty(most + 1, np.int32), np.empty(most + 1), np.empty(most + 1)
        head = np.full(most + 1, -1, np.int32)
        follow = np.empty(64, np.int32)
        away = np.empty(64)
        sphere = np.empty(n_bands)
        for radial in range(bundle * _BUNDLE, min(radials, (bundle + 1) * _BUNDLE)):
            count = start[radial + 1] - start[radial]
            if count == 0:
                continue
            if follow.size < count:
                follow = np.empty(2 * count, np.int32)
                away = np.empty(2 * count)
            points = 0
            for n in range(count):
                cell = cells[start[radial] + n]
                d_row = (row0 + cell // cols - tx_row) * cell_m
                d_col = (col0 + cell % cols - tx_col) * cell_m
                away[n] = math.sqrt(d_row * d_row + d_col * d_col)
                k = points_before(away[n], step_m)
                follow[n] = head[k]
                head[k] = n
                points = max(points, k)
            angle = 2.0 * math.pi * radial / radials
            step_cells = step_m / cell_m
            known = sample_radial(height_m, tx_row, tx_col, angle, step_cells, points, ground)
            if has_clutter:
                sample_nearest(clutter_m, tx_row, tx_col, angle, step_cells, known, over)
            curved = flatter = 0
            rise = rise_flat = -math.inf
            v1 = v2 = 0.0
            ground[0] = ground_tx_m
            for k in range(points + 1):
                if 1 <= k <= known:
                    x = k * step_m
                    x0 = x - step_m
                    h0, h1 = ground[k - 1], ground[k]
                    v1 += step_m * (h1 + h0)
                    v2 += step_m * (h1 * (2.0 * x + x0) + h0 * (x + 2.0 * x0))
                    f = h1 - half * x * x
                    if has_clutter:
                        f += over[k]
                    flat[k] = f
                    rise = max(rise, (f - tx_m) / x)
                    steepest[k] = rise
                    rise_flat = max(rise_flat, (h1 - tx_m) / x)
                    curved = push(cv, cx, cy, curved, k, x, f)
                    flatter = push(gv, gx, gy, flatter, k, x, h1)
                    if k % BLOCK == 0:
                        close_block(flat, step_m, k, base, slope)
                n = head[k]
                head[k] = -1
                while n >= 0:
                    cell = cells[start[radial] + n]
                    row, col = cell // cols, cell % cols
                    total = away[n]
                    n = follow[n]
                    if k > known:
                        flags[row, col] = FLAG_NO_DATA
                        continue
                    ground_rx_m = float(height_m[row0 + row, col0 + col])
                    rx_m = ground_rx_m + rx_height_m
                    drop = rx_m - tx_m
                    slant2 = total * total + drop * drop
                    free = 10.0 * math.log10(slant2) - 60.0
                    rx_flat = rx_m - half * total * total
                    if k == 0:
                        for b in range(n_bands):
                            loss[b, row, col] = bands[b, BAND_FREE_SPACE] + free
                        elevation[row, col] = math.degrees(math.atan2(rx_flat - tx_m, total))
                        flags[row, col] = FLAG_FREE_SPACE | FLAG_LINE_OF_SIGHT
                        continue
                    # The obstacle part (§4.5.1).
                    ray = (rx_flat - tx_m) / total
                    at = tangent(cx, cy, curved, total, rx_flat)
                    if rise < ray:
                        q, where = nearest_to_ray(
                            flat,
                            steepest,
                            base,
                            slope,
                            k,
                            step_m,
                            total,
                            tx_m,
                            rx_flat,
                            cv[at],
                            clear_qd / total,
                        )
                        edge = -math.sqrt(q * total) if where > 0 else -math.inf
                        flag = FLAG_LINE_OF_SIGHT
                        elevation[row, col] = math.degrees(math.atan(ray))
                    else:
                        bulge = half * total
                        slope_r = (cy[at] - rx_flat) / (total - cx[at]) - bulge
                        edge = edge_height(total, tx_m, rx_m, rise + bulge, slope_r)
                        flag = 0
                        elevation[row, col] = math.degrees(math.atan(rise))
                    if abs(rise - ray) < 1e-9:
                        flag |= FLAG_BRANCH_NEAR
                    # The smooth surface (§4.5.2).
                    x0 = k * step_m
                    last = total - x0
                    w1 = v1 + last * (ground_rx_m + ground[k])
                    w2 = v2 + last * (
                        ground_rx_m * (2.0 * total + x0) + ground[k] * (total + 2.0 * x0)
                    )
                    end_t = (2.0 * w1 * total - w2) / (total * total)
                    end_r = (w2 - w1 * total) / (total * total)
                    line = drop / total
                    angle_t = rise_flat - line
                    if angle_t > 0.0:
                        at = tangent(gx, gy, flatter, total, rx_m)
                        angle_r = (gy[at] - rx_m) / (total - gx[at]) + line
                        at = highest(gx, gy, flatter, line)
                        above = gy[at] - line * gx[at] - tx_m
                        share = angle_t / (angle_t + angle_r)
                        end_t -= above * share
                        end_r -= above * (1.0 - share)
                    h1 = tx_m - min(end_t, ground_tx_m)
                    h2 = rx_m - min(end_r, ground_rx_m)
                    total_km = total * 1e-3
                    clearance, weight, cbrt = spherical_clearance(total_km, h1, h2, radius_m * 1e-3)
                    curved_db = 0.0
                    for b in range(n_bands):
                        sphere[b] = spherical_earth_db(
                            total_km, h1, h2, clearance, weight, cbrt, bands[b], 0.0
                        )
                        curved_db = max(curved_db, sphere[b])
                    smooth = -math.inf
                    if curved_db > 0.0:
                        smooth = smooth_obstruction(total, h1, h2, radius_m, step_m, k)
                    for b in range(n_bands):
                        scale = bands[b, BAND_SCALE]
                        lost = bullington_db(edge * scale, total)
                        if sphere[b] > 0.0:
                            lost += max(sphere[b] - bullington_db(smooth * scale, total), 0.0)
                        loss[b, row, col] = bands[b, BAND_FREE_SPACE] + free + lost
                    flags[row, col] = flag
