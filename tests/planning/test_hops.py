"""Microwave hops: rain, fading, clearance, and which pairs of masts hold."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.radio import CRS_M, X0, Y0, write_raster
from phusong.grid import Grid
from phusong.planning.hops.clearance import clearance_ratios
from phusong.planning.hops.fading import (
    free_space_db,
    geoclimatic_factor,
    multipath_outage_percent,
)
from phusong.planning.hops.hops import Masts, fade_margin_db, find_hops, longest_km, pairs_within
from phusong.planning.hops.rain import rain_coefficients, rain_fade_db, rain_outage_percent
from phusong.study.settings.planning import Microwave

# ITU-R P.838-3 Table 5: frequency in GHz, k_H, alpha_H, k_V, alpha_V.
TABLE_5 = [
    (6, 0.0007056, 1.5900, 0.0004878, 1.5728),
    (7, 0.001915, 1.4810, 0.001425, 1.4745),
    (15, 0.04481, 1.1233, 0.05008, 1.0440),
    (23, 0.1286, 1.0214, 0.1284, 0.9630),
    (80, 1.1704, 0.7115, 1.1668, 0.7021),
]


@pytest.mark.parametrize(("freq", "k_h", "alpha_h", "k_v", "alpha_v"), TABLE_5)
def test_the_coefficients_are_those_of_the_table(freq, k_h, alpha_h, k_v, alpha_v):
    assert rain_coefficients(freq, "h") == pytest.approx((k_h, alpha_h), rel=5e-4)
    assert rain_coefficients(freq, "v") == pytest.approx((k_v, alpha_v), rel=5e-4)


def test_a_frequency_the_recommendation_does_not_cover_is_refused():
    with pytest.raises(ValueError, match="1 to 1000 GHz"):
        rain_coefficients(0.9, "v")


def test_rain_fade_by_hand():
    # 10 km at 15 GHz, vertical, 85 mm/h: gamma = 0.05008 * 85 ** 1.0440 = 5.176 dB/km;
    # 0.477 * 4.2954 * 85 ** 0.07621 * 1.3953 - 10.579 * 0.21337 = 1.7532: 29.5 dB.
    assert rain_fade_db(10.0, 15.0, "v", 85.0) == pytest.approx(29.52, abs=0.05)


@given(
    st.sampled_from([6.0, 7.5, 13.0, 15.0, 23.0, 38.0]),
    st.floats(1.0, 40.0),
    st.floats(math.log10(0.0011), math.log10(0.99)),
)
def test_the_outage_is_the_inverse_of_the_fade(freq, length, log_percent):
    """The fade at a share of the year by P.530-17 (34), put back in, gives the share."""
    percent = 10.0**log_percent
    fade = float(rain_fade_db(length, freq, "h", 85.0))
    c0 = 0.12 + (0.4 * math.log10(freq / 10) ** 0.8 if freq >= 10 else 0)
    c1 = 0.07**c0 * 0.12 ** (1 - c0)
    c2, c3 = 0.855 * c0 + 0.546 * (1 - c0), 0.139 * c0 + 0.043 * (1 - c0)
    at = fade * c1 * percent ** -(c2 + c3 * math.log10(percent))
    assert rain_outage_percent(at, fade, freq) == pytest.approx(percent, rel=1e-9)


def test_the_outage_ends_where_the_formula_does():
    fade = rain_fade_db(10.0, 15.0, "v", 85.0)
    outage = rain_outage_percent([1000.0, 0.5, 0.0, -3.0], fade, 15.0)
    assert outage.tolist() == [0.001, 100.0, 100.0, 100.0]
    assert rain_outage_percent(30.0, 0.0, 15.0) == 0.001  # no rain at all


def test_multipath_by_hand():
    # itur 0.4 (P.530-17) at 22.8 N 105.0 E gives the same 1.6963e-5.
    factor = geoclimatic_factor(-191.2018, 450.04)
    assert factor == pytest.approx(10 ** (-4.4 + 0.0027 * 191.2018) * 460.04**-0.46)
    found = multipath_outage_percent(30.0, 20.0, 400.0, 900.0, 7.0, factor)
    assert found == pytest.approx(1.69636e-5, rel=1e-5)
    assert multipath_outage_percent(30.0, 5.0, 400.0, 900.0, 7.0, factor) == 0


def test_free_space_of_a_kilometre_at_a_gigahertz():
    assert free_space_db(1.0, 1.0) == pytest.approx(92.45)


def ratio(ground, ends, heights, freq=10.0, **kwargs):
    settings = {"k_factor": 4 / 3, "obstacles_m": 0.0, "near_m": 0.0} | kwargs
    return clearance_ratios(
        np.asarray(ground, dtype=np.float32),
        (0.0, 100.0 * len(ground)),
        100.0,
        np.array([ends], dtype=float),
        np.array([heights], dtype=float),
        freq,
        **settings,
    )[0]


def test_clearance_over_a_wall_by_hand():
    """10 km east along a row of cells, a wall of 80 m across the middle, antennas at 100 m."""
    ground = np.zeros((3, 102))
    ground[:, 50:52] = 80.0  # centres at 5,050 and 5,150 m: 5 km and 5.1 km on the way
    d1, d2 = 5000.0, 5000.0
    bulge = d1 * d2 / (2 * 4 / 3 * 6_371_000)
    radius = math.sqrt(0.0299792458 * d1 * d2 / 10_000)
    at_wall = (100 - 80 - bulge) / radius
    assert ratio(ground, (50.0, 150.0, 10_050.0, 150.0), (100, 100)) == pytest.approx(at_wall)
    with_trees = ratio(ground, (50.0, 150.0, 10_050.0, 150.0), (100, 100), obstacles_m=10.0)
    assert with_trees == pytest.approx(at_wall - 10 / radius)
    cleared = ratio(
        ground, (50.0, 150.0, 10_050.0, 150.0), (100, 100), obstacles_m=10.0, near_m=5000.0
    )
    assert cleared == pytest.approx(at_wall)
    turned = ratio(ground, (10_050.0, 150.0, 50.0, 150.0), (100, 100))
    assert turned == pytest.approx(at_wall)


def test_ground_that_is_not_known_is_said():
    ground = np.zeros((3, 102))
    ground[1, 60] = np.nan
    assert math.isnan(ratio(ground, (50.0, 150.0, 10_050.0, 150.0), (100, 100)))
    assert math.isnan(ratio(np.zeros((3, 50)), (50.0, 150.0, 10_050.0, 150.0), (100, 100)))


def test_pairs_are_those_near_enough_and_wanted():
    masts = Masts(np.array([0.0, 4000.0, 9000.0, 9010.0]), np.zeros(4), np.full(4, 30.0))
    a, b = pairs_within(masts, 5.005)
    assert list(zip(a.tolist(), b.tolist(), strict=True)) == [(0, 1), (1, 2)]  # 10 m is no hop
    a, b = pairs_within(masts, 9.5, np.array([True, False, False, False]))
    assert list(zip(a.tolist(), b.tolist(), strict=True)) == [(0, 1), (0, 2), (0, 3)]


def test_a_ridge_blocks_and_a_taller_mast_sees_over_it(tmp_path):
    heights = np.full((20, 220), 100.0)
    heights[:, 110] = 125.0
    cell = 30.0
    terrain = write_raster(tmp_path / "dem.tif", heights, Grid(CRS_M, X0, Y0, cell, 20, 220))
    x = X0 + np.array([10.5, 209.5, 209.5]) * cell
    y = np.full(3, Y0 - 10.5 * cell)
    y[2] -= 3 * cell
    masts = Masts(x, y, np.array([60.0, 20.0, 60.0]))
    # The way over 110 passes at half: 57 and 17 m over the ground against 25 of ridge, 15 of
    # trees and the 0.7 m of the earth.
    microwave = Microwave(max_km=8.0)
    hops = find_hops(masts, terrain, microwave)
    assert list(zip(hops.a.tolist(), hops.b.tolist(), strict=True)) == [(0, 1), (0, 2), (1, 2)]
    held = hops.holding(microwave)
    assert (0, 2) in set(zip(held.a.tolist(), held.b.tolist(), strict=True))
    assert (0, 1) not in set(zip(held.a.tolist(), held.b.tolist(), strict=True))


def test_no_hop_is_looked_at_that_rain_forbids():
    lax, strict = Microwave(), Microwave(availability_percent=99.999)
    assert 0 < longest_km(strict) < longest_km(lax) <= 30.0
    assert longest_km(Microwave(tx_power_dbm=-100.0)) == 0.0
    length = np.array([longest_km(lax)])
    margin = fade_margin_db(length, lax)
    rain = rain_outage_percent(margin, rain_fade_db(length, 15.0, "v", 85.0), 15.0)
    assert rain[0] == pytest.approx(0.05, abs=0.005)


def test_no_hops_where_the_study_wants_none(tmp_path):
    grid = Grid(CRS_M, X0, Y0, 30.0, 20, 220)
    terrain = write_raster(tmp_path / "dem.tif", np.full((20, 220), 100.0), grid)
    masts = Masts(X0 + np.array([100.0, 3000.0]), np.full(2, Y0 - 300.0), np.full(2, 50.0))
    assert not len(find_hops(masts, terrain, Microwave(max_hops=0)).a)
