"""Potentials of the Steiner solver: packings below the optimum, whatever the steps were."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.steiner import as_graph, check_tree, dreyfus_wagner, grid, instances, quick, solved
from phusong.fiber.steiner import solve
from phusong.fiber.steiner.bounds.ascent import ascend
from phusong.fiber.steiner.bounds.potentials import Potentials
from phusong.fiber.steiner.graph import build
from phusong.fiber.steiner.large import close_in, middle
from phusong.fiber.steiner.pool import Pool
from phusong.fiber.steiner.problem import Ledger, Problem
from phusong.fiber.steiner.trees.construct import mehlhorn
from phusong.fiber.steiner.trees.search import Search

NEVER = np.inf


def charged(g, potentials):
    """Load of every slot and the sum of the peaks, straight from the definition."""
    row = np.repeat(np.arange(g.n), np.diff(g.indptr))
    load = np.zeros(g.adj.size)
    peaks = 0.0
    for z in potentials.others:
        part = slice(potentials.start[z], potentials.start[z] + potentials.size[z])
        level = np.zeros(g.n)
        level[potentials.vertex[part]] = potentials.height[part]
        assert level[potentials.root] == 0
        assert level.max() == level[z]
        load += np.maximum(level[row] - level[g.adj], 0)
        peaks += level[z]
    return load, peaks / potentials.unit


def first_tree(g):
    return mehlhorn(g.indptr, g.adj, g.eid, g.wt, g.tail, g.head, g.cost, g.terminal)


@quick
@given(instances(), st.integers(0, 2**32 - 1))
def test_potentials_are_a_packing_below_the_optimum(instance, seed):
    nodes, tail, head, cost, terminals = instance
    g = as_graph(*instance)
    optimum = dreyfus_wagner(nodes, tail, head, cost, terminals)
    tree = first_tree(g)
    for root in terminals:
        potentials = Potentials(g, int(root), float(g.cost[tree].sum()), seed)
        best = potentials.bound
        for lead in (tree, np.empty(0, np.int32)):
            raised = potentials.raise_bound(7, lead, NEVER)
            assert best <= raised <= optimum
            best = raised
            load, peaks = charged(g, potentials)
            assert peaks == potentials.now
            assert np.array_equal(g.wt * potentials.unit - load, potentials.slack)
            assert potentials.slack.min(initial=0) >= 0


@quick
@given(instances(), st.integers(1, 3))
def test_closed_arcs_rule_out_no_better_tree(instance, above):
    """With a tree ``above`` the optimum known, no bound ever passes the optimum."""
    nodes, tail, head, cost, terminals = instance
    g = as_graph(*instance)
    optimum = dreyfus_wagner(nodes, tail, head, cost, terminals)
    tree = first_tree(g)
    potentials = Potentials(g, int(terminals[0]), float(g.cost[tree].sum()), 1)
    for _ in range(4):
        # What a tree may cost and still be better than the best, which costs optimum + above.
        potentials.close(optimum + above - 1 - potentials.now)
        assert potentials.raise_bound(3, tree, NEVER) <= optimum


def test_a_graph_without_a_better_tree_has_no_bound():
    """Two terminals, one edge of cost 5, and 4 the most that a better tree may cost."""
    g = build(np.array([0]), np.array([1]), np.array([5.0]), np.array([True, True]))
    potentials = Potentials(g, 0, 5.0, 0)
    assert potentials.bound == 5
    potentials.close(4.0 - potentials.now)
    assert potentials.raise_bound(1, np.empty(0, np.int32), NEVER) == np.inf


def test_sweeps_go_on_where_ascents_are_stuck():
    """One third of what the best of many ascents leaves to the optimum is found at least."""
    nodes, tail, head, cost, terminals = grid(24, 24, 40, 5)
    proven = solved(tail, head, cost, terminals)
    assert proven.status == "optimal"
    g = as_graph(nodes, tail, head, cost, terminals)
    nothing = np.empty(0)
    rows = (g.indptr, g.adj, g.twin, g.wt, g.terminal)
    plain = max(
        ascend(*rows, int(r), 0.1, np.empty(0, np.int32), nothing, nothing)[0] for r in g.terminals
    )
    potentials = Potentials(g, int(g.terminals[0]), proven.cost, 0)
    risen = potentials.raise_bound(60, first_tree(g), NEVER)
    assert plain + (proven.cost - plain) / 3 < risen <= proven.cost


def test_room_that_does_not_suffice_costs_bound_alone():
    nodes, tail, head, cost, terminals = grid(15, 15, 20, 3)
    g = as_graph(nodes, tail, head, cost, terminals)
    optimum = solved(tail, head, cost, terminals).cost
    potentials = Potentials(g, int(g.terminals[0]), optimum, 0)
    room = int(potentials.size.max()) + 1
    potentials._spare = np.empty(room, np.int32), np.empty(room)
    potentials.raise_bound(1, np.empty(0, np.int32), NEVER)
    load, peaks = charged(g, potentials)
    assert peaks == potentials.now < potentials.bound
    assert np.array_equal(g.wt * potentials.unit - load, potentials.slack)


@pytest.mark.parametrize("looks", [1, 2, 3])
def test_a_sweep_cut_short_keeps_the_potentials_not_yet_due(monkeypatch, looks):
    """The clock strikes after some blocks of steps: the rest is carried over, or given up."""
    nodes, tail, head, cost, terminals = grid(24, 24, 50, 3)
    g = as_graph(nodes, tail, head, cost, terminals)
    optimum = solved(tail, head, cost, terminals).cost
    for room in (None, 500):
        potentials = Potentials(g, int(g.terminals[0]), optimum, 0)
        start = potentials.bound
        if room is not None:
            potentials._spare = np.empty(room, np.int32), np.empty(room)
        clock = iter([0.0] * (1 + looks) + [2.0] * 9)
        with monkeypatch.context() as patch:
            patch.setattr(
                "phusong.fiber.steiner.bounds.potentials.time.perf_counter", clock.__next__
            )
            risen = potentials.raise_bound(3, np.empty(0, np.int32), 1.0)
        assert start <= risen <= optimum
        load, peaks = charged(g, potentials)
        assert peaks == potentials.now
        assert peaks >= start if room is None else peaks < start
        assert np.array_equal(g.wt * potentials.unit - load, potentials.slack)


def test_sweeps_stop_short_ever_less_and_whole_peaks_are_collected():
    """Two sweeps of three stay below the peaks known, and the third finds more than was left."""
    nodes, tail, head, cost, terminals = grid(24, 24, 40, 5)
    g = as_graph(nodes, tail, head, cost, terminals)
    potentials = Potentials(g, int(g.terminals[0]), float(cost.sum()), 0)
    potentials.raise_bound(3, first_tree(g), NEVER)
    whole, short = potentials.now, potentials.short
    potentials.raise_bound(1, first_tree(g), NEVER)
    assert whole * (1 - 1.01 * short) <= potentials.now < whole
    potentials.raise_bound(62, first_tree(g), NEVER)
    assert potentials.now > whole
    assert potentials.short < short


def test_the_middle_of_a_tree_halves_its_terminals():
    """A path of 10 vertices, terminals 0, 1, 2, 7, 9: three lie at either side of vertex 2.

    Edges of cost zero lead the count astray as little as a spur without terminals.
    """
    tail, head = np.arange(9), np.arange(1, 10)
    cost = np.array([5, 0, 1, 1, 0, 1, 1, 1, 1], float)
    spur = np.append(tail, 4), np.append(head, 10), np.append(cost, 100.0)
    g = build(*spur, np.isin(np.arange(11), [0, 1, 2, 7, 9]))
    assert middle(g, np.arange(9, dtype=np.int32)) == 2
    star = build(np.zeros(3, int), np.arange(1, 4), np.array([9.0, 2, 4]), np.arange(4) > 0)
    assert middle(star, np.arange(3, dtype=np.int32)) == 2


def test_numbers_of_vertices_are_the_solver_s_own(monkeypatch):
    """Numbered along themselves, shuffled vertices give the same least cost and the caller's edges."""
    nodes, tail, head, cost, terminals = grid(20, 20, 20, 3)
    name = np.random.default_rng(5).permutation(nodes + 7)  # some vertices that nothing joins
    shuffled = nodes + 7, name[tail], name[head], cost, name[terminals]
    plain = solved(tail, head, cost, terminals)
    monkeypatch.setattr(sys.modules[solve.__module__], "LARGEST_PRICED", 100)
    own = solved(*shuffled[1:], root=int(name[terminals[3]]))
    check_tree(*shuffled, own)
    assert plain.status == "optimal"
    assert own.lower_bound <= plain.cost <= own.cost
    assert own.gap < 0.02


