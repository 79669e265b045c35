"""The question put to the solver: villages, candidate masts, fibre, hops and what they cost."""

from __future__ import annotations

from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from phusong.fiber.extension.candidates import Candidates
from phusong.planning.arborescence import (
    Covers,
    Fibre,
    Hops,
    Instance,
    Pairs,
    Sites,
    Villages,
    worst_first,
)
from phusong.planning.costs import Power, annuity, fibre_life_cost, life_cost, masts
from phusong.planning.hops.hops import Hops as RadioHops
from phusong.planning.sites.places import EXISTING, Places
from phusong.planning.sites.service import Service
from phusong.study.settings.planning import Planning, Prices

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Question:
    """What the solver is asked, and what its numbers stand for.

    Attributes
    ----------
    instance
        Sites are the places, fibre sections the edges of ``roads``; after the places come commune
        centres, after the dark villages the same: a site of no cost that covers one village.
    places, service, power, hops, roads
        What it is made of; ``hops`` only those that hold, ``roads`` None without fibre.
    """

    instance: Instance
    places: Places
    service: Service
    power: Power
    hops: RadioHops
    roads: Candidates | None


def ask(
    places: Places,
    service: Service,
    power: Power,
    hops: RadioHops,
    roads: Candidates | None,
    people: Floats,
    settings: Planning,
    reached: Floats | None = None,
    alternative: Floats | None = None,
) -> Question:
    """Put the question: cover every dark village that candidates can cover, at least life cost.

    A mast that stands has backhaul and current already: what is paid is its room and radio. Other
    places get fibre along ``roads``, whose targets they are in their order, or a hop from a mast
    that has backhaul. Without ``roads`` there are hops alone.

    Parameters
    ----------
    people
        (villages,) of the dark villages; NaN counts as the mean of the others.
    reached
        (communes,) what reaching each commune centre counts; they are the last targets of
        ``roads``. None: only masts are asked for.
    alternative
        (villages,) price of serving each dark village by itself; infinite without.
    """
    prices = settings.prices
    more = np.zeros(0) if reached is None else reached
    count, dark = len(places), len(people)
    stands = np.concatenate([places.kind == EXISTING, np.zeros(len(more), dtype=bool)])
    capital, yearly = (np.concatenate([price, 0 * more]) for price in masts(places, prices))
    radio = np.concatenate([np.full(count, life_cost(prices.radio, prices)), 0 * more])
    return Question(
        Instance(
            _fibre(roads, prices),
            Sites(
                cost=np.where(stands, 0.0, capital + yearly * annuity(prices))
                + np.concatenate([power.life, 0 * more]),
                vertex=np.full(len(stands), -1)
                if roads is None
                else np.where(stands, -1, roads.target_vertex),
                # A mast that stands is free to relay; its room is paid by what serves phones.
                radio=radio + np.where(stands, capital + yearly * annuity(prices), 0.0),
                lit=stands,
            ),
            Villages(
                np.concatenate([known_people(people), more]),
                np.concatenate(
                    [np.full(dark, np.inf) if alternative is None else alternative, more + np.inf]
                ),
            ),
            Covers(
                np.concatenate([service.place, count + np.arange(len(more))]),
                np.concatenate([service.village, dark + np.arange(len(more))]),
            ),
            Hops(
                hops.a,
                hops.b,
                np.full(len(hops.a), life_cost(prices.hop, prices)),
                settings.microwave.max_hops,
            ),
            Pairs(service.first, service.second, service.together),
        ),
        places,
        service,
        power,
        hops,
        roads,
    )


def _fibre(roads: Candidates | None, prices: Prices) -> Fibre:
    if roads is None:
        return Fibre()
    cost = fibre_life_cost(roads.usd, roads.length_m, prices)
    lit = np.array([roads.root], dtype=np.int64)
    return Fibre(roads.vertices, lit, roads.tail, roads.head, cost)


def known_people(people: Floats) -> Floats:
    """Return people with the unknown counted as the mean of the known; 1 each where none is."""
    known = np.isfinite(people) & (people > 0)
    return np.where(known, people, people[known].mean() if known.any() else 1.0)


def darkest_first(
    instance: Instance, dark: gpd.GeoDataFrame, villages: gpd.GeoDataFrame
) -> Instance:
    """Weigh people of dark villages by the share of their commune that is in the dark.

    A commune without fibre is without it as a whole: its people count as they are.

    Parameters
    ----------
    dark
        The first villages of the instance: ``commune_code``.
    villages
        All of the province: ``commune_code``, ``population``.
    """
    count = len(dark)
    weight = instance.villages.people.copy()
    commune = dark["commune_code"].fillna("").to_numpy()
    names, number = np.unique(commune.astype(str), return_inverse=True)
    living = villages["commune_code"].fillna("").astype(str)
    people = villages["population"].fillna(0.0).groupby(living).sum()
    population = people.reindex(names).to_numpy(dtype=np.float64)
    unlit = np.bincount(number, weight[:count], minlength=len(names))
    whole = np.maximum(np.nan_to_num(population), unlit)
    weight[:count] = worst_first(weight[:count], number, whole)
    return replace(instance, villages=replace(instance.villages, people=weight))
