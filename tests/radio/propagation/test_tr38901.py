"""TR 38.901 against hand-worked values of Tables 7.4.1-1 and 7.4.2-1, and what it refuses."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phusong.coverage.propagation.distance.tr38901 import (
    Surroundings,
    breakpoint_m,
    los_probability,
    tr38901_loss,
)
from phusong.errors import ModelError


def test_uma_by_hand_at_3_5_ghz():
    result = tr38901_loss("uma", 3500.0, 97.7, 25.0, 1.5)
    slant = math.hypot(97.7, 23.5)
    assert result.los_db == pytest.approx(28 + 22 * math.log10(slant) + 20 * math.log10(3.5))
    assert result.nlos_db == pytest.approx(13.54 + 39.08 * math.log10(slant) + 10.8814, abs=1e-3)
    assert (result.sigma_los_db, result.sigma_nlos_db) == (4.0, 6.0)


def test_breakpoints():
    # UMa and UMi: 4 · 24 · 0.5 · 3.5e9 / 3e8 = 560 m; RMa: 2π · 35 · 1.5 · 700e6 / 3e8.
    assert breakpoint_m("uma", 3500.0, 25.0, 1.5) == pytest.approx(560.0)
    assert breakpoint_m("umi", 3500.0, 10.0, 1.5) == pytest.approx(210.0)
    assert breakpoint_m("rma", 700.0, 35.0, 1.5) == pytest.approx(769.69, abs=0.01)


def test_umi_beyond_the_breakpoint_by_hand():
    result = tr38901_loss("umi", 3500.0, 1000.0, 10.0, 1.5)
    slant = math.hypot(1000.0, 8.5)
    expected = 32.4 + 40 * math.log10(slant) + 10.8814 - 9.5 * math.log10(210**2 + 8.5**2)
    assert result.los_db == pytest.approx(expected, abs=1e-3)
    assert result.nlos_db == pytest.approx(
        22.4 + 35.3 * math.log10(slant) + 21.3 * math.log10(3.5), abs=1e-3
    )
    assert result.sigma_nlos_db == 7.82


def test_rma_by_hand_at_700_mhz():
    # h = 5 m: 0.03 · 5^1.72 = 0.47791, 0.044 · 5^1.72 = 0.70093; W = 20 m.
    result = tr38901_loss("rma", 700.0, [500.0, 3000.0], 35.0, 1.5)
    slant = math.hypot(500.0, 33.5)
    near = (
        20 * math.log10(40 * math.pi * slant * 0.7 / 3)
        + 0.47791 * math.log10(slant)
        - 0.70093
        + 0.002 * math.log10(5) * slant
    )
    assert result.los_db[0] == pytest.approx(near, abs=1e-3)
    assert list(result.sigma_los_db) == [4.0, 6.0]
    far = math.hypot(3000.0, 33.5)
    out_of_sight = (
        161.04
        - 7.1 * math.log10(20)
        + 7.5 * math.log10(5)
        - (24.37 - 3.7 * (5 / 35) ** 2) * math.log10(35)
        + (43.42 - 3.1 * math.log10(35)) * (math.log10(far) - 3)
        + 20 * math.log10(0.7)
        - (3.2 * math.log10(11.75 * 1.5) ** 2 - 4.97)
    )
    assert result.nlos_db[1] == pytest.approx(out_of_sight)


@pytest.mark.parametrize(("scenario", "base"), [("rma", 35.0), ("uma", 25.0), ("umi", 10.0)])
def test_line_of_sight_joins_at_the_breakpoint(scenario, base):
    turn = breakpoint_m(scenario, 2000.0, base, 1.5)
    below, above = tr38901_loss(
        scenario, 2000.0, [turn * (1 - 1e-9), turn * (1 + 1e-9)], base, 1.5
    ).los_db
    assert below == pytest.approx(above, abs=1e-6)


def test_probability_of_line_of_sight():
    assert los_probability("rma", [5.0, 10.0, 1010.0]) == pytest.approx([1, 1, math.exp(-1)])
    assert los_probability("umi", [18.0]) == pytest.approx([1])
    assert los_probability("umi", [36.0]) == pytest.approx([0.5 + 0.5 * math.exp(-1)])
    assert los_probability("uma", [63.0]) == pytest.approx([18 / 63 + math.exp(-1) * 45 / 63])
    high = los_probability("uma", [150.0], 23.0)
    low = los_probability("uma", [150.0], 13.0)
    assert high == pytest.approx(low * (1 + 1.25 * 1.5**3 * math.exp(-1)))


def test_mean_lies_between():
    result = tr38901_loss("uma", 2000.0, np.array([20.0, 200.0, 2000.0]), 25.0, 1.5)
    assert (result.mean_db >= result.los_db).all()
    assert (result.mean_db <= result.nlos_db).all()


@given(
    scenario=st.sampled_from(["rma", "uma", "umi"]),
    freq=st.floats(500.0, 30_000.0),
    distance=st.floats(10.0, 5000.0),
    mobile=st.floats(1.5, 10.0),
)
def test_always_finite_and_no_nearer_than_line_of_sight(scenario, freq, distance, mobile):
    result = tr38901_loss(scenario, freq, distance, 15.0, mobile)
    assert math.isfinite(result.mean_db)
    assert result.nlos_db >= result.los_db
    assert 0.0 <= result.los_probability <= 1.0


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("sea", 900.0, 100.0, 25.0, 1.5), "sea"),
        (("uma", 400.0, 100.0, 25.0, 1.5), "frequency"),
        (("rma", 31_000.0, 100.0, 25.0, 1.5), "frequency"),
        (("uma", 900.0, 9.0, 25.0, 1.5), "distance"),
        (("uma", 900.0, 5001.0, 25.0, 1.5), "distance"),
        (("rma", 900.0, math.nan, 25.0, 1.5), "distance"),
        (("umi", 900.0, 100.0, 25.0, 1.5), "base station height"),
        (("uma", 900.0, 100.0, 25.0, 1.0), "mobile height"),
        (("rma", 900.0, 100.0, 35.0, 1.5, Surroundings(building_m=4.0)), "building height"),
        (("rma", 900.0, 100.0, 35.0, 1.5, Surroundings(street_m=51.0)), "street width"),
    ],
)
def test_refusals(arguments, text):
    with pytest.raises(ModelError, match=text):
        tr38901_loss(*arguments)
