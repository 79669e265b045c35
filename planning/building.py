"""The pieces of a solver's plan as jobs, each after what it hangs on, in order of building."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from heapq import heappop, heappush

import numpy as np
from numpy.typing import NDArray

from phusong.fiber.extension.ordering import build_order
from phusong.planning.arborescence import Instance, Plan

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


class Job(IntEnum):
    """What a job builds; ``ref`` counts in the instance."""

    SECTION = 0
    """Fibre along a section."""
    HOP = 1
    SITE = 2
    """Mast and power; of a commune centre nothing but its place."""
    RADIO = 3
    """What serves phones, or a commune's light: whom it serves gets it now."""
    ALONE = 4
    """A village served by itself."""


ENDS = (Job.RADIO, Job.ALONE)
"""Jobs after which somebody is served."""
_ROUNDS = 10
"""Orders tried of one year, at most."""


@dataclass(frozen=True)
class Jobs:
    """What a plan adds to what stands; every array is (jobs,).

    Attributes
    ----------
    kind, ref
        See :class:`Job`.
    up
        The job that has to be done before; -1: none.
    cost
        Adds up to what the plan adds.
    gain
        Who is served by it, as the instance weighs people. A village that takes two sites counts
        half at each.
    """

    kind: Ints
    ref: Ints
    up: Ints
    cost: Floats
    gain: Floats


@dataclass(frozen=True)
class Building:
    """The order of building: one row a step.

    Attributes
    ----------
    year
        (steps,) from 1, never falling.
    end
        (steps,) kind of the job a step ends with, and ``ref``, its number.
    ref
        See ``end``.
    step_of
        By kind the (things,) step, from 1, in which each is built; 0: not.
    serves
        (villages,) step from which each is served; 0: not.
    """

    year: Ints
    end: Ints
    ref: Ints
    step_of: dict[Job, Ints]
    serves: Ints

    def __len__(self) -> int:
        return len(self.year)


def in_order(instance: Instance, plans: Sequence[Plan]) -> Building:
    """Break plans into steps: who is served most for money first, what lies upstream before.

    Within a year the order makes the sum over people of the money spent before each is served
    least, exactly where every village hangs on one site
    (:func:`phusong.fiber.extension.ordering.build_order`). A village that several sites of the
    plan cover, or that takes two, is counted where the order so far serves it, and the order made
    anew as long as that serves people sooner. Of equals the one nearer to the root, then the one
    numbered lower, comes first.

    Parameters
    ----------
    instance
        What may be built, with people as they are weighed.
    plans
        What stands at the end of each year.
    """
    counts = {
        Job.SECTION: instance.fibre.cost.size,
        Job.HOP: instance.hops.a.size,
        Job.SITE: instance.sites.count,
        Job.RADIO: instance.sites.count,
        Job.ALONE: instance.villages.count,
    }
    step_of = {kind: np.zeros(count, dtype=np.int64) for kind, count in counts.items()}
    year: list[int] = []
    ends: list[tuple[int, int]] = []
    before: Plan | None = None
    for number, plan in enumerate(plans, start=1):
        jobs = jobs_of(instance, plan, before)
        for steps in _ordered(instance, plan, before, jobs, step_of):
            year.append(number)
            ends.append((int(jobs.kind[steps[-1]]), int(jobs.ref[steps[-1]])))
            for job in steps:
                step_of[Job(jobs.kind[job])][jobs.ref[job]] = len(year)
        before = plan
    end = np.array(ends, dtype=np.int64).reshape(-1, 2)
    serves = _serves(instance, step_of[Job.RADIO], step_of[Job.ALONE])
    serves[~plans[-1].served] = 0
    return Building(np.array(year, dtype=np.int64), end[:, 0], end[:, 1], step_of, serves)


def jobs_of(instance: Instance, plan: Plan, before: Plan | None = None) -> Jobs:
    """Return what a plan adds to what stands already, and what each piece hangs on."""
    return _Tree(instance, plan, before).jobs()


