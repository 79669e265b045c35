"""From signal rasters to the verdict of every village."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.results import Signal, SignalLayer, VillageCoverage
from phusong.coverage.signal.combine import Odds
from phusong.coverage.signal.layerfiles import LayerReader, read_by_worker
from phusong.coverage.villages.centre_cells import Centres
from phusong.coverage.villages.circles import Circles
from phusong.coverage.villages.figures.tally import Steps, Tally, add_batch
from phusong.coverage.villages.figures.village_tables import (
    Inhabited,
    Judged,
    circles_of_layers,
    village_tables,
)
from phusong.coverage.villages.footprints import Square, footprint, squares
from phusong.coverage.villages.weights import Weights
from phusong.crew import Crew
from phusong.grid import Grid
from phusong.progress import NoProgress, Progress
from phusong.sources.inputs import Inputs, Raster
from phusong.study import Study


@dataclass(frozen=True)
class Summing:
    """What a layer holds over villages, summed square by square by whoever has a hand free."""

    study: Study
    people: Raster | None
    grid: Grid
    layers: Sequence[SignalLayer]
    circles: Sequence[Circles]
    odds: Odds
    cuts: NDArray[np.int32]

    def alone(self, square: Square) -> tuple[Square, Weights, list[Tally]]:
        """Return weights and sums of a square's villages, in a worker."""
        with read_by_worker(self.layers) as reader:
            return square, *self.summed(square, reader)

    def summed(self, square: Square, reader: LayerReader) -> tuple[Weights, list[Tally]]:
        """Return weights, and sums layer by layer, of a square's villages by themselves."""
        villages = square.villages
        batch = footprint(villages, self.grid)
        weights, centres = Weights(villages, self.study, self.people), Centres(villages, self.grid)
        weight = weights.weigh(batch)
        tallies = []
        for i, circles in enumerate(self.circles):
            tally = Tally(len(villages), self.cuts.shape[1])
            tally.at_centres(batch.rows, centres.levels(reader, i, batch.rows))
            if batch.cells.size:
                add_batch(batch, weight, i, reader, (self.odds, self.cuts), tally)
                tally.add_circles(batch, weight, circles, self.grid)
            tallies.append(tally)
        return weights, tallies

    def each(
        self, parts: list[Square], crew: Crew | None
    ) -> Iterator[tuple[Square, Weights, list[Tally]]]:
        """Give the sums of every square: in order from here, as they are done from a crew."""
        if crew is not None:
            yield from crew.each(self.alone, parts)
            return
        with LayerReader(self.layers) as reader:
            for square in parts:
                yield square, *self.summed(square, reader)


def assess_villages(
    inputs: Inputs,
    study: Study,
    signal: Signal,
    progress: Progress | None = None,
    title: str = "Figures of every village, outdoors",
    crew: Crew | None = None,
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
    crew
        Who sums villages; None: this process.
    """
    told = progress or NoProgress()
    villages, grid = inputs.villages, signal.grid
    odds = Odds.of_cells(signal.cells, tightened=signal.tightened)
    steps = Steps.of(study)
    cuts = steps.cuts(odds)
    weights = Weights(villages, study, inputs.people)
    centres = Centres(villages, grid)
    circles = circles_of_layers(inputs, study, signal.cells, signal.layers)
    tallies = [Tally(len(villages), cuts.shape[1]) for _ in signal.layers]
    people = inputs.people and inputs.people.elsewhere()
    layers = [layer.elsewhere() for layer in signal.layers]
    work = Summing(study, people, grid, layers, circles, odds, cuts)
    told.start("villages", len(villages), title)
    for square, weighed, summed in work.each(squares(villages, grid), crew):
        weights.put(square.rows, weighed)
        for tally, part in zip(tallies, summed, strict=True):
            tally.put(square.rows, part)
        told.advance("villages", len(square.rows))
    about = Inhabited.of(inputs, study, grid, weights, centres)
    judged = Judged(signal.layers, tallies, circles, signal.cells, signal.cells, odds, steps, cuts)
    return village_tables(inputs, study, about, centres, judged)
