"""What faults of disc and system do to runs: ``python benchmarks/bench_faults.py``.

On a small made-up province it kills runs, plans, reports and publications at random moments, ends
runs by Ctrl-C, kills a swap of results between any two of its system calls, lets single writes
fail for want of room, flips bytes in what is kept between runs, lets all of it be of tomorrow (a
clock set back), and starts two runs on one folder (also apart in process namespaces). It prints,
for each, how many runs ended well with results that differ from an undisturbed run, lost earlier
results, showed a traceback, or left something behind that the next run did not remove: all 0.
Runs whose figures are right and which end with 1, naming files they could not write, are counted
as ``missing``.

Faults are put in by a small library before the system's own, compiled with ``cc`` into a temporary
folder; where there is no compiler those parts are left out and named. Linux only: runs are forked
off one process that has everything imported.
"""

from __future__ import annotations

import argparse
import atexit
import contextlib
import ctypes
import hashlib
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import geopandas as gpd
import rasterio
from shapely.geometry import LineString, Point

import phusong.commands.terminal.answers  # noqa: F401 - before the forks, which then have it
from phusong import cli
from phusong.disc.swap import find_results
from phusong.exports import output_folder

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))
from worlds.on_disk import CRS, X0, Y0, make_province

SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

/* FAULT_WRITE=n: the n-th write below FAULT_BELOW (folders, ':' between) fails, ENOSPC.
   FAULT_SWAP=n: SIGKILL before the n-th call that gives, takes or syncs a name there. */

static atomic_long calls;

static int below(const char *path) {
    const char *list = getenv("FAULT_BELOW");
    while (list && *list) {
        const char *end = strchrnul(list, ':');
        if (strncmp(path, list, end - list) == 0) return 1;
        list = *end ? end + 1 : end;
    }
    return 0;
}

static int fd_below(int fd) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n <= 0) return 0;
    path[n] = 0;
    return below(path);
}

static int fails(int fd) {
    const char *n = getenv("FAULT_WRITE");
    if (!n || !fd_below(fd)) return 0;
    if (atomic_fetch_add(&calls, 1) + 1 != atol(n)) return 0;
    errno = ENOSPC;
    return 1;
}

static void step(const char *path, int fd) {
    const char *n = getenv("FAULT_SWAP");
    if (!n || !(path ? below(path) : fd_below(fd))) return;
    if (atomic_fetch_add(&calls, 1) + 1 == atol(n)) kill(getpid(), SIGKILL);
}

long fault_calls(void) { return atomic_load(&calls); }

#define NEXT(type, name) static type (*next)(); if (!next) next = dlsym(RTLD_NEXT, name)

ssize_t write(int fd, const void *b, size_t n) {
    NEXT(ssize_t, "write"); return fails(fd) ? -1 : next(fd, b, n); }
ssize_t writev(int fd, const struct iovec *v, int n) {
    NEXT(ssize_t, "writev"); return fails(fd) ? -1 : next(fd, v, n); }
ssize_t pwrite(int fd, const void *b, size_t n, off_t o) {
    NEXT(ssize_t, "pwrite"); return fails(fd) ? -1 : next(fd, b, n, o); }
ssize_t pwrite64(int fd, const void *b, size_t n, off64_t o) {
    NEXT(ssize_t, "pwrite64"); return fails(fd) ? -1 : next(fd, b, n, o); }
int ftruncate(int fd, off_t o) {
    NEXT(int, "ftruncate"); return fails(fd) ? -1 : next(fd, o); }
int ftruncate64(int fd, off64_t o) {
    NEXT(int, "ftruncate64"); return fails(fd) ? -1 : next(fd, o); }
int fsync(int fd) {
    NEXT(int, "fsync"); step(0, fd); return fails(fd) ? -1 : next(fd); }
int fdatasync(int fd) {
    NEXT(int, "fdatasync"); return fails(fd) ? -1 : next(fd); }
/* Buffered streams write inside the C library, past the names above. */
size_t fwrite(const void *b, size_t s, size_t n, FILE *f) {
    NEXT(size_t, "fwrite"); return fails(fileno(f)) ? 0 : next(b, s, n, f); }
int rename(const char *a, const char *b) {
    NEXT(int, "rename"); step(a, 0); return next(a, b); }
int renameat(int d, const char *a, int e, const char *b) {
    NEXT(int, "renameat"); step(a, 0); return next(d, a, e, b); }
int renameat2(int d, const char *a, int e, const char *b, unsigned f) {
    NEXT(int, "renameat2"); step(a, 0); return next(d, a, e, b, f); }
