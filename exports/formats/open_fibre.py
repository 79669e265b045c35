"""The network of a run in the Open Fibre Data Standard 0.3: JSON, and GeoJSON of nodes and spans.

https://open-fibre-data-standard.readthedocs.io/en/0.3/reference/schema.html. What the study does
not know is left out; nothing is made up for the sake of a field.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final
from uuid import NAMESPACE_URL, UUID, uuid5

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from phusong.errors import InputError, Where
from phusong.fiber.network.polylines import Ints
from phusong.fiber.results import FiberResult
from phusong.frames import rows
from phusong.sources.inputs import Inputs
from phusong.study import Study

FOLDER: Final = "ofds"
PACKAGE: Final = "network.ofds.json"
_SCHEMA: Final = (
    "https://raw.githubusercontent.com/Open-Telecoms-Data/open-fibre-data-standard/"
    "0__3__0/schema/network-schema.json"
)
_CRS: Final = {
    "name": "urn:ogc:def:crs:OGC::CRS84",
    "uri": "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
}
_STATUSES: Final = {
    code.casefold(): code
    for code in (
        "proposed", "planned", "underConstruction", "operational", "decommissioned", "inactive",
    )
}  # fmt: skip
_DEPLOYMENTS: Final = {"aboveground": "aboveGround", "belowground": "belowGround"}
_DECIMALS: Final = 7
"""Of degrees: a centimetre."""


def write_open_fibre(
    study: Study, inputs: Inputs, fiber: FiberResult, created: str, folder: Path
) -> None:
    """Write ``ofds/network.ofds.json`` and its GeoJSON, ``nodes.geojson`` and ``spans.geojson``.

    Nothing is written where the study has no cable: a network without nodes says nothing.

    Parameters
    ----------
    created
        When the run was made, ISO 8601.
    """
    network = network_of(study, inputs, fiber, created)
    if network is not None:
        (folder / FOLDER).mkdir()
        write_network(network, folder / FOLDER)


def write_network(network: dict[str, Any], folder: Path) -> None:
    """Write a network of the standard, and its GeoJSON, into a folder."""
    files = {
        PACKAGE: {"networks": [network]},
        "nodes.geojson": _collection(network, "nodes", "location"),
        "spans.geojson": _collection(network, "spans", "route"),
    }
    for name, whole in files.items():
        text = json.dumps(whole, ensure_ascii=False, indent=1, allow_nan=False)
        (folder / name).write_text(text, "utf-8")


def read_network(path: Path) -> dict[str, Any]:
    """Return the network of a file that :func:`write_network` wrote.

    Raises
    ------
    InputError
        When the file is broken.
    """
    try:
        network: dict[str, Any] = json.loads(path.read_text("utf-8"))["networks"][0]
    except (OSError, ValueError, LookupError, TypeError, RecursionError) as error:
        raise InputError(
            "the file is broken: {reason}",
            Where(file=str(path)),
            "run the study again",
            {"reason": str(error) or type(error).__name__},
        ) from error
    return network


def network_of(
    study: Study, inputs: Inputs, fiber: FiberResult, created: str
) -> dict[str, Any] | None:
    """Return the network: sections of cable as spans, the joints between them as nodes.

    Joints within the study's tolerance, and a PoP with its own tail, are one node each; lines are
    led to it. A PoP, or a commune centre reached from there, gives the node its name. Ids are
    version 5 UUIDs of the study's name, of the sections' ids, of the PoPs' ids and of the joints'
    places: the same in every run of one drawing.
    """
    cable = fiber.network.line >= 0
    if not cable.any():
        return None
    own = uuid5(NAMESPACE_URL, f"phusong:{study.study.name}")
    node = _merged(fiber)
    nodes = _nodes(own, inputs, fiber, node, cable)
    owners = sorted({str(o) for o in fiber.edges["owner"][cable] if str(o).strip()})
    organisations = {
        owner: {"id": str(uuid5(own, f"organisation:{owner}")), "name": owner} for owner in owners
    }
    whole: dict[str, Any] = {
        "id": str(own),
        "name": study.study.name,
        "publisher": {"name": study.study.publisher} if study.study.publisher else None,
        "publicationDate": created[:10],
        "crs": _CRS,
        "nodes": list(nodes.values()),
        "spans": _spans(own, fiber, node, cable, nodes, organisations),
        "organisations": [
            {**o, "roles": ["physicalInfrastructureProvider"]} for o in organisations.values()
        ],
        "links": [{"href": _SCHEMA, "rel": "describedby"}],
    }
    return {key: value for key, value in whole.items() if value not in (None, [])}


def _merged(fiber: FiberResult) -> Ints:
    """Return (nodes,) the node each is one with: over joints and tails; a PoP stands for all."""
    graph, drawn = fiber.network.graph, fiber.network.line < 0
    ones = np.ones(int(drawn.sum()), dtype=np.int8)
    ends = (graph.tail[drawn], graph.head[drawn])
    shape = (graph.nodes, graph.nodes)
    _, part = connected_components(coo_array((ones, ends), shape=shape), directed=False)
    order = np.lexsort((np.arange(graph.nodes), fiber.network.pop < 0))
    first = np.empty(graph.nodes, dtype=np.int64)
    first[part[order[::-1]]] = order[::-1]  # of several the first in order stays
    return first[part]


def _nodes(
    own: UUID, inputs: Inputs, fiber: FiberResult, node: Ints, cable: NDArray[np.bool_]
) -> dict[int, dict[str, Any]]:
    """Return the nodes that spans end at, by their number in the network."""
    network = fiber.network
    used = np.unique(node[np.concatenate([network.graph.tail[cable], network.graph.head[cable]])])
    to_lonlat = Transformer.from_crs(inputs.crs, 4326, always_xy=True)
    lon, lat = to_lonlat.transform(network.x_m[used], network.y_m[used])
    names: dict[int, list[str]] = {}
    for centre, at in zip(rows(fiber.reach), fiber.hanging.node.tolist(), strict=True):
        if at >= 0:
            names.setdefault(int(node[at]), []).append(str(centre.name))
    out: dict[int, dict[str, Any]] = {}
    known: set[str] = set()
    for number, x, y in zip(used.tolist(), lon.tolist(), lat.tolist(), strict=True):
        place = [round(x, _DECIMALS), round(y, _DECIMALS)]
        pop = int(network.pop[number])
        key = f"pop:{fiber.pop_ids[pop]}" if pop >= 0 else f"joint:{place[0]:.7f} {place[1]:.7f}"
        while key in known:  # joints at one place under a tolerance of nothing
            key += "'"
        known.add(key)
        body: dict[str, Any] = {"id": str(uuid5(own, f"node:{key}"))}
        if pop >= 0:
            body |= {"name": str(inputs.pops["name"].iloc[pop]), "type": ["pop"]}
            body["status"] = "operational"  # others were left out when they were read
        elif number in names:
            body["name"] = ", ".join(names[number])
        out[number] = {**body, "location": {"type": "Point", "coordinates": place}}
    return out


def _spans(
    own: UUID,
    fiber: FiberResult,
    node: Ints,
    cable: NDArray[np.bool_],
    nodes: dict[int, dict[str, Any]],
    organisations: dict[str, dict[str, Any]],
) -> list[dict[str, Any]]:
    network = fiber.network
    lines = fiber.edges.geometry[cable].to_crs(4326).to_numpy()
    tail, head = node[network.graph.tail[cable]], node[network.graph.head[cable]]
    forward = _is_forward(fiber, cable)
    out = []
    for row, line, a, b, along in zip(
        rows(fiber.edges[cable].drop(columns="geometry")),
        lines, tail.tolist(), head.tolist(), forward.tolist(), strict=True,
    ):  # fmt: skip
        start, end = (nodes[n] for n in ((a, b) if along else (b, a)))
        xy = shapely.get_coordinates(line).round(_DECIMALS).tolist()
        ends = [n["location"]["coordinates"] for n in (start, end)]
        route = [*([ends[0]] if xy[0] != ends[0] else []), *xy]
        route += [ends[1]] if route[-1] != ends[1] else []
        cores = float(row.cores) if row.cores is not None else float("nan")
        body = {
            "id": str(uuid5(own, f"span:{row.edge_id}")),
            "name": str(row.cable_id),
            "status": _status(row),
            "start": start["id"],
            "end": end["id"],
            "route": {"type": "LineString", "coordinates": route},
            "physicalInfrastructureProvider": organisations.get(str(row.owner)),
            "transmissionMedium": ["fibre"],
            "deployment": _deployment(row),
            "fibreCount": round(cores) if np.isfinite(cores) and cores > 0 else None,
        }
        out.append({key: value for key, value in body.items() if value is not None})
    return out


def _is_forward(fiber: FiberResult, cable: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Say whether each cable edge is drawn from its tail."""
    network = fiber.network
    first = shapely.get_coordinates(shapely.get_point(network.geometry[cable], 0))
    at = [
        np.column_stack([network.x_m[n[cable]], network.y_m[n[cable]]])
        for n in (network.graph.tail, network.graph.head)
    ]
    near, far = (np.hypot(*(first - there).T) for there in at)
    return np.asarray(near <= far)


