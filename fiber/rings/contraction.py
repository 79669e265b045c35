"""A smaller network with the same second routes: leaves cut off, chains drawn as one edge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from phusong.fiber.network.polylines import Bools, Ints
from phusong.fiber.rings.augmentation import Augmentation


@dataclass(frozen=True)
class Contracted:
    """A problem made smaller.

    Attributes
    ----------
    problem
        The smaller one.
    edge
        (m,) edge of the smaller problem that an edge of the first is part of, -1: of none.
    """

    problem: Augmentation
    edge: Ints

    def expand(self, bought: Ints) -> Ints:
        """Return the edges of the first problem that make up edges of the smaller one."""
        return np.flatnonzero(np.isin(self.edge, bought))


def contract(problem: Augmentation) -> Contracted:
    """Leave out edges that no second route uses, and join runs of edges between branches.

    A leaf that needs nothing leads nowhere; of a run of edges of one kind (standing or new)
    without a branch or a need, one lost edge is as bad as another, and all are bought or none.
    Costs of plans, and bounds, are the same in both.
    """
    fixed = np.zeros(problem.vertices, dtype=bool)
    fixed[problem.need] = fixed[problem.root] = True
    stands = np.arange(len(problem.tail)) < problem.standing
    keep = _without_leaves(problem, fixed)
    tail, head = problem.tail[keep], problem.head[keep]
    kind = stands[keep]
    chain = _chains(tail, head, kind, problem.vertices, fixed)
    count = int(chain.max(initial=-1)) + 1
    ends = _ends(tail, head, chain, count)
    usd = np.bincount(chain, weights=problem.usd[keep], minlength=count)
    standing = np.zeros(count, dtype=bool)
    standing[chain[kind]] = True
    whole = ends[:, 0] != ends[:, 1]
    order = np.concatenate([np.flatnonzero(whole & standing), np.flatnonzero(whole & ~standing)])
    number = np.full(count + 1, -1, dtype=np.int64)
    number[order] = np.arange(len(order))
    edge = np.full(len(problem.tail), -1, dtype=np.int64)
    edge[keep] = number[chain]
    vertices, at = np.unique(
        np.concatenate([ends[order].ravel(), problem.need, [problem.root]]), return_inverse=True
    )
    pairs = at[: 2 * len(order)].reshape(-1, 2)
    return Contracted(
        Augmentation(
            vertices=len(vertices),
            root=int(at[-1]),
            tail=pairs[:, 0].astype(np.int64),
            head=pairs[:, 1].astype(np.int64),
            usd=usd[order],
            standing=int((whole & standing).sum()),
            need=at[2 * len(order) : -1].astype(np.int64),
        ),
        edge,
    )


def _without_leaves(problem: Augmentation, fixed: Bools) -> Ints:
    """Return the edges that are left when loops and loose ends are taken off again and again."""
    keep = np.flatnonzero(problem.tail != problem.head)
    while True:
        degree = np.bincount(
            np.concatenate([problem.tail[keep], problem.head[keep]]), minlength=problem.vertices
        )
        loose = (degree == 1) & ~fixed
        out = loose[problem.tail[keep]] | loose[problem.head[keep]]
        if not out.any():
            return keep
        keep = keep[~out]


def _chains(tail: Ints, head: Ints, kind: Bools, vertices: int, fixed: Bools) -> Ints:
    """Return the chain of each edge: runs of one kind through vertices of two edges."""
    ends = np.concatenate([tail, head])
    edge = np.tile(np.arange(len(tail)), 2)
    degree = np.bincount(ends, minlength=vertices)
    standing = np.bincount(ends, weights=np.tile(kind, 2), minlength=vertices)
    inner = (degree == 2) & ~fixed & ((standing == 0) | (standing == 2))
    at = np.flatnonzero(inner[ends])
    pairs = edge[at[np.argsort(ends[at], kind="stable")]].reshape(-1, 2)
    matrix = coo_array(
        (np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(tail), len(tail))
    )
    return np.asarray(connected_components(matrix, directed=False)[1], dtype=np.int64)


def _ends(tail: Ints, head: Ints, chain: Ints, count: int) -> Ints:
    """Return (chains, 2) the ends of each; twice the same where it runs in a circle."""
    who = np.concatenate([chain, chain])
    vertex = np.concatenate([tail, head])
    pair, times = np.unique(np.stack([who, vertex]), axis=1, return_counts=True)
    odd = pair[:, times == 1]
    out = np.zeros((count, 2), dtype=np.int64)
    first = np.searchsorted(odd[0], np.arange(count), side="left")
    open_ = np.searchsorted(odd[0], np.arange(count), side="right") - first == 2
    out[open_, 0] = odd[1][first[open_]]
    out[open_, 1] = odd[1][first[open_] + 1]
    return out
