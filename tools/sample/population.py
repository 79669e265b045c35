"""Households of villages, and people on a 100 m grid."""

from __future__ import annotations

import numpy as np
import shapely
from rasterio import features
from rasterio.transform import from_origin
from scipy import ndimage

from sample.costpaths import Cells
from sample.grid import Grid, Raster
from sample.settlements import Places, Terrain

PEOPLE_CELL_M = 100.0
OUTSIDE = -99999.0
"""Marks cells outside the province, as in published population rasters."""


def households(rng: np.random.Generator, terrain: Terrain, places: Places) -> Cells:
    """Households of each village: more in wide valleys and in the capital."""
    cells = places.village_cells
    gentle = np.exp(-terrain.steepness / 0.2)
    room = ndimage.uniform_filter(gentle, 9).ravel()[cells]
    count = 62.0 + 110.0 * room
    count *= np.exp(0.38 * rng.standard_normal(cells.size))
    first = np.r_[True, np.diff(places.village_commune) > 0]
    count[first] *= 1.5
    count[np.isin(places.village_commune, places.towns)] *= 1.8
    return np.maximum(18, np.rint(count)).astype(np.int64)


def people(rng: np.random.Generator, households: Cells) -> Cells:
    """People of each village."""
    return np.rint(households * rng.uniform(4.1, 5.2, households.size)).astype(np.int64)


def people_grid(extent: Grid) -> Grid:
    """Return the 100 m grid on whole hundreds of metres inside ``extent``."""
    west = np.ceil(extent.west_m / PEOPLE_CELL_M) * PEOPLE_CELL_M
    north = np.floor(extent.north_m / PEOPLE_CELL_M) * PEOPLE_CELL_M
    span = extent.size * extent.cell_m
    reach = min(span - (west - extent.west_m), span - (extent.north_m - north))
    return Grid(float(west), float(north), PEOPLE_CELL_M, int(reach // PEOPLE_CELL_M))


def spread_people(
    rng: np.random.Generator,
    terrain: Terrain,
    grid: Grid,
    *,
    villages: list[shapely.Polygon],
    centres: Raster,
    counts: Cells,
    roads: list[shapely.LineString],
) -> Raster:
    """People in each cell: hamlets round the centre and along the road, on gentle ground."""
    transform = from_origin(grid.west_m, grid.north_m, grid.cell_m, grid.cell_m)
    label = features.rasterize(
        ((polygon, k + 1) for k, polygon in enumerate(villages)),
        out_shape=grid.shape,
        transform=transform,
        dtype="int32",
    )
    on_road = features.rasterize(roads, out_shape=grid.shape, transform=transform, dtype="uint8")
    from_road = ndimage.distance_transform_edt(on_road == 0) * grid.cell_m
    row, col = (g.ravel() for g in np.indices(grid.shape))
    xy = grid.centres(row, col)
    steep = terrain.grid.sample(terrain.steepness, xy).reshape(grid.shape)
    chance = np.exp(0.9 * ndimage.gaussian_filter(rng.standard_normal(grid.shape), 1.5) * 4.0)
    result = np.where(label > 0, 0.0, OUTSIDE)
    boxes = ndimage.find_objects(label, max_label=len(villages))
    for k, box in enumerate(boxes):
        mine = label[box] == k + 1
        place = xy.reshape(*grid.shape, 2)[box]
        off = np.hypot(place[..., 0] - centres[k, 0], place[..., 1] - centres[k, 1])
        weight = np.exp(-off / 330.0) + 0.5 * np.exp(-off / 1_100.0 - from_road[box] / 120.0)
        weight *= np.exp(-steep[box] / 0.3) * chance[box] * mine
        weight += 0.4 * weight.max() * np.exp(-((off / 110.0) ** 2)) * mine
        # A hamlet has an edge: what would be a fraction of a household is forest or field.
        density = counts[k] * weight / weight.sum()
        weight[density < min(4.0, 0.5 * float(density.max()))] = 0.0
        result[box][mine] = (counts[k] * weight / weight.sum())[mine]
    return np.where(result > 0, np.rint(result * 4.0) / 4.0, result)
