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
    successes: int, tests: int, claim: float, promise: float, confidence: float = 0.95
) -> float:
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
    float
        0 where it is decided; NaN where :data:`MOST_TESTS` would not decide.
    """
    share = successes / tests

    def decided(count: int) -> bool:
        low, high = clopper_pearson(share * count, count, confidence)
        return bool(high < claim or low >= promise)

    if decided(tests):
        return 0.0
    if not decided(MOST_TESTS):
        return float("nan")
    # An interval about a steady share only narrows, so that halving finds the first that decides.
    few, enough = tests, MOST_TESTS
    while enough - few > 1:
        half = (few + enough) // 2
        few, enough = (few, half) if decided(half) else (half, enough)
    return float(enough - tests)
