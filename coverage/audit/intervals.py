"""Exact binomial intervals, and how many more tests would decide.

Clopper and Pearson (1934): the interval holds the true share with at least the confidence asked
for, whatever the share and the number of tests. Tests that succeed with probabilities of their own
scatter less about their mean than equal ones do (Hoeffding 1956), so that the interval errs on
the safe side there too. Both take tests to be independent of each other.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import beta, binom

MOST_TESTS: Final = 100_000
"""More than these decide nothing in practice: the share lies where it was claimed."""


def clopper_pearson(
    successes: ArrayLike, tests: ArrayLike, confidence: float = 0.95
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the lower and upper end of exact two-sided intervals of a share.

    Parameters
    ----------
    successes, tests
        Of one shape; expected numbers need not be whole. No test at all gives 0 to 1.
    confidence
        Probability (0 to 1) that an interval holds the true share, at least.
    """
    k, n = np.broadcast_arrays(
        np.asarray(successes, dtype=np.float64), np.asarray(tests, dtype=np.float64)
    )
    tail = (1.0 - confidence) / 2.0
    none, all_ = k <= 0.0, k >= n
    low = beta.ppf(tail, np.where(none, 1.0, k), np.where(none, 1.0, n - k + 1.0))
    high = beta.ppf(1.0 - tail, np.where(all_, 1.0, k + 1.0), np.where(all_, 1.0, n - k))
    return np.where(none, 0.0, low), np.where(all_, 1.0, high)


def at_most_by_chance(
    successes: ArrayLike, tests: ArrayLike, share: ArrayLike
) -> NDArray[np.float64]:
    """Return the probability of no more successes than were seen, were the share true."""
    seen, made, claim = (np.asarray(v, dtype=np.float64) for v in (successes, tests, share))
    return np.asarray(binom.cdf(seen, made, claim), dtype=np.float64)


def further_tests(
    successes: ArrayLike,
    tests: ArrayLike,
    claim: ArrayLike,
    promise: ArrayLike,
    confidence: float = 0.95,
) -> NDArray[np.float64]:
    """Return how many more tests would decide, did they succeed as often as those made.

    Parameters
    ----------
    successes, tests
        As seen; at least one test.
    claim, promise
        Refuted where the interval lies below the first, confirmed from the second on.
    confidence
        Of the interval.

    Returns
    -------
    ndarray
        0 where it is decided; NaN where :data:`MOST_TESTS` would not decide.
    """
    seen, made, below, reached = np.broadcast_arrays(
        *(np.asarray(v, dtype=np.float64) for v in (successes, tests, claim, promise))
    )
    share = seen / made

    def decided(count: NDArray[np.float64]) -> NDArray[np.bool_]:
        low, high = clopper_pearson(share * count, count, confidence)
        return np.asarray((high < below) | (low >= reached))

    already = decided(made)
    # An interval about a steady share only narrows, so that halving finds the first that decides.
    few, enough = made.copy(), np.maximum(made, float(MOST_TESTS))
    never = ~already & ~decided(enough)
    while (enough - few > 1).any():
        half = np.floor((few + enough) / 2.0)
        good = decided(half)
        few, enough = np.where(good, few, half), np.where(good, half, enough)
    return np.where(already, 0.0, np.where(never, np.nan, enough - made))
