"""From signal rasters to the verdict of every village."""

from __future__ import annotations

from phusong.coverage.results import Signal, VillageCoverage
from phusong.coverage.signal.combine import Odds
from phusong.coverage.signal.layerfiles import LayerReader
from phusong.coverage.villages.centre_cells import Centres
from phusong.coverage.villages.figures.tally import Steps, Tally, add_batch
from phusong.coverage.villages.figures.village_tables import (
    Inhabited,
    Judged,
    circles_of_layers,
    village_tables,
)
from phusong.coverage.villages.footprints import footprints
from phusong.coverage.villages.weights import Weights
from phusong.progress import NoProgress, Progress
from phusong.sources.inputs import Inputs
from phusong.study import Study


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
    steps = Steps.of(study)
    cuts = steps.cuts(odds)
    weights = Weights(villages, study, inputs.people)
    centres = Centres(villages, grid)
    circles = circles_of_layers(inputs, study, signal.cells, signal.layers)
    tallies = [Tally(len(villages), cuts.shape[1]) for _ in signal.layers]
    told.start("villages", len(villages), title)
    with LayerReader(signal.layers) as reader:
        for batch in footprints(villages, grid):
            weight = weights.weigh(batch)
            for i, tally in enumerate(tallies):
                tally.at_centres(batch.rows, centres.levels(reader, i, batch.rows))
                if batch.cells.size:
                    add_batch(batch, weight, i, reader, (odds, cuts), tally)
                    tally.add_circles(batch, weight, circles[i], grid)
            told.advance("villages", len(batch.rows))
    about = Inhabited.of(inputs, study, grid, weights, centres)
    judged = Judged(signal.layers, tallies, circles, signal.cells, signal.cells, odds, steps, cuts)
    return village_tables(inputs, study, about, centres, judged)
