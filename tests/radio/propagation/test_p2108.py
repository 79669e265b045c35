"""P.2108 against NTIA's test values, by hand, in its properties, and what it refuses.

The values of HEIGHT_GAIN and STATISTICAL are test data of the US reference implementation of
Recommendation ITU-R P.2108 by NTIA/ITS (NTIA/p2108), a work of the US government.
"""

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phusong.coverage.propagation.p2108 import (
    CAP_KM,
    height_for_path_m,
    statistical_loss_db,
    terminal_loss_db,
)
from phusong.coverage.propagation.surroundings import SURROUNDINGS
from phusong.errors import ModelError

CLUTTER_TYPES = dict(enumerate(("water", "open", "suburban", "urban", "trees", "dense_urban"), 1))
# Frequency in GHz, height, street width, clutter height, clutter type, loss.
HEIGHT_GAIN = [
    (1.5, 2, 27, 10, 1, 16.0),
    (1.5, 2, 27, 6, 1, 10.9),
    (1.5, 2, 27, 10, 2, 16.0),
    (1.5, 2, 27, 6, 2, 10.9),
    (1.5, 2, 27, 10, 3, 20.5),
    (1.5, 2, 27, 6, 3, 14.6),
    (1.5, 2, 27, 15, 4, 24.5),
    (1.5, 2, 27, 6, 4, 14.6),
    (1.5, 2, 27, 15, 5, 24.5),
    (1.5, 2, 27, 6, 5, 14.6),
    (1.5, 2, 27, 20, 6, 27.1),
    (1.5, 2, 27, 6, 6, 14.6),
    (3, 3, 15, 15, 6, 29.0),
    (0.9, 2.3, 30, 10, 2, 13.7),
    (1.5, 2.5, 25, 10, 3, 20.2),
    (0.03, 2.1, 24.5, 9.8, 3, 5.7),
    (1.7, 30, 24.5, 9.8, 3, 0.0),
    (1.7, 30, 24.5, 30, 3, 0.0),
]
# Frequency in GHz, distance in km, percentage of places, loss.
STATISTICAL = [
    (0.5, 0.25, 50, 17.4),
    (0.5, 0.25, 1, 3.9),
    (0.5, 0.25, 99, 30.9),
    (26.6, 15.8, 45, 32.5),
    (67, 5.4, 30.5, 30.9),
    (3.5, 1, 0.1, 16.8),
    (3.5, 1, 99.9, 42.8),
]
PRINTED = 0.05 + 1e-9

freqs = st.floats(30.0, 3000.0)
heights = st.floats(0.5, 40.0)
environments = st.sampled_from(list(SURROUNDINGS))


@pytest.mark.parametrize(("ghz", "height", "street", "clutter", "kind", "loss"), HEIGHT_GAIN)
def test_height_gain_as_printed(ghz, height, street, clutter, kind, loss):
    found = terminal_loss_db(
        ghz * 1000, height, CLUTTER_TYPES[kind], clutter_m=clutter, street_m=street
    )
    assert found == pytest.approx(loss, abs=PRINTED)


@pytest.mark.parametrize(("ghz", "km", "percent", "loss"), STATISTICAL)
def test_statistical_as_printed(ghz, km, percent, loss):
    assert statistical_loss_db(ghz * 1000, km, percent) == pytest.approx(loss, abs=PRINTED)


def test_every_reference_value(shared):
    folder = shared / "validation" / "p2108"
    table = pd.read_csv(folder / "HeightGainTerminalCorrectionModelTestData.csv")
    assert len(table) > 20
    for row in table.itertuples(index=False):
        freq, height, street, clutter, kind, code, loss = row
        known = CLUTTER_TYPES[int(kind)]
        if code:
            with pytest.raises(ModelError):
                terminal_loss_db(freq * 1000, height, known, clutter_m=clutter, street_m=street)
            continue
        found = terminal_loss_db(freq * 1000, height, known, clutter_m=clutter, street_m=street)
        assert found == pytest.approx(loss, abs=PRINTED)
    table = pd.read_csv(folder / "TerrestrialStatisticalModelTestData.csv")
    assert len(table) > 10
    for freq, km, percent, code, loss in table.itertuples(index=False):
        if code:
            with pytest.raises(ModelError):
                statistical_loss_db(freq * 1000, km, percent)
            continue
        assert statistical_loss_db(freq * 1000, km, percent) == pytest.approx(loss, abs=PRINTED)


def test_open_ground_by_hand():
    # At 1 GHz K_h2 = 21.8: a handset at a tenth of the clutter height loses 21.8 dB.
    assert terminal_loss_db(1000.0, 1.0, "open") == pytest.approx(21.8)
    # A factor of ten in frequency adds 6.2 dB per decade of height.
    assert terminal_loss_db(100.0, 1.0, "open") == pytest.approx(21.8 - 6.2)
    assert terminal_loss_db(1000.0, 1.0, "water") == terminal_loss_db(1000.0, 1.0, "open")


