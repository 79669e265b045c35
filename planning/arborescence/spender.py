"""Most people for a sum: the same graph, with a price on leaving people out and a budget for all.

Sites by ways of their own are the first plan. Where the network is left to charges, whole sites are
chosen by a small programme (:mod:`.charged`), which often decides a sum. Where it does not, what a
person is worth at the budget is the price at which ascents bound what any plan costs and leaves out
together, and so how many it serves. The cut relaxation goes on from there: its objective is who is
left out, and what is built is held to the budget by one row. The multiplier of that row is the
price of a person, and its value the best bound that any price gives, so no search over prices is
needed.
"""

from __future__ import annotations

import time
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from phusong.errors import InputError, Where
from phusong.planning.arborescence.bounds.certificate import Stage, stage
from phusong.planning.arborescence.bounds.integer import branch
from phusong.planning.arborescence.bounds.relaxation import Relaxation
from phusong.planning.arborescence.bounds.stars import RISE, Stars
from phusong.planning.arborescence.charged import Charged
from phusong.planning.arborescence.graph.digraph import lay
from phusong.planning.arborescence.graph.numbering import Kind
from phusong.planning.arborescence.graph.part import whole
from phusong.planning.arborescence.growth.budgets import (
    Choice,
    by_budgets,
    choices,
    price_of_a_person,
)
from phusong.planning.arborescence.growth.gardener import Gardener, Growth
from phusong.planning.arborescence.growth.ownways import Covering, along_ways, covering
from phusong.planning.arborescence.planner import along
from phusong.planning.arborescence.siteplan import Plan, Vouched, read, reasons, settle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from phusong.planning.arborescence.instance import Instance

GAP = 1e-9
"""Share of the people that may be served at which a plan counts as proven best."""
_ROOM = 10_000_000
"""Entries of the potentials to begin with, at most."""
_TURNS = 60
"""Parts torn down and regrown of each plan grown at a price."""
_FACTORS = (1.0, 0.7, 1.4)
"""Prices of a person tried in growing plans, as multiples of that of the programme."""
_PATIENCE = 8
"""Ascents at a price that raise the bound little before the programme has its turn."""
_SHARE = 0.6
"""Share of the time in which the programme is relaxed; whole numbers have the rest."""
_CHARGED = 0.4
"""Share of the time in which sums are decided by charges, plans by ways of their own included."""
_GAP_OF_YEARS = 1e-3
"""Gap at which sites for several budgets at once are good enough."""


