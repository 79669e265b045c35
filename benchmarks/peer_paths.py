"""One peer's loss over given profiles, run by the peers' own Python: used by bench_peers.py.

    python peer_paths.py itmlogic|pycraf PROFILES.npz

Prints the seconds of the path calculations alone, reading and importing left out, and the losses.
"""

from __future__ import annotations

import json
import math
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np


def itmlogic_loss(world: Any) -> Callable[[Any], float]:
    """Longley-Rice in point-to-point mode for half of the time, places and situations."""
    from itmlogic.preparatory_subroutines.qlrpfl import qlrpfl  # noqa: PLC0415 - a peer's own
    from itmlogic.preparatory_subroutines.qlrps import qlrps  # noqa: PLC0415 - a peer's own
    from itmlogic.statistics.avar import avar  # noqa: PLC0415 - a peer's own

    freq_mhz = float(world["freq_mhz"])

    def loss(profile: Any) -> float:
        step_m, heights = float(profile[0]), profile[1:]
        count = heights.size - 1
        middle = heights[count // 10 : count - count // 10 + 1]
        wave, curvature, refractivity, impedance = qlrps(
            freq_mhz, float(middle.mean()), 301.0, 1, 15.0, 0.005
        )
        prop = {
            "fmhz": freq_mhz,
            "hg": [float(world["tx_m"]), float(world["rx_m"])],
            "klim": 5,
            "klimx": 0,
            "mdvarx": 11,
            "mdvar": 11,
            "lvar": 5,
            "kwx": 0,
            "wscat": 0,
            "wn": wave,
            "gme": curvature,
            "ens": refractivity,
            "zgnd": impedance,
            "pfl": [count, step_m, *heights.tolist(), 0.0],
        }
        prop = qlrpfl(prop)
        free_db = 32.45 + 20 * math.log10(freq_mhz * prop["dist"] / 1000.0)
        deviation, _ = avar(0.0, 0.0, 0.0, prop)
        return free_db + deviation

    return loss


def pycraf_loss(world: Any) -> Callable[[Any], float]:
    """ITU-R P.452 for half of the time, which shares most of its terms with P.1812."""
    warnings.simplefilter("ignore")
    from astropy import units  # noqa: PLC0415 - a peer's own
    from pycraf import conversions, pathprof  # noqa: PLC0415 - a peer's own

    freq = float(world["freq_mhz"]) / 1000.0 * units.GHz
    tx, rx = float(world["tx_m"]) * units.m, float(world["rx_m"]) * units.m

    def loss(profile: Any) -> float:
        distance_m = np.arange(profile.size - 1) * float(profile[0])
        degrees = distance_m[-1] / 111_195.0
        path = pathprof.PathProp(
            freq,
            290 * units.K,
            1013 * units.hPa,
            0 * units.deg,
            42 * units.deg,
            0 * units.deg,
            (42 + degrees) * units.deg,
            tx,
            rx,
            float(profile[0]) * units.m,
            50 * units.percent,
            polarization=1,
            delta_N=45 / units.km,
            N0=325 * conversions.dimless,
            hprof_dists=distance_m / 1000.0 * units.km,
            hprof_heights=profile[1:] * units.m,
            hprof_bearing=0 * units.deg,
            hprof_backbearing=0 * units.deg,
        )
        return float(pathprof.loss_complete(path)[4].value)

    return loss


def main() -> None:
    world = np.load(sys.argv[2], allow_pickle=False)
    ends = np.cumsum(world["sizes"])[:-1]
    profiles = np.split(world["profiles"], ends)
    loss = {"itmlogic": itmlogic_loss, "pycraf": pycraf_loss}[sys.argv[1]](world)
    loss(profiles[0])
    begun = time.perf_counter()
    losses = [float(loss(profile)) for profile in profiles]
    print(json.dumps({"seconds": time.perf_counter() - begun, "loss_db": losses}))


if __name__ == "__main__":
    main()
