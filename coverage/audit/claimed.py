"""What a map claims at places: the probability and level of its rasters there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from phusong.coverage.calibration.prediction import sample_cells
from phusong.coverage.results import SignalLayer
from phusong.coverage.signal.combine import PROBABILITY_STEP, TICK_DB
from phusong.grid import Grid
from phusong.sources.inputs import Raster

CLASS_ENDS: Final = (0.0, 0.005, 0.5, 0.75, 0.9, 0.95)
CLASSES: Final = ("0 %", "0–50 %", "50–75 %", "75–90 %", "90–95 %", "95–100 %")
"""Classes of claimed probability: the lower end belongs to each."""
_ROUNDING: Final = 1e-9
MOST_CLAIMED: Final = 1.0 - PROBABILITY_STEP / 2.0
"""What a raster rounds up to 1 from here on: no map claims that nothing can ever fail."""


def at_least(probability: NDArray[np.float64], asked: float) -> NDArray[np.bool_]:
    """Return whether probabilities, which come in steps of 0.005, are at least what is asked."""
    return np.asarray(probability >= asked - _ROUNDING)


def probability_class(probability: NDArray[np.float64]) -> NDArray[np.object_]:
    """Return the class of each claimed probability."""
    ends = np.array(CLASS_ENDS) - _ROUNDING
    index = np.clip(np.searchsorted(ends, probability, side="right") - 1, 0, len(CLASSES) - 1)
    return np.array(CLASSES, dtype=object)[index]


def probability_at(
    layer: SignalLayer, grid: Grid, x_m: NDArray[np.float64], y_m: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the claimed probability (0 to 1) at places on the grid; 0 where nothing serves."""
    steps = sample_cells(_raster(layer.probability, grid), x_m, y_m)
    found: NDArray[np.float64] = np.nan_to_num(steps.astype(np.float64)) * PROBABILITY_STEP
    return np.round(found, 3)


def level_at(
    layer: SignalLayer, grid: Grid, x_m: NDArray[np.float64], y_m: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the predicted level of the best server in dBm, NaN where nothing serves."""
    ticks = sample_cells(_raster(layer.level, grid), x_m, y_m)
    return np.asarray(ticks.astype(np.float64) * TICK_DB, dtype=np.float64)


def with_claims(tests: pd.DataFrame, layers: Sequence[SignalLayer], grid: Grid) -> pd.DataFrame:
    """Add ``claimed_probability`` and ``predicted_dbm`` of each test's carrier and technology.

    Parameters
    ----------
    tests
        ``x_m``, ``y_m`` on the grid; ``operator`` and ``technology`` as a layer has them.
    layers
        Those of a :class:`~phusong.coverage.results.Signal`.
    grid
        Of the rasters.
    """
    x, y = (tests[name].to_numpy(dtype=np.float64) for name in ("x_m", "y_m"))
    operator, technology = (tests[n].to_numpy(dtype=object) for n in ("operator", "technology"))
    probability, level = np.zeros(len(tests)), np.full(len(tests), np.nan)
    for layer in layers:
        at = np.flatnonzero((operator == layer.operator) & (technology == layer.technology))
        if at.size:
            probability[at] = probability_at(layer, grid, x[at], y[at])
            level[at] = level_at(layer, grid, x[at], y[at])
    return tests.assign(claimed_probability=probability, predicted_dbm=level)


def _raster(path: Path, grid: Grid) -> Raster:
    return Raster(path, grid, "")
