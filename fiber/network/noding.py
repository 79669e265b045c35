"""Where lines as people draw them meet: shared vertices, ends that touch, ends that almost do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from scipy.spatial import cKDTree

from phusong.errors import InputError, Where
from phusong.fiber.network.polylines import Bools, Floats, Ints, Lines
from phusong.jit import njit

MOST_JOINED = 500_000
"""Crossings that are joined, at most: every one is a node and four edges."""
MILLIMETRES = 1000.0
"""Coordinates equal to the millimetre are one point."""


@dataclass(frozen=True)
class Noding:
    """Pieces of lines between nodes, and the joints that stand for gaps within tolerance.

    Attributes
    ----------
    node_xy
        (n, 2) nodes, in order of the first line that uses them.
    line, from_m, to_m
        (p,) source line of each piece and its stretch, sorted by line and stretch.
    tail, head
        (p,) nodes of each piece.
    joint_a, joint_b, joint_m
        (j,) pairs of nodes within tolerance that are one joint without being one node, and
        the gap between them. Only chains of ends farther apart than the tolerance have them.
    dropped
        Pieces shorter than the joint that swallowed them.
    """

    node_xy: Floats
    line: Ints
    from_m: Floats
    to_m: Floats
    tail: Ints
    head: Ints
    joint_a: Ints
    joint_b: Ints
    joint_m: Floats
    dropped: int


@dataclass(frozen=True)
class _Splits:
    """Places on lines that become nodes."""

    line: Ints
    s_m: Floats
    node: Ints

    def __add__(self, other: _Splits) -> _Splits:
        return _Splits(
            np.concatenate([self.line, other.line]),
            np.concatenate([self.s_m, other.s_m]),
            np.concatenate([self.node, other.node]),
        )


def node_lines(lines: Lines, snap_m: float, *, join_crossings: bool = False) -> Noding:
    """Return the lines cut at every place where they meet.

    Lines meet at a vertex they share (to the millimetre), at ends within ``snap_m`` of each
    other, where an end lies within ``snap_m`` of another line (or of its own line farther
    on), and, if ``join_crossings``, where they cross. Ends are gathered round the first one
    drawn, so that a joint is never wider than the tolerance on each side of it: a chain of
    ends does not fall into one point, it stays a chain of joints.

    Raises
    ------
    InputError
        When more crossings were to be joined than any network has.
    """
    if not len(lines):
        none, real = np.zeros(0, np.int64), np.zeros(0)
        return Noding(np.zeros((0, 2)), none, real, real, none, none, none, none, real, 0)
    node_xy, is_end, splits = _shared_vertices(lines)
    if snap_m > 0:
        splits = splits + _touching_ends(lines, node_xy, is_end, splits, snap_m)
    if join_crossings:
        crossing_xy, crossing = _crossings(lines, len(node_xy))
        node_xy = np.concatenate([node_xy, crossing_xy])
        splits = splits + crossing
    leader, joint_a, joint_b, joint_m = _gather(node_xy, splits, snap_m)
    return _pieces(node_xy, splits, leader, (joint_a, joint_b, joint_m), snap_m)


def vertex_keys(xy: Floats) -> Ints:
    """Return one integer a point, equal where points are equal to the millimetre."""
    if not len(xy):
        return np.zeros(0, np.int64)
    base = np.floor(xy.min(axis=0))
    grid = np.rint((xy - base) * MILLIMETRES).astype(np.int64)
    return np.asarray((grid[:, 0] << 31) + grid[:, 1])


def _shared_vertices(lines: Lines) -> tuple[Floats, Bools, _Splits]:
    """Nodes at ends and at vertices used more than once; every line's ends among the splits."""
    keys = vertex_keys(lines.xy)
    owner = np.repeat(np.arange(len(lines)), np.diff(lines.offsets))
    starts, ends = lines.offsets[:-1], lines.offsets[1:] - 1
    at_end = np.zeros(len(keys), dtype=bool)
    at_end[starts] = at_end[ends] = True
    again = np.zeros(len(keys), dtype=bool)  # a vertex drawn twice in a row is one use
    again[1:] = (keys[1:] == keys[:-1]) & (owner[1:] == owner[:-1])
    _, first, key = np.unique(keys, return_index=True, return_inverse=True)
    uses = np.bincount(key[~again], minlength=len(first))
    is_end = np.zeros(len(first), dtype=bool)
    is_end[key[at_end]] = True
    chosen = np.flatnonzero(is_end | (uses > 1))
    chosen = chosen[np.argsort(first[chosen], kind="stable")]
    number = np.full(len(first), -1, dtype=np.int64)
    number[chosen] = np.arange(len(chosen))
    at = np.flatnonzero((number[key] >= 0) & (~again | at_end))
    splits = _Splits(owner[at], lines.along[at], number[key[at]])
    return lines.xy[first[chosen]], is_end[chosen], splits


