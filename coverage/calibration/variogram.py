"""The variogram of what offsets leave, and the field it gives near the measured roads."""

from __future__ import annotations

import warnings
from typing import Final

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.corrections.residualfield import REACH, Kriged, Variogram, process_of

_Floats = NDArray[np.float64]

_FIT_ROWS: Final = 250
_THIN: Final = 5.0
"""Places nearer than the distance over this are one: they say nearly the same."""
_MOST_NEAR: Final = 900
"""So many places are solved for at once; where more are near, they are thinned further."""
_BETWEEN_CARRIERS_M: Final = 1e9
"""Carriers are put this far apart: what one's residual says of another's is not known."""


def _codes(carriers: NDArray[np.object_]) -> _Floats:
    codes = np.unique(carriers.astype(str), return_inverse=True)[1]
    return np.asarray(codes * _BETWEEN_CARRIERS_M, dtype=np.float64)


def fit_variogram(
    x_m: _Floats, y_m: _Floats, residual_db: _Floats, carriers: NDArray[np.object_]
) -> Variogram:
    """Return the variogram of largest likelihood.

    Parameters
    ----------
    x_m, y_m, residual_db
        (rows,).
    carriers
        (rows,) names; rows of two carriers are taken as independent.
    """
    at = np.arange(x_m.size)
    if at.size > _FIT_ROWS:
        # Runs of neighbours, not single rows: short distances are where a variogram is told.
        order = np.lexsort([y_m, x_m, carriers.astype(str)])
        runs = np.array_split(order, max(1, at.size // 20))
        chosen = np.random.default_rng(0).permutation(len(runs))[: _FIT_ROWS // 20]
        at = np.sort(np.concatenate([runs[k] for k in chosen]))
    variance = max(float(np.var(residual_db[at])), 0.1)
    places = np.stack([x_m[at] + _codes(carriers)[at], y_m[at]], axis=1)
    best, likelihood = None, -np.inf
    for distance_m in (50.0, 500.0):
        process = process_of(Variogram(variance / 2, variance / 2, distance_m), fixed=False)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a variance at its bound is an answer here
            process.fit(places, residual_db[at])
        if process.log_marginal_likelihood_value_ > likelihood:
            likelihood, best = process.log_marginal_likelihood_value_, process.kernel_
    assert best is not None
    return Variogram(
        float(best.k2.noise_level),
        float(best.k1.k1.constant_value),
        float(best.k1.k2.length_scale),
    )


def _squares(x_m: _Floats, y_m: _Floats, side_m: float) -> NDArray[np.int64]:
    """Return the number of the square each place lies in."""
    square = np.stack([np.floor(x_m / side_m), np.floor(y_m / side_m)], axis=1)
    return np.asarray(np.unique(square, axis=0, return_inverse=True)[1].ravel(), dtype=np.int64)


def _most_near(x_m: _Floats, y_m: _Floats, of: NDArray[np.int64], reach_m: float) -> int:
    """Return how many squares the fullest neighbourhood holds, nine squares of the reach."""
    _, first = np.unique(of, return_index=True)
    crowd = np.bincount(_squares(x_m[first], y_m[first], reach_m))
    return 9 * int(crowd.max())


def krige(
    variogram: Variogram,
    x_m: _Floats,
    y_m: _Floats,
    residual_db: _Floats,
    carriers: NDArray[np.object_],
) -> dict[str, Kriged]:
    """Return the field of every carrier; rows of nearly one place become their mean."""
    out = {}
    side = variogram.distance_m / _THIN
    for name in dict.fromkeys(carriers.tolist()):
        at = np.flatnonzero(carriers == name)
        of = _squares(x_m[at], y_m[at], side)
        wide = side
        while _most_near(x_m[at], y_m[at], of, REACH * variogram.distance_m) > _MOST_NEAR:
            wide *= 1.4
            of = _squares(x_m[at], y_m[at], wide)
        rows = np.bincount(of).astype(np.float64)
        x, y, left = (np.bincount(of, v[at]) / rows for v in (x_m, y_m, residual_db))
        out[str(name)] = Kriged(variogram, x, y, left, rows)
    return out
