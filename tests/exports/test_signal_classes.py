"""Strong and variable signal: classes by hand, by level and by probability."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rasterio
from pydantic import ValidationError
from pyproj import CRS

from phusong.coverage.results import ANY, Signal, SignalLayer
from phusong.coverage.signal.combine import NO_LEVEL, NO_PROBABILITY
from phusong.coverage.signal.layerfiles import LEVEL, PROBABILITY, LayerWriter
from phusong.exports.formats.signal_classes import of_level, of_probability, write_signal_classes
from phusong.grid import Grid
from phusong.study import Outputs

LEVELS = np.array([[-920, -921, -1000, -1001, NO_LEVEL]], dtype=np.int16)
STEPS = np.array([[200, 150, 149, 100, 99]], dtype=np.uint8)  # 1, 0.75, 0.745, 0.5, 0.495


def test_levels_at_the_border_are_in() -> None:
    assert of_level(LEVELS, -92.0, -100.0).tolist() == [[1, 2, 2, 0, 0]]


def test_probabilities_at_the_border_are_in() -> None:
    assert of_probability(STEPS, 0.75).tolist() == [[1, 1, 2, 2, 0]]
    nothing = np.array([[NO_PROBABILITY]], dtype=np.uint8)
    assert of_probability(nothing, 0.75).tolist() == [[0]]
    # A study that asks for less than even odds has no variable signal.
    assert of_probability(STEPS, 0.4).tolist() == [[1, 1, 1, 1, 1]]


def test_rasters_of_carriers_and_of_all(tmp_path: Path) -> None:
    grid = Grid(CRS.from_epsg(32648), 500_000.0, 2_500_000.0, 50.0, 1, 5)
    names = [("A", "LTE"), ("A", "NR"), (ANY, "LTE"), ("A", ANY)]
    with LayerWriter(tmp_path / "r", grid, names, (LEVEL, PROBABILITY)) as writer:
        for i in range(len(names)):
            writer.write(i, grid.window, (LEVELS, STEPS))
    layers = tuple(
        SignalLayer(o, t, p[0], p[0], p[1]) for (o, t), p in zip(names, writer.paths, strict=True)
    )
    outputs = Outputs(strong_dbm={"LTE": -92}, variable_dbm={"LTE": -100})
    signal = Signal(grid, layers, pd.DataFrame())
    written = write_signal_classes(signal, outputs, 0.75, tmp_path)
    assert sorted(p.name for p in (tmp_path / "gsma").iterdir()) == sorted(p.name for p in written)
    found = []
    for path in written:
        with rasterio.open(path) as raster:
            assert raster.nodata == 0
            assert raster.descriptions == ("signal_class",)
            found.append(raster.read(1).tolist())
    by_level, by_probability = [[1, 2, 2, 0, 0]], [[1, 1, 2, 2, 0]]
    assert found == [by_level, by_probability, by_level]  # A LTE, A NR, all LTE; sums are none


@pytest.mark.parametrize(
    "wrong",
    [
        {"strong_dbm": {"LTE": -92}},
        {"strong_dbm": {"LTE": -100}, "variable_dbm": {"LTE": -92}},
    ],
)
def test_levels_that_make_no_classes_are_refused(wrong: dict[str, dict[str, float]]) -> None:
    with pytest.raises(ValidationError, match="strong_dbm"):
        Outputs.model_validate(wrong)
