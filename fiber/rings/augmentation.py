"""Adding edges at least cost until chosen vertices have two edge-disjoint routes to the root."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from phusong.fiber.failures.redundancy import LowLink, low_links
from phusong.fiber.network.csr import Graph
from phusong.fiber.network.paths import second_way
from phusong.fiber.network.polylines import Bools, Floats, Ints

ORDERS = 12
"""Orders of vertices and numbers of rounds the lower bound is tried with."""


@dataclass(frozen=True)
class Augmentation:
    """A network with single routes, and what may be added to it.

    Attributes
    ----------
    vertices, root
        Vertices, and the one that is light.
    tail, head, usd
        (m,) edges; the first ``standing`` of them stand already and cost nothing.
    standing
        Number of edges that stand.
    need
        (k,) vertices that are to have two edge-disjoint routes to the root.
    """

    vertices: int
    root: int
    tail: Ints
    head: Ints
    usd: Floats
    standing: int
    need: Ints

    def secure(self, bought: Ints) -> Bools:
        """Return (k,) which vertices have two routes once edges ``bought`` are built."""
        use = np.concatenate([np.arange(self.standing), bought]).astype(np.int64)
        low = low_links(Graph(self.vertices, self.tail[use], self.head[use]), np.array([self.root]))
        above = low.count_above(low.below_bridge)
        return np.asarray((above[self.need] == 0) & (low.entered[self.need] >= 0))

    def standing_search(self) -> LowLink:
        """Return the low links of what stands."""
        use = slice(0, self.standing)
        graph = Graph(self.vertices, self.tail[use], self.head[use])
        return low_links(graph, np.array([self.root]))


def augment(problem: Augmentation, seconds: float) -> tuple[Ints, Floats]:
    """Buy second routes one after the other, then take out what others have made needless.

    While time remains, a random part of the plan is torn down and bought anew, and kept where
    that is cheaper. The sequence of trials is the same for the same problem.

    Returns
    -------
    bought, alone
        Edges bought, sorted, and (k,) the least cost of a second route for each vertex alone
        (infinite where there is none, 0 where it has one).
    """
    started = time.perf_counter()
    graph = Graph(problem.vertices, problem.tail, problem.head)
    first = first_ways(problem)
    alone = alone_usd(problem)
    open_ = np.flatnonzero(np.isfinite(alone) & (alone > 0))
    if not len(open_):
        return np.zeros(0, dtype=np.int64), alone
    none = np.zeros(0, dtype=np.int64)
    best = _buy(problem, graph, first, open_[np.argsort(-alone[open_], kind="stable")], none)
    rng = np.random.default_rng(0)
    idle = 0
    while idle < 4 * len(open_) + 8 and time.perf_counter() - started < seconds:
        chain = chains(problem, best)
        kept = best[rng.random(chain.max(initial=-1) + 1)[chain] < 0.75]
        trial = _buy(problem, graph, first, rng.permutation(open_), kept)
        better = problem.usd[trial].sum() < problem.usd[best].sum() * (1 - 1e-12)
        best, idle = (trial, 0) if better else (best, idle + 1)
    return best, alone


def complete(problem: Augmentation, order: Ints, kept: Ints) -> Ints:
    """Secure vertices (rows of ``need``, in an order) beside edges that are kept, then prune."""
    graph = Graph(problem.vertices, problem.tail, problem.head)
    return _buy(problem, graph, first_ways(problem), order, kept)


def alone_usd(problem: Augmentation) -> Floats:
    """Return (k,) the least cost of a second route for each vertex by itself.

    Infinite where there is none, 0 where it has one already.
    """
    graph = Graph(problem.vertices, problem.tail, problem.head)
    first = first_ways(problem)
    alone = np.zeros(len(problem.need))
    for i in np.flatnonzero(~problem.secure(np.zeros(0, np.int64))):
        alone[i] = second_way(graph, problem.usd, first[i], int(problem.need[i]), problem.root).cost
    return alone


def first_ways(problem: Augmentation) -> list[Ints]:
    """Return the standing way of each vertex to the root."""
    low = problem.standing_search()
    ways = []
    for v in problem.need.tolist():
        way = []
        while low.parent[v] >= 0:
            way.append(int(low.parent_edge[v]))
            v = int(low.parent[v])  # noqa: PLW2901 - walks up
        ways.append(np.array(way, dtype=np.int64))
    return ways


def _buy(problem: Augmentation, graph: Graph, first: list[Ints], order: Ints, kept: Ints) -> Ints:
    """Secure vertices in an order, beside edges that are kept; return what is needed of both."""
    cost = problem.usd.copy()
    cost[kept] = 0.0
    bought = np.zeros(len(cost), dtype=bool)
    bought[kept] = True
    for i in order.tolist():
        way = second_way(graph, cost, first[i], int(problem.need[i]), problem.root).edges
        fresh = way[way >= problem.standing]
        bought[fresh] = True
        cost[fresh] = 0.0
    return _prune(problem, np.flatnonzero(bought))


def chains(problem: Augmentation, bought: Ints) -> Ints:
    """Return the number of each bought edge's chain, a run between places where others meet."""
    ends = np.concatenate([problem.tail[bought], problem.head[bought]])
    edge = np.tile(np.arange(len(bought)), 2)
    fixed = np.zeros(problem.vertices, dtype=bool)
    fixed[problem.tail[: problem.standing]] = fixed[problem.head[: problem.standing]] = True
    fixed[problem.need] = fixed[problem.root] = True
    inner = (np.bincount(ends, minlength=problem.vertices) == 2) & ~fixed
    at = np.flatnonzero(inner[ends])
    pairs = edge[at[np.argsort(ends[at], kind="stable")]].reshape(-1, 2)
    matrix = coo_array(
        (np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(bought), len(bought))
    )
    return np.asarray(connected_components(matrix, directed=False)[1], dtype=np.int64)


