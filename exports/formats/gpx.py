"""GPX 1.1: a way and its points, as navigators and phones read them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

Lonlat = tuple[float, float]
_NAMESPACE = "http://www.topografix.com/GPX/1/1"


def write_gpx(
    path: Path, name: str, points: Sequence[tuple[str, Lonlat]], line: Sequence[Lonlat]
) -> None:
    """Write waypoints, and one track.

    Parameters
    ----------
    path
        The file.
    name
        Of the track.
    points
        Name and WGS 84 position of each, in order.
    line
        WGS 84 positions along the track.
    """
    root = ET.Element("gpx", {"version": "1.1", "creator": "phusong", "xmlns": _NAMESPACE})
    for words, place in points:
        ET.SubElement(_point(root, "wpt", place), "name").text = words
    track = ET.SubElement(root, "trk")
    ET.SubElement(track, "name").text = name
    segment = ET.SubElement(track, "trkseg")
    for place in line:
        _point(segment, "trkpt", place)
    ET.indent(root)
    ET.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def _point(parent: ET.Element, tag: str, place: Lonlat) -> ET.Element:
    longitude, latitude = place
    return ET.SubElement(parent, tag, {"lat": f"{latitude:.6f}", "lon": f"{longitude:.6f}"})
