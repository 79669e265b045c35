"""A plan as a scenario: by hand, and carried out on the smallest province."""

from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import LineString, MultiLineString, Point

from helpers.files import UTM
from helpers.tiny import make_tiny_study
from phusong.checks import Findings
from phusong.planning.as_scenario import scenario_of
from phusong.sources import read_inputs
from phusong.sources.alterations.carried_out import with_scenario
from phusong.study.file import read_study
from phusong.study.scenario import Hang, parse_scenario, scenario_text
from phusong.study.settings.planning import NewSite

X0, Y0 = 500_000.0, 2_500_000.0


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    folder = make_tiny_study(tmp_path_factory.mktemp("planned"))
    return read_inputs(read_study(folder), Findings())


@pytest.fixture(scope="module")
def plan():
    """A mast by fibre, one by a hop from it, one that only relays, and the mast that stands."""
    sites = gpd.GeoDataFrame(
        {
            "site_id": ["NEW-1", "NEW-2", "NEW-3", "A"],
            "kind": ["road", "high", "high", "existing"],
            "role": ["serves", "serves", "relays", "serves"],
            "year": [1, 2, 2, 2],
            "backhaul": ["fibre", "microwave", "microwave", "own"],
            "from_site_id": [np.nan, "NEW-3", "NEW-1", np.nan],
            "height_m": [45.0, 45.0, 45.0, 30.0],
        },
        geometry=[
            Point(X0 + 6000, Y0 + 2000),
            Point(X0 + 7000, Y0 + 3000),
            Point(X0 + 6500, Y0 + 2500),
            Point(X0 + 2000, Y0 + 2000),
        ],
        crs=UTM,
    )
    one = LineString([(X0 + 2000, Y0 + 2000), (X0 + 4000, Y0 + 2100)])
    two = LineString([(X0 + 4000, Y0 + 2100), (X0 + 6000, Y0 + 2000)])
    lines = gpd.GeoDataFrame({"year": [1]}, geometry=[MultiLineString([one, two])], crs=UTM)
    return SimpleNamespace(sites=sites, lines=lines)


def test_everything_that_is_built(plan, inputs):
    scenario = scenario_of(plan, inputs, NewSite(operator="Chung"))
    assert [m.site_id for m in scenario.masts] == ["NEW-1", "NEW-2", "NEW-3", "A"]
    assert [len(m.bands) for m in scenario.masts] == [1, 1, 0, 1]
    assert scenario.masts[3].longitude is None
    assert [c.cable_id for c in scenario.cables] == ["NEW-1", "NEW-2"]
    assert scenario.backhaul == []
    assert parse_scenario(scenario_text(scenario), "x.toml") == scenario
    after = with_scenario(inputs, scenario)
    assert len(after.sites) == 4
    assert len(after.cells) == 2 + 3 * 3
    places = after.sites.set_index("site_id")[["x_m", "y_m"]]
    assert places.loc["NEW-2"].tolist() == pytest.approx([X0 + 7000, Y0 + 3000], abs=0.01)
    assert after.cables.geometry.length.sum() - inputs.cables.geometry.length.sum() == (
        pytest.approx(plan.lines.geometry.length.sum(), abs=0.1)
    )


def test_the_end_of_a_year(plan, inputs):
    scenario = scenario_of(plan, inputs, NewSite(), until=1)
    assert [m.site_id for m in scenario.masts] == ["NEW-1"]
    assert len(scenario.cables) == 2


def test_new_masts_hang_where_the_study_says_what_hangs(plan, inputs):
    hung = pd.DataFrame(
        [{"site_id": "A", "medium": "fibre", "upstream": None, "file": "b.csv", "row": 1}]
    )
    known = SimpleNamespace(crs=inputs.crs, cables=inputs.cables, backhaul=hung)
    assert scenario_of(plan, known, NewSite()).backhaul == [
        Hang(site_id="NEW-1"),
        Hang(site_id="NEW-2", upstream="NEW-3"),
        Hang(site_id="NEW-3", upstream="NEW-1"),
    ]
