"""The country that the benchmark makes: read without an error, with the edges it says it has."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from phusong.checks import Findings, Severity
from phusong.fiber.built import road_network
from phusong.sources import read_inputs
from phusong.study.file import read_study
from worlds.country import make_country


def test_a_small_country_is_read_with_all_its_road_edges(tmp_path: Path) -> None:
    made = make_country(tmp_path, villages=30, sites=5, edges=700, cell_m=200.0, radius_km=3.0)
    study, findings = read_study(tmp_path), Findings()
    inputs = read_inputs(study, findings)
    assert not [f for f in findings if f.severity is Severity.ERROR]
    assert len(inputs.villages) == made.villages == 36
    assert len(inputs.sites) == made.sites == 5
    assert inputs.villages.geometry.area.sum() / 1e6 == pytest.approx(made.area_km2)
    network = road_network(inputs, study)
    assert len(network.graph) == made.edges
    assert 550 < made.edges < 700
    assert network.graph.degree.max() == 4
    assert len(np.unique(network.graph.components())) == 1
