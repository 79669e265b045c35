"""Lengths along the ground: a cable that climbs is longer than its line on the map."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from phusong.fiber.network.polylines import Floats, Ints, Lines
from phusong.grid import Window
from phusong.jit import njit
from phusong.sources.inputs import Raster

TILE = 1024
CHUNK = 4_000_000
"""Height samples held at once: about 100 MB."""

Heights = Callable[[Floats], Floats]


def terrain_heights(terrain: Raster) -> Heights:
    """Return a function from (n, 2) points to (n,) bilinear heights, NaN off the terrain.

    The raster is read tile by tile where points fall, never whole.
    """

    def heights(xy: Floats) -> Floats:
        grid = terrain.grid
        col = (xy[:, 0] - grid.x0_m) / grid.cell_m - 0.5
        row = (grid.y0_m - xy[:, 1]) / grid.cell_m - 0.5
        out = np.full(len(xy), np.nan)
        tile_r = np.floor(row / TILE).astype(np.int64)
        tile_c = np.floor(col / TILE).astype(np.int64)
        for r, c, members in _groups(tile_r, tile_c):
            window = Window(int(r) * TILE - 1, int(c) * TILE - 1, TILE + 3, TILE + 3)
            if window.intersect(grid.window).empty:
                continue
            part = terrain.read(window).astype(np.float64)
            out[members] = _bilinear(part, row[members] - window.row0, col[members] - window.col0)
        return out

    return heights


def _groups(tile_r: Ints, tile_c: Ints) -> Iterator[tuple[int, int, Ints]]:
    """Yield (tile row, tile column, members) of every tile that holds points."""
    if not len(tile_r):
        return
    order = np.lexsort((tile_c, tile_r))
    r, c = tile_r[order], tile_c[order]
    cuts = np.flatnonzero((np.diff(r) != 0) | (np.diff(c) != 0)) + 1
    for members in np.split(order, cuts):
        yield int(tile_r[members[0]]), int(tile_c[members[0]]), members


@njit(cache=True)
def _bilinear(values: Floats, row: Floats, col: Floats) -> Floats:
    """Bilinear value; the nearest cells that hold data where some of the four do not."""
    rows, cols = values.shape
    out = np.empty(len(row))
    for i in range(len(row)):
        r0, c0 = int(np.floor(row[i])), int(np.floor(col[i]))
        fr, fc = row[i] - r0, col[i] - c0
        total, weight = 0.0, 0.0
        for dr in range(2):
            for dc in range(2):
                r, c = r0 + dr, c0 + dc
                if r < 0 or c < 0 or r >= rows or c >= cols or np.isnan(values[r, c]):
                    continue
                w = (fr if dr else 1.0 - fr) * (fc if dc else 1.0 - fc)
                total += w * values[r, c]
                weight += w
        out[i] = total / weight if weight > 1e-9 else np.nan
    return out


def ground_lengths(
    lines: Lines, line: Ints, from_m: Floats, to_m: Floats, heights: Heights | None, step_m: float
) -> tuple[Floats, Floats]:
    """Measure stretches of lines along the ground.

    The profile of a whole line is measured once and its stretches are differences of it, so
    that cutting a line never changes the sum of its parts.

    Parameters
    ----------
    lines
        The lines, in a projected metric CRS.
    line, from_m, to_m
        (k,) the stretches, sorted by line.
    heights
        Ground heights (see :func:`terrain_heights`); None measures on the plane.
    step_m
        Longest step between two height samples: the terrain's cell.

    Returns
    -------
    length_m, steepness
        (k,) metres along the ground, and mean absolute slope (rise over run). Where the
        terrain has no height the step counts as level.
    """
    if heights is None:
        return to_m - from_m, np.zeros(len(line))
    length, climb = np.empty(len(line)), np.empty(len(line))
    counts = _sample_counts(lines.along, lines.offsets, step_m)
    total = np.concatenate([[0], np.cumsum(counts)])
    start = 0
    while start < len(lines):
        stop = int(np.searchsorted(total, total[start] + CHUNK, side="right")) - 1
        stop = min(len(lines), max(stop, start + 1))
        xy, s, offsets = _samples(
            lines.xy,
            lines.along,
            lines.offsets,
            step_m,
            start,
            stop,
            int(total[stop] - total[start]),
        )
        ground, up = _profile(heights(xy), s, offsets)
        lo, hi = np.searchsorted(line, [start, stop])
        part = slice(int(lo), int(hi))
        local = line[part] - start
        length[part] = _difference(ground, s, offsets, local, from_m[part], to_m[part])
        climb[part] = _difference(up, s, offsets, local, from_m[part], to_m[part])
        start = stop
    planar = to_m - from_m
    steepness = np.divide(climb, planar, out=np.zeros(len(line)), where=planar > 0)
    return length, steepness


@njit(cache=True)
def _sample_counts(along: Floats, offsets: Ints, step_m: float) -> Ints:
    out = np.ones(len(offsets) - 1, np.int64)
    for line in range(len(offsets) - 1):
        for k in range(offsets[line], offsets[line + 1] - 1):
            out[line] += max(1, int(np.ceil((along[k + 1] - along[k]) / step_m)))
    return out


@njit(cache=True)
def _samples(
    xy: Floats, along: Floats, offsets: Ints, step_m: float, start: int, stop: int, total: int
) -> tuple[Floats, Floats, Ints]:
    """Every vertex, and points between so that no step is longer than ``step_m``."""
    out = np.empty((total, 2))
    s = np.empty(total)
    bounds = np.zeros(stop - start + 1, np.int64)
    n = 0
    for line in range(start, stop):
        lo, hi = offsets[line], offsets[line + 1]
        for k in range(lo, hi - 1):
            parts = max(1, int(np.ceil((along[k + 1] - along[k]) / step_m)))
            for j in range(parts):
                t = j / parts
                out[n, 0] = xy[k, 0] + t * (xy[k + 1, 0] - xy[k, 0])
                out[n, 1] = xy[k, 1] + t * (xy[k + 1, 1] - xy[k, 1])
                s[n] = along[k] + t * (along[k + 1] - along[k])
                n += 1
        out[n, 0], out[n, 1] = xy[hi - 1, 0], xy[hi - 1, 1]
        s[n] = along[hi - 1]
        n += 1
        bounds[line - start + 1] = n
    return out, s, bounds


@njit(cache=True)
def _profile(height: Floats, s: Floats, offsets: Ints) -> tuple[Floats, Floats]:
    """Cumulative length along the ground, and cumulative climb up or down."""
    ground, climb = np.zeros(len(s)), np.zeros(len(s))
    for line in range(len(offsets) - 1):
        for k in range(offsets[line] + 1, offsets[line + 1]):
            run, rise = s[k] - s[k - 1], height[k] - height[k - 1]
            if np.isnan(rise):
                rise = 0.0
            ground[k] = ground[k - 1] + np.hypot(run, rise)
            climb[k] = climb[k - 1] + abs(rise)
    return ground, climb


@njit(cache=True)
def _difference(
    value: Floats, s: Floats, offsets: Ints, line: Ints, from_m: Floats, to_m: Floats
) -> Floats:
    out = np.empty(len(line))
    for i in range(len(line)):
        lo, hi = offsets[line[i]], offsets[line[i] + 1]
        ends = np.empty(2)
        for j in range(2):
            at = from_m[i] if j == 0 else to_m[i]
            k = np.searchsorted(s[lo:hi], at) + lo
            if k <= lo:
                ends[j] = value[lo]
            elif k >= hi:
                ends[j] = value[hi - 1]
            else:
                step = s[k] - s[k - 1]
                t = 0.0 if step == 0.0 else (at - s[k - 1]) / step
                ends[j] = value[k - 1] + t * (value[k] - value[k - 1])
        out[i] = ends[1] - ends[0]
    return out
