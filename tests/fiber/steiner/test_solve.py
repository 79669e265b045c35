"""The Steiner solver: hand-worked graphs, brute force, proven optima, determinism."""

from __future__ import annotations

import csv
import itertools
from types import SimpleNamespace

import networkx as nx
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from helpers.steiner import as_graph, check_tree, dreyfus_wagner, grid, instances, quick, solved
from phusong.errors import InputError
from phusong.fiber.steiner import read_instance, solve
from phusong.fiber.steiner.bounds.ascent import ascend, distances, hopeless
from phusong.fiber.steiner.bounds.cuts import CutModel
from phusong.fiber.steiner.bounds.prices import flow_of
from phusong.fiber.steiner.graph import build
from phusong.fiber.steiner.node import price_rounds
from phusong.fiber.steiner.problem import Ledger, Problem
from phusong.fiber.steiner.reductions import nearest_terminals, reduce
from phusong.fiber.steiner.trees.construct import grow_tree, mehlhorn, span, spans
from phusong.fiber.steiner.trees.improve import exchange, insert_vertices
from phusong.fiber.steiner.trees.search import Search


def proposing(row_dual):
    """A solver whose multipliers are these."""
    solution = SimpleNamespace(row_dual=row_dual)
    return SimpleNamespace(getSolution=lambda: solution)


def test_star_beats_the_triangle():
    """Three terminals at cost 2 from a hub, 3 from each other: 6 through the hub, 6 without is 3+3.

    With 2.5 on the outer edges two of them (5) win over the hub (6); with 3.5 the hub wins.
    """
    tail, head = [0, 1, 2, 0, 1, 0], [3, 3, 3, 1, 2, 2]
    hub = solved(tail, head, [2, 2, 2, 3.5, 3.5, 3.5], [0, 1, 2])
    assert (hub.cost, hub.lower_bound, hub.status) == (6, 6, "optimal")
    assert hub.edges.tolist() == [0, 1, 2]
    rim = solved(tail, head, [2, 2, 2, 2.5, 2.5, 2.5], [0, 1, 2])
    assert rim.cost == 5
    assert set(rim.edges.tolist()) < {3, 4, 5}


def test_two_terminals_are_a_shortest_path():
    result = solved([0, 1, 0], [1, 2, 2], [1, 1, 3], [0, 2])
    assert result.edges.tolist() == [0, 1]
    assert result.cost == result.lower_bound == 2
    assert result.gap == 0


def test_all_vertices_are_a_spanning_tree():
    nodes, tail, head, cost, _ = grid(6, 7, 1, 3)
    g = nx.Graph()
    g.add_weighted_edges_from(zip(tail, head, cost, strict=True))
    expected = nx.minimum_spanning_tree(g).size("weight")
    assert solved(tail, head, cost, np.arange(nodes)).cost == expected


@pytest.mark.parametrize("terminals", [[2], [2, 2, 2]])
def test_one_terminal_needs_no_edge(terminals):
    result = solved([0, 1], [1, 2], [1, 1], terminals)
    assert result.edges.size == 0
    assert (result.cost, result.lower_bound, result.status) == (0, 0, "optimal")


def test_no_edges_at_all():
    result = solved(np.empty(0, int), np.empty(0, int), [], [1], nodes=4)
    assert result.cost == 0


def test_parallel_edges_and_loops():
    result = solved([0, 0, 1, 1], [1, 1, 1, 2], [5, 3, 0, 1], [0, 2])
    assert result.edges.tolist() == [1, 3]


def test_costs_of_zero():
    result = solved([0, 1, 2, 0], [1, 2, 0, 3], [0, 0, 0, 0], [0, 1, 2, 3])
    assert result.cost == result.lower_bound == 0
    assert result.edges.size == 3
    assert result.gap == 0


def test_isolated_vertices_do_no_harm():
    result = solved([1], [3], [7], [1, 3], nodes=9)
    assert result.cost == 7


def test_unreachable_terminals_are_named():
    """The part with most terminals is spanned, the root's when there is a root."""
    tail, head, cost = [0, 1, 3, 6], [1, 2, 4, 6], [1, 1, 1, 1]
    result = solved(tail, head, cost, [0, 2, 4, 5])
    assert result.unreachable.tolist() == [4, 5]
    assert result.edges.tolist() == [0, 1]
    rooted = solved(tail, head, cost, [0, 2, 4, 5], root=3)
    assert rooted.unreachable.tolist() == [0, 2, 5]
    assert rooted.edges.tolist() == [2]


