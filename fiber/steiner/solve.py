"""The solver's front: ``solve(tail, head, cost, terminals)`` gives a tree and a proven bound."""

from __future__ import annotations

import heapq
import time
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from phusong.fiber.steiner.given import (
    LARGEST_PRICED,
    checked,
    connected,
    first_tree,
    fullest,
    scaled,
)
from phusong.fiber.steiner.graph import build, components
from phusong.fiber.steiner.large import HUGE, close_in
from phusong.fiber.steiner.node import WORK, ascend_rounds, exhausted, price_rounds, relax
from phusong.fiber.steiner.pool import Pool
from phusong.fiber.steiner.problem import Ledger, Problem
from phusong.fiber.steiner.reductions import reduce
from phusong.fiber.steiner.rootparts import Apart
from phusong.fiber.steiner.trees.search import Search, polish, tree_from

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

RELAX_EDGES = 2_000
"""Edges left up to which the exact relaxation is worth its time."""
LARGEST_RELAX = 10_000
"""Edges left beyond which it is not even tried."""
TIME_LIMIT_S = 10.0
"""Seconds spent on a graph unless told otherwise."""


@dataclass(frozen=True)
class SteinerResult:
    """A tree and what is proven about it.

    Attributes
    ----------
    edges
        Indices of the tree's edges into the arrays given, ascending, int64.
    cost
        Sum of their costs.
    lower_bound
        No tree that spans the terminals (those not ``unreachable``) costs less.
    seconds
        Time taken, without compiling.
    status
        ``"optimal"``, or ``"feasible"`` when time ended with a gap left.
    unreachable
        Terminals that no edges join to the root (or, without one, to the connected part that
        holds most terminals); they are not spanned.
    progress
        ``(seconds, cost, lower_bound)`` of every improvement, the first tree first; of the end
        only, where the graph falls apart at its root and its parts are solved one by one.
    """

    edges: NDArray[np.int64]
    cost: float
    lower_bound: float
    seconds: float
    status: str
    unreachable: NDArray[np.int64]
    progress: tuple[tuple[float, float, float], ...]

    @property
    def gap(self) -> float:
        """Gap between cost and bound as a share of the bound; 0 when both are 0."""
        if self.cost <= self.lower_bound:
            return 0.0
        return (self.cost - self.lower_bound) / self.lower_bound if self.lower_bound else np.inf


def solve(
    tail: ArrayLike,
    head: ArrayLike,
    cost: ArrayLike,
    terminals: ArrayLike,
    *,
    nodes: int | None = None,
    root: int | None = None,
    time_limit_s: float = TIME_LIMIT_S,
    steps: int | None = None,
    seed: int = 0,
) -> SteinerResult:
    """Find a cheap tree that spans the terminals of an undirected graph, and bound the cheapest.

    The same input and seed give the same tree whenever the run ends before its time limit; the
    limit decides only how far along one fixed sequence of steps a run gets. Where the same result
    is wanted on every machine, count the steps and set the time limit to infinity.

    Parameters
    ----------
    tail, head
        Ends of the edges, whole numbers from 0, shape (m,). Loops and parallel edges are allowed.
    cost
        Edge costs, finite and not negative, shape (m,).
    terminals
        Vertices to span, each at most once more than needed: repeats are ignored.
    nodes
        Number of vertices; by default one more than the greatest named.
    root
        A vertex the tree must hold (spanned like a terminal); decides which connected part counts
        as reachable.
    time_limit_s
        Seconds to spend at most; small overruns are possible on large graphs.
    steps
        Steps to take at most: ascents, packings, relaxations, trees, meetings of two threads. Of
        each part, where the graph falls apart at its root.
    seed
        Seed of the order in which starts and roots are tried.

    Raises
    ------
    InputError
        When arrays do not fit together, a vertex is out of range, a cost is negative or not
        finite, or there is no terminal.
    """
    if np.isfinite(time_limit_s):
        warm_up()  # a limit is for solving: compiling on a new machine takes longer than most
    started = time.perf_counter()
    ends, price, marks, nodes = checked(tail, head, cost, terminals, nodes, root)
    part = components(nodes, ends[0], ends[1])
    home = part[root] if root is not None else fullest(part[marks])
    unreachable = marks[part[marks] != home]
    wanted = marks[part[marks] == home]
    if wanted.size == 1:
        seconds = time.perf_counter() - started
        nothing = np.empty(0, np.int64)
        return SteinerResult(
            nothing, 0.0, 0.0, seconds, "optimal", unreachable, ((seconds, 0.0, 0.0),)
        )
    search = _Searching(started, started + time_limit_s, steps, seed)
    apart = None if root is None else Apart(ends, price, wanted, nodes, root)
    if apart is None or apart.names.size <= 1:
        found = search.part(ends, price, wanted, part == home)
    else:
        found = search.parts(apart, price)
    total = float(price[found.edges].sum())
    bound = min(found.bound, total)
    return SteinerResult(
        found.edges,
        total,
        bound,
        time.perf_counter() - started,
        "optimal" if found.proven or bound >= total * (1 - 1e-9) else "feasible",
        unreachable,
        found.progress,
    )


