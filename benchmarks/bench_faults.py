"""What faults of disc and system do to runs: ``python benchmarks/bench_faults.py``.

On a small made-up province it kills runs, plans, reports and publications at random moments and
before each of their calls that give, take or sync a name; ends runs by Ctrl-C; lets single writes
fail, and discs be full from some write on (results, what is kept, temporary files; also on real
discs of a few KiB); flips bytes in what is kept between runs; lets all of it be of tomorrow (a
clock set back) or the study be read-only; and starts two runs on one folder: here, in containers,
on two machines whose locks do not travel.

An earlier run of the same study under another definition lies in the folder each time, so that
old and new differ. For each kind it prints how many runs ended well with results that differ in a
byte from an undisturbed run (``wrong``), left something that is neither the earlier results nor
the new ones (``lost``), showed a traceback, or left something behind that the next run did not
remove: all 0. Runs whose figures are right and which end with 1, naming files they could not
write, are counted as ``missing``.

Faults are put in by a small library before the system's own, compiled with ``cc``; where there is
no compiler, or no right to mounts of one's own, those parts are left out and named. Linux only:
runs are forked off one process that has everything imported.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import os
import pkgutil
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import geopandas as gpd
from shapely.geometry import LineString, Point

import phusong
from phusong import cli
from phusong.disc import lease, workplace
from phusong.disc.lease import EXPIRES_S
from phusong.disc.swap import find_results
from phusong.exports import output_folder
from phusong.jit import njit

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))
from faults.alike import contents
from faults.forked import Child, Ended, begin_again, own_mounts, read_only, small_disc

from worlds.on_disk import CRS, X0, Y0, make_province

FIBRE = """
[fiber]
[[fiber.cables]]
path = "cables.gpkg"
columns = { cable_id = "id" }
[[fiber.pops]]
path = "pops.gpkg"
columns = { pop_id = "id" }

