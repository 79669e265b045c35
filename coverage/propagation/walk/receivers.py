"""The receivers of one radial, in the order in which a walk outwards comes to them.

A receiver is the last point of its path (d = d_n of P.1812-7 §3.2); its number of points is what
it has to wait for.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from phusong.coverage.propagation.diffraction import BAND_FREE_SPACE
from phusong.coverage.propagation.surface import FLAG_FREE_SPACE, FLAG_LINE_OF_SIGHT
from phusong.coverage.propagation.walk.approach import own_ground, own_nearest, shared_points
from phusong.coverage.propagation.walk.fan import points_before, sample_nearest, sample_radial
from phusong.jit import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from phusong.coverage.propagation.walk.disc import Disc

BUNDLE = 8
"""Radials that one task of a parallel loop walks."""
_SIDE_BY_SIDE = 8
"""Most bundles that stay neighbours: their receivers lie in the same lines of memory."""
_FEWEST_GROUPS = 32


class Queue(NamedTuple):
    """A radial's receivers, by the number of the radial's points before them.

    Parameters
    ----------
    head
        Per number of points the first receiver, −1 for none; a walk leaves it all −1.
    follow
        Per receiver the next with as many points, −1 at the end.
    row, col
        Per receiver its row and column in the window.
    away
        Per receiver its distance in metres.
    """

    head: NDArray[np.int32]
    follow: NDArray[np.int32]
    row: NDArray[np.int32]
    col: NDArray[np.int32]
    away: NDArray[np.float64]


@njit(cache=True, nogil=True)
def bundles_in_turn(count: int) -> NDArray[np.int64]:
    """Return the numbers 0..count − 1 in an order of which every stretch goes round the disc.

    Threads get a stretch of the loop each. Of a mast at the edge of the ground, where half of the
    directions have no receivers, each has its part of those that do.
    """
    near = min(max(count // _FEWEST_GROUPS, 1), _SIDE_BY_SIDE)
    groups = (count + near - 1) // near
    stride = max(1, int(0.6180339887 * groups))  # by the golden section: no two near each other
    while math.gcd(stride, groups) != 1:
        stride += 1
    order = np.empty(count, np.int64)
    n = 0
    for turn in range(groups):
        first = turn * stride % groups * near
        for bundle in range(first, min(first + near, count)):
            order[n] = bundle
            n += 1
    return order


@njit(cache=True, nogil=True)
def room_for(disc: Disc, first: int, last: int) -> Queue:
    """Return room for the receivers of any one of the radials `first` to `last` − 1."""
    most = 0
    for radial in range(first, last):
        most = max(most, disc.start[radial + 1] - disc.start[radial])
    return Queue(
        np.full(disc.most, -1, np.int32),
        np.empty(most, np.int32),
        np.empty(most, np.int32),
        np.empty(most, np.int32),
        np.empty(most),
    )


@njit(cache=True, nogil=True, error_model="numpy", _nrt=False)
def queue_receivers(queue: Queue, disc: Disc, radial: int) -> int:
    """List a radial's receivers by the radial's points before them; return the largest number."""
    cells, cell_m, step_m = disc.cells, disc.cell_m, disc.step_m
    cols = disc.flags.shape[1]
    d_row0, d_col0 = disc.row0 - disc.tx_row, disc.col0 - disc.tx_col
    first = disc.start[radial]
    most = 0
    per = 1.0 / cols
    for n in range(disc.start[radial + 1] - first):
        cell = int(cells[first + n])
        row = int((cell + 0.5) * per)  # exact, and several times faster than a division
        col = cell - row * cols
        queue.row[n], queue.col[n] = row, col
        d_row = (d_row0 + row) * cell_m
        d_col = (d_col0 + col) * cell_m
        queue.away[n] = math.sqrt(d_row * d_row + d_col * d_col)
        k = shared_points(points_before(queue.away[n], step_m))
        queue.follow[n] = queue.head[k]
        queue.head[k] = n
        most = max(most, k)
    return most


@njit(cache=True, nogil=True, error_model="numpy", _nrt=False)
def read_radial(
    disc: Disc, radial: int, points: int, ground: NDArray[np.float64], over: NDArray[np.float64]
) -> int:
    """Read a radial's ground and clutter, 1..points; return how many points have data.

    `over` stays as it is where the surface has no clutter.
    """
    angle = 2.0 * math.pi * radial / (disc.start.size - 1)
    step = disc.step_m / disc.cell_m
    known = sample_radial(disc.height_m, disc.tx_row, disc.tx_col, angle, step, points, ground)
    if disc.clutter_m.size > 0:
        sample_nearest(disc.clutter_m, disc.tx_row, disc.tx_col, angle, step, known, over)
    return int(known)


@njit(cache=True, nogil=True, error_model="numpy", _nrt=False, forceinline=True)
def read_own(
    disc: Disc,
    row: int,
    col: int,
    total: float,
    k: int,
    count: int,
    own: NDArray[np.float64],
    own_over: NDArray[np.float64],
) -> bool:
    """Read ground and clutter at a receiver's own points k + 1…k + count; tell if all have data.

    `row`, `col` and `total` are its place in the window and its distance.
    """
    d_row = (disc.row0 + row - disc.tx_row) * (disc.step_m / total)
    d_col = (disc.col0 + col - disc.tx_col) * (disc.step_m / total)
    if not own_ground(disc.height_m, disc.tx_row, disc.tx_col, d_row, d_col, k + 1, count, own):
        return False
    if disc.clutter_m.size > 0:
        own_nearest(disc.clutter_m, disc.tx_row, disc.tx_col, d_row, d_col, k + 1, count, own_over)
    return True


@njit(cache=True, nogil=True, error_model="numpy", _nrt=False, forceinline=True)
def fill_free(
    disc: Disc, bands: NDArray[np.float64], row: int, col: int, free_db: float, ray: float
) -> None:
    """Fill in a receiver too near for the model: free space, its elevation, its flags.

    `free_db` is the loss less the bands' constants, `ray` the slope of the straight ray.
    """
    for b in range(bands.shape[0]):
        disc.loss[b, row, col] = bands[b, BAND_FREE_SPACE] + free_db
    disc.elevation[row, col] = math.degrees(math.atan(ray))
    disc.flags[row, col] = FLAG_FREE_SPACE | FLAG_LINE_OF_SIGHT
