"""The sweep beside its peers: ``python benchmarks/bench_peers.py``.

One transmitter, one disc, one tile of ground for all: this project's P.1812, Longley-Rice and bare
delta-Bullington (P.526) on one thread and on two; SPLAT! HD (Debian's package ``splat``, one
thread; time of the disc alone, loading and drawing taken off by a run of 0.5 km); itmlogic and
pycraf path by path over exact profiles to pixels drawn at random, in an environment of their own
that is made once under ``build/``. A peer that cannot be had is named and left out. Without
``--tile`` the ground is made by a fixed seed. Prints µs per pixel, the disc's time and the ratio to
P.1812 on one thread; runs of each side alternate, and the least counts.
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy.ndimage import zoom

from phusong.coverage.propagation import PropagationSettings, Surface, Transmitter, propagate
from phusong.coverage.propagation.itm.path import itm_path
from phusong.coverage.propagation.p1812.path import p1812_path
from phusong.coverage.propagation.walk.profile import line_profile
from phusong.jit import get_num_threads, set_num_threads

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))
from worlds.terrain import read_tile, rough_ground, tile_ground

ROOT = Path(__file__).resolve().parent.parent
CELL_M = 30.0
SIDE = 3601
FREQ_MHZ, TX_M, RX_M = 900.0, 40.0, 1.5


def peer_python() -> Path | None:
    """Return the Python of the peers' environment, made if need be; None where it cannot."""
    folder = ROOT / "build" / "peers"
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        venv.create(folder, with_pip=True, clear=True)
        command = [python, "-m", "pip", "install", "-q", "itmlogic", "pycraf"]
        if subprocess.run(command, check=False).returncode:
            return None
        (folder / "ready").touch()
    return python


def write_tile(folder: Path, tile: Path | None) -> Path:
    """Write the ground as a tile of 1 arc-second, as SPLAT! HD wants it."""
    if tile is None:
        name, heights = "N42E001.hgt", rough_ground(SIDE, relief_m=2500.0, roughness=3.0)
    else:
        name, heights = tile.name.removesuffix(".zip"), read_tile(tile)
        lowest = heights[heights > -1000].min()
        heights = np.where(heights > -1000, heights, lowest)
        heights = zoom(heights, SIDE / heights.shape[0], order=1)
    made = folder / name
    made.write_bytes(np.rint(heights).astype(">i2").tobytes())
    return made


class Splat:
    """SPLAT! HD on one tile."""

    def __init__(self, tile: Path) -> None:
        self.folder = tile.parent
        self.run(["srtm2sdf-hd", tile.name])
        south, east = int(tile.name[1:3]), int(tile.name[4:7])
        (self.folder / "mast.qth").write_text(
            f"mast\n{south + 0.5}\n{360 - east - 0.5}\n{TX_M} meters\n"
        )
        (self.folder / "mast.lrp").write_text(f"15.0\n0.005\n301.0\n{FREQ_MHZ}\n5\n1\n0.5\n0.5\n")

    def run(self, command: list[str]) -> None:
        """Run one of its programs in its folder."""
        subprocess.run(command, cwd=self.folder, check=True, capture_output=True)

    def seconds(self, radius_km: float) -> float:
        """Wall time of a whole run."""
        command = (
            f"splat-hd -t mast.qth -L {RX_M} -R {radius_km} -metric -d . -olditm -N -n -o map.ppm"
        )
        begun = time.perf_counter()
        self.run(command.split())
        return time.perf_counter() - begun


def per_path(
    python: Path | None, surface: Surface, mast: Transmitter, radius_m: float, count: int
) -> dict[str, tuple[float, float]]:
    """Return (seconds a path, median difference to our own path in dB) of each peer library."""
    random = np.random.default_rng(0)
    away = radius_m * np.sqrt(random.uniform(0.001, 1.0, count))
    angle = random.uniform(0.0, 2 * math.pi, count)
    lines = [
        line_profile(surface, mast, mast.x_m + d * math.cos(a), mast.y_m + d * math.sin(a), CELL_M)
        for d, a in zip(away, angle, strict=True)
    ]
    steps = [line.distance_m[-1] / (line.distance_m.size - 1) for line in lines]
    own = {
        "itmlogic": [
            itm_path(line.height_m, step, TX_M, RX_M, FREQ_MHZ).loss_db
            for line, step in zip(lines, steps, strict=True)
        ],
        "pycraf": [
            p1812_path(
                line.distance_m,
                line.height_m,
                tx_height_m=TX_M,
                rx_height_m=RX_M,
                freq_mhz=FREQ_MHZ,
                latitude_deg=42.0,
            ).loss_db
            for line in lines
        ],
    }
    found = {}
    with tempfile.TemporaryDirectory() as scratch:
        world = Path(scratch) / "world.npz"
        rows = [np.r_[step, line.height_m] for line, step in zip(lines, steps, strict=True)]
        np.savez(
            world,
            profiles=np.concatenate(rows),
            sizes=[row.size for row in rows],
            freq_mhz=FREQ_MHZ,
            tx_m=TX_M,
            rx_m=RX_M,
        )
        for peer, ours in own.items():
            if python is None:
                print(f"{peer}: left out, its environment could not be made")
                continue
            script = Path(__file__).parent / "peer_paths.py"
            command = [python, script, peer, world]
            said = subprocess.run(command, check=True, capture_output=True, text=True)
            answer = json.loads(said.stdout.splitlines()[-1])
            apart = float(np.median(np.abs(np.array(answer["loss_db"]) - ours)))
            found[peer] = answer["seconds"] / count, apart
    return found


