"""Graphs too large to be priced: the bound and the trees side by side, each on a core of its own.

Both take a fixed number of steps between two meetings, so that a run is the same whatever the
number of cores; only the time limit decides how far it gets.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import breadth_first_order, dijkstra

from phusong.fiber.steiner.bounds.potentials import Potentials
from phusong.fiber.steiner.node import WORK, exhausted
from phusong.fiber.steiner.reductions import reduce
from phusong.fiber.steiner.trees.construct import mehlhorn
from phusong.fiber.steiner.trees.search import polish, tree_from

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from phusong.fiber.steiner.graph import Graph
    from phusong.fiber.steiner.pool import Pool
    from phusong.fiber.steiner.problem import Problem
    from phusong.fiber.steiner.trees.search import Search

SWEEPS = 12
"""Sweeps of the potentials between two meetings: half of them guided."""
TREES = 1
"""Trees grown at perturbed costs between two meetings; one more is grown from the potentials."""
HUGE = 300_000
"""Edges beyond which one tree, grown from the potentials, is all there is time for."""
_SHARE = 0.15
"""Edges closed, as a share, at which the graph is reduced and the potentials begin anew."""


def close_in(search: Search, problem: Problem, pool: Pool, bound: float, *, least: float) -> float:
    """Raise the bound by potentials while trees are improved.

    Parameters
    ----------
    search
        Best tree and clock.
    problem
        The whole problem; reduced in place once many edges are closed, which ends the call.
    pool
        Trees.
    bound
        Lower bound known before.
    least
        Share of the gap by which the bound has to rise between two meetings for another one.

    Returns
    -------
    float
        The best lower bound; infinite when no better tree is left.
    """
    g = problem.graph
    root = middle(g, mehlhorn(g.indptr, g.adj, g.eid, g.wt, g.tail, g.head, g.cost, g.terminal))
    seed = int(search.rng.integers(2**32))
    potentials = Potentials(g, root, search.cost, seed)
    # However short the time, one ascent has been made: its bound stands.
    bound = max(bound, potentials.bound + problem.offset)
    search.raise_bound(bound)
    gone = np.zeros(g.m, np.bool_)
    lead = np.empty(0, np.int32)
    with ThreadPoolExecutor(1) as worker:
        while not search.done and search.step():
            weights = potentials.weights()
            before = bound
            raised = worker.submit(potentials.raise_bound, SWEEPS, lead, search.deadline)
            tree = polish(g, tree_from(g, weights, root), WORK, search.deadline)
            search.offer(problem, tree)
            pool.keep(problem, tree)
            if g.m <= HUGE:
                pool.improve(problem, TREES)
            lead = pool.trees[0][1]
            bound = max(bound, raised.result() + problem.offset)
            search.raise_bound(bound)
            if exhausted(search, problem, bound):
                return np.inf
            if not np.isfinite(potentials.now):
                return np.inf
            gone |= potentials.close(search.room(potentials.now + problem.offset))
            if gone.sum() > _SHARE * g.m:
                problem.delete(gone)
                reduce(problem)
                return np.inf if exhausted(search, problem, bound) else bound
            if bound - before < least * (search.cost - bound):
                break
    return bound


def middle(graph: Graph, tree: NDArray[np.int32]) -> int:
    """Return the terminal nearest to where a tree parts the terminals into halves.

    Potentials reach from their terminals to the root: from there they are the shortest.

    Parameters
    ----------
    graph
        The graph.
    tree
        Edges of a tree that spans its terminals.
    """
    g = graph
    # One more for each edge: a cost of zero would be no edge to scipy.
    rows = coo_array((g.cost[tree] + 1.0, (g.tail[tree], g.head[tree])), shape=(g.n, g.n)).tocsr()
    order, parent = breadth_first_order(rows, g.terminals[0], directed=False)
    below = g.terminal.astype(np.int64)
    for v in order[:0:-1]:
        below[parent[v]] += below[v]
    # Vertices with half of the terminals below them are a way down from the first.
    centre = order[2 * below[order] >= g.terminals.size][-1]
    far = dijkstra(rows, directed=False, indices=centre)[g.terminals]
    return int(g.terminals[np.argmin(far)])
