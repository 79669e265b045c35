"""results.kmz: villages, masts and fibre for Google Earth, coloured as on the map.

Written as OGC KML 2.2 directly: GDAL's drivers take no style from a frame.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import geopandas as gpd
import pandas as pd
import shapely
from shapely.geometry.polygon import orient

from phusong.disc.archive import Archive

_NAMESPACE = "http://www.opengis.net/kml/2.2"
_CONTROL = {code: None for code in range(32) if code not in (9, 10, 13)}
_DECIMALS = 6


@dataclass(frozen=True)
class Folder:
    """One folder of placemarks.

    Attributes
    ----------
    title
        What the folder is called in the tree.
    frame
        Any CRS; written in WGS 84.
    name
        Column that names a placemark.
    style
        Column whose value chooses the style, or None for the only one.
    colours
        Value of that column (as text) -> ``#rrggbb``.
    columns
        Columns shown in the balloon, in order -> what a person reads before each value.
    visible
        Whether the folder is drawn when the file opens.
    width_px
        Of lines and outlines.
    """

    title: str
    frame: gpd.GeoDataFrame
    name: str
    style: str | None
    colours: Mapping[str, str]
    columns: Mapping[str, str] = field(default_factory=dict)
    visible: bool = True
    width_px: float = 2.0


def write_kmz(title: str, folders: Sequence[Folder], path: Path) -> None:
    """Write folders as one KMZ."""
    root = ET.Element("kml", xmlns=_NAMESPACE)
    document = ET.SubElement(root, "Document")
    _text(document, "name", title)
    for number, folder in enumerate(folders):
        for value, colour in folder.colours.items():
            document.append(_style(f"s{number}-{value}", colour, folder.width_px))
    for number, folder in enumerate(folders):
        document.append(_folder(folder, number))
    body = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    with Archive(path) as archive:
        archive.writestr("doc.kml", body)


def _style(name: str, colour: str, width_px: float) -> ET.Element:
    red, green, blue = colour[1:3], colour[3:5], colour[5:7]
    solid = f"ff{blue}{green}{red}"  # KML writes aabbggrr
    style = ET.Element("Style", id=name)
    icon = ET.SubElement(style, "IconStyle")
    _text(icon, "color", solid)
    _text(icon, "scale", "0.7")
    line = ET.SubElement(style, "LineStyle")
    _text(line, "color", solid)
    _text(line, "width", f"{width_px:g}")
    _text(ET.SubElement(style, "PolyStyle"), "color", f"80{solid[2:]}")
    return style


def _folder(folder: Folder, number: int) -> ET.Element:
    element = ET.Element("Folder")
    _text(element, "name", folder.title)
    _text(element, "visibility", str(int(folder.visible)))
    frame = folder.frame.to_crs(4326)
    for row, geometry in zip(frame.to_dict("records"), frame.geometry, strict=True):
        if geometry is None or geometry.is_empty:
            continue
        mark = ET.SubElement(element, "Placemark")
        _text(mark, "name", row[folder.name])
        _text(mark, "visibility", str(int(folder.visible)))
        value = str(row[folder.style]) if folder.style else next(iter(folder.colours))
        _text(mark, "styleUrl", f"#s{number}-{value}")
        extended = ET.SubElement(mark, "ExtendedData")
        for column, title in folder.columns.items():
            if not pd.isna(row[column]):
                data = ET.SubElement(extended, "Data", name=column)
                _text(data, "displayName", title)
                value = row[column]
                _text(data, "value", f"{value:.15g}" if isinstance(value, float) else value)
        mark.append(_geometry(geometry))
    return element


def _geometry(geometry: Any) -> ET.Element:
    parts = [_simple(part) for part in _parts(geometry)]
    if len(parts) == 1:
        return parts[0]
    multi = ET.Element("MultiGeometry")
    multi.extend(parts)
    return multi


def _parts(geometry: Any) -> Iterator[Any]:
    yield from shapely.get_parts(geometry)


def _simple(geometry: Any) -> ET.Element:
    if geometry.geom_type == "Point":
        element = ET.Element("Point")
        _text(element, "coordinates", _coordinates(geometry))
    elif geometry.geom_type == "LineString":
        element = ET.Element("LineString")
        _text(element, "tessellate", "1")
        _text(element, "coordinates", _coordinates(geometry))
    else:
        geometry = orient(geometry)  # outer rings anticlockwise, OGC 07-147r2, 10.8
        element = ET.Element("Polygon")
        _ring(element, "outerBoundaryIs", geometry.exterior)
        for interior in geometry.interiors:
            _ring(element, "innerBoundaryIs", interior)
    return element


def _ring(polygon: ET.Element, side: str, ring: Any) -> None:
    linear = ET.SubElement(ET.SubElement(polygon, side), "LinearRing")
    _text(linear, "coordinates", _coordinates(ring))


def _coordinates(geometry: Any) -> str:
    points = shapely.get_coordinates(geometry)
    return " ".join(f"{x:.{_DECIMALS}f},{y:.{_DECIMALS}f}" for x, y in points)


def _text(parent: ET.Element, tag: str, text: object) -> None:
    ET.SubElement(parent, tag).text = str(text).translate(_CONTROL)
