"""Trees worth keeping: perturbed starts, and the best of what several trees use together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from phusong.fiber.steiner.node import WORK, ascend_rounds
from phusong.fiber.steiner.problem import Problem
from phusong.fiber.steiner.trees.search import edge_weights, polish, tree_from

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from phusong.fiber.steiner.graph import Graph
    from phusong.fiber.steiner.trees.search import Search

SIZE = 12
"""Trees kept."""


class Pool:
    """Good trees of one graph, forgotten when the graph is reduced further.

    Parameters
    ----------
    search
        Best tree and clock.
    """

    def __init__(self, search: Search) -> None:
        self.search = search
        self.graph: Graph | None = None
        self.trees: list[tuple[float, NDArray[np.int32]]] = []

    def improve(self, problem: Problem, count: int = 6) -> None:
        """Grow ``count`` trees at perturbed costs and combine those that are good."""
        search, g = self.search, problem.graph
        self._forget(g)
        for _ in range(count):
            if search.done or not search.step():
                return
            factor = search.rng.uniform(1.0, 1.35, g.m)
            if self.trees:
                # Away from what the pool agrees on, now and then towards it.
                used = np.zeros(g.m)
                for _, tree in self.trees:
                    used[tree] += 1.0 / len(self.trees)
                factor *= 1.0 + search.rng.uniform(-0.15, 0.25) * used
            tree = tree_from(g, edge_weights(g, factor), int(search.rng.choice(g.terminals)))
            tree = polish(g, tree, WORK, search.deadline)
            search.offer(problem, tree)
            self.keep(problem, tree)
        self._combine(problem)

    def _forget(self, graph: Graph) -> None:
        if graph is not self.graph:
            self.graph, self.trees = graph, []

    def keep(self, problem: Problem, tree: NDArray[np.int32]) -> None:
        """Keep a tree of the problem's graph, if it is among the best."""
        self._forget(problem.graph)
        tree = np.sort(tree)
        cost = float(problem.graph.cost[tree].sum())
        if any(cost == c and np.array_equal(tree, t) for c, t in self.trees):
            return
        self.trees.append((cost, tree))
        self.trees.sort(key=lambda pair: pair[0])
        del self.trees[SIZE:]

    def _combine(self, problem: Problem) -> None:
        """Solve on the union of some trees, where few edges are left to decide."""
        search, g = self.search, problem.graph
        if len(self.trees) < 2 or search.done:
            return
        count = int(search.rng.integers(2, min(5, len(self.trees)) + 1))
        chosen = search.rng.choice(len(self.trees), count, replace=False)
        union = np.unique(np.concatenate([self.trees[i][1] for i in chosen]))
        part = problem.copy()
        part.replace(g.tail[union], g.head[union], g.cost[union], problem.label[union], g.terminal)
        part.tidy()
        ascend_rounds(search, part, rounds=6, roots=2, share=0.02)
