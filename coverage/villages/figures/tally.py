"""Sums of signal over villages, layer by layer, and the figures that are made of them."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Final, Protocol

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from phusong.coverage.signal.combine import ALL_LEFT, FLOOR_TICK, TICK_DB, Odds
from phusong.coverage.signal.layerfiles import Levels, LevelSource
from phusong.coverage.villages.circles import Circles
from phusong.coverage.villages.footprints import Footprints
from phusong.coverage.villages.verdict import grade
from phusong.coverage.villages.zonal import sum_by_village, sum_served, summarise
from phusong.grid import Grid
from phusong.study import Study

_SUMMED: Final = ("served", "served_area", "expected", "level_median", "best_server")
"""What is summed of a layer, an entry a village each."""
_NO_STEPS: Final = np.zeros(0, dtype=np.uint8)


class Named(Protocol):
    """A layer, as far as its figures are headed by it."""

    @property
    def operator(self) -> str:
        """Or ``ANY``."""
        ...

    @property
    def technology(self) -> str:
        """Or ``ANY``."""
        ...


@dataclass(frozen=True)
class Steps:
    """The pairs of threshold offset and probability that are counted; the first is the study's."""

    offset_db: NDArray[np.float64]
    probability: NDArray[np.float64]

    @classmethod
    def of(cls, study: Study) -> Steps:
        """Return the study's own pair, and those of its sensitivity."""
        pairs = [(0.0, study.verdict.probability)]
        pairs += [
            (offset, asked)
            for offset in study.indicators.threshold_offsets_db
            for asked in study.indicators.probabilities
        ]
        table = np.array(pairs)
        return cls(table[:, 0], table[:, 1])

    def cuts(self, odds: Odds) -> NDArray[np.int32]:
        """(kinds, pairs) lowest tick that is served."""
        return np.column_stack(
            [
                odds.served_from_tick(asked, offset)
                for asked, offset in zip(self.probability, self.offset_db, strict=True)
            ]
        )


class Tally:
    """Sums of one layer over all villages, filled batch by batch."""

    def __init__(self, villages: int, pairs: int) -> None:
        self.served = np.zeros((villages, pairs))
        self.served_area = np.zeros(villages)
        self.expected = np.zeros(villages)
        self.level_median = np.full(villages, np.nan)
        self.best_server = np.zeros(villages, dtype=np.int64)
        self.centre_tick = np.zeros(villages, dtype=np.int32)
        self.centre_server = np.zeros(villages, dtype=np.int32)
        self.centre_left: NDArray[np.uint8] | None = None
        self.in_circles = np.zeros(villages)

    def copy(self) -> Tally:
        """Return the same sums, which may be changed by themselves."""
        return copy.deepcopy(self)

    def put(self, rows: NDArray[np.int64], part: Tally) -> None:
        """Take over what was summed of some villages by themselves."""
        for name in _SUMMED:
            getattr(self, name)[rows] = getattr(part, name)
        self.in_circles[rows] = part.in_circles
        self.at_centres(rows, Levels(part.centre_tick, part.centre_server, part.centre_left))

    def at_centres(self, rows: NDArray[np.int64], levels: Levels) -> None:
        """Note what the layer holds at the centres of some villages."""
        self.centre_tick[rows], self.centre_server[rows] = levels.ticks, levels.server
        if levels.left is not None:
            if self.centre_left is None:
                self.centre_left = np.full(len(self.centre_tick), ALL_LEFT, dtype=np.uint8)
            self.centre_left[rows] = levels.left

    def add_circles(
        self, batch: Footprints, weight: NDArray[np.float64], circles: Circles, grid: Grid
    ) -> None:
        """Sum what of some villages lies in circles."""
        inside = circles.mask(batch.window, grid).ravel()[batch.cells]
        self.in_circles[batch.rows] = sum_by_village(weight * inside, batch.offsets)


