"""Longley-Rice over a disc: µs per output pixel, and raster against the exact path per pixel.

    python benchmarks/bench_itm.py [DEM.tif]

Terrain is a square of a projected DEM when one is given, else made by a fixed seed. CPU time is
that of one thread; wall time is given for one and two.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace

import numpy as np
import rasterio

from phusong.coverage.propagation import (
    PropagationSettings,
    Surface,
    Transmitter,
    propagate,
)
from phusong.coverage.propagation.itm.path import itm_path
from phusong.coverage.propagation.itm.sweep import itm_settings
from phusong.coverage.propagation.walk.profile import line_profile
from phusong.jit import set_num_threads

CELL_M = 30.0
SIZE = 1361
BANDS = (900.0, 1800.0)
REPEATS = 3


def made_terrain(relief_m: float) -> np.ndarray:
    """Ground with the spectrum of mountains."""
    rng = np.random.default_rng(0)
    wave = np.fft.rfftfreq(SIZE)[None, :] ** 2 + np.fft.fftfreq(SIZE)[:, None] ** 2
    wave[0, 0] = 1.0
    ground = np.fft.irfft2(np.fft.rfft2(rng.normal(size=(SIZE, SIZE))) / wave, s=(SIZE, SIZE))
    ground = (ground - ground.mean()) / ground.std()
    return (800.0 + relief_m * ground).astype(np.float32)


def read_terrain(path: str) -> tuple[np.ndarray, float]:
    """Ground and cell of a DEM's middle; one in degrees is taken as if its cells were 30 m."""
    with rasterio.open(path) as data:
        band = data.read(1, masked=True).astype(np.float32).filled(np.nan)
        cell = data.res[0] if data.res[0] > 1.0 else CELL_M
    row, col = (max(0, (side - SIZE) // 2) for side in band.shape)
    return band[row : row + SIZE, col : col + SIZE], cell


def report_speed(name: str, surface: Surface, tx: Transmitter) -> None:
    """CPU and wall time per output pixel and band."""
    settings = PropagationSettings(model="itm")
    for bands in (BANDS[:1], BANDS):
        row = []
        for threads in (1, 2):
            set_num_threads(threads)
            propagate(surface, tx, bands, replace(settings, radius_m=500.0))
            best = best_cpu = np.inf
            for _ in range(REPEATS):
                wall, cpu = time.perf_counter(), time.process_time()
                result = propagate(surface, tx, bands, settings)
                best_cpu = min(best_cpu, time.process_time() - cpu)
                best = min(best, time.perf_counter() - wall)
            pixels = int(np.isfinite(result.loss_db).sum())
            row += [best / pixels * 1e6, best_cpu / pixels * 1e6]
        print(
            f"{name:10} {len(bands)} band(s): one thread {row[0]:.2f} us wall, "
            f"{row[1]:.2f} us CPU; two threads {row[2]:.2f} us wall; "
            f"per output pixel and band ({pixels} of them)"
        )


def report_error(name: str, surface: Surface, tx: Transmitter, count: int = 2000) -> None:
    """Raster against the exact straight line to each pixel's centre, sampled every half cell."""
    rng = np.random.default_rng(1)
    for radial in (1.0, 0.5):
        settings = PropagationSettings(
            model="itm", radial_step_m=radial * surface.cell_m, arc_step_m=radial * surface.cell_m
        )
        result = propagate(surface, tx, BANDS[:1], settings)
        errors = []
        rows, cols = surface.height_m.shape
        for row, col in zip(
            rng.integers(0, rows, count), rng.integers(0, cols, count), strict=True
        ):
            at = (row - result.row0, col - result.col0)
            if not all(0 <= i < n for i, n in zip(at, result.flags.shape, strict=True)):
                continue
            loss = result.loss_db[(0, *at)]
            if not np.isfinite(loss) or result.flags[at] & 4:
                continue
            x = surface.x0_m + (col + 0.5) * surface.cell_m
            y = surface.y0_m - (row + 0.5) * surface.cell_m
            line = line_profile(surface, tx, x, y, surface.cell_m / 2.0)
            step = line.distance_m[-1] / (line.distance_m.size - 1)
            exact = itm_path(
                line.height_m,
                step,
                tx.height_m,
                settings.rx_height_m,
                BANDS[0],
                settings=itm_settings(settings),
            )
            errors.append(float(loss) - exact.loss_db)
        size = np.abs(errors)
        print(
            f"{name:10} step {radial:g} cell: |raster - exact| median {np.median(size):.2f} dB, "
            f"95 % {np.quantile(size, 0.95):.2f}, worst {size.max():.1f}; "
            f"mean difference {np.mean(errors):+.2f} dB over {size.size} pixels"
        )


def main() -> None:
    """Run on the terrain given, or on made mountains and a made plain."""
    if len(sys.argv) > 1:
        ground, cell = read_terrain(sys.argv[1])
        cases = {"DEM": (ground, cell)}
    else:
        cases = {
            name: (made_terrain(relief), CELL_M)
            for name, relief in (("mountains", 300.0), ("plain", 5.0))
        }
    for name, (ground, cell) in cases.items():
        rows, cols = ground.shape
        surface = Surface(ground, 0.0, rows * cell, cell)
        tx = Transmitter(cols * cell / 2.0, rows * cell / 2.0, 30.0)
        report_speed(name, surface, tx)
        report_error(name, surface, tx)


if __name__ == "__main__":
    main()
