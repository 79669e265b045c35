"""From labelled cells to polygons that share every border exactly."""

from __future__ import annotations

from typing import cast

import numpy as np
import shapely
from numpy.typing import NDArray
from rasterio import features
from rasterio.transform import from_origin

from sample.grid import Grid, Raster

PRECISION_M = 0.1
SMOOTHING_PASSES = 4
TOLERANCE_M = 18.0


def smoothed(line: Raster, passes: int) -> Raster:
    """Pull vertices, shape (n, 2), towards their neighbours; the ends stay where they are."""
    xy = line.copy()
    for _ in range(passes):
        xy[1:-1] = 0.5 * xy[1:-1] + 0.25 * (xy[:-2] + xy[2:])
    return xy


def _arcs(label: NDArray[np.int64], grid: Grid) -> list[shapely.LineString]:
    """Borders of the labelled cells, cut where three regions meet, without the stairs."""
    transform = from_origin(grid.west_m, grid.north_m, grid.cell_m, grid.cell_m)
    cells = features.shapes(
        label.astype(np.int32), mask=label >= 0, connectivity=4, transform=transform
    )
    rings = [shapely.geometry.shape(shape).boundary for shape, _ in cells]
    network = shapely.line_merge(shapely.unary_union(rings))
    arcs = []
    for arc in shapely.get_parts(network):
        xy = shapely.get_coordinates(shapely.segmentize(arc, grid.cell_m))
        line = shapely.LineString(smoothed(xy, SMOOTHING_PASSES))
        arcs.append(shapely.simplify(line, TOLERANCE_M))
    return arcs


def _majority(
    faces: list[shapely.Polygon], label: NDArray[np.int64], grid: Grid
) -> NDArray[np.int64]:
    """Return the label that most cells of each face have, -1 for a face without a cell."""
    face = features.rasterize(
        ((polygon, k) for k, polygon in enumerate(faces)),
        out_shape=grid.shape,
        fill=-1,
        transform=from_origin(grid.west_m, grid.north_m, grid.cell_m, grid.cell_m),
        dtype="int32",
    )
    both = (face >= 0) & (label >= 0)
    pairs, count = np.unique(np.stack((face[both], label[both])), axis=1, return_counts=True)
    found = np.full(len(faces), -1, dtype=np.int64)
    order = np.argsort(count, kind="stable")
    found[pairs[0, order]] = pairs[1, order]
    return found


def polygons(label: NDArray[np.int64], grid: Grid) -> list[shapely.Polygon]:
    """One polygon for each label 0, 1, …; together they cover the labelled land once.

    Raises
    ------
    ValueError
        If a label is lost, which would mean that its land is thinner than the smoothing.
    """
    linework = shapely.set_precision(shapely.unary_union(_arcs(label, grid)), PRECISION_M)
    faces = list(shapely.get_parts(shapely.polygonize([linework])))
    found = _majority(faces, label, grid)
    area = shapely.area(faces)
    count = int(label.max()) + 1
    main: list[int] = []
    for k in range(count):
        mine = np.flatnonzero(found == k)
        if mine.size == 0:
            message = f"label {k} has no polygon"
            raise ValueError(message)
        main.append(int(mine[np.argmax(area[mine])]))
    parts: list[list[shapely.Polygon]] = [[faces[m]] for m in main]
    tree = shapely.STRtree([faces[m] for m in main])
    for k in sorted(set(range(len(faces))) - set(main)):
        # A splinter cut off by the smoothing goes to the neighbour with the longest border.
        beside = tree.query(faces[k], predicate="intersects")
        shared = [
            shapely.intersection(faces[k].boundary, faces[main[b]].boundary).length for b in beside
        ]
        parts[int(beside[int(np.argmax(shared))])].append(faces[k])
    return [cast("shapely.Polygon", shapely.normalize(shapely.union_all(part))) for part in parts]
