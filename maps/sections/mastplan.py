"""A plan of masts, as the page reads it: what is built in which year, for whom, for how much."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from phusong.maps.codec import plain, positions, scaled, texts
from phusong.maps.mercator import Frame
from phusong.maps.outline import encode_lines
from phusong.maps.sections.buildsteps import brought_section, step_section

if TYPE_CHECKING:
    from phusong.maps.subjects import MastPlan
    from phusong.planning.results import SitePlan
    from phusong.sources.inputs import Inputs
    from phusong.study import Study


_SERVED = ("villages", "people", "communes", "people_fibre", "counted", "most_people")


def mast_plan_section(
    masts: MastPlan, inputs: Inputs, study: Study, frame: Frame, tolerance_m: float
) -> dict[str, Any]:
    """Return cost and bound, masts, hops, cable, power, villages, bill, curve and years."""
    plan, figures, prices = masts.plan, masts.figures, study.planning.prices
    # Within a budget the bound is on people, without one on money.
    within = math.isfinite(plan.most_people)
    return {
        "life": plain(round(plan.life)),
        "bound": None if math.isnan(plan.lower_bound) else plain(round(plan.lower_bound)),
        "gap": None if math.isnan(plan.gap) else plain(round(plan.gap, 4)),
        "people": plain(round(plan.people)),
        "counted": plain(round(plan.counted)),
        "most_people": plain(round(plan.most_people)) if within else None,
        "branched": plan.branched_last,
        "weighted": masts.weighted,
        "fibre_weight": study.planning.fibre_weight if len(plan.communes) else None,
        "candidates": plan.candidates,
        "rounds": plan.rounds,
        "currency": plan.currency,
        "horizon_years": prices.horizon_years,
        "discount_percent": plain(prices.discount_percent),
        "sites": _sites(plan.sites, frame),
        "hops": _hops(plan, frame),
        "lines": _lines(plan.lines, frame, tolerance_m),
        "power": _power(plan.sites, masts.power_lines, frame, tolerance_m),
        "villages": _villages(plan, inputs),
        "bill": _bill(plan.bill),
        "steps": step_section(plan, inputs, frame),
        "communes": brought_section(plan, inputs, frame),
        "curve": _columns(plan.curve, ("budget", "life", *_SERVED)),
        "years": _columns(plan.years, ("year", "budget", "spent", "spent_total", "left", *_SERVED)),
        "figures": {
            "id": texts(figures["figure"]),
            "unit": texts(figures["unit"]),
            "before": scaled(figures["before"], 4),
            "after": scaled(figures["after"], 4),
        },
        "yearly": None if masts.yearly is None else _yearly(masts.yearly),
    }


def _yearly(yearly: pd.DataFrame) -> dict[str, Any]:
    """Return a figure an entry, with its values now and at the end of each year."""
    table = yearly.pivot_table(index=["figure", "unit"], columns="year", values="value", sort=False)
    return {
        "id": [str(figure) for figure, _ in table.index],
        "unit": [str(unit) for _, unit in table.index],
        "values": [scaled(row, 4) for _, row in table.iterrows()],
    }


def _sites(sites: gpd.GeoDataFrame, frame: Frame) -> dict[str, Any]:
    x, y = _places(sites, frame)
    return {
        "id": texts(sites["site_id"]),
        "kind": texts(sites["kind"]),
        "role": texts(sites["role"]),
        "step": scaled(sites["step"], 0),
        "year": scaled(sites["year"], 0),
        "villages": scaled(sites["villages"], 0),
        "people": scaled(sites["people"], 0),
        "backhaul": texts(sites["backhaul"]),
        "from": texts(sites["from_site_id"]),
        "power": texts(sites["power"]),
        "power_line_km": scaled(sites["power_line_km"], 2),
        "height_m": scaled(sites["height_m"], 1),
        "capital": scaled(sites["capital"], 0),
        "yearly": scaled(sites["yearly"], 0),
        "life": scaled(sites["life"], 0),
        "x": x,
        "y": y,
    }


def _hops(plan: SitePlan, frame: Frame) -> dict[str, Any]:
    hops, at = plan.hops, plan.sites["site_id"]
    return {
        "from": positions(hops["from_site_id"], at),
        "to": positions(hops["to_site_id"], at),
        "step": scaled(hops["step"], 0),
        "year": scaled(hops["year"], 0),
        "length_km": scaled(hops["length_km"], 2),
        "clearance": scaled(hops["clearance"], 2),
        "margin_db": scaled(hops["margin_db"], 1),
        "outage_percent": scaled(hops["outage_percent"], 4),
        "life": scaled(hops["life"], 0),
        "lines": encode_lines(hops.geometry, frame, 0.0),
    }


def _lines(lines: gpd.GeoDataFrame, frame: Frame, tolerance_m: float) -> dict[str, Any]:
    return {
        "step": scaled(lines["step"], 0),
        "year": scaled(lines["year"], 0),
        "kind": texts(lines["kind"]),
        "surface": texts(lines["surface"]),
        "road": texts(lines["road_id"]),
        "length_m": scaled(lines["length_m"], 0),
        "life": scaled(lines["life"], 0),
        "lines": encode_lines(lines.geometry, frame, tolerance_m),
    }


def _power(
    sites: gpd.GeoDataFrame,
    power_lines: gpd.GeoDataFrame | None,
    frame: Frame,
    tolerance_m: float,
) -> dict[str, Any]:
    """Return lines that stand, and the way from the nearest to each mast on the grid."""
    rows = np.flatnonzero((sites["power"] == "grid").to_numpy())
    if power_lines is None or power_lines.empty:
        return {"standing": [], "site": [], "lines": []}
    lines = power_lines.geometry.to_numpy()
    masts = sites.geometry.to_numpy()[rows]
    nearest = shapely.STRtree(lines).nearest(masts) if len(rows) else rows
    return {
        "standing": encode_lines(lines, frame, tolerance_m),
        "site": rows.tolist(),
        "lines": encode_lines(shapely.shortest_line(lines[nearest], masts), frame, 0.0),
    }


def _villages(plan: SitePlan, inputs: Inputs) -> dict[str, Any]:
    villages, at = plan.villages, plan.sites["site_id"]
    return {
        "village": positions(villages["code"], inputs.villages["code"]),
        "status": texts(villages["status"]),
        "step": scaled(villages["step"], 0),
        "year": scaled(villages["year"], 0),
        "site": positions(villages["site_id"], at),
        "second": positions(villages["second_site_id"], at),
        "best_share": scaled(villages["best_share"] * 100, 1),
        "mast": scaled(villages["mast_life"], 0),
        "repeaters": scaled(villages["repeaters"], 0),
        "donor": texts(villages["donor_operator"]),
        "repeater": scaled(villages["repeater_life"], 0),
        "satellite": scaled(villages["satellite_life"], 0),
        "cheapest": texts(villages["cheapest"]),
    }


def _bill(bill: pd.DataFrame) -> dict[str, Any]:
    return {
        "item": texts(bill["item"]),
        "unit": texts(bill["unit"]),
        "quantity": scaled(bill["quantity"], 1),
        **_columns(bill, ("year", "capital", "yearly", "life")),
    }


def _columns(table: pd.DataFrame, names: tuple[str, ...]) -> dict[str, Any]:
    """Return columns of whole numbers; None for what is not finite."""
    return {name: scaled(table[name], 0) for name in names}


def _places(points: gpd.GeoDataFrame, frame: Frame) -> tuple[list[Any], list[Any]]:
    geometry = points.geometry
    return frame.place(geometry.x.to_numpy(dtype=float), geometry.y.to_numpy(dtype=float))
