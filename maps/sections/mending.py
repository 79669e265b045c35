"""Pairs of cuts of one ring, and what mends losses for its cost, as the page reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from phusong.maps.codec import differences, plain, positions, scaled, texts
from phusong.maps.mercator import Frame
from phusong.maps.outline import encode_lines
from phusong.planning.cascade.remedies.works import BATTERY, HOP, ROUTE
from phusong.sources.cables.called import thing_numbers

if TYPE_CHECKING:
    from phusong.fiber.results import FiberResult
    from phusong.planning.cascade.results import Cascade
    from phusong.sources.inputs import Inputs
    from phusong.study.settings.planning import Prices

_COUNTS = {
    "communes": "communes",
    "sites": "sites",
    "villages": "villages",
    "people": "people",
    "mended": "events_mended",
    "eased": "events_eased",
    "worst": "worst_people",
    "signal": "person_hours_signal",
    "fibre": "person_hours_fibre",
    "saved": "person_hours",
    "capital": "capital",
    "yearly": "yearly",
    "life": "life",
    "step": "step",
    "life_added": "life_added",
    "saved_added": "person_hours_added",
    "life_total": "life_total",
    "saved_total": "person_hours_total",
}


def ring_section(
    cuts: gpd.GeoDataFrame, villages: list[int], fiber: FiberResult, inputs: Inputs, frame: Frame
) -> dict[str, Any]:
    """Return pairs of sections, what both together darken, and the set of villages of each."""
    edges = fiber.edges["edge_id"].astype(str)
    ends = (cuts["section_a"].astype(str), cuts["section_b"].astype(str))
    (x, y), (x_b, y_b) = (_middles(cuts, end, frame) for end in (0, 1))
    return {
        "a": texts(cuts["section_a"]),
        "b": texts(cuts["section_b"]),
        "cable_a": texts(cuts["cable_a"]),
        "cable_b": texts(cuts["cable_b"]),
        "cables": [list(pair) for pair in zip(*(positions(e, edges) for e in ends), strict=True)],
        "sections": scaled(cuts["sections"], 0),
        "communes": _rows_of(cuts["communes"], inputs.communes["code"]),
        "sites": _rows_of(cuts["sites"], inputs.sites["site_id"]),
        "villages": villages,
        "lower": scaled(cuts["villages_lower"], 0),
        "all": scaled(cuts["villages_all"], 0),
        "people": scaled(cuts["people_without_signal"], 0),
        "people_fibre": scaled(cuts["people_without_fibre"], 0),
        "x": x,
        "y": y,
        "x_b": x_b,
        "y_b": y_b,
    }


def _middles(cuts: gpd.GeoDataFrame, end: int, frame: Frame) -> tuple[list[Any], list[Any]]:
    """Return the middle of one of the two sections of each pair."""
    sections = shapely.get_geometry(cuts.geometry.to_numpy(), end)
    middle = shapely.line_interpolate_point(sections, 0.5, normalized=True)
    return frame.place(shapely.get_x(middle), shapely.get_y(middle))


def _rows_of(names: pd.Series, among: pd.Series) -> list[list[int]]:
    """Return rows of what each tuple names, as differences."""
    row = {str(name): i for i, name in enumerate(among)}
    return [differences(row[str(n)] for n in one if str(n) in row) for one in names]


def remedy_section(
    cascade: Cascade, prices: Prices, inputs: Inputs, frame: Frame
) -> dict[str, Any]:
    """Return remedies by rank: what is built where, what it costs, what it saves; all that is lost.

    ``site`` and ``pop`` are rows of what batteries stand at, or a second route leads to; ``from``
    is the site at the far end of a hop.
    """
    table = cascade.remedies
    drawn = table.geometry.to_numpy()
    at = shapely.point_on_surface(drawn)
    x, y = frame.place(shapely.get_x(at), shapely.get_y(at))
    sites, pops = (
        inputs.sites["site_id"].astype(str).tolist(),
        inputs.pops["pop_id"].astype(str).tolist(),
    )
    numbers = thing_numbers(sites, pops)
    nothing = shapely.MultiLineString()
    lines = [nothing if k == BATTERY else d for k, d in zip(table["kind"], drawn, strict=True)]
    route = table["where"].astype(str).where(table["kind"] == ROUTE, "")
    commune = positions(route, inputs.communes["code"].astype(str))
    helped = [
        [numbers[name] for name in str(where).split(", ") if at < 0 and name in numbers]
        for where, at in zip(table["where"], commune, strict=True)
    ]
    return {
        "kind": texts(table["kind"]),
        "where": texts(table["where"]),
        "by": texts(table["by"]),
        "quantity": scaled(table["quantity"], 2),
        "unit": texts(table["unit"]),
        "per_1000": scaled(table["per_1000"], 1),
        **{short: scaled(table[name], 0) for short, name in _COUNTS.items()},
        "site": [[i for i in one if i < len(sites)] for one in helped],
        "pop": [[i - len(sites) for i in one if i >= len(sites)] for one in helped],
        "from": [numbers.get(by, -1) if k == HOP else -1 for k, by in _ends(table)],
        "commune": commune,
        "lines": encode_lines(np.array([*lines, None], dtype=object)[:-1], frame, 0.0),
        "x": x,
        "y": y,
        "toll": {
            "signal": plain(round(cascade.toll.signal)),
            "fibre": plain(round(cascade.toll.fibre)),
        },
        "currency": prices.currency,
        "horizon_years": prices.horizon_years,
    }


def _ends(table: pd.DataFrame) -> list[tuple[str, str]]:
    return list(zip(table["kind"], table["by"].astype(str), strict=True))
