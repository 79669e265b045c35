"""The state of one run: best tree, best bound, the clock; and the heuristics that feed them."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from phusong.fiber.steiner.trees.construct import grow_tree, span
from phusong.fiber.steiner.trees.improve import exchange, insert_vertices

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from phusong.fiber.steiner.graph import Graph
    from phusong.fiber.steiner.problem import Problem


_CHUNK = 4_000_000
"""Slots an exchange may scan between two looks at the clock: about a second."""


@dataclass
class Search:
    """What is known so far about one connected instance with whole-number costs.

    Attributes
    ----------
    instance
        The graph before any reduction; trees are kept as its edges.
    deadline
        When to stop, on the clock of :func:`time.perf_counter`.
    rng
        Source of starts and perturbations.
    steps
        How many steps are left: ascents, meetings, packings, relaxations and trees.
    edges, cost
        The best tree.
    progress
        ``(seconds, cost, bound)`` whenever one of them got better.
    """

    instance: Graph
    deadline: float
    rng: np.random.Generator
    started: float = field(default_factory=time.perf_counter)
    steps: float = np.inf
    edges: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    cost: float = np.inf
    bound: float = 0.0
    progress: list[tuple[float, float, float]] = field(default_factory=list)

    @property
    def left_s(self) -> float:
        """Seconds left; none when the steps are used up."""
        return self.deadline - time.perf_counter() if self.steps > 0 else 0.0

    @property
    def done(self) -> bool:
        """Whether the tree is proven, or time or steps are over."""
        return self.bound >= self.cost or self.left_s <= 0

    def step(self) -> bool:
        """Begin a step; False when neither time nor steps are left for it."""
        if self.left_s <= 0:
            return False
        self.steps -= 1
        return True

    def _log(self) -> None:
        self.progress.append((time.perf_counter() - self.started, self.cost, self.bound))

    def room(self, bound: float) -> float:
        """Return what a better tree may cost beyond ``bound``: costs are whole numbers."""
        return self.cost - 1.0 - bound

    def raise_bound(self, bound: float) -> None:
        """Take a lower bound on all trees that are better than the best; whole numbers round up."""
        bound = min(float(np.ceil(bound)), self.cost)
        if bound > self.bound:
            self.bound = bound
            self._log()

    def offer(self, problem: Problem, edges: NDArray[np.int32]) -> bool:
        """Take a tree of a reduced problem if it is better than the best one known."""
        if float(problem.graph.cost[edges].sum()) + problem.offset >= self.cost:
            return False
        g = self.instance
        found = problem.original(edges)
        inside = np.zeros(g.n, np.bool_)
        inside[g.tail[found]] = True
        inside[g.head[found]] = True
        inside |= g.terminal
        tree = span(g.indptr, g.adj, g.eid, g.wt, g.tail, g.head, g.terminal, inside)
        self.edges = np.sort(tree).astype(np.int64)
        self.cost = float(g.cost[self.edges].sum())
        self._log()
        return True


def tree_from(graph: Graph, weight: NDArray[np.float64], start: int) -> NDArray[np.int32]:
    """Grow a tree over perturbed slot costs from ``start`` and span its vertices at true cost.

    Slots of infinite weight are not used for growing, so that not every terminal may be reached;
    the tree is then empty.
    """
    g = graph
    inside = grow_tree(g.indptr, g.adj, weight, g.terminal, start)
    if not inside[g.terminals].all():
        return np.empty(0, np.int32)
    tree: NDArray[np.int32] = span(g.indptr, g.adj, g.eid, g.wt, g.tail, g.head, g.terminal, inside)
    return tree


def polish(graph: Graph, edges: NDArray[np.int32], work: int, deadline: float) -> NDArray[np.int32]:
    """Improve a tree by local search until nothing gets cheaper.

    Parameters
    ----------
    graph
        The graph.
    edges
        Edges of a tree, int32; empty for none.
    work
        Slots scanned in exchanges at most.
    deadline
        When to stop, on the clock of :func:`time.perf_counter`.
    """
    g = graph
    cursor = 0
    while edges.size and cursor >= 0 and work > 0 and time.perf_counter() < deadline:
        edges = insert_vertices(
            g.indptr, g.adj, g.eid, g.wt, g.tail, g.head, g.cost, g.terminal, edges
        )
        edges, used, cursor = exchange(
            g.indptr,
            g.adj,
            g.eid,
            g.wt,
            g.tail,
            g.head,
            g.cost,
            g.terminal,
            edges,
            min(work, _CHUNK),
            cursor,
        )
        work -= used
    return edges


def edge_weights(graph: Graph, factor: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return slot costs multiplied by a factor per edge, shape (2m,)."""
    return graph.wt * factor[graph.eid]
