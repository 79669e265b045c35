"""In which order to build a tree: what serves most people per dollar first."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np

from phusong.fiber.network.csr import Graph
from phusong.fiber.network.polylines import Floats, Ints


@dataclass(frozen=True)
class Stage:
    """What is built to serve one further target.

    Attributes
    ----------
    target
        Index of the target served.
    edges
        Candidate edges to build, from what stands already to the target.
    usd
        Their cost.
    """

    target: int
    edges: Ints
    usd: float


def build_order(
    tail: Ints,
    head: Ints,
    usd: Floats,
    edges: Ints,
    root: int,
    target_vertex: Ints,
    benefit: Floats,
) -> list[Stage]:
    """Order the building of a tree so that benefit comes early.

    The order minimises the sum over targets of benefit times the money spent before the target
    is served, exactly: building along a rooted tree is scheduling jobs under out-tree
    precedence, which merging jobs of greatest ratio into their parents solves
    (W. A. Horn, SIAM J. Appl. Math. 23 (1972) 189-202).

    Parameters
    ----------
    tail, head, usd
        (m,) candidate edges.
    edges
        (e,) those of the tree.
    root
        Vertex that stands already.
    target_vertex, benefit
        (k,) vertex and benefit (people, say) of each target; a target not in the tree gets no
        stage.
    """
    up, up_edge, order = _rooted(tail, head, edges, root)
    gain = np.zeros(len(up))
    served: dict[int, list[int]] = {}
    for i, v in enumerate(target_vertex.tolist()):
        if v in order:
            served.setdefault(v, []).append(i)
            gain[order[v]] += benefit[i]
    sequence = _horn(up, np.array([0.0, *usd[up_edge[1:]]]), gain)
    names = list(order)
    stages, waiting = [], []
    for job in sequence:
        if up_edge[job] >= 0:
            waiting.append(int(up_edge[job]))
        for place, target in enumerate(served.get(names[job], [])):
            bought = np.array(waiting if place == 0 else [], dtype=np.int64)
            stages.append(Stage(target, bought, float(usd[bought].sum())))
        if names[job] in served:
            waiting = []
    return stages


def _rooted(tail: Ints, head: Ints, edges: Ints, root: int) -> tuple[Ints, Ints, dict[int, int]]:
    """Return (parent, edge to it, vertex -> number), the vertices numbered from the root down."""
    names, ends = np.unique(np.concatenate([tail[edges], head[edges], [root]]), return_inverse=True)
    count = len(edges)
    graph = Graph(len(names), ends[:count], ends[count : 2 * count])
    number = {int(ends[-1]): 0}
    up, up_edge = [-1], [-1]
    queue = [int(ends[-1])]
    for v in queue:
        for a in range(int(graph.indptr[v]), int(graph.indptr[v + 1])):
            w = int(graph.arc_head[a])
            if w not in number:
                number[w] = len(up)
                up.append(number[v])
                up_edge.append(int(edges[graph.arc_edge[a]]))
                queue.append(w)
    return np.array(up), np.array(up_edge), {int(names[v]): n for v, n in number.items()}


def _horn(up: Ints, work: Floats, gain: Floats) -> list[int]:
    """Return the jobs of an out-tree in the order of least weighted waiting."""
    count = len(up)
    lead = np.arange(count)  # group of a job is led by its topmost job
    tail: list[list[int]] = [[j] for j in range(count)]
    work, gain = work.copy(), gain.copy()

    def ratio(j: int) -> float:
        return float(gain[j] / work[j]) if work[j] > 0 else (np.inf if gain[j] > 0 else 0.0)

    def leader(j: int) -> int:
        while lead[j] != j:
            lead[j] = lead[lead[j]]
            j = int(lead[j])
        return j

    heap = [(-ratio(j), j) for j in range(1, count)]
    heapq.heapify(heap)
    while heap:
        key, j = heapq.heappop(heap)
        if lead[j] != j or key != -ratio(j):
            continue
        above = leader(int(up[j]))
        lead[j] = above
        tail[above].extend(tail[j])
        tail[j] = []
        work[above] += work[j]
        gain[above] += gain[j]
        if above != 0:
            heapq.heappush(heap, (-ratio(above), above))
    return tail[0]
