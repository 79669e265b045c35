"""Every single event of a study, with the communes and sites that go dark in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from phusong.frames import rows
from phusong.planning.cascade.losable import Event, Network

COLUMNS = ("element", "id", "name", "hours", "communes", "people", "sites", "x_m", "y_m")


def all_events(network: Network, hours: Sequence[float]) -> pd.DataFrame:
    """Return every single event that darkens something.

    Parameters
    ----------
    hours
        How long a feeder is gone: one event each.

    Returns
    -------
    DataFrame
        ``element``, ``id``, ``name``, ``hours``, ``communes`` (codes) and ``sites`` (ids) that go
        dark, ``people`` in these communes (NaN where not known), ``x_m``, ``y_m``.
    """
    others = [_followed(network, *event) for event in _others(network, hours)]
    frames = [_of_cables(network), pd.DataFrame(others, columns=list(COLUMNS))]
    events = pd.concat([f for f in frames if len(f)] or frames, ignore_index=True)
    dark = (events["communes"].map(len) > 0) | (events["sites"].map(len) > 0)
    return events[dark].reset_index(drop=True)


def _of_cables(network: Network) -> pd.DataFrame:
    """Return what the fibre room found already."""
    failures = network.fiber.failures
    if failures.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    cables = dict(zip(network.fiber.edges["edge_id"], network.fiber.edges["cable_id"], strict=True))
    is_edge = failures["element"] == "edge"
    name = failures["id"].where(~is_edge, failures["id"].map(cables))
    table = failures.assign(name=name.astype(str), hours=np.nan)
    return table[list(COLUMNS)]


def _others(network: Network, hours: Sequence[float]) -> Iterator[tuple[Event, str, shapely.Point]]:
    """Give sites, hazards and feeders with their names and places."""
    sites = network.inputs.sites
    for name, place in zip(sites["site_id"].astype(str), sites.geometry, strict=True):
        yield Event("site", name, np.nan), name, place
    for row in rows(network.hazards):
        yield (
            Event("hazard", str(row.place_id), np.nan),
            str(row.name),
            shapely.point_on_surface(row.geometry),
        )
    for feeder, place in _middles(network).items():
        for length in sorted(set(hours)):
            yield Event("feeder", str(feeder), length), str(feeder), place


def _middles(network: Network) -> dict[str, shapely.Point]:
    """Return the middle of the sites and PoPs of each feeder, by its name."""
    inputs, feeders = network.inputs, network.feeders
    places = np.concatenate([inputs.sites.geometry.to_numpy(), inputs.pops.geometry.to_numpy()])
    at = places[[network.things[str(s)] for s in feeders["site_id"]]]
    xy = gpd.GeoSeries(at, index=feeders["feeder"].to_numpy(), crs=inputs.crs)
    middle = pd.DataFrame({"x": xy.x, "y": xy.y}).groupby(level=0, sort=True).mean()
    return {str(name): shapely.Point(p.x, p.y) for name, p in middle.iterrows()}


def _followed(
    network: Network, event: Event, name: str, place: shapely.Point
) -> tuple[object, ...]:
    """Return the row of an event that the fibre room does not know."""
    hanging, ids = network.fiber.hanging, network.backhaul.names
    centres, sites = network.follow(event)
    people = hanging.people[list(centres)]
    known = np.isfinite(people).any() or not centres
    return (
        event.element,
        event.id,
        name,
        event.hours,
        tuple(dict.fromkeys(str(hanging.code[i]) for i in centres)),
        float(np.nansum(people)) if known else np.nan,
        tuple(str(ids[i]) for i in sites),
        place.x,
        place.y,
    )
