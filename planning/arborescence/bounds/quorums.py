"""Quorums: how many sites a few villages need together, whatever is chosen.

Every village needs one site. Of an odd number of villages, each site counts half for every one it
covers, rounded up; together the sites chosen count at least half the villages, rounded up (Chvátal
& Gomory's rows of halves). Three villages of which no site covers all need two sites, where thirds
of sites satisfy the rows of the villages by one and a half.

Quorums that a fractional choice violates are sets of an odd number of villages for which what is
chosen of sites that cover an odd number of them, and what is chosen too much, come to less than
one. They are sought by elimination over whole numbers modulo two (Koster, Zymolka & Kutschka 2009),
columns in the order of what is chosen of them and then in others.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TRIES = 12
"""Orders of elimination tried."""
_NOISE = 1.5
"""Logarithm by which what is chosen of a site is changed at random in all orders but the first."""
_CLEAR = 1e-3
"""A row violated by less is left out."""
_MOST = 200
"""Quorums returned at most."""


def shares(covers: csr_array, members: csr_array) -> csr_array:
    """Return how much each site counts in each quorum.

    Parameters
    ----------
    covers
        Sites by villages, ones.
    members
        Quorums by villages, ones.

    Returns
    -------
    csr_array
        Sites by quorums: half the villages a site covers of each, rounded up.
    """
    common = csr_array(covers @ members.T)
    common.data = np.ceil(0.5 * common.data)
    return common


def least(members: csr_array) -> NDArray[np.float64]:
    """Return what sites chosen count together at least, by quorum: half, rounded up."""
    size = np.asarray(members.sum(axis=1), np.float64).ravel()
    rounded: NDArray[np.float64] = np.ceil(0.5 * size)
    return rounded


def violated(
    covers: csr_array, chosen: NDArray[np.float64], seed: int = 0, deadline: float = np.inf
) -> csr_array:
    """Find quorums that a fractional choice of sites does not reach.

    Parameters
    ----------
    covers
        Sites by villages, ones; every village is covered by what is chosen.
    chosen
        How much of each site is, shape (s,).
    seed
        Seed of the orders of elimination.
    deadline
        When to try no more of them, on the clock of :func:`time.perf_counter`.

    Returns
    -------
    csr_array
        Quorums by villages, ones, those violated most first.
    """
    rng = np.random.default_rng(seed)
    over = chosen @ covers - 1.0
    row = np.flatnonzero(over < 1.0 - _CLEAR)
    column = np.flatnonzero(chosen > _CLEAR)
    covered = covers[column][:, row].toarray().T > 0
    weight, slack = chosen[column], np.maximum(over[row], 0.0)
    found: dict[bytes, tuple[float, NDArray[np.bool_]]] = {}
    for trial in range(_TRIES):
        if time.perf_counter() >= deadline:
            break
        noise = rng.normal(size=column.size) if trial else np.zeros(column.size)
        order = np.argsort(-weight * np.exp(_NOISE * noise), kind="stable")
        for lacks, members in _eliminated(covered, weight, slack, order):
            found[members.tobytes()] = lacks, members
    best = sorted(found.values(), key=lambda pair: pair[0])[:_MOST]
    rows = np.array([members for _, members in best]).reshape(len(best), row.size)
    which, where = np.nonzero(rows)
    shape = (len(best), covers.shape[1])
    return csr_array((np.ones(which.size), (which, row[where])), shape=shape)


def _eliminated(
    covered: NDArray[np.bool_],
    weight: NDArray[np.float64],
    slack: NDArray[np.float64],
    order: NDArray[np.int64],
) -> list[tuple[float, NDArray[np.bool_]]]:
    """Add rows modulo two until columns are gone; return odd sums that are violated."""
    rows, sums = covered.copy(), np.eye(covered.shape[0], dtype=np.bool_)
    alive = np.ones(covered.shape[0], np.bool_)
    found = []
    for column in order.tolist():
        odd = np.flatnonzero(alive & rows[:, column])
        if not odd.size:
            continue
        pivot = odd[np.argmin(rows[odd] @ weight + sums[odd] @ slack)]
        alive[pivot] = False
        rest = odd[odd != pivot]
        rows[rest] ^= rows[pivot]
        sums[rest] ^= sums[pivot]
        rest = rest[sums[rest].sum(axis=1) % 2 == 1]
        value = rows[rest] @ weight + sums[rest] @ slack
        found += [
            (float(lacks), sums[k].copy())
            for k, lacks in zip(
                rest[value < 1.0 - _CLEAR], value[value < 1.0 - _CLEAR], strict=True
            )
        ]
    return found
