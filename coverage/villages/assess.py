"""From signal rasters to the verdict of every village."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from phusong.coverage.results import ANY, Signal, SignalLayer, VillageCoverage
from phusong.coverage.signal.combine import ALL_LEFT, FLOOR_TICK, TICK_DB, Odds
from phusong.coverage.signal.layerfiles import LayerReader, Levels
from phusong.coverage.villages.assumed import assumed_of
from phusong.coverage.villages.centre_cells import Centres
from phusong.coverage.villages.circles import Circles, circles_of
from phusong.coverage.villages.footprints import Footprints, footprints
from phusong.coverage.villages.nearest import nearest_sites
from phusong.coverage.villages.verdict import grade
from phusong.coverage.villages.weights import Weights, census
from phusong.coverage.villages.zonal import sum_by_village, summarise
from phusong.grid import Grid
from phusong.progress import NoProgress, Progress
from phusong.sources.inputs import Inputs
from phusong.study import Study

FIGURES = (
    "grade",
    "served_share",
    "served_share_area",
    "expected_share",
    "people_unserved",
    "people_unserved_expected",
    "level_median_dbm",
    "level_centre_dbm",
    "probability_centre",
    "served_centre",
    "best_cell_id",
)
_OFF_GRID_SHARE = 1e-6
_NO_STEPS = np.zeros(0, dtype=np.uint8)


@dataclass(frozen=True)
class _Steps:
    """The pairs of threshold offset and probability that are counted; the first is the study's."""

    offset_db: NDArray[np.float64]
    probability: NDArray[np.float64]

    @classmethod
    def of(cls, study: Study) -> _Steps:
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


class _Tally:
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

    def at_centres(self, rows: NDArray[np.int64], levels: Levels) -> None:
        """Note what the layer holds at the centres of some villages."""
        self.centre_tick[rows], self.centre_server[rows] = levels.ticks, levels.server
        if levels.left is not None:
            if self.centre_left is None:
                self.centre_left = np.full(len(self.centre_tick), ALL_LEFT, dtype=np.uint8)
            self.centre_left[rows] = levels.left


def _share(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    """Part of a whole, 0 where there is no whole, never above 1 by rounding."""
    return np.clip(np.divide(part, whole, out=np.zeros_like(part), where=whole > 0), 0.0, 1.0)


@dataclass(frozen=True)
class _Frame:
    """What every table of the result needs."""

    villages: gpd.GeoDataFrame
    study: Study
    cells: pd.DataFrame
    odds: Odds
    steps: _Steps
    cuts: NDArray[np.int32]
    people: NDArray[np.float64]
    total: NDArray[np.float64]
    area_cells: NDArray[np.float64]

    @property
    def codes(self) -> NDArray[np.object_]:
        return np.asarray(self.villages["code"], dtype=object)

    def served_centre(self, tally: _Tally) -> NDArray[np.bool_]:
        """(villages, pairs): whether the centre is served."""
        kind = self.odds.kind(tally.centre_server, tally.centre_left)
        enough = tally.centre_tick[:, None] >= self.cuts[kind]
        return np.asarray(enough & (tally.centre_server[:, None] > 0))

    def figures(self, layer: SignalLayer, tally: _Tally) -> pd.DataFrame:
        """One row a village: the figures of a layer."""
        share = _share(tally.served[:, 0], self.total)
        expected = _share(tally.expected, self.total)
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
                "served_share_area": _share(tally.served_area, self.area_cells),
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

    def sensitivity(self, layer: SignalLayer, tally: _Tally) -> pd.DataFrame:
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
                "served_share": _share(tally.served[:, 1:], self.total[:, None]).T.ravel(),
                "served_centre": centre.T.ravel(),
            }
        )


def _flags(
    villages: gpd.GeoDataFrame,
    weights: Weights,
    area_cells: NDArray[np.float64],
    centre_on_grid: NDArray[np.bool_],
    people_wanted: bool,
) -> list[str]:
    """Return the flags of the inputs and what came up here."""
    outside = area_cells - weights.cells > _OFF_GRID_SHARE * np.maximum(area_cells, 1.0)
    added = {
        "off_grid": weights.cells == 0,
        "partly_off_grid": outside & (weights.cells > 0),
        "centre_off_grid": ~centre_on_grid,
        "no_people_on_raster": people_wanted & ~weights.weighted_by_people,
    }
    out = []
    for i, given in enumerate(villages["flags"].fillna("")):
        out.append(" ".join([*str(given).split(), *(n for n, there in added.items() if there[i])]))
    return out


def _circles(inputs: Inputs, study: Study, signal: Signal) -> list[Circles]:
    """Circles of every layer."""
    verdict = [str(t) for t in study.verdict.technologies]
    radii = {str(t): km for t, km in study.indicators.circles_km.items()}
    return [
        circles_of(
            signal.cells,
            inputs.sites,
            layer.operator,
            verdict if layer.technology == ANY else [layer.technology],
            radii,
        )
        for layer in signal.layers
    ]


