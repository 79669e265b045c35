"""Exact Longley-Rice for every cell of a disc: each radial is walked outwards once.

ITM takes the ground at equal steps, both terminals included. A receiver at distance d gets
n = round(d / step) intervals of d / n: the radial's own samples, moved along the radial by less
than half a step, the last ones on its own line (:mod:`.walk.approach`), and
its own ground height at the end. Everything ITM derives from such a profile is kept as the numbers
of :mod:`phusong.coverage.propagation.itm.geometry`:

* the mean height and both fitted lines from prefix sums;
* the transmitter's horizon, max over i of s_i - γ i with s_i the slope to sample i, from the
  upper hull of the points (i, s_i): γ changes with every receiver, the hull does not. It ends
  where a receiver's own points begin;
* the receiver's horizon by branch and bound over the highest sample of blocks;
* the terrain irregularity, which is most of the cost, by resampling as ITM does and finding its
  two order statistics near those of the receiver before.

Bands share all of that.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from phusong.coverage.propagation.itm.attenuation import (
    dim,
    effective_curvature,
    free_space_db,
    reference_attenuation,
)
from phusong.coverage.propagation.itm.geometry import (
    clear_path,
    fit_limits,
    irregularity_samples,
    resample,
    surface_refractivity,
)
from phusong.coverage.propagation.itm.order import select_near
from phusong.coverage.propagation.itm.path import ItmSettings, check_terminals, impedance_of
from phusong.coverage.propagation.itm.radial import (
    BLOCK,
    back_horizon,
    fitted_line,
    summed_down,
    summed_up,
)
from phusong.coverage.propagation.itm.variability import variability_db
from phusong.coverage.propagation.surface import (
    FLAG_FREE_SPACE,
    FLAG_LINE_OF_SIGHT,
    FLAG_MODEL_WARNING,
    FLAG_NO_DATA,
    FLAG_NO_VALUE,
    PathLoss,
)
from phusong.coverage.propagation.walk.approach import OWN_POINTS, own_ground, shared_points
from phusong.coverage.propagation.walk.disc import Disc, disc_of
from phusong.coverage.propagation.walk.fan import points_before, sample_radial
from phusong.coverage.propagation.walk.receivers import BUNDLE
from phusong.jit import njit, prange

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from phusong.coverage.propagation.surface import PropagationSettings, Surface, Transmitter

_MOST_SAMPLES = 245  # of the irregularity [Alg. 7.7]


class Statistics(NamedTuple):
    """Air and statistics as the kernel takes them: see :class:`.path.ItmSettings`."""

    n0: float
    climate: int
    mdvar: int
    z_time: float
    z_location: float
    z_situation: float


def itm_settings(settings: PropagationSettings) -> ItmSettings:
    """Return ITM's settings for a sweep: broadcast mode, medians of location and situation."""
    return ItmSettings(
        n0=settings.n0,
        climate=settings.radio_climate,
        mdvar=3,
        time_percent=settings.time_percent,
    )


def sweep_itm(
    surface: Surface,
    tx: Transmitter,
    freqs_mhz: tuple[float, ...],
    settings: PropagationSettings,
    dtype: type[np.floating[Any]] = np.float32,
) -> PathLoss:
    """Longley-Rice loss from `tx` to every cell in reach, point-to-point and exact.

    See :func:`phusong.coverage.propagation.propagate` for the arguments. ITM sees the bare
    ground: clutter heights are not used. A cell without a sample between it and the mast gets
    free space; one whose path warns has ``FLAG_MODEL_WARNING``; one where the formulas have no
    real value is NaN with ``FLAG_NO_VALUE``. `dtype` float64 lets tests see past float32.

    Raises
    ------
    ModelError
        For a height, frequency, refractivity or climate outside of the model.
    """
    itm = itm_settings(settings)
    itm.check()
    warned = False
    for freq in freqs_mhz:
        warned |= bool(check_terminals(tx.height_m, settings.rx_height_m, freq))
    impedances = [impedance_of(freq, settings.polarisation, itm) for freq in freqs_mhz]
    statistics = Statistics(itm.n0, itm.climate, itm.mdvar, *itm.deviates())
    disc = disc_of(surface, tx, len(freqs_mhz), settings, dtype)
    _walk(disc, np.array(freqs_mhz), np.array(impedances), statistics, warned)
    return disc.path_loss(freqs_mhz)


