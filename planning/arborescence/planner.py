"""Finding a cheap plan, proving how cheap one can be, and closing the gap between the two."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from phusong.planning.arborescence.bounds.closing import ascent, beyond
from phusong.planning.arborescence.bounds.integer import branch
from phusong.planning.arborescence.bounds.relaxation import Relaxation
from phusong.planning.arborescence.bounds.stars import RISE, Stars
from phusong.planning.arborescence.graph.digraph import Layers, lay
from phusong.planning.arborescence.graph.numbering import Kind
from phusong.planning.arborescence.graph.part import without
from phusong.planning.arborescence.growth.gardener import Gardener, Growth
from phusong.planning.arborescence.growth.ownways import by_own_ways
from phusong.planning.arborescence.incumbent import Search, gardener
from phusong.planning.arborescence.instance import Covers, Fibre, Instance, Sites, Villages
from phusong.planning.arborescence.siteplan import Plan, Vouched, reasons, replant

if TYPE_CHECKING:
    from numpy.typing import NDArray


TIME_LIMIT_S = 600.0
"""Seconds spent on an instance unless told otherwise."""
GAP = 1e-9
"""Gap at which a plan counts as proven cheapest."""
STARTS = 5
"""Plans grown in another order than the greedy one before bounds are looked at."""
TURNS = 150
"""Parts of each torn down and regrown."""
_GUIDED = 40
"""The same for each plan grown from a relaxation."""
_ROOM = 10_000_000
"""Entries of the potentials a relaxation begins with, at most."""
_SHARE = 0.7
"""Share of the time in which the programme is relaxed; whole numbers have the rest."""
_PATIENCE = 30
"""Ascents by worth that raise and close little before others have their turn."""
_CLOSED = 0.04
"""Share of the slots closed at which the graph is made anew between them."""
_GROWTHS = (0.1, 0.5)
"""Growth of components in the ascents of one round."""
_BRANCHED = 4_000
"""Slots left open up to which whole numbers are asked for although many have been closed."""
_SHRUNK = 0.3
"""Share of the slots closed at which the graph is made anew."""
_CALM = 2
"""Rounds of ascents that close little before the relaxation has its turn."""
_WORTH = 0.005
"""Share of the gap by which a relaxation has to raise its bound now and then."""
_STALLED = 20
"""Relaxations that raise the bound little before whole numbers have their turn."""


def solve(
    instance: Instance,
    *,
    time_limit_s: float = TIME_LIMIT_S,
    steps: int | None = None,
    gap: float = GAP,
    seed: int = 0,
    certify: bool = False,
) -> Plan:
    """Find a cheap plan that serves every village that can be served, and bound the cheapest.

    The same instance and seed give the same plan whenever the run ends before its time limit.

    Parameters
    ----------
    instance
        What may be built.
    time_limit_s
        Seconds to spend at most; small overruns are possible.
    steps
        Steps to take at most: ascents, relaxations, programmes in whole numbers.
    gap
        Relative gap at which to stop.
    seed
        Seed of the choices of the search.
    certify
        Whether to keep the multipliers behind the bound in ``certificate``; takes room.

    Raises
    ------
    InputError
        When arrays do not fit together, a number is out of range, or a cost is negative or not
        finite.
    """
    instance = instance.checked()
    if np.isfinite(time_limit_s):
        warm_up()  # a limit is for solving: compiling on a new machine takes longer than most
    started = time.perf_counter()
    search = Search(
        instance,
        None,
        started + _SHARE * time_limit_s,
        started + time_limit_s,
        np.inf if steps is None else steps,
        seed,
        gap,
        certify,
    )
    plan = cheapest(search)
    return replace(plan, seconds=time.perf_counter() - started)


@cache
def warm_up() -> None:
    """Compile every kernel (or load it from the cache), so that time limits are for solving."""
    side = 6
    at = np.arange(side)
    solve(
        Instance(
            Fibre(side, np.zeros(1, np.int64), at[:-1], at[1:], np.ones(side - 1)),
            Sites(np.full(side, 5.0), at),
            Villages(np.ones(side)),
            Covers(np.repeat(at, 2), np.stack([at, (at + 1) % side], 1).ravel()),
        ),
        time_limit_s=np.inf,
    )


def cheapest(search: Search) -> Plan:
    """Run a search to its end."""
    layers = lay(search.instance, miss=search.miss)
    search.reason = reasons(layers)
    grower = gardener(layers, search.miss)
    growth = grower.grow()
    if growth is None:
        message = "a village counted as reachable cannot be served"
        raise AssertionError(message)
    search.offer(layers, growth)
    # No cost is negative: what costs nothing is the cheapest, and ascents have nothing to raise.
    if search.cost > 0.0:
        _prove(search, layers, grower, growth)
    plan = search.plan
    vouched = Vouched.BRANCHING if search.bound > search.proven else Vouched.DUALS
    return replace(
        plan,
        lower_bound=min(search.bound, search.cost),
        proven_bound=min(search.proven, search.cost),
        vouched=vouched,
        certificate=search.certificate if search.keep else None,
    )


def _prove(search: Search, layers: Layers, grower: Gardener, growth: Growth) -> None:
    """Look for cheaper plans and higher bounds until they meet, or the time is up."""
    if layers.graph.terminals.size:
        _first_plans(search, grower, growth)
        layers = _close_by_worth(search, layers)
    layers = _close_in(search, layers)
    while not search.done:
        before = layers.price.size
        _relax(search, layers)
        layers = lay(search.part.instance, miss=search.miss)
        if search.done or layers.price.size > 0.9 * before:
            break
        layers = _close_in(search, layers)


def _first_plans(search: Search, grower: Gardener, growth: Growth) -> None:
    """Improve the plan of own ways, the greedy one and some that choose in another order."""
    layers = grower.layers
    best = by_own_ways(grower, search.relaxed - time.perf_counter()) or growth
    search.offer(layers, best)
    best = grower.improve(best, TURNS, int(search.rng.integers(2**31)))
    for start in range(STARTS + 1):
        if start:
            handicap = search.rng.uniform(0.7, 1.3, layers.cell.size)
            fresh = grower.grow(handicap=handicap)
            if fresh is None or time.perf_counter() >= search.relaxed:
                break
            growth = fresh
        growth = grower.improve(growth, TURNS, int(search.rng.integers(2**31)))
        best = min(best, growth, key=lambda plan: plan.cost)
        search.offer(layers, growth)
    search.offer(layers, grower.improve(best, TURNS, int(search.rng.integers(2**31))))


def _close_by_worth(search: Search, layers: Layers) -> Layers:
    """Ascend, each terminal first as far as it is worth, and close what no better plan uses."""
    stars = Stars(layers, deadline=search.relaxed)
    search.begin(layers)
    closed = np.zeros(layers.column.size, np.bool_)
    idle = 0
    while idle < _PATIENCE and not (search.done and search.proven > 0):
        raised = stars.ascend(search.cost, keep=search.keep)
        if raised is None:
            break
        search.step()
        gone = beyond(layers, raised.slack) > search.room - raised.bound
        if raised.bound > search.proven or (gone & ~closed).any():
            search.record(raised.dual)
        idle = 0 if raised.bound > search.proven * (1.0 + RISE) else idle + 1
        search.raise_bound(raised.bound)
        closed |= gone
        on = layers.column >= 0
        if (closed & on).sum() > _CLOSED * on.sum():
            before = int(on.sum())
            search.part = without(layers, search.part, closed)
            layers = lay(search.part.instance, miss=search.miss)
            if search.emptied(layers) or not layers.graph.terminals.size:
                search.raise_bound(search.cost)
                return layers
            stars = stars.keep(layers)
            search.begin(layers)
            closed = np.zeros(layers.column.size, np.bool_)
            # Arcs of pairs come back when the graph is made anew: nothing may have gone.
            idle = 0 if (layers.column >= 0).sum() < before else _PATIENCE
    search.part = without(layers, search.part, closed)
    return lay(search.part.instance, miss=search.miss)


def _close_in(search: Search, layers: Layers) -> Layers:
    """Ascend, close what no better plan uses and ascend again on what is left."""
    calm = 0
    while layers.graph.terminals.size and not (search.done and search.proven > 0):
        grower = gardener(layers, search.miss)
        greedy = grower.grow()
        if greedy is None or search.emptied(layers):
            # What is left holds no plan: none is better than the best.
            search.raise_bound(search.cost)
            return layers
        search.begin(layers)
        closed = np.zeros(layers.column.size, np.bool_)
        # Which plan guides an ascent best is not to be told beforehand.
        handicap = search.rng.uniform(0.7, 1.3, layers.cell.size)
        guides = (
            replant(grower, search.plan, search.part),
            greedy,
            grower.grow(handicap=handicap),
        )
        for growth in guides:
            if growth is not None:
                better = grower.improve(growth, _GUIDED, int(search.rng.integers(2**31)))
                search.offer(layers, better)
                _ascend(search, layers, better, closed)
        before = layers.price.size
        if (closed & (layers.column >= 0)).any():
            search.part = without(layers, search.part, closed)
            layers = lay(search.part.instance, miss=search.miss)
        calm = calm + 1 if layers.price.size > 0.97 * before else 0
        if calm >= _CALM:
            break
    return layers


def _ascend(search: Search, layers: Layers, growth: Growth, closed: NDArray[np.bool_]) -> None:
    """Ascend with a plan as guide and without; close slots, in place."""
    nothing = np.empty(0, np.int64)
    for rate in _GROWTHS:
        for tree in (growth.enter[growth.enter >= 0], nothing):
            # However short the time, one ascent is made: a plan without a bound is half one.
            if search.done and search.proven > 0:
                return
            search.step()
            raised = ascent(layers, search.cost, rate, tree, keep=search.keep)
            search.record(raised.dual)
            search.raise_bound(raised.bound)
            closed |= beyond(layers, raised.slack) > search.room - raised.bound


def _relax(search: Search, layers: Layers) -> None:
    """Solve the relaxation of what is left, and then the programme in whole numbers."""
    grower = gardener(layers, search.miss)
    growth = replant(grower, search.plan, search.part) or grower.grow()
    if growth is None or search.emptied(layers):
        search.raise_bound(search.cost)
        return
    search.begin(layers)
    r = Relaxation(layers, layers.price)
    wt = np.where(layers.column >= 0, layers.graph.wt, np.inf)
    stars = Stars(layers, deadline=search.relaxed)
    r.start(wt, variables(layers, growth), _ROOM, growth.enter[growth.enter >= 0], stars.worth())
    on = layers.column >= 0
    closed = np.zeros(on.size, np.bool_)
    stalled, turn, before = 0, 0, -np.inf
    while not search.done:
        search.step()
        if not r.solve(search.relaxed):
            break
        risen = r.bound > before + _WORTH * max(search.cost - r.bound, 0.0)
        stalled, before = (0, r.bound) if risen else (stalled + 1, before)
        search.raise_bound(r.bound)
        if turn % 4 == 3:
            search.record(r.dual(search.cost) if search.keep else None)
            better = guided(search, grower, r, closed)
            if better is not None:
                _ascend(search, layers, better, closed)
            closed |= beyond(layers, r.slack()) > search.room - r.bound
            r.close(_all_closed(layers, closed))
            # After a better plan, ascents on less are worth more than this programme.
            least = _SHRUNK if better is None else 0.5 * _SHRUNK
            if (closed & on).sum() > least * on.sum():
                break
        turn += 1
        r.drop_slack()
        found = r.separate_inside(search.rng)
        priced = r.price_in() if turn % 2 or found < 30 else 0
        if not (found or priced) or stalled > _STALLED:
            break
    if np.isfinite(r.bound):
        search.record(r.dual(search.cost) if search.keep else None)
    if not search.done:
        guided(search, grower, r, closed)
        closed |= beyond(layers, r.slack()) > search.room - r.bound
        left = int((~closed & on).sum())
        if left >= (1.0 - _SHRUNK) * on.sum() or left < _BRANCHED:
            r.close(_all_closed(layers, closed))
            _branch(search, grower, r, closed)
    search.part = without(layers, search.part, closed)


def _all_closed(layers: Layers, closed: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Mark variables of which no slot is open."""
    open_ = np.zeros(layers.price.size, np.bool_)
    open_[layers.column[(layers.column >= 0) & ~closed]] = True
    return ~open_


