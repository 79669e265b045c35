"""What Overpass answers as JSON, written as OSM's XML, which GDAL puts together.

Elements come with references (``out body; >; out skel``) or with their shapes written out
(``out geom``); shapes without references get nodes of their own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any, Final, TextIO
from xml.sax.saxutils import quoteattr

from phusong.errors import InputError, Where
from phusong.sources.bounds import TEXT_BYTES, refuse_long

_ORDER: Final = ("node", "way", "relation")
_FAULT: Final = "runtime error"


def is_overpass(path: Path) -> bool:
    """Say whether a file looks like what Overpass answers as JSON."""
    with path.open("rb") as file:
        head = file.read(4096)
    return head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") and b'"elements"' in head


def as_xml(path: Path, target: Path) -> Path:
    """Write an answer of Overpass as an ``.osm`` file; return its path.

    Raises
    ------
    InputError
        When it is no such answer, or says that it was broken off.
    """
    where = Where(file=path.name)
    refuse_long(path, TEXT_BYTES, where)
    try:
        answer = json.loads(path.read_text("utf-8-sig"))
        elements: list[dict[str, Any]] = answer["elements"]
        remark = str(answer.get("remark", ""))
        if _FAULT in remark:
            raise InputError(
                "Overpass broke its answer off: {remark}",
                where,
                "ask for less, or take an extract of the country",
                {"remark": remark[:200]},
            )
        _write(elements, target)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(
            "the file cannot be read ({reason})",
            where,
            "fetch the OpenStreetMap file anew (.osm.pbf, .osm or Overpass JSON)",
            {"reason": f"{type(error).__name__}: {error}"[:200]},
        ) from error
    return target


def _write(elements: list[dict[str, Any]], target: Path) -> None:
    highest = max((int(e["id"]) for e in elements if e["type"] == "node"), default=0)
    made = _Made({int(e["id"]) for e in elements if e["type"] == "way"}, highest + 1)
    kinds: dict[str, dict[int, dict[str, Any]]] = {kind: {} for kind in _ORDER}
    for element in elements:
        if element["type"] in kinds:
            kinds[element["type"]].setdefault(int(element["id"]), element)
    ways = [_with_references(way, made) for way in kinds["way"].values()]
    relations = [_with_ways(relation, made) for relation in kinds["relation"].values()]
    with target.open("w", encoding="utf-8") as file:
        file.write('<?xml version="1.0" encoding="UTF-8"?>\n<osm version="0.6">\n')
        for node in kinds["node"].values():
            if "lat" in node and "lon" in node:
                at = f' lat="{float(node["lat"])!r}" lon="{float(node["lon"])!r}"'
                _element(file, "node", int(node["id"]), at, [], node.get("tags"))
        for (lon, lat), number in made.nodes.items():
            _element(file, "node", number, f' lat="{lat!r}" lon="{lon!r}"', [], None)
        for way in [*ways, *made.ways]:
            inside = [f'<nd ref="{int(n)}"/>' for n in way["nodes"]]
            _element(file, "way", int(way["id"]), "", inside, way.get("tags"))
        for relation in relations:
            inside = [
                f'<member type={quoteattr(str(m["type"]))} ref="{int(m["ref"])}" '
                f"role={quoteattr(str(m.get('role', '')))}/>"
                for m in relation.get("members", [])
            ]
            _element(file, "relation", int(relation["id"]), "", inside, relation.get("tags"))
        file.write("</osm>\n")


class _Made:
    """Nodes and ways of shapes that are written out, with numbers that no other has."""

    def __init__(self, taken: set[int], first: int) -> None:
        self._numbers: Iterator[int] = count(first)
        self.nodes: dict[tuple[float, float], int] = {}
        self.ways: list[dict[str, Any]] = []
        self._known = taken

    def nodes_of(self, shape: list[dict[str, Any] | None]) -> list[int]:
        found = []
        for corner in shape:
            if corner is None:  # outside the box that was asked for
                continue
            at = float(corner["lon"]), float(corner["lat"])
            if at not in self.nodes:
                self.nodes[at] = next(self._numbers)
            found.append(self.nodes[at])
        return found

    def way_of(self, number: int, shape: list[dict[str, Any] | None]) -> None:
        """Add a way that only a relation shows; one that is shown by itself is there already."""
        if number not in self._known:
            self._known.add(number)
            self.ways.append({"id": number, "nodes": self.nodes_of(shape)})


def _with_references(way: dict[str, Any], made: _Made) -> dict[str, Any]:
    if "geometry" in way:
        return {**way, "nodes": made.nodes_of(way["geometry"])}
    return {**way, "nodes": way.get("nodes", [])}


def _with_ways(relation: dict[str, Any], made: _Made) -> dict[str, Any]:
    for member in relation.get("members", []):
        if member["type"] == "way" and "geometry" in member:
            made.way_of(int(member["ref"]), member["geometry"])
    return relation


def _element(
    file: TextIO, kind: str, number: int, at: str, inside: list[str], tags: dict[str, Any] | None
) -> None:
    words = [f"<tag k={quoteattr(k)} v={quoteattr(str(v))}/>" for k, v in (tags or {}).items()]
    # GDAL passes over elements that are not visible; Overpass shows only those that are.
    file.write(f'<{kind} id="{number}"{at}>{"".join([*inside, *words])}</{kind}>\n')
