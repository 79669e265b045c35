"""The question put to the solver: villages, candidate masts, fibre, hops and what they cost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from phusong.fiber.extension.candidates import Candidates
from phusong.planning.arborescence import Covers, Fibre, Hops, Instance, Pairs, Sites, Villages
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
        Sites are the places, fibre sections the edges of ``roads``.
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
) -> Question:
    """Put the question: cover every dark village that candidates can cover, at least life cost.

    A mast that stands has backhaul and current already: what is paid is its room and radio. Other
    places get fibre along ``roads``, whose targets they are in their order, or a hop from a mast
    that has backhaul. Without ``roads`` there are hops alone.

    Parameters
    ----------
    people
        (villages,) of the dark villages; NaN counts as the mean of the others.
    """
    prices = settings.prices
    stands = places.kind == EXISTING
    capital, yearly = masts(places, prices)
    return Question(
        Instance(
            _fibre(roads, prices),
            Sites(
                cost=np.where(stands, 0.0, capital + yearly * annuity(prices)) + power.life,
                vertex=np.full(len(places), -1)
                if roads is None
                else np.where(stands, -1, roads.target_vertex),
                # A mast that stands is free to relay; its room is paid by what serves phones.
                radio=life_cost(prices.radio, prices)
                + np.where(stands, capital + yearly * annuity(prices), 0.0),
                lit=stands,
            ),
            Villages(known_people(people)),
            Covers(service.place, service.village),
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
