"""An instance that falls apart where its root is taken out: each part is solved by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from phusong.fiber.steiner.graph import build, components
from phusong.fiber.steiner.trees.construct import mehlhorn

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Block:
    """A part, and the root.

    Attributes
    ----------
    edge
        (m,) its edges in the whole.
    tail, head
        (m,) their ends, numbered from 0; the root is 0.
    terminals
        Its own, the root among them.
    """

    edge: NDArray[np.int64]
    tail: NDArray[np.int32]
    head: NDArray[np.int32]
    terminals: NDArray[np.int64]


class Apart:
    """A connected instance, and the parts it has beside its root.

    Vertices that edges of no cost join to the root are one with it.

    Parameters
    ----------
    ends
        (2, m) ends of the edges.
    price
        (m,) costs.
    wanted
        Terminals.
    nodes, root
        How many vertices, and the one that trees hold in any case.
    """

    def __init__(
        self,
        ends: NDArray[np.int32],
        price: NDArray[np.float64],
        wanted: NDArray[np.int64],
        nodes: int,
        root: int,
    ) -> None:
        self.ends, self.wanted, self.root = ends, wanted, root
        free = price == 0.0
        part = components(nodes, ends[0][free], ends[1][free])
        self.at_root = part == part[root]
        own = ~self.at_root
        both = own[ends[0]] & own[ends[1]]
        part = components(nodes, ends[0][both], ends[1][both])
        self.part = np.where(own, part, -1)
        self.names = np.unique(self.part[wanted[own[wanted]]])

    def blocks(self) -> Iterator[Block]:
        """Give the parts that hold terminals, those of few edges first."""
        label = np.maximum(self.part[self.ends[0]], self.part[self.ends[1]])
        label = np.where(np.isin(label, self.names), label, -1)
        order = np.argsort(label, kind="stable")[np.count_nonzero(label < 0) :]
        cuts = np.flatnonzero(np.diff(label[order])) + 1
        for edge in sorted(np.split(order, cuts), key=len):
            ends = np.where(self.at_root[self.ends[:, edge]], -1, self.ends[:, edge])
            names, number = np.unique(np.append(ends, -1), return_inverse=True)
            number = number[:-1].reshape(ends.shape).astype(np.int32)
            own = np.flatnonzero(np.isin(names, self.wanted))
            yield Block(edge, number[0], number[1], np.union1d(own, [0]))

    def ways_to_root(
        self, edges: NDArray[np.int64], price: NDArray[np.float64]
    ) -> NDArray[np.int64]:
        """Return edges of no cost that join edges, and terminals, to the root itself."""
        inside = self.at_root
        met = np.concatenate([self.ends[:, edges].ravel(), self.wanted, [self.root]])
        met = np.unique(met[inside[met]])
        if met.size == 1:
            return np.empty(0, np.int64)
        own = np.flatnonzero(
            inside[self.ends[0]]
            & inside[self.ends[1]]
            & (price == 0.0)
            & (self.ends[0] != self.ends[1])
        )
        number = (np.cumsum(inside) - 1).astype(np.int32)
        terminal = np.zeros(int(np.count_nonzero(inside)), np.bool_)
        terminal[number[met]] = True
        g = build(number[self.ends[0][own]], number[self.ends[1][own]], price[own], terminal)
        tree: NDArray[np.int32] = mehlhorn(
            g.indptr, g.adj, g.eid, g.wt, g.tail, g.head, g.cost, g.terminal
        )
        return np.asarray(own[tree])
