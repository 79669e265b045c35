"""A solver's plan in words of the study: sites, hops, cable, villages, bill of quantities."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from phusong.fiber.extension.ordering import Stage
from phusong.fiber.extension.quantities import line_frame
from phusong.planning.arborescence import Plan, Reason
from phusong.planning.costs import annuity, fibre_life_cost, life_cost, masts, times
from phusong.planning.question import Question
from phusong.planning.sites.places import EXISTING
from phusong.study import Extension
from phusong.study.settings.planning import Planning, Price

Ints = NDArray[np.int64]

STATUS = {Reason.CAN_BE: "served", Reason.NO_SITE: "no_site", Reason.NO_BACKHAUL: "no_backhaul"}


def village_frame(
    question: Question, plan: Plan, dark: gpd.GeoDataFrame, names: list[str], settings: Planning
) -> gpd.GeoDataFrame:
    """Say what becomes of each dark village; columns as in :class:`.results.SitePlan`."""
    pairs, known = question.instance.pairs, np.array([*names, None], dtype=object)
    paired = plan.pair >= 0
    first = np.where(paired, pairs.a[plan.pair] if len(pairs.a) else -1, plan.served_by)
    second = np.where(paired, pairs.b[plan.pair] if len(pairs.b) else -1, -1)
    satellite = settings.prices.satellite
    return gpd.GeoDataFrame(
        {
            **{c: dark[c].to_numpy() for c in ("code", "name", "commune_code", "people", "grade")},
            "status": [STATUS[Reason(r)] for r in plan.reason.tolist()],
            "site_id": known[first],
            "second_site_id": known[second],
            "best_share": question.service.share,
            "satellite_life": np.nan
            if satellite is None
            else life_cost(satellite, settings.prices),
        },
        geometry=dark.geometry.to_numpy(),
        crs=dark.crs,
    )


def site_frame(
    question: Question,
    plan: Plan,
    heights_m: NDArray[np.float64],
    names: list[str],
    villages: gpd.GeoDataFrame,
    settings: Planning,
) -> gpd.GeoDataFrame:
    """Return the masts built or climbed, those that serve most people first."""
    places, power, prices = question.places, question.power, settings.prices
    at = plan.sites
    # A mast that stands, serves nobody and passes nothing on is no part of the plan.
    used = np.isin(at, plan.serving) | np.isin(at, plan.hop_from) | (places.kind[at] != EXISTING)
    at = at[used]
    serves = np.isin(at, plan.serving)
    mast_capital, mast_yearly = masts(places, prices)
    stands = places.kind[at] == EXISTING
    # Room on a mast is paid by what serves phones; its relay goes with the hop.
    room = serves | ~stands
    capital = np.where(room, mast_capital[at], 0.0) + power.capital[at]
    yearly = np.where(room, mast_yearly[at], 0.0) + power.yearly[at]
    capital += np.where(serves, prices.radio.capital, 0.0)
    yearly += np.where(serves, prices.radio.yearly, 0.0)
    upstream = dict(zip(plan.hop_to.tolist(), plan.hop_from.tolist(), strict=True))
    fibre = set(plan.fibre_sites.tolist())
    served = villages[villages["site_id"].notna()]
    count = served.groupby("site_id").size()
    people = served.groupby("site_id")["people"].sum()
    ids = np.array(names, dtype=object)[at]
    frame = gpd.GeoDataFrame(
        {
            "site_id": ids,
            "kind": places.kind[at],
            "role": np.where(serves, "serves", "relays").astype(object),
            "villages": pd.Series(ids).map(count).fillna(0).astype(np.int64),
            "people": pd.Series(ids).map(people).fillna(0.0),
            "backhaul": [
                "microwave" if i in upstream else "fibre" if i in fibre else "own"
                for i in at.tolist()
            ],
            "from_site_id": [names[upstream[i]] if i in upstream else None for i in at.tolist()],
            "power": power.kind[at],
            "power_line_km": power.line_km[at],
            "height_m": heights_m[at],
            "capital": capital,
            "yearly": yearly,
            "life": capital + yearly * annuity(prices),
        },
        geometry=shapely.points(places.x_m[at], places.y_m[at]),
        crs=villages.crs,
    )
    order = ["people", "villages", "site_id"]
    ranked = frame.sort_values(order, ascending=[False, False, True], ignore_index=True)
    return gpd.GeoDataFrame(ranked, crs=villages.crs)


def hop_frame(
    question: Question, plan: Plan, names: list[str], settings: Planning, crs: object
) -> gpd.GeoDataFrame:
    """Return the hops built, in the direction that light goes."""
    places, hops, at = question.places, question.hops, plan.hops
    known = np.array(names, dtype=object)
    ends = np.stack(
        [
            np.column_stack([places.x_m[plan.hop_from], places.y_m[plan.hop_from]]),
            np.column_stack([places.x_m[plan.hop_to], places.y_m[plan.hop_to]]),
        ],
        axis=1,
    )
    return gpd.GeoDataFrame(
        {
            "from_site_id": known[plan.hop_from],
            "to_site_id": known[plan.hop_to],
            "length_km": hops.length_km[at],
            "clearance": hops.clearance[at],
            "margin_db": hops.margin_db[at],
            "outage_percent": hops.outage_percent[at],
            "life": life_cost(settings.prices.hop, settings.prices),
        },
        geometry=gpd.GeoSeries([shapely.LineString(pair) for pair in ends]),
        crs=crs,
    )


def cable_frame(
    question: Question, plan: Plan, prices: Extension, settings: Planning
) -> gpd.GeoDataFrame:
    """Return the new cable, pieces of one road as one line."""
    roads = question.roads
    if roads is None:
        columns = ("kind", "surface", "road_id", "length_m", "usd", "life")
        return gpd.GeoDataFrame({c: [] for c in columns}, geometry=[])
    stage = Stage(0, plan.sections, float(roads.usd[plan.sections].sum()))
    lines = line_frame(roads, [stage], prices)
    lines["life"] = fibre_life_cost(lines["usd"], lines["length_m"], settings.prices)
    return gpd.GeoDataFrame(lines.drop(columns=["stage", "cable_m"]))


def bill_of(
    sites: gpd.GeoDataFrame, hops: gpd.GeoDataFrame, lines: gpd.GeoDataFrame, settings: Planning
) -> pd.DataFrame:
    """Sum the plan by item: how much of each, and what it costs."""
    prices = settings.prices
    new = sites["kind"] != EXISTING
    serves = sites["role"] == "serves"
    grid, solar = sites["power"] == "grid", sites["power"] == "solar"
    line_km = float(sites.loc[grid, "power_line_km"].sum())
    km = float(lines["length_m"].sum()) / 1000.0
    laid = float(lines["usd"].sum()) * prices.per_usd if len(lines) else 0.0
    cable = Price(capital=laid, yearly=km * prices.fibre_yearly_per_km)
    items: list[tuple[str, float, str, Price]] = [
        ("new masts", int(new.sum()), "", times(prices.tower, int(new.sum()))),
        ("room on standing masts", int((~new & serves).sum()), "",
         times(prices.cosite, int((~new & serves).sum()))),
        ("radio equipment", int(serves.sum()), "", times(prices.radio, int(serves.sum()))),
        ("panels and batteries", int(solar.sum()), "", times(prices.solar, int(solar.sum()))),
        ("grid connections", int(grid.sum()), "", times(prices.grid, int(grid.sum()))),
        ("power lines", line_km, "km", times(prices.grid_per_km, line_km)),
        ("microwave hops", len(hops), "", times(prices.hop, len(hops))),
        ("fibre cable", km, "km", cable),
    ]  # fmt: skip
    return pd.DataFrame(
        [
            {
                "item": item,
                "quantity": float(quantity),
                "unit": unit,
                "capital": price.capital,
                "yearly": price.yearly,
                "life": life_cost(price, prices),
            }
            for item, quantity, unit, price in items
            if quantity > 0
        ],
        columns=["item", "quantity", "unit", "capital", "yearly", "life"],
    )
