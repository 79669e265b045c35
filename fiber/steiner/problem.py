"""A problem under reduction: what is left of the graph, what is already bought, and how to go back.

Every edge left carries a label into a :class:`Ledger`; a label is an original edge or two labels
joined. So a tree of the reduced graph expands to original edges, whatever was contracted.
"""
# ruff: noqa: ANN001, ANN201, ANN202 - numba infers the types of kernels
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from phusong.fiber.steiner.graph import Graph, build, cheapest_parallel, components, find
from phusong.jit import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass
class Ledger:
    """Joined labels: label ``base + i`` stands for ``left[i]`` and ``right[i]`` together."""

    base: int
    left: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    right: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))

    @property
    def size(self) -> int:
        """The next label to be given out."""
        return self.base + self.left.size

    def join(self, left: NDArray[np.int64], right: NDArray[np.int64]) -> None:
        """Append joined labels; the first of them is the ``size`` of before."""
        self.left = np.concatenate([self.left, left])
        self.right = np.concatenate([self.right, right])

    def expand(self, labels: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the original edges behind labels, ascending and each once."""
        found = []
        while labels.size:
            leaf = labels < self.base
            found.append(labels[leaf])
            index = labels[~leaf] - self.base
            labels = np.concatenate([self.left[index], self.right[index]])
        return np.unique(np.concatenate(found)) if found else np.empty(0, np.int64)


@dataclass
class Problem:
    """What is left to solve.

    Attributes
    ----------
    graph
        The reduced graph; it has no parallel edges.
    label
        Label of each edge in the ledger, int64, shape (m,).
    ledger
        Shared by all problems that stem from one.
    fixed
        Labels already bought, int64.
    offset
        Their cost.
    feasible
        False once the edges left no longer connect the terminals: every tree better than the best
        one known has then been ruled out.
    """

    graph: Graph
    label: NDArray[np.int64]
    ledger: Ledger
    fixed: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    offset: float = 0.0
    feasible: bool = True

    @property
    def solved(self) -> bool:
        """Whether nothing is left to decide."""
        return not self.feasible or self.graph.terminals.size <= 1

    def original(self, edges: NDArray[np.int32]) -> NDArray[np.int64]:
        """Return the original edges behind edges of the reduced graph and all that is fixed."""
        return self.ledger.expand(np.concatenate([self.label[edges], self.fixed]))

    def copy(self) -> Problem:
        """Return a problem that can be reduced further without touching this one."""
        return Problem(self.graph, self.label, self.ledger, self.fixed, self.offset, self.feasible)

    def replace(
        self,
        tail: NDArray[np.int32],
        head: NDArray[np.int32],
        cost: NDArray[np.float64],
        label: NDArray[np.int64],
        terminal: NDArray[np.bool_],
    ) -> None:
        """Take new edge arrays: drops loops, costlier parallels and all that no terminal needs."""
        keep = tail != head
        if not keep.all():
            tail, head, cost, label = tail[keep], head[keep], cost[keep], label[keep]
        part = components(terminal.size, tail, head)
        home = np.unique(part[terminal])
        if home.size > 1:
            self.feasible = False
            return
        keep = part[tail] == home[0]
        used = np.zeros(terminal.size, np.bool_)
        used[tail[keep]] = True
        used[head[keep]] = True
        used |= terminal
        if not (keep.all() and used.all()):
            number = (np.cumsum(used) - 1).astype(np.int32)
            tail, head = number[tail[keep]], number[head[keep]]
            cost, label, terminal = cost[keep], label[keep], terminal[used]
        graph = build(tail, head, cost, terminal)
        keep = cheapest_parallel(graph.n, graph.indptr, graph.adj, graph.eid, graph.wt)
        if not keep.all():
            graph = build(tail[keep], head[keep], cost[keep], terminal)
            label = label[keep]
        self.graph = graph
        self.label = label

    def delete(self, gone: NDArray[np.bool_]) -> int:
        """Delete edges by mask, shape (m,), and contract what that allows; return how many went."""
        before = self.graph.m
        if gone.any():
            g = self.graph
            keep = ~gone
            self.replace(g.tail[keep], g.head[keep], g.cost[keep], self.label[keep], g.terminal)
            self.tidy()
        return before - self.graph.m

    def contract(self, edges: NDArray[np.int32]) -> None:
        """Buy edges (no cycle among them) and merge their ends, each into a terminal."""
        g = self.graph
        part = components(g.n, g.tail[edges], g.head[edges])
        terminal = np.zeros(g.n, np.bool_)
        terminal[part[g.terminal]] = True
        terminal[part[g.tail[edges]]] = True
        self.fixed = np.concatenate([self.fixed, self.label[edges]])
        self.offset += float(g.cost[edges].sum())
        self.replace(part[g.tail], part[g.head], g.cost, self.label, terminal)
        self.tidy()

    def tidy(self) -> None:
        """Contract vertices of degree 1 and 2 until none is left that allows it."""
        while self.feasible:
            g = self.graph
            if not _thin(g.indptr, g.terminal):
                return
            tail, head, cost, label, terminal, left, right, bought, paid = _contract_chains(
                g.indptr, g.eid, g.tail, g.head, g.cost, self.label, g.terminal, self.ledger.size
            )
            self.ledger.join(left, right)
            self.fixed = np.concatenate([self.fixed, bought])
            self.offset += paid
            self.replace(tail, head, cost, label, terminal)


@njit(cache=True, nogil=True)
def _thin(indptr, terminal):
    """Tell whether a vertex of degree 1 or 2 is left that can be contracted."""
    count = terminal.sum()
    for v in range(terminal.size):
        degree = indptr[v + 1] - indptr[v]
        if (degree == 1 and (count > 1 or not terminal[v])) or (degree == 2 and not terminal[v]):
            return True
    return False


@njit(cache=True, nogil=True)
def _contract_chains(indptr, eid, tail0, head0, cost0, label0, terminal0, next_label):
    n = terminal0.size
    m = tail0.size
    tail = tail0.copy()
    head = head0.copy()
    cost = cost0.copy()
    label = label0.copy()
    terminal = terminal0.copy()
    alive = np.ones(m, np.bool_)
    slot_edge = eid.copy()
    slot_of = np.full((m, 2), -1, np.int64)  # slot of the edge in the row of its tail, of its head
    degree = np.zeros(n, np.int64)
    queue = np.empty(n, np.int32)
    queued = np.zeros(n, np.bool_)
    k = 0
    count = 0
    for v in range(n):
        degree[v] = indptr[v + 1] - indptr[v]
        if terminal[v]:
            count += 1
        for s in range(indptr[v], indptr[v + 1]):
            slot_of[eid[s], 0 if tail[eid[s]] == v else 1] = s
        if degree[v] <= 2:
            queue[k] = v
            queued[v] = True
            k += 1
    left = np.empty(n, np.int64)
    right = np.empty(n, np.int64)
    joined = 0
    bought = np.empty(n, np.int64)
    buys = 0
    paid = 0.0
    while k > 0:
        k -= 1
        v = queue[k]
        queued[v] = False
        if degree[v] == 0 or degree[v] > 2 or (terminal[v] and (degree[v] == 2 or count == 1)):
            continue
        first = -1
        second = -1
        for s in range(indptr[v], indptr[v + 1]):
            e = slot_edge[s]
            if e >= 0 and alive[e]:
                if first < 0:
                    first = e
                else:
                    second = e
        a = tail[first] + head[first] - v
        if second < 0:
            alive[first] = False
            degree[v] = 0
            degree[a] -= 1
            if terminal[v]:
                bought[buys] = label[first]
                buys += 1
                paid += cost[first]
                terminal[v] = False
                if terminal[a]:
                    count -= 1
                terminal[a] = True
            if degree[a] <= 2 and not queued[a]:
                queue[k] = a
                queued[a] = True
                k += 1
            continue
        b = tail[second] + head[second] - v
        degree[v] = 0
        alive[second] = False
        if a == b:
            alive[first] = False
            degree[a] -= 2
            if degree[a] <= 2 and not queued[a]:
                queue[k] = a
                queued[a] = True
                k += 1
            continue
        left[joined] = label[first]
        right[joined] = label[second]
        label[first] = next_label + joined
        joined += 1
        cost[first] += cost[second]
        slot = slot_of[second, 0 if tail[second] == b else 1]
        slot_edge[slot] = first
        if tail[first] == v:
            tail[first] = b
            slot_of[first, 0] = slot
        else:
            head[first] = b
            slot_of[first, 1] = slot
    live = 0
    for e in range(m):
        if alive[e]:
            tail[live] = tail[e]
            head[live] = head[e]
            cost[live] = cost[e]
            label[live] = label[e]
            live += 1
    return (
        tail[:live].copy(),
        head[:live].copy(),
        cost[:live].copy(),
        label[:live].copy(),
        terminal,
        left[:joined].copy(),
        right[:joined].copy(),
        bought[:buys].copy(),
        paid,
    )


@njit(cache=True, nogil=True)
def acyclic(edges, tail, head, n):
    """Keep those of ``edges``, in their order, that close no cycle with the ones before; int32."""
    parent = np.arange(n).astype(np.int32)
    kept = np.empty(edges.size, np.int32)
    k = 0
    for e in edges:
        a = find(parent, tail[e])
        b = find(parent, head[e])
        if a != b:
            parent[a] = b
            kept[k] = e
            k += 1
    return kept[:k].copy()