def test_the_same_bound_and_tree_every_time():
    nodes, tail, head, cost, terminals = grid(30, 30, 40, 9)
    g = as_graph(nodes, tail, head, cost, terminals)
    runs = []
    for _ in range(2):
        search = Search(g, NEVER, np.random.default_rng(4))
        problem = Problem(g, np.arange(g.m), Ledger(g.m))
        search.offer(problem, first_tree(g))
        bound = close_in(search, problem, Pool(search), 0.0, least=0.2)
        assert 0 < bound <= search.cost
        runs.append((bound, search.cost, search.edges.tolist(), problem.graph.m))
    assert runs[0] == runs[1]


def test_few_meetings_of_two_threads_leave_a_small_gap():
    nodes, tail, head, cost, terminals = grid(150, 150, 100, 2)
    result = solved(tail, head, cost, terminals, steps=2)
    check_tree(nodes, tail, head, cost, terminals, result)
    assert 0 < result.lower_bound < result.cost
    assert result.gap < 0.1


def test_a_limit_is_kept_while_two_threads_work():
    """Without the limit it goes on for minutes; a busy machine may overrun it by some seconds."""
    nodes, tail, head, cost, terminals = grid(150, 150, 100, 2)
    result = solve(tail, head, cost, terminals, time_limit_s=1.0)
    check_tree(nodes, tail, head, cost, terminals, result)
    assert 0 < result.lower_bound <= result.cost
    assert result.seconds < 30


@pytest.mark.parametrize("seed", range(3))
def test_large_costs_stay_exact(seed):
    """Costs of 2^40: the finest multiple is one, and nothing is charged beyond a cost."""
    nodes, tail, head, cost, terminals = grid(12, 12, 9, seed)
    g = as_graph(nodes, tail, head, np.floor(cost * 1.0e9), terminals)
    optimum = solved(tail, head, np.floor(cost * 1.0e9), terminals).cost
    potentials = Potentials(g, int(terminals[0]), optimum, seed)
    assert potentials.unit == 1
    assert potentials.raise_bound(20, first_tree(g), NEVER) <= optimum
    load, _ = charged(g, potentials)
    assert np.array_equal(g.wt - load, potentials.slack)


def test_largest_graphs_have_a_bound_however_short_the_time(monkeypatch):
    monkeypatch.setattr(sys.modules["phusong.fiber.steiner.solve"], "HUGE", 100)
    monkeypatch.setattr("phusong.fiber.steiner.large.HUGE", 100)
    nodes, tail, head, cost, terminals = grid(40, 40, 30, 3)
    hurried = solve(tail, head, cost, terminals, nodes=nodes, time_limit_s=1e-9)
    assert hurried.status == "feasible"
    assert hurried.lower_bound > 0.8 * hurried.cost