def test_root_is_spanned():
    result = solved([0, 1, 2], [1, 2, 3], [1, 2, 4], [1, 2], root=0)
    assert result.edges.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0], [1], [-1], [0, 1]), "cost -1.0 is negative"),
        (([0], [1], [np.nan], [0, 1]), "cost nan is negative or not finite"),
        (([0], [1], [np.inf], [0, 1]), "not finite"),
        (([0], [1], [1, 2], [0, 1]), "hold 1, 1 and 2 values"),
        (([0], [1], [1], np.empty(0, int)), "no terminal"),
        (([0.5], [1], [1], [0, 1]), "float64 instead of whole numbers"),
        (([0], [1], [1], [-1]), "vertex -1 is outside"),
    ],
)
def test_bad_arrays_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        solved(*arguments)


def test_vertices_beyond_the_count_are_refused():
    with pytest.raises(InputError, match=r"terminals\[1\].*vertex 5 is outside 0 to 2"):
        solved([0], [1], [1], [0, 5], nodes=3)


# Against brute force


@quick
@given(instances())
def test_optimum_of_small_graphs(instance):
    nodes, tail, head, cost, terminals = instance
    result = solved(tail, head, cost, terminals, nodes=nodes)
    optimum = dreyfus_wagner(nodes, tail, head, cost, terminals)
    check_tree(nodes, tail, head, cost, terminals, result)
    assert result.cost == optimum
    assert result.lower_bound == optimum
    assert result.status == "optimal"


def _pair(one, other):
    return 2, np.zeros(2, np.int64), np.ones(2, np.int64), np.array([one, other]), np.arange(2)


@quick
@given(instances(whole=False))
@example(_pair(1.0, 4.89e-296))
@example(_pair(5e-324, 1e-310))
@example(_pair(1e300, 3e300))
def test_costs_need_not_be_whole(instance):
    nodes, tail, head, cost, terminals = instance
    result = solved(tail, head, cost, terminals, nodes=nodes)
    optimum = dreyfus_wagner(nodes, tail, head, cost, terminals)
    check_tree(nodes, tail, head, cost, terminals, result)
    assert result.cost == pytest.approx(optimum, rel=1e-9, abs=1e-12)
    assert result.lower_bound <= optimum * (1 + 1e-12)


@quick
@given(instances(), st.floats(1e-6, 1e6))
def test_the_unit_of_cost_does_not_matter(instance, unit):
    nodes, tail, head, cost, terminals = instance
    result = solved(tail, head, cost * unit, terminals, nodes=nodes)
    optimum = dreyfus_wagner(nodes, tail, head, cost, terminals) * unit
    assert result.cost == pytest.approx(optimum, rel=1e-9)
    assert result.lower_bound <= optimum * (1 + 1e-9)


@quick
@given(instances())
def test_each_part_keeps_its_promise(instance):
    """First trees span, local search never worsens, every bound stays below the optimum."""
    nodes, tail, head, cost, terminals = instance
    optimum = dreyfus_wagner(nodes, tail, head, cost, terminals)
    g = as_graph(*instance)
    rows = (g.indptr, g.adj, g.eid, g.wt)
    ends = (g.tail, g.head)
    first = mehlhorn(*rows, *ends, g.cost, g.terminal)
    assert spans(first, *ends, g.terminal)
    assert optimum <= g.cost[first].sum() <= 2 * optimum
    inside = grow_tree(g.indptr, g.adj, g.wt, g.terminal, int(terminals[0]))
    grown = span(*rows, *ends, g.terminal, inside)
    assert spans(grown, *ends, g.terminal)
    for edges in (first, grown):
        if edges.size == 0:
            continue
        better = insert_vertices(*rows, *ends, g.cost, g.terminal, edges)
        assert spans(better, *ends, g.terminal)
        best, _, rest = exchange(*rows, *ends, g.cost, g.terminal, better, 10**9, 0)
        assert rest == -1
        assert spans(best, *ends, g.terminal)
        assert optimum <= g.cost[best].sum() <= g.cost[better].sum() <= g.cost[edges].sum()
    for root in terminals:
        # Whatever leads an ascent, a good tree or a bad one, it decides the order alone.
        guide = flow_of(g.indptr, g.adj, g.eid, edges, int(root))
        for growth, lead in itertools.product((0.0, 0.3, 2.0), (np.empty(0), guide)):
            store = np.empty(10_000, np.int32)
            bound, slack, cuts = ascend(
                *(g.indptr, g.adj, g.twin, g.wt, g.terminal),
                *(int(root), growth, store, np.empty(0), lead),
            )
            assert bound <= optimum
            assert slack.min(initial=0) >= 0
            assert cuts[-1] <= store.size


