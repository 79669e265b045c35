"""The cheapest sites that cover villages, with their backhaul and power, and a proof how cheap.

``solve(instance)`` covers all that can be covered; ``within(instance, budget)`` serves most people
for a sum, ``curve`` for many sums, ``years`` in stages; ``check`` holds a plan against the instance.
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
from phusong.planning.arborescence.plan import Plan, Reason, Vouched
from phusong.planning.arborescence.planner import solve

__all__ = [
    "Covers",
    "Fibre",
    "Hops",
    "Instance",
    "Pairs",
    "Plan",
    "Reason",
    "Sites",
    "Villages",
    "Vouched",
    "solve",
]
