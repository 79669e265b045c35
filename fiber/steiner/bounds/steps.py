"""The steps of :mod:`.potentials`, compiled: one terminal's potential anew.

A potential is stored as the vertices where it is not zero and its heights there; ``slack`` is what
all of them together leave of each slot's cost.
"""
# ruff: noqa: ANN001, ANN201, ANN202 - numba infers the types of kernels
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import numpy as np

from phusong.fiber.heap import pop, push
from phusong.jit import njit


@njit(cache=True, nogil=True)
def gather(rows, store, share, order, owner, start, size, vertex, height):
    """Add up the rows of each terminal, in the order of ``owner``, to one potential."""
    n = start.size
    total = np.zeros(n)
    end = 0
    i = 0
    while i < order.size:
        z = owner[order[i]]
        first = end
        while i < order.size and owner[order[i]] == z:
            for k in range(rows[order[i]], rows[order[i] + 1]):
                v = store[k]
                if total[v] == 0.0:
                    vertex[end] = v
                    end += 1
                total[v] += share[k]
            i += 1
        for k in range(first, end):
            height[k] = total[vertex[k]]
            total[vertex[k]] = 0.0
        start[z] = first
        size[z] = end - first


@njit(cache=True, nogil=True)
def charge(indptr, adj, slack, terminals, start, size, vertex, height):
    """Charge all potentials to ``slack``, in place; return the sum of their peaks."""
    level = np.zeros(indptr.size - 1)
    bound = 0.0
    for z in terminals:
        first = start[z]
        end = first + size[z]
        _move(indptr, adj, slack, vertex[first:end], height[first:end], level, -1.0)
        peak = 0.0
        for k in range(first, end):
            peak = max(peak, height[k])
        bound += peak
    return bound


@njit(cache=True, nogil=True)
def _move(indptr, adj, slack, vertex, height, level, sign):
    """Charge one potential (sign -1) or take it back (1); ``level`` is zero before and after."""
    for i in range(vertex.size):
        level[vertex[i]] = height[i]
    for i in range(vertex.size):
        v = vertex[i]
        for s in range(indptr[v], indptr[v + 1]):
            rise = height[i] - level[adj[s]]
            if rise > 0.0:
                slack[s] += sign * rise
    for i in range(vertex.size):
        level[vertex[i]] = 0.0


@njit(cache=True, nogil=True)
def carry_over(
    indptr, adj, slack, order, start, size, vertex, height, new_vertex, new_height, end, level
):
    """Copy the potentials of ``order`` as they are; give up those that do not fit."""
    bound = 0.0
    for z in order:
        first = start[z]
        last = first + size[z]
        if end + size[z] > new_vertex.size:
            _move(indptr, adj, slack, vertex[first:last], height[first:last], level, 1.0)
            size[z] = 0
        start[z] = end
        peak = 0.0
        for k in range(first, first + size[z]):
            new_vertex[end] = vertex[k]
            new_height[end] = height[k]
            end += 1
            peak = max(peak, height[k])
        bound += peak
    return bound, end


@njit(cache=True, nogil=True)
def workspace(n):
    """Return what steps need by vertex and leave as it was."""
    return (
        np.full(n, np.inf),
        np.full(n, np.inf),
        np.zeros(n),
        np.zeros(n, np.bool_),
        np.empty(n, np.int32),
        np.full(n, -1, np.int32),
        np.empty(n, np.int32),
        np.zeros(n, np.bool_),
    )


