"""Who sweeps the masts: this process, others beside it, or the workers of a cluster.

A mast is a task of its own: it reads the ground under its disc from the prepared rasters, and
writes its losses to the path-loss store, under the hash of all that shaped them. Nothing but the
mast goes out, nothing but a count comes back, and equal keys hold equal bytes, whoever wrote
them: results do not depend on how many there were, in which order, or who died on the way.
"""

from __future__ import annotations

import pickle
import platform
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, as_completed
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from multiprocessing import get_context
from typing import Any, Final, TypeVar

from phusong.coverage.signal.fingerprint import engine_fingerprint
from phusong.errors import CrewError
from phusong.jit import get_num_threads, set_num_threads

ANSWER_S: Final = 15.0
"""How long a scheduler may take to answer."""
T = TypeVar("T")
Part = TypeVar("Part")
DEATHS: Final = 3
"""Crews in a row that died before one part was done: what kills them is no accident."""


@dataclass(frozen=True)
class Crew:
    """Workers, each of which does one part of a work at a time.

    Attributes
    ----------
    open
        Hires them: a context that gives an executor.
    """

    open: Callable[[], AbstractContextManager[Executor]]

    def each(self, work: Callable[[Part], T], parts: Sequence[Part]) -> Iterator[T]:
        """Do ``work`` on parts, and give what comes of each as it is done, in any order.

        Parts whose worker died are given to a new crew.

        Parameters
        ----------
        work
            A function, or a method of an object, that can be pickled; unpacked once a worker.

        Raises
        ------
        CrewError
            When crew after crew dies, or a worker's propagation is not this program's.
        """
        asked = pickle.dumps((engine_fingerprint(), work))
        left, deaths = list(parts), 0
        while left:
            done: set[int] = set()
            with self.open() as workers:
                tasks: dict[Future[T], int] = {}
                try:
                    for i, part in enumerate(left):
                        tasks[workers.submit(_do, asked, part)] = i
                    for task in as_completed(tasks):
                        out = task.result()
                        done.add(tasks[task])
                        yield out
                except BrokenExecutor as problem:
                    deaths = 0 if done else deaths + 1
                    if deaths == DEATHS:
                        raise CrewError(
                            "worker processes die before they have computed anything",
                            mend="give fewer workers: each takes about as much memory as a run",
                        ) from problem
                finally:
                    for task in tasks:
                        task.cancel()
            left = [part for i, part in enumerate(left) if i not in done]


def crew_of(workers: int | None, scheduler: str | None) -> Crew | None:
    """Return the crew that a person asked for; None: this process does all.

    Parameters
    ----------
    workers
        Processes on this machine, sharing its cores.
    scheduler
        Address of a dask scheduler, whose workers see the study's folder under the same path.

    Raises
    ------
    CrewError
        When the package of the scheduler is not there, or nobody answers.
    """
    if scheduler is not None:
        return Crew(partial(_cluster, scheduler))
    if workers is None:
        return None
    return Crew(partial(_processes, workers))


@contextmanager
def _processes(workers: int) -> Iterator[Executor]:
    """Hire processes beside this one."""
    threads = max(1, get_num_threads() // workers)
    pool = ProcessPoolExecutor(
        workers,
        # A fork would copy threads and locks of this process in whatever state they are.
        mp_context=get_context("spawn"),
        initializer=_begin_work,
        initargs=(threads,),
    )
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _begin_work(threads: int) -> None:
    """Share the cores; Ctrl-C is for the process that gives out the work."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    set_num_threads(threads)


@contextmanager
def _cluster(address: str) -> Iterator[Executor]:
    """Hire the workers of a dask scheduler."""
    try:
        import distributed  # noqa: PLC0415 - large, and seldom wanted
    except ImportError as problem:
        raise CrewError(
            "a scheduler needs the package distributed, which is not installed",
            mend="pip install 'phusong[cluster]', here and where the workers run",
        ) from problem
    try:
        hire: Any = distributed.Client
        client = hire(address, timeout=ANSWER_S, set_as_default=False)
    except (OSError, ValueError) as problem:
        raise CrewError(
            "no scheduler answers at {address}",
            mend="start one with `dask scheduler`, and workers with `dask worker {address}`",
            params={"address": address},
        ) from problem
    with client:
        yield client.get_executor(retries=DEATHS, pure=False)


@lru_cache(maxsize=2)
def _unpacked(asked: bytes) -> tuple[str, Callable[[Any], Any]]:
    """Return what a run wants done."""
    told: tuple[str, Callable[[Any], Any]] = pickle.loads(asked)  # noqa: S301 - see `Crew.each`
    return told


def _do(asked: bytes, part: Any) -> Any:
    """Do one part in a worker."""
    engine, work = _unpacked(asked)
    if engine != engine_fingerprint():
        raise CrewError(
            "the phusong of worker {machine} computes propagation otherwise than this one",
            mend="install the same version everywhere",
            params={"machine": platform.node()},
        )
    return work(part)