class Spender:
    """One graph, one programme and the best plan so far, for budgets that grow."""

    def __init__(self, instance: Instance, seed: int, *, keep: bool = False) -> None:
        self.instance = instance
        self.keep = keep
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

    @cached_property
    def covering(self) -> Covering:
        """What is left where every site has a way of its own; the same for all budgets."""
        return covering(self.grower)

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
        self.offer(self.grower.afford(self.bare, budget))
        bound = proven = self.total
        if self.best.people < self.total:
            self._by_own_ways(0.2 * seconds)
            bound, proven = self._by_charges(started + _CHARGED * seconds)
        if self.best.people < bound * (1 - GAP):
            self.most = min(proven, self._at_a_price(started + _SHARE * seconds))
            further = self._bound(bound, started + _SHARE * seconds, started + seconds)
            bound, proven = min(bound, *further), min(proven, further[1])
        vouched = Vouched.BRANCHING if bound < proven else Vouched.DUALS
        return replace(
            self.best,
            most_people=max(bound, self.best.people),
            proven_bound=max(proven, self.best.people),
            vouched=vouched,
            seconds=time.perf_counter() - started,
        )

    def offer(self, growth: Growth) -> bool:
        """Take a growing plan if it is within the budget and better; tell whether it was."""
        plan = self._settled(growth)
        if plan.cost > self.budget * (1 + 1e-12):
            return False
        better = plan.people > self.best.people or (
            plan.people == self.best.people and plan.cost < self.best.cost
        )
        if better:
            self.best = plan
        return better

    def _by_own_ways(self, seconds: float) -> None:
        """Offer the plan of the sites that serve most by ways of their own."""
        left = self.budget - self.nothing.cost
        chosen = by_budgets(self.covering, self.weight, [left], seconds)
        growth = None if chosen is None else self.follow(chosen[0])
        if growth is not None:
            self.offer(self.grower.afford(growth, self.budget))

    @cached_property
    def charged(self) -> Charged:
        """What sites are charged at least; learnt from one budget to the next."""
        return Charged(self.layers, self.covering, self.weight, keep=self.keep)

    @property
    def charges(self) -> Stage | None:
        """What bounds rest on besides whole numbers; None unless potentials are kept."""
        return stage(self.layers, self.part, self.charged.duals) if self.keep else None

    def _by_charges(self, deadline: float) -> tuple[float, float]:
        """Return the bound on people by what sites are charged, and as far as multipliers prove."""
        if not self.covering.price.size:
            return self.total, self.total
        proven = self._whole(min(self.charged.relax(self.budget, deadline), self.total))
        bound = proven
        while self.best.people < bound * (1 - GAP):
            left = deadline - time.perf_counter()
            if left <= 0.0:
                break
            found = self.charged.decide([self.budget], [np.inf], left)
            bound = min(bound, self._whole(found.bound))
            if found.chosen is None:
                break
            growth = self.follow(choices(self.covering, found.chosen)[0])
            if growth is not None:
                self.offer(self.grower.afford(growth, self.budget))
            if not self.charged.learn(found.chosen[0], self.budget):
                break
        return bound, proven

    def over_years(
        self, budgets: Sequence[float], most: Sequence[float], least: float, seconds: float
    ) -> tuple[float, list[Choice]]:
        """Return what plans that build on each other serve at most in all, and sites for them.

        Parameters
        ----------
        budgets
            All that may be spent up to each year, growing.
        most
            By year, more than which no plan serves.
        least
            What is served over all years by plans that are known.

        Returns
        -------
        bound, choices
            The choices are those of the programme asked last, one a year; none when the time was
            too short. Each may cost more than it was charged.
        """
        bound = float(sum(most))
        chosen: list[Choice] = []
        deadline = time.perf_counter() + seconds
        while least < bound * (1 - GAP) and self.covering.price.size:
            left = deadline - time.perf_counter()
            if left <= 0.0:
                break
            found = self.charged.decide(budgets, most, left, least=least, gap=_GAP_OF_YEARS)
            bound = min(bound, self._whole(found.bound))
            if found.chosen is None:
                break
            chosen = choices(self.covering, found.chosen)
            pairs = zip(found.chosen, budgets, strict=True)
            if not sum(self.charged.learn(columns, budget) for columns, budget in pairs):
                break
        return max(bound, least), chosen

    def _whole(self, people: float) -> float:
        """As many people as there can be where at most so many are: whole where weights are."""
        if np.array_equal(self.weight, np.floor(self.weight)):
            return float(np.floor(people + 1e-6))
        return people

    def follow(self, choice: Choice) -> Growth | None:
        """Grow the plan of a choice along ways of their own; it serves no others."""
        covers = self.layers.instance.covers
        pairs = self.layers.instance.pairs
        able = np.zeros(self.layers.cell.size, np.bool_)
        able[choice.site] = True
        reached = np.zeros(self.weight.size, np.bool_)
        reached[covers.village[able[covers.site]]] = True
        reached[pairs.village[able[pairs.a] & able[pairs.b]]] = True
        reached[choice.alone] = True
        weight = np.where(reached, self.weight, 0.0)
        return along_ways(self.grower.serving(weight, self.grower.alone), choice.site)

    def _at_a_price(self, deadline: float) -> float:
        """Return how many any plan serves at most, by ascents at the price of a person."""
        left = self.budget - self.nothing.cost
        seconds = deadline - time.perf_counter()
        price = price_of_a_person(self.covering, self.weight, left, seconds)
        if price is None:
            return self.total
        layers = lay(self.instance, miss=price)
        stars = Stars(layers, deadline=deadline)
        ceiling = self.nothing.cost + price * self.total
        least, idle = 0.0, 0
        while idle < _PATIENCE and layers.graph.terminals.size and ceiling > 0.0:
            if least > 0.0 and time.perf_counter() >= deadline:
                break
            raised = stars.ascend(ceiling, keep=False)
            if raised is None:
                break
            idle = 0 if raised.bound > least * (1.0 + RISE) else idle + 1
            least = max(least, raised.bound)
        # Whoever spends the budget and leaves out some pays at least that for both together.
        return self._served((least - self.budget) / price)

    def _served(self, missed: float) -> float:
        """People served at most when at least these are missed."""
        return self._whole(self.total - max(missed, 0.0))

    def _bound(self, known: float, relaxed: float, deadline: float) -> tuple[float, float]:
        """Return the bound on people, and as far as multipliers prove it.

        Ends as soon as the best plan serves as many as the least bound, whoever vouches for it:
        ``known`` is that of whole sites by what they are charged.
        """
        if self.best.people >= self.total:
            return self.total, self.total
        proven, bound = self.most, min(self.most, known)
        if self.best.people >= bound * (1 - GAP):
            return bound, proven
        r = self._programme()
        stalled, turn, before = 0, 0, np.inf
        while r.solve(relaxed):
            now = self._served(r.bound)
            stalled = 0 if now < before - 1e-4 * self.total else stalled + 1
            before = min(before, now)
            proven, bound = min(proven, now), min(bound, now)
            if turn % 5 == 4 or turn < 2:
                self._grow(r)
            turn += 1
            if self.best.people >= bound * (1 - GAP):
                return bound, proven
            r.drop_slack()
            found = r.separate(self.rng)
            priced = r.price_in() if turn % 2 or found < 30 else 0
            if not (found or priced) or stalled > 40:
                break
        self._grow(r)
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
            self.offer(self.grower.afford(Growth(growth.enter, direct, 0.0), self.budget))

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
            self.offer(self.grower.afford(growth, self.budget))
