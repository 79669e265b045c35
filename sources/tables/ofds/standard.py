"""A file of the Open Fibre Data Standard: known by its content, taken apart into nodes and spans.

The standard (0.1 to 0.4; https://open-fibre-data-standard.readthedocs.io) has a package of
networks, a network alone, a page of nodes or of spans, and GeoJSON of either; all become the same.
"""

from __future__ import annotations

import json
import mmap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from phusong.errors import InputError, Where
from phusong.sources.bounds import TEXT_BYTES, refuse_long
from phusong.sources.tables.raw.encodings import codec_of

NODE, SPAN = "node", "span"
_SUFFIXES: Final = frozenset({".json", ".geojson"})
_SIGNS: Final = (b'"networks"', b'"featureType"', b'"network"', b'"spans"', b'"nodes"')
_HEAD: Final = 1024
_LOOKED_AT: Final = 100
"""Features of a GeoJSON by which it is known."""
_CRS84: Final = ("CRS84", "EPSG:4326", "EPSG::4326", "EPSG/0/4326")
_LISTS: Final = {"nodes": NODE, "spans": SPAN}


@dataclass(frozen=True)
class Entry:
    """A node or a span.

    Attributes
    ----------
    row
        Its place among the file's nodes, or spans, or features, from 1.
    network
        Which of the file's networks it is in: ids are of one network.
    body
        As the standard's JSON has it: ``location`` of a node, ``route`` of a span; ids in
        ``start`` and ``end``.
    """

    row: int
    network: str
    body: Mapping[str, Any]


@dataclass
class Document:
    """What a file holds.

    Attributes
    ----------
    nodes, spans
        In the file's order.
    broken
        Kind -> rows of entries that are no objects.
    places
        (network, id of a node) -> its ``location``, of nodes here or inside a span's ends; of an
        id that several nodes have, the first's.
    doubled
        (network, id) of several nodes.
    networks
        How many.
    elsewhere
        Addresses at which networks say that nodes or spans lie.
    longitude_latitude
        False: the file names another CRS than the standard's.
    """

    nodes: list[Entry] = field(default_factory=list)
    spans: list[Entry] = field(default_factory=list)
    broken: dict[str, list[int]] = field(default_factory=lambda: {NODE: [], SPAN: []})
    places: dict[tuple[str, str], Any] = field(default_factory=dict)
    doubled: set[tuple[str, str]] = field(default_factory=set)
    networks: int = 0
    elsewhere: list[str] = field(default_factory=list)
    longitude_latitude: bool = True

    def of(self, kind: str) -> list[Entry]:
        """Return the nodes or the spans."""
        return self.nodes if kind == NODE else self.spans

    def add(self, kind: str, row: int, network: str, body: Any) -> None:
        """Take in an entry."""
        if not isinstance(body, dict):
            self.broken[kind].append(row)
            return
        self.of(kind).append(Entry(row, network, body))
        if kind == NODE:
            key = (network, id_of(body))
            if key in self.places and key[1]:
                self.doubled.add(key)
            self.places.setdefault(key, body.get("location"))


def open_document(path: Path, encoding: str | None, where: Where) -> Document | None:
    """Return what a file of the standard holds; None for any other file.

    Parameters
    ----------
    encoding
        The study's word for it; else UTF-8, as JSON is.

    Raises
    ------
    InputError
        When a file that looks like one cannot be taken apart.
    """
    if path.suffix.lower() not in _SUFFIXES or not path.is_file() or not _has_signs(path):
        return None
    with path.open("rb") as file:
        surely = b'"networks"' in file.read(_HEAD)
    if path.stat().st_size > TEXT_BYTES and not surely:
        return None
    refuse_long(path, TEXT_BYTES, where)
    try:
        data = path.read_bytes()
        codec = codec_of(encoding) if encoding else None
        whole = json.loads(data.decode(codec or "utf-8-sig"))
    except (ValueError, RecursionError) as error:  # not UTF-8 and no JSON are both ValueErrors
        if not surely:
            return None  # GDAL may know it, or says what is wrong
        raise InputError(
            "the file cannot be read ({reason})",
            where,
            params={"reason": str(error) or type(error).__name__},
        ) from error
    return _taken_apart(whole, where)