def test_suburb_by_hand():
    # Streets as wide as the clutter stands above the antenna: 45 degrees at 8.5 m and 1 GHz.
    nu = 0.342 * math.sqrt(8.5 * 45.0)
    edge = 6.9 + 20.0 * math.log10(math.sqrt((nu - 0.1) ** 2 + 1.0) + nu - 0.1)
    assert terminal_loss_db(1000.0, 1.5, "suburban", street_m=8.5) == pytest.approx(edge - 6.03)


def test_statistics_by_hand():
    # At 1 km and 1 GHz: L_l = 25.0 (4 dB) and L_s = 32.98 (6 dB), as powers -0.2 L.
    l_l, l_s = -2.0 * math.log10(10**-12.5 + 10**-16.5), 32.98
    median = -5.0 * math.log10(10 ** (-0.2 * l_l) + 10 ** (-0.2 * l_s))
    assert statistical_loss_db(1000.0, 1.0) == pytest.approx(median)
    assert statistical_loss_db(1000.0, 1.0, both_ends=True) == pytest.approx(2.0 * median)
    one = statistical_loss_db(1000.0, 1.0, 10.0) - median
    both = statistical_loss_db(1000.0, 1.0, 10.0, both_ends=True) - 2.0 * median
    assert both == pytest.approx(one * math.sqrt(2.0))


@given(freqs, heights, environments)
def test_loss_only_below_clutter(freq, height, environment):
    loss = terminal_loss_db(freq, height, environment)
    assert loss >= 0.0
    clutter = SURROUNDINGS[environment].clutter_m
    if height >= clutter:
        assert loss == 0.0
    assert height_for_path_m(height, environment) == max(height, clutter)


@given(freqs, heights, st.floats(0.01, 10.0), environments)
def test_higher_antennas_lose_less(freq, height, more, environment):
    low, high = height, height + more
    assert terminal_loss_db(freq, high, environment) <= terminal_loss_db(freq, low, environment)


@given(freqs, environments)
def test_continuous_at_the_clutter_height(freq, environment):
    clutter = SURROUNDINGS[environment].clutter_m
    assert terminal_loss_db(freq, clutter - 1e-9, environment) == pytest.approx(0.0, abs=0.01)


@given(freqs, heights, st.floats(5.0, 60.0), st.floats(0.1, 50.0))
def test_wider_streets_lose_less(freq, height, street, more):
    narrow = terminal_loss_db(freq, height, "urban", street_m=street)
    assert terminal_loss_db(freq, height, "urban", street_m=street + more) <= narrow


@given(st.floats(500.0, 67_000.0), st.floats(0.25, 100.0), st.floats(0.1, 99.0))
def test_statistics_grow_with_share_and_stop_growing_with_distance(freq, km, percent):
    loss = statistical_loss_db(freq, km, percent)
    assert loss < statistical_loss_db(freq, km, percent + 0.9)
    assert loss <= statistical_loss_db(freq, CAP_KM, percent)
    if km >= CAP_KM:
        # Beyond the cap only the spread still narrows, from 6 dB towards 4.
        assert loss == pytest.approx(statistical_loss_db(freq, CAP_KM, percent), abs=0.1)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"freq_mhz": 29.9}, "frequency"),
        ({"freq_mhz": 3001.0}, "frequency"),
        ({"freq_mhz": math.nan}, "frequency"),
        ({"height_m": 0.0}, "antenna height"),
        ({"height_m": math.nan}, "antenna height"),
        ({"clutter_m": 0.0}, "clutter height"),
        ({"street_m": 0.0}, "street width"),
        ({"environment": "steppe"}, "steppe"),
    ],
)
def test_height_gain_refuses(arguments, text):
    with pytest.raises(ModelError, match=text):
        terminal_loss_db(**({"freq_mhz": 900.0, "height_m": 1.5} | arguments))


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"freq_mhz": 499.0}, "frequency"),
        ({"freq_mhz": 67_001.0}, "frequency"),
        ({"distance_km": 0.2}, "distance"),
        ({"distance_km": 0.9, "both_ends": True}, "distance"),
        ({"distance_km": math.nan}, "distance"),
        ({"location_percent": 0.0}, "percentage"),
        ({"location_percent": 100.0}, "percentage"),
        ({"location_percent": math.nan}, "percentage"),
    ],
)
def test_statistics_refuse(arguments, text):
    with pytest.raises(ModelError, match=text):
        statistical_loss_db(**({"freq_mhz": 3500.0, "distance_km": 2.0} | arguments))
