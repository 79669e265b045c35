"""A plan in years: each builds on what the years before have built, within its own budget.

What is left of a year's budget goes over to the next. The bound of a year is that of all the money
up to then spent at once on whatever is best; no order of building can do better in any year, so the
bounds of the years add up to one for the whole. Where a year builds few masts no order reaches it
in every year: a programme of all years together, in which what is built stays, bounds their sum
lower. Neither knows anything of the order found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from phusong.errors import InputError, Where
from phusong.planning.arborescence.money import (
    TIME_LIMIT_S,
    built,
    chosen_by_own_ways,
    spender_for,
    spent,
    within,
)
from phusong.planning.arborescence.siteplan import Plan, bill

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from phusong.planning.arborescence.bounds.certificate import Stage
    from phusong.planning.arborescence.growth.budgets import Choice
    from phusong.planning.arborescence.instance import Instance


@dataclass(frozen=True)
class Schedule:
    """What stands at the end of each year.

    Attributes
    ----------
    plans
        One a year; each holds all of the one before. ``people`` counts what they are weighted by.
    most_people
        By year, more than which no plan serves for the money up to then.
    most_together
        No years that build on each other serve more, added up. HiGHS vouches for it, having chosen
        whole sites by what they are charged at least.
    charges
        Potentials behind those charges, for
        :func:`phusong.planning.arborescence.review.recount.charged`; None unless asked for.
    """

    plans: tuple[Plan, ...]
    most_people: tuple[float, ...]
    most_together: float
    charges: Stage | None = None

    @property
    def spent(self) -> tuple[float, ...]:
        """What each year costs."""
        total = [0.0, *(plan.cost for plan in self.plans)]
        return tuple(b - a for a, b in pairwise(total))

    @property
    def served(self) -> float:
        """People served, added up over the years."""
        return float(sum(plan.people for plan in self.plans))

    @property
    def bound(self) -> float:
        """No order of building serves more, added up over the years."""
        return min(float(sum(self.most_people)), self.most_together)

    @property
    def gap(self) -> float:
        """Share of the bound that is not served."""
        return 1.0 - self.served / self.bound if self.bound > 0 else 0.0


def years(
    instance: Instance,
    budgets: Sequence[float],
    *,
    time_limit_s: float = TIME_LIMIT_S,
    seed: int = 0,
    certify: bool = False,
) -> Schedule:
    """Plan years with a budget each, most people served over all years.

    Four ways are tried and the best one kept: the best plan for all the money, from which each
    year before keeps the best part it can pay; the best plan of the first year, to which each year
    after adds the best it can pay; and sites chosen for all years at once, by ways of their own and
    by what they are charged at least, which also bounds what all years together serve.

    Parameters
    ----------
    instance
        What may be built; for the worst communes first, people weighted by :func:`worst_first`.
    budgets
        By year.
    time_limit_s
        Seconds for each budget that is looked at: about three a year, once for sites of all years
        by ways of their own, and once a year more for all of them by charges.
    certify
        Whether to keep what sites are charged in ``charges``; takes room.

    Raises
    ------
    InputError
        As for ``curve``; and when there is no year.
    """
    instance = instance.checked()
    if not len(budgets):
        raise InputError("there is no year to plan", Where(key="budgets"))
    total = np.cumsum(np.asarray(budgets, np.float64)).tolist()
    spender = spender_for(instance, total, time_limit_s, seed, keep=certify)
    free = spent(spender, total, time_limit_s)
    options = [
        _backwards(instance, total, free, time_limit_s, seed),
        _forwards(instance, total, free, time_limit_s, seed),
        _chosen(instance, total, chosen_by_own_ways(instance, total, time_limit_s)),
    ]
    bounds = [plan.most_people for plan in free]
    least = max(_served(plans) for plans in options)
    together, choices = spender.over_years(total, bounds, least, len(total) * time_limit_s)
    options.append(_chosen(instance, total, choices))
    plans = max(options, key=_served)
    stamped = [
        replace(
            plan,
            most_people=best.most_people,
            proven_bound=best.proven_bound,
            vouched=best.vouched,
        )
        for plan, best in zip(plans, free, strict=True)
    ]
    return Schedule(tuple(stamped), tuple(bounds), max(together, _served(plans)), spender.charges)


def _served(plans: list[Plan]) -> float:
    return float(sum(plan.people for plan in plans))


def worst_first(
    people: NDArray[np.float64], commune: NDArray[np.int64], population: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Weigh people by how dark their commune is.

    Parameters
    ----------
    people
        (v,) of each dark village.
    commune
        (v,) its commune.
    population
        Of each commune, those who have signal too.

    Returns
    -------
    numpy.ndarray
        People times the share of their commune that is in the dark, shape (v,): a person in a
        commune all dark counts five times one in a commune of which a fifth is.
    """
    dark = np.bincount(commune, weights=people, minlength=population.size)
    share = np.divide(dark, population, out=np.zeros(population.size), where=population > 0)
    weight: NDArray[np.float64] = people * np.minimum(share, 1.0)[commune]
    return weight


