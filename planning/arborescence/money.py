"""Most people for a sum, and for several of them on one graph."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from phusong.errors import InputError, Where
from phusong.planning.arborescence.growth.budgets import Choice, by_budgets
from phusong.planning.arborescence.planner import warm_up
from phusong.planning.arborescence.siteplan import Plan, Vouched
from phusong.planning.arborescence.spender import Spender

if TYPE_CHECKING:
    from collections.abc import Sequence

    from phusong.planning.arborescence.instance import Instance

TIME_LIMIT_S = 120.0
"""Seconds for one budget unless told otherwise."""


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
    return spent(spender_for(instance, budgets, time_limit_s, seed), budgets, time_limit_s)


def spender_for(
    instance: Instance,
    budgets: Sequence[float],
    seconds: float,
    seed: int,
    *,
    keep: bool = False,
) -> Spender:
    """Return who spends budgets on a checked instance; budgets that are none are refused.

    ``keep`` keeps the potentials behind what sites are charged.
    """
    for k, budget in enumerate(budgets):
        if not budget >= 0 or not np.isfinite(budget):
            raise InputError(
                "the value {value} is negative or not finite",
                Where(key=f"budgets[{k}]"),
                "give a number of zero or more",
                {"value": float(budget)},
            )
    if np.isfinite(seconds):
        warm_up()
    return Spender(instance, seed, keep=keep)


def spent(spender: Spender, budgets: Sequence[float], seconds: float) -> list[Plan]:
    """Return the plan of each budget, see :func:`curve`; what is learnt stays with the spender."""
    order = np.argsort(np.asarray(budgets, np.float64), kind="stable")
    plans: list[Plan] = [spender.nothing] * len(budgets)
    for k in order.tolist():
        plans[k] = spender.spend(float(budgets[k]), seconds)
    # Who can be served for less can be served for more: a bound holds for all smaller budgets.
    least = proven = np.inf
    for k in order[::-1].tolist():
        plan = plans[k]
        least, proven = min(least, plan.most_people), min(proven, plan.proven_bound)
        plans[k] = replace(
            plan,
            most_people=max(least, plan.people),
            proven_bound=max(proven, plan.people),
            vouched=Vouched.BRANCHING if plan.people < proven > least else Vouched.DUALS,
        )
    return plans


def chosen_by_own_ways(
    instance: Instance, budgets: Sequence[float], seconds: float
) -> list[Choice]:
    """Choose sites for growing budgets, each holding those before; nothing when time runs out.

    Parameters
    ----------
    instance
        The instance, checked.
    budgets
        All that may be spent up to each.
    """
    spender = Spender(instance, 0)
    left = [max(budget - spender.nothing.cost, 0.0) for budget in budgets]
    return by_budgets(spender.covering, spender.weight, left, seconds) or []


def built(instance: Instance, choice: Choice, budget: float, *, spend: bool) -> Plan:
    """Return the plan of some sites by ways of their own, as far as a budget goes.

    Parameters
    ----------
    instance
        The instance, checked.
    spend
        Whether what is left over is spent on whatever else serves most for it.
    """
    spender = Spender(instance, 0)
    spender.budget = budget
    spender.offer(spender.bare)
    growth = spender.follow(choice)
    if growth is not None:
        spender.offer(growth)
        if spend or growth.cost > budget:
            spender.offer(spender.grower.afford(growth, budget))
    return spender.best
