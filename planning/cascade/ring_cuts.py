"""Two cuts of one ring, harmless each by itself, followed to villages and people."""

from __future__ import annotations

from typing import Final

import geopandas as gpd
import numpy as np
import shapely

from phusong.fiber.failures.cutpairs import cut_pair_frame, find_cut_pairs
from phusong.planning.cascade.judged import Judged
from phusong.planning.cascade.losable import Network
from phusong.progress import Progress

MOST: Final = 200
"""Rings that are followed: those behind which most hangs."""
COLUMNS: Final = (
    *("section_a", "cable_a", "section_b", "cable_b", "sections", "communes_dark"),
    *("people_without_fibre", "sites_dark", "villages_lower", "villages_all"),
    *("people_without_signal", "communes", "sites"),
)
_WORST: Final = (
    "people_without_signal",
    "villages_lower",
    "people_without_fibre",
    "communes_dark",
    "sites_dark",
)


def ring_cuts(
    network: Network, judged: Judged, progress: Progress | None = None
) -> gpd.GeoDataFrame:
    """Return pairs of sections that cut something off together and not alone, worst first.

    Parameters
    ----------
    judged
        Villages under sets of silent sites; those of the pairs are added.

    Returns
    -------
    GeoDataFrame
        See :attr:`phusong.planning.cascade.results.Cascade.cuts`.
    """
    edges = network.fiber.edges
    pairs = find_cut_pairs(network.tracer, MOST)
    table = cut_pair_frame(pairs, network.tracer, edges["edge_id"].to_numpy(dtype=object))
    table = table.rename(columns={"people": "people_without_fibre"})
    silent = [frozenset(sites) for sites in table["sites"]]
    judged.judge(silent, progress)
    felt = [judged.felt(sites) for sites in silent]
    cable = edges["cable_id"].to_numpy(dtype=object)
    for letter, end in (("a", 0), ("b", 1)):
        table[f"cable_{letter}"] = [str(cable[pair.edges[end]]) for pair in pairs]
    table["communes_dark"] = [len(codes) for codes in table["communes"]]
    table["sites_dark"] = [len(ids) for ids in table["sites"]]
    table["villages_lower"] = [f.lower for f in felt]
    table["villages_all"] = [int(f.all.sum()) for f in felt]
    table["people_without_signal"] = np.array([f.lost for f in felt], dtype=np.float64)
    drawn = network.fiber.network.geometry
    lines = [shapely.multilinestrings([drawn[e] for e in pair.edges]) for pair in pairs]
    whole = gpd.GeoDataFrame(table[list(COLUMNS)], geometry=lines, crs=network.inputs.crs)
    by = [*_WORST, "section_a", "section_b"]
    falling = [False] * len(_WORST) + [True, True]
    return whole.sort_values(by, ascending=falling, na_position="last", ignore_index=True)
