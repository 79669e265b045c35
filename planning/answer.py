"""A solver's plan in words of the study: sites, hops, cable, villages, years."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from phusong.fiber.extension.ordering import Stage
from phusong.fiber.extension.quantities import line_frame
from phusong.planning.alternatives import Alternatives
from phusong.planning.arborescence import Plan, Reason
from phusong.planning.building import Building, Job
from phusong.planning.costs import annuity, fibre_life_cost, life_cost, masts
from phusong.planning.question import Question
from phusong.planning.sites.places import EXISTING
from phusong.study import Extension
from phusong.study.settings.planning import Planning

Ints = NDArray[np.int64]

STATUS = {
    Reason.CAN_BE: "over_budget",
    Reason.NO_SITE: "no_site",
    Reason.NO_BACKHAUL: "no_backhaul",
}
"""What a village that is not served is called."""


def masts_only(plan: Plan, places: int, villages: int) -> Plan:
    """Return what a plan builds for villages, without the commune centres at the end of both."""
    return replace(
        plan,
        sites=plan.sites[plan.sites < places],
        serving=plan.serving[plan.serving < places],
        fibre_sites=plan.fibre_sites[plan.fibre_sites < places],
        served_by=plan.served_by[:villages],
        pair=plan.pair[:villages],
        alone=plan.alone[:villages],
        reason=plan.reason[:villages],
    )


def year_of(plans: Sequence[Plan], name: str, count: int) -> Ints:
    """Return the first year (from 1) whose plan holds each thing; 0 where none does.

    Parameters
    ----------
    plans
        What stands at the end of each year.
    name
        ``sites`` | ``serving`` | ``sections`` | ``hops`` | ``villages``.
    count
        How many of them there are.
    """
    year = np.zeros(count, dtype=np.int64)
    for number, plan in reversed(list(enumerate(plans, start=1))):
        held = np.flatnonzero(plan.served) if name == "villages" else getattr(plan, name)
        year[held] = number
    return year


def village_frame(
    question: Question,
    plans: Sequence[Plan],
    dark: gpd.GeoDataFrame,
    names: list[str],
    building: Building,
    others: Alternatives,
    wanted: Sequence[str],
    mast: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> gpd.GeoDataFrame:
    """Say what becomes of each dark village; columns as in :class:`.results.SitePlan`.

    Parameters
    ----------
    others
        What else would serve each village.
    wanted
        The kinds that plans may choose.
    mast
        (villages,) what masts cost by village, and what would not be built without each.
    """
    plan, year = plans[-1], year_of(plans, "villages", len(dark))
    pairs, known = question.instance.pairs, np.array([*names, None], dtype=object)
    paired = plan.pair >= 0
    first = np.where(paired, pairs.a[plan.pair] if len(pairs.a) else -1, plan.served_by)
    second = np.where(paired, pairs.b[plan.pair] if len(pairs.b) else -1, -1)
    kind = others.of(wanted)[1]
    alone = plan.alone & (first < 0)
    return gpd.GeoDataFrame(
        {
            **{c: dark[c].to_numpy() for c in ("code", "name", "commune_code", "people", "grade")},
            "status": [
                str(by) if itself else "served" if served else STATUS[Reason(reason)]
                for by, itself, served, reason in zip(
                    kind.tolist(),
                    alone.tolist(),
                    plan.served.tolist(),
                    plan.reason.tolist(),
                    strict=True,
                )
            ],
            "step": building.serves[: len(dark)],
            "year": year,
            "site_id": known[first],
            "second_site_id": known[second],
            "best_share": question.service.share,
            "mast_life": mast[0],
            "mast_saved": mast[1],
            "donor_dbm": others.donors.level_dbm,
            "donor_operator": others.donors.operator,
            "repeaters": others.repeaters,
            "repeater_life": others.repeater,
            "satellite_life": others.satellite,
            "cheapest": others.cheapest(mast[0]),
            "alternative": kind,
        },
        geometry=dark.geometry.to_numpy(),
        crs=dark.crs,
    )


def site_frame(
    question: Question,
    plans: Sequence[Plan],
    heights_m: NDArray[np.float64],
    names: list[str],
    villages: gpd.GeoDataFrame,
    settings: Planning,
    building: Building,
) -> gpd.GeoDataFrame:
    """Return the masts built or climbed, those that serve most people first."""
    places, power, prices, plan = question.places, question.power, settings.prices, plans[-1]
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
            "step": np.where(
                stands & serves, building.step_of[Job.RADIO][at], building.step_of[Job.SITE][at]
            ),
            "year": year_of(plans, "sites", len(places))[at],
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
    order = ["year", "people", "villages", "site_id"]
    ranked = frame.sort_values(order, ascending=[True, False, False, True], ignore_index=True)
    return gpd.GeoDataFrame(ranked, crs=villages.crs)


def hop_frame(
    question: Question,
    plans: Sequence[Plan],
    names: list[str],
    settings: Planning,
    building: Building,
    crs: object,
) -> gpd.GeoDataFrame:
    """Return the hops built, in the direction that light goes."""
    plan = plans[-1]
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
            "step": building.step_of[Job.HOP][at],
            "year": year_of(plans, "hops", len(hops.a))[at],
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
    question: Question, building: Building, prices: Extension, settings: Planning, crs: object
) -> gpd.GeoDataFrame:
    """Return the new cable; pieces of one road in one step are one line."""
    roads = question.roads
    if roads is None:
        columns = ("step", "year", "kind", "surface", "road_id", "length_m", "usd", "life")
        return gpd.GeoDataFrame({c: [] for c in columns}, geometry=[], crs=crs)
    step = building.step_of[Job.SECTION]
    laid = [np.flatnonzero(step == number) for number in range(1, len(building) + 1)]
    stages = [Stage(0, sections, float(roads.usd[sections].sum())) for sections in laid]
    lines = line_frame(roads, stages, prices).rename(columns={"stage": "step"})
    lines.insert(1, "year", building.year[lines["step"].to_numpy() - 1])
    lines["life"] = fibre_life_cost(lines["usd"], lines["length_m"], settings.prices)
    return gpd.GeoDataFrame(lines.drop(columns="cable_m"))


def curve_frame(
    plans: Sequence[Plan], budgets: Sequence[float], people: NDArray[np.float64], first: int
) -> pd.DataFrame:
    """Return what each sum buys; columns as in :class:`.results.SitePlan`.

    Parameters
    ----------
    people
        (villages,) of the dark villages, then of the commune centres; not weighted.
    first
        Number of the first that stands for a centre.
    """
    return pd.DataFrame(
        {
            "budget": list(budgets),
            "life": [plan.cost for plan in plans],
            **_served(plans, people, first),
            "counted": [plan.people for plan in plans],
            "most_people": [plan.most_people for plan in plans],
        }
    )


def year_frame(
    plans: Sequence[Plan],
    most_people: Sequence[float],
    budgets: Sequence[float],
    people: NDArray[np.float64],
    first: int,
) -> pd.DataFrame:
    """Return what stands at the end of each year; columns as in :class:`.results.SitePlan`.

    Parameters
    ----------
    people, first
        As for :func:`curve_frame`.
    """
    total = np.array([0.0, *(plan.cost for plan in plans)])
    return pd.DataFrame(
        {
            "year": np.arange(1, len(plans) + 1),
            "budget": list(budgets),
            "spent": np.diff(total),
            "spent_total": total[1:],
            "left": np.cumsum(budgets) - total[1:],
            **_served(plans, people, first),
            "counted": [plan.people for plan in plans],
            "most_people": list(most_people),
        }
    )


def _served(
    plans: Sequence[Plan], people: NDArray[np.float64], first: int
) -> dict[str, list[int] | list[float]]:
    """Return villages and people who get signal, communes and people who get fibre."""
    masts, cables = slice(0, first), slice(first, None)
    return {
        "villages": [int(plan.served[masts].sum()) for plan in plans],
        "people": [float(people[masts][plan.served[masts]].sum()) for plan in plans],
        "communes": [int(plan.served[cables].sum()) for plan in plans],
        "people_fibre": [float(people[cables][plan.served[cables]].sum()) for plan in plans],
    }
