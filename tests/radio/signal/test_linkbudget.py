"""Link budgets worked by hand, and the spread of a level."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phusong.coverage.signal.linkbudget import (
    carrier_blocks,
    reference_level_dbm,
    reference_share_db,
)
from phusong.coverage.signal.spread import (
    needed_margin_db,
    probability,
    sigma_total_db,
)
from phusong.errors import ModelError
from phusong.sources.towers.widths import widths_of
from phusong.study import Radio, Spread

BUDGETS = Radio().technologies


@pytest.mark.parametrize(
    ("technology", "width", "freq", "asked", "blocks", "spacing"),
    [
        ("LTE", 1.4, 1800, None, 6, 15),
        ("LTE", 10, 1800, None, 50, 15),
        ("LTE", 20, 1800, 30, 100, 15),  # a spacing is asked of NR alone
        ("NR", 20, 780.5, None, 106, 15),  # n28
        ("NR", 20, 1842.5, None, 106, 15),  # n3
        ("NR", 20, 2655, None, 106, 15),  # n7
        ("NR", 100, 2593, None, 273, 30),  # n41
        ("NR", 100, 3550, None, 273, 30),  # n78
        ("NR", 40, 3550, None, 106, 30),
        ("NR", 100, 3550, 60, 135, 60),
        ("NR", 20, 780.5, 30, 51, 30),  # as the study asks
        ("NR", 100, 3550, 15, 273, 30),  # no 100 MHz at 15 kHz: the band's own
        ("NR", 100, 25_875, None, 66, 120),  # n258
        ("NR", 400, 28_000, None, 264, 120),
        ("NR", 200, 28_000, 60, 264, 60),
        ("NR", 100, 25_875, 30, 66, 120),
        ("NR", math.nan, 780.5, None, 106, 15),  # 100 MHz, the study's, is wider than the band
        ("NR", math.nan, 3550, None, 273, 30),
        ("LTE", math.nan, 1800, None, 50, 15),
    ],
)
def test_resource_blocks(technology, width, freq, asked, blocks, spacing):
    budget = BUDGETS[technology].model_copy(update={"subcarrier_khz": asked})
    found = carrier_blocks(technology, budget, width, freq)
    assert (found.count, found.spacing_khz) == (blocks, spacing)


@pytest.mark.parametrize(
    ("technology", "width", "freq"),
    [("LTE", 7, 1800), ("LTE", 40, 1800), ("NR", 7, 3550), ("NR", 100, 780.5), ("GSM", 0.2, 900)],
)
def test_carriers_no_standard_has(technology, width, freq):
    with pytest.raises(ModelError, match="has no carrier"):
        carrier_blocks(technology, BUDGETS[technology], width, freq)


@pytest.mark.parametrize(
    ("text", "widths"),
    [("20", [20]), ("20 MHz", [20]), ("10MHz", [10]), ("20+10", [20, 10]), ("200 kHz", [0.2]),
     ("1,4", [1.4]), ("wide", None), ("", None)],
)  # fmt: skip
def test_widths_of_lists(text, widths):
    assert widths_of(text) == widths


@pytest.mark.parametrize(
    ("technology", "eirp", "bandwidth", "freq", "expected"),
    [
        ("GSM", 58.0, 0.2, 900.0, 55.0),  # the whole carrier, 3 dB at the body
        ("UMTS", 60.0, 5.0, 2100.0, 47.0),  # a tenth for the pilot
        ("LTE", 60.0, 10.0, 1800.0, 60 - 27.781513 - 3),  # 600 subcarriers
        ("LTE", 63.0, 20.0, 1800.0, 63 - 30.791812 - 3),  # twice the power over twice as many
        ("NR", 72.0, 100.0, 3550.0, 72 - 35.153439 - 3),  # 3276 subcarriers
        ("NR", 60.0, 20.0, 780.5, 60 - 31.044871 - 3),  # 1272 subcarriers
    ],
)
def test_reference_level(technology, eirp, bandwidth, freq, expected):
    level = reference_level_dbm(technology, BUDGETS[technology], eirp, bandwidth, freq)
    assert level == pytest.approx(expected, abs=1e-5)


def test_receiver_gain_and_body_loss_enter_once():
    budget = BUDGETS["LTE"].model_copy(update={"rx_gain_dbi": 2.0, "body_loss_db": 5.0})
    base = 60 + reference_share_db("LTE", budget, 10, 1800)
    assert reference_level_dbm("LTE", budget, 60, 10, 1800) == pytest.approx(base - 3.0)


def test_spreads_add_as_squares():
    spread = Spread(sigma_model_db=8.0, sigma_location_db=6.0)
    assert sigma_total_db(spread, 900, 30, 1.5) == pytest.approx(10.0)
    assert sigma_total_db(Spread(sigma_model_db=0), 900, 30, 1.5) == pytest.approx(
        1.19321, abs=1e-4
    )
    assert sigma_total_db(spread, 900, 30, 1.5, extra_db=math.sqrt(44)) == pytest.approx(12.0)


def test_probability_by_hand():
    assert probability(-100, -100, 8) == 0.5
    assert probability(-92, -100, 8) == pytest.approx(0.8413447)
    assert probability(-100 + 8 * 0.6744898, -100, 8) == pytest.approx(0.75)
    assert probability([-100, -100.1], -100, 0).tolist() == [1.0, 0.0]


@given(st.floats(0.01, 0.99), st.floats(0.1, 20), st.floats(-130, -60))
def test_needed_margin_is_the_inverse(asked, sigma, threshold):
    level = threshold + float(needed_margin_db(asked, sigma))
    assert float(probability(level, threshold, sigma)) == pytest.approx(asked, abs=1e-6)


def test_probability_broadcasts():
    assert probability(np.zeros((3, 1)), np.zeros(4), 8.0).shape == (3, 4)
