"""Who does the parts of a work: other processes on this machine, or the workers of a cluster.

A part has to be a task of its own, that leaves what it makes where everybody finds it. Then
results do not depend on how many workers there were, in which order they worked, or who died on the
way.
"""

from __future__ import annotations

import pickle
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, Final, NamedTuple, TypeVar

import zstandard

from phusong.errors import CrewError
from phusong.jit import get_num_threads, set_num_threads
from phusong.processes import Processes

ANSWER_S: Final = 15.0
"""How long a scheduler may take to answer."""
T = TypeVar("T")
Part = TypeVar("Part")
DEATHS: Final = 3
"""As often all workers may die in a row before one part is done: then it is no accident."""
AHEAD: Final = 2
"""Parts a worker is given before what came of them is taken: the one it does, and its next."""


class Hired(NamedTuple):
    """Workers at work.

    Attributes
    ----------
    pool
        Who is given parts.
    at_once
        Says how many parts they do at once; those of a cluster come and go.
    """

    pool: Executor
    at_once: Callable[[], int]


@dataclass(frozen=True)
class Crew:
    """Workers, each of which does one part of a work at a time.

    Attributes
    ----------
    open
        Hires them, for the time of a context.
    """

    open: Callable[[], AbstractContextManager[Hired]]

    def each(self, work: Callable[[Part], T], parts: Sequence[Part]) -> Iterator[T]:
        """Do ``work`` on parts, and give what comes of each as it is done, in any order.

        A part whose worker died is given to another, last of all. No more than ``AHEAD`` parts a
        worker are under way or done and not taken: what comes of them may be large, and whoever
        takes it slow.

        Parameters
        ----------
        work
            A function, or a method of an object, that can be pickled; unpacked once a worker.

        Raises
        ------
        CrewError
            When worker after worker dies.
        """
        # It goes with every part: to a worker of a cluster that comes late, too.
        asked = zstandard.compress(pickle.dumps(work))
        left, deaths = deque(parts), 0
        with self.open() as workers:
            tasks: dict[Future[T], Part] = {}
            try:
                while left or tasks:
                    at_once = max(1, workers.at_once())
                    while left and len(tasks) < AHEAD * at_once:
                        part = left.popleft()
                        tasks[workers.pool.submit(_do, asked, part)] = part
                    ready = wait(tasks, return_when=FIRST_COMPLETED).done
                    task = next(task for task in tasks if task in ready)
                    part = tasks.pop(task)
                    try:
                        out = task.result()
                    except BrokenExecutor as problem:
                        deaths += 1
                        if deaths >= DEATHS * at_once:
                            raise CrewError(
                                "worker processes die before they have computed anything",
                                mend="give fewer workers: each takes about as much memory as a run",
                            ) from problem
                        left.append(part)
                        continue
                    finally:
                        del task, ready  # with them goes what came of it
                    deaths = 0
                    yield out
                    del out
            finally:
                for task in tasks:
                    task.cancel()


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
def _processes(workers: int) -> Iterator[Hired]:
    """Hire processes beside this one."""
    threads = max(1, get_num_threads() // workers)
    pool = Processes(workers, partial(_begin_work, threads))
    try:
        yield Hired(pool, lambda: workers)
    finally:
        pool.shutdown(cancel_futures=True)


def _begin_work(threads: int) -> None:
    """Share the cores; Ctrl-C is for the process that gives out the work."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    set_num_threads(threads)


@contextmanager
def _cluster(address: str) -> Iterator[Hired]:
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
        pool = client.get_executor(retries=DEATHS, pure=False)
        yield Hired(pool, lambda: sum(client.nthreads().values()))


@lru_cache(maxsize=2)
def _unpacked(asked: bytes) -> Callable[[Any], Any]:
    """Return what a run wants done."""
    packed = zstandard.decompress(asked)
    work: Callable[[Any], Any] = pickle.loads(packed)  # noqa: S301 - packed by `Crew.each`
    return work


def _do(asked: bytes, part: Any) -> Any:
    """Do one part in a worker."""
    return _unpacked(asked)(part)
