"""How far predictions are from measurements: spread, intervals, probabilities, correlation.

Errors are predicted minus measured loss: below 0 the map is too optimistic.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_ndtr, ndtr, ndtri
from scipy.stats import kurtosis, norm, rankdata, skew

SHARES = (0.5, 0.8, 0.9)


@dataclass(frozen=True)
class Score:
    """Figures of one model on one group of links."""

    links: int
    bias_db: float
    sd_db: float
    rmse_db: float
    inside: tuple[float, ...]
    """Share of errors inside the central intervals of :data:`SHARES`."""


def score(error_db: np.ndarray, sigma_db: float) -> Score:
    """Score errors against a spread; NaN are links the model refuses."""
    error = error_db[np.isfinite(error_db)]
    if error.size == 0:
        return Score(0, *(3 * (np.nan,)), tuple(np.nan for _ in SHARES))
    inside = tuple(
        float((np.abs(error) <= ndtri(0.5 + share / 2.0) * sigma_db).mean()) for share in SHARES
    )
    return Score(
        int(error.size),
        float(error.mean()),
        float(error.std(ddof=1)) if error.size > 1 else np.nan,
        float(np.sqrt((error**2).mean())),
        inside,
    )


def served_probability(loss_db: np.ndarray, threshold_db: float, sigma_db: float) -> np.ndarray:
    """P(measured loss <= threshold) for predictions with a normal spread."""
    return np.asarray(ndtr((threshold_db - loss_db) / sigma_db))


def brier(probability: np.ndarray, happened: np.ndarray) -> float:
    """Mean squared difference between a probability and what happened."""
    return float(((probability - happened) ** 2).mean())


def reliability(
    probability: np.ndarray, happened: np.ndarray, bins: int = 5
) -> list[tuple[float, float, int]]:
    """Mean probability, share that happened and number, by bins of equal width."""
    at = np.minimum((probability * bins).astype(int), bins - 1)
    return [
        (float(probability[at == b].mean()), float(happened[at == b].mean()), int((at == b).sum()))
        for b in range(bins)
        if (at == b).any()
    ]


def ranking(score_of: np.ndarray, happened: np.ndarray) -> float:
    """Chance that a place where it happened scores above one where it did not (AUC)."""
    ranks = rankdata(score_of)
    yes, no = int(happened.sum()), int((~happened).sum())
    return float((ranks[happened].sum() - yes * (yes + 1) / 2) / (yes * no))


def censored_fit(
    predicted_db: np.ndarray, measured_db: np.ndarray, floor_db: float
) -> tuple[float, float]:
    """Bias and sd of errors, places without service counted as losses beyond the floor (Tobit).

    Measured losses beyond the floor count as no more than that, so that the censoring is one.
    """
    known = np.isfinite(measured_db) & (measured_db < floor_db)

    def minus_log(at: np.ndarray) -> float:
        bias, spread = at[0], np.exp(at[1])
        seen = norm.logpdf(predicted_db[known] - measured_db[known], bias, spread).sum()
        beyond = log_ndtr((predicted_db[~known] - bias - floor_db) / spread).sum()
        return float(-(seen + beyond))

    first = predicted_db[known] - measured_db[known]
    start = np.array([first.mean() - 1.0, np.log(first.std() + 1.0)])
    found = minimize(minus_log, start, method="Nelder-Mead")
    return float(found.x[0]), float(np.exp(found.x[1]))


def tails(error_db: np.ndarray) -> tuple[float, float, float]:
    """Skewness, excess kurtosis, and share beyond two deviations (normal: 0.046)."""
    error = error_db[np.isfinite(error_db)]
    z = (error - error.mean()) / error.std()
    return float(skew(error)), float(kurtosis(error)), float((np.abs(z) > 2.0).mean())


def variogram(
    error_db: np.ndarray, away_km: np.ndarray, edges_km: np.ndarray
) -> list[tuple[float, float, int]]:
    """Correlation of errors by distance between places: distance, correlation, pairs."""
    first, second = np.triu_indices(error_db.size, 1)
    away = away_km[first, second]
    half = 0.5 * (error_db[first] - error_db[second]) ** 2
    sill = float(np.var(error_db))
    rows = []
    for low, high in pairwise(edges_km):
        here = (away >= low) & (away < high)
        if here.sum() >= 30:
            rows.append(
                (float(away[here].mean()), 1.0 - float(half[here].mean()) / sill, int(here.sum()))
            )
    return rows


def correlation_length_m(*sets: list[tuple[float, float, int]]) -> tuple[float, float]:
    """Distance of 1/e and share of the spread that is correlated at all, by least squares.

    A distance weighs by the root of its pairs, and every set alike.
    """
    if min(len(rows) for rows in sets) < 3:
        return np.nan, np.nan
    curves = [tuple(np.array(column) for column in zip(*rows, strict=True)) for rows in sets]

    def misfit(at: np.ndarray) -> float:
        length, share = np.exp(at[0]), 1.0 / (1.0 + np.exp(-at[1]))
        return float(
            sum(
                (np.sqrt(pairs) * (rho - share * np.exp(-away / length)) ** 2).sum()
                / np.sqrt(pairs).sum()
                for away, rho, pairs in curves
            )
        )

    found = minimize(misfit, np.array([np.log(0.3), 1.0]), method="Nelder-Mead")
    return float(1000.0 * np.exp(found.x[0])), float(1.0 / (1.0 + np.exp(-found.x[1])))
