"""How vertices are named and what arcs stand for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from phusong.planning.arborescence.instance import Instance


class Kind(IntEnum):
    """What an arc stands for."""

    FIBRE = 0
    DROP = 1
    HOP = 2
    LAND = 3
    RADIO = 4
    COVER = 5
    PAIR = 6
    ALONE = 7
    MISSED = 8
    PATH = 9


@dataclass(frozen=True)
class Numbering:
    """Names of vertices, the same whatever is contracted: see :attr:`Layers.name`."""

    nodes: int
    sites: int
    limit: int
    villages: int

    @property
    def first_layer(self) -> int:
        """Name of the first layer of site 0; its other layers follow."""
        return 1 + self.nodes

    @property
    def first_mast(self) -> int:
        """Name of the mast of site 0."""
        return self.first_layer + self.sites * (self.limit + 1)

    @property
    def first_cell(self) -> int:
        """Name of the cell of site 0."""
        return self.first_mast + self.sites

    @property
    def first_village(self) -> int:
        """Name of village 0."""
        return self.first_cell + self.sites

    @property
    def second_village(self) -> int:
        """Name of what stands beside village 0 where pairs cover it."""
        return self.first_village + self.villages


def numbering(instance: Instance) -> Numbering:
    """Return how the vertices of an instance are named."""
    return Numbering(
        instance.fibre.nodes,
        instance.sites.count,
        instance.hops.limit,
        instance.villages.count,
    )
