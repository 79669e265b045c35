"""What each event takes from the network, by its names; and how losses are followed through it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from phusong.fiber.failures.hanging import Backhaul
from phusong.fiber.failures.tracing import Loss, Tracer
from phusong.fiber.results import FiberResult
from phusong.sources.cables.called import SITE, thing_keys, thing_numbers
from phusong.sources.inputs import Inputs

Ints = NDArray[np.int64]


class Event(NamedTuple):
    """What an event is called."""

    element: str
    id: str
    hours: float
    """A feeder is gone; NaN for all else."""


class Taken(NamedTuple):
    """Numbers of what is taken: edges and nodes of the network, things of the backhaul."""

    edges: Ints
    nodes: Ints
    things: Ints


_NOTHING: Ints = np.zeros(0, dtype=np.int64)
_WITHOUT_FEEDERS = {
    *("backhaul", "tracer", "things", "keys", "edges"),
    *("_hazard_contents", "_light_through"),
}


@dataclass(frozen=True)
class Network:
    """The network of a study with all that may be lost in it.

    Attributes
    ----------
    fiber, inputs
        What is there.
    hazards
        ``place_id``, ``name``, polygons.
    feeders
        ``site_id``, ``feeder``, ``battery_h``, see
        :func:`phusong.sources.beside.feeders.read_feeders`.
    """

    fiber: FiberResult
    inputs: Inputs
    hazards: gpd.GeoDataFrame
    feeders: pd.DataFrame

    def with_feeders(self, feeders: pd.DataFrame) -> Network:
        """Return the same network on other feeders; what does not hang on them stays known."""
        other = replace(self, feeders=feeders)
        kept = {name: value for name, value in vars(self).items() if name in _WITHOUT_FEEDERS}
        vars(other).update(kept)
        return other

    @cached_property
    def backhaul(self) -> Backhaul:
        """What sites hang on; of a study that does not say, nothing."""
        return self.fiber.backhaul or Backhaul.none(self.inputs)

    @cached_property
    def tracer(self) -> Tracer:
        """The network, ready to have losses followed."""
        return Tracer(self.fiber.network, self.fiber.hanging, self.backhaul)

    @cached_property
    def keys(self) -> list[str]:
        """(things,) what each site and PoP is called so that no two are called alike."""
        return thing_keys(*self._names)

    @cached_property
    def things(self) -> Mapping[str, int]:
        """Number of each site and PoP by its key, and by its name with ``site:`` or ``pop:``."""
        return thing_numbers(*self._names)

    @property
    def _names(self) -> tuple[list[str], list[str]]:
        names = [str(name) for name in self.backhaul.names]
        return names[: self.backhaul.sites], names[self.backhaul.sites :]

    @cached_property
    def edges(self) -> Mapping[str, int]:
        """Number of each edge by its name."""
        return {str(name): i for i, name in enumerate(self.fiber.edges["edge_id"])}

    @cached_property
    def _hazard_contents(self) -> Mapping[str, Taken]:
        """What lies in each hazard: edges that run through it, nodes and sites inside."""
        network, shapes = self.fiber.network, self.hazards.geometry.to_numpy()
        points = np.asarray(shapely.points(network.x_m, network.y_m))
        lines = shapely.STRtree(network.geometry)
        nodes = shapely.STRtree(points)
        sites = shapely.STRtree(self.inputs.sites.geometry.to_numpy())
        out = {}
        for name, shape in zip(self.hazards["place_id"], shapes, strict=True):
            out[str(name)] = Taken(
                np.sort(lines.query(shape, "intersects")),
                np.sort(nodes.query(shape, "covers")),
                np.sort(sites.query(shape, "covers")),
            )
        return out

    def taken(self, event: Event) -> Taken:
        """Return what an event takes that is no feeder."""
        if event.element == "hazard":
            return self._hazard_contents[event.id]
        edges = nodes = things = _NOTHING
        if event.element == "group":
            edges = self.fiber.groups[event.id]
        elif event.element == "node":
            nodes = np.array([int(event.id[1:])])
        elif event.element == "pop":
            nodes = self._pop_nodes(np.array([self.fiber.pop_ids.index(event.id)]))
        elif event.element == "site":
            things = np.array([self.things[f"{SITE}:{event.id}"]])
        else:
            edges = np.array([self.edges[event.id]])
        return Taken(edges, nodes, things)

    @cached_property
    def _power(self) -> tuple[Ints, Ints, NDArray[np.float64]]:
        """Return what hangs on feeders, which of them each row is of, and their battery hours."""
        names = self.feeders["site_id"].astype(str)
        thing = np.array([self.things[name] for name in names], dtype=np.int64)
        fed, row = np.unique(thing, return_inverse=True)
        battery = np.full(len(fed), np.inf)
        np.minimum.at(battery, row, self.feeders["battery_h"].to_numpy(dtype=np.float64))
        return fed, row, battery

    def without_power(self, gone_h: Mapping[str, float]) -> Taken:
        """Return the sites and PoPs that are dark while feeders are gone for so many hours.

        One that two feeders feed is without power when both are gone, from the moment the second
        goes: for as long as the one that is back first.
        """
        fed, row, battery = self._power
        hours = self.feeders["feeder"].map(gone_h).fillna(0.0).to_numpy(dtype=np.float64)
        without = np.full(len(fed), np.inf)
        np.minimum.at(without, row, hours)
        things = fed[(without > 0) & (battery <= without)]
        pops = things[things >= self.backhaul.sites] - self.backhaul.sites
        return Taken(_NOTHING, self._pop_nodes(pops), things)

    @cached_property
    def twin_feeders(self) -> tuple[tuple[str, str], ...]:
        """Pairs of feeders that something hangs on which hangs on no third."""
        _, row, _ = self._power
        names: dict[int, set[str]] = {}
        for thing, feeder in zip(row.tolist(), self.feeders["feeder"].astype(str), strict=True):
            names.setdefault(thing, set()).add(feeder)
        pairs = {(min(both), max(both)) for both in names.values() if len(both) == 2}
        return tuple(sorted(pairs))

    def _pop_nodes(self, rows: Ints) -> Ints:
        return np.flatnonzero(np.isin(self.fiber.network.pop, rows))

    def all_taken(self, *events: Event) -> Taken:
        """Return what events that come at once take, feeders among them."""
        gone: dict[str, float] = {}
        for event in events:
            if event.element == "feeder":
                gone[event.id] = max(event.hours, gone.get(event.id, 0.0))
        taken = [self.taken(event) for event in events if event.element != "feeder"]
        taken += [self.without_power(gone)] if gone else []
        return Taken(*(np.concatenate(part) for part in zip(*taken, strict=True)))

    def place_of(self, name: str) -> shapely.Point:
        """Return where a site or PoP stands, by its key."""
        number, sites = self.things[name], self.backhaul.sites
        layer = self.inputs.sites if number < sites else self.inputs.pops
        point: shapely.Point = layer.geometry.iloc[number if number < sites else number - sites]
        return point

    def follow(self, *events: Event) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the centres and the sites, by number, that go dark when events come at once."""
        return self.followed(self.all_taken(*events))

    def followed(self, taken: Taken) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the centres and the sites, by number, that go dark with what is taken."""
        edges, nodes, things = taken
        if not len(edges) and not len(nodes) and not self._light_through[things].any():
            return (), self._dark_sites(things)
        loss = Loss.of(self.fiber.network, self.backhaul, edges, nodes)
        loss.things[things] = True
        centres, dark = self.tracer.darkened(loss)
        return tuple(centres.tolist()), tuple(dark[dark < self.backhaul.sites].tolist())

    @cached_property
    def _light_through(self) -> NDArray[np.bool_]:
        return self.backhaul.feeds_radio_pops

    def _dark_sites(self, things: Ints) -> tuple[int, ...]:
        """Follow the loss of things that no light in the cables comes through: microwave alone."""
        nodes, whole = self.tracer.whole
        gone = np.zeros(len(whole), dtype=bool)
        gone[things] = True
        dark = whole & ~self.backhaul.lit_things(nodes, gone)
        return tuple(np.flatnonzero(dark[: self.backhaul.sites]).tolist())
