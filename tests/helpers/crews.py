"""Worker processes for tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from phusong import crew as crew_module
from phusong.crew import Crew, Hired


@contextmanager
def hired_once(workers: int) -> Iterator[Crew]:
    """Give processes that stay from one work to the next: hiring takes seconds."""

    @contextmanager
    def again() -> Iterator[Hired]:
        yield hired

    with crew_module._processes(workers) as hired:
        yield Crew(again)