def _touching_ends(
    lines: Lines, node_xy: Floats, is_end: Bools, splits: _Splits, snap_m: float
) -> _Splits:
    """Places on lines that an end touches without sharing a vertex."""
    ends = np.flatnonzero(is_end)
    tree = shapely.STRtree(lines.geometry)
    which, line = tree.query(shapely.points(node_xy[ends]), "dwithin", snap_m)
    order = np.lexsort((line, which))
    node, line = ends[which[order]], line[order].astype(np.int64)
    by_line = np.lexsort((splits.s_m, splits.line))
    offsets = np.searchsorted(splits.line[by_line], np.arange(len(lines) + 1))
    own_s, near = _near_own_nodes(
        node, line, offsets, splits.node[by_line], splits.s_m[by_line], node_xy, snap_m
    )
    open_ = ~near
    node, line, own_s = node[open_], line[open_], own_s[open_]
    place = lines.project(node_xy[node], line, own_s, 2.0 * snap_m)
    hit = place[:, 1] <= snap_m
    return _Splits(line[hit], place[hit, 0], node[hit])


@njit(cache=True)
def _near_own_nodes(
    node: Ints,
    line: Ints,
    offsets: Ints,
    split_node: Ints,
    split_s: Floats,
    node_xy: Floats,
    snap_m: float,
) -> tuple[Floats, Bools]:
    """Say of each (end, line) where the end sits on the line, and if it meets a node of it anyway.

    The place is NaN where the end is not on the line; a node of the line within tolerance is
    one the end is gathered with.
    """
    own = np.full(len(node), np.nan)
    near = np.zeros(len(node), np.bool_)
    for i in range(len(node)):
        v = node[i]
        lo, hi = offsets[line[i]], offsets[line[i] + 1]
        for k in range(lo, hi):
            if split_node[k] == v:
                if not np.isnan(own[i]) and abs(own[i] - split_s[k]) > 2.0 * snap_m:
                    near[i] = True  # a closed line, or one that already returns to its end
                own[i] = split_s[k]
        for k in range(lo, hi):
            w = split_node[k]
            if w == v or (not np.isnan(own[i]) and abs(own[i] - split_s[k]) <= 2.0 * snap_m):
                continue
            d = np.hypot(node_xy[w, 0] - node_xy[v, 0], node_xy[w, 1] - node_xy[v, 1])
            near[i] = near[i] or d <= snap_m
    return own, near


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


def _crossings(lines: Lines, first_node: int) -> tuple[Floats, _Splits]:
    if count_crossings(lines, MOST_JOINED) > MOST_JOINED:
        raise InputError(
            "{n} lines cross more than {most} times: no network can be made of them",
            Where(key="fiber.join_crossings"),
            "look at the drawing on a map, or set fiber.join_crossings to false",
            {"n": len(lines), "most": MOST_JOINED},
        )
    a, b, xy = crossing_points(lines)
    skip = np.full(len(a), np.nan)
    node = first_node + np.arange(len(a))
    on_a = lines.project(xy, a, skip, 0.0)[:, 0]
    on_b = lines.project(xy, b, skip, 0.0)[:, 0]
    return xy, _Splits(
        np.concatenate([a, b]), np.concatenate([on_a, on_b]), np.concatenate([node, node])
    )