def share_of(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    """Part of a whole, 0 where there is no whole, never above 1 by rounding."""
    return np.clip(np.divide(part, whole, out=np.zeros_like(part), where=whole > 0), 0.0, 1.0)


@dataclass(frozen=True)
class Figures:
    """Makes the figures of a layer from what was summed of it."""

    villages: gpd.GeoDataFrame
    study: Study
    cells: pd.DataFrame
    odds: Odds
    steps: Steps
    cuts: NDArray[np.int32]
    people: NDArray[np.float64]
    total: NDArray[np.float64]
    area_cells: NDArray[np.float64]

    @property
    def codes(self) -> NDArray[np.object_]:
        """(villages,) codes."""
        return np.asarray(self.villages["code"], dtype=object)

    def served_centre(self, tally: Tally) -> NDArray[np.bool_]:
        """(villages, pairs): whether the centre is served."""
        kind = self.odds.kind(tally.centre_server, tally.centre_left)
        enough = tally.centre_tick[:, None] >= self.cuts[kind]
        return np.asarray(enough & (tally.centre_server[:, None] > 0))

    def figures(self, layer: Named, tally: Tally) -> pd.DataFrame:
        """One row a village: the figures of a layer."""
        share = share_of(tally.served[:, 0], self.total)
        expected = share_of(tally.expected, self.total)
        centre = self.served_centre(tally)[:, 0]
        heard = tally.centre_server > 0
        kind = self.odds.kind(tally.centre_server, tally.centre_left)
        tick = np.where(heard, tally.centre_tick, FLOOR_TICK)
        names = np.concatenate([[None], self.cells["cell_id"].to_numpy(dtype=object)])
        return pd.DataFrame(
            {
                "code": self.codes,
                "operator": layer.operator,
                "technology": layer.technology,
                "grade": grade(centre, share, self.study.verdict),
                "served_share": share,
                "served_share_area": share_of(tally.served_area, self.area_cells),
                "expected_share": expected,
                "people_unserved": self.people * (1.0 - share),
                "people_unserved_expected": self.people * (1.0 - expected),
                "level_median_dbm": tally.level_median,
                "level_centre_dbm": np.where(heard, tally.centre_tick * TICK_DB, np.nan),
                "probability_centre": np.where(
                    heard, self.odds.table[kind, tick - FLOOR_TICK], 0.0
                ),
                "served_centre": centre,
                "best_cell_id": pd.Series(names[tally.best_server], dtype=object),
            }
        )

    def sensitivity(self, layer: Named, tally: Tally) -> pd.DataFrame:
        """One row a pair of steps and village."""
        count, pairs = len(self.villages), len(self.steps.probability) - 1
        centre = self.served_centre(tally)[:, 1:]
        return pd.DataFrame(
            {
                "operator": layer.operator,
                "technology": layer.technology,
                "threshold_offset_db": np.repeat(self.steps.offset_db[1:], count),
                "probability": np.repeat(self.steps.probability[1:], count),
                "code": np.tile(self.codes, pairs),
                "served_share": share_of(tally.served[:, 1:], self.total[:, None]).T.ravel(),
                "served_centre": centre.T.ravel(),
            }
        )


def add_batch(
    batch: Footprints,
    weight: NDArray[np.float64],
    layer: int,
    reader: LevelSource,
    frame: tuple[Odds, NDArray[np.int32]],
    tally: Tally,
) -> None:
    """Sum one layer over one batch of villages."""
    odds, cuts = frame
    levels = reader.read(layer, batch.window)
    count, pairs = len(batch.rows), cuts.shape[1]
    part = Tally(count, pairs)
    summarise(
        batch.offsets,
        batch.cells,
        batch.fraction,
        weight,
        levels.ticks.ravel(),
        levels.server.ravel(),
        _NO_STEPS if levels.left is None else levels.left.ravel(),
        odds.kind_of_server,
        odds.table,
        cuts,
        part.served,
        part.served_area,
        part.expected,
        part.level_median,
        part.best_server,
    )
    for name in _SUMMED:
        getattr(tally, name)[batch.rows] = getattr(part, name)


def add_served(
    batch: Footprints,
    weight: NDArray[np.float64],
    levels: Levels,
    frame: tuple[Odds, NDArray[np.int32]],
    tally: Tally,
) -> None:
    """Sum what of one batch of villages is served, under the first pair of ``cuts`` alone."""
    odds, cuts = frame
    count = len(batch.rows)
    served, area, expected = np.zeros(count), np.zeros(count), np.zeros(count)
    sum_served(
        batch.offsets,
        batch.cells,
        batch.fraction,
        weight,
        levels.ticks.ravel(),
        levels.server.ravel(),
        _NO_STEPS if levels.left is None else levels.left.ravel(),
        odds.kind_of_server,
        odds.table,
        np.ascontiguousarray(cuts[:, 0]),
        served,
        area,
        expected,
    )
    tally.served[batch.rows] = served[:, None]
    tally.served_area[batch.rows] = area
    tally.expected[batch.rows] = expected