class _Tree:
    """Jobs as they are found, from light outwards."""

    def __init__(self, instance: Instance, plan: Plan, before: Plan | None) -> None:
        self.instance, self.plan, self.before = instance.checked(), plan, before
        self.kind: list[int] = []
        self.ref: list[int] = []
        self.up: list[int] = []
        self.cost: list[float] = []
        self.number: dict[tuple[Job, int], int] = {}
        self.lit: dict[int, int] = dict.fromkeys(instance.fibre.lit.tolist(), -1)
        """Junctions with fibre, and the job that brings it."""

    def jobs(self) -> Jobs:
        i, plan = self.instance, self.plan
        self._lay()
        self._feed()
        stands = _mask(self.before, "serving", i.sites.count)
        for site in plan.serving[~stands[plan.serving]].tolist():
            self._add(Job.RADIO, site, self._of(Job.SITE, site), float(i.sites.radio[site]))
        bought = (
            np.zeros_like(plan.alone) if self.before is None else self.before.alone & plan.alone
        )
        for village in np.flatnonzero(plan.alone & ~bought).tolist():
            self._add(Job.ALONE, village, -1, float(i.villages.alternative[village]))
        kind, ref = np.array(self.kind, dtype=np.int64), np.array(self.ref, dtype=np.int64)
        up, cost = np.array(self.up, dtype=np.int64), np.array(self.cost, dtype=np.float64)
        return Jobs(kind, ref, up, cost, self._gain())

    def _add(self, kind: Job, ref: int, up: int, cost: float) -> int:
        self.number[kind, ref] = len(self.kind)
        self.kind.append(int(kind))
        self.ref.append(ref)
        self.up.append(up)
        self.cost.append(cost)
        return len(self.kind) - 1

    def _of(self, kind: Job, ref: int) -> int:
        """Return the job that builds something; -1 where it stands."""
        return self.number.get((kind, ref), -1)

    def _lay(self) -> None:
        """Lay the sections from light outwards, over those that stand first."""
        fibre, plan = self.instance.fibre, self.plan
        stands = _mask(self.before, "sections", fibre.cost.size)
        near: dict[int, list[tuple[int, int]]] = {}
        for section in plan.sections.tolist():
            a, b = int(fibre.tail[section]), int(fibre.head[section])
            near.setdefault(a, []).append((section, b))
            near.setdefault(b, []).append((section, a))
        queue = [(0.0, vertex, -1, -1) for vertex in sorted(self.lit)]
        done: set[int] = set()
        while queue:
            spent, vertex, section, up = heappop(queue)
            if vertex in done:
                continue
            done.add(vertex)
            if section >= 0 and not stands[section]:
                up = self._add(Job.SECTION, section, up, float(fibre.cost[section]))
            self.lit[vertex] = up
            for nxt, other in near.get(vertex, []):
                if other not in done:
                    price = 0.0 if stands[nxt] else float(fibre.cost[nxt])
                    heappush(queue, (spent + price, other, nxt, up))
        # A second way to a junction, bought in another year's plan.
        for section in plan.sections[~stands[plan.sections]].tolist():
            if (Job.SECTION, section) not in self.number:
                up = self.lit.get(int(fibre.tail[section]), -1)
                self._add(Job.SECTION, section, up, float(fibre.cost[section]))

    def _feed(self) -> None:
        """Build the sites: with backhaul of their own, on fibre, then along hops."""
        i, plan = self.instance, self.plan
        stands = _mask(self.before, "sites", i.sites.count)
        dropped = _mask(self.before, "fibre_sites", i.sites.count)
        hop_stands = _mask(self.before, "hops", i.hops.a.size)
        fed: set[int] = set()
        for site in plan.sites[i.sites.lit[plan.sites]].tolist():
            fed.add(site)
            self._build(site, -1, 0.0, stands)
        for site in plan.fibre_sites.tolist():
            fed.add(site)
            drop = 0.0 if dropped[site] else float(i.sites.drop[site])
            self._build(site, self.lit.get(int(i.sites.vertex[site]), -1), drop, stands)
        hops = list(
            zip(plan.hops.tolist(), plan.hop_from.tolist(), plan.hop_to.tolist(), strict=True)
        )
        hops.sort(key=lambda hop: not hop_stands[hop[0]])
        waiting = True
        while waiting:
            waiting = False
            for hop, source, goal in hops:
                if source in fed and goal not in fed:
                    fed.add(goal)
                    self._build(goal, self._hop(hop, source, hop_stands), 0.0, stands)
                    waiting = True
        for hop, source, _ in hops:
            self._hop(hop, source, hop_stands)

    def _hop(self, hop: int, source: int, stands: Bools) -> int:
        """Return the job of a hop from a site; where it stands, that of the site."""
        up = self._of(Job.SITE, source)
        if stands[hop]:
            return up
        if (Job.HOP, hop) not in self.number:
            self._add(Job.HOP, hop, up, float(self.instance.hops.cost[hop]))
        return self.number[Job.HOP, hop]

    def _build(self, site: int, up: int, drop: float, stands: Bools) -> None:
        # A drop to a mast that stands is a job of its own cost: it comes with the site's.
        if not stands[site]:
            self._add(Job.SITE, site, up, float(self.instance.sites.cost[site]) + drop)
        elif drop:
            self._add(Job.SITE, site, up, drop)

    def _gain(self) -> Floats:
        i, plan = self.instance, self.plan
        gain = np.zeros(len(self.kind))
        fresh = plan.served if self.before is None else plan.served & ~self.before.served
        for village in np.flatnonzero(fresh).tolist():
            if plan.alone[village]:
                by = [self._of(Job.ALONE, village)]
            elif plan.pair[village] >= 0:
                pair = int(plan.pair[village])
                by = [self._of(Job.RADIO, int(ends[pair])) for ends in (i.pairs.a, i.pairs.b)]
            else:
                by = [self._of(Job.RADIO, int(plan.served_by[village]))]
            by = [job for job in by if job >= 0]
            for job in by:
                gain[job] += i.villages.people[village] / len(by)
        return gain


