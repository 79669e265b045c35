"""Towers and cables in one plan, never dearer than one after the other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from phusong.planning.arborescence import Instance, Plan, solve

Bools = NDArray[np.bool_]


def solve_both(instance: Instance, first: int, time_limit_s: float) -> Plan:
    """Solve for masts and commune centres at once, and one after the other; take the cheapest.

    Parameters
    ----------
    instance
        Masts and dark villages, then commune centres as both.
    first
        Number of the first village that stands for a centre.
    time_limit_s
        For the whole at once; one after the other has half of it for each part.

    Returns
    -------
    Plan
        Its bound is that of the whole at once: no order of building is cheaper than that.
    """
    both = solve(instance, time_limit_s=time_limit_s)
    if first in (0, instance.villages.count):
        return both
    options = [both, *one_after_the_other(instance, first, time_limit_s / 2)]
    best = min(options, key=lambda plan: plan.cost)
    return replace(
        best,
        reason=both.reason,
        lower_bound=min(both.lower_bound, best.cost),
        proven_bound=min(both.proven_bound, best.cost),
        vouched=both.vouched,
        seconds=both.seconds,
    )


def one_after_the_other(instance: Instance, first: int, time_limit_s: float) -> tuple[Plan, Plan]:
    """Return masts first and then cables, and the other way round; fibre laid first is shared.

    Parameters
    ----------
    instance, first
        As for :func:`solve_both`.
    time_limit_s
        For each of the four parts.
    """
    instance = instance.checked()
    centre = np.arange(instance.villages.count) >= first
    plans = []
    for mine in (~centre, centre):
        before = solve(_only(instance, mine), time_limit_s=time_limit_s)
        rest = _only(instance, ~mine)
        price = rest.fibre.cost.copy()
        price[before.sections] = 0.0
        rest = replace(rest, fibre=replace(rest.fibre, cost=price))
        plans.append(_union(before, solve(rest, time_limit_s=time_limit_s)))
    return plans[0], plans[1]


def _only(instance: Instance, mine: Bools) -> Instance:
    """Return the instance in which nothing serves the other villages."""
    covers, pairs, villages = instance.covers, instance.pairs, instance.villages
    cover, pair = mine[covers.village], mine[pairs.village]
    return replace(
        instance,
        villages=replace(villages, alternative=np.where(mine, villages.alternative, np.inf)),
        covers=replace(covers, site=covers.site[cover], village=covers.village[cover]),
        pairs=replace(pairs, a=pairs.a[pair], b=pairs.b[pair], village=pairs.village[pair]),
    )


def _union(one: Plan, other: Plan) -> Plan:
    """Return both plans, of which no village is in common; the other's price knows the one."""
    hops = np.concatenate([one.hops, other.hops])
    order = np.argsort(hops, kind="stable")
    return replace(
        one,
        sections=np.union1d(one.sections, other.sections),
        fibre_sites=np.union1d(one.fibre_sites, other.fibre_sites),
        hops=hops[order],
        hop_from=np.concatenate([one.hop_from, other.hop_from])[order],
        hop_to=np.concatenate([one.hop_to, other.hop_to])[order],
        sites=np.union1d(one.sites, other.sites),
        serving=np.union1d(one.serving, other.serving),
        served_by=np.maximum(one.served_by, other.served_by),
        pair=np.maximum(one.pair, other.pair),
        alone=one.alone | other.alone,
        cost=one.cost + other.cost,
        people=one.people + other.people,
    )
