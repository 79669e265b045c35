"""Losses followed: equal to `--cut` on any small network, chains of microwave, two at once."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from shapely.geometry import box

from helpers.fiber import EAST, NORTH, UTM, cables, inputs, line, point, pops, study
from phusong.checks import Findings
from phusong.fiber.assess import assess_fiber
from phusong.planning.cascade.events import all_events
from phusong.planning.cascade.followed import followed_events
from phusong.planning.cascade.judged import Felt
from phusong.planning.cascade.losable import Event, Network
from phusong.planning.cascade.worst_pairs import worst_pairs

HOURS = [4.0]
NO_FEEDERS = pd.DataFrame({"site_id": [], "feeder": [], "battery_h": []})
NO_HAZARDS = gpd.GeoDataFrame({"place_id": [], "name": []}, geometry=[], crs=UTM)


def network(folder, lines, heads, centres, sites, links, hazards=NO_HAZARDS, feeders=NO_FEEDERS):
    read = inputs(folder, cables(*lines), pops(*heads), centres)
    table = pd.DataFrame(links, columns=["site_id", "medium", "upstream"]).astype(object)
    table = table.where(table.notna(), None).assign(file="b.csv", row=range(1, len(links) + 1))
    frame = gpd.GeoDataFrame({"site_id": list(sites)}, geometry=list(sites.values()), crs=UTM)
    read = replace(read, sites=frame, backhaul=table)
    people = pd.Series(100.0, index=list(centres))
    fiber = assess_fiber(read, study(), Findings(), people)
    return Network(fiber, read, hazards, feeders)


SPOTS = [(x * 3000.0, y * 3000.0) for x in range(3) for y in range(3)]
NEAR = [
    (a, b)
    for a in range(9)
    for b in range(a + 1, 9)
    if abs(SPOTS[a][0] - SPOTS[b][0]) + abs(SPOTS[a][1] - SPOTS[b][1]) <= 3000.0
]


LONE_POP = ([(0, 1), (1, 4), (3, 4), (0, 3)], [2], [0], [0], [("S0", "microwave", "P0")])
"""A PoP that no cable comes to, and a site that hangs on it by microwave."""


@st.composite
def provinces(draw):
    """Cables of a small lattice; PoPs, centres and sites at its corners; who hangs on whom."""
    kept = draw(st.lists(st.sampled_from(NEAR), min_size=4, max_size=len(NEAR), unique=True))
    heads = draw(st.lists(st.integers(0, 8), min_size=1, max_size=2, unique=True))
    centres = draw(st.lists(st.integers(0, 8), min_size=1, max_size=3, unique=True))
    at = draw(st.lists(st.integers(0, 8), min_size=1, max_size=4, unique=True))
    names = [f"S{i}" for i in range(len(at))]
    things = [*names, *(f"P{i}" for i in range(len(heads)))]
    links = []
    for name in things:
        pop = name.startswith("P")
        media = [None, "microwave"] if pop else ["fibre", "fibre", "microwave", None]
        for medium in draw(st.lists(st.sampled_from(media), min_size=1, max_size=2)):
            if medium == "fibre":
                links.append((name, "fibre", None))
            elif medium == "microwave":
                far = draw(st.sampled_from(things))
                if far != name:
                    links.append((name, "microwave", far))
    return kept, heads, centres, at, links


@given(provinces(), st.randoms(use_true_random=False))
@example(LONE_POP, Random(0))
@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_every_loss_darkens_what_a_cut_of_it_darkens(tmp_path, case, random):
    kept, heads, centres, at, links = case
    found = network(
        tmp_path,
        [line(SPOTS[a], SPOTS[b]) for a, b in kept],
        [point(*SPOTS[i]) for i in heads],
        {f"X{i}": point(SPOTS[i][0] + 60, SPOTS[i][1]) for i in centres},
        {f"S{k}": point(SPOTS[i][0], SPOTS[i][1] + 70) for k, i in enumerate(at)},
        links,
    )
    fiber = found.fiber
    events = all_events(found, HOURS)
    known = {str(row.id): row for row in events.itertuples()}

    def dark(*names):
        codes = fiber.what_if(list(names))["commune_code"]
        own = set() if fiber.backhaul is None else set(fiber.dark_sites(list(names)))
        return set(codes), own

    cut = [*fiber.edges.loc[fiber.network.line >= 0, "edge_id"], *fiber.pop_ids]
    if fiber.backhaul is not None:
        cut += found.inputs.sites["site_id"].tolist()
    for name in map(str, cut):
        row = known.get(name)
        said = (set(), set()) if row is None else (set(row.communes), set(row.sites))
        assert said == dark(name)
    named = [str(e) for e in events.loc[events["element"] != "group", "id"]]
    for _ in range(min(5, len(named))):
        both = random.sample(named, 2) if len(named) > 1 else named * 2
        asked = [Event(str(known[n].element), n, np.nan) for n in both]
        places, sites = found.follow(*asked)
        codes = {str(fiber.hanging.code[i]) for i in places}
        if fiber.backhaul is not None:
            assert (codes, {str(found.backhaul.names[i]) for i in sites}) == dark(*both)
        else:
            assert codes == dark(*(n for n in both if known[n].element != "site"))[0]


# P0 ── C0 ── joint ── C1 ── b       S1: fibre at C1;  S2: microwave from S1
#               │                    S3: microwave from S2, and fibre at C2
#               C2                   P1 (no cable to P0) by microwave from S2: C3 ── c
LINES = (
    line((0, 0), (4000, 0)),
    line((4000, 0), (9000, 0)),
    line((4000, 0), (4000, 5000)),
    line((20_000, 0), (24_000, 0)),
)
SITES = {
    "S1": point(6000, 100),
    "S2": point(9000, 9000),
    "S3": point(4100, 4900),
}
LINKS = [
    ("S1", "fibre", None),
    ("S2", "microwave", "S1"),
    ("S3", "microwave", "S2"),
    ("S3", "fibre", None),
    ("P1", "microwave", "S2"),
]


def chain(folder, **more):
    centres = {"b": point(8900, 50), "c": point(23_900, 50)}
    heads = [point(0, 0), point(20_000, 0)]
    return network(folder, LINES, heads, centres, SITES, LINKS, **more)


def lost(found, *events):
    places, sites = found.follow(*(Event(*e) for e in events))
    codes = [str(found.fiber.hanging.code[i]) for i in places]
    return codes, [str(found.backhaul.names[i]) for i in sites]


def section(found, cable, x_m, y_m):
    edges = found.fiber.edges[found.fiber.edges["cable_id"] == cable]
    near = int(np.argmin(edges.distance(point(x_m, y_m))))
    return ("edge", str(edges.iloc[near]["edge_id"]), np.nan)


def test_a_chain_of_microwave_goes_dark_from_where_it_begins(tmp_path):
    found = chain(tmp_path)
    # S3 has fibre of its own; the PoP behind S2 takes its commune.
    assert lost(found, ("site", "S1", np.nan)) == (["c"], ["S1", "S2"])
    assert lost(found, ("site", "S2", np.nan)) == (["c"], ["S2"])
    west = section(found, "C1", 5000, 0)
    assert lost(found, west) == (["b", "c"], ["S1", "S2"])
    branch = section(found, "C2", 4000, 2000)
    assert lost(found, branch) == ([], [])
    # Each way of S3 is lost to one of the two.
    assert lost(found, west, branch) == (["b", "c"], ["S1", "S2", "S3"])
    assert lost(found, ("site", "S2", np.nan), branch) == (["c"], ["S2", "S3"])


class Heads:
    """A village of 10 people for every site."""

    def judge(self, sets, progress=None):
        pass

    def felt(self, sites):
        row = np.array([list(SITES).index(n) for n in sorted(sites)], dtype=np.int64)
        flat = np.zeros(len(row), np.int8)
        return Felt(row, flat, flat + 2, np.full(len(row), 10.0), flat == 0)


def test_a_site_with_two_ways_is_lost_to_two_losses(tmp_path):
    found = chain(tmp_path)
    events = followed_events(found, HOURS, Heads())
    branch = section(found, "C2", 4000, 2000)[1]
    assert branch not in set(events["id"])
    pairs = worst_pairs(found, events, HOURS, Heads())
    both = pairs[(pairs["id_a"] == branch) | (pairs["id_b"] == branch)]
    (row,) = both.to_dict("records")
    assert (row["sites_dark"], row["sites_more"], row["people_more"]) == (3, 1, 10.0)


def test_current_and_light_lost_at_once(tmp_path):
    feeders = pd.DataFrame({"site_id": ["S1", "P1"], "feeder": ["F", "G"], "battery_h": [0.0, 6.0]})
    found = chain(tmp_path, feeders=feeders)
    branch = section(found, "C2", 4000, 2000)
    assert lost(found, ("feeder", "F", 4.0)) == (["c"], ["S1", "S2"])
    assert lost(found, ("feeder", "F", 4.0), branch) == (["c"], ["S1", "S2", "S3"])
    assert lost(found, ("feeder", "G", 4.0)) == ([], [])
    assert lost(found, ("feeder", "G", 8.0)) == (["c"], [])


def test_a_hazard_takes_what_lies_in_it_and_what_hangs_on_that(tmp_path):
    def area(x, y, half):
        return box(EAST + x - half, NORTH + y - half, EAST + x + half, NORTH + y + half)

    areas = [area(9000, 9000, 50), area(5000, 0, 50), area(15_000, 15_000, 50)]
    hazards = gpd.GeoDataFrame(
        {"place_id": ["H1", "H2", "H3"], "name": ["", "", ""]}, geometry=areas, crs=UTM
    )
    found = chain(tmp_path, hazards=hazards)
    assert lost(found, ("hazard", "H1", np.nan)) == (["c"], ["S2"])
    assert lost(found, ("hazard", "H2", np.nan)) == (["b", "c"], ["S1", "S2"])
    assert lost(found, ("hazard", "H3", np.nan)) == ([], [])


@pytest.mark.parametrize("linked", [True, False])
def test_without_backhaul_sites_are_lost_by_themselves(tmp_path, linked):
    feeders = pd.DataFrame({"site_id": ["S1"], "feeder": ["F"], "battery_h": [0.0]})
    found = network(
        tmp_path,
        LINES[:2],
        [point(0, 0)],
        {"b": point(8900, 50)},
        SITES,
        LINKS[:1] if linked else [],
        feeders=feeders,
    )
    events = all_events(found, HOURS)
    of_cable = events[events["element"] == "edge"]
    assert of_cable["communes"].map(len).gt(0).any()
    assert of_cable["sites"].map(len).gt(0).any() == linked
    alone = events[events["element"].isin(["site", "feeder"])]
    assert sorted(alone["sites"]) == sorted([("S1",), ("S2",), ("S3",), ("S1",)])
