"""Ends of spans and the nodes they lead to: the file names them, whatever was drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Geod

from phusong.checks import Findings
from phusong.errors import Where
from phusong.sources.tables.ofds.standard import Document, Entry, id_of

FARTHEST_M: Final = 1000.0
"""A drawing that ends farther than this from the node it names is not led there: it may be the
wrong node, and a straight line of that length no cable's way. A choice of this program; drawings
known to be sound miss by 10 to 200 m."""
SAME_M: Final = 0.01
_GEOD: Final = Geod(ellps="WGS84")

Floats = NDArray[np.float64]


def led_to_nodes(
    entries: Sequence[Entry],
    lines: NDArray[np.object_],
    document: Document,
    findings: Findings,
    where: Where,
) -> NDArray[np.object_]:
    """Lead lines to the very places of the nodes at their ends (F31), or say why not (F32).

    Parameters
    ----------
    entries
        Spans.
    lines
        (spans,) their routes in degrees; None and what is no single line stay as they are.

    Returns
    -------
    (spans,)
        A line drawn against its direction stays so.
    """
    out = lines.copy()
    gaps: list[float] = []
    for i, (entry, line) in enumerate(zip(entries, lines, strict=True)):
        if not isinstance(line, shapely.LineString):
            continue
        nodes = [_node(entry, end, document, findings, where) for end in ("start", "end")]
        xy = shapely.get_coordinates(line)
        if not (_is_on_earth(xy[[0, -1]]) and any(node is not None for node in nodes)):
            continue
        first, last = nodes if _is_drawn_forward(xy, *nodes) else nodes[::-1]
        for node, at in ((first, 0), (last, -1)):
            if node is None:
                continue
            gap = _distance(xy[at], node)
            if gap > FARTHEST_M:
                _say(
                    "{span} ends {distance} m from {node}, the node it names",
                    entry, findings, where, distance=round(gap), node=_name(entry, node, nodes),
                )  # fmt: skip
            elif gap > SAME_M:
                gaps.append(gap)
                xy = np.vstack([node, xy] if at == 0 else [xy, node])
            else:
                xy[at] = node
        out[i] = shapely.LineString(xy)
    if gaps:
        findings.add(
            "F31",
            where,
            detail="{n} of {total} ends, {median:.1f} m in the middle and {most:.1f} m at most",
            n=len(gaps),
            total=2 * len(entries),
            median=float(np.median(gaps)),
            most=max(gaps),
        )
    return out


def _node(
    entry: Entry, end: str, document: Document, findings: Findings, where: Where
) -> Floats | None:
    """Return the place of a node (longitude, latitude); None where the span names none."""
    node = id_of(entry.body.get(end))
    if not node:
        return None
    key = (entry.network, node)
    if key in document.doubled:
        _say("{node} is the id of several nodes", entry, findings, where, node=node)
        return None
    if key not in document.places:
        _say("the file has no node {node}", entry, findings, where, node=node)
        return None
    place = _point(document.places[key])
    if place is None:
        _say("the node {node} has no place", entry, findings, where, node=node)
    return place


def _point(location: Any) -> Floats | None:
    coordinates = location.get("coordinates") if isinstance(location, dict) else None
    if not isinstance(coordinates, list) or len(coordinates) < 2:
        return None
    numbers = [v for v in coordinates[:2] if isinstance(v, int | float) and abs(v) <= 180]
    place = np.array(numbers, dtype=np.float64)
    return place if len(place) == 2 and _is_on_earth(place[None]) else None


def _is_on_earth(xy: Floats) -> bool:
    return bool((np.abs(xy) <= [180, 90]).all())


def _distance(a: Floats, b: Floats) -> float:
    return float(_GEOD.inv(a[0], a[1], b[0], b[1])[2])


def _is_drawn_forward(xy: Floats, start: Floats | None, end: Floats | None) -> bool:
    """Say whether the first vertex is the start's: some draw from the end."""
    known = [(node, far) for node, far in ((start, 0), (end, -1)) if node is not None]
    forward = sum(_distance(xy[at], node) for node, at in known)
    backward = sum(_distance(xy[-1 - at], node) for node, at in known)
    return forward <= backward


def _name(entry: Entry, node: Floats, nodes: Sequence[Floats | None]) -> str:
    return id_of(entry.body.get("start" if node is nodes[0] else "end"))


def _say(detail: str, entry: Entry, findings: Findings, where: Where, **params: Any) -> None:
    span = id_of(entry.body)
    at = Where(where.file, where.layer, entry.row)
    findings.add("F32", at, span, detail, span=span, **params)