@dataclass(frozen=True)
class _Found:
    edges: NDArray[np.int64]
    bound: float
    proven: bool
    progress: tuple[tuple[float, float, float], ...]


@dataclass(frozen=True)
class _Searching:
    """When a run began and has to end, and what else its searches are begun with."""

    started: float
    deadline: float
    steps: int | None
    seed: int

    def part(
        self,
        ends: NDArray[np.int32],
        price: NDArray[np.float64],
        wanted: NDArray[np.int64],
        inside: NDArray[np.bool_],
        share: float = 1.0,
    ) -> _Found:
        """Solve a connected part in a share of the time that is left."""
        graph, edge = connected(ends, price, wanted, inside)
        scale, whole = scaled(graph)
        now = time.perf_counter()
        deadline = now + share * (self.deadline - now)
        search = Search(whole, deadline, np.random.default_rng(self.seed), self.started)
        search.steps = np.inf if self.steps is None else self.steps
        _run(search, np.arange(graph.m))
        return _Found(
            np.sort(edge[search.edges]),
            search.bound / scale,
            search.bound >= search.cost,
            tuple((s, c / scale, b / scale) for s, c, b in search.progress),
        )

    def parts(self, apart: Apart, price: NDArray[np.float64]) -> _Found:
        """Solve parts that meet at the root only; time that one leaves is for those that follow."""
        found = []
        blocks = list(apart.blocks())
        left = sum(len(block.edge) for block in blocks)
        for block in blocks:
            inside = np.ones(int(max(block.tail.max(), block.head.max())) + 1, np.bool_)
            ends = np.stack([block.tail, block.head])
            share = len(block.edge) / left
            left -= len(block.edge)
            one = self.part(ends, price[block.edge], block.terminals, inside, share)
            found.append(replace(one, edges=block.edge[one.edges]))
        edges = np.concatenate([one.edges for one in found])
        edges = np.sort(np.concatenate([edges, apart.ways_to_root(edges, price)]))
        bound = sum(one.bound for one in found)
        seconds = time.perf_counter() - self.started
        progress = ((seconds, float(price[edges].sum()), bound),)
        return _Found(edges, bound, all(one.proven for one in found), progress)


@cache
def warm_up() -> None:
    """Compile every kernel (or load it from the cache), so that time limits are for solving."""
    side = 9
    index = np.arange(side * side).reshape(side, side)
    tail = np.concatenate([index[:, :-1].ravel(), index[:-1].ravel()])
    head = np.concatenate([index[:, 1:].ravel(), index[1:].ravel()])
    cost = np.random.default_rng(1).integers(50, 99, tail.size)
    search = Search(
        build(
            tail.astype(np.int32),
            head.astype(np.int32),
            cost.astype(np.float64),
            np.isin(np.arange(side * side), index[::2, ::3]),
        ),
        np.inf,
        np.random.default_rng(0),
    )
    problem = Problem(search.instance, np.arange(tail.size), Ledger(tail.size))
    search.offer(problem, first_tree(search.instance))
    close_in(search, problem.copy(), Pool(search), 0.0, least=1.0)
    price_rounds(search, problem.copy(), 0.0, floor=0)
    relax(search, problem.copy(), 0.0, top=False)
    solve(tail, head, cost, index[::2, ::3].ravel(), time_limit_s=np.inf)


