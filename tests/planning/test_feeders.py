"""Power feeders: sites with two of them, batteries that differ, feeders lost together."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from helpers.fiber import UTM, cables, inputs, line, point, pops
from helpers.memory import study_of
from phusong.checks import Findings
from phusong.fiber.assess import assess_fiber
from phusong.planning.cascade.followed import followed_events
from phusong.planning.cascade.judged import Felt
from phusong.planning.cascade.losable import Event, Network
from phusong.planning.cascade.worst_pairs import worst_pairs
from phusong.sources.beside.feeders import read_feeders
from phusong.study import Layer

SITES = ("A", "B", "C")


class Heads:
    """A village of 10 people for every site."""

    def judge(self, sets, progress=None):
        pass

    def felt(self, sites):
        row = np.array([SITES.index(n) for n in sorted(sites)], dtype=np.int64)
        flat = np.zeros(len(row), np.int8)
        return Felt(row, flat, flat + 2, np.full(len(row), 10.0), flat == 0)


def read(folder, text):
    (folder / "feeders.csv").write_text(text, "utf-8")
    layers = {"a": point(900, 0)}
    found = inputs(folder, cables(line((0, 0), (1000, 0))), pops(point(0, 0)), layers)
    places = [point(500, 5000 + 100 * i) for i in range(3)]
    sites = gpd.GeoDataFrame({"site_id": list(SITES)}, geometry=places, crs=UTM)
    found = replace(found, sites=sites)
    study, told = study_of(folder), Findings()
    table = read_feeders(study, [Layer(path="feeders.csv")], found, told)
    fiber = assess_fiber(found, study, Findings(), pd.Series({"a": 5.0}))
    none = gpd.GeoDataFrame({"place_id": [], "name": []}, geometry=[], crs=UTM)
    return Network(fiber, found, none, table), told


def dark(network, *gone):
    events = [Event("feeder", name, hours) for name, hours in gone]
    return [str(network.backhaul.names[i]) for i in network.follow(*events)[1]]


def power_rules(told):
    """Numbers of the findings about feeders: of files beside."""
    return {f.rule.number for f in told if f.rule.number[0] == "F"}


TWO = "site_id,feeder,battery_h\nA,F1,6\nA,F2,6\nB,F1,6\nC,F2,\nP0,F1,0\n"


def test_a_site_with_two_feeders_goes_dark_when_both_are_gone(tmp_path):
    network, told = read(tmp_path, TWO)
    assert power_rules(told) == {"F29"}
    assert dark(network, ("F1", 8.0)) == ["B"]
    assert dark(network, ("F2", 8.0)) == ["C"]
    assert dark(network, ("F1", 8.0), ("F2", 8.0)) == ["A", "B", "C"]
    # Both are gone for four hours only, which the batteries last.
    assert dark(network, ("F1", 8.0), ("F2", 4.0)) == ["B", "C"]
    # A feeder is gone once, for as long as the longer of two events says.
    assert dark(network, ("F1", 4.0), ("F1", 8.0)) == ["B"]


def test_a_pop_on_the_feeder_takes_its_communes(tmp_path):
    network, _ = read(tmp_path, TWO)
    centres, _ = network.follow(Event("feeder", "F1", 4.0))
    assert network.fiber.hanging.code[list(centres)].tolist() == ["a"]
    assert network.follow(Event("feeder", "F2", 24.0))[0] == ()


@pytest.mark.parametrize(
    ("rows", "battery", "rules"),
    [
        ("A,F1,6\nA,F2,6", 6.0, set()),
        ("A,F1,6\nA,F2,4", 4.0, {"F36"}),
        ("A,F1,6\nA,F2,", 6.0, set()),
        ("A,F1,\nA,F2,", 0.0, {"F29"}),
        ("A,F1,6\nA,F1,4", 6.0, {"F28"}),
    ],
)
def test_one_set_of_batteries(tmp_path, rows, battery, rules):
    network, told = read(tmp_path, f"site_id,feeder,battery_h\n{rows}\n")
    assert network.feeders["battery_h"].unique().tolist() == [battery]
    assert power_rules(told) == rules


def test_two_feeders_harmless_by_themselves_are_a_pair(tmp_path):
    network, _ = read(tmp_path, "site_id,feeder,battery_h\nA,F1,6\nA,F2,6\n")
    hours = [4.0, 8.0]
    events = followed_events(network, hours, Heads())
    assert not (events["element"] == "feeder").any()
    pairs = worst_pairs(network, events, hours, Heads())
    feeders = pairs[(pairs["element_a"] == "feeder") & (pairs["element_b"] == "feeder")]
    (row,) = feeders.to_dict("records")
    assert (row["id_a"], row["id_b"], row["hours_a"], row["hours_b"]) == ("F1", "F2", 8.0, 8.0)
    assert (row["sites_dark"], row["sites_more"], row["people_more"]) == (1, 1, 10.0)
