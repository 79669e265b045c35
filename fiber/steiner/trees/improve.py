"""Local search on a tree: Steiner vertices put in, key paths exchanged, key vertices taken out.

The neighbourhoods are those of Uchoa & Werneck (2012). A key vertex is a terminal or a vertex of
degree three or more in the tree; a key path joins two of them. Parts of a tree that a removal
leaves are joined again by a search that starts from the smaller parts and never looks farther than
what was removed, so that an attempt costs what its neighbourhood holds.
"""
# ruff: noqa: ANN001, ANN201, ANN202 - numba infers the types of kernels
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import numpy as np

from phusong.fiber.heap import pop, push
from phusong.fiber.steiner.graph import prune_tree
from phusong.fiber.steiner.trees.construct import span
from phusong.jit import njit


@njit(cache=True, nogil=True)
def _rooted(edges, tail, head, root, n):
    """Order a tree depth first: vertices in preorder, and by vertex parent, edge to it, range."""
    count = np.zeros(n + 1, np.int64)
    for e in edges:
        count[tail[e] + 1] += 1
        count[head[e] + 1] += 1
    for v in range(n):
        count[v + 1] += count[v]
    fill = count[:n].copy()
    row = np.empty(2 * edges.size, np.int32)
    for e in edges:
        row[fill[tail[e]]] = e
        fill[tail[e]] += 1
        row[fill[head[e]]] = e
        fill[head[e]] += 1
    order = np.empty(edges.size + 1, np.int32)
    parent = np.full(n, -1, np.int32)
    link = np.full(n, -1, np.int32)
    enter = np.full(n, -1, np.int32)
    leave = np.full(n, -1, np.int32)
    stack = np.empty(edges.size + 1, np.int32)
    stack[0] = root
    k = 1
    done = 0
    while k > 0:
        k -= 1
        v = stack[k]
        order[done] = v
        enter[v] = done
        done += 1
        for i in range(count[v], count[v + 1]):
            e = row[i]
            if e != link[v]:
                w = tail[e] + head[e] - v
                parent[w] = v
                link[w] = e
                stack[k] = w
                k += 1
    for i in range(done - 1, -1, -1):
        v = order[i]
        leave[v] = max(leave[v], i + 1)
        if parent[v] >= 0:
            leave[parent[v]] = max(leave[parent[v]], leave[v])
    degree = (count[1:] - count[:-1]).astype(np.int32)
    return order[:done], parent, link, enter, leave, degree


@njit(cache=True, nogil=True)
def insert_vertices(indptr, adj, eid, wt, tail, head, cost, terminal, edges):
    """Put Steiner vertices into the tree where the spanning tree gets cheaper; new edges, int32."""
    n = terminal.size
    for _ in range(20):
        root = np.int64(tail[edges[0]])  # as `exchange` gives it, or it is compiled for each
        order, parent, link, _enter, _, _ = _rooted(edges, tail, head, root, n)
        depth = np.zeros(n, np.int32)
        for i in range(1, order.size):
            depth[order[i]] = depth[parent[order[i]]] + 1
        inside = np.zeros(n, np.bool_)
        for v in order:
            inside[v] = True
        better = False
        removed = np.zeros(tail.size, np.bool_)
        stamp = np.zeros(n, np.bool_)
        added = inside.copy()
        for v in range(n):
            if inside[v]:
                continue
            # Neighbours in the tree by rising cost; each closes a cycle with those before it.
            count = 0
            for s in range(indptr[v], indptr[v + 1]):
                if inside[adj[s]]:
                    count += 1
            if count < 2:
                continue
            slots = np.empty(count, np.int64)
            costs = np.empty(count)
            count = 0
            for s in range(indptr[v], indptr[v + 1]):
                if inside[adj[s]]:
                    slots[count] = s
                    costs[count] = wt[s]
                    count += 1
            gain = -costs.min()
            rank = np.argsort(costs, kind="mergesort")
            first = adj[slots[rank[0]]]
            cut = np.empty(count, np.int32)
            cuts = 0
            clash = False
            for i in range(1, count):
                # A cheap stand-in for the dynamic tree: the longest edge, not yet cut, between
                # this neighbour and the first; exact for the first exchange, safe after it
                # because the tree is spanned anew over the vertices chosen.
                a = adj[slots[rank[i]]]
                b = first
                longest = -1
                while a != b:
                    if depth[a] < depth[b]:
                        a, b = b, a
                    e = link[a]
                    if not stamp[a] and (longest < 0 or cost[e] > cost[longest]):
                        longest = e
                    if removed[e]:
                        clash = True
                    a = parent[a]
                if longest >= 0 and cost[longest] > costs[rank[i]]:
                    gain += cost[longest] - costs[rank[i]]
                    w = tail[longest]
                    if link[w] != longest:
                        w = head[longest]
                    stamp[w] = True
                    cut[cuts] = longest
                    cuts += 1
            for i in range(cuts):
                w = tail[cut[i]]
                if link[w] != cut[i]:
                    w = head[cut[i]]
                stamp[w] = False
            if gain > 1e-9 and not clash:
                better = True
                added[v] = True
                for i in range(cuts):
                    removed[cut[i]] = True
        if not better:
            break
        fresh = span(indptr, adj, eid, wt, tail, head, terminal, added)
        before = 0.0
        for e in edges:
            before += cost[e]
        after = 0.0
        for e in fresh:
            after += cost[e]
        if after >= before:
            break
        edges = fresh
    return edges