[uncertainty]
draws = 20
"""
EARLIER = "\n[verdict]\nprobability = 0.6\n"
"""What the earlier run was asked; the later one is asked the default."""
COMMANDS = ("run", "extend", "report", "publish")
_LISTS = {"run.json", "columns.csv", "datapackage.json"}
"""Files that list what is there."""
_NEVER = str(10**9)

Found = dict[str, str]
"""File -> digest of what it says."""


@dataclass
class Tally:
    """What came of the runs of one kind of fault."""

    name: str
    runs: int = 0
    well: int = 0
    wrong: int = 0
    missing: int = 0
    """Runs with exit code 1 whose figures are right, and which name the files that are missing."""
    lost: int = 0
    tracebacks: int = 0
    leftovers: int = 0
    codes: Counter[int] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

    def line(self) -> str:
        codes = " ".join(f"{code}:{n}" for code, n in sorted(self.codes.items()))
        return (
            f"{self.name:40s} {self.runs:5d} {self.well:5d} {self.wrong:6d} {self.missing:7d} "
            f"{self.lost:5d} {self.tracebacks:10d} {self.leftovers:9d}   {codes}"
        )


@dataclass(frozen=True)
class Job:
    """A command, the folder it writes, and what lies there before and after it.

    ``each``: its files are moved in one by one, so that old ones may lie beside new ones.
    """

    name: str
    words: tuple[str, ...]
    out: Path
    earlier: Found
    expected: Found
    aside: Path
    """A copy of what lay there before."""
    seconds: float
    each: bool = False

    def neither(self, found: Found) -> list[str]:
        """Return files that are neither the earlier ones nor the new ones."""
        names = sorted({*found, *self.earlier, *self.expected})
        new = [name for name in names if found.get(name) != self.expected.get(name)]
        old = [name for name in names if found.get(name) != self.earlier.get(name)]
        if self.each:
            return sorted(set(new) & set(old))
        return [] if not (new and old) else min(new, old, key=len)

    def differs(self, found: Found) -> list[str]:
        """Return files that are not the new ones."""
        names = sorted({*found, *self.expected})
        return [name for name in names if found.get(name) != self.expected.get(name)]


class Faults:
    """A study in a scratch folder, undisturbed commands on it, and ways to disturb others."""

    def __init__(self, scratch: Path, rng: random.Random) -> None:
        self.rng = rng
        self.scratch = scratch
        self.study = scratch / "study"
        self.results = scratch / "results"
        self.out = self.results / "out"
        self.tmp = scratch / "tmp"
        self.counter = scratch / "count"
        self.was, self.done, self.kept = (scratch / name for name in ("was", "done", "kept"))
        self.results.mkdir()
        self.tmp.mkdir()
        os.environ["TMPDIR"] = tempfile.tempdir = str(self.tmp)
        os.environ["SOURCE_DATE_EPOCH"] = str(int(time.time()))
        make_study(self.study)
        self.jobs: dict[str, Job] = {}
        done = self._as_earlier(lambda: self.command(*self._words("run")).wait(600))
        assert done.code == 0, done.said
        shutil.copytree(self.out, self.was)
        shutil.rmtree(self.study / ".phusong")
        self.jobs["run"] = self._job("run", self._words("run"), self.out, self.was)
        shutil.copytree(self.study / ".phusong", self.kept)
        shutil.copytree(self.out, self.done)
        self._others()

    def _words(self, name: str) -> tuple[str, ...]:
        out = self.results / name
        return {
            "run": ("run", str(self.study), "--out", str(self.out), "--overwrite"),
            "extend": ("extend", str(self.study), "--out", str(out), "--overwrite"),
            "report": ("report", str(self.done), "--out", str(out)),
            "publish": ("publish", str(self.done), "--out", str(out), "--overwrite"),
        }[name]

    def _job(self, name: str, words: tuple[str, ...], out: Path, aside: Path) -> Job:
        """Carry a command out over what an earlier one left, and note what becomes of it."""
        ended = self.command(*words).wait(600)
        assert ended.code == 0, ended.said
        earlier, expected = contents(aside), contents(out)
        assert earlier != expected, f"{name}: an earlier one cannot be told from a new one"
        begun = time.perf_counter()
        again = self.command(*words).wait(600)
        seconds = time.perf_counter() - begun
        assert again.code == 0, again.said
        moved = [n for n, said in contents(out).items() if said != expected.get(n)]
        assert not moved, f"{name}: not the same twice: {moved}"
        print(f"{name}, everything imported: {seconds:.1f} s, {len(expected)} files", flush=True)
        return Job(name, words, out, earlier, expected, aside, seconds, each=name == "report")

    def _others(self) -> None:
        for name in COMMANDS[1:]:
            words, out, aside = self._words(name), self.results / name, self.scratch / f"was-{name}"
            before = tuple(str(self.was) if word == str(self.done) else word for word in words)
            ended = self._as_earlier(lambda before=before: self.command(*before).wait(600))
            assert ended.code == 0, ended.said
            shutil.copytree(out, aside)
            self.jobs[name] = self._job(name, words, out, aside)

    def _as_earlier(self, work: Callable[[], Ended]) -> Ended:
        """Do something while the study asks what it asked earlier."""
        file = self.study / "study.toml"
        text = file.read_text("utf-8")
        file.write_text(text + EARLIER, "utf-8")
        try:
            return work()
        finally:
            file.write_text(text, "utf-8")

    @property
    def seconds(self) -> float:
        return self.jobs["run"].seconds

    def command(
        self,
        *words: str,
        before: Callable[[], object] | None = None,
        apart: bool = False,
        **faults: str,
    ) -> Child:
        """Start any command."""
        count = self.counter if faults else None
        work = [*words, "-q"]
        return Child(
            self.scratch, lambda: cli.main(work), faults, before=before, apart=apart, count=count
        )

    def start(self, job: str = "run", **more: object) -> Child:
        return self.command(*self.jobs[job].words, **more)  # type: ignore[arg-type]

    def run(self, job: str = "run", **more: object) -> Ended:
        return self.start(job, **more).wait(600)

    def calls(self, **faults: str) -> int:
        """Return how often a run comes by a place of faults, nothing failing."""
        ended = self.run(**faults)
        assert ended.code == 0, ended.said
        return int(self.counter.read_text())

    def reset(self, *, kept: bool, job: str = "run") -> None:
        """Put back what an earlier one left, and what is kept between runs or nothing of it."""
        for folder in (self.results, self.study / ".phusong", self.tmp):
            shutil.rmtree(folder, ignore_errors=True)
        self.tmp.mkdir()
        self.results.mkdir()
        shutil.copytree(self.jobs[job].aside, self.jobs[job].out)
        if kept:
            shutil.copytree(self.kept, self.study / ".phusong")

    def judge(self, tally: Tally, ended: Ended, what: str = "", job: str = "run") -> None:
        code, said = ended
        tally.runs += 1
        tally.codes[code] += 1
        broken = "Traceback" in said or "Internal error" in said
        tally.tracebacks += broken
        found = seen(self.jobs[job].out)
        differs = self.jobs[job].differs(found)
        bad = differs if code == 0 else self.jobs[job].neither(found)
        if code == 0:
            tally.well += 1
            tally.wrong += bool(bad)
        elif code == 1 and bad and set(differs) <= self._said_missing(job):
            tally.missing += 1
            bad = []
        elif bad:
            tally.lost += 1
        if bad or broken:
            tally.notes.append(f"{what}: code {code}, {bad[:4]}, {said.strip()[-900:]}")

    def _said_missing(self, job: str) -> set[str]:
        """Return files that the run says are missing, and those that list what is there."""
        stamp = self.jobs[job].out / "run.json"
        if not stamp.is_file():
            return set()
        said = json.loads(stamp.read_text("utf-8")).get("missing", [])
        files = {one["file"].partition("/")[0] for one in said}
        whole = {one["file"] for one in said}
        return files | whole | _LISTS if said else set()

    def judge_leftovers(self, tally: Tally, what: str = "", job: str = "run") -> None:
        out = self.jobs[job].out
        left = [p.name for p in self.results.iterdir() if p != out]
        left += [p.name for p in out.rglob(".*")]
        left += [p.name for p in (self.study / ".phusong").rglob("*.tmp")]
        left += [p.name for p in (self.study / ".phusong").rglob("making-*")]
        left += [p.name for p in self.tmp.iterdir()]
        if left:
            tally.leftovers += 1
            tally.notes.append(f"{what}: left {left[:4]}")


def import_everything() -> None:
    """Import what a command would: forks have it then, and a compiler that was used once."""
    beside = {"tests", "benchmarks", "tools", "docs", "qgis", "bootstrap", "__main__"}
    for module in pkgutil.iter_modules(phusong.__path__, "phusong."):
        if module.name.split(".")[1] in beside:
            continue
        importlib.import_module(module.name)
        if module.ispkg:
            paths = sys.modules[module.name].__path__
            for part in pkgutil.walk_packages(paths, f"{module.name}."):
                if not part.name.endswith("__main__"):
                    importlib.import_module(part.name)
    assert njit(lambda x: x + 1)(1) == 2


def seen(folder: Path) -> Found:
    """Return what a folder says; files that are hidden are nobody's results."""
    return {name: said for name, said in contents(folder).items() if not name.startswith(".")}


