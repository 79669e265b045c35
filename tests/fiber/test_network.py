"""Messy lines become a network: noding, snapping, lengths along the ground, gaps."""

from __future__ import annotations

import time

import geopandas as gpd
import networkx as nx
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.fiber import (
    EAST,
    NORTH,
    UTM,
    build_network,
    cables,
    flat,
    inputs,
    line,
    point,
    pops,
    study,
    terrain,
)
from phusong.checks import Findings
from phusong.errors import InputError
from phusong.fiber.assess import assess_fiber
from phusong.fiber.network import noding
from phusong.fiber.network.crossings import count_crossings, crossing_points
from phusong.fiber.network.csr import Graph
from phusong.fiber.network.gaps import find_gaps
from phusong.fiber.network.ground import terrain_heights
from phusong.fiber.network.noding import node_lines
from phusong.fiber.network.polylines import Lines


def parts(network):
    used = network.graph.degree > 0
    return len(np.unique(network.graph.components()[used]))


def test_an_end_on_another_lines_interior_splits_it_there():
    net = build_network(cables(line((0, 0), (1000, 0)), line((400, 3), (400, 500))))
    assert sorted(net.length_m.round(6).tolist()) == [400, 497, 600]
    assert parts(net) == 1
    assert sorted(net.edge_ids()) == ["C0.1", "C0.2", "C1.1"]


def test_ends_beyond_the_tolerance_stay_apart():
    net = build_network(cables(line((0, 0), (1000, 0)), line((400, 5.01), (400, 500))))
    assert parts(net) == 2
    assert len(net.graph) == 2


def test_a_crossing_joins_only_where_the_study_says_so():
    crossing = cables(line((0, 0), (1000, 0)), line((500, -300), (500, 300)))
    assert parts(build_network(crossing)) == 2
    joined = build_network(crossing, join_crossings=True)
    assert parts(joined) == 1
    assert sorted(joined.length_m.round(6).tolist()) == [300, 300, 500, 500]


def test_a_crossing_with_a_vertex_in_common_is_a_joint():
    net = build_network(
        cables(line((0, 0), (500, 0), (1000, 0)), line((500, -300), (500, 0), (500, 300)))
    )
    assert parts(net) == 1
    assert net.graph.degree.max() == 4


def test_a_chain_of_ends_does_not_fall_into_one_point():
    # ten ends, 4 m apart from the next: every neighbour is within tolerance, the ends are not
    spurs = [line((4.0 * i, 0), (4.0 * i, 900 + 50 * i)) for i in range(10)]
    net = build_network(cables(*spurs))
    assert parts(net) == 1
    assert net.graph.nodes == 10 + 5
    low = np.flatnonzero(net.y_m < NORTH + 1)
    assert np.ptp(net.x_m[low]) > 30


def test_short_pieces_that_follow_each_other_keep_their_line():
    pieces = [line((4.0 * i, 0), (4.0 * (i + 1), 0)) for i in range(50)]
    net = build_network(cables(*pieces))
    assert parts(net) == 1
    ends = [int(np.argmin(net.x_m)), int(np.argmax(net.x_m))]
    length = nx.shortest_path_length(net.to_networkx(), *ends, weight="length_m")
    assert length == pytest.approx(200)
    assert len(net.graph) == 50


def test_a_loop_and_a_lasso():
    loop = build_network(cables(line((0, 0), (100, 0), (100, 100), (0, 0))))
    assert len(loop.graph) == 1
    assert loop.graph.tail[0] == loop.graph.head[0]
    lasso = build_network(cables(line((0, 0), (300, 0), (300, 200), (100, 200), (100, 2))))
    assert sorted(lasso.graph.degree.tolist()) == [1, 3]


def test_zero_length_and_duplicate_lines_do_no_harm():
    net = build_network(
        cables(line((0, 0), (0, 0)), line((0, 0), (500, 0)), line((500, 0), (0, 0)))
    )
    assert len(net.graph) == 2
    assert net.graph.nodes == 2


def test_lines_with_height_are_measured_on_the_dem_not_on_their_own_z():
    with_z = shapely.LineString([(EAST, NORTH, 5), (EAST + 300, NORTH, 9000)])
    assert build_network(cables(with_z)).length_m.tolist() == [300]


def test_nothing_in_nothing_out():
    net = build_network(cables(), pops())
    assert net.graph.nodes == 0
    assert len(net.edge_ids()) == 0
    assert len(gaps_of(net)) == 0


