"""Every single loss of a province of 500,000 edges: ``python benchmarks/bench_cascade.py``.

A lattice of cables with so few of its edges that much hangs on single routes, PoPs, commune
centres, sites with three sectors hung on it by fibre or from a neighbour by microwave, villages
on the mirrored ground of the sample, feeders and hazard areas. Path losses are computed first and
kept. Then, with times and memory: the network and its failures; every single loss followed to
villages; two cuts of one ring; pairs of the worst (limit of these together: 2 minutes). With
``--remedies N`` also what mends most.

The peer is what the same question takes without the room: networkx, components anew for a cut, and
the coverage anew without the sites of an event; a few of each, multiplied by how many there are.
What they find is compared with what the room found: exit code 1 where it differs.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import shapely

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))
from bench_fiber import road_network

from phusong.checks import Findings
from phusong.coverage.signal.signal import compute_signal
from phusong.coverage.signal.store import PathLossStore
from phusong.coverage.silence.silenced import SilencedVillages
from phusong.coverage.villages.assess import assess_villages
from phusong.fiber.assess import assess_fiber
from phusong.planning.cascade.followed import followed_events
from phusong.planning.cascade.judged import Judged
from phusong.planning.cascade.losable import Network
from phusong.planning.cascade.remedies.assess import find_remedies
from phusong.planning.cascade.ring_cuts import ring_cuts
from phusong.planning.cascade.worst_pairs import worst_pairs
from phusong.sources import read_inputs
from phusong.sources.inputs import Inputs
from phusong.study import Study
from phusong.study.file import read_study
from worlds.on_disk import make_province

LIMIT_S = 120.0
KEPT = 0.75
"""Of the lattice of the fibre room's benchmark: 0.56 of all its edges, hardly one network."""
POPS, FEEDERS, HAZARDS = 12, 40, 30
FIBER = """
[fiber]
drop_m = 500.0
[[fiber.optics.classes]]
name = "10G ZR"
min_db = 0
max_db = 90
wavelengths_nm = [1550]
reach_km = 400
"""


@dataclass
class Clock:
    """Steps, with what they took."""

    wall_s: dict[str, float] = field(default_factory=dict)
    cpu_s: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def __call__(self, step: str) -> Iterator[None]:
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.wall_s[step] = time.perf_counter() - wall
        self.cpu_s[step] = time.process_time() - cpu
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(
            f"  {step:44}{self.wall_s[step]:8.1f} s wall {self.cpu_s[step]:8.1f} s processor"
            f"  peak {peak:.2f} GB",
            flush=True,
        )


def study_with_cells(folder: Path, sites: int) -> Study:
    """Write a province of so many sites with three sectors on one band."""
    made = make_province(folder, sites, radius_km=12.0, model="p526")
    cells = made.folder / "cells.csv"
    lines = cells.read_text("utf-8").splitlines()
    cells.write_text("\n".join(ln for ln in lines if ",1800," not in ln) + "\n", "utf-8")
    toml = made.folder / "study.toml"
    toml.write_text(toml.read_text("utf-8") + FIBER, "utf-8")
    return read_study(made.folder)


