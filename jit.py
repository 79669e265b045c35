"""The one place numba is imported, so that its look for coverage.py cannot find our folder.

numba imports ``coverage`` (coverage.py) by name when it is there. With the checkout on
``sys.path`` that name is our own package; :mod:`phusong.coverage` forwards to the real one, and
where coverage.py is not installed this module says so to numba for the time of the import.
"""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parent
_MISSING = object()


def _coverage_py_installed() -> bool:
    """Whether an importable ``coverage`` exists that is not this project's folder."""
    if isinstance(sys.modules.get("coverage"), type(sys)):
        return True
    for entry in sys.path:
        folder = Path(entry or ".").resolve()
        if folder != _ROOT and (folder / "coverage" / "__init__.py").is_file():
            return True
    return False


def _import_numba() -> Any:
    before: Any = sys.modules.get("coverage", _MISSING)
    hide = not _coverage_py_installed()
    if hide:
        sys.modules["coverage"] = None  # type: ignore[assignment]
    try:
        import numba  # noqa: PLC0415
    finally:
        if hide:
            if before is _MISSING:
                sys.modules.pop("coverage", None)
            else:
                sys.modules["coverage"] = before
    return numba


numba = _import_numba()
event = importlib.import_module("numba.core.event")

njit = numba.njit
prange = numba.prange
get_num_threads = numba.get_num_threads
set_num_threads = numba.set_num_threads


class _CompileClock(event.Listener):  # type: ignore[misc, name-defined]
    """Adds up the time numba spends compiling, and says so the first time it does."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.announce: Callable[[], None] | None = None
        self._depth = 0
        self._begun = 0.0

    def on_start(self, event: Any) -> None:  # noqa: ARG002 - numba's signature
        if self._depth == 0:
            self._begun = time.perf_counter()
            if self.announce is not None:
                self.announce()
                self.announce = None
        self._depth += 1

    def on_end(self, event: Any) -> None:  # noqa: ARG002 - numba's signature
        self._depth -= 1
        if self._depth == 0:
            self.seconds += time.perf_counter() - self._begun


_clock = _CompileClock()
event.register("numba:compile", _clock)


def compile_seconds() -> float:
    """Return the seconds this process has spent compiling kernels; 0 when all were cached."""
    return _clock.seconds


def on_first_compile(announce: Callable[[], None]) -> None:
    """Call ``announce`` once, when the first kernel has to be compiled (it was not cached)."""
    _clock.announce = announce


__all__ = [
    "compile_seconds",
    "get_num_threads",
    "njit",
    "numba",
    "on_first_compile",
    "prange",
    "set_num_threads",
]
