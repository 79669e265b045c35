"""A country end to end: ``python benchmarks/bench_country.py`` (30,000 villages, 20,000 sites).

Makes a country on disk strip by strip (terrain, people, villages of 11 km² that fill it, masts of
six cells, 10⁷ road edges, cables), then gives the commands that a person would, each a process of
its own: ``run`` (with ``--workers`` or on a dask cluster of processes started here) and ``extend``.
For each: wall and processor seconds, the peak resident memory of all its processes together as
sampled (pages they share counted in each) and that of the largest as the system accounts it.
Exit code 1 when any passes the limit of 4 GB.

By default cells are 100 m and masts reach 10 km, so that it ends in about an hour of two cores;
what the constants say of 30 m and 20 km, of 64 and of 1,000 cores is printed after. Efficiency: a
country of a twentieth, its masts and the rest, by one process of one thread and by a dask cluster
of ``--dask`` processes of one thread, from empty stores.
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


def command(name: str, words: Sequence[str], beside: Sequence[int] = (), **env: str) -> Took:
    """Give a command, watch it and the processes ``beside`` it, and print what it took.

    Processor seconds are those of the command and of what it started, not of those beside.
    """
    begun = time.perf_counter()
    with subprocess.Popen(words, env={**os.environ, **env}, stdout=subprocess.DEVNULL) as process:
        with Watch([process.pid, *beside]) as watch:
            _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    took = Took(
        time.perf_counter() - begun,
        usage.ru_utime + usage.ru_stime,
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
    words = [sys.executable, __file__, "--make", str(folder), json.dumps(asked)]
    took = command("making the country", words)
    return Country(**{**json.loads((folder / "made.json").read_text()), "folder": folder}), took


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


def efficiency(folder: Path, given: argparse.Namespace) -> float:
    """Run a twentieth of the country on one core and on a cluster; return the efficiency."""
    country, _ = make(folder, given, SMALL)
    study, out = country.folder, folder / "out"
    print(f"a twentieth: {asdict(country)}")
    command("compiling", [*PHUSONG, "models"])
    walls = []
    single = [*PHUSONG, "run", str(study), "--overwrite", "--out", str(out)]
    took = command("one process of one thread", single, NUMBA_NUM_THREADS="1")
    tell_steps(out)
    walls.append((took.wall_s, said_by(out)))
    shutil.rmtree(study / ".phusong" / "store")
    with cluster(given.dask, 1) as (address, pids):
        words = [*single, "--scheduler", address]
        name = f"dask cluster of {given.dask} processes"
        took = command(name, words, pids, NUMBA_NUM_THREADS="1")
    tell_steps(out)
    walls.append((took.wall_s, said_by(out)))
    for name, figures in (
        ("whole run", [wall for wall, _ in walls]),
        ("signal (masts and best servers)", [said["seconds"]["signal"] for _, said in walls]),
    ):
        one, many = figures
        print(
            f"efficiency, {name}: {one:.1f} s / ({given.dask} x {many:.1f} s) = "
            f"{one / (given.dask * many):.2f}"
        )
    return walls[0][1]["seconds"]["signal"] / (given.dask * walls[1][1]["seconds"]["signal"])


def on_paper(country: Country, out: Path, cores: int, share: float) -> None:
    """Print what the constants of a run say of other cells, reaches and numbers of cores."""
    said = said_by(out)
    signal = said["signal"]
    if not signal["pixels"]:
        print("nothing was computed in this run: no constants")
        return
    pixel_us = 1e6 * cores * signal["propagation_s"] / signal["pixels"]
    lit = math.pi * (1000.0 * said["settings"]["radio"]["radius_km"]) ** 2
    lit /= said["grid"]["cell_m"] ** 2
    combine_us = 1e6 * cores * signal["combine_s"] / (signal["masts"] * lit * len(BANDS_MHZ))
    judged_us = 1e6 * said["seconds"]["villages"] / country.cells
    print(
        f"\nmeasured here, of one core: {pixel_us:.3f} us a pixel and band of a mast's sweep, "
        f"{combine_us:.3f} us of its best servers; {judged_us:.2f} us a cell of villages judged"
    )
    pixels = country.sites * len(BANDS_MHZ)
    pixels *= math.pi * (1000.0 * FULL_REACH_KM / FULL_CELL_M) ** 2
    spread_s = pixels * (pixel_us + combine_us) / 1e6
    cells = country.area_km2 * 1e6 / FULL_CELL_M**2
    alone_s = cells * judged_us / 1e6
    rest_s = sum(
        seconds
        for step, seconds in said["seconds"].items()
        if step not in {"signal", "villages", "simulation"}
    )
    print(
        f"{FULL_CELL_M:g} m and {FULL_REACH_KM:g} km: {pixels / 1e9:.0f} thousand million pixels "
        f"and bands, {cells / 1e6:.0f} million cells"
    )
    for many in (1, 64, 1000):
        took = spread_s / many / (1.0 if many == 1 else share)
        print(
            f"  {many:5d} core(s): masts and best servers {took / 3600:8.2f} h; villages "
            f"{alone_s / 3600:.2f} h and other steps {rest_s / 3600:.2f} h by one"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--villages", type=int, default=30_000)
    parser.add_argument("--sites", type=int, default=20_000)
    parser.add_argument("--edges", type=int, default=10_000_000, help="of the roads")
    parser.add_argument("--cell-m", type=float, default=100.0)
    parser.add_argument("--reach-km", type=float, default=10.0)
    parser.add_argument("--draws", type=int, default=0, help="of the simulation of errors")
    parser.add_argument("--workers", type=int, help="processes of the run [default: threads]")
    parser.add_argument("--dask", type=int, default=2, help="processes of the cluster")
    parser.add_argument("--on-dask", action="store_true", help="run the country on a cluster, too")
    parser.add_argument("--search-s", type=float, default=120.0, help="limit of extend's search")
    parser.add_argument("--steps", nargs="*", default=["run", "extend", "efficiency"])
    parser.add_argument("--folder", type=Path, help="keep the country here")
    parser.add_argument("--make", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.make:
        folder = Path(given.make[0])
        made = asdict(make_country(folder, **json.loads(given.make[1])))
        del made["folder"]
        (folder / "made.json").write_text(json.dumps(made))
        return
    all_took = []
    with tempfile.TemporaryDirectory(prefix="phusong-country-") as scratch:
        folder = given.folder or Path(scratch)
        print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before", flush=True)
        share = 1.0
        if "efficiency" in given.steps:
            share = efficiency(folder / "twentieth", given)
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
            on_paper(country, out, os.cpu_count() or 1, share)
        if "extend" in given.steps:
            words = [*PHUSONG, "extend", study, "--out", str(folder / "plan"), "--overwrite"]
            words += ["--time-limit-s", str(given.search_s)]
            all_took.append(command("phusong extend", words))
        print(f"load {os.getloadavg()[0]:.1f} after")
    peak = max(max(took.tree_mb, took.largest_mb) for took in all_took)
    if peak > LIMIT_MB:
        sys.exit(f"peak memory {peak:.0f} MB is over the limit")


if __name__ == "__main__":
    main()