@njit(cache=True, nogil=True)
def _part_of(v, enter, gone, lo, hi, parts, extra):
    """Return the part vertex ``v`` stands in: a branch, the rest (the last part), or -1."""
    if extra[v] >= 0:
        return extra[v]
    if enter[v] < 0 or gone[v]:
        return -1
    for i in range(parts - 1):
        if lo[i] <= enter[v] < hi[i]:
            return i
    return parts - 1


@njit(cache=True, nogil=True)
def exchange(indptr, adj, eid, wt, tail, head, cost, terminal, edges, work_limit, cursor):
    """Exchange key paths and take out key vertices until nothing gets cheaper.

    Parameters
    ----------
    indptr, adj, eid, wt, tail, head, cost, terminal
        The graph.
    edges
        Edges of a tree that spans the terminals and has no other leaves, int32.
    work_limit
        Slots scanned at most.
    cursor
        Candidate to begin with: 0, or what the call before returned.

    Returns
    -------
    edges, work, cursor
        The edges of a tree no costlier, int32; the slots scanned; and where to go on, -1 when
        the last pass, or what was left of it, found nothing better.
    """
    n = terminal.size
    dist = np.full(n, np.inf)
    came = np.full(n, -1, np.int64)
    heap = np.empty(n, np.int32)
    place = np.full(n, -1, np.int32)
    seen = np.empty(n, np.int32)
    extra = np.full(n, -1, np.int32)
    gone = np.zeros(n, np.bool_)
    removed = np.empty(n, np.int32)
    path = np.empty(n, np.int32)
    path_vertex = np.empty(n, np.int32)
    root = 0
    while not terminal[root]:
        root += 1
    work = 0
    better = True
    while better and edges.size > 0:
        better = False
        order, parent, link, enter, leave, degree = _rooted(edges, tail, head, root, n)
        candidates = order[::-1].copy()
        for index in range(cursor, candidates.size):
            v = candidates[index]
            if work >= work_limit:
                return edges, work, index
            if enter[v] < 0 or v == root or not (terminal[v] or degree[v] >= 3):
                continue
            # First the key path above v alone, then v with all its key paths.
            for whole in range(1 if terminal[v] else 2):
                most = degree[v] if whole else 2
                lo = np.empty(most, np.int32)
                hi = np.empty(most, np.int32)
                removed_count = 0
                parts = 0
                w = v
                if whole:
                    gone[v] = True
                    for s in range(indptr[v], indptr[v + 1]):
                        w = adj[s]
                        if enter[w] < 0 or parent[w] != v or link[w] != eid[s]:
                            continue
                        removed[removed_count] = link[w]
                        removed_count += 1
                        while not terminal[w] and degree[w] == 2:
                            gone[w] = True
                            below = order[enter[w] + 1]
                            removed[removed_count] = link[below]
                            removed_count += 1
                            w = below
                        lo[parts] = enter[w]
                        hi[parts] = leave[w]
                        parts += 1
                else:
                    lo[0] = enter[v]
                    hi[0] = leave[v]
                    parts = 1
                w = v
                while True:
                    removed[removed_count] = link[w]
                    removed_count += 1
                    w = parent[w]
                    if terminal[w] or degree[w] >= 3:
                        break
                    gone[w] = True
                lost = 0.0
                for i in range(removed_count):
                    lost += cost[removed[i]]
                parts += 1
                sizes = np.zeros(parts, np.int64)
                inside = 0
                for i in range(parts - 1):
                    sizes[i] = hi[i] - lo[i]
                    inside += sizes[i]
                sizes[parts - 1] = order.size - inside
                top = np.arange(parts)
                paid = 0.0
                path_count = 0
                path_vertices = 0
                joined = 1
                while joined < parts and paid < lost:
                    # Search from the smallest component left.
                    source = -1
                    least = 0
                    for i in range(parts):
                        if top[i] == i:
                            total = 0
                            for j in range(parts):
                                if top[j] == i:
                                    total += sizes[j]
                            if source < 0 or total < least:
                                source = i
                                least = total
                    seen_count = 0
                    size = 0
                    for i in range(parts):
                        if top[i] != source:
                            continue
                        if i < parts - 1:
                            for j in range(lo[i], hi[i]):
                                w = order[j]
                                dist[w] = 0.0
                                seen[seen_count] = w
                                seen_count += 1
                                size = push(heap, place, dist, size, w)
                        else:
                            for w in order:
                                if _part_of(w, enter, gone, lo, hi, parts, extra) == i:
                                    if dist[w] == np.inf:
                                        seen[seen_count] = w
                                        seen_count += 1
                                    dist[w] = 0.0
                                    size = push(heap, place, dist, size, w)
                    for i in range(path_vertices):
                        w = path_vertex[i]
                        if top[extra[w]] == source:
                            if dist[w] == np.inf:
                                seen[seen_count] = w
                                seen_count += 1
                            dist[w] = 0.0
                            size = push(heap, place, dist, size, w)
                    work += 8 * seen_count + (order.size if top[parts - 1] == source else 0)
                    hit = -1
                    while size > 0:
                        w = pop(heap, place, dist, size)
                        size -= 1
                        p = _part_of(w, enter, gone, lo, hi, parts, extra)
                        if p >= 0 and top[p] != source:
                            hit = w
                            break
                        if paid + dist[w] >= lost:
                            break
                        work += indptr[w + 1] - indptr[w]
                        for s in range(indptr[w], indptr[w + 1]):
                            x = adj[s]
                            near = dist[w] + wt[s]
                            if near < dist[x] and paid + near < lost:
                                if dist[x] == np.inf:
                                    seen[seen_count] = x
                                    seen_count += 1
                                dist[x] = near
                                came[x] = s
                                size = push(heap, place, dist, size, x)
                    for i in range(size):
                        place[heap[i]] = -1
                    if hit >= 0:
                        paid += dist[hit]
                        target = top[_part_of(hit, enter, gone, lo, hi, parts, extra)]
                        w = hit
                        while came[w] >= 0:
                            e = eid[came[w]]
                            path[path_count] = e
                            path_count += 1
                            w = tail[e] + head[e] - w
                            if _part_of(w, enter, gone, lo, hi, parts, extra) < 0:
                                extra[w] = source
                                path_vertex[path_vertices] = w
                                path_vertices += 1
                        for i in range(parts):
                            if top[i] == source:
                                top[i] = target
                        joined += 1
                    for i in range(seen_count):
                        dist[seen[i]] = np.inf
                        came[seen[i]] = -1
                    if hit < 0:
                        break
                improved = joined == parts and paid < lost
                if improved:
                    drop = np.zeros(tail.size, np.bool_)
                    for i in range(removed_count):
                        drop[removed[i]] = True
                    fresh = np.empty(edges.size - removed_count + path_count, np.int32)
                    k = 0
                    for e in edges:
                        if not drop[e]:
                            fresh[k] = e
                            k += 1
                    for i in range(path_count):
                        fresh[k] = path[i]
                        k += 1
                    edges = prune_tree(fresh, tail, head, terminal)
                for i in range(path_vertices):
                    extra[path_vertex[i]] = -1
                gone[v] = False
                for i in range(removed_count):
                    gone[tail[removed[i]]] = False
                    gone[head[removed[i]]] = False
                if improved:
                    better = True
                    order, parent, link, enter, leave, degree = _rooted(edges, tail, head, root, n)
                    break
        cursor = 0
    return edges, work, -1
