"""Broken files by the thousand, in bounded processes: ``python benchmarks/fuzz_readers.py``.

Whole files of every kind are cut, emptied, bit-flipped, recoded, renamed and robbed of their
parts, by number (``--first``), so that a case can be had again. Counted are internal errors (what
is no message for people), hangs, processes that died, and what was written beside the input.
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import resource
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Iterable
from multiprocessing.connection import Connection
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
from helpers.hostile import KINDS, Ground, case_of


def work(pipe: Connection) -> None:
    """Read the cases whose numbers come through the pipe, until None comes."""
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory(prefix="phusong-fuzz-") as folder:
        ground = Ground(Path(folder))
        pipe.send(("ready", "", 0))
        while (number := pipe.recv()) is not None:
            case = case_of(ground.whole, number)
            try:
                outcome, said = ground.attempt(case), ""
            except Exception as error:  # noqa: BLE001 - what is counted here
                outcome = "internal"
                said = f"{case.name}: {type(error).__name__}: {str(error)[:200]}"
                said += "".join(traceback.format_tb(error.__traceback__)[-3:])
            pipe.send((outcome, said, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))


class Worker:
    """A process that reads cases, and is ended when one takes too long."""

    def __init__(self) -> None:
        spawn = multiprocessing.get_context("spawn")
        self.pipe, other = spawn.Pipe()
        self.process = spawn.Process(target=work, args=(other,), daemon=True)
        self.process.start()
        other.close()
        self.answer(300.0)

    def answer(self, seconds: float) -> tuple[str, str, int]:
        """Wait for what became of a case."""
        if not self.pipe.poll(seconds):
            return ("hang", "", 0)
        try:
            return self.pipe.recv()  # type: ignore[no-any-return]
        except EOFError:
            return ("died", "", 0)

    def close(self) -> None:
        """End it."""
        self.process.kill()
        self.process.join()


def fuzz(
    numbers: Iterable[int], seconds: float, minutes: float
) -> tuple[Counter[str], list[str], float, float]:
    """Read cases; return outcomes, what was wrong, peak memory in MB and the slowest in s.

    Parameters
    ----------
    seconds
        Limit of one file.
    minutes
        After which no further case is begun.
    """
    outcomes: Counter[str] = Counter()
    wrong: list[str] = []
    peak, slowest = 0.0, 0.0
    worker = Worker()
    until = time.monotonic() + 60.0 * minutes
    for number in numbers:
        if time.monotonic() > until:
            break
        begun = time.perf_counter()
        worker.pipe.send(number)
        outcome, said, memory = worker.answer(seconds)
        slowest = max(slowest, time.perf_counter() - begun)
        outcomes[outcome] += 1
        peak = max(peak, memory / 1024)
        if said or outcome in {"hang", "died"}:
            wrong.append(said or f"case {number}: {outcome}")
        if outcome in {"hang", "died"}:
            worker.close()
            worker = Worker()
    worker.close()
    return outcomes, wrong, peak, slowest


def main() -> int:
    """Print the counts; 1 where anything went wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=2000, help="at most so many")
    parser.add_argument("--minutes", type=float, default=math.inf, help="at most so long")
    parser.add_argument(
        "--first", type=int, default=0, help="number of the first case; -1: another every day"
    )
    parser.add_argument("--seconds", type=float, default=75.0, help="limit of one file")
    given = parser.parse_args()
    first = int(time.time() // 86_400) * 10_000 if given.first < 0 else given.first
    numbers = range(first, first + given.files)
    outcomes, wrong, peak, slowest = fuzz(numbers, given.seconds, given.minutes)
    print("\n".join(wrong))
    print(f"files {outcomes.total()}  " + "  ".join(f"{k} {n}" for k, n in outcomes.most_common()))
    print(f"kinds {len(KINDS)}  first {first}")
    bad = {name: outcomes[name] for name in ("internal", "hang", "died")}
    print(f"internal errors {bad['internal']}  hangs {bad['hang']}  died {bad['died']}")
    print(f"peak memory {peak:.0f} MB  slowest {slowest:.1f} s")
    return int(any(bad.values()))


if __name__ == "__main__":
    sys.exit(main())