@pytest.mark.parametrize("crs", [None, "EPSG:4326", "EPSG:2225"])
def test_a_layer_in_degrees_feet_or_nothing_is_refused(crs):
    frame = cables(line((0, 0), (500, 0))).set_crs(crs, allow_override=True)
    with pytest.raises(InputError, match="projected CRS in metres"):
        build_network(frame)


def test_lengths_follow_the_ground(tmp_path):
    # a ramp that climbs 3 m in every 4 m east: 5 m along the ground for 4 m on the map
    ramp = np.tile(0.75 * 30.0 * (np.arange(100) + 0.5), (100, 1))
    heights = terrain_heights(terrain(tmp_path, ramp))
    net = build_network(
        cables(line((100, 1500), (1300, 1500)), line((700, 1500), (700, 2000))), heights=heights
    )
    assert net.length_m.sum() == pytest.approx(1200 * 1.25 + 500, rel=1e-6)
    assert net.steepness.max() == pytest.approx(0.75, rel=1e-6)


def test_splitting_an_edge_never_changes_its_length(tmp_path):
    rng = np.random.default_rng(3)
    heights = terrain_heights(terrain(tmp_path, rng.uniform(0, 80, (100, 100))))
    whole = build_network(cables(line((50, 50), (2500, 2100))), heights=heights)
    spurs = [line((x, y), (x + 9, y - 40)) for x, y in ((500, 427), (1200, 1012), (2000, 1682))]
    cut = build_network(cables(line((50, 50), (2500, 2100)), *spurs), heights=heights)
    assert (cut.line == 0).sum() == 4
    assert cut.length_m[cut.line == 0].sum() == pytest.approx(whole.length_m[0], abs=1e-6)
    assert whole.length_m[0] > 1.05 * shapely.length(whole.geometry[0])


def test_terrain_is_read_across_tiles_and_off_its_edge(tmp_path):
    heights = np.add.outer(np.arange(1100.0)[::-1], 2 * np.arange(1100.0))
    raster = terrain(tmp_path, heights, cell_m=10.0)
    x = np.array([5.0, 10239.0, 10241.0, 10244.9, 99_999.0])
    got = terrain_heights(raster)(np.stack([EAST + x, np.full(5, NORTH + 755.0)], axis=1))
    assert got[:4] == pytest.approx(75 + 2 * (x[:4] / 10 - 0.5))
    assert np.isnan(got[4])


def test_pops_enter_every_line_nearby_and_no_other():
    lines = cables(line((0, 0), (1000, 0)), line((500, 30), (500, 900)), line((0, 60), (1000, 60)))
    net = build_network(lines, pops(point(480, 10), point(480, 2000)), pop_snap_m=40)
    near, far = net.pop_nodes
    assert net.graph.degree[near] == 2
    assert net.graph.degree[far] == 0
    assert net.lit_pops().tolist() == [near]
    assert sorted(net.length_m[net.line == -2].round(3).tolist()) == [10, 28.284]


def test_a_drop_splits_an_edge_once():
    net = build_network(cables(line((0, 0), (1000, 0))))
    cut, node = net.split(np.array([0, 0, 0, 0]), np.array([700.0, 250.0, 250.0, 0.0]))
    assert sorted(cut.length_m.round(9).tolist()) == [250, 300, 450]
    assert node[1] == node[2]
    assert node[3] == net.graph.tail[0]
    assert cut.x_m[node].round(6).tolist() == [EAST + 700, EAST + 250, EAST + 250, EAST]


def test_networkx_view_has_lengths_and_names():
    view = build_network(cables(line((0, 0), (3, 400)), line((3, 400), (900, 400)))).to_networkx()
    assert view.number_of_edges() == 2
    assert {name for _, _, name in view.edges(keys=True)} == {"C0.1", "C1.1"}


def gaps_of(net, near=100.0, **options):
    names = [f"P{i}" for i in range(len(net.pop_nodes))]
    return find_gaps(net, net.edge_ids(), names, near, snap_m=5.0, **options)


def test_near_misses_are_listed_with_place_width_and_mend():
    net = build_network(
        cables(line((0, 0), (1000, 0)), line((1012, 0), (2000, 0)), line((500, 40), (500, 900)))
    )
    gaps = gaps_of(net)
    assert gaps["kind"].tolist() == ["end_end", "end_line"]
    assert gaps["gap_m"].round(6).tolist() == [12, 40]
    assert gaps["joins_parts"].all()
    assert gaps.geometry[0].x == pytest.approx(EAST + 1006)
    back = gpd.GeoSeries(gpd.points_from_xy(gaps["lon"], gaps["lat"]), crs=4326).to_crs(UTM)
    assert back.distance(gaps.geometry).max() < 0.01
    assert "C0.1" in gaps["suggestion"][0]
    assert "C1.1" in gaps["suggestion"][0]


