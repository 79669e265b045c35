"""The network as it will stand: the same figures, measured anew with new lines in service."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd

from phusong.fiber.failures.hanging import hanging_pops
from phusong.fiber.failures.redundancy import assess_redundancy
from phusong.fiber.network.drawing import build_network
from phusong.fiber.network.ground import terrain_heights
from phusong.fiber.network.network import Network
from phusong.fiber.network.polylines import Bools
from phusong.fiber.reach.reach import assess_reach
from phusong.fiber.results import FiberResult
from phusong.sources.alterations.laid import cables_with
from phusong.sources.inputs import Inputs
from phusong.study import FiberSources, Study

FIGURES: Final = {
    "communes_with_fibre": "Communes with fibre",
    "communes_with_fibre_share": "Share of communes with fibre",
    "people_in_communes_with_fibre": "People in communes with fibre",
    "communes_on_a_single_route": "Communes on a single route",
    "connected_cable": "Connected cable, km",
}
"""What each figure is called, an English template with its unit."""


def with_new_lines(inputs: Inputs, lines: gpd.GeoDataFrame) -> Inputs:
    """Return inputs in which new lines are cables in service (``NEW-1``, ``NEW-2``, ...)."""
    if not len(lines):
        return inputs
    parts = lines[["geometry"]].explode(index_parts=False, ignore_index=True)
    fresh = {
        "cable_id": [f"NEW-{i + 1}" for i in range(len(parts))],
        "owner": "",
        "geometry": parts.geometry.to_numpy(),
    }
    return replace(inputs, cables=cables_with(inputs, fresh))


def cable_network(inputs: Inputs, study: Study) -> Network:
    """Return the network of the inputs' cables and PoPs under the study's tolerances."""
    fiber = study.fiber or FiberSources()
    network = build_network(
        inputs.cables,
        inputs.pops,
        snap_m=fiber.snap_tolerance_m,
        pop_snap_m=fiber.pop_snap_m,
        join_crossings=fiber.join_crossings,
        heights=terrain_heights(inputs.terrain),
        step_m=inputs.grid.cell_m,
    )
    return replace(network, hanging=hanging_pops(inputs))


def road_network(inputs: Inputs, study: Study) -> Network:
    """Return the network of the inputs' roads, joined within the tolerance of cables."""
    return build_network(
        inputs.roads,
        snap_m=(study.fiber or FiberSources()).snap_tolerance_m,
        heights=terrain_heights(inputs.terrain),
        step_m=inputs.grid.cell_m,
    )


def before_and_after(
    inputs: Inputs, study: Study, fiber: FiberResult, lines: gpd.GeoDataFrame
) -> pd.DataFrame:
    """Measure the figures a province reports before and after, on the network as built.

    Returns
    -------
    pandas.DataFrame
        ``indicator``, ``unit``, ``before``, ``after``.
    """
    settings = study.fiber or FiberSources()
    network = cable_network(with_new_lines(inputs, lines), study)
    after = assess_reach(network, fiber.reach.geometry.to_numpy(), settings)
    has = np.flatnonzero(after.edge >= 0)
    split, node = network.split(after.edge[has], after.along_m[has])
    redundancy = assess_redundancy(split)
    single = np.zeros(len(after.edge), dtype=bool)
    single[has] = ~redundancy.second_route[node]
    now, then = fiber.reach["reached"].to_numpy(dtype=bool), after.table["reached"].to_numpy()
    people = fiber.reach["people"].to_numpy(dtype=np.float64)
    code = fiber.reach["commune_code"]

    def communes(flag: Bools) -> float:
        return float(code[flag].nunique())

    def souls(flag: Bools) -> float:
        return float(np.nansum(people[flag])) if np.isfinite(people).any() else np.nan

    total = max(code.nunique(), 1)
    rows = [
        ("communes_with_fibre", "communes", communes(now), communes(then)),
        ("communes_with_fibre_share", "share", communes(now) / total, communes(then) / total),
        ("people_in_communes_with_fibre", "people", souls(now), souls(then)),
        (
            "communes_on_a_single_route",
            "communes",
            communes(fiber.reach["single_route"].to_numpy(dtype=bool)),
            communes(single & then),
        ),
        (
            "connected_cable",
            "km",
            fiber.summary()["connected_km"],
            _connected_km(network),
        ),
    ]
    return pd.DataFrame(rows, columns=["indicator", "unit", "before", "after"])


def _connected_km(network: Network) -> float:
    lit = network.graph.reached_from(network.lit_pops(), network.in_service)
    return float(network.length_m[network.cable & lit[network.graph.tail]].sum() / 1000.0)
