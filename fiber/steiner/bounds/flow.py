"""Maximum flow from the root to a terminal, and the cuts that a fractional tree violates."""
# ruff: noqa: ANN001, ANN201, ANN202 - numba infers the types of kernels
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import numpy as np

from phusong.jit import njit

_EPS = 1e-9


@njit(cache=True, nogil=True)
def _levels(indptr, adj, room, root, sink, level, queue):
    """Label vertices by their distance to the sink over arcs with room left."""
    level[:] = -1
    level[sink] = 0
    queue[0] = sink
    done = 0
    count = 1
    while done < count:
        v = queue[done]
        done += 1
        for s in range(indptr[v], indptr[v + 1]):
            w = adj[s]
            if room[s] > _EPS and level[w] < 0:
                level[w] = level[v] + 1
                if w == root:
                    return True
                queue[count] = w
                count += 1
    return False


@njit(cache=True, nogil=True)
def _push_flow(indptr, adj, twin, room, root, sink, enough, level, at, path):
    """Send flow along descending levels until they block or ``enough`` has passed."""
    sent = 0.0
    at[:] = indptr[:-1]
    depth = 0
    v = root
    while True:
        if v == sink:
            least = enough - sent
            for i in range(depth):
                least = min(least, room[path[i]])
            back = 0
            for i in range(depth - 1, -1, -1):
                s = path[i]
                room[s] -= least
                room[twin[s]] += least
                if room[s] <= _EPS:
                    back = i
            sent += least
            if sent >= enough - _EPS:
                return sent
            v = adj[path[back]]
            depth = back
            continue
        forward = False
        while at[v] < indptr[v + 1]:
            s = at[v]
            w = adj[s]
            if room[twin[s]] > _EPS and level[w] == level[v] - 1 and level[w] >= 0:
                path[depth] = twin[s]
                depth += 1
                v = w
                forward = True
                break
            at[v] += 1
        if forward:
            continue
        if v == root:
            return sent
        depth -= 1
        v = adj[path[depth]]
        at[v] += 1


@njit(cache=True, nogil=True)
def maximum_flow(indptr, adj, twin, room, root, sink, enough, level, at, path, queue):
    """Send flow from the root to the sink until ``enough`` has passed or nothing more does.

    ``room`` is what each arc still takes and changes in place. When less than ``enough`` passed,
    ``level`` is not negative exactly where there is still a way to the sink.
    """
    sent = 0.0
    while sent < enough - _EPS and _levels(indptr, adj, room, root, sink, level, queue):
        sent += _push_flow(indptr, adj, twin, room, root, sink, enough - sent, level, at, path)
    return sent


@njit(cache=True, nogil=True)
def violated(indptr, adj, twin, capacity, usable, terminals, root, nested, store):
    """Find cuts between root and terminals that carry less than one.

    Parameters
    ----------
    capacity
        By slot ``s`` of ``v`` the flow the arc ``adj[s] -> v`` takes, float64, shape (2m,).
    usable
        Slots that have a variable, bool, shape (2m,).
    terminals
        Terminals in the order they are asked; the root among them is passed over.
    nested
        Cuts at most for one terminal: the arcs of each are closed before the next is sought.
    store
        Room for the slots of the cuts, int32; the search ends when it is full.

    Returns
    -------
    numpy.ndarray
        Bounds of the cuts in ``store``, int64.
    """
    n = indptr.size - 1
    level = np.empty(n, np.int32)
    at = np.empty(n, np.int64)
    queue = np.empty(n, np.int32)
    path = np.empty(n + 1, np.int64)
    base = capacity.copy()
    room = np.empty(capacity.size)
    cuts = np.zeros(terminals.size * nested * 2 + 1, np.int64)
    count = 0
    near_root = np.zeros(n, np.bool_)
    for sink in terminals:
        if sink == root:
            continue
        for _ in range(nested):
            room[:] = base
            flow = maximum_flow(indptr, adj, twin, room, root, sink, 1.0, level, at, path, queue)
            if flow >= 1.0 - 1e-5:
                break
            # The last numbering reached everything that still has a way to the sink.
            end = cuts[count]
            for v in range(n):
                if level[v] >= 0:
                    for s in range(indptr[v], indptr[v + 1]):
                        if level[adj[s]] < 0 and usable[s]:
                            if end == store.size:
                                return cuts[: count + 1].copy()
                            store[end] = s
                            end += 1
                            base[s] = 1.0
            count += 1
            cuts[count] = end
            # The cut nearest the root, when it is another one.
            near_root[:] = False
            near_root[root] = True
            queue[0] = root
            done = 0
            k = 1
            while done < k:
                v = queue[done]
                done += 1
                for s in range(indptr[v], indptr[v + 1]):
                    w = adj[s]
                    if room[twin[s]] > _EPS and not near_root[w]:
                        near_root[w] = True
                        queue[k] = w
                        k += 1
            same = True
            for v in range(n):
                if near_root[v] == (level[v] >= 0):
                    same = False
                    break
            if same:
                continue
            for i in range(k):
                v = queue[i]
                for s in range(indptr[v], indptr[v + 1]):
                    t = twin[s]
                    if not near_root[adj[s]] and usable[t]:
                        if end == store.size:
                            return cuts[: count + 1].copy()
                        store[end] = t
                        end += 1
                        base[t] = 1.0
            count += 1
            cuts[count] = end
    return cuts[: count + 1].copy()