def variables(layers: Layers, growth: Growth) -> NDArray[np.int64]:
    """Return the variables a growing plan uses."""
    used = np.zeros(layers.price.size, np.bool_)
    used[layers.column[growth.enter[growth.enter >= 0]]] = True
    return np.flatnonzero(used)


def guided(
    search: Search, grower: Gardener, r: Relaxation, closed: NDArray[np.bool_]
) -> Growth | None:
    """Grow plans along what a relaxation uses; return one that is better than all before."""
    best = None
    layers = grower.layers
    use = along(layers, r.x)
    fixed = np.where(np.isfinite(layers.graph.wt), layers.graph.wt, np.inf)
    # First what is chosen outright and nothing else; it may not reach everything.
    trials = [np.where(use > 0.99, 0.0, np.inf)]
    trials += [fixed * (1.0 - share * use) + 1e-3 * fixed for share in (1.0, 0.8)]
    for price in trials:
        growth = grower.grow(price)
        if growth is None:
            continue
        if search.offer(layers, growth):
            best = growth
            r.activate(variables(layers, growth))
        seed = int(search.rng.integers(2**31))
        growth = grower.improve(growth, _GUIDED, seed, closed)
        if search.offer(layers, growth):
            best = growth
            r.activate(variables(layers, growth))
    return best