def _gather(node_xy: Floats, splits: _Splits, snap_m: float) -> tuple[Ints, Ints, Ints, Floats]:
    """Gather nodes within tolerance: the leader of each, and pairs with different leaders.

    The two ends of a short stretch of line are not gathered: the line itself joins them, and
    would lose its length.
    """
    none = np.zeros(0, np.int64)
    leader = np.arange(len(node_xy))
    if snap_m <= 0:
        return leader, none, none, np.zeros(0)
    pairs = cKDTree(node_xy).query_pairs(snap_m, output_type="ndarray").astype(np.int64)
    if not len(pairs):
        return leader, none, none, np.zeros(0)
    order = np.lexsort((splits.node, splits.s_m, splits.line))
    line, s_m, node = splits.line[order], splits.s_m[order], splits.node[order]
    step = np.diff(s_m)
    short = (np.diff(line) == 0) & (step > 1.0 / MILLIMETRES) & (step <= 2.0 * snap_m)
    drawn = np.sort(np.stack([node[:-1][short], node[1:][short]], axis=1), axis=1)
    count = len(node_xy)
    pairs = np.sort(pairs, axis=1)
    keys = pairs[:, 0] * count + pairs[:, 1]
    pairs = pairs[~np.isin(keys, drawn[:, 0] * count + drawn[:, 1])]
    pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
    leader = _leaders(len(node_xy), pairs)
    ends = np.sort(leader[pairs], axis=1)
    gap = np.hypot(*(node_xy[pairs[:, 0]] - node_xy[pairs[:, 1]]).T)
    apart = ends[:, 0] != ends[:, 1]
    ends, gap = ends[apart], gap[apart]
    order = np.lexsort((gap, ends[:, 1], ends[:, 0]))
    ends, gap = ends[order], gap[order]
    fresh = np.ones(len(ends), dtype=bool)
    fresh[1:] = (ends[1:] != ends[:-1]).any(axis=1)
    return leader, ends[fresh, 0], ends[fresh, 1], gap[fresh]


@njit(cache=True)
def _leaders(count: int, pairs: Ints) -> Ints:
    """Let the first node drawn lead all its neighbours that have no leader yet."""
    leader = np.full(count, -1, np.int64)
    k = 0
    for i in range(count):
        if leader[i] < 0:
            leader[i] = i
        while k < len(pairs) and pairs[k, 0] == i:
            j = pairs[k, 1]
            if leader[i] == i and leader[j] < 0:
                leader[j] = i
            k += 1
    return leader


def _pieces(
    node_xy: Floats,
    splits: _Splits,
    leader: Ints,
    joints: tuple[Ints, Ints, Floats],
    snap_m: float,
) -> Noding:
    node = leader[splits.node]
    order = np.lexsort((splits.node, splits.s_m, splits.line))
    line, s_m, node = splits.line[order], splits.s_m[order], node[order]
    same = line[1:] == line[:-1]
    line, from_m, to_m = line[:-1][same], s_m[:-1][same], s_m[1:][same]
    tail, head = node[:-1][same], node[1:][same]
    lost = (tail == head) & (to_m - from_m <= 2.0 * snap_m + 1.0 / MILLIMETRES)
    keep = ~lost
    used = np.unique(np.concatenate([tail[keep], head[keep], joints[0], joints[1]]))
    number = np.full(len(node_xy), -1, dtype=np.int64)
    number[used] = np.arange(len(used))
    return Noding(
        node_xy[used],
        line[keep],
        from_m[keep],
        to_m[keep],
        number[tail[keep]],
        number[head[keep]],
        number[joints[0]],
        number[joints[1]],
        joints[2],
        int(np.count_nonzero(lost & (to_m > from_m))),
    )
