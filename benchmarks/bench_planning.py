"""Siting with backhaul on made-up ground: cost, bound, gap, processor seconds and memory.

    python benchmarks/bench_planning.py [--only NAME …] [--seconds S] [--seed N]

Villages lie near roads (a thinned Gabriel graph of winding length), candidates near villages; a
site covers what is within its reach, one in twenty stands already, hops join near neighbours. Each
instance runs in a process of its own, so that the greatest memory is its own. Covering alone comes
twice: scattered at random with 17 sites over each village, and on local ground with 5. Years come
twice: of three or four masts each, and of about one. Seconds of processor stand beside those of
the clock: on a machine with other work, gaps say little without them.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import time

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import minimum_spanning_tree
from scipy.spatial import Delaunay, cKDTree

from phusong.planning.arborescence import (
    Covers,
    Fibre,
    Hops,
    Instance,
    Sites,
    Villages,
    curve,
    solve,
    years,
)
from phusong.planning.arborescence.planner import warm_up
from phusong.planning.arborescence.review.faults import faults

USD_PER_M = 6.0
CASES = {
    "174": (174, 700, 12_000, 100.0),
    "500": (500, 2_000, 54_000, 600.0),
    "1000": (1_000, 5_000, 54_000, 600.0),
}
YEARS = {"years": CASES["174"], "few masts": (60, 200, 12_000, 100.0)}
COVERING = (3_800, 2_000, 60.0)
COVERINGS = ("covering", "local covering")
WANTED = {
    "174": 0.0,
    "500": 0.01,
    "1000": 0.02,
    "covering": 0.001,
    "local covering": 0.001,
    "years": 0.04,
    "few masts": 0.04,
}


def roads(nodes, rng, side):
    """Ends and winding lengths of a thinned Gabriel graph that stays connected."""
    place = rng.random((nodes, 2)) * side
    faces = Delaunay(place).simplices
    pairs = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [0, 2]]]), axis=1)
    pairs = np.unique(pairs, axis=0)
    length = np.linalg.norm(place[pairs[:, 0]] - place[pairs[:, 1]], axis=1)
    near, _ = cKDTree(place).query((place[pairs[:, 0]] + place[pairs[:, 1]]) / 2)
    keep = (near >= length / 2 - 1e-6) & (rng.random(length.size) < 0.9)
    tree = minimum_spanning_tree(coo_array((length, pairs.T), shape=(nodes, nodes))).tocoo()
    code = np.minimum(tree.row, tree.col).astype(np.int64) * nodes + np.maximum(tree.row, tree.col)
    keep |= np.isin(pairs[:, 0].astype(np.int64) * nodes + pairs[:, 1], code)
    return place, pairs[keep], length[keep] * rng.uniform(1.0, 1.6, int(keep.sum()))


def siting(villages, sites, nodes, seed):
    """An instance with roads and hops."""
    rng = np.random.default_rng(seed)
    side = 3_750.0 * np.sqrt(villages)
    place, pairs, length = roads(nodes, rng, side)
    village = place[rng.integers(0, nodes, villages)] + rng.normal(0, 1_500, (villages, 2))
    site = village[rng.integers(0, villages, sites)] + rng.normal(0, 2_500, (sites, 2))
    away, at = cKDTree(place).query(site)
    near = cKDTree(village).query_ball_point(site, 7_000.0 * rng.uniform(0.4, 1.3, sites))
    count = [len(found) for found in near]
    apart, other = cKDTree(site).query(site, k=7)
    ends = np.stack([np.repeat(np.arange(sites), 6), other[:, 1:].ravel()], axis=1)
    seen = (apart[:, 1:].ravel() < 15_000.0) & (rng.random(ends.shape[0]) < 0.6)
    hops = np.unique(np.sort(ends[seen], axis=1), axis=0)
    standing = rng.random(sites) < 0.05
    tower = np.where(standing, 12_000.0, rng.uniform(35_000, 70_000, sites).round(-2))
    return Instance(
        Fibre(
            nodes,
            rng.choice(nodes, max(2, nodes // 400), replace=False),
            pairs[:, 0],
            pairs[:, 1],
            (length * USD_PER_M).round(1),
        ),
        Sites(
            tower,
            at,
            (away * 2 * USD_PER_M).round(1),
            np.full(sites, 8_000.0),
            standing & (rng.random(sites) < 0.5),
        ),
        Villages(rng.integers(50, 900, villages).astype(float)),
        Covers(np.repeat(np.arange(sites), count), np.concatenate(near).astype(np.int64)),
        Hops(hops[:, 0], hops[:, 1], rng.uniform(9_000, 16_000, len(hops)).round(-1), 3),
    ).checked()


def covering(villages, sites, seed):
    """Covering alone, everything at random: a village has 17 sites to choose from, at any cost."""
    rng = np.random.default_rng(seed)
    side = 1_400.0 * np.sqrt(villages)
    village, site = rng.random((villages, 2)) * side, rng.random((sites, 2)) * side
    near = cKDTree(village).query_ball_point(site, 5_000.0 * rng.uniform(0.5, 1.3, sites))
    count = [len(found) for found in near]
    return Instance(
        Fibre(),
        Sites(rng.uniform(35_000, 70_000, sites).round(-2), lit=np.ones(sites, bool)),
        Villages(rng.integers(50, 900, villages).astype(float)),
        Covers(np.repeat(np.arange(sites), count), np.concatenate(near).astype(np.int64)),
    ).checked()


def local_covering(villages, sites, seed):
    """Covering alone on local ground: villages in clusters, candidates beside villages.

    A ridge hides about half of what is near, which leaves 5 sites over a village. Cost grows with
    the way to the nearest of forty towns, as roads and power do, and varies by a tenth either way.
    """
    rng = np.random.default_rng(seed)
    side = 1_400.0 * np.sqrt(villages)
    hamlet = rng.random((villages // 6, 2)) * side
    village = hamlet[rng.integers(0, len(hamlet), villages)] + rng.normal(0, 1_200, (villages, 2))
    site = village[rng.integers(0, villages, sites)] + rng.normal(0, 1_500, (sites, 2))
    away, _ = cKDTree(rng.random((40, 2)) * side).query(site)
    near = cKDTree(village).query_ball_point(site, 2_900.0 * rng.uniform(0.5, 1.3, sites))
    at, seen = np.repeat(np.arange(sites), [len(found) for found in near]), np.concatenate(near)
    # A site sees one side of the ridge on which it stands.
    toward = rng.uniform(0, 2 * np.pi, sites)[at]
    ahead = village[seen.astype(np.int64)] - site[at]
    visible = ahead[:, 0] * np.cos(toward) + ahead[:, 1] * np.sin(toward) > -500.0
    return Instance(
        Fibre(),
        Sites(
            ((35_000 + 3.0 * away) * rng.uniform(0.9, 1.1, sites)).round(-2),
            lit=np.ones(sites, bool),
        ),
        Villages(rng.integers(50, 900, villages).astype(float)),
        Covers(at[visible], seen[visible].astype(np.int64)),
    ).checked()


def run(name, seconds, seed, queue):
    """Solve one case and report it."""
    warm_up()
    if name in COVERINGS:
        villages, sites, limit = COVERING
        made = covering if name == "covering" else local_covering
        instance = made(villages, sites, seed)
        over = np.bincount(instance.covers.village, minlength=villages)
        over = over[over > 0]
        print(f"#   {name}: {over.mean():.1f} sites over a village, {over.size} villages covered")
    else:
        villages, sites, nodes, limit = {**CASES, **YEARS}[name]
        instance = siting(villages, sites, nodes, seed)
    limit = seconds or limit
    clock, processor = time.perf_counter(), time.process_time()
    if name in YEARS:
        total = solve(instance, time_limit_s=limit).cost
        schedule = years(instance, [0.15 * total] * 5, time_limit_s=limit / 8)
        found = (schedule.served, schedule.bound, schedule.gap, "DUALS or BRANCHING")
        print(
            f"#   {name}: {schedule.most_together:.0f} in all years together at most, "
            f"{sum(schedule.most_people):.0f} in each year by itself; "
            f"{time.process_time() - processor:.0f} s of processor"
        )
        wrong = [
            fault
            for k, plan in enumerate(schedule.plans)
            for fault in faults(instance, plan, 0.15 * total * (k + 1))
        ]
        points = curve(instance, [0.2 * total, 0.5 * total, 0.8 * total], time_limit_s=limit / 8)
        for plan in points:
            print(
                f"#   {plan.cost:.0f}: {plan.people:.0f} people of {plan.most_people:.0f} at most"
            )
    else:
        plan = solve(instance, time_limit_s=limit)
        found = (plan.cost, plan.lower_bound, plan.gap, plan.vouched.name)
        proven = (plan.cost - plan.proven_bound) / plan.proven_bound
        print(f"#   {name}: gap by multipliers alone {100 * proven:.3f} %, {plan.sites.size} sites")
        wrong = faults(instance, plan)
    queue.put(
        (
            *found,
            instance.fibre.cost.size,
            time.perf_counter() - clock,
            time.process_time() - processor,
            resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
            wrong,
        )
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    names = [*CASES, *COVERINGS, *YEARS]
    parser.add_argument("--only", nargs="+", choices=names, default=names)
    parser.add_argument("--seconds", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    print("case,roads,cost,bound,gap_percent,wanted_percent,vouched,seconds,processor_s,GB,faults")
    for name in options.only:
        queue = multiprocessing.get_context("spawn").Queue()
        process = multiprocessing.get_context("spawn").Process(
            target=run, args=(name, options.seconds, options.seed, queue)
        )
        process.start()
        cost, bound, gap, vouched, sections, clock, processor, memory, wrong = queue.get()
        process.join()
        print(
            f"{name},{sections},{cost:.1f},{bound:.1f},{100 * gap:.3f},{100 * WANTED[name]:.1f},"
            f"{vouched},{clock:.0f},{processor:.0f},{memory:.2f},{len(wrong)}",
            flush=True,
        )


if __name__ == "__main__":
    main()
