"""Loss on the way into a car or a building."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from phusong.coverage.propagation.p2109 import entry_loss_db
from phusong.study import Entry


def entry_loss_and_spread_db(
    entry: Entry, freq_mhz: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the median entry loss and its spread.

    Without a fixed loss: ITU-R P.2109-2 at horizontal incidence. Its distribution is not
    normal; the spread is half of what lies between its 15.9 % and 84.1 % points.

    Parameters
    ----------
    entry
        The study's.
    freq_mhz
        Frequencies, any shape.

    Raises
    ------
    ModelError
        For a frequency P.2109 does not cover.
    """
    freqs = np.asarray(freq_mhz, dtype=np.float64)
    loss = np.empty(freqs.shape)
    spread = np.empty(freqs.shape)
    for freq in np.unique(freqs):
        at = freqs == freq
        median, sigma = entry.loss_db, entry.sigma_db
        if median is None:
            low, middle, high = entry_loss_db(
                float(freq), ndtr([-1.0, 0.0, 1.0]), building=entry.building
            )
            median = float(middle)
            sigma = float(high - low) / 2 if sigma is None else sigma
        loss[at], spread[at] = median, sigma or 0.0
    return loss, spread
