"""Siting to check against: small instances drawn at random, the optimum by trying everything."""

from __future__ import annotations

import itertools

import numpy as np

from helpers.steiner import dreyfus_wagner
from phusong.planning.arborescence import (
    Covers,
    Fibre,
    Hops,
    Instance,
    Pairs,
    Sites,
    Villages,
)


def drawn(
    seed, *, junctions=9, sites=5, villages=5, pairs=2, limit=2, alternatives=True, locked=False
):
    """A small instance with ties: few distinct costs."""
    rng = np.random.default_rng(seed)
    tail = np.array([rng.integers(0, v) for v in range(1, junctions)])
    head = np.arange(1, junctions)
    more = rng.integers(0, junctions, (2, junctions // 2))
    tail, head = np.concatenate([tail, more[0]]), np.concatenate([head, more[1]])
    cover = np.argwhere(rng.random((sites, villages)) < 0.4)
    hop = np.array(list(itertools.combinations(range(sites), 2)))
    hop = hop[rng.random(len(hop)) < 0.4]
    pair = np.array([rng.permutation(sites)[:2] for _ in range(pairs)]).reshape(-1, 2)
    alternative = np.full(villages, np.inf)
    if alternatives:
        alternative[rng.random(villages) < 0.3] = 14.0
    return Instance(
        Fibre(junctions, np.array([0]), tail, head, rng.integers(0, 9, tail.size).astype(float)),
        Sites(
            rng.integers(3, 12, sites).astype(float),
            np.where(rng.random(sites) < 0.7, rng.integers(0, junctions, sites), -1),
            rng.integers(0, 4, sites).astype(float),
            rng.integers(0, 3, sites).astype(float),
            rng.random(sites) < 0.1,
            (rng.random(sites) < 0.15) if locked else np.zeros(sites, bool),
        ),
        Villages(rng.integers(1, 9, villages).astype(float), alternative),
        Covers(cover[:, 0], cover[:, 1]),
        Hops(hop[:, 0], hop[:, 1], rng.integers(1, 6, len(hop)).astype(float), limit),
        Pairs(pair[:, 0], pair[:, 1], rng.integers(0, villages, pairs)),
    ).checked()


def backhauls(instance):
    """Cheapest backhaul (fibre, drops, hops) of every set of sites that can have one."""
    i = instance
    fibre = {}

    def laid(fed):
        """Fibre to these sites."""
        if fed not in fibre:
            ends = [int(i.sites.vertex[s]) for s in fed if not i.sites.lit[s]]
            if any(e < 0 for e in ends):
                fibre[fed] = np.inf
            else:
                drops = sum(i.sites.drop[s] for s in fed if not i.sites.lit[s])
                root = int(i.fibre.lit[0])
                cost = dreyfus_wagner(
                    i.fibre.nodes, i.fibre.tail, i.fibre.head, i.fibre.cost, [root, *ends]
                )
                fibre[fed] = cost + drops
        return fibre[fed]

    price = np.full((i.sites.count, i.sites.count), np.inf)
    for a, b, c in zip(i.hops.a, i.hops.b, i.hops.cost, strict=True):
        price[a, b] = price[b, a] = min(price[a, b], c)
    best = {(): 0.0}
    every = range(i.sites.count)
    for size in range(1, i.sites.count + 1):
        for built in itertools.combinations(every, size):
            least = np.inf
            for number in range(1, size + 1):
                for fed in itertools.combinations(built, number):
                    rest = [s for s in built if s not in fed]
                    base = laid(fed)
                    if not np.isfinite(base):
                        continue
                    for sources in itertools.product(built, repeat=len(rest)):
                        up = dict(zip(rest, sources, strict=True))
                        cost = base + sum(price[s, t] for s, t in up.items())
                        if cost < least and all(_steps(up, s) <= i.hops.limit for s in rest):
                            least = cost
            if np.isfinite(least):
                best[built] = float(least)
    return best


def _steps(up, site):
    count = 0
    while site in up:
        site = up[site]
        count += 1
        if count > len(up):
            return np.inf
    return count


def every_plan(instance):
    """Yield (cost, served villages) of every sensible plan."""
    i = instance
    covers = {}
    for s, v in zip(i.covers.site.tolist(), i.covers.village.tolist(), strict=True):
        covers.setdefault(s, set()).add(v)
    locked = set(np.flatnonzero(i.sites.locked).tolist())
    best = backhauls(i)
    able = set().union(*best)
    for built, backhaul in best.items():
        if not locked & able <= set(built):
            continue
        towers = backhaul + sum(i.sites.cost[list(built)])
        for number in range(len(built) + 1):
            for serving in itertools.combinations(built, number):
                served = set().union(*(covers.get(s, set()) for s in serving))
                for a, b, v in zip(i.pairs.a, i.pairs.b, i.pairs.village, strict=True):
                    if a != b and a in serving and b in serving:
                        served.add(int(v))
                yield towers + sum(i.sites.radio[list(serving)]), served


def cheapest(instance):
    """Cost of the cheapest plan that serves what can be served."""
    plans = list(every_plan(instance))
    alternative = instance.villages.alternative
    able = set().union(*(served for _, served in plans))
    able |= set(np.flatnonzero(np.isfinite(alternative)).tolist())
    return min(cost + sum(alternative[list(able - served)]) for cost, served in plans)


def most_people(instance, budget):
    """Most people a plan within the budget serves, alternatives bought in the best way."""
    i = instance
    most = -np.inf
    for cost, served in every_plan(i):
        left = budget - cost
        if left < -1e-9:
            continue
        rest = [
            v
            for v in range(i.villages.count)
            if v not in served and np.isfinite(i.villages.alternative[v])
        ]
        for number in range(len(rest) + 1):
            for alone in itertools.combinations(rest, number):
                if sum(i.villages.alternative[list(alone)]) <= left + 1e-9:
                    most = max(most, sum(i.villages.people[[*served, *alone]]))
    return most
