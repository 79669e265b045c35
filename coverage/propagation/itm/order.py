"""Order statistics of many short lists that change little from one to the next."""

from __future__ import annotations

from typing import Any

from phusong.jit import njit


@njit(cache=True, nogil=True)
def select(values: Any, n: int, k: int) -> float:
    """Return the k-th smallest (from 0) of the first ``n`` values, which get reordered."""
    low, high = 0, n - 1
    while low < high:
        pivot = values[(low + high) // 2]
        i, j = low, high
        while i <= j:
            while values[i] < pivot:
                i += 1
            while values[j] > pivot:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i += 1
                j -= 1
        if k <= j:
            high = j
        elif k >= i:
            low = i
        else:
            break
    return float(values[k])


@njit(cache=True, nogil=True)
def select_near(values: Any, n: int, k: int, guess: float, width: float, spare: Any) -> float:
    """Return the k-th smallest (from 0) of ``n`` values, quickly when it is near a guess.

    The answer is exact whatever the guess: values are counted against the bracket
    ``guess ± width``, and only those inside are ordered; where the k-th is not inside, the
    bracket moves outward and at last the whole list is ordered. ``spare`` has room for n.
    """
    for _ in range(4):
        low, high = guess - width, guess + width
        below = 0
        upto = 0
        for i in range(n):
            below += values[i] < low
            upto += values[i] <= high
        if below <= k < upto:
            inside = 0
            for i in range(n):
                spare[inside] = values[i]
                inside += (values[i] >= low) & (values[i] <= high)
            return float(select(spare, inside, k - below))
        guess = low - width if k < below else high + width
        width *= 2.0
    for i in range(n):
        spare[i] = values[i]
    return float(select(spare, n, k))
