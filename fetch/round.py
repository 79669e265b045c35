"""One round of fetching: what is to come, whether that is agreed, a few at once, each recorded."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from phusong.disc.refused import refused
from phusong.errors import PhusongError
from phusong.fetch.job import Desk, Job, Order
from phusong.fetch.ledger import Ledger, Record
from phusong.fetch.web import Web
from phusong.progress import Progress

AT_ONCE: Final = 3
"""Files that come at once: each is another source's, so that no machine is asked twice."""
_UNIT: Final = 2**20
FOLDER: Final = "fetch"
"""Of the study's work folder: what has come so far of files that are not whole."""


class _Stopped(Exception):  # noqa: N818 - ends a thread whose round is over
    pass


@dataclass
class Fetched:
    """What one round did, by path.

    Attributes
    ----------
    brought
        Files that came.
    kept
        Files that were here already, as they were asked for.
    own
        Files that a person put there: left alone.
    failed
        Files that could not be had, with the reason.
    """

    brought: list[tuple[Path, Record]] = field(default_factory=list)
    kept: list[Path] = field(default_factory=list)
    own: list[Path] = field(default_factory=list)
    failed: list[tuple[Path, PhusongError]] = field(default_factory=list)


def fetch_round(
    orders: Sequence[Order],
    ledger: Ledger,
    folder: Path,
    progress: Progress,
    agree: Callable[[int, int], None],
    *,
    renew: bool = False,
    web: Web | None = None,
) -> Fetched:
    """Fetch what is not here yet.

    A file that cannot be had does not keep the others from coming.

    Parameters
    ----------
    orders
        The files.
    ledger
        Takes the records, each as soon as its file is whole.
    folder
        The study's work folder.
    progress
        Told about MiB that came.
    agree
        Asked before anything large comes: bytes and files; raises where it is not agreed.
    renew
        Fetch again what is here.

    Raises
    ------
    OutputError
        When the disc does not take it.
    """
    done = Fetched()
    talk = web or Web()
    counter = _Counter(progress)
    place = folder / FOLDER
    with refused(place):
        place.mkdir(parents=True, exist_ok=True)
    try:
        with Desk(talk, place, counter.told) as desk:
            jobs = []
            total = 0
            for order in orders:
                record = ledger.of(order.target)
                if record is None and order.target.exists():
                    done.own.append(order.target)
                elif record is not None and record.asked == order.asked and not renew:
                    done.kept.append(order.target)
                else:
                    try:
                        job = order.make(desk)
                        total += job.prepare(desk)
                    except PhusongError as error:
                        done.failed.append((order.target, error))
                    else:
                        jobs.append((order, job))
            if jobs:
                agree(total, len(jobs))
                _bring(jobs, total, counter, ledger, done)
    finally:
        talk.close()
    return done


def _bring(
    jobs: Sequence[tuple[Order, Job]], total: int, counter: _Counter, ledger: Ledger, done: Fetched
) -> None:
    counter.start(total)
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="phusong-fetch") as pool:
        running: dict[Future[None], tuple[Order, Job]] = {
            pool.submit(job.bring): (order, job) for order, job in jobs
        }
        try:
            wait(running, return_when=FIRST_EXCEPTION)
            wait(running)
        except BaseException:
            counter.stop()
            pool.shutdown(cancel_futures=True)
            raise
    counter.end()
    for future, (order, job) in running.items():
        try:
            future.result()
            order.target.parent.mkdir(parents=True, exist_ok=True)
            for path, record in job.settle():
                kept = ledger.add(path, record if record.asked else record.asking(order.asked))
                done.brought.append((path, kept))
        except PhusongError as error:
            done.failed.append((order.target, error))


class _Counter:
    """Bytes of all threads, as whole MiB to whoever shows progress."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._guard = threading.Lock()
        self._total = self._got = self._said = 0
        self._on = self._stopped = False

    def start(self, total: int) -> None:
        self._total = max(1, -(-total // _UNIT))
        self._on = True
        self._progress.start("fetch", self._total, "Fetching, MiB")

    def told(self, n: int) -> None:
        if self._stopped:
            raise _Stopped
        if not self._on:
            return
        with self._guard:
            self._got += n
            whole = min(self._got // _UNIT, self._total - 1)
            if whole > self._said:
                self._progress.advance("fetch", whole - self._said)
                self._said = whole

    def end(self) -> None:
        self._on = False
        self._progress.advance("fetch", self._total - self._said)

    def stop(self) -> None:
        self._stopped = True