def with_network(inputs: Inputs, side: int, seed: int = 1) -> Inputs:
    """Lay cables over the villages, and hang communes and sites on them."""
    rng = np.random.default_rng(seed)
    west, south, east, north = inputs.villages.total_bounds.tolist()
    edges, xy, lines = road_network(side, seed)
    kept = rng.random(len(edges)) < KEPT
    edges, lines = edges[kept], lines[kept]
    low, high = xy.min(axis=0), xy.max(axis=0)
    scale = np.array([east - west, north - south]) / (high - low)

    def placed(p: Any) -> Any:
        return (p - low) * scale + (west, south)

    xy, lines = placed(xy), shapely.transform(lines, placed)
    count = len(lines)
    cables = gpd.GeoDataFrame(
        {
            "cable_id": [f"C{i}" for i in range(count)],
            "owner": "A",
            "status": "",
            "kind": "aerial",
            "cores": 24.0,
            "group": None,
            "in_service": True,
            "file": "bench",
            "row": 1,
        },
        geometry=lines,
        crs=inputs.crs,
    )
    # Only what hangs on the largest part of the lattice can be lit.
    graph = nx.Graph(edges.tolist())
    largest = np.array(sorted(max(nx.connected_components(graph), key=len)))
    pop = rng.choice(largest, POPS, replace=False)
    communes = inputs.communes
    centre = communes.geometry.centroid
    tree = shapely.STRtree(shapely.points(xy[largest]))
    near = largest[tree.nearest(centre.to_numpy())]
    centres = gpd.GeoDataFrame(
        {
            "commune_code": communes["code"],
            "name": communes["name"],
            "source": "file",
            "row": 1,
        },
        geometry=shapely.points(xy[near] + rng.uniform(-40, 40, (len(near), 2))),
        crs=inputs.crs,
    )
    names = inputs.sites["site_id"].astype(str).to_numpy()
    place = np.column_stack([inputs.sites.geometry.x, inputs.sites.geometry.y])
    radio = rng.random(len(names)) < 0.3
    fibred = np.flatnonzero(~radio)
    feeds = fibred[shapely.STRtree(shapely.points(place[fibred])).nearest(shapely.points(place))]
    backhaul = pd.DataFrame(
        {
            "site_id": names,
            "medium": np.where(radio, "microwave", "fibre"),
            "upstream": np.where(radio, names[feeds], None),
            "file": "bench",
            "row": 1,
        }
    ).astype({"upstream": object})
    return replace(
        inputs,
        cables=cables,
        commune_centres=centres,
        backhaul=backhaul,
        pops=gpd.GeoDataFrame(
            {"pop_id": [f"P{i}" for i in range(POPS)], "name": "", "file": "", "row": 1},
            geometry=shapely.points(xy[pop]),
            crs=inputs.crs,
        ),
    )


