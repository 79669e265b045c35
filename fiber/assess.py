"""From a study's cables, PoPs and commune centres to reach and redundancy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from phusong.checks import Findings
from phusong.fiber.built import cable_network
from phusong.fiber.failures.hanging import Backhaul, hang_backhaul
from phusong.fiber.failures.ranking import Lost, find_losses, rank_failures, with_losses
from phusong.fiber.failures.redundancy import Redundancy, assess_redundancy
from phusong.fiber.failures.sharedrisk import risk_groups
from phusong.fiber.failures.tracing import Hanging
from phusong.fiber.findings import report_network
from phusong.fiber.network.gaps import find_gaps, many_crossings
from phusong.fiber.network.network import JOINT, POP_LINK, Network
from phusong.fiber.network.polylines import Bools, Ints
from phusong.fiber.reach.reach import Reach, assess_reach, route_lines
from phusong.fiber.results import FiberResult
from phusong.progress import NoProgress, Progress
from phusong.sources.inputs import Inputs
from phusong.study import FiberSources, Study

STEP = "fiber"


def assess_fiber(
    inputs: Inputs,
    study: Study,
    findings: Findings,
    people_by_commune: pd.Series[float] | None = None,
    progress: Progress | None = None,
) -> FiberResult:
    """Build the network of a study and find what it reaches and how it fails.

    Parameters
    ----------
    inputs, study
        What was read, and the definitions.
    findings
        Receives gaps, PoPs without cable, islands, centres that are missing (rules F10 on).
    people_by_commune
        People by commune code, for what a cut isolates; a commune's people are shared
        equally among its centres.
    progress
        Told of the five steps.
    """
    told = progress or NoProgress()
    told.start(STEP, 5, "Fibre network")
    fiber = study.fiber or FiberSources()
    network = cable_network(inputs, study)
    told.advance(STEP)
    pop_ids = tuple(inputs.pops["pop_id"].astype(str))
    tangled = many_crossings(network)
    gaps = find_gaps(
        network,
        network.edge_ids(),
        pop_ids,
        fiber.near_miss_m,
        snap_m=fiber.snap_tolerance_m,
        crossings=not tangled,
    )
    told.advance(STEP)
    centres = _centres(inputs)
    reach = assess_reach(network, centres.geometry.to_numpy(), fiber)
    routes = route_lines(network, reach)
    told.advance(STEP)
    split, node = _with_drops(network, reach)
    split, backhaul = hang_backhaul(split, inputs, fiber, findings)
    hanging = Hanging(
        code=centres["commune_code"].to_numpy(dtype=object),
        node=np.where(reach.table["reached"].to_numpy(), node, -1),
        people=_people(centres, people_by_commune),
    )
    redundancy = assess_redundancy(split)
    told.advance(STEP)
    edge_ids = split.edge_ids()
    near_m = 0.0 if tangled else fiber.shared_risk_m
    groups = risk_groups(split, redundancy.ring, edge_ids, near_m)
    losses = find_losses(split, redundancy, hanging, edge_ids, pop_ids, groups, backhaul)
    if backhaul is not None and backhaul.over_radio.any():
        redundancy = with_losses(redundancy, losses, hanging)
    failures = rank_failures(losses, hanging, backhaul)
    failures = failures.join(_failure_places(split, failures, edge_ids, pop_ids, groups))
    frame = _reach_frame(centres, _reach_table(reach, redundancy, node, pop_ids), hanging)
    shared = failures.loc[failures["element"] == "group", "communes"].explode()
    frame["shared_risk"] = (
        frame["reached"] & ~frame["single_route"] & frame["commune_code"].isin(shared)
    )
    result = FiberResult(
        network=split,
        edges=_edge_frame(split, redundancy, losses, hanging, edge_ids),
        nodes=_node_frame(split, redundancy, node),
        near_misses=gaps,
        reach=frame,
        routes=_route_frame(centres, reach, routes, pop_ids),
        failures=failures,
        redundancy=redundancy,
        hanging=hanging,
        pop_ids=pop_ids,
        groups=groups,
        backhaul=backhaul,
    )
    report_network(findings, study, inputs, result, tangled=tangled)
    told.advance(STEP)
    return result


def with_backhaul(fiber: FiberResult, backhaul: Backhaul) -> FiberResult:
    """Return the same network with other links by microwave: what its losses darken then.

    Neither backhaul may hang a PoP on microwave: then communes, ``reach`` and ``edges`` are the
    same, and so is the network.
    """
    network, ids = fiber.network, fiber.edges["edge_id"].to_numpy(dtype=object)
    losses = find_losses(
        network, fiber.redundancy, fiber.hanging, ids, fiber.pop_ids, fiber.groups, backhaul
    )
    failures = rank_failures(losses, fiber.hanging, backhaul)
    places = _failure_places(network, failures, ids, fiber.pop_ids, fiber.groups)
    return replace(fiber, backhaul=backhaul, failures=failures.join(places))


def _failure_places(
    network: Network,
    failures: pd.DataFrame,
    edge_ids: NDArray[np.object_],
    pop_ids: tuple[str, ...],
    groups: Mapping[str, Ints],
) -> pd.DataFrame:
    """Return ``x_m``, ``y_m`` of each failure: the node, or the middle of the first section."""
    edge_of = {str(name): i for i, name in enumerate(edge_ids)}
    node_of = {pop_ids[network.pop[v]]: v for v in network.pop_nodes.tolist()}
    out = np.full((len(failures), 2), np.nan)
    for i, (element, name) in enumerate(zip(failures["element"], failures["id"], strict=True)):
        if element in {"edge", "tail", "group"}:
            edge = int(groups[name][0]) if element == "group" else edge_of[name]
            middle = shapely.line_interpolate_point(network.geometry[edge], 0.5, normalized=True)
            out[i] = middle.x, middle.y
        else:
            node = node_of[name] if element == "pop" else int(name[1:])
            out[i] = network.x_m[node], network.y_m[node]
    return pd.DataFrame(out, columns=["x_m", "y_m"], index=failures.index)


def reach_of_places(fiber: FiberResult, places: gpd.GeoDataFrame, study: Study) -> gpd.GeoDataFrame:
    """Find how the lit network reaches any point layer: villages, schools, health posts, towers.

    Parameters
    ----------
    fiber
        The network as it stands.
    places
        Points in the study's CRS; their columns are kept.
    study
        Drop distance and optics.

    Returns
    -------
    geopandas.GeoDataFrame
        ``places`` with the columns of :attr:`FiberResult.reach` from ``reached`` to
        ``node_disjoint_other_pop``, in the same order and on the same index.
    """
    settings = study.fiber or FiberSources()
    reach = assess_reach(fiber.network, places.geometry.to_numpy(), settings)
    split, node = _with_drops(fiber.network, reach)
    redundancy = assess_redundancy(split)
    table = _reach_table(reach, redundancy, node, fiber.pop_ids).set_index(places.index)
    return gpd.GeoDataFrame(
        places.drop(columns=places.geometry.name).join(table),
        geometry=places.geometry.to_numpy(),
        crs=places.crs,
    )


def _centres(inputs: Inputs) -> gpd.GeoDataFrame:
    """Commune centres, and a row without a place for every commune that has none."""
    known = inputs.commune_centres[["commune_code", "name", "geometry"]]
    missing = inputs.communes[~inputs.communes["code"].isin(known["commune_code"])]
    if not len(missing):
        return gpd.GeoDataFrame(known.reset_index(drop=True), crs=inputs.crs)
    lacking = pd.DataFrame(
        {
            "commune_code": missing["code"].to_numpy(),
            "name": missing["name"].to_numpy(),
            "geometry": np.full(len(missing), shapely.Point(), dtype=object),
        }
    )
    both = pd.concat([pd.DataFrame(known), lacking], ignore_index=True)
    return gpd.GeoDataFrame(both, geometry="geometry", crs=inputs.crs)


def _people(
    centres: gpd.GeoDataFrame, people_by_commune: pd.Series[float] | None
) -> NDArray[np.float64]:
    if people_by_commune is None:
        return np.full(len(centres), np.nan)
    code = centres["commune_code"]
    shared = code.map(people_by_commune).astype(float) / code.map(code.value_counts())
    return np.asarray(shared.to_numpy(dtype=np.float64))


def _with_drops(network: Network, reach: Reach) -> tuple[Network, Ints]:
    """Put a node where each drop leaves; -1 where there is none."""
    has = np.flatnonzero(reach.edge >= 0)
    network, at = network.split(reach.edge[has], reach.along_m[has])
    node = np.full(len(reach.edge), -1, dtype=np.int64)
    node[has] = at
    return network, node


def _connected(network: Network) -> Bools:
    lit = network.graph.reached_from(network.lit_pops(), network.in_service)
    return np.asarray(network.in_service & lit[network.graph.tail])


def _edge_frame(
    network: Network,
    redundancy: Redundancy,
    losses: Sequence[Lost],
    hanging: Hanging,
    edge_ids: NDArray[np.object_],
) -> gpd.GeoDataFrame:
    drawn = network.line >= 0
    row = np.maximum(network.line, 0)
    frame: dict[str, object] = {"edge_id": edge_ids}
    blanks: dict[str, object] = {
        "cable_id": "",
        "owner": "",
        "status": "",
        "kind": "",
        "group": None,
        "cores": np.nan,
    }
    for name, empty in blanks.items():
        values = np.full(len(row), empty, dtype=object)
        if name in network.source:
            values[drawn] = network.source[name].to_numpy(dtype=object)[row[drawn]]
        frame[name] = values
    table = pd.DataFrame(frame)
    table.loc[network.line == JOINT, "kind"] = "joint"
    table.loc[network.line == POP_LINK, "kind"] = "pop_tail"
    table["cores"] = table["cores"].astype(float)
    table["in_service"] = network.in_service
    table["length_m"] = network.length_m
    table["connected"] = _connected(network)
    table["bridge"] = redundancy.bridge
    table["ring"] = redundancy.ring
    communes, people = _behind(len(network.graph), losses, hanging.people)
    table["communes_behind"], table["people_behind"] = communes, people
    return gpd.GeoDataFrame(table, geometry=network.geometry, crs=network.crs)


def _behind(
    count: int, losses: Sequence[Lost], people: NDArray[np.float64]
) -> tuple[Ints, NDArray[np.float64]]:
    """Communes and people that cutting each edge isolates (0 where it is no bridge)."""
    communes, behind = np.zeros(count, dtype=np.int64), np.zeros(count)
    for row in losses:
        if row.element in {"edge", "tail"}:
            communes[row.index] = len(row.places)
            behind[row.index] = np.nansum(people[list(row.places)])
    if not np.isfinite(people).any():
        behind[:] = np.nan
    return communes, behind


def _node_frame(network: Network, redundancy: Redundancy, drops: Ints) -> gpd.GeoDataFrame:
    degree = network.graph.degree
    is_drop = np.zeros(network.graph.nodes, dtype=bool)
    is_drop[drops[drops >= 0]] = True
    kind = np.select(
        [network.pop >= 0, is_drop, degree <= 1], ["pop", "drop", "end"], default="joint"
    )
    return gpd.GeoDataFrame(
        {
            "node_id": np.char.add("N", np.arange(network.graph.nodes).astype(str)).astype(object),
            "kind": kind.astype(object),
            "degree": degree,
            "cut_node": redundancy.cut_node,
        },
        geometry=shapely.points(network.x_m, network.y_m),
        crs=network.crs,
    )


def _reach_frame(
    centres: gpd.GeoDataFrame, reach: pd.DataFrame, hanging: Hanging
) -> gpd.GeoDataFrame:
    front = centres[["commune_code", "name"]].reset_index(drop=True)
    table = pd.concat([front, reach], axis=1)
    table["people"] = hanging.people
    return gpd.GeoDataFrame(table, geometry=centres.geometry.to_numpy(), crs=centres.crs)


def _reach_table(
    reach: Reach, redundancy: Redundancy, node: Ints, pop_ids: tuple[str, ...]
) -> pd.DataFrame:
    table = reach.table.drop(columns=["judged_class", "over_db", "over_km"]).copy()
    names = np.array([*pop_ids, None], dtype=object)
    table.insert(3, "pop_id", names[table.pop("pop").to_numpy()])
    for params, pop in zip(table["reason_params"], table["pop_id"], strict=True):
        if "pop" in params:
            params["pop"] = pop
    reached = table["reached"].to_numpy(dtype=bool)
    at = np.where(reached, node, -1)

    def of_node(values: NDArray[Any]) -> NDArray[Any]:
        return np.concatenate([values, np.zeros(1, dtype=values.dtype)])[at]

    table["single_route"] = reached & ~of_node(redundancy.second_route)
    table["bridges_on_route"] = of_node(redundancy.bridges_above)
    for name in _FLAGS:
        table[name] = of_node(getattr(redundancy, name))
    return table


_FLAGS = (
    "second_route_same_pop",
    "second_route_other_pop",
    "node_disjoint",
    "node_disjoint_other_pop",
)


def _route_frame(
    centres: gpd.GeoDataFrame,
    reach: Reach,
    routes: NDArray[np.object_],
    pop_ids: tuple[str, ...],
) -> gpd.GeoDataFrame:
    has = np.array([r is not None for r in routes], dtype=bool)
    names = np.array([*pop_ids, None], dtype=object)
    return gpd.GeoDataFrame(
        {
            "commune_code": centres["commune_code"].to_numpy(dtype=object)[has],
            "pop_id": names[reach.table["pop"].to_numpy()[has]],
            "length_km": reach.table["route_km"].to_numpy()[has],
        },
        geometry=routes[has],
        crs=centres.crs,
    )
