"""Ways for fibre without what no plan has to decide: dead ends go, chains become one section.

Both hold in the directed problem too: a dead end without a site is never laid, and of a chain of
sections all or none, whichever way the light goes. Special distances would not hold: they assume
that every terminal is spanned whichever side it is reached from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Chains:
    """Sections left, each a chain of sections given.

    Attributes
    ----------
    tail, head, cost
        Ends and costs, shape (k,).
    indptr, section
        Sections given of chain ``i``: ``section[indptr[i]:indptr[i + 1]]``, int64.
    """

    tail: NDArray[np.int64]
    head: NDArray[np.int64]
    cost: NDArray[np.float64]
    indptr: NDArray[np.int64]
    section: NDArray[np.int64]


def contract(
    nodes: int,
    tail: NDArray[np.int64],
    head: NDArray[np.int64],
    cost: NDArray[np.float64],
    kept: NDArray[np.bool_],
) -> Chains:
    """Contract what is no junction between vertices kept.

    Parameters
    ----------
    nodes
        Number of vertices.
    tail, head, cost
        Sections, shape (m,).
    kept
        Vertices that stay: those with light or sites, shape (nodes,).
    """
    owner = np.arange(tail.size)  # the chain each section given belongs to, -1 when it is gone
    while True:
        before = tail.size
        keep = _without_parallels(tail, head, cost) & _without_dead_ends(nodes, tail, head, kept)
        owner = _renumber(owner, np.where(keep, np.cumsum(keep) - 1, -1))
        tail, head, cost = tail[keep], head[keep], cost[keep]
        into = _chains(nodes, tail, head, kept)
        tail, head, cost, into = _join(tail, head, cost, into)
        owner = _renumber(owner, into)
        if tail.size == before:
            break
    section = np.flatnonzero(owner >= 0)
    section = section[np.argsort(owner[section], kind="stable")]
    count = np.bincount(owner[section], minlength=tail.size)
    return Chains(tail, head, cost, np.concatenate([[0], np.cumsum(count)]), section)


def _renumber(owner: NDArray[np.int64], into: NDArray[np.int64]) -> NDArray[np.int64]:
    if not into.size:
        return np.full(owner.size, -1, np.int64)
    return np.where(owner >= 0, into[owner], -1)


def _without_parallels(
    tail: NDArray[np.int64], head: NDArray[np.int64], cost: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Mark the cheapest section between every two vertices, the first of equals; no loops."""
    low, high = np.minimum(tail, head), np.maximum(tail, head)
    order = np.lexsort((np.arange(tail.size), cost, high, low))
    first = np.ones(tail.size, np.bool_)
    first[1:] = (low[order][1:] != low[order][:-1]) | (high[order][1:] != high[order][:-1])
    keep = np.zeros(tail.size, np.bool_)
    keep[order] = first
    cheapest: NDArray[np.bool_] = keep & (tail != head)
    return cheapest


def _without_dead_ends(
    nodes: int, tail: NDArray[np.int64], head: NDArray[np.int64], kept: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    alive = np.ones(tail.size, np.bool_)
    while True:
        degree = np.bincount(np.concatenate([tail[alive], head[alive]]), minlength=nodes)
        end = (degree == 1) & ~kept
        gone = alive & (end[tail] | end[head])
        if not gone.any():
            return alive
        alive &= ~gone


def _chains(
    nodes: int, tail: NDArray[np.int64], head: NDArray[np.int64], kept: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Label sections joined at vertices of degree two alike."""
    degree = np.bincount(np.concatenate([tail, head]), minlength=nodes)
    inner = (degree == 2) & ~kept
    ends = np.concatenate([tail, head])
    section = np.concatenate([np.arange(tail.size), np.arange(tail.size)])
    at = inner[ends]
    order = np.argsort(ends[at], kind="stable")
    two = section[at][order].reshape(-1, 2)
    links = coo_array((np.ones(len(two)), (two[:, 0], two[:, 1])), shape=(tail.size, tail.size))
    label: NDArray[np.int64] = connected_components(links, directed=False)[1].astype(np.int64)
    return label


def _join(
    tail: NDArray[np.int64],
    head: NDArray[np.int64],
    cost: NDArray[np.float64],
    label: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
    """Make one section of each label; rings that hang on nothing or on one vertex are loops."""
    count = int(label.max()) + 1 if label.size else 0
    ends = np.concatenate([tail, head])
    owner = np.concatenate([label, label])
    # An end of the chain stands once among the ends of its sections, an inner vertex twice.
    order = np.lexsort((ends, owner))
    ends, owner = ends[order], owner[order]
    alone = np.ones(ends.size, np.bool_)
    alike = (ends[1:] == ends[:-1]) & (owner[1:] == owner[:-1])
    alone[1:] &= ~alike
    alone[:-1] &= ~alike
    outer, whose = ends[alone], owner[alone]
    two = np.bincount(whose, minlength=count) == 2
    new_tail = np.zeros(count, np.int64)
    new_head = np.zeros(count, np.int64)
    mine = two[whose]
    new_tail[two] = outer[mine][::2]
    new_head[two] = outer[mine][1::2]
    total = np.bincount(label, weights=cost, minlength=count)
    into = np.where(two, np.cumsum(two) - 1, -1)
    return new_tail[two], new_head[two], total[two], into[label]
