"""A third of the places calibrates, the rest tests: what the program's calibration is worth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtri

from phusong.coverage.calibration.folds import stretches
from phusong.coverage.calibration.learn import Lesson, learn
from phusong.coverage.calibration.schemes import field_at
from truth.score import SHARES, score

DRAWS = 10
PRIOR_DB = 10.0
"""Spread where there were too few rows to learn one."""
STRETCH_M = 300.0
"""Places held out by stretch lie in squares of this side."""
MODELS = {"chengdu": "free_space"}
"""Other than P.1812: in a flat city without buildings every model is free space."""

Table = Callable[[list[str], list[list[object]]], None]


def rows_of(judged: Any, model: str, treatment: str) -> pd.DataFrame:
    """A set's residuals (measured minus predicted level) as the calibration takes them."""
    loss, free = judged.predicted(model, treatment), judged.predicted("free_space", "bare")
    lat = np.array([link.lat for link in judged.links])
    lon = np.array([link.lon for link in judged.links])
    land = [link.land or None for link in judged.links]
    residual = loss - judged.loss_db
    frame = pd.DataFrame(
        {
            "residual_db": residual,
            "current_db": residual,
            "operator": judged.set.name,
            "technology": "LTE",
            "land_cover": pd.Series(land, dtype=object),
            "sight": np.where(judged.sight, "clear", "obstructed"),
            "site_id": [link.site for link in judged.links],
            "place": [link.place for link in judged.links],
            "x_m": np.radians(lon) * 6.371e6 * np.cos(np.radians(lat.mean())),
            "y_m": np.radians(lat) * 6.371e6,
            "excess": loss - free,
            "log_distance": np.log10(judged.length_m / 1000.0),
        }
    )
    return frame[np.isfinite(residual)].reset_index(drop=True)


def split(rows: pd.DataFrame, by: str, draw: int) -> np.ndarray:
    """Rows of a third of the places, or of a third of the stretches of road."""
    groups = rows["place"].to_numpy()
    if by == "stretch":
        places = (rows[name].to_numpy() for name in ("x_m", "y_m"))
        groups = stretches(*places, STRETCH_M)
    names = np.unique(groups)
    chosen = np.random.default_rng(draw).permutation(names)[: len(names) // 3]
    return np.isin(groups, chosen)


def predict(lesson: Lesson, rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """What the map would add at rows, and its spread there."""
    mean = np.zeros(len(rows))
    if lesson.chosen is not None:
        mean = lesson.chosen.predict(rows)[0]
    level, share = field_at(lesson.fields, rows)
    sigma_db = PRIOR_DB if np.isnan(lesson.sigma_db) else lesson.sigma_db
    return mean + level, sigma_db * share


def report(everyone: list[Any], table: Table) -> None:
    """Print RMSE and intervals on the places that did not calibrate."""
    head = ["set", "ends", "held out by", "rows", "before", "one offset", "with offsets"]
    head += ["and field", *(f"in {100 * share:.0f} %" for share in SHARES), "chosen"]
    out: list[list[object]] = []
    for judged in everyone:
        model = MODELS.get(judged.set.name, "p1812")
        treatments = ["open", "suburban"]
        if any(link.land for link in judged.links):
            treatments = ["bare", "land"]
        for treatment in treatments:
            rows = rows_of(judged, model, treatment)
            draws = DRAWS if len(rows) < 5000 else 2
            for by in ("place", "stretch"):
                figures, chosen = [], []
                for draw in range(draws):
                    found = one_draw(rows, split(rows, by, draw))
                    figures.append(found[0])
                    chosen.append(found[1])
                mean = np.mean(figures, axis=0)
                shares = [f"{100 * share:.0f} %" for share in mean[4:]]
                words, times = np.unique(chosen, return_counts=True)
                most = f"{words[times.argmax()]} ({times.max()} of {draws})"
                out.append(
                    [judged.set.name, treatment, by, len(rows), *mean[:4].tolist(), *shares, most]
                )
    table(head, out)


def one_draw(rows: pd.DataFrame, known: np.ndarray) -> tuple[list[float], str]:
    """RMSE as it stands, with one offset, with offsets, with the field, and the intervals."""
    learned = learn(rows[known].reset_index(drop=True))
    rest = rows[~known].reset_index(drop=True)
    residual = rest["residual_db"].to_numpy()
    mean, sd = predict(learned, rest)
    offsets = np.zeros(len(rest))
    if learned.chosen is not None:
        offsets = learned.chosen.predict(rest)[0]
    one = rows.loc[known, "residual_db"].mean()
    errors = (residual, residual - one, residual - offsets, residual - mean)
    rmse = [score(error, 1.0).rmse_db for error in errors]
    inside = [
        float((np.abs(residual - mean) <= ndtri(0.5 + share / 2) * sd).mean()) for share in SHARES
    ]
    name = "none" if learned.chosen is None else learned.chosen.scheme.name
    return [*rmse, *inside], name + (" + field" if learned.fields else "")
