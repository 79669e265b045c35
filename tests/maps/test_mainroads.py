"""Roads of a country on a page: the main ones, as many as it holds; of a province all of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely

from phusong.maps.mercator import Frame
from phusong.maps.sections import mainroads
from phusong.maps.sections.mainroads import road_section
from worlds import province


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Two main roads, five lesser ones and forty tracks, the later the longer; in turns."""
    made = province.make_world(tmp_path_factory.mktemp("roads"), cells_of_grid=100).inputs
    west, south, _, _ = made.grid.bounds
    kinds = ["primary"] * 2 + ["tertiary"] * 5 + ["track"] * 40
    order = np.random.default_rng(3).permutation(len(kinds))
    lines = [
        shapely.LineString([(west, south + 50.0 * i), (west + 100.0 * (i + 1), south + 50.0 * i)])
        for i in order.tolist()
    ]
    frame = gpd.GeoDataFrame(
        {"road_id": order.astype(str), "kind": np.array(kinds)[order], "surface": "", "row": order},
        geometry=lines,
        crs=made.crs,
    )
    return replace(made, roads=frame)


def test_all_roads_of_a_province_are_drawn(inputs: Any) -> None:
    found = road_section(inputs, Frame.over(inputs.grid), 50.0)
    assert found["kind"] == inputs.roads["kind"].tolist()
    assert len(found["lines"]) == found["total"] == 47


@pytest.mark.parametrize("most", [(20, 1000), (1000, 20), (22, 20)])
def test_of_more_the_main_ones_and_the_longest(
    inputs: Any, monkeypatch: pytest.MonkeyPatch, most: tuple[int, int]
) -> None:
    monkeypatch.setattr(mainroads, "MOST_DRAWN", most[0])
    monkeypatch.setattr(mainroads, "MOST_VERTICES", most[1])
    frame = Frame.over(inputs.grid)
    found = road_section(inputs, frame, 50.0)
    assert found["total"] == 47
    # Ten lines of two vertices: both main roads, all five lesser ones, the longest three tracks.
    chosen = inputs.roads["row"].isin([*range(7), 44, 45, 46])
    assert found["kind"] == inputs.roads["kind"][chosen].tolist()
    all_lines = road_section(replace(inputs, roads=inputs.roads[chosen]), frame, 50.0)["lines"]
    assert found["lines"] == all_lines


def test_one_road_that_no_page_holds_hides_no_other(
    inputs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Layers are dissolved at times: all motorways are one record."""
    monkeypatch.setattr(mainroads, "MOST_DRAWN", 60)
    roads = inputs.roads.copy()
    west, south, _, _ = inputs.grid.bounds
    many = [(west + 9000.0 * (i % 2), south + 10.0 * i) for i in range(61)]
    roads.loc[0, "geometry"] = shapely.LineString(many)
    roads.loc[0, "kind"] = "motorway"
    found = road_section(replace(inputs, roads=roads), Frame.over(inputs.grid), 50.0)
    assert "motorway" not in found["kind"]
    assert len(found["lines"]) == 30


def test_a_kind_cut_short_stays_behind_the_main_one(
    inputs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Both main roads and the longest lesser one are looked at, and one main road has room.
    monkeypatch.setattr(mainroads, "MOST_DRAWN", 6)
    monkeypatch.setattr(mainroads, "MOST_VERTICES", 2)
    assert road_section(inputs, Frame.over(inputs.grid), 50.0)["kind"] == ["primary"]


def test_no_roads(inputs: Any) -> None:
    none = replace(inputs, roads=inputs.roads.iloc[:0])
    found = road_section(none, Frame.over(inputs.grid), 50.0)
    assert found == {"kind": [], "lines": [], "total": 0}
