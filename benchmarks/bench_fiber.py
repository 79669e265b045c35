"""The fibre room on a whole province: 500,000 road edges, 300 targets.

    python benchmarks/bench_fiber.py [--side 577] [--targets 300] [--seconds 120]

Two cases. *Stress*: every road is a cable; graph with ground lengths from a DEM, gaps, reach of
400 centres, redundancy, ranked failures, frames (limit: 60 s). *Extension*: cables on some of
the roads, 300 centres to reach over all of them, with a proven bound (limit: 5 minutes; once
more with a search that is cut short at once, which has to leave a bound too), then second routes
for twenty communes. Kernels are compiled on a small province first and that time is printed
apart. One table: wall and processor seconds of a step (making the province left out), its limit,
and the peak memory of the process so far (limit: 4 GB).
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
import shapely
from pyproj import CRS

from phusong.checks import Findings
from phusong.fiber.assess import assess_fiber
from phusong.fiber.extension.extension import plan_extension
from phusong.fiber.network.paths import cheapest_from, way_back
from phusong.fiber.rings.rings import plan_rings
from phusong.grid import Grid
from phusong.sources.inputs import Inputs, Raster
from phusong.study import Study

UTM = CRS.from_epsg(32648)
STRESS_S, EXTENSION_S = 60.0, 300.0
EAST, NORTH, STEP_M, CELL_M = 500_000.0, 2_400_000.0, 260.0, 30.0


def terrain(folder: Path, size_m: float, seed: int) -> Raster:
    """Ridges a few kilometres apart, up to some 1,200 m."""
    cells = int(size_m / CELL_M) + 200
    grid = Grid(UTM, EAST - 3000, NORTH - 3000 + cells * CELL_M, CELL_M, cells, cells)
    rng = np.random.default_rng(seed)
    x = np.arange(cells) * CELL_M
    height = np.full((cells, cells), 400.0, dtype=np.float32)
    for _ in range(12):
        a, b, phase = [*rng.normal(0, 1 / 2500, 2).tolist(), rng.uniform(0, 6.3)]
        height += (70 * np.sin(a * x[:, None] + b * x[None, :] + phase)).astype(np.float32)
    path = folder / "terrain.tif"
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=cells,
        width=cells,
        count=1,
        dtype="float32",
        crs=UTM,
        transform=grid.transform,
        tiled=True,
        blockxsize=512,
        blockysize=512,
        compress="deflate",
    ) as target:
        target.write(height, 1)
    return Raster(path, grid, "bench")


def road_network(side: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A jittered lattice with three quarters of its edges; (edges, node xy, lines)."""
    rng = np.random.default_rng(seed)
    gx, gy = np.meshgrid(np.arange(side), np.arange(side))
    xy = np.stack([gx.ravel(), gy.ravel()], axis=1) * STEP_M
    xy = xy + rng.uniform(-80, 80, xy.shape) + (EAST, NORTH)
    number = np.arange(side * side).reshape(side, side)
    edges = np.concatenate(
        [
            np.stack([number[:, :-1].ravel(), number[:, 1:].ravel()], axis=1),
            np.stack([number[:-1].ravel(), number[1:].ravel()], axis=1),
        ]
    )
    edges = edges[rng.random(len(edges)) < 0.75]
    t = np.linspace(0, 1, 8)[None, :, None]
    path = xy[edges[:, 0], None] * (1 - t) + xy[edges[:, 1], None] * t
    path[:, 1:-1] += rng.normal(0, 8, path[:, 1:-1].shape)
    slip = rng.random((len(edges), 2)) < 0.1  # ends as hands draw them
    path[:, 0] += slip[:, :1] * rng.uniform(-1.5, 1.5, (len(edges), 2))
    path[:, -1] += slip[:, 1:] * rng.uniform(-1.5, 1.5, (len(edges), 2))
    return edges, xy, shapely.linestrings(path)


def province(folder: Path, side: int, centres: int, cabled: float, seed: int = 1) -> Inputs:
    """Roads, a DEM, PoPs, and cables along the shortest ways to a share of the centres."""
    rng = np.random.default_rng(seed)
    edges, xy, lines = road_network(side, seed)
    size = side * STEP_M
    raster = terrain(folder, size, seed)
    heart = rng.choice(len(xy), centres, replace=False)
    pop = rng.choice(len(xy), 8, replace=False)
    kind = rng.choice(["primary", "secondary", "track"], len(lines), p=[0.1, 0.3, 0.6])
    roads = gpd.GeoDataFrame(
        {"road_id": np.arange(len(lines)).astype(str), "kind": kind, "surface": "", "row": 1},
        geometry=lines,
        crs=UTM,
    )
    use = np.arange(len(lines))
    if cabled < 1:
        length = shapely.length(lines)
        _, before = cheapest_from(len(xy), edges[:, 0], edges[:, 1], length, pop)
        served = heart[: int(centres * cabled)]
        use = np.unique(
            np.concatenate([way_back(edges[:, 0], edges[:, 1], before, int(v)) for v in served])
        )
    cables = gpd.GeoDataFrame(
        {
            "cable_id": use.astype(str),
            "owner": "A",
            "status": "",
            "kind": "aerial",
            "cores": 24.0,
            "group": None,
            "in_service": True,
            "file": "bench",
            "row": 1,
        },
        geometry=shapely.transform(lines[use], lambda p: p + 6.0),
        crs=UTM,
    )
    codes = [f"{i:05d}" for i in range(centres)]
    places = shapely.points(xy[heart] + rng.uniform(-40, 40, (centres, 2)))
    box = shapely.box(EAST, NORTH, EAST + size, NORTH + size)
    empty = gpd.GeoDataFrame({"code": []}, geometry=[], crs=UTM)
    return Inputs(
        crs=UTM,
        grid=raster.grid,
        communes=gpd.GeoDataFrame(
            {"code": codes, "name": codes, "row": 1}, geometry=[box] * centres, crs=UTM
        ),
        villages=empty,
        commune_centres=gpd.GeoDataFrame(
            {"commune_code": codes, "name": codes, "source": "file", "row": 1},
            geometry=places,
            crs=UTM,
        ),
        sites=empty,
        cells=pd.DataFrame(),
        cables=cables,
        pops=gpd.GeoDataFrame(
            {"pop_id": [f"P{i}" for i in range(8)], "name": "", "file": "", "row": 1},
            geometry=shapely.points(xy[pop]),
            crs=UTM,
        ),
        roads=roads,
        terrain=raster,
        filled=None,
        landcover=None,
        people=None,
        sources={},
    )


