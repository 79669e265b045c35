"""Most people for a sum: the same graph, with a price on leaving people out and a budget for all.

The objective is who is left out, and what is built is held to the budget by one row of the same
programme. Its multiplier is the price of a person; the value of the programme is the best bound
that any price gives, so no search over prices is needed.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from phusong.errors import InputError, Where
from phusong.planning.arborescence.bounds.integer import branch
from phusong.planning.arborescence.bounds.relaxation import Relaxation
from phusong.planning.arborescence.graph.digraph import lay
from phusong.planning.arborescence.graph.numbering import Kind
from phusong.planning.arborescence.graph.part import whole
from phusong.planning.arborescence.growth.gardener import Gardener, Growth
from phusong.planning.arborescence.planner import along, warm_up
from phusong.planning.arborescence.siteplan import Plan, Vouched, read, reasons, settle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from phusong.planning.arborescence.instance import Instance

TIME_LIMIT_S = 120.0
"""Seconds for one budget unless told otherwise."""
GAP = 1e-9
"""Share of the people that may be served at which a plan counts as proven best."""
_ROOM = 10_000_000
"""Entries of the potentials to begin with, at most."""
_TURNS = 60
"""Parts torn down and regrown of each plan grown at a price."""
_FACTORS = (1.0, 0.7, 1.4)
"""Prices of a person tried in growing plans, as multiples of that of the programme."""
_SHARE = 0.6
"""Share of the time in which the programme is relaxed; whole numbers have the rest."""


def within(
    instance: Instance,
    budget: float,
    *,
    time_limit_s: float = TIME_LIMIT_S,
    seed: int = 0,
) -> Plan:
    """Serve most people for a budget, and bound how many any plan within it serves.

    Parameters
    ----------
    instance
        What may be built; people of 0 count for nothing.
    budget
        What the plan may cost.
    time_limit_s
        Seconds to spend at most; small overruns are possible.
    seed
        Seed of the choices of the search.

    Raises
    ------
    InputError
        As for ``solve``; and when locked sites alone cost more than the budget.
    """
    return curve(instance, [budget], time_limit_s=time_limit_s, seed=seed)[0]


def curve(
    instance: Instance,
    budgets: Sequence[float],
    *,
    time_limit_s: float = TIME_LIMIT_S,
    seed: int = 0,
) -> list[Plan]:
    """Serve most people for each of several budgets; a larger one never serves fewer.

    Parameters
    ----------
    budgets
        In any order; plans come in the same.
    time_limit_s
        Seconds for each of them.
    """
    instance = instance.checked()
    _refuse(budgets)
    if np.isfinite(time_limit_s):
        warm_up()
    spender = _Spender(instance, seed)
    order = np.argsort(np.asarray(budgets, np.float64), kind="stable")
    plans: list[Plan] = [spender.nothing] * len(budgets)
    for k in order.tolist():
        plans[k] = spender.spend(float(budgets[k]), time_limit_s)
    # Who can be served for less can be served for more: a bound holds for all smaller budgets.
    least = np.inf
    for k in order[::-1].tolist():
        least = min(least, plans[k].most_people)
        plans[k] = replace(plans[k], most_people=max(least, plans[k].people))
    return plans


def _refuse(budgets: Sequence[float]) -> None:
    for k, budget in enumerate(budgets):
        if not budget >= 0 or not np.isfinite(budget):
            raise InputError(
                "the value {value} is negative or not finite",
                Where(key=f"budgets[{k}]"),
                "give a number of zero or more",
                {"value": float(budget)},
            )


class _Spender:
    """One graph, one programme and the best plan so far, for budgets that grow."""

    def __init__(self, instance: Instance, seed: int) -> None:
        self.instance = instance
        self.rng = np.random.default_rng(seed)
        self.part = whole(instance)
        layers = self.layers = lay(instance, miss=0.0)
        self.reason = reasons(layers)
        wanted = layers.village >= 0
        self.weight = np.where(wanted, layers.weight, 0.0)
        alone = np.where(wanted, instance.villages.alternative, np.inf)
        self.grower = Gardener(layers, alone, self.weight)
        self.total = float(self.weight.sum())
        bare = self.grower.serving(np.zeros_like(self.weight), alone).grow()
        if bare is None:  # pragma: no cover - stranded locked sites are no terminals
            message = "a locked site counted as reachable cannot be joined"
            raise AssertionError(message)
        self.bare = bare
        self.nothing = self._settled(bare)
        self.best = self.nothing
        self.relaxation: Relaxation | None = None

    def _settled(self, growth: Growth) -> Plan:
        missed = np.zeros(self.weight.size, np.bool_)
        return settle(self.instance, read(self.layers, self.part, growth, missed), self.reason)

    def spend(self, budget: float, seconds: float) -> Plan:
        """Return the best plan found for a budget not smaller than those before."""
        started = time.perf_counter()
        self.budget = budget
        if self.nothing.cost > budget * (1 + 1e-12):
            raise InputError(
                "the locked sites cost {cost} with backhaul, more than the budget of {budget}",
                Where(key="budget"),
                "raise the budget or unlock sites",
                {"cost": self.nothing.cost, "budget": budget},
            )
        self._offer(self.grower.afford(self.bare, budget))
        bound, proven = self._bound(started + _SHARE * seconds, started + seconds)
        vouched = Vouched.BRANCHING if bound < proven else Vouched.DUALS
        return replace(
            self.best,
            most_people=max(bound, self.best.people),
            proven_bound=max(proven, self.best.people),
            vouched=vouched,
            seconds=time.perf_counter() - started,
        )

    def _offer(self, growth: Growth) -> bool:
        plan = self._settled(growth)
        if plan.cost > self.budget * (1 + 1e-12):
            return False
        better = plan.people > self.best.people or (
            plan.people == self.best.people and plan.cost < self.best.cost
        )
        if better:
            self.best = plan
        return better

    def _served(self, missed: float) -> float:
        """People served at most when at least these are missed; whole where weights are."""
        most = self.total - max(missed, 0.0)
        if np.array_equal(self.weight, np.floor(self.weight)):
            most = float(np.floor(most + 1e-6))
        return most

    def _bound(self, relaxed: float, deadline: float) -> tuple[float, float]:
        """Return the bound on people, and as far as multipliers prove it."""
        if self.best.people >= self.total:
            return self.total, self.total
        r = self._programme()
        proven = self.total
        stalled, turn = 0, 0
        while r.solve(relaxed):
            now = self._served(r.bound)
            stalled = 0 if now < proven - 1e-4 * self.total else stalled + 1
            proven = min(proven, now)
            if turn % 5 == 4 or turn < 2:
                self._grow(r)
            turn += 1
            if self.best.people >= proven * (1 - GAP):
                return proven, proven
            r.drop_slack()
            found = r.separate(self.rng)
            priced = r.price_in() if turn % 2 or found < 30 else 0
            if not (found or priced) or stalled > 40:
                break
        self._grow(r)
        bound = proven
        while True:
            left = deadline - time.perf_counter()
            if left <= 0 or not np.isfinite(r.bound) or self.best.people >= bound * (1 - GAP):
                break
            room = self.total - self.best.people - r.bound
            able = np.flatnonzero(r.best_reduced <= room * (1 + 1e-9) + 1e-9)
            answer = branch(r, able, left, GAP)
            bound = min(bound, self._served(answer.bound))
            if answer.x is None:
                break
            r.x = answer.x
            r.activate(np.flatnonzero(answer.x > 0.5))
            self._chosen(answer.x)
            if not answer.finished or not r.separate(self.rng, most=2_000):
                break
        return max(bound, self.best.people), proven

    def _programme(self) -> Relaxation:
        if self.relaxation is not None:
            self.relaxation.allow(self.budget)
            return self.relaxation
        lay_ = self.layers
        missed = lay_.kind == Kind.MISSED
        objective = np.where(missed, self.weight[np.where(missed, lay_.ref, 0)], 0.0)
        r = self.relaxation = Relaxation(lay_, objective, self.budget)
        # Cuts to begin with: at a price of a person at which about everybody is worth serving.
        everybody = self.grower.grow()
        cost = everybody.cost if everybody is not None else float(lay_.price.sum())
        price = 2.0 * cost / max(self.total, 1e-300)
        on = lay_.column >= 0
        wt = np.where(on, lay_.graph.wt, np.inf)
        share = on & missed[lay_.column]
        wt[share] = price * objective[lay_.column[share]]
        slots = np.empty(0, np.int64)
        if everybody is not None:
            slots = everybody.enter[everybody.enter >= 0]
        r.start(wt, np.unique(lay_.column[slots]), _ROOM, slots)
        return r

    def _grow(self, r: Relaxation) -> None:
        """Grow plans at prices of a person near that of the programme, and make them fit."""
        price = 1.0 / max(r.worth, 1e-300)
        use = along(self.layers, r.x)
        wt = self.layers.graph.wt
        for factor in _FACTORS:
            penalty = factor * price * self.weight
            at_price = self.grower.serving(
                (self.weight > 0).astype(np.float64), np.minimum(self.grower.alone, penalty)
            )
            growth = at_price.grow(wt * (1.0 - use) + 1e-3 * wt)
            if growth is None:
                continue
            seed = int(self.rng.integers(2**31))
            growth = at_price.improve(growth, _TURNS, seed)
            direct = growth.direct & (self.grower.alone <= penalty)
            self._offer(self.grower.afford(Growth(growth.enter, direct, 0.0), self.budget))

    def _chosen(self, x: NDArray[np.float64]) -> None:
        """Take a choice in whole numbers as a plan."""
        lay_ = self.layers
        left = lay_.ref[(lay_.kind == Kind.MISSED) & (x > 0.5)]
        weight = self.weight.copy()
        weight[left] = 0.0
        use = along(lay_, x)
        growth = self.grower.serving(weight, self.grower.alone).grow(
            np.where(use > 0.99, 0.0, np.inf)
        )
        if growth is not None:
            self._offer(self.grower.afford(growth, self.budget))