def _add_batch(
    batch: Footprints,
    weight: NDArray[np.float64],
    layer: int,
    reader: LayerReader,
    frame: tuple[Odds, NDArray[np.int32]],
    circles: Circles,
    grid: Grid,
    tally: _Tally,
) -> None:
    """Sum one layer over one batch of villages."""
    odds, cuts = frame
    levels = reader.read(layer, batch.window)
    count, pairs = len(batch.rows), cuts.shape[1]
    part = _Tally(count, pairs)
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
    for name in ("served", "served_area", "expected", "level_median", "best_server"):
        getattr(tally, name)[batch.rows] = getattr(part, name)
    inside = circles.mask(batch.window, grid).ravel()[batch.cells]
    tally.in_circles[batch.rows] = sum_by_village(weight * inside, batch.offsets)


def assess_villages(
    inputs: Inputs,
    study: Study,
    signal: Signal,
    progress: Progress | None = None,
    title: str = "Figures of every village, outdoors",
) -> VillageCoverage:
    """Return the figures and the verdict of every village.

    A village is weighted by the people on the raster, and by area where it has none there (or
    the study says so). What of a village lies off the grid counts as unserved. Levels are
    read at the village's centre from the cell that holds it.

    Parameters
    ----------
    inputs
        Villages, sites, people raster.
    study
        Verdict, steps of the sensitivity, radii of the circles.
    signal
        As :func:`phusong.coverage.signal.signal.compute_signal` gives it.
    progress
        Told of the step ``villages``.
    title
        Of that step: an English template.
    """
    told = progress or NoProgress()
    villages, grid = inputs.villages, signal.grid
    odds = Odds.of_cells(signal.cells, tightened=signal.tightened)
    steps = _Steps.of(study)
    cuts = steps.cuts(odds)
    weights = Weights(villages, study, inputs.people)
    centres = Centres(villages, grid)
    circles = _circles(inputs, study, signal)
    tallies = [_Tally(len(villages), cuts.shape[1]) for _ in signal.layers]
    told.start("villages", len(villages), title)
    with LayerReader(signal.layers) as reader:
        for batch in footprints(villages, grid):
            weight = weights.weigh(batch)
            for i, tally in enumerate(tallies):
                tally.at_centres(batch.rows, centres.levels(reader, i, batch.rows))
                if batch.cells.size:
                    _add_batch(batch, weight, i, reader, (odds, cuts), circles[i], grid, tally)
            told.advance("villages", len(batch.rows))
    area_cells = villages.geometry.area.to_numpy(dtype=np.float64) / grid.cell_m**2
    weights.close(area_cells)
    people, source = census(villages, weights.on_raster)
    frame = _Frame(
        villages,
        study,
        signal.cells,
        odds,
        steps,
        cuts,
        people,
        weights.total,
        np.maximum(area_cells, weights.cells),
    )
    figures = [
        frame.figures(layer, tally) for layer, tally in zip(signal.layers, tallies, strict=True)
    ]
    flags = _flags(
        villages,
        weights,
        area_cells,
        centres.on_grid,
        study.verdict.weight == "people" and inputs.people is not None,
    )
    return VillageCoverage(
        villages=_summary(inputs, signal, frame, figures[-1], source, weights, flags),
        by_layer=pd.concat(figures, ignore_index=True),
        sensitivity=pd.concat(
            [frame.sensitivity(a, t) for a, t in zip(signal.layers, tallies, strict=True)],
            ignore_index=True,
        ),
        circles=pd.concat(
            [
                pd.DataFrame(
                    {
                        "code": frame.codes,
                        "operator": layer.operator,
                        "technology": layer.technology,
                        "circle_share": _share(tally.in_circles, frame.total),
                        "circle_centre": circle.hold(centres.x_m, centres.y_m),
                    }
                )
                for layer, tally, circle in zip(signal.layers, tallies, circles, strict=True)
            ],
            ignore_index=True,
        ),
    )


def _summary(
    inputs: Inputs,
    signal: Signal,
    frame: _Frame,
    overall: pd.DataFrame,
    source: NDArray[np.object_],
    weights: Weights,
    flags: list[str],
) -> gpd.GeoDataFrame:
    """Build the frame of villages from ``overall``, the figures of the layer (ANY, ANY)."""
    villages = inputs.villages
    in_service = inputs.sites[inputs.sites["site_id"].isin(signal.cells["site_id"])]
    near = nearest_sites(villages, in_service)
    operator_of = signal.cells.set_index("cell_id")["operator"]
    best = overall["best_cell_id"]
    assumed = best.map(assumed_of(signal.cells)).fillna("")
    return gpd.GeoDataFrame(
        {
            "code": frame.codes,
            "name": villages["name"].to_numpy(),
            "commune_code": villages["commune_code"].to_numpy(),
            "people": frame.people,
            "people_source": source,
            "area_km2": villages.geometry.area.to_numpy() / 1e6,
            "weight": np.where(weights.weighted_by_people, "people", "area"),
            **{name: overall[name].to_numpy() for name in FIGURES},
            "best_operator": best.map(operator_of).to_numpy(dtype=object),
            "nearest_site_id": near["site_id"].to_numpy(),
            "nearest_site_km": near["site_km"].to_numpy(),
            "flags": [" ".join(f"{a} {b}".split()) for a, b in zip(flags, assumed, strict=True)],
        },
        geometry=villages.geometry.to_numpy(),
        crs=villages.crs,
    )
