"""A country end to end: ``python benchmarks/bench_country.py`` (30,000 villages, 20,000 sites).

Makes a country on disk strip by strip (terrain, people, villages of 11 km² that fill it, masts of
six cells, 10⁷ road edges, cables), then gives the commands that a person would, each a process of
its own: ``run`` (with ``--workers`` or on a dask cluster of processes started here) and ``extend``.
For each: wall and processor seconds, the peak resident memory of all its processes together as
sampled (pages they share counted in each) and that of the largest as the system accounts it.
Exit code 1 when any passes the limit of 4 GB, or the map page that of 15 MB.

By default cells are 100 m and masts reach 5 km: at 30 m and 20 km the masts alone take three hours
of a core. Before, a country of a twentieth: run by one process of one thread from nothing and on
kept losses, and on a dask cluster of ``--dask`` processes of one thread, whose efficiency is
printed; what the processor seconds of these say of more cores, and of 30 m and 20 km, is printed at
the end.
(Of small discs most is what a mast costs however small: ``bench_province.py`` has large ones.)
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))
from worlds.country import BANDS_MHZ, Country, make_country

LIMIT_MB = 4000.0
PAGE_LIMIT_MB = 15.0
PHUSONG = [sys.executable, "-m", "phusong"]
FULL_CELL_M, FULL_REACH_KM = 30.0, 20.0
SMALL = 20
"""The country of the efficiency is a twentieth."""


@dataclass
class Took:
    """What a command took: seconds, and MB (10⁶ bytes) of resident memory."""

    wall_s: float
    cpu_s: float
    tree_mb: float
    largest_mb: float


class Watch:
    """Samples the memory of processes and of all below them while they live."""

    def __init__(self, roots: Sequence[int]) -> None:
        self._roots = list(roots)
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self.tree_mb = self.largest_mb = 0.0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._done.wait(0.1):
            now = 0.0
            for pid in _tree(self._roots):
                held, most = _memory_mb(pid)
                now += held
                self.largest_mb = max(self.largest_mb, most)
            self.tree_mb = max(self.tree_mb, now)


def _tree(roots: Sequence[int]) -> Iterator[int]:
    """Give processes and all below them that live now."""
    waiting = list(roots)
    while waiting:
        pid = waiting.pop()
        yield pid
        try:
            for task in Path(f"/proc/{pid}/task").iterdir():
                waiting += [int(p) for p in (task / "children").read_text().split()]
        except OSError:
            continue


def _memory_mb(pid: int) -> tuple[float, float]:
    """Return what a process holds now (VmRSS), and held at most (VmHWM)."""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0, 0.0
    said = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
    held, most = (int(said.get(name, "0 kB").split()[0]) for name in ("VmRSS", "VmHWM"))
    return held * 1024 / 1e6, most * 1024 / 1e6


def _cpu_s(roots: Sequence[int]) -> float:
    """Return the processor seconds of processes and of all below them that live now."""
    ticks = 0
    for pid in _tree(roots):
        try:
            said = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        ticks += int(said[11]) + int(said[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def command(name: str, words: Sequence[str], beside: Sequence[int] = (), **env: str) -> Took:
    """Give a command, watch it and the processes ``beside`` it, and print what all took."""
    before_s, begun = _cpu_s(beside), time.perf_counter()
    with subprocess.Popen(words, env={**os.environ, **env}, stdout=subprocess.DEVNULL) as process:
        with Watch([process.pid, *beside]) as watch:
            _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    took = Took(
        time.perf_counter() - begun,
        usage.ru_utime + usage.ru_stime + _cpu_s(beside) - before_s,
        watch.tree_mb,
        max(watch.largest_mb, usage.ru_maxrss * 1024 / 1e6),
    )
    over = "" if max(took.tree_mb, took.largest_mb) <= LIMIT_MB else " OVER THE LIMIT"
    print(
        f"{name:34}{took.wall_s:9.1f} s wall {took.cpu_s:9.1f} s processor "
        f"{took.tree_mb:8.0f} MB all {took.largest_mb:8.0f} MB largest "
        f"(limit {LIMIT_MB:.0f}){over}",
        flush=True,
    )
    if process.returncode != 0:
        sys.exit(f"{name} failed with exit code {process.returncode}")
    return took


def make(folder: Path, given: argparse.Namespace, share: int = 1) -> tuple[Country, Took]:
    """Make a country, or a part of one, in a process of its own."""
    asked = {
        "villages": given.villages // share,
        "sites": given.sites // share,
        "edges": given.edges // share,
        "cell_m": given.cell_m,
        "radius_km": given.reach_km,
        "draws": given.draws,
    }
    note = folder / "made.json"
    if note.exists() and (known := json.loads(note.read_text()))["asked"] == asked:
        took = Took(0.0, 0.0, 0.0, 0.0)
    else:
        words = [sys.executable, __file__, "--make", str(folder), json.dumps(asked)]
        took = command("making the country", words)
        known = json.loads(note.read_text())
    return Country(**{**known["country"], "folder": folder}), took


@contextmanager
def cluster(workers: int, threads: int) -> Iterator[tuple[str, list[int]]]:
    """Start a dask scheduler and workers of one task at a time; give its address and processes."""
    env = {**os.environ, "NUMBA_NUM_THREADS": str(threads)}
    with tempfile.TemporaryDirectory(prefix="phusong-dask-") as scratch:
        about = Path(scratch) / "scheduler.json"
        dask = [sys.executable, "-m", "dask"]
        local = ["--host", "127.0.0.1", "--no-dashboard"]
        quiet: dict[str, Any] = {"env": env, "stderr": subprocess.DEVNULL, "cwd": scratch}
        file = ["--scheduler-file", str(about)]
        started = [subprocess.Popen([*dask, "scheduler", *local, "--port", "0", *file], **quiet)]
        try:
            while not about.exists():
                time.sleep(0.1)
            address = json.loads(about.read_text())["address"]
            words = [*dask, "worker", address, *local, "--nworkers", "1", "--nthreads", "1"]
            started += [subprocess.Popen(words, **quiet) for _ in range(workers)]
            yield address, [process.pid for process in started]
        finally:
            for process in reversed(started):
                process.terminate()
            for process in started:
                process.wait()


def said_by(out: Path) -> dict[str, Any]:
    """Return what a run says of itself."""
    said: dict[str, Any] = json.loads((out / "run.json").read_text("utf-8"))
    return said


def tell_steps(out: Path) -> None:
    """Print the wall seconds of a run's steps."""
    said = said_by(out)
    signal = said["signal"]
    print(
        f"  grid {said['grid']['rows']} x {said['grid']['cols']}; counts {said['counts']}; masts "
        f"computed {signal['computed']}, from the store {signal['from_store']}; "
        f"{signal['pixels'] / 1e6:.0f} million pixels times bands"
    )
    parts = {
        **said["seconds"],
        "  of signal: propagation": signal["propagation_s"],
        "  of signal: best servers": signal["combine_s"],
    }
    for name, value in parts.items():
        print(f"  {name:30}{value:9.1f} s")


