"""Prices of cuts by a first-order method: a bound between dual ascent and the exact programme.

The relaxation ``min c x, A x >= 1, 0 <= x <= 1`` over a pool of cuts is solved roughly by the
primal-dual hybrid gradient method (Chambolle & Pock 2011, diagonal steps of Pock & Chambolle 2011,
restarted from averages as Applegate et al. 2021). Its prices are then packed into the costs one
after another, never more than fits, and dual ascent goes on from what is left; so the bound is as
exact as the ascent's own, however rough the prices.
"""
# ruff: noqa: ANN001, ANN201 - numba infers the types of kernels
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from phusong.fiber.steiner.bounds.ascent import ascend
from phusong.jit import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from phusong.fiber.steiner.graph import Graph

WEIGHT = 3.0
"""Primal weight of the first-order method, with costs scaled to a mean of one."""
STEPS = 50
"""Steps between two packings."""
_NO_FLOW = np.empty(0)


class Prices:
    """A pool of cuts with prices.

    Parameters
    ----------
    graph
        The graph.
    root
        A terminal.
    room
        Slots a single ascent may store in the pool.
    growth
        Growth of a component in one turn of the ascents; the finer, the more rows.
    tree
        Edges of a tree to start from, int32.
    """

    def __init__(
        self, graph: Graph, root: int, room: int, growth: float, tree: NDArray[np.int32]
    ) -> None:
        g = self.graph = graph
        self.root = root
        self.unit = float(g.wt.mean())
        self.growth = growth
        self.store = np.empty(room, np.int32)
        self.fresh_share = np.empty(room)
        row = np.repeat(np.arange(g.n), np.diff(g.indptr))
        self.open = row != root
        self.bounds = np.zeros(1, np.int64)
        self.slots = np.empty(0, np.int32)
        self.share = np.empty(0)
        self.x = flow_of(g.indptr, g.adj, g.eid, tree, root)
        self.y = np.empty(0)
        self.bound, self.slack = self._ascend(0.0, g.wt, self.x)
        _, _, self.y = pack(
            self.bounds,
            self.slots,
            self.share,
            g.wt,
            np.full(self.y.size, np.inf),
            np.arange(self.y.size),
        )
        self.y /= self.unit

    def _ascend(
        self,
        packed: float,
        slack: NDArray[np.float64],
        guide: NDArray[np.float64] = _NO_FLOW,
    ) -> tuple[float, NDArray[np.float64]]:
        """Raise duals from what a packing leaves; the cuts raised join the pool without price."""
        g = self.graph
        more, slack, bounds = ascend(
            g.indptr,
            g.adj,
            g.twin,
            slack,
            g.terminal,
            self.root,
            self.growth,
            self.store,
            self.fresh_share,
            guide,
        )
        self._add(bounds, self.fresh_share)
        return packed + more, slack

    def _add(self, bounds: NDArray[np.int64], share: NDArray[np.float64]) -> None:
        fresh = self.store[: bounds[-1]]
        live = self.open[fresh]
        counts = np.add.reduceat(live, bounds[:-1]) if bounds.size > 1 else np.empty(0, np.int64)
        self.slots = np.concatenate([self.slots, fresh[live]])
        self.share = np.concatenate([self.share, share[: bounds[-1]][live]])
        self.bounds = np.concatenate([self.bounds, self.bounds[-1] + np.cumsum(counts)])
        self.y = np.concatenate([self.y, np.zeros(counts.size)])

    def improve(self) -> float:
        """Take steps, pack, ascend; return the bound of this round (``slack`` belongs to it)."""
        g = self.graph
        start, rows, by_slot = transpose(self.bounds, self.slots, self.share, g.adj.size)
        self.x, self.y = descend(
            self.bounds,
            self.slots,
            self.share,
            start,
            rows,
            by_slot,
            g.wt / self.unit,
            self.x,
            self.y,
            WEIGHT,
            STEPS,
        )
        order = np.argsort(-np.diff(self.bounds), kind="stable")
        packed, slack, _ = pack(
            self.bounds, self.slots, self.share, g.wt, self.y * self.unit, order
        )
        self._drop(self.y > 1e-5)
        self.bound, self.slack = self._ascend(packed, slack)
        return self.bound

    def _drop(self, keep: NDArray[np.bool_]) -> None:
        size = np.diff(self.bounds)
        kept = np.repeat(keep, size)
        self.slots, self.share = self.slots[kept], self.share[kept]
        self.bounds = np.concatenate([np.zeros(1, np.int64), np.cumsum(size[keep])])
        self.y = self.y[keep]

    def close(self, closed: NDArray[np.bool_]) -> None:
        """Take arcs (slots) that no better tree uses out of every cut."""
        fresh = closed & self.open
        if fresh.any():
            self.open &= ~closed
            live = self.open[self.slots]
            total = np.concatenate([np.zeros(1, np.int64), np.cumsum(live)])
            self.bounds = total[self.bounds]
            self.slots, self.share = self.slots[live], self.share[live]
            self.x[closed] = 0.0


