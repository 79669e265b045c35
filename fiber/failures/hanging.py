"""What hangs on the network beside communes: sites and PoPs, by fibre and by microwave."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from phusong.checks import Findings
from phusong.errors import Where
from phusong.fiber.network.light import lit_nodes
from phusong.fiber.network.network import Network
from phusong.fiber.network.polylines import Bools, Ints
from phusong.fiber.reach.reach import assess_reach
from phusong.sources.cables.backhaul import FIBRE, MICROWAVE
from phusong.sources.cables.called import BOTH, stands_for_both, thing_numbers
from phusong.sources.inputs import Inputs
from phusong.study import FiberSources


@dataclass(frozen=True)
class Backhaul:
    """Links by which things hang: sites first, then every PoP, by row.

    A thing with links is lit where one of them is; a thing without is fed on its own. A link is
    lit where its node is, if it has one, and its upstream thing, if it names one.

    Attributes
    ----------
    names
        (things,) site ids, then PoP ids.
    sites
        How many of the things are sites.
    thing
        (links,) what hangs.
    node
        (links,) node that its fibre leaves from; -1 for microwave.
    upstream
        (links,) the thing it comes from, -1 where the record names none.
    """

    names: NDArray[np.object_]
    sites: int
    thing: Ints
    node: Ints
    upstream: Ints

    @classmethod
    def none(cls, inputs: Inputs) -> Backhaul:
        """Return that of a study which says of nothing what it hangs on: all is fed on its own."""
        sites = inputs.sites["site_id"].astype(str).tolist()
        pops = inputs.pops["pop_id"].astype(str).tolist()
        nothing = np.zeros(0, dtype=np.int64)
        names = np.array([*sites, *pops], dtype=object)
        return cls(names, len(sites), nothing, nothing, nothing)

    @property
    def fed(self) -> Bools:
        """(things,) whether a thing hangs on nothing."""
        out = np.ones(len(self.names), dtype=bool)
        out[self.thing] = False
        return out

    def lit(
        self, network: Network, use: Bools, lost: Bools, dead: Bools | None = None
    ) -> tuple[Bools, Bools]:
        """Follow the light from the fed PoPs over cable and microwave until nothing changes.

        Parameters
        ----------
        network
            The network.
        use
            (edges,) edges that carry light.
        lost
            (nodes,) nodes that are lost.
        dead
            (things,) things that are lost themselves.

        Returns
        -------
        nodes, things
            Which are lit.
        """
        gone = np.zeros(len(self.names), dtype=bool) if dead is None else dead.copy()
        gone[self.sites :] |= lost[self._pop_node(network)]
        sources = self._own_sources(network)
        while True:
            nodes = lit_nodes(network.graph, sources, use, lost)
            things = self.lit_things(nodes, gone)
            more = self._heard(network, sources, things)
            if len(more) == len(sources):
                return nodes, things
            sources = more

    def stages(self, network: Network) -> list[Ints]:
        """Return the nodes that light starts from: at first, and after each round over microwave.

        With nothing lost; only PoPs that hang on microwave come later.
        """
        gone = np.zeros(len(self.names), dtype=bool)
        out = [self._own_sources(network)]
        while True:
            nodes = lit_nodes(network.graph, out[-1], network.in_service)
            more = self._heard(network, out[-1], self.lit_things(nodes, gone))
            if len(more) == len(out[-1]):
                return out
            out.append(more)

    def lit_things(self, nodes: Bools, gone: Bools) -> Bools:
        """Return the (things,) that are lit while ``nodes`` are: light is handed on, never kept.

        It starts at what is fed and at fibre, so that two ends of one hop do not light each other.
        """
        fibre = self.node >= 0
        at_hand = np.ones(len(self.thing), dtype=bool)
        at_hand[fibre] = nodes[self.node[fibre]]
        named = self.upstream >= 0
        lit = self.fed & ~gone
        while True:
            link = at_hand.copy()
            link[named] &= lit[self.upstream[named]]
            now = lit.copy()
            now[self.thing[link]] = True
            now &= ~gone
            if np.array_equal(now, lit):
                return lit
            lit = now

    @property
    def over_radio(self) -> Bools:
        """(PoPs,) whether a PoP hangs on microwave."""
        out = np.zeros(len(self.names), dtype=bool)
        out[self.thing[self.node < 0]] = True
        return out[self.sites :]

    @property
    def feeds_radio_pops(self) -> Bools:
        """(things,) whether a PoP that hangs on microwave may get its light through a thing.

        The loss of any other thing leaves the light in the cables as it is.
        """
        out = np.concatenate([np.zeros(self.sites, dtype=bool), self.over_radio])
        named = self.upstream >= 0
        while True:
            more = out.copy()
            more[self.upstream[named][out[self.thing[named]]]] = True
            if np.array_equal(more, out):
                return out
            out = more

    def _pop_node(self, network: Network) -> Ints:
        return _pop_nodes(network, len(self.names) - self.sites)

    def _own_sources(self, network: Network) -> Ints:
        sources = network.fed_pops()
        return np.asarray(sources[~self.over_radio[network.pop[sources]]])

    def _heard(self, network: Network, sources: Ints, things: Bools) -> Ints:
        """Return the sources, and the nodes of lit PoPs that hang on microwave."""
        heard = np.flatnonzero(things[self.sites :] & self.over_radio)
        return np.union1d(sources, self._pop_node(network)[heard])


def hanging_pops(inputs: Inputs) -> Ints:
    """Return the rows of the PoPs that the backhaul says hang on fibre."""
    table = inputs.backhaul
    ids = inputs.pops["pop_id"].astype(str)
    named = table.loc[table["medium"] == FIBRE, "site_id"].astype(str)
    return np.flatnonzero(ids.isin(named).to_numpy())


def hang_backhaul(
    network: Network, inputs: Inputs, fiber: FiberSources, findings: Findings
) -> tuple[Network, Backhaul | None]:
    """Put the sites' drops on the network and resolve who hangs on whom.

    Parameters
    ----------
    network
        Cables, PoPs and the communes' drops.
    inputs
        Sites, PoPs and the backhaul.
    fiber
        Drop distance.
    findings
        Receives names that nothing bears (F17) and fibre that is not there (F18).

    Returns
    -------
    network, backhaul
        The network with the sites' drops; None where the study names no backhaul.
    """
    table = inputs.backhaul
    if not len(table):
        return network, None
    sites = inputs.sites["site_id"].astype(str).tolist()
    pops = inputs.pops["pop_id"].astype(str).tolist()
    number = thing_numbers(sites, pops)
    site_of = np.array([number.get(str(v), -1) for v in table["site_id"]], dtype=np.int64)
    up_of = np.array(
        [number.get(str(v), -2) if isinstance(v, str) else -1 for v in table["upstream"]],
        dtype=np.int64,
    )
    known = (site_of >= 0) & (up_of > -2)
    _report_unknown(table, ~known, number, findings)
    table, site_of, up_of = table[known], site_of[known], up_of[known]
    fibre = (table["medium"] != MICROWAVE).to_numpy()
    network, node = _drops(network, inputs.sites, site_of, fibre, fiber)
    at_pop = fibre & (site_of >= len(sites))
    node[at_pop] = _pop_nodes(network, len(pops))[site_of[at_pop] - len(sites)]
    # Fibre of others that the drawing does not hold still ties a site to a PoP it names.
    none = fibre & (node < 0) & (up_of < 0)
    for i in np.flatnonzero(none).tolist():
        findings.add(
            "F18",
            _where(table, i),
            str(table["site_id"].iloc[i]),
            "no connected cable within {drop_m:.0f} m of {name}",
            name=table["site_id"].iloc[i],
            drop_m=fiber.drop_m,
        )
    _report_stranded(network, table, site_of, fibre, len(sites), findings)
    keep = ~none
    return network, Backhaul(
        names=np.array([*sites, *pops], dtype=object),
        sites=len(sites),
        thing=site_of[keep],
        node=node[keep],
        upstream=up_of[keep],
    )


def _pop_nodes(network: Network, count: int) -> Ints:
    """Return the (count,) node of each PoP by row, -1 where it has none."""
    node = np.full(count, -1, dtype=np.int64)
    pops = network.pop_nodes
    node[network.pop[pops]] = pops
    return node


def _drops(
    network: Network, sites: gpd.GeoDataFrame, site_of: Ints, fibre: Bools, fiber: FiberSources
) -> tuple[Network, Ints]:
    """Split the network where the fibre of sites leaves; the (links,) node, -1 none."""
    node = np.full(len(site_of), -1, dtype=np.int64)
    ours = np.flatnonzero(fibre & (site_of < len(sites)))
    if not len(ours):
        return network, node
    reach = assess_reach(network, sites.geometry.to_numpy()[site_of[ours]], fiber)
    has = np.flatnonzero(reach.edge >= 0)
    network, at = network.split(reach.edge[has], reach.along_m[has])
    node[ours[has]] = at
    return network, node


def _report_unknown(
    table: pd.DataFrame, wrong: Bools, known: dict[str, int], findings: Findings
) -> None:
    for i in np.flatnonzero(wrong).tolist():
        for column in ("site_id", "upstream"):
            name = table[column].iloc[i]
            if not isinstance(name, str) or name in known:
                continue
            if stands_for_both(name, known):
                findings.add("F17", replace(_where(table, i), key=column), name, BOTH, name=name)
                continue
            near = difflib.get_close_matches(name, known, n=1)
            findings.add(
                "F17",
                replace(_where(table, i), key=column),
                name,
                "no site and no PoP is called {name}; the nearest is {near}"
                if near
                else "no site and no PoP is called {name}",
                name=name,
                near=near[0] if near else "",
            )


def _report_stranded(
    network: Network, table: pd.DataFrame, thing: Ints, fibre: Bools, sites: int, findings: Findings
) -> None:
    """Say which PoPs hang on fibre that leads to no other PoP: they are taken as fed."""
    fed = network.pop[network.fed_pops()]
    stranded = sites + np.intersect1d(fed, network.hanging)
    for i in np.flatnonzero(fibre & np.isin(thing, stranded)).tolist():
        name = str(table["site_id"].iloc[i])
        findings.add(
            "F18",
            _where(table, i),
            name,
            "{name} hangs on fibre that reaches no other PoP",
            name=name,
        )


def _where(table: pd.DataFrame, i: int) -> Where:
    return Where(file=str(table["file"].iloc[i]), row=int(table["row"].iloc[i]))
