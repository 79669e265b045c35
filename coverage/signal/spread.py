"""How far a predicted level may be off, and what that makes of a threshold.

Two spreads, never mixed up: the location variability inside one cell, and the model's own
error. A level is taken as normal in dB around the prediction with both together.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

from phusong.coverage.propagation.p1812.path import location_sigma_db
from phusong.study import Spread


def sigma_total_db(
    spread: Spread, freq_mhz: float, cell_m: float, rx_height_m: float, extra_db: float = 0.0
) -> float:
    """Return the spread of a level: location, model and a further independent part.

    Parameters
    ----------
    spread
        The study's spreads.
    freq_mhz, cell_m, rx_height_m
        For the location variability where the study does not state it: that of ITU-R P.1812-7
        section 4.7 with open ground round the receiver.
    extra_db
        A further independent spread (building entry), 0 outdoors.
    """
    location = spread.sigma_location_db
    if location is None:
        location = location_sigma_db(freq_mhz, cell_m, rx_height_m)
    return math.sqrt(location**2 + spread.sigma_model_db**2 + extra_db**2)


def split_db(
    left_db: NDArray[np.float64], whole_db: NDArray[np.float64], model_db: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return what is left of the model's error and of the location variability.

    Measurements tell the part that neighbours share, so the model's error goes first; what goes
    beyond it is taken from the location variability. As squares the two add up to ``left_db``.

    Parameters
    ----------
    left_db, whole_db
        Spread that measurements leave, and without them; of one shape.
    model_db
        The model's part of the latter.
    """
    location = np.sqrt(np.maximum(whole_db**2 - model_db**2, 0.0))
    model = np.sqrt(np.maximum(left_db**2 - location**2, 0.0))
    untouched = left_db == whole_db
    return np.where(untouched, model_db, model), np.minimum(location, left_db)


def probability(
    level_dbm: ArrayLike, threshold_dbm: ArrayLike, sigma_db: ArrayLike
) -> NDArray[np.float64]:
    """Return P(level >= threshold) for levels that are normal with ``sigma_db``.

    With a spread of 0 the answer is 1 from the threshold on, else 0.
    """
    margin, sigma = np.broadcast_arrays(
        np.asarray(level_dbm, dtype=np.float64) - np.asarray(threshold_dbm, dtype=np.float64),
        np.asarray(sigma_db, dtype=np.float64),
    )
    certain = sigma <= 0
    out: NDArray[np.float64] = np.asarray(ndtr(margin / np.where(certain, 1.0, sigma)))
    return np.where(certain, (margin >= 0).astype(np.float64), out)


def needed_margin_db(asked: float, sigma_db: ArrayLike) -> NDArray[np.float64]:
    """Return how far a level must lie above the threshold for P(level >= threshold) = asked."""
    return np.asarray(ndtri(asked) * np.asarray(sigma_db, dtype=np.float64), dtype=np.float64)
