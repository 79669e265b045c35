"""An instance as it is given: checked, connected, simple, its costs whole numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import reverse_cuthill_mckee

from phusong.errors import InputError, Where
from phusong.fiber.steiner.graph import Graph, build, cheapest_parallel
from phusong.fiber.steiner.trees.construct import mehlhorn

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

LARGEST_PRICED = 60_000
"""Edges beyond which potentials alone have to do, and searches wait for memory."""
_DIGITS = 2.0**44
"""A first tree costs about this much once costs that are not whole are scaled to whole numbers."""
_LARGEST = 1000.0
"""Binary digits that a scale has at most."""


def first_tree(graph: Graph) -> NDArray[np.int32]:
    """Return a first tree within twice the optimum: one search, spanned anew and pruned."""
    g = graph
    tree: NDArray[np.int32] = mehlhorn(
        g.indptr, g.adj, g.eid, g.wt, g.tail, g.head, g.cost, g.terminal
    )
    return tree


def fullest(parts: NDArray[np.int32]) -> int:
    """Return the part named most often, the least of equals."""
    values, counts = np.unique(parts, return_counts=True)
    return int(values[np.argmax(counts)])


def connected(
    ends: NDArray[np.int32],
    price: NDArray[np.float64],
    wanted: NDArray[np.int64],
    inside: NDArray[np.bool_],
) -> tuple[Graph, NDArray[np.int64]]:
    """Build the graph of the connected part without loops and parallels; original edge indices."""
    edge = np.flatnonzero(inside[ends[0]] & (ends[0] != ends[1]))
    number = (np.cumsum(inside) - 1).astype(np.int32)
    count = int(np.count_nonzero(inside))
    if edge.size > LARGEST_PRICED:
        number[inside] = _side_by_side(number[ends[0][edge]], number[ends[1][edge]], count)
    terminal = np.zeros(count, np.bool_)
    terminal[number[wanted]] = True
    graph = build(number[ends[0][edge]], number[ends[1][edge]], price[edge], terminal)
    keep = cheapest_parallel(graph.n, graph.indptr, graph.adj, graph.eid, graph.wt)
    if not keep.all():
        edge = edge[keep]
        graph = build(graph.tail[keep], graph.head[keep], graph.cost[keep], terminal)
    return graph, edge


def _side_by_side(
    tail: NDArray[np.int32], head: NDArray[np.int32], count: int
) -> NDArray[np.int32]:
    """Give neighbours close numbers: searches wait for memory most of their time."""
    rows = coo_array((np.ones(tail.size), (tail, head)), shape=(count, count)).tocsr()
    number = np.empty(count, np.int32)
    number[reverse_cuthill_mckee((rows + rows.T).tocsr(), symmetric_mode=True)] = np.arange(count)
    return number


def scaled(graph: Graph) -> tuple[float, Graph]:
    """Round costs down to whole multiples of 1 / scale, a power of two; the bound stays valid.

    Whole numbers below 2**53 add exactly in float64, so that neither reductions nor duals ever
    meet a rounding error.
    """
    g = graph
    tree = first_tree(g)
    total = float(g.cost[tree].sum())
    largest = float(g.cost.max())
    if total == 0.0 or (np.array_equal(g.cost, np.floor(g.cost)) and largest < 2.0**46):
        return 1.0, g
    # A sum of next to nothing would ask for a scale that no float holds.
    scale = 2.0 ** min(np.floor(np.log2(_DIGITS) - np.log2(total)), _LARGEST)
    # No tree better than the first holds an edge costlier than all of it.
    price = np.floor(np.minimum(g.cost, 2.0 * total) * scale)
    return scale, build(g.tail, g.head, price, g.terminal)


def checked(
    tail: ArrayLike,
    head: ArrayLike,
    cost: ArrayLike,
    terminals: ArrayLike,
    nodes: int | None,
    root: int | None,
) -> tuple[NDArray[np.int32], NDArray[np.float64], NDArray[np.int64], int]:
    """Return ends (2, m), costs, terminals (the root among them) and the number of vertices.

    Raises
    ------
    InputError
        As :func:`.solve.solve` says.
    """
    first = _indices(tail, "tail")
    second = _indices(head, "head")
    marks = np.unique(_indices(terminals, "terminals"))
    price = np.ascontiguousarray(cost, np.float64).reshape(-1)
    if not first.size == second.size == price.size:
        raise InputError(
            "tail, head and cost hold {tail}, {head} and {cost} values",
            mend="give one value of each for every edge",
            params={"tail": first.size, "head": second.size, "cost": price.size},
        )
    if root is not None:
        marks = np.union1d(marks, np.array([root]))
    if marks.size == 0:
        raise InputError("there is no terminal to span")
    named = np.concatenate([first, second, marks])
    count = int(named.max()) + 1 if nodes is None else nodes
    for name, values in (("tail", first), ("head", second), ("terminals", marks)):
        wrong = np.flatnonzero((values < 0) | (values >= count))
        if wrong.size:
            raise InputError(
                "vertex {vertex} is outside 0 to {last}",
                Where(key=f"{name}[{wrong[0]}]"),
                params={"vertex": int(values[wrong[0]]), "last": count - 1},
            )
    wrong = np.flatnonzero(~np.isfinite(price) | (price < 0))
    if wrong.size:
        raise InputError(
            "the cost {cost} is negative or not finite",
            Where(key=f"cost[{wrong[0]}]"),
            "give every edge a cost of zero or more",
            {"cost": float(price[wrong[0]])},
        )
    return np.stack([first, second]).astype(np.int32), price, marks, count


def _indices(values: ArrayLike, name: str) -> NDArray[np.int64]:
    array: NDArray[Any] = np.asarray(values).reshape(-1)
    if array.size and not np.issubdtype(array.dtype, np.integer):
        raise InputError(
            "vertices are given as {dtype} instead of whole numbers",
            Where(key=name),
            params={"dtype": str(array.dtype)},
        )
    return array.astype(np.int64, copy=False)
