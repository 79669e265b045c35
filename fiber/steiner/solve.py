"""The solver's front: ``solve(tail, head, cost, terminals)`` gives a tree and a proven bound."""

from __future__ import annotations

import heapq
import time
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import reverse_cuthill_mckee

from phusong.errors import InputError, Where
from phusong.fiber.steiner.graph import Graph, build, cheapest_parallel, components
from phusong.fiber.steiner.large import HUGE, close_in
from phusong.fiber.steiner.node import WORK, ascend_rounds, exhausted, price_rounds, relax
from phusong.fiber.steiner.pool import Pool
from phusong.fiber.steiner.problem import Ledger, Problem
from phusong.fiber.steiner.reductions import reduce
from phusong.fiber.steiner.trees.construct import mehlhorn
from phusong.fiber.steiner.trees.search import Search, polish, tree_from

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

RELAX_EDGES = 2_000
"""Edges left up to which the exact relaxation is worth its time."""
LARGEST_RELAX = 10_000
"""Edges left beyond which it is not even tried."""
LARGEST_PRICED = 60_000
"""Edges left beyond which dual ascent alone has to do."""
TIME_LIMIT_S = 10.0
"""Seconds spent on a graph unless told otherwise."""
_DIGITS = 2.0**44
"""A first tree costs about this much once costs that are not whole are scaled to whole numbers."""


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
        ``(seconds, cost, lower_bound)`` of every improvement, the first tree first.
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
        Steps to take at most: ascents, packings, relaxations, trees, meetings of two threads.
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
    ends, price, marks, nodes = _checked(tail, head, cost, terminals, nodes, root)
    part = components(nodes, ends[0], ends[1])
    home = part[root] if root is not None else _fullest(part[marks])
    unreachable = marks[part[marks] != home]
    wanted = marks[part[marks] == home]
    if wanted.size == 1:
        seconds = time.perf_counter() - started
        nothing = np.empty(0, np.int64)
        return SteinerResult(
            nothing, 0.0, 0.0, seconds, "optimal", unreachable, ((seconds, 0.0, 0.0),)
        )
    graph, edge = _connected(ends, price, wanted, part == home)
    scale, whole = _scaled(graph)
    search = Search(whole, started + time_limit_s, np.random.default_rng(seed), started)
    search.steps = np.inf if steps is None else steps
    _run(search, np.arange(graph.m))
    tree = np.sort(edge[search.edges])
    total = float(price[tree].sum())
    bound = min(search.bound / scale, total)
    optimal = search.bound >= search.cost or bound >= total * (1 - 1e-9)
    return SteinerResult(
        tree,
        total,
        bound,
        time.perf_counter() - started,
        "optimal" if optimal else "feasible",
        unreachable,
        tuple((s, c / scale, b / scale) for s, c, b in search.progress),
    )


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


def first_tree(graph: Graph) -> NDArray[np.int32]:
    """Return a first tree within twice the optimum: one search, spanned anew and pruned."""
    g = graph
    tree: NDArray[np.int32] = mehlhorn(
        g.indptr, g.adj, g.eid, g.wt, g.tail, g.head, g.cost, g.terminal
    )
    return tree


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


def _fullest(parts: NDArray[np.int32]) -> int:
    """Return the part named most often, the least of equals."""
    values, counts = np.unique(parts, return_counts=True)
    return int(values[np.argmax(counts)])


def _connected(
    ends: NDArray[np.int32],
    price: NDArray[np.float64],
    wanted: NDArray[np.int64],
    inside: NDArray[np.bool_],
) -> tuple[Graph, NDArray[np.int64]]:
    """Build the graph of the connected part without loops and parallels; original edge indices."""
    edge = np.flatnonzero(inside[ends[0]] & (ends[0] != ends[1]))
    number = (np.cumsum(inside) - 1).astype(np.int32)
    count = int(np.count_nonzero(inside))
    if edge.size > LARGEST_PRICED:
        number[inside] = _side_by_side(number[ends[0][edge]], number[ends[1][edge]], count)
    terminal = np.zeros(count, np.bool_)
    terminal[number[wanted]] = True
    graph = build(number[ends[0][edge]], number[ends[1][edge]], price[edge], terminal)
    keep = cheapest_parallel(graph.n, graph.indptr, graph.adj, graph.eid, graph.wt)
    if not keep.all():
        edge = edge[keep]
        graph = build(graph.tail[keep], graph.head[keep], graph.cost[keep], terminal)
    return graph, edge


