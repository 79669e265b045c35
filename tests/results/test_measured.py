"""A calibration read back: whatever its signs, and what is none; claims against levels."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from helpers.measured import make_residuals, write_measured
from phusong.coverage.signal.spread import sigma_total_db
from phusong.errors import InputError
from phusong.exports import CsvForm
from phusong.results.measured import figures, judge, open_measured, reliability
from phusong.study.file import read_study

PLACES = np.array([[105.0, 22.5], [105.01, 22.51]])
CELLS = pd.DataFrame({"cell_id": ["A1"], "technology": ["LTE"], "freq_mhz": [1800.0]})


@pytest.mark.parametrize("form", [CsvForm(), CsvForm(";", ","), CsvForm("\t", ",")])
def test_what_was_written_is_read(form: CsvForm, tmp_path: Path) -> None:
    names = ["=1+1", "-5", 'a "b"; c', "d,e", "NA"]
    made = make_residuals(5, PLACES, operator=names, cell_id=names)
    read = open_measured(write_measured(made, tmp_path / "c", form))
    columns = ["operator", "technology", "cell_id", "site_id", "sight", "row", "rows"]
    pd.testing.assert_frame_equal(read.rows[columns], made[columns], check_dtype=False)
    assert np.allclose(read.rows["residual_db"], made["residual_db"])
    assert read.files == [("đo & <thử>.csv", "ab" * 32)]
    assert (read.date, read.study) == ("2026-11-20", "Tỉnh thử")


def test_no_rows_and_nothing_known_of_the_file(tmp_path: Path) -> None:
    empty = write_measured(make_residuals(5, PLACES).head(0), tmp_path / "c", about={})
    read = open_measured(empty)
    assert (len(read.rows), read.files, read.date, read.study) == (0, [], "", "")


def test_what_is_no_calibration_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not the folder of a calibration"):
        open_measured(tmp_path)
    folder = write_measured(make_residuals(5, PLACES), tmp_path / "c")
    table, stamp = folder / "calibration_residuals.csv", folder / "run.json"
    for text in ("[]", "{", '{"calibration": "yes"}', json.dumps({"audit": True})):
        before = stamp.read_text("utf-8")
        stamp.write_text(text, "utf-8")
        with pytest.raises(InputError, match="not the folder of a calibration"):
            open_measured(folder)
        stamp.write_text(before, "utf-8")
    whole = table.read_text("utf-8-sig")
    table.write_text(whole.replace("level_dbm", "level"), "utf-8")
    with pytest.raises(InputError, match="level_dbm"):
        open_measured(folder)
    lines = whole.splitlines()
    row = lines[2].split(",")
    row[8] = "inf"
    table.write_text("\n".join([*lines[:2], ",".join(row), *lines[3:]]), "utf-8")
    with pytest.raises(InputError, match=r"record 2.*missing"):
        open_measured(folder)
    table.write_bytes(b"")
    with pytest.raises(InputError):
        open_measured(folder)


def test_claims_by_hand(tiny_study: Path) -> None:
    study = read_study(tiny_study)
    threshold = study.radio.technologies["LTE"].threshold_dbm
    rows = make_residuals(
        3,
        PLACES,
        technology="LTE",
        cell_id=["A1", "elsewhere", "A1"],
        predicted_dbm=threshold + 5.0,
        level_dbm=[threshold, threshold - 0.1, threshold + 40.0],
    )
    judged = judge(rows, study, CELLS, 90.0)
    sigma = sigma_total_db(study.radio.spread, 1800.0, 90.0, study.radio.rx_height_m)
    assert np.allclose(judged["sigma_db"], sigma)
    assert np.allclose(judged["probability"], norm.cdf(5.0 / sigma))
    assert judged["reached"].tolist() == [True, False, True]
    assert judged["inside_90"].tolist() == [1.0, 1.0, 0.0]
    of = figures(judged)
    assert (of.rows, of.sites) == (3, 2)
    assert of.bias_db == pytest.approx((-5.0 - 5.1 + 35.0) / 3)
    assert of.inside_90 == pytest.approx(2 / 3)
    (line,) = reliability(judged).to_dict("records")
    assert (line["rows"], line["reached"], line["claim_low"]) == (3, 2, 0.5)
    # Clopper and Pearson of 2 in 3.
    assert (line["low"], line["high"]) == pytest.approx((0.0943, 0.9916), abs=1e-4)


def test_a_technology_without_cells_makes_no_claim(tiny_study: Path) -> None:
    rows = make_residuals(4, PLACES, technology="NR", cell_id="elsewhere")
    judged = judge(rows, read_study(tiny_study), CELLS, 90.0)
    assert judged["probability"].isna().all()
    assert reliability(judged).empty
    assert np.isnan(figures(judged).inside_90)


def test_true_claims_lie_on_the_line(tiny_study: Path) -> None:
    study = read_study(tiny_study)
    rng = np.random.default_rng(5)
    sigma = sigma_total_db(study.radio.spread, 1800.0, 90.0, study.radio.rx_height_m)
    predicted = rng.uniform(-140.0, -70.0, 20_000)
    rows = make_residuals(
        20_000,
        PLACES,
        technology="LTE",
        predicted_dbm=predicted,
        level_dbm=predicted + rng.normal(0.0, sigma, predicted.size),
    )
    judged = judge(rows, study, CELLS, 90.0)
    table = reliability(judged)
    assert table["rows"].sum() == 20_000
    assert np.abs(table["share"] - table["claimed"]).max() < 0.03
    assert (table["low"] <= table["share"]).all()
    assert (table["share"] <= table["high"]).all()
    assert figures(judged).inside_90 == pytest.approx(0.9, abs=0.01)
