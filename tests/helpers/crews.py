"""Worker processes for tests: hiring takes seconds, so that those of one number stay."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from phusong import crew as crew_module
from phusong.crew import Crew, Hired


class Kept:
    """Processes by their number, that stay from one work to the next."""

    def __init__(self) -> None:
        self._hire = crew_module._processes
        self._hired: dict[int, Hired] = {}
        self._cluster: Any = None
        self._stack = ExitStack()

    @contextmanager
    def processes(self, workers: int) -> Iterator[Hired]:
        """Give so many; it stands in for `phusong.crew._processes`."""
        if workers not in self._hired:
            self._hired[workers] = self._stack.enter_context(self._hire(workers))
        yield self._hired[workers]

    def crew(self, workers: int) -> Crew:
        return Crew(lambda: self.processes(workers))

    def scheduler(self) -> str:
        """Return the address of a scheduler with two workers; the test skips where none can be."""
        if self._cluster is None:
            distributed = pytest.importorskip("distributed")
            made = distributed.LocalCluster(
                n_workers=2, threads_per_worker=1, dashboard_address=None
            )
            self._cluster = self._stack.enter_context(made)
        return self._cluster.scheduler_address

    def let_go(self) -> None:
        self._hired.clear()
        self._cluster = None
        self._stack.close()


@contextmanager
def keeping() -> Iterator[Kept]:
    """Hire whoever is asked for until the end."""
    kept = Kept()
    try:
        yield kept
    finally:
        kept.let_go()
