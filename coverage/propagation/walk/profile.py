"""Terrain profiles: the one a raster cell was computed with, and the exact one of a path.

The d_i, h_i, R_i and zones of a path profile of ITU-R P.1812-7 §3.2 and §3.3.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from phusong.coverage.propagation.walk.approach import own_ground, own_nearest, shared_points
from phusong.coverage.propagation.walk.fan import (
    bilinear,
    nearest_radial,
    points_before,
    sample_nearest,
    sample_radial,
)
from phusong.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from phusong.coverage.propagation.surface import PropagationSettings, Surface, Transmitter


@dataclass(frozen=True)
class Profile:
    """Ground along a path, from the antenna to the receiver, both included.

    Parameters
    ----------
    distance_m, height_m, clutter_m
        Distance from the antenna, ground height and representative clutter height, each of
        shape (n,); clutter is 0 at both ends.
    zone
        Radio-climatic zone of each point, shape (n,).
    """

    distance_m: NDArray[np.float64]
    height_m: NDArray[np.float64]
    clutter_m: NDArray[np.float64]
    zone: NDArray[np.uint8]


def cell_profile(
    surface: Surface, tx: Transmitter, settings: PropagationSettings, row: int, col: int
) -> Profile:
    """Return the profile a raster computes the cell (row, col) of the surface with.

    That is the nearest radial at the radial step; the last points before the receiver are those
    of its own line from the mast, and the end is its own ground. Points lie a radial step apart;
    ``itm`` takes them as equally spaced over the whole path, the last included, and moves them.

    Raises
    ------
    ModelError
        Where the terrain has no data on the way.
    """
    tx_col = (tx.x_m - surface.x0_m) / surface.cell_m - 0.5
    tx_row = (surface.y0_m - tx.y_m) / surface.cell_m - 0.5
    step_m, _ = settings.steps_m(surface.cell_m)
    radials = settings.radials(surface.cell_m)
    d_row, d_col = row - tx_row, col - tx_col
    total = math.hypot(d_row * surface.cell_m, d_col * surface.cell_m)
    radial = nearest_radial(d_row, d_col, radials)
    points = points_before(total, step_m)
    shared = shared_points(points)
    part = 1.0 / (points + 1) if settings.model == "itm" else step_m / max(total, step_m)
    profile = _along(
        surface,
        (tx_row, tx_col),
        (row, col),
        2.0 * math.pi * radial / radials,
        step_m,
        points,
        total,
        shared,
    )
    return _own_points(profile, surface, (tx_row, tx_col), (row, col), part, shared)


def _own_points(
    profile: Profile,
    surface: Surface,
    start: tuple[float, float],
    end: tuple[float, float],
    part: float,
    shared: int,
) -> Profile:
    """Fill in a profile's points after the first `shared`, from the line between its ends.

    `part` is the share of that line that lies between two points.
    """
    count = profile.height_m.size - 2 - shared
    along = (*start, (end[0] - start[0]) * part, (end[1] - start[1]) * part, shared + 1, count)
    room = slice(shared + 1, shared + 1 + count)
    if not own_ground(surface.height_m, *along, profile.height_m[room]):
        raise _no_data()
    if surface.clutter_m is not None:
        own_nearest(surface.clutter_m, *along, profile.clutter_m[room])
    if surface.zone is not None:
        zone = np.empty(count)
        own_nearest(surface.zone, *along, zone)
        profile.zone[room] = zone
    return profile


def _no_data() -> ModelError:
    return ModelError(
        "The terrain has no data on the path from the antenna.",
        mend="Fill the gap in the terrain.",
    )


def line_profile(
    surface: Surface, tx: Transmitter, x_m: float, y_m: float, step_m: float
) -> Profile:
    """Return the profile on the straight line from the antenna to (x_m, y_m).

    Points lie `step_m` apart or a little less, evenly.

    Raises
    ------
    ModelError
        Where either end lies outside the surface or the terrain has no data on the way.
    """
    tx_col = (tx.x_m - surface.x0_m) / surface.cell_m - 0.5
    tx_row = (surface.y0_m - tx.y_m) / surface.cell_m - 0.5
    col = (x_m - surface.x0_m) / surface.cell_m - 0.5
    row = (surface.y0_m - y_m) / surface.cell_m - 0.5
    total = math.hypot(x_m - tx.x_m, y_m - tx.y_m)
    parts = max(1, math.ceil(total / step_m))
    angle = math.atan2(row - tx_row, col - tx_col)
    return _along(surface, (tx_row, tx_col), (row, col), angle, total / parts, parts - 1, total)


def _along(
    surface: Surface,
    start: tuple[float, float],
    end: tuple[float, float],
    angle: float,
    step_m: float,
    points: int,
    total_m: float,
    shared: int | None = None,
) -> Profile:
    """Sample `points` points along an angle; those after the first `shared` are left at 0."""
    shared = points if shared is None else shared
    rows, cols = surface.height_m.shape
    for row, col in (start, end):
        if not (-0.5 <= row <= rows - 0.5 and -0.5 <= col <= cols - 0.5):
            raise ModelError(
                "An end of the path lies outside the terrain.",
                mend="Give terrain that covers both ends.",
            )
    step_cells = step_m / surface.cell_m
    height = np.zeros(points + 2)
    clutter = np.zeros(points + 2)
    zone = np.full(points + 2, 4.0)
    known = sample_radial(surface.height_m, *start, angle, step_cells, shared, height)
    height[0] = bilinear(surface.height_m, *start)
    height[-1] = bilinear(surface.height_m, *end)
    if known < shared or not np.isfinite(height).all():
        raise _no_data()
    if surface.clutter_m is not None:
        sample_nearest(surface.clutter_m, *start, angle, step_cells, shared, clutter)
    if surface.zone is not None:
        sample_nearest(surface.zone, *start, angle, step_cells, shared, zone)
        for place, index in ((start, 0), (end, -1)):
            r, c = (
                min(max(math.floor(v + 0.5), 0), n - 1)
                for v, n in zip(place, (rows, cols), strict=True)
            )
            zone[index] = surface.zone[r, c]
    distance: NDArray[np.float64] = np.arange(points + 2, dtype=np.float64) * step_m
    distance[-1] = total_m
    return Profile(distance, height, clutter, zone.astype(np.uint8))
