"""Compiled loops shared by the generator: the typed decorator, a binary heap, hashed noise."""

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
def heap_push(keys: np.ndarray, items: np.ndarray, size: int, key: float, item: int) -> int:
    """Push ``item`` with ``key``; return the new size. Ties are broken by the item number."""
    i = size
    while i > 0:
        parent = (i - 1) // 2
        if keys[parent] < key or (keys[parent] == key and items[parent] <= item):
            break
        keys[i] = keys[parent]
        items[i] = items[parent]
        i = parent
    keys[i] = key
    items[i] = item
    return size + 1


@compiled
def heap_pop(keys: np.ndarray, items: np.ndarray, size: int) -> int:
    """Remove the least entry, which the caller has read at index 0; return the new size."""
    size -= 1
    key = keys[size]
    item = items[size]
    i = 0
    while True:
        child = 2 * i + 1
        if child >= size:
            break
        right = child + 1
        if right < size and (
            keys[right] < keys[child]
            or (keys[right] == keys[child] and items[right] < items[child])
        ):
            child = right
        if keys[child] > key or (keys[child] == key and items[child] >= item):
            break
        keys[i] = keys[child]
        items[i] = items[child]
        i = child
    keys[i] = key
    items[i] = item
    return size


@compiled
def hashed_unit(a: int, b: int) -> float:
    """Return a number in [0, 1) that depends on two integers alone, on every machine."""
    x = (np.int64(a) * np.int64(73856093)) ^ (np.int64(b) * np.int64(19349663))
    x = x & np.int64(0x7FFFFFFF)
    x = ((x >> np.int64(15)) ^ x) * np.int64(0x2C1B3C6D) & np.int64(0x7FFFFFFF)
    x = ((x >> np.int64(12)) ^ x) * np.int64(0x297A2D39) & np.int64(0x7FFFFFFF)
    x = (x >> np.int64(15)) ^ x
    return float(x & np.int64(0xFFFFFF)) / 16777216.0