def _side_by_side(
    tail: NDArray[np.int32], head: NDArray[np.int32], count: int
) -> NDArray[np.int32]:
    """Give neighbours close numbers: searches wait for memory most of their time."""
    rows = coo_array((np.ones(tail.size), (tail, head)), shape=(count, count)).tocsr()
    number = np.empty(count, np.int32)
    number[reverse_cuthill_mckee((rows + rows.T).tocsr(), symmetric_mode=True)] = np.arange(count)
    return number


def _scaled(graph: Graph) -> tuple[float, Graph]:
    """Round costs down to whole multiples of 1 / scale, a power of two; the bound stays valid.

    Whole numbers below 2**53 add exactly in float64, so that neither reductions nor duals ever
    meet a rounding error.
    """
    g = graph
    tree = first_tree(g)
    total = float(g.cost[tree].sum())
    largest = float(g.cost.max())
    if total == 0.0 or (np.array_equal(g.cost, np.floor(g.cost)) and largest < 2.0**46):
        return 1.0, g
    scale = 2.0 ** np.floor(np.log2(_DIGITS / total))
    # No tree better than the first holds an edge costlier than all of it.
    price = np.floor(np.minimum(g.cost, 2.0 * total) * scale)
    return scale, build(g.tail, g.head, price, g.terminal)


def _checked(
    tail: ArrayLike,
    head: ArrayLike,
    cost: ArrayLike,
    terminals: ArrayLike,
    nodes: int | None,
    root: int | None,
) -> tuple[NDArray[np.int32], NDArray[np.float64], NDArray[np.int64], int]:
    first = _indices(tail, "tail")
    second = _indices(head, "head")
    marks = np.unique(_indices(terminals, "terminals"))
    price = np.ascontiguousarray(cost, np.float64).reshape(-1)
    if not first.size == second.size == price.size:
        raise InputError(
            "tail, head and cost hold {tail}, {head} and {cost} values",
            mend="give one value of each for every edge",
            params={"tail": first.size, "head": second.size, "cost": price.size},
        )
    if root is not None:
        marks = np.union1d(marks, np.array([root]))
    if marks.size == 0:
        raise InputError("there is no terminal to span")
    named = np.concatenate([first, second, marks])
    count = int(named.max()) + 1 if nodes is None else nodes
    for name, values in (("tail", first), ("head", second), ("terminals", marks)):
        wrong = np.flatnonzero((values < 0) | (values >= count))
        if wrong.size:
            raise InputError(
                "vertex {vertex} is outside 0 to {last}",
                Where(key=f"{name}[{wrong[0]}]"),
                params={"vertex": int(values[wrong[0]]), "last": count - 1},
            )
    wrong = np.flatnonzero(~np.isfinite(price) | (price < 0))
    if wrong.size:
        raise InputError(
            "the cost {cost} is negative or not finite",
            Where(key=f"cost[{wrong[0]}]"),
            "give every edge a cost of zero or more",
            {"cost": float(price[wrong[0]])},
        )
    return np.stack([first, second]).astype(np.int32), price, marks, count


def _indices(values: ArrayLike, name: str) -> NDArray[np.int64]:
    array: NDArray[Any] = np.asarray(values).reshape(-1)
    if array.size and not np.issubdtype(array.dtype, np.integer):
        raise InputError(
            "vertices are given as {dtype} instead of whole numbers",
            Where(key=name),
            params={"dtype": str(array.dtype)},
        )
    return array.astype(np.int64)