def test_parts_that_pass_close_by_without_an_end():
    net = build_network(cables(line((0, 0), (1000, 0)), line((-500, 500), (500, 15), (1500, 500))))
    gaps = gaps_of(net)
    assert gaps["kind"].tolist() == ["line_line"]
    assert gaps["gap_m"][0] == pytest.approx(15)


def test_crossings_without_a_joint_are_asked_about():
    net = build_network(cables(line((0, 0), (1000, 0)), line((500, -300), (510, 300))))
    gaps = gaps_of(net)
    assert gaps["kind"].tolist() == ["crossing"]
    assert gaps["gap_m"].tolist() == [0]
    assert gaps_of(net, crossings=False).empty


def test_a_slip_of_the_pen_at_a_joint_is_no_crossing():
    net = build_network(cables(line((0, 0), (1000, 0)), line((998, -2), (1003, 900))))
    assert parts(net) == 1
    assert gaps_of(net).empty


def test_a_pop_300_m_off_is_asked_about_and_not_joined():
    net = build_network(cables(line((0, 0), (1000, 0))), pops(point(500, 300), point(500, 80)))
    gaps = gaps_of(net)
    assert gaps["kind"].tolist() == ["pop_line", "pop_far"]
    assert gaps["a"].tolist() == ["P1", "P0"]
    assert len(net.lit_pops()) == 0


@st.composite
def drawings(draw):
    count = draw(st.integers(2, 7))
    place = st.integers(0, 12)
    lines = []
    for _ in range(count):
        a, b = draw(st.tuples(place, place)), draw(st.tuples(place, place))
        if a != b:
            lines.append(line(*((25.0 * x, 25.0 * y) for x, y in (a, b))))
    return lines


@given(drawings())
@settings(max_examples=60, deadline=None)
def test_noding_keeps_the_length_and_joins_what_touches(lines):
    if not lines:
        return
    drawn = flat(*lines)
    noding = node_lines(drawn, 5.0)
    assert (noding.to_m - noding.from_m).sum() == pytest.approx(drawn.length_m.sum())
    part = Graph(
        len(noding.node_xy),
        np.concatenate([noding.tail, noding.joint_a]),
        np.concatenate([noding.head, noding.joint_b]),
    ).components()
    of_line = {int(i): int(part[t]) for i, t in zip(noding.line, noding.tail, strict=True)}
    for i, a in enumerate(lines):
        for j, b in enumerate(lines):
            touch = min(
                [shapely.Point(p).distance(b) for p in a.coords]
                + [shapely.Point(p).distance(a) for p in b.coords]
            )
            if touch <= 5.0:
                assert of_line[i] == of_line[j]


def tangle(count):
    rng = np.random.default_rng(1)
    ends = rng.uniform(0, 20_000, (count, 2, 2))
    return cables(*(line(*map(tuple, e)) for e in ends))


def test_crossings_are_counted_before_they_are_made():
    lines = Lines.of(tangle(60).geometry.to_numpy())
    a, _, _ = crossing_points(lines)
    assert count_crossings(lines, 10**6) == len(a)
    assert 5 < count_crossings(lines, 5) <= len(a)
    assert count_crossings(flat(line((0, 0), (9, 0)), line((9, 0), (9, 9))), 5) == 0


def test_a_tangle_is_no_network_to_join(monkeypatch):
    monkeypatch.setattr(noding, "MOST_JOINED", 100)
    with pytest.raises(InputError, match="60 lines cross more than 100 times"):
        build_network(tangle(60), join_crossings=True)


def test_four_thousand_random_cables_end_soon_and_are_named(tmp_path):
    findings = Findings()
    read = inputs(tmp_path, tangle(4000), pops(point(0, 0)), {"a": point(10_000, 10_000)})
    begun = time.perf_counter()
    result = assess_fiber(read, study(), findings)
    assert time.perf_counter() - begun < 120
    (found,) = findings.of("F26")
    assert "4000 cables cross more than 20,000 times" in found.text().replace("20000", "20,000")
    assert not findings.of("F12")
    assert result.groups == {}
