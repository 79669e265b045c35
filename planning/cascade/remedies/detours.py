"""Second routes of cable for communes, and for sites on fibre, that hang on one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from phusong.fiber.rings.rings import second_ways
from phusong.planning.cascade.losable import Network
from phusong.planning.cascade.remedies.works import ROUTE, Remedy, Works
from phusong.study import Study
from phusong.study.settings.planning import Price

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def route_remedies(
    network: Network, events: pd.DataFrame, expected: Floats, study: Study, most: int
) -> list[Remedy]:
    """Return cheapest second ways, by the single cuts of the first that they make harmless.

    Of places behind the same cuts one is looked at: a way that mends them for one mends them for
    all. Candidates, prices and what keeps clear of the first way are those of
    :func:`phusong.fiber.rings.rings.plan_rings`.

    Parameters
    ----------
    events, expected
        Events with their figures, and the person-hours a year of each.
    most
        Places that are looked at: those behind most person-hours.
    """
    fiber = network.fiber
    node, names = _places(network)
    light = fiber.redundancy.light
    cut = (events["element"] == "edge").to_numpy()
    worth = np.zeros(len(fiber.edges))
    worth[[network.edges[str(name)] for name in events.loc[cut, "id"]]] = expected[cut]
    weight = np.zeros(len(light.parent))
    below = np.flatnonzero(light.below_bridge)
    edge = fiber.redundancy.edge_of[light.parent_edge[below]]
    weight[below[edge >= 0]] = worth[edge[edge >= 0]]
    above = _sum_above(light.order, light.parent, weight)[node]
    order = np.argsort(-above, kind="stable")
    order = order[above[order] > 0]
    _, first = np.unique(np.round(above[order], 9), return_index=True)
    chosen = order[np.sort(first)][:most]
    if not len(chosen):
        return []
    out = []
    ways = second_ways(network.inputs, study, fiber, node[chosen])
    for i, lines in zip(chosen.tolist(), ways, strict=True):
        if lines is None or not len(lines):
            continue
        length_m, usd = float(lines["length_m"].sum()), float(lines["usd"].sum())
        prices = study.planning.prices
        price = Price(
            capital=usd * prices.per_usd,
            yearly=length_m / 1000.0 * prices.fibre_yearly_per_km,
        )
        out.append(
            Remedy(
                kind=ROUTE,
                where=(names[i],),
                by="",
                quantity=length_m / 1000.0,
                price=price,
                works=Works(lines=(lines,)),
                geometry=shapely.line_merge(shapely.union_all(lines.geometry.to_numpy())),
                estimate=float(above[i]),
            )
        )
    return out


def _places(network: Network) -> tuple[Ints, list[str]]:
    """Return the lit nodes that communes and the fibre of sites hang on, and whose they are."""
    hanging, backhaul = network.fiber.hanging, network.backhaul
    fibre = backhaul.node >= 0
    node = np.concatenate([hanging.node, backhaul.node[fibre]])
    whose = [*hanging.code.tolist(), *backhaul.names[backhaul.thing[fibre]].tolist()]
    lit = node >= 0
    lit[lit] = network.fiber.redundancy.light.entered[node[lit]] >= 0
    return node[lit], [str(whose[i]) for i in np.flatnonzero(lit)]


def _sum_above(order: Ints, parent: Ints, weight: Floats) -> Floats:
    """Return (nodes,) the sum of weights from the root down to each node."""
    out = weight.copy()
    for v in order.tolist():
        if parent[v] >= 0:
            out[v] += out[parent[v]]
    return out