@quick
@given(instances())
def test_reductions_keep_the_optimum(instance):
    nodes, tail, head, cost, terminals = instance
    g = as_graph(*instance)
    part = (
        nx.node_connected_component(
            nx.Graph(list(zip(tail.tolist(), head.tolist(), strict=True))), 0
        )
        if tail.size
        else {0}
    )
    assert len(part) == nodes
    problem = Problem(g, np.arange(g.m), Ledger(g.m))
    reduce(problem, share=0.0)
    left = problem.graph
    rest = dreyfus_wagner(left.n, left.tail, left.head, left.cost, left.terminals.tolist() or [0])
    optimum = dreyfus_wagner(nodes, tail, head, cost, terminals)
    assert problem.offset + (rest if left.terminals.size > 1 else 0) == optimum


@quick
@given(instances())
def test_nearest_terminals(instance):
    g = as_graph(*instance)
    near, base = nearest_terminals(g.indptr, g.adj, g.wt, g.terminal, 3)
    full = nx.Graph()
    full.add_nodes_from(range(g.n))
    full.add_weighted_edges_from(
        zip(g.tail.tolist(), g.head.tolist(), g.cost.tolist(), strict=True)
    )
    dist = dict(nx.all_pairs_dijkstra_path_length(full))
    for v in range(g.n):
        expected = sorted(dist[v][int(t)] for t in g.terminals if int(t) in dist[v])[:3]
        assert near[v][: len(expected)].tolist() == expected
        assert (base[v][len(expected) :] == -1).all()
        assert len(set(base[v][: len(expected)].tolist())) == len(expected)


@quick
@given(instances(), st.integers(0, 2**32 - 1))
def test_a_bound_holds_for_any_multipliers(instance, seed):
    """HiGHS is not believed: whatever it proposes, the bound stays below the optimum."""
    nodes, tail, head, cost, terminals = instance
    g = as_graph(*instance)
    if g.terminals.size < 2:
        return
    optimum = dreyfus_wagner(nodes, tail, head, cost, terminals)
    model = CutModel(g, int(g.terminals[0]), np.zeros(g.adj.size, bool))
    model.start_from_ascent(10_000)
    rng = np.random.default_rng(seed)
    model.highs = proposing(rng.normal(0, 3, model.rhs.size))
    assert model.multipliers().bound <= optimum + 1e-9


@quick
@given(instances(), st.integers(0, 2**32 - 1))
def test_a_bound_with_closed_arcs_holds_for_any_multipliers(instance, seed):
    """Whatever is closed but the arcs of one best tree, the bound stays below its cost."""
    nodes, tail, head, cost, terminals = instance
    g = as_graph(*instance)
    if g.terminals.size < 2:
        return
    optimum = dreyfus_wagner(nodes, tail, head, cost, terminals)
    root = int(g.terminals[0])
    best = solved(g.tail, g.head, g.cost, g.terminals)
    assert best.cost == optimum
    rng = np.random.default_rng(seed)
    used = flow_of(g.indptr, g.adj, g.eid, best.edges.astype(np.int32), root) > 0
    model = CutModel(g, root, np.zeros(g.adj.size, bool))
    model.start_from_ascent(10_000)
    model.close(~used & (rng.random(used.size) < 0.7))
    model.highs = proposing(rng.normal(0, 3, model.rhs.size))
    assert model.multipliers().bound <= optimum + 1e-9


def test_a_closed_arc_is_not_charged():
    """Two ways of 1 + 1 and 3 + 3: with the cheap one closed, the bound is all of the dear one."""
    g = build(
        np.array([0, 1, 0, 2]),
        np.array([1, 3, 2, 3]),
        np.array([1.0, 1.0, 3.0, 3.0]),
        np.array([True, False, False, True]),
    )
    model = CutModel(g, 0, np.zeros(g.adj.size, bool))
    model.start_from_ascent(100)
    assert model.solve(np.inf)
    assert model.multipliers().bound == pytest.approx(2)
    row = np.repeat(np.arange(g.n), np.diff(g.indptr))
    closed = (g.adj == 0) & (row == 1)
    model.close(closed)
    while model.solve(np.inf) and model.separate(g.terminals, nested=5):
        pass
    found = model.multipliers()
    assert found.bound == pytest.approx(6)
    assert np.isinf(found.slack[closed]).all()


