"""What villages are weighted by: the people in each cell, or its area."""

from __future__ import annotations

from typing import Final

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from phusong.coverage.villages.footprints import Footprints
from phusong.coverage.villages.zonal import sum_by_village
from phusong.sources.inputs import Raster
from phusong.study import Study

_GRAINS: Final = 30
"""Binary digits of the weight of a whole village: what is left off is a billionth of it."""


class Weights:
    """Weights of villages, filled batch by batch.

    Attributes
    ----------
    on_raster
        (villages,) people on the raster, NaN without one.
    weighted_by_people
        (villages,) whether people, not area, are the weight.
    total
        (villages,) sum of the weights; after :meth:`close` the whole of each village.
    cells
        (villages,) area on the grid, in cells.
    grain
        (villages,) the least weight, a power of two: weights are whole multiples of it, so that
        their sums are exact and the same in any order.
    """

    def __init__(self, villages: gpd.GeoDataFrame, study: Study, raster: Raster | None) -> None:
        self._by_people = study.verdict.weight == "people"
        self._raster = raster
        count = len(villages)
        self.on_raster = np.full(count, np.nan if raster is None else 0.0)
        self.weighted_by_people = np.zeros(count, dtype=np.bool_)
        self.total = np.zeros(count)
        self.cells = np.zeros(count)
        self.grain = np.ones(count)

    def weigh(self, batch: Footprints) -> NDArray[np.float64]:
        """Return the weight of each part cell: people, or area where a village has none."""
        self.cells[batch.rows] = sum_by_village(batch.fraction, batch.offsets)
        weight = batch.fraction
        if self._raster is not None and batch.cells.size:
            there = np.nan_to_num(self._raster.read(batch.window), nan=0.0).ravel()
            people = np.maximum(there[batch.cells], 0.0) * batch.fraction
            on_raster = sum_by_village(people, batch.offsets)
            self.on_raster[batch.rows] = on_raster
            if self._by_people:
                some = on_raster > 0
                self.weighted_by_people[batch.rows] = some
                lengths = np.diff(batch.offsets)
                weight = np.where(np.repeat(some, lengths), people, batch.fraction)
        weight, self.grain[batch.rows] = _grained(weight, batch.offsets)
        self.total[batch.rows] = sum_by_village(weight, batch.offsets)
        return weight

    def put(self, rows: NDArray[np.int64], part: Weights) -> None:
        """Take over what was weighed of some villages by themselves."""
        for name in ("on_raster", "weighted_by_people", "total", "cells", "grain"):
            getattr(self, name)[rows] = getattr(part, name)

    def whole(
        self, rows: NDArray[np.int64], area_cells: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return the whole weight of villages that were weighed; what is off the grid counts.

        Parameters
        ----------
        rows
            Villages asked for.
        area_cells
            (villages,) area of all villages, in cells.
        """
        on_grid = self.total[rows]
        by_area = ~self.weighted_by_people[rows]
        return np.where(by_area, np.maximum(on_grid, area_cells[rows]), on_grid)

    def close(self, area_cells: NDArray[np.float64]) -> None:
        """Part of a village off the grid counts as unserved, where area is the weight."""
        self.total = self.whole(np.arange(len(self.total)), area_cells)


def _grained(
    weight: NDArray[np.float64], offsets: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return weights as multiples of a grain, at most 2^31 of them a village, and the grains."""
    _, exponent = np.frexp(sum_by_village(weight, offsets))
    grain = np.ldexp(1.0, exponent - _GRAINS)
    each = np.repeat(grain, np.diff(offsets))
    return np.rint(weight / each) * each, grain


def census(
    villages: gpd.GeoDataFrame, on_raster: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.object_]]:
    """People of each village and where the figure is from."""
    census = villages["population"].to_numpy(dtype=np.float64)
    known = np.isfinite(census)
    people = np.where(known, census, on_raster)
    source = np.where(known, "census", np.where(np.isfinite(on_raster), "raster", "none"))
    return people, source.astype(object)
