"""A plan in the numbers of its instance: what is built, who serves whom, what it costs."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np

from phusong.planning.arborescence.bounds.certificate import Certificate
from phusong.planning.arborescence.graph.numbering import Kind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from phusong.planning.arborescence.graph.digraph import Layers
    from phusong.planning.arborescence.graph.part import Part
    from phusong.planning.arborescence.growth.gardener import Gardener, Growth
    from phusong.planning.arborescence.instance import Instance


class Reason(IntEnum):
    """Why a village cannot be served, whatever is built."""

    CAN_BE = 0
    NO_SITE = 1
    """No site, alone or in a pair, covers it."""
    NO_BACKHAUL = 2
    """Sites cover it, and none (no pair of them) can be joined to fibre within the hops allowed."""


class Vouched(IntEnum):
    """Who vouches for the lower bound."""

    DUALS = 0
    """Multipliers, recomputed here."""
    BRANCHING = 1
    """HiGHS, having branched over the programme without what cannot be better."""


@dataclass(frozen=True)
class Plan:
    """What to build.

    Attributes
    ----------
    sections
        Fibre sections laid, int64, ascending.
    fibre_sites
        Sites that get fibre from their junction.
    hops, hop_from, hop_to
        Hops built, and which way they carry: from the site nearer to fibre.
    sites
        Sites built, relays included.
    serving
        Those that have radio.
    served_by
        (v,) the serving site, the first of equals; -1 for villages served otherwise or not.
    pair
        (v,) the pair that serves the village, -1 for others.
    alone
        (v,) whether the village is served by its alternative.
    reason
        (v,) why it cannot be served, see :class:`Reason`.
    stranded
        Locked sites that no backhaul reaches; they are not in the plan.
    cost
        What all of it costs.
    people
        Who is served.
    lower_bound
        No plan that serves all that can be served costs less. Of a plan within a budget: the most
        people any plan within it serves, see ``most_people``.
    proven_bound
        The part of it that multipliers prove; the same unless ``vouched`` says otherwise.
    vouched
        Who vouches for the bound, see :class:`Vouched`.
    most_people
        No plan within the budget serves more; infinite without a budget.
    seconds
        Time taken.
    certificate
        Multipliers behind ``proven_bound``; None where nothing is left to decide.
    """

    sections: NDArray[np.int64]
    fibre_sites: NDArray[np.int64]
    hops: NDArray[np.int64]
    hop_from: NDArray[np.int64]
    hop_to: NDArray[np.int64]
    sites: NDArray[np.int64]
    serving: NDArray[np.int64]
    served_by: NDArray[np.int64]
    pair: NDArray[np.int64]
    alone: NDArray[np.bool_]
    reason: NDArray[np.int64]
    stranded: NDArray[np.int64]
    cost: float
    people: float
    lower_bound: float = 0.0
    proven_bound: float = 0.0
    vouched: Vouched = Vouched.DUALS
    most_people: float = math.inf
    seconds: float = 0.0
    certificate: Certificate | None = None

    @property
    def gap(self) -> float:
        """Gap between cost and bound as a share of the bound; 0 when both are 0."""
        if self.cost <= self.lower_bound:
            return 0.0
        return (self.cost - self.lower_bound) / self.lower_bound if self.lower_bound else math.inf

    @property
    def people_gap(self) -> float:
        """Share of the most people that could be served which the plan does not serve."""
        if not math.isfinite(self.most_people) or self.people >= self.most_people:
            return 0.0
        return 1.0 - self.people / self.most_people

    @property
    def served(self) -> NDArray[np.bool_]:
        """(v,) whether a village is served."""
        served: NDArray[np.bool_] = (self.served_by >= 0) | (self.pair >= 0) | self.alone
        return served

    @property
    def optimal(self) -> bool:
        """Whether cost and bound meet, but for rounding."""
        return self.cost <= self.lower_bound * (1.0 + 1e-9)


@dataclass(frozen=True)
class Chosen:
    """What a growing plan chose, site by site, before it is settled.

    Attributes
    ----------
    sections
        Fibre sections, in any order.
    feed
        (s,) -1: not built; -2: by fibre or backhaul of its own; else the hop it is fed by.
    source
        (s,) the site a hop comes from, -1 otherwise.
    serving
        (s,) whether it has radio.
    alone
        (v,) villages served by their alternative.
    """

    sections: NDArray[np.int64]
    feed: NDArray[np.int64]
    source: NDArray[np.int64]
    serving: NDArray[np.bool_]
    alone: NDArray[np.bool_]


FIBRE_FED = -2


def read(layers: Layers, part: Part, growth: Growth, missed: NDArray[np.bool_]) -> Chosen:
    """Read a growing plan off the graph, in the numbers of the instance given.

    A site entered in more than one layer is kept in the lowest, from where it can do all that it
    could from the others; so a chain never gets longer.

    Parameters
    ----------
    missed
        (v,) villages that stand as served by themselves but are left out.
    """
    g, i = layers.graph, layers.instance
    sites = i.sites.count
    entered = np.flatnonzero((growth.enter >= 0) & (layers.site_of >= 0))
    order = np.lexsort((layers.layer[entered], layers.site_of[entered]))
    who, first = np.unique(layers.site_of[entered[order]], return_index=True)
    at = np.full(sites, -1, np.int64)
    at[who] = entered[order][first]
    feed = np.full(sites, -1, np.int64)
    source = np.full(sites, -1, np.int64)
    sections = []
    laid: set[int] = set()
    need = []
    cell = layers.cell
    serving = np.zeros(sites, np.bool_)
    serving[cell >= 0] = growth.enter[cell[cell >= 0]] >= 0
    need = np.flatnonzero((serving | i.sites.locked) & (at >= 0)).tolist()
    while need:
        site = need.pop()
        if feed[site] != -1:
            continue
        slot = int(growth.enter[at[site]])
        variable = layers.column[slot]
        if layers.kind[variable] == Kind.HOP:
            feed[site] = part.hop[layers.ref[variable]]
            source[site] = layers.site_of[g.adj[slot]]
            need.append(int(source[site]))
            continue
        feed[site] = FIBRE_FED
        vertex = int(g.adj[slot])
        while vertex != 0 and vertex not in laid:
            laid.add(vertex)
            slot = int(growth.enter[vertex])
            chain = layers.ref[layers.column[slot]]
            ends = layers.chains.indptr[chain : chain + 2]
            sections.append(layers.chains.section[ends[0] : ends[1]])
            vertex = int(g.adj[slot])
    found = np.concatenate(sections) if sections else np.empty(0, np.int64)
    alone = growth.direct & ~missed
    return Chosen(part.section[found], feed, source, serving, alone)


def settle(instance: Instance, chosen: Chosen, reason: NDArray[np.int64]) -> Plan:
    """Make a plan of what was chosen: who serves whom, and what it costs, to the last cent."""
    i, s = instance, instance.sites
    built = chosen.feed != -1
    fibre = np.flatnonzero((chosen.feed == FIBRE_FED) & ~s.lit)
    fed = np.flatnonzero(chosen.feed >= 0)
    sections = np.unique(chosen.sections)
    served_by = np.full(i.villages.count, s.count, np.int64)
    works = chosen.serving[i.covers.site]
    np.minimum.at(served_by, i.covers.village[works], i.covers.site[works])
    served_by[served_by == s.count] = -1
    pair = np.full(i.villages.count, i.pairs.a.size, np.int64)
    both = np.flatnonzero(chosen.serving[i.pairs.a] & chosen.serving[i.pairs.b])
    np.minimum.at(pair, i.pairs.village[both], both)
    pair[(pair == i.pairs.a.size) | (served_by >= 0)] = -1
    alone = chosen.alone & (served_by < 0) & (pair < 0)
    plan = Plan(
        sections,
        fibre,
        chosen.feed[fed],
        chosen.source[fed],
        fed,
        np.flatnonzero(built),
        np.flatnonzero(chosen.serving),
        served_by,
        pair,
        alone,
        reason,
        np.flatnonzero(s.locked & ~built),
        0.0,
        0.0,
    )
    people = math.fsum(i.villages.people[plan.served].tolist())
    return replace(plan, cost=bill(instance, plan), people=people)


def bill(instance: Instance, plan: Plan) -> float:
    """Add up what a plan costs, exactly rounded."""
    i = instance
    return math.fsum(
        np.concatenate(
            [
                i.fibre.cost[plan.sections],
                i.sites.drop[plan.fibre_sites],
                i.hops.cost[plan.hops],
                i.sites.cost[plan.sites],
                i.sites.radio[plan.serving],
                i.villages.alternative[plan.alone],
            ]
        ).tolist()
    )


def replant(grower: Gardener, plan: Plan, part: Part) -> Growth | None:
    """Grow a settled plan anew on this graph; None when arcs it needs are gone.

    Parameters
    ----------
    part
        What the graph is the graph of.
    """
    lay = grower.layers
    laid = np.isin(part.section, plan.sections)
    chain = np.zeros(lay.chains.cost.size, np.bool_)
    size = np.diff(lay.chains.indptr)
    owner = np.repeat(np.arange(size.size), size)
    chain[owner[laid[lay.chains.section]]] = True
    hop = np.isin(part.hop, plan.hops)
    fed = np.zeros(lay.instance.sites.count, np.bool_)
    fed[plan.fibre_sites] = True
    fed |= lay.instance.sites.lit
    serving = np.zeros(lay.instance.sites.count, np.bool_)
    serving[plan.serving] = True
    used = np.zeros(lay.price.size, np.bool_)
    for kind, mine in (
        (Kind.FIBRE, chain),
        (Kind.HOP, hop),
        (Kind.DROP, fed),
        (Kind.RADIO, serving),
    ):
        which = np.flatnonzero(lay.kind == kind)
        used[which] = mine[lay.ref[which]]
    used |= lay.kind == Kind.LAND
    return grower.grow(np.where((lay.column >= 0) & used[lay.column], 0.0, np.inf))


def reasons(layers: Layers) -> NDArray[np.int64]:
    """(v,) why villages cannot be served, see :class:`Reason`; of the graph of a whole instance."""
    i = layers.instance
    covered = np.zeros(i.villages.count, np.bool_)
    covered[i.covers.village] = True
    covered[i.pairs.village] = True
    lost = layers.stands_for < 0
    return np.where(lost, np.where(covered, int(Reason.NO_BACKHAUL), int(Reason.NO_SITE)), 0)
