"""Processes on this machine that do parts of a work, each on a line of its own.

`concurrent.futures` lets all its processes answer through one pipe: when one is killed halfway
through an answer, whoever reads there waits for the rest for ever, and the whole work with it. Here
nobody but a process holds the other end of its line: when it dies the line ends, in the middle of
an answer too.
"""

from __future__ import annotations

import pickle
import traceback
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from multiprocessing.connection import Connection
from threading import Lock
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Processes(Executor):
    """So many processes at most, each begun when there is something to do for it.

    What a process died of fails with `BrokenProcessPool`; what comes next is given to a new one.

    Parameters
    ----------
    workers
        How many at once.
    begin
        Called in each of them before anything else; can be pickled.
    """

    def __init__(self, workers: int, begin: Callable[[], None]) -> None:
        self._begin = begin
        # A thread for each: it waits for the answer, and does nothing else.
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="process")
        self._lock = Lock()
        self._free: list[_Process] = []
        self._busy: set[_Process] = set()

    def pids(self) -> list[int]:
        """Return the processes there are now, those at work first."""
        with self._lock:
            return [process.pid for process in (*self._busy, *self._free)]

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Have one of them call a function; it, what it is given and its answer are pickled."""
        return self._threads.submit(self._call, _packed((fn, args, kwargs)))

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End them, those at work when they are done with it."""
        self._threads.shutdown(wait, cancel_futures=cancel_futures)
        with self._lock:
            free, self._free = self._free, []
        for process in free:
            process.end()

    def _call(self, asked: bytes) -> Any:
        with self._lock:
            # The one that was at work last: where there is little to do, few are begun.
            process = self._free.pop() if self._free else _Process(self._begin)
            self._busy.add(process)
        try:
            answer = process.answer(asked)
        except BaseException:
            with self._lock:
                self._busy.remove(process)
            process.end()  # whatever is left on its line
            raise
        with self._lock:
            self._busy.remove(process)
            self._free.append(process)
        done, value = pickle.loads(answer)  # noqa: S301 - packed by a process of ours
        if not done:
            raise value
        return value


class _Process:
    """One of them, seen from here."""

    def __init__(self, begin: Callable[[], None]) -> None:
        # A fork would copy threads and locks of this process in whatever state they are.
        spawn = get_context("spawn")
        try:
            self._line, theirs = spawn.Pipe()
            with theirs:
                # As a daemon it is ended with this process, also where nobody thought of it.
                self._process = spawn.Process(target=_serve, args=(theirs, begin), daemon=True)
                self._process.start()
        except OSError as problem:
            raise BrokenProcessPool("no process can be begun") from problem

    @property
    def pid(self) -> int:
        return int(self._process.pid or 0)

    def answer(self, asked: bytes) -> bytes:
        """Ask, and wait; BrokenProcessPool when it dies meanwhile."""
        try:
            self._line.send_bytes(asked)
            return self._line.recv_bytes()
        except (EOFError, OSError) as problem:
            raise BrokenProcessPool("a process died at its work") from problem

    def end(self) -> None:
        self._line.close()
        self._process.join()


def _serve(line: Connection, begin: Callable[[], None]) -> None:
    """Answer until nobody is there to ask."""
    begin()
    try:
        while True:
            line.send_bytes(_answer(line.recv_bytes()))
    except (EOFError, OSError):
        return


def _answer(asked: bytes) -> bytes:
    """Return what was asked for, packed, or what went wrong; True for the first."""
    try:
        call, args, kwargs = pickle.loads(asked)  # noqa: S301 - packed by `Processes.submit`
        return _packed((True, call(*args, **kwargs)))
    except BaseException as problem:  # noqa: BLE001 - whatever it is, it is raised where it was asked
        told = traceback.format_exc()
        problem.add_note(f"In a process of its own:\n{told}")
        try:
            packed = _packed((False, problem))
            pickle.loads(packed)  # noqa: S301 - ours; not every error bears it
        except Exception:  # noqa: BLE001 - then in words
            return _packed((False, RuntimeError(told)))
        return packed


def _packed(what: Any) -> bytes:
    return pickle.dumps(what, pickle.HIGHEST_PROTOCOL)
