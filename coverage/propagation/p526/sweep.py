"""P.526 delta-Bullington over a whole disc: each radial is walked outwards once.

"§" and "eq." are P.526-15's; the geometry is kept up by :mod:`.walk.skyline` and
:mod:`.walk.smooth`, which say why it is that of the definitions.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

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
    FLAG_LINE_OF_SIGHT,
    FLAG_NO_DATA,
    PathLoss,
)
from phusong.coverage.propagation.walk.approach import OWN_POINTS
from phusong.coverage.propagation.walk.disc import Disc, disc_of, rise_at
from phusong.coverage.propagation.walk.fan import points_before
from phusong.coverage.propagation.walk.hull import push
from phusong.coverage.propagation.walk.receivers import (
    BUNDLE,
    bundles_in_turn,
    fill_free,
    queue_receivers,
    read_own,
    read_radial,
    room_for,
)
from phusong.coverage.propagation.walk.skyline import Skyline, edge_to, extend, skyline
from phusong.coverage.propagation.walk.smooth import add_interval, smooth_ends, sphere_to
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
    disc = disc_of(surface, tx, len(freqs_mhz), settings)
    _walk(disc, settings.effective_earth_radius_km * 1e3, bands)
    return disc.path_loss(freqs_mhz, dtype)


class Own(NamedTuple):
    """Room for a receiver's own points: their ground, their clutter, both over a flat earth."""

    ground: NDArray[np.float64]
    over: NDArray[np.float64]
    flat: NDArray[np.float64]


class Reach(NamedTuple):
    """How far a radial has been walked: k points, and what is kept up along them.

    `size` and `size_bare` are those of the hulls of both skylines, `rise_bare` the steepest slope
    from the antenna over the bare flat ground, `v1` and `v2` the sums of P.526-15 eq. (58), (59).
    """

    k: int
    size: int
    size_bare: int
    rise_bare: float
    v1: float
    v2: float


@njit(cache=True, nogil=True, error_model="numpy", _nrt=False, forceinline=True)
def _advance(
    reach: Reach,
    curved: Skyline,
    bare: Skyline,
    k: int,
    step_m: float,
    over_m: float,
    tx_m: float,
    half: float,
) -> Reach:
    """Take point k of the radial in, with `over_m` of clutter on its ground."""
    x = k * step_m
    per = 1.0 / x
    h1 = bare.flat[k]
    v1, v2 = add_interval(reach.v1, reach.v2, x, step_m, bare.flat[k - 1], h1)
    size = extend(curved, reach.size, k, step_m, h1 - half * x * x + over_m, tx_m, per)
    rise_bare = max(reach.rise_bare, (h1 - tx_m) * per)
    size_bare = push(bare.vertex, bare.x, bare.y, reach.size_bare, k, x, h1)
    return Reach(k, size, size_bare, rise_bare, v1, v2)


