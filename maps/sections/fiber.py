"""Cables, points of presence, reach of communes and weak points, as the page reads them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd

from phusong.fiber.network.gaps import SUGGESTIONS
from phusong.fiber.reach.reasons import reason_text
from phusong.i18n import tr
from phusong.maps.codec import coded, flags, plain, positions, scaled, texts
from phusong.maps.mercator import Frame
from phusong.maps.outline import encode_lines
from phusong.maps.words import both_from

if TYPE_CHECKING:
    from phusong.fiber.results import FiberResult
    from phusong.sources.inputs import Inputs

EXPLAINED = 40
"""Communes named on the card of one weak point; the rest are counted."""


def cable_section(fiber: FiberResult, frame: Frame, tolerance_m: float) -> dict[str, Any]:
    """Return each section of cable between joints."""
    edges = fiber.edges
    statuses, status_of = coded(edges["status"])
    owners, owner_of = coded(edges["owner"])
    return {
        "id": texts(edges["cable_id"]),
        "statuses": statuses,
        "status": status_of,
        "owners": owners,
        "owner": owner_of,
        "in_service": flags(edges["in_service"]),
        "connected": flags(edges["connected"]),
        "bridge": flags(edges["bridge"]),
        "length_m": scaled(edges["length_m"], 0),
        "communes_behind": scaled(edges["communes_behind"], 0),
        "people_behind": scaled(edges["people_behind"], 0),
        "lines": encode_lines(edges.geometry, frame, tolerance_m),
    }


def reach_section(fiber: FiberResult, inputs: Inputs, frame: Frame) -> dict[str, Any]:
    """Return each commune centre with its route's figures, or why it has none."""
    reach = fiber.reach
    x, y = _places(reach, frame)
    routes = fiber.routes.drop_duplicates("commune_code").set_index("commune_code")
    return {
        "commune": positions(reach["commune_code"], inputs.communes["code"]),
        "name": texts(reach["name"]),
        "reached": flags(reach["reached"]),
        "why": [
            both_from(partial(reason_text, code, params))
            for code, params in zip(reach["reason"], reach["reason_params"], strict=True)
        ],
        "pop": texts(reach["pop_id"]),
        "route_km": scaled(reach["route_km"], 2),
        "drop_m": scaled(reach["drop_m"], 0),
        "loss_db": scaled(reach["loss_db"], 2),
        "splices": scaled(reach["splices"], 0),
        "optical_class": texts(reach["optical_class"]),
        "margin_db": scaled(reach["margin_db"], 2),
        "nearest_cable_m": scaled(reach["nearest_cable_m"], 0),
        "nearest_connected_m": scaled(reach["nearest_connected_m"], 0),
        "nearest_pop_km": scaled(reach["nearest_pop_km"], 2),
        "single_route": flags(reach["single_route"]),
        "bridges_on_route": scaled(reach["bridges_on_route"], 0),
        "x": x,
        "y": y,
        "route": _routes(reach["commune_code"], routes, inputs, frame),
    }


def pop_section(inputs: Inputs, frame: Frame) -> dict[str, Any]:
    """Return the points of presence."""
    x, y = _places(inputs.pops, frame)
    return {"id": texts(inputs.pops["pop_id"]), "name": texts(inputs.pops["name"]), "x": x, "y": y}


def gap_section(fiber: FiberResult, frame: Frame) -> dict[str, Any]:
    """Return the near misses of the drawing: questions for the cable's owner."""
    gaps = fiber.near_misses
    kinds, kind_of = coded(gaps["kind"])
    x, y = _places(gaps, frame)
    return {
        "kinds": kinds,
        "kind": kind_of,
        "gap_m": scaled(gaps["gap_m"], 1),
        "a": texts(gaps["a"]),
        "b": texts(gaps["b"]),
        "lon": scaled(gaps["lon"], 6),
        "lat": scaled(gaps["lat"], 6),
        "suggestion": [
            both_from(partial(tr, SUGGESTIONS[kind], a=a, b=b))
            for kind, a, b in zip(gaps["kind"], gaps["a"], gaps["b"], strict=True)
        ],
        "x": x,
        "y": y,
    }


def weak_section(fiber: FiberResult, inputs: Inputs, frame: Frame) -> dict[str, Any]:
    """Return what darkens communes or sites when it fails alone, ranked."""
    failures = fiber.failures
    known = {
        "edge": dict(zip(fiber.edges["edge_id"], _middles(fiber.edges), strict=True)),
        "node": dict(zip(fiber.nodes["node_id"], fiber.nodes.geometry, strict=True)),
        "pop": dict(zip(inputs.pops["pop_id"], inputs.pops.geometry, strict=True)),
    }
    # A shared duct has no one place: it is listed, and drawn nowhere.
    spots = [
        known.get(kind, {}).get(name)
        for kind, name in zip(failures["element"], failures["id"], strict=True)
    ]
    x, y = _places(gpd.GeoDataFrame(geometry=gpd.GeoSeries(spots, crs=inputs.crs)), frame)
    code = inputs.communes["code"]
    return {
        "known": fiber.backhaul is not None,
        "element": texts(failures["element"]),
        "id": texts(failures["id"]),
        "count": scaled(failures["count"], 0),
        "people": scaled(failures["people"], 0),
        "communes": [
            positions(pd.Series(list(behind)[:EXPLAINED], dtype=object), code)
            for behind in failures["communes"]
        ],
        "sites": [
            positions(pd.Series(list(dark), dtype=object), inputs.sites["site_id"].astype(str))
            for dark in failures["sites"]
        ],
        "x": x,
        "y": y,
    }


def centre_section(inputs: Inputs, frame: Frame) -> dict[str, Any]:
    """Return the commune centres alone, for a run without fibre."""
    centres = inputs.commune_centres
    x, y = _places(centres, frame)
    return {
        "commune": positions(centres["commune_code"], inputs.communes["code"]),
        "name": texts(centres["name"]),
        "x": x,
        "y": y,
    }


def _middles(edges: gpd.GeoDataFrame) -> gpd.GeoSeries:
    return edges.geometry.interpolate(0.5, normalized=True)


def _places(frame_of: gpd.GeoDataFrame, frame: Frame) -> tuple[list[Any], list[Any]]:
    geometry = frame_of.geometry
    return frame.place(geometry.x.to_numpy(dtype=float), geometry.y.to_numpy(dtype=float))


def _routes(
    communes: pd.Series, routes: gpd.GeoDataFrame, inputs: Inputs, frame: Frame
) -> list[list[list[int]]]:
    known = [code for code in communes.unique() if code in routes.index]
    lines = encode_lines(routes.loc[known].geometry, frame, inputs.grid.cell_m / 2)
    drawn = {plain(code): line for code, line in zip(known, lines, strict=True)}
    return [drawn.get(plain(code), []) for code in communes]
