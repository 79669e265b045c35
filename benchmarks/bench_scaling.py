"""How time grows with radius and with sites: ``python benchmarks/bench_scaling.py``.

Radius: one mast in the middle of the mirrored sample terrain, two bands, the propagation alone,
least of several repeats. Sites: provinces of about 16 km² a site, from the files to the verdict of
every village. Slopes are those of straight lines through log time against log radius (the disc's
area alone would make 2) and log sites (1). ``--plot docs/scaling.svg`` draws both.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))
from bench_province import run_once

from phusong.coverage.propagation import PropagationSettings, Surface, Transmitter, propagate
from phusong.jit import get_num_threads, set_num_threads
from worlds.on_disk import BANDS_MHZ, make_province, mirrored_ground

Points = list[tuple[float, float]]


def slope(points: Points) -> float:
    """Return the slope of a straight line through the logarithms."""
    x, y = np.log(np.array(points)).T
    return float(np.polyfit(x, y, 1)[0])


def time_radius(radii_km: Sequence[float], model: str, repeats: int) -> Points:
    """Return (km, s) of one mast on two bands."""
    most = max(radii_km) * 1000.0
    side = int(2 * most / 30.0) + 200
    ground, cell_m = mirrored_ground(side, side)
    middle = side // 2
    near = ground[middle - 40 : middle + 40, middle - 40 : middle + 40]
    row, col = (int(i) + middle - 40 for i in np.unravel_index(np.argmax(near), near.shape))

    def window(radius_m: float) -> tuple[Surface, Transmitter]:
        """The ground a run would read: the disc's own."""
        half = int(radius_m / cell_m) + 2
        part = np.ascontiguousarray(
            ground[row - half : row + half + 1, col - half : col + half + 1]
        )
        centre = (half + 0.5) * cell_m
        return Surface(part, 0.0, 2 * centre, cell_m), Transmitter(centre, centre, 35.0)

    propagate(*window(500.0), BANDS_MHZ, PropagationSettings(model=model, radius_m=500.0))
    points: Points = []
    for radius in radii_km:
        settings = PropagationSettings(model=model, radius_m=radius * 1000.0)
        surface, tx = window(settings.radius_m)
        took = []
        for _ in range(repeats):
            begun = time.perf_counter()
            found = propagate(surface, tx, BANDS_MHZ, settings)
            took.append(time.perf_counter() - begun)
        pixels = int(np.isfinite(found.loss_db).sum())
        points.append((radius, min(took)))
        print(
            f"  {radius:6g} km {min(took):9.2f} s {1e6 * min(took) / pixels:8.3f} us per pixel "
            f"and band ({pixels / 1e6:.2f} million)"
        )
    return points


def time_sites(counts: Sequence[int], radius_km: float, model: str) -> dict[str, Points]:
    """Return (sites, s) of the whole run (without starting), and of its two great parts."""
    parts: dict[str, Points] = {"whole run": [], "propagation": [], "best servers, rasters": []}
    with tempfile.TemporaryDirectory(prefix="phusong-scaling-") as scratch:
        for count in counts:
            folder = Path(scratch) / str(count)
            made = make_province(folder, count, radius_km=radius_km, model=model)
            found = run_once(made.folder, folder, whole=False)
            took = (
                found["run_s"],
                found["signal"]["propagation_s"],
                found["signal"]["combine_s"],
            )
            for name, seconds in zip(parts, took, strict=True):
                parts[name].append((count, seconds))
            print(
                f"  {count:6d} sites {took[0]:9.1f} s; propagation {took[1]:.1f} s, best servers "
                f"{took[2]:.1f} s; peak {found['tree_mib']:.0f} MiB"
            )
    return parts


def draw(path: Path, radius: Points, sites: dict[str, Points], note: str) -> None:
    """Draw both curves on logarithmic axes."""
    import matplotlib as mpl  # noqa: PLC0415 - only when a plot is asked for

    mpl.use("Agg")
    import matplotlib.pyplot as plt  # noqa: PLC0415

    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    left.loglog(*np.array(radius).T, "o-", label=f"one mast, slope {slope(radius):.2f}")
    left.set_xlabel("radius, km")
    for name, points in sites.items():
        right.loglog(*np.array(points).T, "o-", label=f"{name}, slope {slope(points):.2f}")
    right.set_xlabel("sites")
    for axes, places in (
        (left, [x for x, _ in radius]),
        (right, [x for x, _ in sites["whole run"]]),
    ):
        axes.set_xticks(places, [f"{x:g}" for x in places])
        axes.minorticks_off()
        axes.yaxis.set_major_formatter("{x:g}")
        axes.set_ylabel("seconds")
        axes.grid(visible=True, which="both", alpha=0.3)
        axes.legend()
    figure.suptitle(note, fontsize=10)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--radii-km", type=float, nargs="+", default=[5, 10, 20, 40])
    parser.add_argument("--sites", type=int, nargs="+", default=[8, 16, 32, 64])
    parser.add_argument("--sites-radius-km", type=float, default=10.0)
    parser.add_argument("--model", default="p1812")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, help="for the radius [default: numba's]")
    parser.add_argument("--plot", type=Path, metavar="FILE", help=".svg or .png, e.g. in docs/")
    given = parser.parse_args()
    if min(len(set(given.radii_km)), len(set(given.sites))) < 2:
        parser.error("a slope needs two radii and two numbers of sites")
    if given.threads:
        set_num_threads(given.threads)
    bands = ", ".join(f"{freq} MHz" for freq in BANDS_MHZ)
    print(f"{given.model}, {bands}, cells of 30 m, {get_num_threads()} thread(s)")
    print("time against radius, one mast:")
    radius = time_radius(given.radii_km, given.model, given.repeats)
    print(f"  slope {slope(radius):.2f}")
    print(f"time against sites, {given.sites_radius_km:g} km:")
    sites = time_sites(given.sites, given.sites_radius_km, given.model)
    print("  slopes: " + ", ".join(f"{name} {slope(p):.2f}" for name, p in sites.items()))
    if given.plot:
        note = (
            f"{given.model}, {bands}, cells of 30 m; sites at {given.sites_radius_km:g} km radius"
        )
        draw(given.plot, radius, sites, note)
        print(f"plot: {given.plot}")


if __name__ == "__main__":
    main()
