"""Reading country-size files for one province: ``python benchmarks/bench_readers.py``.

A made-up country is written into a temporary folder: places as nodes, roads as ways of twelve
vertices, once as .osm.pbf and once as GeoPackage, and the places as CSV too. Each step runs in a
process of its own, so that its peak memory is its own: a plain read of the whole with pyogrio (of
the CSV with pandas), and what phusong reads of it for a province of 1 by 1 degree (of the CSV every
row: a table has no index). Then the same province is read out of a country twice as large: memory
that stays is bounded by what is found.

Prints processor seconds, peak memory over that of a process that reads nothing, and ratios. Takes
some three minutes on one core.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))
from worlds.pbf import PbfWriter

WEST, SOUTH, EAST, NORTH = 102.0, 8.0, 110.0, 23.0
PROVINCE = (105.0, 21.0, 106.0, 22.0)
VERTICES = 12
CLASSES = ("residential", "track", "tertiary", "secondary", "unclassified")


def country(places: int, roads: int, seed: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Return (places, 2) and (roads, vertices, 2) in degrees."""
    random = np.random.default_rng(seed)
    low, high = (WEST, SOUTH), (EAST, NORTH)
    at = random.uniform(low, high, (places, 2))
    begin = random.uniform(low, high, (roads, 1, 2))
    steps = random.normal(0.0, 0.002, (roads, VERTICES, 2)).cumsum(axis=1)
    return at, begin + steps


def write_osm(path: Path, at: np.ndarray, lines: np.ndarray) -> None:
    with PbfWriter(path) as file:
        tags = [{"place": "village", "name": f"Thôn {i}"} for i in range(len(at))]
        file.nodes(1, at[:, 0], at[:, 1], tags)
        first = len(at) + 1
        flat = lines.reshape(-1, 2)
        file.nodes(first, flat[:, 0], flat[:, 1])
        refs = first + np.arange(len(flat)).reshape(len(lines), VERTICES)
        tags = [{"highway": CLASSES[i % len(CLASSES)]} for i in range(len(lines))]
        file.ways(1, refs, tags)


def write_package(path: Path, lines: np.ndarray) -> None:
    kinds = [CLASSES[i % len(CLASSES)] for i in range(len(lines))]
    shapes = list(shapely.linestrings(lines))
    frame = gpd.GeoDataFrame({"highway": kinds}, geometry=shapes, crs=4326)
    pyogrio.write_dataframe(frame, path, layer="roads", driver="GPKG")


def write_places(path: Path, at: np.ndarray) -> None:
    frame = pd.DataFrame({"ma_tram": [f"S{i}" for i in range(len(at))], "kinh_do": at[:, 0]})
    frame = frame.assign(vi_do=at[:, 1], nha_mang="A", cong_nghe="LTE", do_cao_m=30)
    frame.to_csv(path, index=False)


# ------------------------------------------------------------------ steps, each in its own process


def nothing(_: Path) -> int:
    import phusong.sources.osm.extract  # noqa: PLC0415
    import phusong.sources.read  # noqa: F401, PLC0415

    return 0


def plain_osm(path: Path) -> int:
    points = pyogrio.read_dataframe(path, layer="points")
    return len(points) + len(pyogrio.read_dataframe(path, layer="lines"))


def our_osm(path: Path) -> int:
    from phusong.sources.osm.extract import write_osm_layers  # noqa: PLC0415

    target = path.with_name(f"{path.name}.{os.getpid()}.gpkg")
    try:
        return sum(write_osm_layers(path, target, PROVINCE).values())
    finally:
        target.unlink(missing_ok=True)


def plain_package(path: Path) -> int:
    return len(pyogrio.read_dataframe(path))


def our_roads(path: Path) -> int:
    return _layer(path, "ROADS", (*PROVINCE, "EPSG:4326"))


def plain_places(path: Path) -> int:
    frame = pd.read_csv(path)
    return len(gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy(frame.kinh_do, frame.vi_do)))


def our_places(path: Path) -> int:
    return _layer(path, "TOWERS", None)