def _prune(problem: Augmentation, bought: Ints) -> Ints:
    """Take chains out, dearest first, as long as every vertex stays as secure as it is."""
    goal = problem.secure(bought)
    while True:
        chain = chains(problem, bought)
        price = np.bincount(chain, weights=problem.usd[bought])
        for number in np.argsort(-price, kind="stable").tolist():
            rest = bought[chain != number]
            if (problem.secure(rest) >= goal).all():
                bought = rest
                break
        else:
            return bought


def lower_bound(problem: Augmentation, alone: Floats, seconds: float = np.inf) -> float:
    """Return what no plan can undercut, by dual ascent.

    Take the vertices one by one. Within every distance ``r`` of a vertex, measured in what is
    left of the costs and short of the root, lies a set that exactly one standing edge leaves:
    some new edge must leave it too. The distance of the root is what these sets prove together;
    each edge pays its share of them out of its cost before the next vertex is taken, so the
    sum holds for all. Order and number of rounds decide how much is proven: the dearest vertex
    first in one round, which proves no less than that vertex alone costs, then others while
    time remains.

    Parameters
    ----------
    problem
        What is to be secured.
    alone
        (k,) cost of a second route for each vertex alone, see :func:`augment`.
    seconds
        For trying orders; the trials are the same for the same problem.
    """
    started = time.perf_counter()
    open_ = np.flatnonzero(np.isfinite(alone) & (alone > 0))
    if not len(open_):
        return 0.0
    graph = Graph(problem.vertices, problem.tail, problem.head)
    first = first_ways(problem)
    rng = np.random.default_rng(0)
    dearest = open_[np.argsort(-alone[open_], kind="stable")]
    best = 0.0
    for trial in range(ORDERS):
        order = dearest if trial < 4 else rng.permutation(open_)
        best = max(best, _ascend(problem, graph, first, order, rounds=1 + trial % 4))
        if time.perf_counter() - started > seconds:
            break
    return best


def _ascend(
    problem: Augmentation, graph: Graph, first: list[Ints], order: Ints, rounds: int
) -> float:
    """Grow the sets of each vertex in turn, by an even share of what is left in each round."""
    cost = problem.usd.copy()
    fresh = slice(problem.standing, None)
    tail, head = problem.tail[fresh], problem.head[fresh]
    total = 0.0
    for left in range(rounds, 0, -1):
        for i in order.tolist():
            way = second_way(graph, cost, first[i], int(problem.need[i]), problem.root)
            grown = way.cost / left
            height = np.minimum(way.distance, grown)
            cost[fresh] = np.maximum(cost[fresh] - np.abs(height[tail] - height[head]), 0.0)
            total += grown
    return total * (1.0 - 1e-12)