@njit(cache=True, nogil=True, error_model="numpy", _nrt=False, forceinline=True)
def _receive(
    disc: Disc,
    reach: Reach,
    curved: Skyline,
    bare: Skyline,
    own: Own,
    row: int,
    col: int,
    total: float,
    radius_m: float,
    bands: NDArray[np.float64],
    longest: float,
    sphere: NDArray[np.float64],
) -> None:
    """Compute one receiver, `total` metres from the antenna, behind the radial's k points.

    `longest` is the longest wavelength; `sphere` is room for a loss of each band.
    """
    k, step_m, half = reach.k, disc.step_m, 0.5 / radius_m
    tx_m = disc.ground_tx_m + disc.antenna_m  # h_ts
    ground_rx_m = float(disc.height_m[disc.row0 + row, disc.col0 + col])
    rx_m = ground_rx_m + rise_at(disc, row, col)  # h_rs
    drop = rx_m - tx_m
    # P.525-4 eq. (3) along the slant path, less the bands' constants.
    free = 0.5 * DB_PER_NEPER * math.log(total * total + drop * drop) - 60.0
    ray = drop / max(total, 1e-3) - half * total
    if k == 0:
        fill_free(disc, bands, row, col, free, ray)
        return
    count = points_before(total, step_m) - k
    if not read_own(disc, row, col, total, k, count, own.ground, own.over):
        disc.flags[row, col] = FLAG_NO_DATA
        return
    for j in range(count):
        x = (k + 1 + j) * step_m
        own.flat[j] = own.ground[j] - half * x * x + own.over[j]
    # ν = −√(q·D·2/λ) stays below −0.78 at every band while q·D exceeds this.
    clear_qd = NU_CLEAR * NU_CLEAR * longest * 0.5 * (1.0 + 1e-9)
    edge, sight, rise, _, _ = edge_to(  # §4.5.1
        curved, reach.size, k, own.flat, count, step_m, total, tx_m, rx_m, half, clear_qd / total
    )
    flag = FLAG_LINE_OF_SIGHT if sight >= 0 else 0
    if abs(rise - ray) < 1e-9:
        flag |= FLAG_BRANCH_NEAR
    disc.flags[row, col] = flag
    disc.elevation[row, col] = math.degrees(math.atan(max(rise, ray)))
    _, _, end_t, end_r = smooth_ends(  # §4.5.2
        reach.v1,
        reach.v2,
        bare,
        reach.size_bare,
        reach.rise_bare,
        k,
        own.ground,
        count,
        ground_rx_m,
        step_m,
        total,
        tx_m,
        rx_m,
    )
    h1 = tx_m - min(end_t, disc.ground_tx_m)  # h'_ts, eq. (63), (64)
    h2 = rx_m - min(end_r, ground_rx_m)  # h'_rs
    smooth = sphere_to(  # §3.2, and §4.5.1 over the smooth earth
        total, h1, h2, radius_m * 1e-3, k + count, step_m, bands, longest, 0.0, sphere
    )
    for b in range(bands.shape[0]):
        lost = delta_bullington_db(edge, smooth, sphere[b], bands[b, BAND_SCALE], total)  # §4.5.3
        disc.loss[b, row, col] = bands[b, BAND_FREE_SPACE] + free + lost


@njit(cache=True, nogil=True, error_model="numpy")
def _walk_bundle(bundle: int, disc: Disc, radius_m: float, bands: NDArray[np.float64]) -> None:
    """Walk one bundle of radials."""
    step_m, most, flags, start = disc.step_m, disc.most, disc.flags, disc.start
    has_clutter = disc.clutter_m.size > 0
    half = 0.5 / radius_m
    tx_m = disc.ground_tx_m + disc.antenna_m
    longest = bands[:, BAND_WAVELENGTH].max()
    curved, bare = skyline(most), skyline(most)
    ground, over = bare.flat, np.zeros(most)
    own = Own(np.empty(OWN_POINTS), np.zeros(OWN_POINTS), np.empty(OWN_POINTS))
    sphere = np.empty(bands.shape[0])
    ground[0] = disc.ground_tx_m
    first, last = bundle * BUNDLE, min(start.size - 1, (bundle + 1) * BUNDLE)
    queue = room_for(disc, first, last)
    head, follow, at_row, at_col, away = queue
    for radial in range(first, last):
        if start[radial] == start[radial + 1]:
            continue
        points = queue_receivers(queue, disc, radial)
        known = read_radial(disc, radial, points, ground, over)
        reach = Reach(0, 0, 0, -math.inf, 0.0, 0.0)
        for k in range(points + 1):
            if 1 <= k <= known:
                above = over[k] if has_clutter else 0.0
                reach = _advance(reach, curved, bare, k, step_m, above, tx_m, half)
            n = head[k]
            head[k] = -1
            while n >= 0:
                row, col, total = int(at_row[n]), int(at_col[n]), away[n]
                n = follow[n]
                if k > known:
                    flags[row, col] = FLAG_NO_DATA
                    continue
                _receive(
                    disc,
                    reach,
                    curved,
                    bare,
                    own,
                    row,
                    col,
                    total,
                    radius_m,
                    bands,
                    longest,
                    sphere,
                )


@njit(cache=True, nogil=True, parallel=True, error_model="numpy")
def _walk(disc: Disc, radius_m: float, bands: NDArray[np.float64]) -> None:
    """Walk every radial, a bundle a task."""
    order = bundles_in_turn((disc.start.size + BUNDLE - 2) // BUNDLE)
    for task in prange(order.size):
        _walk_bundle(order[task], disc, radius_m, bands)