@njit(cache=True, nogil=True, parallel=True, error_model="numpy")
def _walk(
    disc: Disc,
    freqs: NDArray[np.float64],
    impedances: NDArray[np.complex128],
    statistics: Statistics,
    warned: bool,
) -> None:
    """Walk every radial, a bundle a task."""
    height_m, cell_m, step_m, most = disc.height_m, disc.cell_m, disc.step_m, disc.most
    row0, col0, tx_row, tx_col = disc.row0, disc.col0, disc.tx_row, disc.tx_col
    ground_tx_m, antenna_m, rx_height_m = disc.ground_tx_m, disc.antenna_m, disc.rx_height_m
    cells, start, flags = disc.cells, disc.start, disc.flags
    loss, elevation = disc.loss, disc.elevation
    n0, climate, mdvar, z_time, z_location, z_situation = statistics
    radials = start.size - 1
    cols = flags.shape[1]
    z_tx = ground_tx_m + antenna_m
    for bundle in prange((radials + BUNDLE - 1) // BUNDLE):
        ground = np.empty(most + 2)
        sums, moments = np.zeros(most + 2), np.zeros(most + 2)
        tops, highest = np.empty(most // BLOCK + 1), np.empty(most // BLOCK + 1)
        hull, slope = np.empty(most + 2, np.int32), np.empty(most + 2)
        head = np.full(most + 2, -1, np.int32)
        follow, away = np.empty(64, np.int32), np.empty(64)
        resampled, spare = np.empty(_MOST_SAMPLES + 1), np.empty(_MOST_SAMPLES + 1)
        own, radials_own = np.empty(OWN_POINTS), np.empty((3, OWN_POINTS))
        for radial in range(bundle * BUNDLE, min(radials, (bundle + 1) * BUNDLE)):
            count = start[radial + 1] - start[radial]
            if count == 0:
                continue
            if follow.size < count:
                follow, away = np.empty(2 * count, np.int32), np.empty(2 * count)
            points = 0
            for i in range(count):
                cell = cells[start[radial] + i]
                d_row = (row0 + cell // cols - tx_row) * cell_m
                d_col = (col0 + cell % cols - tx_col) * cell_m
                away[i] = math.hypot(d_row, d_col)
                k = points_before(away[i], step_m)
                follow[i] = head[k]
                head[k] = i
                points = max(points, k)
            known = sample_radial(
                height_m,
                tx_row,
                tx_col,
                2.0 * math.pi * radial / radials,
                step_m / cell_m,
                points,
                ground,
            )
            ground[0] = ground_tx_m
            size = in_hull = 0
            seen = 0
            low_guess = high_guess = width = 0.0
            for k in range(points + 1):
                if 1 <= k <= known:
                    rise = ground[k] - ground_tx_m
                    sums[k] = sums[k - 1] + rise
                    moments[k] = moments[k - 1] + rise * k
                    if k % BLOCK == 0:
                        b = k // BLOCK - 1
                        top = ground[k]
                        for i in range(k - BLOCK + 1, k):
                            top = max(top, ground[i])
                        tops[b] = top
                        highest[b] = max(top, highest[b - 1]) if b else top
                shared = shared_points(k)
                if in_hull < shared <= known:
                    in_hull = shared
                    s = (ground[shared] - z_tx) / shared
                    while size >= 2 and (slope[size - 1] - slope[size - 2]) * (
                        shared - hull[size - 2]
                    ) <= (s - slope[size - 2]) * (hull[size - 1] - hull[size - 2]):
                        size -= 1
                    hull[size] = shared
                    slope[size] = s
                    size += 1
                at_cell = head[k]
                head[k] = -1
                while at_cell >= 0:
                    cell = cells[start[radial] + at_cell]
                    row, col = cell // cols, cell % cols
                    d = away[at_cell]
                    at_cell = follow[at_cell]
                    if shared > known:
                        flags[row, col] = FLAG_NO_DATA
                        continue
                    z_ground = float(height_m[row0 + row, col0 + col])
                    z_rx = z_ground + rx_height_m
                    if k == 0:
                        slant = math.hypot(d, z_rx - z_tx)
                        for b in range(freqs.size):
                            loss[b, row, col] = free_space_db(slant, freqs[b])
                        elevation[row, col] = math.degrees(math.atan2(z_rx - z_tx, d))
                        flags[row, col] = FLAG_FREE_SPACE | FLAG_LINE_OF_SIGHT
                        continue
                    n = k + 1
                    d_row, d_col = (row0 + row - tx_row) / n, (col0 + col - tx_col) / n
                    if not own_ground(
                        height_m, tx_row, tx_col, d_row, d_col, shared + 1, k - shared, own
                    ):
                        flags[row, col] = FLAG_NO_DATA
                        continue
                    step = d / n
                    d = n * step
                    beyond = ground[n]
                    ground[n] = z_ground
                    # The receiver's own points take the place of the radial's, for now.
                    for j in range(k - shared):
                        i = shared + 1 + j
                        radials_own[0, j] = ground[i]
                        radials_own[1, j] = sums[i]
                        radials_own[2, j] = moments[i]
                        ground[i] = own[j]
                        rise = own[j] - ground_tx_m
                        sums[i] = sums[i - 1] + rise
                        moments[i] = moments[i - 1] + rise * i

                    skip = int(0.1 * n)
                    total = sums[n - max(skip, 1)] - (sums[skip - 1] if skip else 0.0)
                    if skip == 0:
                        total += z_ground - ground_tx_m
                    n_s = surface_refractivity(n0, ground_tx_m + total / (n - 2 * skip + 1))
                    gamma_e = effective_curvature(n_s)

                    bend = 0.5 * step * step * gamma_e
                    seen = min(seen, size - 1)
                    best = slope[seen] - bend * hull[seen]
                    while seen + 1 < size and slope[seen + 1] - bend * hull[seen + 1] > best:
                        seen += 1
                        best = slope[seen] - bend * hull[seen]
                    while seen > 0 and slope[seen - 1] - bend * hull[seen - 1] >= best:
                        seen -= 1
                        best = slope[seen] - bend * hull[seen]
                    far = hull[seen]
                    for i in range(shared + 1, n):
                        up = (ground[i] - z_tx) / i - bend * i
                        if up > best:
                            best, far = up, i
                    theta1 = (z_rx - z_tx) / d - d * gamma_e / 2.0
                    theta2 = -(z_rx - z_tx) / d - d * gamma_e / 2.0
                    d1 = d2 = d
                    k1 = k2 = n
                    x = far * step
                    up = (ground[far] - z_tx) / x - x * gamma_e / 2.0
                    if up > theta1:
                        theta1, d1, k1 = up, x, far
                    _, i = back_horizon(
                        ground,
                        tops,
                        highest,
                        n,
                        k - shared,
                        z_rx,
                        bend,
                        (z_tx - z_rx) / n - bend * n,
                    )
                    if i > 0:
                        x = (n - i) * step
                        up = (ground[i] - z_rx) / x - x * gamma_e / 2.0
                        if up > theta2:
                            theta2, d2, k2 = up, x, n - i
                    # ITM adds steps up and cuts distances into whole steps afterwards: where a
                    # tenth of a horizon distance is whole, that rounding decides.
                    if k1 % 10 == 0 or k2 % 10 == 0 or (k1 + k2) % 10 == 0:
                        if k1 < n:
                            d1 = summed_up(step, k1)
                        if k2 < n:
                            d2 = summed_down(d, step, n - k2)
                    elevation[row, col] = math.degrees(math.atan(theta1))
                    flag = FLAG_LINE_OF_SIGHT if k1 == n else 0

                    d_start, d_end = fit_limits(d, d1, d2, antenna_m, rx_height_m)
                    x_start, x_end = d_start / step, d_end / step
                    delta_h = 0.0
                    if x_end - x_start >= 2.0:
                        m, tenth = irregularity_samples(x_start, x_end)
                        spacing = (x_end - x_start) / (m - 1)
                        resample(ground, n, x_start, spacing, resampled, m)
                        high_guess = select_near(resampled, m, m - tenth, high_guess, width, spare)
                        low_guess = select_near(resampled, m, tenth - 1, low_guess, width, spare)
                        width = 0.02 * (high_guess - low_guess)
                        delta_h = (high_guess - low_guess) / (
                            1.0 - 0.8 * math.exp(-(d_end - d_start) / 50e3)
                        )
                    clear = d1 + d2 > 1.5 * d
                    if clear:
                        fit1, fit2 = fitted_line(
                            ground, sums, moments, ground_tx_m, n, x_start, x_end
                        )
                    else:
                        fit1, _ = fitted_line(
                            ground, sums, moments, ground_tx_m, n, x_start, 0.9 * d1 / step
                        )
                        _, fit2 = fitted_line(
                            ground, sums, moments, ground_tx_m, n, (d - 0.9 * d2) / step, x_end
                        )
                    h_e1 = antenna_m + dim(ground_tx_m, fit1)
                    h_e2 = rx_height_m + dim(z_ground, fit2)
                    if clear:
                        h_e1, h_e2, theta1, theta2, d1, d2 = clear_path(
                            d, h_e1, h_e2, delta_h, gamma_e
                        )
                    ground[n] = beyond
                    for j in range(k - shared):
                        i = shared + 1 + j
                        ground[i] = radials_own[0, j]
                        sums[i] = radials_own[1, j]
                        moments[i] = radials_own[2, j]

                    bits = 0
                    for b in range(freqs.size):
                        attenuation, _, more, error = reference_attenuation(
                            d,
                            theta1,
                            theta2,
                            d1,
                            d2,
                            h_e1,
                            h_e2,
                            antenna_m,
                            rx_height_m,
                            gamma_e,
                            n_s,
                            delta_h,
                            freqs[b],
                            impedances[b],
                            True,
                        )
                        if error:
                            flag |= FLAG_NO_VALUE
                            continue
                        varied, extreme = variability_db(
                            attenuation,
                            d,
                            h_e1,
                            h_e2,
                            delta_h,
                            freqs[b],
                            climate,
                            mdvar,
                            z_time,
                            z_location,
                            z_situation,
                        )
                        bits |= more | extreme
                        loss[b, row, col] = free_space_db(d, freqs[b]) + varied
                    if bits or warned:
                        flag |= FLAG_MODEL_WARNING
                    flags[row, col] = flag