int unlink(const char *a) { NEXT(int, "unlink"); step(a, 0); return next(a); }
int unlinkat(int d, const char *a, int f) {
    NEXT(int, "unlinkat"); step(*a == '/' ? a : 0, d); return next(d, a, f); }
int rmdir(const char *a) { NEXT(int, "rmdir"); step(a, 0); return next(a); }
int mkdir(const char *a, mode_t m) { NEXT(int, "mkdir"); step(a, 0); return next(a, m); }
"""

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


_LISTS = {"run.json", "columns.csv", "datapackage.json"}
"""Files that list what is there."""


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
            f"{self.name:34s} {self.runs:5d} {self.well:5d} {self.wrong:6d} {self.missing:7d} "
            f"{self.lost:5d} {self.tracebacks:10d} {self.leftovers:9d}   {codes}"
        )


class Ended(NamedTuple):
    """How a run ended: its exit code (minus the signal that ended it), and what it said."""

    code: int
    said: str


class Child:
    """A run forked off this process, in which everything is imported already."""

    def __init__(
        self,
        scratch: Path,
        work: Callable[[], None],
        faults: dict[str, str],
        *,
        apart: bool = False,
    ) -> None:
        self._said = scratch / f"said-{time.monotonic_ns()}"
        self.pid = os.fork()
        if self.pid == 0:
            self._live(work, faults, apart=apart)

    def _live(self, work: Callable[[], None], faults: dict[str, str], *, apart: bool) -> None:
        code = 99
        try:
            os.setsid()
            handle = os.open(self._said, os.O_WRONLY | os.O_CREAT, 0o644)
            os.dup2(handle, 1)
            os.dup2(handle, 2)
            if apart and ctypes.CDLL(None).unshare(0x20000000) == 0:  # CLONE_NEWPID
                inner = os.fork()
                if inner:
                    os._exit(os.waitstatus_to_exitcode(os.waitpid(inner, 0)[1]))
            os.environ.update(faults)
            try:
                work()
                code = 0
            except SystemExit as ended:
                code = int(ended.code or 0)
            except BaseException:  # noqa: BLE001 - it is what is looked for
                traceback.print_exc()
            atexit._run_exitfuncs()  # noqa: SLF001 - a fork leaves by no other door
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(code)

    def wait(self, timeout: float | None = None) -> Ended:
        """Wait for the end; after ``timeout`` seconds bring it about."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            done, status = os.waitpid(self.pid, 0 if deadline is None else os.WNOHANG)
            if done:
                said = self._said.read_text("utf-8", "replace") if self._said.exists() else ""
                return Ended(os.waitstatus_to_exitcode(status), said)
            if deadline is not None and time.monotonic() > deadline:
                os.kill(self.pid, signal.SIGKILL)
                deadline = None
            time.sleep(0.005)


