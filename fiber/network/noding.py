"""Where lines as people draw them meet: shared vertices, ends that touch, ends that almost do."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

import numpy as np
import shapely
from scipy.spatial import cKDTree

from phusong.errors import InputError, Where
from phusong.fiber.network.crossings import count_crossings, crossing_points
from phusong.fiber.network.polylines import MILLIMETRES, Bools, Floats, Ints, Lines
from phusong.jit import njit

MOST_JOINED = 500_000
"""Crossings that are joined, at most: every one is a node and four edges."""
CHUNK = 200_000
"""Ends that are looked at together."""


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
    west, south = np.floor(xy.min(axis=0))
    return np.asarray(_keys(xy, west, south))


@njit(cache=True)
def _keys(xy: Floats, west: float, south: float) -> Ints:
    out = np.empty(len(xy), np.int64)
    for i in range(len(xy)):
        col = np.int64(np.rint((xy[i, 0] - west) * MILLIMETRES))
        row = np.int64(np.rint((xy[i, 1] - south) * MILLIMETRES))
        out[i] = (col << 31) + row
    return out


def _shared_vertices(lines: Lines) -> tuple[Floats, Bools, _Splits]:
    """Nodes at ends and at vertices used more than once; every line's ends among the splits.

    Nodes are numbered as lines first come to them; splits are in order along the lines.
    """
    keys = vertex_keys(lines.xy)
    order = np.argsort(keys, kind="stable")
    node, first, is_end = _number_shared(keys, order, lines.offsets)
    del keys, order
    splits = _Splits(*_split_shared(node, lines.along, lines.offsets))
    return lines.xy[first], is_end, splits


@njit(cache=True)
def _number_shared(keys: Ints, order: Ints, offsets: Ints) -> tuple[Ints, Ints, Bools]:
    """Give the node of each vertex (-1: none), and the first vertex of each; say which are ends.

    ``order`` sorts the keys, equal ones as they are drawn. A vertex that is drawn twice in a row
    is one use of its place, and one split of its line.
    """
    end, again = _ends_and_repeats(keys, offsets)
    node = np.full(len(keys), -1, np.int64)
    ends = np.zeros(len(keys), np.bool_)  # by the first vertex of a place
    count = 0
    i = 0
    while i < len(order):
        stop, uses, first = i, 0, order[i]
        while stop < len(order) and keys[order[stop]] == keys[first]:
            uses += 0 if again[order[stop]] else 1
            ends[first] = ends[first] or end[order[stop]]
            stop += 1
        if ends[first] or uses > 1:
            for k in range(i, stop):
                node[order[k]] = first
            count += 1
        i = stop
    place = np.empty(count, np.int64)
    is_end = np.empty(count, np.bool_)
    count = 0
    for k in range(len(keys)):
        first = node[k]
        if first == k:
            place[count], is_end[count] = k, ends[k]
            node[k] = count
            count += 1
        elif first >= 0:
            node[k] = node[first]
        if again[k] and not end[k]:
            node[k] = -1
    return node, place, is_end


@njit(cache=True)
def _ends_and_repeats(keys: Ints, offsets: Ints) -> tuple[Bools, Bools]:
    end, again = np.zeros(len(keys), np.bool_), np.zeros(len(keys), np.bool_)
    for line in range(len(offsets) - 1):
        end[offsets[line]] = end[offsets[line + 1] - 1] = True
        for k in range(offsets[line] + 1, offsets[line + 1]):
            again[k] = keys[k] == keys[k - 1]
    return end, again


@njit(cache=True)
def _split_shared(node: Ints, along: Floats, offsets: Ints) -> tuple[Ints, Floats, Ints]:
    total = np.count_nonzero(node >= 0)
    line, s_m, at = np.empty(total, np.int64), np.empty(total), np.empty(total, np.int64)
    count = 0
    for i in range(len(offsets) - 1):
        for k in range(offsets[i], offsets[i + 1]):
            if node[k] >= 0:
                line[count], s_m[count], at[count] = i, along[k], node[k]
                count += 1
    return line, s_m, at


def _touching_ends(
    lines: Lines, node_xy: Floats, is_end: Bools, splits: _Splits, snap_m: float
) -> _Splits:
    """Places on lines that an end touches without sharing a vertex; splits are in their order."""
    ends = np.flatnonzero(is_end)
    tree = shapely.STRtree(lines.geometry)
    offsets = np.searchsorted(splits.line, np.arange(len(lines) + 1))
    found = []
    for some in np.split(ends, range(CHUNK, len(ends), CHUNK)):
        which, line = tree.query(shapely.points(node_xy[some]), "dwithin", snap_m)
        order = np.lexsort((line, which))
        node, line = some[which[order]], line[order].astype(np.int64)
        own_s, near = _near_own_nodes(node, line, offsets, splits.node, splits.s_m, node_xy, snap_m)
        open_ = ~near
        node, line, own_s = node[open_], line[open_], own_s[open_]
        place = lines.project(node_xy[node], line, own_s, 2.0 * snap_m)
        hit = place[:, 1] <= snap_m
        found.append(_Splits(line[hit], place[hit, 0], node[hit]))
    return reduce(_Splits.__add__, found)


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
    order = np.lexsort((splits.node, splits.s_m, splits.line))
    line, from_m, to_m, tail, head, dropped = _cut_between(
        splits.line, splits.s_m, splits.node, order, leader, 2.0 * snap_m + 1.0 / MILLIMETRES
    )
    used = np.zeros(len(node_xy), dtype=bool)
    for ends in (tail, head, joints[0], joints[1]):
        used[ends] = True
    number = np.cumsum(used) - 1
    return Noding(
        node_xy[used],
        line,
        from_m,
        to_m,
        number[tail],
        number[head],
        number[joints[0]],
        number[joints[1]],
        joints[2],
        dropped,
    )


@njit(cache=True)
def _cut_between(
    line: Ints, s_m: Floats, node: Ints, order: Ints, leader: Ints, short_m: float
) -> tuple[Ints, Floats, Floats, Ints, Ints, int]:
    """Give the pieces between splits in their order, but short ones within one joint; count those.

    Returns
    -------
    line, from_m, to_m, tail, head, dropped
    """
    count, dropped = 0, 0
    for fill in range(2):
        if fill:
            of, low, high = np.empty(count, np.int64), np.empty(count), np.empty(count)
            tail, head = np.empty(count, np.int64), np.empty(count, np.int64)
            count = 0
        else:
            of, low, high = np.empty(0, np.int64), np.empty(0), np.empty(0)
            tail, head = np.empty(0, np.int64), np.empty(0, np.int64)
        for k in range(1, len(order)):
            i, j = order[k - 1], order[k]
            if line[i] != line[j]:
                continue
            a, b = leader[node[i]], leader[node[j]]
            if a == b and s_m[j] - s_m[i] <= short_m:
                dropped += 1 if not fill and s_m[j] > s_m[i] else 0
                continue
            if fill:
                of[count], low[count], high[count] = line[i], s_m[i], s_m[j]
                tail[count], head[count] = a, b
            count += 1
    return of, low, high, tail, head, dropped
