"""Hata and its extensions against hand-worked values; continuity; what they refuse."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phusong.coverage.propagation.distance.hata import (
    cost231_hata_db,
    extended_hata_db,
    large_city_gain_db,
    okumura_hata_db,
    small_city_gain_db,
)
from phusong.errors import ModelError


def test_urban_by_hand_at_900_mhz():
    # 69.55 + 26.16 log 900 = 146.832; 13.82 log 50 = 23.480; a(1.5) = 0.016;
    # (44.9 - 6.55 log 50) log 10 = 33.772.
    assert small_city_gain_db(900.0, 1.5) == pytest.approx(0.0159, abs=1e-4)
    assert okumura_hata_db(900.0, 10.0, 50.0, 1.5, "urban") == pytest.approx(157.108, abs=2e-3)


def test_suburbs_and_open_land_lose_less():
    urban, suburban, land = (
        float(okumura_hata_db(900.0, 5.0, 50.0, 1.5, where))
        for where in ("urban", "suburban", "open")
    )
    assert urban - suburban == pytest.approx(2 * math.log10(900 / 28) ** 2 + 5.4)
    assert urban - land == pytest.approx(28.508, abs=2e-3)


def test_large_city_forms():
    assert large_city_gain_db(200.0, 5.0) == pytest.approx(8.29 * math.log10(7.7) ** 2 - 1.1)
    assert large_city_gain_db(900.0, 1.5) == pytest.approx(-0.0009, abs=1e-3)
    assert okumura_hata_db(900.0, 10.0, 50.0, 1.5, "metropolitan") == pytest.approx(
        157.125, abs=3e-3
    )


def test_cost231_by_hand_at_1800_mhz():
    # 46.3 + 33.9 log 1800 = 156.654; 20.413; a(1.5) = 0.043; (35.225) log 2 = 10.604.
    medium = cost231_hata_db(1800.0, 2.0, 30.0, 1.5)
    assert medium == pytest.approx(146.802, abs=3e-3)
    assert cost231_hata_db(1800.0, 2.0, 30.0, 1.5, "metropolitan") - medium == pytest.approx(3.0)


def test_extended_hata_agrees_with_hata_where_both_hold():
    for where in ("urban", "suburban", "open"):
        assert extended_hata_db(900.0, 5.0, 50.0, 1.5, where) == pytest.approx(
            float(okumura_hata_db(900.0, 5.0, 50.0, 1.5, where)), abs=0.2
        )


def test_extended_hata_by_hand_beyond_20_km():
    # exponent 1 + (0.14 + 0.1683 + 0.0535)(log 2)^0.8 = 1.13852 at 900 MHz, 50 m, 40 km.
    exponent = 1 + (0.14 + 1.87e-4 * 900 + 1.07e-3 * 50) * math.log10(2) ** 0.8
    slope = 44.9 - 6.55 * math.log10(50)
    near = extended_hata_db(900.0, 20.0, 50.0, 1.5, "urban")
    far = extended_hata_db(900.0, 40.0, 50.0, 1.5, "urban")
    assert far - near == pytest.approx(slope * (exponent * math.log10(40) - math.log10(20)))


def test_extended_hata_near_is_free_space_and_joins():
    free = 32.4 + 20 * math.log10(900) + 10 * math.log10(0.03**2 + 0.0285**2)
    assert extended_hata_db(900.0, 0.03, 30.0, 1.5) == pytest.approx(free)
    for edge in (0.04, 0.1, 20.0):
        below, above = extended_hata_db(900.0, [edge * (1 - 1e-9), edge * (1 + 1e-9)], 30.0, 1.5)
        assert below == pytest.approx(above, abs=1e-4)


# Hata's and COST 231's urban curves meet at 1500 MHz only to 23.3 - 7.7 log 1500 dB.
@pytest.mark.parametrize(("edge", "jump"), [(150.0, 0.0), (1500.0, 1.1559), (2000.0, 0.0)])
def test_extended_hata_joins_its_bands(edge, jump):
    below, above = (
        float(extended_hata_db(edge + shift, 5.0, 50.0, 1.5, "urban")) for shift in (-1e-6, 1e-6)
    )
    assert above - below == pytest.approx(jump, abs=1e-3)


@given(
    freq=st.floats(30.0, 3000.0),
    km=st.floats(1e-3, 100.0),
    base=st.floats(30.0, 200.0),
    mobile=st.floats(1.0, 10.0),
    where=st.sampled_from(["metropolitan", "urban", "suburban", "open"]),
)
def test_extended_hata_is_never_below_free_space(freq, km, base, mobile, where):
    free = 32.4 + 20 * math.log10(freq) + 10 * math.log10(km**2 + ((base - mobile) / 1000) ** 2)
    assert extended_hata_db(freq, km, base, mobile, where) >= free - 1e-9


@pytest.mark.parametrize(
    ("model", "change", "text"),
    [
        (okumura_hata_db, {"freq_mhz": 1501.0}, "frequency"),
        (okumura_hata_db, {"base_m": 29.0}, "base station height"),
        (okumura_hata_db, {"mobile_m": 11.0}, "mobile height"),
        (okumura_hata_db, {"distance_km": [2.0, 0.9]}, "distance"),
        (okumura_hata_db, {"distance_km": 20.1}, "distance"),
        (okumura_hata_db, {"distance_km": math.nan}, "above 0"),
        (okumura_hata_db, {"environment": "sea"}, "sea"),
        (cost231_hata_db, {"freq_mhz": 900.0}, "frequency"),
        (cost231_hata_db, {"freq_mhz": 1800.0, "environment": "open"}, "open land"),
        (extended_hata_db, {"freq_mhz": 3001.0}, "frequency"),
        (extended_hata_db, {"distance_km": 0.0}, "above 0"),
        (extended_hata_db, {"distance_km": 101.0}, "distance"),
    ],
)
def test_refusals(model, change, text):
    arguments = {"freq_mhz": 900.0, "distance_km": 5.0, "base_m": 30.0, "mobile_m": 1.5}
    with pytest.raises(ModelError, match=text):
        model(**(arguments | change))


def test_no_distances_no_losses():
    assert okumura_hata_db(900.0, np.array([]), 30.0, 1.5).size == 0