def make_study(folder: Path) -> None:
    """A province of two sites of two carriers, and a cable between its communes."""
    make_province(folder, 2, radius_km=2.0, model="p526")
    ends = [(X0 + 1_000.0, Y0 - 4_000.0), (X0 + 4_000.0, Y0 - 4_000.0)]
    cable, pop = {"id": ["T1"]}, {"id": ["P1"]}
    gpd.GeoDataFrame(cable, geometry=[LineString(ends)], crs=CRS).to_file(folder / "cables.gpkg")
    gpd.GeoDataFrame(pop, geometry=[Point(ends[0])], crs=CRS).to_file(folder / "pops.gpkg")
    study = folder / "study.toml"
    study.write_text(study.read_text("utf-8") + FIBRE, "utf-8")


def then_whole(faults: Faults, tally: Tally, what: str, job: str = "run") -> None:
    """Let the next command run undisturbed: as good as any, and nothing is left."""
    faults.judge(tally, faults.run(job), f"the next after: {what}", job)
    faults.judge_leftovers(tally, f"the next after: {what}", job)


def kills(faults: Faults, name: str, count: int) -> Tally:
    """SIGKILL at random moments, every other time with nothing kept from earlier runs."""
    tally = Tally(f"{name} killed at a random moment")
    for number in range(count):
        if number % 5 == 0:
            faults.reset(kept=number % 2 == 0, job=name)
        after = faults.rng.uniform(0.0, 1.05) * faults.jobs[name].seconds
        what = f"killed after {after:.2f} s"
        faults.judge(tally, faults.start(name).wait(after), what, name)
        if number % 5 == 4 or number == count - 1:
            then_whole(faults, tally, what, name)
    return tally


