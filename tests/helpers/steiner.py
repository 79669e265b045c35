"""Steiner trees to check against: small graphs drawn at random, the optimum by recursion."""

from __future__ import annotations

import itertools

import networkx as nx
import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from phusong.fiber.steiner import solve
from phusong.fiber.steiner.graph import build

quick = settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


def solved(*graph, **options):
    """Solve by counted steps, the same on every machine: no verdict hangs on the clock."""
    return solve(*graph, **{"time_limit_s": np.inf, "steps": 20_000, **options})


def dreyfus_wagner(nodes, tail, head, cost, terminals):
    """Cost of the optimum by the Dreyfus-Wagner recursion over terminal subsets."""
    dist = np.full((nodes, nodes), np.inf)
    np.fill_diagonal(dist, 0)
    for u, v, c in zip(tail, head, cost, strict=True):
        dist[u, v] = dist[v, u] = min(dist[u, v], c)
    for k in range(nodes):
        dist = np.minimum(dist, dist[:, k, None] + dist[None, k, :])
    terminals = list(dict.fromkeys(terminals))
    rest = terminals[1:]
    if not rest:
        return 0.0
    best = {frozenset([t]): dist[t] for t in rest}
    for size in range(2, len(rest) + 1):
        for chosen in itertools.combinations(rest, size):
            whole = frozenset(chosen)
            joined = np.full(nodes, np.inf)
            for k in range(1, size):
                for part in map(frozenset, itertools.combinations(chosen, k)):
                    joined = np.minimum(joined, best[part] + best[whole - part])
            best[whole] = (joined[None, :] + dist).min(axis=1)
    return float(best[frozenset(rest)][terminals[0]])


@st.composite
def instances(draw, least=2, most=14, whole=True):
    """Connected graphs: a random tree and some more edges, few distinct costs, so many ties."""
    nodes = draw(st.integers(least, most))
    edges = [(draw(st.integers(0, v - 1)), v) for v in range(1, nodes)]
    edges += draw(
        st.lists(
            st.tuples(st.integers(0, nodes - 1), st.integers(0, nodes - 1)), max_size=3 * nodes
        )
    )
    price = st.integers(0, 9) if whole else st.floats(0, 10, allow_nan=False)
    cost = draw(st.lists(price, min_size=len(edges), max_size=len(edges)))
    terminals = draw(st.lists(st.integers(0, nodes - 1), min_size=1, max_size=6, unique=True))
    tail, head = np.array(edges, np.int64).reshape(-1, 2).T
    return nodes, tail, head, np.array(cost, float), np.array(terminals, np.int64)


def check_tree(nodes, tail, head, cost, terminals, result):
    g = nx.Graph()
    g.add_nodes_from(int(t) for t in terminals)
    g.add_edges_from((int(tail[e]), int(head[e])) for e in result.edges)
    assert nx.is_tree(g)
    assert g.number_of_edges() == result.edges.size
    assert result.cost == pytest.approx(cost[result.edges].sum(), rel=1e-12)
    for v in g:
        assert g.degree(v) != 1 or v in set(terminals)


def as_graph(nodes, tail, head, cost, terminals):
    g = nx.MultiGraph()
    g.add_nodes_from(range(nodes))
    simple = {}
    for u, v, c in zip(tail.tolist(), head.tolist(), cost.tolist(), strict=True):
        key = (min(u, v), max(u, v))
        if u != v:
            simple[key] = min(c, simple.get(key, np.inf))
    mask = np.zeros(nodes, bool)
    mask[terminals] = True
    ends = np.array(list(simple), np.int32).reshape(-1, 2)
    return build(ends[:, 0], ends[:, 1], np.array(list(simple.values()), float), mask)


def grid(rows, cols, count, seed):
    rng = np.random.default_rng(seed)
    index = np.arange(rows * cols).reshape(rows, cols)
    tail = np.concatenate([index[:, :-1].ravel(), index[:-1].ravel()])
    head = np.concatenate([index[:, 1:].ravel(), index[1:].ravel()])
    cost = rng.integers(50, 1000, tail.size).astype(float)
    return rows * cols, tail, head, cost, np.sort(rng.choice(rows * cols, count, replace=False))


# Hand-worked graphs