def least(work: Callable[[], object], repeats: int) -> float:
    """Return the least wall seconds of several runs."""
    took = []
    for _ in range(repeats):
        begun = time.perf_counter()
        work()
        took.append(time.perf_counter() - begun)
    return min(took)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--radius-km", type=float, default=20.0)
    options.add_argument("--repeats", type=int, default=3)
    options.add_argument("--paths", type=int, default=100)
    options.add_argument("--tile", type=Path, help="an SRTM tile (.hgt or .hgt.zip)")
    given = options.parse_args()
    radius_m = given.radius_km * 1e3
    rows: list[tuple[str, int, float, int]] = []
    most = min(2, get_num_threads())
    with tempfile.TemporaryDirectory(prefix="phusong-peers-") as scratch:
        tile = write_tile(Path(scratch), given.tile)
        cells = 2 * math.ceil(radius_m / CELL_M) + 20
        surface = Surface(tile_ground(tile, cells, CELL_M), 0.0, cells * CELL_M, CELL_M)
        middle = cells * CELL_M / 2.0
        mast = Transmitter(middle, middle, TX_M)
        bands = (FREQ_MHZ,)
        splat = None
        if shutil.which("splat-hd") and shutil.which("srtm2sdf-hd"):
            splat = Splat(tile)
        else:
            print("SPLAT! HD: left out, not installed (Debian's package splat)")
        names = {"p1812": "P.1812", "itm": "Longley-Rice (ITM)", "p526": "bare delta-Bullington"}
        for model, name in names.items():
            settings = PropagationSettings(model=model, radius_m=radius_m, rx_height_m=RX_M)
            for threads in range(1, most + 1):
                set_num_threads(threads)
                found = propagate(surface, mast, bands, settings)
                took = least(lambda c=settings: propagate(surface, mast, bands, c), given.repeats)
                rows.append(
                    (f"phusong {name}", threads, took, int(np.isfinite(found.loss_db).sum()))
                )
        set_num_threads(most)
        if splat:
            pairs = [
                (splat.seconds(0.5), splat.seconds(given.radius_km)) for _ in range(given.repeats)
            ]
            load, whole = (min(times) for times in zip(*pairs, strict=True))
            metres = 111_195.0 / (SIDE - 1)
            width = metres * math.cos(math.radians(int(tile.name[1:3]) + 0.5))
            rows.append(
                ("SPLAT! HD (ITM)", 1, whole - load, int(math.pi * radius_m**2 / (metres * width)))
            )
            print(f"SPLAT! HD: whole run {whole:.1f} s, of it loading and drawing {load:.1f} s")
    for name, (seconds, apart) in per_path(
        peer_python(), surface, mast, radius_m, given.paths
    ).items():
        pixels = rows[0][3]
        rows.append((f"{name}, {given.paths} paths, scaled", 1, seconds * pixels, pixels))
        print(f"{name}: {1e3 * seconds:.2f} ms a path; median {apart:.2f} dB from ours")
    ours = {threads: took for name, threads, took, _ in rows if name == "phusong P.1812"}
    print(f"\n{FREQ_MHZ:g} MHz, {given.radius_km:g} km, cells of {CELL_M:g} m, p = 50 %")
    head = "".join(f"{f'to P.1812 on {n}':>17}" for n in ours)
    print(f"{'':34}{'threads':>8}{'pixels':>10}{'disc, s':>11}{'us/pixel':>10}{head}")
    for name, threads, took, pixels in rows:
        ratios = "".join(f"{took / own:16.2f}x" for own in ours.values())
        print(f"{name:34}{threads:8d}{pixels:10d}{took:11.2f}{1e6 * took / pixels:10.3f}{ratios}")


if __name__ == "__main__":
    main()
