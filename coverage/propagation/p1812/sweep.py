"""P.1812-7 in full over a whole disc: each radial is walked outwards once.

ΔN, N0 and the latitude are the site's, not each path's centre's: a radius of the earth that
changed from path to path would leave nothing to share. Clutter stands at the points between the
terminals, as in the Recommendation, and at the nearest cell's height. What happens at each point
and at each receiver is :mod:`.p1812.radial`'s.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from phusong.coverage.propagation.diffraction import BAND_WAVELENGTH
from phusong.coverage.propagation.p1812.geometry import effective_earth_km
from phusong.coverage.propagation.p1812.loss import ducting_least_db, p1812_bands
from phusong.coverage.propagation.p1812.path import check_p1812
from phusong.coverage.propagation.p1812.radial import Lines, Own, Reach, Room, advance, receive
from phusong.coverage.propagation.p1812.receiver import TRACE, Air, OfBands
from phusong.coverage.propagation.surface import FLAG_NO_DATA, ZONE_INLAND, PathLoss
from phusong.coverage.propagation.walk.approach import OWN_POINTS
from phusong.coverage.propagation.walk.disc import Disc, disc_of
from phusong.coverage.propagation.walk.fan import sample_nearest
from phusong.coverage.propagation.walk.receivers import (
    BUNDLE,
    bundles_in_turn,
    queue_receivers,
    read_radial,
    room_for,
)
from phusong.coverage.propagation.walk.skyline import skyline
from phusong.coverage.propagation.walk.zones import ZONE_STATE, begin_zones
from phusong.jit import njit, prange

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from phusong.coverage.propagation.surface import PropagationSettings, Surface, Transmitter


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
    percent, latitude = settings.time_percent, settings.latitude_deg
    least = _least_db(percent, latitude, settings.radius_m * 1e-3)
    step_m, _ = settings.steps_m(surface.cell_m)
    nearest = 20.0 * math.log10(step_m * 1e-3)
    air = Air(effective_earth_km(settings.delta_n), percent, latitude, least, nearest)
    disc = disc_of(surface, tx, len(freqs_mhz), settings)
    _walk(disc, air, bands, np.empty((0, 0, len(TRACE))) if trace is None else trace)
    return disc.path_loss(freqs_mhz, dtype)


_least_db = lru_cache(maxsize=8)(ducting_least_db)  # the same for all masts of a study


@njit(cache=True, nogil=True, error_model="numpy")
def _walk_bundle(
    bundle: int, disc: Disc, air: Air, bands: NDArray[np.float64], trace: NDArray[np.float64]
) -> None:
    """Walk one bundle of radials."""
    zone, most, flags, start = disc.zone, disc.most, disc.flags, disc.start
    tx_row, tx_col = disc.tx_row, disc.tx_col
    longest = bands[:, BAND_WAVELENGTH].max()
    tx_zone = ZONE_INLAND
    if zone.size > 0:
        sea_row, sea_col = int(tx_row + 0.5), int(tx_col + 0.5)
        tx_zone = int(zone[min(sea_row, zone.shape[0] - 1), min(sea_col, zone.shape[1] - 1)])
    sky, sky_beta, bare = skyline(most), skyline(most), skyline(most)
    hard = skyline(most) if disc.clutter_m.size > 0 else sky
    lines = Lines(sky, sky_beta, hard, bare, np.zeros(most), np.empty(most))
    own = Own(
        np.empty(OWN_POINTS),
        np.zeros(OWN_POINTS),
        np.empty(OWN_POINTS),
        np.empty(OWN_POINTS),
        np.empty(OWN_POINTS),
        np.empty(OWN_POINTS),
    )
    n_bands = bands.shape[0]
    of_bands = OfBands(
        np.empty(n_bands),
        np.empty(n_bands),
        np.empty(n_bands),
        np.empty(n_bands),
        np.empty(n_bands),
    )
    room = Room(own, np.empty(ZONE_STATE), np.empty(ZONE_STATE), of_bands)
    state, ground, over, zones = room.state, bare.flat, lines.over, lines.zone
    ground[0] = disc.ground_tx_m
    first, last = bundle * BUNDLE, min(start.size - 1, (bundle + 1) * BUNDLE)
    queue = room_for(disc, first, last)
    head, follow, at_row, at_col, away = queue
    for radial in range(first, last):
        if start[radial] == start[radial + 1]:
            continue
        points = queue_receivers(queue, disc, radial)
        known = read_radial(disc, radial, points, ground, over)
        if zone.size > 0:
            angle = 2.0 * math.pi * radial / (start.size - 1)
            step = disc.step_m / disc.cell_m
            sample_nearest(zone, tx_row, tx_col, angle, step, known, zones)
            begin_zones(state, tx_zone)
        reach = Reach(0, 0, 0, 0, 0, 0, 0.0, 0.0, tx_zone)
        for k in range(points + 1):
            if 1 <= k <= known:
                reach = advance(reach, lines, state, disc, air, k)
            n = head[k]
            head[k] = -1
            while n >= 0:
                row, col, total = int(at_row[n]), int(at_col[n]), away[n]
                n = follow[n]
                if k > known:
                    flags[row, col] = FLAG_NO_DATA
                    continue
                receive(disc, lines, reach, room, air, bands, longest, row, col, total, trace)


@njit(cache=True, nogil=True, parallel=True, error_model="numpy")
def _walk(disc: Disc, air: Air, bands: NDArray[np.float64], trace: NDArray[np.float64]) -> None:
    """Walk every radial, a bundle a task."""
    order = bundles_in_turn((disc.start.size + BUNDLE - 2) // BUNDLE)
    for task in prange(order.size):
        _walk_bundle(order[task], disc, air, bands, trace)