@njit(cache=True, nogil=True)
def take_steps(
    indptr,
    adj,
    twin,
    slack,
    order,
    mix,
    root,
    start,
    size,
    vertex,
    height,
    new_vertex,
    new_height,
    end,
    enter,
    tree,
    known,
    short,
    work,
):
    """Choose the potential of each terminal anew, in ``order``; slack and bounds change in place.

    Parameters
    ----------
    mix
        Where to choose between the potential steepest at the terminal (0) and the one steepest at
        the border (1), by step: multiples of 1/2, so that sums stay exact.
    start, size, vertex, height
        The potentials: of terminal ``z`` the ``size[z]`` vertices and heights from ``start[z]``.
    new_vertex, new_height, end
        Room for the new ones, and where it begins. A potential that does not fit is given up.
    enter
        Slot by which a good tree enters each vertex, -1 for none.
    tree
        Slots whose arcs are not to be charged outside a terminal's way to the root, bool.
    known
        By terminal the last whole peak found, infinite for none; renewed in place.
    short
        Share of ``known`` by which peaks stay below it; 0 for whole peaks.
    work
        What :func:`workspace` returned.

    Returns
    -------
    bound, end
        The sum of the peaks, infinite when a terminal has no way from the root; and the new end.
    """
    inner, outer, level, state, heap, place, seen, way = work
    bound = 0.0
    for j in range(order.size):
        z = order[j]
        first = start[z]
        last = first + size[z]
        _move(indptr, adj, slack, vertex[first:last], height[first:last], level, 1.0)
        v = z
        way[v] = True
        while enter[v] >= 0:
            v = adj[enter[v]]
            way[v] = True
        count = 1
        seen[0] = z
        inner[z] = 0.0
        waiting = push(heap, place, inner, 0, z)
        most = np.floor(known[z] * (1.0 - short)) if short > 0.0 else np.inf
        peak = np.inf
        while waiting > 0:
            v = pop(heap, place, inner, waiting)
            waiting -= 1
            if inner[v] >= most:
                peak = most
                break
            if v == root:
                peak = inner[v]
                known[z] = peak
                break
            state[v] = True
            for s in range(indptr[v], indptr[v + 1]):
                near = inner[v]
                if not tree[s] or way[v]:
                    near += slack[s]
                w = adj[s]
                if near < inner[w]:
                    if inner[w] == np.inf:
                        seen[count] = w
                        count += 1
                    inner[w] = near
                    waiting = push(heap, place, inner, waiting, w)
        for i in range(waiting):
            place[heap[i]] = -1
        if peak == np.inf:
            return np.inf, end
        waiting = 0
        for i in range(count):
            v = seen[i]
            state[v] = state[v] and inner[v] < peak
        if mix[j] > 0.0:
            for i in range(count):
                v = seen[i]
                if state[v]:
                    for s in range(indptr[v], indptr[v + 1]):
                        if not state[adj[s]]:
                            near = 0.0 if tree[s] and not way[v] else slack[s]
                            outer[v] = min(outer[v], near)
                    if outer[v] < peak:
                        waiting = push(heap, place, outer, waiting, v)
            while waiting > 0:
                v = pop(heap, place, outer, waiting)
                waiting -= 1
                for s in range(indptr[v], indptr[v + 1]):
                    w = adj[s]
                    if state[w]:
                        near = outer[v]
                        if not tree[twin[s]] or way[w]:
                            near += slack[twin[s]]
                        if near < outer[w] and near < peak:
                            outer[w] = near
                            waiting = push(heap, place, outer, waiting, w)
        first = end
        if end + count <= new_vertex.size:
            bound += peak
            for i in range(count):
                v = seen[i]
                if state[v]:
                    steep = (1.0 - mix[j]) * (peak - inner[v])
                    # Whole heights: rounding both ends of an arc down widens no whole difference.
                    at = np.floor(steep + mix[j] * min(peak, outer[v]))
                    if at > 0.0:
                        new_vertex[end] = v
                        new_height[end] = at
                        end += 1
        _move(indptr, adj, slack, new_vertex[first:end], new_height[first:end], level, -1.0)
        start[z] = first
        size[z] = end - first
        for i in range(count):
            v = seen[i]
            inner[v] = np.inf
            outer[v] = np.inf
            state[v] = False
        v = z
        way[v] = False
        while enter[v] >= 0:
            v = adj[enter[v]]
            way[v] = False
    return bound, end
