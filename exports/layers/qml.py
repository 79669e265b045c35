"""A style as QGIS writes it (QML), from 3.22 on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from xml.etree import ElementTree as ET

_LAYER_CLASS = {"fill": "SimpleFill", "line": "SimpleLine", "marker": "SimpleMarker"}


@dataclass(frozen=True)
class Symbol:
    """One symbol.

    Attributes
    ----------
    kind
        What it draws.
    options
        QGIS's own names and values; sizes in mm.
    shape
        QGIS expression that makes a polygon of each point, in map units; None draws the point.
    """

    kind: Literal["fill", "line", "marker"]
    options: Mapping[str, str]
    shape: str | None = None


@dataclass(frozen=True)
class Label:
    """Text of a feature: its column, the scale (1 : n) up to which it is shown.

    ``beside`` puts it next to a point, in place of over the middle of an area.
    """

    column: str
    size_pt: float
    bold: bool = False
    most_scale: int | None = None
    beside: bool = False


@dataclass(frozen=True)
class Style:
    """How a layer is drawn.

    Attributes
    ----------
    classes
        (value, words of the legend, symbol); one class alone, without ``attribute``, is for all.
    attribute
        Column whose value chooses the class.
    label
        Text beside the features.
    """

    classes: Sequence[tuple[str, str, Symbol]]
    attribute: str | None = None
    label: Label | None = None


def rgba(colour: str, alpha: int = 255) -> str:
    """Return ``#rrggbb`` as QGIS writes it: red, green, blue, opacity (0-255)."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"{red},{green},{blue},{alpha}"


def to_qml(style: Style) -> str:
    """Return the QML of a style."""
    root = ET.Element("qgis", version="3.22", styleCategories="Symbology|Labeling")
    root.set("labelsEnabled", str(int(style.label is not None)))
    kind = "categorizedSymbol" if style.attribute else "singleSymbol"
    renderer = ET.SubElement(root, "renderer-v2", type=kind, symbollevels="0", forceraster="0")
    if style.attribute:
        renderer.set("attr", style.attribute)
        categories = ET.SubElement(renderer, "categories")
        for number, (value, words, _) in enumerate(style.classes):
            ET.SubElement(
                categories,
                "category",
                value=value,
                label=words,
                symbol=str(number),
                render="true",
                type="string",
            )
    symbols = ET.SubElement(renderer, "symbols")
    for number, (_, _, symbol) in enumerate(style.classes):
        symbols.append(_symbol(symbol, str(number)))
    if style.label is not None:
        root.append(_labeling(style.label))
    ET.indent(root)
    body = ET.tostring(root, encoding="unicode")
    return f"<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n{body}\n"


def _symbol(symbol: Symbol, name: str) -> ET.Element:
    if symbol.shape is not None:
        drawn = Symbol(symbol.kind, symbol.options)
        element, layer = _layer("marker", name, "GeometryGenerator")
        _options(
            layer,
            {"SymbolType": "Fill", "geometryModifier": symbol.shape, "units": "MapUnit"},
        )
        layer.append(_symbol(drawn, f"@{name}@0"))
        return element
    element, layer = _layer(symbol.kind, name, _LAYER_CLASS[symbol.kind])
    _options(layer, symbol.options)
    return element


def _layer(kind: str, name: str, layer_class: str) -> tuple[ET.Element, ET.Element]:
    """Return a symbol with its one layer."""
    element = ET.Element("symbol", type=kind, name=name, alpha="1", clip_to_extent="1")
    layer = ET.SubElement(
        element, "layer", {"class": layer_class, "enabled": "1", "locked": "0", "pass": "0"}
    )
    return element, layer


def _options(layer: ET.Element, options: Mapping[str, str]) -> None:
    chosen = ET.SubElement(layer, "Option", type="Map")
    for name, value in options.items():
        ET.SubElement(chosen, "Option", type="QString", name=name, value=value)


def _labeling(label: Label) -> ET.Element:
    root = ET.Element("labeling", type="simple")
    settings = ET.SubElement(root, "settings", calloutType="simple")
    weight, face = ("75", "Bold") if label.bold else ("50", "Regular")
    text = ET.SubElement(
        settings,
        "text-style",
        fieldName=label.column,
        isExpression="0",
        fontSize=f"{label.size_pt:g}",
        fontSizeUnit="Point",
        fontWeight=weight,
        namedStyle=face,
        textColor=rgba("#1a1a1a"),
        textOpacity="1",
    )
    ET.SubElement(
        text,
        "text-buffer",
        bufferDraw="1",
        bufferSize="0.8",
        bufferSizeUnits="MM",
        bufferColor=rgba("#ffffff"),
        bufferOpacity="0.8",
        bufferNoFill="1",
    )
    # QGIS's numbers: 6 the best place round a point, 1 over the middle.
    where = (
        {"placement": "6", "dist": "2", "distUnits": "MM"} if label.beside else {"placement": "1"}
    )
    ET.SubElement(settings, "placement", where)
    rendering = ET.SubElement(settings, "rendering", drawLabels="1", obstacle="0")
    if label.most_scale is not None:
        rendering.set("scaleVisibility", "1")
        rendering.set("scaleMin", "1")
        rendering.set("scaleMax", str(label.most_scale))
    return root