def _backwards(
    instance: Instance, total: list[float], free: list[Plan], seconds: float, seed: int
) -> list[Plan]:
    plans = [free[-1]]
    for budget in total[-2::-1]:
        after = plans[0]
        if after.cost <= budget:
            plans.insert(0, after)
            continue
        part, section, hop = _only(instance, after)
        found = within(part, budget, time_limit_s=seconds, seed=seed)
        plans.insert(0, replace(found, sections=section[found.sections], hops=hop[found.hops]))
    return plans


def _only(instance: Instance, plan: Plan) -> tuple[Instance, NDArray[np.int64], NDArray[np.int64]]:
    """Return the instance in which only what a plan builds can be built; its sections and hops."""
    i = instance
    built = np.zeros(i.sites.count, np.bool_)
    built[plan.sites] = True
    fibre = i.sites.lit.copy()
    fibre[plan.fibre_sites] = True
    serving = np.zeros(i.sites.count, np.bool_)
    serving[plan.serving] = True
    cover = serving[i.covers.site]
    pair = serving[i.pairs.a] & serving[i.pairs.b]
    part = replace(
        i,
        fibre=replace(
            i.fibre,
            tail=i.fibre.tail[plan.sections],
            head=i.fibre.head[plan.sections],
            cost=i.fibre.cost[plan.sections],
        ),
        sites=replace(
            i.sites,
            vertex=np.where(built & fibre, i.sites.vertex, -1),
            lit=i.sites.lit & built,
        ),
        hops=replace(
            i.hops,
            a=i.hops.a[plan.hops],
            b=i.hops.b[plan.hops],
            cost=i.hops.cost[plan.hops],
        ),
        villages=replace(
            i.villages, alternative=np.where(plan.alone, i.villages.alternative, np.inf)
        ),
        covers=replace(i.covers, site=i.covers.site[cover], village=i.covers.village[cover]),
        pairs=replace(i.pairs, a=i.pairs.a[pair], b=i.pairs.b[pair], village=i.pairs.village[pair]),
    )
    return part, plan.sections, plan.hops


def _forwards(
    instance: Instance, total: list[float], free: list[Plan], seconds: float, seed: int
) -> list[Plan]:
    plans = [free[0]]
    for budget, best in zip(total[1:], free[1:], strict=True):
        before = plans[-1]
        if before.people >= best.most_people:
            plans.append(before)
            continue
        left = max(budget - before.cost, 0.0)
        found = within(_paid(instance, before), left, time_limit_s=seconds, seed=seed)
        plans.append(_together(instance, before, found))
    return plans


def _chosen(instance: Instance, total: list[float], choices: list[Choice]) -> list[Plan]:
    """Build the sites chosen for each year."""
    plans: list[Plan] = []
    for year, choice in enumerate(choices):
        before = plans[-1] if plans else None
        part = instance if before is None else _paid(instance, before)
        left = total[year] - (before.cost if before is not None else 0.0)
        # What is left of a year's budget is kept for the next, except in the last.
        found = built(part, choice, max(left, 0.0), spend=year == len(total) - 1)
        plans.append(found if before is None else _together(instance, before, found))
    return plans


def _paid(instance: Instance, plan: Plan) -> Instance:
    """Return the instance in which a plan has been built: it costs nothing more and stays."""
    i = instance

    def without(price: NDArray[np.float64], items: NDArray[np.int64]) -> NDArray[np.float64]:
        left = price.copy()
        left[items] = 0.0
        return left

    locked = i.sites.locked.copy()
    locked[plan.sites] = True
    locked[plan.stranded] = False
    return replace(
        i,
        fibre=replace(i.fibre, cost=without(i.fibre.cost, plan.sections)),
        sites=replace(
            i.sites,
            cost=without(i.sites.cost, plan.sites),
            drop=without(i.sites.drop, plan.fibre_sites),
            radio=without(i.sites.radio, plan.serving),
            locked=locked,
        ),
        hops=replace(i.hops, cost=without(i.hops.cost, plan.hops)),
        villages=replace(
            i.villages,
            alternative=without(i.villages.alternative, np.flatnonzero(plan.alone)),
        ),
    )


def _together(instance: Instance, before: Plan, after: Plan) -> Plan:
    """Return a plan that holds what two hold; the later one says which way hops carry."""
    old = ~np.isin(before.hops, after.hops)
    hops = np.concatenate([after.hops, before.hops[old]])
    order = np.argsort(hops, kind="stable")
    serving = np.union1d(before.serving, after.serving)
    served_by = np.where(after.served_by >= 0, after.served_by, before.served_by)
    pair = np.where(served_by >= 0, -1, np.where(after.pair >= 0, after.pair, before.pair))
    # What was bought for a village alone stays bought, whoever serves it later.
    alone = before.alone | (after.alone & (served_by < 0) & (pair < 0))
    plan = replace(
        after,
        sections=np.union1d(before.sections, after.sections),
        fibre_sites=np.union1d(before.fibre_sites, after.fibre_sites),
        hops=hops[order],
        hop_from=np.concatenate([after.hop_from, before.hop_from[old]])[order],
        hop_to=np.concatenate([after.hop_to, before.hop_to[old]])[order],
        sites=np.union1d(before.sites, after.sites),
        serving=serving,
        served_by=served_by,
        pair=pair,
        alone=alone,
    )
    people = float(instance.villages.people[plan.served].sum())
    return replace(plan, cost=bill(instance, plan), people=people)
