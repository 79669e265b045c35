"""Off-road ways for second routes: between roads, cables and the places a single route leads to.

The ground is shared out among everything new cable may start from, each cell going to the place
it is reached from most cheaply. Where the grounds of two places touch, the two ways make a link.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from rasterio.features import rasterize
from scipy.ndimage import distance_transform_edt

from phusong.fiber.extension.candidates import Candidates, objects
from phusong.fiber.extension.offroad import Claims, claim_cells, way_of
from phusong.fiber.extension.shortcuts import APART_M, LINKS, OFFROAD, samples
from phusong.fiber.network.csr import Graph
from phusong.fiber.network.polylines import Bools, Floats, Ints
from phusong.fiber.rings.augmentation import Augmentation, first_ways
from phusong.grid import Window
from phusong.jit import njit
from phusong.sources.inputs import Raster
from phusong.study import Extension

CLEAR_M = 300.0
"""Off-road ways leave a bridge straight and keep this far from every bridge on their way: nearer
by, one landslide takes both. An assumption."""
HILLSIDE_M = 3000.0
"""Places of bridges whose corridors touch lie on one hillside unless this far apart by cable."""
LEAVE_M = 1000.0
"""Off-road ways into open ground leave a bridge at such steps, and at its ends and centres."""
DRAWN_AT_ONCE = 10_000


SIDES = (-1, -1, 1, 1)


@dataclass(frozen=True)
class Standing:
    """The fibre that second routes start from and lead to.

    Attributes
    ----------
    pieces, piece_vertex
        (f,) cable that no cut isolates, and the vertex of the part it lies in.
    points, point_vertex
        (p,) joints, PoPs and places on bridges, and their vertices.
    bridges
        (b,) geometry of the standing edges of the problem.
    length_m
        (b,) of the bridges, along the ground.
    """

    pieces: NDArray[np.object_]
    piece_vertex: Ints
    points: NDArray[np.object_]
    point_vertex: Ints
    bridges: NDArray[np.object_]
    length_m: Floats


@dataclass(frozen=True)
class _Places:
    """Where ways may start: (s,) each."""

    xy: Floats
    vertex: Ints
    fibre: Bools
    leaves: Bools


@dataclass(frozen=True)
class _Ground:
    """Ground shared out among places."""

    height: Floats
    corridor: Bools
    west_m: float
    north_m: float
    cell_m: float
    usd_per_km: float
    slope_factor: float
    places: _Places
    claims: Claims

    def centre_of(self, cell: Ints) -> Floats:
        """Return the (n, 2) centres of flat cells."""
        cols = self.height.shape[1]
        x = self.west_m + (cell % cols + 0.5) * self.cell_m
        return np.stack([x, self.north_m - (cell // cols + 0.5) * self.cell_m], axis=1)

    def line(self, one: int, two: int) -> shapely.LineString:
        """Return the way from the owner of a cell, over its neighbour, to the other's owner."""
        ends = [self.places.xy[self.claims.owner[cell]] for cell in (one, two)]
        there, back = (way_of(self.claims, cell)[1:] for cell in (one, two))
        cells = np.concatenate([there, back[::-1]])
        return shapely.LineString(np.concatenate([[ends[0]], self.centre_of(cells), [ends[1]]]))

    def steps(self, one: Ints, two: Ints) -> tuple[Floats, Floats]:
        """Return cost and length of the steps between cells that have a side in common."""
        rise = np.abs(self.height.ravel()[one] - self.height.ravel()[two])
        length = np.hypot(self.cell_m, rise)
        slope = 1.0 + self.slope_factor * rise / self.cell_m
        return length / 1000.0 * self.usd_per_km * slope, length


