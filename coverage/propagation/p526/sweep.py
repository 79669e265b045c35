"""P.526 delta-Bullington over a whole disc: each radial is walked outwards once."""

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
    band_constants,
    delta_bullington_db,
)
from phusong.coverage.propagation.p526.path import FREE_SPACE_DB
from phusong.coverage.propagation.surface import (
    FLAG_BRANCH_NEAR,
    FLAG_FREE_SPACE,
    FLAG_LINE_OF_SIGHT,
    FLAG_NO_DATA,
    PathLoss,
)
from phusong.coverage.propagation.walk.approach import OWN_POINTS, own_ground, own_nearest
from phusong.coverage.propagation.walk.disc import Disc, disc_of
from phusong.coverage.propagation.walk.fan import points_before, sample_nearest, sample_radial
from phusong.coverage.propagation.walk.hull import push
from phusong.coverage.propagation.walk.receivers import BUNDLE, queue_receivers
from phusong.coverage.propagation.walk.skyline import edge_to, extend, skyline
from phusong.coverage.propagation.walk.smooth import smooth_ends, sphere_to
from phusong.jit import njit, prange

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from phusong.coverage.propagation.surface import PropagationSettings, Surface, Transmitter


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
    bands = band_constants(
        freqs_mhz, vertical=settings.polarisation == "v", free_space_db=FREE_SPACE_DB
    )
    disc = disc_of(surface, tx, len(freqs_mhz), settings, dtype)
    _walk(disc, settings.effective_earth_radius_km * 1e3, bands)
    return disc.path_loss(freqs_mhz)


@njit(cache=True, nogil=True, error_model="numpy")
def _walk_bundle(bundle: int, disc: Disc, radius_m: float, bands: NDArray[np.float64]) -> None:
    """Walk one bundle of radials."""
    height_m, clutter_m, cell_m, step_m = disc.height_m, disc.clutter_m, disc.cell_m, disc.step_m
    row0, col0, tx_row, tx_col = disc.row0, disc.col0, disc.tx_row, disc.tx_col
    cells, start, most, flags = disc.cells, disc.start, disc.most, disc.flags
    ground_tx_m, antenna_m, rx_height_m = disc.ground_tx_m, disc.antenna_m, disc.rx_height_m
    loss, elevation = disc.loss, disc.elevation
    has_clutter = clutter_m.size > 0
    radials = start.size - 1
    cols = flags.shape[1]
    half = 0.5 / radius_m
    tx_m = ground_tx_m + antenna_m
    n_bands = bands.shape[0]
    # ν = −√(q·D·2/λ) stays below −0.78 at every band while q·D exceeds this.
    longest = bands[:, BAND_WAVELENGTH].max()
    clear_qd = NU_CLEAR * NU_CLEAR * longest * 0.5 * (1.0 + 1e-9)
    curved, bare = skyline(most), skyline(most)
    ground, over = bare.flat, np.empty(most)
    vertex, hull_x, hull_y = bare.vertex, bare.x, bare.y
    own, own_flat, own_over = np.empty(OWN_POINTS), np.empty(OWN_POINTS), np.zeros(OWN_POINTS)
    head = np.full(most, -1, np.int32)
    follow, away = np.empty(64, np.int32), np.empty(64)
    at_row, at_col = np.empty(64, np.int32), np.empty(64, np.int32)
    sphere = np.empty(n_bands)
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
        size = size_bare = 0
        rise_bare = -math.inf
        v1 = v2 = 0.0
        for k in range(points + 1):
            if 1 <= k <= known:
                x = k * step_m
                per = 1.0 / x
                h0, h1 = ground[k - 1], ground[k]
                v1 += step_m * (h1 + h0)
                v2 += step_m * (h1 * (3.0 * x - step_m) + h0 * (3.0 * x - 2.0 * step_m))
                f = h1 - half * x * x
                if has_clutter:
                    f += over[k]
                size = extend(curved, size, k, step_m, f, tx_m, per)
                rise_bare = max(rise_bare, (h1 - tx_m) * per)
                size_bare = push(vertex, hull_x, hull_y, size_bare, k, x, h1)
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
                if k == 0:
                    for b in range(n_bands):
                        loss[b, row, col] = bands[b, BAND_FREE_SPACE] + free
                    elevation[row, col] = math.degrees(math.atan(ray))
                    flags[row, col] = FLAG_FREE_SPACE | FLAG_LINE_OF_SIGHT
                    continue
                count = points_before(total, step_m) - k
                d_row = (row0 + row - tx_row) * (step_m / total)
                d_col = (col0 + col - tx_col) * (step_m / total)
                if not own_ground(height_m, tx_row, tx_col, d_row, d_col, k + 1, count, own):
                    flags[row, col] = FLAG_NO_DATA
                    continue
                if has_clutter:
                    own_nearest(clutter_m, tx_row, tx_col, d_row, d_col, k + 1, count, own_over)
                for j in range(count):
                    x = (k + 1 + j) * step_m
                    own_flat[j] = own[j] - half * x * x + own_over[j]
                edge, sight, rise, _, _ = edge_to(
                    curved,
                    size,
                    k,
                    own_flat,
                    count,
                    step_m,
                    total,
                    tx_m,
                    rx_m,
                    half,
                    clear_qd / total,
                )
                flag = FLAG_LINE_OF_SIGHT if sight >= 0 else 0
                if abs(rise - ray) < 1e-9:
                    flag |= FLAG_BRANCH_NEAR
                flags[row, col] = flag
                elevation[row, col] = math.degrees(math.atan(max(rise, ray)))
                _, _, end_t, end_r = smooth_ends(
                    v1,
                    v2,
                    bare,
                    size_bare,
                    rise_bare,
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
                smooth = sphere_to(
                    total,
                    h1,
                    h2,
                    radius_m * 1e-3,
                    k + count,
                    step_m,
                    bands,
                    longest,
                    0.0,
                    sphere,
                )
                for b in range(n_bands):
                    lost = delta_bullington_db(edge, smooth, sphere[b], bands[b, BAND_SCALE], total)
                    loss[b, row, col] = bands[b, BAND_FREE_SPACE] + free + lost


@njit(cache=True, nogil=True, parallel=True, error_model="numpy")
def _walk(disc: Disc, radius_m: float, bands: NDArray[np.float64]) -> None:
    """Walk every radial, a bundle a task."""
    for bundle in prange((disc.start.size + BUNDLE - 2) // BUNDLE):
        _walk_bundle(bundle, disc, radius_m, bands)
