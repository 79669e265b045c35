"""What is built against losses, and the network as it stands then."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from phusong.checks import Findings
from phusong.fiber.assess import assess_fiber, with_backhaul
from phusong.fiber.built import with_new_lines
from phusong.fiber.failures.hanging import Backhaul
from phusong.fiber.results import FiberResult
from phusong.planning.cascade.losable import Network
from phusong.planning.costs import times
from phusong.sources.cables.backhaul import MICROWAVE
from phusong.sources.inputs import Inputs
from phusong.study import Study
from phusong.study.settings.planning import Price

BATTERY: Final = "battery"
HOP: Final = "hop"
ROUTE: Final = "route"
WORDS: Final = {
    BATTERY: "longer batteries",
    HOP: "spare microwave hop",
    ROUTE: "second route of cable",
}
"""What each kind is called: English templates."""
SAME_M: Final = 0.01
"""Candidates of one road have the same vertices."""
LEAST_M: Final = 0.1
"""Shorter pieces of cable are rounding."""


@dataclass(frozen=True)
class Works:
    """What is built.

    Attributes
    ----------
    batteries
        Site or PoP, the hours its batteries last then, and how many of these are new.
    hops
        Pairs of sites in sight: each may feed the other.
    lines
        New cable.
    """

    batteries: tuple[tuple[str, float, float], ...] = ()
    hops: tuple[tuple[str, str], ...] = ()
    lines: tuple[gpd.GeoDataFrame, ...] = ()

    def __add__(self, other: Works) -> Works:
        return Works(
            self.batteries + other.batteries, self.hops + other.hops, self.lines + other.lines
        )


@dataclass(frozen=True)
class Remedy:
    """One thing to build.

    Attributes
    ----------
    kind
        ``battery`` | ``hop`` | ``route``.
    where
        What is helped: sites, PoPs or communes.
    by
        The feeder whose absence batteries outlast, the site at the far end of a hop.
    quantity
        Hours of battery; hops; kilometres of cable.
    price
        Of all of it.
    works
        What is built.
    geometry
        Where, in the study's CRS.
    estimate
        Person-hours a year that it may save, to choose what is followed.
    """

    kind: str
    where: tuple[str, ...]
    by: str
    quantity: float
    price: Price
    works: Works = field(compare=False)
    geometry: object = field(compare=False)
    estimate: float = field(compare=False)

    def after(self, works: Works) -> Remedy:
        """Return what is left of it to build, and to pay, once works are built."""
        if self.kind == BATTERY:
            return self._longer(works)
        if self.kind == ROUTE and works.lines:
            return self._beside(works)
        return self

    def _longer(self, works: Works) -> Remedy:
        """Leave out the hours that batteries of works last already."""
        lasts: dict[str, float] = {}
        for name, hours, _ in works.batteries:
            lasts[name] = max(hours, lasts.get(name, 0.0))
        left = tuple(
            (name, hours, max(0.0, min(new, hours - lasts.get(name, 0.0))))
            for name, hours, new in self.works.batteries
        )
        hours = sum(new for *_, new in left)
        price = times(self.price, hours / self.quantity)
        return replace(self, quantity=hours, price=price, works=Works(batteries=left))

    def _beside(self, works: Works) -> Remedy:
        """Leave out cable that runs where works have some: it is laid once, and falls at once."""
        laid = shapely.union_all([g for lines in works.lines for g in lines.geometry])
        (lines,) = self.works.lines
        fresh = shapely.difference(lines.geometry.to_numpy(), shapely.buffer(laid, SAME_M))
        share = shapely.length(fresh) / np.maximum(lines.geometry.length.to_numpy(), SAME_M)
        left = lines.assign(
            geometry=fresh, usd=lines["usd"] * share, length_m=lines["length_m"] * share
        )
        left = left[shapely.length(fresh) > LEAST_M]
        if not len(left):
            return replace(self, quantity=0.0, price=times(self.price, 0.0), works=Works())
        km, old_km = left["length_m"].sum() / 1000.0, lines["length_m"].sum() / 1000.0
        price = Price(
            capital=self.price.capital * float(left["usd"].sum() / lines["usd"].sum()),
            yearly=self.price.yearly * float(km / old_km),
        )
        return replace(self, quantity=float(km), price=price, works=Works(lines=(left,)))


def built(standing: Network, study: Study, works: Works) -> Network:
    """Return the network with works in it, assessed as the fibre room assesses any other."""
    inputs, feeders = standing.inputs, standing.feeders
    if works.batteries:
        lasts: dict[str, float] = {}
        for name, hours, _ in works.batteries:
            lasts[name] = max(hours, lasts.get(name, 0.0))
        fresh = feeders["site_id"].astype(str).map(lasts).fillna(0.0)
        feeders = feeders.assign(battery_h=np.maximum(feeders["battery_h"], fresh))
    if not works.hops and not works.lines:
        return standing.with_feeders(feeders)
    ways = _ways(standing, works.hops)
    inputs = _with_hops(inputs, ways)
    if not works.lines and not standing.backhaul.over_radio.any():
        fiber = with_backhaul(standing.fiber, _with_links(standing, ways))
        return Network(fiber, inputs, standing.hazards, feeders)
    if works.lines:
        lines = pd.concat(works.lines, ignore_index=True)
        inputs = with_new_lines(inputs, gpd.GeoDataFrame(lines, crs=inputs.crs))
    told = Findings(study.checks.severity)
    fiber = assess_fiber(inputs, study, told, _people(standing.fiber))
    return Network(fiber, inputs, standing.hazards, feeders)


def _ways(standing: Network, hops: tuple[tuple[str, str], ...]) -> list[tuple[str, str]]:
    """Return who is fed from whom over hops; what hangs on nothing goes on hanging on nothing."""
    hanging = {standing.keys[i] for i in np.unique(standing.backhaul.thing)}
    return [pair for a, b in hops for pair in ((a, b), (b, a)) if pair[0] in hanging]


def _with_hops(inputs: Inputs, ways: list[tuple[str, str]]) -> Inputs:
    """Put hops into the table of the backhaul."""
    if not ways:
        return inputs
    table = inputs.backhaul
    added = pd.DataFrame(ways, columns=["site_id", "upstream"]).assign(
        medium=MICROWAVE, file="", row=0
    )
    whole = pd.concat([table, added[list(table.columns)]], ignore_index=True)
    return replace(inputs, backhaul=whole)


def _with_links(standing: Network, ways: list[tuple[str, str]]) -> Backhaul:
    """Put hops into what the fibre room made of the table."""
    backhaul = standing.backhaul
    ends = [[standing.things[name] for name in pair] for pair in ways]
    thing, upstream = np.array(ends, dtype=np.int64).reshape(-1, 2).T
    return replace(
        backhaul,
        thing=np.concatenate([backhaul.thing, thing]),
        node=np.concatenate([backhaul.node, np.full(len(thing), -1, dtype=np.int64)]),
        upstream=np.concatenate([backhaul.upstream, upstream]),
    )


def _people(fiber: FiberResult) -> pd.Series[float] | None:
    people = pd.Series(fiber.hanging.people, index=fiber.hanging.code)
    return None if people.isna().all() else people.groupby(level=0).sum()
