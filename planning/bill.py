"""What a plan builds, piece by piece: in which step, what, where, whose it is, what it costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from phusong.frames import rows
from phusong.planning.alternatives import REPEATER
from phusong.planning.building import Building, Job
from phusong.planning.costs import GRID, SOLAR, annuity, times
from phusong.planning.question import Question
from phusong.planning.sites.places import EXISTING
from phusong.sources.inputs import Inputs
from phusong.study.settings.planning import Planning, Price

ITEMS: Final = {
    "new masts": "New masts",
    "room on standing masts": "Room on standing masts",
    "radio equipment": "Radio equipment",
    "panels and batteries": "Panels and batteries",
    "grid connections": "Grid connections",
    "power lines": "Power lines, km",
    "microwave hops": "Microwave hops",
    "fibre cable": "Fibre cable, km",
    "repeaters": "Repeaters",
    "satellite terminals": "Satellite terminals",
}
"""In the order of the bill; what each is called, an English template with its unit."""
COLUMNS: Final = (
    "step",
    "year",
    "item",
    "owner",
    "at",
    "quantity",
    "unit",
    "capital",
    "yearly",
    "life",
)
BETWEEN: Final = " + "
"""Between the carriers of one mast."""


@dataclass(frozen=True)
class _Work:
    step: int
    item: str
    owner: str
    at: str
    price: Price
    place: shapely.Geometry
    quantity: float = 1.0
    unit: str = ""


def owners_of_masts(inputs: Inputs) -> dict[str, str]:
    """Return whose each mast that stands is: its carriers, by name."""
    cells = inputs.cells[inputs.cells["in_service"].astype(bool)]
    by_site = cells.groupby(cells["site_id"].astype(str))["operator"]
    return {str(site): BETWEEN.join(sorted({str(o) for o in own})) for site, own in by_site}


def works_of(
    question: Question,
    building: Building,
    hops: gpd.GeoDataFrame,
    lines: gpd.GeoDataFrame,
    villages: gpd.GeoDataFrame,
    names: list[str],
    standing: Mapping[str, str],
    settings: Planning,
) -> gpd.GeoDataFrame:
    """Return every piece of a plan; their costs add up to the plan's.

    New masts with their radio, current and hops are ``planning.site.operator``'s, and so is the
    radio on masts that stand; room on those is their carriers', a repeater is the carrier's whose
    signal it repeats, cable, power lines and satellite terminals are ``planning.owners``'.

    Parameters
    ----------
    hops, lines, villages
        As in :class:`.results.SitePlan`, with their steps.
    names
        Site of each place.
    standing
        Whose masts that stand are, see :func:`owners_of_masts`.

    Returns
    -------
    geopandas.GeoDataFrame
        ``step``, ``year``, ``item`` (of ``ITEMS``), ``owner``, ``at`` (site, the two sites of a
        hop, road of a cable, village), ``quantity``, ``unit``, ``capital``, ``yearly``, ``life``,
        geometry (the mast, the hop, the cable, the village); by step, then in the order of
        ``ITEMS``.
    """
    found = [
        *_masts(question, building, names, standing, settings),
        *_hops(hops, settings),
        *_cable(lines, settings),
        *_alone(building, villages, settings),
    ]
    worth = annuity(settings.prices)
    table = pd.DataFrame(
        [
            (
                work.step,
                int(building.year[work.step - 1]),
                work.item,
                work.owner,
                work.at,
                work.quantity,
                work.unit,
                work.price.capital,
                work.price.yearly,
                work.price.capital + work.price.yearly * worth,
            )
            for work in found
        ],
        columns=list(COLUMNS),
    )
    table["geometry"] = np.array([*(work.place for work in found), None], dtype=object)[:-1]
    table["item"] = pd.Categorical(table["item"], list(ITEMS))
    table = table.sort_values(["step", "item", "at"], kind="stable", ignore_index=True)
    table["item"] = table["item"].astype(object)
    return gpd.GeoDataFrame(table, geometry="geometry", crs=hops.crs)


def bill_of(works: pd.DataFrame) -> pd.DataFrame:
    """Sum works by year, item and owner; columns as in :class:`.results.SitePlan`."""
    ranked = works.assign(item=pd.Categorical(works["item"], list(ITEMS)))
    keys = ["year", "item", "owner", "unit"]
    sums = ["quantity", "capital", "yearly", "life"]
    bill = ranked.groupby(keys, observed=True, sort=True, as_index=False)[sums].sum()
    bill["item"] = bill["item"].astype(object)
    order = ["year", "item", "owner", "quantity", "unit", "capital", "yearly", "life"]
    return pd.DataFrame(bill[order])


def _masts(
    question: Question,
    building: Building,
    names: list[str],
    standing: Mapping[str, str],
    settings: Planning,
) -> Iterator[_Work]:
    places, power, prices = question.places, question.power, settings.prices
    ours, stands = settings.site.operator, places.kind == EXISTING
    count = len(places)

    def work(job: Job, i: int, item: str, price: Price, owner: str = ours, km: float = 0) -> _Work:
        place = shapely.Point(places.x_m[i], places.y_m[i])
        amount = (km, "km") if km else (1.0, "")
        return _Work(int(building.step_of[job][i]), item, owner, names[i], price, place, *amount)

    for i in np.flatnonzero((building.step_of[Job.SITE][:count] > 0) & ~stands).tolist():
        yield work(Job.SITE, i, "new masts", prices.tower)
        if power.kind[i] == SOLAR:
            yield work(Job.SITE, i, "panels and batteries", prices.solar)
        elif power.kind[i] == GRID:
            yield work(Job.SITE, i, "grid connections", prices.grid)
            km = float(power.line_km[i])
            if km > 0:
                line = times(prices.grid_per_km, km)
                yield work(Job.SITE, i, "power lines", line, settings.owners.power, km)
    for i in np.flatnonzero(building.step_of[Job.RADIO][:count] > 0).tolist():
        yield work(Job.RADIO, i, "radio equipment", prices.radio)
        if stands[i]:
            whose = standing.get(names[i], ours)
            yield work(Job.RADIO, i, "room on standing masts", prices.cosite, whose)


def _hops(hops: gpd.GeoDataFrame, settings: Planning) -> Iterator[_Work]:
    ours, price = settings.site.operator, settings.prices.hop
    for hop in rows(hops):
        at = f"{hop.from_site_id} – {hop.to_site_id}"
        yield _Work(int(hop.step), "microwave hops", ours, at, price, hop.geometry)


def _cable(lines: gpd.GeoDataFrame, settings: Planning) -> Iterator[_Work]:
    prices, whose = settings.prices, settings.owners.cable
    line: Any
    for line in rows(lines):
        km = float(line.length_m) / 1000.0
        price = Price(
            capital=float(line.usd) * prices.per_usd, yearly=km * prices.fibre_yearly_per_km
        )
        at = str(line.road_id) or str(line.kind)
        yield _Work(int(line.step), "fibre cable", whose, at, price, line.geometry, km, "km")


def _alone(building: Building, villages: gpd.GeoDataFrame, settings: Planning) -> Iterator[_Work]:
    prices = settings.prices
    step = building.step_of[Job.ALONE][: len(villages)]
    bought = villages.assign(step=step)[step > 0]
    for village in rows(bought):
        what, owner, price = "satellite terminals", settings.owners.satellite, prices.satellite
        count = 1
        if village.alternative == REPEATER:
            what, owner, price = "repeaters", str(village.donor_operator), prices.repeater
            count = int(village.repeaters)
        assert price is not None  # what has no price is no alternative
        place, cost = village.geometry, times(price, count)
        yield _Work(int(village.step), what, owner, str(village.code), cost, place, count)
