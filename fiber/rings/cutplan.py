"""Second routes by the relaxation over cuts: a better bound, and plans near it.

Whatever set of places holds a vertex and not the root must be left by two edges; those that
stand count. The linear programme over these sets is solved with sets that its own solution
violates, found by maximum flow; with whole numbers it gives plans. The bound is computed here
from the multipliers, as the value of the Lagrangian over 0 <= x <= 1, which holds for any of
them, so that it does not rest on the solver.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse.csgraph import breadth_first_order, maximum_flow

from phusong.fiber.network.polylines import Bools, Floats, Ints
from phusong.fiber.rings.augmentation import Augmentation, complete

LARGEST = 20_000
"""New edges beyond which the relaxation takes too long to be of use."""
_UNIT = 1_000_000
"""Capacity of a standing edge; flows are whole numbers."""
_NESTED = 4
"""Sets looked for behind one another for a vertex in one round."""


@dataclass
class _Cuts:
    """Sets that new edges must leave: rows of ``edges x >= need``."""

    problem: Augmentation
    edges: list[Ints] = field(default_factory=list)
    need: list[float] = field(default_factory=list)
    known: set[bytes] = field(default_factory=set)

    def add(self, inside: Bools) -> bool:
        """Take a set of vertices; False where it is known or asks for nothing."""
        p = self.problem
        crossing = inside[p.tail] != inside[p.head]
        need = 2.0 - float(crossing[: p.standing].sum())
        key = np.packbits(crossing).tobytes()
        if need <= 0 or key in self.known:
            return False
        self.known.add(key)
        self.edges.append(np.flatnonzero(crossing[p.standing :]))
        self.need.append(need)
        return True

    def matrix(self) -> Any:
        """Return the (sets, new edges) sparse matrix of who leaves which set."""
        sizes = [len(e) for e in self.edges]
        start = np.concatenate([[0], np.cumsum(sizes)])
        entries = np.concatenate(self.edges)
        shape = (len(sizes), len(self.problem.usd) - self.problem.standing)
        return sparse.csr_array((np.ones(len(entries)), entries, start), shape=shape)

    def violated(self, x: Floats, open_: Ints, nested: int) -> int:
        """Add the sets that (new edges,) ``x`` leaves too seldom; how many there were."""
        p, found = self.problem, 0
        for v in p.need[open_].tolist():
            share = np.concatenate([np.ones(p.standing), np.clip(x, 0.0, 1.0)])
            for _ in range(nested):
                sides = _least_cuts(p, share, int(v))
                fresh = [self.add(side) for side in sides]
                found += sum(fresh)
                if not any(fresh):
                    break
                for side in sides:
                    crossing = side[p.tail] != side[p.head]
                    share[crossing] = 1.0
        return found


def _least_cuts(problem: Augmentation, share: Floats, vertex: int) -> list[Bools]:
    """Return the sets nearest to a vertex and to the root that less than two leave."""
    n = problem.vertices
    # A little more than the share: of equal cuts the one of fewest edges comes first.
    room = (np.floor(share * _UNIT) + 1).astype(np.int32)
    both = (
        np.concatenate([problem.tail, problem.head]),
        np.concatenate([problem.head, problem.tail]),
    )
    graph = sparse.coo_array((np.tile(room, 2), both), shape=(n, n)).tocsr()
    result = maximum_flow(graph, vertex, problem.root)
    if result.flow_value >= 2 * _UNIT * (1 - 1e-4):
        return []
    left = graph - result.flow
    left.data = np.maximum(left.data, 0)
    left.eliminate_zeros()
    out = []
    for start, way in ((vertex, left), (problem.root, left.T.tocsr())):
        inside = np.zeros(n, dtype=bool)
        inside[breadth_first_order(way, start, return_predecessors=False)] = True
        out.append(inside)
    return out


def tighten(
    problem: Augmentation, alone: Floats, bought: Ints, bound: float, seconds: float
) -> tuple[Ints, float]:
    """Raise the bound of a plan of second routes, and look for a cheaper plan.

    Parameters
    ----------
    problem
        What is to be secured, contracted.
    alone
        (k,) cost of a second route for each vertex alone.
    bought, bound
        A plan, and what is proven so far.
    seconds
        For both; small overruns are possible.

    Returns
    -------
    bought, bound
        No worse than those given.
    """
    open_ = np.flatnonzero(np.isfinite(alone) & (alone > 0))
    cost = problem.usd[problem.standing :]
    if not len(open_) or len(cost) > LARGEST or seconds <= 0:
        return bought, bound
    deadline = time.perf_counter() + seconds
    cuts = _Cuts(problem)
    x = np.zeros(len(cost))
    while cuts.violated(x, open_, _NESTED) and time.perf_counter() < deadline:
        matrix, need = cuts.matrix(), np.array(cuts.need)
        relaxed = linprog(cost, A_ub=-matrix, b_ub=-need, bounds=(0, 1), method="highs")
        if relaxed.status != 0:
            return bought, bound
        x = np.asarray(relaxed.x)
        multiplier = np.maximum(-relaxed.ineqlin.marginals, 0.0)
        rest = cost - matrix.T @ multiplier
        proven = float(multiplier @ need + np.minimum(rest, 0.0).sum())
        bound = max(bound, proven * (1.0 - 1e-9))
    bought = _cheaper(problem, open_, np.flatnonzero(x > 0.5), bought)
    while time.perf_counter() < deadline and bound < problem.usd[bought].sum() * (1 - 1e-6):
        solved = milp(
            cost,
            integrality=np.ones(len(cost), dtype=np.int64),
            bounds=Bounds(0, 1),
            constraints=LinearConstraint(cuts.matrix(), np.array(cuts.need), np.inf),
            options={"time_limit": max(deadline - time.perf_counter(), 0.1), "mip_rel_gap": 1e-3},
        )
        if solved.x is None:
            break
        whole = np.round(solved.x)
        bought = _cheaper(problem, open_, np.flatnonzero(whole > 0.5), bought)
        if not cuts.violated(whole, open_, 1):
            break
    return bought, bound


def _cheaper(problem: Augmentation, open_: Ints, fresh: Ints, bought: Ints) -> Ints:
    """Complete new edges to a plan, and return it or the one there is."""
    plan = complete(problem, open_, fresh + problem.standing)
    return plan if problem.usd[plan].sum() < problem.usd[bought].sum() * (1 - 1e-12) else bought
