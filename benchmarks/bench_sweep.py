"""Speed of the terrain sweeps beside their floor: ``python benchmarks/bench_sweep.py``.

Prints µs per output pixel (and per pixel and band) of P.526 and of P.1812 at p = 50 and 10 %, on
synthetic mountains and on a plain, with one thread and with two, beside the floor: the same
disc's cells sorted into radials and the same profiles sampled, nothing computed. With ``--tile
N42E001.hgt.zip`` the mountains are that SRTM tile's. Each figure is the least of several repeats;
CPU time is given too, since on a busy machine only that means something.
"""

from __future__ import annotations

import argparse
import math
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from phusong.coverage.propagation import (
    PropagationSettings,
    Surface,
    Transmitter,
    propagate,
)
from phusong.coverage.propagation.walk.fan import fan_of, points_before, sample_radial
from phusong.jit import get_num_threads, njit, prange, set_num_threads

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))
from worlds.terrain import rough_ground, tile_ground

CELL_M = 30.0
BANDS = (900.0, 1800.0)


@njit(cache=True, nogil=True, parallel=True)
def _sample_all(
    height_m: NDArray[np.float32],
    tx_row: float,
    tx_col: float,
    radials: int,
    step: float,
    points: int,
) -> NDArray[np.int64]:
    known = np.empty(radials, np.int64)
    for bundle in prange((radials + 7) // 8):
        room = np.empty(points + 1)
        for radial in range(8 * bundle, min(radials, 8 * bundle + 8)):
            angle = 2.0 * math.pi * radial / radials
            known[radial] = sample_radial(height_m, tx_row, tx_col, angle, step, points, room)
    return known


def least(work: Callable[[], object], repeats: int) -> tuple[float, float]:
    """Return the least wall and the least CPU seconds of several runs."""
    walls, cpus = [], []
    for _ in range(repeats):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    return min(walls), min(cpus)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--radius-km", type=float, default=20.0)
    options.add_argument("--repeats", type=int, default=5)
    options.add_argument("--tile", type=Path, help="an SRTM tile (.hgt or .hgt.zip)")
    chosen = options.parse_args()
    radius = chosen.radius_km * 1e3
    cells = 2 * math.ceil(radius / CELL_M) + 20
    grounds = {
        "mountains": tile_ground(chosen.tile, cells, CELL_M)
        if chosen.tile
        else rough_ground(cells, relief_m=1500.0, roughness=3.0),
        "plain": rough_ground(cells, relief_m=20.0, seed=2, roughness=1.6),
    }
    most = get_num_threads()
    print(f"{platform.processor() or platform.machine()}, {most} threads at most")
    print("ground     model      threads bands  us/pixel  us/pixel/band  (CPU us/pixel)")
    for name, ground in grounds.items():
        surface = Surface(ground, 0.0, cells * CELL_M, CELL_M)
        middle = cells * CELL_M / 2.0
        mast = Transmitter(middle + 7.0, middle + 11.0, 40.0)
        base = PropagationSettings(radius_m=radius)
        for threads in range(1, min(2, most) + 1):
            set_num_threads(threads)

            def floor(
                surface: Surface = surface,
                mast: Transmitter = mast,
                base: PropagationSettings = base,
            ) -> None:
                fan = fan_of(surface, mast, base)
                points = points_before(radius, CELL_M)
                _sample_all(surface.height_m, fan.tx_row, fan.tx_col, fan.radials, 1.0, points)

            floor()
            pixels = fan_of(surface, mast, base).cells.size
            wall, cpu = least(floor, chosen.repeats)
            print(
                f"{name:10s} floor      {threads:7d} {'':5s} {wall / pixels * 1e6:9.3f}"
                f"  {'':13s}  ({cpu / pixels * 1e6:.3f})"
            )
            for model, percent in (("p526", 50.0), ("p1812", 50.0), ("p1812", 10.0)):
                config = PropagationSettings(model=model, radius_m=radius, time_percent=percent)
                for count in (1, 2):
                    bands = BANDS[:count]
                    propagate(surface, mast, bands, config)
                    wall, cpu = least(
                        lambda s=surface, m=mast, b=bands, c=config: propagate(s, m, b, c),
                        chosen.repeats,
                    )
                    label = model if model == "p526" else f"{model} {percent:.0f}%"
                    print(
                        f"{name:10s} {label:10s} {threads:7d} {count:5d} "
                        f"{wall / pixels * 1e6:9.3f}  {wall / pixels / count * 1e6:13.3f}"
                        f"  ({cpu / pixels * 1e6:.3f})",
                        flush=True,
                    )
        set_num_threads(most)


if __name__ == "__main__":
    main()