def along(layers: Layers, x: NDArray[np.float64]) -> NDArray[np.float64]:
    """By slot how much a choice of variables uses it; ways from the root count all along."""
    on = layers.column >= 0
    use = np.where(on, np.minimum(x[layers.column], 1.0), 0.0)
    row = np.repeat(np.arange(layers.graph.n), np.diff(layers.graph.indptr))
    path = np.flatnonzero(on & (layers.kind[layers.column] == Kind.PATH) & (use > 0.01))
    for slot in path:
        vertex = int(row[slot])
        while layers.toward[vertex] >= 0 and vertex != 0:
            at = layers.toward[vertex]
            use[at] = min(1.0, use[at] + use[slot])
            vertex = int(layers.graph.adj[at])
    return use


def _branch(search: Search, grower: Gardener, r: Relaxation, closed: NDArray[np.bool_]) -> None:
    """Ask for whole numbers, give the cuts that are missing, and ask again."""
    lacking = 1
    while lacking and not search.done:
        search.step()
        able = np.flatnonzero(r.open & (r.best_reduced <= search.room - r.bound))
        left = search.deadline - time.perf_counter()
        answer = branch(r, able, left, search.gap)
        search.bound = max(search.bound, min(answer.bound, search.cost))
        if answer.x is None:
            return
        r.x = answer.x
        r.activate(np.flatnonzero(answer.x > 0.5))
        guided(search, grower, r, closed)
        if not answer.finished:
            return
        lacking = r.separate(search.rng, most=2_000)
