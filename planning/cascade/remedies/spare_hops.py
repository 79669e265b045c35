"""Microwave hops that feed a site from one that keeps its light when the site's own is lost."""

from __future__ import annotations

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from phusong.planning.cascade.losable import Event, Network
from phusong.planning.cascade.remedies.works import HOP, Remedy, Works
from phusong.planning.hops.hops import Masts, find_hops
from phusong.progress import Progress
from phusong.sources.cables.called import SITE
from phusong.study import Study

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FAR_ENDS = 2
"""Hops looked at for each site: the best far ends."""


def hop_remedies(
    network: Network,
    events: pd.DataFrame,
    expected: Floats,
    study: Study,
    most: int,
    progress: Progress | None = None,
) -> list[Remedy]:
    """Return hops between standing masts in sight, by what the far end still has.

    A site may be fed by a far end that is lit in the same event, no more hops from fibre than
    the study allows. Sites that an event takes themselves are not helped by a hop.

    Parameters
    ----------
    events, expected
        Events with their figures, and the person-hours a year of each.
    most
        Sites that are looked at: those of most person-hours.
    """
    settings = study.planning.microwave
    dark, helped = _dark(network, events), _dark_by_light(network, events)
    if not helped.any() or not settings.max_hops:
        return []
    share = expected / np.maximum(dark.sum(axis=1), 1)
    worth = np.maximum(share[:, None] * helped, helped * _alone(network, events, expected)[None, :])
    best = np.argsort(-worth.sum(axis=0), kind="stable")[:most]
    wanted = np.zeros(dark.shape[1], dtype=bool)
    wanted[best] = worth.sum(axis=0)[best] > 0
    sites = network.inputs.sites
    masts = Masts(
        sites.geometry.x.to_numpy(), sites.geometry.y.to_numpy(), _heights(network, study)
    )
    hops = find_hops(masts, network.inputs.terrain, settings, wanted, progress).holding(settings)
    depth = _depth(network)
    out = []
    for site in np.flatnonzero(wanted).tolist():
        mine = np.flatnonzero((hops.a == site) | (hops.b == site))
        far = hops.a[mine] + hops.b[mine] - site
        value = (worth[:, [site]] * ~dark[:, far]).sum(axis=0)
        value[depth[far] + 1 > settings.max_hops] = 0.0
        good = np.lexsort((hops.length_km[mine], -value))[:FAR_ENDS]
        out += [
            _remedy(network, site, int(far[k]), float(value[k]), study)
            for k in good[value[good] > 0].tolist()
        ]
    return out


def _remedy(network: Network, site: int, far: int, value: float, study: Study) -> Remedy:
    a, b = (network.keys[i] for i in (site, far))
    line = shapely.LineString([network.place_of(a), network.place_of(b)])
    works = Works(hops=((a, b),))
    return Remedy(HOP, (a,), b, 1.0, study.planning.prices.hop, works, line, value)


def _dark(network: Network, events: pd.DataFrame) -> Bools:
    """(events, sites) whether a site is dark."""
    number = network.things
    out = np.zeros((len(events), network.backhaul.sites), dtype=bool)
    for i, sites in enumerate(events["sites"]):
        out[i, [number[f"{SITE}:{name}"] for name in sites]] = True
    return out


def _dark_by_light(network: Network, events: pd.DataFrame) -> Bools:
    """(events, sites) whether a site is dark for want of light, not taken itself."""
    out = _dark(network, events)
    for i, (element, name, hours) in enumerate(
        zip(events["element"], events["id"], events["hours"], strict=True)
    ):
        event = Event(str(element), str(name), float(hours))
        things = network.all_taken(event).things
        out[i, things[things < network.backhaul.sites]] = False
    return out


def _alone(network: Network, events: pd.DataFrame, expected: Floats) -> Floats:
    """(sites,) person-hours, in an event of mean length, of a site lost by itself."""
    out = np.zeros(network.backhaul.sites)
    own = (events["element"] == "site").to_numpy()
    for name, value in zip(events.loc[own, "id"], expected[own], strict=True):
        out[network.things[f"{SITE}:{name}"]] = value
    return out


def _heights(network: Network, study: Study) -> Floats:
    known = network.inputs.cells.groupby("site_id")["height_m"].max()
    names = network.inputs.sites["site_id"].astype(str)
    low = study.planning.site.height_m
    return np.array([float(known.get(name, low)) for name in names], dtype=np.float64)


def _depth(network: Network) -> Ints:
    """(things,) fewest hops over microwave to what has fibre or is fed; a large number: dark."""
    backhaul = network.backhaul
    nodes, things = network.tracer.whole
    out = np.full(len(things), 1_000_000, dtype=np.int64)
    out[backhaul.fed] = 0
    fibre = backhaul.node >= 0
    out[backhaul.thing[fibre][nodes[backhaul.node[fibre]]]] = 0
    radio = ~fibre & (backhaul.upstream >= 0)
    thing, up = backhaul.thing[radio], backhaul.upstream[radio]
    while True:
        before = out.copy()
        np.minimum.at(out, thing, before[up] + 1)
        if np.array_equal(out, before):
            return out
