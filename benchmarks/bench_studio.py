"""How long a meeting waits: the studio driven through the browser.

    python benchmarks/bench_studio.py STUDY [--large] [--places 20] [--slides 20] [--cuts 20]

Without STUDY the embedded sample is written and used (P.1812 with clutter, 20 km, 30 m); with
``--large`` a made-up province of 250 sites (1,500 cells of GSM and LTE) and 4,096 villages, which
has no fibre to cut. Times are from the hand's event to what the page has taken in and put up: the
signal picture, verdicts and indicators of all villages, a step of a slider (in the open, in a car,
indoors), communes and towers of a cut. Beside wall seconds stand CPU seconds of the server and the
load of the machine: on a busy machine the former say little.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))
from phusong.study.file import DATA_FOLDERS, FILE_NAME
from worlds.on_disk import make_province

DATA = Path(__file__).resolve().parent.parent / "data"
GOALS = {"picture": 1.0, "verdicts": 2.0, "slider": 0.5, "cut": 0.3}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("study", nargs="?", type=Path)
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--places", type=int, default=20)
    parser.add_argument("--slides", type=int, default=20)
    parser.add_argument("--cuts", type=int, default=20)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        made = large if asked.large else sample
        study = asked.study or made(Path(scratch))
        server, address = begin(study)
        try:
            drive(address, server.pid, asked)
        finally:
            server.terminate()
            server.wait()


def sample(folder: Path) -> Path:
    """Write the embedded sample, with an empty store."""
    study = folder / "sample"
    for name in DATA_FOLDERS:
        shutil.copytree(DATA / name, study / "data" / name)
    shutil.copyfile(DATA / FILE_NAME, study / FILE_NAME)
    return study


def large(folder: Path) -> Path:
    """Write a province five times as large as the sample."""
    bands = (("GSM", 900), ("LTE", 1800))
    return make_province(folder / "large", 250, village_m=1000.0, bands=bands).folder


def begin(study: Path) -> tuple[subprocess.Popen[str], str]:
    command = [sys.executable, "-m", "phusong", "studio", str(study), "--no-browser"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8")
    for line in server.stdout or ():
        found = re.search(r"http://127\.0\.0\.1:\d+/[\w-]+/", line)
        if found:
            return server, found[0]
    raise SystemExit("the studio did not begin")


def cpu_s(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return float("nan")
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_mib(pid: int) -> float:
    try:
        found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return float("nan")
    return int(found[1]) / 1024 if found else float("nan")


SETTLED = """() => { const { draft, altered } = window.phusong ?? {};
return Boolean(altered?.seen) && !draft.sending && altered.seen.revision === draft.revision; }"""

PLACE = """([longitude, latitude]) => new Promise((done) => {
  const { draft, altered, map } = window.phusong;
  const begun = performance.now();
  const base = draft.revision, times = {};
  draft.scenario = { ...draft.scenario, masts: [] };
  draft.place({ lng: longitude, lat: latitude });
  const look = () => {
    if (draft.revision > base) {
      const drawn = altered.drawnAt === draft.revision;
      if (!times.picture && drawn) times.picture = performance.now() - begun;
      if (altered.seen?.revision === draft.revision) {
        times.verdicts = performance.now() - begun;
        done(times);
        return;
      }
    }
    requestAnimationFrame(look);
  };
  look();
})"""

SLIDE = """([step, place]) => new Promise((done) => {
  const { bench, altered } = window.phusong;
  const begun = performance.now();
  const before = altered.defined;
  bench.ask({ threshold_offset_db: step, place });
  const look = () => {
    if (altered.defined !== before && !bench.asking) done(performance.now() - begun);
    else requestAnimationFrame(look);
  };
  look();
})"""

CUT = """(index) => new Promise((done) => {
  const { bench, book } = window.phusong;
  const begun = performance.now();
  bench.lose(book.edges[index]);
  const look = () => {
    if (bench.loss?.found) done(performance.now() - begun);
    else requestAnimationFrame(look);
  };
  look();
})"""


def drive(address: str, pid: int, asked: argparse.Namespace) -> None:
    rng = random.Random(1)
    with sync_playwright() as driver:
        path = os.environ.get("PHUSONG_CHROMIUM") or shutil.which("chromium")
        browser = driver.chromium.launch(executable_path=path)
        page = browser.new_page(viewport={"width": 1366, "height": 768})
        page.set_default_timeout(120_000)
        page.goto(address)
        settle(page)
        page.locator("input[name='signal'][value='level']").check(force=True)
        page.evaluate(
            "(({ state, book }) => state.change({ operator: book.studio.site.operator }))"
            "(window.phusong)"
        )
        page.wait_for_timeout(2000)
        (south, west), (north, east) = page.evaluate("window.phusong.book.frame.bounds")
        found: dict[str, list[float]] = {"picture": [], "verdicts": []}
        burnt = cpu_s(pid)
        for n in range(asked.places + 2):
            place = [
                rng.uniform(0.75 * west + 0.25 * east, 0.25 * west + 0.75 * east),
                rng.uniform(0.75 * south + 0.25 * north, 0.25 * south + 0.75 * north),
            ]
            times = page.evaluate(PLACE, place)
            settle(page)
            if n >= 2:  # the first two compile and fill caches
                for name, took in times.items():
                    found[name].append(took / 1000)
            else:
                burnt = cpu_s(pid)
        goal = 2.0 if asked.large else 1.0  # the large one may take twice as long
        report("picture", goal, found["picture"])
        report("verdicts", goal, found["verdicts"], (cpu_s(pid) - burnt) / max(asked.places, 1))
        for where in ("outdoor", "in_vehicle", "indoor"):
            page.evaluate(SLIDE, [-11, where])
            burnt = cpu_s(pid)
            steps = [page.evaluate(SLIDE, [n % 21 - 10, where]) / 1000 for n in range(asked.slides)]
            report("slider", goal, steps, (cpu_s(pid) - burnt) / max(asked.slides, 1), where)
        page.evaluate("document.querySelector('#define-own')?.click()")
        edges = page.evaluate("window.phusong.book.edges.length")
        cuts = []
        for _ in range(asked.cuts if edges else 0):
            cuts.append(page.evaluate(CUT, rng.randrange(edges)) / 1000)
            page.wait_for_timeout(50)
        report("cut", goal, cuts)
        load = os.getloadavg()[0]
        print(
            f"memory of the server, peak: {peak_mib(pid):.0f} MiB; load of the machine {load:.1f}"
        )
        browser.close()


def settle(page: object) -> None:
    for _ in range(4000):
        if page.evaluate(SETTLED):  # type: ignore[attr-defined]
            return
        page.wait_for_timeout(50)  # type: ignore[attr-defined]
    raise SystemExit("the studio does not come to rest")


def report(
    name: str, share: float, seconds: list[float], burnt: float | None = None, where: str = ""
) -> None:
    if not seconds:
        return
    middle, worst = np.percentile(seconds, [50, 95])
    goal = share * GOALS[name]
    cpu = "" if burnt is None else f", {burnt:.2f} CPU s each"
    times = f"p50 {middle:.2f} s, p95 {worst:.2f} s"
    print(f"{name + ' ' + where:17} {times} (goal {goal} s, {worst / goal:.2f} of it){cpu}")


if __name__ == "__main__":
    main()