def with_overland_links(
    problem: Augmentation,
    candidates: Candidates,
    standing: Standing,
    alone: Floats,
    prices: Extension,
    terrain: Raster,
) -> tuple[Augmentation, Candidates]:
    """Put off-road links beside the roads that second routes are chosen from.

    Ground is searched within ``offroad_max_km`` of the bridges that the vertices in need hang
    on, or as far as a second route by road costs, where there is one: ground farther off costs
    more. Links join what roads do not join already, three to each pair of parts at most.

    Parameters
    ----------
    problem
        Bridges and usable roads.
    candidates
        What the roads of the problem are edges of.
    standing
        The fibre.
    alone
        (k,) cost of a second route by road alone, infinite where there is none.
    prices, terrain
        Off-road price and reach, and ground heights.

    Returns
    -------
    augmentation, candidates
        With the links after all other edges.
    """
    radius = _radius_m(problem, len(standing.bridges), alone, prices)
    window = _window(standing.bridges, radius, terrain)
    if window is None:
        return problem, candidates
    ground = _share_out(problem, candidates, standing, prices, terrain, radius, window)
    one, two = _meetings(ground)
    kept = _choose(problem, standing, ground, one, two, prices.offroad_max_km)
    return _joined(problem, candidates, ground, one[kept], two[kept])


def _share_out(
    problem: Augmentation,
    candidates: Candidates,
    standing: Standing,
    prices: Extension,
    terrain: Raster,
    radius: Floats,
    window: Window,
) -> _Ground:
    grid, shape = terrain.grid, window.shape
    transform = grid.transform_of(window)
    open_ = _worth_searching(standing.bridges, radius, terrain, window)
    corridor = _corridor(standing.bridges, shape, transform)
    everywhere = _places(problem, candidates, standing)
    places, start = _in_window(everywhere, terrain, window, corridor)
    height = terrain.read(window).astype(np.float64)
    usd_per_km = prices.offroad_usd_per_km * prices.route_factor
    claims = claim_cells(
        height,
        grid.cell_m,
        start,
        places.leaves,
        open_,
        corridor,
        usd_per_km,
        prices.slope_factor,
    )
    west, _, _, north = grid.bounds_of(window)
    return _Ground(
        height, corridor, west, north, grid.cell_m, usd_per_km, prices.slope_factor, places, claims
    )


def _corridor(bridges: NDArray[np.object_], shape: tuple[int, int], transform: Affine) -> Bools:
    """Return the cells too near a bridge; shapes are many, and large while they are drawn."""
    out = np.zeros(shape, dtype=np.uint8)
    for first in range(0, len(bridges), DRAWN_AT_ONCE):
        near = shapely.buffer(bridges[first : first + DRAWN_AT_ONCE], CLEAR_M, quad_segs=4)
        rasterize(list(near), out=out, transform=transform)
    return out.astype(np.bool_)


def _radius_m(problem: Augmentation, bridges: int, alone: Floats, prices: Extension) -> Floats:
    """How far from each bridge ground is searched, in full or halved, quartered, ... reach."""
    most = prices.offroad_max_km * 1000.0
    per_m = prices.offroad_usd_per_km * prices.route_factor / 1000.0
    first = first_ways(problem)
    radius = np.zeros(bridges)
    for i, usd in enumerate(alone.tolist()):
        reach = most
        while reach / 2.0 >= usd / per_m and reach > APART_M:
            reach /= 2.0
        if usd > 0:
            radius[first[i]] = np.maximum(radius[first[i]], reach)
    return radius


def _window(bridges: NDArray[np.object_], radius: Floats, terrain: Raster) -> Window | None:
    wide = np.flatnonzero(radius > 0)
    if not len(wide):
        return None
    boxes = shapely.box(*(shapely.bounds(bridges[wide]) + np.outer(radius[wide], SIDES)).T)
    west, south, east, north = shapely.total_bounds(boxes).tolist()
    window = terrain.grid.window_of((west, south, east, north)).intersect(terrain.grid.window)
    return None if window.empty else window


def _worth_searching(
    bridges: NDArray[np.object_], radius: Floats, terrain: Raster, window: Window
) -> Bools:
    """Return the cells within the radius of bridges."""
    out = np.zeros(window.shape, dtype=np.bool_)
    transform = terrain.grid.transform_of(window)
    for reach in np.unique(radius[radius > 0]).tolist():
        at = list(bridges[radius == reach])
        off = rasterize(at, window.shape, fill=1, default_value=0, transform=transform)
        out |= distance_transform_edt(off) * terrain.grid.cell_m <= reach
    return out


