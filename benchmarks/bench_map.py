"""Size and speed of the map page at province scale: ``python benchmarks/bench_map.py``.

Makes 4,000 villages, 400 communes, 1,500 cells and the rasters of two carriers, writes the page,
opens it in headless Chromium with the network off, and times the first interactive view and the
frames of ten scripted pans and zooms. Limits: 15 MB, 3 s, p95 frame under 100 ms.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parent))
from map_world import make_world

from phusong.maps import build_map

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
  for (const move of moves) { move(); await rest(700); }
  going = false;
  return gaps.slice(1);
}
"""


def measure(page_file: Path, chromium: str, width: int, height: int) -> dict[str, float]:
    """Open the page once and return its times."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": width, "height": height}, offline=True)
        page = context.new_page()
        begun = time.perf_counter()
        page.goto(page_file.as_uri(), wait_until="load")
        page.wait_for_function("performance.getEntriesByName('first view').length > 0")
        wall = time.perf_counter() - begun
        mark = page.evaluate("performance.getEntriesByName('first view')[0].startTime") / 1000
        page.wait_for_timeout(500)
        gaps = page.evaluate(FRAMES)
        page.evaluate("document.querySelector('input[name=signal][value=level]').click()")
        page.wait_for_timeout(800)
        gaps_signal = page.evaluate(FRAMES)
        browser.close()
    return {
        "first_view_s": mark,
        "opened_s": wall,
        "frames": float(len(gaps)),
        "frame_p95_ms": float(np.percentile(gaps, 95)),
        "frame_max_ms": float(max(gaps)),
        "frame_p95_signal_ms": float(np.percentile(gaps_signal, 95)),
        "frame_max_signal_ms": float(max(gaps_signal)),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--villages", type=int, default=4000)
    parser.add_argument("--communes", type=int, default=400)
    parser.add_argument("--sites", type=int, default=500)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--keep", type=Path, help="where to leave the page")
    parser.add_argument("--chromium", default=shutil.which("chromium") or "chromium")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        world = make_world(
            Path(folder), communes=given.communes, villages=given.villages, sites=given.sites,
            cells_of_grid=2000, cell_m=60.0,
        )  # fmt: skip
        page_file = Path(folder) / "map.html"
        begun = time.perf_counter()
        build_map(*world.arguments, page_file)
        result: dict[str, Any] = {
            "build_s": time.perf_counter() - begun,
            "size_mb": page_file.stat().st_size / 1e6,
            "villages": len(world.inputs.villages),
            "cells": len(world.inputs.cells),
        }
        runs = [measure(page_file, given.chromium, 1366, 768) for _ in range(max(1, given.repeats))]
        for key in runs[0]:
            result[key] = statistics.median(run[key] for run in runs)
        if given.keep:
            shutil.copy(page_file, given.keep)
    result = {k: round(v, 3) if isinstance(v, float) else v for k, v in result.items()}
    print(json.dumps(result, indent=1))
    over = {k: result[k] for k, limit in LIMITS.items() if result[k] > limit}
    if over:
        print(f"over the limit: {over}")
    return 1 if over else 0


if __name__ == "__main__":
    raise SystemExit(main())
