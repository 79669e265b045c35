"""Rivers of the sample: where its own land drains, from the first square kilometres to the edge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from sample.grid import Grid
from sample.outlines import smoothed
from sample.relief import Relief

STREAM_KM2 = 8.0
RIVER_KM2 = 120.0
"""Catchment from which a stream is drawn, and from which it is called a river."""
SIMPLIFIED_M = 12.0


@dataclass(frozen=True)
class Rivers:
    """Reaches from a source or a confluence down to the next one."""

    lines: list[shapely.LineString]
    kinds: list[str]
    catchment_km2: list[float]


def trace(relief: Relief) -> Rivers:
    """Follow every channel of the 60 m grid down to its confluence or the edge of the DEM."""
    flow, grid = relief.flow, relief.river_grid
    channel = flow.area_km2 >= STREAM_KM2
    receiver = flow.receiver
    cells = np.flatnonzero(channel & (receiver != np.arange(receiver.size)))
    feeding = np.bincount(receiver[cells], minlength=receiver.size)
    starts = cells[feeding[cells] != 1]
    frame = shapely.box(
        relief.grid.west_m,
        relief.grid.north_m - relief.grid.size * relief.grid.cell_m,
        relief.grid.west_m + relief.grid.size * relief.grid.cell_m,
        relief.grid.north_m,
    )
    lines, kinds, catchments = [], [], []
    for start in starts.tolist():
        reach = _reach(start, receiver, feeding)
        catchment = float(flow.area_km2[reach[-2]])
        drawn = shapely.intersection(_line(np.array(reach), grid), frame)
        for part in shapely.get_parts(drawn):
            if part.length > 0:
                lines.append(part)
                kinds.append("song" if catchment >= RIVER_KM2 else "suoi")
                catchments.append(round(catchment, 1))
    return Rivers(lines, kinds, catchments)


def _reach(start: int, receiver: NDArray[np.int64], feeding: NDArray[np.int64]) -> list[int]:
    """Return cells from ``start`` to the next confluence, or to where the water leaves."""
    reach = [start, int(receiver[start])]
    while feeding[reach[-1]] == 1 and receiver[reach[-1]] != reach[-1]:
        reach.append(int(receiver[reach[-1]]))
    return reach


def _line(reach: NDArray[np.int64], grid: Grid) -> shapely.LineString:
    points = smoothed(grid.centres(*np.divmod(reach, grid.size)), 2)
    return shapely.simplify(shapely.LineString(np.round(points, 1)), SIMPLIFIED_M)
