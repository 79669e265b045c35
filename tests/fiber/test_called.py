"""A site and a point of presence of one name: refused until one says which, everywhere alike."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.fiber import UTM, cables, inputs, line, point, pops, study
from helpers.memory import study_of
from phusong.checks import Findings
from phusong.errors import InputError
from phusong.fiber.assess import assess_fiber
from phusong.planning.cascade.losable import Event, Network
from phusong.sources.beside.feeders import read_feeders
from phusong.sources.cables.called import stands_for_both, thing_keys, thing_numbers
from phusong.study import Layer

NAMES = st.lists(st.sampled_from(["A", "B", "C", "site:A", "pop:B"]), unique=True)


def world(folder, links):
    """P0 ── a ── S1's drop; P1 far off on cable of its own, and a site that is called P1 too."""
    read = inputs(
        folder,
        cables(line((0, 0), (4000, 0)), line((20_000, 0), (22_000, 0))),
        pops(point(0, 30), point(20_000, 30)),
        {"a": point(1000, 100)},
    )
    table = pd.DataFrame(links, columns=["site_id", "medium", "upstream"]).astype(object)
    table = table.where(table.notna(), None).assign(file="b.csv", row=range(1, len(links) + 1))
    places = {"S1": point(3000, 100), "S2": point(9000, 9000), "P1": point(3500, 100)}
    sites = gpd.GeoDataFrame({"site_id": list(places)}, geometry=list(places.values()), crs=UTM)
    return replace(read, sites=sites, backhaul=table)


def assess(read, told=None):
    people = pd.Series({"a": 100.0})
    return assess_fiber(read, study(), Findings() if told is None else told, people)


def test_what_both_are_called_stands_for_neither():
    numbers = thing_numbers(["A", "B"], ["B", "C"])
    assert thing_keys(["A", "B"], ["B", "C"]) == ["A", "site:B", "pop:B", "C"]
    assert (numbers["A"], numbers["site:A"], numbers["site:B"]) == (0, 0, 1)
    assert (numbers["pop:B"], numbers["C"], numbers["pop:C"]) == (2, 3, 3)
    assert "B" not in numbers
    assert stands_for_both("B", numbers)
    assert not stands_for_both("D", numbers)


@given(NAMES, NAMES)
def test_every_thing_has_a_key_of_its_own_name(sites, pops):
    keys, numbers = thing_keys(sites, pops), thing_numbers(sites, pops)
    for i, (key, name) in enumerate(zip(keys, [*sites, *pops], strict=True)):
        assert key.endswith(name)
        if keys.count(key) == 1:
            assert numbers[key] == i


def test_a_cut_says_which(tmp_path):
    links = [
        ("S1", "microwave", "pop:P1"),
        ("S2", "microwave", "site:P1"),
        ("site:P1", "fibre", None),
    ]
    told = Findings()
    read = world(tmp_path, links)
    result = assess(read, told)
    assert not [f for f in told if f.rule.number == "F17"]
    with pytest.raises(InputError, match="several things in the network are called P1") as raised:
        result.dark_sites(["P1"])
    assert "say which: pop:P1, site:P1" in str(raised.value)
    assert result.dark_sites(["pop:P1"]) == ["S1"]
    assert result.dark_sites(["site:P1"]) == ["S2", "P1"]
    assert result.dark_sites(["S1"]) == result.dark_sites(["site:S1"]) == ["S1"]
    assert list(result.what_if(["pop:P0"])["commune_code"]) == ["a"]
    with pytest.raises(InputError, match="nothing in the network is called pop:S1"):
        result.what_if(["pop:S1"])
    # What `cascade` follows under the same names is the same.
    none = gpd.GeoDataFrame({"place_id": [], "name": []}, geometry=[], crs=UTM)
    feeders = pd.DataFrame({"site_id": [], "feeder": [], "battery_h": []})
    network = Network(result, read, none, feeders)
    for kind in ("site", "pop"):
        _, dark = network.follow(Event(kind, "P1", np.nan))
        names = [str(network.backhaul.names[i]) for i in dark]
        assert names == result.dark_sites([f"{kind}:P1"])


def test_a_backhaul_that_does_not_say_which_is_told(tmp_path):
    told = Findings()
    result = assess(world(tmp_path, [("S1", "fibre", "P1"), ("S2", "microwave", "S1")]), told)
    (found,) = (f for f in told if f.rule.number == "F17")
    assert (found.subject, found.where.row, found.where.key) == ("P1", 1, "upstream")
    assert "write site:P1 or pop:P1" in found.text()
    assert result.backhaul.thing.tolist() == [1]


def test_feeders_say_which(tmp_path):
    (tmp_path / "feeders.csv").write_text(
        "site_id,feeder,battery_h\nP1,471,4\npop:P1,471,8\nsite:S1,471,2\nS1,471,2\n", "utf-8"
    )
    told = Findings()
    found = world(tmp_path, [("S1", "fibre", None)])
    table = read_feeders(study_of(tmp_path), [Layer(path="feeders.csv")], found, told)
    assert table["site_id"].tolist() == ["pop:P1", "S1"]
    details = [f.text() for f in told if f.rule.number == "F28"]
    assert "write site:P1 or pop:P1" in details[0]
    assert "S1 is listed before with this feeder" in details[1]
