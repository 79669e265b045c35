"""What to build for a given sum: most people reached, and a proof of how many at most."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from phusong.fiber.extension.ordering import build_order
from phusong.fiber.network.paths import cheapest_from, way_back
from phusong.fiber.network.polylines import Bools, Floats, Ints
from phusong.fiber.steiner import solve

PRICES_TRIED = 6


@dataclass(frozen=True)
class BudgetChoice:
    """A tree within the budget.

    Attributes
    ----------
    edges
        Its candidate edges.
    chosen
        (k,) whether a target is served.
    usd, benefit
        What it costs and brings.
    benefit_bound
        No tree within the budget brings more.
    """

    edges: Ints
    chosen: Bools
    usd: float
    benefit: float
    benefit_bound: float


@dataclass(frozen=True)
class _Graph:
    tail: Ints
    head: Ints
    usd: Floats
    vertices: int
    root: int
    target_vertex: Ints
    benefit: Floats


def choose_within_budget(
    tail: Ints,
    head: Ints,
    usd: Floats,
    vertices: int,
    root: int,
    target_vertex: Ints,
    benefit: Floats,
    budget_usd: float,
    time_limit_s: float,
) -> BudgetChoice:
    """Choose which targets to serve within a budget, and bound what could be served at most.

    Each target is given a price at which it may be left out (a prize-collecting Steiner tree),
    the same for every unit of benefit; the search over that price yields the sets of targets
    worth serving together. Every such problem also proves a bound: a tree within the budget
    ``B`` that leaves out benefit ``u`` costs at least ``bound(price) - price * u``, so ``u`` is
    at least ``(bound(price) - B) / price``.

    Parameters
    ----------
    tail, head, usd, vertices, root
        Candidate graph.
    target_vertex, benefit
        (k,) targets that can be reached, and what serving each is worth (> 0).
    budget_usd
        What may be spent.
    time_limit_s
        For all searches together.
    """
    g = _Graph(tail, head, usd, vertices, root, target_vertex, benefit)
    started = time.perf_counter()
    share = time_limit_s / (PRICES_TRIED + 2)
    every = solve(tail, head, usd, target_vertex, nodes=vertices, root=root, time_limit_s=share)
    best = _prefix(g, every.edges, np.ones(len(benefit), dtype=bool), budget_usd)
    bound = float(benefit.sum())
    if every.cost <= budget_usd:
        return _choice(g, best, bound)
    low, high = 0.0, 2.0 * every.cost / float(benefit.min())
    price = every.cost / float(benefit.sum())
    distance = _distances(g)
    for turn in range(PRICES_TRIED):
        if turn and time.perf_counter() - started > time_limit_s:
            break  # one price is always tried: without it there is no bound
        chosen, value = _at_price(g, price, distance, share)
        bound = min(bound, float(benefit.sum()) - (value - budget_usd) / price)
        if chosen.any():
            tree = solve(
                tail,
                head,
                usd,
                target_vertex[chosen],
                nodes=vertices,
                root=root,
                time_limit_s=share / 4,
            )
            best = max(best, _prefix(g, tree.edges, chosen, budget_usd), key=lambda b: b[0])
            if tree.cost > budget_usd:
                high = price
            else:
                low = price
        else:
            low = price
        price = np.sqrt(low * high) if low > 0 else price / 4.0
    best = _fill(g, best, budget_usd, share)
    return _choice(g, best, max(bound, best[0]))


_Best = tuple[float, Ints, Bools]


def _choice(g: _Graph, best: _Best, bound: float) -> BudgetChoice:
    gain, edges, chosen = best
    return BudgetChoice(edges, chosen, float(g.usd[edges].sum()), gain, bound)


def _prefix(g: _Graph, edges: Ints, chosen: Bools, budget_usd: float) -> _Best:
    """Build a tree in its best order while money lasts, passing over stages that cost too much."""
    picked = np.flatnonzero(chosen)
    stages = build_order(
        g.tail, g.head, g.usd, edges, g.root, g.target_vertex[picked], g.benefit[picked]
    )
    bought: list[int] = []
    served = np.zeros(len(g.benefit), dtype=bool)
    spent = 0.0
    for stage in stages:
        if spent + stage.usd > budget_usd * (1 + 1e-12):
            break
        spent += stage.usd
        bought.extend(stage.edges.tolist())
        served[picked[stage.target]] = True
    return float(g.benefit[served].sum()), np.array(bought, dtype=np.int64), served


def _fill(g: _Graph, best: _Best, budget_usd: float, seconds: float) -> _Best:
    """Build the chosen set anew at least cost, and add targets that then fit, best first."""
    gain, edges, chosen = best
    started = time.perf_counter()
    while time.perf_counter() - started < seconds and not chosen.all():
        spent = float(g.usd[edges].sum())
        cost, before = _from_tree(g, edges)
        reach = cost[g.target_vertex]
        fits = ~chosen & (spent + reach <= budget_usd)
        if not fits.any():
            break
        ratio = np.where(fits, g.benefit / np.maximum(reach, 1e-9), -1.0)
        pick = int(np.argmax(ratio))
        way = way_back(g.tail, g.head, before, int(g.target_vertex[pick]))
        edges = np.union1d(edges, way)
        chosen = chosen.copy()
        chosen[pick] = True
        gain += float(g.benefit[pick])
    return gain, edges, chosen


def _from_tree(g: _Graph, edges: Ints) -> tuple[Floats, Ints]:
    """Cheapest way from a tree to every vertex."""
    start = np.unique(np.concatenate([[g.root], g.tail[edges], g.head[edges]]))
    return cheapest_from(g.vertices, g.tail, g.head, g.usd, start)


def _distances(g: _Graph) -> Floats:
    return _from_tree(g, np.zeros(0, dtype=np.int64))[0][g.target_vertex]


def _at_price(g: _Graph, price: float, distance: Floats, seconds: float) -> tuple[Bools, float]:
    """Solve with the choice of leaving targets out; (served, lower bound of the whole).

    A target gets a leaf that is joined to it, or to the root for the price of leaving it out.
    Both ways cost the target's distance from the root more, so that no tree gains by running
    through a leaf: that constant is taken off again.
    """
    count = len(g.benefit)
    leaf = g.vertices + np.arange(count)
    fee = distance
    penalty = np.minimum(price * g.benefit, distance)
    result = solve(
        np.concatenate([g.tail, g.target_vertex, np.full(count, g.root)]),
        np.concatenate([g.head, leaf, leaf]),
        np.concatenate([g.usd, fee, fee + penalty]),
        leaf,
        nodes=g.vertices + count,
        root=g.root,
        time_limit_s=seconds,
    )
    edges = len(g.usd)
    bought = np.zeros(edges + 2 * count, dtype=bool)
    bought[result.edges] = True
    served = bought[edges : edges + count]
    return served, result.lower_bound - float(fee.sum())
