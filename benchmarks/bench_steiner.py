"""Steiner trees beside networkx, rustworkx and SteinerPy: one command, one table.

    python benchmarks/bench_steiner.py [--small] [--instances FOLDER]

Peers are optional: what can be imported is compared. Install them in an environment of their own
(networkx comes with phusong; ``pip install rustworkx steinerpy``). Each row gives the cost over our
lower bound (over the proven optimum where there is one) and the seconds; ``first`` is our tree
before improving, the least of three runs, as for the peers. Seconds of processor tell how much of
its two cores a run got: on a machine with other work, gaps say little without them.
"""

from __future__ import annotations

import argparse
import csv
import importlib.util
import resource
import time
from dataclasses import dataclass
from pathlib import Path

import networkx as nx
import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import minimum_spanning_tree
from scipy.spatial import Delaunay, cKDTree

from phusong.fiber.steiner import read_instance, solve
from phusong.fiber.steiner.given import first_tree
from phusong.fiber.steiner.graph import build
from phusong.fiber.steiner.solve import warm_up

KOU_TERMINALS = 120
KOU_EDGES = 12_000
SLOW_PEER_EDGES = 120_000
STEINERPY_EDGES = 3_000


@dataclass
class Case:
    name: str
    nodes: int
    tail: np.ndarray
    head: np.ndarray
    cost: np.ndarray
    terminals: np.ndarray
    seconds: float
    optimum: float = 0.0
    wanted_gap: float = 0.0


def grid(name, side, terminals, seconds, wanted, seed=0):
    """A square grid with random whole costs."""
    rng = np.random.default_rng(seed)
    index = np.arange(side * side).reshape(side, side)
    tail = np.concatenate([index[:, :-1].ravel(), index[:-1].ravel()])
    head = np.concatenate([index[:, 1:].ravel(), index[1:].ravel()])
    cost = rng.integers(50, 1000, tail.size).astype(float)
    chosen = np.sort(rng.choice(side * side, terminals, replace=False))
    return Case(name, side * side, tail, head, cost, chosen, seconds, wanted_gap=wanted)


def roads(name, nodes, terminals, seconds, wanted, seed=0):
    """Planar and road-like: a thinned Delaunay graph that stays connected, winding lengths in m.

    An edge may stay when no more than one other node lies in the circle over it.
    """
    rng = np.random.default_rng(seed)
    place = rng.random((nodes, 2)) * np.sqrt(nodes) * 100
    faces = Delaunay(place).simplices
    pairs = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [0, 2]]]), axis=1)
    pairs = np.unique(pairs, axis=0)
    length = np.linalg.norm(place[pairs[:, 0]] - place[pairs[:, 1]], axis=1)
    near, _ = cKDTree(place).query((place[pairs[:, 0]] + place[pairs[:, 1]]) / 2, k=3)
    keep = (near[:, 2] >= length / 2 - 1e-9) & (rng.random(length.size) < 0.9)
    tree = minimum_spanning_tree(coo_array((length, pairs.T), shape=(nodes, nodes))).tocoo()
    code = np.minimum(tree.row, tree.col).astype(np.int64) * nodes + np.maximum(tree.row, tree.col)
    keep |= np.isin(pairs[:, 0].astype(np.int64) * nodes + pairs[:, 1], code)
    pairs = pairs[keep]
    cost = np.round(length[keep] * rng.uniform(1.0, 1.6, pairs.shape[0]), 2)
    chosen = np.sort(rng.choice(nodes, terminals, replace=False))
    return Case(name, nodes, pairs[:, 0], pairs[:, 1], cost, chosen, seconds, wanted_gap=wanted)


def files(folder):
    """Instances of a folder; ``optima.csv`` beside them gives proven optima."""
    table = folder / "optima.csv"
    optima = {}
    if table.exists():
        with table.open() as lines:
            optima = {r["instance"]: float(r["optimum"]) for r in csv.DictReader(lines)}
    for path in sorted([*folder.glob("*.gr"), *folder.glob("*.stp")]):
        i = read_instance(path)
        optimum = optima.get(i.name, 0.0)
        yield Case(i.name, i.nodes, i.tail, i.head, i.cost, i.terminals, 10.0, optimum)


def least(function, repeats=3):
    """Result and least seconds of some runs."""
    best = np.inf
    for _ in range(repeats):
        start = time.perf_counter()
        result = function()
        best = min(best, time.perf_counter() - start)
    return result, best


