"""The cut relaxation over few of the variables, and a bound over all of them that trusts no solver.

HiGHS solves the programme over the variables that matter; the others are zero until their reduced
cost says otherwise. The bound is computed here from whatever multipliers HiGHS proposes, as the
value of the Lagrangian over 0 <= x <= 1 and *all* variables, which holds for any multipliers of the
right sign: no variable has to be ruled out beforehand.

Rows are cuts between the root and a terminal (Wong 1984); vertices and sites entered at most once;
what enters a vertex that is no terminal leaves it (Polzin & Vahdati Daneshmand 2001); one pair a
village; quorums of villages, with potentials around cells; and a budget. Cuts and what keeps to
vertices and sites come when they are violated.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import highspy
import numpy as np
from highspy._core import _Highs  # highspy.Highs prints a banner before it can be told not to
from scipy.sparse import csr_array, vstack

from phusong.fiber.steiner.bounds.ascent import distances
from phusong.planning.arborescence.bounds.certificate import Dual, Row
from phusong.planning.arborescence.bounds.closing import around, led_by, raise_duals
from phusong.planning.arborescence.bounds.rises import rises, sides
from phusong.planning.arborescence.bounds.separation import Separator
from phusong.planning.arborescence.bounds.structure import structure
from phusong.planning.arborescence.graph.digraph import radios
from phusong.planning.arborescence.graph.numbering import Kind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from phusong.planning.arborescence.bounds.worth import Worth
    from phusong.planning.arborescence.graph.digraph import Layers

_AGE = 5
"""Solves a row may stay slack before it is dropped."""
_DIGITS = 2.0**42
"""Costs are rounded to whole multiples of a fraction of all of them for the ascent."""
_GROWTH = 0.1
"""Growth of components in the ascent whose cuts a programme begins with."""
START = 300_000
"""Variables to begin with, at least: with all of them multipliers are never wild."""
_SEARCHED = 40_000
"""Variables over which cuts are sought, besides those in use."""
_PRICED = 4_000
"""Variables taken in at most at a time."""
_KEPT = 0.8
"""Share of the mean of solutions that stays when another comes."""
_OUTSIDE = 0.3
"""Share of the way from that mean to the solution at which cuts are sought."""
_FEW = 20
"""Cuts found there below which the solution itself is asked."""


@dataclass(frozen=True)
class Proof:
    """Rows ``matrix @ x >= rhs`` of a relaxation and their multipliers."""

    matrix: csr_array
    rhs: NDArray[np.float64]
    kind: NDArray[np.int64]
    about: NDArray[np.int64]
    y: NDArray[np.float64]


class Relaxation:
    """The linear programme over the variables of a graph, growing by rows and variables.

    Parameters
    ----------
    layers
        The graph.
    objective
        What each variable costs, shape (c,).
    budget
        What all may cost at their price; None without a budget.
    """

    def __init__(
        self, layers: Layers, objective: NDArray[np.float64], budget: float | None = None
    ) -> None:
        self.layers = layers
        self.objective = objective
        self.unit = max(float(objective.mean()), 1e-300)
        self.money = max(float(layers.price.mean()), 1e-300)
        self.cost = objective / self.unit
        self.structure = structure(layers)
        self.taken = np.zeros(self.structure.rhs.size, np.bool_)
        count = layers.price.size
        self.active = np.zeros(count, np.bool_)
        self.open = np.ones(count, np.bool_)
        self.columns = np.empty(0, np.int64)
        self.x = np.zeros(count)
        self.centre = np.empty(0)
        self.matrix = csr_array((0, count))
        self.rhs = np.empty(0)
        self.age = np.empty(0, np.int64)
        self.kind = np.empty(0, np.int64)
        self.about = np.empty(0, np.int64)
        self.potentials = np.zeros(1, np.int64), np.empty(0, np.int64), np.empty(0)
        self.quorums = csr_array((0, layers.village.size))
        self.separator = Separator(layers)
        self.bound = -np.inf
        self.now = -np.inf
        self.reduced = np.zeros(count)
        self.best_reduced = self.reduced
        self.highs = _Highs()
        for option, value in (
            ("output_flag", False),
            ("threads", 1),
            ("random_seed", 0),
            ("presolve", "off"),
            ("simplex_strategy", 1),
        ):
            self.highs.setOptionValue(option, value)
        pairs = np.flatnonzero(self.structure.kind == Row.PAIR)
        self._take(pairs, keep=True)
        if budget is not None:
            row = csr_array(-layers.price[None, :] / self.money)
            about = np.zeros(1, np.int64)
            self._add(row, np.array([-budget / self.money]), int(Row.BUDGET), about, keep=True)

    def _add(
        self,
        rows: csr_array,
        rhs: NDArray[np.float64],
        kind: int | NDArray[np.int64],
        about: NDArray[np.int64],
        *,
        keep: bool = False,
    ) -> None:
        """Append rows ``rows @ x >= rhs``."""
        part = csr_array(rows[:, self.columns])
        self.highs.addRows(
            rhs.size,
            rhs,
            np.full(rhs.size, highspy.kHighsInf),
            part.nnz,
            part.indptr[:-1].astype(np.int32),
            part.indices.astype(np.int32),
            part.data.astype(np.float64),
        )
        self.matrix = vstack([self.matrix, rows], format="csr")
        self.rhs = np.concatenate([self.rhs, rhs])
        self.age = np.concatenate([self.age, np.full(rhs.size, -(10**9) if keep else 0)])
        self.kind = np.concatenate([self.kind, np.broadcast_to(kind, rhs.shape)])
        self.about = np.concatenate([self.about, about])

    def _take(self, which: NDArray[np.int64], *, keep: bool = False) -> None:
        s = self.structure
        self.taken[which] = True
        self._add(s.matrix[which], s.rhs[which], s.kind[which], s.about[which], keep=keep)

    def add_cuts(
        self,
        variables: NDArray[np.int64],
        bounds: NDArray[np.int64],
        terminal: NDArray[np.int64],
    ) -> int:
        """Append cuts as rows of variables, each with the vertex it separates; return how many."""
        if terminal.size:
            rows = csr_array(
                (np.ones(variables.size), variables, bounds),
                shape=(terminal.size, self.cost.size),
            )
            rows.sum_duplicates()
            rows.data[:] = 1.0
            name = self.layers.name[terminal]
            self._add(rows, np.ones(terminal.size), int(Row.CUT), name)
        return int(terminal.size)

    def activate(self, fresh: NDArray[np.int64]) -> None:
        """Take in variables."""
        fresh = fresh[~self.active[fresh]]
        if not fresh.size:
            return
        part = self.matrix[:, fresh].tocsc()
        self.highs.addCols(
            fresh.size,
            self.cost[fresh],
            np.zeros(fresh.size),
            np.ones(fresh.size),
            part.nnz,
            part.indptr[:-1].astype(np.int32),
            part.indices.astype(np.int32),
            part.data.astype(np.float64),
        )
        self.active[fresh] = True
        self.columns = np.concatenate([self.columns, fresh])

    def start(
        self,
        wt: NDArray[np.float64],
        used: NDArray[np.int64],
        room: int,
        tree: NDArray[np.int64],
        worth: Worth | None = None,
    ) -> None:
        """Begin with the potentials of a dual ascent and the variables it leaves cheap.

        Parameters
        ----------
        wt
            By slot what an arc costs by the objective, infinite where there is none.
        used
            Variables of plans known.
        room
            Entries of potentials at most.
        tree
            Slots of a plan that guides the ascent without worths; may be empty.
        worth
            How far terminals and cells are raised at first, see :mod:`.stars`. Quorums behind it
            are rows from the beginning.
        """
        lay, g = self.layers, self.layers.graph
        finite = np.isfinite(wt)
        scale = _DIGITS / max(float(wt[finite].sum()), 1e-300)
        whole = np.where(finite, np.floor(np.where(finite, wt, 0.0) * scale), np.inf)
        if worth is None:
            raised = raise_duals(lay, whole, _GROWTH, led_by(lay, tree), room)
        else:
            most = np.floor(worth.most * scale)
            raised = raise_duals(lay, whole, _GROWTH, worth.guide, room, most, worth.due)
            self._add_quorums(worth)
        after, before = distances(g.indptr, g.adj, g.twin, raised.slack, g.terminal, 0)
        slack = raised.slack
        row = np.repeat(np.arange(g.n), np.diff(g.indptr))
        on = np.flatnonzero(lay.column >= 0)
        least = np.full(lay.price.size, np.inf)
        np.minimum.at(least, lay.column[on], after[g.adj[on]] + slack[on] + before[row[on]])
        count = min(max(START, 2 * used.size), lay.price.size)
        order = np.argpartition(least, count - 1)[:count] if count else np.empty(0, np.int64)
        order = order[np.isfinite(least[order])]
        fixed = np.flatnonzero(lay.kind >= Kind.LAND)
        self.activate(np.unique(np.concatenate([order, used, fixed])))
        self._add_potentials(raised.bounds, raised.vertex, raised.height)

    def _add_potentials(
        self, bounds: NDArray[np.int64], vertex: NDArray[np.int32], height: NDArray[np.float64]
    ) -> None:
        """Append a row for each potential, the mean of the nested cuts it is made of."""
        lay, g = self.layers, self.layers.graph
        if bounds.size < 2:
            return
        share = height / np.repeat(height[bounds[:-1]], np.diff(bounds))
        rows, variables, rise = rises(
            g.indptr, g.adj, lay.column, bounds, vertex.astype(np.int64), share, g.n
        )
        self.potentials = bounds, lay.name[vertex], share
        # Around a cell something leads to it as much as its radio is paid.
        radio = radios(lay)[vertex[bounds[:-1]]]
        cell = np.flatnonzero(radio >= 0)
        matrix = csr_array(
            (
                np.concatenate([rise, -np.ones(cell.size)]),
                (np.concatenate([rows, cell]), np.concatenate([variables, radio[cell]])),
            ),
            shape=(bounds.size - 1, self.cost.size),
        )
        # Named by their place among the potentials, below zero; cuts by their terminal.
        about = -1 - np.arange(bounds.size - 1)
        self._add(matrix, np.where(radio < 0, 1.0, 0.0), int(Row.CUT), about)

    def _add_quorums(self, worth: Worth) -> None:
        """Append a row for each quorum."""
        if not worth.price.size:
            return
        self.quorums = worth.quorums
        entry = worth.counts.tocoo()
        radio = radios(self.layers)[worth.cells[entry.coords[0]]]
        shape = (worth.price.size, self.cost.size)
        rows = csr_array((entry.data, (entry.coords[1], radio)), shape=shape)
        self._add(rows, worth.least, int(Row.QUORUM), np.arange(shape[0]), keep=True)

    def solve(self, deadline: float) -> bool:
        """Solve the programme as it stands; False when the deadline or HiGHS cut it short."""
        left = deadline - time.perf_counter()
        if left <= 0:
            return False
        if np.isfinite(left):
            self.highs.setOptionValue("time_limit", self.highs.getRunTime() + left)
        self.highs.run()
        if self.highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return False
        solution = self.highs.getSolution()
        self.x[self.columns] = np.clip(solution.col_value, 0.0, 1.0)
        self._rate(np.maximum(np.asarray(solution.row_dual), 0.0))
        activity = np.asarray(solution.row_value)
        self.age = np.where(activity > self.rhs + 1e-6, self.age + 1, np.minimum(self.age, 0))
        return True

    def _rate(self, y: NDArray[np.float64]) -> None:
        """Compute bound and reduced costs of multipliers ``y >= 0``, whoever proposes them.

        ``c x >= y b + sum min(0, c - y A)`` over ``0 <= x <= 1``; a relative 1e-10 of all that was
        added is taken off for rounding.
        """
        reduced = np.where(self.open, self.cost - self.matrix.T @ y, np.inf)
        charged = np.minimum(reduced, 0.0)
        spent = float(np.abs(y * self.rhs).sum()) - float(charged.sum())
        bound = (float(y @ self.rhs) + float(charged.sum()) - 1e-10 * spent) * self.unit
        self.now = bound
        self.reduced = reduced * self.unit
        if bound > self.bound:
            self.bound = bound
            self.best_reduced = self.reduced
            live = np.flatnonzero(y > 0)
            self.proof = Proof(
                self.matrix[live], self.rhs[live], self.kind[live], self.about[live], y[live]
            )

    def price_in(self) -> int:
        """Take in open variables of negative reduced cost, most negative first; return how many."""
        wrong = np.flatnonzero(~self.active & (self.reduced < -1e-7 * self.unit))
        if wrong.size > _PRICED:
            wrong = wrong[np.argpartition(self.reduced[wrong], _PRICED)[:_PRICED]]
        self.activate(np.sort(wrong))
        return int(wrong.size)

    def dual(self, ceiling: float) -> Dual:
        """Return the best multipliers in terms of the graph: a cut becomes a potential."""
        lay, p = self.layers, self.proof
        cut = (p.kind == Row.CUT) & (p.about >= 0)
        first = np.flatnonzero((p.kind == Row.CUT) & (p.about < 0))
        quorum = p.kind == Row.QUORUM
        other = (p.kind != Row.CUT) & ~quorum
        members = self.quorums[p.about[quorum]]
        rows = p.matrix[np.flatnonzero(cut)]
        far = sides(
            *(lay.graph.indptr, lay.graph.adj, lay.graph.twin, lay.column),
            *(rows.indptr.astype(np.int64), rows.indices.astype(np.int64), lay.price.size),
        )
        count = far.sum(axis=1)
        which, vertex = np.nonzero(far)
        bounds, name, share = self.potentials
        mine = -1 - p.about[first]
        size = np.diff(bounds)[mine]
        start = np.repeat(bounds[mine] - np.cumsum(size) + size, size)
        taken = start + np.arange(start.size)
        return Dual(
            ceiling,
            np.concatenate([[0], np.cumsum(np.concatenate([size, count]))]),
            np.concatenate([name[taken], lay.name[vertex]]),
            np.concatenate([share[taken] * np.repeat(p.y[first], size), p.y[cut][which]])
            * self.unit,
            np.concatenate([around(lay, name[bounds[mine]]), np.full(count.size, -1)]),
            p.kind[other],
            p.about[other],
            p.y[other] * self.unit,
            members.indptr.astype(np.int64),
            members.indices.astype(np.int64),
            p.y[quorum] * self.unit,
        )

    def allow(self, budget: float) -> None:
        """Change the budget; rows stay, bounds begin anew."""
        (row,) = np.flatnonzero(self.kind == Row.BUDGET)
        self.rhs[row] = -budget / self.money
        self.highs.changeRowBounds(int(row), float(self.rhs[row]), highspy.kHighsInf)
        self.bound = -np.inf

    @property
    def worth(self) -> float:
        """What one more unit of money takes off the objective, by the best multipliers."""
        if not hasattr(self, "proof"):  # the time ran out before anything was proven
            return 0.0
        mine = self.proof.kind == Row.BUDGET
        return float(self.proof.y[mine].sum()) / self.money * self.unit

    def close(self, closed: NDArray[np.bool_]) -> None:
        """Fix variables at zero that no better plan uses; bool by variable."""
        gone = np.flatnonzero(closed & self.open)
        self.open[gone] = False
        place = np.flatnonzero(np.isin(self.columns, gone)).astype(np.int32)
        if place.size:
            none = np.zeros(place.size)
            self.highs.changeColsBounds(place.size, place, none, none)
            self.x[gone] = 0.0

    def slack(self) -> NDArray[np.float64]:
        """By slot the reduced cost of the best multipliers; variables shared count once a way."""
        lay = self.layers
        row = np.repeat(lay.name, np.diff(lay.graph.indptr))
        on = lay.column >= 0
        slack = np.where(on, np.maximum(self.best_reduced[lay.column], 0.0), np.inf)
        into = on & (row >= lay.names.first_village)
        cover = into & (lay.kind[lay.column] == Kind.RADIO)
        slack[cover | (into & (row >= lay.names.second_village))] = 0.0
        slack[on & ~self.open[lay.column]] = np.inf
        return slack

    def drop_slack(self) -> None:
        """Drop rows that have been slack for several solves."""
        gone = np.flatnonzero(self.age >= _AGE).astype(np.int32)
        if gone.size > 0.1 * self.rhs.size:
            self.highs.deleteRows(gone.size, gone)
            keep = np.ones(self.rhs.size, np.bool_)
            keep[gone] = False
            of_structure = self.kind[gone] != Row.CUT
            self._forget(self.kind[gone][of_structure], self.about[gone][of_structure])
            self.matrix = self.matrix[np.flatnonzero(keep)]
            self.rhs, self.age = self.rhs[keep], self.age[keep]
            self.kind, self.about = self.kind[keep], self.about[keep]

    def _forget(self, kind: NDArray[np.int64], about: NDArray[np.int64]) -> None:
        code = self.structure.kind * (self.layers.name[-1] + 1) + self.structure.about
        self.taken[np.isin(code, kind * (self.layers.name[-1] + 1) + about)] = False

    def _near(self) -> NDArray[np.bool_]:
        """Mark variables in use, and of the others those that are nearest to being used."""
        near = self.active & self.open
        if near.sum() > _SEARCHED:
            reduced = np.where(near, self.reduced, np.inf)
            near &= reduced <= np.partition(reduced, _SEARCHED)[_SEARCHED]
            near |= self.x > 1e-9
        return near

    def separate_inside(self, rng: np.random.Generator) -> int:
        """Append rows that a point between the last solutions and this one violates.

        Solutions of a programme that lacks cuts lie at far corners, each elsewhere, and cuts that
        part just these from the rest raise little; those of a point further inside go deep.
        """
        x = self.x
        self.centre = _KEPT * self.centre + (1.0 - _KEPT) * x if self.centre.size else x.copy()
        self.x = _OUTSIDE * x + (1.0 - _OUTSIDE) * self.centre
        found = self.separate(rng, most=2_000)
        self.x = x
        return found if found >= _FEW else found + self.separate(rng)

    def separate(self, rng: np.random.Generator, nested: int = 5, most: int = 400) -> int:
        """Append rows the present solution violates; return how many were found."""
        s = self.structure
        lacking = s.rhs - s.matrix @ self.x
        wrong = np.flatnonzero((lacking > 1e-6) & ~self.taken)
        if wrong.size:
            self._take(wrong)
        self.separator.use(self._near())
        order = rng.permutation(self.separator.sinks.size)
        found = self.separator.cuts(self.x, order, nested, most)
        return int(wrong.size) + self.add_cuts(*found)