def calls_killed(faults: Faults, name: str, count: int) -> Tally:
    """SIGKILL before calls that give, take or sync a name of the results: the last 20 are tried."""
    tally = Tally(f"{name} killed between two calls")
    below = {"FAULT_BELOW": str(faults.results)}
    faults.reset(kept=True, job=name)
    assert faults.run(name, **below, FAULT_SWAP=_NEVER).code == 0
    total = int(faults.counter.read_text())
    late = range(max(1, total - 19), total + 1)
    early = range(1, late.start)
    chosen = sorted(faults.rng.sample(early, min(len(early), max(0, count - len(late)))))
    for at in (*chosen, *late):
        faults.reset(kept=True, job=name)
        what = f"killed before call {at} of {total}"
        ended = faults.run(name, **below, FAULT_SWAP=str(at))
        tally.lost += ended.code != -signal.SIGKILL
        faults.judge(tally, ended, what, name)
        if at % 3 == 0 or at == total:
            then_whole(faults, tally, what, name)
    return tally


def swaps(faults: Faults, *, exchange: bool) -> Tally:
    """SIGKILL before each call of the swap; a reader, then the next run, must find results."""
    tally = Tally(f"killed in the swap, {'exchange' if exchange else 'two names'}")
    parent = faults.scratch / "swap"
    out = parent / "out"
    way = {} if exchange else {"PHUSONG_NO_EXCHANGE": "1"}

    def fill(text: str, **more: str) -> Ended:
        def work() -> None:
            with output_folder(out, overwrite=True) as partial:
                for name in ("run.json", "a.csv", "b.csv"):
                    (partial / name).write_text(text)

        return Child(faults.scratch, work, {**way, **more}).wait()

    number, survived = 0, False
    while not survived:
        number += 1
        shutil.rmtree(parent, ignore_errors=True)
        parent.mkdir()
        assert fill("earlier").code == 0
        ended = fill("new", FAULT_BELOW=str(parent), FAULT_SWAP=str(number))
        survived = ended.code == 0
        tally.runs += 1
        tally.codes[ended.code] += 1
        tally.tracebacks += "Traceback" in ended.said
        found = find_results(out)
        whole = {(found / name).read_text() for name in ("run.json", "a.csv", "b.csv")}
        tally.lost += whole not in ({"earlier"}, {"new"})
        tally.well += survived
        tally.wrong += survived and whole != {"new"}
        assert fill("next").code == 0
        tally.leftovers += [p.name for p in parent.iterdir()] != ["out"]
        tally.lost += (out / "run.json").read_text() != "next"
    return tally


