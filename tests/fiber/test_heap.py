"""The queues of compiled searches: what enters them leaves in the order they promise."""

from __future__ import annotations

import heapq

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from phusong.fiber.heap import doubled, pop, pop_entry, push, push_entry

quick = settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
few = st.integers(0, 5)


@quick
@given(st.lists(st.one_of(st.none(), st.tuples(few, few)), max_size=60))
def test_entries_leave_by_key_then_item(moves):
    """As :mod:`heapq` orders pairs, through every doubling; None takes one off."""
    keys, items = np.empty(1), np.empty(1, np.int64)
    size = 0
    queue: list[tuple[int, int]] = []
    for move in [*moves, *[None] * len(moves)]:
        if move is not None:
            if size == keys.size:
                keys, items = doubled(keys, items)
            size = push_entry(keys, items, size, float(move[0]), move[1])
            heapq.heappush(queue, move)
        elif queue:
            assert (keys[0], items[0]) == heapq.heappop(queue)
            size = pop_entry(keys, items, size)
        assert size == len(queue)


@quick
@given(st.lists(st.tuples(st.integers(0, 11), few), max_size=60))
def test_vertices_stand_once_and_leave_by_their_last_key(falls):
    key = np.full(12, np.inf)
    heap, place = np.empty(12, np.int32), np.full(12, -1, np.int32)
    size = 0
    for vertex, value in falls:
        if value < key[vertex]:
            key[vertex] = value
            size = push(heap, place, key, size, vertex)
    assert size == np.isfinite(key).sum()
    left = []
    while size:
        vertex = pop(heap, place, key, size)
        size -= 1
        assert place[vertex] == -1
        left.append(vertex)
    assert sorted(left) == np.flatnonzero(np.isfinite(key)).tolist()
    assert (np.diff(key[left]) >= 0).all()