def ours_first(case):
    mask = np.zeros(case.nodes, bool)
    mask[case.terminals] = True
    ends = case.tail.astype(np.int32), case.head.astype(np.int32)

    def run():
        graph = build(*ends, case.cost, mask)
        return float(graph.cost[first_tree(graph)].sum())

    return least(run)


def peers(case):
    """Yield name, cost and seconds of every peer that can be imported and is up to the size."""
    weighted = list(zip(case.tail.tolist(), case.head.tolist(), case.cost.tolist(), strict=True))
    terminals = case.terminals.tolist()
    if importlib.util.find_spec("rustworkx"):
        import rustworkx as rx  # noqa: PLC0415 - optional

        graph = rx.PyGraph()
        graph.add_nodes_from(range(case.nodes))
        graph.add_edges_from(weighted)
        tree, seconds = least(lambda: rx.steiner_tree(graph, terminals, float))
        yield "rustworkx", sum(tree.edges()), seconds
    if case.tail.size > SLOW_PEER_EDGES:
        return
    graph = nx.Graph()
    graph.add_weighted_edges_from(weighted)
    methods = ["mehlhorn"]
    if case.tail.size <= KOU_EDGES and len(terminals) <= KOU_TERMINALS:
        methods.append("kou")
    for method in methods:
        tree, seconds = least(
            lambda m=method: nx.algorithms.approximation.steiner_tree(graph, terminals, method=m), 1
        )
        yield f"networkx {method}", tree.size("weight"), seconds
    if importlib.util.find_spec("steinerpy") and case.tail.size <= STEINERPY_EDGES:
        from steinerpy import SteinerProblem  # noqa: PLC0415 - optional

        problem = SteinerProblem(graph, [terminals])
        start = time.perf_counter()
        try:
            solution = problem.get_solution(time_limit=case.seconds)
        except RuntimeError as error:
            print(f"{case.name}: steinerpy has no tree: {error}")
        else:
            yield "steinerpy", solution.objective, time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="leave out 10^5 and 10^6 edges")
    parser.add_argument("--instances", type=Path, help="folder of .gr and .stp files to add")
    options = parser.parse_args()
    _, compiling = least(warm_up, 1)
    print(f"compiling or loading the kernels: {compiling:.1f} s\n")
    cases = [
        grid("grid 10^4", 71, 200, 10, 0.5),
        roads("roads 10^4", 3_640, 200, 10, 0.5),
    ]
    if not options.small:
        cases += [
            grid("grid 10^5", 224, 200, 60, 1.0),
            roads("roads 10^5", 36_200, 200, 60, 1.0),
            grid("grid 10^6", 708, 200, 300, 3.0),
            roads("roads 10^6", 361_000, 300, 300, 3.0),
        ]
    if options.instances:
        cases += files(options.instances)
    print(f"{'instance':14} {'edges':>8} {'by':18} {'cost':>16} {'over bound':>10} {'seconds':>9}")
    ratios = {}
    for case in cases:
        busy = time.process_time()
        result = solve(
            case.tail,
            case.head,
            case.cost,
            case.terminals,
            nodes=case.nodes,
            time_limit_s=case.seconds,
        )
        busy = time.process_time() - busy
        bound = case.optimum or result.lower_bound
        first, seconds = ours_first(case)
        rows = [("phusong", result.cost, result.seconds), ("phusong first", first, seconds)]
        rows += peers(case)
        for name, cost, took in rows:
            over = 100 * (cost / bound - 1) if bound else 0.0
            ratios.setdefault(name, []).append(over)
            print(
                f"{case.name:14} {case.tail.size:8} {name:18} {cost:16.2f} {over:9.3f}% {took:9.3f}"
            )
        note = f"; asked for {case.wanted_gap} %" if case.wanted_gap else ""
        proven = 100 * (1 - result.lower_bound / case.optimum) if case.optimum else 0.0
        if case.optimum:
            note = f"; own bound {proven:.3f} % under the optimum"
        gap = f"gap {100 * result.gap:.3f} % ({result.status}), {busy:.0f} s of processor"
        print(f"{'':23} {gap}{note}\n", flush=True)
    print("mean over the bound or optimum:")
    for name, values in ratios.items():
        print(f"  {name:18} {np.mean(values):8.3f} %  worst {max(values):8.3f} %  ({len(values)})")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"peak memory with peers: {peak:.2f} GB")


if __name__ == "__main__":
    main()