def failing_writes(faults: Faults, count: int) -> Tally:
    """ENOSPC at one write, truncation or sync below the results, the kept and the temporary."""
    tally = Tally("one write fails (ENOSPC)")
    below = {
        "FAULT_BELOW": ":".join(map(str, (faults.results, faults.study / ".phusong", faults.tmp)))
    }
    for kept in (False, True):
        faults.reset(kept=kept)
        total = faults.calls(**below, FAULT_WRITE=_NEVER)
        half = count // 2
        for number in range(half):
            # Every part of the run alike, and a place in it by chance.
            at = 1 + int(total * (number + faults.rng.random()) / half)
            faults.reset(kept=kept)
            what = f"write {at} of {total}, {'kept' if kept else 'nothing kept'}"
            faults.judge(tally, faults.run(**below, FAULT_WRITE=str(at)), what)
            faults.judge_leftovers(tally, what)
    return tally


def full_discs(faults: Faults, count: int) -> Iterable[Tally]:
    """From some write on there is no room: for results, for what is kept, for all that is written.

    What is kept costs time only; no room for results leaves the earlier ones.
    """
    work = faults.study / ".phusong"
    places = {
        "results": [faults.results],
        "kept": [work],
        "kept and temporary": [work, faults.tmp],
        "all": [faults.results, work, faults.tmp],
    }
    for name, folders in places.items():
        tally = Tally(f"disc full: {name}")
        below = {"FAULT_BELOW": ":".join(map(str, folders))}
        faults.reset(kept=False)
        total = faults.calls(**below, FAULT_FULL=_NEVER)
        for number in range(count):
            at = 1 + int(total * (number + faults.rng.random()) / count)
            faults.reset(kept=False)
            what = f"no room from write {at} of {total} on"
            ended = faults.run(**below, FAULT_FULL=str(at))
            faults.judge(tally, ended, what)
            faults.judge_leftovers(tally, what)
            if ended.code not in {0, 1} or (name == "kept" and ended.code):
                tally.lost += 1
                tally.notes.append(f"{what}: code {ended.code}, {ended.said[-900:]}")
            if number % 4 == 0:
                then_whole(faults, tally, what)
        yield tally


def small_discs(faults: Faults, count: int) -> Tally:
    """What is kept, and temporary files, on real discs of a few KiB; of each or of both."""
    tally = Tally("kept, temporary on discs of KiB")
    work = faults.study / ".phusong"
    for number in range(count):
        faults.reset(kept=False)
        work.mkdir()
        kib = int(2 ** faults.rng.uniform(4, 14))
        folders = [[work], [faults.tmp], [work, faults.tmp]][number % 3]

        def before(folders: list[Path] = folders, kib: int = kib) -> None:
            own_mounts()
            for folder in folders:
                small_disc(folder, kib)

        ended = faults.run(before=before)
        what = f"{kib} KiB for {[folder.name for folder in folders]}"
        faults.judge(tally, ended, what)
        if ended.code and (folders == [work] or "full" not in ended.said):
            tally.lost += 1
            tally.notes.append(f"{what}: code {ended.code}, {ended.said[-900:]}")
    return tally


def read_only_study(faults: Faults, count: int) -> Tally:
    """A study on a disc that may only be read, with and without what an earlier run kept."""
    tally = Tally("study on a read-only disc")
    for number in range(count):
        faults.reset(kept=number % 2 == 0)

        def before() -> None:
            own_mounts()
            read_only(faults.study)

        ended = faults.run(before=before)
        what = f"read-only, {'kept' if number % 2 == 0 else 'nothing kept'}"
        faults.judge(tally, ended, what)
        faults.judge_leftovers(tally, what)
        tally.lost += ended.code != 0
    return tally


def flips(faults: Faults, part: str, count: int) -> Tally:
    """One byte flipped in a file kept between runs."""
    tally = Tally(f"one byte flipped: {part}")
    files = sorted(p for p in (faults.kept / part).rglob("*") if p.is_file())
    for _ in range(count):
        faults.reset(kept=True)
        name = faults.rng.choice(files).relative_to(faults.kept)
        path = faults.study / ".phusong" / name
        data = bytearray(path.read_bytes())
        at = faults.rng.randrange(len(data))
        data[at] ^= 1 << faults.rng.randrange(8)
        path.write_bytes(data)
        ended = faults.run()
        faults.judge(tally, ended, f"byte {at} of {name}")
        tally.lost += ended.code != 0
    return tally


