"""What is proposed: only what held-out sites or stretches of road confirm."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from phusong.coverage.calibration.calibrate import study_keys
from phusong.coverage.calibration.learn import learn, side_of
from phusong.coverage.corrections.residualfield import Variogram
from phusong.study import Radio


def road(residual, sites: int = 1, step_m: float = 40.0, **columns) -> pd.DataFrame:
    """Rows along a road, of one site or of several one after the other."""
    count = len(residual)
    rng = np.random.default_rng(1)
    base = {
        "operator": "A",
        "technology": "LTE",
        "land_cover": None,
        "sight": "clear",
        "site_id": [f"s{k * sites // count}" for k in range(count)],
        "x_m": np.arange(count) * step_m,
        "y_m": np.zeros(count),
        "excess": rng.uniform(0.0, 40.0, count),
        "log_distance": rng.uniform(-1.0, 1.0, count),
        "residual_db": residual,
        "current_db": residual,
    }
    return pd.DataFrame({**base, **columns})


def test_noise_gives_one_offset_and_no_field() -> None:
    residual = -7.0 + np.random.default_rng(2).normal(0.0, 5.0, 300)
    found = learn(road(residual))
    assert found.reason == ""
    assert found.chosen.scheme.name == "technology"
    assert found.fields == {}
    assert set(found.schemes["held_out"]) == {"stretch"}
    assert found.sigma_db == pytest.approx(5.0, abs=0.4)
    keys = study_keys(found, Radio())
    assert keys.offsets_db == {"LTE": pytest.approx(-7.0, abs=0.7)}
    assert (keys.land_cover_offsets_db, keys.obstruction_offsets_db, keys.slopes) == ({}, {}, {})


@pytest.mark.parametrize("sites", [1, 6])
def test_slope_on_excess_loss_is_found(sites) -> None:
    rng = np.random.default_rng(3)
    frame = road(np.zeros(300), sites)
    truth = -4.0 + 0.4 * (frame["excess"] - 20.0)
    residual = truth + rng.normal(0.0, 4.0, 300)
    found = learn(frame.assign(residual_db=residual, current_db=residual))
    assert set(found.schemes["held_out"][:3]) == {"site" if sites > 1 else "stretch"}
    keys = study_keys(found, Radio())
    assert set(keys.slopes) == {"excess"}
    slope = keys.slopes["excess"]
    assert slope.db_per_unit == pytest.approx(0.4, abs=0.06)
    # It is flat beyond what was measured but for a twentieth each way.
    assert 0.0 < slope.low < 4.0
    assert 36.0 < slope.high < 40.0
    middle = 0.5 * (slope.low + slope.high)
    assert keys.offsets_db["LTE"] == pytest.approx(-4.0 + 0.4 * (middle - 20.0), abs=1.0)
    assert found.sigma_db == pytest.approx(4.0, abs=0.6)


def test_errors_alike_along_the_road_become_a_field() -> None:
    rng = np.random.default_rng(5)
    keep = np.exp(-40.0 / 300.0)
    error = np.zeros(300)
    for i in range(1, 300):
        error[i] = keep * error[i - 1] + np.sqrt(1 - keep**2) * rng.normal(0.0, 7.0)
    found = learn(road(error + rng.normal(0.0, 2.0, 300)))
    assert list(found.fields) == ["A\tLTE"]
    table = found.schemes.set_index("scheme")
    gain = table.loc["no_field", "rmse_out_of_sample_db"]
    assert table.loc["field", "rmse_out_of_sample_db"] < gain - 0.3
    assert table.loc["field", "inside_90"] == pytest.approx(0.9, abs=0.08)
    assert table.loc["field", "proposed"]
    # What is written of the spread is that of places away from the road.
    assert found.sigma_db > 5.0


def test_few_rows_or_one_crossroads_propose_nothing() -> None:
    few = learn(road(np.full(29, -8.0)))
    assert "too few" in few.reason
    assert few.params["rows"] == 29
    assert few.chosen is None
    assert np.isnan(study_keys(few, Radio()).sigma_model_db)
    rng = np.random.default_rng(1)
    spot = road(rng.normal(-8.0, 2.0, 60), step_m=0.5)
    crossroads = learn(spot)
    assert "stretches of road" in crossroads.reason
    assert not crossroads.schemes["proposed"].any()


def test_stretches_are_five_distances_or_as_many_as_it_takes() -> None:
    frame = road(np.zeros(300))  # 12 km
    assert side_of(frame, Variogram(1.0, 1.0, 100.0), 30.0) == 500.0
    assert side_of(frame, Variogram(1.0, 1.0, 10.0), 30.0) == 150.0
    # Five times 1000 m would be three stretches.
    assert side_of(frame, Variogram(1.0, 1.0, 5000.0), 30.0) == pytest.approx(1000.0)
