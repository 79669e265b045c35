"""Cables and PoPs that are listed more than once."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely

from helpers.fiber import cables, line, point, pops
from helpers.province import cables as province_cables
from helpers.province import only, read
from phusong.checks import Findings
from phusong.sources.cables import doubles
from phusong.sources.cables.doubles import single_cables, single_pops


def kept(
    *lines: shapely.LineString, layer: tuple[int, ...] = (), **columns: Any
) -> tuple[list[str], list[str]]:
    findings = Findings()
    where = np.array(layer or [0] * len(lines))
    left = single_cables(cables(*lines, **columns), where, 5.0, findings)
    return left["cable_id"].tolist(), [f.subject for f in findings.of("F03")]


LONG = line((0, 0), (4000, 0), (8000, 3000))


@pytest.mark.parametrize(
    "other",
    [
        LONG,
        shapely.reverse(LONG),
        shapely.segmentize(LONG, 700),
        shapely.transform(LONG, lambda xy: xy + 0.4),
        line((0, 0), (4000, 0)),
        shapely.reverse(line((4000, 0), (8000, 3000))),
    ],
)
def test_one_drawing_counts_once(other: shapely.LineString) -> None:
    assert kept(LONG, other) == (["C0"], ["C1"])
    assert kept(other, LONG)[1] == ["C0" if other.length <= LONG.length - 1 else "C1"]


def test_pieces_of_it_in_another_layer() -> None:
    pieces = (line((0, 0), (2500, 0)), line((2500, 0), (4000, 0), (8000, 3000)))
    assert kept(LONG, *pieces) == (["C0"], ["C1", "C2"])
    assert kept(*pieces, LONG) == (["C2"], ["C0", "C1"])


def test_two_layers_that_part_it_elsewhere() -> None:
    ours = (line((0, 0), (4000, 0)), line((4000, 0), (9000, 0)))
    theirs = (line((6000, 0), (0, 0)), line((6000, 0), (9000, 0)))
    assert kept(*ours, *theirs, layer=(0, 0, 1, 1)) == (["C0", "C1"], ["C2", "C3"])
    assert kept(*theirs, *ours, layer=(1, 1, 0, 0)) == (["C2", "C3"], ["C0", "C1"])


def test_another_id_is_nearer_than_the_same_id() -> None:
    beside = shapely.transform(LONG, lambda xy: xy + np.array([0.0, 3.0]))
    assert kept(LONG, beside)[1] == []  # two cables on one pole line
    assert kept(LONG, beside, cable_id=["C7", "C7"])[1] == ["C7"]


@pytest.mark.parametrize(
    "other",
    [
        line((0, 0), (4000, 0), (8000, -3000)),  # shares a half
        line((0, 0), (8000, 3000)),  # meets at both ends only
        line((0, 0), (4000, 900), (8000, 3000)),
        line((2000, 0), (2000, 10)),  # short, and all of it near
    ],
)
def test_what_only_shares_some_of_the_way_stays(other: shapely.LineString) -> None:
    assert kept(LONG, other) == (["C0", "C1"], [])


def test_the_one_in_service_stays() -> None:
    assert kept(LONG, LONG, in_service=[False, True]) == (["C1"], ["C0"])
    short = line((0, 0), (4000, 0))
    assert kept(LONG, short, in_service=[False, True]) == (["C0", "C1"], [])


def test_two_layers_of_a_study(tmp_path: Path, spec: dict[str, Any]) -> None:
    trunk = province_cables().iloc[:1]
    degrees = trunk.assign(geometry=trunk.reverse()).to_crs(4326)
    degrees.to_file(tmp_path / "data/trunk.geojson")
    spec["fiber"]["cables"].append({"path": "data/trunk.geojson"})
    inputs, findings = read(tmp_path, spec)
    assert inputs.cables["cable_id"].tolist() == ["A", "B"]
    found = only(findings, "F03")
    assert found.where.file == "data/trunk.geojson"
    assert "data/cables.gpkg" in found.text()


def test_a_pop_listed_twice(tmp_path: Path) -> None:
    frame = pops(point(0, 0), point(20, 0), point(0, 0), point(0, 0), point(9000, 0)).assign(
        pop_id=["P1", "p1", "P2", "P3", "P1"], name=["Bưu điện", "x", "Bưu điện", "Nhà B", "xa"]
    )
    findings = Findings()
    left = single_pops(frame, 50.0, findings)
    assert left["name"].tolist() == ["Bưu điện", "Nhà B", "xa"]
    assert [f.subject for f in findings.of("F21")] == ["p1", "P2"]


def near_copies(count: int) -> gpd.GeoDataFrame:
    rng = np.random.default_rng(1)
    return cables(
        *(
            shapely.transform(LONG, lambda xy: xy + rng.normal(0, 0.05, xy.shape))
            for _ in range(count)
        )
    )


def test_many_copies_end_soon() -> None:
    findings = Findings()
    begun = time.perf_counter()
    assert len(single_cables(near_copies(400), np.zeros(400, int), 5.0, findings)) == 1
    assert time.perf_counter() - begun < 20
    assert len(findings.of("F03")) == 399


def test_too_many_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doubles, "MOST", 100)
    findings = Findings()
    assert len(single_cables(near_copies(40), np.zeros(40, int), 5.0, findings)) == 40
    assert [f.rule.number for f in findings] == ["F27"]


def test_doubles_agree_with_buffers() -> None:
    """Of random walks on a lattice those go that the others' strips of a metre hold."""
    rng = np.random.default_rng(7)
    for _ in range(30):
        walks = [
            np.cumsum(rng.choice([[100, 0], [0, 100]], size=rng.integers(2, 5)), axis=0)
            for _ in range(8)
        ]
        lines = [line((0.0, 0.0), *map(tuple, w)) for w in walks]
        left, gone = kept(*lines)
        assert len(left) + len(gone) == len(lines)
        own = dict(zip((f"C{i}" for i in range(8)), lines, strict=True))
        strips = shapely.union_all([own[n].buffer(1.0) for n in left])
        assert all(strips.covers(own[n]) for n in gone)
        for name in left:  # none that stays lies on longer ones that stay
            rest = [own[n] for n in left if n != name and own[n].length > own[name].length + 1]
            assert not shapely.union_all([r.buffer(1.0) for r in rest]).covers(own[name])
