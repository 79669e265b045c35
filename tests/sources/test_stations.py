"""Cells of lists that phones measured: which base station each is of, and where its mast stands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.province import X0, Y0, lonlat, numbers_of, only, read
from phusong.sources.towers.estimates.middle import error_of_middle, errors_of, middle_of
from phusong.sources.towers.estimates.station_ids import Numbering, is_identity, station_of

HEADER = (
    "radio,mcc,net,area,cell,unit,lon,lat,range,samples,changeable,created,updated,averageSignal"
)


@pytest.mark.parametrize(
    ("technology", "number", "area", "numbering", "station"),
    [
        ("LTE", 51_200_257, None, {}, "eNB200001"),
        ("LTE", 255, None, {}, None),  # no eNB: a bare cell
        ("LTE", 2**28, None, {}, None),
        ("NR", 0x123456001, None, {}, "gNB1193046"),  # 24 bits
        ("NR", 0x123456001, None, {"gnb_bits": 32}, "gNB305419776"),
        ("NR", 0x123456001, None, {"gnb_bits": 22}, "gNB298261"),
        ("NR", 2**36, None, {}, None),
        ("UMTS", 17 * 65536 + 20143, "9", {}, "RNC17-2014x"),
        ("UMTS", 20143, "9", {}, "LAC9-2014x"),
        ("UMTS", 20143, None, {}, None),
        ("UMTS", 20143, "9", {"sector_digits": 2}, "LAC9-201xx"),
        ("GSM", 11203, "117", {}, "LAC117-1120x"),
        ("GSM", 11203, "117", {"sector_digits": 0}, None),
        ("GSM", 7, "117", {}, None),
        ("GSM", 65536, "117", {}, None),
    ],
)
def test_base_stations(
    technology: Any, number: int, area: str | None, numbering: dict[str, int], station: str | None
) -> None:
    assert station_of(technology, number, area, Numbering(**numbering)) == station


@given(st.integers(1, 2**20 - 1), st.integers(0, 255))
def test_every_cell_of_an_enb_is_of_it(enb: int, cell: int) -> None:
    assert station_of("LTE", enb * 256 + cell, None, Numbering()) == f"eNB{enb}"
    assert is_identity("LTE", enb * 256 + cell)


@given(st.integers(22, 32), st.data())
def test_every_cell_of_a_gnb_is_of_it(bits: int, data: st.DataObject) -> None:
    gnb = data.draw(st.integers(1, 2**bits - 1))
    cell = data.draw(st.integers(0, 2 ** (36 - bits) - 1))
    number = gnb * 2 ** (36 - bits) + cell
    assert station_of("NR", number, None, Numbering(gnb_bits=bits)) == f"gNB{gnb}"


def test_errors_by_hand() -> None:
    # Even in a sector of 120 degrees: 2/3 sin(60)/(pi/3) = 0.5513; the places scatter by 0.4428.
    once, often = errors_of(np.array([2000.0, 2000.0]), np.array([1.0, 1e9]))
    assert once == pytest.approx(2000 * np.sqrt(0.5))
    assert often == pytest.approx(2000 * 0.5513, rel=1e-3)
    unknown = errors_of(np.array([np.nan, 0.0]), np.array([np.nan, 0.0]))
    assert unknown == pytest.approx([707.1, 707.1], rel=1e-3)


def test_one_bad_place_does_not_move_a_mast() -> None:
    ring = np.array([[500.0, 0.0], [-250.0, 433.0], [-250.0, -433.0]])
    error = np.full(4, 700.0)
    assert middle_of(ring, error[:3]) == pytest.approx([0, 0], abs=0.5)
    spoilt = np.vstack([ring, [[9000.0, 0.0]]])
    at = middle_of(spoilt, error)
    # One of the four lies in the triangle of the others, and their pulls on it come to less than one.
    assert at == pytest.approx([500, 0], abs=0.5)
    assert np.hypot(*(spoilt.mean(axis=0))) > 2000
    assert error_of_middle(spoilt, error, at) > error_of_middle(ring, error[:3], at * 0)


def test_two_cells_are_weighed() -> None:
    at = middle_of(np.array([[0.0, 0.0], [1000.0, 0.0]]), np.array([100.0, 300.0]))
    assert at == pytest.approx([100, 0])  # weights 1/100² and 1/300²: nine to one


_PLACE = st.tuples(st.floats(-5000, 5000), st.floats(-5000, 5000))


@given(st.lists(_PLACE, min_size=1, max_size=9), st.data())
def test_a_middle_is_the_least_of_distances(places: list[tuple[float, float]], data: Any) -> None:
    xy = np.array(places)
    error = np.array(data.draw(st.lists(st.floats(100, 5000), min_size=len(xy), max_size=len(xy))))
    at = middle_of(xy, error)
    assert (xy.min(axis=0) - 0.1 <= at).all()
    assert (at <= xy.max(axis=0) + 0.1).all()

    def total(where: np.ndarray) -> float:
        return float((np.hypot(*(xy - where).T) / error).sum())

    if len(xy) > 2:
        others = [*xy, xy.mean(axis=0), np.median(xy, axis=0)]
        assert total(at) <= min(total(o) for o in others) * (1 + 1e-3) + 1e-3
    assert error_of_middle(xy, error, at) >= 1 / np.sqrt((1 / error**2).sum()) - 1e-6


def listed(
    folder: Path, spec: dict[str, Any], rows: list[tuple[str, int, float, float]], **source: Any
) -> Any:
    """Write cells (radio, number, metres east and north of a place) and read them."""
    lines = [HEADER]
    for radio, cell, dx, dy in rows:
        lon, lat = lonlat(X0 + 5000 + dx, Y0 + 5000 + dy)
        lines.append(f"{radio},452,4,117,{cell},0,{lon},{lat},1000,4,1,1,1,0")
    (folder / "data/cells.csv").write_text("\n".join(lines), "utf-8")
    spec["towers"] = [{"path": "data/cells.csv", **source}]
    return read(folder, spec)


RING = [(500.0, 0.0), (-250.0, 433.0), (-250.0, -433.0)]


def test_sectors_of_every_technology_are_on_one_mast(tmp_path: Path, spec: dict[str, Any]) -> None:
    first = {"GSM": 11201, "UMTS": 17 * 65536 + 20141, "LTE": 51_200_001, "NR": 4_000_001}
    rows = [(t, n + k, *RING[k]) for t, n in first.items() for k in range(3)]
    inputs, findings = listed(tmp_path, spec, rows)
    sites = inputs.sites.set_index("site_id")
    assert sorted(sites.index) == [
        *("452-04-LAC117-1120x", "452-04-RNC17-2014x", "452-04-eNB200000", "452-04-gNB976"),
    ]
    for name in sites.index:
        assert sites.loc[name, ["x_m", "y_m"]].tolist() == pytest.approx(
            [X0 + 5000, Y0 + 5000], abs=2
        )
    # Three cells of 1,000 m from four places: 1000 sqrt(0.304 + 0.196/4) / sqrt(3) = 343.
    assert sites["position_error_m"].to_numpy() == pytest.approx([343] * 4, abs=2)
    said = only(findings, "T44")
    assert (said.params["n"], said.params["median"]) == (4, 343)


def test_numbers_that_say_nothing_leave_cells_alone(tmp_path: Path, spec: dict[str, Any]) -> None:
    rows = [("GSM", 11201 + k, *RING[k]) for k in range(3)]
    inputs, _ = listed(tmp_path, spec, rows, sector_digits=0)
    assert len(inputs.sites) == 3
    rows = [("NR", (77 << 14) + (k << 12), *RING[k]) for k in range(3)]
    assert len(listed(tmp_path, spec, rows)[0].sites) == 3  # 24 bits: three gNBs
    assert len(listed(tmp_path, spec, rows, gnb_bits=22)[0].sites) == 1


def test_a_cell_far_from_its_station_is_told_and_stands_alone(
    tmp_path: Path, spec: dict[str, Any]
) -> None:
    rows = [("LTE", 51_200_001 + k, *RING[k]) for k in range(3)]
    rows.insert(0, ("LTE", 51_200_009, -4500.0, 4500.0))  # the first of the list is the wrong one
    inputs, findings = listed(tmp_path, spec, rows)
    assert len(inputs.sites) == 2
    assert (inputs.cells["site_id"] == inputs.cells["site_id"].iloc[1]).sum() == 3
    assert only(findings, "T19").where.row == 1
    assert "T20" not in numbers_of(findings)


def test_numbers_no_cell_may_have(tmp_path: Path, spec: dict[str, Any]) -> None:
    inputs, findings = listed(tmp_path, spec, [("GSM", 70000, 0, 0), ("LTE", 2**28, 900, 0)])
    assert [f.params["number"] for f in findings.of("T43")] == ["70000", str(2**28)]
    assert len(inputs.sites) == 2
    assert set(inputs.sites["site_id"]) == {"site-1", "site-2"}


def test_masts_of_lists_that_give_places_have_no_error(
    tmp_path: Path, spec: dict[str, Any]
) -> None:
    inputs, findings = read(tmp_path, spec)
    assert inputs.sites["position_error_m"].isna().all()
    assert "T44" not in numbers_of(findings)