def _layer(path: Path, role: str, box: tuple[object, ...] | None) -> int:
    from pyproj import CRS  # noqa: PLC0415

    from phusong.checks import Findings  # noqa: PLC0415
    from phusong.sources.crs import to_study  # noqa: PLC0415
    from phusong.sources.tables import headers  # noqa: PLC0415
    from phusong.sources.tables.layers import read_layer  # noqa: PLC0415
    from phusong.study import Layer, Study  # noqa: PLC0415

    study = Study.model_validate(
        {
            "study": {"name": "bench"},
            "boundaries": {"communes": {"path": "c.gpkg"}, "villages": [{"path": "v.gpkg"}]},
            "towers": [{"path": "t.csv"}],
            "terrain": {"dem": ["d.tif"]},
        }
    ).model_copy(update={"folder": path.parent})
    bbox = None if box is None else (*box[:4], CRS.from_user_input(box[4]))
    found = Findings()
    records = read_layer(study, Layer(path=Path(path.name)), getattr(headers, role), found, bbox)
    assert records is not None, [str(f) for f in found]
    return len(to_study(records, CRS.from_epsg(32648), found).frame)


STEPS: dict[str, Callable[[Path], int]] = {
    f.__name__: f
    for f in (
        nothing, plain_osm, our_osm, plain_package, our_roads, plain_places, our_places,
    )
}  # fmt: skip


def measured(step: str, path: Path) -> dict[str, float]:
    """Run a step in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--step", step, str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    out: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return out


def one(step: str, path: Path) -> None:
    nothing(path)  # what is imported is no reading
    begun = time.process_time()
    n = STEPS[step](path)
    spent = time.process_time() - begun
    print(json.dumps({"n": n, "cpu_s": spent, "peak_mib": peak_mib()}))


def peak_mib() -> float:
    """Return this process's largest resident size.

    Linux counts into getrusage's what the parent had when it started this process.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(x for x in status.read_text().splitlines() if x.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def table(title: str, plain: str, ours: str, path: Path, idle: float) -> None:
    whole, part = measured(plain, path), measured(ours, path)
    size = path.stat().st_size / 2**20
    print(f"\n{title} ({size:.0f} MiB)")
    for name, got in (("plain read of the whole", whole), ("phusong, for a study", part)):
        print(
            f"  {name:26} {got['n']:>9,.0f} records  {got['cpu_s']:7.1f} s processor  "
            f"{got['peak_mib'] - idle:7.0f} MiB"
        )
    cpu = part["cpu_s"] / whole["cpu_s"]
    memory = (part["peak_mib"] - idle) / max(whole["peak_mib"] - idle, 1.0)
    print(f"  ratio: {cpu:.2f} of the time, {memory:.2f} of the memory")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--places", type=int, default=200_000)
    options.add_argument("--roads", type=int, default=350_000)
    options.add_argument("--step", nargs=2, metavar=("STEP", "FILE"), help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.step:
        one(chosen.step[0], Path(chosen.step[1]))
        return
    with tempfile.TemporaryDirectory(prefix="bench-readers-") as made:
        folder = Path(made)
        at, lines = country(chosen.places, chosen.roads)
        print(f"{chosen.places:,} places, {chosen.roads:,} roads, {lines[..., 0].size:,} vertices")
        write_osm(folder / "country.osm.pbf", at, lines)
        write_package(folder / "roads.gpkg", lines)
        write_places(folder / "places.csv", at)
        idle = measured("nothing", folder)["peak_mib"]
        print(f"a process that reads nothing: {idle:.0f} MiB")
        table(".osm.pbf to layers", "plain_osm", "our_osm", folder / "country.osm.pbf", idle)
        table("roads of a GeoPackage", "plain_package", "our_roads", folder / "roads.gpkg", idle)
        table("sites of a CSV", "plain_places", "our_places", folder / "places.csv", idle)
        print("\nthe same province out of larger countries (.osm.pbf), MiB over nothing")
        for times in (1, 2):
            # The province is the same; what is added lies outside of it.
            far, other = country(chosen.places * (times - 1), chosen.roads * (times - 1), seed=6)
            grown = folder / "grown.osm.pbf"
            shift = (0.0, 20.0)
            write_osm(grown, np.vstack([at, far + shift]), np.concatenate([lines, other + shift]))
            got = measured("our_osm", grown)
            print(
                f"  {times} x {got['n']:>9,.0f} records  {got['cpu_s']:7.1f} s processor  "
                f"{got['peak_mib'] - idle:7.0f} MiB"
            )


if __name__ == "__main__":
    main()
