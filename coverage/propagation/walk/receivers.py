"""The receivers of one radial, in the order in which a walk outwards comes to them.

A receiver is the last point of its path (d = d_n of P.1812-7 §3.2); its number of points is what
it has to wait for.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from phusong.coverage.propagation.walk.approach import shared_points
from phusong.coverage.propagation.walk.fan import points_before
from phusong.jit import njit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BUNDLE = 8
"""Radials that one task of a parallel loop walks."""


@njit(cache=True, nogil=True, error_model="numpy", _nrt=False)
def queue_receivers(
    cells: NDArray[np.int32],
    cols: int,
    d_row0: float,
    d_col0: float,
    cell_m: float,
    step_m: float,
    head: NDArray[np.int32],
    follow: NDArray[np.int32],
    at_row: NDArray[np.int32],
    at_col: NDArray[np.int32],
    away: NDArray[np.float64],
) -> int:
    """List a radial's receivers by the radial's points before them; return the largest number.

    Parameters
    ----------
    cells
        Flat window indices of the radial's cells.
    cols
        Width of the window.
    d_row0, d_col0
        Offset of the window's first cell from the antenna, in cells.
    cell_m, step_m
        Cell size and spacing of the points.
    head
        Per number of the radial's points the first receiver, −1 for none; filled here, all −1
        before.
    follow
        Per receiver the next with as many points, −1 at the end; filled here.
    at_row, at_col
        Per receiver its row and column in the window; filled here.
    away
        Per receiver its distance in metres; filled here.
    """
    most = 0
    per = 1.0 / cols
    for n in range(cells.size):
        cell = int(cells[n])
        row = int((cell + 0.5) * per)  # exact, and several times faster than a division
        col = cell - row * cols
        at_row[n], at_col[n] = row, col
        d_row = (d_row0 + row) * cell_m
        d_col = (d_col0 + col) * cell_m
        away[n] = math.sqrt(d_row * d_row + d_col * d_col)
        k = shared_points(points_before(away[n], step_m))
        follow[n] = head[k]
        head[k] = n
        most = max(most, k)
    return most
