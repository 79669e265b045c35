"""What is known while an instance is being solved: the best plan, bounds, what is left."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from phusong.planning.arborescence.bounds.certificate import Certificate, Dual, stage
from phusong.planning.arborescence.graph.part import Part, whole
from phusong.planning.arborescence.growth.gardener import Gardener, Growth
from phusong.planning.arborescence.siteplan import Plan, read, settle

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from phusong.planning.arborescence.graph.digraph import Layers
    from phusong.planning.arborescence.instance import Instance


@dataclass
class Search:
    """What is known while an instance is being solved.

    Attributes
    ----------
    instance
        The instance, checked.
    miss
        Price of leaving a person out; None when all that can be served must be.
    relaxed, deadline
        When to stop relaxing and when to stop, on the clock of :func:`time.perf_counter`.
    steps
        Steps left: ascents, relaxations, programmes in whole numbers.
    cost
        Cost of the best plan, with the price of those left out.
    keep, certificate
        Whether multipliers are kept, and those kept.
    bound, proven
        No plan costs less: at all, and as far as multipliers prove.
    """

    instance: Instance
    miss: float | None
    relaxed: float
    deadline: float
    steps: float
    seed: int
    gap: float
    keep: bool = False
    certificate: Certificate = field(default_factory=Certificate)
    part: Part = field(init=False)
    reason: NDArray[np.int64] = field(init=False)
    plan: Plan = field(init=False)
    cost: float = np.inf
    bound: float = 0.0
    proven: float = 0.0

    def __post_init__(self) -> None:
        self.part = whole(self.instance)
        self.rng = np.random.default_rng(self.seed)

    @property
    def done(self) -> bool:
        """Whether cost and bound have met, or time or steps are used up."""
        return self.closed or self.steps <= 0 or time.perf_counter() >= self.deadline

    @property
    def closed(self) -> bool:
        """Whether cost and bound have met."""
        return self.bound >= self.cost * (1.0 - self.gap)

    def step(self) -> None:
        """Count a step."""
        self.steps -= 1

    @property
    def room(self) -> float:
        """Cost above which an arc's cheapest use is not wanted, with some space for rounding."""
        return self.cost * (1.0 + 1e-9)

    def raise_bound(self, bound: float) -> None:
        """Take a bound on plans better than the best one."""
        self.proven = max(self.proven, min(bound, self.cost))
        self.bound = max(self.bound, self.proven)

    def emptied(self, layers: Layers) -> bool:
        """Tell whether closing arcs has cut off what has to be served."""
        masts = np.flatnonzero(self.instance.sites.locked) + layers.names.first_mast
        lost = ~np.isin(masts, layers.name)
        lost[np.isin(masts - layers.names.first_mast, self.plan.stranded)] = False
        return bool(lost.any() or ((layers.stands_for < 0) & (self.reason == 0)).any())

    def begin(self, layers: Layers) -> None:
        """Begin a stage of the certificate: multipliers recorded from now on are for this graph."""
        if self.keep:
            self.certificate.stages.append(stage(layers, self.part))

    def record(self, dual: Dual | None) -> None:
        """Take multipliers into the certificate."""
        if self.keep and dual is not None:
            last = self.certificate.stages[-1]
            self.certificate.stages[-1] = replace(last, duals=(*last.duals, dual))

    def offer(self, layers: Layers, growth: Growth) -> bool:
        """Take a growing plan if it is better; tell whether it was."""
        _, missed = prices(layers, self.miss)
        chosen = read(layers, self.part, growth, missed)
        plan = settle(self.instance, chosen, self.reason)
        cost = plan.cost + left_out(self.instance, plan, self.miss)
        better = cost < self.cost * (1.0 - 1e-12)
        if better:
            self.plan, self.cost = plan, cost
        return better


def prices(layers: Layers, miss: float | None) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """By village the least price without a site, and whether that is for leaving it out."""
    v = layers.instance.villages
    penalty = np.full(v.count, np.inf) if miss is None else miss * layers.weight
    wanted = layers.village >= 0
    price = np.where(wanted, np.minimum(v.alternative, penalty), np.inf)
    return price, wanted & (penalty < v.alternative)


def left_out(instance: Instance, plan: Plan, miss: float | None) -> float:
    """Price of those a plan leaves out, of all that could be served."""
    if miss is None:
        return 0.0
    lost = ~plan.served & (plan.reason == 0)
    return miss * float(instance.villages.people[lost].sum())


def gardener(layers: Layers, miss: float | None) -> Gardener:
    """Return who grows plans on a graph."""
    return Gardener(layers, prices(layers, miss)[0], (layers.village >= 0).astype(np.float64))