@dataclass
class Constants:
    """What a twentieth says: processor seconds of one core, and the cluster's efficiency."""

    pixel_us: float
    """Of a mast's sweep, packed and written, a pixel and band."""
    lit_us: float
    """Of best servers and rasters, a pixel and band."""
    rest_s: float
    """Of all else in a run, of the whole country."""
    efficiency: float


def efficiency(folder: Path, given: argparse.Namespace) -> Constants:
    """Run a twentieth of the country on one core, again on kept losses, and on a cluster."""
    country, _ = make(folder, given, SMALL)
    study, out = country.folder, folder / "out"
    print(f"a twentieth: {asdict(country)}")
    words = [*PHUSONG, "run", str(study), "--overwrite", "--out", str(out)]
    command("kernels and prepared rasters", words, NUMBA_NUM_THREADS="1")
    again = command("one thread, on kept losses", words, NUMBA_NUM_THREADS="1")
    kept = said_by(out)
    shutil.rmtree(study / ".phusong" / "store")
    one = command("one thread, from nothing", words, NUMBA_NUM_THREADS="1")
    tell_steps(out)
    alone = said_by(out)
    shutil.rmtree(study / ".phusong" / "store")
    with cluster(given.dask, 1) as (address, pids):
        there = [*words, "--scheduler", address]
        name = f"dask cluster of {given.dask} processes"
        many = command(name, there, pids, NUMBA_NUM_THREADS="1")
    tell_steps(out)
    print(
        f"processor seconds, one process / cluster: {one.cpu_s:.1f} / {many.cpu_s:.1f} = "
        f"{one.cpu_s / many.cpu_s:.2f}"
    )
    share = 0.0
    for name, wall, spread in (
        ("whole run", one.wall_s, many.wall_s),
        ("masts, best servers", alone["seconds"]["signal"], said_by(out)["seconds"]["signal"]),
    ):
        share = wall / (given.dask * spread)
        print(
            f"efficiency, {name}: {wall:.1f} s / ({given.dask} x {spread:.1f} s) = {share:.2f} "
            "(wall: of a machine without other work)"
        )
    pixels = alone["signal"]["pixels"]
    # The processor seconds of a step are not told: it has its share of the run's.
    combine_s = kept["signal"]["combine_s"] * again.cpu_s / again.wall_s
    return Constants(
        1e6 * (one.cpu_s - again.cpu_s) / pixels,
        1e6 * combine_s / pixels,
        SMALL * (again.cpu_s - combine_s),
        share,
    )


