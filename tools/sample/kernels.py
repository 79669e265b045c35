"""Compiled loops shared by the generator: the typed decorator, hashed noise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np

from phusong.jit import njit

_F = TypeVar("_F", bound=Callable[..., Any])

ROW_STEP = np.array([-1, -1, -1, 0, 0, 1, 1, 1], dtype=np.int64)
COL_STEP = np.array([-1, 0, 1, -1, 1, -1, 0, 1], dtype=np.int64)
STEP_LENGTH = np.sqrt((ROW_STEP**2 + COL_STEP**2).astype(np.float64))


def compiled(function: _F) -> _F:
    """Compile with numba, keeping the signature for the type checker."""
    return cast("_F", njit(cache=True)(function))


@compiled
def hashed_unit(a: int, b: int) -> float:
    """Return a number in [0, 1) that depends on two integers alone, on every machine."""
    x = (np.int64(a) * np.int64(73856093)) ^ (np.int64(b) * np.int64(19349663))
    x = x & np.int64(0x7FFFFFFF)
    x = ((x >> np.int64(15)) ^ x) * np.int64(0x2C1B3C6D) & np.int64(0x7FFFFFFF)
    x = ((x >> np.int64(12)) ^ x) * np.int64(0x297A2D39) & np.int64(0x7FFFFFFF)
    x = (x >> np.int64(15)) ^ x
    return float(x & np.int64(0xFFFFFF)) / 16777216.0
