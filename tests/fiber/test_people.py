"""People of communes where no census tells: the raster's, for what a cut isolates."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest
from shapely.geometry import box

from helpers.fiber import EAST, NORTH, UTM, cables, inputs, line, point, pops, study, terrain
from phusong.checks import Findings
from phusong.coverage.villages.residents import residents
from phusong.fiber.assess import assess_fiber
from phusong.pipeline.compute import people_by_commune


def square(x, y, width, height):
    return box(EAST + x, NORTH + y, EAST + x + width, NORTH + y + height)


def test_a_cell_counts_by_the_part_of_it_inside(tmp_path):
    raster = terrain(tmp_path, np.array([[1.0, 2.0], [4.0, np.nan]]), 100.0)
    areas = gpd.GeoDataFrame(
        {"code": ["b", "a", "a", "off"]},
        geometry=[
            square(0, 0, 100, 150),
            square(50, 100, 100, 100),
            square(100, 0, 100, 100),
            square(900, 900, 50, 50),
        ],
        crs=UTM,
    )
    got = residents(areas, raster)
    assert got["b"] == pytest.approx(4.0 + 0.5)
    assert got["a"] == pytest.approx(0.5 + 1.0)
    assert got["off"] == 0


def test_a_study_with_a_people_raster_and_no_census_knows_whom_a_cut_isolates(tmp_path):
    lines = cables(line((0, 0), (5_000, 0)))
    given = inputs(tmp_path, lines, pops(point(0, 0)), {"a": point(5_000, 0)})
    villages = gpd.GeoDataFrame(
        {"code": ["v"], "commune_code": ["a"], "population": [np.nan]},
        geometry=[square(4_700, -300, 600, 600)],
        crs=UTM,
    )
    given = replace(given, villages=villages)
    assert people_by_commune(given, None) is None
    (tmp_path / "people").mkdir()
    raster = terrain(tmp_path / "people", np.full((120, 120), 9.0), 100.0, 3_000.0)
    people = people_by_commune(replace(given, people=raster), None)
    assert people["a"] == pytest.approx(9.0 * 64)  # 800 m by 800 m
    fiber = assess_fiber(given, study(), Findings(), people)
    assert fiber.edges["people_behind"].max() == pytest.approx(9.0 * 64)
