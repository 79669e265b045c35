"""Coverage in the two classes of the GSMA's Network Coverage Maps: strong and variable signal.

Codes are those of its raster product, Mobile Coverage Explorer: 1 strong, 2 variable, a raster for
each technology (ITU GeoCatalogue, https://bbmaps.itu.int, Mobile Coverage Explorer 2021). Carriers
hand in both classes; a level that parts them was not found published. So a study says its own
(``outputs.strong_dbm``, ``outputs.variable_dbm``), or the classes are of probability.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from rasterio.enums import Resampling

from phusong.coverage.results import ANY, Signal
from phusong.coverage.signal.combine import (
    NO_LEVEL,
    NO_PROBABILITY,
    PROBABILITY_STEP,
    TICK_DB,
)
from phusong.coverage.signal.layerfiles import TILE, Kind, LayerWriter, StepsReader
from phusong.coverage.villages.verdict import ROUNDING, reaches
from phusong.study import Outputs

FOLDER: Final = "gsma"
STRONG, VARIABLE, NEITHER = 1, 2, 0
_EVEN: Final = 0.5
"""P(level >= threshold) where the median level is the threshold."""
_CLASS: Final = Kind("signal_class", "uint8", NEITHER, 1.0, "", Resampling.mode)


def write_signal_classes(
    signal: Signal, outputs: Outputs, probability: float, folder: Path
) -> tuple[Path, ...]:
    """Write ``gsma/coverage_CARRIER_TECHNOLOGY_signal_class.tif``, tile by tile.

    For each technology of each carrier, and of all of them together.

    Parameters
    ----------
    outputs
        Levels from which on a technology's signal is strong, and variable.
    probability
        Of technologies without levels: strong where P(level >= threshold) is at least this,
        variable where the median level reaches the threshold.

    Returns
    -------
    tuple of Path
        Rasters written.
    """
    layers = [layer for layer in signal.layers if layer.technology != ANY]
    names = [(layer.operator, layer.technology) for layer in layers]
    with (
        LayerWriter(folder / FOLDER, signal.grid, names, (_CLASS,)) as writer,
        StepsReader(layer.level for layer in layers) as levels,
        StepsReader(layer.probability for layer in layers) as probabilities,
    ):
        for window in signal.grid.tiles(TILE):
            for i, layer in enumerate(layers):
                strong, variable = (
                    limits.get(layer.technology)  # type: ignore[call-overload]
                    for limits in (outputs.strong_dbm, outputs.variable_dbm)
                )
                classes = (
                    of_probability(probabilities.read(i, window), probability)
                    if strong is None or variable is None
                    else of_level(levels.read(i, window), strong, variable)
                )
                writer.write(i, window, (classes,))
    return tuple(path for paths in writer.paths for path in paths)


def of_level(ticks: NDArray[Any], strong_dbm: float, variable_dbm: float) -> NDArray[np.uint8]:
    """Return the class of each level (in ticks) under a study's own thresholds."""
    dbm = np.where(ticks == NO_LEVEL, -np.inf, ticks * TICK_DB) + ROUNDING
    return _classes(dbm >= strong_dbm, dbm >= variable_dbm)


def of_probability(steps: NDArray[Any], probability: float) -> NDArray[np.uint8]:
    """Return the class of each probability (in steps): enough, or more likely than not."""
    share = np.where(steps == NO_PROBABILITY, -1.0, steps * PROBABILITY_STEP)
    return _classes(reaches(share, probability), reaches(share, min(_EVEN, probability)))


def _classes(strong: NDArray[np.bool_], variable: NDArray[np.bool_]) -> NDArray[np.uint8]:
    return np.where(strong, STRONG, np.where(variable, VARIABLE, NEITHER)).astype(np.uint8)
