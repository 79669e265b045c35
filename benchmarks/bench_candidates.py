"""Candidate masts: ``python benchmarks/bench_candidates.py`` (300 of the sample's, 12 km).

What the places of a plan cost before anything is solved: path loss of every candidate, and which
dark villages it covers, from an empty store, in a process of its own. Prints seconds and those of
the processor a candidate, both for 3,000, and the peak of memory; exit code 1 where 3,000 would
take more than eight minutes.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from phusong.checks import Findings
from phusong.coverage.signal.signal import compute_signal
from phusong.coverage.signal.store import PathLossStore
from phusong.coverage.villages.assess import assess_villages
from phusong.coverage.villages.verdict import COVERED
from phusong.jit import get_num_threads
from phusong.planning.sites.places import candidate_places
from phusong.planning.sites.service import find_service
from phusong.sources import read_inputs
from phusong.study import Study
from phusong.study.file import read_study

MANY, LIMIT_S = 3000, 480.0
DATA = Path(__file__).resolve().parent.parent / "data"


def sample(folder: Path, radius_km: float) -> Study:
    """Return the embedded sample with an empty store, and candidates of a radius."""
    study = read_study(DATA)
    return study.model_copy(
        update={
            "folder": folder,
            "radio": study.radio.model_copy(update={"radius_km": radius_km}),
        }
    )


def main() -> None:
    """Run the benchmark."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--candidates", type=int, default=300)
    options.add_argument("--radius-km", type=float, default=12.0)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(DATA, folder / "data")
        study = sample(folder, chosen.radius_km)
        inputs = read_inputs(study, Findings())
        store = PathLossStore(folder / "store")
        (folder / "rasters").mkdir()
        signal = compute_signal(inputs, study, folder / "rasters", store)
        grade = assess_villages(inputs, study, signal).villages["grade"]
        dark = np.flatnonzero((grade != COVERED).to_numpy())
        frame = inputs.villages.iloc[dark].reset_index(drop=True)
        frame["people"] = frame["population"]
        wanted = study.planning.candidates.model_copy(
            update={"existing": False, "most": chosen.candidates}
        )
        places = candidate_places(inputs, frame, wanted, None, None, 0.0)
        # Once over a few, so that nothing is compiled while the clock runs.
        few = places.only(np.arange(2))
        find_service(inputs, study, signal, dark, few, study.planning.site, store)
        places = places.only(np.arange(2, len(places)))
        begun, worked = time.perf_counter(), time.process_time()
        service = find_service(inputs, study, signal, dark, places, study.planning.site, store)
        seconds, cpu = time.perf_counter() - begun, time.process_time() - worked
    each, each_cpu = seconds / len(places), cpu / len(places)
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    print(
        f"{len(places)} candidates, {chosen.radius_km:g} km, cells of {inputs.grid.cell_m:g} m, "
        f"{study.radio.model}, {len(dark)} dark villages, {get_num_threads()} threads"
    )
    print(f"covers found: {len(service.place)}, pairs: {len(service.together)}")
    print(f"a candidate: {each:.3f} s, {each_cpu:.3f} s of the processor; peak {peak_mib:.0f} MiB")
    print(
        f"{MANY}: {MANY * each:.0f} s ({MANY * each_cpu / get_num_threads():.0f} s of each "
        f"processor), {LIMIT_S / (MANY * each):.2f} x as fast as asked"
    )
    sys.exit(0 if MANY * each <= LIMIT_S else 1)


if __name__ == "__main__":
    main()
