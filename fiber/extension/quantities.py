"""What is to be built: lines, stages and the bill of quantities."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from phusong.fiber.extension.candidates import Candidates
from phusong.fiber.extension.ordering import Stage
from phusong.fiber.extension.shortcuts import ACCESS, OFFROAD
from phusong.fiber.network.polylines import Ints
from phusong.fiber.results import FiberResult
from phusong.study import Extension

LINE_COLUMNS = ("stage", "kind", "surface", "road_id", "length_m", "cable_m", "usd", "geometry")


def line_frame(candidates: Candidates, order: list[Stage], prices: Extension) -> gpd.GeoDataFrame:
    """Say what is built; pieces of one road in one stage are one line."""
    crs = candidates.roads.crs
    edges = np.concatenate([np.zeros(0, np.int64), *(s.edges for s in order)])
    stage = np.repeat(np.arange(1, len(order) + 1), [len(s.edges) for s in order])
    table = pd.DataFrame(
        {
            "stage": stage.astype(np.int64),
            "length_m": candidates.length_m[edges],
            "usd": candidates.usd[edges],
            "geometry": candidates.geometry(edges),
        }
    )
    source = candidates.roads.source
    count = len(candidates.roads.graph)
    row = (
        np.where(edges < count, candidates.roads.line[np.minimum(edges, count - 1)], -1)
        if count
        else np.full(len(edges), -1)
    )
    for name in ("kind", "surface", "road_id"):
        values = np.full(len(edges), "", dtype=object)
        if name in source and len(source):
            has = row >= 0
            values[has] = source[name].astype(str).to_numpy(dtype=object)[row[has]]
        table[name] = values
    kind = candidates.kind[edges]
    table.loc[kind == ACCESS, "kind"] = "access"
    table.loc[kind == OFFROAD, "kind"] = "offroad"
    table = table[(table["length_m"] > 0) | (table["usd"] > 0)]
    groups = table.groupby(["stage", "kind", "surface", "road_id"], sort=True, as_index=False)
    merged = groups.agg({"length_m": "sum", "usd": "sum", "geometry": merged_lines})
    merged["cable_m"] = merged["length_m"] * prices.route_factor
    frame = gpd.GeoDataFrame(merged, geometry="geometry", crs=crs)
    return gpd.GeoDataFrame(frame[list(LINE_COLUMNS)].reset_index(drop=True))


def merged_lines(pieces: pd.Series[Any]) -> Any:
    """Return pieces of one line in one geometry."""
    parts = list(pieces)
    return parts[0] if len(parts) == 1 else shapely.line_merge(shapely.multilinestrings(parts))


def bill_of_quantities(lines: gpd.GeoDataFrame) -> pd.DataFrame:
    """Sum lines by kind and surface: kilometres of route, of cable to buy, and cost."""
    table = pd.DataFrame(lines.drop(columns="geometry"))
    bill = table.groupby(["kind", "surface"], sort=True, as_index=False).agg(
        route_km=("length_m", "sum"), cable_km=("cable_m", "sum"), usd=("usd", "sum")
    )
    bill[["route_km", "cable_km"]] /= 1000.0
    bill["usd_per_km"] = bill["usd"] / bill["route_km"].where(bill["route_km"] > 0)
    return bill[["kind", "surface", "route_km", "cable_km", "usd_per_km", "usd"]]


def stage_frame(
    fiber: FiberResult, wanted: Ints, order: list[Stage], lines: gpd.GeoDataFrame
) -> pd.DataFrame:
    """Return one row a stage, in order of building, with running totals."""
    rows = wanted[[s.target for s in order]] if order else np.zeros(0, np.int64)
    number = np.arange(1, len(order) + 1)
    km = lines.groupby("stage")["length_m"].sum().reindex(number, fill_value=0.0) / 1000.0
    people = fiber.reach["people"].to_numpy(dtype=np.float64)[rows]
    usd = np.array([s.usd for s in order])
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = people / usd * 1000.0
    return pd.DataFrame(
        {
            "stage": number,
            "commune_code": fiber.reach["commune_code"].to_numpy(dtype=object)[rows],
            "name": fiber.reach["name"].to_numpy(dtype=object)[rows],
            "usd": usd,
            "km": km.to_numpy(),
            "people": people,
            "people_per_1000_usd": np.where(usd > 0, ratio, np.nan),
            "usd_total": np.cumsum(usd),
            "km_total": np.cumsum(km.to_numpy()),
            "people_total": np.nancumsum(people) if np.isfinite(people).any() else np.nan,
        }
    )
