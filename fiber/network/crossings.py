"""Where lines cross: how often, between which, and at which places."""

from __future__ import annotations

import numpy as np
import shapely

from phusong.fiber.network.polylines import MILLIMETRES, Bools, Floats, Ints, Lines
from phusong.jit import njit


def count_crossings(lines: Lines, most: int) -> int:
    """Return how often spans of different lines cross; some number over ``most`` if more often.

    Bounded in time and memory, however many there are: look before :func:`crossing_points`.
    """
    tree, count = shapely.STRtree(lines.geometry), 0
    for first in range(0, len(lines), 256):
        a, b = tree.query(lines.geometry[first : first + 256])
        a = a + first
        a, b = a[a < b].astype(np.int64), b[a < b].astype(np.int64)
        count += int(_count(lines.xy, lines.offsets, a, b, most - count))
        if count > most:
            break
    return count


@njit(cache=True)
def _count(xy: Floats, offsets: Ints, a: Ints, b: Ints, most: int) -> int:
    """Count the proper crossings of spans, until there are more than ``most``."""
    count = 0
    for i in range(len(a)):
        b0, b1 = offsets[b[i]], offsets[b[i] + 1]
        west, south = xy[b0:b1, 0].min(), xy[b0:b1, 1].min()
        east, north = xy[b0:b1, 0].max(), xy[b0:b1, 1].max()
        for k in range(offsets[a[i]], offsets[a[i] + 1] - 1):
            px, py, qx, qy = xy[k, 0], xy[k, 1], xy[k + 1, 0], xy[k + 1, 1]
            if max(px, qx) < west or min(px, qx) > east:
                continue
            if max(py, qy) < south or min(py, qy) > north:
                continue
            for j in range(b0, b1 - 1):
                rx, ry, sx, sy = xy[j, 0], xy[j, 1], xy[j + 1, 0], xy[j + 1, 1]
                dx, dy, ex, ey = qx - px, qy - py, sx - rx, sy - ry
                turn = dx * ey - dy * ex
                if turn == 0.0:
                    continue
                t = ((rx - px) * ey - (ry - py) * ex) / turn
                u = ((rx - px) * dy - (ry - py) * dx) / turn
                if 0.0 < t < 1.0 and 0.0 < u < 1.0:
                    count += 1
                    if count > most:
                        return count
    return count


def crossing_points(lines: Lines, near_m: float = 0.0) -> tuple[Ints, Ints, Floats]:
    """Return (a, b, xy) of every place where two lines cross, a < b, sorted.

    Touching ends do not cross, nor do lines whose ends are both within ``near_m`` of the
    place. Lines that run on each other cross at a point of the stretch.
    """
    geometry = lines.geometry
    a, b = shapely.STRtree(geometry).query(geometry)
    keep = a < b
    a, b = a[keep].astype(np.int64), b[keep].astype(np.int64)
    order = np.lexsort((b, a))
    a, b = a[order], b[order]
    met = _may_cross(lines.xy, lines.offsets, a, b, max(near_m, 1.0 / MILLIMETRES))
    a, b = a[met], b[met]
    met = shapely.crosses(geometry[a], geometry[b])
    a, b = a[met], b[met]
    place = shapely.intersection(geometry[a], geometry[b])
    parts, owner = shapely.get_parts(place, return_index=True)
    xy = shapely.get_coordinates(shapely.point_on_surface(parts)).reshape(-1, 2)
    return a[owner], b[owner], xy


@njit(cache=True)
def _may_cross(  # noqa: C901 - one loop of a kernel
    xy: Floats, offsets: Ints, a: Ints, b: Ints, near_m: float
) -> Bools:
    """Whether two lines touch anywhere but where both end: cheap, and never wrongly false."""
    out = np.zeros(len(a), np.bool_)
    for i in range(len(a)):
        a0, a1, b0, b1 = offsets[a[i]], offsets[a[i] + 1], offsets[b[i]], offsets[b[i] + 1]
        west, south = xy[b0:b1, 0].min(), xy[b0:b1, 1].min()
        east, north = xy[b0:b1, 0].max(), xy[b0:b1, 1].max()
        for k in range(a0, a1 - 1):
            px, py, qx, qy = xy[k, 0], xy[k, 1], xy[k + 1, 0], xy[k + 1, 1]
            if max(px, qx) < west or min(px, qx) > east:
                continue
            if max(py, qy) < south or min(py, qy) > north:
                continue
            for j in range(b0, b1 - 1):
                rx, ry, sx, sy = xy[j, 0], xy[j, 1], xy[j + 1, 0], xy[j + 1, 1]
                if max(px, qx) < min(rx, sx) or min(px, qx) > max(rx, sx):
                    continue
                if max(py, qy) < min(ry, sy) or min(py, qy) > max(ry, sy):
                    continue
                dx, dy, ex, ey = qx - px, qy - py, sx - rx, sy - ry
                turn = dx * ey - dy * ex
                t, u = 0.5, 0.5
                if turn != 0.0:
                    t = ((rx - px) * ey - (ry - py) * ex) / turn
                    u = ((rx - px) * dy - (ry - py) * dx) / turn
                if min(t, u) < -1e-9 or max(t, u) > 1.0 + 1e-9:
                    continue
                x, y = px + t * dx, py + t * dy
                if not (_at_end(xy, a0, a1, x, y, near_m) and _at_end(xy, b0, b1, x, y, near_m)):
                    out[i] = True
                    break
            if out[i]:
                break
    return out


@njit(cache=True)
def _at_end(xy: Floats, lo: int, hi: int, x: float, y: float, near_m: float) -> bool:
    """Whether a place is near the first or the last vertex of a line."""
    start = np.hypot(xy[lo, 0] - x, xy[lo, 1] - y)
    end = np.hypot(xy[hi - 1, 0] - x, xy[hi - 1, 1] - y)
    return bool(min(start, end) <= near_m)
