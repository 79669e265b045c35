"""Holding a plan against its instance: written apart from what finds plans, in plain steps.

Nothing here uses the directed graph of the solver: fibre is followed from light along sections,
hops are counted from site to site, and the bill is added up in fractions.
"""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from phusong.planning.arborescence.instance import Instance
    from phusong.planning.arborescence.siteplan import Plan


def faults(instance: Instance, plan: Plan, budget: float | None = None) -> list[str]:
    """Say what is wrong with a plan; an empty list for a sound one.

    Parameters
    ----------
    instance
        What the plan is for, checked.
    plan
        The plan.
    budget
        What it may cost; None when it has to serve all that can be served.
    """
    found: list[str] = []
    depth = _depths(instance, plan, found)
    for site in plan.sites.tolist():
        if site not in depth:
            found.append(f"site {site} is built and has no backhaul")
        elif depth[site] > instance.hops.limit:
            found.append(f"site {site} is {depth[site]} hops from fibre")
    built = set(plan.sites.tolist())
    found += [f"site {s} serves and is not built" for s in plan.serving.tolist() if s not in built]
    locked = {s for s in range(instance.sites.count) if instance.sites.locked[s]}
    found += [
        f"site {s} is locked and missing" for s in locked - built - set(plan.stranded.tolist())
    ]
    found += _service(instance, plan)
    if budget is None:
        found += [
            f"village {v} can be served and is not"
            for v in range(instance.villages.count)
            if plan.reason[v] == 0 and not plan.served[v]
        ]
    total = cost(instance, plan)
    if budget is not None and total > Fraction(budget) * (1 + Fraction(1, 10**12)):
        found.append(f"the plan costs {float(total)} of {budget}")
    if abs(total - Fraction(plan.cost)) > Fraction(1, 10**9) * (1 + total):
        found.append(f"the plan says {plan.cost} and costs {float(total)}")
    return found


def cost(instance: Instance, plan: Plan) -> Fraction:
    """Add up in fractions what a plan costs."""
    i = instance
    total = Fraction(0)
    for price, items in (
        (i.fibre.cost, plan.sections),
        (i.sites.drop, plan.fibre_sites),
        (i.hops.cost, plan.hops),
        (i.sites.cost, plan.sites),
        (i.sites.radio, plan.serving),
    ):
        if len(set(items.tolist())) != items.size:
            return Fraction(-1)
        total += sum((Fraction(float(price[k])) for k in items.tolist()), Fraction(0))
    for v in range(i.villages.count):
        if plan.alone[v]:
            total += Fraction(float(i.villages.alternative[v]))
    return total


def _depths(instance: Instance, plan: Plan, found: list[str]) -> dict[int, int]:
    """Count the hops between each site built and fibre or backhaul of its own."""
    i = instance
    near = defaultdict(list)
    for e in plan.sections.tolist():
        near[int(i.fibre.tail[e])].append(int(i.fibre.head[e]))
        near[int(i.fibre.head[e])].append(int(i.fibre.tail[e]))
    light = set(i.fibre.lit.tolist())
    waiting = list(light)
    while waiting:
        for w in near[waiting.pop()]:
            if w not in light:
                light.add(w)
                waiting.append(w)
    depth = {s: 0 for s in plan.sites.tolist() if i.sites.lit[s]}
    for s in plan.fibre_sites.tolist():
        if int(i.sites.vertex[s]) in light:
            depth[s] = 0
        else:
            found.append(f"site {s} has fibre from a junction without light")
    built = set(plan.sites.tolist())
    links = defaultdict(list)
    for k, a, b in zip(
        plan.hops.tolist(), plan.hop_from.tolist(), plan.hop_to.tolist(), strict=True
    ):
        if {a, b} != {int(i.hops.a[k]), int(i.hops.b[k])}:
            found.append(f"hop {k} does not join {a} and {b}")
        elif a in built and b in built:
            links[a].append(b)
    level = list(depth)
    hops = 0
    while level:
        hops += 1
        level = [b for a in level for b in links[a] if b not in depth]
        for b in level:
            depth[b] = hops
    return depth


def _service(instance: Instance, plan: Plan) -> list[str]:
    """Name villages that are said to be served by what does not serve them."""
    i = instance
    covers = set(zip(i.covers.site.tolist(), i.covers.village.tolist(), strict=True))
    serving = set(plan.serving.tolist())
    found = []
    for v in range(i.villages.count):
        site, pair = int(plan.served_by[v]), int(plan.pair[v])
        if site >= 0 and (site not in serving or (site, v) not in covers):
            found.append(f"village {v} is not served by site {site}")
        if pair >= 0 and (
            int(i.pairs.village[pair]) != v
            or int(i.pairs.a[pair]) not in serving
            or int(i.pairs.b[pair]) not in serving
        ):
            found.append(f"village {v} is not served by pair {pair}")
    return found