def interrupts(faults: Faults, name: str, count: int) -> Tally:
    """Ctrl-C at random moments: 130 or done, and nothing is left, without a next run."""
    tally = Tally(f"{name}: Ctrl-C at a random moment")
    for number in range(count):
        faults.reset(kept=number % 2 == 0, job=name)
        after = faults.rng.uniform(0.0, 1.05) * faults.jobs[name].seconds
        child = faults.start(name)
        time.sleep(after)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child.pid, signal.SIGINT)
        ended = child.wait(600)
        faults.judge(tally, ended, f"Ctrl-C after {after:.2f} s", name)
        tally.lost += ended.code not in {0, 130}
        faults.judge_leftovers(tally, f"Ctrl-C after {after:.2f} s", name)
    return tally


def clock_back(faults: Faults, count: int) -> Tally:
    """All that an earlier run left, and a dead run's half-written files, are of tomorrow."""
    tally = Tally("clock set back by a day")
    tomorrow = time.time() + 86_400.0
    for number in range(count):
        faults.reset(kept=number % 2 == 0)
        if number % 2:  # a store is swept by who writes to it
            half = faults.study / ".phusong" / "store" / "ab" / "entry.tmp"
            half.parent.mkdir(parents=True, exist_ok=True)
            half.write_bytes(b"half")
        for folder in (faults.results, faults.study):
            for path in (folder, *folder.rglob("*")):
                os.utime(path, (tomorrow, tomorrow))
        faults.judge(tally, faults.run(), "a clock set back")
        faults.judge_leftovers(tally, "a clock set back")
    return tally


def two_runs(faults: Faults, count: int, where: str) -> Tally:
    """Two runs on one folder at a time: one is done, the other refused or done after it.

    ``where``: ``here``; ``containers``: processes, mounts and hosts of their own;
    ``machines``: names of their own, and no locks.
    """
    tally = Tally(f"two runs on one folder: {where}")
    more = [{}, {}]
    if where == "containers":
        more = [{"apart": True}, {"apart": True}]
    if where == "machines":
        more = [{"before": another_machine(m), "FAULT_LOCKS": "none"} for m in ("a" * 9, "b" * 9)]
    for number in range(count):
        faults.reset(kept=number % 2 == 0)
        first = faults.start(**more[0])
        time.sleep(faults.rng.uniform(0, 0.7) * faults.seconds)
        pair = [child.wait(600) for child in (faults.start(**more[1]), first)]
        for ended in pair:
            faults.judge(tally, ended, f"pair {number}")
        told = all(ended.code == 0 or "another run" in ended.said for ended in pair)
        if not told or all(ended.code for ended in pair):
            tally.lost += 1
            tally.notes.append(f"pair {number}: {pair}")
        faults.judge_leftovers(tally, f"pair {number}")
    return tally


def another_machine(name: str) -> Callable[[], None]:
    """Return what makes a run take itself for one on a machine of that name."""

    def before() -> None:
        lease.this_machine = workplace.this_machine = lambda: name  # type: ignore[assignment]

    return before


def dead_machine(faults: Faults, count: int) -> Tally:
    """A machine whose locks do not travel dies: its folder is free three minutes after."""
    tally = Tally("a machine without locks dies")
    more = {"before": another_machine("a" * 9), "FAULT_LOCKS": "none"}
    for number in range(count):
        faults.reset(kept=number % 2 == 0)
        after = faults.rng.uniform(0.2, 0.7) * faults.seconds
        faults.judge(tally, faults.start(**more).wait(after), f"died after {after:.2f} s")
        lock = faults.out.with_name(f".{faults.out.name}.lock")
        if lock.exists() and lock.stat().st_size:
            ended = faults.run()
            tally.lost += ended.code != 1 or "another run" not in ended.said
            faults.judge(tally, ended, "too soon after it")
            silent = time.time() - EXPIRES_S - 1.0
            for path in (lock, *(faults.study / ".phusong").rglob("*")):
                os.utime(path, (silent, silent))
        then_whole(faults, tally, "a machine that died")
    return tally