class Faults:
    """A study in a scratch folder, an undisturbed run of it, and ways to disturb others."""

    def __init__(self, scratch: Path, rng: random.Random) -> None:
        self.rng = rng
        self.scratch = scratch
        self.study = scratch / "study"
        self.out = scratch / "results" / "out"
        self.tmp = scratch / "tmp"
        self.counter = scratch / "count"
        self.out.parent.mkdir()
        self.tmp.mkdir()
        os.environ["TMPDIR"] = tempfile.tempdir = str(self.tmp)
        make_study(self.study)
        done = self.run()
        assert done.code == 0, done.said
        shutil.rmtree(self.study / ".phusong")
        begun = time.perf_counter()
        done = self.run()
        self.seconds = time.perf_counter() - begun
        assert done.code == 0, done.said
        self.expected = contents(self.out)
        self.kept = scratch / "kept"
        shutil.copytree(self.study / ".phusong", self.kept)
        self.fresh = scratch / "fresh"  # what an earlier run left
        shutil.copytree(self.out, self.fresh)
        print(f"one run, everything imported: {self.seconds:.1f} s", flush=True)

    def command(self, *words: str) -> Child:
        """Start any command."""
        return Child(self.scratch, lambda: cli.main([*words, "-q"]), {})

    def start(self, *, apart: bool = False, **faults: str) -> Child:
        def work() -> None:
            words = ["run", str(self.study), "--out", str(self.out), "--overwrite", "-q"]
            try:
                cli.main(words)
            finally:
                if "FAULT_WRITE" in faults:
                    del os.environ["FAULT_WRITE"]
                    self.counter.write_text(str(ctypes.CDLL(None).fault_calls()))

        return Child(self.scratch, work, faults, apart=apart)

    def run(self, **faults: str) -> Ended:
        return self.start(**faults).wait(600)

    def reset(self, *, kept: bool) -> None:
        """Put back an earlier run, and what is kept between runs or nothing of it."""
        for folder in (self.out.parent, self.study / ".phusong", self.tmp):
            shutil.rmtree(folder, ignore_errors=True)
        self.tmp.mkdir()
        self.out.parent.mkdir()
        shutil.copytree(self.fresh, self.out)
        if kept:
            shutil.copytree(self.kept, self.study / ".phusong")

    def judge(self, tally: Tally, ended: Ended, what: str = "") -> None:
        code, said = ended
        tally.runs += 1
        tally.codes[code] += 1
        broken = "Traceback" in said or "Internal error" in said
        tally.tracebacks += broken
        found = contents(self.out)
        names = sorted(set(found) | set(self.expected))
        differs = [name for name in names if found.get(name) != self.expected.get(name)]
        if code == 0:
            tally.well += 1
            tally.wrong += bool(differs)
        elif code == 1 and differs and set(differs) <= self._said_missing():
            tally.missing += 1
            return
        elif differs:
            tally.lost += 1
        if differs or broken:
            tally.notes.append(f"{what}: code {code}, {differs[:4]}, {said.strip()[-900:]}")

    def _said_missing(self) -> set[str]:
        """Return files that the run says are missing, and those that list what is there."""
        stamp = self.out / "run.json"
        if not stamp.is_file():
            return set()
        said = json.loads(stamp.read_text("utf-8")).get("missing", [])
        files = {one["file"].partition("/")[0] for one in said}
        whole = {one["file"] for one in said}
        return files | whole | _LISTS if said else set()

    def judge_leftovers(self, tally: Tally, what: str = "") -> None:
        left = [p.name for p in self.out.parent.iterdir() if p != self.out]
        left += [p.name for p in (self.study / ".phusong").rglob("*.tmp")]
        left += [p.name for p in (self.study / ".phusong").rglob("making-*")]
        left += [p.name for p in self.tmp.iterdir() if p.name.startswith("phusong")]
        if left:
            tally.leftovers += 1
            tally.notes.append(f"{what}: left {left[:4]}")


def make_study(folder: Path) -> None:
    """A province of two sites of two carriers, and a cable between its communes."""
    make_province(folder, 2, radius_km=2.0, model="p526")
    ends = [(X0 + 1_000.0, Y0 - 4_000.0), (X0 + 4_000.0, Y0 - 4_000.0)]
    cable, pop = {"id": ["T1"]}, {"id": ["P1"]}
    gpd.GeoDataFrame(cable, geometry=[LineString(ends)], crs=CRS).to_file(folder / "cables.gpkg")
    gpd.GeoDataFrame(pop, geometry=[Point(ends[0])], crs=CRS).to_file(folder / "pops.gpkg")
    study = folder / "study.toml"
    study.write_text(study.read_text("utf-8") + FIBRE, "utf-8")


def begin_again() -> None:
    """Start this program anew with the library that puts faults in, where there is a compiler."""
    cc = shutil.which("cc")
    if cc is None:
        return
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "faults.c"), Path(folder, "faults.so")
        source.write_text(SHIM)
        words = [cc, "-shared", "-fPIC", "-O1", "-w", "-o", str(target), str(source), "-ldl"]
        if subprocess.run(words, check=False).returncode == 0:
            environment = {**os.environ, "LD_PRELOAD": str(target), "FAULT_SHIM": "1"}
            done = subprocess.run([sys.executable, *sys.argv], env=environment, check=False)
            sys.exit(done.returncode)


