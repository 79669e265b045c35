"""Offsets fitted to residuals, and how well they do on sites they were not fitted to.

Rows of one site share the mast, its surveyed height and its hill, so every test leaves out one
site at a time: a test within a site would praise any overfitting.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

MIN_ROWS: Final = 30
MIN_SITES: Final = 3
"""A class with fewer rows or sites gets no offset of its own, but that of the class above."""

_Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Fit:
    """Offsets by class, and how well they do on rows they know and rows they do not.

    Attributes
    ----------
    classes
        ``class``, ``rows``, ``sites``, ``offset_db``, ``own`` (False: too few, the offset of
        the class above stands in).
    rmse_before_db, rmse_in_sample_db, rmse_out_of_sample_db
        Without offsets; with offsets fitted to all rows; with offsets fitted to the other
        sites (NaN with a single site).
    """

    classes: pd.DataFrame
    rmse_before_db: float
    rmse_in_sample_db: float
    rmse_out_of_sample_db: float


@dataclass(frozen=True)
class _Means:
    """Mean residual of each class, of all rows and leaving out each site.

    Attributes
    ----------
    names, of
        Class names, and the class of each row.
    rows, masts, own
        (classes,) counts, and whether they suffice for an offset.
    fitted, elsewhere
        (classes,) and (sites, classes) means; NaN where there are no rows.
    """

    names: NDArray[np.str_]
    of: NDArray[np.int64]
    rows: _Floats
    masts: NDArray[np.int64]
    heard: NDArray[np.bool_]
    own: NDArray[np.bool_]
    fitted: _Floats
    elsewhere: _Floats

    @classmethod
    def by(
        cls, residual_db: _Floats, s: NDArray[np.int64], sites: int, klass: NDArray[np.object_]
    ) -> _Means:
        """Return the means by class of rows of site `s`."""
        names, c = np.unique(klass.astype(str), return_inverse=True)
        total, count = np.zeros((2, sites, names.size))
        np.add.at(total, (s, c), residual_db)
        np.add.at(count, (s, c), 1.0)
        rows, masts = count.sum(axis=0), (count > 0).sum(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            fitted = total.sum(axis=0) / rows
            elsewhere = (total.sum(axis=0) - total) / (rows - count)
        own = (rows >= MIN_ROWS) & (masts >= MIN_SITES)
        return cls(names, c, rows, masts, count > 0, own, fitted, elsewhere)

    def table(self, offset_db: _Floats) -> pd.DataFrame:
        """Return the classes with their offsets, as :attr:`Fit.classes`."""
        return pd.DataFrame(
            {
                "class": self.names.astype(object),
                "rows": self.rows.astype(np.int64),
                "sites": self.masts,
                "offset_db": offset_db,
                "own": self.own,
            }
        )


def rms(values: _Floats) -> float:
    """Return the root of the mean square, NaN without values."""
    return float(np.sqrt(np.mean(values**2))) if values.size else float("nan")


def fit_offsets(residual_db: _Floats, site: NDArray[np.object_], klass: NDArray[np.object_]) -> Fit:
    """Fit one offset a class by least squares, and test it leaving out one site at a time.

    Whether a class is large enough for an offset of its own depends on counts alone, so
    deciding it on all rows tells the test nothing about the residuals it is tested on.

    Parameters
    ----------
    residual_db
        (rows,) measured minus predicted, at least one.
    site
        (rows,) the mast each row was served from.
    klass
        (rows,) class of each row.
    """
    names, s = np.unique(site.astype(str), return_inverse=True)
    means, fitted, elsewhere = _classes(residual_db, s, names.size, klass)
    return _fit(residual_db, s, means, fitted, elsewhere)


def fit_nested(
    residual_db: _Floats,
    site: NDArray[np.object_],
    outer: NDArray[np.object_],
    inner: NDArray[np.object_],
) -> Fit:
    """Fit offsets by outer class, and on top of them by inner class, shrunk where sites are few.

    A pair of classes gets the outer class' offset and the share n/(n + 3) of how far its own mean
    lies from that, n being its sites: rows of one site share what is wrong with it, so sites count
    for how well a mean is known. A pair with too few rows or sites keeps the outer class' offset.

    Parameters
    ----------
    residual_db, site
        As for :func:`fit_offsets`.
    outer, inner
        (rows,) classes; a pair is named by both, a space between.
    """
    names, s = np.unique(site.astype(str), return_inverse=True)
    above, fitted, elsewhere = _classes(residual_db, s, names.size, outer)
    pairs = np.array([f"{o} {i}" for o, i in zip(outer, inner, strict=True)], dtype=object)
    means = _Means.by(residual_db, s, names.size, pairs)
    outer_of = np.empty(means.names.size, np.int64)
    outer_of[means.of] = above.of
    rest = means.masts - means.heard
    share, rest_share = (n / (n + MIN_SITES) for n in (means.masts, rest))
    deviation = np.where(means.own, means.fitted - fitted[outer_of], 0.0)
    away = np.where(means.own & (rest > 0), means.elsewhere - elsewhere[:, outer_of], 0.0)
    return _fit(
        residual_db,
        s,
        means,
        fitted[outer_of] + share * deviation,
        elsewhere[:, outer_of] + rest_share * away,
    )


def _classes(
    residual_db: _Floats, s: NDArray[np.int64], sites: int, klass: NDArray[np.object_]
) -> tuple[_Means, _Floats, _Floats]:
    """Return the means by class, and offsets: that of all rows where a class has too few."""
    means = _Means.by(residual_db, s, sites, klass)
    every = _Means.by(residual_db, s, sites, np.full(s.size, "*", dtype=object))
    fitted = np.where(means.own, means.fitted, every.fitted)
    return means, fitted, np.where(means.own, means.elsewhere, every.elsewhere)


def _fit(
    residual_db: _Floats, s: NDArray[np.int64], means: _Means, fitted: _Floats, elsewhere: _Floats
) -> Fit:
    """Hold offsets against the rows: ``fitted`` (classes,), ``elsewhere`` (sites, classes)."""
    return Fit(
        means.table(fitted),
        rms(residual_db),
        rms(residual_db - fitted[means.of]),
        rms(residual_db - elsewhere[s, means.of]) if elsewhere.shape[0] > 1 else float("nan"),
    )
