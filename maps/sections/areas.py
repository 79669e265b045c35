"""Communes, villages and every village figure, as the page reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from phusong.coverage.villages.indoors import OUTDOOR
from phusong.coverage.villages.verdict import GRADE_LETTERS
from phusong.maps.codec import coded, flags, positions, scaled, texts
from phusong.maps.mercator import Frame
from phusong.maps.outline import (
    count_rings,
    encode_lines,
    encode_rings,
    join_areas,
    shared_borders,
    simplify_areas,
)

if TYPE_CHECKING:
    from phusong.coverage.results import VillageCoverage
    from phusong.sources.inputs import Inputs

ANY = "*"
MOST_VERTICES = 180_000
PARTITION_TOLERANCE = 0.002
"""Share of a commune's area by which its villages together may differ and still be it."""
NOT_ASSESSED = "n"


def commune_section(inputs: Inputs, frame: Frame) -> dict[str, Any]:
    """Return code, name and outline of each commune."""
    communes = inputs.communes
    drawn = _village_outlines(inputs, inputs.villages)
    outlines = commune_outlines(communes, inputs.villages, drawn, inputs.grid.cell_m / 2)
    return {
        "code": texts(communes["code"]),
        "name": texts(communes["name"]),
        "rings": encode_rings(outlines, frame),
        "borders": encode_lines(shared_borders(outlines), frame, 0.0),
    }


def _village_outlines(inputs: Inputs, villages: gpd.GeoDataFrame) -> NDArray[np.object_]:
    return simplify_areas(villages.geometry.to_numpy(), inputs.grid.cell_m / 2, MOST_VERTICES)


def commune_outlines(
    communes: gpd.GeoDataFrame,
    villages: gpd.GeoDataFrame,
    drawn: NDArray[np.object_],
    tolerance_m: float,
) -> NDArray[np.object_]:
    """Join the drawn villages where they make up the commune, so that both have one border.

    Where they leave slits, or lie over each other, the commune's own outline is drawn.

    Parameters
    ----------
    communes
        ``code``, geometry.
    villages
        ``commune_code``, geometry as read.
    drawn
        The villages' simplified outlines, row by row.
    tolerance_m
        For the communes whose villages do not make them up.
    """
    outlines = simplify_areas(communes.geometry.to_numpy(), tolerance_m, MOST_VERTICES // 2)
    inside = villages.groupby("commune_code").indices
    rings = count_rings(communes.geometry)
    for row, code in enumerate(communes["code"]):
        if code not in inside:
            continue
        whole = communes.geometry.iloc[row].area
        parts = villages.geometry.iloc[inside[code]].area.sum()
        if abs(parts - whole) >= PARTITION_TOLERANCE * whole:
            continue
        joined = join_areas(drawn[inside[code]])
        if joined is not None and joined.is_valid and count_rings([joined])[0] <= rings[row]:
            outlines[row] = joined
    return outlines


def village_section(
    inputs: Inputs, coverage: VillageCoverage | None, frame: Frame
) -> dict[str, Any]:
    """Return what is true of a village whoever serves it: name, place, people, nearest site."""
    villages = _unassessed(inputs) if coverage is None else coverage.villages
    simple = _village_outlines(inputs, villages)
    centres = inputs.villages.set_index("code").reindex(villages["code"])
    x, y = frame.place(centres["centre_x_m"].to_numpy(), centres["centre_y_m"].to_numpy())
    sources, source_of = coded(villages["people_source"])
    weights, weight_of = coded(villages["weight"])
    return {
        "code": texts(villages["code"]),
        "name": texts(villages["name"]),
        "commune": positions(villages["commune_code"], inputs.communes["code"]),
        "people": scaled(villages["people"], 0),
        "people_source": {"names": sources, "of": source_of},
        "weight": {"names": weights, "of": weight_of},
        "area_km2": scaled(villages["area_km2"], 2),
        "nearest_site": texts(villages["nearest_site_id"]),
        "nearest_site_km": scaled(villages["nearest_site_km"], 2),
        "flags": texts(villages["flags"]),
        "x": x,
        "y": y,
        "rings": encode_rings(simple, frame),
    }


def _unassessed(inputs: Inputs) -> gpd.GeoDataFrame:
    """Return the villages as read, for a run that did not ask about coverage."""
    villages = inputs.villages
    return villages.assign(
        people=villages["population"],
        people_source=villages["population"].notna().map({True: "census", False: "none"}),
        weight="area",
        area_km2=villages.geometry.area / 1e6,
        nearest_site_id=None,
        nearest_site_km=float("nan"),
    )


def figure_section(coverage: VillageCoverage, cells: pd.DataFrame) -> list[dict[str, Any]]:
    """Return one entry a place, carrier and technology: columns in village order.

    Decimals are those the cards show: shares to 0.1 %, levels to 0.1 dB. Levels are only known
    outdoors.
    """
    groups = _by_layer(coverage.by_layer, coverage)
    groups.setdefault((ANY, ANY), coverage.villages.set_index("code"))
    circles = _by_layer(coverage.circles, coverage)
    entries = [
        {
            "place": OUTDOOR,
            "operator": layer[0],
            "technology": layer[1],
            **figure_columns(part, cells),
            **circle_columns(circles.get(layer)),
        }
        for layer, part in groups.items()
    ]
    if coverage.by_place.empty:
        return entries
    return entries + [
        {
            "place": str(place),
            "operator": layer[0],
            "technology": layer[1],
            **figure_columns(part, cells),
        }
        for place, there in coverage.by_place.groupby("place", sort=False)
        for layer, part in _by_layer(there, coverage).items()
    ]


def _by_layer(long: pd.DataFrame, coverage: VillageCoverage) -> dict[tuple[str, str], pd.DataFrame]:
    """Return the rows of each carrier and technology, in village order."""
    order = coverage.villages["code"]
    return {
        (str(operator), str(technology)): part.set_index("code").reindex(order)
        for (operator, technology), part in long.groupby(["operator", "technology"], sort=False)
    }


def figure_columns(part: pd.DataFrame, cells: pd.DataFrame) -> dict[str, Any]:
    """Return the columns of an entry of :func:`figure_section`, of any rows of one layer."""
    grades = [GRADE_LETTERS.get(g, NOT_ASSESSED) for g in texts(part["grade"])]
    columns = {
        "grade": "".join(grades),
        "served": scaled(part["served_share"] * 100, 1),
        "area": scaled(part["served_share_area"] * 100, 1),
        "unserved": scaled(part["people_unserved"], 1),
        "unserved_expected": scaled(part["people_unserved_expected"], 1),
        "chance": scaled(part["probability_centre"] * 100, 1),
        "centre": flags(part["served_centre"]),
        "best": positions(part["best_cell_id"], cells["cell_id"]),
    }
    if "level_centre_dbm" in part:
        columns["median"] = scaled(part["level_median_dbm"], 1)
        columns["level"] = scaled(part["level_centre_dbm"], 1)
    if "expected_share" in part:
        columns["expected"] = scaled(part["expected_share"] * 100, 1)
    return columns


def circle_columns(part: gpd.GeoDataFrame | pd.DataFrame | None) -> dict[str, Any]:
    """Return its columns that say what circles claim; none where nothing is known."""
    if part is None:
        return {}
    return {
        "circle": scaled(part["circle_share"] * 100, 1),
        "circle_centre": flags(part["circle_centre"]),
    }
