"""Polylines as flat arrays: the form in which half a million lines are noded, cut and measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from phusong.jit import njit

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

MILLIMETRES = 1000.0
"""Coordinates equal to the millimetre are one point."""


@dataclass(frozen=True)
class Lines:
    """Line strings, one after the other.

    Attributes
    ----------
    xy
        (n, 2) vertex coordinates in metres.
    offsets
        (m + 1,) line ``i`` holds vertices ``offsets[i] : offsets[i + 1]``.
    along
        (n,) planar distance in metres of each vertex from the start of its line.
    geometry
        (m,) the shapely line strings themselves.
    """

    xy: Floats
    offsets: Ints
    along: Floats
    geometry: NDArray[np.object_]

    @classmethod
    def of(cls, geometry: Any) -> Lines:
        """Return the flat form of an array of line strings (Z is dropped)."""
        flat = np.asarray(geometry, dtype=object)
        if shapely.has_z(flat).any():  # else no copy: a country's roads are a million lines
            flat = np.asarray(shapely.force_2d(flat), dtype=object)
        xy = np.ascontiguousarray(shapely.get_coordinates(flat), dtype=np.float64)
        offsets = np.zeros(len(flat) + 1, dtype=np.int64)
        np.cumsum(shapely.get_num_coordinates(flat), out=offsets[1:])
        return cls(xy, offsets, _along(xy, offsets), flat)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def length_m(self) -> Floats:
        """(m,) planar length of each line."""
        if not len(self):
            return np.zeros(0)
        return self.along[self.offsets[1:] - 1]

    def take(self, lines: Ints) -> Lines:
        """Return some of the lines, in the order given."""
        counts = np.diff(self.offsets)[lines]
        offsets = np.concatenate([[0], np.cumsum(counts)])
        at = np.arange(offsets[-1]) + np.repeat(self.offsets[lines] - offsets[:-1], counts)
        return Lines(self.xy[at], offsets, self.along[at], self.geometry[lines])

    def at(self, line: Ints, s_m: Floats) -> Floats:
        """Return the (k, 2) points ``s_m`` metres along the lines numbered ``line``."""
        return np.asarray(_at(self.xy, self.offsets, self.along, line, s_m))

    def cut(self, line: Ints, from_m: Floats, to_m: Floats) -> NDArray[np.object_]:
        """Return (k,) line strings: the stretches ``from_m .. to_m`` of the lines ``line``."""
        if not len(line):
            return np.empty(0, dtype=object)
        xy, owner = _cut(self.xy, self.offsets, self.along, line, from_m, to_m)
        return np.asarray(shapely.linestrings(xy, indices=owner), dtype=object)

    def project(self, point_xy: Floats, line: Ints, skip_m: Floats, reach_m: float) -> Floats:
        """Return (k, 2) the place along each line nearest to a point, and its distance.

        Parameters
        ----------
        point_xy
            (k, 2) points.
        line
            (k,) the line each point is dropped on.
        skip_m
            (k,) centre of a stretch left out (a line's end never touches the line beside
            itself), NaN to search the whole line.
        reach_m
            Half the length of the stretch left out.
        """
        return np.asarray(
            _project(self.xy, self.offsets, self.along, point_xy, line, skip_m, reach_m)
        )


@njit(cache=True)
def _along(xy: Floats, offsets: Ints) -> Floats:
    out = np.zeros(len(xy))
    for line in range(len(offsets) - 1):
        total = 0.0
        for k in range(offsets[line] + 1, offsets[line + 1]):
            total += np.hypot(xy[k, 0] - xy[k - 1, 0], xy[k, 1] - xy[k - 1, 1])
            out[k] = total
    return out


@njit(cache=True)
def _point(xy: Floats, along: Floats, lo: int, hi: int, s_m: float) -> tuple[float, float]:
    """Point at ``s_m`` on the vertices ``lo .. hi - 1``."""
    k = np.searchsorted(along[lo:hi], s_m) + lo
    if k <= lo:
        return xy[lo, 0], xy[lo, 1]
    if k >= hi:
        return xy[hi - 1, 0], xy[hi - 1, 1]
    step = along[k] - along[k - 1]
    t = 0.0 if step == 0.0 else (s_m - along[k - 1]) / step
    return (
        xy[k - 1, 0] + t * (xy[k, 0] - xy[k - 1, 0]),
        xy[k - 1, 1] + t * (xy[k, 1] - xy[k - 1, 1]),
    )


@njit(cache=True)
def _at(xy: Floats, offsets: Ints, along: Floats, line: Ints, s_m: Floats) -> Floats:
    out = np.empty((len(line), 2))
    for i in range(len(line)):
        out[i, 0], out[i, 1] = _point(xy, along, offsets[line[i]], offsets[line[i] + 1], s_m[i])
    return out


@njit(cache=True)
def _cut(
    xy: Floats, offsets: Ints, along: Floats, line: Ints, from_m: Floats, to_m: Floats
) -> tuple[Floats, Ints]:
    eps = 1e-6
    total = 0
    first = np.empty(len(line), np.int64)
    last = np.empty(len(line), np.int64)
    for i in range(len(line)):
        lo, hi = offsets[line[i]], offsets[line[i] + 1]
        first[i] = np.searchsorted(along[lo:hi], from_m[i] + eps, side="right") + lo
        last[i] = np.searchsorted(along[lo:hi], to_m[i] - eps, side="left") + lo
        total += 2 + max(0, last[i] - first[i])
    out = np.empty((total, 2))
    owner = np.empty(total, np.int64)
    n = 0
    for i in range(len(line)):
        lo, hi = offsets[line[i]], offsets[line[i] + 1]
        out[n, 0], out[n, 1] = _point(xy, along, lo, hi, from_m[i])
        owner[n] = i
        n += 1
        for k in range(first[i], last[i]):
            out[n, 0], out[n, 1] = xy[k, 0], xy[k, 1]
            owner[n] = i
            n += 1
        out[n, 0], out[n, 1] = _point(xy, along, lo, hi, to_m[i])
        owner[n] = i
        n += 1
    return out, owner


@njit(cache=True)
def _project(
    xy: Floats,
    offsets: Ints,
    along: Floats,
    point_xy: Floats,
    line: Ints,
    skip_m: Floats,
    reach_m: float,
) -> Floats:
    out = np.empty((len(line), 2))
    for i in range(len(line)):
        best, where = np.inf, 0.0
        px, py = point_xy[i, 0], point_xy[i, 1]
        low, high = skip_m[i] - reach_m, skip_m[i] + reach_m
        for k in range(offsets[line[i]], offsets[line[i] + 1] - 1):
            x, y = xy[k, 0], xy[k, 1]
            dx, dy = xy[k + 1, 0] - x, xy[k + 1, 1] - y
            span = dx * dx + dy * dy
            t = 0.0 if span == 0.0 else ((px - x) * dx + (py - y) * dy) / span
            t = min(1.0, max(0.0, t))
            s = along[k] + t * (along[k + 1] - along[k])
            if low <= s <= high:  # false for NaN
                continue
            d = np.hypot(x + t * dx - px, y + t * dy - py)
            if d < best:
                best, where = d, s
        out[i, 0], out[i, 1] = where, best
    return out