def dangers(inputs: Inputs, seed: int = 2) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Hazard areas of 1 km round random villages, and feeders of neighbouring sites."""
    rng = np.random.default_rng(seed)
    some = rng.choice(len(inputs.villages), HAZARDS, replace=False)
    ids = [f"H{i}" for i in range(HAZARDS)]
    areas = inputs.villages.geometry.iloc[some].centroid.buffer(1000.0).to_numpy()
    hazards = gpd.GeoDataFrame({"place_id": ids, "name": ids}, geometry=areas, crs=inputs.crs)
    order = np.lexsort((inputs.sites.geometry.x, inputs.sites.geometry.y // 10_000))
    feeder = np.empty(len(order), dtype=object)
    feeder[order] = [f"F{i * FEEDERS // len(order)}" for i in range(len(order))]
    battery = rng.choice([2.0, 4.0, 8.0], len(order))
    names = inputs.sites["site_id"].astype(str)
    return hazards, pd.DataFrame({"site_id": names, "feeder": feeder, "battery_h": battery})


def naive_cuts(network: Network, events: pd.DataFrame, few: int) -> tuple[float, bool]:
    """Follow some cuts by components of networkx; seconds for one, and whether all agree."""
    view = network.fiber.network.to_networkx()
    view.remove_edges_from(
        [(a, b, k) for a, b, k, live in view.edges(keys=True, data="in_service") if not live]
    )
    hanging, fed = network.fiber.hanging, network.fiber.network.fed_pops().tolist()
    ids = network.fiber.edges["edge_id"].to_numpy(dtype=object)
    cuts = events[events["element"] == "edge"]
    some = cuts.iloc[np.linspace(0, len(cuts) - 1, few).astype(int)]
    graph = network.fiber.network.graph
    same, began = True, time.perf_counter()
    for row in some.itertuples():
        e = network.edges[str(row.id)]
        ends = int(graph.tail[e]), int(graph.head[e]), str(ids[e])
        view.remove_edge(*ends)
        lit: set[int] = set()
        for pop in fed:
            if pop not in lit:
                lit |= nx.node_connected_component(view, pop)
        dark = {
            str(code)
            for code, node in zip(hanging.code, hanging.node.tolist(), strict=True)
            if node >= 0 and node not in lit
        }
        same &= dark == set(row.communes)
        view.add_edge(*ends)
    return (time.perf_counter() - began) / few, same


def naive_villages(
    inputs: Inputs, study: Study, store: PathLossStore, events: pd.DataFrame, scratch: Path
) -> tuple[float, bool]:
    """Judge the villages anew without the sites of the worst event; seconds, and whether equal."""
    row = events.iloc[0]
    cells = inputs.cells.copy()
    cells["in_service"] = ~cells["site_id"].isin(row["sites"])
    before = assess_villages(inputs, study, compute_signal(inputs, study, _new(scratch), store))
    began = time.perf_counter()
    left = replace(inputs, cells=cells)
    after = assess_villages(left, study, compute_signal(left, study, _new(scratch), store))
    took = time.perf_counter() - began
    worse = after.villages["people_unserved"] - before.villages["people_unserved"]
    lost = float(
        worse[(worse >= 1.0) | (after.villages["grade"] != before.villages["grade"])].sum()
    )
    return took, abs(lost - row["people_without_signal"]) < 1e-6 * max(1.0, lost)


def _new(folder: Path) -> Path:
    return Path(tempfile.mkdtemp(dir=folder))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--side", type=int, default=667, help="lattice side; 667 is 500,000 edges")
    parser.add_argument("--sites", type=int, default=500, help="three cells each")
    parser.add_argument("--peers", type=int, default=3, help="cuts that networkx follows; 0: none")
    parser.add_argument("--remedies", type=int, default=0, help="of each kind that are followed")
    parser.add_argument("--folder", type=Path, help="keep the province, and its path losses, here")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="phusong-cascade-") as scratch:
        sys.exit(run(asked, asked.folder or Path(scratch), Path(scratch)))


def run(asked: argparse.Namespace, folder: Path, scratch: Path) -> int:
    clock = Clock()
    print("made first, and not counted:")
    with clock("province, path losses"):
        study = study_with_cells(folder / "province", asked.sites)
        inputs = with_network(read_inputs(study, Findings(study.checks.severity)), asked.side)
        store = PathLossStore.of(study)
        silenced = SilencedVillages(inputs, study, store)
        compute_signal(inputs, study, _new(scratch), store)
        hazards, feeders = dangers(inputs)
        people = pd.Series(1000.0, index=inputs.communes["code"])
    print(f"{len(inputs.sites)} sites, {len(inputs.cells)} cells, {len(inputs.villages)} villages")
    steps = ["network, reach, failures", "every single loss", "cuts of rings", "worst pairs"]
    with clock(steps[0]):
        fiber = assess_fiber(inputs, study, Findings(), people)
    network = Network(fiber, inputs, hazards, feeders)
    judged = Judged(silenced, inputs, study)
    hours = study.planning.outage_hours
    with clock(steps[1]):
        events = followed_events(network, hours, judged)
    single = len(judged)
    with clock(steps[2]):
        cuts = ring_cuts(network, judged)
    with clock(steps[3]):
        pairs = worst_pairs(network, events, hours, judged)
    wall, cpu = (sum(took[s] for s in steps) for took in (clock.wall_s, clock.cpu_s))
    print(
        f"{len(fiber.edges)} edges: {len(events)} losses that darken something, {single} sets of"
        f" silent sites ({len(judged)} with rings and pairs), {len(cuts)} rings, {len(pairs)} pairs"
    )
    print(f"all of it: {wall:.1f} s wall, {cpu:.1f} s processor; limit {LIMIT_S:.0f} s")
    if asked.remedies:
        with clock(f"remedies, {asked.remedies} of each kind"):
            found = find_remedies(network, events, study, judged, asked.remedies)
        print(f"{len(found)} remedies")
    if not asked.peers:
        return 0
    each, same_cuts = naive_cuts(network, events, asked.peers)
    bridges = int(fiber.edges["bridge"].sum())
    print(
        f"networkx: {each:.1f} s a cut, {each * bridges / 3600:.1f} h for the {bridges} bridges;"
        f" same communes: {same_cuts}"
    )
    once, same = naive_villages(inputs, study, store, events, scratch)
    print(
        f"coverage anew: {once:.1f} s a set, {once * len(judged) / 3600:.1f} h for {len(judged)};"
        f" same people: {same}"
    )
    return 0 if same and same_cuts else 1


if __name__ == "__main__":
    main()