def contents(folder: Path) -> dict[str, str]:
    """File -> digest of what it says, clocks and durations left out."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            name = path.relative_to(folder).as_posix()
            try:
                found[name] = _said(path)
            except Exception as error:  # noqa: BLE001 - unreadable is an answer
                found[name] = f"unreadable: {error}"
    return found


def _said(path: Path) -> str:
    if path.suffix == ".tif":
        digest = hashlib.sha256()
        with rasterio.open(path) as source:
            digest.update(source.read(1).tobytes())
            levels = len(source.overviews(1))
        for level in range(levels):
            with rasterio.open(path, overview_level=level) as source:
                digest.update(source.read(1).tobytes())
        return digest.hexdigest()
    if path.suffix == ".gpkg":
        with sqlite3.connect(path) as base:
            lines = [line for line in base.iterdump() if "INSERT INTO" in line]
            marks = ("application_id", "user_version")
            lines += [str(base.execute(f"PRAGMA {mark}").fetchone()) for mark in marks]
        dated = ("gpkg_contents", "created", "layer_styles")
        kept = [line for line in lines if not any(word in line for word in dated)]
        return hashlib.sha256("\n".join(kept).encode()).hexdigest()
    if path.name == "run.json":
        said = json.loads(path.read_text("utf-8"))
        return json.dumps([said["indicators"], said["counts"], said["inputs_sha256"], said["grid"]])
    if path.suffix in {".html", ".kmz", ".xlsx"} or path.name == "datapackage.json":
        size = path.stat().st_size
        assert size > 100, "cut short"
        return f"{size // 4096}" if path.suffix == ".html" else "there"
    return hashlib.sha256(path.read_bytes()).hexdigest()


def kills(faults: Faults, count: int) -> Tally:
    """SIGKILL at random moments, every other time with nothing kept from earlier runs."""
    tally = Tally("killed at a random moment")
    for number in range(count):
        faults.reset(kept=number % 2 == 0)
        after = faults.rng.uniform(0.0, 1.05) * faults.seconds
        faults.judge(tally, faults.start().wait(after), f"killed after {after:.2f} s")
        if number % 5 == 0:
            time.sleep(1.0)
            faults.judge(tally, faults.run(), "run after a kill")
            faults.judge_leftovers(tally, "run after a kill")
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
    below = ":".join(map(str, (faults.out.parent, faults.study / ".phusong", faults.tmp)))
    for kept in (False, True):
        faults.reset(kept=kept)
        assert faults.run(FAULT_BELOW=below, FAULT_WRITE="1000000000").code == 0
        total = int(faults.counter.read_text())
        half = count // 2
        for number in range(half):
            # Every part of the run alike, and a place in it by chance.
            at = 1 + int(total * (number + faults.rng.random()) / half)
            faults.reset(kept=kept)
            ended = faults.run(FAULT_BELOW=below, FAULT_WRITE=str(at))
            what = f"write {at} of {total}, {'kept' if kept else 'nothing kept'}"
            faults.judge(tally, ended, what)
            faults.judge_leftovers(tally, what)
    return tally


def flips(faults: Faults, count: int) -> Tally:
    """One byte flipped in a file kept between runs: store entries, prepared rasters, notes."""
    tally = Tally("one byte of what is kept flipped")
    files = sorted(p.relative_to(faults.kept) for p in faults.kept.rglob("*") if p.is_file())
    prepared = [p for p in files if p.parts[0] == "prepared"]
    for number in range(count):
        faults.reset(kept=True)
        name = faults.rng.choice(prepared if number % 2 else files)
        path = faults.study / ".phusong" / name
        data = bytearray(path.read_bytes())
        at = faults.rng.randrange(len(data))
        data[at] ^= 1 << faults.rng.randrange(8)
        path.write_bytes(data)
        ended = faults.run()
        faults.judge(tally, ended, f"byte {at} of {name}")
        tally.lost += ended.code != 0
    return tally


def others_killed(faults: Faults, name: str, count: int) -> Tally:
    """SIGKILL of a command on a run or a study; what it wrote before stays, or is new."""
    tally = Tally(f"{name} killed at a random moment")
    faults.reset(kept=True)
    out = faults.out.parent / name
    words = {
        "extend": ("extend", str(faults.study), "--out", str(out), "--overwrite"),
        "report": ("report", str(faults.out), "--out", str(out)),
        "publish": ("publish", str(faults.out), "--out", str(out), "--overwrite"),
    }[name]
    begun = time.perf_counter()
    assert (ended := faults.command(*words).wait(600)).code == 0, ended.said
    seconds = time.perf_counter() - begun
    expected = sizes(out)
    for number in range(count):
        after = faults.rng.uniform(0.0, 1.05) * seconds
        ended = faults.command(*words).wait(after)
        tally.runs += 1
        tally.codes[ended.code] += 1
        tally.well += ended.code == 0
        tally.tracebacks += "Traceback" in ended.said
        found = sizes(out)
        if found != expected:
            tally.lost += 1
            tally.notes.append(f"killed after {after:.2f} s: {set(found) ^ set(expected)}")
        if number % 5 == 4 or number == count - 1:
            time.sleep(1.0)
            again = faults.command(*words).wait(600)
            tally.wrong += again.code != 0 or sizes(out) != expected
            left = [p.name for p in out.parent.iterdir() if p not in (out, faults.out)]
            left += [p.name for p in out.iterdir() if p.name.startswith(".")]
            tally.leftovers += bool(left)
            if left:
                tally.notes.append(f"left {left[:4]}")
    return tally


def sizes(folder: Path) -> dict[str, int]:
    """File -> its size in kB, or near it: clocks and durations are not what is looked at."""
    return {
        path.relative_to(folder).as_posix(): round(path.stat().st_size / 4096)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }


def interrupts(faults: Faults, count: int) -> Tally:
    """Ctrl-C at random moments: 130 or done, and nothing is left, without a next run."""
    tally = Tally("Ctrl-C at a random moment")
    for number in range(count):
        faults.reset(kept=number % 2 == 0)
        after = faults.rng.uniform(0.0, 1.05) * faults.seconds
        child = faults.start()
        time.sleep(after)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child.pid, signal.SIGINT)
        ended = child.wait(600)
        faults.judge(tally, ended, f"Ctrl-C after {after:.2f} s")
        tally.lost += ended.code not in {0, 130}
        faults.judge_leftovers(tally, f"Ctrl-C after {after:.2f} s")
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
        for folder in (faults.out.parent, faults.study):
            for path in (folder, *folder.rglob("*")):
                os.utime(path, (tomorrow, tomorrow))
        faults.judge(tally, faults.run(), "a clock set back")
        faults.judge_leftovers(tally, "a clock set back")
    return tally


def two_runs(faults: Faults, count: int, *, apart: bool) -> Tally:
    """Two runs on one folder at a time: one is done, the other refused or done after it."""
    tally = Tally(f"two runs on one folder{', apart' if apart else ''}")
    for number in range(count):
        faults.reset(kept=True)
        first = faults.start(apart=apart)
        time.sleep(faults.rng.uniform(0, 0.7) * faults.seconds)
        pair = [child.wait() for child in (faults.start(apart=apart), first)]
        for ended in pair:
            faults.judge(tally, ended, f"pair {number}")
        told = all(ended.code == 0 or "another run" in ended.said for ended in pair)
        if not told or all(ended.code for ended in pair):
            tally.lost += 1
            tally.notes.append(f"pair {number}: {pair}")
        faults.judge_leftovers(tally, f"pair {number}")
    return tally


def everything(faults: Faults, chosen: argparse.Namespace) -> int:
    """Put in every fault, print what came of it, and return how many runs went wrong."""
    tallies: list[Tally] = []

    def add(tally: Tally) -> None:
        tallies.append(tally)
        print(tally.line(), flush=True)
        for note in tally.notes[:8]:
            print(f"    {note}", flush=True)

    print(
        f"{'fault':34s} {'runs':>5s} {'rc 0':>5s} {'wrong':>6s} {'missing':>7s} "
        f"{'lost':>5s} {'tracebacks':>10s} {'leftovers':>9s}   exit codes",
        flush=True,
    )
    if "FAULT_SHIM" in os.environ:
        add(swaps(faults, exchange=True))
        add(swaps(faults, exchange=False))
        add(failing_writes(faults, chosen.writes))
    else:
        print("no C compiler: writes that fail and kills in the swap are left out")
    add(flips(faults, chosen.flips))
    add(kills(faults, chosen.kills))
    for name in ("extend", "report", "publish"):
        add(others_killed(faults, name, chosen.kills))
    add(interrupts(faults, chosen.kills // 2))
    add(clock_back(faults, 2))
    add(two_runs(faults, chosen.pairs, apart=False))
    if os.geteuid() == 0:
        add(two_runs(faults, chosen.pairs, apart=True))
    else:
        print("not root: two runs in process namespaces of their own are left out")
    bad = sum(t.wrong + t.lost + t.tracebacks + t.leftovers for t in tallies)
    print(f"{sum(t.runs for t in tallies)} runs, {bad} of them not as they must be")
    return bad


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--kills", type=int, default=50)
    options.add_argument("--writes", type=int, default=100)
    options.add_argument("--flips", type=int, default=100)
    options.add_argument("--pairs", type=int, default=5)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--folder", type=Path, help="where to work [default: temporary]")
    chosen = options.parse_args()
    # No TemporaryDirectory: every fork would remove it at its end.
    scratch = Path(tempfile.mkdtemp(dir=chosen.folder, prefix="faults-")).resolve()
    try:
        bad = everything(Faults(scratch, random.Random(chosen.seed)), chosen)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    sys.exit(bad > 0)


if __name__ == "__main__":
    if "FAULT_SHIM" not in os.environ:
        begin_again()
    main()
