"""What is lost at once, and what then goes dark: the one computation behind every output of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from phusong.fiber.failures.hanging import Backhaul
from phusong.fiber.network.light import lit_nodes
from phusong.fiber.network.network import Network
from phusong.fiber.network.polylines import Bools, Floats, Ints


@dataclass(frozen=True)
class Hanging:
    """Communes (or other places) that hang on the network.

    Attributes
    ----------
    code
        (k,) what they are called.
    node
        (k,) node their drop leaves from, -1 where not reached.
    people
        (k,) people in them, NaN where unknown.
    """

    code: NDArray[np.object_]
    node: Ints
    people: Floats


@dataclass(frozen=True)
class Loss:
    """What was lost at once: (edges,) and (nodes,) of the network, (things,) of the backhaul."""

    edges: Bools
    nodes: Bools
    things: Bools

    @classmethod
    def of(
        cls,
        network: Network,
        backhaul: Backhaul | None,
        edges: Ints | list[int] | None = None,
        nodes: Ints | list[int] | None = None,
    ) -> Loss:
        """Return the loss of edges and nodes by their numbers."""
        things = 0 if backhaul is None else len(backhaul.names)
        out = cls(
            np.zeros(len(network.graph), dtype=bool),
            np.zeros(network.graph.nodes, dtype=bool),
            np.zeros(things, dtype=bool),
        )
        out.edges[[] if edges is None else edges] = True
        out.nodes[[] if nodes is None else nodes] = True
        return out


@dataclass(frozen=True)
class Tracer:
    """A network with what hangs on it, ready to have losses followed through it.

    Attributes
    ----------
    network
        Cables, PoPs and drops.
    hanging
        The places whose light is asked for.
    backhaul
        What sites and PoPs hang on; None where the study does not say.
    """

    network: Network
    hanging: Hanging
    backhaul: Backhaul | None

    @cached_property
    def whole(self) -> tuple[Bools, Bools]:
        """(nodes,) and (things,) that are lit while nothing is lost."""
        return self._lit(Loss.of(self.network, self.backhaul))

    def darkened(self, loss: Loss) -> tuple[Ints, Ints]:
        """Return the places and the things of the backhaul (both sorted) that a loss darkens."""
        nodes, things = self.whole
        left, still = self._lit(loss)
        placed = np.flatnonzero(self.hanging.node >= 0)
        node = self.hanging.node[placed]
        return placed[nodes[node] & ~left[node]], np.flatnonzero(things & ~still)

    def _lit(self, loss: Loss) -> tuple[Bools, Bools]:
        use = self.network.in_service & ~loss.edges
        if self.backhaul is None:
            nodes = lit_nodes(self.network.graph, self.network.fed_pops(), use, loss.nodes)
            return nodes, np.zeros(0, dtype=bool)
        return self.backhaul.lit(self.network, use, loss.nodes, loss.things)