def test_the_bound_is_what_the_programme_is_worth_once_arcs_are_closed():
    nodes, tail, head, cost, terminals = grid(12, 12, 18, 3)
    optimum = solved(tail, head, cost, terminals).cost
    g = as_graph(nodes, tail, head, cost, terminals)
    root = int(g.terminals[0])
    model = CutModel(g, root, np.zeros(g.adj.size, bool))
    model.start_from_ascent(10_000)
    for turn in range(8):
        assert model.solve(np.inf)
        found = model.multipliers()
        worth = model.highs.getObjectiveValue() * model.unit
        assert found.bound == pytest.approx(worth, rel=1e-9)
        assert found.bound <= optimum * (1 + 1e-12)
        after, before = distances(g.indptr, g.adj, g.twin, found.slack, g.terminal, root)
        closed, _ = hopeless(
            *(g.indptr, g.adj, g.twin, g.eid, found.slack, after, before),
            optimum - found.bound + 1e-6,
        )
        assert closed.any() or turn == 0
        model.close(closed)
        model.separate(g.terminals, nested=5)


def test_prices_stay_below_the_optimum():
    """The first-order bound is valid, and better than what one ascent gives."""
    nodes, tail, head, cost, terminals = grid(24, 24, 40, 5)
    proven = solved(tail, head, cost, terminals)
    assert proven.status == "optimal"
    g = as_graph(nodes, tail, head, cost, terminals)
    search = Search(g, np.inf, np.random.default_rng(0))
    search.cost = proven.cost * 1.02
    problem = Problem(g, np.arange(g.m), Ledger(g.m))
    nothing = np.empty(0)
    rows = (g.indptr, g.adj, g.twin, g.wt, g.terminal)
    plain = max(
        ascend(*rows, int(r), 0.1, np.empty(0, np.int32), nothing, nothing)[0] for r in g.terminals
    )
    price_rounds(search, problem, 0.0, floor=0)
    assert plain < search.bound <= proven.cost


# Larger graphs


def test_same_input_same_tree():
    _nodes, tail, head, cost, terminals = grid(20, 20, 25, 7)
    first = solved(tail, head, cost, terminals)
    again = solved(tail, head, cost, terminals)
    assert first.status == again.status == "optimal"
    assert np.array_equal(first.edges, again.edges)
    assert [p[1:] for p in first.progress] == [p[1:] for p in again.progress]


def test_ties_are_broken_by_a_fixed_rule():
    _nodes, tail, head, _, terminals = grid(15, 15, 12, 7)
    trees = [solved(tail, head, np.ones(tail.size), terminals) for _ in range(2)]
    assert np.array_equal(trees[0].edges, trees[1].edges)


def test_seed_changes_the_order_not_the_proof():
    _nodes, tail, head, cost, terminals = grid(18, 18, 20, 11)
    assert len({solved(tail, head, cost, terminals, seed=s).cost for s in range(3)}) == 1


@pytest.mark.parametrize("limit", [{"time_limit_s": 1e-9}, {"steps": 0}, {"steps": 5}])
def test_a_limit_cuts_short_with_a_valid_gap(limit):
    nodes, tail, head, cost, terminals = grid(60, 60, 150, 2)
    short = solved(tail, head, cost, terminals, **limit)
    check_tree(nodes, tail, head, cost, terminals, short)
    assert short.status == "feasible"
    assert 0 < short.lower_bound < short.cost


def test_more_steps_go_on_where_fewer_ended():
    _, tail, head, cost, terminals = grid(60, 60, 150, 2)
    few, more = (solved(tail, head, cost, terminals, steps=n) for n in (5, 40))
    ways = [list(dict.fromkeys(found[1] for found in run.progress)) for run in (few, more)]
    assert ways[1][: len(ways[0])] == ways[0]
    assert more.gap < few.gap


def test_progress_only_improves():
    _nodes, tail, head, cost, terminals = grid(25, 25, 40, 4)
    result = solved(tail, head, cost, terminals)
    seconds, costs, bounds = zip(*result.progress, strict=True)
    assert list(seconds) == sorted(seconds)
    assert list(costs) == sorted(costs, reverse=True)
    assert list(bounds) == sorted(bounds)
    assert costs[-1] == result.cost


@pytest.mark.parametrize(
    "name", [f"instance{n:03}" for n in (1, 7, 13, 19, 43, 67, 73, 121, 145, 163, 169, 193)]
)
def test_proven_optima(name, reference):
    with (reference / "steiner/optima.csv").open() as lines:
        optimum = {row["instance"]: float(row["optimum"]) for row in csv.DictReader(lines)}[name]
    instance = read_instance(reference / f"steiner/{name}.gr")
    result = solve(
        instance.tail, instance.head, instance.cost, instance.terminals, nodes=instance.nodes
    )
    check_tree(
        instance.nodes, instance.tail, instance.head, instance.cost, instance.terminals, result
    )
    assert result.lower_bound <= optimum <= result.cost
    assert result.cost <= optimum * 1.001
    assert result.lower_bound >= optimum * 0.998