def _places(problem: Augmentation, candidates: Candidates, standing: Standing) -> _Places:
    """Gather nodes of usable roads, rings, PoPs, and places on bridges."""
    fresh = slice(problem.standing, None)
    roads = candidates.roads
    usable = np.unique(np.concatenate([problem.tail[fresh], problem.head[fresh]]))
    usable = usable[usable < roads.graph.nodes]
    ring_xy, piece = samples(standing.pieces)
    ring = np.zeros(problem.vertices, dtype=bool)
    ring[standing.piece_vertex] = ring[problem.root] = True
    exits = ring | _exits(problem, standing.length_m)
    vertex = np.concatenate([usable, standing.piece_vertex[piece], standing.point_vertex])
    fibre = np.arange(len(vertex)) >= len(usable)
    return _Places(
        xy=np.concatenate(
            [
                np.stack([roads.x_m[usable], roads.y_m[usable]], axis=1),
                ring_xy,
                shapely.get_coordinates(standing.points),
            ]
        ),
        vertex=vertex,
        fibre=fibre,
        leaves=exits[vertex] | ~fibre,
    )


def _exits(problem: Augmentation, length_m: Floats) -> Bools:
    """Vertices of bridges that open ground is entered from."""
    _, parent, depth = _depths(problem, length_m)
    use = slice(0, problem.standing)
    degree = np.bincount(
        np.concatenate([problem.tail[use], problem.head[use]]), minlength=problem.vertices
    )
    up = np.maximum(parent, 0)
    out = (degree != 2) | (depth // LEAVE_M != depth[up] // LEAVE_M)
    out[problem.need] = True
    return np.asarray(out)


def _depths(problem: Augmentation, length_m: Floats) -> tuple[Ints, Ints, Floats]:
    """Return the (vertices,) rank, parent, and metres of bridge to the root."""
    low = problem.standing_search()
    depth = np.zeros(problem.vertices)
    _add_depths(low.order, low.parent, low.parent_edge, length_m, depth)
    return low.entered, low.parent, depth


@njit(cache=True)
def _add_depths(
    order: Ints, parent: Ints, parent_edge: Ints, length_m: Floats, depth: Floats
) -> None:
    for v in order:
        if parent[v] >= 0:
            depth[v] = depth[parent[v]] + length_m[parent_edge[v]]


@njit(cache=True)
def _apart_m(entered: Ints, parent: Ints, depth: Floats, one: Ints, two: Ints) -> Floats:
    """Metres of bridge between vertices (infinite where one does not stand)."""
    out = np.full(len(one), np.inf)
    for i in range(len(one)):
        a, b = one[i], two[i]
        if entered[a] < 0 or entered[b] < 0:
            continue
        while a != b:
            if entered[a] > entered[b]:
                a = parent[a]
            else:
                b = parent[b]
        out[i] = depth[one[i]] + depth[two[i]] - 2.0 * depth[a]
    return out


def _in_window(
    places: _Places, terrain: Raster, window: Window, corridor: Bools
) -> tuple[_Places, Ints]:
    """Keep places in the window; roads in the corridor of a bridge are not left off-road."""
    row, col = terrain.grid.cell_of(places.xy[:, 0], places.xy[:, 1])
    row, col = row - window.row0, col - window.col0
    inside = (row >= 0) & (col >= 0) & (row < window.rows) & (col < window.cols)
    kept = np.flatnonzero(inside)
    kept = kept[places.fibre[kept] | ~corridor[row[kept], col[kept]]]
    cell = np.asarray(row[kept] * window.cols + col[kept], dtype=np.int64)
    return (
        _Places(places.xy[kept], places.vertex[kept], places.fibre[kept], places.leaves[kept]),
        cell,
    )


def _meetings(ground: _Ground) -> tuple[Ints, Ints]:
    """Neighbouring cells of two vertices, the cheapest pair for each two."""
    places, claims, shape = ground.places, ground.claims, ground.height.shape
    owner = claims.owner.reshape(shape)
    beside = (owner[:, :-1] != owner[:, 1:]) & (owner[:, :-1] >= 0) & (owner[:, 1:] >= 0)
    below = (owner[:-1] != owner[1:]) & (owner[:-1] >= 0) & (owner[1:] >= 0)
    row, col = np.nonzero(beside)
    right = row * shape[1] + col
    down = np.flatnonzero(below)
    one = np.concatenate([right, down])
    two = np.concatenate([right + 1, down + shape[1]])
    a, b = places.vertex[claims.owner[one]], places.vertex[claims.owner[two]]
    swap = a > b
    one, two = np.where(swap, two, one), np.where(swap, one, two)
    a, b = np.minimum(a, b), np.maximum(a, b)
    usd = claims.usd[one] + claims.usd[two]
    order = np.lexsort((two, one, usd, b, a))
    order = order[(a != b)[order]]
    first = np.ones(len(order), dtype=bool)
    first[1:] = (a[order][1:] != a[order][:-1]) | (b[order][1:] != b[order][:-1])
    return one[order[first]], two[order[first]]


def _choose(
    problem: Augmentation, standing: Standing, ground: _Ground, one: Ints, two: Ints, max_km: float
) -> Ints:
    """Return which meetings make links: honest ones, the cheapest between two parts."""
    places, claims = ground.places, ground.claims
    pair = claims.owner[one], claims.owner[two]
    a, b = places.vertex[pair[0]], places.vertex[pair[1]]
    length = claims.length_m[one] + claims.length_m[two]
    both = places.fibre[pair[0]] & places.fibre[pair[1]]
    entered, parent, depth = _depths(problem, standing.length_m)
    apart = np.where(both, _apart_m(entered, parent, depth, a, b), np.inf)
    inside = ground.corridor.ravel()[one] & ground.corridor.ravel()[two]
    # what is bypassed is worth the way out and back
    worth = np.maximum(length - 3.0 * CLEAR_M, LEAVE_M / 2.0)
    honest = apart > np.where(inside, np.maximum(worth, HILLSIDE_M), worth)
    part = _parts(problem, standing.length_m)
    good = np.flatnonzero(honest & (part[a] != part[b]) & (length <= max_km * 1000.0))
    usd = claims.usd[one] + claims.usd[two]
    xy = ground.centre_of(one)
    kept: dict[tuple[int, int], list[int]] = {}
    for i in good[np.lexsort((two[good], one[good], usd[good]))].tolist():
        names = sorted((int(part[a[i]]), int(part[b[i]])))
        same = kept.setdefault((names[0], names[1]), [])
        if len(same) < LINKS and all(np.hypot(*(xy[i] - xy[j])) >= APART_M for j in same):
            same.append(i)
    return np.array(sorted(i for links in kept.values() for i in links), dtype=np.int64)


def _parts(problem: Augmentation, length_m: Floats) -> Ints:
    """Return (vertices,) what roads join, and stretches of bridge between places to leave it."""
    fresh = slice(problem.standing, None)
    touched = _exits(problem, length_m)
    touched[problem.tail[fresh]] = touched[problem.head[fresh]] = True
    touched[problem.root] = True
    use = ~(touched[problem.tail] | touched[problem.head])
    use[fresh] = True
    return Graph(problem.vertices, problem.tail, problem.head).components(use)


def _joined(
    problem: Augmentation, candidates: Candidates, ground: _Ground, one: Ints, two: Ints
) -> tuple[Augmentation, Candidates]:
    places, claims = ground.places, ground.claims
    lines = [ground.line(a, b) for a, b in zip(one.tolist(), two.tolist(), strict=True)]
    step_usd, step_m = ground.steps(one, two)
    usd = claims.usd[one] + claims.usd[two] + step_usd
    length = claims.length_m[one] + claims.length_m[two] + step_m
    tail = places.vertex[claims.owner[one]]
    head = places.vertex[claims.owner[two]]
    return (
        replace(
            problem,
            tail=np.concatenate([problem.tail, tail]),
            head=np.concatenate([problem.head, head]),
            usd=np.concatenate([problem.usd, usd]),
        ),
        replace(
            candidates,
            tail=np.concatenate([candidates.tail, tail]),
            head=np.concatenate([candidates.head, head]),
            usd=np.concatenate([candidates.usd, usd]),
            length_m=np.concatenate([candidates.length_m, length]),
            kind=np.concatenate([candidates.kind, np.full(len(lines), OFFROAD)]),
            links=np.concatenate([candidates.links, objects(lines)]),
        ),
    )
