"""P.2109 against 31 250 reference values, its extremes, and what it refuses."""

import numpy as np
import pandas as pd
import pytest

from phusong.coverage.propagation.p2109 import entry_loss_db
from phusong.errors import ModelError

BUILDINGS = {1: "traditional", 2: "thermally_efficient"}


def test_reference_values(reference):
    table = pd.read_csv(reference / "p2109" / "validation.csv.gz")
    table.columns = ["freq_ghz", "percent", "building", "elevation", "loss"]
    assert len(table) > 31_000
    worst = 0.0
    for (freq, building), rows in table.groupby(["freq_ghz", "building"]):
        loss = entry_loss_db(
            freq * 1000.0,
            rows["percent"] / 100.0,
            building=BUILDINGS[building],
            elevation_deg=rows["elevation"],
        )
        worst = max(worst, float(np.abs(loss - rows["loss"]).max()))
    assert worst < 1e-6


def test_median_by_hand_at_1_ghz():
    # log f = 0: mu1 = 12.64, mu2 = 9.1, C = -3.
    expected = 10 * np.log10(10**1.264 + 10**0.91 + 10**-0.3)
    assert entry_loss_db(1000.0) == pytest.approx(expected)
    assert entry_loss_db(1000.0, elevation_deg=-30.0) == entry_loss_db(1000.0, elevation_deg=30.0)


def test_more_certainty_costs_more():
    loss = entry_loss_db(900.0, np.array([1e-8, 0.01, 0.5, 0.99, 1 - 1e-8]))
    assert (np.diff(loss) > 0).all()
    assert np.isfinite(loss).all()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"freq_mhz": 79.0}, "frequency"),
        ({"freq_mhz": float("nan")}, "frequency"),
        ({"probability": 0.0}, "probability"),
        ({"probability": [0.5, 1.0]}, "probability"),
        ({"probability": float("nan")}, "probability"),
        ({"elevation_deg": 91.0}, "elevation"),
        ({"building": "tent"}, "tent"),
    ],
)
def test_refusals(arguments, text):
    with pytest.raises(ModelError, match=text):
        entry_loss_db(**({"freq_mhz": 900.0} | arguments))
