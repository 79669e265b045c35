"""Error of a raster against the exact profile of each pixel: ``python benchmarks/bench_steps.py``.

The exact profile is the straight line from the mast to the pixel's centre, sampled at half a
cell. Masts stand at random in the middle of the ground, receivers at random within the radius.
For each pair of steps the distribution of the absolute difference in dB is printed, with the CPU
time per output pixel. ``--tile N42E001.hgt.zip`` takes real mountains.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from phusong.coverage.propagation import PropagationSettings, Surface, Transmitter, propagate
from phusong.coverage.propagation.p526.path import p526_path
from phusong.coverage.propagation.p1812.path import p1812_path
from phusong.coverage.propagation.walk.profile import line_profile
from phusong.jit import set_num_threads

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))
from worlds.terrain import rough_ground, tile_ground

CELL_M, FREQ_MHZ, CELLS = 30.0, 900.0, 1200
STEPS = ((0.5, 0.5), (1.0, 0.5), (0.5, 1.0), (1.0, 1.0), (2.0, 1.0), (1.0, 2.0), (2.0, 2.0))


def exact(
    surface: Surface, mast: Transmitter, x: float, y: float, config: PropagationSettings
) -> float:
    line = line_profile(surface, mast, x, y, CELL_M / 2.0)
    common = {
        "tx_height_m": mast.height_m,
        "rx_height_m": config.rx_height_m,
        "freq_mhz": FREQ_MHZ,
    }
    if config.model == "p526":
        return p526_path(line.distance_m, line.height_m, **common).loss_db
    return p1812_path(
        line.distance_m,
        line.height_m,
        time_percent=config.time_percent,
        latitude_deg=config.latitude_deg,
        **common,
    ).loss_db


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--tile", type=Path, help="an SRTM tile (.hgt or .hgt.zip)")
    options.add_argument("--masts", type=int, default=6)
    options.add_argument("--receivers", type=int, default=500, help="per mast")
    options.add_argument("--radius-km", type=float, default=12.0)
    chosen = options.parse_args()
    ground = (
        tile_ground(chosen.tile, CELLS, CELL_M)
        if chosen.tile
        else rough_ground(CELLS, relief_m=1500.0, roughness=3.0)
    )
    surface = Surface(ground, 0.0, CELLS * CELL_M, CELL_M)
    random = np.random.default_rng(11)
    radius = chosen.radius_km * 1e3
    low, high = radius + 100.0, CELLS * CELL_M - radius - 100.0
    masts = [Transmitter(*random.uniform(low, high, 2), 30.0) for _ in range(chosen.masts)]
    set_num_threads(1)
    print("model        radial  arc   receivers  median    p95    p99   worst dB   CPU us/pixel")
    for model, percent in (("p526", 50.0), ("p1812", 50.0), ("p1812", 10.0)):
        config = PropagationSettings(model=model, time_percent=percent, radius_m=radius)
        want: list[tuple[int, int, int, float]] = []
        for number, mast in enumerate(masts):
            distance = radius * np.sqrt(random.uniform(0.002, 1.0, chosen.receivers))
            angle = random.uniform(0.0, 2.0 * np.pi, chosen.receivers)
            cols = ((mast.x_m + distance * np.cos(angle)) / CELL_M).astype(int)
            rows = ((CELLS * CELL_M - mast.y_m + distance * np.sin(angle)) / CELL_M).astype(int)
            for row, col in zip(rows.tolist(), cols.tolist(), strict=True):
                x, y = (col + 0.5) * CELL_M, (CELLS - row - 0.5) * CELL_M
                if 500.0 < np.hypot(x - mast.x_m, y - mast.y_m) <= radius:
                    want.append((number, row, col, exact(surface, mast, x, y, config)))
        table = np.array(want)
        for radial, arc in STEPS:
            stepped = replace(config, radial_step_m=radial * CELL_M, arc_step_m=arc * CELL_M)
            error, seconds, pixels = np.empty(len(table)), 0.0, 0
            for number, mast in enumerate(masts):
                begun = time.process_time()
                result = propagate(surface, mast, (FREQ_MHZ,), stepped)
                if number:  # the first may compile
                    seconds += time.process_time() - begun
                    pixels += int(np.isfinite(result.loss_db[0]).sum())
                mine = table[:, 0] == number
                rows, cols = table[mine, 1].astype(int), table[mine, 2].astype(int)
                got = result.loss_db[0, rows - result.row0, cols - result.col0]
                error[mine] = np.abs(got - table[mine, 3])
            cost = seconds / pixels * 1e6 if pixels else float("nan")
            label = model if model == "p526" else f"{model} {percent:.0f}%"
            print(
                f"{label:12s} {radial:5.1f} {arc:5.1f} {len(table):10d} {np.median(error):8.3f}"
                f" {np.percentile(error, 95):6.2f} {np.percentile(error, 99):6.2f}"
                f" {error.max():7.2f} {cost:14.3f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
