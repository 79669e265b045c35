"""Batteries that outlast a feeder: of one site or PoP, or of all that a feeder takes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from phusong.planning.cascade.losable import Network
from phusong.planning.cascade.remedies.works import BATTERY, Remedy, Works
from phusong.planning.costs import times
from phusong.study.settings.planning import Prices

Floats = NDArray[np.float64]


def battery_remedies(
    network: Network,
    events: pd.DataFrame,
    expected: Floats,
    outage_hours: Sequence[float],
    prices: Prices,
) -> list[Remedy]:
    """Return batteries that carry sites and PoPs over a feeder's absence, in whole hours more.

    Parameters
    ----------
    events, expected
        Events with their figures, and the person-hours a year of each.
    outage_hours
        How long feeders are gone.

    Returns
    -------
    list of Remedy
        For every absence: each site and PoP by itself; all that go dark for want of current; and
        those of them whose loss alone harms anybody.
    """
    alone = _alone(network, events)
    of_feeder = events["element"] == "feeder"
    burden = {
        (str(feeder), float(hours)): float(value)
        for feeder, hours, value in zip(
            events.loc[of_feeder, "id"],
            events.loc[of_feeder, "hours"],
            expected[of_feeder.to_numpy()],
            strict=True,
        )
    }
    found: dict[tuple[tuple[str, float, float], ...], Remedy] = {}
    for feeder in sorted({name for name, _ in burden}):
        for hours in sorted(set(outage_hours)):
            names = _without_power(network, feeder, hours)
            saved = sum(v for (f, h), v in burden.items() if f == feeder and h <= hours)
            share = max(sum(alone.get(n, 0.0) for n in names), 1e-9)
            felt = [name for name in names if alone.get(name, 0.0) > 0 or _is_pop(network, name)]
            for group in ([n] for n in names):
                value = saved * alone.get(group[0], 0.0) / share
                _put(found, _remedy(network, group, feeder, hours, value, prices))
            for whole in (felt, names):
                if whole:
                    _put(found, _remedy(network, whole, feeder, hours, saved, prices))
    return list(found.values())


def _put(found: dict[tuple[tuple[str, float, float], ...], Remedy], remedy: Remedy) -> None:
    found.setdefault(remedy.works.batteries, remedy)


def _alone(network: Network, events: pd.DataFrame) -> Mapping[str, float]:
    """Return who loses signal when a site is lost by itself."""
    own = events[events["element"].isin(["site", "pop"])]
    people = own["people_without_signal"].fillna(own["villages_lower"])
    named = own["element"] + ":" + own["id"].astype(str)
    keys = [network.keys[network.things[name]] for name in named]
    return dict(zip(keys, people.astype(float), strict=True))


def _is_pop(network: Network, name: str) -> bool:
    return network.things[name] >= network.backhaul.sites


def _without_power(network: Network, feeder: str, hours: float) -> list[str]:
    things = network.without_power({feeder: hours}).things
    return [network.keys[i] for i in things]


def _remedy(
    network: Network, names: list[str], feeder: str, hours: float, value: float, prices: Prices
) -> Remedy:
    lasts = dict(_batteries(network))
    # Batteries that last no longer than the feeder is gone do not carry over it.
    more = {name: math.floor(hours - lasts[name]) + 1 for name in names}
    places = [network.place_of(name) for name in names]
    total = float(sum(more.values()))
    return Remedy(
        kind=BATTERY,
        where=tuple(names),
        by=feeder,
        quantity=total,
        price=times(prices.battery_hour, total),
        works=Works(batteries=tuple(sorted((n, lasts[n] + h, float(h)) for n, h in more.items()))),
        geometry=shapely.MultiPoint(places).centroid if len(places) > 1 else places[0],
        estimate=value,
    )


def _batteries(network: Network) -> Iterator[tuple[str, float]]:
    feeders = network.feeders.groupby(network.feeders["site_id"].astype(str))["battery_h"].min()
    for name, hours in feeders.items():
        yield str(name), float(hours)
