"""Working on one subproblem: reduce, ascend, delete, and solve its linear relaxation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from phusong.fiber.steiner.bounds.ascent import ascend, distances, hopeless, saturated
from phusong.fiber.steiner.bounds.cuts import CutModel
from phusong.fiber.steiner.bounds.prices import Prices, flow_of
from phusong.fiber.steiner.reductions import reduce
from phusong.fiber.steiner.trees.search import edge_weights, polish, tree_from

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from phusong.fiber.steiner.problem import Problem
    from phusong.fiber.steiner.trees.search import Search

_NOTHING = np.empty(0, np.int32)
_NO_FLOW = np.empty(0)
GUIDED_EDGES = 10_000
"""Edges beyond which an ascent is repeated with its tree as a guide; below, prices do better."""
WORK = 400_000_000
"""Slots the local search on one tree may scan; small graphs never need as many."""


def exhausted(search: Search, problem: Problem, bound: float) -> bool:
    """Tell whether the subproblem can hold no better tree; takes the tree if it is decided."""
    if problem.feasible and problem.graph.terminals.size <= 1:
        search.offer(problem, _NOTHING)
        return True
    return not problem.feasible or np.ceil(bound) >= search.cost


def ascend_rounds(
    search: Search, problem: Problem, *, rounds: int, roots: int, share: float
) -> float:
    """Repeat dual ascent from several roots, with trees on what it saturates, and reduce.

    Parameters
    ----------
    search
        Best tree and clock.
    problem
        Reduced in place.
    rounds
        Rounds at most.
    roots
        Roots in a round.
    share
        A round that deletes less than this share of the edges is the last.

    Returns
    -------
    float
        The best lower bound on the subproblem; infinite when it holds no better tree.
    """
    best = problem.offset
    for _ in range(rounds):
        before = problem.graph.m
        for turn in range(roots):
            if exhausted(search, problem, best):
                return np.inf
            if not search.step() and (search.bound > 0 or best > problem.offset):
                return best  # but never before one ascent: a tree without a bound is half a result
            best = max(best, _ascend_once(search, problem, turn))
        if exhausted(search, problem, best):
            return np.inf
        if search.left_s <= 0 or before - problem.graph.m <= share * before:
            break
        reduce(problem)
    return np.inf if exhausted(search, problem, best) else best


def _ascend_once(search: Search, problem: Problem, turn: int) -> float:
    g = problem.graph
    terminals = g.terminals
    root = int(search.rng.choice(terminals))
    growth = (0.1, 0.25, 0.5)[turn % 3] if g.m < 50_000 else (0.25, 0.5, 1.0)[turn % 3]
    raised, slack, _ = ascend(
        g.indptr, g.adj, g.twin, g.wt, g.terminal, root, growth, _NOTHING, _NO_FLOW, _NO_FLOW
    )
    bound = float(raised) + problem.offset
    _, usable = saturated(g.indptr, g.adj, g.twin, slack, root)
    weight = np.where(usable, g.wt, np.inf)
    starts = [root, *search.rng.choice(terminals, 2)] if g.m < 50_000 else [root]
    trees = [tree for s in starts if (tree := tree_from(g, weight, int(s))).size]
    if trees:
        tree = min(trees, key=lambda t: float(g.cost[t].sum()))
        if float(g.cost[tree].sum()) + problem.offset < search.cost * 1.01:
            tree = polish(g, tree, WORK, search.deadline)
        search.offer(problem, tree)
    gone = _hopeless_edges(search, problem, slack, root, bound)
    if trees and g.m > GUIDED_EDGES:
        flow = flow_of(g.indptr, g.adj, g.eid, tree, root)
        raised, slack, _ = ascend(
            g.indptr, g.adj, g.twin, g.wt, g.terminal, root, growth, _NOTHING, _NO_FLOW, flow
        )
        led = float(raised) + problem.offset
        gone |= _hopeless_edges(search, problem, slack, root, led)
        bound = max(bound, led)
    problem.delete(gone)
    return bound


def _hopeless_edges(
    search: Search, problem: Problem, slack: NDArray[np.float64], root: int, bound: float
) -> NDArray[np.bool_]:
    """Mark the edges that no tree better than the best can use, by the slack of a bound."""
    g = problem.graph
    after, before = distances(g.indptr, g.adj, g.twin, slack, g.terminal, root)
    gone: NDArray[np.bool_]
    _, gone = hopeless(g.indptr, g.adj, g.twin, g.eid, slack, after, before, search.room(bound))
    return gone


def price_rounds(
    search: Search, problem: Problem, bound: float, *, floor: int, turns: int = 400
) -> float:
    """Raise the bound by a first-order method, deleting edges and trying trees on the way.

    Parameters
    ----------
    search
        Best tree and clock.
    problem
        The whole problem, reduced in place.
    bound
        Lower bound known before.
    floor
        Edges left at which to stop: the exact relaxation is better from there on.
    turns
        Packings at most for one graph.

    Returns
    -------
    float
        The best lower bound; infinite when no better tree is left.
    """
    while problem.graph.m > floor and search.left_s > 0:
        g = problem.graph
        root, _, slack = best_root(search, problem)
        _, usable = saturated(g.indptr, g.adj, g.twin, slack, root)
        tree = polish(g, tree_from(g, np.where(usable, g.wt, np.inf), root), WORK, search.deadline)
        search.offer(problem, tree)
        prices = Prices(g, root, 8 * g.m + 2_000_000, 0.1, tree)
        gone = np.zeros(g.m, np.bool_)
        calm = 0
        for turn in range(turns):
            if not search.step():
                break
            risen = (prices.improve() if turn else prices.bound) + problem.offset
            calm = 0 if risen > bound + 0.002 * (search.cost - bound) else calm + 1
            bound = max(bound, risen)
            search.raise_bound(bound)
            if exhausted(search, problem, bound):
                return np.inf
            if turn % 5 == 2:
                _round_up(search, problem, prices.x, prices.root)
            after, before = distances(
                g.indptr, g.adj, g.twin, prices.slack, g.terminal, prices.root
            )
            closed, out = hopeless(
                g.indptr,
                g.adj,
                g.twin,
                g.eid,
                prices.slack,
                after,
                before,
                search.room(risen),
            )
            gone |= out
            prices.close(closed)
            if gone.sum() > 0.3 * g.m or calm > 25:
                break
        problem.delete(gone)
        reduce(problem)
        if exhausted(search, problem, bound):
            return np.inf
        if problem.graph.m > 0.9 * g.m:
            break
    return bound


def relax(
    search: Search, problem: Problem, bound: float, *, top: bool
) -> tuple[float, NDArray[np.float64] | None]:
    """Solve the directed-cut relaxation, deleting edges as the bound rises.

    Parameters
    ----------
    search
        Best tree and clock.
    problem
        Reduced in place whenever many edges are ruled out.
    bound
        Lower bound on the subproblem known before.
    top
        Whether the subproblem is the whole problem, so that its bound is everybody's.

    Returns
    -------
    bound, entered
        Lower bound on the subproblem (infinite when it holds no better tree), and by vertex of the
        graph how much the relaxation enters it, None when the time was over first.
    """
    again = True
    entered = None
    while again and np.isfinite(bound):
        bound, entered, again = _relax_once(search, problem, bound, top=top)
    return bound, entered


def _shrink(search: Search, problem: Problem, gone: NDArray[np.bool_], bound: float) -> float:
    """Delete edges and reduce; the bound becomes infinite when no better tree is left."""
    problem.delete(gone)
    reduce(problem)
    return np.inf if exhausted(search, problem, bound) else bound


def _relax_once(
    search: Search, problem: Problem, bound: float, *, top: bool
) -> tuple[float, NDArray[np.float64] | None, bool]:
    """Solve the relaxation of one graph; the last value tells whether it shrank and goes on."""
    model = _model(search, problem)
    g = problem.graph
    stalled = 0
    while search.step() and model.solve(search.deadline):
        found = model.multipliers()
        risen = found.bound + problem.offset
        stalled = 0 if risen > bound + 1e-7 * abs(bound) else stalled + 1
        bound = max(bound, risen)
        if top:
            search.raise_bound(bound)
        _round_up(search, problem, model.x, model.root)
        if exhausted(search, problem, bound):
            return np.inf, None, False
        after, before = distances(g.indptr, g.adj, g.twin, found.slack, g.terminal, model.root)
        closed, gone = hopeless(
            g.indptr, g.adj, g.twin, g.eid, found.slack, after, before, search.room(risen)
        )
        if gone.sum() > 0.15 * g.m:
            return _shrink(search, problem, gone, bound), None, True
        model.close(closed)
        model.drop_slack()
        order = search.rng.permutation(g.terminals)
        if not model.separate(order, nested=5) or stalled > 30:
            if gone.any():
                bound = _shrink(search, problem, gone, bound)
            if problem.graph.m < 0.95 * g.m or problem.graph is not g:
                return bound, None, problem.graph.m < 0.95 * g.m
            entered = np.zeros(g.n)
            np.add.at(entered, np.repeat(np.arange(g.n), np.diff(g.indptr)), model.x)
            return bound, entered, False
    return bound, None, False


def best_root(search: Search, problem: Problem) -> tuple[int, float, NDArray[np.float64]]:
    """Ascend from some terminals and return the root of the best bound, the bound and its slack."""
    g = problem.graph
    best = -1.0
    for candidate in search.rng.choice(g.terminals, min(3, g.terminals.size), replace=False):
        value, found, _ = ascend(
            g.indptr,
            g.adj,
            g.twin,
            g.wt,
            g.terminal,
            int(candidate),
            0.1,
            _NOTHING,
            _NO_FLOW,
            _NO_FLOW,
        )
        if value > best:
            best, root, slack = value, int(candidate), found
    return root, best, slack


def _model(search: Search, problem: Problem) -> CutModel:
    g = problem.graph
    root, best, slack = best_root(search, problem)
    after, before = distances(g.indptr, g.adj, g.twin, slack, g.terminal, root)
    closed, _ = hopeless(
        g.indptr,
        g.adj,
        g.twin,
        g.eid,
        slack,
        after,
        before,
        search.room(best + problem.offset),
    )
    model = CutModel(g, root, closed)
    model.start_from_ascent(40 * g.m + 100_000)
    return model


def _round_up(search: Search, problem: Problem, flow: NDArray[np.float64], root: int) -> None:
    """Grow trees along what a relaxation uses: ``flow`` by slot, shape (2m,)."""
    g = problem.graph
    use = np.zeros(g.m)
    np.maximum.at(use, g.eid, flow)
    weight = edge_weights(g, 1.0 - np.minimum(use, 0.999))
    for start in (root, int(search.rng.choice(g.terminals))):
        tree = tree_from(g, weight, start)
        if float(g.cost[tree].sum()) + problem.offset < search.cost * 1.01:
            search.offer(problem, polish(g, tree, WORK, search.deadline))
