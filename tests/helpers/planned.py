"""A plan of masts and a cascade on a made-up province: handed over, not computed."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely.geometry import LineString, MultiLineString, Point

from helpers.files import UTM
from phusong.exports.tables.dictionary import tables
from phusong.planning.cascade.results import Cascade
from phusong.planning.cascade.toll import Toll
from phusong.planning.results import SitePlan

TABLES = tables()
HOSTILE = "<img src=x onerror=window.hurt=1>"
_ALONE = ("repeaters", "satellite terminals")
ITEMS = {"new masts": "", "radio equipment": "", "microwave hops": "", "fibre cable": "km"}


def of(kind: type[Any], **known: Any) -> Any:
    """Make a results object; what this module does not know of it is an empty table."""
    given = {name: whole(name, part) for name, part in known.items()}
    return kind(**{**{field.name: empty(field.name) for field in fields(kind)}, **given})


def whole(name: str, part: Any) -> Any:
    """Give a table of a plan the columns that this module says nothing of."""
    table = TABLES.get(f"site_plan_{name}")
    if table is None or not isinstance(part, pd.DataFrame):
        return part
    absent = {
        column.name: None if column.type == "string" else 0.0
        for column in table.columns
        if column.name not in part
    }
    return part.assign(**absent)


def empty(name: str) -> gpd.GeoDataFrame:
    """Return a table of no rows, with the columns of whatever writes one of this name."""
    table = next(
        (TABLES[key] for key in (f"plan_{name}", f"cascade_{name}") if key in TABLES), None
    )
    columns = [] if table is None else [column.name for column in table.columns]
    return gpd.GeoDataFrame({c: [] for c in columns}, geometry=[], crs=UTM)


def made_plan(world: Any, *, years: bool = False) -> SitePlan:
    """Three masts: one by fibre, one by a hop from it, and one that stands and only relays."""
    villages = world.coverage.villages
    dark = villages[villages["grade"] != "covered"].reset_index(drop=True)
    centres = world.inputs.villages.set_index("code").loc[dark["code"]]
    points = [Point(x, y) for x, y in zip(centres.centre_x_m, centres.centre_y_m, strict=True)]
    standing = str(world.inputs.sites["site_id"].iloc[0])
    names = ["NEW-village-1", HOSTILE, standing]
    places = [points[0], points[1], world.inputs.sites.geometry.iloc[0]]
    of_site = np.full(len(dark), None, dtype=object)
    of_site[:2], of_site[2:5] = names[0], names[1]
    status = np.where(np.arange(len(dark)) < 5, "served", "no_site").astype(object)
    status[5:7] = ["over_budget", "no_backhaul"]
    second = np.full(len(dark), None, dtype=object)
    second[4] = names[0]
    year = np.array([1, 2, 2])
    served_year = np.where(np.arange(len(dark)) < 2, 1, np.where(np.arange(len(dark)) < 5, 2, 0))
    if not years:
        year, served_year = np.ones(3, dtype=int), (served_year > 0).astype(int)
    crs = world.inputs.crs
    line = LineString([world.fiber.reach.geometry.iloc[0], places[0]])
    spent = [150_000.0, 100_000.0]
    people = [float(dark["people"][:2].sum()), float(dark["people"][:5].sum())]
    return of(
        SitePlan,
        villages=gpd.GeoDataFrame(
            {
                **{c: dark[c] for c in ("code", "name", "commune_code", "people", "grade")},
                "status": status,
                "year": served_year,
                "site_id": of_site,
                "second_site_id": second,
                "best_share": 0.4,
                "satellite_life": 10_594.0,
            },
            geometry=dark.geometry,
            crs=crs,
        ),
        sites=gpd.GeoDataFrame(
            {
                "site_id": names,
                "kind": ["village", "high", "existing"],
                "role": ["serves", "serves", "relays"],
                "year": year,
                "villages": [2, 3, 0],
                "people": [people[0], people[1] - people[0], 0.0],
                "backhaul": ["fibre", "microwave", "own"],
                "from_site_id": [None, standing, None],
                "power": ["grid", "solar", "stands"],
                "power_line_km": [1.5, 0.0, 0.0],
                "height_m": [45.0, 45.0, 30.0],
                "capital": [83_500.0, 79_000.0, 0.0],
                "yearly": [4_200.0, 4_400.0, 0.0],
                "life": [111_682.0, 108_524.0, 0.0],
            },
            geometry=places,
            crs=crs,
        ),
        hops=gpd.GeoDataFrame(
            {
                "from_site_id": [standing],
                "to_site_id": [names[1]],
                "year": year[1:2],
                "length_km": [places[2].distance(places[1]) / 1e3],
                "clearance": [1.4],
                "margin_db": [31.2],
                "outage_percent": [0.0123],
                "life": [20_039.0],
            },
            geometry=[LineString([places[2], places[1]])],
            crs=crs,
        ),
        lines=gpd.GeoDataFrame(
            {
                "year": year[:1],
                "kind": ["pole"],
                "surface": ["rock"],
                "road_id": [HOSTILE],
                "length_m": [line.length],
                "usd": [9_000.0],
                "life": [9_755.0],
            },
            geometry=[line],
            crs=crs,
        ),
        bill=pd.DataFrame(
            [
                (number, item, "Chung", 1.5 if unit else 1.0, unit, 50_000.0, 1_000.0, 62_500.0)
                for number in ((1, 2) if years else (1,))
                for item, unit in ITEMS.items()
            ],
            columns=["year", "item", "owner", "quantity", "unit", "capital", "yearly", "life"],
        ),
        curve=pd.DataFrame(
            {
                "budget": [125_000.0, 250_000.0],
                "life": [111_682.0, 250_000.0],
                "villages": [2, 5],
                "people": people,
                "counted": people,
                "most_people": [people[0] * 1.2, people[1]],
            }
        ),
        years=pd.DataFrame(
            {
                "year": [1, 2],
                "spent": spent,
                "spent_total": np.cumsum(spent),
                "villages": [2, 5],
                "people": people,
                "counted": people,
                "most_people": [people[0] * 1.1, people[1] * 1.05],
            }
        ).head(2 if years else 0),
        places=None,
        candidates=523,
        rounds=2,
        life=250_000.0,
        lower_bound=np.nan if years else 245_000.0,
        people=people[1],
        most_people=people[1] * 1.05 if years else np.inf,
        branched=(False, False) if years else (False,),
        currency="USD",
        counted=people[1],
    )


def made_figures(plan: SitePlan) -> pd.DataFrame:
    """Villages and people before and after."""
    return pd.DataFrame(
        {
            "figure": ["villages_covered", "people_served", "people_served_share"],
            "unit": ["villages", "people", "share"],
            "before": [20.0, 8_000.0, 0.5],
            "after": [25.0, 8_000.0 + plan.people, 0.75],
        }
    )


def made_hazards(world: Any) -> gpd.GeoDataFrame:
    """One area round the first centre."""
    spot = world.fiber.reach.geometry.iloc[0]
    return gpd.GeoDataFrame(
        {"place_id": ["H1"], "name": [HOSTILE]}, geometry=[spot.buffer(900)], crs=world.inputs.crs
    )


def made_cascade(world: Any) -> Cascade:
    """A cable section, a site, a hazard, and a feeder gone for 4 and for 24 hours."""
    inputs, fiber = world.inputs, world.fiber
    sites = inputs.sites["site_id"].astype(str).to_list()
    communes = inputs.communes
    rows = [
        ("hazard", "H1", HOSTILE, np.nan, 1, 2, 900.0, 3, 3, 1, 2500.0),
        ("edge", str(fiber.edges["edge_id"].iloc[0]), "C1", np.nan, 2, 1, 400.0, 2, 2, 1, 1800.0),
        ("feeder", "471", "471", 24.0, 3, 0, 0.0, 2, 2, 0, 1200.0),
        ("site", sites[0], sites[0], np.nan, 4, 0, 0.0, 1, 1, 0, 600.0),
        ("feeder", "471", "471", 4.0, 4, 0, 0.0, 1, 1, 0, 600.0),
    ]
    columns = [
        *("element", "id", "name", "hours", "outage", "communes_dark", "people_without_fibre"),
        *("sites_dark", "villages_lower", "villages_all", "people_without_signal"),
    ]
    events = pd.DataFrame(rows, columns=columns)
    spots = [
        fiber.reach.geometry.iloc[0],
        fiber.edges.geometry.iloc[0].interpolate(0.5, normalized=True),
        inputs.sites.geometry.iloc[1],
        inputs.sites.geometry.iloc[0],
        inputs.sites.geometry.iloc[1],
    ]
    events["x_m"], events["y_m"] = [p.x for p in spots], [p.y for p in spots]
    events["commune_code"] = communes["code"].iloc[0]
    events["commune"] = communes["name"].iloc[0]
    codes, names = inputs.villages["code"], inputs.villages["name"]
    lost = [
        (1, 12, "covered", "white", 1500.0),
        (1, 3, "covered", "hollow", 600.0),
        (1, 7, "hollow", "hollow", 400.0),
        (2, 12, "covered", "white", 1500.0),
        (2, 20, "covered", "hollow", 300.0),
        (3, 20, "covered", "white", 1200.0),
        (4, 3, "covered", "hollow", 600.0),
    ]
    villages = pd.DataFrame(lost, columns=["outage", "row", "before", "after", "people_lost"])
    villages["code"], villages["name"] = (
        part.iloc[villages["row"]].to_numpy() for part in (codes, names)
    )
    villages["commune_code"] = communes["code"].iloc[0]
    dark = [
        (1, "commune", communes["code"].iloc[0], communes["name"].iloc[0]),
        (1, "commune", communes["code"].iloc[2], communes["name"].iloc[2]),
        (2, "commune", communes["code"].iloc[0], communes["name"].iloc[0]),
        *((1, "site", site, None) for site in sites[:3]),
        *((2, "site", site, None) for site in sites[1:3]),
        *((3, "site", site, None) for site in sites[1:3]),
        (4, "site", sites[0], None),
    ]
    pair = {
        "element_a": "edge",
        "id_a": rows[1][1],
        "hours_a": np.nan,
        "element_b": "feeder",
        "id_b": "471",
        "hours_b": 24.0,
        "communes_dark": 1,
        "sites_dark": 3,
        "villages_lower": 5,
        "people_without_signal": 3400.0,
        "communes_more": 0,
        "sites_more": 1,
        "villages_more": 2,
        "people_more": 400.0,
    }
    ways = fiber.edges.geometry
    remedies = pd.DataFrame(
        [
            ("hop", sites[1], sites[0], 1.0, "hop", 14_000.0, 900.0, 20_000.0, 3_000.0, 2),
            (
                "route",
                communes["code"].iloc[0],
                "",
                4.5,
                "km",
                90_000.0,
                700.0,
                95_000.0,
                9_000.0,
                1,
            ),
            (
                "battery",
                ", ".join(sites[1:3]),
                "471",
                40.0,
                "h",
                8_000.0,
                0.0,
                8_000.0,
                100.0,
                None,
            ),
        ],
        columns=[
            *("kind", "where", "by", "quantity", "unit", "capital", "yearly", "life"),
            *("person_hours", "step"),
        ],
    )
    remedies["remedy"] = [1, 2, 3]
    remedies["per_1000"] = 1000 * remedies["person_hours"] / remedies["life"]
    remedies["step"] = remedies["step"].astype("Int64")
    built = remedies["step"].notna()
    remedies["life_added"] = remedies["life"].where(built)
    remedies["person_hours_added"] = remedies["person_hours"].where(built)
    remedies["life_total"] = [115_000.0, 95_000.0, np.nan]
    remedies["person_hours_total"] = [12_000.0, 9_000.0, np.nan]
    remedies["person_hours_signal"] = remedies["person_hours"] / 3
    remedies["person_hours_fibre"] = remedies["person_hours"] * 2 / 3
    for name in ("events_mended", "events_eased", "communes", "sites", "villages", "people"):
        remedies[name] = 2
    remedies["worst_people"] = 1_700.0
    drawn = [LineString([spots[3], spots[2]]), ways.iloc[2], spots[2]]
    pair_of_cuts = {
        "section_a": str(fiber.edges["edge_id"].iloc[1]),
        "cable_a": "C1",
        "section_b": str(fiber.edges["edge_id"].iloc[2]),
        "cable_b": "C2",
        "sections": 3,
        "communes_dark": 1,
        "people_without_fibre": 700.0,
        "sites_dark": 1,
        "villages_lower": 1,
        "villages_all": 1,
        "people_without_signal": 1_100.0,
        "communes": (str(communes["code"].iloc[3]),),
        "sites": (sites[2],),
    }
    return of(
        Cascade,
        remedies=gpd.GeoDataFrame(remedies, geometry=drawn, crs=inputs.crs),
        cuts=gpd.GeoDataFrame(
            [pair_of_cuts],
            geometry=[MultiLineString([ways.iloc[1], ways.iloc[2]])],
            crs=inputs.crs,
        ),
        cut_villages=pd.DataFrame(
            {
                "cut": [1],
                "code": [codes.iloc[30]],
                "name": [names.iloc[30]],
                "commune_code": [communes["code"].iloc[3]],
                "before": ["hollow"],
                "after": ["white"],
                "people_lost": [1_100.0],
            }
        ),
        today=pd.DataFrame(
            {"code": codes, "grade": np.where(np.arange(len(codes)) % 9 == 8, "white", "covered")}
        ),
        toll=Toll(10_000.0, 20_000.0),
        events=gpd.GeoDataFrame(events, geometry=spots, crs=inputs.crs),
        villages=villages.drop(columns="row"),
        dark=pd.DataFrame(dark, columns=["outage", "kind", "id", "name"]),
        pairs=pd.DataFrame([pair]),
        judged=5,
    )


def made_joint_plan(world: Any) -> SitePlan:
    """Five steps in two years: cable to a commune, two masts, a satellite terminal, a repeater.

    A second commune stays without fibre. People of the commune count a tenth.
    """
    plan = made_plan(world, years=True)
    communes, villages = world.inputs.communes, plan.villages.copy()
    villages.loc[5:6, "status"] = ["satellite", "repeater"]
    villages["step"] = [2, 2, 3, 3, 3, 4, 5, *[0] * (len(villages) - 7)]
    villages.loc[5:6, "year"] = 2
    villages["repeaters"], villages["donor_operator"] = 3, "Sóng Xanh"
    villages["repeater_life"], villages["mast_life"] = 17_550.0, 62_500.0
    villages["cheapest"] = "satellite"
    people = villages["people"].groupby(villages["step"]).sum().drop(0).to_list()
    fibre = 4_000.0
    spots = world.fiber.reach.geometry
    ends = [spots.iloc[0], plan.sites.geometry[0], plan.sites.geometry[1]]
    ends += [villages.geometry[i].representative_point() for i in (5, 6)]
    table = pd.DataFrame(
        {
            "step": np.arange(1, 6),
            "year": [1, 1, 2, 2, 2],
            "what": ["commune", "mast", "mast", "satellite", "repeater"],
            "id": [communes["code"].iloc[0], *plan.sites["site_id"][:2], *villages["code"][5:7]],
            "where": communes["name"].iloc[0],
            "owner": ["", "new", "new", "", "Sóng Xanh"],
            "masts": [0.0, 1.0, 1.0, 0.0, 0.0],
            "hops": [0.0, 0.0, 1.0, 0.0, 0.0],
            "cable_km": [2.5, 0.4, 0.0, 0.0, 0.0],
            "power_line_km": 0.0,
            "villages": [0, 2, 3, 1, 1],
            "communes": [1, 0, 0, 0, 0],
            "people": [0.0, *people],
            "people_fibre": [fibre, 0.0, 0.0, 0.0, 0.0],
            "capital": [20_000.0, 83_500.0, 93_000.0, 2_000.0, 10_500.0],
            "yearly": [100.0, 4_200.0, 5_300.0, 800.0, 1_050.0],
            "life": [21_000.0, 120_000.0, 109_000.0, 10_594.0, 17_550.0],
        }
    )
    table["counted"] = table["people"] + 0.1 * table["people_fibre"]
    for name in ("life", "villages", "people", "communes", "people_fibre", "counted"):
        table[f"{name}_total"] = table[name].cumsum()
    table["most_counted"] = table["counted_total"] * 1.25
    ends_of_years = table[table["step"].isin([2, 5])]
    sums = {
        name: ends_of_years[f"{name}_total"].to_numpy()
        for name in ("villages", "people", "communes", "people_fibre", "counted")
    }
    counted = float(table["counted"].sum())
    bought = pd.DataFrame(
        [(2, item, "", 1.0, "", 2_000.0, 800.0, 10_594.0) for item in _ALONE],
        columns=["year", "item", "owner", "quantity", "unit", "capital", "yearly", "life"],
    )
    return replace(
        plan,
        villages=villages,
        sites=plan.sites.assign(step=[2, 3, 3]),
        hops=plan.hops.assign(step=3),
        lines=plan.lines.assign(step=1),
        bill=pd.concat([plan.bill, bought], ignore_index=True),
        curve=plan.curve.assign(**sums, most_people=sums["counted"] * 1.05),
        years=plan.years.assign(**sums, most_people=sums["counted"] * 1.05),
        life=float(table["life"].sum()),
        people=float(table["people"].sum()),
        counted=counted,
        most_people=counted * 1.05,
        communes=gpd.GeoDataFrame(
            {
                "commune_code": communes["code"].iloc[[0, 2]].to_numpy(),
                "name": [HOSTILE, "Trụ sở 2"],
                "status": ["built", "over_budget"],
                "step": [1, 0],
                "year": [1, 0],
                "people": [fibre, 3_000.0],
            },
            geometry=[spots.iloc[0], spots.iloc[2]],
            crs=world.inputs.crs,
        ),
        steps=gpd.GeoDataFrame(table, geometry=ends, crs=world.inputs.crs),
    )


def made_yearly() -> pd.DataFrame:
    """Two figures now and at the end of two years."""
    rows = [
        ("villages_covered", "villages", [20.0, 22.0, 25.0]),
        ("communes_with_fibre_share", "share", [0.5, 0.625, 0.625]),
        ("communes_with_fibre", "communes", [4.0, 5.0, 5.0]),
    ]
    found = [(name, unit, year, v) for name, unit, line in rows for year, v in enumerate(line)]
    return pd.DataFrame(found, columns=["figure", "unit", "year", "value"])
