"""An indexed 4-ary heap over vertices: the queue of every search in this package.

The caller owns the arrays: ``heap`` (vertices in heap order), ``place`` (where a vertex stands in
the heap, -1 when it does not) and ``key`` (its priority, which doubles as its distance). A vertex
stands in the heap once, so nothing grows and nothing is allocated while searching.
"""

# ruff: noqa: ANN001, ANN201 - numba infers the types of kernels
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

from phusong.jit import njit


@njit(cache=True, nogil=True)
def push(heap, place, key, size, vertex):
    """Insert ``vertex``, or move it up after its key fell; return the new size."""
    i = place[vertex]
    if i < 0:
        i = size
        size += 1
    k = key[vertex]
    while i > 0:
        up = (i - 1) >> 2
        other = heap[up]
        if key[other] <= k:
            break
        heap[i] = other
        place[other] = i
        i = up
    heap[i] = vertex
    place[vertex] = i
    return size


@njit(cache=True, nogil=True)
def pop(heap, place, key, size):
    """Take the vertex of least key; the caller's size falls by one."""
    top = heap[0]
    place[top] = -1
    size -= 1
    if size > 0:
        last = heap[size]
        k = key[last]
        i = 0
        while True:
            first = 4 * i + 1
            if first >= size:
                break
            best = first
            best_key = key[heap[first]]
            for j in range(first + 1, min(first + 4, size)):
                if key[heap[j]] < best_key:
                    best = j
                    best_key = key[heap[j]]
            if best_key >= k:
                break
            heap[i] = heap[best]
            place[heap[i]] = i
            i = best
        heap[i] = last
        place[last] = i
    return top
