"""What the fibre engine hands on: the network, what it reaches, and how it fails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from phusong.fiber.failures.hanging import Backhaul
from phusong.fiber.failures.outage import named_loss
from phusong.fiber.failures.redundancy import Redundancy
from phusong.fiber.failures.tracing import Hanging, Tracer
from phusong.fiber.network.network import Network
from phusong.fiber.network.polylines import Ints


@dataclass(frozen=True)
class FiberResult:
    """Fibre of a study; every frame is in the study's CRS, with a RangeIndex.

    Attributes
    ----------
    network
        The noded network, drops included.
    edges
        ``edge_id``, ``cable_id``, ``owner``, ``status``, ``kind`` (the cable's, or ``joint``,
        ``pop_tail``), ``group``, ``cores``, ``in_service``, ``length_m`` (along the ground),
        ``connected`` (to a lit PoP), ``bridge``, ``ring`` (number of the ring system, -1
        none), ``communes_behind``, ``people_behind`` (isolated by cutting it), geometry.
    nodes
        ``node_id``, ``kind`` (``pop`` | ``drop`` | ``end`` | ``joint``), ``degree``,
        ``cut_node``, geometry.
    near_misses
        See :func:`phusong.fiber.network.gaps.find_gaps`.
    reach
        One row a commune centre: ``commune_code``, ``name``, ``reached``, ``reason``
        (``reached`` | ``no_cable`` | ``not_connected`` | ``too_far`` | ``budget`` |
        ``no_centre`` | ``no_pop``), ``reason_params``, ``pop_id``, ``route_km`` (without the
        drop), ``drop_m``, ``loss_db`` (at the class's worst wavelength), ``splices``
        (joints of the route, the drop's, and the drums' on average), ``optical_class``,
        ``working_classes``, ``attenuator_db``, ``margin_db`` (budget left after the margin),
        ``nearest_cable_m``, ``nearest_connected_m``, ``nearest_pop_km``, ``gap_m``,
        ``gap_x_m``, ``gap_y_m``, ``single_route``, ``bridges_on_route``, ``shared_risk`` (has
        two routes, but one shared-risk group takes both),
        ``second_route_same_pop``, ``second_route_other_pop``, ``node_disjoint``,
        ``node_disjoint_other_pop``, ``people``, geometry (the centre).
    routes
        ``commune_code``, ``pop_id``, ``length_km``, geometry, of the centres with a route.
    failures
        See :func:`phusong.fiber.failures.ranking.rank_failures`; ``x_m``, ``y_m``: the node, or the
        middle of the (first) section.
    redundancy
        Low links and flags behind the frames.
    hanging
        The centres as they hang on the network.
    pop_ids
        Names of the PoPs, by row.
    groups
        Edges of each shared-risk group, by name.
    backhaul
        What sites and PoPs hang on; None where the study does not say.
    """

    network: Network
    edges: gpd.GeoDataFrame
    nodes: gpd.GeoDataFrame
    near_misses: gpd.GeoDataFrame
    reach: gpd.GeoDataFrame
    routes: gpd.GeoDataFrame
    failures: pd.DataFrame
    redundancy: Redundancy
    hanging: Hanging
    pop_ids: tuple[str, ...]
    groups: Mapping[str, Ints]
    backhaul: Backhaul | None = None

    def what_if(self, cut: Sequence[str]) -> pd.DataFrame:
        """Return the communes that go dark when edges, nodes or groups are lost at once.

        One row a centre: ``commune_code``, ``name``, ``people``. See
        :func:`phusong.fiber.failures.outage.named_loss` for what may be named.
        """
        dark, _ = self._lost(cut)
        return pd.DataFrame(
            {
                "commune_code": self.hanging.code[dark],
                "name": self.reach["name"].to_numpy(dtype=object)[dark],
                "people": self.hanging.people[dark],
            }
        )

    def dark_sites(self, cut: Sequence[str]) -> list[str]:
        """Return the ids of the sites that go dark; none where no backhaul is known."""
        if self.backhaul is None:
            return []
        _, things = self._lost(cut)
        return [str(n) for n in self.backhaul.names[things[things < self.backhaul.sites]]]

    def _lost(self, cut: Sequence[str]) -> tuple[Ints, Ints]:
        ids = self.edges["edge_id"].to_numpy(dtype=object)
        loss = named_loss(self.network, ids, self.pop_ids, self.groups, self.backhaul, cut)
        return Tracer(self.network, self.hanging, self.backhaul).darkened(loss)

    def summary(self) -> dict[str, Any]:
        """Return the figures of the room: counts, lengths and shares of rows of ``reach``."""
        centres = self.reach
        edges = self.edges
        served = edges["in_service"] & (self.network.line >= 0)
        return {
            "centres": len(centres),
            "reached": int(centres["reached"].sum()),
            "single_route": int(centres["single_route"].sum()),
            "cable_km": float(edges.loc[served, "length_m"].sum() / 1000.0),
            "connected_km": float(
                edges.loc[served & edges["connected"], "length_m"].sum() / 1000.0
            ),
            "bridges": int(edges["bridge"].sum()),
            "near_misses": len(self.near_misses),
            "edges": len(edges),
            "nodes": int(np.count_nonzero(self.network.graph.degree)),
        }
