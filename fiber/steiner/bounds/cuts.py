"""The directed-cut relaxation, solved row by row with HiGHS, and a bound that trusts no solver.

Variables are arcs of an arborescence from the root; every cut between the root and a terminal must
be entered (Wong 1984), and flow is balanced at Steiner vertices (Polzin & Vahdati Daneshmand
2001). HiGHS proposes multipliers; the bound is computed here from whatever it proposes, as the
value of the Lagrangian over 0 <= x <= 1, which is valid for any multipliers of the right sign.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import highspy
import numpy as np
from highspy._core import (
    _Highs,
)  # highspy.Highs prints a banner to stdout before it can be told not to
from scipy import sparse

from phusong.fiber.steiner.bounds.ascent import ascend
from phusong.fiber.steiner.bounds.flow import violated

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from phusong.fiber.steiner.graph import Graph

_CREEP = 1e-6
"""Capacity lent to every arc in the search for cuts, so that cuts of few arcs come first."""
_AGE = 4
"""Solves a row may stay slack before it is dropped."""


@dataclass(frozen=True)
class Multipliers:
    """A valid bound with its reduced costs.

    Attributes
    ----------
    bound
        Lower bound on the cost of a tree of the graph that uses no closed arc.
    slack
        By slot ``s`` of ``v`` what a tree with the arc ``adj[s] -> v`` costs beyond the bound at
        least, float64, shape (2m,); infinite for closed arcs and those without a variable.
    """

    bound: float
    slack: NDArray[np.float64]


class CutModel:
    """The linear programme over the arcs of a graph, growing by violated cuts.

    Parameters
    ----------
    graph
        The graph.
    root
        A terminal.
    closed
        Slots whose arc no better tree uses, bool, shape (2m,).
    """

    def __init__(self, graph: Graph, root: int, closed: NDArray[np.bool_]) -> None:
        self.graph = graph
        self.root = root
        row = np.repeat(np.arange(graph.n), np.diff(graph.indptr))
        self.usable = ~closed & (row != root)
        self.slots = np.flatnonzero(self.usable)
        self.column = np.full(graph.adj.size, -1, np.int64)
        self.column[self.slots] = np.arange(self.slots.size)
        # Costs near one keep the tolerances of HiGHS meaningful whatever the unit of the costs.
        self.unit = max(float(graph.wt[self.slots].mean()), 1e-300) if self.slots.size else 1.0
        self.price = graph.wt[self.slots] / self.unit
        self.bound = 0.0
        self.x = np.zeros(graph.adj.size)
        self._start(row)

    def _start(self, row: NDArray[np.int64]) -> None:
        g, count = self.graph, self.slots.size
        self.highs = _Highs()
        for option, value in (
            ("output_flag", False),
            ("threads", 1),
            ("random_seed", 0),
            ("presolve", "off"),
            ("simplex_strategy", 1),
        ):
            self.highs.setOptionValue(option, value)
        empty = np.empty(0, np.int32)
        self.highs.addCols(
            count,
            self.price,
            np.zeros(count),
            np.ones(count),
            0,
            np.zeros(count, np.int32),
            empty,
            np.empty(0),
        )
        # What enters a Steiner vertex leaves it: out - in >= 0; no vertex is entered twice.
        into = row[self.slots]
        out_of = g.adj[self.slots]
        columns = np.arange(count)
        balance = sparse.csr_array(
            (
                np.concatenate([np.full(count, -1.0), np.ones(count)]),
                (np.concatenate([into, out_of]), np.concatenate([columns, columns])),
            ),
            shape=(g.n, count),
        )[np.flatnonzero(~g.terminal)]
        entered = sparse.csr_array((np.full(count, -1.0), (into, columns)), shape=(g.n, count))
        self.matrix = sparse.csr_array((0, count))
        self.rhs = np.empty(0)
        self.age = np.empty(0, np.int64)
        self._add(balance, np.zeros(balance.shape[0]), keep=True)
        self._add(entered, np.full(g.n, -1.0), keep=True)
        self.permanent = self.rhs.size

    def _add(self, rows: sparse.csr_array, rhs: NDArray[np.float64], *, keep: bool = False) -> None:
        """Append rows ``rows @ x >= rhs``."""
        rows = sparse.csr_array(rows)
        self.highs.addRows(
            rhs.size,
            rhs,
            np.full(rhs.size, highspy.kHighsInf),
            rows.nnz,
            rows.indptr[:-1].astype(np.int32),
            rows.indices.astype(np.int32),
            rows.data.astype(np.float64),
        )
        self.matrix = sparse.vstack([self.matrix, rows], format="csr")
        self.rhs = np.concatenate([self.rhs, rhs])
        self.age = np.concatenate([self.age, np.full(rhs.size, -(10**9) if keep else 0)])

    def add_cuts(self, store: NDArray[np.int32], bounds: NDArray[np.int64]) -> int:
        """Append the cuts between ``bounds`` of ``store`` (slots); return how many."""
        count = bounds.size - 1
        if count:
            columns = self.column[store[: bounds[-1]]]
            owner = np.repeat(np.arange(count), np.diff(bounds))
            live = columns >= 0
            rows = sparse.csr_array(
                (np.ones(int(live.sum())), (owner[live], columns[live])),
                shape=(count, self.slots.size),
            )
            self._add(rows, np.ones(count))
        return count

    def start_from_ascent(self, limit: int) -> None:
        """Append the cuts a dual ascent raises, up to ``limit`` entries."""
        g = self.graph
        store = np.empty(limit, np.int32)
        nothing = np.empty(0)
        _, _, bounds = ascend(
            g.indptr, g.adj, g.twin, g.wt, g.terminal, self.root, 0.0, store, nothing, nothing
        )
        self.add_cuts(store, bounds)

    def solve(self, deadline: float) -> bool:
        """Solve the programme as it stands; False when the deadline or HiGHS cut it short."""
        left = deadline - time.perf_counter()
        if left <= 0:
            return False
        self.highs.setOptionValue("time_limit", self.highs.getRunTime() + left)
        self.highs.run()
        if self.highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return False
        self.x[self.slots] = np.clip(self.highs.getSolution().col_value, 0.0, 1.0)
        return True

    def multipliers(self) -> Multipliers:
        """Turn the multipliers HiGHS proposes into a bound that holds without it.

        For any ``y >= 0``: ``c x >= y b + sum min(0, c - y A)`` over ``0 <= x <= 1``. Arcs that
        were closed are zero in every better tree and charge nothing. The sum is taken in float64;
        a relative 1e-10 of all that was added is taken off for its rounding.
        """
        y = np.maximum(np.asarray(self.highs.getSolution().row_dual), 0.0)
        live = self.usable[self.slots]
        left = (self.price - self.matrix.T @ y)[live]
        charged = np.minimum(left, 0.0)
        spent = float(np.abs(y * self.rhs).sum()) - float(charged.sum())
        bound = float(y @ self.rhs) + float(charged.sum()) - 1e-10 * spent
        slack = np.full(self.graph.adj.size, np.inf)
        slack[self.slots[live]] = np.maximum(left, 0.0) * self.unit
        self.bound = max(self.bound, bound * self.unit)
        return Multipliers(bound * self.unit, slack)

    def drop_slack(self) -> None:
        """Drop cuts that have been slack for several solves."""
        activity = np.asarray(self.highs.getSolution().row_value)
        self.age = np.where(activity > self.rhs + 1e-6, self.age + 1, np.minimum(self.age, 0))
        gone = np.flatnonzero(self.age >= _AGE).astype(np.int32)
        if gone.size > 0.1 * self.rhs.size:
            self.highs.deleteRows(gone.size, gone)
            keep = np.ones(self.rhs.size, np.bool_)
            keep[gone] = False
            self.matrix = self.matrix[np.flatnonzero(keep)]
            self.rhs, self.age = self.rhs[keep], self.age[keep]

    def close(self, closed: NDArray[np.bool_]) -> None:
        """Fix arcs (slots) to zero that no better tree uses."""
        gone = np.flatnonzero(closed & self.usable)
        if gone.size:
            columns = self.column[gone].astype(np.int32)
            self.highs.changeColsBounds(
                gone.size, columns, np.zeros(gone.size), np.zeros(gone.size)
            )
            self.usable[gone] = False

    def separate(self, order: NDArray[np.int32], nested: int) -> int:
        """Append cuts the present solution violates; return how many were found."""
        g = self.graph
        store = np.empty(max(4_000_000, 4 * g.adj.size), np.int32)
        capacity = np.where(self.usable, np.maximum(self.x, 0.0) + _CREEP, 0.0)
        bounds = violated(
            g.indptr, g.adj, g.twin, capacity, self.usable, order, self.root, nested, store
        )
        return self.add_cuts(store, bounds)
