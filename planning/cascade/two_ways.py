"""Sites with two ways: which two losses, harmless to them each by itself, take one way each."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from phusong.planning.cascade.losable import Event, Network

MOST: Final = 60
"""Sites that are looked at: those whose own loss harms most people."""
_Named = tuple[str, str]


def losses_of_both_ways(network: Network, events: pd.DataFrame) -> list[tuple[Event, Event]]:
    """Return, of sites with two links, the worst loss of each link that leaves the other.

    Parameters
    ----------
    events
        Ranked, with ``sites``.
    """
    backhaul = network.backhaul
    links: dict[int, list[int]] = {}
    for link, thing in enumerate(backhaul.thing.tolist()):
        if thing < backhaul.sites:
            links.setdefault(thing, []).append(link)
    known = {
        (str(element), str(name)): i
        for i, (element, name) in enumerate(zip(events["element"], events["id"], strict=True))
    }
    own = {name: i for (element, name), i in known.items() if element == "site"}
    two = [thing for thing, mine in links.items() if len(mine) == 2]
    two.sort(key=lambda thing: (own.get(str(backhaul.names[thing]), len(events)), thing))
    out = []
    for thing in two[:MOST]:
        first, second = (_takes(network, events, link) for link in links[thing])
        itself = ("site", str(backhaul.names[thing]))
        alone = [_worst(a - b - {itself}, known) for a, b in ((first, second), (second, first))]
        if alone[0] is not None and alone[1] is not None:
            out.append((alone[0], alone[1]))
    return out


def _worst(named: set[_Named], known: dict[_Named, int]) -> Event | None:
    """Return the worst of some losses; of those that harm nobody the first by name."""
    if not named:
        return None
    element, name = min(named, key=lambda n: (known.get(n, len(known)), n))
    return Event(element, name, np.nan)


def _takes(network: Network, events: pd.DataFrame, link: int) -> set[_Named]:
    """Return the losses (but hazards and feeders) that take a link."""
    backhaul = network.backhaul
    node, up = int(backhaul.node[link]), int(backhaul.upstream[link])
    out: set[_Named] = set()
    if node >= 0:
        out |= _above(network, node)
    if up >= 0:
        name = str(backhaul.names[up])
        out.add(("site" if up < backhaul.sites else "pop", name))
        of_light = events[~events["element"].isin(["hazard", "feeder"])]
        hit = [up < backhaul.sites and name in sites for sites in of_light["sites"]]
        out |= {
            (str(element), str(event))
            for element, event in zip(
                of_light.loc[hit, "element"], of_light.loc[hit, "id"], strict=True
            )
        }
    return out


def _above(network: Network, node: int) -> set[_Named]:
    """Return the sections, joints and PoPs that part a node from light."""
    fiber = network.fiber
    light, pop = fiber.redundancy.light, fiber.network.pop
    ids = fiber.edges["edge_id"].to_numpy(dtype=object)
    below, cut, edge_of = light.below_bridge, light.below_cut_node, fiber.redundancy.edge_of
    out: set[_Named] = set()
    at = node
    while (up := int(light.parent[at])) >= 0:
        if below[at] and (edge := int(edge_of[light.parent_edge[at]])) >= 0:
            out.add(("edge", str(ids[edge])))
        if cut[at] and up < len(pop):
            name = fiber.pop_ids[pop[up]] if pop[up] >= 0 else f"N{up}"
            out.add(("pop" if pop[up] >= 0 else "node", name))
        at = up
    return out
