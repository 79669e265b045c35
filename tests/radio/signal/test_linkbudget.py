"""Link budgets worked by hand, and the spread of a level."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phusong.coverage.signal.linkbudget import (
    reference_level_dbm,
    reference_share_db,
    resource_blocks,
)
from phusong.coverage.signal.spread import (
    needed_margin_db,
    probability,
    sigma_total_db,
)
from phusong.errors import ModelError
from phusong.study import Radio, Spread

BUDGETS = Radio().technologies


@pytest.mark.parametrize(
    ("technology", "bandwidth", "spacing", "blocks"),
    [
        ("LTE", 1.4, 15, 6),
        ("LTE", 10, 15, 50),
        ("LTE", 20, 15, 100),
        ("NR", 20, 15, 106),
        ("NR", 100, 30, 273),
        ("NR", 40, 30, 106),
        ("NR", 100, 60, 135),
    ],
)
def test_resource_blocks(technology, bandwidth, spacing, blocks):
    assert resource_blocks(technology, bandwidth, spacing) == blocks


@pytest.mark.parametrize(
    ("technology", "bandwidth", "spacing"),
    [("LTE", 7, 15), ("NR", 7, 30), ("NR", 20, 17), ("GSM", 0.2, 15)],
)
def test_carriers_no_standard_has(technology, bandwidth, spacing):
    with pytest.raises(ModelError, match="has no carrier"):
        resource_blocks(technology, bandwidth, spacing)


@pytest.mark.parametrize(
    ("technology", "eirp", "bandwidth", "expected"),
    [
        ("GSM", 58.0, 0.2, 55.0),  # the whole carrier, 3 dB at the body
        ("UMTS", 60.0, 5.0, 47.0),  # a tenth for the pilot
        ("LTE", 60.0, 10.0, 60 - 27.781513 - 3),  # 600 subcarriers
        ("LTE", 63.0, 20.0, 63 - 30.791812 - 3),  # twice the power over twice as many
        ("NR", 72.0, 100.0, 72 - 35.153439 - 3),  # 3276 subcarriers
    ],
)
def test_reference_level(technology, eirp, bandwidth, expected):
    level = reference_level_dbm(technology, BUDGETS[technology], eirp, bandwidth)
    assert level == pytest.approx(expected, abs=1e-5)


def test_receiver_gain_and_body_loss_enter_once():
    budget = BUDGETS["LTE"].model_copy(update={"rx_gain_dbi": 2.0, "body_loss_db": 5.0})
    base = 60 + reference_share_db("LTE", budget, 10)
    assert reference_level_dbm("LTE", budget, 60, 10) == pytest.approx(base - 3.0)


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
