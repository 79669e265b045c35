"""Potentials as rows of variables, and rows of variables as potentials.

A cut is a potential that is level on one side, a potential the mean of the nested cuts at its
levels: a programme has rows of variables, a certificate has potentials on vertices.
"""
# ruff: noqa: ANN001, ANN201 - numba infers the types of kernels
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import numpy as np

from phusong.jit import njit


@njit(cache=True, nogil=True)
def rises(indptr, adj, column, bounds, vertex, height, n):
    """By potential the variables along which it rises, and how far."""
    level = np.zeros(n)
    size = 0
    for k in range(vertex.size):
        size += indptr[vertex[k] + 1] - indptr[vertex[k]]
    row = np.empty(size, np.int64)
    variable = np.empty(size, np.int64)
    rise = np.empty(size)
    end = 0
    for r in range(bounds.size - 1):
        for k in range(bounds[r], bounds[r + 1]):
            level[vertex[k]] = height[k]
        for k in range(bounds[r], bounds[r + 1]):
            v = vertex[k]
            for s in range(indptr[v], indptr[v + 1]):
                up = level[v] - level[adj[s]]
                if column[s] >= 0 and up > 0.0:
                    row[end] = r
                    variable[end] = column[s]
                    rise[end] = up
                    end += 1
        for k in range(bounds[r], bounds[r + 1]):
            level[vertex[k]] = 0.0
    return row[:end], variable[:end], rise[:end]


@njit(cache=True, nogil=True)
def sides(indptr, adj, twin, column, bounds, variables, count):
    """By row of variables, the vertices that the root does not reach without them."""
    n = indptr.size - 1
    far = np.ones((bounds.size - 1, n), np.bool_)
    closed = np.zeros(count, np.bool_)
    stack = np.empty(n, np.int64)
    for r in range(bounds.size - 1):
        for k in range(bounds[r], bounds[r + 1]):
            closed[variables[k]] = True
        far[r, 0] = False
        stack[0] = 0
        k = 1
        while k > 0:
            k -= 1
            v = stack[k]
            for s in range(indptr[v], indptr[v + 1]):
                c = column[twin[s]]
                w = adj[s]
                if c >= 0 and far[r, w] and not closed[c]:
                    far[r, w] = False
                    stack[k] = w
                    k += 1
        for k in range(bounds[r], bounds[r + 1]):
            closed[variables[k]] = False
    return far
