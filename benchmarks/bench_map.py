"""Size and speed of the map pages at province scale: ``python benchmarks/bench_map.py``.

Makes 4,000 villages, 400 communes, 1,500 cells and the rasters of two carriers, writes the map and
the swipe map of two years, opens each in headless Chromium with the network off, and times the
first interactive view and the frames of ten scripted pans and zooms (with the divider moving on
the swipe map). Limits of both: 15 MB, 3 s, p95 frame under 100 ms.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))
from phusong.maps import build_map, build_swipe_map
from phusong.results.compare import compare_runs
from phusong.results.model import Results
from worlds.province import make_world
from worlds.years import finished, later_world

PATIENCE_S = 60.0
LIMITS = {"size_mb": 15.0, "first_view_s": 3.0, "frame_p95_ms": 100.0}
FRAMES = """
async () => {
  const { map } = phusong;
  const gaps = [];
  let last = performance.now();
  let going = true;
  const tick = (now) => {
    gaps.push(now - last);
    last = now;
    if (going) requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
  const rest = (ms) => new Promise((done) => setTimeout(done, ms));
  const moves = [
    () => map.panBy([260, 120]), () => map.zoomIn(1), () => map.panBy([-320, 60]),
    () => map.zoomIn(1), () => map.panBy([180, -220]), () => map.zoomIn(2),
    () => map.panBy([240, 240]), () => map.zoomOut(2), () => map.panBy([-200, -100]),
    () => map.zoomOut(2),
  ];
  const divider = document.getElementById("divider");
  for (const move of moves) {
    move();
    divider?.dispatchEvent(new KeyboardEvent("keydown", { key: "PageUp", bubbles: true }));
    await rest(700);
  }
  going = false;
  return gaps.slice(1);
}
"""


def measure(page_file: Path, chromium: str, width: int, height: int) -> dict[str, float]:
    """Open a page once and return its times."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": width, "height": height}, offline=True)
        page = context.new_page()
        begun = time.perf_counter()
        page.goto(page_file.as_uri(), wait_until="load")
        # Asked for from outside: the page's own policy lets no string be run inside it.
        while not page.evaluate("performance.getEntriesByName('first view').length"):
            if time.perf_counter() - begun > PATIENCE_S:
                raise TimeoutError(page_file)
            time.sleep(0.02)
        wall = time.perf_counter() - begun
        mark = page.evaluate("performance.getEntriesByName('first view')[0].startTime") / 1000
        page.wait_for_timeout(500)
        found = {"first_view_s": mark, "opened_s": wall, **_frames(page, "")}
        if page.evaluate("Boolean(document.querySelector('input[name=signal]'))"):
            begun = time.perf_counter()
            page.evaluate("document.querySelector('input[name=signal][value=level]').click()")
            page.wait_for_selector("canvas.signal-picture")
            found["picture_s"] = time.perf_counter() - begun
            found |= _frames(page, "signal_")
        browser.close()
    return found


def _frames(page: Any, prefix: str) -> dict[str, float]:
    gaps = page.evaluate(FRAMES)
    return {
        f"{prefix}frames": float(len(gaps)),
        f"{prefix}frame_p95_ms": float(np.percentile(gaps, 95)),
        f"{prefix}frame_max_ms": float(max(gaps)),
    }


def make_pages(world: Results, folder: Path) -> dict[str, Path]:
    """Write the map, and the swipe map of two years between which a tenth of the villages moved."""
    rng = np.random.default_rng(5)
    villages = world.coverage.villages.copy()
    moved = rng.choice(len(villages), len(villages) // 10, replace=False)
    villages.loc[moved, "grade"] = rng.choice(["covered", "hollow", "white"], len(moved))
    first = replace(world, coverage=replace(world.coverage, villages=villages))
    before = finished(first, folder / "before", "2025-11-01T08:00:00+00:00")
    after = finished(later_world(world), folder / "after", "2026-11-01T08:00:00+00:00")
    return {
        "map": build_map(world, folder / "map.html"),
        "swipe": build_swipe_map(
            before, after, compare_runs(before, after), folder / "compare.html", "vi"
        ),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--villages", type=int, default=4000)
    parser.add_argument("--communes", type=int, default=400)
    parser.add_argument("--sites", type=int, default=500)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--keep", type=Path, help="folder to leave the pages in")
    parser.add_argument("--chromium", default=shutil.which("chromium") or "chromium")
    given = parser.parse_args()
    results: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        world = make_world(
            Path(folder),
            communes=given.communes,
            villages=given.villages,
            sites=given.sites,
            cells_of_grid=2000,
            cell_m=60.0,
        )
        for name, file in make_pages(world, Path(folder)).items():
            runs = [measure(file, given.chromium, 1366, 768) for _ in range(max(1, given.repeats))]
            results[name] = {"size_mb": file.stat().st_size / 1e6} | {
                key: statistics.median(run[key] for run in runs) for key in runs[0]
            }
            if given.keep:
                given.keep.mkdir(parents=True, exist_ok=True)
                shutil.copy(file, given.keep / file.name)
    results = {n: {k: round(v, 3) for k, v in found.items()} for n, found in results.items()}
    print(json.dumps(results, indent=1))
    over = [
        f"{name} {key} {found[key]}"
        for name, found in results.items()
        for key in found
        for kind, limit in LIMITS.items()
        if key.endswith(kind) and found[key] > limit
    ]
    if over:
        print("over the limit: " + ", ".join(over))
    return 1 if over else 0


if __name__ == "__main__":
    raise SystemExit(main())
