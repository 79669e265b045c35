"""The one place numba is imported, so that its look for coverage.py cannot find our folder.

numba imports ``coverage`` (coverage.py) by name when it is there. With the checkout on
``sys.path`` that name is our own package; :mod:`phusong.coverage` forwards to the real one, and
where coverage.py is not installed this module says so to numba for the time of the import.
"""

from __future__ import annotations

import sys
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

njit = numba.njit
prange = numba.prange
get_num_threads = numba.get_num_threads
set_num_threads = numba.set_num_threads

__all__ = ["get_num_threads", "njit", "numba", "prange", "set_num_threads"]