def everything(faults: Faults, chosen: argparse.Namespace) -> int:
    """Put in every fault, print what came of it, and return how many runs went wrong."""
    n = chosen
    shim, mounts = "FAULT_SHIM" in os.environ, may_mount(faults.scratch)
    plan: dict[str, Callable[[], Tally | Iterable[Tally]]] = {}
    if shim:
        plan["swap"] = lambda: [swaps(faults, exchange=x) for x in (True, False)]
        plan["calls"] = lambda: (calls_killed(faults, c, n.calls) for c in COMMANDS)
        plan["writes"] = lambda: failing_writes(faults, n.writes)
        plan["full"] = lambda: full_discs(faults, n.writes // 5)
    else:
        print("no C compiler: writes that fail, kills between calls, locks that do not travel")
    plan["kills"] = lambda: (kills(faults, c, n.kills) for c in COMMANDS)
    plan["flips"] = lambda: flips(faults, "store", n.flips)
    plan["prepared"] = lambda: flips(faults, "prepared", n.flips // 4)
    plan["interrupts"] = lambda: (interrupts(faults, c, n.kills // 4) for c in COMMANDS)
    plan["clock"] = lambda: clock_back(faults, 2)
    if mounts:
        plan["mounts"] = lambda: (
            f(faults, c) for f, c in ((read_only_study, 4), (small_discs, n.writes // 5))
        )
    else:
        print("no mounts of one's own: read-only and small discs, containers")
    places = ["here", *(["containers"] if mounts else []), *(["machines"] if shim else [])]
    plan["pairs"] = lambda: (two_runs(faults, n.pairs, where) for where in places)
    if shim:
        plan["dead"] = lambda: dead_machine(faults, n.pairs)
    print(
        f"{'fault':40s} {'runs':>5s} {'rc 0':>5s} {'wrong':>6s} {'missing':>7s} "
        f"{'lost':>5s} {'tracebacks':>10s} {'leftovers':>9s}   exit codes",
        flush=True,
    )
    tallies: list[Tally] = []
    for part, work in plan.items():
        if chosen.only and part not in chosen.only:
            continue
        found = work()
        for tally in [found] if isinstance(found, Tally) else found:
            tallies.append(tally)
            print(tally.line(), flush=True)
            for note in tally.notes[:8]:
                print(f"    {note}", flush=True)
    bad = sum(t.wrong + t.lost + t.tracebacks + t.leftovers for t in tallies)
    print(f"{sum(t.runs for t in tallies)} runs, {bad} of them not as they must be")
    return bad


def may_mount(scratch: Path) -> bool:
    """Whether this person may have mounts of their own."""
    return Child(scratch, own_mounts, {}).wait().code == 0


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--kills", type=int, default=50)
    options.add_argument("--calls", type=int, default=30)
    options.add_argument("--writes", type=int, default=100)
    options.add_argument("--flips", type=int, default=100)
    options.add_argument("--pairs", type=int, default=6)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument(
        "--only",
        nargs="*",
        help="swap calls writes full kills flips prepared interrupts clock mounts pairs dead",
    )
    options.add_argument("--folder", type=Path, help="where to work [default: temporary]")
    chosen = options.parse_args()
    import_everything()
    # No TemporaryDirectory: every fork would remove it at its end.
    scratch = Path(tempfile.mkdtemp(dir=chosen.folder, prefix="faults-")).resolve()
    try:
        bad = everything(Faults(scratch, random.Random(chosen.seed)), chosen)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    sys.exit(bad > 0)


if __name__ == "__main__":
    begin_again()
    main()
