"""The queues of compiled searches: a binary heap of entries, and a 4-ary heap of vertices.

Entries are pairs of key and item in two arrays, ordered by both, so that equal keys leave in one
order whatever the heap looks like inside; a search passes over entries that a cheaper one has
outdated. Vertices stand in their heap once and move up when their key falls: nothing grows and
nothing is allocated while searching, and ``place`` tells who waits, which the Steiner solver's
ascents ask. Of equal keys any may leave first there. Neither does the other's work as fast: with
ties by number the 4-ary heap takes 1.3 to 1.5 times as long as entries on road graphs, and
:mod:`heapq` on lists of pairs takes 1.1 to 1.4 times as long. Off the road, where the price of a
step takes longer than the queue, it does not matter, and :mod:`heapq` is used.
"""

# ruff: noqa: ANN001, ANN201 - numba infers the types of kernels
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import numpy as np

from phusong.jit import njit


@njit(cache=True, nogil=True)
def push_entry(keys, items, size, key, item):
    """Put an entry on the heap, which has room for it; return the new size."""
    k = size
    while k > 0:
        up = (k - 1) >> 1
        if keys[up] < key or (keys[up] == key and items[up] <= item):
            break
        keys[k], items[k] = keys[up], items[up]
        k = up
    keys[k], items[k] = key, item
    return size + 1


@njit(cache=True, nogil=True)
def pop_entry(keys, items, size):
    """Take off the least entry, which the caller has read at index 0; return the new size."""
    last = size - 1
    key, item = keys[last], items[last]
    k = 0
    while True:
        child = 2 * k + 1
        if child >= last:
            break
        right = child + 1
        if right < last and (
            keys[right] < keys[child]
            or (keys[right] == keys[child] and items[right] < items[child])
        ):
            child = right
        if key < keys[child] or (key == keys[child] and item <= items[child]):
            break
        keys[k], items[k] = keys[child], items[child]
        k = child
    keys[k], items[k] = key, item
    return last


@njit(cache=True, nogil=True)
def doubled(keys, items):
    """Return the arrays of a full heap of entries with room for as many again."""
    return (
        np.concatenate((keys, np.empty_like(keys))),
        np.concatenate((items, np.empty_like(items))),
    )


@njit(cache=True, nogil=True)
def push(heap, place, key, size, vertex):
    """Insert ``vertex``, or move it up after its key fell; return the new size.

    Parameters
    ----------
    heap
        Vertices in heap order; room for all.
    place
        Where a vertex stands in the heap, -1 when it does not.
    key
        Its priority, which doubles as its distance.
    size
        Vertices in the heap.
    vertex
        The vertex.
    """
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