def _mask(plan: Plan | None, name: str, count: int) -> Bools:
    mask = np.zeros(count, dtype=bool)
    if plan is not None:
        mask[getattr(plan, name)] = True
    return mask


def _ordered(
    instance: Instance, plan: Plan, before: Plan | None, jobs: Jobs, stands: dict[Job, Ints]
) -> list[list[int]]:
    """Return the jobs of each step of a year, in order.

    Parameters
    ----------
    stands
        Steps of what was built in years before.
    """
    fresh = plan.served if before is None else plan.served & ~before.served
    people = np.where(fresh, instance.villages.people, 0.0)
    steps: list[list[int]] = []
    least, gain = np.inf, jobs.gain
    for _ in range(_ROUNDS):
        again = _steps(jobs, gain)
        counted = _counted(instance, people, jobs, again, stands)
        spent = np.cumsum([jobs.cost[step].sum() for step in again])
        delay = float((counted * spent).sum())
        if steps and delay >= least * (1 - 1e-12):
            break
        steps, least = again, delay
        gain = np.zeros(len(jobs.kind))
        gain[[step[-1] for step in again]] = counted
    return steps


def _counted(
    instance: Instance, people: Floats, jobs: Jobs, steps: list[list[int]], stands: dict[Job, Ints]
) -> Floats:
    """Return (steps,) people whom each step of a year is the first to serve."""
    first = 1 + max(int(step.max(initial=0)) for step in stands.values())
    radio, alone = stands[Job.RADIO].copy(), stands[Job.ALONE].copy()
    for number, step in enumerate(steps, start=first):
        end = step[-1]
        (radio if jobs.kind[end] == Job.RADIO else alone)[jobs.ref[end]] = number
    at = _serves(instance, radio, alone)
    counted = np.bincount(at, people, minlength=first + len(steps))[first:]
    return np.asarray(counted, dtype=np.float64)


def _steps(jobs: Jobs, gain: Floats) -> list[list[int]]:
    """Return the jobs of each step, in order; what leads to nobody comes with the last.

    Parameters
    ----------
    gain
        (jobs,) who is served by each.
    """
    ends = np.flatnonzero(np.isin(jobs.kind, ENDS))
    count = len(jobs.kind)
    if not count:
        return []
    if not len(ends):
        message = "a year builds what serves nobody"
        raise AssertionError(message)
    number = np.arange(count)
    stages = build_order(jobs.up + 1, number + 1, jobs.cost, number, 0, ends + 1, gain[ends])
    steps = [stage.edges.tolist() for stage in stages]
    rest = np.setdiff1d(number, np.concatenate([np.zeros(0, np.int64), *(s.edges for s in stages)]))
    if len(rest):
        steps[-1] = [*rest.tolist(), *steps[-1]]
    return steps


def _serves(instance: Instance, radio: Ints, alone: Ints) -> Ints:
    """Return the first step after which each village is served; 0: none.

    Parameters
    ----------
    radio, alone
        (sites,) and (villages,) step in which each begins to serve; 0: none.
    """
    i = instance
    never = np.iinfo(np.int64).max
    radio = np.where(radio > 0, radio, never)
    out = np.where(alone > 0, alone, never)
    np.minimum.at(out, i.covers.village, radio[i.covers.site])
    np.minimum.at(out, i.pairs.village, np.maximum(radio[i.pairs.a], radio[i.pairs.b]))
    return np.where(out < never, out, 0)
