"""P.526-15 over one path: published values, hand-worked cases, properties, refusals."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phusong.coverage.propagation.diffraction import (
    BAND_SCALE,
    band_constants,
    bullington_db,
    knife_edge_db,
    smooth_obstruction,
    spherical_clearance,
)
from phusong.coverage.propagation.p526.path import bullington_edge, free_space_db, p526_path
from phusong.errors import ModelError


def published(shared: Path) -> list[dict[str, str]]:
    with (shared / "validation/p526/dbull_expected.csv").open() as file:
        return list(csv.DictReader(file))


def test_published_cases(shared: Path) -> None:
    profiles = {
        str(n): np.loadtxt(shared / f"validation/p526/dbull_path{n}.csv", delimiter=",", skiprows=1)
        for n in range(1, 5)
    }
    rows = published(shared)
    assert len(rows) == 20
    for row in rows:
        profile = profiles[row["path"]]
        got = p526_path(
            profile[:, 0] * 1e3,
            profile[:, 1],
            tx_height_m=float(row["htg_m"]),
            rx_height_m=float(row["hrg_m"]),
            freq_mhz=float(row["f_MHz"]),
            polarisation="h",
            c_m_s=3e8,
        )
        assert got.effective_tx_m == pytest.approx(float(row["hts_prime_m"]), rel=1e-6)
        assert got.effective_rx_m == pytest.approx(float(row["hrs_prime_m"]), rel=1e-6)
        for value, name in (
            (got.bullington_actual_db, "Lbulla_dB"),
            (got.bullington_smooth_db, "Lbulls_dB"),
            (got.spherical_earth_db, "Ldsph_dB"),
            (got.diffraction_db, "Ld_dB"),
        ):
            assert value == pytest.approx(float(row[name]), abs=0.01), (row["case"], name)


def test_knife_edge() -> None:
    # J(0) = 6.9 + 20 log(sqrt(1.01) - 0.1) = 6.03 dB; nothing at and below -0.78.
    assert knife_edge_db(0.0) == pytest.approx(6.03285, abs=1e-5)
    assert knife_edge_db(-0.78) == 0.0
    assert knife_edge_db(2.4) == pytest.approx(13 + 20 * math.log10(2.4), abs=0.35)


def test_free_space() -> None:
    # 20 log(4 pi d / lambda): 1 km at 1 GHz
    assert free_space_db(1000.0, 1000.0) == pytest.approx(92.4478, abs=1e-4)
    assert free_space_db(100.0, 10_000.0) == pytest.approx(92.4478, abs=1e-4)


def test_one_ridge_by_hand() -> None:
    """A ridge half-way between two antennas on a flat earth of enormous radius."""
    x = np.array([0.0, 5000.0, 10_000.0])
    got = p526_path(
        x,
        [0.0, 100.0, 0.0],
        tx_height_m=50.0,
        rx_height_m=50.0,
        freq_mhz=300.0,
        effective_earth_radius_km=1e9,
        c_m_s=3e8,
    )
    # nu = h sqrt(2 d / (lambda d1 d2)) = 50 sqrt(2*10000/(1*5000*5000))
    nu = 50.0 * math.sqrt(2.0 * 10_000.0 / 25e6)
    j = 6.9 + 20 * math.log10(math.sqrt((nu - 0.1) ** 2 + 1) + nu - 0.1)
    assert not got.in_sight
    assert got.bullington_actual_db == pytest.approx(
        j + (1 - math.exp(-j / 6)) * (10 + 0.02 * 10), abs=1e-5
    )


def test_clear_path_loses_nothing() -> None:
    x = np.linspace(0.0, 2000.0, 41)
    got = p526_path(x, np.zeros(41), tx_height_m=300.0, rx_height_m=300.0, freq_mhz=2000.0)
    assert got.in_sight
    assert got.diffraction_db == 0.0
    assert got.loss_db == got.free_space_db


def test_clutter_obstructs_but_not_at_the_terminals() -> None:
    x = np.linspace(0.0, 3000.0, 61)
    ground = np.zeros(61)
    kwargs = {"tx_height_m": 20.0, "rx_height_m": 2.0, "freq_mhz": 900.0}
    bare = p526_path(x, ground, **kwargs)
    ends = np.zeros(61)
    ends[[0, -1]] = 50.0
    assert p526_path(x, ground, clutter_m=ends, **kwargs).loss_db == bare.loss_db
    ends[30] = 20.0
    assert p526_path(x, ground, clutter_m=ends, **kwargs).loss_db > bare.loss_db + 3.0


heights = st.lists(st.floats(0.0, 800.0), min_size=3, max_size=40)


@settings(max_examples=60, deadline=None)
@given(heights, st.floats(2.0, 80.0), st.floats(1.0, 30.0), st.floats(50.0, 5000.0))
def test_loss_is_finite_and_not_below_free_space(
    ground: list[float], tx: float, rx: float, freq: float
) -> None:
    x = np.linspace(0.0, 300.0 * (len(ground) - 1), len(ground))
    got = p526_path(x, ground, tx_height_m=tx, rx_height_m=rx, freq_mhz=freq)
    assert math.isfinite(got.loss_db)
    assert got.diffraction_db >= 0.0


@settings(max_examples=40, deadline=None)
@given(heights, st.floats(2.0, 80.0), st.floats(1.0, 30.0))
def test_obstacle_part_is_the_same_both_ways(ground: list[float], tx: float, rx: float) -> None:
    x = np.linspace(0.0, 250.0 * (len(ground) - 1), len(ground))
    there = p526_path(x, ground, tx_height_m=tx, rx_height_m=rx, freq_mhz=900.0)
    back = p526_path(x, ground[::-1], tx_height_m=rx, rx_height_m=tx, freq_mhz=900.0)
    assert there.loss_db == pytest.approx(back.loss_db, abs=1e-5)


@settings(max_examples=300, deadline=None)
@given(
    st.floats(0.5, 1500.0),
    st.floats(0.5, 1500.0),
    st.integers(1, 700),
    st.floats(10.0, 120.0),
    st.floats(0.51, 1.49),
    st.sampled_from([8_500e3, 19_113e3]),
)
def test_smooth_earth_in_closed_form(
    h1: float, h2: float, points: int, step: float, last: float, radius: float
) -> None:
    total = (points + last) * step
    x = np.append(np.arange(points + 1) * step, total)
    direct = bullington_edge(x, np.zeros_like(x), h1, h2, radius)[0]
    closed = smooth_obstruction(total, h1, h2, radius, step, points)
    assert closed == pytest.approx(direct, rel=1e-9, abs=1e-9)


@settings(max_examples=300, deadline=None)
@given(st.floats(1.0, 500.0), st.floats(1.0, 500.0), st.floats(0.3, 60.0), st.floats(0.05, 3.0))
def test_plain_clearance_is_never_claimed_wrongly(
    h1: float, h2: float, km: float, wavelength: float
) -> None:
    quick = spherical_clearance(km, h1, h2, 8500.0, wavelength)[0]
    exact, weight, _ = spherical_clearance(km, h1, h2, 8500.0, 1e9)
    if math.isinf(quick):
        assert exact > 17.456 * math.sqrt(weight * wavelength)
    else:
        assert quick == exact


def test_band_constants_turn_geometry_into_nu() -> None:
    band = band_constants((1500.0,), vertical=False, c_m_s=3e8, free_space_db=92.45)[0]
    assert band[BAND_SCALE] == pytest.approx(math.sqrt(2 / 0.2))
    assert bullington_db(-1.0, 1e4) == 0.0


@pytest.mark.parametrize(
    ("x", "h", "words"),
    [
        ([0.0, 1000.0], [1.0, 2.0], "2 points"),
        ([0.0, 500.0, 1000.0], [1.0, 2.0], "differ in length"),
        ([0.0, 500.0, 500.0], [1.0, 2.0, 3.0], "start at 0 and rise"),
        ([0.0, 500.0, 900.0], [1.0, math.nan, 3.0], "not a number"),
    ],
)
def test_bad_profiles_are_refused(x: list[float], h: list[float], words: str) -> None:
    with pytest.raises(ModelError, match=words):
        p526_path(x, h, tx_height_m=10.0, rx_height_m=1.5, freq_mhz=900.0)