def _status(row: Any) -> str | None:
    """Return the standard's word: the file's own, else that it works; None: not known which."""
    said = _STATUSES.get("".join(c for c in str(row.status) if c.isalnum()).casefold())
    return said or ("operational" if row.in_service else None)


def _deployment(row: Any) -> list[str] | None:
    said = [_DEPLOYMENTS.get(word.strip().casefold()) for word in str(row.kind).split(",")]
    known = [word for word in said if word is not None]
    return known or None


def _collection(network: dict[str, Any], kind: str, place: str) -> dict[str, Any]:
    """Return nodes or spans as the standard's GeoJSON: what is named elsewhere is written out."""
    about = {k: v for k, v in network.items() if k not in {"nodes", "spans", "organisations"}}
    nodes = {n["id"]: n for n in network["nodes"]}
    organisations = {o["id"]: o for o in network.get("organisations", [])}
    features = []
    for body in network[kind]:
        own = {key: value for key, value in body.items() if key != place}
        own |= {end: nodes[own[end]] for end in ("start", "end") if end in own}
        key = "physicalInfrastructureProvider"
        if key in own:
            own[key] = organisations[own[key]["id"]]
        own |= {"network": about, "featureType": kind.removesuffix("s")}
        features.append({"type": "Feature", "geometry": body[place], "properties": own})
    return {"type": "FeatureCollection", "features": features}
