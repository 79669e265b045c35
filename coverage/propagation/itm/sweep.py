"""Exact Longley-Rice for every cell of a disc: each radial is walked outwards once.

ITM takes the ground at equal steps, both terminals included. A receiver at distance d gets
n = round(d / step) intervals of d / n: the radial's own samples, moved along the radial by less
than half a step, the last ones on its own line (:mod:`.walk.approach`), and its own ground height
at the end. Everything ITM derives from such a profile is that of :mod:`.itm.geometry`, answered
by :mod:`.itm.radial` from what is kept up along the radial. Bands share all of that.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from phusong.coverage.propagation.itm.attenuation import reference_attenuation
from phusong.coverage.propagation.itm.geometry import clear_path, fit_limits, surface_refractivity
from phusong.coverage.propagation.itm.medium import effective_curvature, free_space_db
from phusong.coverage.propagation.itm.path import ItmSettings, check_terminals, impedance_of
from phusong.coverage.propagation.itm.radial import (
    BLOCK,
    Radial,
    Room,
    add_sample,
    add_to_hull,
    effective_heights,
    horizons,
    irregularity,
    look_out,
    mean_height,
    put_back,
    put_own,
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
from phusong.coverage.propagation.walk.disc import Disc, disc_of, rise_at
from phusong.coverage.propagation.walk.fan import points_before, sample_radial
from phusong.coverage.propagation.walk.receivers import BUNDLE, bundles_in_turn
from phusong.jit import njit, prange

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from phusong.coverage.propagation.surface import PropagationSettings, Surface, Transmitter

_MOST_SAMPLES = 245  # of the irregularity, as irregularity_samples holds it


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
    disc = disc_of(surface, tx, len(freqs_mhz), settings)
    _walk(disc, np.array(freqs_mhz), np.array(impedances), statistics, warned)
    return disc.path_loss(freqs_mhz, dtype)


@njit(cache=True, nogil=True)
def _queue(
    disc: Disc,
    radial: int,
    head: NDArray[np.int32],
    follow: NDArray[np.int32],
    away: NDArray[np.float64],
) -> int:
    """List a radial's receivers by the samples before them; return the largest number.

    As :func:`.walk.receivers.queue_receivers`, but by all samples before a receiver, its own
    included: their number sets the spacing its path is cut into.
    """
    cols = disc.flags.shape[1]
    first = disc.start[radial]
    points = 0
    for i in range(disc.start[radial + 1] - first):
        cell = disc.cells[first + i]
        d_row = (disc.row0 + cell // cols - disc.tx_row) * disc.cell_m
        d_col = (disc.col0 + cell % cols - disc.tx_col) * disc.cell_m
        away[i] = math.hypot(d_row, d_col)
        k = points_before(away[i], disc.step_m)
        follow[i] = head[k]
        head[k] = i
        points = max(points, k)
    return points


@njit(cache=True, nogil=True, error_model="numpy", _nrt=False, forceinline=True)
def _fill_near(
    disc: Disc, row: int, col: int, d: float, rise: float, freqs: NDArray[np.float64]
) -> None:
    """Fill in free space at a receiver without a sample between it and the mast."""
    slant = math.hypot(d, rise)
    for b in range(freqs.size):
        disc.loss[b, row, col] = free_space_db(slant, freqs[b])
    disc.elevation[row, col] = math.degrees(math.atan2(rise, d))
    disc.flags[row, col] = FLAG_FREE_SPACE | FLAG_LINE_OF_SIGHT


@njit(cache=True, nogil=True, error_model="numpy", _nrt=False, forceinline=True)
def _fill_in(
    disc: Disc,
    row: int,
    col: int,
    d: float,
    rx_height_m: float,
    parameters: tuple[float, float, float, float, float, float, float, float, float],
    freqs: NDArray[np.float64],
    impedances: NDArray[np.complex128],
    statistics: Statistics,
) -> int:
    """Fill in the loss of each band; return what is to be flagged.

    `parameters` are those of :func:`.geometry.profile_parameters`.
    """
    n_s, gamma_e, delta_h, h_e1, h_e2, theta1, theta2, d1, d2 = parameters
    _, climate, mdvar, z_time, z_location, z_situation = statistics
    flag = 0
    for b in range(freqs.size):
        attenuation, _, bits, error = reference_attenuation(
            d,
            theta1,
            theta2,
            d1,
            d2,
            h_e1,
            h_e2,
            disc.antenna_m,
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
        if bits | extreme:
            flag |= FLAG_MODEL_WARNING
        disc.loss[b, row, col] = free_space_db(d, freqs[b]) + varied
    return flag


@njit(cache=True, nogil=True, error_model="numpy", _nrt=False, forceinline=True)
def _receive(
    disc: Disc,
    line: Radial,
    room: Room,
    size: int,
    seen: int,
    shared: int,
    n: int,
    row: int,
    col: int,
    d: float,
    freqs: NDArray[np.float64],
    impedances: NDArray[np.complex128],
    statistics: Statistics,
) -> int:
    """Compute one receiver, n steps of d / n from the antenna; return the new `seen`.

    The steps are those of :func:`.geometry.profile_parameters`, in its order.
    """
    antenna_m, rx_height_m = disc.antenna_m, rise_at(disc, row, col)
    z_ground = float(disc.height_m[disc.row0 + row, disc.col0 + col])
    z_tx, z_rx = line.ground[0] + antenna_m, z_ground + rx_height_m
    own = n - 1 - shared
    step = d / n
    d = n * step
    beyond = line.ground[n]
    line.ground[n] = z_ground
    put_own(line, room, shared, own)

    n_s = surface_refractivity(statistics.n0, mean_height(line, n))
    gamma_e = effective_curvature(n_s)
    far, seen = look_out(line, size, seen, shared, n, z_tx, 0.5 * step * step * gamma_e)
    theta1, theta2, d1, d2, in_sight = horizons(line, far, own, n, step, d, z_tx, z_rx, gamma_e)
    disc.elevation[row, col] = math.degrees(math.atan(theta1))
    d_start, d_end = fit_limits(d, d1, d2, antenna_m, rx_height_m)
    delta_h = irregularity(line, room, n, step, d_start, d_end)
    h_e1, h_e2 = effective_heights(line, n, step, d, d1, d2, d_start, d_end, antenna_m, rx_height_m)
    if d1 + d2 > 1.5 * d:
        h_e1, h_e2, theta1, theta2, d1, d2 = clear_path(d, h_e1, h_e2, delta_h, gamma_e)

    line.ground[n] = beyond
    put_back(line, room, shared, own)
    parameters = (n_s, gamma_e, delta_h, h_e1, h_e2, theta1, theta2, d1, d2)
    flag = _fill_in(disc, row, col, d, rx_height_m, parameters, freqs, impedances, statistics)
    disc.flags[row, col] |= flag | (FLAG_LINE_OF_SIGHT if in_sight else 0)
    return seen


@njit(cache=True, nogil=True, error_model="numpy")
def _walk_bundle(
    bundle: int,
    disc: Disc,
    freqs: NDArray[np.float64],
    impedances: NDArray[np.complex128],
    statistics: Statistics,
    warned: bool,
) -> None:
    """Walk one bundle of radials."""
    height_m, step_m, flags = disc.height_m, disc.step_m, disc.flags
    row0, col0, tx_row, tx_col = disc.row0, disc.col0, disc.tx_row, disc.tx_col
    cells, start = disc.cells, disc.start
    radials, cols, most = start.size - 1, flags.shape[1], disc.most + 2
    z_tx = disc.ground_tx_m + disc.antenna_m
    line = Radial(
        np.empty(most),
        np.zeros(most),
        np.zeros(most),
        np.empty(most // BLOCK + 1),
        np.empty(most // BLOCK + 1),
        np.empty(most, np.int32),
        np.empty(most),
    )
    room = Room(
        np.empty(OWN_POINTS),
        np.empty((3, OWN_POINTS)),
        np.empty(_MOST_SAMPLES + 1),
        np.empty(_MOST_SAMPLES + 1),
        np.zeros(3),
    )
    line.ground[0] = disc.ground_tx_m
    head = np.full(most, -1, np.int32)
    follow, away = np.empty(64, np.int32), np.empty(64)
    for radial in range(bundle * BUNDLE, min(radials, (bundle + 1) * BUNDLE)):
        count = start[radial + 1] - start[radial]
        if count == 0:
            continue
        if follow.size < count:
            follow, away = np.empty(2 * count, np.int32), np.empty(2 * count)
        points = _queue(disc, radial, head, follow, away)
        angle, step = 2.0 * math.pi * radial / radials, step_m / disc.cell_m
        known = sample_radial(height_m, tx_row, tx_col, angle, step, points, line.ground)
        size = in_hull = seen = 0
        room.deciles[:] = 0.0
        for k in range(points + 1):
            if 1 <= k <= known:
                add_sample(line, k)
            shared = shared_points(k)
            if in_hull < shared <= known:
                in_hull = shared
                size = add_to_hull(line, size, shared, z_tx)
            i = head[k]
            head[k] = -1
            while i >= 0:
                cell = cells[start[radial] + i]
                row, col = cell // cols, cell % cols
                d = away[i]
                i = follow[i]
                if shared > known:
                    flags[row, col] = FLAG_NO_DATA
                    continue
                if k == 0:
                    z_rx = float(height_m[row0 + row, col0 + col]) + rise_at(disc, row, col)
                    _fill_near(disc, row, col, d, z_rx - z_tx, freqs)
                    continue
                n = k + 1
                d_row, d_col = (row0 + row - tx_row) / n, (col0 + col - tx_col) / n
                if not own_ground(
                    height_m, tx_row, tx_col, d_row, d_col, shared + 1, k - shared, room.own
                ):
                    flags[row, col] = FLAG_NO_DATA
                    continue
                flags[row, col] = FLAG_MODEL_WARNING if warned else 0
                seen = _receive(
                    disc,
                    line,
                    room,
                    size,
                    seen,
                    shared,
                    n,
                    row,
                    col,
                    d,
                    freqs,
                    impedances,
                    statistics,
                )


@njit(cache=True, nogil=True, parallel=True, error_model="numpy")
def _walk(
    disc: Disc,
    freqs: NDArray[np.float64],
    impedances: NDArray[np.complex128],
    statistics: Statistics,
    warned: bool,
) -> None:
    """Walk every radial, a bundle a task."""
    order = bundles_in_turn((disc.start.size + BUNDLE - 2) // BUNDLE)
    for task in prange(order.size):
        _walk_bundle(order[task], disc, freqs, impedances, statistics, warned)
