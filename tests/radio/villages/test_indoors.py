"""Verdicts in a car and behind walls, against the outdoor one and the definition of others."""

import numpy as np
import pytest

from helpers.radio import villages_frame
from helpers.signal import cell_box, make_signal
from phusong.coverage.results import ANY
from phusong.coverage.signal.combine import Odds
from phusong.coverage.villages.assess import assess_villages
from phusong.coverage.villages.definitions import evaluate_definitions
from phusong.coverage.villages.indoors import JUDGED, assess_places, behind, entry_by_cell
from phusong.study import Entry

SHARP = {"sigma_model_db": 0, "sigma_location_db": 0}


def test_a_wall_of_fifteen_decibels_darkens_what_had_less_to_spare(tmp_path):
    radio = {"spread": SHARP, "indoor": {"loss_db": 15.0}, "in_vehicle": {"loss_db": 3.0}}
    villages = villages_frame({"a": cell_box(0, 0), "b": cell_box(0, 1), "c": cell_box(0, 2)})
    level = np.array([[-94.0, -96.0, -108.0]])
    inputs, study, signal = make_signal(
        tmp_path,
        villages,
        {(ANY, ANY): level},
        radio=radio,
        indicators={"places": ["in_vehicle", "indoor"]},
    )
    found = assess_places(inputs, study, signal)
    whole = (found["operator"] == ANY) & (found["technology"] == ANY)
    found = found[whole].set_index(["place", "code"])["grade"]
    assert found["in_vehicle"].tolist() == ["covered", "covered", "white"]
    assert found["indoor"].tolist() == ["covered", "white", "white"]


def test_indoors_counts_as_the_definition_does(tmp_path):
    rng = np.random.default_rng(4)
    villages = villages_frame(
        {f"{r}{c}": cell_box(10 * r, 10 * c, 10, 10) for r in range(4) for c in range(4)}
    )
    level = rng.normal(-95, 4, (40, 40)) + np.linspace(-14, 14, 40)
    made = make_signal(
        tmp_path, villages, {(ANY, ANY): level}, radio={}, indicators={"places": ["indoor"]}
    )
    row = evaluate_definitions(*made, names=["indoor"]).iloc[0]
    found = assess_places(*made)
    whole = found[(found["operator"] == ANY) & (found["technology"] == ANY)]
    covered = int((whole["grade"] == "covered").sum())
    assert 0 < covered < 16
    assert covered == row["villages_covered"]
    outdoors = assess_villages(*made).villages
    assert (whole["served_share"].to_numpy() <= outdoors["served_share"].to_numpy() + 1e-12).all()


def test_no_place_asked_for_is_no_row(tmp_path):
    made = make_signal(
        tmp_path, villages_frame({"a": cell_box(0, 0)}), {(ANY, ANY): np.array([[-90.0]])}
    )
    found = assess_places(*made)
    assert found.empty
    assert list(found.columns) == ["place", *JUDGED]


def test_spreads_add_as_squares_and_a_refused_cell_needs_no_loss(tmp_path):
    _, _, signal = make_signal(
        tmp_path, villages_frame({"a": cell_box(0, 0)}), {(ANY, ANY): np.array([[-90.0]])}, radio={}
    )
    entry = Entry(loss_db=10.0, sigma_db=6.0)
    moved = behind(signal, entry).cells
    assert moved["threshold_dbm"].iloc[0] == signal.cells["threshold_dbm"].iloc[0] + 10
    assert Odds.of_cells(moved).sigma_db == pytest.approx(
        np.hypot(signal.cells["sigma_db"].iloc[0], 6.0)
    )
    # P.2109 begins at 80 MHz; a cell of 30 MHz that the model refused is not asked about.
    refused = signal.cells.assign(freq_mhz=30.0, problem="too low")
    loss, spread = entry_by_cell(refused, Entry())
    assert not loss.any()
    low, _ = entry_by_cell(signal.cells.assign(freq_mhz=30.0, problem=""), Entry())
    end, _ = entry_by_cell(signal.cells.assign(freq_mhz=80.0, problem=""), Entry())
    assert low == end
    assert not spread.any()
