"""Where a mast stands that is known by the cells phones measured: a robust middle and its error.

A cell's place in such a list is the mean of the places where phones heard it. Phones are spread
over its sector, so that their mean lies beside the mast: for a sector of 120 degrees evenly filled
to its range r the mean is off by (2/3) r sin(60°)/(π/3) = 0.551 r, and the places scatter about it
with a variance of 0.5 r² - (0.551 r)². A mean of n places is then off by

    s² = r² (0.304 + 0.196 / n),

of which the first part stays however many phones there are. Sectors of one mast point different
ways, and one bad place should not move it: the mast is put at the geometric median of its cells,
each weighing 1/s (the sum of distances in units of s is least).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

RANGE_M: Final = 1000.0
"""Range of a cell whose list gives none; OpenCelliD writes the same for cells heard once."""
_LEAST_RANGE_M: Final = 100.0
_BIAS: Final = (2.0 / 3.0 * np.sin(np.pi / 3) / (np.pi / 3)) ** 2
_SCATTER: Final = 0.5 - _BIAS
_ROUNDS: Final = 200
_STILL_M: Final = 0.01


def errors_of(range_m: NDArray[np.float64], samples: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far each cell's place may be off its mast, in metres.

    Parameters
    ----------
    range_m
        NaN or 0: :data:`RANGE_M`.
    samples
        Places it is the mean of; NaN or less than one: one.

    Examples
    --------
    >>> errors_of(np.array([1000.0, 1000.0, np.nan]), np.array([1.0, 1e6, 1.0])).round()
    array([707., 551., 707.])
    """
    reach = np.where(np.isnan(range_m) | (range_m <= 0), RANGE_M, range_m)
    n = np.where(np.isnan(samples) | (samples < 1), 1.0, samples)
    error: NDArray[np.float64] = np.maximum(reach, _LEAST_RANGE_M) * np.sqrt(_BIAS + _SCATTER / n)
    return error


def middle_of(xy: NDArray[np.float64], error_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the geometric median of cells' places, each weighing the inverse of its error.

    Weiszfeld's iteration as Vardi and Zhang mended it for places the median falls on (PNAS 97,
    2000, 1423). Of two cells, where every point between is a median, it is their weighted mean.

    Parameters
    ----------
    xy
        (cells, 2) in metres.
    error_m
        (cells,) see :func:`errors_of`.
    """
    weight = 1.0 / error_m
    at: NDArray[np.float64] = np.average(xy, axis=0, weights=weight**2)
    if len(xy) < 3:
        return at
    for _ in range(_ROUNDS):
        away = np.hypot(*(xy - at).T)
        there = away < _STILL_M
        pull = weight[~there] / away[~there]
        if not pull.size:
            break
        to = (xy[~there] * pull[:, None]).sum(axis=0) / pull.sum()
        if there.any():
            force = np.hypot(*((xy[~there] - at) * pull[:, None]).sum(axis=0))
            stay = min(1.0, weight[there].sum() / force) if force else 1.0
            to = (1.0 - stay) * to + stay * at
        still = np.hypot(*(to - at)) < _STILL_M
        at = to
        if still:
            break
    # The iteration creeps towards a median that is one of the places.
    choice = np.vstack([at, xy])
    away = np.hypot(choice[:, None, 0] - xy[:, 0], choice[:, None, 1] - xy[:, 1])
    return np.asarray(choice[np.argmin(away @ weight)], dtype=np.float64)


def error_of_middle(
    xy: NDArray[np.float64], error_m: NDArray[np.float64], at: NDArray[np.float64]
) -> float:
    """Return the standard error of a middle in metres.

    The larger of what the cells' own errors leave, and of what their scatter about it does, as
    they are.
    """
    weight = 1.0 / error_m**2
    own = 1.0 / np.sqrt(weight.sum())
    scatter = np.sqrt(np.average(((xy - at) ** 2).sum(axis=1), weights=weight) / len(xy))
    return float(max(own, scatter))