def _run(search: Search, label: NDArray[np.int64]) -> None:
    g = search.instance
    problem = Problem(g, label, Ledger(g.m))
    search.offer(problem, first_tree(g))
    reduce(problem)
    if exhausted(search, problem, problem.offset):
        search.raise_bound(search.cost)
        return
    bound = 0.0
    pool = Pool(search)
    if problem.graph.m > HUGE:
        bound = close_in(search, problem, pool, bound, least=-1.0)
    else:
        tree = tree_from(problem.graph, problem.graph.wt, int(problem.graph.terminals[0]))
        search.offer(problem, polish(problem.graph, tree, WORK, search.deadline))
        # One ascent deletes the worst; on large graphs potentials do better from there on.
        rounds, roots = (20, 4) if problem.graph.m <= LARGEST_PRICED else (1, 1)
        bound = ascend_rounds(search, problem, rounds=rounds, roots=roots, share=0.03)
    search.raise_bound(bound)
    while not search.done and problem.graph.m <= LARGEST_PRICED:
        before = problem.graph.m
        if before > RELAX_EDGES:
            bound = max(bound, close_in(search, problem, pool, bound, least=0.05))
            search.raise_bound(bound)
        pool.improve(problem)
        if not np.isfinite(bound) or problem.graph.m <= RELAX_EDGES:
            break
        bound = max(bound, price_rounds(search, problem, bound, floor=RELAX_EDGES))
        search.raise_bound(bound)
        if np.isfinite(bound):
            bound = max(bound, ascend_rounds(search, problem, rounds=2, roots=2, share=0.03))
            search.raise_bound(bound)
        if problem.graph.m > 0.9 * before:
            break
    if not search.done and problem.graph.m <= LARGEST_RELAX:
        _branch(search, problem)
    while not search.done:
        if problem.graph.m > LARGEST_RELAX:
            bound = max(bound, close_in(search, problem, pool, bound, least=-1.0))
            search.raise_bound(bound)
        else:
            pool.improve(problem)


def _branch(search: Search, problem: Problem) -> None:
    """Best-first over subproblems that hold a vertex or do not; the root is the whole problem."""
    queue: list[tuple[float, int, Problem]] = [(search.bound, 0, problem)]
    serial = 1
    while queue and not search.done:
        bound, _, node = queue[0]
        top = serial == 1
        if not exhausted(search, node, bound):
            if not top:
                bound = max(bound, ascend_rounds(search, node, rounds=3, roots=2, share=0.05))
            entered = None
            if np.isfinite(bound):
                bound, entered = relax(search, node, bound, top=top)
            if np.isfinite(bound) and search.left_s <= 0:
                return
            heapq.heappop(queue)
            if np.isfinite(bound):
                for child in _children(node, entered):
                    heapq.heappush(queue, (bound, serial, child))
                    serial += 1
        else:
            heapq.heappop(queue)
        search.raise_bound(queue[0][0] if queue else search.cost)


def _children(node: Problem, entered: NDArray[np.float64] | None) -> list[Problem]:
    g = node.graph
    if entered is None:
        entered = np.where(g.terminal, 1.0, 0.5)
    open_ = np.where(g.terminal, -np.inf, -np.abs(entered - 0.5))
    degree = np.diff(g.indptr)
    vertex = int(np.lexsort((-degree, -open_))[0])
    with_it, without = node.copy(), node.copy()
    terminal = g.terminal.copy()
    terminal[vertex] = True
    with_it.replace(g.tail, g.head, g.cost, node.label, terminal)
    without.delete((g.tail == vertex) | (g.head == vertex))
    for child in (with_it, without):
        if child.feasible:
            reduce(child)
    return [child for child in (with_it, without) if child.feasible]
