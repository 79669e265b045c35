"""The cheapest sites that cover villages, with their backhaul and power, and a proof how cheap.

``solve(instance)`` covers all that can be covered; ``within(instance, budget)`` serves most people
for a sum, ``curve`` for many sums, ``years`` in stages. :mod:`.faults` holds a plan, and what is
claimed of it, against the instance.
"""

from phusong.planning.arborescence.instance import (
    Covers,
    Fibre,
    Hops,
    Instance,
    Pairs,
    Sites,
    Villages,
)
from phusong.planning.arborescence.money import curve, within
from phusong.planning.arborescence.planner import solve
from phusong.planning.arborescence.schedule import Schedule, worst_first, years
from phusong.planning.arborescence.siteplan import Plan, Reason, Vouched

__all__ = [
    "Covers",
    "Fibre",
    "Hops",
    "Instance",
    "Pairs",
    "Plan",
    "Reason",
    "Schedule",
    "Sites",
    "Villages",
    "Vouched",
    "curve",
    "solve",
    "within",
    "worst_first",
    "years",
]