@njit(cache=True, nogil=True)
def flow_of(indptr, adj, eid, tree, root):
    """Send one unit into every vertex of a tree, away from the root; by slot, shape (2m,)."""
    flow = np.zeros(adj.size)
    inside = np.zeros(adj.size // 2, np.bool_)
    for e in tree:
        inside[e] = True
    stack = np.empty(tree.size + 1, np.int32)
    stack[0] = root
    k = 1
    while k > 0:
        k -= 1
        v = stack[k]
        for s in range(indptr[v], indptr[v + 1]):
            if inside[eid[s]]:
                inside[eid[s]] = False
                w = adj[s]
                stack[k] = w
                k += 1
                for t in range(indptr[w], indptr[w + 1]):
                    if eid[t] == eid[s]:
                        flow[t] = 1.0
    return flow


@njit(cache=True, nogil=True)
def transpose(bounds, slots, share, width):
    """Turn rows of slots into, by slot, the rows it stands in."""
    start = np.zeros(width + 1, np.int64)
    for s in slots:
        start[s + 1] += 1
    for s in range(width):
        start[s + 1] += start[s]
    fill = start[:width].copy()
    rows = np.empty(slots.size, np.int32)
    by_slot = np.empty(slots.size)
    for i in range(bounds.size - 1):
        for k in range(bounds[i], bounds[i + 1]):
            rows[fill[slots[k]]] = i
            by_slot[fill[slots[k]]] = share[k]
            fill[slots[k]] += 1
    return start, rows, by_slot


@njit(cache=True, nogil=True)
def descend(bounds, slots, share, start, rows, by_slot, price, x, y, weight, steps):
    """Take steps of the primal-dual method from ``x, y`` and return the averages.

    Parameters
    ----------
    bounds, slots, share
        Cuts as rows of slots with coefficients.
    start, rows, by_slot
        Their transpose.
    price
        Cost of each slot, float64, shape (2m,).
    x, y
        Flow by slot and price by cut to start from; not changed.
    weight
        Primal weight: step of ``x`` over step of ``y``.
    steps
        Number of steps.

    Returns
    -------
    x, y
        Averages over the steps.
    """
    width = start.size - 1
    count = bounds.size - 1
    x = x.copy()
    y = y.copy()
    x_sum = np.zeros(width)
    y_sum = np.zeros(count)
    ahead = np.zeros(width)
    step = np.zeros(width)
    mass = np.zeros(count)
    for i in range(count):
        for k in range(bounds[i], bounds[i + 1]):
            step[slots[k]] += share[k]
            mass[i] += share[k]
    for _ in range(steps):
        for s in range(width):
            if start[s + 1] == start[s]:
                continue
            left = price[s]
            for k in range(start[s], start[s + 1]):
                left -= by_slot[k] * y[rows[k]]
            new = min(max(x[s] - weight * left / step[s], 0.0), 1.0)
            ahead[s] = 2.0 * new - x[s]
            x[s] = new
            x_sum[s] += new
        for i in range(count):
            if bounds[i + 1] == bounds[i]:
                continue
            lack = 1.0
            for k in range(bounds[i], bounds[i + 1]):
                lack -= share[k] * ahead[slots[k]]
            y[i] = max(y[i] + lack / (weight * mass[i]), 0.0)
            y_sum[i] += y[i]
    return x_sum / steps, y_sum / steps


@njit(cache=True, nogil=True)
def pack(bounds, slots, share, price, y, order):
    """Charge cuts to slot costs in ``order``, each at its price or as much as still fits.

    Returns
    -------
    bound, slack, charged
        Sum charged, what is left of the costs (float64, shape (2m,)) and what each cut was
        charged.
    """
    slack = price.copy()
    charged = np.zeros(y.size)
    bound = 0.0
    for i in order:
        fits = y[i]
        for k in range(bounds[i], bounds[i + 1]):
            fits = min(fits, slack[slots[k]] / share[k])
        if fits > 0.0:
            for k in range(bounds[i], bounds[i + 1]):
                slack[slots[k]] = max(slack[slots[k]] - fits * share[k], 0.0)
            charged[i] = fits
            bound += fits
    return bound, slack, charged