def id_of(value: Any) -> str:
    """Return the id of a node, a span, or a reference to one; empty where there is none."""
    if isinstance(value, Mapping):
        value = value.get("id")
    usable = isinstance(value, str | int | float) and not isinstance(value, bool)
    return sound_text(str(value)) if usable else ""


def sound_text(text: str) -> str:
    """Return a text without outer blanks, and without the halves of letters JSON can escape."""
    return text.encode("utf-8", "replace").decode("utf-8").strip()


def _has_signs(path: Path) -> bool:
    if not path.stat().st_size:
        return False
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return any(data.find(sign) >= 0 for sign in _SIGNS)


def _taken_apart(whole: Any, where: Where) -> Document | None:
    if not isinstance(whole, dict):
        return None
    if whole.get("type") == "FeatureCollection":
        features = whole.get("features")
        ours = isinstance(features, list) and _are_ours(features)
        return _of_features(features) if ours and isinstance(features, list) else None
    if "type" in whole and "networks" not in whole:
        return None  # TopoJSON and its like have lists of nodes as well
    if "networks" in whole:
        networks = whole["networks"]
        if not isinstance(networks, list):
            raise InputError("its networks are no list", where)
        return _of_networks(networks)
    lists = [whole[key] for key in _LISTS if isinstance(whole.get(key), list)]
    known = any(
        isinstance(one, dict) and {"location", "route", "start", "end"} & set(one)
        for entries in lists
        for one in entries[:_LOOKED_AT]
    )
    return _of_networks([whole]) if known else None


def _of_networks(networks: Iterable[Any]) -> Document:
    out = Document()
    rows = dict.fromkeys(_LISTS.values(), 0)
    for number, network in enumerate(networks):
        out.networks += 1
        if not isinstance(network, dict):
            continue
        out.longitude_latitude &= _is_crs84(network.get("crs"))
        name = f"{number}/{id_of(network)}"
        for key, kind in _LISTS.items():
            entries = network.get(key)
            for body in entries if isinstance(entries, list) else []:
                rows[kind] += 1
                out.add(kind, rows[kind], name, body)
        out.elsewhere += _links(network.get("links"))
    return out


def _links(links: Any) -> Iterator[str]:
    """Yield where other files or an interface have nodes or spans."""
    for link in links if isinstance(links, list) else []:
        if isinstance(link, dict) and "describedby" not in str(link.get("rel")):
            yield str(link.get("href"))[:200]


def _is_crs84(crs: Any) -> bool:
    if not isinstance(crs, dict):
        return True  # the standard's default, and its only one
    said = str(crs.get("uri") or crs.get("name") or "CRS84")
    return any(known in said for known in _CRS84)


def _are_ours(features: list[Any]) -> bool:
    """Say whether features are nodes and spans: they say so, or name their network."""
    bodies = [_properties(feature) for feature in features[:_LOOKED_AT]]
    return any(
        body.get("featureType") in (NODE, SPAN)
        or (isinstance(body.get("network"), dict) and "id" in body)
        for body in bodies
    )


def _properties(feature: Any) -> dict[str, Any]:
    body = feature.get("properties") if isinstance(feature, dict) else None
    return body if isinstance(body, dict) else {}


def _of_features(features: Iterable[Any]) -> Document:
    out = Document()
    networks: dict[str, None] = {}
    for row, feature in enumerate(features, start=1):
        body = _properties(feature)
        geometry = feature.get("geometry") if isinstance(feature, dict) else None
        kind = _kind_of(body, geometry)
        if not body:
            out.broken[kind].append(row)
            continue
        network = id_of(body.get("network"))
        networks[network] = None
        place = "location" if kind == NODE else "route"
        out.add(kind, row, network, {**body, place: geometry})
        for end in ("start", "end"):
            node = body.get(end)
            if isinstance(node, dict) and "location" in node:
                out.places.setdefault((network, id_of(node)), node["location"])
    out.networks = len(networks)
    return out


def _kind_of(body: Mapping[str, Any], geometry: Any) -> str:
    said = body.get("featureType")
    if said in (NODE, SPAN):
        return str(said)
    shape = geometry.get("type") if isinstance(geometry, dict) else None
    return SPAN if shape == "LineString" or "start" in body or "end" in body else NODE