def study() -> Study:
    optics = {
        "classes": [
            {"name": "10G ZR", "min_db": 0, "max_db": 60, "wavelengths_nm": [1550], "reach_km": 300}
        ]
    }
    return Study.model_validate(
        {
            "study": {"name": "bench"},
            "boundaries": {"communes": {"path": "c"}, "villages": [{"path": "v"}]},
            "towers": [{"path": "t"}],
            "terrain": {"dem": ["d"]},
            "fiber": {"optics": optics, "drop_m": 200.0},
            "extension": {"kind_usd_per_km": {"primary": 16e3, "secondary": 20e3, "track": 26e3}},
        }
    )


class Report:
    """Times steps and prints them as one table, a row a step, with limits beside them."""

    def __init__(self) -> None:
        self.silent = True

    def header(self) -> None:
        self.silent = False
        print("step,edges,seconds,cpu_seconds,limit_seconds,peak_gb,result")

    @contextmanager
    def step(self, name: str, limit_s: float | None = None) -> Iterator[dict[str, object]]:
        """Time the block; it fills in ``edges`` and ``result``."""
        told: dict[str, object] = {"edges": 0, "result": ""}
        wall, cpu = time.perf_counter(), time.process_time()
        yield told
        self.row(
            name,
            time.perf_counter() - wall,
            time.process_time() - cpu,
            limit_s,
            int(str(told["edges"])),
            str(told["result"]),
        )

    def row(
        self, name: str, wall_s: float, cpu_s: float, limit_s: float | None, edges: int, result: str
    ) -> None:
        if not self.silent:
            peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
            limit = "" if limit_s is None else f"{limit_s:g}"
            print(
                f'"{name}",{edges},{wall_s:.1f},{cpu_s:.1f},{limit},{peak_gb:.2f},"{result}"',
                flush=True,
            )


def stress(side: int, report: Report) -> None:
    """Every road is a cable."""
    with tempfile.TemporaryDirectory() as folder:
        inputs = province(Path(folder), side, 400, 1.0)
        people = pd.Series(1000.0, index=inputs.communes["code"])
        with report.step("graph, gaps, reach, redundancy, failures", STRESS_S) as told:
            result = assess_fiber(inputs, study(), Findings(), people)
            found = result.summary()
            told["edges"] = len(result.edges)
            told["result"] = (
                f"{found['reached']} of 400 reached, {found['bridges']} bridges, "
                f"{len(result.failures)} single losses ranked"
            )


def extension(side: int, targets: int, seconds: float, report: Report) -> None:
    """Cables to 150 centres, and the cheapest network to the others."""
    with tempfile.TemporaryDirectory() as folder:
        inputs = province(Path(folder), side, targets + 150, 150 / (targets + 150))
        people = pd.Series(
            np.random.default_rng(3).uniform(500, 9000, targets + 150).round(),
            index=inputs.communes["code"],
        )
        with report.step("present network") as told:
            fiber = assess_fiber(inputs, study(), Findings(), people)
            told["edges"] = len(fiber.edges)
            told["result"] = f"{fiber.summary()['reached']} reached"
        for name, limit_s in (
            (f"extension, search of {seconds:g} s", seconds),
            ("extension, search cut short at once", 1e-3),
        ):
            with report.step(name, EXTENSION_S) as told:
                plan = plan_extension(inputs, study(), fiber, Findings(), time_limit_s=limit_s)
                built = int((plan.targets["status"] == "built").sum())
                told["edges"] = len(plan.candidates.usd)
                told["result"] = (
                    f"{built} built, USD {plan.usd:.0f}, bound USD {plan.lower_bound_usd:.0f}, "
                    f"gap {100 * plan.gap:.2f} %, {plan.status}"
                )
        single = fiber.reach.loc[fiber.reach["single_route"], "commune_code"].tolist()[:20]
        with report.step("second routes for 20 communes") as told:
            rings = plan_rings(inputs, study(), fiber, Findings(), single, time_limit_s=seconds / 4)
            told["edges"] = len(plan.candidates.usd)
            told["result"] = f"USD {rings.usd:.0f}, gap {100 * rings.gap:.1f} %"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--side", type=int, default=577, help="lattice side; 577 is 500,000 edges")
    parser.add_argument("--targets", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=120.0, help="limit of the tree search")
    asked = parser.parse_args()
    report = Report()
    started, cpu = time.perf_counter(), time.process_time()
    stress(25, report)
    extension(40, 8, 2.0, report)
    report.header()
    report.row(
        "compiling, and a small province",
        time.perf_counter() - started,
        time.process_time() - cpu,
        None,
        0,
        "",
    )
    stress(asked.side, report)
    extension(asked.side, asked.targets, asked.seconds, report)


if __name__ == "__main__":
    main()
