"""A province end to end: ``python benchmarks/bench_province.py`` (500 sites, two bands, 20 km).

From the planner's files to the verdict of every village, P.1812 on cells of 30 m, in a process of
its own. Reports wall time, the peak of memory (that of the process as the system accounts it, and
of it with all its children as sampled), µs per pixel and band, and where the time goes. Exit code 1
when memory passes the limit, which holds for any ``--sites``. With ``--again`` the run is repeated
on the kept path losses, as after a change of threshold, tilt or power.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))
from phusong.jit import compile_seconds, get_num_threads
from phusong.pipeline.compute import Stopwatch, compute
from phusong.pipeline.run import run_study
from phusong.study.file import read_study
from worlds.on_disk import make_province

LIMIT_MIB = 3 * 1024.0


def child(study: Path, out: Path, whole: bool) -> None:
    """Run the study in this process and print what it cost as JSON."""
    opened = read_study(study)
    begun = time.perf_counter()
    if whole:
        results = run_study(opened, out / "out", fibre=False, overwrite=True)
    else:
        results = compute(opened, out, fibre=False, watch=Stopwatch())
    grades = results.coverage.villages["grade"].value_counts()
    print(
        json.dumps(
            {
                "run_s": time.perf_counter() - begun,
                "seconds": results.seconds,
                "signal": results.signal.stats,
                "grid": results.inputs.grid.shape,
                "compile_s": compile_seconds(),
                "threads": get_num_threads(),
                "grades": {str(name): int(n) for name, n in grades.items()},
            }
        )
    )


def tree_rss_mib(pid: int) -> float:
    """Resident memory of a process and all below it; what ends meanwhile counts as nothing."""
    total = 0.0
    waiting = [pid]
    while waiting:
        one = waiting.pop()
        try:
            pages = int(Path(f"/proc/{one}/statm").read_text().split()[1])
            for task in Path(f"/proc/{one}/task").iterdir():
                waiting += [int(p) for p in (task / "children").read_text().split()]
        except OSError:
            continue
        total += pages * os.sysconf("SC_PAGE_SIZE") / 2**20
    return total


def run_once(study: Path, out: Path, whole: bool) -> dict[str, Any]:
    """Run a child, watch its memory, and return what it said and what it took."""
    command = [sys.executable, __file__, "--child", str(study), str(out)]
    begun = time.perf_counter()
    with subprocess.Popen(
        [*command, "--whole"] if whole else command, stdout=subprocess.PIPE, text=True
    ) as process:
        peak = [0.0]
        done = threading.Event()

        def watch() -> None:
            while not done.wait(0.2):
                peak[0] = max(peak[0], tree_rss_mib(process.pid))

        watcher = threading.Thread(target=watch)
        watcher.start()
        text = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        done.set()
        watcher.join()
    if process.returncode != 0:
        sys.exit(f"the run failed with exit code {process.returncode}")
    found: dict[str, Any] = json.loads(text.splitlines()[-1])
    found["wall_s"] = time.perf_counter() - begun
    found["cpu_s"] = usage.ru_utime + usage.ru_stime
    found["process_mib"] = usage.ru_maxrss / 1024.0
    found["tree_mib"] = max(peak[0], found["process_mib"])
    return found


def report(title: str, found: dict[str, Any]) -> None:
    """Print one run."""
    signal, seconds = found["signal"], dict(found["seconds"])
    whole = seconds.pop("signal")
    parts = {
        "reading and preparing": seconds.pop("sources"),
        "propagation": signal["propagation_s"],
        "best servers, rasters": signal["combine_s"],
        "keys and store": whole - signal["propagation_s"] - signal["combine_s"],
        **seconds,
    }
    parts["the rest of the run"] = found["run_s"] - sum(parts.values())
    parts["starting, imports"] = found["wall_s"] - found["run_s"]
    rows, cols = found["grid"]
    print(
        f"\n{title}: {found['wall_s']:.1f} s wall, {found['cpu_s']:.1f} s CPU, "
        f"{found['threads']} thread(s), compiling {found['compile_s']:.1f} s of it"
    )
    print(
        f"  grid {rows} x {cols}; masts computed {signal['computed']}, from the store "
        f"{signal['from_store']}; villages {found['grades']}"
    )
    print(
        f"  peak memory {found['process_mib']:.0f} MiB (process), {found['tree_mib']:.0f} MiB "
        f"(with children); limit {LIMIT_MIB:.0f} MiB"
    )
    if signal["pixels"]:
        print(
            f"  {signal['pixels'] / 1e6:.1f} million pixels times bands, "
            f"{signal['us_per_pixel']:.3f} us each (wall, all threads)"
        )
    for name, value in parts.items():
        print(f"  {name:24}{value:9.1f} s {value / found['wall_s']:7.1%}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sites", type=int, default=500)
    parser.add_argument("--radius-km", type=float, default=20.0)
    parser.add_argument("--model", default="p1812")
    parser.add_argument("--again", action="store_true", help="once more, on kept path losses")
    parser.add_argument("--whole", action="store_true", help="with map, tables and GIS files")
    parser.add_argument("--folder", type=Path, help="keep the province here")
    parser.add_argument("--child", nargs=2, type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        child(*given.child, given.whole)
        return
    with tempfile.TemporaryDirectory(prefix="phusong-province-") as scratch:
        folder = given.folder or Path(scratch)
        made = make_province(
            folder / "province", given.sites, radius_km=given.radius_km, model=given.model
        )
        print(
            f"{made.sites} sites, {made.cells} cells on two bands, {made.villages} villages, "
            f"{made.side_km:.0f} x {made.side_km:.0f} km; {given.model}, {given.radius_km:g} km"
        )
        titles = ["first run", "again, from the store"][: 1 + given.again]
        runs = []
        for title in titles:
            runs.append(run_once(made.folder, folder, given.whole))
            report(title, runs[-1])
        if given.again:
            print(f"\nfirst / again: {runs[0]['wall_s'] / runs[1]['wall_s']:.1f} x")
    peak = max(found["tree_mib"] for found in runs)
    if peak > LIMIT_MIB:
        sys.exit(f"peak memory {peak:.0f} MiB is over the limit")


if __name__ == "__main__":
    main()
