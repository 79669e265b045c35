"""Degrees with a point: decimals, or minutes and seconds as surveyors' calculators show them."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from phusong.checks import Findings
from phusong.errors import Where

Figures = Literal["decimal", "ddmmss"]

_ENOUGH: Final = 8
"""Places that must all be possible minutes and seconds. Of decimals, six in ten are below 60: eight
places, two coordinates, seconds alone make it one chance in 3,500, with the minutes one in ten
million."""
_SPREAD: Final = 6
"""Different minutes that there must be each way: within a few hundred metres decimals are alike."""


def settle_figures(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    stated: Figures | None,
    findings: Findings,
    where: Where,
    rows: NDArray[np.int64],
    plain: tuple[NDArray[np.bool_], NDArray[np.bool_]],
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Return degrees of longitudes and latitudes, as the study says their figures are meant.

    ``22.4930`` is taken as decimal degrees. Where every figure of many places may be degrees,
    minutes and seconds as well, chance does not explain it, and the study is asked (S56).

    Parameters
    ----------
    x, y
        (n,) figures, NaN where there is none.
    stated
        ``decimal``, ``ddmmss``, or None where the study does not say.
    findings, where
        Take S56, and S13 for each plain figure that the study calls ``ddmmss`` and is none.
    rows
        (n,) rows in the planner's file.
    plain
        (n,) each: which are plain figures; signs of degrees say themselves what they are.

    Returns
    -------
    ndarray, ndarray or None
        None after S56.
    """
    if stated == "decimal":
        return x, y
    if stated == "ddmmss":
        said = (x, plain[0]), (y, plain[1])
        east, north = (_unfolded_rows(v, mask, rows, findings, where) for v, mask in said)
        return east, north
    known = np.isfinite(x) & np.isfinite(y) & ((x != 0) | (y != 0)) & plain[0] & plain[1]
    places = np.unique(np.stack([x[known], y[known]], axis=1), axis=0)
    if len(places) < _ENOUGH or np.isnan(unfolded(places)).any():
        return x, y
    minutes, seconds = _parts(places)[1:]
    spread = min(len(np.unique(minutes[:, k])) for k in (0, 1))
    if spread < _SPREAD or not (seconds > 0).any(axis=1).mean() > 0.5:
        return x, y
    example = f"{places[0, 1]:.4f}"
    findings.add(
        "S56",
        where,
        example,
        "in none of {n} places do the figures behind the point pass 59: {example} may be"
        " {decimal}° or {unfolded}°",
        n=len(places),
        example=example,
        decimal=f"{places[0, 1]:.5f}",
        unfolded=f"{unfolded(places)[0, 1]:.5f}",
    )
    return None


def _unfolded_rows(
    figures: NDArray[np.float64],
    plain: NDArray[np.bool_],
    rows: NDArray[np.int64],
    findings: Findings,
    where: Where,
) -> NDArray[np.float64]:
    out = np.where(plain, unfolded(figures), figures)
    for k in np.flatnonzero(np.isnan(out) & np.isfinite(figures)):
        findings.add(
            "S13",
            replace(where, row=int(rows[k])),
            str(figures[k]),
            "{value} is no degrees, minutes and seconds: 60 or more stand behind the point",
            value=str(figures[k]),
        )
    return out


def unfolded(figures: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return degrees of figures written DD.MMSSs, NaN for those that are none.

    Examples
    --------
    >>> unfolded(np.array([22.4930, -22.49305, 22.75])).round(6).tolist()
    [22.825, -22.825139, nan]
    """
    whole, minutes, seconds = _parts(figures)
    out = np.copysign(whole + minutes / 60 + seconds / 3600, figures)
    return np.where((minutes < 60) & (seconds < 60), out, np.nan)


def _parts(
    figures: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return whole degrees, minutes and seconds, freed of what binary figures add."""
    size = np.round(np.abs(figures), 9)
    whole = np.floor(size)
    packed = np.round((size - whole) * 10_000, 5)
    minutes = np.floor(packed / 100)
    return whole, minutes, np.round(packed - 100 * minutes, 5)
