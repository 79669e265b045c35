"""The folder of a calibration, as `phusong calibrate` writes it, from levels made up."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from phusong.coverage.calibration.calibrate import Calibration, distance_band, summarise
from phusong.coverage.calibration.learn import OFFSET_COLUMNS, SCHEME_COLUMNS
from phusong.exports import CsvForm
from phusong.exports.calibration import write_calibration
from phusong.exports.tables.dictionary import tables

ABOUT: Mapping[str, Any] = {
    "name": "Tỉnh thử",
    "date": "2026-11-20",
    "measurements": [{"file": "đo & <thử>.csv", "sha256": "ab" * 32}],
}


def make_residuals(count: int, places: np.ndarray, seed: int = 3, **columns: Any) -> pd.DataFrame:
    """Return residuals with a bias of -2 dB and a spread of 8 dB at some of the places.

    Parameters
    ----------
    count
        Rows.
    places
        (any, 2) longitude and latitude, taken round and round.
    columns
        What to put in place of what is made up.
    """
    rng = np.random.default_rng(seed)
    at = places[np.arange(count) % len(places)]
    predicted = rng.uniform(-125.0, -70.0, count).round(2)
    level = (predicted - 2.0 + rng.normal(0.0, 8.0, count)).round(1)
    distance = rng.uniform(0.1, 9.0, count)
    made = {
        "row": np.arange(1, count + 1),
        "rows": 1 + np.arange(count) % 4,
        "longitude": at[:, 0],
        "latitude": at[:, 1],
        "operator": "Sóng Xanh",
        "technology": np.where(np.arange(count) % 3 == 0, "GSM", "LTE"),
        "cell_id": "A1",
        "site_id": np.where(np.arange(count) % 2 == 0, "A", "B"),
        "level_dbm": level,
        "predicted_dbm": predicted,
        "distance_km": distance,
        "distance_band": distance_band(distance),
        "land_cover": None,
        "sight": np.where(np.arange(count) % 4 == 0, "clear", "obstructed"),
        "excess_db": 5.0,
        "calibrated_db": 0.0,
    }
    frame = pd.DataFrame({**made, **columns})
    return frame.assign(residual_db=frame["level_dbm"] - frame["predicted_dbm"])


def write_measured(
    residuals: pd.DataFrame,
    folder: Path,
    form: CsvForm | None = None,
    about: Mapping[str, Any] | None = None,
) -> Path:
    """Write what `phusong calibrate` would; return the folder."""
    refused = pd.DataFrame(columns=[c.name for c in tables()["calibration_refused"].columns])
    found = Calibration(
        residuals,
        refused,
        summarise(residuals),
        pd.DataFrame(columns=list(OFFSET_COLUMNS)),
        pd.DataFrame(columns=list(SCHEME_COLUMNS)),
    )
    write_calibration(
        found, folder, form or CsvForm(), overwrite=False, about=ABOUT if about is None else about
    )
    return folder