def on_paper(country: Country, given: argparse.Namespace, found: Constants) -> None:
    """Print what the constants say of this country, of other cells, and of more cores."""
    print(
        f"\nprocessor time of one core: {found.pixel_us:.2f} us a pixel and band of the masts, "
        f"{found.lit_us:.2f} us of best servers and rasters; all else "
        f"{found.rest_s / 60:.0f} minutes, which one process keeps"
    )
    for cell_m, reach_km in ((given.cell_m, given.reach_km), (FULL_CELL_M, FULL_REACH_KM)):
        disc = math.pi * (1000.0 * reach_km / cell_m) ** 2
        pixels = country.sites * len(BANDS_MHZ) * disc
        spread_s = pixels * (found.pixel_us + found.lit_us) / 1e6
        print(f"{cell_m:g} m, {reach_km:g} km: {pixels / 1e9:.1f} thousand million pixels, bands")
        for cores in (1, given.dask, 64, 1000):
            share = 1.0 if cores == 1 else found.efficiency
            print(
                f"  {cores:5d} cores: masts, best servers {spread_s / cores / share / 60:9.1f} "
                f"minutes (efficiency {share:.2f})"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--villages", type=int, default=30_000)
    parser.add_argument("--sites", type=int, default=20_000)
    parser.add_argument("--edges", type=int, default=10_000_000, help="of the roads")
    parser.add_argument("--cell-m", type=float, default=100.0)
    parser.add_argument("--reach-km", type=float, default=5.0)
    parser.add_argument("--draws", type=int, default=0, help="of the simulation of errors")
    parser.add_argument("--workers", type=int, help="processes of the run [default: threads]")
    parser.add_argument("--dask", type=int, default=2, help="processes of the cluster")
    parser.add_argument("--on-dask", action="store_true", help="run the country on a cluster, too")
    parser.add_argument("--search-s", type=float, default=120.0, help="limit of extend's search")
    parser.add_argument("--steps", nargs="*", default=["run", "extend", "efficiency"])
    parser.add_argument("--folder", type=Path, help="keep the country here, or take it from here")
    parser.add_argument("--make", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.make:
        folder = Path(given.make[0])
        asked = json.loads(given.make[1])
        made = {**asdict(make_country(folder, **asked)), "folder": ""}
        (folder / "made.json").write_text(json.dumps({"asked": asked, "country": made}))
        return
    all_took, page_mb = [], 0.0
    with tempfile.TemporaryDirectory(prefix="phusong-country-") as scratch:
        folder = given.folder or Path(scratch)
        print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before", flush=True)
        found = efficiency(folder / "twentieth", given) if "efficiency" in given.steps else None
        country, took = make(folder / "country", given)
        all_took.append(took)
        print(asdict(country), flush=True)
        study, out = str(country.folder), folder / "out"
        if "run" in given.steps:
            words = [*PHUSONG, "run", study, "--out", str(out), "--overwrite"]
            if given.workers:
                words += ["--workers", str(given.workers)]
            if given.on_dask:
                with cluster(given.dask, 1) as (address, pids):
                    all_took.append(
                        command("phusong run on dask", [*words, "--scheduler", address], pids)
                    )
            else:
                all_took.append(command("phusong run", words))
            tell_steps(out)
            page_mb = (out / "map.html").stat().st_size / 1e6
            print(f"map page: {page_mb:.1f} MB (limit {PAGE_LIMIT_MB:.0f})", flush=True)
        if "extend" in given.steps:
            words = [*PHUSONG, "extend", study, "--out", str(folder / "plan"), "--overwrite"]
            words += ["--time-limit-s", str(given.search_s)]
            all_took.append(command("phusong extend", words))
        if found is not None:
            on_paper(country, given, found)
        print(f"load {os.getloadavg()[0]:.1f} after")
    peak = max(max(took.tree_mb, took.largest_mb) for took in all_took)
    if peak > LIMIT_MB:
        sys.exit(f"peak memory {peak:.0f} MB is over the limit")
    if page_mb > PAGE_LIMIT_MB:
        sys.exit(f"a map page of {page_mb:.1f} MB is over the limit")


if __name__ == "__main__":
    main()
