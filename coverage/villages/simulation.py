"""P(village covered): the errors of the prediction drawn many times, with a seed.

In each draw every place has a level: the prediction, an error of the model that neighbours
share (:mod:`.errorfield`), and the location variability inside its cell, which
they do not. A place is served in a draw where that level reaches the threshold. A village is
covered in a draw when its centre is served and at least the verdict's share of its people;
the part of drawn villages that are covered is P(covered).

This is another question than the verdict's, which asks at each place for a probability: the
two are given side by side and named apart. One error field serves all cells: what the model
gets wrong at a place (a grove, a cutting) it gets wrong for every mast, so hearing two masts
does not insure against it. Independent errors would make P(covered) higher.

Near measured roads the model's error is that field times what is left of it at each place
(:func:`phusong.coverage.signal.spread.split_db`): each place has the probability of the rasters,
and neighbours share as much of what is left as they do elsewhere. In the conditional field of
kriging they share less of it: figures of whole villages spread wider here, up to twice as wide
where a road runs through one (docs/calibration.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from phusong.coverage.results import ANY, Signal
from phusong.coverage.signal.combine import Odds
from phusong.coverage.villages.errorfield import Nodes
from phusong.coverage.villages.figures.draws import Drawing, Draws, Part, Spreads
from phusong.coverage.villages.footprints import squares
from phusong.coverage.villages.verdict import is_covered, is_white
from phusong.coverage.villages.weights import Weights
from phusong.crew import Crew
from phusong.progress import NoProgress, Progress
from phusong.sources.inputs import Inputs
from phusong.study import Study

_NO_VILLAGES: Final = pd.DataFrame(
    {
        "code": pd.Series(dtype=object),
        "operator": pd.Series(dtype=object),
        "technology": pd.Series(dtype=object),
        **{
            name: pd.Series(dtype="float64")
            for name in ("p_covered", "p_white", "share_mean", "share_low", "share_high")
        },
    }
)


@dataclass(frozen=True)
class Simulation:
    """What the draws gave.

    Attributes
    ----------
    villages
        ``code``, ``operator``, ``technology``, ``p_covered``, ``p_white`` (parts of the
        draws), ``share_mean``, ``share_low``, ``share_high`` (served share over the draws).
    figures
        ``operator``, ``technology``, ``figure`` (``villages_covered`` | ``villages_white`` |
        ``people_covered``: shares), ``mean``, ``low``, ``high``.
    draws, seed, interval
        As asked; ``low`` and ``high`` hold the middle ``interval`` of the draws.
    """

    villages: pd.DataFrame
    figures: pd.DataFrame
    draws: int
    seed: int
    interval: float


def simulate_villages(
    inputs: Inputs,
    study: Study,
    signal: Signal,
    layers: list[tuple[str, str]] | None = None,
    progress: Progress | None = None,
    crew: Crew | None = None,
) -> Simulation:
    """Draw the errors of the prediction and count what becomes of the villages.

    Parameters
    ----------
    inputs, study, signal
        As for :func:`.assess.assess_villages`; the spreads, the correlation
        distance, the number of draws and the seed are the study's.
    layers
        (operator, technology) to simulate; by default any carrier, and each carrier, over the
        technologies of the verdict.
    progress
        Told of the step ``simulation``.
    crew
        Who works out the draws; None: this process.

    Returns
    -------
    Simulation
        With empty tables where the study asks for no draws.
    """
    told = progress or NoProgress()
    wanted = layers or [
        (layer.operator, layer.technology) for layer in signal.layers if layer.technology == ANY
    ]
    draws = study.uncertainty.draws
    villages, grid = inputs.villages, signal.grid
    odds = Odds.of_cells(signal.cells, tightened=signal.tightened)
    spreads = Spreads(odds, study.radio.spread.sigma_model_db)
    nodes = Nodes.over(grid, study.radio.spread.correlation_m)
    luck = np.random.default_rng(study.uncertainty.seed).random(
        (len(villages), draws), dtype=np.float32
    )
    results = [Draws(len(villages), draws) for _ in wanted]
    weights = Weights(villages, study, inputs.people)
    people = inputs.people and inputs.people.elsewhere()
    read = [signal.layer(*name).elsewhere() for name in wanted]
    work = Drawing(study, people, grid, read, nodes, spreads)
    parts = [Part(one, luck[one.rows]) for one in squares(villages, grid)] if draws else []
    del luck  # the parts have it
    told.start("simulation", len(villages), "Simulation of errors")
    for square, weighed, drawn in work.each(parts, crew):
        weights.put(square.rows, weighed)
        for result, found in zip(results, drawn, strict=True):
            result.centre[square.rows] = found.centre
            result.share[square.rows] = found.share
        told.advance("simulation", len(square.rows))
    weights.close(villages.geometry.area.to_numpy(dtype=np.float64) / grid.cell_m**2)
    return _collect(inputs, study, weights, wanted, results)


def _collect(
    inputs: Inputs,
    study: Study,
    weights: Weights,
    wanted: list[tuple[str, str]],
    results: list[Draws],
) -> Simulation:
    """Turn draws into parts, means and intervals."""
    interval = study.uncertainty.interval
    ends = [(1 - interval) / 2, (1 + interval) / 2]
    people = np.nan_to_num(
        np.where(
            np.isfinite(inputs.villages["population"]),
            inputs.villages["population"],
            weights.on_raster,
        )
    )
    whole = np.where(weights.total > 0, weights.total, 1.0)[:, None]
    tables, figures = [], []
    for (operator, technology), result in zip(wanted, results, strict=True):
        if not result.share.size:
            continue
        share = np.clip(result.share / whole, 0.0, 1.0)
        covered = is_covered(result.centre, share, study.verdict.covered_share)
        white = is_white(result.centre, share, study.verdict.hollow_share)
        low, high = np.quantile(share, ends, axis=1)
        tables.append(
            pd.DataFrame(
                {
                    "code": inputs.villages["code"].to_numpy(),
                    "operator": operator,
                    "technology": technology,
                    "p_covered": covered.mean(axis=1),
                    "p_white": white.mean(axis=1),
                    "share_mean": share.mean(axis=1),
                    "share_low": low,
                    "share_high": high,
                }
            )
        )
        counted = {"villages_covered": covered.mean(axis=0), "villages_white": white.mean(axis=0)}
        if people.sum() > 0:
            counted["people_covered"] = people @ share / people.sum()
        figures += [
            (operator, technology, name, values.mean(), *np.quantile(values, ends))
            for name, values in counted.items()
        ]
    return Simulation(
        pd.concat(tables or [_NO_VILLAGES], ignore_index=True),
        pd.DataFrame(figures, columns=["operator", "technology", "figure", "mean", "low", "high"]),
        study.uncertainty.draws,
        study.uncertainty.seed,
        interval,
    )
