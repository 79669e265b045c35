"""Where light comes to over what is left of a network."""

from __future__ import annotations

import numpy as np

from phusong.fiber.network.csr import Graph
from phusong.fiber.network.polylines import Bools, Ints
from phusong.jit import njit


def lit_nodes(graph: Graph, sources: Ints, use: Bools, lost: Bools | None = None) -> Bools:
    """Return the (nodes,) that light from ``sources`` comes to.

    Parameters
    ----------
    graph
        The network's graph.
    sources
        Nodes that light starts from.
    use
        (edges,) edges that carry it.
    lost
        (nodes,) nodes that are lost.
    """
    gone = np.zeros(graph.nodes, dtype=bool) if lost is None else lost
    return np.asarray(_spread(graph.indptr, graph.arc_edge, graph.arc_head, sources, use, gone))


@njit(cache=True)
def _spread(
    indptr: Ints, arc_edge: Ints, arc_head: Ints, sources: Ints, use: Bools, lost: Bools
) -> Bools:
    lit = np.zeros(len(indptr) - 1, np.bool_)
    stack = np.empty(len(indptr), np.int64)
    size = 0
    for v in sources:
        if not lost[v] and not lit[v]:
            lit[v] = True
            stack[size] = v
            size += 1
    while size:
        size -= 1
        v = stack[size]
        for a in range(indptr[v], indptr[v + 1]):
            w = arc_head[a]
            if use[arc_edge[a]] and not lit[w] and not lost[w]:
                lit[w] = True
                stack[size] = w
                size += 1
    return lit
