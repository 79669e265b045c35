"""A province end to end: path loss of every mast to village verdicts, with peak memory.

    python benchmarks/bench_province.py [--sites 500] [--model p1812] [--radius-km 20] [--km 120]

Ridged synthetic ground at 30 m, two bands a mast, villages as Voronoi cells, people everywhere.
Prints wall and CPU seconds of each step, a second run after every threshold, tilt and power was
changed (which must compute no propagation), and the peak of resident memory. Threads: those of
NUMBA_NUM_THREADS.
"""

import argparse
import platform
import sys
import tempfile
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from scipy.ndimage import gaussian_filter

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
from radio_study import CRS_M, X0, Y0, cells_frame, make_inputs, make_study, villages_frame

from phusong.coverage.signal import compute_signal
from phusong.coverage.store import PathLossStore
from phusong.coverage.villages import assess_villages
from phusong.jit import get_num_threads

CELL_M = 30.0


def ground(cells: int, rng: np.random.Generator) -> np.ndarray:
    """Ridges of a few scales, 0 to about 1,500 m."""
    out = np.zeros((cells, cells), dtype=np.float32)
    for scale, height in ((150, 900.0), (50, 400.0), (15, 120.0), (4, 20.0)):
        noise = gaussian_filter(rng.standard_normal((cells, cells)).astype("float32"), scale)
        out += height * (1.0 - np.abs(noise) / np.abs(noise).max()) ** 3
    return out


def villages(count: int, side_m: float, rng: np.random.Generator) -> gpd.GeoDataFrame:
    points = shapely.multipoints(
        np.c_[rng.uniform(X0, X0 + side_m, count), rng.uniform(Y0 - side_m, Y0, count)]
    )
    frame = shapely.box(X0, Y0 - side_m, X0 + side_m, Y0)
    shapes = shapely.intersection(shapely.get_parts(shapely.voronoi_polygons(points)), frame)
    return villages_frame({f"v{i}": shape for i, shape in enumerate(shapes)})


def cells(sites: dict[str, tuple[float, float]], tilt: float) -> list[dict]:
    operators = ("Viettel", "VNPT", "MobiFone")
    return [
        {
            "cell_id": f"{site}-{azimuth}-{freq:g}", "site_id": site,
            "operator": operators[i % 3], "freq_mhz": freq, "azimuth_deg": float(azimuth),
            "electrical_tilt_deg": tilt, "mechanical_tilt_deg": 2.0, "eirp_dbm": 60.0 - tilt,
        }
        for i, site in enumerate(sites)
        for azimuth in (0, 120, 240)
        for freq in (900.0, 1800.0)
    ]  # fmt: skip


def provinces(folder, sites, shapes, size, rng):
    """The same province twice: with other tilts and powers the second time."""
    heights, people = ground(size, rng), rng.gamma(0.1, 2.0, (size, size))
    return [
        make_inputs(
            folder, cells=cells_frame(cells(sites, tilt)), sites=sites, villages=shapes,
            heights=heights, people=people, cell_m=CELL_M,
        )
        for tilt in (2.0, 5.0)
    ]  # fmt: skip


def timed(title: str, work):
    wall, cpu = time.perf_counter(), time.process_time()
    out = work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"{title:<38} {wall:8.1f} s wall {cpu:8.1f} s CPU")
    return out, wall


def peak_mb() -> float:
    """Peak of resident memory; 0 where the system does not say (Windows)."""
    if platform.system() == "Windows":
        return 0.0
    import resource  # noqa: PLC0415 - not on Windows

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if platform.system() == "Darwin" else 2**10)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sites", type=int, default=500)
    parser.add_argument("--villages", type=int, default=3800)
    parser.add_argument("--km", type=float, default=120.0, help="side of the province")
    parser.add_argument("--radius-km", type=float, default=20.0)
    parser.add_argument("--model", default="p1812")
    parser.add_argument("--folder", type=Path, help="keep the store and rasters here")
    asked = parser.parse_args()
    rng = np.random.default_rng(1)
    size = round(asked.km * 1000 / CELL_M)
    side_m = size * CELL_M
    sites = {
        f"S{i:04}": (X0 + rng.uniform(0.01, 0.99) * side_m, Y0 - rng.uniform(0.01, 0.99) * side_m)
        for i in range(asked.sites)
    }
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.folder or Path(temporary)
        shapes = villages(asked.villages, side_m, rng)

        first, second = provinces(folder, sites, shapes, size, rng)
        assert first.crs == CRS_M
        radio = {"model": asked.model, "radius_km": asked.radius_km}
        store = PathLossStore(folder / "store")
        print(
            f"{asked.sites} sites, 2 bands, {asked.model}, {asked.radius_km:g} km, "
            f"{size} x {size} cells of {CELL_M:g} m, {asked.villages} villages, "
            f"{get_num_threads()} threads"
        )
        study = make_study(folder, radio=radio)
        signal, one = timed("path losses and best servers", lambda: compute_signal(
            first, study, folder / "out", store))  # fmt: skip
        stats = signal.stats
        print(f"  propagation {stats['propagation_s']:.1f} s, {stats['us_per_pixel']:.3f} µs a "
              f"pixel and band; best servers {stats['combine_s']:.1f} s")  # fmt: skip
        timed("villages", lambda: assess_villages(first, study, signal))
        other = make_study(
            folder, radio={**radio, "technologies": {"LTE": {"threshold_dbm": -100}}}
        )
        again, two = timed("again, other tilts, powers, threshold", lambda: compute_signal(
            second, other, folder / "out2", store))  # fmt: skip
        assert again.stats["computed"] == 0
        print(f"  {one / two:.1f} times as fast: no propagation computed")
        timed("villages", lambda: assess_villages(second, other, again))
        kept = store.summary()
        print(f"store {kept['bytes'] / 2**20:.0f} MB in {kept['entries']} entries; "
              f"peak memory {peak_mb():.0f} MB")  # fmt: skip


if __name__ == "__main__":
    main()
